// Names of emoji that operations bots use, to Unicode. Unknown names stay as :name:.

const TABLE = `
white_check_mark ✅|heavy_check_mark ✔️|ballot_box_with_check ☑️|x ❌|heavy_multiplication_x ✖️|no_entry ⛔|no_entry_sign 🚫|warning ⚠️|exclamation ❗|heavy_exclamation_mark ❗|question ❓|grey_question ❔|bangbang ‼️
rotating_light 🚨|fire 🔥|boom 💥|zap ⚡|bell 🔔|no_bell 🔕|mega 📣|loudspeaker 📢|sos 🆘|stop_sign 🛑|octagonal_sign 🛑|construction 🚧|traffic_light 🚥|vertical_traffic_light 🚦|hourglass ⌛|hourglass_flowing_sand ⏳|stopwatch ⏱️|alarm_clock ⏰|clock1 🕐|clock3 🕒|clock9 🕘|calendar 📆|date 📅|spiral_calendar_pad 🗓️|spiral_calendar 🗓️
red_circle 🔴|large_red_circle 🔴|large_blue_circle 🔵|large_yellow_circle 🟡|yellow_circle 🟡|large_green_circle 🟢|green_circle 🟢|large_orange_circle 🟠|orange_circle 🟠|large_purple_circle 🟣|white_circle ⚪|black_circle ⚫|white_large_square ⬜|black_large_square ⬛|large_green_square 🟩|large_yellow_square 🟨|large_red_square 🟥|large_orange_square 🟧|small_red_triangle 🔺|small_red_triangle_down 🔻|small_blue_diamond 🔹|small_orange_diamond 🔸
arrow_up ⬆️|arrow_down ⬇️|arrow_right ➡️|arrow_left ⬅️|arrow_forward ▶️|arrow_upper_right ↗️|arrow_lower_right ↘️|arrows_counterclockwise 🔄|repeat 🔁|fast_forward ⏩|double_vertical_bar ⏸️|pause_button ⏸️|black_square_for_stop ⏹️|leftwards_arrow_with_hook ↩️|heavy_plus_sign ➕|heavy_minus_sign ➖
chart_with_upwards_trend 📈|chart_with_downwards_trend 📉|bar_chart 📊|clipboard 📋|memo 📝|pencil 📝|pencil2 ✏️|page_facing_up 📄|bookmark_tabs 📑|file_folder 📁|open_file_folder 📂|card_index_dividers 🗂️|books 📚|book 📖|notebook 📓|paperclip 📎|link 🔗|pushpin 📌|round_pushpin 📍|mag 🔍|mag_right 🔎|inbox_tray 📥|outbox_tray 📤|package 📦|envelope ✉️|email 📧|speech_balloon 💬|thought_balloon 💭|telephone_receiver 📞|phone ☎️|pager 📟
gear ⚙️|wrench 🔧|hammer 🔨|hammer_and_wrench 🛠️|tools 🛠️|nut_and_bolt 🔩|toolbox 🧰|key 🔑|lock 🔒|unlock 🔓|closed_lock_with_key 🔐|shield 🛡️|scales ⚖️|balance_scale ⚖️|microscope 🔬|test_tube 🧪|thermometer 🌡️|robot_face 🤖|robot 🤖|computer 💻|desktop_computer 🖥️|floppy_disk 💾|satellite 🛰️|satellite_antenna 📡|electric_plug 🔌|battery 🔋|bug 🐛|bulb 💡|label 🏷️|moneybag 💰|euro 💶|dollar 💵
rocket 🚀|airplane ✈️|small_airplane 🛩️|flight_departure 🛫|airplane_departure 🛫|flight_arrival 🛬|airplane_arriving 🛬|helicopter 🚁|ship 🚢|anchor ⚓|checkered_flag 🏁|triangular_flag_on_post 🚩|flag-de 🇩🇪|flag-eu 🇪🇺|dart 🎯|trophy 🏆|medal 🏅|tada 🎉|confetti_ball 🎊|sparkles ✨|star ⭐|star2 🌟|seedling 🌱|deciduous_tree 🌳|sunny ☀️|sunrise 🌅|partly_sunny ⛅|cloud ☁️|umbrella ☔|snowflake ❄️|coffee ☕|crescent_moon 🌙|zzz 💤|sleeping 😴
wave 👋|thumbsup 👍|+1 👍|thumbsdown 👎|-1 👎|clap 👏|raised_hands 🙌|raised_hand ✋|hand ✋|pray 🙏|muscle 💪|eyes 👀|point_right 👉|point_left 👈|point_up 👆|point_down 👇|ok_hand 👌|handshake 🤝|writing_hand ✍️|bust_in_silhouette 👤|busts_in_silhouette 👥|technologist 🧑‍💻|construction_worker 👷|police_officer 👮|detective 🕵️|firefighter 🧑‍🚒|pilot 🧑‍✈️
smile 😄|smiley 😃|slightly_smiling_face 🙂|grinning 😀|sweat_smile 😅|thinking_face 🤔|neutral_face 😐|confused 😕|worried 😟|cry 😢|sunglasses 😎|wink 😉|heart ❤️|green_heart 💚|100 💯|soon 🔜|new 🆕|ok 🆗|free 🆓|up 🆙|information_source ℹ️|recycle ♻️|infinity ♾️|one 1️⃣|two 2️⃣|three 3️⃣|four 4️⃣|five 5️⃣|six 6️⃣|seven 7️⃣|eight 8️⃣|nine 9️⃣|zero 0️⃣|keycap_ten 🔟
world_map 🗺️|earth_africa 🌍|globe_with_meridians 🌐|classical_building 🏛️|office 🏢|hospital 🏥|ticket 🎫|receipt 🧾|ledger 📒|scroll 📜|newspaper 📰|mailbox 📫|door 🚪|ladder 🪜|magnet 🧲|jigsaw 🧩|game_die 🎲|crystal_ball 🔮|ambulance 🚑|fire_engine 🚒|compass 🧭|broom 🧹|bucket 🪣|lifebuoy 🛟|ring_buoy 🛟|adhesive_bandage 🩹|stethoscope 🩺|dna 🧬|pill 💊|syringe 💉|puzzle_piece 🧩|parachute 🪂
`;

const NAMES = new Map(TABLE.trim().split(/[|\n]/).map((row) => {
  const at = row.indexOf(" ");
  return [row.slice(0, at), row.slice(at + 1)];
}));

export const emoji = (name) => NAMES.get(String(name).split("::")[0]) || null;

/** Unicode code points as rich_text gives them: "1f44b-1f3fb". */
export function fromCodes(codes) {
  try {
    return String.fromCodePoint(...String(codes).split("-").map((c) => parseInt(c, 16)));
  } catch {
    return null;
  }
}

/** plain_text with emoji: true (Slack's default) shows :names: as emoji and nothing else. */
export const withEmoji = (text) => String(text ?? "").replace(/:([a-z0-9_+'-]+)(?:::skin-tone-\d)?:/g, (whole, name) => emoji(name) || whole);

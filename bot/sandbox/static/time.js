// Dates and times in the acting person's zone, and Slack's <!date^...> tokens.

const cache = new Map();

function parts(date, tz) {
  let format = cache.get(tz);
  if (!format) {
    const options = { weekday: "short", day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" };
    try {
      format = new Intl.DateTimeFormat("en-GB", { ...options, timeZone: tz || "UTC" });
    } catch {
      format = new Intl.DateTimeFormat("en-GB", { ...options, timeZone: "UTC" });
    }
    cache.set(tz, format);
  }
  const out = {};
  for (const part of format.formatToParts(date)) out[part.type] = part.value;
  out.month = MONTHS_SHORT.find((m) => out.month.startsWith(m)) || out.month;
  return out;
}

const MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];
const MONTHS_SHORT = MONTHS.map((m) => m.slice(0, 3));
const DAYS = { Mon: "Monday", Tue: "Tuesday", Wed: "Wednesday", Thu: "Thursday", Fri: "Friday", Sat: "Saturday", Sun: "Sunday" };
const pad = (n) => String(n).padStart(2, "0");

export const city = (tz) => String(tz || "UTC").split("/").pop().replaceAll("_", " ");

export function timeOf(date, tz) {
  const p = parts(date, tz);
  return `${p.hour}:${p.minute}`;
}

export function timeSeconds(date, tz) {
  const p = parts(date, tz);
  return `${p.hour}:${p.minute}:${p.second}`;
}

/** "Mon 23 Nov 2026" */
export function dayOf(date, tz) {
  const p = parts(date, tz);
  return `${p.weekday} ${p.day} ${p.month} ${p.year}`;
}

/** "Mon 23 Nov 2026, 09:31 Berlin" */
export const fullOf = (date, tz) => `${dayOf(date, tz)}, ${timeOf(date, tz)} ${city(tz)}`;

/** A key that changes when the calendar day does. */
export function dayKey(date, tz) {
  const p = parts(date, tz);
  return `${p.year}-${pad(MONTHS_SHORT.indexOf(p.month) + 1)}-${pad(p.day)}`;
}

const shift = (date, days) => new Date(date.getTime() + days * 86400000);

/** "Today", "Yesterday", or "Monday 23 November". */
export function dayDivider(date, tz, now) {
  const key = dayKey(date, tz);
  if (key === dayKey(now, tz)) return "Today";
  if (key === dayKey(shift(now, -1), tz)) return "Yesterday";
  const p = parts(date, tz);
  const year = p.year === parts(now, tz).year ? "" : ` ${p.year}`;
  return `${DAYS[p.weekday]} ${p.day} ${MONTHS[MONTHS_SHORT.indexOf(p.month)]}${year}`;
}

function ordinal(n) {
  const rest = n % 100;
  return `${n}${rest >= 11 && rest <= 13 ? "th" : ["th", "st", "nd", "rd"][n % 10] || "th"}`;
}

function ago(date, now) {
  const minutes = Math.round((now - date) / 60000);
  const size = Math.abs(minutes);
  const [n, unit] = size < 60 ? [size, "minute"] : size < 1440 ? [Math.round(size / 60), "hour"] : [Math.round(size / 1440), "day"];
  const words = `${n} ${unit}${n === 1 ? "" : "s"}`;
  return minutes >= 0 ? `${words} ago` : `in ${words}`;
}

/** Slack's date formatting for a unix time: {date_short} at {time}, ... */
export function slackDate(seconds, format, tz, now) {
  const date = new Date(Number(seconds) * 1000);
  if (Number.isNaN(date.getTime())) return null;
  const p = parts(date, tz);
  const month = MONTHS[MONTHS_SHORT.indexOf(p.month)];
  const key = dayKey(date, tz);
  const near = { [dayKey(now, tz)]: "today", [dayKey(shift(now, -1), tz)]: "yesterday", [dayKey(shift(now, 1), tz)]: "tomorrow" }[key];
  const plain = {
    date_num: key,
    date_slash: key.replaceAll("-", "/"),
    date: `${month} ${ordinal(Number(p.day))}, ${p.year}`,
    date_short: `${p.month} ${p.day}, ${p.year}`,
    date_long: `${DAYS[p.weekday]}, ${month} ${ordinal(Number(p.day))}, ${p.year}`,
    day_divider_pretty: dayDivider(date, tz, now),
    time: `${p.hour}:${p.minute}`,
    time_secs: `${p.hour}:${p.minute}:${p.second}`,
    ago: ago(date, now),
  };
  const text = String(format).replace(/\{(\w+)\}/g, (whole, name) => {
    if (name.endsWith("_pretty") && name !== "day_divider_pretty") return near || plain[name.slice(0, -7)] || whole;
    return plain[name] ?? whole;
  });
  return text.charAt(0).toUpperCase() === text.charAt(0) ? text : near && text.startsWith(near) ? near[0].toUpperCase() + text.slice(1) : text;
}

/** "2026-11-27T09:00" as seen in `tz` -> unix seconds. */
export function localToUnix(text, tz) {
  const m = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d)/.exec(text || "");
  if (!m) return null;
  const wanted = Date.UTC(+m[1], +m[2] - 1, +m[3], +m[4], +m[5]);
  let guess = wanted;
  for (let i = 0; i < 3; i++) {
    const p = parts(new Date(guess), tz);
    const seen = Date.UTC(+p.year, MONTHS_SHORT.indexOf(p.month), +p.day, +p.hour, +p.minute);
    if (seen === wanted) break;
    guess += wanted - seen;
  }
  return Math.floor(guess / 1000);
}

/** unix seconds -> "2026-11-27T09:00" as seen in `tz`. */
export function unixToLocal(seconds, tz) {
  if (!seconds) return "";
  const date = new Date(Number(seconds) * 1000);
  return `${dayKey(date, tz)}T${timeOf(date, tz)}`;
}

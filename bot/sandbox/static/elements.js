// Interactive Block Kit elements. Each takes (block, element, ctx) and gives a node with `.control` where it has one.

import { el, uid, safeUrl } from "./dom.js";
import { icon } from "./icons.js";
import { withEmoji } from "./emoji.js";
import { combobox } from "./combobox.js";
import { openMenu, confirmDialog } from "./popup.js";
import { field, typed } from "./values.js";
import { fromRichText } from "./richtext.js";
import { localToUnix, unixToLocal } from "./time.js";
import { store, tz, suggest } from "./store.js";
import { text as textNode } from "./text.js";

const label = (object, fallback = "") => withEmoji(object?.text ?? fallback);
export const focusKey = (block, element) => `${block.block_id}/${element.action_id}`;

/** True when this element's change is sent to the bot at once. */
const acts = (block) => block.type !== "input" || Boolean(block.dispatch_action);

/** Keep the draft and, where Slack would, tell the bot. Resolves to false when the person said no. */
async function commit(block, element, ctx, value, node) {
  const held = field(ctx.scope, block.block_id, element);
  if (!acts(block)) { held.set(value); ctx.touched?.(block.block_id); return true; }
  if (!(await confirmDialog(element.confirm))) return false;
  held.set(value);
  ctx.touched?.(block.block_id);
  await ctx.press(block, element, value, node);
  return true;
}

function button(block, element, ctx) {
  const words = label(element.text, "Button");
  const style = element.style === "primary" ? " primary" : element.style === "danger" ? " danger" : "";
  const href = element.url && safeUrl(element.url);
  const common = { class: `button${style}`, "aria-label": element.accessibility_label || null, "data-fk": focusKey(block, element), "data-action-id": element.action_id };
  const press = async (event, node) => {
    if (!(await confirmDialog(element.confirm))) { event.preventDefault(); return; }
    ctx.press(block, element, { type: "button", text: element.text, ...(element.value !== undefined ? { value: element.value } : {}) }, node);
  };
  if (href && !element.confirm) {
    const node = el("a", { ...common, href, target: "_blank", rel: "noopener noreferrer", title: href }, words, icon("send", "button-icon"));
    node.addEventListener("click", (event) => press(event, node));
    return node;
  }
  const node = el("button", { ...common, type: "button" }, words);
  node.addEventListener("click", (event) => press(event, node));
  return node;
}

function overflow(block, element, ctx) {
  const node = el("button", { type: "button", class: "button button-icon-only", "aria-label": element.accessibility_label || "More options", "aria-haspopup": "menu", "aria-expanded": "false", "data-fk": focusKey(block, element), "data-action-id": element.action_id }, icon("more"));
  node.addEventListener("click", () => openMenu(node, (element.options || []).map((option) => ({
    label: label(option.text),
    description: option.description && label(option.description),
    run: async () => {
      const href = option.url && safeUrl(option.url);
      if (!(await confirmDialog(element.confirm))) return;
      if (href) window.open(href, "_blank", "noopener,noreferrer");
      ctx.press(block, element, { type: "overflow", selected_option: option }, node);
    },
  })), "More options"));
  return node;
}

const option = (raw, group) => ({ key: raw.value, label: label(raw.text), description: raw.description && label(raw.description), group, data: raw });

function flatten(answer) {
  if (answer.option_groups?.length) return answer.option_groups.flatMap((g) => (g.options || []).map((o) => option(o, label(g.label))));
  return (answer.options || []).map((o) => option(o));
}

const people = () => [...store.users.values()].filter((u) => !u.deleted).map((u) => ({ key: u.id, label: u.real_name || u.name, badge: u.is_bot ? "app" : u.is_stranger ? "other organisation" : null, description: u.title }));
const channels = (privates = true) => [...store.channels.values()].filter((c) => !c.is_archived && (privates || !c.is_private)).map((c) => ({ key: c.id, label: `#${c.name}`, badge: c.is_private ? "private" : null, description: c.topic }));

function conversations(element) {
  const filter = element.filter || {};
  const include = filter.include || ["public", "private", "im"];
  const out = channels().filter((c) => include.includes(store.channels.get(c.key).is_private ? "private" : "public"));
  if (include.includes("im")) {
    for (const dm of store.state?.dms || []) {
      const user = store.users.get(dm.user);
      if (!user || (filter.exclude_bot_users && user.is_bot)) continue;
      out.push({ key: dm.id, label: user.real_name || user.name, badge: "direct message" });
    }
  }
  return out;
}

/** How each select type finds its options, and the name under which its choice is sent. */
const SELECTS = {
  static_select: { list: (e) => flatten(e), name: "selected_option", raw: true },
  multi_static_select: { list: (e) => flatten(e), name: "selected_options", raw: true },
  external_select: { ask: true, name: "selected_option", raw: true },
  multi_external_select: { ask: true, name: "selected_options", raw: true },
  users_select: { list: people, name: "selected_user", hint: "Choose a person" },
  multi_users_select: { list: people, name: "selected_users", hint: "Choose people" },
  channels_select: { list: () => channels(false), name: "selected_channel", hint: "Choose a channel" },
  multi_channels_select: { list: () => channels(false), name: "selected_channels", hint: "Choose channels" },
  conversations_select: { list: conversations, name: "selected_conversation", hint: "Choose a conversation" },
  multi_conversations_select: { list: conversations, name: "selected_conversations", hint: "Choose conversations" },
};

function select(block, element, ctx, aria) {
  const kind = SELECTS[element.type];
  const multiple = element.type.startsWith("multi_");
  const held = field(ctx.scope, block.block_id, element).get()[kind.name];
  const values = multiple ? held || [] : held ? [held] : [];
  const options = kind.list ? kind.list(element) : [];
  const selected = values.map((v) => (kind.raw ? options.find((o) => o.key === v.value) || option(v) : options.find((o) => o.key === v) || { key: v, label: nameOf(v) }));
  const node = combobox({
    ...aria, options, selected, multiple, fk: focusKey(block, element),
    placeholder: label(element.placeholder, kind.hint || (multiple ? "Select options" : "Select an option")),
    label: aria.label || label(element.placeholder, kind.hint || "Select"),
    clearable: block.type === "input" && Boolean(block.optional) && !multiple,
    max: element.max_selected_items,
    minQuery: kind.ask ? element.min_query_length ?? 3 : 0,
    load: kind.ask ? async (query) => {
      const answer = await suggest({ ...ctx.where, block_id: block.block_id, action_id: element.action_id, value: query });
      return answer.ok === false ? { error: answer.detail || "The options did not come." } : { options: flatten(answer) };
    } : undefined,
    onChange: (keys, chosen) => {
      const out = kind.raw ? chosen.map((o) => o.data) : keys;
      return commit(block, element, ctx, { type: element.type, [kind.name]: multiple ? out : out[0] ?? null }, node);
    },
  });
  node.dataset.actionId = element.action_id;
  return node;
}

const nameOf = (id) => store.users.get(id)?.real_name || (store.channels.get(id) && `#${store.channels.get(id).name}`) || id;

function choices(block, element, ctx, aria) {
  const many = element.type === "checkboxes";
  const name = uid("group");
  const held = field(ctx.scope, block.block_id, element);
  const start = held.get();
  let now = many ? start.selected_options || [] : start.selected_option ? [start.selected_option] : [];
  const boxes = [];
  const show = () => boxes.forEach(({ box, raw }) => { box.checked = now.some((o) => o.value === raw.value); });
  const node = el("div", { class: "choices", role: many ? "group" : "radiogroup", "aria-labelledby": aria.labelledby, "aria-label": aria.labelledby ? null : aria.label, "aria-describedby": aria.describedby, "data-action-id": element.action_id },
    (element.options || []).map((raw, i) => {
      const id = uid("choice");
      const box = el("input", { type: many ? "checkbox" : "radio", id, name, value: raw.value, "data-fk": `${focusKey(block, element)}/${i}` });
      boxes.push({ box, raw });
      box.addEventListener("change", async () => {
        const before = now;
        now = many ? (element.options || []).filter((o) => (o.value === raw.value ? box.checked : now.some((n) => n.value === o.value))) : [raw];
        const value = many ? { type: element.type, selected_options: now } : { type: element.type, selected_option: now[0] };
        if (!(await commit(block, element, ctx, value, node))) { now = before; show(); }
      });
      return el("label", { class: "choice", htmlFor: id }, box, el("span", { class: "choice-text" }, textNode(raw.text), raw.description ? el("small", {}, textNode(raw.description)) : null));
    }));
  show();
  return node;
}

const PICKERS = {
  datepicker: { type: "date", name: "selected_date", read: (v) => v || null, show: (v) => v || "", ready: (v) => !v || v >= "1970" },
  timepicker: { type: "time", name: "selected_time", read: (v) => v || null, show: (v) => v || "", ready: () => true },
  datetimepicker: { type: "datetime-local", name: "selected_date_time", read: (v) => localToUnix(v, tz()), show: (v) => unixToLocal(v, tz()), ready: (v) => !v || v >= "1970" },
};

function picker(block, element, ctx, aria) {
  const kind = PICKERS[element.type];
  const held = field(ctx.scope, block.block_id, element);
  const start = kind.show(held.get()[kind.name]);
  const node = el("input", { type: kind.type, class: "input input-date", id: aria.id, value: start, "aria-label": aria.labelledby ? null : label(element.placeholder, aria.label || { date: "Date", time: "Time" }[kind.type] || "Date and time"), "aria-labelledby": aria.labelledby, "aria-describedby": aria.describedby, "data-fk": focusKey(block, element), "data-action-id": element.action_id });
  let timer = null;
  const send = async (wait) => {
    clearTimeout(timer);
    if (!kind.ready(node.value)) return;
    const value = { type: element.type, [kind.name]: kind.read(node.value), ...(element.timezone ? { timezone: element.timezone } : {}) };
    if (!acts(block)) { commit(block, element, ctx, value, node); return; }
    // People type dates digit by digit; the bot hears only of the finished one.
    timer = setTimeout(async () => { if (!(await commit(block, element, ctx, value, node))) node.value = start; }, wait);
  };
  node.addEventListener("input", () => send(700));
  node.control = node;
  return node;
}

function textInput(block, element, ctx, aria) {
  const held = field(ctx.scope, block.block_id, element);
  const area = element.multiline || element.type === "rich_text_input";
  const start = held.get();
  const value = (element.type === "rich_text_input" ? fromRichText(start.rich_text_value) : start.value) ?? "";
  const max = element.max_length || null;
  const node = el(area ? "textarea" : "input", {
    class: `input${area ? " input-area" : ""}`, id: aria.id, rows: area ? 4 : null, value,
    type: area ? null : { email_text_input: "email", url_text_input: "url" }[element.type] || "text",
    inputmode: element.type === "number_input" ? (element.is_decimal_allowed ? "decimal" : "numeric") : null,
    placeholder: label(element.placeholder) || null, maxlength: max, autocomplete: "off",
    "aria-label": aria.labelledby || aria.id ? null : aria.label, "aria-describedby": aria.describedby, "data-fk": focusKey(block, element), "data-action-id": element.action_id,
  });
  const on = element.dispatch_action_config?.trigger_actions_on || ["on_enter_pressed"];
  let timer = null;
  let sent = value;
  const dispatch = () => {
    clearTimeout(timer);
    sent = node.value;
    ctx.press(block, element, typed(element, node.value), node);
  };
  const counter = max && max <= 3000 ? el("span", { class: "counter", "aria-hidden": "true" }) : null;
  const count = () => { if (counter) { counter.textContent = `${node.value.length} / ${max}`; counter.classList.toggle("counter-near", node.value.length > max * 0.9); } };
  node.addEventListener("input", () => {
    held.set(typed(element, node.value));
    ctx.touched?.(block.block_id);
    count();
    if (block.dispatch_action && on.includes("on_character_entered")) { clearTimeout(timer); timer = setTimeout(dispatch, 400); }
  });
  node.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing) return;
    if (block.dispatch_action && on.includes("on_enter_pressed") && (!area || !event.shiftKey)) { event.preventDefault(); dispatch(); }
    else if (area && !event.ctrlKey && !event.metaKey) event.stopPropagation();
  });
  node.addEventListener("blur", () => { if (block.dispatch_action && on.includes("on_enter_pressed") && node.value !== sent && node.value) dispatch(); });
  if (element.focus_on_load) node.dataset.autofocus = "yes";
  count();
  const box = el("div", { class: "text-field" }, node, counter);
  box.control = node;
  return box;
}

function fileInput(block, element) {
  const node = el("div", { class: "notice" }, icon("file"), el("span", { text: "File upload: in Slack people attach a file here. The sandbox sends none." }));
  node.dataset.actionId = element.action_id;
  return node;
}

function feedback(block, element, ctx) {
  const one = (part, sign) => {
    const node = el("button", { type: "button", class: "button button-quiet", "aria-label": part.accessibility_label || null, "data-fk": `${focusKey(block, element)}/${part.value}` }, `${sign} ${label(part.text)}`);
    node.addEventListener("click", () => ctx.press(block, element, { type: "feedback_buttons", text: part.text, value: part.value }, node));
    return node;
  };
  return el("span", { class: "row" }, one(element.positive_button || {}, "👍"), one(element.negative_button || {}, "👎"));
}

function iconButton(block, element, ctx) {
  if (element.visible_to_user_ids && !element.visible_to_user_ids.includes(store.as)) return null;
  const node = el("button", { type: "button", class: "button button-quiet", title: label(element.text), "aria-label": element.accessibility_label || null, "data-fk": focusKey(block, element), "data-action-id": element.action_id }, icon(element.icon === "trash" ? "trash" : "info"), label(element.text));
  node.addEventListener("click", async () => {
    if (await confirmDialog(element.confirm)) ctx.press(block, element, { type: "icon_button", ...(element.value !== undefined ? { value: element.value } : {}) }, node);
  });
  return node;
}

const KINDS = {
  button, overflow, workflow_button: button, checkboxes: choices, radio_buttons: choices, file_input: fileInput, feedback_buttons: feedback, icon_button: iconButton,
  plain_text_input: textInput, email_text_input: textInput, url_text_input: textInput, number_input: textInput, rich_text_input: textInput,
  datepicker: picker, timepicker: picker, datetimepicker: picker,
};
for (const type of Object.keys(SELECTS)) KINDS[type] = select;

export function element(block, item, ctx, aria = {}) {
  const make = item && KINDS[item.type];
  if (!make) return el("span", { class: "unknown", text: `[${item?.type || "element"}]` });
  if (item.visible_to_user_ids && !item.visible_to_user_ids.includes(store.as)) return null;
  return make(block, item, ctx, aria);
}

// What people entered: drafts per view or message, and `state.values` in the shapes Slack sends.

import { toRichText } from "./richtext.js";

const drafts = new Map();
const SEP = "\u0000";

const opt = (value) => value ?? null;

/** The value of an element before anyone touched it. */
export function initial(element) {
  const type = element.type;
  switch (type) {
    case "plain_text_input": case "email_text_input": case "url_text_input": case "number_input":
      return { type, value: opt(element.initial_value) };
    case "rich_text_input": return { type, rich_text_value: opt(element.initial_value) };
    case "static_select": case "external_select": case "radio_buttons":
      return { type, selected_option: opt(element.initial_option) };
    case "multi_static_select": case "multi_external_select": case "checkboxes":
      return { type, selected_options: element.initial_options || [] };
    case "users_select": return { type, selected_user: opt(element.initial_user) };
    case "channels_select": return { type, selected_channel: opt(element.initial_channel) };
    case "conversations_select": return { type, selected_conversation: opt(element.initial_conversation) };
    case "multi_users_select": return { type, selected_users: element.initial_users || [] };
    case "multi_channels_select": return { type, selected_channels: element.initial_channels || [] };
    case "multi_conversations_select": return { type, selected_conversations: element.initial_conversations || [] };
    case "datepicker": return { type, selected_date: opt(element.initial_date) };
    case "timepicker": return { type, selected_time: opt(element.initial_time), ...(element.timezone ? { timezone: element.timezone } : {}) };
    case "datetimepicker": return { type, selected_date_time: opt(element.initial_date_time) };
    case "file_input": return { type, files: [] };
    default: return null;
  }
}

/** Typed text as the value of a text-like element. */
export function typed(element, text) {
  if (element.type === "rich_text_input") return { type: element.type, rich_text_value: toRichText(text) };
  return { type: element.type, value: text === "" ? null : text };
}

export const isStateful = (element) => initial(element) !== null;

/**
 * A draft of one element. In a view a draft lives as long as its block_id and action_id do, as in Slack.
 * In a message it ends when the bot changes the initial value: the message shows what the bot now holds.
 */
export function field(scope, blockId, element) {
  const key = `${blockId}${SEP}${element.action_id}`;
  const first = JSON.stringify(initial(element));
  const of = () => drafts.get(scope)?.get(key);
  return {
    get() {
      const draft = of();
      if (!draft || draft.value.type !== element.type) return initial(element);
      if (scope.startsWith("msg:") && draft.first !== first) return initial(element);
      return draft.value;
    },
    set(value) {
      if (!drafts.has(scope)) drafts.set(scope, new Map());
      drafts.get(scope).set(key, { value, first });
    },
    reset() { drafts.get(scope)?.delete(key); },
  };
}

export function forget(scope) { drafts.delete(scope); }
export const scopes = () => [...drafts.keys()];

/** Every stateful element of these blocks with its block, containers and cards included. */
export function* stateful(blocks) {
  for (const block of blocks || []) {
    if (!block) continue;
    const own = [block.element, block.accessory, ...(block.type === "actions" ? block.elements || [] : []), ...(block.type === "card" ? block.actions || [] : [])];
    for (const element of own) if (element && element.action_id && isStateful(element)) yield { block, element };
    if (block.child_blocks) yield* stateful(block.child_blocks);
    if (block.type === "carousel") yield* stateful(block.elements);
  }
}

export function collect(blocks, scope) {
  const values = {};
  for (const { block, element } of stateful(blocks)) {
    (values[block.block_id] ||= {})[element.action_id] = field(scope, block.block_id, element).get();
  }
  return { values };
}

const isEmpty = (value) => {
  const inner = Object.entries(value).filter(([name]) => name !== "type" && name !== "timezone").map(([, v]) => v)[0];
  return inner === null || inner === undefined || inner === "" || (Array.isArray(inner) && !inner.length);
};

const EMAIL = /^[^\s@]+@[^\s@]+\.[^\s@]+$/;

/** The checks Slack's client makes before it sends a form; block_id -> sentence. */
export function problems(blocks, scope) {
  const found = {};
  for (const { block, element } of stateful(blocks)) {
    if (block.type !== "input") continue;
    const value = field(scope, block.block_id, element).get();
    const text = value.value;
    if (isEmpty(value)) {
      if (!block.optional) found[block.block_id] = "Please complete this required field.";
    } else if (element.type === "email_text_input" && !EMAIL.test(text)) found[block.block_id] = "Please enter a valid email address.";
    else if (element.type === "url_text_input" && !/^https?:\/\/\S+$/i.test(text)) found[block.block_id] = "Please enter a URL that starts with http:// or https://.";
    else if (element.type === "number_input") {
      const number = Number(text);
      if (text.trim() === "" || Number.isNaN(number)) found[block.block_id] = "Please enter a number.";
      else if (!element.is_decimal_allowed && !Number.isInteger(number)) found[block.block_id] = "Please enter a whole number.";
      else if (element.min_value !== undefined && number < Number(element.min_value)) found[block.block_id] = `Please enter ${element.min_value} or more.`;
      else if (element.max_value !== undefined && number > Number(element.max_value)) found[block.block_id] = `Please enter ${element.max_value} or less.`;
    } else if (element.type === "plain_text_input") {
      if (element.min_length && text.length < element.min_length) found[block.block_id] = `Please enter at least ${element.min_length} characters.`;
      else if (element.max_length && text.length > element.max_length) found[block.block_id] = `Please enter at most ${element.max_length} characters.`;
    }
  }
  return found;
}

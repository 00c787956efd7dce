// rich_text blocks to DOM nodes.

import { el, add, link } from "./dom.js";
import { emoji, fromCodes } from "./emoji.js";
import { follow, userPill, channelPill, dateNode } from "./mrkdwn.js";

function styled(node, style) {
  let out = node;
  if (style?.code) out = el("code", { class: "code" }, out);
  if (style?.bold) out = el("strong", {}, out);
  if (style?.italic) out = el("em", {}, out);
  if (style?.strike) out = el("s", {}, out);
  if (style?.underline) out = el("u", {}, out);
  return out;
}

function withBreaks(text) {
  const box = el("span");
  String(text ?? "").split("\n").forEach((line, i) => {
    if (i) box.append(el("br"));
    box.append(line);
  });
  return box;
}

function part(item) {
  switch (item.type) {
    case "text": return styled(withBreaks(item.text), item.style);
    case "link": return styled(link(item.url, item.text || item.url, follow), item.style);
    case "user": return styled(userPill(item.user_id), item.style);
    case "channel": return styled(channelPill(item.channel_id), item.style);
    case "usergroup": return el("span", { class: "mention", text: `@${item.usergroup_id}` });
    case "team": return el("span", { class: "mention", text: item.team_id });
    case "broadcast": return el("span", { class: "mention mention-me", text: `@${item.range}` });
    case "emoji": {
      const sign = (item.unicode && fromCodes(item.unicode)) || emoji(item.name);
      return sign ? el("span", { class: "emoji", role: "img", "aria-label": item.name, title: `:${item.name}:`, text: sign }) : `:${item.name}:`;
    }
    case "date": return dateNode(Number(item.timestamp), item.format || "{date_short} at {time}", item.fallback, item.url);
    case "color": return el("code", { class: "code", text: item.value });
    default: return item.text ? String(item.text) : "";
  }
}

const inlineParts = (elements) => (elements || []).map(part);

const plainParts = (elements) => (elements || []).map((e) => e.text || e.url || "").join("");

function list(item) {
  const indent = Math.min(Number(item.indent) || 0, 8);
  const start = (Number(item.offset) || 0) + 1;
  return el(item.style === "ordered" ? "ol" : "ul", { class: `list rt-list indent-${indent} depth-${indent % 3}`, start: item.style === "ordered" && start > 1 ? start : null },
    (item.elements || []).map((row) => el("li", {}, inlineParts(row.elements))));
}

export function richText(block) {
  const root = el("div", { class: "rich mrkdwn" });
  for (const item of block?.elements || []) {
    if (item.type === "rich_text_section") root.append(el("div", { class: "line" }, inlineParts(item.elements)));
    else if (item.type === "rich_text_list") root.append(list(item));
    else if (item.type === "rich_text_preformatted") root.append(el("pre", { class: "pre", text: plainParts(item.elements) }));
    else if (item.type === "rich_text_quote") root.append(el("blockquote", { class: "quote" }, el("div", { class: "line" }, inlineParts(item.elements))));
    else add(root, [part(item)]);
  }
  return root;
}

/** Typed text as the rich_text value Slack would send for it. */
export function toRichText(text) {
  if (!text) return null;
  return { type: "rich_text", elements: [{ type: "rich_text_section", elements: [{ type: "text", text }] }] };
}

export const fromRichText = (value) => (value?.elements || []).map((section) => (section.elements || []).map((e) => (e.elements ? plainParts(e.elements) : e.text || "")).join("")).join("\n");

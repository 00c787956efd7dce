// Slack's mrkdwn to DOM nodes: text and elements only, never markup.

import { el, add, link } from "./dom.js";
import { emoji } from "./emoji.js";
import { signed } from "./signs.js";
import { slackDate, fullOf, timeOf, city } from "./time.js";
import { store, tz, now, go, openThread } from "./store.js";

export const decode = (text) => text.replace(/&lt;/g, "<").replace(/&gt;/g, ">").replace(/&amp;/g, "&");

/** Follow a link that points into this workspace. */
export function follow(target) {
  if (target.app) return go({ kind: "app", tab: target.app });
  const dm = (store.state?.dms || []).find((d) => d.user === target.channel);
  const going = go({ kind: "channel", id: dm ? dm.id : target.channel });
  if (target.thread && target.thread !== target.ts) return going.then(() => openThread(target.channel, target.thread));
  return going.then(() => {
    if (!target.ts) return;
    const node = document.querySelector(`#messages [data-ts="${CSS.escape(target.ts)}"]`);
    if (!node) return;
    node.scrollIntoView({ block: "center" });
    node.classList.add("flash");
    setTimeout(() => node.classList.remove("flash"), 2200);
  });
}

export function userPill(id, label) {
  const user = store.users.get(id);
  const name = user?.real_name || user?.name || label || id;
  const hint = user ? [user.title, user.tz && `${timeOf(now(), user.tz)} in ${city(user.tz)}`].filter(Boolean).join(" · ") : "";
  return el("span", { class: `mention${id === store.as ? " mention-me" : ""}`, title: hint, text: `@${name}` });
}

export function channelPill(id, label) {
  const channel = store.channels.get(id);
  const name = channel?.name || label;
  if (!channel) return el("span", { class: "mention", text: name ? `#${name}` : "#private channel" });
  return el("button", { type: "button", class: "mention mention-button", text: `#${name}`, on: { click: () => go({ kind: "channel", id }) } });
}

export function dateNode(seconds, format, fallback, url) {
  const shown = slackDate(seconds, format, tz(), now());
  if (!shown) return document.createTextNode(fallback || "");
  const date = new Date(seconds * 1000);
  const node = el("time", { datetime: date.toISOString(), title: fullOf(date, tz()), text: shown });
  return url ? link(url, node, follow) : node;
}

/** What stands between < and >. */
function angle(body) {
  if (body.startsWith("@")) { const [id, label] = body.slice(1).split("|"); return userPill(id, label && decode(label)); }
  if (body.startsWith("#")) { const [id, label] = body.slice(1).split("|"); return channelPill(id, label && decode(label)); }
  if (body.startsWith("!")) {
    const bar = body.indexOf("|");
    const command = bar < 0 ? body.slice(1) : body.slice(1, bar);
    const label = bar < 0 ? "" : decode(body.slice(bar + 1));
    const date = /^date\^(\d+)\^([^^]*)(?:\^(.*))?$/.exec(command);
    if (date) return dateNode(Number(date[1]), decode(date[2]), label, date[3] && decode(date[3]));
    if (command.startsWith("subteam^")) return el("span", { class: "mention", text: label || "@group" });
    const word = command.split("^")[0];
    if (["here", "channel", "everyone"].includes(word)) return el("span", { class: "mention mention-me", text: `@${word}` });
    return el("span", { class: "mention", text: label || word });
  }
  const bar = body.indexOf("|");
  const url = decode(bar < 0 ? body : body.slice(0, bar));
  const label = bar < 0 ? url.replace(/^mailto:/, "") : decode(body.slice(bar + 1));
  return link(url, label, follow);
}

const STYLES = { "*": "strong", _: "em", "~": "s" };
const BEFORE = /[\s([{"'“‘.,;:!?\-–—/|·*_~>]/;
const AFTER = /[\s)\]}"'”’.,;:!?\-–—/|·*_~<]/;

/** One line of mrkdwn. */
export function inline(text, verbatim = false) {
  const out = [];
  let plain = "";
  const flush = () => { if (plain) out.push(signed(decode(plain))); plain = ""; };
  for (let i = 0; i < text.length;) {
    const c = text[i];
    const rest = text.slice(i);
    if (c === "<") {
      const m = /^<([^<>\n]+)>/.exec(rest);
      if (m) { flush(); out.push(angle(m[1])); i += m[0].length; continue; }
    } else if (c === "`") {
      const m = /^`([^`\n]+)`/.exec(rest);
      if (m) { flush(); out.push(el("code", { class: "code", text: decode(m[1].replace(/<([^<>|]+)(?:\|([^<>]+))?>/g, (w, u, l) => l || u)) })); i += m[0].length; continue; }
    } else if (STYLES[c] && (i === 0 || BEFORE.test(text[i - 1])) && text[i + 1] && !/\s/.test(text[i + 1]) && text[i + 1] !== c) {
      const end = closing(text, i, c);
      if (end > 0) { flush(); out.push(el(STYLES[c], {}, inline(text.slice(i + 1, end), verbatim))); i = end + 1; continue; }
    } else if (c === ":") {
      const m = /^:([a-z0-9_+'-]+)(?:::skin-tone-\d)?:/.exec(rest);
      const sign = m && emoji(m[1]);
      if (sign) { flush(); out.push(el("span", { class: "emoji", role: "img", "aria-label": m[1].replaceAll("_", " "), title: m[0], }, signed(sign))); i += m[0].length; continue; }
    } else if (c === "h" && !verbatim && (i === 0 || /[\s(]/.test(text[i - 1]))) {
      const m = /^https?:\/\/[^\s<>|]+[^\s<>|.,;:!?)'"]/.exec(rest);
      if (m) { flush(); out.push(link(decode(m[0]), decode(m[0]), follow)); i += m[0].length; continue; }
    }
    plain += c;
    i += 1;
  }
  flush();
  return out;
}

function closing(text, start, mark) {
  let inCode = false;
  for (let i = start + 2; i < text.length; i++) {
    if (text[i] === "\n") return -1;
    if (text[i] === "`") inCode = !inCode;
    if (text[i] === "<" && !inCode) {
      const end = text.indexOf(">", i);
      if (end > 0) { i = end; continue; }
    }
    if (!inCode && text[i] === mark && !/\s/.test(text[i - 1]) && (i + 1 === text.length || AFTER.test(text[i + 1]))) return i;
  }
  return -1;
}

/** A whole mrkdwn text: code fences, quotes, hanging list lines, line breaks. */
export function mrkdwn(text, { verbatim = false } = {}) {
  const root = el("div", { class: "mrkdwn" });
  const pieces = String(text ?? "").split("```");
  pieces.forEach((piece, index) => {
    const fence = index % 2 === 1;
    if (fence && index < pieces.length - 1) root.append(el("pre", { class: "pre", text: decode(piece.replace(/^\n/, "").replace(/\n$/, "")) }));
    else lines(root, fence ? `\`\`\`${piece}` : piece, verbatim, index > 0);
  });
  return root;
}

function lines(root, text, verbatim, afterFence) {
  if (afterFence) text = text.replace(/^\n/, "");
  text = text.replace(/\n+$/, (end) => (end.length > 1 ? "\n" : ""));
  if (!text) return;
  let quote = null;
  let para = null;
  const rows = text.split("\n");
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i];
    const rest = /^(?:&gt;|>){3} ?(.*)$/.exec(row);
    const quoted = /^(?:&gt;|>) ?(.*)$/.exec(row);
    if (rest) {
      const tail = [rest[1], ...rows.slice(i + 1)].join("\n");
      const node = el("blockquote", { class: "quote" });
      lines(node, tail, verbatim, false);
      root.append(node);
      return;
    }
    if (quoted) {
      if (!quote) { quote = el("blockquote", { class: "quote" }); root.append(quote); }
      quote.append(el("div", { class: "line" }, quoted[1] ? inline(quoted[1], verbatim) : el("br")));
      para = null;
      continue;
    }
    quote = null;
    const item = /^(\s*)([•◦▪‣-]|\d{1,3}[.)])\s+(.*)$/.exec(row);
    if (item) {
      root.append(el("div", { class: `hang${item[1].length >= 2 ? " hang-in" : ""}` }, el("span", { class: "hang-mark", text: `${item[2]} ` }), el("span", {}, inline(item[3], verbatim))));
      para = null;
    } else if (!row.trim()) {
      root.append(el("div", { class: "gap" }));
      para = null;
    } else {
      if (para) para.append(el("br"));
      else { para = el("div", { class: "line" }); root.append(para); }
      add(para, inline(row, verbatim));
    }
  }
}

/** mrkdwn as one plain line, for previews, titles and screen readers. */
export const plainLine = (text) => mrkdwn(text).textContent.replace(/\s+/g, " ").trim();

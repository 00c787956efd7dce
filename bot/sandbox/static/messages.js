// A list of messages: channel, direct message or thread. Nodes are kept and patched, never made anew while in use.

import { el, clear, reconcile, keepFocus, announce, link } from "./dom.js";
import { icon, avatar } from "./icons.js";
import { emoji } from "./emoji.js";
import { mrkdwn, plainLine } from "./mrkdwn.js";
import { renderBlocks, attachments, picture } from "./blocks.js";
import { contextFor, problemBox } from "./press.js";
import { dayDivider, dayKey, fullOf, timeOf } from "./time.js";
import { store, tz, now, act, openThread } from "./store.js";

const GROUP_MS = 5 * 60000;
const NEAR = 90;

const moment = (m) => new Date(m.when || Number(m.ts) * 1000);
const author = (m) => store.users.get(m.user) || { id: m.user, name: m.username || m.user, real_name: m.username || m.user || "Unknown" };
export const nameOf = (user) => (user.id === store.state?.app?.user ? store.state.app.name : user.real_name || user.name || user.id);

function files(list) {
  return (list || []).map((file) => {
    const title = file.title || file.name;
    if (/^image\/(png|jpe?g|gif|webp)/.test(file.mimetype || "")) {
      return el("figure", { class: "figure" }, el("figcaption", { class: "small muted", text: title }), picture({ image_url: file.url, alt_text: file.alt_txt || title }));
    }
    const size = file.size ? (file.size > 1e6 ? `${(file.size / 1e6).toFixed(1)} MB` : `${Math.max(1, Math.round(file.size / 1000))} kB`) : "";
    return el("div", { class: "file" }, icon("file"), el("div", {}, el("div", { class: "strong" }, link(file.url, title)), el("div", { class: "small muted", text: [file.mimetype, size].filter(Boolean).join(" · ") })));
  });
}

/** One message; `refresh(item)` patches it. */
function messageNode(first, options) {
  const channel = options.channel();
  const scope = `msg:${channel}:${first.message.ts}`;
  let current = first.message;
  const gutter = el("div", { class: "msg-gutter" });
  const head = el("div", { class: "msg-head" });
  const text = el("div", { class: "msg-text" });
  const blocks = el("div", { class: "blocks" });
  const extra = el("div", { class: "msg-extra" });
  const foot = el("div", { class: "msg-foot" });
  const tools = el("div", { class: "msg-tools" });
  const node = el("article", { class: "msg", role: "listitem", "data-testid": "message", "data-ts": first.message.ts, "data-scope": scope }, gutter,
    el("div", { class: "msg-body" }, head, text, blocks, extra, problemBox(), foot), tools);
  const ctx = contextFor({
    surface: "message", scope, where: { channel, message_ts: first.message.ts },
    blocks: () => [...(current.blocks || []), ...(current.attachments || []).flatMap((a) => a.blocks || [])],
  });
  let drawn = "";

  node.refresh = ({ message, compact }) => {
    current = message;
    const user = author(message);
    const when = moment(message);
    const bot = Boolean(user.is_bot);
    const zone = tz();
    node.className = `msg${compact ? " compact" : ""}${message.ephemeral ? " ephemeral" : ""}${message.deleted ? " gone" : ""}`;
    const time = el("time", { class: "msg-time", datetime: when.toISOString(), title: fullOf(when, zone), text: timeOf(when, zone) });
    clear(gutter, compact ? time : avatar(user));
    clear(head, compact ? null : [el("span", { class: "msg-name", text: nameOf(user) }), bot ? el("span", { class: "tag", text: "APP" }) : null, user.is_stranger ? el("span", { class: "tag tag-warm", text: "OTHER ORG" }) : null, time,
      user.title && !bot ? el("span", { class: "msg-role", text: user.title }) : null]);
    head.hidden = compact;

    const own = Boolean(message.blocks?.length);
    const shown = message.deleted ? "_This message was deleted._" : own ? "" : message.text || "";
    const signature = JSON.stringify([shown, message.edited, message.attachments, message.files, store.as]);
    if (signature !== drawn) {
      drawn = signature;
      clear(text, shown ? mrkdwn(shown) : null);
      if (message.edited && shown) text.append(edited());
      clear(extra, message.deleted ? null : [attachments(message.attachments, ctx), files(message.files), message.edited && !shown ? edited() : null]);
    }
    text.hidden = !shown;
    renderBlocks(blocks, message.deleted ? [] : message.blocks, ctx);

    const aside = !options.thread && message.thread_ts && message.thread_ts !== message.ts;
    clear(foot,
      message.reactions?.length ? el("div", { class: "reactions" }, message.reactions.map((r) => el("span", { class: "reaction", title: (r.users || []).map((u) => nameOf(author({ user: u }))).join(", ") }, emoji(r.name) || `:${r.name}:`, ` ${(r.users || []).length}`))) : null,
      aside ? el("button", { type: "button", class: "replies", "data-fk": "replies", on: { click: () => openThread(channel, message.thread_ts) } }, icon("reply"), "From a thread") : null,
      message.ephemeral ? el("div", { class: "only-you" }, icon("eye"), el("span", { text: "Only visible to you" }), el("button", { type: "button", class: "text-button", "data-fk": "dismiss", on: { click: () => act("dismiss", { channel, ts: message.ts }) } }, "Dismiss")) : null,
      !options.thread && message.reply_count ? el("button", { type: "button", class: "replies", "data-testid": "thread-open", "data-fk": "replies", on: { click: () => openThread(channel, message.ts) } }, icon("reply"), `${message.reply_count} ${message.reply_count === 1 ? "reply" : "replies"}`) : null);
    clear(tools, !options.thread && !message.ephemeral && !message.deleted ? el("button", { type: "button", class: "tool", title: "Reply in thread", "aria-label": "Reply in thread", "data-fk": "reply", on: { click: () => openThread(channel, message.ts) } }, icon("reply")) : null);
    return true;
  };
  node.refresh(first);
  return node;
}

const edited = () => el("span", { class: "edited", text: "(edited)" });

function rows(messages, zone, today) {
  const out = [];
  let before = null;
  for (const message of messages) {
    const day = dayKey(moment(message), zone);
    const newDay = !before || dayKey(moment(before), zone) !== day;
    if (newDay) out.push({ day, label: dayDivider(moment(message), zone, today) });
    const bot = store.users.get(message.user)?.is_bot;
    const compact = !newDay && !bot && before.user === message.user && !before.ephemeral && !message.ephemeral && moment(message) - moment(before) < GROUP_MS;
    out.push({ message, compact });
    before = message;
  }
  return out;
}

/** options: {thread: bool, channel(): id, empty(): Node} */
export function messageList(scroller, options) {
  const intro = el("div", { class: "intro" });
  const list = el("div", { class: "msg-list", role: "list", "aria-label": options.thread ? "Thread" : "Messages" });
  const jump = el("button", { type: "button", class: "jump", hidden: true, on: { click: () => bottom() } }, icon("down"), "New messages");
  const wrap = el("div", { class: "msg-scroll", tabIndex: 0, role: "region", "aria-label": options.thread ? "Thread messages" : "Message history" }, el("div", { class: "msg-stack" }, intro, list));
  scroller.append(wrap, jump);
  let key = null;
  let last = "";
  let pinned = true;     // the reader follows what comes
  let held = null;       // how far it is scrolled while they are at the beginning of a long last message

  const bottom = () => { pinned = true; held = null; wrap.scrollTop = wrap.scrollHeight; jump.hidden = true; };
  /** Show what just came: its end, or its beginning where it is taller than the window. */
  const latest = () => {
    const node = list.lastElementChild;
    if (!node) return;
    bottom();
    if (node.offsetHeight <= wrap.clientHeight) return;
    node.scrollIntoView({ block: "start" });
    held = wrap.scrollTop;
  };
  wrap.addEventListener("scroll", () => {
    if (held !== null && Math.abs(wrap.scrollTop - held) > 2) held = null;
    pinned = held !== null || wrap.scrollHeight - wrap.scrollTop - wrap.clientHeight < NEAR;
    if (pinned) jump.hidden = true;
  });
  new ResizeObserver(() => { if (pinned && held === null) wrap.scrollTop = wrap.scrollHeight; }).observe(list);
  new ResizeObserver(() => { if (pinned && held === null) wrap.scrollTop = wrap.scrollHeight; }).observe(wrap);

  return {
    update(nextKey, messages) {
      const moved = nextKey !== key;
      if (moved) { clear(list); list.keyed = new Map(); last = ""; key = nextKey; pinned = true; held = null; }
      const known = Array.isArray(messages);
      const shown = messages || [];
      const zone = tz();
      const today = now();
      const facts = JSON.stringify(shown.map((m) => m.user).filter((u, i, all) => all.indexOf(u) === i).map((u) => store.users.get(u)));
      keepFocus(list, () => reconcile(list, rows(shown, zone, today), {
        key: (row) => (row.message ? `m${row.message.ts}${row.message.ephemeral ? "e" : ""}` : `d${row.day}`),
        sig: (row) => (row.message ? `${row.compact}|${zone}|${facts}|${JSON.stringify(row.message)}` : row.label),
        create: (row) => (row.message ? messageNode(row, options) : el("div", { class: "day", role: "separator", "aria-label": row.label }, el("span", { text: row.label }))),
        update: (node, row) => (row.message ? node.refresh(row) : false),
      }));
      clear(intro, known ? options.empty?.(shown.length) : el("div", { class: "muted", text: "Loading…" }));
      const newest = shown[shown.length - 1];
      if (newest && newest.ts > last) {
        const fresh = last && !moved ? shown.filter((m) => m.ts > last) : [];
        last = newest.ts;
        for (const m of fresh.slice(-3)) if (m.user !== store.as) announce(`${nameOf(author(m))}: ${plainLine(m.text || "sent a message").slice(0, 300)}`);
        if (!moved && (pinned || newest.ephemeral || newest.user === store.as)) requestAnimationFrame(latest);
        else if (fresh.length) jump.hidden = false;
      }
      if (moved) requestAnimationFrame(bottom);
    },
  };
}

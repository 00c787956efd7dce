// Puts the page together: which part redraws when what changed.

import { el, clear, toast } from "./dom.js";
import { icon } from "./icons.js";
import { store, on, begin, openChannelId, conversation, threadKey, closeThread, botId } from "./store.js";
import { sidebar } from "./sidebar.js";
import { placeHead } from "./placehead.js";
import { homePane } from "./home.js";
import { messageList } from "./messages.js";
import { composer } from "./composer.js";
import { modal } from "./modal.js";
import { topbar } from "./topbar.js";
import { drawer } from "./drawer.js";
import { tips } from "./tips.js";

const $ = (id) => document.getElementById(id);
const shell = $("shell");

const side = sidebar($("sidebar"));
const head = placeHead($("place-head"));
const home = homePane($("home-pane"));
const popupModal = modal($("modal"));
const bar = topbar($("topbar"), { toggleDrawer: (tab) => panel.toggle(tab), toggleSide: (open) => showSide(open ?? !shell.classList.contains("has-side")) });
const panel = drawer($("drawer"), { changed: (open) => { shell.classList.toggle("has-drawer", open); bar.drawer(open); } });

/** In a narrow window the sidebar lies over the conversation, and only when asked for. */
function showSide(open) {
  shell.classList.toggle("has-side", open);
  bar.side(open);
}
$("main").addEventListener("click", () => showSide(false));
$("sidebar").addEventListener("keydown", (event) => { if (event.key === "Escape") showSide(false); });

const label = (id) => {
  const at = conversation(id);
  if (!at) return "Message";
  return at.kind === "dm" ? `Message ${at.user === botId() ? store.state.app.name : at.label}` : `Message #${at.label}`;
};

function welcome(count) {
  const id = openChannelId();
  const at = conversation(id);
  if (!at) {
    return store.place?.kind === "app" ? el("div", { class: "intro-box" }, el("h2", { text: "No messages yet" }), el("p", { class: "muted", text: `${store.state.app.name} writes to you here when something waits for you. Press Next morning to see.` })) : null;
  }
  if (at.kind === "dm") {
    const bot = at.user === botId();
    return el("div", { class: "intro-box" }, el("h2", { text: bot ? store.state.app.name : at.label }), el("p", { class: "muted", text: bot ? "Between the two of you: reminders, questions and answers." : `This is between you and ${at.label}.` }));
  }
  const lines = [];
  if (at.is_archived) lines.push("This channel is archived: Slack refuses messages and commands here.");
  else if (!at.bot_is_member) lines.push(`${store.state.app.name} is not in this channel, so it cannot post here.`);
  else if (!count) lines.push("Nothing said yet. Type / to see what the bot can do.");
  return el("div", { class: "intro-box" }, el("h2", {}, icon(at.is_archived ? "archive" : at.is_private ? "lock" : "hash"), at.label), el("p", { class: "muted", text: `The beginning of #${at.label}.${at.topic ? ` ${at.topic}` : ""}` }), lines.map((l) => el("p", { text: l })));
}

const messages = messageList($("messages"), { thread: false, channel: openChannelId, empty: welcome });
const box = composer($("composer"), {
  testid: "composer", commands: true,
  target: () => { const id = openChannelId(); return id ? { key: `${store.as}|${id}`, channel: id, label: label(id) } : null; },
});

const threadHead = el("div", { class: "drawer-head" }, el("h2", { text: "Thread" }), el("span", { class: "muted small", id: "thread-where" }), el("button", { type: "button", class: "icon-button", "aria-label": "Close thread", "data-testid": "thread-close", on: { click: closeThread } }, icon("close")));
const threadScroll = el("div", { class: "message-pane" });
const threadFoot = el("div", { class: "composer-pane" });
$("thread").append(threadHead, threadScroll, threadFoot);
const threadMessages = messageList(threadScroll, { thread: true, channel: () => store.thread?.channel });
const threadBox = composer(threadFoot, {
  testid: "thread-composer", commands: false,
  target: () => (store.thread ? { key: `${store.as}|${threadKey(store.thread)}`, channel: store.thread.channel, thread_ts: store.thread.ts, label: "Reply in thread" } : null),
});
$("thread").addEventListener("keydown", (event) => { if (event.key === "Escape" && !event.defaultPrevented) { closeThread(); box.focus(); } });

const guide = tips($("tips"), {
  type: () => box.put("/pilot new"),
  person: () => { setTimeout(() => { showSide(true); side.focusPerson(); }); },
  morning: () => { bar.next().focus(); bar.next().classList.add("flash"); setTimeout(() => bar.next().classList.remove("flash"), 2000); },
});

function drawMessages() {
  if ($("messages").hidden) return;
  const id = openChannelId();
  messages.update(`${store.as}|${id}`, id ? store.messages.get(id) : []);
}

function drawThread() {
  $("thread").hidden = !store.thread;
  shell.classList.toggle("has-thread", Boolean(store.thread));
  if (!store.thread) return;
  const at = conversation(store.thread.channel);
  $("thread-where").textContent = at ? (at.kind === "dm" ? at.label : `#${at.label}`) : "";
  threadMessages.update(`${store.as}|${threadKey(store.thread)}`, store.messages.get(threadKey(store.thread)));
  threadBox.update();
}

function layout() {
  const onHome = store.place?.kind === "app" && store.place.tab === "home";
  $("home-pane").hidden = !onHome;
  $("messages").hidden = onHome;
  $("composer").hidden = onHome || !openChannelId();
  if (onHome) $("main").setAttribute("aria-label", "Home"); else $("main").setAttribute("aria-label", label(openChannelId()).replace(/^Message /, ""));
}

function drawBanner() {
  const offline = !store.linked;
  const sleeping = store.linked && store.state && !store.state.bot_online;
  const down = store.state?.faults?.down;
  $("banner").hidden = !(offline || sleeping || down);
  clear($("banner"), icon("alert"), offline ? "Connection to the sandbox lost. Trying again…" : down ? "Slack is down, as switched on under Faults. Nothing gets through in either direction." : `${store.state?.app?.name || "The bot"} is not connected. Commands will time out until it is back.`);
}

function drawAll() {
  if (!store.state || !store.place) return;
  layout();
  bar.update();
  side.update();
  head.update();
  guide.update();
  if (!$("home-pane").hidden) home.update();
  drawMessages();
  drawThread();
  box.update();
  popupModal.update();
  panel.update();
  drawBanner();
}

on("state", drawAll);
on("place", () => { showSide(false); drawAll(); });
on("person", drawAll);
on("messages", (key) => { if (key.includes("|")) drawThread(); else if (key === openChannelId()) drawMessages(); });
on("thread", () => { drawThread(); if (store.thread) threadBox.focus(); });
on("traffic", () => panel.traffic());
on("link", drawBanner);
on("problem", (answer) => toast(answer.detail || answer.error, "error"));

begin().then(() => {
  if (!store.state) { $("banner").hidden = false; clear($("banner"), icon("alert"), "The sandbox does not answer. Start it and reload this page."); return; }
  if (!$("composer").hidden && document.activeElement === document.body) box.focus();
});

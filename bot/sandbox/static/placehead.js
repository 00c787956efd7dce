// The line above a conversation: name, topic, members, and what one may do with the channel; the app's tabs.

import { el, clear, keepFocus, toast } from "./dom.js";
import { icon, avatar } from "./icons.js";
import { openPopup, openMenu, confirmDialog } from "./popup.js";
import { combobox } from "./combobox.js";
import { city, timeOf } from "./time.js";
import { nameOf } from "./messages.js";
import { store, act, go, conversation, botDm, botId, now } from "./store.js";

async function run(type, body, done) {
  const answer = await act(type, body);
  if (answer.ok === false) toast(answer.detail || answer.error, "error");
  else if (done) toast(done);
  return answer;
}

function members(anchor, channel) {
  const rows = (channel.members || []).map((id) => store.users.get(id)).filter(Boolean).sort((a, b) => Boolean(b.is_bot) - Boolean(a.is_bot) || String(a.real_name).localeCompare(b.real_name));
  const outside = [...store.users.values()].filter((u) => !u.deleted && !(channel.members || []).includes(u.id));
  const node = el("div", { class: "people-pop", role: "dialog", "aria-label": `Members of ${channel.name}` },
    el("div", { class: "strong", text: `${rows.length} members` }),
    el("ul", { class: "people-list" }, rows.map((u) => el("li", {}, avatar(u, "avatar-small"), el("span", {}, nameOf(u), u.is_bot ? el("span", { class: "tag", text: "APP" }) : null), el("span", { class: "muted small", text: u.is_bot ? "" : [u.title, u.tz && `${timeOf(now(), u.tz)} ${city(u.tz)}`].filter(Boolean).join(" · ") })))),
    outside.length && !channel.is_archived ? combobox({ label: "Add someone", placeholder: "Add someone…", options: outside.map((u) => ({ key: u.id, label: nameOf(u), description: u.title })), onChange: (keys) => { popup.close(); run("invite", { channel: channel.id, user: keys[0] }, `Added to #${channel.name}`); } }) : null);
  const popup = openPopup(anchor, node, { align: "end" });
  node.addEventListener("keydown", (event) => { if (event.key === "Escape") { popup.close(); anchor.focus(); } });
  node.tabIndex = -1;
  node.focus();
}

function channelMenu(anchor, channel) {
  const items = [];
  if (channel.is_member && !channel.is_archived) items.push({ label: "Leave channel", run: () => run("leave", { channel: channel.id }, `You left #${channel.name}`) });
  if (channel.is_archived) items.push({ label: "Unarchive channel", run: () => run("unarchive", { channel: channel.id }, `#${channel.name} is open again`) });
  else {
    items.push({
      label: "Archive channel", danger: true, description: "Ground Crew should notice",
      run: async () => {
        const sure = await confirmDialog({ title: { text: `Archive #${channel.name}?` }, text: { text: "Nobody can write there until it is opened again." }, confirm: { text: "Archive" }, deny: { text: "Keep" }, style: "danger" });
        if (sure) run("archive", { channel: channel.id }, `#${channel.name} is archived`);
      },
    });
  }
  openMenu(anchor, items, "Channel");
}

export function placeHead(host) {
  let drawn = "";

  function channelHead(channel) {
    const name = el("h1", { class: "place-name" }, icon(channel.is_archived ? "archive" : channel.is_private ? "lock" : "hash"), channel.name);
    const count = el("button", { type: "button", class: "button button-quiet", "aria-label": `${(channel.members || []).length} members`, "data-testid": "members", "data-fk": "members", on: { click: () => members(count, store.channels.get(channel.id) || channel) } }, icon("people"), String((channel.members || []).length));
    const more = el("button", { type: "button", class: "button button-quiet button-icon-only", "aria-label": "Channel actions", "aria-haspopup": "menu", "aria-expanded": "false", "data-testid": "channel-menu", "data-fk": "channel-menu", on: { click: () => channelMenu(more, store.channels.get(channel.id) || channel) } }, icon("more"));
    const invite = !channel.bot_is_member && !channel.is_archived ? el("button", { type: "button", class: "button primary button-small", "data-testid": "add-bot", "data-fk": "add-bot", on: { click: () => run("invite", { channel: channel.id, user: botId() }, `${store.state.app.name} is in #${channel.name} now`) } }, icon("plus"), `Add ${store.state.app.name}`) : null;
    return [el("div", { class: "place-title" }, name, channel.topic ? el("p", { class: "place-topic", title: channel.topic, text: channel.topic }) : null), el("div", { class: "place-tools" }, invite, count, more)];
  }

  function personHead(dm) {
    const user = store.users.get(dm.user) || { id: dm.user, real_name: dm.user };
    return [el("div", { class: "place-title" }, el("h1", { class: "place-name" }, avatar(user, "avatar-small"), nameOf(user)), el("p", { class: "place-topic", text: [user.title, user.tz && `${timeOf(now(), user.tz)} in ${city(user.tz)}`, user.deleted && "deactivated"].filter(Boolean).join(" · ") }))];
  }

  function appHead() {
    const unread = botDm()?.unread;
    const tab = (name, label, extra) => el("button", { type: "button", role: "tab", class: "tab", id: `tab-${name}`, "aria-selected": String(store.place.tab === name), tabIndex: store.place.tab === name ? 0 : -1, "data-testid": `tab-${name}`, "data-fk": `tab-${name}`, on: { click: () => go({ kind: "app", tab: name }) } }, label, extra);
    const tabs = el("div", { class: "tabs", role: "tablist", "aria-label": store.state.app.name }, tab("home", "Home"), tab("messages", "Messages", unread ? el("span", { class: "badge", text: String(unread) }) : null));
    tabs.addEventListener("keydown", (event) => {
      if (!["ArrowLeft", "ArrowRight"].includes(event.key)) return;
      event.preventDefault();
      const other = store.place.tab === "home" ? "messages" : "home";
      go({ kind: "app", tab: other }).then(() => document.getElementById(`tab-${other}`)?.focus());
    });
    return [el("div", { class: "place-title" }, el("h1", { class: "place-name" }, avatar({ is_bot: true }, "avatar-small"), store.state.app.name, el("span", { class: "tag", text: "APP" })), tabs)];
  }

  function update() {
    if (!store.state || !store.place) return;
    const at = store.place.kind === "channel" ? conversation(store.place.id) : null;
    const signature = JSON.stringify([store.place, at && { ...at, unread: 0 }, store.as, botDm()?.unread, at?.kind === "dm" ? store.state.now : 0]);
    if (signature === drawn) return;
    drawn = signature;
    keepFocus(host, () => clear(host, store.place.kind === "app" ? appHead() : !at ? el("h1", { class: "place-name", text: "Conversation" }) : at.kind === "dm" ? personHead(at) : channelHead(at)));
  }
  return { update };
}

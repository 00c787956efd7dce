// The sidebar: team, "Act as", the app, channels and direct messages.

import { el, clear, reconcile, keepFocus } from "./dom.js";
import { icon, avatar } from "./icons.js";
import { city, timeOf } from "./time.js";
import { store, me, now, go, actAs, botId } from "./store.js";

export function sidebar(host) {
  const team = el("div", { class: "team-name" });
  const mode = el("div", { class: "team-mode" });
  const face = el("span", { class: "act-face" });
  const who = el("select", { id: "act-as", class: "act-select", "data-testid": "act-as" });
  const about = el("div", { class: "act-about", "aria-hidden": "true" });
  const nav = el("nav", { class: "nav", "aria-label": "Channels and direct messages" });
  host.append(el("div", { class: "team" }, team, mode),
    el("div", { class: "act" }, el("label", { class: "act-label", htmlFor: "act-as", text: "Act as" }), el("div", { class: "act-box" }, face, about, icon("down", "act-arrow"), who)),
    nav);

  const sections = {};
  for (const [name, title] of [["apps", "App"], ["channels", "Channels"], ["dms", "Direct messages"]]) {
    const list = el("ul", { class: "nav-list", "aria-labelledby": `nav-${name}` });
    sections[name] = list;
    nav.append(el("h2", { class: "nav-title", id: `nav-${name}`, text: title }), list);
  }

  who.addEventListener("change", () => actAs(who.value));
  nav.addEventListener("keydown", (event) => {
    const all = [...nav.querySelectorAll(".nav-item")];
    const at = all.indexOf(document.activeElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }[event.key];
    if (to === undefined || at < 0) return;
    event.preventDefault();
    all[Math.max(0, Math.min(to, all.length - 1))].focus();
  });
  // One Tab stop for the whole list: the item last focused, else the open one.
  nav.addEventListener("focusin", (event) => roving(event.target.closest(".nav-item")));

  function roving(item) {
    if (!item) return;
    for (const node of nav.querySelectorAll(".nav-item")) node.tabIndex = node === item ? 0 : -1;
  }

  function option(user) {
    return el("option", { value: user.id, text: `${user.real_name || user.name}${user.title ? `, ${user.title}` : ""}` });
  }

  function people() {
    const humans = [...store.users.values()].filter((u) => !u.is_bot && !u.deleted);
    const signature = JSON.stringify(humans.map((u) => [u.id, u.real_name, u.title, u.is_stranger]));
    if (who.dataset.signature !== signature) {
      who.dataset.signature = signature;
      const own = humans.filter((u) => !u.is_stranger);
      const strangers = humans.filter((u) => u.is_stranger);
      clear(who, el("optgroup", { label: store.state.team?.name || "Team" }, own.map(option)), strangers.length ? el("optgroup", { label: "Other organisation (Slack Connect)" }, strangers.map(option)) : null);
    }
    if (document.activeElement !== who || who.value !== store.as) who.value = store.as;
    const user = me();
    clear(face, avatar(user, "avatar-mid"));
    clear(about, el("span", { class: "act-name", text: user?.real_name || user?.name || "" }), user?.title ? el("span", { class: "act-line", text: user.title }) : null, user?.tz ? el("span", { class: "act-line", text: `${timeOf(now(), user.tz)} in ${city(user.tz)}` }) : null);
  }

  function item({ testid, label, mark, unread, current, muted, note, run, tag }) {
    const said = [label, note, unread ? `${unread} unread` : null].filter(Boolean).join(", ");
    return el("li", {}, el("button", {
      type: "button", class: `nav-item${current ? " current" : ""}${unread ? " unread" : ""}${muted ? " nav-muted" : ""}`, "data-testid": testid, "data-fk": testid,
      "aria-current": current ? "page" : null, "aria-label": said, title: note || null, tabIndex: current ? 0 : -1, on: { click: run },
    }, mark, el("span", { class: "nav-label", text: label }), tag, unread ? el("span", { class: "badge", "aria-hidden": "true", text: unread > 99 ? "99+" : String(unread) }) : null));
  }

  function fill(list, rows) {
    reconcile(list, rows, { key: (r) => r.testid, sig: (r) => JSON.stringify({ ...r, mark: 0, run: 0, tag: 0, extra: r.extra }), create: item });
  }

  function update() {
    const { state, place } = store;
    if (!state || !place) return;
    team.textContent = state.team?.name || "Sandbox";
    clear(mode, el("span", { class: `dot ${state.bot_online ? "dot-on" : "dot-off"}` }), state.bot_online ? `${state.app?.name || "Bot"} online` : `${state.app?.name || "Bot"} offline`, el("span", { class: "muted", text: ` · ${state.mode === "socket" ? "Socket Mode" : "HTTP"}` }));
    people();
    keepFocus(nav, () => {
      fill(sections.apps, [{ testid: "home", label: state.app?.name || "App", mark: avatar({ is_bot: true }, "avatar-small"), current: place.kind === "app" && place.tab === "home", tag: el("span", { class: "nav-note", text: "Home" }), run: () => go({ kind: "app", tab: "home" }) }]);
      const rank = (c) => (c.is_archived ? 2 : c.is_member ? 0 : 1);
      fill(sections.channels, [...state.channels].sort((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name)).map((c) => ({
        testid: `channel-${c.name}`, label: c.name, extra: [c.is_private, c.is_archived], unread: c.unread, muted: !c.is_member || c.is_archived,
        mark: icon(c.is_archived ? "archive" : c.is_private ? "lock" : "hash"), current: place.kind === "channel" && place.id === c.id,
        note: [c.is_private ? "private" : null, c.is_archived ? "archived" : null, c.is_member ? null : "not joined"].filter(Boolean).join(", "), run: () => go({ kind: "channel", id: c.id }),
      })));
      const dms = [...(state.dms || [])].sort((a, b) => (b.user === botId()) - (a.user === botId()));
      const rows = dms.map((dm) => {
        const user = store.users.get(dm.user) || { id: dm.user, name: dm.user };
        const bot = dm.user === botId();
        return {
          testid: `dm-${user.name}`, label: bot ? state.app.name : user.real_name || user.name, extra: user.deleted, unread: dm.unread, muted: user.deleted, mark: avatar(bot ? { is_bot: true } : user, "avatar-small"),
          tag: bot ? el("span", { class: "tag", text: "APP" }) : null, current: bot ? place.kind === "app" && place.tab === "messages" : place.kind === "channel" && place.id === dm.id,
          run: () => go(bot ? { kind: "app", tab: "messages" } : { kind: "channel", id: dm.id }),
        };
      });
      fill(sections.dms, rows);
      nav.querySelector("#nav-dms").hidden = !rows.length;
      if (!nav.querySelector('.nav-item[tabindex="0"]')) roving(nav.querySelector(".nav-item"));
    });
    document.title = `${unreadTotal() ? `(${unreadTotal()}) ` : ""}${title()} · Ground Crew sandbox`;
  }

  const unreadTotal = () => [...(store.state.channels || []), ...(store.state.dms || [])].reduce((sum, c) => sum + (c.unread || 0), 0);
  function title() {
    if (store.place.kind === "app") return store.place.tab === "home" ? "Home" : "Messages";
    return store.channels.get(store.place.id)?.name || store.users.get((store.state.dms || []).find((d) => d.id === store.place.id)?.user)?.real_name || "Conversation";
  }
  return { update, focusPerson: () => { who.focus(); try { who.showPicker(); } catch { /* needs a click */ } } };
}

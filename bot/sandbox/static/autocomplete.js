// Completion while typing: slash commands, @people and #channels.

import { el, clear, uid, folded } from "./dom.js";
import { avatar, icon, mark } from "./icons.js";
import { openPopup } from "./popup.js";
import { store } from "./store.js";

const MOST = 8;

/** What the text before the caret asks for, or null. */
function wanted(area, commandsToo) {
  const before = area.value.slice(0, area.selectionStart);
  const command = commandsToo && /^\/([\w-]*)$/.exec(before);
  if (command) return { kind: "command", query: command[1].toLowerCase(), from: 0, to: before.length };
  const name = /(?:^|[\s(])([@#])([\p{L}\d._-]*)$/u.exec(before);
  if (name) return { kind: name[1] === "@" ? "person" : "channel", query: folded(name[2]), from: before.length - name[2].length - 1, to: before.length };
  return null;
}

function found(want) {
  const q = want.query;
  if (want.kind === "command") {
    return (store.state?.commands || []).filter((c) => c.command.slice(1).toLowerCase().startsWith(q))
      .map((c) => ({ insert: `${c.command} `, exact: c.command.slice(1).toLowerCase() === q, title: c.command, hint: c.usage_hint, more: c.description, face: mark("avatar avatar-small") }));
  }
  if (want.kind === "person") {
    return [...store.users.values()].filter((u) => !u.deleted && (folded(u.name).startsWith(q) || folded(u.real_name).split(/\s+/).some((w) => w.startsWith(q))))
      .slice(0, MOST).map((u) => ({ insert: `@${u.name} `, exact: folded(u.name) === q, title: u.real_name || u.name, hint: `@${u.name}`, more: u.title, face: avatar(u, "avatar-small") }));
  }
  return [...store.channels.values()].filter((c) => !c.is_archived && c.name.includes(q)).slice(0, MOST)
    .map((c) => ({ insert: `#${c.name} `, exact: c.name === q, title: `#${c.name}`, more: c.topic, face: icon(c.is_private ? "lock" : "hash") }));
}

/** Returns {key(event) -> handled, refresh(), close()}. */
export function autocomplete(area, { commands = true } = {}) {
  const list = el("div", { class: "listbox complete", role: "listbox", id: uid("complete"), "aria-label": "Suggestions" });
  let popup = null;
  let options = [];
  let want = null;
  let active = 0;
  area.setAttribute("aria-autocomplete", "list");
  area.setAttribute("aria-controls", list.id);

  function close() {
    popup?.close();
    popup = null;
    area.removeAttribute("aria-activedescendant");
  }

  function draw() {
    clear(list, options.map((o, i) => el("div", { class: `option${i === active ? " active" : ""}`, role: "option", id: `${list.id}-${i}`, "aria-selected": String(i === active), on: { pointerdown: (e) => e.preventDefault(), click: () => take(o), pointermove: () => { if (active !== i) { active = i; draw(); } } } },
      el("span", { class: "option-face" }, o.face), el("span", { class: "option-text" }, el("span", { class: "strong", text: o.title }), o.hint ? el("span", { class: "option-hint", text: o.hint }) : null), o.more ? el("small", { class: "option-more", text: o.more }) : null)),
    el("div", { class: "listbox-note", role: "presentation" }, el("kbd", { text: "↑↓" }), " choose ", el("kbd", { text: "Tab" }), " complete ", el("kbd", { text: "Esc" }), " close"));
    area.setAttribute("aria-activedescendant", `${list.id}-${active}`);
    list.querySelector(".active")?.scrollIntoView({ block: "nearest" });
  }

  function refresh() {
    want = wanted(area, commands);
    options = want ? found(want) : [];
    if (!options.length) return close();
    active = Math.min(active, options.length - 1);
    if (!popup) {
      active = 0;
      popup = openPopup(area.closest(".composer") || area, list, { matchWidth: true, above: true, onClose: () => { popup = null; } });
    }
    draw();
    popup.place();
    return undefined;
  }

  function take(option) {
    const at = want.from + option.insert.length;
    area.setRangeText(option.insert, want.from, want.to, "end");
    area.setSelectionRange(at, at);
    close();
    area.focus();
    area.dispatchEvent(new Event("input", { bubbles: true }));
  }

  area.addEventListener("blur", () => setTimeout(close, 100));
  return {
    refresh,
    close,
    key(event) {
      if (!popup) return false;
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        active = (active + (event.key === "ArrowDown" ? 1 : -1) + options.length) % options.length;
        draw();
      } else if (event.key === "Tab" && !event.shiftKey) take(options[active]);
      else if (event.key === "Enter" && !event.shiftKey) {
        // A name typed in full is meant as it stands: Enter sends it.
        if (options.some((o) => o.exact) || (want.kind !== "command" && !want.query)) { close(); return false; }
        take(options[active]);
      } else if (event.key === "Escape") close();
      else return false;
      event.preventDefault();
      event.stopPropagation();
      return true;
    },
  };
}

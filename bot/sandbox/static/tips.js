// "Start here": three things to try, until the newcomer has seen enough of it.

import { el, clear } from "./dom.js";
import { icon } from "./icons.js";
import { store } from "./store.js";

const KEY = "groundcrew-sandbox-tips";

function seen() {
  try { return localStorage.getItem(KEY) === "done"; } catch { return false; }
}

export function tips(host, { type, person, morning }) {
  let gone = seen();
  const step = (n, title, text, button, run) => el("li", { class: "tip" }, el("span", { class: "tip-number", "aria-hidden": "true", text: String(n) }),
    el("div", {}, el("div", { class: "strong" }, title), el("p", { class: "tip-text", text }), el("button", { type: "button", class: "text-button", on: { click: run } }, button)));
  clear(host,
    el("div", { class: "tips-head" }, el("h2", { text: "Start here" }), el("span", { class: "muted", text: "A practice workspace with the real bot. Nothing leaves this computer." }),
      el("button", { type: "button", class: "icon-button", "aria-label": "Close the tips", "data-testid": "tips-close", on: { click: close } }, icon("close"))),
    el("ol", { class: "tips-list" },
      step(1, ["Type ", el("code", { class: "code", text: "/pilot new" })], "Open a pilot: its checklist and the week-one briefings follow.", "Put it in the box", type),
      step(2, "Act as someone else", "Every role sees its own duties, in its own time zone.", "Choose a person", person),
      step(3, ["Press ", el("em", { text: "Next morning" })], "Time jumps; Ground Crew says what is due and to whom.", "Show me the button", morning)));

  function close() {
    gone = true;
    try { localStorage.setItem(KEY, "done"); } catch { /* private mode */ }
    host.hidden = true;
    document.querySelector("[data-testid=composer]")?.focus();
  }
  return { update() { host.hidden = gone || !store.state || (store.place?.kind === "app" && store.place.tab === "home"); } };
}

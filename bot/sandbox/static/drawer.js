// The drawer on the right: traffic, faults and extra actions, as tabs.

import { el, clear } from "./dom.js";
import { icon } from "./icons.js";
import { trafficTab } from "./traffic.js";
import { faultsTab } from "./faults.js";
import { actionsTab } from "./actions.js";

export function drawer(host, { changed }) {
  const tabs = [["traffic", "Traffic", trafficTab], ["faults", "Faults", faultsTab], ["actions", "Actions", actionsTab]].map(([id, label, make]) => {
    const pane = el("div", { class: "drawer-pane", id: `pane-${id}`, role: "tabpanel", "aria-labelledby": `drawer-${id}`, hidden: true });
    const button = el("button", { type: "button", role: "tab", class: "tab", id: `drawer-${id}`, "aria-controls": `pane-${id}`, "data-testid": `drawer-${id}`, on: { click: () => show(id) } }, label);
    return { id, pane, button, part: make(pane) };
  });
  const list = el("div", { class: "tabs", role: "tablist", "aria-label": "Inspector" }, tabs.map((t) => t.button));
  const close = el("button", { type: "button", class: "icon-button", "aria-label": "Close the inspector", "data-testid": "inspector-close", on: { click: () => toggle() } }, icon("close"));
  clear(host, el("div", { class: "drawer-head" }, list, close), tabs.map((t) => t.pane));
  let current = "traffic";

  list.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const at = tabs.findIndex((t) => t.id === current);
    const next = tabs[(at + step + tabs.length) % tabs.length];
    show(next.id);
    next.button.focus();
  });
  host.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.defaultPrevented) { event.preventDefault(); toggle(); document.querySelector("[data-testid=inspector-toggle]")?.focus(); }
  });

  function show(id) {
    current = id;
    for (const tab of tabs) {
      const on = tab.id === id;
      tab.pane.hidden = !on;
      tab.button.setAttribute("aria-selected", String(on));
      tab.button.tabIndex = on ? 0 : -1;
      if (on && !host.hidden) tab.part.shown?.();
    }
  }

  function toggle(tab) {
    const opening = host.hidden || (tab && tab !== current);
    host.hidden = !opening;
    changed(opening);
    if (opening) { show(tab || current); tabs.find((t) => t.id === current).button.focus(); }
  }
  show(current);
  return { toggle, update() { for (const tab of tabs) tab.part.update?.(); }, traffic() { if (!host.hidden && current === "traffic") tabs[0].part.shown(); } };
}

// The top bar: the workspace's clock, the time machine and the way to the inspector.

import { el, announce, toast } from "./dom.js";
import { icon, mark } from "./icons.js";
import { post } from "./api.js";
import { city, dayOf, timeOf, fullOf } from "./time.js";
import { store, now, tz, refreshState, refreshOpen } from "./store.js";

const JUMPS = [
  ["hour", "+1 hour", "Move the workspace's clock one hour ahead"],
  ["morning", "Next morning", "Move to 09:31 on the next working day"],
  ["day", "+1 day", "Move the workspace's clock one day ahead"],
  ["monday", "Next Monday", "Move to Monday, 09:31"],
];

export function topbar(host, { toggleDrawer, toggleSide }) {
  const menu = el("button", { type: "button", class: "bar-button menu-button", "aria-label": "Channels and people", "aria-expanded": "false", "aria-controls": "sidebar", "data-testid": "menu", on: { click: () => toggleSide() } }, icon("menu"));
  const day = el("span", { class: "clock-day" });
  const time = el("span", { class: "clock-time" });
  const zone = el("span", { class: "clock-zone" });
  const clock = el("div", { class: "clock", role: "timer", "aria-live": "off", "data-testid": "clock" }, icon("clock"), day, time, zone);
  const jumps = JUMPS.map(([to, label, hint]) => el("button", { type: "button", class: "time-button", title: hint, "data-testid": `time-${to}`, on: { click: () => move(to) } }, el("span", { text: label })));
  const group = el("div", { class: "time-machine", role: "group", "aria-label": "Time machine" }, jumps);
  const fault = el("button", { type: "button", class: "fault-flag", hidden: true, on: { click: () => toggleDrawer("faults") } }, icon("alert"), "Faults on");
  const inspect = el("button", { type: "button", class: "bar-button", "aria-expanded": "false", "aria-controls": "drawer", "data-testid": "inspector-toggle", title: "Traffic, faults and actions", "aria-label": "Inspector", on: { click: () => toggleDrawer() } }, icon("traffic"), el("span", { text: "Inspector" }));
  host.append(menu, el("div", { class: "brand" }, mark(), el("span", { class: "brand-name", text: "Ground Crew" }), el("span", { class: "brand-kind", text: "sandbox" })), el("div", { class: "bar-mid" }, clock, group), el("div", { class: "bar-end" }, fault, inspect));
  let moving = false;

  async function move(to) {
    if (moving) return;
    moving = true;
    const at = JUMPS.findIndex(([name]) => name === to);
    jumps[at].classList.add("busy");
    group.setAttribute("aria-busy", "true");
    for (const button of jumps) button.setAttribute("aria-disabled", "true");
    const answer = await post("time", { as: store.as, to });
    await Promise.all([refreshState(), refreshOpen()]);
    moving = false;
    jumps[at].classList.remove("busy");
    group.removeAttribute("aria-busy");
    for (const button of jumps) button.removeAttribute("aria-disabled");
    if (answer.ok === false) toast(answer.detail || answer.error, "error");
    else announce(`It is now ${fullOf(now(), tz())}`);
  }

  return {
    next: () => jumps[1],
    update() {
      if (!store.state) return;
      day.textContent = dayOf(now(), tz());
      time.textContent = timeOf(now(), tz());
      zone.textContent = city(tz());
      clock.title = `The workspace's clock, in ${city(tz())} time`;
      group.hidden = store.state.clock_moves === false;
      const f = store.state.faults || {};
      fault.hidden = !Object.values(f).some((v) => v === true || Number(v) > 0);
    },
    side(open) { menu.setAttribute("aria-expanded", String(open)); menu.classList.toggle("on", open); },
    drawer(open) { inspect.setAttribute("aria-expanded", String(open)); inspect.classList.toggle("on", open); },
  };
}

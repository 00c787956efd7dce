// Switch trouble on: lost replies, errors, rate limits, slowness. What Slack does on a bad day.

import { el, toast } from "./dom.js";
import { post } from "./api.js";
import { store, refreshState } from "./store.js";

const SLIDERS = [
  ["lost_reply", "Lost reply", "The call works, the answer never arrives. A retry must not post twice.", 1],
  ["error_500", "Server error", "Slack answers 500 and does nothing.", 1],
  ["rate_429", "Rate limit", "Slack answers 429 with Retry-After.", 1],
  ["drop_connection", "Dropped connection", "The connection breaks before anything happens.", 1],
  ["slow_ms", "Slow answers", "Every call to Slack takes this much longer.", 5000],
];
const NONE = { lost_reply: 0, error_500: 0, rate_429: 0, drop_connection: 0, slow_ms: 0, down: false };

export function faultsTab(host) {
  const parts = new Map();
  let timer = null;
  let waiting = {};

  async function send() {
    const body = waiting;
    waiting = {};
    const answer = await post("faults", body);
    if (answer.ok === false) toast(answer.detail || answer.error, "error");
    await refreshState();
  }
  const queue = (name, value) => {
    waiting[name] = value;
    clearTimeout(timer);
    timer = setTimeout(send, 200);
  };
  const said = (name, value) => (name === "slow_ms" ? (value ? `${value / 1000} s` : "off") : value ? `${Math.round(value * 100)} %` : "off");

  const down = el("input", { type: "checkbox", id: "fault-down", class: "switch", role: "switch", "data-testid": "fault-down" });
  down.addEventListener("change", () => queue("down", down.checked));

  function slider([name, label, help, most]) {
    const id = `fault-${name}`;
    const out = el("output", { class: "fault-value", for: id });
    const range = el("input", { type: "range", id, class: "range", min: "0", max: String(most), step: most === 1 ? "0.05" : "250", "aria-describedby": `${id}-help`, "data-testid": id });
    range.addEventListener("input", () => {
      out.textContent = said(name, Number(range.value));
      range.setAttribute("aria-valuetext", out.textContent);
      queue(name, Number(range.value));
    });
    parts.set(name, { range, out });
    return el("div", { class: "fault" }, el("div", { class: "fault-head" }, el("label", { htmlFor: id, class: "strong", text: label }), out), range, el("p", { class: "small muted", id: `${id}-help`, text: help }));
  }
  const off = el("button", { type: "button", class: "button", "data-testid": "faults-reset", on: { click: () => { clearTimeout(timer); waiting = { ...NONE }; send(); } } }, "Switch all off");
  host.append(el("p", { class: "muted", text: "How often a call from the bot to Slack goes wrong. The bot should keep its word all the same." }),
    ...SLIDERS.map(slider),
    el("div", { class: "fault fault-row" }, el("div", {}, el("label", { htmlFor: "fault-down", class: "strong", text: "Slack is down" }), el("p", { class: "small muted", text: "Nothing gets through until this is off again." })), down), off);

  return {
    update() {
      const now = store.state?.faults || {};
      for (const [name, { range, out }] of parts) {
        if (document.activeElement === range && name in waiting) continue;
        const value = Number(now[name] || 0);
        if (!(name in waiting)) { range.value = String(value); out.textContent = said(name, value); range.setAttribute("aria-valuetext", out.textContent); }
      }
      if (!("down" in waiting)) down.checked = Boolean(now.down);
    },
  };
}

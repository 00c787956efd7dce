// Switch trouble on: lost replies, errors, rate limits, slowness. What Slack does on a bad day.

import { el, toast } from "./dom.js";
import { post } from "./api.js";
import { store, refreshState } from "./store.js";

const SLIDERS = [
  ["lost_reply", "Lost reply", "The call works, the answer never arrives. A retry must not post twice.", 1],
  ["taken_500", "Server error after the fact", "Slack answers 500, but the call worked. A retry must not post twice.", 1],
  ["error_500", "Server error", "Slack answers 500 and does nothing.", 1],
  ["rate_429", "Rate limit", "Slack answers 429 with Retry-After.", 1],
  ["retry_after_s", "Retry-After", "How long a rate limit asks the bot to wait.", 60],
  ["drop_connection", "Dropped connection", "The connection breaks before anything happens.", 1],
  ["slow_ms", "Slow answers", "Every call to Slack takes this much longer.", 5000],
];
const SWITCHES = [
  ["token_revoked", "Token revoked", "Slack takes the bot's token no longer. Promises wait until it does again."],
  ["down", "Slack is down", "Nothing gets through until this is off again."],
];
const NONE = { lost_reply: 0, taken_500: 0, error_500: 0, rate_429: 0, retry_after_s: 1, drop_connection: 0, slow_ms: 0, token_revoked: false, down: false };
const STEP = { slow_ms: "250", retry_after_s: "1" };

export function faultsTab(host) {
  const parts = new Map();
  const boxes = new Map();
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
  const said = (name, value) => {
    if (name === "retry_after_s") return `${value} s`;
    if (!value) return "off";
    return name === "slow_ms" ? `${value / 1000} s` : `${Math.round(value * 100)} %`;
  };

  function flip([name, label, help]) {
    const id = `fault-${name}`;
    const box = el("input", { type: "checkbox", id, class: "switch", role: "switch", "data-testid": id });
    box.addEventListener("change", () => queue(name, box.checked));
    boxes.set(name, box);
    return el("div", { class: "fault fault-row" }, el("div", {}, el("label", { htmlFor: id, class: "strong", text: label }), el("p", { class: "small muted", text: help })), box);
  }

  function slider([name, label, help, most]) {
    const id = `fault-${name}`;
    const out = el("output", { class: "fault-value", for: id });
    const range = el("input", { type: "range", id, class: "range", min: "0", max: String(most), step: STEP[name] || "0.05", "aria-describedby": `${id}-help`, "data-testid": id });
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
    ...SWITCHES.map(flip), off);

  return {
    update() {
      const now = store.state?.faults || {};
      for (const [name, { range, out }] of parts) {
        if (document.activeElement === range && name in waiting) continue;
        const value = Number(now[name] || 0);
        if (!(name in waiting)) { range.value = String(value); out.textContent = said(name, value); range.setAttribute("aria-valuetext", out.textContent); }
      }
      for (const [name, box] of boxes) if (!(name in waiting)) box.checked = Boolean(now[name]);
    },
  };
}

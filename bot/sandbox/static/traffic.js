// What went over the wire between the bot and the workspace, newest first.

import { el, clear, reconcile, copyText } from "./dom.js";
import { icon } from "./icons.js";
import { get } from "./api.js";
import { timeSeconds, fullOf } from "./time.js";
import { tz } from "./store.js";

const KEPT = 500;

export function trafficTab(host) {
  const words = el("input", { type: "search", class: "input", placeholder: "Filter", "aria-label": "Filter traffic", "data-testid": "traffic-filter" });
  const which = el("select", { class: "input", "aria-label": "Direction" }, [["", "Both ways"], ["to_bot", "To the bot"], ["to_slack", "To Slack"], ["trouble", "Trouble only"]].map(([v, t]) => el("option", { value: v, text: t })));
  const wipe = el("button", { type: "button", class: "button button-small" }, "Clear");
  const list = el("div", { class: "traffic", role: "list", "aria-label": "Traffic, newest first", "data-testid": "traffic" });
  const note = el("p", { class: "muted pad" });
  host.append(el("div", { class: "traffic-tools" }, words, which, wipe), note, list);
  let items = [];
  let next = 0;
  let from = 0;
  let loading = null;
  let again = false;
  const open = new Set();

  const bad = (x) => Number(x.status) >= 400 || Boolean(x.note) || x.response?.ok === false;

  function matches(x) {
    if (x.n <= from) return false;
    if (which.value === "trouble" ? !bad(x) : which.value && x.direction !== which.value) return false;
    const q = words.value.trim().toLowerCase();
    return !q || `${x.name} ${x.note || ""} ${x.status}`.toLowerCase().includes(q) || x.hay.includes(q);
  }

  function json(title, value) {
    const said = typeof value === "string" ? value : JSON.stringify(value ?? null, null, 2);
    const copy = el("button", { type: "button", class: "text-button" }, icon("copy"), el("span", { text: "Copy" }));
    copy.addEventListener("click", async () => {
      copy.lastChild.textContent = (await copyText(said)) ? "Copied" : "Not allowed";
      setTimeout(() => { copy.lastChild.textContent = "Copy"; }, 1500);
    });
    return el("div", { class: "json" }, el("div", { class: "json-head" }, el("span", { class: "strong small", text: title }), copy), el("pre", { class: "json-body", tabIndex: 0, text: said }));
  }

  function row(x) {
    const toBot = x.direction === "to_bot";
    const detail = el("div", { class: "ex-detail", hidden: !open.has(x.n) });
    const fill = () => { if (!detail.childNodes.length) detail.append(json("Request", x.request), json("Response", x.response)); };
    if (open.has(x.n)) fill();
    const error = x.response?.ok === false ? x.response.error : null;
    const head = el("button", { type: "button", class: "ex-head", "aria-expanded": String(open.has(x.n)), title: fullOf(new Date(x.at), tz()) },
      el("span", { class: `ex-way ${toBot ? "to-bot" : "to-slack"}`, text: toBot ? "to bot" : "to Slack" }),
      el("span", { class: "ex-name", text: x.name }),
      el("span", { class: `ex-status${Number(x.status) >= 400 || !x.status ? " ex-bad" : ""}`, text: x.status ? String(x.status) : "none" }),
      el("span", { class: "ex-ms", text: x.ms === null || x.ms === undefined ? "" : `${Math.round(x.ms)} ms` }),
      el("span", { class: "ex-at", text: timeSeconds(new Date(x.at), tz()) }),
      x.note || error ? el("span", { class: "ex-note", text: [error, x.note].filter(Boolean).join(" · ") }) : null);
    head.addEventListener("click", () => {
      const on = detail.hidden;
      detail.hidden = !on;
      head.setAttribute("aria-expanded", String(on));
      if (on) { open.add(x.n); fill(); } else open.delete(x.n);
    });
    return el("div", { class: "exchange", role: "listitem" }, head, detail);
  }

  function draw() {
    const shown = items.filter(matches);
    reconcile(list, shown, { key: (x) => x.n, sig: (x) => `${x.status}|${x.ms}|${x.note}|${tz()}`, create: row });
    note.hidden = shown.length > 0;
    note.textContent = items.some((x) => x.n > from) ? "Nothing matches this filter." : "Nothing yet. Type a command and watch what Slack and the bot say to each other.";
  }

  async function load() {
    if (loading) { again = true; return loading; }
    loading = (async () => {
      do {
        again = false;
        const answer = await get("traffic", { after: next });
        if (answer.ok === false) break;
        if (answer.next < next) items = [];
        next = answer.next ?? next;
        const fresh = (answer.exchanges || []).map((x) => ({ ...x, hay: JSON.stringify([x.request, x.response]).toLowerCase() }));
        const known = new Map(items.map((x) => [x.n, x]));
        for (const x of fresh) known.set(x.n, x);
        items = [...known.values()].sort((a, b) => b.n - a.n).slice(0, KEPT);
        draw();
      } while (again);
      loading = null;
    })();
    return loading.finally(() => { loading = null; });
  }

  words.addEventListener("input", draw);
  which.addEventListener("change", draw);
  wipe.addEventListener("click", () => { from = items[0]?.n || 0; open.clear(); clear(list); list.keyed = new Map(); draw(); });
  return { shown: load };
}

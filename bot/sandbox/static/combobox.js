// One searchable select for all of Block Kit's select menus: single or multiple, fixed or asked from the bot.

import { el, uid, clear, folded } from "./dom.js";
import { icon } from "./icons.js";
import { openPopup } from "./popup.js";

/**
 * options: [{key, label, description, group, badge}] ; `load(query)` (async) instead for external selects.
 * onChange(keys, options) is called with what is selected now; returning false (or a promise of it) undoes it.
 */
export function combobox({ label, labelledby, describedby, placeholder = "Select an option", options = [], load, minQuery = 0, selected = [], multiple = false, clearable = false, max, fk, onChange, id = uid("combo") }) {
  const listId = uid("list");
  let chosen = [...selected];
  let shown = [];
  let active = -1;
  let popup = null;
  let asked = 0;
  let timer = null;

  const input = el("input", {
    id, class: "combo-input", type: "text", role: "combobox", autocomplete: "off", spellcheck: "false", "aria-autocomplete": "list", "aria-expanded": "false",
    "aria-controls": listId, "aria-label": labelledby ? null : label, "aria-labelledby": labelledby, "aria-describedby": describedby, "data-fk": fk,
  });
  const chips = el("span", { class: "chips" });
  const wipe = el("button", { type: "button", class: "combo-clear icon-button", "aria-label": `Clear ${label || "selection"}`, tabIndex: -1 }, icon("close"));
  const box = el("div", { class: `combo${multiple ? " combo-multi" : ""}` }, chips, input, wipe, icon("down", "combo-arrow"));
  const list = el("div", { class: "listbox", id: listId, role: "listbox", "aria-label": label || "Options", "aria-multiselectable": multiple ? "true" : null });

  function draw() {
    clear(chips);
    if (multiple) {
      for (const option of chosen) {
        chips.append(el("span", { class: "chip" }, el("span", { class: "chip-text", text: option.label }),
          el("button", { type: "button", class: "chip-x", "aria-label": `Remove ${option.label}`, tabIndex: -1, on: { click: (e) => { e.stopPropagation(); choose(chosen.filter((o) => o.key !== option.key)); input.focus(); } } }, "×")));
      }
      input.placeholder = chosen.length ? "" : placeholder;
    } else {
      input.placeholder = chosen[0]?.label || placeholder;
      if (document.activeElement !== input || !popup) input.value = chosen[0]?.label || "";
    }
    box.classList.toggle("has-value", chosen.length > 0);
    wipe.hidden = multiple || !clearable || !chosen.length;
  }

  async function choose(next) {
    const before = chosen;
    chosen = next;
    draw();
    if (popup) fill(undefined, active);
    const kept = await onChange?.(next.map((o) => o.key), next);
    if (kept === false) { chosen = before; draw(); }
  }

  function pick(option) {
    if (!option) return;
    const has = chosen.some((o) => o.key === option.key);
    if (multiple) {
      if (!has && max && chosen.length >= max) return;
      input.value = "";
      choose(has ? chosen.filter((o) => o.key !== option.key) : [...chosen, option]);
      popup?.place();
    } else {
      close();
      choose([option]);
    }
  }

  function fill(note, at = shownFirst) {
    const query = typing() ? folded(input.value.trim()) : "";
    shown = load ? shown : options.filter((o) => !query || folded(`${o.label} ${o.description || ""} ${o.group || ""} ${o.badge || ""}`).includes(query));
    clear(list);
    let group = null;
    shown.forEach((option, i) => {
      if (option.group && option.group !== group) list.append(el("div", { class: "listbox-group", role: "presentation", text: option.group }));
      group = option.group;
      const on = chosen.some((o) => o.key === option.key);
      list.append(el("div", {
        class: "option", role: "option", id: `${listId}-${i}`, "aria-selected": String(on), "data-value": option.key,
        on: { pointerdown: (e) => e.preventDefault(), click: () => pick(option), pointermove: () => setActive(i) },
      }, el("span", { class: "option-text" }, el("span", { text: option.label }), option.badge ? el("small", { text: option.badge }) : null), option.description ? el("small", { class: "option-more", text: option.description }) : null, on ? icon("check", "option-check") : null));
    });
    if (!shown.length) list.append(el("div", { class: "listbox-note", role: "presentation", text: note || "Nothing matches" }));
    setActive(Math.min(typeof at === "number" ? at : at(), shown.length - 1));
    popup?.place();
  }

  const shownFirst = () => Math.max(0, multiple ? 0 : shown.findIndex((o) => chosen.some((c) => c.key === o.key)));

  function setActive(i) {
    active = i;
    list.querySelectorAll(".option").forEach((node, n) => node.classList.toggle("active", n === i));
    if (i >= 0) input.setAttribute("aria-activedescendant", `${listId}-${i}`);
    else input.removeAttribute("aria-activedescendant");
  }
  const reveal = () => list.querySelector(".option.active")?.scrollIntoView({ block: "nearest" });

  const typing = () => input.dataset.typing === "yes";

  function ask() {
    clearTimeout(timer);
    const query = typing() ? input.value.trim() : "";
    shown = [];
    if (query.length < minQuery) return fill(`Type ${minQuery === 1 ? "something" : `at least ${minQuery} characters`} to search`);
    fill("Searching…");
    timer = setTimeout(async () => {
      const mine = ++asked;
      const found = await load(query);
      if (mine !== asked || !popup) return;
      shown = found.options || [];
      fill(found.error || "Nothing found");
    }, query ? 250 : 0);
    return undefined;
  }

  function open() {
    if (popup) return;
    input.setAttribute("aria-expanded", "true");
    popup = openPopup(box, list, { matchWidth: true, onClose: () => {
      popup = null;
      input.setAttribute("aria-expanded", "false");
      input.removeAttribute("aria-activedescendant");
      delete input.dataset.typing;
      if (multiple) input.value = "";
      draw();
      if (!multiple) input.value = chosen[0]?.label || "";
    } });
    if (load) ask(); else fill();
    reveal();
  }
  const close = () => popup?.close();

  input.addEventListener("input", () => { input.dataset.typing = "yes"; open(); if (load) ask(); else fill(); });
  input.addEventListener("focus", () => { if (!multiple) input.select(); });
  input.addEventListener("blur", () => setTimeout(() => { if (document.activeElement !== input) close(); }, 80));
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (!popup) return open();
      if (shown.length) setActive((active + (event.key === "ArrowDown" ? 1 : -1) + shown.length) % shown.length);
      reveal();
    } else if (event.key === "Enter") {
      event.preventDefault();
      if (popup) pick(shown[active]); else open();
    } else if (event.key === "Escape" && popup) {
      event.preventDefault();
      event.stopPropagation();
      close();
    } else if (event.key === "Backspace" && multiple && !input.value && chosen.length) {
      choose(chosen.slice(0, -1));
    } else if (event.key === "Tab") close();
    return undefined;
  });
  box.addEventListener("click", (event) => {
    if (event.target.closest("button")) return;
    input.focus();
    if (popup && event.target !== input) close(); else open();
  });
  wipe.addEventListener("click", () => { choose([]); input.focus(); });
  draw();
  box.control = input;
  return box;
}

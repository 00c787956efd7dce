// table and data_table blocks: aligned cells, sorting and pages.

import { el, clear } from "./dom.js";
import { richText } from "./richtext.js";
import { element } from "./elements.js";

const DEFAULT_PAGE = 5;

const numeric = (cell) => (typeof cell?.value === "number" ? cell.value : null);

function plain(cell) {
  if (cell === null || cell === undefined) return "";
  if (typeof cell !== "object") return String(cell);
  if (cell.type === "rich_text") return richText(cell).textContent;
  return String(cell.text?.text ?? cell.text ?? cell.value ?? "");
}

function cellNode(cell, block, ctx) {
  if (cell?.type === "rich_text") return richText(cell);
  if (cell?.type === "action" && cell.element) return element(block, cell.element, ctx);
  return plain(cell);
}

const side = (settings, cell) => settings?.align || (numeric(cell) !== null ? "right" : "left");

function row(cells, tag, block, ctx, settings, headerAt = -1) {
  return el("tr", {}, cells.map((cell, i) => {
    const own = i === headerAt ? "th" : tag;
    return el(own, { class: `al-${side(settings?.[i], cell)}${settings?.[i]?.is_wrapped === false ? " nowrap" : ""}`, scope: own === "th" ? (tag === "th" ? "col" : "row") : null }, cellNode(cell, block, ctx));
  }));
}

const scroller = (label, table) => el("div", { class: "table-scroll", tabIndex: 0, role: "region", "aria-label": label }, table);

export function table(block, ctx) {
  const [head, ...body] = block.rows || [];
  return scroller("Table", el("table", { class: "table" },
    head ? el("thead", {}, row(head, "th", block, ctx, block.column_settings)) : null,
    el("tbody", {}, body.map((cells) => row(cells, "td", block, ctx, block.column_settings)))));
}

export function dataTable(block, ctx) {
  const [head = [], ...body] = block.rows || [];
  const size = Number(block.page_size) || DEFAULT_PAGE;
  const pages = Math.max(1, Math.ceil(body.length / size));
  let page = 0;
  let sorted = { at: -1, down: false };
  const tbody = el("tbody");
  const thead = el("thead");
  const said = el("span", { class: "muted", "aria-live": "polite" });
  const back = el("button", { type: "button", class: "button button-small", on: { click: () => { page -= 1; draw(); } } }, "Previous");
  const next = el("button", { type: "button", class: "button button-small", on: { click: () => { page += 1; draw(); } } }, "Next");

  function ordered() {
    if (sorted.at < 0) return body;
    const value = (cells) => numeric(cells[sorted.at]) ?? plain(cells[sorted.at]).toLowerCase();
    return [...body].sort((a, b) => {
      const [x, y] = [value(a), value(b)];
      const order = typeof x === "number" && typeof y === "number" ? x - y : String(x).localeCompare(String(y), "en", { numeric: true });
      return sorted.down ? -order : order;
    });
  }

  function draw() {
    const held = document.activeElement?.dataset?.column;
    clear(thead, el("tr", {}, head.map((cell, i) => {
      const on = sorted.at === i;
      const first = body[0]?.[i];
      const button = el("button", { type: "button", class: "sort", data: { column: String(i) }, on: { click: () => { sorted = { at: i, down: on && !sorted.down }; page = 0; draw(); } } }, plain(cell), el("span", { class: "sort-mark", "aria-hidden": "true" }, on ? (sorted.down ? "▼" : "▲") : "↕"));
      return el("th", { scope: "col", class: `al-${side(block.column_settings?.[i], first)}`, "aria-sort": on ? (sorted.down ? "descending" : "ascending") : "none" }, button);
    })));
    clear(tbody, ordered().slice(page * size, page * size + size).map((cells) => row(cells, "td", block, ctx, block.column_settings, block.row_header_column_index ?? -1)));
    if (held !== undefined) thead.querySelector(`[data-column="${held}"]`)?.focus();
    said.textContent = pages > 1 ? `${page * size + 1}–${Math.min(body.length, page * size + size)} of ${body.length}` : `${body.length} row${body.length === 1 ? "" : "s"}`;
    back.disabled = page === 0;
    next.disabled = page >= pages - 1;
  }
  draw();
  const caption = block.caption?.text ?? block.caption ?? "";
  return el("div", { class: "data-table" },
    scroller(caption || "Table", el("table", { class: "table" }, caption ? el("caption", { text: caption }) : null, thead, tbody)),
    el("div", { class: "pager" }, said, pages > 1 ? [back, next] : null));
}

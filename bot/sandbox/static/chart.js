// data_visualization blocks as small SVG charts, with the numbers as a table for those who do not see them.

import { el } from "./dom.js";
import { shape, chartSvg } from "./icons.js";

const W = 560;
const H = 220;
const LEFT = 46;
const BOTTOM = 28;
const TOP = 12;
const PIE = 180;

const short = (n) => (Math.abs(n) >= 1e6 ? `${+(n / 1e6).toFixed(1)}m` : Math.abs(n) >= 1e4 ? `${+(n / 1e3).toFixed(1)}k` : String(+n.toFixed(2)));

function text(x, y, words, anchor = "middle") {
  const node = shape("text", { x, y, "text-anchor": anchor, class: "chart-text" });
  node.textContent = words;
  return node;
}

function niceTop(value) {
  const power = 10 ** Math.floor(Math.log10(value || 1));
  return [1, 2, 2.5, 5, 10].map((m) => m * power).find((top) => top >= value) || value;
}

function axes(svg, low, high, categories, x, y) {
  for (let i = 0; i <= 4; i++) {
    const value = low + ((high - low) * i) / 4;
    svg.append(shape("line", { x1: LEFT, x2: W - 8, y1: y(value), y2: y(value), class: "chart-grid" }), text(LEFT - 6, y(value) + 4, short(value), "end"));
  }
  const every = Math.ceil(categories.length / 8);
  categories.forEach((c, i) => { if (i % every === 0) svg.append(text(x(i), H - 8, c.length > 10 ? `${c.slice(0, 9)}…` : c)); });
}

function plot(chart, title) {
  const series = (chart.series || []).slice(0, 6);
  const categories = chart.axis_config?.categories?.map(String) || (series[0]?.data || []).map((d) => String(d.label));
  const value = (s, i) => Number(s.data.find((d) => String(d.label) === categories[i])?.value ?? s.data[i]?.value ?? 0);
  const all = series.flatMap((s) => categories.map((_, i) => value(s, i)));
  const low = Math.min(0, ...all);
  const high = niceTop(Math.max(1e-9, ...all));
  const bars = chart.type === "bar";
  const slot = (W - LEFT - 8) / Math.max(1, categories.length);
  const x = (i) => (bars || categories.length < 2 ? LEFT + slot * (i + 0.5) : LEFT + 12 + ((W - LEFT - 44) * i) / (categories.length - 1));
  const y = (v) => TOP + (H - TOP - BOTTOM) * (1 - (v - low) / (high - low || 1));
  const svg = chartSvg(W, H, title);
  axes(svg, low, high, categories, x, y);
  series.forEach((s, n) => {
    if (bars) {
      const width = Math.min(34, (slot * 0.7) / series.length);
      categories.forEach((_, i) => {
        const v = value(s, i);
        svg.append(shape("rect", { x: x(i) + (n - series.length / 2) * width + 1, y: Math.min(y(v), y(0)), width: width - 2, height: Math.max(1, Math.abs(y(v) - y(0))), rx: 2, class: `fill-${n}` }));
      });
      return;
    }
    const points = categories.map((_, i) => `${x(i)},${y(value(s, i))}`);
    if (chart.type === "area") svg.append(shape("polygon", { points: [`${x(0)},${y(low)}`, ...points, `${x(categories.length - 1)},${y(low)}`].join(" "), class: `fill-${n} chart-area` }));
    svg.append(shape("polyline", { points: points.join(" "), class: `stroke-${n}` }));
    for (const p of points) { const [cx, cy] = p.split(","); svg.append(shape("circle", { cx, cy, r: 3, class: `fill-${n}` })); }
  });
  return { svg, names: series.map((s) => s.name), head: ["", ...series.map((s) => s.name)], rows: categories.map((c, i) => [c, ...series.map((s) => short(value(s, i)))]) };
}

function pie(chart, title) {
  const segments = (chart.segments || []).slice(0, 6);
  const total = segments.reduce((sum, s) => sum + Number(s.value), 0) || 1;
  const svg = chartSvg(PIE, PIE, title);
  svg.classList.add("chart-pie");
  const round = 2 * Math.PI * 60;
  let from = 0;
  segments.forEach((s, n) => {
    const part = Number(s.value) / total;
    svg.append(shape("circle", { cx: PIE / 2, cy: PIE / 2, r: 60, class: `stroke-${n} chart-slice`, "stroke-dasharray": `${Math.max(0, part * round - 1.5)} ${round}`, "stroke-dashoffset": -from * round, transform: `rotate(-90 ${PIE / 2} ${PIE / 2})` }));
    from += part;
  });
  return { svg, names: segments.map((s) => `${s.label} ${Math.round((Number(s.value) / total) * 100)}%`), head: ["", "Value"], rows: segments.map((s) => [s.label, String(s.value)]) };
}

export function dataVisualization(block) {
  const chart = block.chart || {};
  const title = String(block.title?.text ?? block.title ?? "Chart");
  const drawn = chart.type === "pie" ? pie(chart, title) : plot(chart, title);
  return el("figure", { class: "figure" }, el("figcaption", { class: "figure-title", text: title }),
    el("div", { class: chart.type === "pie" ? "chart-row" : null }, drawn.svg,
      el("div", { class: "legend" }, drawn.names.map((name, n) => el("span", { class: "legend-item" }, el("span", { class: `legend-dot back-${n}` }), name)))),
    el("details", { class: "numbers" }, el("summary", { text: "Numbers" }), el("div", { class: "table-scroll" }, el("table", { class: "table" }, el("thead", {}, el("tr", {}, drawn.head.map((h) => el("th", { scope: "col", text: h })))), el("tbody", {}, drawn.rows.map((r) => el("tr", {}, r.map((c, i) => el(i ? "td" : "th", { scope: i ? null : "row", text: c })))))))));
}

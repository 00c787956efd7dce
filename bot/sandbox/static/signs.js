// Signs of state that a machine without an emoji font would show as empty boxes: drawn by us there.

import { el } from "./dom.js";
import { shape, signSvg } from "./icons.js";

const tile = (kind) => ["rect", { x: 1.5, y: 1.5, width: 21, height: 21, rx: 5, class: `sign-${kind}` }];
const SIGNS = {
  "✅": [tile("good"), ["path", { d: "M6.5 12.5l4 4 7.5-8.5", class: "sign-line" }]],
  "⏳": [["path", { d: "M6 2.5h12c0 5-4.5 6-4.5 9.5s4.5 4.5 4.5 9.5H6c0-5 4.5-6 4.5-9.5S6 7.5 6 2.5z", class: "sign-warm" }], ["path", { d: "M4.5 2.5h15M4.5 21.5h15", class: "sign-edge" }]],
  "🔴": [["circle", { cx: 12, cy: 12, r: 10, class: "sign-bad" }]],
  "🟠": [["circle", { cx: 12, cy: 12, r: 10, class: "sign-orange" }]],
  "🔵": [["circle", { cx: 12, cy: 12, r: 10, class: "sign-blue" }]],
  "⏸": [tile("calm"), ["path", { d: "M9 7.5v9M15 7.5v9", class: "sign-line" }]],
  "⏹": [tile("calm"), ["rect", { x: 8, y: 8, width: 8, height: 8, class: "sign-fill" }]],
};
const ANY = new RegExp(`(${Object.keys(SIGNS).join("|")})\\uFE0F?`);

/** Whether a red circle comes out red here. */
function hasColours() {
  const canvas = el("canvas", { width: 24, height: 24 });
  const pen = canvas.getContext("2d");
  if (!pen) return true;
  pen.font = '20px "Apple Color Emoji", "Segoe UI Emoji", "Noto Color Emoji", sans-serif';
  pen.fillText("🔴", 0, 20);
  const { data } = pen.getImageData(0, 0, 24, 24);
  for (let i = 0; i < data.length; i += 4) if (data[i + 3] && data[i] - data[i + 1] > 80) return true;
  return false;
}

let colours = null;

/** A text as it is, or in pieces where a sign in it must be drawn. The sign stays in the text for copying. */
export function signed(text) {
  if (!ANY.test(text) || (colours ??= hasColours())) return text;
  return text.split(ANY).map((piece) => (SIGNS[piece] ? el("span", { class: "sign" }, piece, signSvg(SIGNS[piece].map(([tag, facts]) => shape(tag, facts)))) : piece));
}

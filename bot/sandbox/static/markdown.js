// Standard Markdown of the `markdown` block to DOM nodes (the subset Slack documents).

import { el, add, link, localImage } from "./dom.js";
import { emoji } from "./emoji.js";
import { follow, userPill, channelPill } from "./mrkdwn.js";

const RULES = [
  [/^`([^`\n]+)`/, (m) => el("code", { class: "code", text: m[1] })],
  [/^!\[([^\]]*)\]\(([^)\s]+)[^)]*\)/, (m) => (localImage(m[2]) ? el("img", { class: "md-image", src: localImage(m[2]), alt: m[1] }) : link(m[2], m[1] || m[2], follow))],
  [/^\[([^\]]+)\]\(([^)\s]+)(?:\s+"[^"]*")?\)/, (m) => link(m[2], span(m[1]), follow)],
  [/^<@([UW][A-Z0-9]+)(?:\|[^>]*)?>/, (m) => userPill(m[1])],
  [/^<#([CG][A-Z0-9]+)(?:\|([^>]*))?>/, (m) => channelPill(m[1], m[2])],
  [/^<(https?:\/\/[^\s<>]+)>/, (m) => link(m[1], m[1], follow)],
  [/^\*\*(?=\S)([^]+?\S)\*\*(?!\*)/, (m) => el("strong", {}, inlineMd(m[1]))],
  [/^__(?=\S)([^]+?\S)__(?!\w)/, (m) => el("strong", {}, inlineMd(m[1]))],
  [/^~~(?=\S)([^]+?)~~/, (m) => el("s", {}, inlineMd(m[1]))],
  [/^\*(?=\S)([^*]*?[^\s*])\*/, (m) => el("em", {}, inlineMd(m[1]))],
  [/^_(?=\S)([^_]*?[^\s_])_(?!\w)/, (m) => el("em", {}, inlineMd(m[1]))],
  [/^https?:\/\/[^\s<>)]+[^\s<>).,;:!?]/, (m) => link(m[0], m[0], follow)],
];

const span = (text) => el("span", {}, inlineMd(text));

function inlineMd(text) {
  const out = [];
  let plain = "";
  const flush = () => { if (plain) out.push(plain); plain = ""; };
  for (let i = 0; i < text.length;) {
    const rest = text.slice(i);
    if (rest[0] === "\\" && /[\\`*_{}[\]()#+\-.!~>|]/.test(rest[1] || "")) { plain += rest[1]; i += 2; continue; }
    const sign = /^:([a-z0-9_+'-]+):/.exec(rest);
    if (sign && emoji(sign[1])) { plain += emoji(sign[1]); i += sign[0].length; continue; }
    const wordBefore = /\w/.test(text[i - 1] || "");
    let hit = null;
    if (!wordBefore || !/^[_h]/.test(rest)) {
      for (const [pattern, make] of RULES) {
        const m = pattern.exec(rest);
        if (m) { hit = [m, make]; break; }
      }
    }
    if (hit) { flush(); out.push(hit[1](hit[0])); i += hit[0][0].length; continue; }
    plain += rest[0] === "\n" ? " " : rest[0];
    i += 1;
  }
  flush();
  return out;
}

const cells = (row) => row.trim().replace(/^\||\|$/g, "").split(/(?<!\\)\|/).map((c) => c.trim().replaceAll("\\|", "|"));

export function markdown(text) {
  const root = el("div", { class: "markdown mrkdwn" });
  const rows = String(text ?? "").replace(/\r/g, "").split("\n");
  let i = 0;
  while (i < rows.length) {
    const row = rows[i];
    const fence = /^\s*(```|~~~)/.exec(row);
    if (fence) {
      const body = [];
      for (i += 1; i < rows.length && !rows[i].trim().startsWith(fence[1]); i++) body.push(rows[i]);
      i += 1;
      root.append(el("pre", { class: "pre", text: body.join("\n") }));
      continue;
    }
    if (!row.trim()) { i += 1; continue; }
    const heading = /^(#{1,6})\s+(.*?)\s*#*$/.exec(row);
    if (heading) {
      root.append(el("div", { class: `md-h md-h${Math.min(heading[1].length, 4)}`, role: "heading", "aria-level": Math.min(heading[1].length + 2, 6) }, inlineMd(heading[2])));
      i += 1;
      continue;
    }
    if (/^\s*([-*_])(\s*\1){2,}\s*$/.test(row)) { root.append(el("hr", { class: "divider" })); i += 1; continue; }
    if (/^\s*>/.test(row)) {
      const body = [];
      while (i < rows.length && /^\s*>/.test(rows[i])) body.push(rows[i++].replace(/^\s*> ?/, ""));
      const quote = el("blockquote", { class: "quote" });
      quote.append(...markdown(body.join("\n")).childNodes);
      root.append(quote);
      continue;
    }
    if (row.includes("|") && /^\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$/.test(rows[i + 1] || "")) {
      const head = cells(row);
      const align = cells(rows[i + 1]).map((c) => (/^:.*:$/.test(c) ? "center" : c.endsWith(":") ? "right" : "left"));
      i += 2;
      const body = el("tbody");
      while (i < rows.length && rows[i].includes("|")) {
        const row_ = cells(rows[i++]);
        body.append(el("tr", {}, head.map((_, n) => el("td", { class: `al-${align[n] || "left"}` }, inlineMd(row_[n] || "")))));
      }
      root.append(el("div", { class: "table-scroll", tabIndex: 0, role: "region", "aria-label": "Table" }, el("table", { class: "table" }, el("thead", {}, el("tr", {}, head.map((h, n) => el("th", { scope: "col", class: `al-${align[n] || "left"}` }, inlineMd(h))))), body)));
      continue;
    }
    if (/^\s*([-*+]|\d+[.)])\s+/.test(row)) { i = list(root, rows, i); continue; }
    const para = [];
    while (i < rows.length && rows[i].trim() && !/^(#{1,6}\s|\s*(```|~~~|>)|\s*([-*+]|\d+[.)])\s)/.test(rows[i])) para.push(rows[i++]);
    if (!para.length) para.push(rows[i++]);
    const node = el("p");
    para.forEach((line, n) => {
      add(node, inlineMd(line.trimEnd()));
      if (n < para.length - 1) node.append(/ {2}$/.test(line) ? el("br") : " ");
    });
    root.append(node);
  }
  return root;
}

function list(root, rows, i) {
  const stack = [];
  while (i < rows.length) {
    const m = /^(\s*)([-*+]|\d+[.)])\s+(.*)$/.exec(rows[i]);
    if (!m) {
      if (rows[i].trim() && /^\s{2,}/.test(rows[i]) && stack.length) { add(stack[stack.length - 1].last, [" ", inlineMd(rows[i].trim())]); i += 1; continue; }
      if (!rows[i].trim() && /^\s*([-*+]|\d+[.)])\s/.test(rows[i + 1] || "")) { i += 1; continue; }
      break;
    }
    const indent = m[1].replaceAll("\t", "    ").length;
    const ordered = /\d/.test(m[2]);
    while (stack.length && indent < stack[stack.length - 1].indent) stack.pop();
    if (stack.length && indent <= stack[stack.length - 1].indent + 1 && stack[stack.length - 1].ordered !== ordered) stack.pop();
    if (!stack.length || indent > stack[stack.length - 1].indent + 1) {
      const node = el(ordered ? "ol" : "ul", { class: "list", start: ordered ? parseInt(m[2], 10) : null });
      (stack.length ? stack[stack.length - 1].last : root).append(node);
      stack.push({ indent, node, ordered, last: null });
    }
    const top = stack[stack.length - 1];
    const task = /^\[([ xX])\]\s+(.*)$/.exec(m[3]);
    top.last = el("li", {}, task ? [task[1] === " " ? "☐ " : "☑ ", inlineMd(task[2])] : inlineMd(m[3]));
    top.node.append(top.last);
    i += 1;
  }
  return i;
}

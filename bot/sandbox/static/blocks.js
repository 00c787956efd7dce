// Block Kit: every block a message, a modal or the Home tab may carry.
//
// ctx = {surface: "message" | "modal" | "home", scope: draft scope, where: {view_id} or {channel, message_ts},
//        press(block, element, value, node), touched?(block_id)}

import { el, uid, link, localImage, reconcile } from "./dom.js";
import { icon } from "./icons.js";
import { withEmoji } from "./emoji.js";
import { follow } from "./mrkdwn.js";
import { markdown } from "./markdown.js";
import { richText } from "./richtext.js";
import { text } from "./text.js";
import { element } from "./elements.js";
import { table, dataTable } from "./tables.js";
import { dataVisualization } from "./chart.js";
import { store } from "./store.js";

const words = (object) => withEmoji(typeof object === "string" ? object : object?.text ?? "");

/** A picture from this server; one from elsewhere is named and linked, never fetched. */
export function picture(item, cls = "picture") {
  const raw = item.image_url || item.slack_file?.url || (item.slack_file?.id && `/sandbox/files/${encodeURIComponent(item.slack_file.id)}`) || item.url;
  const src = localImage(raw);
  if (src) {
    const node = el("img", { class: cls, src, alt: item.alt_text ?? item.alt_txt ?? "" });
    node.addEventListener("error", () => node.replaceWith(el("span", { class: "notice" }, icon("file"), item.alt_text || "The picture could not be loaded.")));
    return node;
  }
  if (cls === "picture-small") return el("span", { class: "picture-small picture-none", role: "img", "aria-label": item.alt_text || "picture", title: item.alt_text || "" }, icon("file"));
  return el("div", { class: "notice" }, icon("file"), el("span", {}, item.alt_text || "Picture", " · ", link(raw || "", "open in a new tab")));
}

function section(block, ctx) {
  const side = block.accessory;
  const body = el("div", { class: "section-body" },
    block.text ? text(block.text) : null,
    block.fields?.length ? el("div", { class: "fields" }, block.fields.map((f) => el("div", { class: "field-cell" }, text(f)))) : null);
  if (!side) return el("div", { class: "section" }, body);
  const node = side.type === "image" ? picture(side, "picture-side") : element(block, side, ctx, { label: plainLabel(block) });
  const wide = !["button", "overflow", "image", "workflow_button"].includes(side.type);
  return el("div", { class: `section with-side${["checkboxes", "radio_buttons"].includes(side.type) ? " side-choices" : wide ? " side-wide" : ""}` }, body, el("div", { class: "side" }, node));
}

const plainLabel = (block) => (block.text ? text(block.text).textContent.slice(0, 80) : "Choose");

function input(block, ctx) {
  const item = block.element || {};
  const labelId = uid("label");
  const id = uid("field");
  const errorId = `${id}-error`;
  const hintId = `${id}-hint`;
  const grouped = ["checkboxes", "radio_buttons"].includes(item.type);
  const control = element(block, item, ctx, { id, labelledby: grouped || item.type.includes("select") ? labelId : undefined, label: words(block.label), describedby: `${hintId} ${errorId}` });
  const error = el("p", { class: "field-error", id: errorId, role: "alert", hidden: true });
  const label = el(grouped ? "div" : "label", { class: "field-label", id: labelId, ...(grouped ? {} : { htmlFor: id }) }, text(block.label), block.optional ? el("span", { class: "optional", text: "(optional)" }) : null);
  const node = el("div", { class: "field", data: { blockId: block.block_id, actionId: item.action_id } }, label, control,
    block.hint ? el("p", { class: "field-hint", id: hintId }, text(block.hint)) : null, error);
  if (item.focus_on_load) node.dataset.autofocus = "yes";
  node.setError = (message) => {
    error.hidden = !message;
    error.textContent = message || "";
    node.classList.toggle("has-error", Boolean(message));
    const target = control.control || control;
    for (const part of grouped ? control.querySelectorAll("input") : [target]) {
      if (message) part.setAttribute("aria-invalid", "true"); else part.removeAttribute("aria-invalid");
    }
  };
  return node;
}

function context(block) {
  return el("div", { class: "context" }, (block.elements || []).map((item) => (item.type === "image" ? picture(item, "picture-small") : el("div", { class: "context-item" }, text(item)))));
}

function image(block) {
  return el("figure", { class: "figure" }, block.title ? el("figcaption", { class: "figure-title", text: words(block.title) }) : null, picture(block));
}

function video(block) {
  return el("div", { class: "video" }, block.thumbnail_url && localImage(block.thumbnail_url) ? picture({ image_url: block.thumbnail_url, alt_text: block.alt_text }, "picture-side") : el("span", { class: "video-play" }, icon("play")),
    el("div", {}, el("div", { class: "strong" }, link(block.title_url || block.video_url, words(block.title))),
      block.description ? el("div", { class: "muted", text: words(block.description) }) : null,
      el("div", { class: "small muted", text: [block.author_name, block.provider_name].filter(Boolean).join(" · ") || "Video" })));
}

const LEVELS = { info: ["info", "Info"], warning: ["alert", "Warning"], error: ["alert", "Error"], success: ["check", "Done"], default: ["info", "Note"] };
function alertBlock(block) {
  const level = LEVELS[block.level] ? block.level : "default";
  return el("div", { class: `alert alert-${level}`, role: level === "error" ? "alert" : "note" }, icon(LEVELS[level][0]), el("span", { class: "visually-hidden", text: `${LEVELS[level][1]}: ` }), el("div", {}, text(block.text)));
}

function card(block, ctx) {
  return el("div", { class: "card" },
    block.hero_image ? picture(block.hero_image, "card-hero") : null,
    el("div", { class: "card-body" },
      el("div", { class: "card-head" }, block.icon ? picture(block.icon, "picture-small") : null,
        el("div", {}, block.title ? el("div", { class: "strong" }, text(block.title)) : null, block.subtitle ? el("div", { class: "small muted" }, text(block.subtitle)) : null)),
      block.body ? text(block.body) : null,
      block.subtext ? el("div", { class: "small muted" }, text(block.subtext)) : null,
      block.actions?.length ? el("div", { class: "actions" }, block.actions.map((a) => element(block, a, ctx))) : null));
}

function container(block, ctx) {
  const title = el("div", { class: "container-title" }, block.icon ? picture(block.icon, "picture-small") : null,
    el("div", {}, block.rich_text_title ? richText(block.rich_text_title) : el("span", { class: "strong", text: words(block.title) }), block.subtitle ? el("div", { class: "small muted" }, text(block.subtitle)) : null));
  const body = el("div", { class: "container-body" });
  renderBlocks(body, block.child_blocks, ctx);
  const cls = `container${block.has_header_divider ? " with-rule" : ""}`;
  if (!block.is_collapsible) return el("section", { class: cls }, block.title || block.rich_text_title ? title : null, body);
  return el("details", { class: cls, open: !block.default_collapsed }, el("summary", {}, icon("right", "turn"), title), body);
}

const STATES = { pending: ["○", "Pending"], in_progress: ["◐", "In progress"], complete: ["✓", "Complete"], error: ["!", "Failed"] };
function task(block) {
  const [sign, said] = STATES[block.status] || STATES.pending;
  const more = [block.details && richText(block.details), block.output && richText(block.output), block.sources?.length && el("div", { class: "small" }, block.sources.map((s) => [link(s.url, s.text || s.url), " "]))].filter(Boolean);
  return el("div", { class: `task task-${block.status || "pending"}` }, el("span", { class: "task-sign", "aria-hidden": "true", text: sign }),
    el("div", { class: "task-body" }, el("div", {}, words(block.title), el("span", { class: "task-state", text: said })), more.length ? el("div", { class: "small muted" }, more) : null));
}

const plan = (block) => el("section", { class: "plan" }, el("div", { class: "strong", text: words(block.title) }), (block.tasks || []).map(task));

const BLOCKS = {
  section, input, context, image, video, card, container, plan, table,
  header: (block) => el("div", { class: "header-block", role: "heading", "aria-level": block.level || 3, text: words(block.text) }),
  divider: () => el("hr", { class: "divider" }),
  actions: (block, ctx) => el("div", { class: "actions" }, (block.elements || []).map((item) => element(block, item, ctx))),
  context_actions: (block, ctx) => el("div", { class: "actions context-actions" }, (block.elements || []).map((item) => element(block, item, ctx))),
  rich_text: (block) => richText(block),
  markdown: (block) => markdown(block.text),
  data_table: dataTable,
  data_visualization: dataVisualization,
  alert: alertBlock,
  task_card: task,
  carousel: (block, ctx) => el("div", { class: "carousel", role: "group", "aria-label": "Cards", tabIndex: 0 }, (block.elements || []).map((c) => card(c, ctx))),
  file: (block) => el("div", { class: "notice" }, icon("file"), el("span", { text: `File ${block.external_id || ""}` })),
};

function draw(block, ctx) {
  const make = BLOCKS[block?.type];
  let node;
  try {
    node = make ? make(block, ctx) : el("div", { class: "notice" }, icon("info"), `This page cannot show a "${block?.type}" block.`);
  } catch (problem) {
    console.warn("block not shown", block, problem);
    node = el("div", { class: "notice" }, icon("alert"), `This "${block?.type}" block could not be shown.`);
  }
  node.classList.add("block", `block-${block?.type || "unknown"}`);
  if (block?.block_id) node.dataset.blockId = block.block_id;
  return node;
}

/** Blocks into `box`; blocks that did not change keep their nodes. */
export function renderBlocks(box, blocks, ctx) {
  let n = 0;
  reconcile(box, (blocks || []).filter(Boolean), {
    key: (block) => block.block_id || `${block.type}-${n++}`,
    // The surface is part of the signature: the same blocks in another message act elsewhere.
    sig: (block) => `${store.as}|${ctx.scope}|${JSON.stringify(block)}`,
    create: (block) => draw(block, ctx),
  });
}

const COLOURS = { good: "var(--good)", warning: "var(--warn)", danger: "var(--bad)" };

/** Legacy attachments: the coloured bar, their fields and their blocks. */
export function attachments(list, ctx) {
  return (list || []).map((item) => {
    const body = el("div", { class: "attachment-body" });
    if (item.blocks?.length) {
      const blocks = el("div", { class: "blocks" });
      renderBlocks(blocks, item.blocks, ctx);
      body.append(blocks);
    } else {
      const mark = (words_) => text({ type: "mrkdwn", text: words_ });
      if (item.pretext) body.append(mark(item.pretext));
      if (item.author_name) body.append(el("div", { class: "small strong", text: item.author_name }));
      if (item.title) body.append(el("div", { class: "strong" }, item.title_link ? link(item.title_link, item.title, follow) : item.title));
      if (item.text) body.append(mark(item.text));
      if (item.fields?.length) body.append(el("div", { class: "fields" }, item.fields.map((f) => el("div", { class: `field-cell${f.short ? "" : " field-long"}` }, el("div", { class: "strong", text: f.title }), mark(f.value)))));
      if (item.image_url) body.append(picture({ image_url: item.image_url, alt_text: item.fallback }));
      if (item.footer) body.append(el("div", { class: "small muted", text: item.footer }));
      if (!body.childNodes.length && item.fallback) body.append(el("span", { text: item.fallback }));
    }
    const node = el("div", { class: "attachment" }, el("span", { class: "attachment-bar" }), body);
    const colour = COLOURS[item.color] || (/^#?[0-9a-f]{6}$/i.test(item.color || "") ? `#${item.color.replace("#", "")}` : null);
    if (colour) node.firstChild.style.background = colour;
    return node;
  });
}


// Popups (menus, lists) in the top layer, and the confirm dialog.

import { el } from "./dom.js";
import { withEmoji } from "./emoji.js";

// Open popups, outermost first: a list may open inside a popup, anything else closes what is open.
const stack = [];

/** Show `node` next to `anchor`; closes on outside click, on Escape by its owner, and when the anchor leaves. */
export function openPopup(anchor, node, { onClose, matchWidth = false, align = "start", above = false } = {}) {
  while (stack.length && !stack[stack.length - 1].node.contains(anchor)) closePopup();
  node.classList.add("popup");
  node.setAttribute("popover", "manual");
  (anchor.closest("[popover], dialog") || document.body).append(node);
  node.showPopover();
  const place = () => {
    if (!anchor.isConnected) return shut(node);
    const box = anchor.getBoundingClientRect();
    if (matchWidth) node.style.minWidth = `${box.width}px`;
    const width = node.offsetWidth;
    const height = node.offsetHeight;
    const left = align === "end" ? box.right - width : box.left;
    const below = innerHeight - box.bottom - 12;
    const up = above ? box.top > height + 12 : below < height && box.top > below;
    node.style.left = `${Math.max(8, Math.min(left, innerWidth - width - 8))}px`;
    node.style.top = up ? `${Math.max(8, box.top - height - 4)}px` : `${box.bottom + 4}px`;
  };
  const outside = (event) => { if (!node.contains(event.target) && !anchor.contains(event.target)) shut(node); };
  const scrolled = (event) => { if (!node.contains(event.target)) place(); };
  document.addEventListener("pointerdown", outside, true);
  addEventListener("resize", place);
  document.addEventListener("scroll", scrolled, true);
  stack.push({
    node,
    anchor,
    close() {
      document.removeEventListener("pointerdown", outside, true);
      removeEventListener("resize", place);
      document.removeEventListener("scroll", scrolled, true);
      node.remove();
      onClose?.();
    },
  });
  place();
  return { place, close: () => shut(node) };
}

/** Close one popup and what was opened from it. */
function shut(node) {
  while (stack.some((popup) => popup.node === node)) closePopup();
}

export function closePopup() { stack.pop()?.close(); }

export function closePopups() { while (stack.length) closePopup(); }

/** A menu of {label, description, danger, run}; arrow keys, Home, End, Escape. */
export function openMenu(anchor, items, label) {
  if (stack[stack.length - 1]?.anchor === anchor) return closePopup();
  const node = el("div", { class: "menu", role: "menu", "aria-label": label });
  const buttons = items.map((item) => el("button", {
    type: "button", role: "menuitem", class: `menu-item${item.danger ? " danger" : ""}`, tabIndex: -1,
    on: { click: () => { closePopup(); anchor.focus?.(); item.run(); } },
  }, el("span", { text: item.label }), item.description ? el("small", { text: item.description }) : null));
  node.append(...buttons);
  node.addEventListener("keydown", (event) => {
    const at = buttons.indexOf(document.activeElement);
    const to = { ArrowDown: (at + 1) % buttons.length, ArrowUp: (at - 1 + buttons.length) % buttons.length, Home: 0, End: buttons.length - 1 }[event.key];
    if (to !== undefined) { event.preventDefault(); buttons[to].focus(); }
    if (event.key === "Escape" || event.key === "Tab") { event.preventDefault(); event.stopPropagation(); closePopup(); anchor.focus?.(); }
  });
  anchor.setAttribute("aria-expanded", "true");
  openPopup(anchor, node, { align: "end", onClose: () => anchor.setAttribute("aria-expanded", "false") });
  buttons[0]?.focus();
  return undefined;
}

/** Slack's confirm object; resolves to true when the person agrees. */
export function confirmDialog(confirm) {
  if (!confirm) return Promise.resolve(true);
  return new Promise((resolve) => {
    const say = (object, fallback) => withEmoji(object?.text ?? fallback);
    const done = (answer) => { dialog.close(); dialog.remove(); resolve(answer); };
    const yes = el("button", { type: "button", class: `button ${confirm.style === "danger" ? "danger" : "primary"}`, text: say(confirm.confirm, "Yes"), "data-testid": "confirm-yes", on: { click: () => done(true) } });
    const no = el("button", { type: "button", class: "button", text: say(confirm.deny, "No"), "data-testid": "confirm-no", on: { click: () => done(false) } });
    const dialog = el("dialog", { class: "dialog confirm", "aria-labelledby": "confirm-title", "data-testid": "confirm" },
      el("h2", { id: "confirm-title", text: say(confirm.title, "Are you sure?") }),
      el("div", { class: "confirm-text" }, confirmText(confirm.text)),
      el("div", { class: "dialog-actions" }, no, yes));
    dialog.addEventListener("keydown", (event) => { if (event.key === "Escape") { event.preventDefault(); event.stopPropagation(); done(false); } });
    dialog.addEventListener("cancel", (event) => { event.preventDefault(); done(false); });
    document.body.append(dialog);
    dialog.showModal();
    yes.focus();
  });
}

let render = (object) => withEmoji(object?.text);
const confirmText = (object) => render(object);
/** The block renderer lends its text renderer (mrkdwn) to the dialog. */
export function useTextRenderer(fn) { render = fn; }

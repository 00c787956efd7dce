// Small DOM helpers. Everything a message contains reaches the page through here as text, never as markup.

/** Build an element. Props: class, text, data, on, and any attribute; DOM properties for value/checked and friends. */
export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "class") node.className = value;
    else if (name === "text") node.textContent = value;
    else if (name === "data") for (const [k, v] of Object.entries(value)) { if (v !== undefined) node.dataset[k] = v; }
    else if (name === "on") for (const [k, fn] of Object.entries(value)) node.addEventListener(k, fn);
    else if (["value", "checked", "disabled", "readOnly", "multiple", "htmlFor", "tabIndex", "hidden", "required"].includes(name)) node[name] = value;
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  add(node, children);
  return node;
}

export function add(node, children) {
  for (const child of [children].flat(Infinity)) {
    if (child === null || child === undefined || child === false || child === "") continue;
    node.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
  return node;
}

export function clear(node, ...children) {
  node.replaceChildren();
  return add(node, children);
}

/** For searching as people type: no case, no accents. */
export const folded = (text) => String(text ?? "").normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

let ids = 0;
export const uid = (prefix = "id") => `${prefix}-${++ids}`;

/** Only these schemes may become links; anything else stays text. */
export function safeUrl(raw) {
  try {
    const url = new URL(String(raw), location.href);
    return ["http:", "https:", "mailto:"].includes(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}

/** Pictures come from this server only, as the page's CSP says; others are offered as links. */
export function localImage(raw) {
  if (!raw) return null;
  try {
    const url = new URL(raw, location.href);
    if (url.origin === location.origin) return url.href;
    // The bot may know this server by its other loopback name.
    if (["127.0.0.1", "localhost"].includes(url.hostname) && url.port === location.port) return location.origin + url.pathname + url.search;
  } catch { /* not an address */ }
  return null;
}

/** A Slack permalink or deep link we can follow inside the page. */
export function internalTarget(raw) {
  const text = String(raw);
  const perma = /\/archives\/([CDG][A-Z0-9]+)(?:\/p(\d{10})(\d{6}))?/.exec(text);
  if (perma) {
    const thread = /[?&]thread_ts=([\d.]+)/.exec(text);
    return { channel: perma[1], ts: perma[2] ? `${perma[2]}.${perma[3]}` : null, thread: thread ? thread[1] : null };
  }
  if (/^slack:\/\/app\?/.test(text)) return { app: /tab=messages/.test(text) ? "messages" : "home" };
  const deep = /^slack:\/\/(?:channel|user)\?.*\bid=([A-Z0-9]+)/.exec(text);
  return deep ? { channel: deep[1], ts: null, thread: null } : null;
}

export function link(raw, label, follow) {
  const inside = follow && internalTarget(raw);
  const href = safeUrl(raw);
  if (!href && !inside) return el("span", {}, label);
  const node = el("a", inside ? { href: href || "#", class: "link" } : { href, class: "link", target: "_blank", rel: "noopener noreferrer" }, label);
  if (inside) node.addEventListener("click", (event) => { event.preventDefault(); follow(inside); });
  return node;
}

/**
 * Keyed update of a list: nodes whose key and signature did not change stay in place, so focus, selection
 * and typed text survive. `update` may patch a node in place instead of having it made anew.
 */
export function reconcile(container, items, { key, sig, create, update }) {
  const old = container.keyed || new Map();
  const next = new Map();
  const seen = new Map();
  for (const item of items) {
    let k = String(key(item));
    const repeat = seen.get(k) || 0;
    seen.set(k, repeat + 1);
    if (repeat) k = `${k}#${repeat}`;
    const s = sig(item);
    const before = old.get(k);
    let node;
    if (before && before.sig === s) node = before.node;
    else if (before && update && update(before.node, item)) node = before.node;
    else node = create(item);
    next.set(k, { node, sig: s });
  }
  const wanted = new Set([...next.values()].map((entry) => entry.node));
  for (const child of [...container.childNodes]) if (!wanted.has(child)) child.remove();
  let cursor = container.firstChild;
  for (const { node } of next.values()) {
    if (node === cursor) cursor = cursor.nextSibling;
    else container.insertBefore(node, cursor);
  }
  container.keyed = next;
}

/** Run a re-render and put the focus back on the control with the same `data-fk` when it was replaced. */
export function keepFocus(root, work) {
  const active = document.activeElement;
  const held = active && active !== document.body && root.contains(active) ? active : null;
  const fk = held?.dataset.fk;
  const scope = held?.closest("[data-scope]")?.dataset.scope;
  const range = held && "selectionStart" in held ? safeSelection(held) : null;
  work();
  if (!held || held.isConnected || !fk) return;
  const holder = scope ? root.querySelector(`[data-scope="${CSS.escape(scope)}"]`) || root : root;
  const again = holder.querySelector(`[data-fk="${CSS.escape(fk)}"]`);
  if (!again) return;
  again.focus({ preventScroll: true });
  if (range) try { again.setSelectionRange(range[0], range[1]); } catch { /* not a text control */ }
}

function safeSelection(node) {
  try { return node.selectionStart === null ? null : [node.selectionStart, node.selectionEnd]; } catch { return null; }
}

const live = () => document.getElementById("live");
/** Tell screen readers, politely. */
export function announce(text) {
  const node = live();
  node.textContent = "";
  setTimeout(() => { node.textContent = text; }, 30);
}

/** A short notice in the corner. */
export function toast(text, kind = "info") {
  const host = document.getElementById("toasts");
  const node = el("div", { class: `toast toast-${kind}`, role: kind === "error" ? "alert" : "status" }, el("span", { text }),
    el("button", { type: "button", class: "icon-button", "aria-label": "Dismiss", text: "×", on: { click: () => node.remove() } }));
  host.append(node);
  while (host.children.length > 3) host.firstChild.remove();
  setTimeout(() => node.remove(), kind === "error" ? 9000 : 5000);
}

export async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

// Line icons and avatars, drawn as SVG nodes (no external files, no markup strings).

const NS = "http://www.w3.org/2000/svg";

const PATHS = {
  hash: "M4 9h16M4 15h16M10 3 8 21M16 3l-2 18",
  lock: "M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3",
  archive: "M3.5 5h17v4h-17zM5 9v10.5h14V9M10 13h4",
  home: "M4 11.5 12 4.5l8 7M6 10v9.5h12V10",
  send: "M4.5 12 20 4.5 15.5 20l-3.6-6.3zM11.9 13.7 20 4.5",
  close: "M6 6l12 12M18 6 6 18",
  down: "M6 9.5l6 6 6-6",
  right: "M9.5 6l6 6-6 6",
  more: "M5.5 12h.01M12 12h.01M18.5 12h.01",
  reply: "M4.5 5h15v11h-9l-4 3.5V16h-2z",
  eye: "M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12zM12 14.6a2.6 2.6 0 1 0 0-5.2 2.6 2.6 0 0 0 0 5.2z",
  people: "M9 11a3.2 3.2 0 1 0 0-6.4A3.2 3.2 0 0 0 9 11zM3 19.5c0-3.3 2.7-5.6 6-5.6s6 2.3 6 5.6M15.5 5a3 3 0 0 1 0 5.8M17 14.3c2.4.5 4 2.5 4 5.2",
  clock: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 7v5.3l3.4 2",
  traffic: "M4 8h14M14.5 4.5 18 8l-3.5 3.5M20 16H6M9.5 12.5 6 16l3.5 3.5",
  check: "M5 12.5l4.5 4.5L19 7.5",
  alert: "M12 4 2.8 19.5h18.4zM12 10v4.5M12 17.2h.01",
  info: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 11v5.5M12 7.8h.01",
  file: "M6.5 3.5h7.5l4 4v13h-11.5zM14 3.5v4h4",
  play: "M8 5.5v13l10.5-6.5z",
  copy: "M8.5 8.5h11v11h-11zM15.5 8.5v-4h-11v11h4",
  up: "M12 19.5v-15M5.5 11 12 4.5l6.5 6.5",
  trash: "M4.5 7h15M9.5 7V4.5h5V7M6.5 7l1 13h9l1-13",
  plus: "M12 5v14M5 12h14",
  menu: "M4 7h16M4 12h16M4 17h16",
};

function svg(viewBox, cls) {
  const node = document.createElementNS(NS, "svg");
  node.setAttribute("viewBox", viewBox);
  node.setAttribute("class", cls);
  node.setAttribute("aria-hidden", "true");
  node.setAttribute("focusable", "false");
  return node;
}

export function shape(tag, attributes) {
  const node = document.createElementNS(NS, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, String(value));
  return node;
}

export function icon(name, cls = "") {
  const node = svg("0 0 24 24", `icon icon-${name} ${cls}`);
  node.append(shape("path", { d: PATHS[name] || PATHS.info }));
  return node;
}

export function signSvg(shapes) {
  const node = svg("0 0 24 24", "sign-shape");
  node.append(...shapes);
  return node;
}

export function chartSvg(width, height, label) {
  const node = svg(`0 0 ${width} ${height}`, "chart");
  node.removeAttribute("aria-hidden");
  node.setAttribute("role", "img");
  node.setAttribute("aria-label", label);
  return node;
}

/** The marshaller with two raised wands: Ground Crew's mark. */
export function mark(cls = "mark") {
  const node = svg("0 0 32 32", cls);
  node.append(
    shape("rect", { x: 0, y: 0, width: 32, height: 32, rx: 7, class: "mark-back" }),
    shape("circle", { cx: 16, cy: 10.6, r: 2.7, class: "mark-body-fill" }),
    shape("path", { d: "M9.8 13.2 13.4 17h5.2l3.6-3.8M16 17v8.5", class: "mark-body" }),
    shape("path", { d: "M9.2 12.4 6.4 5.6M22.8 12.4l2.8-6.8", class: "mark-wand" }),
  );
  return node;
}

const initials = (name) => {
  const words = String(name || "?").replace(/[^\p{L}\p{N}\s-]/gu, "").split(/[\s-]+/).filter(Boolean);
  return ((words[0]?.[0] || "?") + (words.length > 1 ? words[words.length - 1][0] : "")).toUpperCase();
};

export function avatar(user, size = "") {
  const node = document.createElement("span");
  node.setAttribute("aria-hidden", "true");
  if (user?.is_bot) {
    node.className = `avatar avatar-bot ${size}`;
    node.append(mark("avatar-mark"));
    return node;
  }
  let hash = 0;
  for (const c of String(user?.id || "?")) hash = (hash * 33 + c.charCodeAt(0)) % 100003;
  node.className = `avatar tint-${hash % 8} ${size}${user?.deleted ? " avatar-gone" : ""}`;
  node.textContent = initials(user?.real_name || user?.name);
  return node;
}

// The message box: Enter sends, Shift+Enter breaks the line, drafts stay per conversation.

import { el, clear, uid } from "./dom.js";
import { icon } from "./icons.js";
import { autocomplete } from "./autocomplete.js";
import { act, store } from "./store.js";

const drafts = new Map();
const HIGHEST = 180;

/** options: {testid, target(): {key, channel, thread_ts?, label} | null, commands} */
export function composer(host, options) {
  const id = uid("composer");
  const notice = el("div", { class: "notice notice-bad composer-notice", role: "alert", "data-testid": "composer-error", hidden: true });
  const hint = el("div", { class: "composer-hint", hidden: true });
  const label = el("label", { class: "visually-hidden", htmlFor: id });
  const area = el("textarea", { id, class: "composer-text", rows: 1, "data-testid": options.testid, autocomplete: "off", spellcheck: "false" });
  const send = el("button", { type: "submit", class: "send", "aria-label": "Send", title: "Send (Enter)", "data-testid": options.testid === "composer" ? "send" : `${options.testid}-send` }, icon("up"));
  const form = el("form", { class: "composer" }, label, area, send);
  const waiting = el("div", { class: "composer-foot" });
  host.append(notice, hint, form, waiting);
  const complete = autocomplete(area, { commands: options.commands });
  let key = null;
  let pending = 0;

  function grow() {
    area.style.height = "auto";
    area.style.height = `${Math.min(area.scrollHeight, HIGHEST)}px`;
    send.disabled = !area.value.trim();
  }

  function foot() {
    clear(waiting, pending ? [el("span", { class: "spinner" }), "Waiting for Ground Crew…"] : options.commands ? [el("kbd", { text: "/" }), " commands  ", el("kbd", { text: "@" }), " people  ", el("kbd", { text: "#" }), " channels"] : "Slash commands do not work in threads.");
  }

  function usage() {
    const m = options.commands && /^(\/[\w-]+)\s/.exec(area.value);
    const command = m && (store.state?.commands || []).find((c) => c.command === m[1]);
    hint.hidden = !command;
    if (command) clear(hint, el("code", { class: "code", text: command.command }), el("span", { class: "hint-usage", text: command.usage_hint || "" }), el("span", { class: "muted", text: command.description || "" }));
  }

  function fail(answer) {
    clear(notice, icon("alert"), el("span", { text: answer.detail || answer.error || "That did not work." }), el("button", { type: "button", class: "icon-button", "aria-label": "Dismiss", on: { click: () => { notice.hidden = true; area.focus(); } } }, icon("close")));
    notice.hidden = false;
  }

  async function submit() {
    const target = options.target();
    const text = area.value.trim();
    if (!target || !text) return;
    complete.close();
    notice.hidden = true;
    area.value = "";
    drafts.delete(target.key);
    grow();
    usage();
    pending += 1;
    const slow = setTimeout(foot, 250);
    const answer = await act("message", { channel: target.channel, text, ...(target.thread_ts ? { thread_ts: target.thread_ts } : {}) });
    pending -= 1;
    clearTimeout(slow);
    foot();
    if (answer.ok === false) {
      // Give the words back unless the person already typed new ones or went elsewhere.
      if (options.target()?.key === target.key && !area.value) { area.value = text; grow(); usage(); }
      fail(answer);
    }
  }

  form.addEventListener("submit", (event) => { event.preventDefault(); submit(); });
  area.addEventListener("input", () => {
    notice.hidden = true;
    if (key) drafts.set(key, area.value);
    grow();
    usage();
    complete.refresh();
  });
  area.addEventListener("click", () => complete.refresh());
  area.addEventListener("keydown", (event) => {
    if (event.isComposing || complete.key(event)) return;
    if (event.key === "Enter" && !event.shiftKey) { event.preventDefault(); submit(); }
  });

  return {
    /** Bring the box in line with where we are; the typed text is touched only when the conversation changed. */
    update() {
      const target = options.target();
      const words = target ? target.label : "";
      label.textContent = words;
      area.placeholder = words;
      if (target?.key !== key) {
        key = target?.key ?? null;
        area.value = (key && drafts.get(key)) || "";
        notice.hidden = true;
        complete.close();
        usage();
      }
      grow();
      foot();
    },
    focus() { area.focus(); },
    put(text) { area.value = text; if (key) drafts.set(key, text); grow(); usage(); area.focus(); area.setSelectionRange(text.length, text.length); },
  };
}

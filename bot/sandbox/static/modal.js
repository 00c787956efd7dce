// Modals: the top view of the person's stack, with errors at the fields and a busy state.

import { el, clear, keepFocus, announce } from "./dom.js";
import { icon } from "./icons.js";
import { withEmoji } from "./emoji.js";
import { renderBlocks } from "./blocks.js";
import { contextFor, problemBox, showProblem, clearProblem } from "./press.js";
import { collect, problems, forget, scopes } from "./values.js";
import { closePopups } from "./popup.js";
import { store, act } from "./store.js";

const words = (object, fallback) => withEmoji(object?.text ?? fallback ?? "");

export function modal(dialog) {
  const trail = el("div", { class: "modal-trail", hidden: true });
  const title = el("h2", { id: "modal-title", tabIndex: -1 });
  const cross = el("button", { type: "button", class: "icon-button", "aria-label": "Close", "data-testid": "modal-close" }, icon("close"));
  const body = el("div", { class: "modal-body blocks" });
  const state = el("div", { class: "modal-state", role: "status" });
  const cancel = el("button", { type: "button", class: "button", "data-testid": "modal-cancel" });
  const submit = el("button", { type: "submit", class: "button primary", "data-testid": "modal-submit" });
  const foot = el("div", { class: "modal-foot" }, state, cancel, submit);
  const form = el("form", { class: "modal-form", novalidate: true },
    el("div", { class: "modal-head" }, el("div", { class: "modal-titles" }, trail, title), cross), el("div", { class: "modal-scroll" }, problemBox(), body), foot);
  dialog.append(form);

  let view = null;
  let ctx = null;
  let working = null;      // "submit" | "close" while an act is under way
  let errors = {};         // block_id -> sentence, on screen
  let serverErrors = "";   // the view's errors we already showed
  let opener = null;

  const fields = () => [...body.querySelectorAll(".field")];

  function showErrors(found, { jump = false } = {}) {
    errors = found || {};
    let first = null;
    const loose = { ...errors };
    for (const node of fields()) {
      const message = errors[node.dataset.blockId];
      node.setError?.(message);
      delete loose[node.dataset.blockId];
      if (message && !first) first = node;
    }
    const rest = Object.values(loose);
    if (rest.length) showProblem(ctx.scope, { detail: rest.join(" ") });
    if (first && jump) {
      first.scrollIntoView({ block: "nearest" });
      first.querySelector("input, textarea, select")?.focus();
      announce(`Please check: ${Object.values(errors).join(" ")}`);
    }
  }

  function touched(blockId) {
    if (!errors[blockId]) return;
    delete errors[blockId];
    body.querySelector(`.field[data-block-id="${CSS.escape(blockId)}"]`)?.setError?.(null);
  }

  function busy() {
    const on = Boolean(working || view?.busy);
    form.classList.toggle("is-busy", on);
    submit.disabled = on;
    cancel.disabled = cross.disabled = working === "close";
    form.setAttribute("aria-busy", String(on));
    clear(state, on ? [el("span", { class: "spinner" }), "Working on it…"] : null);
  }

  async function send() {
    if (!view || working || view.busy) return;
    const mine = view;
    clearProblem(ctx.scope);
    const found = problems(mine.blocks, ctx.scope);
    if (Object.keys(found).length) { showErrors(found, { jump: true }); return; }
    showErrors({});
    serverErrors = "";
    working = "submit";
    busy();
    const answer = await act("submit", { view_id: mine.id, state: collect(mine.blocks, ctx.scope) });
    working = null;
    update();
    if (!view || view.id !== mine.id) return;
    if (answer.ok === false && !view.errors) showProblem(ctx.scope, answer);
    else if (view.errors) showErrors(view.errors, { jump: true });
  }

  async function dismiss() {
    if (!view || working === "close") return;
    working = "close";
    busy();
    const answer = await act("close", { view_id: view.id });
    working = null;
    update();
    if (answer.ok === false && view) showProblem(ctx.scope, answer);
  }

  form.addEventListener("submit", (event) => { event.preventDefault(); send(); });
  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); send(); }
  });
  cross.addEventListener("click", dismiss);
  cancel.addEventListener("click", dismiss);
  // Escape asks the server to close, so that the bot hears of it where it wants to.
  dialog.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.defaultPrevented) { event.preventDefault(); dismiss(); }
  });
  dialog.addEventListener("cancel", (event) => { event.preventDefault(); dismiss(); });
  dialog.addEventListener("close", () => { if (view) dialog.showModal(); });

  function focusFirst() {
    const wanted = body.querySelector("[data-autofocus] input, [data-autofocus] textarea, input[data-autofocus], textarea[data-autofocus]");
    const first = wanted || body.querySelector(".field .input, .field .combo-input, .field input") || title;
    first.focus({ preventScroll: !wanted });
  }

  function update() {
    const stack = store.state?.modals || [];
    const next = stack[stack.length - 1] || null;
    for (const scope of scopes()) if (/^view:V/.test(scope) && !stack.some((v) => scope === `view:${v.id}`) && scope !== `view:${store.state?.home?.view?.id}`) forget(scope);
    const changed = next?.id !== view?.id;
    view = next;
    if (!view) {
      if (dialog.open) {
        closePopups();
        dialog.close();
        clear(body);
        body.keyed = new Map();
        ctx = null;
        if (document.activeElement === document.body || !document.activeElement) (opener?.isConnected ? opener : document.querySelector("[data-testid=composer]"))?.focus?.();
      }
      return;
    }
    const scope = `view:${view.id}`;
    if (changed || !ctx) {
      closePopups();
      ctx = contextFor({ surface: "modal", scope, where: { view_id: view.id }, blocks: () => view?.blocks || [], touched });
      form.dataset.scope = scope;
      errors = {};
      serverErrors = "";
    }
    title.textContent = words(view.title, "Form");
    trail.hidden = stack.length < 2;
    clear(trail, stack.slice(0, -1).map((v) => [words(v.title), " › "]));
    dialog.dataset.depth = String(stack.length);
    const hasSubmit = Boolean(view.submit) || (view.blocks || []).some((b) => b.type === "input");
    submit.hidden = !hasSubmit;
    submit.textContent = words(view.submit, "Submit");
    cancel.textContent = words(view.close, hasSubmit ? "Cancel" : "Close");
    keepFocus(body, () => renderBlocks(body, view.blocks, ctx));
    if (changed) { clearProblem(scope); form.querySelector(".modal-scroll").scrollTop = 0; }
    const fresh = JSON.stringify(view.errors || null);
    if (view.errors && fresh !== serverErrors) showErrors(view.errors);
    else showErrors(errors);
    serverErrors = fresh;
    busy();
    if (!dialog.open) { opener = document.activeElement; dialog.showModal(); }
    if (changed) { focusFirst(); announce(`${title.textContent}, form`); }
  }
  return { update };
}

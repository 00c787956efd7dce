// Pressing things: one act with its busy mark, and the sentence Slack would show when it fails.

import { el } from "./dom.js";
import { icon } from "./icons.js";
import { act } from "./store.js";
import { collect } from "./values.js";

/** Show what went wrong inside the message, modal or Home that was used. */
export function showProblem(scope, answer) {
  const box = document.querySelector(`[data-scope="${CSS.escape(scope)}"] .act-error`);
  if (!box) return;
  box.replaceChildren(icon("alert"), el("span", { text: answer.detail || answer.error || "That did not work." }),
    el("button", { type: "button", class: "icon-button", "aria-label": "Dismiss", on: { click: () => clearProblem(scope) } }, icon("close")));
  box.hidden = false;
}
export function clearProblem(scope) {
  const box = document.querySelector(`[data-scope="${CSS.escape(scope)}"] .act-error`);
  if (box) box.hidden = true;
}
export const problemBox = () => el("div", { class: "act-error notice notice-bad", role: "alert", "data-testid": "act-error", hidden: true });

/** ctx for the blocks of one message or view. `blocks` gives what state.values is collected from. */
export function contextFor({ surface, scope, where, blocks, touched }) {
  return {
    surface, scope, where, touched,
    async press(block, element, value, node) {
      clearProblem(scope);
      node.classList.add("busy");
      node.setAttribute("aria-busy", "true");
      const answer = await act("press", {
        where, block_id: block.block_id, action_id: element.action_id,
        action: { ...value, action_id: element.action_id, block_id: block.block_id },
        state: collect(blocks(), scope),
      });
      node.classList.remove("busy");
      node.removeAttribute("aria-busy");
      if (answer.ok === false) showProblem(scope, answer);
    },
  };
}

// The app's Home tab.

import { el, clear, keepFocus } from "./dom.js";
import { renderBlocks } from "./blocks.js";
import { contextFor, problemBox } from "./press.js";
import { mark } from "./icons.js";
import { store } from "./store.js";

export function homePane(host) {
  const blocks = el("div", { class: "blocks" });
  const empty = el("div", { class: "empty" });
  const sheet = el("div", { class: "home-sheet", "data-testid": "home-view" }, problemBox(), blocks, empty);
  host.append(sheet);
  let view = null;
  let ctx = null;

  return {
    update() {
      view = store.state?.home?.view || null;
      const scope = `view:${view?.id || "home"}`;
      if (!ctx || ctx.scope !== scope) {
        sheet.dataset.scope = scope;
        ctx = contextFor({ surface: "home", scope, where: { view_id: view?.id }, blocks: () => view?.blocks || [] });
      }
      keepFocus(sheet, () => renderBlocks(blocks, view?.blocks || [], ctx));
      empty.hidden = Boolean(view);
      if (!view) clear(empty, mark("empty-mark"), el("p", { class: "strong", text: `${store.state?.app?.name || "The app"} has not drawn its Home for you yet.` }), el("p", { class: "muted", text: store.state?.bot_online ? "It appears here as soon as the bot publishes it." : "The bot is offline at the moment." }));
    },
  };
}

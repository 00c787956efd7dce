// Text objects: mrkdwn with formatting, plain_text with emoji only.

import { el } from "./dom.js";
import { withEmoji } from "./emoji.js";
import { signed } from "./signs.js";
import { mrkdwn } from "./mrkdwn.js";
import { useTextRenderer } from "./popup.js";

export function text(object) {
  if (object === null || object === undefined) return null;
  if (typeof object === "string") return el("span", { class: "plain", text: object });
  if (object.type === "mrkdwn") return mrkdwn(object.text, { verbatim: object.verbatim });
  return el("span", { class: "plain" }, signed(String((object.emoji === false ? object.text : withEmoji(object.text)) ?? "")));
}

useTextRenderer(text);

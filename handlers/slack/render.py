"""Cards and forms as Block Kit, within Slack's limits."""

import json
from collections.abc import Iterator
from typing import Any

from handlers.chat.cards import (
    Bold,
    Button,
    Buttons,
    Card,
    Code,
    Divider,
    Element,
    Facts,
    Field,
    Form,
    Heading,
    Line,
    Link,
    Mention,
    Moment,
    Mono,
    Note,
    Option,
    Picture,
    Row,
    Select,
    Span,
    Text,
    plain,
)
from handlers.slack.escape import code, entities, escape

Block = dict[str, Any]

BLOCKS = {"message": 50, "modal": 100, "home": 100}
PAYLOAD = 12_000
"""Characters of all blocks as JSON: Slack refuses messages from about 13,200 on."""
SECTION, CONTEXT, HEADER, LABEL, PLAIN = 3000, 2000, 150, 75, 3900
MORE = {"type": "context",
        "elements": [{"type": "plain_text", "text": "Shortened: the rest did not fit here."}]}


def cut(text: str, at_most: int) -> str:
    """`text` if it fits, else its beginning and an ellipsis."""
    return text if len(text) <= at_most else text[:at_most - 1].rstrip() + "…"


def fallback(card: Card) -> str:
    """The whole card in words, for notifications and screen readers."""
    return cut(entities(plain(card)), PLAIN)


def blocks(card: Card, surface: str = "message") -> list[Block]:
    """The card as blocks that fit `surface`; what does not fit is left out at the end, and that is said."""
    counter = iter(range(1_000_000))
    made: list[Block] = []
    if not card.bare_title:
        made.append(_section(f"*{escape(cut(card.title, 400))}*"))
    for element in card.elements:
        made += _element(element, counter)
    return _fitting(made, surface)


def _fitting(made: list[Block], surface: str) -> list[Block]:
    kept: list[Block] = []
    size = 0
    for block in made:
        size += len(json.dumps(block, ensure_ascii=False)) + 1
        if len(kept) >= BLOCKS[surface] - 1 or (size > PAYLOAD and surface == "message"):
            return [*kept, MORE]
        kept.append(block)
    return kept


def _element(element: Element, counter: Iterator[int]) -> list[Block]:
    match element:
        case Text(lines=lines):
            return [_section(text) for text in _paragraphs(lines)]
        case Note(line=spans):
            return [{"type": "context", "elements": [_mrkdwn(cut(mrkdwn(spans), CONTEXT))]}]
        case Heading(text=text):
            return [{"type": "header", "text": _plain(cut(text, HEADER))}]
        case Facts(pairs=pairs):
            return [{"type": "section", "fields": [
                _mrkdwn(cut(f"*{escape(name)}*\n{mrkdwn(spans)}", 2000))
                for name, spans in pairs[at:at + 10]]} for at in range(0, len(pairs), 10)]
        case Row(lines=lines, buttons=buttons, aside=aside):
            section = _section(cut("\n".join(mrkdwn(each) for each in lines), SECTION))
            if aside is not None:
                section["accessory"] = _button(aside, counter)
            return [section, *([_actions(buttons, counter)] if buttons else [])]
        case Code(text=text):
            return [_section(f"```{cut(code(text), SECTION - 10)}```")]
        case Divider():
            return [{"type": "divider"}]
        case Picture(url=url, alt=alt):
            return [{"type": "image", "image_url": url, "alt_text": cut(alt, 2000)}]
        case Buttons(items=items):
            return [_actions(items[at:at + 25], counter) for at in range(0, len(items), 25)]
        case Select(action=action, placeholder=placeholder, options=options):
            return [{"type": "actions", "elements": [{
                "type": "static_select", "action_id": f"gc.{action.partition(':')[0]}.{next(counter)}",
                "placeholder": _plain(cut(placeholder, 150)),
                "options": [_option(o, f"{action}:{o.value}") for o in options[:100]]}]}]


def _paragraphs(lines: tuple[Line, ...]) -> list[str]:
    """Lines under each other, in as many sections as they need."""
    out = [""]
    for spans in lines:
        text = cut(mrkdwn(spans), SECTION - 1)
        if len(out[-1]) + len(text) >= SECTION:
            out.append("")
        out[-1] = f"{out[-1]}\n{text}" if out[-1] else text
    return [text for text in out if text]


def mrkdwn(spans: Line) -> str:
    return "".join(_span(span) for span in spans)


def _span(span: Span) -> str:
    match span:
        case str():
            return escape(span)
        case Bold(text=text):
            return _bold(text)
        case Mono(text=text):
            return f"`{code(text)}`"
        case Mention(person=person):
            return f"<@{person.partition(':')[2]}>"
        case Moment(at=at, fallback=fallback):
            return f"<!date^{int(at.timestamp())}^{{date_short_pretty}} {{time}}|{escape(fallback)}>"
        case Link(url=url, label=label):
            return f"<{entities(url).replace('|', '%7C')}|{escape(label)}>"


def _bold(text: str) -> str:
    """Bold as Slack reads it: the stars must touch the words, so spaces go outside."""
    bare = text.strip()
    if not bare:
        return text
    start = text.index(bare)
    return f"{text[:start]}*{escape(bare).replace('*', '∗')}*{text[start + len(bare):]}"


def _section(text: str) -> Block:
    return {"type": "section", "text": _mrkdwn(text or " ")}


def _mrkdwn(text: str) -> Block:
    return {"type": "mrkdwn", "text": text}


def _plain(text: str) -> Block:
    return {"type": "plain_text", "text": text, "emoji": True}


def _actions(buttons: tuple[Button, ...], counter: Iterator[int]) -> Block:
    return {"type": "actions", "elements": [_button(button, counter) for button in buttons]}


def _button(button: Button, counter: Iterator[int]) -> Block:
    verb = button.action.partition(":")[0]
    made: Block = {"type": "button", "action_id": f"gc.{verb}.{next(counter)}", "value": button.action,
                   "text": _plain(cut(button.label, LABEL))}
    if button.style != "default":
        made["style"] = button.style
    if button.says:
        made["accessibility_label"] = cut(button.says, LABEL)
    if button.confirm:
        asked = button.confirm
        made["confirm"] = {"title": _plain(cut(asked.title, 100)), "text": _plain(cut(asked.text, 300)),
                           "confirm": _plain(cut(asked.yes, 30)), "deny": _plain(cut(asked.no, 30))}
    return made


def _option(option: Option, value: str) -> Block:
    made: Block = {"text": _plain(cut(option.label, 75)), "value": value}
    if option.hint:
        made["description"] = _plain(cut(option.hint, 75))
    return made


# ---- forms ---------------------------------------------------------------------------------------------

def modal(form: Form, metadata: dict[str, str]) -> Block:
    """The form as a modal; `metadata` travels with it and comes back signed by Slack."""
    counter = iter(range(1_000_000))
    intro = [block for element in form.intro for block in _element(element, counter)]
    return {"type": "modal", "callback_id": "gc", "title": _plain(cut(form.title, 24)),
            "submit": _plain(cut(form.submit, 24)), "close": _plain("Cancel"),
            "private_metadata": json.dumps({"a": form.action, **metadata}),
            "blocks": [*intro, *(_input(field) for field in form.fields)][:BLOCKS["modal"]]}


def card_modal(card: Card, title: str = "Ground Crew") -> Block:
    """A card shown where there is no message to answer with: above the Home tab."""
    return {"type": "modal", "callback_id": "gc", "title": _plain(title), "close": _plain("Close"),
            "private_metadata": "{}", "blocks": blocks(card, "modal")}


def _input(field: Field) -> Block:
    made: Block = {"type": "input", "block_id": field.id, "optional": not field.required,
                   "label": _plain(cut(field.label, 2000)), "element": {"action_id": "v", **_asked(field)}}
    if field.hint:
        made["hint"] = _plain(cut(field.hint, 2000))
    return made


def _asked(field: Field) -> Block:
    initial = field.initial
    options: list[Block] = [_option(each, each.value) for each in field.options]
    chosen = [o for o in options if o["value"] in (initial if isinstance(initial, tuple) else (initial,))]
    made: Block
    match field.kind:
        case "text" | "lines":
            made = {"type": "plain_text_input", "multiline": field.kind == "lines",
                    "max_length": min(field.at_most or 3000, 3000)}
            if initial:
                made["initial_value"] = cut(str(initial), made["max_length"])
        case "number":
            made = {"type": "number_input", "is_decimal_allowed": False}
            if initial:
                made["initial_value"] = str(initial)
        case "date":
            made = {"type": "datepicker"} | ({"initial_date": initial} if initial else {})
        case "time":
            made = {"type": "timepicker"} | ({"initial_time": initial} if initial else {})
        case "choice":
            made = {"type": "radio_buttons" if len(options) <= 6 else "static_select",
                    "options": options[:100]}
            made |= {"initial_option": chosen[0]} if chosen else {}
        case "choices":
            made = {"type": "checkboxes" if len(options) <= 10 else "multi_static_select",
                    "options": options[:100]}
            made |= {"initial_options": chosen} if chosen else {}
        case "person":
            made = {"type": "users_select"} | ({"initial_user": _bare(str(initial))} if initial else {})
        case "people":
            made = {"type": "multi_users_select"}
            if initial:
                made["initial_users"] = [_bare(each) for each in initial]
        case "channel":
            made = {"type": "conversations_select", "filter": {
                "include": ["public", "private"], "exclude_bot_users": True}}
            made |= ({"initial_conversation": _bare(str(initial))} if initial
                     else {"default_to_current_conversation": True})
        case _:
            raise ValueError(f"no such kind of field: {field.kind}")
    if field.placeholder and made["type"] not in ("radio_buttons", "checkboxes"):
        return made | {"placeholder": _plain(cut(field.placeholder, 150))}
    return made


def _bare(ident: str) -> str:
    return ident.partition(":")[2]


def answers(state: dict[str, Any]) -> dict[str, str | tuple[str, ...] | None]:
    """What was filled in, by field id; people and channels as ``slack:U1``."""
    return {block: _answer(next(iter(actions.values()), {})) for block, actions in state.items()}


def _answer(given: dict[str, Any]) -> str | tuple[str, ...] | None:
    match given.get("type"):
        case "users_select":
            return _ours(given.get("selected_user"))
        case "conversations_select" | "channels_select":
            return _ours(given.get("selected_conversation") or given.get("selected_channel"))
        case "multi_users_select":
            return tuple(f"slack:{user}" for user in given.get("selected_users") or ())
        case "checkboxes" | "multi_static_select":
            return tuple(str(option["value"]) for option in given.get("selected_options") or ())
        case "radio_buttons" | "static_select":
            option = given.get("selected_option")
            return str(option["value"]) if option else None
        case "datepicker":
            return given.get("selected_date")
        case "timepicker":
            return given.get("selected_time")
    value = given.get("value")
    return None if value is None else str(value)


def _ours(ident: str | None) -> str | None:
    return f"slack:{ident}" if ident else None

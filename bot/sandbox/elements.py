"""The state of interactive elements: what they start with, what a person may pick, how Slack reports it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime, time
from typing import Any

from bot.sandbox.wire import JSON, SandboxError

# element type -> (key of its state, what it starts with, None when nothing was chosen)
STATE: dict[str, tuple[str, str, Any]] = {
    "plain_text_input": ("value", "initial_value", None),
    "email_text_input": ("value", "initial_value", None),
    "url_text_input": ("value", "initial_value", None),
    "number_input": ("value", "initial_value", None),
    "rich_text_input": ("rich_text_value", "initial_value", None),
    "file_input": ("files", "", []),
    "static_select": ("selected_option", "initial_option", None),
    "external_select": ("selected_option", "initial_option", None),
    "radio_buttons": ("selected_option", "initial_option", None),
    "users_select": ("selected_user", "initial_user", None),
    "conversations_select": ("selected_conversation", "initial_conversation", None),
    "channels_select": ("selected_channel", "initial_channel", None),
    "checkboxes": ("selected_options", "initial_options", []),
    "multi_static_select": ("selected_options", "initial_options", []),
    "multi_external_select": ("selected_options", "initial_options", []),
    "multi_users_select": ("selected_users", "initial_users", []),
    "multi_conversations_select": ("selected_conversations", "initial_conversations", []),
    "multi_channels_select": ("selected_channels", "initial_channels", []),
    "datepicker": ("selected_date", "initial_date", None),
    "timepicker": ("selected_time", "initial_time", None),
    "datetimepicker": ("selected_date_time", "initial_date_time", None),
}
NAMES_USERS = {"users_select", "multi_users_select"}
NAMES_ROOMS = {
    "conversations_select", "channels_select", "multi_conversations_select", "multi_channels_select",
}  # fmt: skip
WITH_OPTIONS = {"static_select", "radio_buttons", "checkboxes", "multi_static_select", "overflow"}
EXTERNAL = {"external_select", "multi_external_select"}

State = dict[str, dict[str, JSON]]  # block_id -> action_id -> what Slack reports


def elements(blocks: list[JSON]) -> Iterator[tuple[JSON, JSON]]:
    """Every interactive element with the block that holds it, in reading order."""
    for block in blocks:
        kind = block.get("type")
        if kind in {"actions", "context_actions", "card", "alert"}:
            for element in block.get("elements") or block.get("actions") or []:
                yield block, element
        elif kind == "section" and (block.get("accessory") or {}).get("type") not in {None, "image"}:
            yield block, block["accessory"]
        elif kind == "input":
            yield block, block["element"]
        elif kind in {"container", "carousel"}:
            yield from elements(block.get("child_blocks") or block.get("elements") or [])


def initial(element: JSON) -> JSON:
    """What the element's state is before anybody touched it."""
    key, starts_with, nothing = STATE[element["type"]]
    value = element.get(starts_with, nothing) if starts_with else nothing
    state = {"type": element["type"], key: list(value) if isinstance(value, list) else value}
    if element["type"] == "timepicker" and element.get("timezone"):
        state["timezone"] = element["timezone"]
    return state


def state_of(blocks: list[JSON], known: State) -> State:
    """The whole state of a surface: what is known where it still fits, the initial values elsewhere."""
    found: State = {}
    for block, element in elements(blocks):
        if element["type"] not in STATE:
            continue
        seen = known.get(block["block_id"], {}).get(element["action_id"])
        fits = seen is not None and seen.get("type") == element["type"]
        found.setdefault(block["block_id"], {})[element["action_id"]] = (
            seen if fits and seen is not None else initial(element)
        )
    return found


def is_empty(state: JSON) -> bool:
    value = state.get(STATE[state["type"]][0])
    return value is None or value == "" or value == []


def pick(element: JSON, choice: Any, name: Callable[[str, str], str]) -> JSON:
    """The element's state after a person chose `choice`; `name(kind, text)` makes an id of a handle or room.

    Options are picked by their value or their label. Raises SandboxError where the page would not offer it.
    """
    kind = element["type"]
    key, _, nothing = STATE[kind]
    if choice is None:
        value: Any = list(nothing) if nothing == [] else None
    elif kind in WITH_OPTIONS or kind in EXTERNAL:
        if key == "selected_options":
            value = [_option(element, one) for one in _many(choice)]
            _check_count(element, len(value))
        else:
            value = _option(element, choice)
    elif kind in NAMES_USERS or kind in NAMES_ROOMS:
        of = "user" if kind in NAMES_USERS else "room"
        if nothing == []:
            value = [name(of, one) for one in _many(choice)]
            _check_count(element, len(value))
        else:
            value = name(of, choice)
    else:
        value = _scalar(kind, choice)
    state = initial(element)
    state[key] = value
    return state


def all_options(element: JSON) -> list[JSON]:
    if element.get("option_groups"):
        return [option for group in element["option_groups"] for option in group["options"]]
    return list(element.get("options") or [])


def option_named(element: JSON, choice: Any) -> JSON | None:
    wanted = choice.get("value") if isinstance(choice, dict) else choice
    for option in all_options(element):
        if option["value"] == wanted or option["text"]["text"] == wanted:
            return option
    return None


def _option(element: JSON, choice: Any) -> JSON:
    if element["type"] in EXTERNAL:
        label = choice.get("text") if isinstance(choice, dict) else None
        if not isinstance(label, dict) or not isinstance(choice.get("value"), str):
            raise SandboxError("no_such_option", f"{choice!r} was not suggested")
        text = {"type": "plain_text", "text": str(label.get("text", "")), "emoji": True}
        return {"text": text, "value": choice["value"]}
    found = option_named(element, choice)
    if found is None:
        offered = [o["text"]["text"] for o in all_options(element)]
        raise SandboxError("no_such_option", f"{choice!r} is not offered; there is {offered}")
    return found


def _many(choice: Any) -> list[Any]:
    return list(choice) if isinstance(choice, (list, tuple, set)) else [choice]


def _check_count(element: JSON, count: int) -> None:
    most = element.get("max_selected_items")
    if most is not None and count > most:
        raise SandboxError("too_many_options", f"At most {most} can be chosen")


def _scalar(kind: str, choice: Any) -> Any:
    try:
        if kind == "datepicker":
            return (choice if isinstance(choice, date) else date.fromisoformat(str(choice))).isoformat()
        if kind == "timepicker":
            parsed = choice if isinstance(choice, time) else time.fromisoformat(str(choice))
            return parsed.strftime("%H:%M")
        if kind == "datetimepicker":
            return int(choice.timestamp()) if isinstance(choice, datetime) else int(choice)
    except ValueError as unreadable:
        raise SandboxError("not_offered", f"{choice!r} does not fit a {kind}") from unreadable
    if kind == "rich_text_input" and isinstance(choice, str):
        text = {"type": "text", "text": choice}
        return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [text]}]}
    if kind == "file_input":
        return _many(choice)
    if kind in {"plain_text_input", "email_text_input", "url_text_input", "number_input"}:
        return str(choice) or None  # an emptied field is reported as null
    return choice

"""Slack's schemas of text, options, elements and blocks, with every documented limit."""

from __future__ import annotations

from typing import Any

from bot.sandbox.shapes import (
    Check,
    Faults,
    any_of,
    anything,
    boolean,
    both,
    by_type,
    exactly_one,
    fault,
    integer,
    items,
    record,
    string,
    url,
)

_TYPE = {"type": anything}
_ID = {"action_id": string(255), "block_id": string(255)}
_BLOCK = {"block_id": string(255)}


def plain_text(most: int) -> Check:
    return by_type({"plain_text": record({**_TYPE, "text": string(most)}, {"emoji": boolean})})


def text(most: int) -> Check:
    """plain_text or mrkdwn."""
    return by_type({
        "plain_text": record({**_TYPE, "text": string(most)}, {"emoji": boolean}),
        "mrkdwn": record({**_TYPE, "text": string(most)}, {"verbatim": boolean}),
    })  # fmt: skip


CONFIRM = record(
    {"title": plain_text(100), "text": text(300), "confirm": plain_text(30), "deny": plain_text(30)},
    {"style": string(choices={"primary", "danger"})},
)
OPTION = record({"text": plain_text(75), "value": string(150)}, {"description": plain_text(75)})
CHOICE = record({"text": text(75), "value": string(150)}, {"description": text(75)})
MENU_ITEM = record(
    {"text": plain_text(75), "value": string(150)}, {"description": plain_text(75), "url": url()}
)
GROUP = record({"label": plain_text(75), "options": items(OPTION, 1, 100)})
_SLACK_FILE = record({}, {"id": string(), "url": url()})
_PICTURE = {"image_url": url(), "slack_file": _SLACK_FILE}
_FILTER = record(
    {},
    {
        "include": items(string(choices={"im", "mpim", "private", "public"})),
        "exclude_external_shared_channels": boolean,
        "exclude_bot_users": boolean,
    },
)
_DISPATCH = record(
    {"trigger_actions_on": items(string(choices={"on_enter_pressed", "on_character_entered"}))}
)


def _initial_is_offered(value: Any, at: str, faults: Faults) -> None:
    """initial_option(s) must be among the options, value and text alike."""
    offered = list(value.get("options") or [])
    for group in value.get("option_groups") or []:
        offered += group["options"]
    known = [(o["value"], o["text"]["text"]) for o in offered]
    for key in ("initial_option", "initial_options"):
        wanted = value.get(key)
        for one in wanted if isinstance(wanted, list) else [wanted] if wanted else []:
            if (one["value"], one["text"]["text"]) not in known:
                fault(faults, f"invalid {key}: not one of the options", f"{at}/{key}")


def _static(initial: dict[str, Check]) -> Check:
    return both(
        record(
            _TYPE,
            {**_SELECT, "options": items(OPTION, 1, 100), "option_groups": items(GROUP, 1, 100), **initial},
        ),
        exactly_one("options", "option_groups"),
        _initial_is_offered,
    )


def _choices(initial: dict[str, Check]) -> Check:
    return both(
        record(
            {**_TYPE, "options": items(CHOICE, 1, 10)},
            {**_ID, "confirm": CONFIRM, "focus_on_load": boolean, **initial},
        ),
        _initial_is_offered,
    )


_FOCUS = {**_ID, "placeholder": plain_text(150), "focus_on_load": boolean}
_SELECT = {**_FOCUS, "confirm": CONFIRM}
_MANY = {"max_selected_items": integer(1)}
_INPUT = {**_FOCUS, "dispatch_action_config": _DISPATCH}
_IDS = items(string(), 0)
_BUTTON_LOOK = {
    "style": string(choices={"primary", "danger"}), "accessibility_label": string(75),
}  # fmt: skip

_RICH: Check = both(
    record({**_TYPE, "elements": items(anything, 0)}, _BLOCK), lambda v, at, f: _rich_parts(v, at, f)
)

ELEMENTS: dict[str, Check] = {
    "button": record(
        {**_TYPE, "text": plain_text(75)},
        {
            **_ID, **_BUTTON_LOOK, "url": url(), "value": string(2000, least=0), "confirm": CONFIRM,
            "agent_prompt": string(4000), "agent_prompt_display": anything,
            "visible_to_user_ids": items(string()),
        },
    ),
    "workflow_button": record(
        {**_TYPE, "text": plain_text(75), "workflow": anything}, {**_ID, **_BUTTON_LOOK}
    ),
    "feedback_buttons": record(
        {**_TYPE, "positive_button": anything, "negative_button": anything}, {**_ID}
    ),
    "icon_button": record(
        {**_TYPE, "icon": string(choices={"trash"}), "text": plain_text(75)},
        {
            **_ID, "value": string(2000, least=0), "confirm": CONFIRM, "accessibility_label": string(75),
            "visible_to_user_ids": items(string()),
        },
    ),
    "overflow": record(
        {**_TYPE, "options": items(MENU_ITEM, 1, 5)}, {**_ID, "confirm": CONFIRM}
    ),
    "image": both(
        record({**_TYPE, "alt_text": string(2000)}, _PICTURE), exactly_one("image_url", "slack_file")
    ),
    "static_select": _static({"initial_option": OPTION}),
    "multi_static_select": _static({"initial_options": items(OPTION, 1, 100), **_MANY}),
    "external_select": record(
        _TYPE, {**_SELECT, "initial_option": OPTION, "min_query_length": integer(0)}
    ),
    "multi_external_select": record(
        _TYPE,
        {**_SELECT, "initial_options": items(OPTION, 1, 100), "min_query_length": integer(0), **_MANY},
    ),
    "users_select": record(_TYPE, {**_SELECT, "initial_user": string()}),
    "multi_users_select": record(_TYPE, {**_SELECT, "initial_users": _IDS, **_MANY}),
    "conversations_select": record(
        _TYPE,
        {
            **_SELECT, "initial_conversation": string(), "default_to_current_conversation": boolean,
            "response_url_enabled": boolean, "filter": _FILTER,
        },
    ),
    "multi_conversations_select": record(
        _TYPE,
        {
            **_SELECT, "initial_conversations": _IDS, "default_to_current_conversation": boolean,
            "filter": _FILTER, **_MANY,
        },
    ),
    "channels_select": record(
        _TYPE, {**_SELECT, "initial_channel": string(), "response_url_enabled": boolean}
    ),
    "multi_channels_select": record(_TYPE, {**_SELECT, "initial_channels": _IDS, **_MANY}),
    "checkboxes": _choices({"initial_options": items(CHOICE, 1, 10)}),
    "radio_buttons": _choices({"initial_option": CHOICE}),
    "datepicker": record(
        _TYPE, {**_SELECT, "initial_date": string(10, pattern=r"\d{4}-(0\d|1[0-2])-([0-2]\d|3[01])")}
    ),
    "timepicker": record(
        _TYPE,
        {**_SELECT, "initial_time": string(5, pattern=r"([01]\d|2[0-3]):[0-5]\d"), "timezone": string()},
    ),
    "datetimepicker": record(
        _TYPE,
        {
            **_ID, "initial_date_time": integer(1_000_000_000, 9_999_999_999), "confirm": CONFIRM,
            "focus_on_load": boolean,
        },
    ),
    "plain_text_input": record(
        _TYPE,
        {
            **_INPUT, "initial_value": string(3000, least=0), "multiline": boolean,
            "min_length": integer(0, 3000), "max_length": integer(1, 3000),
        },
    ),
    "email_text_input": record(_TYPE, {**_INPUT, "initial_value": string(least=0)}),
    "url_text_input": record(_TYPE, {**_INPUT, "initial_value": string(least=0)}),
    "number_input": record(
        {**_TYPE, "is_decimal_allowed": boolean},
        {
            **_INPUT, "initial_value": string(pattern=r"-?\d+(\.\d+)?"),
            "min_value": string(pattern=r"-?\d+(\.\d+)?"), "max_value": string(pattern=r"-?\d+(\.\d+)?"),
        },
    ),
    "rich_text_input": record(
        _TYPE, {**_INPUT, "initial_value": _RICH, "min_lines": integer(1), "max_lines": integer(1)}
    ),
    "file_input": record(
        _TYPE, {"action_id": string(255), "filetypes": items(string()), "max_files": integer(1, 10)}
    ),
}  # fmt: skip

_SELECTS = {
    "static_select", "external_select", "users_select", "conversations_select", "channels_select",
}  # fmt: skip
_MULTI = {f"multi_{kind}" for kind in _SELECTS}
_PICKERS = {"checkboxes", "radio_buttons", "datepicker", "timepicker"}
IN_SECTION = {"button", "overflow", "image", "workflow_button", *_SELECTS, *_MULTI, *_PICKERS}
IN_ACTIONS = {
    "button", "overflow", "workflow_button", "datetimepicker", "rich_text_input",
    *_SELECTS, *_MULTI, *_PICKERS,
}  # fmt: skip
IN_INPUT = {
    "plain_text_input", "number_input", "email_text_input", "url_text_input", "rich_text_input", "file_input",
    "datetimepicker", *_SELECTS, *_MULTI, *_PICKERS,
}  # fmt: skip


def _rich_parts(value: Any, at: str, faults: Faults) -> None:
    for i, part in enumerate(value["elements"]):
        _RICH_PART(part, f"{at}/elements/{i}", faults)


_STYLE = record(
    {}, dict.fromkeys(("bold", "italic", "strike", "code", "underline", "highlight", "unlink"), boolean)
)
_INLINE = by_type({
    "text": record({**_TYPE, "text": string()}, {"style": _STYLE}),
    "link": record({**_TYPE, "url": url(0)}, {"text": string(least=0), "style": _STYLE, "unsafe": boolean}),
    "user": record({**_TYPE, "user_id": string()}, {"style": _STYLE}),
    "usergroup": record({**_TYPE, "usergroup_id": string()}, {"style": _STYLE}),
    "channel": record({**_TYPE, "channel_id": string()}, {"style": _STYLE}),
    "team": record({**_TYPE, "team_id": string()}, {"style": _STYLE}),
    "emoji": record(
        {**_TYPE, "name": string()}, {"unicode": string(), "skin_tone": integer(), "style": _STYLE}
    ),
    "broadcast": record(
        {**_TYPE, "range": string(choices={"here", "channel", "everyone"})}, {"style": _STYLE}
    ),
    "color": record({**_TYPE, "value": string()}, {"style": _STYLE}),
    "date": record(
        {**_TYPE, "timestamp": integer(), "format": string()},
        {"url": url(0), "fallback": string(), "style": _STYLE},
    ),
})  # fmt: skip
_INLINES = {"elements": items(_INLINE, 0)}
_RICH_PART = by_type({
    "rich_text_section": record({**_TYPE, **_INLINES}),
    "rich_text_preformatted": record({**_TYPE, **_INLINES}, {"border": integer(0, 1), "language": string()}),
    "rich_text_quote": record({**_TYPE, **_INLINES}, {"border": integer(0, 1)}),
    "rich_text_list": record(
        {
            **_TYPE, "style": string(choices={"bullet", "ordered"}),
            "elements": items(by_type({"rich_text_section": record({**_TYPE, **_INLINES})}), 0),
        },
        {"indent": integer(0), "offset": integer(0), "border": integer(0, 1)},
    ),
})  # fmt: skip

_NUMBER_CELL = record({**_TYPE, "value": anything}, {"text": string(least=0)})
CELL = by_type({
    "raw_text": record({**_TYPE, "text": string()}),
    "raw_number": _NUMBER_CELL,
    "rich_text": _RICH,
})  # fmt: skip
_COLUMN = record({}, {"align": string(choices={"left", "center", "right"}), "is_wrapped": boolean})


def _column(value: Any, at: str, faults: Faults) -> None:
    if value is not None:  # null skips a column
        _COLUMN(value, at, faults)


_POINT = record({"label": string(), "value": anything}, open_=True)
_SERIES = record({"data": items(_POINT)}, {"name": string()}, open_=True)
_PLOT = record({**_TYPE, "series": items(_SERIES, 1, 6), "axis_config": anything}, open_=True)
CHART = by_type({
    "pie": record({**_TYPE, "segments": items(_POINT, 1, 6)}, open_=True),
    "bar": _PLOT, "line": _PLOT, "area": _PLOT,
})  # fmt: skip

_CARD = both(
    record(
        _TYPE,
        {
            **_BLOCK, "hero_image": ELEMENTS["image"], "icon": ELEMENTS["image"], "title": text(150),
            "subtitle": text(150), "body": text(200),
            "actions": items(by_type(ELEMENTS, {"button"}), 1, 5),
        },
    ),
    any_of("hero_image", "title", "actions", "body"),
)  # fmt: skip
_TASK = record(
    {
        **_TYPE, "task_id": string(), "title": string(),
        "status": string(choices={"pending", "in_progress", "complete", "error"}),
    },
    {**_BLOCK, "details": _RICH, "output": _RICH, "sources": items(anything, 0)},
)  # fmt: skip

BLOCKS: dict[str, Check] = {
    "section": both(
        record(
            _TYPE,
            {
                **_BLOCK, "text": text(3000), "fields": items(text(2000), 1, 10), "expand": boolean,
                "accessory": by_type(ELEMENTS, IN_SECTION),
            },
        ),
        any_of("text", "fields"),
    ),
    "header": record({**_TYPE, "text": plain_text(150)}, {**_BLOCK, "level": integer(1, 4)}),
    "divider": record(_TYPE, _BLOCK),
    "image": both(
        record({**_TYPE, "alt_text": string(2000)}, {**_BLOCK, **_PICTURE, "title": plain_text(2000)}),
        exactly_one("image_url", "slack_file"),
    ),
    "context": record(
        {
            **_TYPE,
            "elements": items(
                by_type({"image": ELEMENTS["image"], "plain_text": text(2000), "mrkdwn": text(2000)}), 1, 10
            ),
        },
        _BLOCK,
    ),
    "actions": record({**_TYPE, "elements": items(by_type(ELEMENTS, IN_ACTIONS), 1, 25)}, _BLOCK),
    "context_actions": record(
        {**_TYPE, "elements": items(by_type(ELEMENTS, {"feedback_buttons", "icon_button"}), 1, 5)}, _BLOCK
    ),
    "input": record(
        {**_TYPE, "label": plain_text(2000), "element": by_type(ELEMENTS, IN_INPUT)},
        {**_BLOCK, "hint": plain_text(2000), "optional": boolean, "dispatch_action": boolean},
    ),
    "rich_text": _RICH,
    "markdown": record({**_TYPE, "text": string(12_000)}, _BLOCK),
    "table": record(
        {**_TYPE, "rows": items(items(CELL, 1, 20), 1, 100)},
        {**_BLOCK, "column_settings": items(_column, 0, 20)},
    ),
    "data_table": record(
        {**_TYPE, "caption": string(), "rows": items(items(CELL, 1, 20), 2, 101)},
        {**_BLOCK, "page_size": integer(1, 100), "row_header_column_index": integer(0)},
    ),
    "data_visualization": record({**_TYPE, "title": string(50), "chart": CHART}, _BLOCK),
    "alert": record(
        {**_TYPE, "text": text(200)},
        {**_BLOCK, "level": string(choices={"default", "info", "warning", "error", "success"})},
    ),
    "card": _CARD,
    "carousel": record({**_TYPE, "elements": items(by_type({"card": _CARD}), 1, 10)}, _BLOCK),
    "container": both(
        record(
            {**_TYPE, "child_blocks": items(anything, 1, 10)},
            {
                **_BLOCK, "title": plain_text(150), "rich_text_title": _RICH, "subtitle": text(150),
                "width": string(choices={"narrow", "standard", "wide", "full"}), "icon": ELEMENTS["image"],
                "is_collapsible": boolean, "default_collapsed": boolean, "has_header_divider": boolean,
            },
        ),
        any_of("title", "rich_text_title"),
    ),
    "task_card": _TASK,
    "plan": record(
        {**_TYPE, "title": string()}, {**_BLOCK, "tasks": items(by_type({"task_card": _TASK}), 0)}
    ),
    "video": record(
        {
            **_TYPE, "alt_text": string(2000), "title": plain_text(200), "thumbnail_url": url(),
            "video_url": url(),
        },
        {
            **_BLOCK, "author_name": string(50), "description": plain_text(200), "provider_icon_url": url(),
            "provider_name": string(), "title_url": url(),
        },
    ),
    "file": record({**_TYPE, "external_id": string(), "source": string(choices={"remote"})}, _BLOCK),
    "call": record(
        {**_TYPE, "call_id": string()}, {**_BLOCK, "call": anything, "api_decoration_available": boolean}
    ),
}  # fmt: skip

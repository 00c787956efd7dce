"""Blocks and views that Slack would refuse are refused, with Slack's words and a pointer to the place."""

from __future__ import annotations

import pytest
from sandbox_stage import Stage, button, modal, section, text, typed
from slack_sdk.errors import SlackApiError

from bot.sandbox.strict import check_message, check_suggestions, check_view


def option(n: int = 0) -> dict:
    return {"text": text(f"option {n}"), "value": f"v{n}"}


def options(count: int) -> list[dict]:
    return [option(n) for n in range(count)]


def actions(*elements: dict, **more: object) -> dict:
    return {"type": "actions", "elements": list(elements), **more}


def select(**more: object) -> dict:
    return {"type": "static_select", "action_id": "s", "options": options(2), **more}


def inputs(element: dict, **more: object) -> dict:
    return {"type": "input", "label": text("L"), "element": element, **more}


def table(rows: int, columns: int, words: str = "x", type_: str = "table", **more: object) -> dict:
    cell = {"type": "raw_text", "text": words}
    return {"type": type_, "rows": [[cell] * columns for _ in range(rows)], **more}


def rich(*inline: dict) -> dict:
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": list(inline)}]}


PICTURE = {"type": "image", "alt_text": "a", "image_url": "https://x.example/a.png"}

TAKEN = [
    section("x"),
    section("x" * 3000),
    {"type": "section", "fields": [text("x" * 2000)] * 10},
    {"type": "header", "text": text("x" * 150)},
    {"type": "divider", "block_id": "b" * 255},
    {"type": "context", "elements": [text("x")] * 9 + [PICTURE]},
    actions(*[button("x", f"a{n}") for n in range(25)]),
    actions(button("x" * 75, "a", value="v" * 2000, url="https://x.example/", accessibility_label="x" * 75)),
    actions(select(options=options(100))),
    actions({"type": "checkboxes", "options": options(10)}),
    actions({"type": "overflow", "action_id": "o", "options": options(5)}),
    actions({"type": "datetimepicker", "initial_date_time": 1_800_000_000}),
    inputs({"type": "plain_text_input", "max_length": 3000}),
    PICTURE,
    rich({"type": "text", "text": "x", "style": {"bold": True}}, {"type": "user", "user_id": "U1"}),
    {"type": "markdown", "text": "x" * 12_000},
    table(100, 20),
    table(101, 3, type_="data_table", caption="c"),
    {
        "type": "data_visualization",
        "title": "x" * 50,
        "chart": {"type": "pie", "segments": [{"label": "a", "value": 1}]},
    },
    {"type": "container", "title": text("t"), "child_blocks": [section("x")]},
]


@pytest.mark.parametrize("block", TAKEN, ids=lambda b: b["type"])
def test_blocks_within_their_limits_are_taken(block: dict) -> None:
    assert check_message([block]) == []


BAD_MESSAGES = [
    # one block, what Slack says, and where
    (section("x" * 3001), "must be less than 3001 characters", "/blocks/0/text/text"),
    (section(""), "must be more than 0 characters", "/blocks/0/text/text"),
    ({"type": "section"}, "must define either `text` or `fields`", "/blocks/0"),
    ({"type": "section", "fields": [text("x")] * 11}, "no more than 10 items allowed", "/blocks/0/fields"),
    ({"type": "section", "fields": [text("x" * 2001)]}, "must be less than 2001 characters", "/blocks/0/fields/0/text"),
    ({"type": "section", "text": "x"}, "must provide an object", "/blocks/0/text"),
    ({"type": "section", "text": {"type": "markdown", "text": "x"}}, "unsupported type: markdown", "/blocks/0/text/type"),
    (section("x", accessory=None), "must provide an object", "/blocks/0/accessory"),
    (section("x", accessory={"type": "plain_text_input"}), "unsupported type: plain_text_input", "/blocks/0/accessory/type"),
    (section("x", colour="red"), "invalid additional property: colour", "/blocks/0"),
    ({"type": "header", "text": text("x" * 151)}, "must be less than 151 characters", "/blocks/0/text/text"),
    ({"type": "header", "text": {"type": "mrkdwn", "text": "x"}}, "unsupported type: mrkdwn", "/blocks/0/text/type"),
    ({"type": "divider", "block_id": "b" * 256}, "must be less than 256 characters", "/blocks/0/block_id"),
    ({"type": "context", "elements": [text("x")] * 11}, "no more than 10 items allowed", "/blocks/0/elements"),
    ({"type": "context", "elements": []}, "must provide at least 1 item", "/blocks/0/elements"),
    (actions(*[button("x", f"a{n}") for n in range(26)]), "no more than 25 items allowed", "/blocks/0/elements"),
    (actions(button("x" * 76, "a")), "must be less than 76 characters", "/blocks/0/elements/0/text/text"),
    (actions(button("x", "a" * 256)), "must be less than 256 characters", "/blocks/0/elements/0/action_id"),
    (actions(button("x", "a", value="v" * 2001)), "must be less than 2001 characters", "/blocks/0/elements/0/value"),
    (actions(button("x", "a", value=7)), "must provide a string", "/blocks/0/elements/0/value"),
    (actions(button("x", "a", style="green")), "must be one of: danger, primary", "/blocks/0/elements/0/style"),
    (actions({"type": "button", "action_id": "a"}), "missing required field: text", "/blocks/0/elements/0"),
    (actions(button("x", "same"), button("y", "same")), "`action_id` already exists: same", "/blocks/0/elements"),
    (actions(select(options=options(101))), "no more than 100 items allowed", "/blocks/0/elements/0/options"),
    (actions(select(options=[])), "must provide at least 1 item", "/blocks/0/elements/0/options"),
    (actions({"type": "static_select"}), "must define either `options` or `option_groups`", "/blocks/0/elements/0"),
    (actions(select(initial_option=option(9))), "invalid initial_option: not one of the options", "/blocks/0/elements/0/initial_option"),
    (actions(select(placeholder=text("x" * 151))), "must be less than 151 characters", "/blocks/0/elements/0/placeholder/text"),
    (actions(select(options=[{"text": text("x" * 76), "value": "v"}])), "must be less than 76 characters", "/blocks/0/elements/0/options/0/text/text"),
    (actions(select(options=[{"text": text("x"), "value": "v" * 151}])), "must be less than 151 characters", "/blocks/0/elements/0/options/0/value"),
    (actions({"type": "checkboxes", "options": options(11)}), "no more than 10 items allowed", "/blocks/0/elements/0/options"),
    (actions({"type": "radio_buttons", "options": options(11)}), "no more than 10 items allowed", "/blocks/0/elements/0/options"),
    (actions({"type": "overflow", "options": options(6)}), "no more than 5 items allowed", "/blocks/0/elements/0/options"),
    (actions({"type": "datepicker", "initial_date": "27.11.2026"}), "must match the format of this field", "/blocks/0/elements/0/initial_date"),
    (actions(button("x", "a", confirm={"title": text("t"), "text": text("x" * 301), "confirm": text("y"), "deny": text("n")})), "must be less than 301 characters", "/blocks/0/elements/0/confirm/text/text"),
    (inputs({"type": "plain_text_input", "max_length": 3001}), "must be less than 3001", "/blocks/0/element/max_length"),
    (inputs({"type": "email_text_input"}), "unsupported type: email_text_input", "/blocks/0"),
    (inputs({"type": "button", "text": text("x")}), "unsupported type: button", "/blocks/0/element/type"),
    ({"type": "input", "element": {"type": "plain_text_input"}}, "missing required field: label", "/blocks/0"),
    ({"type": "image", "alt_text": "a"}, "must define either `image_url` or `slack_file`", "/blocks/0"),
    ({"type": "image", "image_url": "https://x.example/a.png"}, "missing required field: alt_text", "/blocks/0"),
    ({"type": "alert", "text": text("x")}, "unsupported type: alert", "/blocks/0/type"),
    ({"type": "sparkle"}, "unsupported type: sparkle", "/blocks/0/type"),
    ({"text": "x"}, "missing required field: type", "/blocks/0"),
    (None, "must provide an object", "/blocks/0"),
    ({"type": "markdown", "text": "x" * 12_001}, "must be less than 12001 characters", "/blocks/0/text"),
    (table(101, 2), "no more than 100 items allowed", "/blocks/0/rows"),
    (table(2, 21), "no more than 20 items allowed", "/blocks/0/rows/0"),
    (table(2, 2, ""), "must be more than 0 characters", "/blocks/0/rows/0/0/text"),
    (table(100, 2, "x" * 51), "must be less than 10001 characters over all cells", "/blocks/0/rows"),
    (table(2, 2, type_="data_table"), "missing required field: caption", "/blocks/0"),
    (table(1, 2, type_="data_table", caption="c"), "must provide at least 2 items", "/blocks/0/rows"),
    (rich({"type": "text", "text": ""}), "must be more than 0 characters", "/blocks/0/elements/0/elements/0/text"),
    (rich({"type": "blink"}), "unsupported type: blink", "/blocks/0/elements/0/elements/0/type"),
    (
        {"type": "container", "title": text("t"), "child_blocks": [{"type": "container", "title": text("t"), "child_blocks": [section("x")]}]},
        "unsupported type: container",
        "/blocks/0/child_blocks/0/type",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("block", "words", "pointer"), BAD_MESSAGES)
def test_a_block_beyond_a_limit_is_refused_with_a_pointer(block: dict, words: str, pointer: str) -> None:
    assert f"[ERROR] {words} [json-pointer:{pointer}]" in check_message([block])


@pytest.mark.parametrize(
    ("blocks", "words"),
    [
        ([section("x")] * 51, "no more than 50 items allowed"),
        ([section("x", block_id="b"), section("y", block_id="b")], "`block_id` already exists: b"),
        ([table(1, 1), table(1, 1)], "only one table allowed"),
        ([{"type": "markdown", "text": "x" * 6001}] * 2, "markdown text must be less than 12001 characters"),
        ("blocks", "must provide an array"),
    ],
)
def test_what_is_wrong_across_blocks_is_refused(blocks: object, words: str) -> None:
    assert any(words in fault for fault in check_message(blocks))


BAD_VIEWS = [
    (modal(section("x"), title="x" * 25), "must be less than 25 characters", "/view/title/text"),
    (modal(section("x"), submit=text("x" * 25)), "must be less than 25 characters", "/view/submit/text"),
    (
        modal(section("x"), private_metadata="x" * 3001),
        "must be less than 3001 characters",
        "/view/private_metadata",
    ),
    (modal(section("x"), callback_id="x" * 256), "must be less than 256 characters", "/view/callback_id"),
    (modal(*[section("x")] * 101), "no more than 100 items allowed", "/view/blocks"),
    (modal(), "must provide at least 1 item", "/view/blocks"),
    (modal(section("x"), id="V1"), "invalid additional property: id", "/view"),
    (modal({"type": "markdown", "text": "x"}), "unsupported type: markdown", "/view/blocks/0/type"),
    (modal(table(1, 1)), "unsupported type: table", "/view/blocks/0/type"),
    ({"type": "modal", "blocks": [section("x")]}, "missing required field: title", "/view"),
    (
        {"type": "modal", "title": text("t"), "blocks": [typed("a")]},
        "missing required field: submit",
        "/view",
    ),
    ({"type": "home", "blocks": []}, "unsupported type: home", "/view/type"),
    (
        modal(typed("a", focus_on_load=True), typed("b", focus_on_load=True)),
        "focus_on_load can only be set on one element",
        "/view",
    ),
]


@pytest.mark.parametrize(("view", "words", "pointer"), BAD_VIEWS)
def test_a_modal_slack_would_refuse_is_refused_with_a_pointer(view: dict, words: str, pointer: str) -> None:
    assert f"[ERROR] {words} [json-pointer:{pointer}]" in check_view(view, "modal")


@pytest.mark.parametrize(
    ("block", "taken"),
    [
        (section("x"), True),
        (inputs({"type": "plain_text_input"}), True),
        (actions({"type": "datetimepicker"}), False),
        (inputs({"type": "number_input", "is_decimal_allowed": False}), False),
        (table(1, 1), False),
        ({"type": "alert", "text": text("x")}, False),
        ({"type": "markdown", "text": "x"}, False),
    ],
)
def test_home_takes_only_what_renders_there(block: dict, taken: bool) -> None:
    assert (check_view({"type": "home", "blocks": [block]}, "home") == []) is taken


def test_modals_take_alerts_and_every_input() -> None:
    kinds = [
        "email_text_input",
        "url_text_input",
        "datetimepicker",
        "file_input",
        "rich_text_input",
        "timepicker",
    ]
    blocks = [inputs({"type": kind, "action_id": kind}) for kind in kinds]
    blocks.append(inputs({"type": "number_input", "is_decimal_allowed": True}))
    assert check_view(modal({"type": "alert", "text": text("x")}, *blocks), "modal") == []


def test_suggestions_are_either_options_or_groups() -> None:
    group = {"label": text("g"), "options": options(2)}
    assert check_suggestions({"options": options(100)}) == []
    assert check_suggestions({"option_groups": [group]}) == []
    assert check_suggestions({}) != []
    assert check_suggestions({"options": options(101)}) != []
    assert check_suggestions({"options": options(1), "option_groups": [group]}) != []


async def test_the_web_api_names_every_fault_in_response_metadata(stage: Stage) -> None:
    with pytest.raises(SlackApiError) as refused:
        await stage.client.chat_postMessage(channel="C0OPS0000", text="x", blocks=[section("x" * 3001)])

    said = refused.value.response
    assert said["error"] == "invalid_blocks"
    assert said["response_metadata"]["messages"] == [
        "[ERROR] must be less than 3001 characters [json-pointer:/blocks/0/text/text]"
    ]
    assert stage.sandbox.shown("ops") == []


@pytest.mark.parametrize(
    ("call", "code"),
    [
        ({"blocks": "not json"}, "invalid_blocks_format"),
        ({"blocks": {"type": "section"}}, "invalid_blocks_format"),
        ({"blocks": [table(1, 1), table(1, 1)]}, "only_one_table_allowed"),
        ({"blocks": [section("x" * 2900)] * 5}, "msg_blocks_too_long"),
        ({"attachments": [{"blocks": [section("x" * 3001)]}]}, "invalid_blocks"),
        ({"attachments": [{"text": "x"}] * 101}, "too_many_attachments"),
        ({"metadata": {"event_type": "x"}}, "invalid_metadata_schema"),
        ({"metadata": {"event_type": "x", "event_payload": {"a": "x" * 9000}}}, "metadata_too_large"),
        ({"markdown_text": "*x*"}, "markdown_text_conflict"),
        ({"text": ""}, "no_text"),
    ],
)
async def test_messages_slack_refuses_are_refused_with_its_code(stage: Stage, call: dict, code: str) -> None:
    with pytest.raises(SlackApiError) as refused:
        await stage.client.api_call("chat.postMessage", json={"channel": "C0OPS0000", "text": "x", **call})

    assert refused.value.response["error"] == code


async def test_a_text_over_forty_thousand_is_cut(stage: Stage) -> None:
    said = await stage.client.chat_postMessage(channel="C0OPS0000", text="x" * 40_001)

    assert said["warning"] == "message_truncated"
    assert len(stage.sandbox.shown("ops")[0].text) == 40_000


async def test_stored_blocks_get_the_ids_and_flags_slack_gives_them(stage: Stage) -> None:
    said = await stage.client.chat_postMessage(
        channel="C0OPS0000", text="x", blocks=[section("x"), actions({"type": "button", "text": text("Go")})]
    )

    first, second = said["message"]["blocks"]
    assert len(first["block_id"]) == 5
    assert first["text"]["verbatim"] is False
    assert second["elements"][0]["action_id"]
    assert second["elements"][0]["text"]["emoji"] is True

"""Forms as people see and fill them: what opens, what may be sent off, what comes back of it."""

from __future__ import annotations

import asyncio
import json

import pytest
from sandbox_stage import Stage, button, modal, option, section, text, typed, until
from slack_bolt import BoltResponse

from bot.sandbox import SandboxError


# -- modals --------------------------------------------------------------------------------------
async def opening(stage: Stage, view: dict) -> None:
    @stage.app.command("/pilot")
    async def pilot(ack, command, client):
        await client.views_open(trigger_id=command["trigger_id"], view=view)
        await ack()

    await stage.sandbox.slash("priya", "ops", "/pilot")


async def test_a_modal_opens_before_the_ack_and_reports_all_its_values(stage: Stage) -> None:
    @stage.app.view("form")
    async def form(ack, view):
        stage.heard.append(view)
        await ack()

    choice = {"type": "radio_buttons", "action_id": "r", "options": [option("Yes", "y"), option("No", "n")]}
    date = {"type": "datepicker", "action_id": "d", "initial_date": "2026-11-27"}
    await opening(
        stage,
        modal(
            typed("name"),
            {**typed("note"), "optional": True},
            {"type": "input", "block_id": "due", "label": text("Due"), "element": date},
            section("Really?", block_id="sure", accessory=choice),
            private_metadata="42",
        ),
    )
    view = stage.sandbox.modal("priya")
    assert view is not None
    assert (view.title, view.private_metadata, view.callback_id) == ("A form", "42", "form")

    await stage.sandbox.submit("priya", name="Claims", sure="y")

    values = stage.heard[0]["state"]["values"]
    assert values["name"]["v"] == {"type": "plain_text_input", "value": "Claims"}
    assert values["note"]["v"] == {"type": "plain_text_input", "value": None}
    assert values["due"]["d"] == {"type": "datepicker", "selected_date": "2026-11-27"}
    assert values["sure"]["r"]["selected_option"]["value"] == "y"
    assert stage.heard[0]["private_metadata"] == "42"
    assert stage.sandbox.modal("priya") is None


async def test_slacks_client_catches_empty_and_misfit_inputs_itself(stage: Stage) -> None:
    number = {"type": "number_input", "action_id": "v", "is_decimal_allowed": False, "max_value": "10"}
    email = {"type": "email_text_input", "action_id": "v"}
    await opening(
        stage,
        modal(
            typed("name", min_length=3, max_length=5),
            typed("must"),
            {"type": "input", "block_id": "n", "label": text("N"), "element": number},
            {"type": "input", "block_id": "e", "label": text("E"), "element": email},
        ),
    )
    before = len(stage.sandbox.traffic)

    answer = await stage.sandbox.submit("priya", name="ab", n="11", e="nobody")

    view = stage.sandbox.modal("priya")
    assert view is not None
    assert answer.error == "invalid_input"
    assert len(stage.sandbox.traffic) == before
    assert view.errors == {
        "name": "This must be at least 3 characters",
        "must": "This is a required field",
        "n": "This must be at most 10",
        "e": "Please enter a valid email address",
    }
    assert "This is a required field" in view.plain


async def test_errors_of_the_bot_stay_in_the_form_with_what_was_typed(stage: Stage) -> None:
    @stage.app.view("form")
    async def form(ack, view):
        if view["state"]["values"]["name"]["v"]["value"] == "taken":
            await ack(response_action="errors", errors={"name": "Already there"})
        else:
            await ack(response_action="clear")

    await opening(stage, modal(typed("name")))
    await stage.sandbox.submit("priya", name="taken")
    view = stage.sandbox.modal("priya")
    assert view is not None
    assert view.errors == {"name": "Already there"}
    assert view.state["name"]["v"]["value"] == "taken"

    await stage.sandbox.submit("priya", name="free")
    assert stage.sandbox.modal("priya") is None


async def test_answers_may_push_and_update_but_never_above_three(stage: Stage) -> None:
    @stage.app.view("form")
    async def form(ack, view):
        if view["title"]["text"] == "third":
            await ack(response_action="update", view=modal(section("changed"), title="still third"))
        else:
            title = "second" if view["title"]["text"] == "first" else "third"
            await ack(response_action="push", view=modal(section("more"), title=title))

    await opening(stage, modal(section("x"), title="first"))
    await stage.sandbox.submit("priya")
    await stage.sandbox.submit("priya")
    await stage.sandbox.submit("priya")
    stack = stage.sandbox.modals("priya")
    assert [v.title for v in stack] == ["first", "second", "still third"]
    assert (stack[2].previous_id, stack[2].root_id) == (stack[1].id, stack[0].id)

    with pytest.raises(SandboxError) as refused:
        await stage.sandbox.submit("priya")
    assert refused.value.code == "invalid_response_action"
    assert "push_limit_reached" in refused.value.detail


@pytest.mark.parametrize(
    "answer",
    [
        {"response_action": "errors", "errors": {"unknown": "x"}},
        {"response_action": "errors", "errors": {}},
        {"response_action": "update", "view": {"type": "modal", "blocks": []}},
        {"response_action": "dance"},
    ],
)
async def test_a_wrong_response_action_is_trouble_connecting(stage: Stage, answer: dict) -> None:
    @stage.app.view("form")
    async def form(ack):
        as_json = {"content-type": "application/json"}
        ack.response = BoltResponse(status=200, body=json.dumps(answer), headers=as_json)

    await opening(stage, modal(typed("name")))

    with pytest.raises(SandboxError) as refused:
        await stage.sandbox.submit("priya", name="x")

    assert refused.value.code == "invalid_response_action"
    assert "We had some trouble connecting" in refused.value.detail


async def test_closing_tells_the_bot_only_when_it_asked(stage: Stage) -> None:
    @stage.app.view_closed("form")
    async def closed(ack, body):
        stage.heard.append(body)
        await ack()

    await opening(stage, modal(section("x"), notify_on_close=True))
    await stage.sandbox.close("priya")
    assert [(b["type"], b["is_cleared"]) for b in stage.heard] == [("view_closed", False)]
    assert stage.sandbox.modal("priya") is None

    await stage.sandbox.slash("priya", "ops", "/pilot")
    view = stage.sandbox.modal("priya")
    assert view is not None
    view.body["notify_on_close"] = False
    await stage.sandbox.close("priya")
    assert len(stage.heard) == 1


async def test_a_press_in_a_modal_may_push_with_its_trigger(stage: Stage) -> None:
    @stage.app.action("more")
    async def more(ack, body, client):
        await ack()
        assert body["container"] == {"type": "view", "view_id": body["view"]["id"]}
        assert "channel" not in body
        assert "response_url" not in body
        await client.views_push(trigger_id=body["trigger_id"], view=modal(section("y"), title="above"))

    await opening(stage, modal(section("x", accessory=button("More", "more")), typed("name")))
    await stage.sandbox.fill("priya", name="kept")
    await stage.sandbox.press("priya", label="More")
    await until(lambda: len(stage.sandbox.modals("priya")) == 2)

    below, above = stage.sandbox.modals("priya")
    assert above.title == "above"
    assert below.state["name"]["v"]["value"] == "kept"


async def test_an_external_select_asks_the_bot_for_options(stage: Stage) -> None:
    @stage.app.options("pilot")
    async def pilots(ack, payload):
        stage.heard.append(payload)
        await ack(options=[option("Claims triage", "p1"), option("Invoice match", "p2")])

    @stage.app.view("form")
    async def form(ack, view):
        stage.heard.append(view)
        await ack()

    select = {"type": "external_select", "action_id": "pilot", "min_query_length": 0}
    await opening(stage, modal({"type": "input", "block_id": "p", "label": text("Pilot"), "element": select}))

    await stage.sandbox.submit("priya", p="Invoice match")

    assert stage.heard[0]["value"] == "Invoice match"
    assert stage.heard[1]["state"]["values"]["p"]["pilot"]["selected_option"]["value"] == "p2"


async def test_a_modal_whose_submission_fails_stays_open(stage: Stage) -> None:
    @stage.app.view("form")
    async def form(ack):
        raise RuntimeError("a bug")

    await opening(stage, modal(typed("name")))

    with pytest.raises(SandboxError) as refused:
        await stage.sandbox.submit("priya", name="x")

    view = stage.sandbox.modal("priya")
    assert refused.value.code == "http_service_error"
    assert view is not None
    assert view.busy is False


async def test_a_submission_on_its_way_is_not_sent_twice(stage: Stage) -> None:
    @stage.app.view("form")
    async def form(ack):
        stage.heard.append({})
        await asyncio.sleep(0.05)
        await ack()

    await opening(stage, modal(typed("name")))
    first = asyncio.ensure_future(stage.sandbox.submit("priya", name="x"))
    await asyncio.sleep(0)
    with pytest.raises(SandboxError) as refused:
        await stage.sandbox.submit("priya")
    await first

    assert refused.value.code == "busy"
    assert len(stage.heard) == 1


async def test_an_app_without_interactivity_hears_no_press(stage: Stage) -> None:
    stage.sandbox.workspace.manifest["settings"]["interactivity"]["is_enabled"] = False
    await stage.client.chat_postMessage(
        channel="C0OPS0000", text="x", blocks=[section("x", accessory=button("Done", "done"))]
    )

    with pytest.raises(SandboxError) as refused:
        await stage.sandbox.press("priya", channel="ops", label="Done")

    assert refused.value.code == "not_configured"

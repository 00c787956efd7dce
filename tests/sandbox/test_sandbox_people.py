"""What people do reaches the bot as Slack would send it, and what the bot answers is what they see."""

from __future__ import annotations

import asyncio
import json

import pytest
from sandbox_stage import Stage, button, heard, option, section, text, until
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.sandbox import SandboxError


# -- slash commands ------------------------------------------------------------------------------
async def test_a_commands_ack_text_is_seen_by_its_typer_only(stage: Stage) -> None:
    @stage.app.command("/pilot")
    async def pilot(ack, command):
        await ack(f"you typed: {command['text']}")

    answer = await stage.sandbox.slash("priya", "claims-triage", "/pilot   status  ")

    assert answer.status == 200
    seen = stage.sandbox.shown("claims-triage", "priya")
    assert [(m.text, m.ephemeral_for) for m in seen] == [("you typed: status", "U0PRIYA00")]
    assert stage.sandbox.shown("claims-triage", "sam") == []
    assert stage.sandbox.shown("claims-triage") == []


async def test_an_in_channel_ack_is_seen_by_all(stage: Stage) -> None:
    @stage.app.command("/pilot")
    async def pilot(ack):
        await ack(text="for all", blocks=[section("*for all*")], response_type="in_channel")

    await stage.sandbox.slash("priya", "claims-triage", "/pilot")

    assert [m.plain for m in stage.sandbox.shown("claims-triage", "sam")] == ["*for all*"]


async def test_an_empty_ack_shows_nothing(stage: Stage) -> None:
    @stage.app.command("/pilot")
    async def pilot(ack):
        await ack()

    await stage.sandbox.slash("priya", "claims-triage", "/pilot")

    assert stage.sandbox.shown("claims-triage", "priya") == []


async def test_a_command_says_where_and_by_whom_it_was_typed(stage: Stage) -> None:
    @stage.app.command("/pilot")
    async def pilot(ack, command):
        stage.heard.append(command)
        await ack()

    await stage.sandbox.slash("priya", "claims-triage", "/pilot x")
    await stage.sandbox.slash("jonas", "legal-private", "/pilot x")
    await stage.sandbox.slash("priya", "dm", "/pilot x")

    first = stage.heard[0]
    assert {k: first[k] for k in ("user_id", "user_name", "channel_id", "channel_name", "team_id")} == {
        "user_id": "U0PRIYA00",
        "user_name": "priya",
        "channel_id": "C0CLAIMS0",
        "channel_name": "claims-triage",
        "team_id": "T0SANDBOX",
    }
    assert first["api_app_id"] == "A0GROUNDC"
    assert first["response_url"].startswith(stage.sandbox.url)
    assert [c["channel_name"] for c in stage.heard[1:]] == ["privategroup", "directmessage"]


@pytest.mark.parametrize(
    ("typed_text", "sent"),
    [
        ("ask @sam in #ops", "ask <@U0SAMOK00|sam> in <#C0OPS0000|ops>"),
        ("ask @nobody in #nowhere", "ask @nobody in #nowhere"),
        ("(@sam), @sam.", "(<@U0SAMOK00|sam>), <@U0SAMOK00|sam>."),
        ("sam@ops.example and a & b < c", "sam@ops.example and a & b < c"),
        ("see https://x.example/a#ops", "see https://x.example/a#ops"),
        ("#claims-triage", "<#C0CLAIMS0|claims-triage>"),
    ],
)
async def test_mentions_of_an_escaped_command_become_ids(stage: Stage, typed_text: str, sent: str) -> None:
    @stage.app.command("/pilot")
    async def pilot(ack, command):
        await ack()
        stage.heard.append(command)

    await stage.sandbox.slash("priya", "claims-triage", f"/pilot {typed_text}")

    assert (await heard(stage, 1))[0]["text"] == sent


async def test_a_command_without_should_escape_arrives_as_typed(stage: Stage) -> None:
    @stage.app.command("/raw")
    async def raw(ack, command):
        await ack(command["text"])

    answer = await stage.sandbox.slash("priya", "ops", "/raw ask @sam in #ops")

    assert answer.body == "ask @sam in #ops"


async def test_links_of_an_escaped_command_are_wrapped_when_switched_on(stage: Stage) -> None:
    @stage.app.command("/pilot")
    async def pilot(ack, command):
        stage.heard.append(command)
        await ack()

    stage.sandbox.humans.escape_links = True
    await stage.sandbox.slash("priya", "ops", "/pilot done 4 https://x.example/a?b=1.")

    assert stage.heard[0]["text"] == "done 4 <https://x.example/a?b=1>."


@pytest.mark.parametrize(
    ("who", "where", "what", "code"),
    [
        ("priya", "ops", "/nothing", "unknown_command"),
        ("noor", "claims-triage", "/pilot", "not_allowed"),
        ("priya", "archived", "/pilot", "is_archived"),
        ("marta", "no-bot", "/pilot", "not_in_channel"),
        ("marta", "legal-private", "/pilot", "channel_not_found"),
        ("ben", "general", "/pilot", "account_inactive"),
        ("groundcrew", "general", "/pilot", "not_allowed"),
        ("nobody", "general", "/pilot", "user_not_found"),
    ],
)
async def test_commands_slack_would_not_send_never_reach_the_bot(stage, who, where, what, code) -> None:
    with pytest.raises(SandboxError) as refused:
        await stage.sandbox.slash(who, where, what)

    assert refused.value.code == code
    assert stage.sandbox.traffic == []


async def test_a_late_ack_shows_operation_timeout_and_the_response_url_still_works(stage: Stage) -> None:
    stage.sandbox.deliveries.ack_within_s = 0.05

    @stage.app.command("/pilot")
    async def pilot(ack, respond):
        await asyncio.sleep(0.15)
        await ack("too late")
        await respond("done after all")

    with pytest.raises(SandboxError) as refused:
        await stage.sandbox.slash("priya", "ops", "/pilot")
    assert refused.value.code == "operation_timeout"
    assert refused.value.answer is not None
    await stage.sandbox.idle()
    for _ in range(100):
        if stage.sandbox.shown("ops", "priya"):
            break
        await asyncio.sleep(0.01)

    assert [m.text for m in stage.sandbox.shown("ops", "priya")] == ["done after all"]


async def test_a_command_nobody_handles_shows_an_error(stage: Stage) -> None:
    with pytest.raises(SandboxError) as refused:
        await stage.sandbox.slash("priya", "ops", "/pilot")

    assert refused.value.code == "http_client_error"


async def test_an_ack_with_blocks_slack_would_refuse_is_an_error(stage: Stage) -> None:
    @stage.app.command("/pilot")
    async def pilot(ack):
        await ack(text="x", blocks=[section("x" * 3001)])

    with pytest.raises(SandboxError) as refused:
        await stage.sandbox.slash("priya", "ops", "/pilot")

    assert refused.value.code == "invalid_command_response"
    assert "must be less than 3001 characters" in refused.value.detail


# -- messages and mentions -----------------------------------------------------------------------
async def test_what_is_said_arrives_escaped_with_mentions_as_ids(stage: Stage) -> None:
    @stage.app.event("message")
    async def message(event):
        stage.heard.append(event)

    ts = await stage.sandbox.say("sam", "ops", "a < b & c, @priya see #general https://x.example/y")

    event = (await heard(stage, 1))[0]
    assert event["text"] == "a &lt; b &amp; c, <@U0PRIYA00> see <#C0GENERAL|general> <https://x.example/y>"
    assert (event["ts"], event["channel"], event["channel_type"]) == (ts, "C0OPS0000", "channel")
    assert stage.sandbox.shown("ops")[0].plain == "a < b & c, @priya see #general https://x.example/y"


async def test_a_mention_of_the_bot_is_delivered_as_app_mention_too(stage: Stage) -> None:
    @stage.app.event("app_mention")
    async def mention(event, say):
        await say(f"heard {event['text']}", thread_ts=event["ts"])

    @stage.app.event("message")
    async def message(event):
        pass

    ts = await stage.sandbox.say("sam", "ops", "@groundcrew status")
    await until(lambda: len(stage.sandbox.shown("ops")) == 2)

    reply = stage.sandbox.shown("ops")[1]
    assert (reply.thread_ts, reply.plain, reply.user) == (ts, "heard @groundcrew status", "U0GROUNDC")


async def test_a_room_without_the_bot_is_silent_for_it(stage: Stage) -> None:
    await stage.sandbox.say("sam", "no-bot", "@groundcrew are you there")
    await stage.sandbox.idle()

    assert stage.sandbox.traffic == []


async def test_the_bots_own_posts_come_back_as_events_as_slack_sends_them(stage: Stage) -> None:
    await stage.client.chat_postMessage(channel="C0OPS0000", text="me")
    await stage.sandbox.idle()

    echoes = [e for e in stage.sandbox.traffic if e.name == "event message"]
    assert [e.request["event"]["bot_id"] for e in echoes] == ["B0GROUNDC"]


# -- elements ------------------------------------------------------------------------------------
async def test_a_press_carries_the_whole_payload_of_slack(stage: Stage) -> None:
    @stage.app.action("done")
    async def done(ack, body):
        stage.heard.append(body)
        await ack()

    picks = {
        "type": "static_select",
        "action_id": "who",
        "options": [option("Sam", "u1")],
        "placeholder": text("Who"),
    }
    await stage.client.chat_postMessage(
        channel="C0OPS0000",
        text="item",
        metadata={"event_type": "item", "event_payload": {"id": 7}},
        blocks=[
            {
                "type": "actions",
                "block_id": "a",
                "elements": [button("Done", "done", value="7", style="primary")],
            },
            section("who", block_id="s", accessory=picks),
        ],
    )

    await stage.sandbox.press("priya", channel="ops", label="Done")

    body = stage.heard[0]
    message = stage.sandbox.shown("ops")[0]
    assert body["type"] == "block_actions"
    assert body["user"] == {"id": "U0PRIYA00", "username": "priya", "name": "priya", "team_id": "T0SANDBOX"}
    assert body["team"] == {"id": "T0SANDBOX", "domain": "northwind-operations"}
    assert body["channel"] == {"id": "C0OPS0000", "name": "ops"}
    assert body["container"] == {
        "type": "message",
        "message_ts": message.ts,
        "channel_id": "C0OPS0000",
        "is_ephemeral": False,
    }
    assert body["enterprise"] is None
    assert body["is_enterprise_install"] is False
    assert body["message"]["ts"] == message.ts
    assert body["message"]["metadata"]["event_payload"] == {"id": 7}
    assert body["state"]["values"] == {"s": {"who": {"type": "static_select", "selected_option": None}}}
    action = body["actions"][0]
    assert {k: action[k] for k in ("type", "action_id", "block_id", "value", "style")} == {
        "type": "button",
        "action_id": "done",
        "block_id": "a",
        "value": "7",
        "style": "primary",
    }
    assert action["text"] == {"type": "plain_text", "text": "Done", "emoji": True}
    assert action["action_ts"] > message.ts


async def test_a_press_on_an_ephemeral_comes_without_the_message_and_may_replace_it(stage: Stage) -> None:
    @stage.app.command("/pilot")
    async def pilot(ack):
        await ack(text="sure?", blocks=[section("sure?", accessory=button("Yes", "yes"))])

    @stage.app.action("yes")
    async def yes(ack, body, respond):
        await ack()
        stage.heard.append(body)
        await respond("it is done", replace_original=True)

    await stage.sandbox.slash("priya", "no-bot", "/pilot")
    await stage.sandbox.press("priya", channel="no-bot", label="Yes")
    await until(lambda: stage.sandbox.shown("no-bot", "priya")[0].plain == "it is done")

    assert "message" not in stage.heard[0]
    assert stage.heard[0]["container"]["is_ephemeral"] is True
    assert len(stage.sandbox.shown("no-bot", "priya")) == 1


async def test_picks_are_checked_against_what_is_offered_and_remembered_per_person(stage: Stage) -> None:
    @stage.app.action("who")
    async def who(ack, body):
        stage.heard.append(body)
        await ack()

    select = {"type": "static_select", "action_id": "who", "placeholder": text("Who")}
    select["options"] = [option("Sam", "u1"), option("Lena", "u2")]
    block = {"type": "actions", "block_id": "b", "elements": [select]}
    await stage.client.chat_postMessage(channel="C0OPS0000", text="x", blocks=[block])

    await stage.sandbox.press("priya", channel="ops", label="Who", pick="Lena")
    await stage.sandbox.press("sam", channel="ops", action_id="who", pick="u1")
    with pytest.raises(SandboxError) as refused:
        await stage.sandbox.press("sam", channel="ops", label="Who", pick="Ravi")

    values = [b["state"]["values"]["b"]["who"]["selected_option"]["value"] for b in stage.heard]
    assert values == ["u2", "u1"]
    assert stage.heard[0]["actions"][0]["selected_option"]["text"]["text"] == "Lena"
    assert refused.value.code == "no_such_option"


async def test_a_label_that_is_there_twice_is_not_guessed(stage: Stage) -> None:
    blocks = [
        section("one", accessory=button("Done", "done:1")),
        section("two", accessory=button("Done", "done:2")),
    ]
    await stage.client.chat_postMessage(channel="C0OPS0000", text="x", blocks=blocks)

    with pytest.raises(SandboxError) as refused:
        await stage.sandbox.press("priya", channel="ops", label="Done")

    assert refused.value.code == "ambiguous"


async def test_overflow_checkboxes_users_and_dates_yield_what_slack_sends(stage: Stage) -> None:
    @stage.app.action({"block_id": "b"})
    async def any_of_them(ack, body):
        stage.heard.append(body["actions"][0])
        await ack()

    elements = [
        {"type": "overflow", "action_id": "more", "options": [option("Reopen", "r"), option("Waive", "w")]},
        {"type": "checkboxes", "action_id": "checks", "options": [option("A", "a"), option("B", "b")]},
        {"type": "users_select", "action_id": "user", "placeholder": text("Who")},
        {"type": "datepicker", "action_id": "date", "placeholder": text("When")},
        {"type": "multi_channels_select", "action_id": "rooms", "placeholder": text("Where")},
    ]
    block = {"type": "actions", "block_id": "b", "elements": elements}
    await stage.client.chat_postMessage(channel="C0OPS0000", text="x", blocks=[block])
    press = stage.sandbox.press

    await press("priya", channel="ops", label="Waive")
    await press("priya", channel="ops", action_id="checks", pick=["a", "b"])
    await press("priya", channel="ops", action_id="user", pick="@sam")
    await press("priya", channel="ops", action_id="date", pick="2026-11-27")
    await press("priya", channel="ops", action_id="rooms", pick=["#ops", "general"])
    with pytest.raises(SandboxError):
        await press("priya", channel="ops", action_id="date", pick="tomorrow")

    more, checks, user, date, rooms = stage.heard
    assert more["selected_option"]["value"] == "w"
    assert [o["value"] for o in checks["selected_options"]] == ["a", "b"]
    assert user["selected_user"] == "U0SAMOK00"
    assert date["selected_date"] == "2026-11-27"
    assert rooms["selected_channels"] == ["C0OPS0000", "C0GENERAL"]


async def test_a_stranger_presses_with_their_own_team(stage: Stage) -> None:
    @stage.app.action("done")
    async def done(ack, body):
        stage.heard.append(body)
        await ack()

    blocks = [section("x", accessory=button("Done", "done"))]
    await stage.client.chat_postMessage(channel="C0CLAIMS0", text="x", blocks=blocks)

    await stage.sandbox.press("noor", channel="claims-triage", label="Done")

    assert stage.heard[0]["user"]["team_id"] == "T0BRIGHTP"
    assert stage.heard[0]["team"]["id"] == "T0BRIGHTP"


async def test_nobody_presses_what_they_cannot_see(stage: Stage) -> None:
    blocks = [section("x", accessory=button("Done", "done", visible_to_user_ids=["U0SAMOK00"]))]
    await stage.client.chat_postMessage(channel="C0OPS0000", text="x", blocks=blocks)
    await stage.client.chat_postEphemeral(channel="C0OPS0000", user="U0SAMOK00", text="x", blocks=blocks)
    ephemeral = stage.sandbox.shown("ops", "sam")[-1]

    for who, ts in (("priya", None), ("priya", ephemeral.ts)):
        with pytest.raises(SandboxError):
            await stage.sandbox.press(who, channel="ops", ts=ts, label="Done")


# -- Home ----------------------------------------------------------------------------------------
async def test_opening_home_lets_the_bot_publish_it_and_press_in_it(stage: Stage) -> None:
    @stage.app.event("app_home_opened")
    async def home(event, client):
        stage.heard.append(event)
        blocks = [section("*Hello*", accessory=button("Refresh", "refresh"))]
        await client.views_publish(user_id=event["user"], view={"type": "home", "blocks": blocks})

    @stage.app.action("refresh")
    async def refresh(ack, body):
        stage.heard.append(body)
        await ack()

    await stage.sandbox.open_home("priya")
    await until(lambda: stage.sandbox.home("priya") is not None)
    home_view = stage.sandbox.home("priya")
    assert home_view is not None
    assert home_view.plain == "*Hello*\nRefresh"
    assert (stage.heard[0]["tab"], stage.heard[0]["channel"]) == ("home", stage.sandbox.dm_id("priya"))

    await stage.sandbox.press("priya", view="home", label="Refresh")
    assert stage.heard[1]["view"]["type"] == "home"
    assert stage.sandbox.home("sam") is None


# -- response_url --------------------------------------------------------------------------------
async def test_a_response_url_works_five_times_within_thirty_minutes(stage: Stage) -> None:
    @stage.app.command("/pilot")
    async def pilot(ack, command):
        stage.heard.append(command)
        await ack()

    await stage.sandbox.slash("priya", "no-bot", "/pilot")
    hook = AsyncWebhookClient(stage.heard[0]["response_url"])
    answers = [await hook.send(text=f"{n}") for n in range(6)]
    assert [a.status_code for a in answers] == [200] * 5 + [404]
    assert json.loads(answers[5].body) == {"ok": False, "error": "used_url"}
    assert [m.text for m in stage.sandbox.shown("no-bot", "priya")] == ["0", "1", "2", "3", "4"]

    await stage.sandbox.slash("priya", "no-bot", "/pilot")
    stage.clock.forward(minutes=31)
    late = await AsyncWebhookClient(stage.heard[1]["response_url"]).send(text="late")
    assert (late.status_code, json.loads(late.body)["error"]) == (404, "expired_url")

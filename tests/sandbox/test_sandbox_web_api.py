"""The Web API answers a real slack_sdk as Slack does: tokens, scopes, membership, paces, shapes."""

from __future__ import annotations

from typing import Any

import pytest
from sandbox_stage import APP_TOKEN, Stage, modal, section, text, typed
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient


async def refusal(stage: Stage, method: str, *, token: str | None = None, **args: Any) -> dict:
    """The error answer of a call that must fail."""
    client = stage.client
    if token is not None:
        client = AsyncWebClient(
            token=token, base_url=stage.sandbox.api_url, session=client.session, retry_handlers=[]
        )
    with pytest.raises(SlackApiError) as refused:
        await client.api_call(method, json=args)
    return {**refused.value.response.data, "status": refused.value.response.status_code}


# -- tokens and scopes ---------------------------------------------------------------------------
async def test_only_the_right_token_is_let_in(stage: Stage) -> None:
    assert (await refusal(stage, "auth.test", token="xoxb-wrong"))["error"] == "invalid_auth"
    assert (await refusal(stage, "auth.test", token=""))["error"] == "not_authed"
    assert (await refusal(stage, "auth.test", token=APP_TOKEN))["error"] == "not_allowed_token_type"
    assert (await refusal(stage, "apps.connections.open"))["error"] == "not_allowed_token_type"
    assert (await refusal(stage, "chat.dance"))["error"] == "unknown_method"


async def test_auth_test_tells_who_and_with_which_scopes(stage: Stage) -> None:
    said = await stage.client.auth_test()

    assert (said["user_id"], said["bot_id"], said["team_id"]) == ("U0GROUNDC", "B0GROUNDC", "T0SANDBOX")
    assert "chat:write" in said.headers["x-oauth-scopes"].split(",")


async def test_a_scope_that_was_not_granted_is_named(stage: Stage) -> None:
    stage.sandbox.workspace.scopes.discard("channels:history")

    said = await refusal(stage, "conversations.history", channel="C0OPS0000")

    assert (said["error"], said["needed"]) == ("missing_scope", "channels:history")
    assert "chat:write" in said["provided"].split(",")


async def test_nothing_secret_is_kept_in_the_traffic(stage: Stage) -> None:
    await stage.client.chat_postMessage(channel="C0OPS0000", text="my token is " + stage.client.token)
    await stage.sandbox.idle()
    kept = str([e.to_json() for e in stage.sandbox.traffic])
    assert stage.client.token not in kept


# -- posting -------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("channel", "code"),
    [
        ("C0NOBOT00", "not_in_channel"),
        ("C0LEGAL00", "channel_not_found"),
        ("C0ARCHIVE", "is_archived"),
        ("C0NOWHERE", "channel_not_found"),
        ("", "channel_not_found"),
        ("U0NOBODY0", "channel_not_found"),
    ],
)
async def test_posts_go_only_where_the_app_may_post(stage: Stage, channel: str, code: str) -> None:
    assert (await refusal(stage, "chat.postMessage", channel=channel, text="x"))["error"] == code


async def test_with_chat_write_public_it_may_post_without_joining(stage: Stage) -> None:
    stage.sandbox.workspace.scopes.add("chat:write.public")

    await stage.client.chat_postMessage(channel="C0NOBOT00", text="hello")

    assert (await refusal(stage, "conversations.history", channel="C0NOBOT00"))["error"] == "not_in_channel"
    assert (await refusal(stage, "chat.postMessage", channel="C0LEGAL00", text="x"))[
        "error"
    ] == "channel_not_found"


async def test_a_post_to_a_person_lands_in_their_direct_messages(stage: Stage) -> None:
    said = await stage.client.chat_postMessage(channel="U0PRIYA00", text="hello")
    opened = await stage.client.conversations_open(users="U0PRIYA00")

    assert said["channel"] == opened["channel"]["id"] == stage.sandbox.dm_id("priya")
    assert said["channel"].startswith("D")
    assert [m.text for m in stage.sandbox.shown("dm", "priya")] == ["hello"]
    assert stage.sandbox.shown("dm", "sam") == []


async def test_a_post_to_somebody_who_left_is_taken_but_no_dm_can_be_opened(stage: Stage) -> None:
    await stage.client.chat_postMessage(channel="U0GONEB00", text="hello")

    assert (await refusal(stage, "conversations.open", users="U0GONEB00"))["error"] == "user_disabled"
    assert (await refusal(stage, "conversations.open", users="U0NOBODY0"))["error"] == "user_not_found"


async def test_without_a_messages_tab_there_are_no_direct_messages(stage: Stage) -> None:
    stage.sandbox.workspace.manifest["features"]["app_home"]["messages_tab_enabled"] = False

    assert (await refusal(stage, "chat.postMessage", channel="U0PRIYA00", text="x"))[
        "error"
    ] == "messages_tab_disabled"


async def test_times_of_messages_are_unique_and_follow_the_injected_clock(stage: Stage) -> None:
    first = await stage.client.chat_postMessage(channel="C0OPS0000", text="1")
    second = await stage.client.chat_postMessage(channel="C0OPS0000", text="2")
    stage.clock.forward(hours=1)
    third = await stage.client.chat_postMessage(channel="C0OPS0000", text="3")

    assert first["ts"] < second["ts"] < third["ts"]
    assert float(first["ts"]) == pytest.approx(stage.clock.now.timestamp() - 3600, abs=0.01)
    assert float(third["ts"]) == pytest.approx(stage.clock.now.timestamp(), abs=0.01)


async def test_threads_have_parents_and_reply_counts(stage: Stage) -> None:
    parent = await stage.client.chat_postMessage(channel="C0OPS0000", text="parent")
    reply = await stage.client.chat_postMessage(channel="C0OPS0000", text="reply", thread_ts=parent["ts"])
    await stage.client.chat_postMessage(channel="C0OPS0000", text="again", thread_ts=reply["ts"])

    history = await stage.client.conversations_history(channel="C0OPS0000")
    thread = await stage.client.conversations_replies(channel="C0OPS0000", ts=parent["ts"])
    assert [(m["text"], m["reply_count"]) for m in history["messages"]] == [("parent", 2)]
    assert [m["text"] for m in thread["messages"]] == ["parent", "reply", "again"]
    unknown = await refusal(stage, "chat.postMessage", channel="C0OPS0000", text="x", thread_ts="1.000001")
    assert unknown["error"] == "thread_not_found"


# -- changing ------------------------------------------------------------------------------------
async def test_only_own_messages_can_be_changed_or_deleted(stage: Stage) -> None:
    theirs = await stage.sandbox.say("sam", "ops", "mine")
    where = {"channel": "C0OPS0000"}

    assert (await refusal(stage, "chat.update", **where, ts=theirs, text="x"))[
        "error"
    ] == "cant_update_message"
    assert (await refusal(stage, "chat.delete", **where, ts=theirs))["error"] == "cant_delete_message"
    assert (await refusal(stage, "chat.update", **where, ts="1.000001", text="x"))[
        "error"
    ] == "message_not_found"


async def test_an_ephemeral_cannot_be_updated_by_its_ts(stage: Stage) -> None:
    said = await stage.client.chat_postEphemeral(channel="C0OPS0000", user="U0PRIYA00", text="psst")

    changed = await refusal(stage, "chat.update", channel="C0OPS0000", ts=said["message_ts"], text="x")

    assert changed["error"] == "message_not_found"


async def test_an_update_with_blocks_shows_no_edited_mark_and_text_alone_drops_the_blocks(
    stage: Stage,
) -> None:
    post = await stage.client.chat_postMessage(channel="C0OPS0000", text="x", blocks=[section("one")])
    where = {"channel": "C0OPS0000", "ts": post["ts"]}

    await stage.client.chat_update(**where, text="y", blocks=[section("two")])
    message = stage.sandbox.shown("ops")[0]
    assert (message.plain, message.edited, message.updates) == ("two", False, 1)

    await stage.client.chat_update(**where, text="just text")
    assert (message.plain, message.edited, message.blocks) == ("just text", True, [])
    assert (await refusal(stage, "chat.update", **where, text="x" * 4001))["error"] == "msg_too_long"


async def test_a_deleted_parent_leaves_a_tombstone_above_its_replies(stage: Stage) -> None:
    parent = await stage.client.chat_postMessage(channel="C0OPS0000", text="parent")
    reply = await stage.client.chat_postMessage(channel="C0OPS0000", text="reply", thread_ts=parent["ts"])
    await stage.client.chat_delete(channel="C0OPS0000", ts=parent["ts"])
    assert [(m.text, m.deleted) for m in stage.sandbox.shown("ops")] == [
        ("This message was deleted.", True),
        ("reply", False),
    ]

    await stage.client.chat_delete(channel="C0OPS0000", ts=reply["ts"])
    assert len(stage.sandbox.shown("ops")) == 1


async def test_ephemerals_are_for_members_only(stage: Stage) -> None:
    where = {"channel": "C0OPS0000", "text": "x"}

    assert (await refusal(stage, "chat.postEphemeral", **where, user="U0JONAS00"))[
        "error"
    ] == "user_not_in_channel"
    await stage.client.chat_postEphemeral(**where, user="U0PRIYA00")
    history = await stage.client.conversations_history(channel="C0OPS0000")
    assert history["messages"] == []


# -- reading -------------------------------------------------------------------------------------
async def test_history_pages_ranges_and_metadata(stage: Stage) -> None:
    stage.sandbox.paces.enabled = False
    times = []
    for n in range(5):
        metadata = {"event_type": "item", "event_payload": {"n": n}}
        said = await stage.client.chat_postMessage(channel="C0OPS0000", text=f"{n}", metadata=metadata)
        times.append(said["ts"])
        stage.clock.forward(seconds=1)

    first = await stage.client.conversations_history(channel="C0OPS0000", limit=2)
    assert [m["text"] for m in first["messages"]] == ["4", "3"]
    assert first["has_more"] is True
    assert "metadata" not in first["messages"][0]
    cursor = first["response_metadata"]["next_cursor"]
    second = await stage.client.conversations_history(channel="C0OPS0000", limit=2, cursor=cursor)
    assert [m["text"] for m in second["messages"]] == ["2", "1"]
    since = await stage.client.conversations_history(
        channel="C0OPS0000", oldest=times[3], inclusive=True, include_all_metadata=True
    )
    assert [m["metadata"]["event_payload"]["n"] for m in since["messages"]] == [4, 3]
    after = await stage.client.conversations_history(channel="C0OPS0000", oldest=times[3])
    assert [m["text"] for m in after["messages"]] == ["4"]


async def test_a_user_object_holds_what_slacks_holds_and_no_country(stage: Stage) -> None:
    said = (await stage.client.users_info(user="U0CAROL00", include_locale=True))["user"]
    plain = (await stage.client.users_info(user="U0CAROL00"))["user"]

    assert (said["tz"], said["tz_label"], said["tz_offset"]) == (
        "America/New_York",
        "Eastern Standard Time",
        -18000,
    )
    assert said["profile"]["email"] == "carol@northwind.example"
    assert said["profile"]["title"] == "Compliance officer"
    assert said["locale"] == "en-US"
    assert "locale" not in plain
    assert (said["is_bot"], said["deleted"], said["is_restricted"], said["team_id"]) == (
        False,
        False,
        False,
        "T0SANDBOX",
    )
    assert "country" not in str(said)
    stage.sandbox.workspace.scopes.discard("users:read.email")
    assert "email" not in (await stage.client.users_info(user="U0CAROL00"))["user"]["profile"]


async def test_strangers_and_people_who_left_show_less(stage: Stage) -> None:
    stranger = (await stage.client.users_info(user="U0STRAN00", include_locale=True))["user"]
    gone = (await stage.client.users_info(user="U0GONEB00"))["user"]
    listed = [u["id"] for u in (await stage.client.users_list())["members"]]

    assert (stranger["is_stranger"], stranger["team_id"]) == (True, "T0BRIGHTP")
    assert "email" not in stranger["profile"]
    assert "locale" not in stranger
    assert gone["deleted"] is True
    assert "tz" not in gone
    assert "U0STRAN00" not in listed
    assert "U0GONEB00" in listed
    assert (await refusal(stage, "users.info", user="U0NOBODY0"))["error"] == "user_not_found"
    gone_mail = await refusal(stage, "users.lookupByEmail", email="ben@northwind.example")
    assert gone_mail["error"] == "users_not_found"


async def test_rooms_can_be_listed_joined_made_and_renamed_in_topic(stage: Stage) -> None:
    listed = await stage.client.conversations_list(
        types="public_channel,private_channel", exclude_archived=True
    )
    assert [c["name"] for c in listed["channels"]] == [
        "general", "ops", "claims-triage", "invoice-match", "support-copilot", "no-bot",
    ]  # fmt: skip
    await stage.client.conversations_join(channel="C0NOBOT00")
    info = (await stage.client.conversations_info(channel="C0NOBOT00", include_num_members=True))["channel"]
    assert (info["is_member"], info["num_members"]) == (True, 3)
    made = (await stage.client.conversations_create(name="pilot-42"))["channel"]
    await stage.client.conversations_invite(channel=made["id"], users="U0PRIYA00,U0SAMOK00")
    await stage.client.conversations_setTopic(channel=made["id"], topic="Pilot 42")
    members = (await stage.client.conversations_members(channel=made["id"]))["members"]
    assert members == ["U0GROUNDC", "U0PRIYA00", "U0SAMOK00"]
    assert (await stage.client.conversations_info(channel=made["id"]))["channel"]["topic"][
        "value"
    ] == "Pilot 42"

    assert (await refusal(stage, "conversations.create", name="pilot-42"))["error"] == "name_taken"
    assert (await refusal(stage, "conversations.create", name="No Good"))["error"] == "invalid_name_specials"
    assert (await refusal(stage, "conversations.join", channel="C0ARCHIVE"))["error"] == "is_archived"
    assert (await refusal(stage, "conversations.info", channel="C0LEGAL00"))["error"] == "channel_not_found"
    invited = await refusal(stage, "conversations.invite", channel=made["id"], users="U0PRIYA00")
    assert invited["error"] == "already_in_channel"


async def test_do_not_disturb_links_reactions_groups_and_team(stage: Stage) -> None:
    ws = stage.sandbox.workspace
    ws.users["U0PRIYA00"].dnd = (stage.clock.now, stage.clock.now.replace(hour=20))
    ws.usergroups["S1"] = {"id": "S1", "handle": "oncall", "name": "On call", "users": ["U0SAMOK00"]}
    dnd = await stage.client.dnd_teamInfo(users=["U0PRIYA00", "U0SAMOK00"])
    assert [dnd["users"][u]["dnd_enabled"] for u in ("U0PRIYA00", "U0SAMOK00")] == [True, False]
    post = await stage.client.chat_postMessage(channel="C0OPS0000", text="x")
    link = await stage.client.chat_getPermalink(channel="C0OPS0000", message_ts=post["ts"])
    assert link["permalink"].endswith("/archives/C0OPS0000/p" + post["ts"].replace(".", ""))
    react = {"channel": "C0OPS0000", "name": "eyes", "timestamp": post["ts"]}
    await stage.client.reactions_add(**react)
    assert (await refusal(stage, "reactions.add", **react))["error"] == "already_reacted"
    await stage.client.usergroups_users_update(usergroup="S1", users=["U0PRIYA00"])
    assert (await stage.client.usergroups_users_list(usergroup="S1"))["users"] == ["U0PRIYA00"]
    assert (await refusal(stage, "usergroups.users.update", usergroup="S1", users="U0GONEB00"))[
        "error"
    ] == "invalid_users"
    assert (await stage.client.team_info())["team"]["name"] == "Northwind Operations"
    assert (await stage.client.bots_info(bot="B0GROUNDC"))["bot"]["app_id"] == "A0GROUNDC"


# -- views ---------------------------------------------------------------------------------------
async def trigger(stage: Stage) -> str:
    if not stage.heard:

        @stage.app.command("/pilot")
        async def pilot(ack, command):
            stage.heard.append(command)
            await ack()

    await stage.sandbox.slash("priya", "ops", "/pilot")
    return stage.heard[-1]["trigger_id"]


async def test_a_trigger_opens_one_view_within_three_seconds(stage: Stage) -> None:
    view = modal(section("x"))
    first = await trigger(stage)
    await stage.client.views_open(trigger_id=first, view=view)
    assert (await refusal(stage, "views.open", trigger_id=first, view=view))[
        "error"
    ] == "exchanged_trigger_id"

    late = await trigger(stage)
    stage.clock.forward(seconds=3.1)
    assert (await refusal(stage, "views.open", trigger_id=late, view=view))["error"] == "expired_trigger_id"
    assert (await refusal(stage, "views.open", trigger_id="1.2.3", view=view))[
        "error"
    ] == "invalid_trigger_id"


async def test_a_refused_view_does_not_spend_the_trigger(stage: Stage) -> None:
    id_ = await trigger(stage)

    bad = await refusal(stage, "views.open", trigger_id=id_, view=modal(section("x"), title="x" * 25))
    await stage.client.views_open(trigger_id=id_, view=modal(section("x")))

    assert bad["error"] == "invalid_arguments"
    assert bad["response_metadata"]["messages"] == [
        "[ERROR] must be less than 25 characters [json-pointer:/view/title/text]"
    ]


async def test_a_command_trigger_cannot_push(stage: Stage) -> None:
    await stage.client.views_open(trigger_id=await trigger(stage), view=modal(section("x")))

    pushed = await refusal(stage, "views.push", trigger_id=await trigger(stage), view=modal(section("y")))

    assert pushed["error"] == "invalid_trigger_id"


async def test_updates_keep_what_was_typed_and_respect_the_hash(stage: Stage) -> None:
    opened = await stage.client.views_open(
        trigger_id=await trigger(stage), view=modal(typed("name"), external_id="mine")
    )
    await stage.sandbox.fill("priya", name="typed before")
    view = opened["view"]

    changed = await stage.client.views_update(
        view_id=view["id"], hash=view["hash"], view=modal(section("new"), typed("name"), external_id="mine")
    )
    stale = await refusal(
        stage, "views.update", view_id=view["id"], hash=view["hash"], view=modal(section("x"))
    )
    by_external = await stage.client.views_update(
        external_id="mine", view=modal(typed("name"), external_id="mine")
    )

    assert changed["view"]["hash"] != view["hash"]
    assert changed["view"]["state"]["values"]["name"]["v"]["value"] == "typed before"
    assert stale["error"] == "hash_conflict"
    assert by_external["view"]["id"] == view["id"]
    assert (await refusal(stage, "views.update", view_id="V0NONE", view=modal(section("x"))))[
        "error"
    ] == "not_found"
    twin = await refusal(
        stage, "views.open", trigger_id=await trigger(stage), view=modal(section("x"), external_id="mine")
    )
    assert twin["error"] == "duplicate_external_id"


async def test_home_is_published_per_person_with_hash(stage: Stage) -> None:
    view = {"type": "home", "blocks": [section("one")]}
    first = await stage.client.views_publish(user_id="U0PRIYA00", view=view)
    await stage.client.views_publish(user_id="U0PRIYA00", view=view, hash=first["view"]["hash"])

    stale = await refusal(stage, "views.publish", user_id="U0PRIYA00", view=view, hash=first["view"]["hash"])
    assert stale["error"] == "hash_conflict"
    assert (await refusal(stage, "views.publish", user_id="U0NOBODY0", view=view))[
        "error"
    ] == "user_not_found"
    with_submit = {**view, "submit": text("Send")}
    assert (await refusal(stage, "views.publish", user_id="U0SAMOK00", view=with_submit))[
        "error"
    ] == "invalid_arguments"
    stage.sandbox.workspace.manifest["features"]["app_home"]["home_tab_enabled"] = False
    assert (await refusal(stage, "views.publish", user_id="U0SAMOK00", view=view))["error"] == "not_enabled"


# -- paces ---------------------------------------------------------------------------------------
async def test_a_room_takes_a_burst_and_then_one_message_a_second(stage: Stage) -> None:
    for n in range(4):
        await stage.client.chat_postMessage(channel="C0OPS0000", text=f"{n}")
    with pytest.raises(SlackApiError) as refused:
        await stage.client.chat_postMessage(channel="C0OPS0000", text="too fast")
    assert refused.value.response.status_code == 429
    assert refused.value.response.headers["retry-after"] == "1"
    assert refused.value.response["error"] == "ratelimited"

    await stage.client.chat_postMessage(channel="C0GENERAL", text="another room")
    for room in ("U0PRIYA00", "D0PRIYA00", "U0PRIYA00", "D0PRIYA00"):  # two names of one room
        await stage.client.chat_postMessage(channel=room, text="x")
    assert (await refusal(stage, "chat.postMessage", channel="U0PRIYA00", text="x"))["status"] == 429
    stage.clock.forward(seconds=1)
    await stage.client.chat_postMessage(channel="C0OPS0000", text="now")
    assert [m.text for m in stage.sandbox.shown("ops")] == ["0", "1", "2", "3", "now"]
    assert [e.note for e in stage.sandbox.traffic if e.status == 429] == ["429 by pace"] * 2


async def test_a_method_has_the_calls_of_its_tier(stage: Stage) -> None:
    for _ in range(20):
        await stage.client.users_list()
    with pytest.raises(SlackApiError) as refused:
        await stage.client.users_list()
    assert refused.value.response.status_code == 429
    assert refused.value.response.headers["retry-after"] == "3"
    await stage.client.users_info(user="U0PRIYA00")

    stage.clock.forward(seconds=3)
    await stage.client.users_list()

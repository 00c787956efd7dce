"""The page's API does what people do, shows what they see, and lets no other page in."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from typing import Any

import aiohttp
import httpx
import pytest
from sandbox_stage import Stage, button, modal, new_sandbox, section, text, typed, until

from bot.sandbox import PanelButton


class Page:
    """What the page's own code sends."""

    def __init__(self, stage: Stage, me: str = "U0PRIYA00") -> None:
        self.stage = stage
        self.me = me
        self.session = stage.client.session
        self.url = stage.sandbox.url

    async def get(self, path: str, **params: Any) -> dict:
        async with self.session.get(
            f"{self.url}/sandbox/api/{path}", params={"as": self.me, **params}
        ) as answer:
            return {**await answer.json(), "status": answer.status}

    async def post(self, path: str, **body: Any) -> dict:
        async with self.session.post(f"{self.url}/sandbox/api/{path}", json=body) as answer:
            return {**await answer.json(), "status": answer.status}

    async def act(self, type_: str, **body: Any) -> dict:
        return await self.post("act", **{"as": self.me, "type": type_, **body})


@pytest.fixture
def page(stage: Stage) -> Page:
    return Page(stage)


async def test_the_state_shows_a_persons_workspace(stage: Stage, page: Page) -> None:
    await stage.client.chat_postMessage(channel="C0OPS0000", text="x")
    state = await page.get("state")

    assert state["now"] == "2026-11-23T08:55:00+00:00"
    assert state["team"] == {"id": "T0SANDBOX", "name": "Northwind Operations"}
    assert state["app"] == {"name": "Ground Crew", "user": "U0GROUNDC"}
    assert (state["mode"], state["bot_online"], state["clock_moves"]) == ("http", True, False)
    rooms = {r["name"]: r for r in state["channels"]}
    assert set(rooms) == {
        "general", "ops", "claims-triage", "invoice-match", "support-copilot", "no-bot", "archived", "legal-private",
    }  # fmt: skip
    assert (rooms["ops"]["unread"], rooms["ops"]["bot_is_member"], rooms["no-bot"]["bot_is_member"]) == (
        1,
        True,
        False,
    )
    assert rooms["archived"]["is_archived"] is True
    assert state["dms"] == [{"id": "D0PRIYA00", "user": "U0GROUNDC", "unread": 0}]
    assert (state["home"], state["modals"], state["panel"]) == ({"view": None}, [], [])
    assert state["commands"][0] == {"command": "/pilot", "description": "Pilots", "usage_hint": "status"}
    assert state["faults"]["down"] is False
    users = {u["id"]: u for u in state["users"]}
    assert users["U0STRAN00"]["is_stranger"] is True
    assert "country" not in str(state)


async def test_a_page_that_names_nobody_opens_as_the_newcomer(page: Page) -> None:
    page.me = ""
    assert (await page.get("state"))["me"] == "U0PRIYA00"


async def test_private_rooms_and_ephemerals_are_hidden_from_others(stage: Stage, page: Page) -> None:
    await stage.client.chat_postEphemeral(channel="C0OPS0000", user="U0SAMOK00", text="psst")
    sam, noor = Page(stage, "U0SAMOK00"), Page(stage, "U0STRAN00")

    assert "legal-private" not in [r["name"] for r in (await sam.get("state"))["channels"]]
    assert [r["name"] for r in (await noor.get("state"))["channels"]] == ["claims-triage"]
    assert (await sam.get("messages", channel="C0LEGAL00"))["status"] == 404
    assert (await page.get("messages", channel="C0OPS0000"))["messages"] == []
    assert [m["ephemeral"] for m in (await sam.get("messages", channel="C0OPS0000"))["messages"]] == [True]
    assert (await Page(stage, "U0NOBODY0").get("state"))["status"] == 404


async def test_messages_carry_all_the_page_draws(stage: Stage, page: Page) -> None:
    said = await stage.client.chat_postMessage(
        channel="C0OPS0000", text="parent", blocks=[section("*parent*")]
    )
    await stage.client.chat_postMessage(channel="C0OPS0000", text="reply", thread_ts=said["ts"])

    top = (await page.get("messages", channel="C0OPS0000"))["messages"]
    thread = (await page.get("messages", channel="C0OPS0000", thread_ts=said["ts"]))["messages"]

    assert [m["text"] for m in top] == ["parent"]
    assert [m["text"] for m in thread] == ["parent", "reply"]
    assert top[0]["reply_count"] == 1
    assert top[0]["when"].startswith("2026-11-23T08:55:00")
    wanted = [
        "ts",
        "user",
        "text",
        "blocks",
        "attachments",
        "files",
        "thread_ts",
        "edited",
        "deleted",
        "metadata",
    ]
    assert set(wanted) <= set(top[0])


async def test_a_whole_conversation_goes_through_act(stage: Stage, page: Page) -> None:
    @stage.app.command("/pilot")
    async def pilot(ack, command, client):
        await client.views_open(trigger_id=command["trigger_id"], view=modal(typed("name")))
        await ack()

    @stage.app.view("form")
    async def form(ack, view, client, body):
        name = view["state"]["values"]["name"]["v"]["value"]
        if name == "taken":
            await ack(response_action="errors", errors={"name": "Taken"})
            return
        accessory = button("Done", "done", value="1")
        await client.chat_postMessage(
            channel=body["user"]["id"], text=name, blocks=[section(name, accessory=accessory)]
        )
        await ack()

    @stage.app.action("done")
    async def done(ack, respond):
        await ack()
        await respond("done", replace_original=True)

    assert (await page.act("message", channel="C0OPS0000", text="/pilot new"))["ok"] is True
    view = (await page.get("state"))["modals"][0]
    assert view["title"]["text"] == "A form"
    values = {"name": {"v": {"type": "plain_text_input", "value": "taken"}}}
    await page.act("submit", view_id=view["id"], state={"values": values})
    view = (await page.get("state"))["modals"][0]
    assert (view["errors"], view["busy"]) == ({"name": "Taken"}, False)
    values["name"]["v"]["value"] = "Claims"
    await page.act("submit", view_id=view["id"], state={"values": values})
    assert (await page.get("state"))["modals"] == []

    message = (await page.get("messages", channel="D0PRIYA00"))["messages"][0]
    block = message["blocks"][0]
    pressed = await page.act(
        "press",
        where={"channel": "D0PRIYA00", "message_ts": message["ts"]},
        block_id=block["block_id"],
        action_id="done",
        action={"type": "button", "value": "1"},
        state={"values": {}},
    )
    assert pressed == {"ok": True, "status": 200}
    await until(lambda: stage.sandbox.shown("dm", "priya")[0].text == "done")


async def test_what_slack_would_show_as_an_error_comes_as_code_and_sentence(stage: Stage, page: Page) -> None:
    stage.sandbox.deliveries.ack_within_s = 0.05

    @stage.app.command("/pilot")
    async def pilot(ack):
        await asyncio.sleep(0.1)
        await ack()

    late = await page.act("message", channel="C0OPS0000", text="/pilot")
    assert (late["ok"], late["error"]) == (False, "operation_timeout")
    assert late["detail"] == '/pilot failed with the error "operation_timeout"'
    assert (await page.act("message", channel="C0OPS0000", text="/nothing"))["error"] == "unknown_command"
    ts = await stage.sandbox.say("sam", "ops", "hello")
    threaded = await page.act("message", channel="C0OPS0000", text="/pilot", thread_ts=ts)
    assert threaded["error"] == "not_in_threads"
    assert (await page.act("dance"))["status"] == 400
    assert (await page.act("message", channel="C0OPS0000"))["status"] == 400
    await stage.sandbox.idle()


async def test_rooms_can_be_read_joined_left_and_archived_by_the_page(stage: Stage, page: Page) -> None:
    stage.sandbox.deliveries.retry_after_s = ()
    await stage.client.chat_postMessage(channel="C0OPS0000", text="x")
    await page.act("read", channel="C0OPS0000")
    assert {r["name"]: r["unread"] for r in (await page.get("state"))["channels"]}["ops"] == 0

    marta = Page(stage, "U0MARTA00")
    assert (await marta.act("join", channel="C0NOBOT00"))["ok"] is True
    assert (await marta.act("invite", channel="C0NOBOT00", user="U0GROUNDC"))["ok"] is True
    assert (await marta.act("leave", channel="C0NOBOT00"))["ok"] is True
    rooms = stage.sandbox.workspace.channels
    assert ("U0GROUNDC" in rooms["C0NOBOT00"].members, "U0MARTA00" in rooms["C0NOBOT00"].members) == (
        True,
        False,
    )
    await page.act("archive", channel="C0OPS0000")
    assert rooms["C0OPS0000"].is_archived is True
    await page.act("unarchive", channel="C0OPS0000")
    assert rooms["C0OPS0000"].is_archived is False
    await page.act("remove_user", user="U0SAMOK00")
    assert stage.sandbox.workspace.users["U0SAMOK00"].deleted is True
    said = await stage.client.chat_postEphemeral(channel="C0OPS0000", user="U0PRIYA00", text="psst")
    await page.act("dismiss", channel="C0OPS0000", ts=said["message_ts"])
    assert (await page.get("messages", channel="C0OPS0000"))["messages"][-1]["text"] == "x"


async def test_external_selects_get_their_options_through_suggest(stage: Stage, page: Page) -> None:
    @stage.app.options("pilot")
    async def pilots(ack, payload):
        await ack(options=[{"text": text(payload["value"].title()), "value": "p1"}])

    @stage.app.command("/pilot")
    async def pilot(ack, command, client):
        select = {"type": "external_select", "action_id": "pilot", "min_query_length": 2}
        blocks = {"type": "input", "block_id": "p", "label": text("Pilot"), "element": select}
        await client.views_open(trigger_id=command["trigger_id"], view=modal(blocks))
        await ack()

    await page.act("message", channel="C0OPS0000", text="/pilot")
    view = (await page.get("state"))["modals"][0]
    where = {"as": page.me, "view_id": view["id"], "block_id": "p", "action_id": "pilot"}
    found = await page.post("suggest", **where, value="claims")
    short = await page.post("suggest", **where, value="c")

    assert [o["text"]["text"] for o in found["options"]] == ["Claims"]
    assert short["options"] == []


@pytest.mark.parametrize(
    ("now", "to", "then"),
    [
        ("2026-11-23T08:55:00+00:00", "hour", "2026-11-23T09:55:00+00:00"),
        ("2026-11-23T08:55:00+00:00", "day", "2026-11-24T08:55:00+00:00"),
        ("2026-11-23T08:00:00+00:00", "morning", "2026-11-23T08:31:00+00:00"),
        ("2026-11-23T08:55:00+00:00", "morning", "2026-11-24T08:31:00+00:00"),
        ("2026-11-27T12:00:00+00:00", "morning", "2026-11-30T08:31:00+00:00"),
        ("2026-11-23T08:00:00+00:00", "monday", "2026-11-23T08:31:00+00:00"),
        ("2026-11-23T08:55:00+00:00", "monday", "2026-11-30T08:31:00+00:00"),
        (
            "2026-10-23T12:00:00+00:00",
            "monday",
            "2026-10-26T08:31:00+00:00",
        ),  # over the change to winter time
    ],
)
async def test_the_time_machine_moves_the_clock_of_the_host(clock, now: str, to: str, then: str) -> None:
    async def move(moment: datetime) -> None:
        clock.now = moment

    clock.now = datetime.fromisoformat(now)
    sandbox = new_sandbox(clock, move_clock=move)
    await sandbox.start()
    async with httpx.AsyncClient(base_url=sandbox.url) as http:
        moved = (await http.post("/sandbox/api/time", json={"to": to})).json()
        wrong = await http.post("/sandbox/api/time", json={"to": "yesterday"})
    await sandbox.stop()

    assert moved == {"ok": True, "now": then}
    assert clock.now == datetime.fromisoformat(then).astimezone(UTC)
    assert wrong.status_code == 400


async def test_a_workspace_on_real_time_says_so(page: Page) -> None:
    assert (await page.post("time", to="hour"))["error"] == "clock_does_not_move"


async def test_faults_and_panel_buttons_work_from_the_page(stage: Stage, page: Page) -> None:
    fired: list[str] = []

    async def fire() -> None:
        fired.append("alert")

    async def fail() -> None:
        raise RuntimeError("no such vendor")

    stage.sandbox.panel.append(PanelButton("fire", "Fire an alert", "Alerts", "Posts to the webhook", fire))
    stage.sandbox.panel.append(PanelButton("fail", "Fail", "Alerts", "", fail))

    changed = await page.post("faults", rate_429=0.5, slow_ms=10)
    assert (changed["faults"]["rate_429"], changed["faults"]["slow_ms"]) == (0.5, 10)
    assert (await page.post("faults", rate_429=7))["status"] == 400
    assert (await page.get("state"))["panel"][0]["label"] == "Fire an alert"
    assert (await page.post("panel", id="fire"))["ok"] is True
    assert (await page.post("panel", id="fail"))["detail"] == "Fail: no such vendor"
    assert (await page.post("panel", id="none"))["error"] == "no_such_button"
    assert fired == ["alert"]


async def test_traffic_is_paged_by_number(stage: Stage, page: Page) -> None:
    await stage.client.auth_test()
    first = await page.get("traffic", after=0)
    await stage.client.team_info()
    second = await page.get("traffic", after=first["next"])

    assert [e["name"] for e in first["exchanges"]] == ["auth.test"]
    assert [e["name"] for e in second["exchanges"]] == ["team.info"]
    assert (second["exchanges"][0]["direction"], second["exchanges"][0]["status"]) == ("to_slack", 200)


async def test_open_pages_hear_at_once_what_changed(stage: Stage, page: Page) -> None:
    async with page.session.get(f"{page.url}/sandbox/api/stream") as stream:
        assert stream.content_type == "text/event-stream"
        assert await stream.content.readuntil(b"\n\n") == b"retry: 1000\n\n"
        await stage.client.chat_postMessage(channel="C0OPS0000", text="x")
        seen: dict[str, list] = {"changed": [], "traffic": []}
        while not (seen["changed"] and seen["traffic"]):
            event = (await asyncio.wait_for(stream.content.readuntil(b"\n\n"), 5)).decode().splitlines()
            seen[event[0].removeprefix("event: ")].append(json.loads(event[1].removeprefix("data: ")))

    assert "messages:C0OPS0000" in seen["changed"][0]["what"]
    assert seen["traffic"][0]["n"] >= 1
    await until(lambda: not stage.sandbox._hub._listeners)


# -- who is let in -------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"host": "evil.example"}, 403),
        ({"host": "127.0.0.1:1"}, 403),
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-origin"}, 200),
    ],
)
async def test_only_this_machines_own_page_is_served(page: Page, headers: dict, status: int) -> None:
    async with page.session.get(f"{page.url}/sandbox/api/state?as={page.me}", headers=headers) as answer:
        assert answer.status == status


async def test_localhost_with_its_own_origin_is_the_same_place(page: Page) -> None:
    port = page.url.rpartition(":")[2]
    headers = {"host": f"localhost:{port}", "origin": f"http://localhost:{port}"}
    async with page.session.get(f"{page.url}/sandbox/api/state?as={page.me}", headers=headers) as answer:
        assert answer.status == 200
    headers["origin"] = f"http://127.0.0.1:{port}"
    async with page.session.get(f"{page.url}/sandbox/api/state?as={page.me}", headers=headers) as answer:
        assert answer.status == 403


async def test_a_simple_form_post_is_refused(stage: Stage, page: Page) -> None:
    body = {"as": page.me, "type": "home"}
    async with page.session.post(f"{page.url}/sandbox/api/act", data=json.dumps(body)) as answer:
        assert answer.status == 415
    async with page.session.post(f"{page.url}/sandbox/api/act", json=["no object"]) as answer:
        assert answer.status == 400


async def test_a_foreign_page_cannot_open_the_socket(page: Page) -> None:
    url = page.url.replace("http", "ws")
    with pytest.raises(aiohttp.WSServerHandshakeError):
        await page.session.ws_connect(f"{url}/sandbox/socket?ticket=x", origin="http://evil.example")


async def test_every_answer_forbids_what_a_message_could_smuggle_in(page: Page) -> None:
    for path in ("/", f"/sandbox/api/state?as={page.me}", "/static/none.js"):
        async with page.session.get(page.url + path) as answer:
            assert answer.headers["content-security-policy"].startswith("default-src 'self';")
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize(
    "path", ["/static/../server.py", "/static/%2e%2e/server.py", "/static/..%2fserver.py", "/static/"]
)
async def test_static_files_do_not_lead_out_of_their_folder(page: Page, path: str) -> None:
    port = int(page.url.rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n".encode())
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    assert answer.startswith(b"HTTP/1.1 404")


# -- files ---------------------------------------------------------------------------------------
async def test_an_uploaded_picture_is_shown_with_its_message(stage: Stage, page: Page) -> None:
    said = await stage.client.files_upload_v2(
        channel="C0OPS0000", content=b"\x89PNG...", filename="trend.png", title="Trend", alt_txt="goes up",
        initial_comment="the trend",
    )  # fmt: skip

    message = (await page.get("messages", channel="C0OPS0000"))["messages"][0]
    file = message["files"][0]
    assert (message["text"], file["title"], file["alt_txt"], file["mimetype"]) == (
        "the trend", "Trend", "goes up", "image/png",
    )  # fmt: skip
    assert (file["id"], file["size"]) == (said["file"]["id"], 7)
    async with page.session.get(page.url + file["url"]) as answer:
        assert await answer.read() == b"\x89PNG..."
        assert answer.content_type == "image/png"
        assert answer.headers["content-disposition"].startswith("inline")
        assert answer.headers["content-security-policy"].startswith("sandbox;")
    info = await stage.client.files_info(file=file["id"])
    assert info["file"]["channels"] == ["C0OPS0000"]


@pytest.mark.parametrize("name", ["page.html", "drawing.svg", 'a".exe', "notes.txt"])
async def test_a_file_that_could_run_is_only_to_be_saved(stage: Stage, page: Page, name: str) -> None:
    said = await stage.client.files_upload_v2(
        channel="C0OPS0000", content="<script>alert(1)</script>", filename=name
    )

    async with page.session.get(f"{page.url}/sandbox/files/{said['file']['id']}") as answer:
        assert answer.content_type == "application/octet-stream"
        assert answer.headers["content-disposition"].startswith("attachment; filename=")
        assert answer.headers["content-disposition"].count('"') == 2


async def test_files_go_only_where_the_app_is_and_only_when_complete(stage: Stage, page: Page) -> None:
    with pytest.raises(Exception, match="invalid_arguments"):
        await stage.client.api_call("files.getUploadURLExternal", json={"filename": "a.txt", "length": 3})
    short = await stage.client.files_getUploadURLExternal(filename="a.txt", length=4)
    async with page.session.post(short["upload_url"], data=b"abc") as answer:
        assert answer.status == 400, "the length was promised"
    started = await stage.client.files_getUploadURLExternal(filename="a.txt", length=3)
    files = [{"id": started["file_id"], "title": "a"}]
    refused = await stage.client.api_call("api.test", json={})
    assert refused["ok"] is True
    for args, code in (
        ({"files": files, "channel_id": "C0OPS0000"}, "file_not_found"),
        ({"files": [], "channel_id": "C0OPS0000"}, "invalid_arguments"),
        ({"files": [{"id": short["file_id"]}], "channel_id": "C0OPS0000"}, "file_not_found"),
    ):
        with pytest.raises(Exception, match=code):
            await stage.client.api_call("files.completeUploadExternal", json=args)
    async with page.session.post(started["upload_url"], data=b"abc") as answer:
        assert (answer.status, await answer.text()) == (200, "OK - 3")
    async with page.session.post(started["upload_url"], data=b"abc") as answer:
        assert answer.status == 404
    async with page.session.get(f"{page.url}/sandbox/files/{started['file_id']}") as answer:
        assert answer.status == 404
    with pytest.raises(Exception, match="channel_not_found"):
        await stage.client.files_completeUploadExternal(files=files, channel_id="U0PRIYA00")
    with pytest.raises(Exception, match="invalid_arguments"):
        await stage.client.api_call("files.completeUploadExternal", json={"files": files, "thread_ts": "1.0"})
    with pytest.raises(Exception, match="not_in_channel"):
        await stage.client.files_completeUploadExternal(files=files, channel_id="C0NOBOT00")
    await stage.client.files_completeUploadExternal(files=files, channel_id="C0OPS0000")

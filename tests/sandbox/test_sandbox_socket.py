"""Socket Mode with slack_bolt's own handler: the same people, the same bot, no request URL."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest
from sandbox_stage import APP_TOKEN, BOT_TOKEN, Clock, Stage, modal, new_sandbox, typed, until
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox import SandboxError


@pytest.fixture
async def socket_stage(clock: Clock) -> AsyncIterator[Stage]:
    sandbox = new_sandbox(clock)
    await sandbox.start()
    async with aiohttp.ClientSession() as session:
        client = AsyncWebClient(token=BOT_TOKEN, base_url=sandbox.api_url, session=session)
        app = AsyncApp(client=client)
        yield Stage(sandbox, app, client, clock)
    await sandbox.stop()


def handler(stage: Stage) -> AsyncSocketModeHandler:
    return AsyncSocketModeHandler(stage.app, APP_TOKEN, ping_interval=0.1)


async def test_commands_modals_and_events_go_over_the_socket(socket_stage: Stage) -> None:
    stage = socket_stage

    @stage.app.command("/pilot")
    async def pilot(ack, command, client):
        await client.views_open(trigger_id=command["trigger_id"], view=modal(typed("name")))
        await ack(f"opened for {command['text']}")

    @stage.app.view("form")
    async def form(ack):
        await ack(response_action="errors", errors={"name": "no"})

    @stage.app.event("app_mention")
    async def mention(event):
        stage.heard.append(event)

    @stage.app.event("message")
    async def message():
        pass

    bolt = handler(stage)
    await bolt.connect_async()
    await stage.sandbox.slash("priya", "ops", "/pilot @sam")
    await stage.sandbox.submit("priya", name="x")
    await stage.sandbox.say("sam", "ops", "@groundcrew hi")
    await stage.sandbox.idle()
    await bolt.close_async()

    view = stage.sandbox.modal("priya")
    assert view is not None
    assert view.errors == {"name": "no"}
    assert [m.plain for m in stage.sandbox.shown("ops", "priya")][:1] == ["opened for @sam"]
    assert stage.heard[0]["text"] == "<@U0GROUNDC> hi"


async def test_without_a_connection_a_command_fails_at_once(socket_stage: Stage) -> None:
    with pytest.raises(SandboxError) as refused:
        await socket_stage.sandbox.slash("priya", "ops", "/pilot")

    assert refused.value.code == "dispatch_failed"


async def test_several_connections_share_the_load_and_one_may_go(socket_stage: Stage) -> None:
    stage = socket_stage

    @stage.app.command("/pilot")
    async def pilot(ack):
        await ack("ok")

    one, two = handler(stage), handler(stage)
    await one.connect_async()
    await two.connect_async()
    await until(lambda: stage.sandbox.sockets.count == 2)
    for _ in range(4):
        await stage.sandbox.slash("priya", "ops", "/pilot")
    await one.close_async()
    await until(lambda: stage.sandbox.sockets.count == 1)
    for _ in range(3):
        await stage.sandbox.slash("priya", "ops", "/pilot")
    await two.close_async()

    assert len(stage.sandbox.shown("ops", "priya")) == 7


async def test_a_client_told_to_refresh_reconnects(socket_stage: Stage) -> None:
    stage = socket_stage

    @stage.app.command("/pilot")
    async def pilot(ack):
        await ack("ok")

    bolt = handler(stage)
    await bolt.connect_async()
    await until(lambda: stage.sandbox.sockets.count == 1)
    await stage.sandbox.sockets.disconnect()

    def opened() -> int:
        return sum(e.name == "apps.connections.open" for e in stage.sandbox.traffic)

    await until(lambda: opened() == 2 and stage.sandbox.sockets.count == 1)
    await stage.sandbox.slash("priya", "ops", "/pilot")
    await bolt.close_async()


async def test_a_connection_needs_a_fresh_ticket(socket_stage: Stage) -> None:
    url = socket_stage.sandbox.url.replace("http", "ws")
    async with aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await session.ws_connect(f"{url}/sandbox/socket?ticket=guessed")


async def test_stop_hangs_up_open_sockets_quickly(clock: Clock) -> None:
    sandbox = new_sandbox(clock)
    await sandbox.start()
    async with aiohttp.ClientSession() as session:
        client = AsyncWebClient(token=APP_TOKEN, base_url=sandbox.api_url, session=session)
        opened = await client.apps_connections_open(app_token=APP_TOKEN)
        socket = await session.ws_connect(opened["url"])
        assert (await socket.receive_json())["type"] == "hello"
        began = asyncio.get_running_loop().time()
        await sandbox.stop()
        assert asyncio.get_running_loop().time() - began < 0.5
        assert (await socket.receive()).type in {aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED}


async def test_an_unacked_envelope_times_out(socket_stage: Stage) -> None:
    stage = socket_stage
    stage.sandbox.deliveries.ack_within_s = 0.05

    @stage.app.command("/pilot")
    async def pilot(ack):
        await asyncio.sleep(0.1)
        await ack("late")

    bolt = handler(stage)
    await bolt.connect_async()
    with pytest.raises(SandboxError) as refused:
        await stage.sandbox.slash("priya", "ops", "/pilot")
    await stage.sandbox.idle()
    await bolt.close_async()

    assert refused.value.code == "operation_timeout"

"""Faults happen where they are switched on, before or after the effect, and events are tried again."""

from __future__ import annotations

import asyncio
import json
from collections import Counter

import aiohttp
import httpx
import pytest
from sandbox_stage import BOT_TOKEN, SECRET, Stage, new_sandbox, section, until, web_app
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.signature import SignatureVerifier
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox import Faults, SandboxError
from bot.sandbox.serve import LoopbackServer


async def post(stage: Stage, words: str = "x"):
    return await stage.client.chat_postMessage(channel="C0OPS0000", text=words)


async def test_a_lost_reply_posts_and_drops_the_connection(stage: Stage) -> None:
    stage.sandbox.faults.next("chat.postMessage", "lost_reply")

    with pytest.raises(aiohttp.ServerDisconnectedError):
        await post(stage)

    assert [m.text for m in stage.sandbox.shown("ops")] == ["x"]
    assert [e.note for e in stage.sandbox.traffic if e.name == "chat.postMessage"] == ["fault: lost reply"]
    await post(stage, "y")


async def test_a_dropped_connection_and_a_500_have_no_effect(stage: Stage) -> None:
    stage.sandbox.faults.next("chat.postMessage", "drop_connection", "error_500", "rate_429", "none")

    with pytest.raises(aiohttp.ServerDisconnectedError):
        await post(stage)
    for status in (500, 429):
        with pytest.raises(SlackApiError) as refused:
            await post(stage)
        assert refused.value.response.status_code == status
    assert stage.sandbox.shown("ops") == []
    await post(stage, "through")
    assert [m.text for m in stage.sandbox.shown("ops")] == ["through"]


async def test_a_500_after_the_fact_has_posted(stage: Stage) -> None:
    stage.sandbox.faults.next("chat.postMessage", "taken_500")

    with pytest.raises(SlackApiError) as refused:
        await post(stage)

    assert refused.value.response.status_code == 500
    assert [m.text for m in stage.sandbox.shown("ops")] == ["x"]


async def test_a_rate_limit_asks_for_as_long_as_it_was_set_to(stage: Stage) -> None:
    stage.sandbox.faults.change({"retry_after_s": 17})
    stage.sandbox.faults.next("chat.postMessage", "rate_429")

    with pytest.raises(SlackApiError) as refused:
        await post(stage)

    assert refused.value.response.headers["Retry-After"] == "17"


async def test_a_revoked_token_is_not_taken_until_it_is_good_again(stage: Stage) -> None:
    stage.sandbox.faults.token_revoked = True
    with pytest.raises(SlackApiError) as refused:
        await post(stage)
    assert refused.value.response["error"] == "token_revoked"

    stage.sandbox.faults.clear()
    await post(stage)
    assert [m.text for m in stage.sandbox.shown("ops")] == ["x"]


async def test_a_scripted_fault_hits_its_method_only(stage: Stage) -> None:
    stage.sandbox.faults.next("chat.update", "error_500")
    said = await post(stage)

    with pytest.raises(SlackApiError):
        await stage.client.chat_update(channel="C0OPS0000", ts=said["ts"], text="y")
    await stage.client.chat_update(channel="C0OPS0000", ts=said["ts"], text="z")


def test_chances_repeat_from_run_to_run() -> None:
    def run() -> list[str]:
        faults = Faults(lost_reply=0.3, rate_429=0.3)
        return [faults.draw("chat.postMessage") for _ in range(50)]

    assert run() == run()
    assert set(run()) == {"none", "lost_reply", "rate_429"}


def test_chances_are_shares_of_all_calls() -> None:
    """One fault does not thin out another, whatever the order they are looked at in."""
    faults = Faults(rate_429=0.3, error_500=0.05, taken_500=0.05, lost_reply=0.05, drop_connection=0.05)
    met = Counter(faults.draw("chat.postMessage") for _ in range(20_000))

    for kind in ("rate_429", "error_500", "taken_500", "lost_reply", "drop_connection"):
        assert met[kind] / 20_000 == pytest.approx(getattr(faults, kind), abs=0.01)


def test_chances_that_add_up_to_more_than_all_give_way_in_proportion() -> None:
    faults = Faults(rate_429=1.0, lost_reply=1.0)
    met = Counter(faults.draw("chat.postMessage") for _ in range(2000))

    assert met.keys() == {"rate_429", "lost_reply"}
    assert met["rate_429"] / 2000 == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize("bad", [{"slow": 1}, {"lost_reply": 2}, {"lost_reply": "x"}, {"slow_ms": -1}])
def test_faults_out_of_range_are_refused(bad: dict) -> None:
    with pytest.raises(ValueError):
        Faults().change(bad)


async def test_a_slow_slack_is_slow(stage: Stage) -> None:
    stage.sandbox.faults.slow_ms = 60
    began = asyncio.get_running_loop().time()
    await post(stage)
    assert asyncio.get_running_loop().time() - began >= 0.06


async def test_when_slack_is_down_nothing_goes_either_way(stage: Stage) -> None:
    stage.sandbox.faults.down = True

    with pytest.raises(aiohttp.ServerDisconnectedError):
        await post(stage)
    with pytest.raises(SandboxError) as refused:
        await stage.sandbox.slash("priya", "ops", "/pilot")
    assert refused.value.code == "service_unavailable"
    stage.sandbox.faults.clear()
    await post(stage)


# -- deliveries ----------------------------------------------------------------------------------
async def test_an_event_is_tried_three_more_times_with_slacks_headers(stage: Stage) -> None:
    tries: list[tuple[str | None, str | None]] = []
    ids: set[str] = set()

    def refuse(request: httpx.Request) -> httpx.Response:
        verifier = SignatureVerifier(SECRET)
        assert verifier.is_valid_request(request.content, dict(request.headers))
        ids.add(json.loads(request.content)["event_id"])
        tries.append((request.headers.get("x-slack-retry-num"), request.headers.get("x-slack-retry-reason")))
        return httpx.Response(500)

    stage.sandbox.deliveries.retry_after_s = (0, 0.01, 0.02)
    async with httpx.AsyncClient(transport=httpx.MockTransport(refuse), base_url="http://bot") as bot:
        stage.sandbox.bot = bot
        await stage.sandbox.say("sam", "ops", "hello")
        await until(lambda: len(tries) == 4)

    assert tries == [(None, None), ("1", "http_error"), ("2", "http_error"), ("3", "http_error")]
    assert len(ids) == 1


async def test_idle_waits_for_the_retry_that_is_due_at_once(stage: Stage) -> None:
    tries: list[httpx.Request] = []

    def refuse(request: httpx.Request) -> httpx.Response:
        tries.append(request)
        return httpx.Response(503)

    async with httpx.AsyncClient(transport=httpx.MockTransport(refuse), base_url="http://bot") as bot:
        stage.sandbox.bot = bot
        await stage.sandbox.say("sam", "ops", "hello")
        await stage.sandbox.idle()

    assert len(tries) == 2  # the next one waits a minute


async def test_an_event_is_not_tried_again_once_taken_or_when_the_app_says_so(stage: Stage) -> None:
    answers = [
        httpx.Response(500),
        httpx.Response(200),
        httpx.Response(500, headers={"x-slack-no-retry": "1"}),
    ]
    tries: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        tries.append(request)
        return answers[len(tries) - 1]

    stage.sandbox.deliveries.retry_after_s = (0, 0, 0)
    async with httpx.AsyncClient(transport=httpx.MockTransport(answer), base_url="http://bot") as bot:
        stage.sandbox.bot = bot
        await stage.sandbox.say("sam", "ops", "one")
        await until(lambda: len(tries) == 2)
        await stage.sandbox.say("sam", "ops", "two")
        await asyncio.sleep(0.05)

    assert len(tries) == 3


async def test_a_bot_that_cannot_be_reached_is_a_failed_dispatch(stage: Stage) -> None:
    def nobody(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    async with httpx.AsyncClient(transport=httpx.MockTransport(nobody), base_url="http://bot") as bot:
        stage.sandbox.bot = bot
        with pytest.raises(SandboxError) as refused:
            await stage.sandbox.slash("priya", "ops", "/pilot")

    assert refused.value.code == "dispatch_failed"


async def test_only_subscribed_and_granted_events_are_delivered(stage: Stage) -> None:
    stage.sandbox.workspace.scopes.discard("channels:history")
    await stage.sandbox.say("sam", "ops", "hello")
    await stage.sandbox.leave("sam", "ops")
    assert stage.sandbox.traffic == []

    stage.sandbox.deliveries.retry_after_s = ()
    await stage.sandbox.join("sam", "ops")
    await stage.sandbox.remove_user("sam")
    await stage.sandbox.archive("alex", "ops")
    await stage.sandbox.invite("priya", "no-bot", "groundcrew")
    told = [e for e in stage.sandbox.traffic if e.direction == "to_bot"]
    names = [e.name for e in told]
    assert names == ["event member_joined_channel", "event user_change", "event channel_archive", "event member_joined_channel"]  # fmt: skip
    assert told[1].request["event"]["user"]["deleted"] is True


async def test_a_changed_message_is_delivered_as_message_changed(stage: Stage) -> None:
    stage.sandbox.deliveries.retry_after_s = ()
    said = await post(stage, "one")
    await stage.client.chat_update(channel="C0OPS0000", ts=said["ts"], text="two", blocks=[section("two")])
    await stage.client.chat_delete(channel="C0OPS0000", ts=said["ts"])
    await stage.sandbox.idle()

    events = [e.request["event"] for e in stage.sandbox.traffic if e.name == "event message"]
    by_kind = {e.get("subtype"): e for e in events}  # each is its own delivery: their order is not promised
    assert set(by_kind) == {None, "message_changed", "message_deleted"}
    changed = by_kind["message_changed"]
    assert (changed["previous_message"]["text"], changed["message"]["text"]) == ("one", "two")


async def test_the_request_url_is_verified_as_slack_does(stage: Stage) -> None:
    assert await stage.sandbox.verify_url() is True


async def test_start_is_quick_and_stop_leaves_nothing(clock) -> None:
    loop = asyncio.get_running_loop()
    before = asyncio.all_tasks()
    sandbox = new_sandbox(clock)
    started = 1.0
    for _ in range(3):  # the best of three: other work on the machine is not ours
        await sandbox.stop()
        sandbox = new_sandbox(clock)
        began = loop.time()
        await sandbox.start()
        started = min(started, loop.time() - began)
    async with aiohttp.ClientSession() as session:
        client = AsyncWebClient(token=BOT_TOKEN, base_url=sandbox.api_url, session=session, retry_handlers=[])
        await client.auth_test()
        stream = await session.get(f"{sandbox.url}/sandbox/api/stream")
        sandbox.faults.slow_ms = 30_000
        pending = asyncio.ensure_future(client.auth_test())
        await asyncio.sleep(0.02)
        began = loop.time()
        await sandbox.stop()
        stopped = loop.time() - began
        await sandbox.stop()
        with pytest.raises(aiohttp.ClientError):
            await pending
        assert await stream.content.read() != b"never"
    await asyncio.sleep(0)

    assert started < 0.1
    assert stopped < 0.5
    assert asyncio.all_tasks() == before


async def test_a_call_costs_about_a_millisecond(stage: Stage) -> None:
    loop = asyncio.get_running_loop()
    await stage.client.auth_test()
    best = 1.0
    for _ in range(5):
        began = loop.time()
        for _ in range(20):
            await stage.client.auth_test()
        best = min(best, (loop.time() - began) / 20)
    assert best < 0.01  # far above what is measured (about 1 ms), far below a missing TCP_NODELAY (40 ms)


async def test_a_bot_over_real_http_is_reached_the_same_way(stage: Stage) -> None:
    app = AsyncApp(client=stage.client, signing_secret=SECRET)

    @app.command("/pilot")
    async def pilot(ack):
        await ack("over the wire")

    server = LoopbackServer(web_app(app), "127.0.0.1", 0)
    await server.up()
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.port}") as bot:
        stage.sandbox.bot = bot
        answer = await stage.sandbox.slash("priya", "ops", "/pilot")
    await server.down()

    assert answer.body == "over the wire"

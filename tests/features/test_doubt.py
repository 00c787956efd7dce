"""Whether a message is out there: what is in doubt is looked up, what cannot be out there is not."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import ClientSession, ClientTimeout
from slack_sdk.web.async_client import AsyncWebClient

from handlers.chat.cards import Card
from handlers.chat.ports import SendFailed
from handlers.outbox.sending import ref_of
from handlers.slack.client import SlackClient
from tests.conftest import FrozenClock
from tests.features.courier import GENERAL, SAM, TOKEN, Courier, courier_on


@pytest.fixture
async def courier(database_url: str, clock: FrozenClock) -> AsyncIterator[Courier]:
    async with courier_on(database_url, clock) as made:
        yield made


@pytest.mark.parametrize("address", ["http://127.0.0.1:1/api/", "http://no-such-host.invalid/api/"],
                         ids=["refused", "no such host"])
async def test_what_was_never_sent_is_not_in_doubt(courier: Courier, address: str) -> None:
    async with ClientSession() as session:
        web = AsyncWebClient(token=TOKEN, base_url=address, session=session, retry_handlers=[])
        await courier.promise(GENERAL)
        await courier.sender(SlackClient(web)).deliver()
    post = await courier.post()
    assert (post.doubt_since, post.message_id, post.attempts) == (None, None, 1)
    await courier.rounds(5)
    assert courier.shows(GENERAL) == ["about 1"]
    assert courier.calls("conversations.history") == 0


@pytest.mark.parametrize(("fault", "answers"), [
    ("none", True), ("error_500", True), ("rate_429", True), ("drop_connection", False), ("hangs", False), ("refused", False)])
async def test_a_service_that_says_anything_answers_and_one_that_is_silent_does_not(courier: Courier, fault: Any, answers: bool) -> None:
    address = "http://127.0.0.1:1/api/" if fault == "refused" else courier.sandbox.api_url
    if fault == "hangs":
        courier.sandbox.faults.change({"slow_ms": 3000})
    elif fault != "refused":
        courier.sandbox.faults.next("auth.test", fault)
    async with ClientSession(timeout=ClientTimeout(total=.5)) as session:
        web = AsyncWebClient(token=TOKEN, base_url=address, session=session, retry_handlers=[])
        assert await SlackClient(web).answers() is answers


async def test_a_token_that_is_not_taken_is_an_answer(courier: Courier) -> None:
    async with ClientSession() as session:
        web = AsyncWebClient(token="xoxb-another", base_url=courier.sandbox.api_url, session=session, retry_handlers=[])
        assert await SlackClient(web).answers()


async def test_an_answer_that_cannot_be_read_is_a_doubt_and_no_bug(courier: Courier) -> None:
    class Garbled(SlackClient):
        async def _call(self, method: str, body: dict[str, Any]) -> dict[str, Any]:
            reply = await super()._call(method, body)
            if method == "chat.postMessage":
                raise SendFailed("no_json_in_reply", in_doubt=True)
            return reply

    await courier.promise(GENERAL)
    await courier.sender(Garbled(courier.web)).deliver()
    assert (await courier.post()).doubt_since is not None
    await courier.rounds(6)
    assert courier.calls("chat.postMessage") == 1


@pytest.mark.parametrize("ahead", [-9, 9], ids=["behind Slack", "ahead of Slack"])
@pytest.mark.parametrize("room", [GENERAL, SAM], ids=["channel", "direct message"])
async def test_a_lost_message_is_found_though_the_clocks_differ_by_minutes(
        courier: Courier, ahead: int, room: str) -> None:
    sender = replace(courier.outbox, clock=lambda: courier.clock() + timedelta(minutes=ahead))
    courier.sandbox.faults.next("chat.postMessage", "lost_reply")
    async with courier.store.begin() as session:
        from storage import outbox
        from storage.outbox import Promise
        from tests.features.courier import TEAM
        await outbox.promise(session, TEAM, [Promise(room, "note", 1)], [], sender.clock())
    for _ in range(6):
        await sender.deliver()
        courier.clock.advance(seconds=1)
    assert courier.shows(room) == ["about 1"]
    assert courier.calls("chat.postMessage") == 1
    assert (await courier.post()).message_id is not None


async def test_a_message_of_another_installation_is_not_taken_for_ours(courier: Courier) -> None:
    """A staging bot beside the real one numbers its messages from 1 as well."""
    await SlackClient(courier.web).post(GENERAL, Card("of the other one"), "gc-1-1700000000")
    await SlackClient(courier.web).post(GENERAL, Card("of an older one"), "gc-1")
    courier.sandbox.faults.next("chat.postMessage", "drop_connection")
    await courier.promise(GENERAL)
    await courier.rounds(6)
    assert courier.shows(GENERAL) == ["of the other one", "of an older one", "about 1"]
    assert ref_of(await courier.post()).startswith("gc-1-")


async def test_a_lookup_that_fails_leaves_the_doubt_and_one_that_finds_nothing_ends_it(courier: Courier) -> None:
    courier.sandbox.faults.next("chat.postMessage", "drop_connection", "rate_429")
    courier.sandbox.faults.next("conversations.history", "error_500")
    await courier.promise(GENERAL)
    await courier.outbox.deliver()
    since = (await courier.post()).doubt_since
    assert since is not None
    while courier.calls("conversations.history") == 0:
        courier.clock.advance(seconds=1)
        await courier.outbox.deliver()
    assert (await courier.post()).doubt_since == since
    while courier.calls("chat.postMessage") == 1:
        courier.clock.advance(seconds=1)
        await courier.outbox.deliver()
    assert (await courier.post()).doubt_since is None, "it is not there, and the second was refused clearly"
    looked = courier.calls("conversations.history")
    await courier.rounds(40)
    assert courier.shows(GENERAL) == ["about 1"]
    assert courier.calls("conversations.history") == looked


async def test_a_second_post_whose_answer_is_lost_too_is_looked_up_from_the_first_on(courier: Courier) -> None:
    courier.sandbox.faults.next("chat.postMessage", "drop_connection", "lost_reply")
    await courier.promise(GENERAL)
    await courier.outbox.deliver()
    since = (await courier.post()).doubt_since
    while courier.calls("chat.postMessage") == 1:
        courier.clock.advance(seconds=1)
        await courier.outbox.deliver()
    assert (await courier.post()).doubt_since == since
    await courier.rounds(12)
    assert courier.shows(GENERAL) == ["about 1"]
    assert courier.calls("chat.postMessage") == 2


async def test_an_edit_whose_answer_was_lost_is_made_again_and_shows_what_is_so_then(courier: Courier) -> None:
    await courier.promise(GENERAL)
    await courier.rounds(2)
    courier.sandbox.faults.next("chat.update", "lost_reply")
    courier.says.now[1] = "changed"
    await courier.promise(GENERAL)
    await courier.outbox.deliver()
    courier.says.now[1] = "changed again"
    await courier.rounds(6)
    assert courier.shows(GENERAL) == ["changed again"]
    assert (courier.calls("chat.postMessage"), courier.calls("conversations.history")) == (1, 0)


async def test_what_the_service_refuses_for_unknown_reasons_is_given_up_after_some_minutes(courier: Courier) -> None:
    class Strange(SlackClient):
        async def post(self, room: str, card: Card, ref: str) -> str:
            tries.append(courier.clock())
            raise SendFailed("posting_to_this_channel_is_odd", is_refusal=True)

    tries: list[Any] = []
    sender = courier.sender(Strange(courier.web))
    await courier.promise(GENERAL)
    for _ in range(120):
        await sender.deliver()
        courier.clock.advance(seconds=10)
    post = await courier.post()
    assert (post.last_error, post.given_up_at is not None) == ("posting_to_this_channel_is_odd", True)
    assert len(tries) == 10
    assert timedelta(minutes=3) < tries[-1] - tries[0] < timedelta(minutes=10)

"""Several senders, and senders that die: each promise is kept by one of them, once."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from handlers.chat.cards import Card
from handlers.chat.ports import SendFailed
from handlers.outbox.rules import LEASE
from handlers.slack.client import SlackClient
from storage import outbox
from storage.engine import Store
from storage.models import Post
from tests.conftest import FrozenClock
from tests.features.courier import GENERAL, OPS, SAM, Courier, Says, courier_on


@pytest.fixture
async def courier(database_url: str, clock: FrozenClock) -> AsyncIterator[Courier]:
    async with courier_on(database_url, clock) as made:
        yield made


class Held(SlackClient):
    """Slack has the message, and its answer is long on the way."""

    def __init__(self, web: Any) -> None:
        super().__init__(web)
        self.is_posted, self.may_answer = asyncio.Event(), asyncio.Event()

    async def post(self, room: str, card: Card, ref: str) -> str:
        message_id = await super().post(room, card, ref)
        self.is_posted.set()
        await self.may_answer.wait()
        return message_id


async def test_a_change_while_the_post_is_on_the_wire_edits_that_message(courier: Courier) -> None:
    held = Held(courier.web)
    await courier.promise(GENERAL)
    sending = asyncio.create_task(courier.sender(held).deliver())
    await held.is_posted.wait()
    courier.says.now[1] = "about 1, changed"
    await courier.promise(GENERAL)
    held.may_answer.set()
    await sending
    assert courier.shows(GENERAL) == ["about 1"]
    courier.clock.advance(seconds=1)
    await courier.rounds()
    assert courier.shows(GENERAL) == ["about 1, changed"]
    assert courier.calls("chat.postMessage") == 1


async def test_a_sender_that_died_after_slacks_yes_is_not_followed_by_a_second_post(courier: Courier) -> None:
    held = Held(courier.web)
    await courier.promise(GENERAL)
    dying = asyncio.create_task(courier.sender(held).deliver())
    await held.is_posted.wait()
    dying.cancel()
    with pytest.raises(asyncio.CancelledError):
        await dying
    courier.clock.advance(seconds=LEASE.total_seconds() - 1)
    assert await courier.outbox.deliver() == 0
    courier.clock.advance(seconds=1)
    await courier.rounds()
    assert courier.shows(GENERAL) == ["about 1"]
    assert courier.calls("chat.postMessage") == 1
    assert await courier.waiting() == 0


async def test_a_lease_that_ran_out_is_taken_over_and_the_late_sender_changes_nothing(courier: Courier) -> None:
    held = Held(courier.web)
    await courier.promise(GENERAL)
    late = asyncio.create_task(courier.sender(held).deliver())
    await held.is_posted.wait()
    courier.clock.advance(seconds=LEASE.total_seconds())
    courier.says.now[1] = "about 1, changed"
    await courier.promise(GENERAL)
    other = courier.sender(store=courier.other_store())
    assert await other.deliver() == 1
    taken = await courier.post()
    held.may_answer.set()
    await late
    after, lane = await courier.post(), await courier.lane(GENERAL)
    assert (after.message_id, after.shown, after.wanted) == (taken.message_id, 2, 2)
    assert (lane.fence, lane.leased_until) == (2, None)
    await courier.rounds()
    assert courier.shows(GENERAL) == ["about 1, changed"]
    assert courier.calls("chat.postMessage") == 1


async def test_what_a_late_sender_failed_at_does_not_undo_what_the_other_did(courier: Courier) -> None:
    class LateRefusal(Held):
        async def post(self, room: str, card: Card, ref: str) -> str:
            self.is_posted.set()
            await self.may_answer.wait()
            raise SendFailed("not_in_channel", final=True)

    held = LateRefusal(courier.web)
    await courier.promise(GENERAL)
    late = asyncio.create_task(courier.sender(held).deliver())
    await held.is_posted.wait()
    courier.clock.advance(seconds=LEASE.total_seconds())
    await courier.sender(store=courier.other_store()).deliver()
    held.may_answer.set()
    await late
    post = await courier.post()
    assert (post.given_up_at, post.last_error, post.doubt_since, post.shown) == (None, None, None, 1)
    assert courier.shows(GENERAL) == ["about 1"]


async def test_a_sender_that_would_not_be_done_within_its_lease_does_not_send(courier: Courier) -> None:
    class Slow(Says):
        async def compose(self, session: object, post: Post, now: datetime) -> Card | None:
            courier.clock.advance(seconds=20)
            return Card("too late")

    await courier.promise(GENERAL)
    composer: Any = Slow()
    await replace(courier.outbox, composer=composer).deliver()
    assert courier.calls("chat.postMessage") == 0
    courier.clock.advance(seconds=40)
    await courier.rounds()
    assert courier.shows(GENERAL) == ["about 1"]


async def test_a_second_sender_takes_the_rooms_the_first_has_not_without_waiting(
        postgres_url: str, clock: FrozenClock) -> None:
    async with courier_on(postgres_url, clock) as courier:
        for subject, room in enumerate((GENERAL, OPS, SAM), start=1):
            await courier.promise(room, subject)
        other = courier.other_store()
        async with courier.store.begin() as first:
            mine = await outbox.claim(first, clock(), LEASE, 2)
            async with asyncio.timeout(5), other.begin() as second:     # `first` is still open
                theirs = await outbox.claim(second, clock(), LEASE, 32)
        assert {turn.room for turn in mine} | {turn.room for turn in theirs} == {GENERAL, OPS, SAM}
        assert (len(mine), len(theirs)) == (2, 1)


async def test_a_second_process_waits_for_the_first_and_takes_what_is_left(
        sqlite_url: str, clock: FrozenClock) -> None:
    async with courier_on(sqlite_url, clock) as courier:
        await courier.promise(GENERAL, 1)
        await courier.promise(OPS, 2)
        theirs = asyncio.Event()

        async def claim_the_rest(store: Store) -> int:
            async with store.begin() as session:
                theirs.set()
                return len(await outbox.claim(session, clock(), LEASE, 32))

        async with courier.store.begin() as first:
            mine = await outbox.claim(first, clock(), LEASE, 1)
            waiting = asyncio.create_task(claim_the_rest(courier.other_store()))
            await theirs.wait()
            await asyncio.sleep(0.05)
            assert not waiting.done()
        assert (len(mine), await waiting) == (1, 1)

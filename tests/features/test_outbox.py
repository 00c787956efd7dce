"""The outbox keeps promises: once, at the room's pace, whatever the network, Slack or a replica does."""

import logging
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from handlers.chat.cards import Card
from handlers.chat.ports import SendFailed
from handlers.outbox.rules import LEASE, PAGE
from handlers.slack.client import SlackClient
from storage import outbox
from tests.conftest import FrozenClock
from tests.features.courier import GENERAL, OPS, SAM, TOKEN, Courier, courier_on


@pytest.fixture
async def courier(database_url: str, clock: FrozenClock) -> AsyncIterator[Courier]:
    async with courier_on(database_url, clock) as made:
        yield made


# ---- said once, and only while it is true --------------------------------------------------------------------


async def test_a_promise_is_shown_once(courier: Courier) -> None:
    await courier.promise(GENERAL)
    await courier.rounds()
    assert courier.shows(GENERAL) == ["about 1"]
    assert courier.calls("chat.postMessage") == 1
    assert await courier.waiting() == 0


async def test_repeats_fold_into_one_message_and_later_ones_edit_it(courier: Courier) -> None:
    for _ in range(3):
        await courier.promise(GENERAL)
    await courier.rounds()
    assert (courier.calls("chat.postMessage"), courier.calls("chat.update")) == (1, 0)
    courier.says.now[1] = "about 1, changed"
    for _ in range(3):
        await courier.promise(GENERAL)
    await courier.rounds()
    assert courier.shows(GENERAL) == ["about 1, changed"]
    assert (courier.calls("chat.postMessage"), courier.calls("chat.update")) == (1, 1)


async def test_what_became_untrue_is_never_said(courier: Courier) -> None:
    await courier.promise(GENERAL)
    courier.says.now[1] = None
    await courier.rounds()
    assert courier.shows(GENERAL) == []
    assert await courier.waiting() == 0


async def test_a_message_that_somebody_deleted_is_not_posted_again(courier: Courier) -> None:
    await courier.promise(GENERAL)
    await courier.rounds()
    room = courier.sandbox.workspace.channels["C0GENERAL"]
    courier.sandbox.workspace.remove(room, room.messages[-1])
    await courier.promise(GENERAL)
    await courier.rounds()
    assert courier.shows(GENERAL) == []
    assert courier.calls("chat.postMessage") == 1
    assert await courier.waiting() == 0


# ---- pace and limits -----------------------------------------------------------------------------------------


async def test_a_room_gets_one_message_a_second_while_other_rooms_go_on(courier: Courier) -> None:
    for subject in (1, 2, 3):
        await courier.promise(GENERAL, subject)
    await courier.promise(OPS, 4)
    assert await courier.outbox.deliver() == 2
    assert (courier.shows(GENERAL), courier.shows(OPS)) == (["about 1"], ["about 4"])
    courier.clock.advance(seconds=0.9)
    await courier.promise(SAM, 5)
    assert await courier.outbox.deliver() == 1
    assert (courier.shows(GENERAL), courier.shows(SAM)) == (["about 1"], ["about 5"])
    courier.clock.advance(seconds=0.1)
    await courier.outbox.deliver()
    assert courier.shows(GENERAL) == ["about 1", "about 2"]


async def test_a_429_closes_its_room_for_just_as_long_as_slack_asked(courier: Courier) -> None:
    courier.limit_room(GENERAL, 17)
    await courier.promise(GENERAL)
    await courier.promise(OPS, 2)
    await courier.outbox.deliver()
    assert (courier.shows(GENERAL), courier.shows(OPS)) == ([], ["about 2"])
    until = courier.clock() + timedelta(seconds=17)
    assert (await courier.lane(GENERAL)).open_at == until
    await courier.promise(GENERAL, 3)       # nothing new opens it earlier
    asked = courier.calls("chat.postMessage")
    courier.clock.now = until - timedelta(milliseconds=1)
    await courier.promise(OPS, 4)
    assert await courier.outbox.deliver() == 1
    assert (courier.shows(OPS), courier.calls("chat.postMessage")) == (["about 2", "about 4"], asked + 1)
    courier.clock.now = until
    await courier.rounds()
    assert courier.shows(GENERAL) == ["about 1", "about 3"]


async def test_a_429_to_edits_holds_back_edits_of_every_replica_and_nothing_else(courier: Courier) -> None:
    await courier.promise(GENERAL, 1)
    await courier.promise(OPS, 2)
    await courier.rounds(3)
    courier.limit_method("chat.update", 17, per_minute=50)
    until = courier.clock() + timedelta(seconds=17)
    courier.says.now |= {1: "one, changed", 2: "two, changed"}
    await courier.promise(GENERAL, 1)
    await courier.outbox.deliver()
    assert courier.calls("chat.update") == 1
    await courier.promise(OPS, 2)
    await courier.promise(OPS, 3)
    other = courier.sender(store=courier.other_store())
    for _ in range(4):
        await other.deliver()
        courier.clock.advance(seconds=1)
    assert courier.calls("chat.update") == 1, "another replica asked in vain"
    assert courier.shows(OPS) == ["about 2", "about 3"]
    courier.clock.now = until
    await courier.rounds(6)
    assert (courier.shows(GENERAL), courier.shows(OPS)[0]) == (["one, changed"], "two, changed")


async def test_a_page_goes_before_what_waits_in_its_room_and_its_room_before_others(courier: Courier) -> None:
    await courier.promise(GENERAL, 1)
    courier.clock.advance(seconds=1)
    await courier.promise(OPS, 2)
    await courier.promise(OPS, 3, urgency=PAGE)
    async with courier.store.begin() as session:
        [turn] = await outbox.claim(session, courier.clock(), LEASE, 1)
        assert turn.room == OPS
        [found] = (await outbox.first_in_each(session, [turn], courier.clock())).values()
        assert found.subject_id == 3


async def test_a_refused_token_drops_nothing_and_is_tried_again_every_five_minutes(
        courier: Courier, caplog: pytest.LogCaptureFixture) -> None:
    courier.web.token = "xoxb-revoked"
    for subject, room in enumerate((GENERAL, OPS, SAM), start=1):
        await courier.promise(room, subject)
    with caplog.at_level(logging.ERROR):
        await courier.rounds(10)
        asked = courier.calls("chat.postMessage")
        assert asked <= 3
        await courier.promise("slack:C0CLAIMS0", 4)
        await courier.rounds(28, seconds=10)
    assert courier.calls("chat.postMessage") == asked
    said = [record.getMessage() for record in caplog.records]
    assert len(said) == 1, said
    assert "invalid_auth" in said[0]
    courier.web.token = TOKEN
    courier.clock.advance(seconds=20)
    await courier.rounds(3)
    assert [courier.shows(room) for room in (GENERAL, OPS, SAM, "slack:C0CLAIMS0")] == [
        ["about 1"], ["about 2"], ["about 3"], ["about 4"]]


# ---- the network breaks --------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["error_500", "drop_connection"])
async def test_a_failed_call_is_tried_again(courier: Courier, fault: Any) -> None:
    courier.sandbox.faults.next("chat.postMessage", fault, fault)
    await courier.promise(GENERAL)
    await courier.rounds(12)
    assert courier.shows(GENERAL) == ["about 1"]
    assert courier.calls("chat.postMessage") == 3
    courier.sandbox.faults.next("chat.update", fault)
    courier.says.now[1] = "changed"
    await courier.promise(GENERAL)
    await courier.rounds(6)
    assert courier.shows(GENERAL) == ["changed"]


async def test_a_failing_room_is_asked_less_and_less_often(courier: Courier) -> None:
    courier.sandbox.faults.next("chat.postMessage", *["error_500"] * 400)
    await courier.promise(GENERAL)
    await courier.rounds(60)
    first = courier.calls("chat.postMessage")
    assert 10 <= first <= 60, "about every second, so that it is shown soon after a short outage"
    await courier.rounds(180, seconds=20)
    before = courier.calls("chat.postMessage")
    await courier.rounds(30, seconds=20)
    assert 6 <= courier.calls("chat.postMessage") - before <= 14, "about once a minute after an hour"


@pytest.mark.parametrize("room", [GENERAL, SAM, "slack:home:U0SAMOK00"], ids=["channel", "direct message", "home"])
async def test_a_post_whose_answer_was_lost_is_not_posted_twice(courier: Courier, room: str) -> None:
    method = "views.publish" if "home" in room else "chat.postMessage"
    courier.sandbox.faults.next(method, "lost_reply")
    await courier.promise(room)
    await courier.outbox.deliver()
    assert (await courier.post()).message_id is None
    assert (await courier.post()).doubt_since is not None
    await courier.rounds(6)
    courier.says.now[1] = "changed"
    await courier.promise(room)
    await courier.rounds(3)
    if method == "chat.postMessage":
        assert courier.shows(room) == ["changed"]
        assert courier.calls(method) == 1
    else:
        home = courier.sandbox.home("sam")
        assert home is not None
        assert "changed" in home.plain
    assert (await courier.post()).doubt_since is None


async def test_a_lost_answer_that_cannot_be_looked_up_is_not_posted_again(courier: Courier) -> None:
    courier.sandbox.workspace.scopes -= {"channels:history"}
    courier.sandbox.faults.next("chat.postMessage", "lost_reply")
    await courier.promise(GENERAL)
    await courier.rounds(6)
    assert courier.shows(GENERAL) == ["about 1"]
    post = await courier.post()
    assert post.given_up_at is not None
    assert (post.last_error, await courier.waiting()) == ("in_doubt", 0)


async def test_a_page_that_cannot_be_looked_up_is_rather_said_twice_than_not_at_all(courier: Courier) -> None:
    courier.sandbox.workspace.scopes -= {"channels:history"}
    courier.sandbox.faults.next("chat.postMessage", "lost_reply")
    await courier.promise(GENERAL, urgency=PAGE)
    await courier.rounds(6)
    assert courier.shows(GENERAL) == ["about 1", "about 1"]
    assert await courier.waiting() == 0


async def test_a_lookup_that_cannot_see_far_enough_does_not_say_that_there_is_nothing(courier: Courier) -> None:
    room = courier.sandbox.workspace.channels["C0GENERAL"]
    since = courier.clock()
    for number in range(1001):
        courier.sandbox.workspace.post(room, "U0SAMOK00", f"chatter {number}")
    with pytest.raises(SendFailed) as raised:
        await SlackClient(courier.web).find(GENERAL, "gc-1", since)
    assert raised.value.final
    assert await SlackClient(courier.web).find(GENERAL, "gc-1", since + timedelta(hours=1)) is None


# ---- bugs of ours --------------------------------------------------------------------------------------------


async def test_a_bug_in_one_card_stops_neither_its_room_nor_others(
        courier: Courier, caplog: pytest.LogCaptureFixture) -> None:
    courier.says.now[1] = KeyError("a bug")
    for room, subject in ((GENERAL, 1), (GENERAL, 2), (OPS, 3)):
        await courier.promise(room, subject)
    with caplog.at_level(logging.ERROR):
        await courier.rounds(5)
        await courier.rounds(58, seconds=10)
    assert (courier.shows(GENERAL), courier.shows(OPS)) == (["about 2"], ["about 3"])
    assert len(caplog.records) == 1, "it was tried in a hot loop"
    courier.says.now[1] = "mended"
    courier.clock.advance(seconds=20)
    await courier.rounds(2)
    assert courier.shows(GENERAL) == ["about 2", "mended"]


async def test_a_card_that_cannot_be_rendered_waits_like_one_that_cannot_be_made(courier: Courier) -> None:
    class Unrenderable(SlackClient):
        async def post(self, room: str, card: Card, ref: str) -> str:
            if card.title == "about 1":
                raise TypeError("no such element")
            return await super().post(room, card, ref)

    sender = courier.sender(Unrenderable(courier.web))
    await courier.promise(GENERAL, 1)
    await courier.promise(GENERAL, 2)
    for _ in range(3):
        await sender.deliver()
        courier.clock.advance(seconds=1)
    assert courier.shows(GENERAL) == ["about 2"]
    assert (await courier.post(1)).doubt_since is None, "nothing went out, so there is nothing to look up"


async def test_no_transaction_is_open_while_we_talk_to_slack(courier: Courier) -> None:
    seen: list[tuple[str, int]] = []

    class Watched(SlackClient):
        async def _call(self, method: str, body: dict[str, Any]) -> dict[str, Any]:
            pool: Any = courier.store.engine.pool
            seen.append((method, pool.checkedout()))
            return await super()._call(method, body)

    sender = courier.sender(Watched(courier.web))
    courier.sandbox.faults.next("chat.postMessage", "lost_reply")
    await courier.promise(GENERAL)
    for _ in range(5):
        await sender.deliver()
        courier.clock.advance(seconds=1)
    assert {method for method, _ in seen} == {"chat.postMessage", "conversations.history", "chat.update"}
    assert {open_ones for _, open_ones in seen} == {0}

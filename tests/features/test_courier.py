"""The courier streams: no room waits for another, pages least of all, and nothing is lost on the way."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from itertools import pairwise
from time import perf_counter
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from handlers.chat.cards import Card
from handlers.chat.ports import EVERYTHING, SendFailed
from handlers.outbox import courier as courier_module
from handlers.outbox.lookout import APART_S
from handlers.outbox.rules import LEASE, PAGE
from handlers.outbox.slots import FOR_PAGES, IN_ALL, OF_ONE_WORKSPACE
from handlers.outbox.telling import TOKEN_BACK
from storage import limits, outbox
from storage.outbox import Promise, Within
from tests.conftest import FrozenClock
from tests.features.rooms import MINE, OTHER, Rooms, rooms_on, running


@pytest.fixture
async def rooms(database_url: str, clock: FrozenClock) -> AsyncIterator[Rooms]:
    async with rooms_on(database_url, clock) as made:
        yield made


def _many(count: int, start: int = 0) -> list[str]:
    return [f"slack:C{number:04d}" for number in range(start, start + count)]


# ---- none waits for another ----------------------------------------------------------------------------------


async def test_a_room_that_hangs_holds_up_no_other(rooms: Rooms) -> None:
    slow, *others = _many(41)
    rooms.chat.hanging = {slow}
    await rooms.promise(slow, *others)
    async with running(rooms):
        await rooms.until(lambda: set(rooms.chat.rooms()) == set(others))
        for subject in (2, 3):
            rooms.clock.advance(seconds=1)
            await rooms.promise(*others, subject=subject)
            await rooms.until(lambda seen=subject: len(rooms.chat.shown) == seen * len(others))
        assert slow not in rooms.chat.rooms()
        rooms.chat.may_go_on.set()
        await rooms.until(lambda: slow in rooms.chat.rooms())


async def test_a_workspace_that_hangs_leaves_slots_to_others(rooms: Rooms) -> None:
    hanging = _many(IN_ALL + 10)
    rooms.chat.hanging = set(hanging)
    await rooms.promise(*hanging)
    async with running(rooms):
        await rooms.until(lambda: rooms.chat.tries == OF_ONE_WORKSPACE)
        others = [f"slack:D{number:04d}" for number in range(60)]
        await rooms.promise(*others, workspace=OTHER)
        await rooms.until(lambda: len(rooms.chat.shown) == 60)
        assert rooms.chat.on_the_way.total() == OF_ONE_WORKSPACE
        assert rooms.chat.most <= IN_ALL
        rooms.chat.may_go_on.set()
        await rooms.until(lambda: len(rooms.chat.shown) == 60 + len(hanging))


async def test_a_page_is_sent_at_once_though_every_slot_is_taken_by_digests_that_hang(rooms: Rooms) -> None:
    for workspace in (MINE, OTHER):
        hanging = _many(OF_ONE_WORKSPACE + 20, start=0 if workspace == MINE else 1000)
        rooms.chat.hanging |= set(hanging)
        await rooms.promise(*hanging, workspace=workspace)
    async with running(rooms):
        await rooms.until(lambda: rooms.chat.on_the_way.total() == IN_ALL)
        await rooms.promise("slack:C9001", subject=7)
        await rooms.promise("slack:C9002", subject=8, urgency=PAGE)
        await rooms.until(lambda: rooms.chat.rooms() == ["slack:C9002"], within_s=3)
        pages = [f"slack:P{number:03d}" for number in range(FOR_PAGES + 5)]
        rooms.chat.hanging |= set(pages)
        await rooms.promise(*pages, urgency=PAGE)
        await rooms.until(lambda: rooms.chat.on_the_way.total() == IN_ALL + FOR_PAGES)
        await asyncio.sleep(0.1)
        assert rooms.chat.most == IN_ALL + FOR_PAGES, "pages are bounded too"


async def _silent(rooms: Rooms, wanted: list[str]) -> None:
    """Three calls in a row were not answered."""
    rooms.chat.failure = lambda _room: SendFailed("gone", down=True)
    await rooms.promise(*wanted)
    await rooms.until(lambda: rooms.seen.outcomes.total() == 3)
    rooms.chat.failure = lambda _room: None
    rooms.clock.advance(seconds=5)


async def test_while_the_service_hangs_it_is_asked_and_no_message_is_sent_into_the_silence(rooms: Rooms) -> None:
    three = _many(3)
    async with running(rooms):
        await _silent(rooms, three)
        rooms.chat.hanging = set(three)
        await rooms.until(lambda: rooms.seen.outcomes.total() >= 4)  # given up after two seconds: the room is free
        assert rooms.chat.asked >= 2
        rooms.chat.hanging = set()  # it is back; what hung hangs on
        for _ in range(20):
            rooms.clock.advance(seconds=1)
            await asyncio.sleep(.1)
        await rooms.until(lambda: len(rooms.chat.shown) == 3)
        assert rooms.chat.tries == 6, "three before the silence, three after it"
    assert sorted(rooms.chat.rooms()) == three
    assert rooms.chat.looked_up == 0, "nothing was in doubt"
    assert all(post.doubt_since is None for post in await rooms.posts())


async def test_a_service_that_is_back_but_slow_is_heard_by_who_asked_before(rooms: Rooms) -> None:
    async with running(rooms):
        rooms.chat.asking_takes_s = 2.5
        await _silent(rooms, _many(3))
        begun = perf_counter()
        while not rooms.chat.shown:
            rooms.clock.advance(seconds=1)
            await asyncio.sleep(.1)
            assert perf_counter() - begun < 8
        for _ in range(3):
            rooms.clock.advance(seconds=2)
            await asyncio.sleep(.1)
        await rooms.until(lambda: len(rooms.chat.shown) == 3)
    assert rooms.chat.asked <= 6


async def test_a_page_is_sent_without_asking_first(rooms: Rooms) -> None:
    async with running(rooms):
        rooms.chat.is_there = False
        await _silent(rooms, _many(3))
        await rooms.promise("slack:C9001", subject=7, urgency=PAGE)
        await rooms.until(lambda: "slack:C9001" in rooms.chat.rooms())


async def test_one_promise_reaches_an_idle_courier_at_once(rooms: Rooms, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(courier_module, "LOOK_AGAIN_S", 60.0)
    async with running(rooms):
        await asyncio.sleep(0.1)    # it has looked, and waits a minute
        took = []
        for subject in range(1, 8):
            await rooms.promise("slack:C1", subject=subject)
            begun = perf_counter()
            await rooms.until(lambda seen=subject: len(rooms.chat.shown) == seen)
            took.append(perf_counter() - begun)
            await rooms.recorded()
            rooms.clock.advance(seconds=1)
    assert sorted(took)[len(took) // 2] < 0.15, took


async def test_a_room_keeps_its_full_pace_and_no_more(rooms: Rooms) -> None:
    for subject in range(1, 31):
        await rooms.promise("slack:C1", "slack:C2", subject=subject)
    begun = rooms.clock()
    async with running(rooms):
        await rooms.quiet()
        await rooms.seconds(195, step=0.15)     # so that it mostly comes a little late
    at = [(moment - begun).total_seconds() for moment, room, _ in rooms.chat.shown if room == "slack:C1"]
    assert len(at) == 30, "30 in 29.25 s, one a second: being late does not add up"
    assert min(later - earlier for earlier, later in pairwise(at)) >= 0.79
    assert all(sum(1 for each in at if start <= each < start + 10) <= 10 for start in range(20))


async def test_many_rooms_take_few_transactions(rooms: Rooms) -> None:
    commits = 0

    def count(_connection: Any) -> None:
        nonlocal commits
        commits += 1

    await rooms.promise(*_many(200))
    event.listen(rooms.store.engine.sync_engine, "commit", count)
    async with running(rooms):
        await rooms.until(lambda: len(rooms.chat.shown) == 200)
        await rooms.recorded()
    event.remove(rooms.store.engine.sync_engine, "commit", count)
    assert commits <= 60, f"{commits} commits for 200 messages"


async def test_what_is_done_sets_off_no_look_where_nothing_waits_for_its_slot(rooms: Rooms) -> None:
    names = _many(30)
    rooms.chat.takes_s = lambda room: 0.02 * names.index(room)
    await rooms.promise(*names)
    async with running(rooms):
        await rooms.until(lambda: bool(rooms.chat.shown))
        before, begun = rooms.seen.looks, perf_counter()
        await rooms.until(lambda: len(rooms.chat.shown) == len(names))
        looks, took = rooms.seen.looks - before, perf_counter() - begun
    assert looks <= 2 + took / courier_module.LOOK_AGAIN_S, f"{looks} looks in {took:.1f} s"


async def test_a_free_slot_goes_at_once_to_a_room_that_waits_for_it(
        rooms: Rooms, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(courier_module, "LOOK_AGAIN_S", 60.0)
    rooms.chat.takes_s = lambda _room: 0.02
    await rooms.promise(*_many(3 * OF_ONE_WORKSPACE))
    async with running(rooms):
        await rooms.until(lambda: len(rooms.chat.shown) == 3 * OF_ONE_WORKSPACE)


async def test_a_room_that_had_nothing_to_say_says_the_next_thing_at_once(
        rooms: Rooms, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(courier_module, "LOOK_AGAIN_S", 60.0)
    rooms.says.now[1] = None
    rooms.chat.takes_s = lambda room: 0.3 if room == "slack:C1" else 0.0     # the courier is not idle meanwhile
    await rooms.promise("slack:C1", subject=3)
    for subject in (1, 2):
        await rooms.promise("slack:C2", subject=subject)
    async with running(rooms):
        await rooms.until(lambda: "slack:C2" in rooms.chat.rooms())
        assert "slack:C1" not in rooms.chat.rooms()


async def test_a_claim_takes_of_each_workspace_no_more_than_it_may(rooms: Rooms) -> None:
    await rooms.promise(*_many(5))
    rooms.clock.advance(seconds=1)
    await rooms.promise(*_many(3), workspace=OTHER)
    await rooms.promise("slack:C8", urgency=PAGE)
    within = Within(PAGE, left={MINE: 2}, each=1)
    async with rooms.store.begin() as session:
        turns = await outbox.claim(session, rooms.clock(), LEASE, 32, within)
        assert (turns[0].workspace, turns[0].room) == (MINE, "slack:C8")
        assert [turn.workspace for turn in turns[1:]] == [MINE, MINE, OTHER]
        assert await outbox.claim(session, rooms.clock(), LEASE, 32, Within(PAGE, only_urgent=True)) == []
        full = await outbox.claim(session, rooms.clock(), LEASE, 32, Within(PAGE, left={MINE: 0}))
        assert {turn.workspace for turn in full} == {OTHER}
        assert await outbox.claim(session, rooms.clock(), LEASE, 32, Within(shut=frozenset({MINE}))) == []


# ---- the service is away -------------------------------------------------------------------------------------


@pytest.mark.parametrize("in_doubt", [False, True], ids=["refused connections", "lost answers"])
async def test_a_minute_without_the_service_delays_everything_and_is_over_within_ten_seconds(
        rooms: Rooms, in_doubt: bool) -> None:
    everywhere = _many(200)
    rooms.chat.failure = lambda _room: SendFailed("away", in_doubt=in_doubt, down=True)
    await rooms.promise(*everywhere)
    async with running(rooms):
        await rooms.seconds(10)
        begun = rooms.chat.tries
        await rooms.seconds(50)
        assert rooms.chat.tries - begun <= 50, "it is not hammered while it is away"
        assert rooms.chat.shown == []
        rooms.chat.failure = lambda _room: None
        back = rooms.clock()
        await rooms.seconds(10)
        assert len(rooms.chat.shown) == 200
        await rooms.recorded()
    assert sorted(rooms.chat.rooms()) == everywhere, "each once"
    assert max(moment for moment, _, _ in rooms.chat.shown) - back <= timedelta(seconds=10)
    if not in_doubt:
        assert rooms.chat.looked_up == 0, "what was never sent need not be looked up"


async def test_pages_are_tried_though_the_service_seems_to_be_away(rooms: Rooms) -> None:
    broken = set(_many(20))
    rooms.chat.failure = lambda room: SendFailed("away", down=True) if room in broken else None
    await rooms.promise(*broken)
    async with running(rooms):
        await rooms.until(lambda: rooms.chat.tries >= 20)
        await rooms.promise("slack:C9", subject=9, urgency=PAGE)
        await rooms.until(lambda: rooms.chat.rooms() == ["slack:C9"], within_s=3)


async def test_a_service_that_hangs_is_probed_by_few(rooms: Rooms) -> None:
    everywhere = _many(60)
    rooms.chat.failure = lambda _room: SendFailed("away", down=True)
    await rooms.promise(*everywhere)
    async with running(rooms):
        await rooms.until(lambda: rooms.chat.tries >= 60)
        rooms.chat.hanging, rooms.chat.asked, before = set(everywhere), 0, rooms.chat.tries
        begun = perf_counter()
        await rooms.seconds(40)
        await asyncio.sleep(2.5)
        assert 1 <= rooms.chat.asked <= (perf_counter() - begun) / APART_S + 2, "by all rooms together one a second"
        assert rooms.chat.tries == before, "and no message"


async def test_that_a_token_works_again_is_promised_once_though_several_calls_show_it(
        database_url: str, clock: FrozenClock) -> None:
    async with rooms_on(database_url, clock) as rooms:
        object.__setattr__(rooms.outbox, "admins", frozenset({"slack:UADMIN"}))
        async with rooms.store.begin() as session:
            await limits.pause(session, MINE, "slack", EVERYTHING, clock(), clock(), lasting=True)
        async with rooms.store.begin() as session:  # whoever wants to tell the admin waits for this
            await outbox.promise(session, MINE, [Promise("slack:UADMIN", "note", 1)], [], clock())
            noticed = [asyncio.create_task(rooms.outbox.token_works(MINE)) for _ in range(3)]
            _, waiting = await asyncio.wait(noticed, timeout=0.3)
            assert len(waiting) == 3
        await asyncio.gather(*noticed)
        assert [post.wanted for post in await rooms.posts() if post.kind == TOKEN_BACK] == [1]


async def test_a_refused_token_is_asked_about_once_in_a_while_and_the_admins_hear_when_it_is_over(
        database_url: str, clock: FrozenClock, caplog: pytest.LogCaptureFixture) -> None:
    async with rooms_on(database_url, clock) as rooms:
        object.__setattr__(rooms.outbox, "admins", frozenset({"slack:UADMIN"}))
        refused = SendFailed("token_revoked", retry_after_s=300, limit=EVERYTHING)
        rooms.chat.failure = lambda _room: refused
        await rooms.promise(*_many(100))
        async with running(rooms):
            await rooms.until(lambda: rooms.chat.tries > 0)
            await rooms.seconds(10)
            begun = rooms.chat.tries
            assert begun <= OF_ONE_WORKSPACE + 8, "only what was on the way, then no more"
            await rooms.seconds(30, step=60)
            assert 4 <= rooms.chat.tries - begun <= 7, "one probe each five minutes"
            assert [record.levelname for record in caplog.records] == ["ERROR"], "one message"
            rooms.chat.failure = lambda _room: None
            await rooms.seconds(4, step=100)
        assert rooms.chat.rooms().count("slack:UADMIN") == 1
        assert all(post.given_up_at is None for post in await rooms.posts())


# ---- what dies on the way ------------------------------------------------------------------------------------


async def test_what_was_sent_is_recorded_though_the_database_is_away_for_a_while(
        rooms: Rooms, monkeypatch: pytest.MonkeyPatch) -> None:
    failures = 3
    begin = type(rooms.store).begin

    def unreliable(store: Any) -> Any:
        nonlocal failures
        if rooms.chat.shown and failures:
            failures -= 1
            raise OperationalError("SELECT", {}, Exception("the database went away"))
        return begin(store)

    await rooms.promise(*_many(5))
    monkeypatch.setattr(type(rooms.store), "begin", unreliable)
    monkeypatch.setattr(courier_module, "LOOK_AGAIN_S", 0.05)
    async with running(rooms):
        await rooms.recorded()
        rooms.clock.advance(seconds=LEASE.total_seconds() + 1)
        rooms.outbox.wake()
        await asyncio.sleep(0.1)
    assert failures == 0
    assert sorted(rooms.chat.rooms()) == _many(5)
    assert rooms.chat.looked_up == 0


async def test_a_bug_in_recording_one_does_not_lose_the_others(
        rooms: Rooms, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    recording = courier_module.Recording
    record = recording.record

    async def broken(self: Any, attempts: Any) -> None:
        if any(attempt.turn.room == "slack:C0002" for attempt in attempts):
            raise KeyError("a bug")
        await record(self, attempts)

    monkeypatch.setattr(recording, "record", broken)
    await rooms.promise(*_many(5))
    async with running(rooms):
        await rooms.until(lambda: len(rooms.chat.shown) == 5)
    kept = {post.room for post in await rooms.posts() if post.shown}
    assert kept == set(_many(5)) - {"slack:C0002"}
    assert "delivery to slack:C0002 failed" in caplog.text


async def test_of_a_batch_only_the_room_that_was_taken_over_is_not_recorded(rooms: Rooms) -> None:
    mine, taken = _many(2)
    rooms.chat.hanging = {mine, taken}
    await rooms.promise(mine, taken)
    sending = asyncio.create_task(rooms.outbox.deliver())
    await rooms.until(lambda: rooms.chat.tries == 2)
    async with rooms.store.begin() as session:      # as if this one's lease had run out
        await outbox.promise(session, MINE, [], [], rooms.clock())
        [turn] = await outbox.claim(session, rooms.clock() + LEASE, LEASE, 1)
        taken = turn.room
    rooms.chat.may_go_on.set()
    await sending
    posts = {post.room: post for post in await rooms.posts()}
    other = ({*_many(2)} - {taken}).pop()
    assert posts[other].shown == 1
    assert posts[taken].shown == 0
    assert posts[taken].message_id is not None, "the one thing that its new holder cannot know"


@pytest.mark.parametrize("step", ["composing", "sending", "recording"])
async def test_a_courier_that_dies_at_any_step_is_followed_by_one_that_says_it_once(
        rooms: Rooms, step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    reached, never = asyncio.Event(), asyncio.Event()

    async def stuck(*_args: Any) -> None:
        reached.set()
        await never.wait()

    class Stuck(type(rooms.says)):  # type: ignore[misc]
        compose = stuck

    await rooms.promise(*_many(3))
    dying = rooms.outbox
    if step == "composing":
        object.__setattr__(dying, "composer", Stuck())
    if step == "recording":
        monkeypatch.setattr(courier_module.Recording, "record", stuck)
    if step == "sending":
        rooms.chat.hanging = set(_many(3))
    task = asyncio.create_task(dying.run(asyncio.Event()))
    if step == "sending":
        await rooms.until(lambda: rooms.chat.tries == 3)
    else:
        await asyncio.wait_for(reached.wait(), 5)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    monkeypatch.undo()
    rooms.chat.hanging.clear()
    object.__setattr__(dying, "composer", rooms.says)
    shown = len(rooms.chat.shown)
    assert shown == (3 if step == "recording" else 0)
    assert await rooms.outbox.deliver() == 0, "the leases still run"
    rooms.clock.advance(seconds=LEASE.total_seconds())
    async with running(rooms):
        await rooms.recorded()
    expected = _many(3) * (2 if shown else 1)       # found, and edited to how things stand
    assert sorted(rooms.chat.rooms()) == sorted(expected)
    assert rooms.chat.looked_up == 3


async def test_when_told_to_end_it_finishes_what_is_on_the_wire_and_begins_nothing(rooms: Rooms) -> None:
    rooms.chat.hanging = {"slack:C0000"}
    await rooms.promise("slack:C0000")
    ending = asyncio.Event()
    task = asyncio.create_task(rooms.outbox.run(ending))
    await rooms.until(lambda: rooms.chat.tries == 1)
    ending.set()
    await rooms.promise("slack:C0001")
    await asyncio.sleep(0.1)
    assert not task.done()
    rooms.chat.may_go_on.set()
    await asyncio.wait_for(task, 5)
    posts = {post.room: post for post in await rooms.posts()}
    assert (posts["slack:C0000"].shown, posts["slack:C0001"].shown) == (1, 0)
    assert posts["slack:C0001"].doubt_since is None


async def test_a_card_whose_query_fails_breaks_no_other_of_its_batch(rooms: Rooms) -> None:
    from sqlalchemy import text

    class Says(type(rooms.says)):  # type: ignore[misc]
        async def compose(self, session: Any, post: Any, now: Any) -> Card | None:
            if post.room == "slack:C0001":
                await session.execute(text("SELECT no_such_column FROM post"))
            await session.execute(text("SELECT 1"))     # PostgreSQL refuses everything after a failure
            return Card("fine")

    object.__setattr__(rooms.outbox, "composer", Says())
    await rooms.promise(*_many(3))
    async with running(rooms):
        await rooms.until(lambda: len(rooms.chat.shown) == 2)
    assert sorted(rooms.chat.rooms()) == ["slack:C0000", "slack:C0002"]
    broken = next(post for post in await rooms.posts() if post.room == "slack:C0001")
    assert (broken.last_error, broken.doubt_since) == ("bug", None)

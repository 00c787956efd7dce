"""The channel's scheduled nudge on real databases: said once, from present state, kept up to date."""

import asyncio
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import delete

from handlers.chat.cards import Mention, Row, plain
from handlers.nudges import channel
from handlers.nudges.actions import Nudges
from storage import nudges, outbox, pilots
from storage.engine import Store
from storage.models import Item, ItemState, Nudge, Person, Pilot, PilotState, Post, RiskPoint
from storage.nudging import Told
from storage.outbox import Change
from tests.conftest import FrozenClock
from tests.features.mornings import (
    ANA,
    FRI,
    MON,
    SAM,
    THU,
    TUE,
    WED,
    Room,
    all_of,
    berlin,
    change,
    has,
    workspace,
)
from tests.rules.make import WORKSPACE, done, item, pilot, seat
from tests.rules.policies import policies

SAMS: dict[str, Any] = {"owner_id": SAM.id, "due_on": THU}


@pytest.fixture
def room(store: Store, clock: FrozenClock) -> Room:
    return Room(store, clock)


def week_one(**said: Any) -> Pilot:
    fields: dict[str, Any] = {"stage": "week_one", "kickoff_on": MON, "stage_entered_on": MON,
                              "nudge_at": berlin(MON, 9, 30)}
    return pilot(**(fields | said))


BRIEFING = {"role": "security", "stage": "week_one", "gate": "build", **SAMS}


async def test_a_channel_is_nudged_once_and_edited_in_place(store: Store, room: Room) -> None:
    await has(store, workspace(), SAM, ANA, week_one(), item("W1-01", id=1, **BRIEFING),
              item("W1-06", id=2, owner_id=ANA.id, due_on=MON), seat("security", "sam"), seat("engineering", "ana"))
    assert await room.sweep(berlin(MON, 9, 29)) == 0
    assert await room.sweep(berlin(MON, 9, 30)) == 1
    assert await room.sweep(berlin(MON, 9, 30)) == 0
    await room.deliver()
    assert "Security: @Sam · no slot yet" in room.says("slack:C1")
    [post] = await all_of(store, Post)
    assert (post.kind, post.room, post.pilot_id) == ("nudge", "slack:C1", 1)
    assert post.live_until == berlin(WED, 9, 30)        # the next nudge and a day
    [row] = await all_of(store, Pilot)
    assert row.nudge_at == berlin(TUE, 9, 30)
    await change(store, Item, 1, state=ItemState.DONE, closed_by=SAM.id, closed_at=berlin(MON, 10))
    await room.deliver()
    assert "✓ Security briefing held Mon 23 Nov, by Sam" in room.says("slack:C1")
    await change(store, Item, 2, state=ItemState.DONE, closed_by=ANA.id, closed_at=berlin(MON, 10))
    await room.deliver()
    assert room.says("slack:C1").startswith("Claims triage, Week one: nothing waits this week")
    assert len(room.shown["slack:C1"]) == 1


async def test_where_nothing_waits_nothing_is_posted_but_the_risk_is_noted(store: Store, room: Room) -> None:
    await has(store, workspace(), SAM, week_one(stage="build"), seat("engineering", "sam"),
              item(id=1, owner_id=SAM.id, due_on=date(2026, 11, 30)))
    assert await room.sweep(berlin(MON, 9, 30)) == 0
    assert await all_of(store, Nudge) == await all_of(store, Post) == []
    [row] = await all_of(store, Pilot)
    assert row.nudge_at == berlin(THU, 9, 30)
    [point] = await all_of(store, RiskPoint)
    assert (point.day, point.score) == (MON, row.risk)
    assert row.risk is not None
    assert row.risk > 0


@pytest.mark.parametrize(("woke_up", "promised", "next_at"), [
    (berlin(WED, 14), 1, berlin(THU, 9, 30)),
    (berlin(WED, 9, 5), 1, berlin(THU, 9, 30)),
    (berlin(WED, 22), 0, berlin(THU, 9, 30)),
    (berlin(date(2026, 11, 29), 11), 0, berlin(date(2026, 11, 30), 9, 30)),
])
async def test_a_channel_hears_once_after_days_off(store: Store, room: Room, woke_up: datetime, promised: int,
                                                   next_at: datetime) -> None:
    await has(store, workspace(), SAM, week_one(), item("W1-01", id=1, **BRIEFING))
    assert await room.sweep(woke_up) == promised
    assert await room.sweep(woke_up) == 0
    [row] = await all_of(store, Pilot)
    assert row.nudge_at == next_at


async def test_an_own_time_and_day_are_kept_and_a_holiday_moves_it(store: Store, room: Room) -> None:
    await has(store, workspace(), SAM, item("W1-01", id=1, **BRIEFING), week_one(
        stage="build", zone="America/New_York", country="US", nudge_later="mon,thu", nudge_time="08:15",
        nudge_at=datetime(2026, 11, 23, 13, 15, tzinfo=UTC)))
    assert await room.sweep(datetime(2026, 11, 23, 13, 15, tzinfo=UTC)) == 1
    [row] = await all_of(store, Pilot)
    assert row.nudge_at == datetime(2026, 11, 27, 13, 15, tzinfo=UTC)       # Thursday is Thanksgiving


async def test_a_new_nudge_shrinks_the_one_before_which_then_rests(store: Store, room: Room) -> None:
    await has(store, workspace(), SAM, week_one(), item("W1-01", id=1, **BRIEFING), seat("security", "sam"))
    await room.sweep(berlin(MON, 9, 30))
    await room.deliver()
    await room.sweep(berlin(TUE, 9, 30))
    await room.deliver()
    before, after = await all_of(store, Post)
    assert before.live_until == berlin(TUE, 9, 30)
    assert after.live_until == berlin(date(2026, 11, 26), 9, 30)
    async with store.begin() as session:
        done = await session.get(Item, 1)
        assert done is not None
        done.state, done.closed_by, done.closed_at = ItemState.DONE, SAM.id, berlin(TUE, 10)
        await session.flush()
        await outbox.promise(session, WORKSPACE, [], [Change(1)], berlin(TUE, 10))
    room.clock.now = berlin(TUE, 10)
    await room.deliver()
    monday, tuesday = (plain(card) for card in room.shown["slack:C1"])
    assert monday == "Mon 23 Nov: 0 of 1 done. Newer nudge below."      # and so it stays
    assert "✓ Security briefing held Tue 24 Nov, by Sam" in tuesday


async def test_a_pilot_paused_before_delivery_hears_nothing(store: Store, room: Room) -> None:
    await has(store, workspace(), SAM, week_one(), item("W1-01", id=1, **BRIEFING))
    assert await room.sweep(berlin(MON, 9, 30)) == 1
    await change(store, Pilot, 1, state=PilotState.PAUSED)
    await room.deliver()
    assert room.shown == {}


async def test_many_pilots_take_several_transactions(store: Store, room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channel, "PILOTS_AT_ONCE", 2)
    await has(store, workspace(), SAM, *(week_one(name=f"P{n}", id=n, room=f"slack:C{n}") for n in range(1, 6)),
              *(item("W1-01", id=n, pilot_id=n, **BRIEFING) for n in range(1, 6)))
    assert await room.sweep(berlin(MON, 9, 30)) == 5
    assert room.woken == 3
    await room.deliver()
    assert sorted(room.shown) == [f"slack:C{n}" for n in range(1, 6)]


async def test_where_the_newer_one_has_nothing_to_say_the_older_one_stays_whole(store: Store, room: Room) -> None:
    await has(store, workspace(), SAM, week_one(), item("W1-01", id=1, **BRIEFING), seat("security", "sam"))
    await room.sweep(berlin(MON, 9, 30))
    await room.deliver()
    await room.sweep(berlin(TUE, 9, 30))
    await change(store, Item, 1, state=ItemState.DONE, closed_by=SAM.id, closed_at=berlin(TUE, 9, 31))
    await room.deliver()
    [monday] = room.shown["slack:C1"]
    assert "✓ Security briefing held Tue 24 Nov, by Sam" in plain(monday)


# ---- never the same in the channel and in a direct message ---------------------------------------------------


async def told(store: Store) -> set[tuple[str, int, str]]:
    return {(row.person_id, row.item_id, row.step) for row in await all_of(store, Told)}


def digest_of(owner: Person, day: date) -> Nudge:
    made = Nudge(workspace_id=WORKSPACE, kind="digest", about=owner.id, day=day, made_at=berlin(day, 9))
    made.id = 77
    return made


async def test_a_mention_is_written_down_and_made_of_what_is_written(store: Store, room: Room) -> None:
    await has(store, workspace(), SAM, ANA, week_one(), item("W1-01", id=1, **BRIEFING),
              item("W1-06", id=2, owner_id=ANA.id, due_on=MON), item("W1-08", id=3, owner_id=SAM.id, due_on=MON))
    await room.sweep(berlin(MON, 9, 30))
    assert await told(store) == {(SAM.id, 1, "channel"), (SAM.id, 3, "channel")}     # Ana sleeps in New York
    await room.deliver()
    assert mentioned(room) == {SAM.id}
    assert "Engineering: Ana · due today" in room.says("slack:C1")
    async with store.begin() as session:
        await session.execute(delete(Told).where(Told.item_id == 3))
    await change(store, Item, 1, owner_id=ANA.id)
    await room.deliver()
    assert mentioned(room) == set()
    assert "Security: Ana" in room.says("slack:C1")


@pytest.mark.parametrize(("day", "expected"), [(MON, set()), (TUE, {(SAM.id, 1, "channel")})])
async def test_nobody_is_mentioned_for_what_their_digest_of_the_day_says(store: Store, room: Room, day: date,
                                                                         expected: set[Any]) -> None:
    await has(store, workspace(), SAM, week_one(), item("W1-01", id=1, **BRIEFING), digest_of(SAM, day),
              Told(workspace_id=WORKSPACE, person_id=SAM.id, item_id=1, pilot_id=1, nudge_id=77, step="introduce",
                   at=berlin(MON, 9)))
    await room.sweep(berlin(MON, 9, 30))
    assert await told(store) - {(SAM.id, 1, "introduce")} == expected
    await room.deliver()
    assert mentioned(room) == {who for who, _, _ in expected}
    assert "Security: " in room.says("slack:C1")


def mentioned(room: Room) -> set[str]:
    return {span.person for element in room.shown["slack:C1"][-1].elements if isinstance(element, Row)
            for each in element.lines for span in each if isinstance(span, Mention)}


# ---- the end of the week -----------------------------------------------------------------------------------


def on_time(ref: str, day: date, **said: Any) -> Item:
    return done(ref, **({"due_on": day, "closed_at": berlin(day, 12), "owner_id": SAM.id, "closed_by": SAM.id} | said))


RUN = [on_time("B-01", date(2026, 11, 18), id=91), on_time("B-02", WED, id=92, closed_by=ANA.id)]


async def test_friday_says_what_was_good_in_a_card_of_its_own(store: Store, room: Room) -> None:
    await has(store, workspace(), SAM, ANA, week_one(stage="build", nudge_at=berlin(FRI, 9, 30)), *RUN)
    assert await room.sweep(berlin(FRI, 9, 30)) == 1
    assert await room.sweep(berlin(FRI, 9, 30)) == 0
    await room.deliver()
    assert room.says("slack:C1") == ("Claims triage: good news\n★ This week: 2 weeks on time · thank you for helping, "
                                     "Ana (Title of B-02)")
    [row] = await all_of(store, Pilot)
    assert row.nudge_at == berlin(date(2026, 11, 30), 9, 30)
    async with store.begin() as session:        # set anew on the same day: it is not said again
        again = await session.get(Pilot, 1)
        assert again is not None
        again.nudge_at = berlin(FRI, 10)
    assert await room.sweep(berlin(FRI, 10)) == 0


async def test_on_a_nudges_day_it_is_part_of_the_nudge(store: Store, room: Room) -> None:
    await has(store, workspace(), SAM, ANA, week_one(nudge_at=berlin(FRI, 9, 30)), *RUN,
              item("W1-06", id=2, owner_id=SAM.id, due_on=FRI))
    assert await room.sweep(berlin(FRI, 9, 30)) == 1
    await room.deliver()
    assert "★ This week: 2 weeks on time" in room.says("slack:C1")
    assert "W1-06" in room.says("slack:C1")
    assert [nudge.kind for nudge in await all_of(store, Nudge)] == ["channel"]


@pytest.mark.parametrize("at", [berlin(THU, 9, 30), berlin(FRI, 9, 30)])
async def test_without_good_news_nothing_is_said(store: Store, room: Room, at: datetime) -> None:
    broken = [on_time("B-01", date(2026, 11, 18), id=91), item("B-02", id=92, due_on=WED, owner_id=None)]
    items = RUN if at == berlin(THU, 9, 30) else broken
    await has(store, workspace(), SAM, ANA, week_one(stage="build", nudge_at=at, nudge_later="mon",
                                                    nudge_content="roles"), seat("engineering", "sam"), *items)
    assert await room.sweep(at) == 0


async def test_a_policy_without_praise_says_none(store: Store, room: Room) -> None:
    room.nudges = Nudges(store, room.clock, room.wake, policies(is_praising=False))
    await has(store, workspace(), SAM, ANA, week_one(stage="build", nudge_at=berlin(FRI, 9, 30)), *RUN)
    assert await room.sweep(berlin(FRI, 9, 30)) == 0


# ---- several replicas: the overlap is forced, by a transaction held open ------------------------------------


@pytest.fixture
def shared(store: Store) -> Store:
    """A database that several replicas share."""
    if store.engine.dialect.name == "sqlite":
        pytest.skip("SQLite serves one process, and that writes in turn")
    return store


async def test_a_channel_another_replica_holds_is_left_to_it(shared: Store, room: Room) -> None:
    await has(shared, workspace(), SAM, week_one(), item("W1-01", id=1, **BRIEFING))
    async with shared.begin() as held:
        assert len(await nudges.due_pilots(held, berlin(MON, 9, 30), 10)) == 1
        assert await asyncio.wait_for(room.sweep(berlin(MON, 9, 30)), 5) == 0
    assert await room.sweep(berlin(MON, 9, 30)) == 1


async def test_where_a_digest_is_at_an_item_its_owner_is_not_mentioned(shared: Store, room: Room) -> None:
    await has(shared, workspace(), SAM, week_one(), item("W1-01", id=1, **BRIEFING))
    async with shared.begin() as digest:
        await digest.get(Item, 1, with_for_update=True)
        assert await asyncio.wait_for(room.sweep(berlin(MON, 9, 30)), 5) == 1
    assert await told(shared) == set()
    await room.deliver()
    assert "Security: Sam" in room.says("slack:C1")
    assert not mentioned(room)


async def test_a_digest_waits_for_no_action_on_the_pilot_it_speaks_of(shared: Store, room: Room) -> None:
    await has(shared, workspace(), SAM, week_one(), item("W1-01", id=1, **BRIEFING), digest_of(SAM, MON))
    async with shared.begin() as action:
        assert await pilots.locked(action, WORKSPACE, 1) is not None

        async def tell() -> None:
            async with shared.begin() as digest:
                digest.add(Told(workspace_id=WORKSPACE, person_id=SAM.id, item_id=1, pilot_id=1, nudge_id=77,
                                step="due", at=berlin(MON, 9)))
        await asyncio.wait_for(tell(), 5)
    assert await told(shared) == {(SAM.id, 1, "due")}


async def test_two_replicas_make_one_nudge(shared: Store, room: Room) -> None:
    await has(shared, workspace(), SAM, week_one(), item("W1-01", id=1, **BRIEFING))
    room.clock.now = berlin(MON, 9, 30)
    async with shared.begin() as other:
        assert await room.nudges.channels.batch(other, room.clock()) == 1
        assert await asyncio.wait_for(room.sweep(berlin(MON, 9, 30)), 5) == 0
    assert await room.sweep(berlin(MON, 9, 30)) == 0
    assert len(await all_of(shared, Nudge)) == len(await all_of(shared, Post)) == 1
    assert await told(shared) == {(SAM.id, 1, "channel")}

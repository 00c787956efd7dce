"""The channel's scheduled nudge on real databases: said once, from present state, kept up to date."""

import asyncio
from datetime import UTC, date, datetime
from typing import Any

import pytest

from handlers.chat.cards import plain
from handlers.nudges import channel
from storage import nudges, outbox
from storage.engine import Store
from storage.models import Item, ItemState, Nudge, Pilot, PilotState, Post, RiskPoint
from storage.outbox import Change
from tests.conftest import FrozenClock
from tests.features.mornings import (
    ANA,
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
from tests.rules.make import WORKSPACE, item, pilot, seat

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
    assert "✓ Done, by Sam: Title of W1-01" in room.says("slack:C1")
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


async def test_an_own_time_and_day_are_kept_and_holidays_skipped(store: Store, room: Room) -> None:
    await has(store, workspace(), SAM, item("W1-01", id=1, **BRIEFING), week_one(
        stage="build", zone="America/New_York", country="US", nudge_later="mon,thu", nudge_time="08:15",
        nudge_at=datetime(2026, 11, 23, 13, 15, tzinfo=UTC)))
    assert await room.sweep(datetime(2026, 11, 23, 13, 15, tzinfo=UTC)) == 1
    [row] = await all_of(store, Pilot)
    assert row.nudge_at == datetime(2026, 11, 30, 13, 15, tzinfo=UTC)       # Thursday is Thanksgiving


async def test_a_new_nudge_lets_the_one_before_rest(store: Store, room: Room) -> None:
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
    assert "Security: @Sam" in monday
    assert "✓ Done, by Sam" in tuesday


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

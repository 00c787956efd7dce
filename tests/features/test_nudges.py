"""The morning's sweep on real databases: said once, to whom it concerns, from present state."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from handlers.chat.cards import Card, plain
from handlers.nudges import sweep
from storage.engine import Store
from storage.models import Item, ItemState, Nudge, Person, PilotState, Post
from storage.nudging import Told
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
    counted,
    has,
    workspace,
)
from tests.rules.make import WORKSPACE, item, person, pilot

SAMS: dict[str, Any] = {"owner_id": SAM.id, "due_on": THU}


@pytest.fixture
def room(store: Store, clock: FrozenClock) -> Room:
    return Room(store, clock)


# ---- digests -----------------------------------------------------------------------------------------------


async def test_a_digest_is_promised_once_on_the_owners_morning(store: Store, room: Room) -> None:
    await has(store, workspace(), SAM, ANA, pilot(), item(id=1, **SAMS, next_at=berlin(MON, 9, 30)),
              item("B-03", id=2, **SAMS, next_at=berlin(MON, 9, 30)),
              item("B-04", id=3, owner_id=ANA.id, due_on=THU, next_at=berlin(MON, 15, 30)))
    assert await room.sweep(berlin(MON, 9, 29)) == 0
    assert await room.sweep(berlin(MON, 9, 30)) == 1
    assert room.woken == 1
    assert await room.sweep(berlin(MON, 9, 30)) == 0
    assert await room.sweep(berlin(MON, 12)) == 0
    assert room.woken == 1
    [post] = await all_of(store, Post)
    [nudge] = await all_of(store, Nudge)
    assert (post.room, post.kind, post.subject_id, post.wanted) == (SAM.id, "digest", nudge.id, 1)
    assert post.live_until == berlin(WED, 1) - timedelta(hours=1)  # and who acts on it on Tuesday sees that
    assert (nudge.about, nudge.day) == (SAM.id, MON)
    assert [(told.person_id, told.item_id, told.step, told.nudge_id, told.at) for told in await all_of(store, Told)] == [
        (SAM.id, each, "plan_prompt", nudge.id, berlin(MON, 9, 30)) for each in (1, 2)]
    assert [(each.step, each.step_on, each.next_at) for each in await all_of(store, Item)] == [
        ("plan_prompt", MON, berlin(THU, 9, 30)), ("plan_prompt", MON, berlin(THU, 9, 30)),
        (None, None, berlin(MON, 15, 30))]
    assert await room.sweep(berlin(MON, 15, 30)) == 1       # 09:30 in New York
    assert {post.room for post in await all_of(store, Post)} == {SAM.id, ANA.id}


@pytest.mark.parametrize(("woke_up", "promised", "next_at"), [
    (berlin(WED, 14), 1, berlin(THU, 9, 30)),           # said once, not once a day missed
    (berlin(WED, 9, 10), 0, berlin(WED, 9, 30)),        # a little early: at the usual time
    (berlin(WED, 8), 0, berlin(WED, 9, 30)),
    (berlin(WED, 20), 0, berlin(THU, 9, 30)),
    (berlin(date(2026, 11, 28), 11), 0, berlin(date(2026, 11, 30), 9, 30)),     # Saturday
    (berlin(date(2026, 12, 25), 11), 0, berlin(date(2026, 12, 28), 9, 30)),     # Christmas
])
async def test_after_days_off_the_right_thing_is_said_once(store: Store, room: Room, woke_up: datetime,
                                                           promised: int, next_at: datetime) -> None:
    await has(store, workspace(), SAM, pilot(), item(id=1, **SAMS, next_at=berlin(FRI, 9, 30) - timedelta(days=7)),
              item("B-03", id=2, owner_id=SAM.id, due_on=date(2026, 11, 20), next_at=berlin(MON, 9, 30)))
    assert await room.sweep(woke_up) == promised
    assert await room.sweep(woke_up) == 0
    assert [each.next_at for each in await all_of(store, Item)] == [next_at, next_at]
    assert len(await all_of(store, Post)) == promised


@pytest.mark.parametrize(("row", "next_at"), [
    (person("sam", quiet_until=THU), berlin(THU, 9, 30)),
    (person("sam", away_until=WED), berlin(TUE, 9, 30)),          # and nobody is there to stand in
    (person("sam", is_active=False), berlin(TUE, 9, 30)),
    (person("sam", zone="Mars/Olympus"), datetime(2026, 11, 23, 9, 30, tzinfo=UTC)),     # as UTC, where it is 08:40
])
async def test_who_is_away_or_quiet_gets_no_digest(store: Store, room: Room, row: Person, next_at: datetime) -> None:
    await has(store, workspace(), row, pilot(), item(id=1, **SAMS, next_at=berlin(MON, 9, 30)))
    assert await room.sweep(berlin(MON, 9, 40)) == 0
    [kept] = await all_of(store, Item)
    assert kept.next_at == next_at


async def test_a_paused_pilot_and_an_owner_nobody_knows_stop_no_sweep(store: Store, room: Room) -> None:
    await has(store, workspace(), SAM, pilot(state=PilotState.PAUSED), pilot("Search", id=2),
              item(id=1, **SAMS, next_at=berlin(MON, 9, 30)),
              item("B-03", id=2, pilot_id=2, owner_id="slack:UGHOST", due_on=THU, next_at=berlin(MON, 9, 30)),
              item("B-04", id=3, pilot_id=2, **SAMS, next_at=berlin(MON, 9, 30)))
    assert await room.sweep(berlin(MON, 9, 30)) == 1
    assert [each.next_at for each in await all_of(store, Item)] == [None, berlin(TUE, 9, 30), berlin(THU, 9, 30)]
    await room.deliver()
    assert "Title of B-04" in room.says(SAM.id)


async def test_a_digest_is_edited_as_things_get_done(store: Store, room: Room) -> None:
    await has(store, workspace(), SAM, ANA, pilot(), item("B-02", id=1, owner_id=SAM.id, due_on=MON, next_at=berlin(MON, 9, 30)),
              item("B-03", id=2, **SAMS, next_at=berlin(MON, 9, 30)))
    await room.sweep(berlin(MON, 9, 30))
    await room.deliver()
    assert "2 things wait for you" in room.says(SAM.id)
    room.clock.now = berlin(MON, 10)
    await change(store, Item, 1, state=ItemState.DONE, closed_by=ANA.id, closed_at=berlin(MON, 10))
    await room.deliver()
    assert "This waits for you: Title of B-03" in room.says(SAM.id)
    assert "✓ Done, by Ana: Title of B-02 (Claims triage)" in room.says(SAM.id)
    await change(store, Item, 2, state=ItemState.DONE, closed_by=SAM.id, closed_at=berlin(MON, 10))
    await room.deliver()
    assert room.says(SAM.id).startswith("Nothing from this morning waits for you any more")
    assert "✓ Done, by you: Title of B-03 (Claims triage)" in room.says(SAM.id)
    assert len(room.shown[SAM.id]) == 1


@pytest.mark.parametrize("said", [
    {"state": ItemState.DONE}, {"plan_on": THU}, {"blocked_at": berlin(MON, 9)}, {"owner_id": ANA.id}])
async def test_a_digest_with_nothing_left_to_do_is_never_sent(store: Store, room: Room, said: Any) -> None:
    await has(store, workspace(), SAM, ANA, pilot(), item(id=1, **SAMS, next_at=berlin(MON, 9, 30)))
    assert await room.sweep(berlin(MON, 9, 30)) == 1
    await change(store, Item, 1, **said)
    await room.deliver()
    assert SAM.id not in room.shown


async def test_a_digest_held_up_until_the_evening_is_left_to_the_next_morning(store: Store, room: Room) -> None:
    await has(store, workspace(), SAM, pilot(), item(id=1, **SAMS, next_at=berlin(MON, 9, 30)))
    await room.sweep(berlin(MON, 9, 30))
    room.clock.now = berlin(MON, 21)
    await room.deliver()
    assert room.shown == {}
    assert await room.morning(TUE) == 0, "it is the same message, said a day later"
    assert len(room.shown[SAM.id]) == 1


async def test_many_items_take_several_transactions_and_make_one_digest(
        store: Store, room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweep, "ITEMS_AT_ONCE", 3)
    await has(store, workspace(), SAM, ANA, pilot(), *(
        item(f"B-{n:02}", id=n, owner_id=ANA.id if n == 4 else SAM.id, due_on=THU, next_at=berlin(MON, 9, 30)) for n in range(1, 8)))
    await room.sweep(berlin(MON, 15, 45))
    told = await all_of(store, Told)
    assert {who: [each.item_id for each in told if each.person_id == who] for who in (SAM.id, ANA.id)} == {
        SAM.id: [1, 2, 3, 5, 6, 7], ANA.id: [4]}
    await room.deliver()
    assert "6 things wait for you" in room.says(SAM.id)
    assert len(room.shown[SAM.id]) == 1


async def test_a_sweeps_cost_follows_what_is_due_not_how_many_people_it_concerns(store: Store, room: Room) -> None:
    crowd = [person(f"p{n}") for n in range(200)]
    await has(store, workspace(), *crowd, pilot(), *(
        item(f"B-{n}", id=n + 1, owner_id=crowd[n % 200].id, due_on=THU, next_at=berlin(MON, 9, 30)) for n in range(400)))
    with counted(store) as statements:
        assert await room.sweep(berlin(MON, 9, 30)) == 200
    assert len(statements) < 25, statements
    with counted(store) as statements:
        assert await room.sweep(berlin(MON, 9, 31)) == 0
    assert len(statements) == 2


async def test_no_workspace_sees_into_another(store: Store, room: Room) -> None:
    other = "slack:T2"
    await has(store, workspace(), workspace(other), SAM, person("sam", "Samira", workspace_id=other),
              pilot(), pilot("Search", id=2, workspace_id=other),
              item(id=1, **SAMS, next_at=berlin(MON, 9, 30)),
              item("B-03", id=2, **SAMS, pilot_id=2, workspace_id=other, next_at=berlin(MON, 9, 30)))
    assert await room.sweep(berlin(MON, 9, 30)) == 2
    found = {nudge.workspace_id: nudge for nudge in await all_of(store, Nudge)}
    assert {told.workspace_id: told.item_id for told in await all_of(store, Told)} == {WORKSPACE: 1, other: 2}
    async with store.reading() as session:
        mine = await room.nudges.compose_digest(session, other, found[other].id, room.clock())
        assert isinstance(mine, Card)
        assert "Title of B-03" in plain(mine)
        assert await room.nudges.compose_digest(session, WORKSPACE, found[other].id, room.clock()) is None

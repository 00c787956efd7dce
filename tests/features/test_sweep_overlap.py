"""Several replicas sweep the same morning: the overlap is forced, by a transaction held open."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from handlers.nudges import sweep
from storage import nudges
from storage.engine import Store
from storage.models import Item, ItemState, Lane, Nudge, Post
from storage.nudging import Told
from tests.conftest import FrozenClock
from tests.features.mornings import MON, POLICIES, SAM, THU, Room, all_of, berlin, has, workspace
from tests.rules.make import WORKSPACE, item, pilot

SAMS: dict[str, Any] = {"owner_id": SAM.id, "due_on": THU}


@pytest.fixture
def room(store: Store, clock: FrozenClock) -> Room:
    return Room(store, clock)


async def told_of(store: Store) -> list[int]:
    return sorted(told.item_id for told in await all_of(store, Told))


@pytest.fixture
def shared(store: Store) -> Store:
    """A database that several replicas share."""
    if store.engine.dialect.name == "sqlite":
        pytest.skip("SQLite serves one process, and that writes in turn")
    return store


async def test_what_another_replica_holds_is_left_to_it(shared: Store, room: Room) -> None:
    await has(shared, workspace(), SAM, pilot(), item(id=1, **SAMS, next_at=berlin(MON, 9, 30)))
    async with shared.begin() as held:
        assert len(await nudges.due_items(held, berlin(MON, 9, 30), 10)) == 1
        assert await asyncio.wait_for(room.sweep(berlin(MON, 9, 30)), 5) == 0
    assert await room.sweep(berlin(MON, 9, 30)) == 1


async def test_a_sweep_waits_for_nobody_who_holds_one_of_a_persons_items(shared: Store, room: Room) -> None:
    await has(shared, workspace(), SAM, pilot(), *(
        item(f"B-0{n}", id=n, **SAMS, next_at=berlin(MON, 9, 30)) for n in (1, 2)))
    async with shared.begin() as action:
        await action.get(Item, 2, with_for_update=True)
        assert await asyncio.wait_for(room.sweep(berlin(MON, 9, 30)), 5) == 1
    assert await told_of(shared) == [1]
    assert await room.sweep(berlin(MON, 9, 31)) == 1
    assert await told_of(shared) == [1, 2]
    assert len(await all_of(shared, Nudge)) == 1


async def _without_the_rest(_session: AsyncSession, due: Sequence[Item], _now: datetime) -> list[Item]:
    return list(due)


async def test_two_replicas_that_share_a_persons_items_make_one_digest(
        shared: Store, room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    await has(shared, workspace(), SAM, pilot(), *(
        item(f"B-0{n}", id=n, **SAMS, next_at=berlin(MON, 9, 30)) for n in (1, 2)))
    async with shared.begin() as other:
        # The other replica took item 1, opened the morning and has not committed yet.
        monkeypatch.setattr(sweep, "ITEMS_AT_ONCE", 1)
        monkeypatch.setattr(nudges, "with_the_rest", _without_the_rest)
        await sweep.batch(other, berlin(MON, 9, 30), sweep.Rules(POLICIES))
        mine = asyncio.create_task(room.sweep(berlin(MON, 9, 30)))
        done, _ = await asyncio.wait({mine}, timeout=0.5)
        assert not done, "it must wait for the morning the other one opened"
    assert await asyncio.wait_for(mine, 5) == 1
    assert await told_of(shared) == [1, 2]
    [nudge] = await all_of(shared, Nudge)
    [post] = await all_of(shared, Post)
    assert post.subject_id == nudge.id


async def test_an_action_that_settles_an_item_meanwhile_wins(shared: Store, room: Room) -> None:
    await has(shared, workspace(), SAM, pilot(), item(id=1, **SAMS, next_at=berlin(MON, 9, 30)))
    async with shared.begin() as action:
        row = await action.get(Item, 1, with_for_update=True)
        assert row is not None
        row.state, row.next_at = ItemState.DONE, None
        await action.flush()
        assert await asyncio.wait_for(room.sweep(berlin(MON, 9, 30)), 5) == 0
    assert await room.sweep(berlin(MON, 9, 30)) == 0
    [kept] = await all_of(shared, Item)
    assert kept.next_at is None


async def test_a_sweep_waits_for_a_lane_another_transaction_speaks_to(shared: Store, room: Room) -> None:
    await has(shared, workspace(), SAM, pilot(), item(id=1, **SAMS, next_at=berlin(MON, 9, 30)),
              Lane(workspace_id=WORKSPACE, room=SAM.id))
    async with shared.begin() as action:
        await action.get(Lane, (WORKSPACE, SAM.id), with_for_update=True)
        mine = asyncio.create_task(room.sweep(berlin(MON, 9, 30)))
        done, _ = await asyncio.wait({mine}, timeout=0.5)
        assert not done
    assert await asyncio.wait_for(mine, 5) == 1

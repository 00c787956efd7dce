"""Waivers: a gate may be passed without an item for a while, with a reason; then it is open again by itself."""

import asyncio
from datetime import date

import pytest
from sqlalchemy import select

from handlers.pilots.items import Items
from storage.models import AuditEntry, ItemState
from tests.doors.hands import FEW, ROOM, Held, change_items, item, pilot, rows, settle_gate, trail
from tests.doors.steps import kept
from tests.world import World

LATE = "the interface team is away"


def items_of(world: World) -> Items:
    return world.parts.desk.tools.items


async def test_a_waiver_opens_the_gate_until_its_last_day_and_every_view_says_so(world: World) -> None:
    await world.new_pilot(**FEW)
    await settle_gate(world, "week_one", world.clock())
    await change_items(world, ["IN-06"], state=ItemState.OPEN, closed_at=None, closed_by=None, evidence=None)
    assert "Still open: IN-06" in await world.type("priya", "/pilot gate pass", ROOM)
    said = await world.type("marta", f"/pilot waive in-06 until fri {LATE}", ROOM)
    assert "◇ waived until Fri 27 Nov" in said
    assert f"IN-06 waived until Fri 27 Nov: {LATE}" in said, "the last change, with its reason"
    waived = await item(world, "IN-06")
    assert (waived.state, waived.waived_until) == (ItemState.WAIVED, date(2026, 11, 27))
    assert "1 waived" in await world.type("priya", "/pilot status", ROOM)
    assert "Week one (stage 2 of 7)" in await world.type("priya", "/pilot gate pass", ROOM)


async def test_on_the_day_after_the_item_is_open_again_by_the_clock_once(world: World) -> None:
    await world.new_pilot(**FEW)
    await world.type("marta", f"/pilot waive w1-06 until fri {LATE}", ROOM)
    world.clock.now = world.clock.now.replace(day=27, hour=23, minute=59)
    assert await items_of(world).end_waivers() == 0, "in London it is still Friday"
    before = (await rows(world, select(AuditEntry)))[-1]
    world.clock.advance(minutes=2)
    assert await asyncio.gather(items_of(world).end_waivers(), items_of(world).end_waivers()) in ([1, 0], [0, 1])
    assert await items_of(world).end_waivers() == 0
    again = await item(world, "W1-06")
    assert (again.state, again.waived_until, again.closed_by) == (ItemState.OPEN, None, None)
    assert again.next_at is not None, "its owner hears of it again"
    new = await rows(world, select(AuditEntry).where(AuditEntry.id > before.id))
    assert [(each.what, each.subject, each.actor, each.door) for each in new] == [
        ("waiver ran out", "W1-06", "clock", "clock")]
    assert "W1-06 open again, its waiver ran out" in await world.type("priya", "/pilot history", ROOM)


async def test_a_waiver_that_runs_out_is_nobodys_activity(world: World) -> None:
    await world.new_pilot(**FEW)
    await world.type("marta", f"/pilot waive in-06 until mon {LATE}", ROOM)
    before = (await pilot(world)).last_activity_at
    world.clock.advance(days=9)
    assert await items_of(world).end_waivers() == 1
    assert (await pilot(world)).last_activity_at == before


async def test_in_a_paused_pilot_a_waiver_waits_and_what_was_reopened_meanwhile_stays(world: World) -> None:
    await world.new_pilot(**FEW)
    await world.type("marta", f"/pilot waive in-06 until tue {LATE}", ROOM)
    await world.type("marta", f"/pilot waive in-08 until tue {LATE}", ROOM)
    await world.type("priya", "/pilot reopen in-08 we need it after all", ROOM)
    await world.type("marta", "/pilot pause budget round", ROOM)
    world.clock.advance(days=3)
    before = await kept(world)
    assert await items_of(world).end_waivers() == 0
    assert await kept(world) == before
    await world.type("marta", "/pilot resume", ROOM)
    assert await items_of(world).end_waivers() == 1


async def test_a_sweep_that_waits_for_the_pilot_sees_what_was_done_meanwhile(world: World) -> None:
    if world.parts.store.engine.dialect.name == "sqlite":
        pytest.skip("SQLite serves one process, and that writes in turn")
    await world.new_pilot(**FEW)
    await world.type("marta", f"/pilot waive in-06 until tue {LATE}", ROOM)
    world.clock.advance(days=3)
    async with Held(world) as held:
        ending = asyncio.create_task(items_of(world).end_waivers())
        done, _ = await asyncio.wait({ending}, timeout=0.3)
        assert not done
        await change_items(world, ["IN-06"], state=ItemState.DONE)
        await held.release()
    assert await asyncio.wait_for(ending, 5) == 0
    assert (await item(world, "IN-06")).state is ItemState.DONE


@pytest.mark.parametrize(("who", "line", "says"), [
    ("marta", "in-06 until 20 nov late", "is in the past"),
    ("marta", "in-06 until 2027-01-15 late", "A waiver runs for 30 working days at most: give a day up to"),
    ("marta", "in-06 until fri", "Say why"),
    ("tom", "in-06 until fri late", "can waive this. Ask"),
    ("priya", "in-02 until fri late", "This is your own work or request, so somebody else has to waive this"),
    ("marta", "w1-02 until fri late", "This belongs to the safety floor. Only the owner or one of its approvers can "
                                      "waive this. Ask Jonas Brandt."),
])
async def test_what_cannot_be_waived_says_why_and_who_can(world: World, who: str, line: str, says: str) -> None:
    await world.new_pilot(**FEW)
    await change_items(world, ["IN-02"], owner_id=f"slack:{world.sandbox.user_id('priya')}")
    before = await kept(world)
    assert says in await world.type(who, f"/pilot waive {line}", ROOM)
    assert await kept(world) == before


async def test_the_safety_floor_is_waived_by_its_own_function_only(world: World) -> None:
    """Also where it was handed to somebody else: they do it, they cannot set it aside."""
    await world.new_pilot(**FEW)
    await world.type("priya", "/pilot assign w1-02 @omar", ROOM)
    assert "only whoever is Legal here can waive it, not somebody it was handed to. Ask Jonas Brandt." in (
        await world.type("omar", "/pilot waive w1-02 until fri no time", ROOM))
    assert "◇ waived until" in await world.type("jonas", "/pilot waive w1-02 until fri counsel has agreed", ROOM)
    assert ("item waived", "W1-02", "jonas") in await trail(world)


async def test_what_is_waived_says_by_whom_until_when_to_whoever_would_do_it(world: World) -> None:
    await world.new_pilot(**FEW)
    await world.type("marta", f"/pilot waive in-06 until fri {LATE}", ROOM)
    said = await world.type("priya", "/pilot done in-06 it is there", ROOM)
    assert said.startswith("IN-06 was waived until Fri 27 Nov, by Marta Keller on Mon 23 Nov.")

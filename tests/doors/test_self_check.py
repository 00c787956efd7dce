"""Nudges that do not help come half as often: found once a week, told to the lead, taken back when they help again."""

import asyncio
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import select, update

from handlers.nudges.self_check import SelfChecks
from storage.models import AuditEntry, Nudge, Person, Pilot, PilotState
from storage.nudging import Told
from tests.doors.hands import ROOM, calm, item, pilot, posts, rows
from tests.world import TEAM, World

FEW = {"engineering": "sam", "legal": "jonas"}
NOW = datetime(2026, 12, 14, 10, 0, tzinfo=UTC)
"""A Monday morning, three weeks on."""


def checks(world: World) -> SelfChecks:
    return world.parts.desk.tools.self_checks


async def nudged(world: World, helped: int, of: int, *, first: date = date(2026, 12, 1), step: str = "due",
                 is_copy: bool = False) -> None:
    """Sam was told `of` times, on working days from `first` on; he acted the same day `helped` times."""
    it, sam = await item(world, "W1-06"), f"slack:{world.sandbox.user_id('sam')}"
    async with world.parts.store.begin() as session:
        for number in range(of):
            day = first + timedelta(days=number % 4)
            at = datetime(day.year, day.month, day.day, 9, 30, number % 60, number, tzinfo=UTC)
            nudge = Nudge(workspace_id=TEAM, kind="digest", about=f"{sam}:{step}:{first}:{number}", day=day, made_at=at)
            session.add(nudge)
            await session.flush()
            session.add(Told(workspace_id=TEAM, person_id=sam, item_id=it.id, pilot_id=it.pilot_id, nudge_id=nudge.id,
                             step=step, at=at, is_copy=is_copy,
                             acted_at=at + timedelta(hours=1) if number < helped else None))


async def begin(world: World) -> None:
    await world.new_pilot(**FEW)
    world.clock.now = NOW


async def check(world: World) -> int:
    changed = await checks(world).sweep()
    await calm(world)
    return changed


def told_to(world: World, who: str = "priya") -> str:
    return world.all_text(world.sandbox.dm_id(world.sandbox.user_id(who)), who)


async def entries(world: World, what: str) -> list[AuditEntry]:
    return await rows(world, select(AuditEntry).where(AuditEntry.what == what))


async def test_too_few_that_help_halve_the_pilots_nudges_and_the_lead_hears_which_wording_fails(world: World) -> None:
    await begin(world)
    await nudged(world, 4, 10)
    await nudged(world, 1, 12, step="overdue")
    assert await check(world) == 1
    halved = await pilot(world)
    assert (halved.halved_on, halved.checked_on) == (date(2026, 12, 14), date(2026, 12, 14))
    [entry] = await entries(world, "nudges halved")
    assert (entry.actor, entry.door) == ("clock", "clock")
    assert entry.after == {"acted_on": 5, "nudges": 22, "working_days": 20,
                           "steps": {"due": [4, 10], "overdue": [1, 12]}}
    said = told_to(world)
    assert "My nudges about Claims triage come half as often now: 23 % were acted on" in said
    assert "Weakest wording: the one that *says that it was due*" in said
    assert "made the nudges half as frequent" in await world.type("priya", "/pilot history", ROOM)
    assert "How my nudges help" in await world.type("priya", "/pilot why", ROOM)


async def test_it_is_looked_at_once_a_week_and_by_one_replica(world: World) -> None:
    await begin(world)
    await nudged(world, 0, 25)
    assert sorted(await asyncio.gather(*(checks(world).sweep() for _ in range(4)))) == [0, 0, 0, 1]
    assert await check(world) == 0
    assert len(await posts(world, "self-check")) == 1
    await nudged(world, 20, 20, first=date(2026, 12, 15))
    world.clock.now = NOW + timedelta(days=6)
    assert await check(world) == 0
    assert (await pilot(world)).checked_on == date(2026, 12, 14)


async def test_once_enough_help_again_they_come_as_before_and_the_lead_hears_that(world: World) -> None:
    await begin(world)
    await nudged(world, 0, 25)
    assert await check(world) == 1
    await nudged(world, 4, 10, first=date(2026, 12, 15))
    world.clock.now = NOW + timedelta(days=8)
    assert await check(world) == 1
    assert (await pilot(world)).halved_on is None
    assert "come as often as before: 40 % were acted on" in told_to(world)
    assert "come half as often now" in told_to(world), "what was said then still stands"
    [entry] = await entries(world, "nudges as before")
    assert entry.after["nudges"] == 10, "only what was said since counts"


async def test_few_nudges_copies_and_what_is_older_than_the_window_conclude_nothing(world: World) -> None:
    await begin(world)
    await nudged(world, 0, 19)
    await nudged(world, 0, 20, is_copy=True, first=date(2026, 12, 7))
    await nudged(world, 0, 20, step="L1", first=date(2026, 12, 7))
    await nudged(world, 0, 30, first=date(2026, 10, 20))
    assert await check(world) == 0
    assert (await pilot(world)).checked_on == date(2026, 12, 14)
    assert (await pilot(world)).halved_on is None
    assert await posts(world, "self-check") == []


async def test_at_night_nobody_is_told_and_nothing_changes_until_the_lead_may_hear_it(polite: World) -> None:
    world = polite
    await begin(world)
    await nudged(world, 0, 25)
    world.clock.now = NOW.replace(hour=20)
    assert await check(world) == 0
    assert (await pilot(world)).checked_on is None
    world.clock.now = NOW.replace(day=15)
    assert await check(world) == 1


async def test_a_pilot_that_does_not_run_is_left_alone(world: World) -> None:
    await begin(world)
    await nudged(world, 0, 25)
    async with world.parts.store.begin() as session:
        await session.execute(update(Pilot).values(state=PilotState.PAUSED))
    assert await check(world) == 0
    assert (await pilot(world)).checked_on is None


async def test_whatever_anybody_does_about_an_item_counts_for_what_was_said_of_it(world: World) -> None:
    await begin(world)
    await nudged(world, 0, 3, first=date(2026, 12, 14))
    await nudged(world, 1, 1, step="overdue", first=date(2026, 12, 1))
    before = (await rows(world, select(Told).where(Told.step == "overdue")))[0].acted_at
    await world.type("priya", "/pilot due w1-06 18 dec the vendor slipped", ROOM)
    acted = await rows(world, select(Told).where(Told.step == "due"))
    assert all(row.acted_at is not None for row in acted)
    assert (await rows(world, select(Told).where(Told.step == "overdue")))[0].acted_at == before, "the first time counts"


async def test_a_report_is_there_for_whoever_asks(world: World) -> None:
    await begin(world)
    said = await world.type("omar", "/pilot report nudges", ROOM)
    assert "Claims triage: no nudge yet whose working day is over" in said
    assert "With fewer than 20 nudges this says little yet" in said
    await nudged(world, 9, 21)
    async with world.parts.store.begin() as session:
        await session.execute(update(Person).where(Person.id == f"slack:{world.sandbox.user_id('sam')}")
                              .values(quiet_until=date(2026, 12, 18)))
    said = await world.type("omar", "/pilot report nudges claims triage", "general")
    assert "Claims triage: 43 % of nudges were acted on within a working day" in said
    assert "9 of 21 nudges in 20 working days" in said
    assert "one person is on quiet now" in said
    assert "/pilot report nudges" in await world.type("omar", "/pilot report", ROOM)

"""The stage for decisions: a pilot whose item went up the ladder, and the sweep that asks the sponsor."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import select

from handlers.nudges.decisions import Decisions
from storage import outbox, pilots
from storage.models import Item, Nudge
from storage.nudging import Decision, Told
from tests.doors.hands import ROOM, calm, change_items, item, rows
from tests.world import TEAM, World

FEW = {"engineering": "sam", "legal": "jonas", "data": "lena"}
LATE = "W1-06"
"""Engineering's, of no great weight: it does not make its gate due."""
DUE = date(2026, 11, 12)
"""Seven working days before the stage is set."""


def decisions_of(world: World) -> Decisions:
    return world.parts.desk.tools.decisions


def person_id(world: World, who: str) -> str:
    return f"slack:{world.sandbox.user_id(who)}"


async def late_pilot(world: World, *refs: str, name: str = "Claims triage", channel: str = ROOM, **people: str) -> int:
    """A pilot of Marta's on a Monday at ten; these items of Sam's were due seven working days ago."""
    number = await world.new_pilot(name, channel, **(FEW | people))
    world.clock.now = max(world.clock.now, datetime(2026, 11, 23, 9, 0, tzinfo=UTC))
    async with world.parts.store.begin() as session:
        for each in await pilots.items_of(session, TEAM, number):
            if each.ref in (refs or (LATE,)):
                each.owner_id, each.due_on, each.weight = person_id(world, "sam"), DUE, 3
    return number


async def tell(world: World, ref: str, *told: tuple[str, str, datetime]) -> None:
    """What the ladder did: (step, who was told, when)."""
    it = await item(world, ref)
    async with world.parts.store.begin() as session:
        for step, who, at in told:
            nudge = Nudge(workspace_id=TEAM, kind="digest", about=person_id(world, who), day=at.date(), made_at=at)
            session.add(nudge)
            await session.flush()
            session.add(Told(workspace_id=TEAM, person_id=nudge.about, item_id=it.id, pilot_id=it.pilot_id,
                             nudge_id=nudge.id, step=step, at=at))


async def request(world: World, ref: str = LATE, pilot: int = 1, sponsor: str = "marta") -> None:
    """What the engine does at the ladder's last rung."""
    async with world.parts.store.begin() as session:
        it = (await session.scalars(select(Item).where(Item.pilot_id == pilot, Item.ref == ref))).one()
        its_pilot = await pilots.one(session, TEAM, pilot)
        assert its_pilot is not None
        promises = await decisions_of(world).request(session, it, its_pilot, person_id(world, sponsor), world.clock())
        await outbox.promise(session, TEAM, promises, [], world.clock())


async def ask(world: World) -> int:
    """The sweep, and what it brings."""
    asked = await decisions_of(world).sweep()
    await calm(world)
    return asked


async def asked_for(world: World, *refs: str, **people: str) -> Decision:
    """A card about these items lies with Marta; the decision about the first."""
    pilot = await late_pilot(world, *refs, **people)
    for ref in refs or (LATE,):
        await request(world, ref, pilot)
    assert await ask(world) == 1
    return await decision(world, refs[0] if refs else LATE)


async def decision(world: World, ref: str = LATE, pilot: int = 1) -> Decision:
    found: list[Any] = await rows(world, select(Decision).join(Item, Item.id == Decision.item_id).where(
        Item.ref == ref, Item.pilot_id == pilot).order_by(Decision.id.desc()))
    return found[0]  # type: ignore[no-any-return]


def dm(world: World, who: str = "marta") -> str:
    return world.sandbox.dm_id(world.sandbox.user_id(who))


def card(world: World, who: str = "marta") -> str:
    """The newest message of theirs about a decision."""
    return next(message.plain for message in reversed(world.sandbox.shown(dm(world, who), who))
                if any(said in message.plain for said in ("ecision", "Decided", "sponsors Claims triage now")))


def cards(world: World, who: str = "marta") -> int:
    return sum("Decision wanted" in message.plain for message in world.sandbox.shown(dm(world, who), who))


__all__ = ["DUE", "FEW", "LATE", "ask", "asked_for", "card", "cards", "change_items", "decision", "decisions_of", "dm",
           "late_pilot", "person_id", "request", "tell"]

"""What the tests of the doors do and look at again and again: forms, refusals, mentions, stored rows."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select

from handlers.pilots.schedule import STAGES
from storage import pilots
from storage.models import AuditEntry, Base, Item, ItemState, Nudge, Pilot, Post, Seat
from tests.world import TEAM, World

KEPT: tuple[type[Base], ...] = (Pilot, Item, Seat, AuditEntry, Nudge, Post)
"""What a refusal must leave as it was, to the last column."""


async def kept(world: World) -> dict[str, list[Any]]:
    """Every stored row that a refusal must leave alone."""
    async with world.parts.store.reading() as session:
        return {model.__tablename__: [tuple(row) for row in await session.execute(
            select(model.__table__).order_by(model.__table__.c[0], *model.__table__.primary_key.columns))]
            for model in KEPT}


async def count(world: World, model: type[Base]) -> int:
    async with world.parts.store.reading() as session:
        return await session.scalar(select(func.count()).select_from(model)) or 0


async def pilot_called(world: World, name: str = "Claims triage") -> Pilot:
    async with world.parts.store.reading() as session:
        found = await pilots.named_exactly(session, TEAM, name)
    assert found is not None, name
    return found


async def items_of(world: World, name: str = "Claims triage") -> dict[str, Item]:
    """The pilot's items by id."""
    pilot = await pilot_called(world, name)
    async with world.parts.store.reading() as session:
        return {item.ref: item for item in await pilots.items_of(session, TEAM, pilot.id)}


async def item_of(world: World, ref: str, name: str = "Claims triage") -> Item:
    return (await items_of(world, name))[ref]


async def trail(world: World, name: str = "Claims triage") -> list[AuditEntry]:
    """The pilot's audit entries, oldest first."""
    pilot = await pilot_called(world, name)
    async with world.parts.store.reading() as session:
        return list(await session.scalars(
            select(AuditEntry).where(AuditEntry.pilot_id == pilot.id).order_by(AuditEntry.seq)))


async def enter(world: World, stage: str) -> None:
    """Close what the gates want, and pass them up to `stage`."""
    for each in STAGES[1:STAGES.index(stage) + 1]:
        for item in (await items_of(world)).values():
            if item.gate == each and item.state is ItemState.OPEN:
                await world.type("alex", f"/pilot done {item.ref} agreed, see the wiki", "claims-triage")
        await world.type("priya", "/pilot gate pass", "claims-triage")
    assert (await pilot_called(world)).stage == stage


def buttons(world: World, who: str, channel: str) -> list[str]:
    """The buttons of the newest message that this person sees there."""
    return world.sandbox.shown(channel, who)[-1].buttons


async def refused(world: World, who: str, line: str, *says: str, channel: str = "claims-triage") -> str:
    """Type a line that is refused: it says why and what to type instead, and nothing is half-written."""
    before = await kept(world)
    answer = await world.type(who, line, channel)
    for each in says:
        assert each in answer, (line, each, answer)
    assert "Something broke" not in answer, (line, answer)
    assert await kept(world) == before, line
    return answer


async def heard(world: World, who: str, channel: str, text: str) -> str:
    """Say something to the bot, by @mention or in its direct messages; what it answers."""
    room = world.sandbox.dm_id(who) if channel == "dm" else channel
    seen = {message.ts for message in world.sandbox.shown(room, who)}
    await world.sandbox.say(who, channel, text)
    for _ in range(2000):
        await world.sandbox.idle()
        for message in world.sandbox.shown(room, who):
            if message.ts not in seen and message.user == world.sandbox.workspace.bot:
                await world.settle()
                return message.plain
        await asyncio.sleep(0.005)
        world.clock.advance(seconds=0.2)  # a busy room is waited for
    raise AssertionError(f"nobody answered {text!r}")


async def register(world: World, who: str = "priya", **changes: Any) -> dict[str, str]:
    """Fill in the form of a new pilot and submit it; its errors, none where it was made."""
    for view in world.sandbox.modals(who):
        await world.sandbox.close(who, view.id)
    await world.sandbox.slash(who, "claims-triage", "/pilot new")
    fields: dict[str, Any] = {
        "name": "Claims triage", "purpose": "Sort incoming claims", "kickoff": world.clock().date().isoformat(),
        "channel": world.sandbox.channel_id("claims-triage"), "sponsor": world.sandbox.user_id("marta"),
        "lead": world.sandbox.user_id(who), **changes}
    return await world.submit(who, **fields) or {}


async def not_registered(world: World, who: str = "priya", **changes: Any) -> dict[str, str]:
    """Submit the form in a way that is refused: it stays open, and nothing is written."""
    before = await kept(world)
    errors = await register(world, who, **changes)
    assert errors, changes
    assert world.sandbox.modal(who) is not None
    assert await kept(world) == before
    return errors


def everything_sent(world: World) -> list[dict[str, Any]]:
    """Every message and view that the bot made, as Slack would be given it."""
    ws, made = world.sandbox.workspace, []
    for room in ws.channels.values():
        made += [{"text": message.text, "blocks": message.blocks} for message in room.messages
                 if message.user == ws.bot]
    made += [view.body for view in (*ws.views.values(), *ws.homes.values())]
    return made


def markup_of(sent: Sequence[dict[str, Any]]) -> str:
    """All text that Slack reads for markup: of every mrkdwn object."""
    found: list[str] = []

    def walk(value: Any) -> None:
        if isinstance(value, dict):
            if value.get("type") == "mrkdwn":
                found.append(str(value["text"]))
            for inner in value.values():
                walk(inner)
        elif isinstance(value, list):
            for inner in value:
                walk(inner)

    walk(json.loads(json.dumps(list(sent))))
    return "\n".join(found)

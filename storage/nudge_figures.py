"""Queries about how much nudges help: what was told in a pilot and what came of it."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.models import Person, Pilot, PilotState
from storage.nudging import Decision, Told


async def pilots_to_check(session: AsyncSession, before: date, after: int, limit: int) -> Sequence[Pilot]:
    """Running pilots of any workspace that nobody checked since `before`, by number from `after` on, locked.

    Those another replica holds are skipped.
    """
    return (await session.scalars(
        select(Pilot)
        .where(Pilot.state == PilotState.ACTIVE, Pilot.id > after,
               or_(Pilot.checked_on.is_(None), Pilot.checked_on <= before))
        .order_by(Pilot.id).limit(limit).with_for_update(skip_locked=True, key_share=True))).all()


async def told_in(session: AsyncSession, workspace: str, pilot_id: int,
                  since: datetime) -> Sequence[tuple[Told, str | None, str | None]]:
    """What was told in a pilot since then, oldest first, with zone and country of who was told."""
    rows = await session.execute(
        select(Told, Person.zone, Person.country)
        .outerjoin(Person, (Person.workspace_id == Told.workspace_id) & (Person.id == Told.person_id))
        .where(Told.workspace_id == workspace, Told.pilot_id == pilot_id, Told.at >= since)
        .order_by(Told.at, Told.id))
    return [(told, zone, country) for told, zone, country in rows]


async def cards_in(session: AsyncSession, workspace: str, pilot_id: int, since: datetime) -> int:
    """How many decisions of a pilot its sponsor was asked for since then."""
    return await session.scalar(
        select(func.count()).select_from(Decision)
        .where(Decision.workspace_id == workspace, Decision.pilot_id == pilot_id,
               Decision.asked_at >= since)) or 0

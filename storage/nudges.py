"""Queries of the sweeps: what is due, and which morning's words were made. Sweeps span all workspaces."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.models import Item, Nudge, Pilot
from storage.upsert import insert_into


async def due_items(session: AsyncSession, now: datetime, limit: int) -> Sequence[Item]:
    """Items whose owner should hear of them, earliest first, locked; those another replica holds are skipped."""
    return (await session.scalars(
        select(Item).where(Item.next_at <= now).order_by(Item.next_at, Item.id).limit(limit)
        .with_for_update(skip_locked=True))).all()


async def due_pilots(session: AsyncSession, now: datetime, limit: int) -> Sequence[Pilot]:
    """Pilots whose channel is to get its scheduled nudge, locked; those another replica holds are skipped."""
    return (await session.scalars(
        select(Pilot).where(Pilot.nudge_at <= now).order_by(Pilot.nudge_at, Pilot.id).limit(limit)
        .with_for_update(skip_locked=True))).all()


async def open_morning(session: AsyncSession, nudge: Nudge) -> Nudge:
    """The nudge of that kind, subject and day: this one, or the one that was made before."""
    await session.execute(
        insert_into(session, Nudge)
        .values(workspace_id=nudge.workspace_id, kind=nudge.kind, about=nudge.about, day=nudge.day,
                made_at=nudge.made_at, pilot_id=nudge.pilot_id, item_ids=nudge.item_ids)
        .on_conflict_do_nothing())
    return (await session.scalars(
        select(Nudge).where(Nudge.workspace_id == nudge.workspace_id, Nudge.kind == nudge.kind,
                            Nudge.about == nudge.about, Nudge.day == nudge.day).with_for_update())).one()


async def one(session: AsyncSession, workspace: str, nudge_id: int) -> Nudge | None:
    return await session.scalar(select(Nudge).where(Nudge.workspace_id == workspace, Nudge.id == nudge_id))


async def of_day(session: AsyncSession, workspace: str, kind: str, about: str, day: date) -> Nudge | None:
    return await session.scalar(
        select(Nudge).where(Nudge.workspace_id == workspace, Nudge.kind == kind, Nudge.about == about,
                            Nudge.day == day))


async def latest(session: AsyncSession, workspace: str, about: str, limit: int) -> Sequence[Nudge]:
    """The newest digests of a person, newest first."""
    return (await session.scalars(
        select(Nudge).where(Nudge.workspace_id == workspace, Nudge.kind == "digest", Nudge.about == about)
        .order_by(Nudge.day.desc()).limit(limit))).all()

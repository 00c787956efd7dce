"""Queries about rotations and what was changed in them."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.alerting import Rotation, ShiftChange

CHANGES_READ = 200
"""Of one rotation at most; the newest."""


async def rotations(session: AsyncSession, workspace: str) -> Sequence[Rotation]:
    """All of the workspace: its own first, then the pilots', those who are called first before the others."""
    return (await session.scalars(
        select(Rotation).where(Rotation.workspace_id == workspace)
        .order_by(Rotation.pilot_id.is_not(None), Rotation.pilot_id, Rotation.rank, Rotation.id))).all()


async def for_pilot(session: AsyncSession, workspace: str, pilot_id: int | None) -> Sequence[Rotation]:
    """The pilot's own rotations, then the workspace's; of each by rank."""
    of_all = Rotation.pilot_id.is_(None)
    wanted = of_all if pilot_id is None else or_(of_all, Rotation.pilot_id == pilot_id)
    return (await session.scalars(
        select(Rotation).where(Rotation.workspace_id == workspace, wanted)
        .order_by(Rotation.pilot_id.is_(None), Rotation.rank, Rotation.id))).all()


async def one(session: AsyncSession, workspace: str, rotation_id: int) -> Rotation | None:
    return await session.scalar(
        select(Rotation).where(Rotation.workspace_id == workspace, Rotation.id == rotation_id))


async def locked(session: AsyncSession, workspace: str, rotation_id: int) -> Rotation | None:
    """The rotation, the lock for all its changes."""
    return await session.scalar(
        select(Rotation).where(Rotation.workspace_id == workspace, Rotation.id == rotation_id)
        .with_for_update().execution_options(populate_existing=True))


async def named(session: AsyncSession, workspace: str, key: str) -> Rotation | None:
    return await session.scalar(
        select(Rotation).where(Rotation.workspace_id == workspace, Rotation.name_key == key))


async def changes(session: AsyncSession, workspace: str, rotation_ids: Collection[int],
                  since: datetime) -> defaultdict[int, list[ShiftChange]]:
    """Changes of each rotation that end after `since`, the first made first; of one without any, none."""
    found = defaultdict[int, list[ShiftChange]](list)
    if not rotation_ids:
        return found
    rows = (await session.scalars(
        select(ShiftChange).where(ShiftChange.workspace_id == workspace,
                                  ShiftChange.rotation_id.in_(sorted(rotation_ids)),
                                  ShiftChange.ends_at > since)
        .order_by(ShiftChange.id.desc()).limit(CHANGES_READ * len(rotation_ids)))).all()
    for row in reversed(rows):
        found[row.rotation_id].append(row)
    return found


async def change(session: AsyncSession, workspace: str, change_id: int) -> ShiftChange | None:
    return await session.scalar(
        select(ShiftChange).where(ShiftChange.workspace_id == workspace, ShiftChange.id == change_id))


async def remove(session: AsyncSession, rotation: Rotation) -> None:
    """Delete a rotation with all that was changed in it."""
    await session.execute(delete(ShiftChange).where(
        ShiftChange.workspace_id == rotation.workspace_id, ShiftChange.rotation_id == rotation.id))
    await session.delete(rotation)


async def by_feed(session: AsyncSession, key: str) -> Rotation | None:
    """The rotation whose calendar feed has this key, in whichever workspace."""
    return await session.scalar(select(Rotation).where(Rotation.feed_key == key))


async def to_ask(session: AsyncSession, now: datetime, again_after: timedelta,
                 limit: int) -> list[Rotation]:
    """Rotations of any workspace whose provider is to be asked now; nobody else is told to meanwhile."""
    rows = (await session.scalars(
        select(Rotation).where(Rotation.ask_at <= now).order_by(Rotation.ask_at).limit(limit)
        .with_for_update(skip_locked=True))).all()
    for row in rows:
        row.ask_at = now + again_after
    return list(rows)

"""Queries about when we were running, and who was quiet how long."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.alerting import DriftWindow, Presence, Signal, SignalState
from storage.upsert import insert_into


async def beat(session: AsyncSession, workspace: str, began: datetime, now: datetime) -> None:
    """We have been running since `began`, and still are."""
    insert = insert_into(session, Presence).values(workspace_id=workspace, began_at=began, alive_at=now)
    await session.execute(insert.on_conflict_do_update(
        index_elements=["workspace_id", "began_at"], set_={"alive_at": now}))


async def forget_before(session: AsyncSession, workspace: str, before: datetime) -> None:
    await session.execute(
        delete(Presence).where(Presence.workspace_id == workspace, Presence.alive_at < before)
        .execution_options(synchronize_session=False))


async def last_windows(session: AsyncSession, workspace: str,
                       sources: Collection[str]) -> Sequence[tuple[str, str, datetime]]:
    """Of each model these sources judge: source, key, and when a window of it was last judged."""
    if not sources:
        return ()
    rows = await session.execute(
        select(DriftWindow.source, DriftWindow.key, func.max(DriftWindow.at))
        .where(DriftWindow.workspace_id == workspace, DriftWindow.source.in_(sorted(sources)))
        .group_by(DriftWindow.source, DriftWindow.key))
    return [(source, key, at) for source, key, at in rows]


async def window_at(session: AsyncSession, workspace: str, key: str, at: datetime) -> DriftWindow | None:
    return await session.scalar(
        select(DriftWindow).where(DriftWindow.workspace_id == workspace, DriftWindow.key == key,
                                  DriftWindow.at == at).limit(1))


async def firing_titles(session: AsyncSession, workspace: str, source: str,
                        names: Collection[str]) -> Sequence[Signal]:
    """What fires of these names of a source."""
    return (await session.scalars(
        select(Signal).where(Signal.workspace_id == workspace, Signal.source == source,
                             Signal.name.in_(sorted(names)), Signal.state == SignalState.FIRING))).all()

"""Queries about judged windows of models' data."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.alerting import DriftWindow


async def one(session: AsyncSession, workspace: str, window_id: int) -> DriftWindow | None:
    return await session.scalar(
        select(DriftWindow).where(DriftWindow.workspace_id == workspace, DriftWindow.id == window_id))


async def named(session: AsyncSession, workspace: str, key: str, window: str) -> DriftWindow | None:
    """A window by its own name."""
    return await session.scalar(select(DriftWindow).where(
        DriftWindow.workspace_id == workspace, DriftWindow.key == key, DriftWindow.window == window))


async def lately(session: AsyncSession, workspace: str, key: str, limit: int) -> Sequence[DriftWindow]:
    """The last windows of one model and condition, the newest first."""
    return (await session.scalars(
        select(DriftWindow).where(DriftWindow.workspace_id == workspace, DriftWindow.key == key)
        .order_by(DriftWindow.at.desc(), DriftWindow.id.desc()).limit(limit))).all()


async def course(session: AsyncSession, workspace: str, key: str, figure: str, since: datetime,
                 until: datetime, limit: int) -> list[tuple[datetime, float]]:
    """What one figure was in each window of that time, the oldest first; windows without it are left out.

    Args:
        figure: as `drift_values.figure_key` names it.
    """
    value = DriftWindow.drift["figures"][figure].as_float()
    rows = (await session.execute(
        select(DriftWindow.at, value).where(
            DriftWindow.workspace_id == workspace, DriftWindow.key == key, DriftWindow.at >= since,
            DriftWindow.at <= until)
        .order_by(DriftWindow.at.desc(), DriftWindow.id.desc()).limit(limit))).all()
    return [(at, float(said)) for at, said in reversed(rows) if said is not None]


async def of_room(session: AsyncSession, workspace: str, room: str, begins: datetime, ends: datetime,
                  limit: int) -> Sequence[DriftWindow]:
    """Windows that ended in this stretch and are told of in a room, the newest first."""
    return (await session.scalars(
        select(DriftWindow).where(DriftWindow.workspace_id == workspace, DriftWindow.room == room,
                                  DriftWindow.at >= begins, DriftWindow.at < ends)
        .order_by(DriftWindow.at.desc(), DriftWindow.id.desc()).limit(limit))).all()


async def forget_before(session: AsyncSession, workspace: str, key: str, moment: datetime) -> None:
    """Windows of one model and condition that nobody looks back at any more go."""
    await session.execute(
        delete(DriftWindow).where(DriftWindow.workspace_id == workspace, DriftWindow.key == key,
                                  DriftWindow.at < moment).execution_options(synchronize_session=False))

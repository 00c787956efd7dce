"""Queries about how many new conditions of one name there are."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.alerting import Signal


async def begun(session: AsyncSession, workspace: str, source: str, name: str, since: datetime,
                until: datetime) -> int:
    """How many conditions of a name were new within that time."""
    return await session.scalar(
        select(func.count()).select_from(Signal)
        .where(Signal.workspace_id == workspace, Signal.source == source, Signal.name == name,
               Signal.first_at > since, Signal.first_at <= until)) or 0


async def above(session: AsyncSession, workspace: str, source: str, names: Collection[str], since: datetime,
                least: int) -> set[str]:
    """Names of which there were more new conditions than `least` since then, in one query."""
    rows = await session.scalars(
        select(Signal.name)
        .where(Signal.workspace_id == workspace, Signal.source == source, Signal.name.in_(sorted(names)),
               Signal.first_at > since)
        .group_by(Signal.name).having(func.count() > least))
    return set(rows)


async def newest(session: AsyncSession, workspace: str, source: str, name: str, until: datetime,
                 limit: int) -> Sequence[tuple[int, Mapping[str, str]]]:
    """Number and labels of the newest conditions of a name, newest first."""
    rows = await session.execute(
        select(Signal.id, Signal.labels)
        .where(Signal.workspace_id == workspace, Signal.source == source, Signal.name == name,
               Signal.first_at <= until)
        .order_by(Signal.first_at.desc(), Signal.id.desc()).limit(limit))
    return [(number, labels) for number, labels in rows]


async def one(session: AsyncSession, workspace: str, signal_id: int) -> Signal | None:
    return await session.scalar(
        select(Signal).where(Signal.workspace_id == workspace, Signal.id == signal_id))

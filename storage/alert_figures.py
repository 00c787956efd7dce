"""Rows that statistics of alerts are made of, read by the index on when they opened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.alerting import Alert, AlertStep, Silence

ACKED = "acked"
BATCH = 1000
"""So many rows are read at once: the event loop is given back in between."""
_COLUMNS = (Alert.id, Alert.name, Alert.rank, Alert.opened_at, Alert.resolved_at, Alert.resolved_how,
            Alert.acked_at, Alert.turns, Alert.level, Alert.is_storm, Alert.storm_id, Alert.was_unseen)


@dataclass(frozen=True, slots=True)
class Told:
    """What statistics need to know of one alert."""

    id: int
    name: str
    rank: int
    opened_at: datetime
    resolved_at: datetime | None
    resolved_how: str | None
    acked_at: datetime | None
    """When somebody first took it on, or the storm that it was part of."""
    turns: int
    level: int
    is_storm: bool
    in_storm: bool
    was_unseen: bool


async def opened(session: AsyncSession, workspace: str, since: datetime, until: datetime,
                 pilot_id: int | None, limit: int) -> list[Told]:
    """Alerts that opened from `since` on and before `until`, the newest first, at most `limit`."""
    found: list[Told] = []
    before: tuple[datetime, int] | None = None
    while len(found) < limit:
        rows = await _some(session, workspace, since, until, pilot_id, before,
                           min(BATCH, limit - len(found)))
        if not rows:
            break
        first = await _first_taken(session, workspace, [row.id for row in rows])
        found += [_told(row, first.get(row.id)) for row in rows]
        before = rows[-1].opened_at, rows[-1].id
    return found


async def _some(session: AsyncSession, workspace: str, since: datetime, until: datetime,
                pilot_id: int | None, before: tuple[datetime, int] | None, limit: int) -> Sequence[Any]:
    wanted = select(*_COLUMNS).where(Alert.workspace_id == workspace, Alert.opened_at >= since,
                                     Alert.opened_at < until)
    if pilot_id is not None:
        wanted = wanted.where(Alert.pilot_id == pilot_id)
    if before is not None:
        at, number = before
        wanted = wanted.where(Alert.opened_at <= at, or_(Alert.opened_at < at, Alert.id < number))
    return (await session.execute(
        wanted.order_by(Alert.opened_at.desc(), Alert.id.desc()).limit(limit))).all()


async def _first_taken(session: AsyncSession, workspace: str,
                       alert_ids: Sequence[int]) -> dict[int, datetime]:
    rows = await session.execute(
        select(AlertStep.alert_id, func.min(AlertStep.at))
        .where(AlertStep.workspace_id == workspace, AlertStep.alert_id.in_(alert_ids),
               AlertStep.what == ACKED).group_by(AlertStep.alert_id))
    return {key: value for key, value in rows}  # noqa: C416  (rows are no pairs to a type checker)


def _told(row: Row[Any], first: datetime | None) -> Told:
    return Told(row.id, row.name, row.rank, row.opened_at, row.resolved_at, row.resolved_how,
                first or row.acked_at, row.turns, row.level, row.is_storm, row.storm_id is not None,
                row.was_unseen)


async def held_back(session: AsyncSession, workspace: str, since: datetime,
                    pilot_id: int | None) -> tuple[int, int]:
    """How many silences lasted at some time since then, and how many signals they held back in all."""
    wanted = select(func.count(), func.coalesce(func.sum(Silence.held), 0)).where(
        Silence.workspace_id == workspace, Silence.ends_at >= since)
    if pilot_id is not None:
        wanted = wanted.where(Silence.pilot_id == pilot_id)
    silences, held = (await session.execute(wanted)).one()
    return int(silences), int(held)

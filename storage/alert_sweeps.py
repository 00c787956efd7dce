"""Queries of the alerts' sweeps: what is due, of any workspace; what others hold is skipped."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.alerting import Alert, Signal, Silence


async def due_alerts(session: AsyncSession, now: datetime, limit: int) -> Sequence[Alert]:
    """Alerts with a message of their own that are to be looked at, earliest first, locked."""
    return (await session.scalars(
        select(Alert).where(Alert.next_at <= now, Alert.storm_id.is_(None))
        .order_by(Alert.next_at, Alert.id).limit(limit).with_for_update(skip_locked=True))).all()


async def due_members(session: AsyncSession, now: datetime, limit: int) -> Sequence[tuple[str, int]]:
    """Members of storms that are to be looked at, not locked: (workspace, number)."""
    rows = await session.execute(
        select(Alert.workspace_id, Alert.id).where(Alert.next_at <= now, Alert.storm_id.is_not(None))
        .order_by(Alert.next_at, Alert.id).limit(limit))
    return [(workspace, alert_id) for workspace, alert_id in rows]


async def free(session: AsyncSession, workspace: str, ids: Collection[int]) -> dict[int, Alert]:
    """Those of these alerts that nobody holds, locked, after the storms they belong to.

    A storm is waited for, its members are not: whoever acts on a storm holds it and then wants its members.
    """
    own = select(Alert.storm_id).where(Alert.workspace_id == workspace, Alert.id.in_(sorted(ids)),
                                       Alert.storm_id.is_not(None))
    await session.execute(
        select(Alert.id).where(Alert.workspace_id == workspace, Alert.id.in_(own))
        .order_by(Alert.id).with_for_update())
    rows = await session.scalars(
        select(Alert).where(Alert.workspace_id == workspace, Alert.id.in_(sorted(ids)))
        .order_by(Alert.id).with_for_update(skip_locked=True).execution_options(populate_existing=True))
    return {alert.id: alert for alert in rows}


async def lapsing(session: AsyncSession, now: datetime, limit: int) -> Sequence[Signal]:
    """Signals whose sender has not repeated them in time, locked."""
    return (await session.scalars(
        select(Signal).where(Signal.lapses_at <= now).order_by(Signal.lapses_at, Signal.id).limit(limit)
        .with_for_update(skip_locked=True))).all()


async def heard_at(session: AsyncSession, workspace: str, alert_ids: Collection[int]) -> dict[int, datetime]:
    """When one of an alert's signals was last heard of."""
    rows = await session.execute(
        select(Signal.alert_id, func.max(Signal.last_at))
        .where(Signal.workspace_id == workspace, Signal.alert_id.in_(sorted(alert_ids)))
        .group_by(Signal.alert_id))
    return {alert_id: at for alert_id, at in rows if alert_id is not None}


async def silenced_until(session: AsyncSession, workspace: str,
                         silence_ids: Collection[int]) -> dict[int, datetime]:
    """When each of these silences ends."""
    if not silence_ids:
        return {}
    rows = await session.execute(
        select(Silence.id, Silence.ends_at)
        .where(Silence.workspace_id == workspace, Silence.id.in_(sorted(silence_ids))))
    return {silence.id: silence.ends_at for silence in rows}

"""Queries about sources, alerts, signals and steps."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Select, and_, bindparam, case, func, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import make_transient_to_detached
from sqlalchemy.sql.schema import ScalarElementColumnDefault

from storage.alerting import (
    Alert,
    AlertSource,
    AlertState,
    AlertStep,
    NewSignal,
    Presence,
    Signal,
    SignalState,
    is_open,
)
from storage.among import among
from storage.base import UtcDateTime
from storage.bulk import insert_all
from storage.models import Pilot, Post
from storage.upsert import dialect_of

CARD, LINE = "alert", "alert-line"
"""What the outbox calls an alert's message, and a line below it in its thread."""
_OF_SIGNAL = tuple(each.name for each in fields(NewSignal))
_OF_ALERT = {each.name: each.default.arg if isinstance(each.default, ScalarElementColumnDefault) else None
             for each in Alert.__table__.columns if each.name != "id"}
"""Columns with what they have where nothing else is said."""
_PLANNED_ANEW = text("SET LOCAL plan_cache_mode = force_custom_plan")
_PLANNED_ONCE = text("SET LOCAL plan_cache_mode = auto")


# ---- sources -----------------------------------------------------------------------------------------------


async def source(session: AsyncSession, workspace: str, name: str) -> AlertSource | None:
    return await session.get(AlertSource, (workspace, name))


async def sources(session: AsyncSession, workspace: str) -> Sequence[AlertSource]:
    return (await session.scalars(
        select(AlertSource).where(AlertSource.workspace_id == workspace).order_by(AlertSource.name))).all()


async def heard(session: AsyncSession, workspace: str, name: str, now: datetime) -> None:
    await session.execute(
        update(AlertSource).where(AlertSource.workspace_id == workspace, AlertSource.name == name)
        .values(heard_at=now).execution_options(synchronize_session=False))


# ---- taking signals in -------------------------------------------------------------------------------------


async def pilots_named(session: AsyncSession, workspace: str, keys: Collection[str]) -> dict[str, Pilot]:
    """Pilots by the key of their name."""
    if not keys:
        return {}
    found = await session.scalars(
        select(Pilot).where(Pilot.workspace_id == workspace, Pilot.name_key.in_(sorted(keys))))
    return {pilot.name_key: pilot for pilot in found}


async def plan_reads_anew(session: AsyncSession) -> None:
    """From here on each statement of this transaction is planned by how the tables are now.

    PostgreSQL keeps the plan of a statement that it has run a few times. One that was made while the tables
    were empty reads them whole until their statistics are taken, a minute later: a burst is over by then.
    Source: https://www.postgresql.org/docs/current/sql-prepare.html (plan_cache_mode)
    """
    if dialect_of(session) == "postgresql":
        await session.execute(_PLANNED_ANEW)


async def plan_writes_once(session: AsyncSession) -> None:
    """From here on plans are kept again: those by which each new row's references are checked are many."""
    if dialect_of(session) == "postgresql":
        await session.execute(_PLANNED_ONCE)


async def signals_locked(session: AsyncSession, workspace: str,
                         fingerprints: Collection[str]) -> dict[str, Signal]:
    """What is known of these conditions, locked in one order."""
    rows = await session.scalars(_signals_locked(dialect_of(session)), {
        "workspace": workspace, "fingerprints": sorted(fingerprints)})
    return {row.fingerprint: row for row in rows}


@cache  # this and the next are asked for each report, and putting them together takes as long as the answer
def _signals_locked(dialect: str) -> Select[Signal]:
    return (select(Signal)
            .where(Signal.workspace_id == bindparam("workspace"),
                   among(dialect, Signal.fingerprint, "fingerprints"))
            .order_by(Signal.fingerprint).with_for_update())


async def alerts_locked(session: AsyncSession, workspace: str, keys: Collection[str], ids: Collection[int],
                        ended_since: datetime) -> dict[int, Alert]:
    """Alerts of these keys that are open or ended since then, and these; locked in one order."""
    if not keys and not ids:
        return {}
    asked = _alerts_locked(dialect_of(session), has_keys=bool(keys), has_ids=bool(ids))
    rows = await session.scalars(asked, {"workspace": workspace, "keys": sorted(keys), "ids": sorted(ids),
                                         "ended_since": ended_since})
    return {alert.id: alert for alert in rows}


@cache
def _alerts_locked(dialect: str, *, has_keys: bool, has_ids: bool) -> Select[Alert]:
    ended_since = bindparam("ended_since", type_=UtcDateTime())
    wanted = [among(dialect, Alert.id, "ids")] if has_ids else []
    if has_keys:
        wanted.append(and_(among(dialect, Alert.key, "keys"),
                           or_(is_open(), Alert.resolved_at >= ended_since)))
    return (select(Alert).where(Alert.workspace_id == bindparam("workspace"), or_(*wanted))
            .order_by(Alert.id).with_for_update().execution_options(populate_existing=True))


async def new_in_rooms(session: AsyncSession, workspace: str, rooms: Collection[str],
                       since: datetime) -> dict[tuple[str, bool], int]:
    """How many alerts with a message of their own opened in each room since then: (room, is a page)."""
    if not rooms:
        return {}
    is_page = Alert.rank <= 1
    rows = await session.execute(
        select(Alert.room, is_page, func.count()).where(
            Alert.workspace_id == workspace, Alert.room.in_(sorted(rooms)), Alert.opened_at > since,
            Alert.storm_id.is_(None), Alert.is_storm.is_(False), Alert.silence_id.is_(None),
            Alert.inhibited_by.is_(None))
        .group_by(Alert.room, is_page))
    return {(room, bool(page)): count for room, page, count in rows}


async def away(session: AsyncSession, workspace: str, since: datetime) -> list[tuple[datetime, datetime]]:
    """The stretches since then in which nothing of ours was running."""
    last = select(func.max(Presence.alive_at)).where(
        Presence.workspace_id == workspace, Presence.alive_at < since).scalar_subquery()
    rows = (await session.execute(
        select(Presence.began_at, Presence.alive_at)
        .where(Presence.workspace_id == workspace, or_(Presence.alive_at >= since, Presence.alive_at == last))
        .order_by(Presence.began_at))).all()
    found, until = [], None
    for began, alive in rows:
        if until is not None and began > until:
            found.append((until, began))
        until = alive if until is None else max(until, alive)
    return found


# ---- one alert ---------------------------------------------------------------------------------------------


async def one(session: AsyncSession, workspace: str, alert_id: int) -> Alert | None:
    return await session.scalar(select(Alert).where(Alert.workspace_id == workspace, Alert.id == alert_id))


async def locked(session: AsyncSession, workspace: str, alert_id: int) -> Alert | None:
    return await session.scalar(
        select(Alert).where(Alert.workspace_id == workspace, Alert.id == alert_id)
        .with_for_update().execution_options(populate_existing=True))


async def lock_below(session: AsyncSession, workspace: str, alert_ids: Collection[int]) -> None:
    """Lock what is locked before these alerts wherever both are: their signals, and the members of storms."""
    await session.execute(
        select(Signal.id).where(Signal.workspace_id == workspace, Signal.alert_id.in_(sorted(alert_ids)),
                                Signal.state != SignalState.RESOLVED)
        .order_by(Signal.fingerprint).with_for_update())
    await session.execute(
        select(Alert.id).where(Alert.workspace_id == workspace, Alert.storm_id.in_(sorted(alert_ids)),
                               is_open())
        .order_by(Alert.id).with_for_update())


async def several(session: AsyncSession, workspace: str, ids: Collection[int]) -> dict[int, Alert]:
    if not ids:
        return {}
    rows = await session.scalars(
        select(Alert).where(Alert.workspace_id == workspace, Alert.id.in_(sorted(ids))))
    return {alert.id: alert for alert in rows}


async def signals_of(session: AsyncSession, workspace: str, alert_ids: Collection[int],
                     limit: int) -> dict[int, list[Signal]]:
    """The signals of each alert, those that fire first, then the newest; at most so many of each."""
    if not alert_ids:
        return {}
    place = func.row_number().over(partition_by=Signal.alert_id, order_by=(
        Signal.state == SignalState.RESOLVED, Signal.rank, Signal.id)).label("place")
    ranked = select(Signal.id, place).where(
        Signal.workspace_id == workspace, Signal.alert_id.in_(sorted(alert_ids))).subquery()
    rows = await session.scalars(
        select(Signal).join(ranked, ranked.c.id == Signal.id).where(ranked.c.place <= limit)
        .order_by(Signal.alert_id, ranked.c.place))
    found: dict[int, list[Signal]] = {alert_id: [] for alert_id in alert_ids}
    for row in rows:
        found[row.alert_id or 0].append(row)
    return found


async def step(session: AsyncSession, workspace: str, step_id: int) -> AlertStep | None:
    return await session.scalar(
        select(AlertStep).where(AlertStep.workspace_id == workspace, AlertStep.id == step_id))


async def has_later(session: AsyncSession, step: AlertStep) -> bool:
    """Whether the same happened again to the same alert, by the same actor."""
    return await session.scalar(
        select(AlertStep.id).where(
            AlertStep.workspace_id == step.workspace_id, AlertStep.alert_id == step.alert_id,
            AlertStep.what == step.what, AlertStep.actor == step.actor, AlertStep.id > step.id)
        .limit(1)) is not None


async def steps_of(session: AsyncSession, workspace: str, alert_id: int) -> Sequence[AlertStep]:
    return (await session.scalars(
        select(AlertStep).where(AlertStep.workspace_id == workspace, AlertStep.alert_id == alert_id)
        .order_by(AlertStep.id))).all()


async def shown(session: AsyncSession, workspace: str, alert_ids: Collection[int]) -> Sequence[Post]:
    """Every message about these alerts."""
    return (await session.scalars(
        select(Post).where(Post.workspace_id == workspace, Post.kind == CARD,
                           Post.subject_id.in_(sorted(alert_ids))))).all()


def add_step(session: AsyncSession, alert: Alert, at: datetime, what: str, actor: str, *,
             to: str | None = None, details: dict[str, Any] | None = None) -> AlertStep:
    """Note what happened to an alert; it has a number after the next flush."""
    row = AlertStep(workspace_id=alert.workspace_id, alert_id=alert.id, at=at, what=what, actor=actor, to=to,
                    details=details or {})
    session.add(row)
    return row


# ---- storms ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Part:
    """Alerts of one name within a storm."""

    name: str
    severity: str
    alerts: int
    firing: int
    """Those that are not resolved."""


async def parts_of(session: AsyncSession, workspace: str, storm_id: int) -> list[Part]:
    """What a storm consists of, the worst and then the most first."""
    still = func.sum(case((is_open(), 1), else_=0))
    rows = await session.execute(
        select(Alert.name, func.min(Alert.rank), func.min(Alert.severity), func.count(), still)
        .where(Alert.workspace_id == workspace, Alert.storm_id == storm_id)
        .group_by(Alert.name).order_by(func.min(Alert.rank), func.count().desc(), Alert.name))
    return [Part(name, severity, count, int(firing or 0)) for name, _, severity, count, firing in rows]


async def members_of(session: AsyncSession, workspace: str, storm_id: int, *, limit: int) -> Sequence[Alert]:
    return (await session.scalars(
        select(Alert).where(Alert.workspace_id == workspace, Alert.storm_id == storm_id)
        .order_by(Alert.rank, Alert.id).limit(limit))).all()


async def counts_of(session: AsyncSession, workspace: str,
                    storm_ids: Collection[int]) -> dict[int, tuple[int, int]]:
    """How many members each storm has, and how many of them are not over."""
    if not storm_ids:
        return {}
    still = func.sum(case((is_open(), 1), else_=0))
    rows = await session.execute(
        select(Alert.storm_id, func.count(), still)
        .where(Alert.workspace_id == workspace, Alert.storm_id.in_(sorted(storm_ids)))
        .group_by(Alert.storm_id))
    return {storm_id: (count, int(firing or 0)) for storm_id, count, firing in rows if storm_id is not None}


async def add_signals(session: AsyncSession, rows: Sequence[NewSignal]) -> None:
    """Write rows that are new. Raises IntegrityError where another wrote one of them meanwhile."""
    await insert_all(session, Signal, [{name: getattr(row, name) for name in _OF_SIGNAL} for row in rows])


async def add_alerts(session: AsyncSession, rows: Sequence[Alert]) -> None:
    """Write alerts that are new, each of another key: they have numbers then, as rows that were read have.

    Raises IntegrityError where another opened one of them meanwhile.
    """
    values = [{name: known.get(name, default) for name, default in _OF_ALERT.items()}
              for known in map(vars, rows)]
    numbers = {row.key: row.id for row in await insert_all(session, Alert, values, ("key", "id"))}
    for row, written in zip(rows, values, strict=True):
        vars(row).update(written, id=numbers[row.key])  # with its defaults: else they would be read back
        make_transient_to_detached(row)
    session.add_all(rows)


# ---- what people do ----------------------------------------------------------------------------------------


async def acknowledge_members(session: AsyncSession, storm: Alert, by: str, now: datetime) -> None:
    """Whoever takes a storm on takes on all in it that nobody has."""
    await session.execute(
        update(Alert)
        .where(Alert.workspace_id == storm.workspace_id, Alert.storm_id == storm.id,
               Alert.state == AlertState.OPEN)
        .values(state=AlertState.ACKED, acked_by=by, acked_at=now, next_at=None)
        .execution_options(synchronize_session=False))


async def end_signals(session: AsyncSession, alert: Alert, now: datetime) -> None:
    """Somebody says that the alert is over: what fires still begins anew when it is said again."""
    await session.execute(
        update(Signal)
        .where(Signal.workspace_id == alert.workspace_id, Signal.alert_id == alert.id,
               Signal.state != SignalState.RESOLVED)
        .values(state=SignalState.RESOLVED, ended_at=now, lapses_at=None)
        .execution_options(synchronize_session=False))
    alert.firing = 0


# ---- what a sender is asked about --------------------------------------------------------------------------


async def firing_of(session: AsyncSession, workspace: str, source: str) -> dict[str, datetime]:
    """The conditions of a source that fire here, by fingerprint, each with when it was last heard of."""
    rows = await session.execute(
        select(Signal.fingerprint, Signal.last_at).where(
            Signal.workspace_id == workspace, Signal.source == source, Signal.state == SignalState.FIRING))
    return {row.fingerprint: row.last_at for row in rows}

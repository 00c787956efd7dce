"""Queries about what is held back: silences, and alerts that hold others back."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    Integer,
    Select,
    String,
    bindparam,
    cast,
    delete,
    func,
    literal,
    null,
    or_,
    select,
    union_all,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from storage.alerting import Alert, AlertState, Inhibitor, Silence, is_open
from storage.among import among
from storage.base import UtcDateTime
from storage.upsert import dialect_of, insert_into

MOST = 200
"""Silences that may be open at once in a workspace: all of them are read with every report."""


@dataclass(frozen=True, slots=True)
class Quiet:
    """An open silence, as far as it decides what it matches."""

    id: int
    pilot_id: int | None
    matchers: dict[str, str]
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Holder:
    """An alert that holds others back, and where it is shown."""

    id: int
    room: str
    rank: int
    storm_id: int | None


@dataclass(frozen=True, slots=True)
class Standing:
    """What holds alerts back just now."""

    silences: list[Quiet] = field(default_factory=list)
    """The one that ends last first."""
    holders: dict[str, dict[int, Holder]] = field(default_factory=dict)
    """By the key of what they hold back, and by their number."""
    known: dict[int, Holder] = field(default_factory=dict)
    """Those that were asked for by their number."""


# ---- what holds back ---------------------------------------------------------------------------------------


async def standing(session: AsyncSession, workspace: str, now: datetime, keys: Collection[str],
                   ids: Collection[int]) -> Standing:
    """Open silences, alerts that hold back what has these keys, and these alerts, in one query."""
    asked = _standing(dialect_of(session), has_keys=bool(keys), has_ids=bool(ids))
    rows: Sequence[Any] = (await session.execute(
        asked, {"workspace": workspace, "now": now, "keys": sorted(keys), "ids": sorted(ids)})).all()
    found = Standing()
    for kind, number, other, key, room, rank, matchers, ends_at in rows:
        if kind == "silence":
            found.silences.append(Quiet(number, other, matchers, ends_at))
            continue
        holder = Holder(number, room, rank, other)
        if key:
            found.holders.setdefault(key, {})[number] = holder
        else:
            found.known[number] = holder
    found.silences.sort(key=lambda each: (each.ends_at, each.id), reverse=True)
    return found


@cache  # each report asks, and putting it together takes longer than the answer
def _standing(dialect: str, *, has_keys: bool, has_ids: bool) -> Any:
    workspace: BindParameter[str] = bindparam("workspace")
    parts: list[Any] = [
        select(literal("silence"), Silence.id, cast(Silence.pilot_id, BigInteger),
               cast(literal(""), String), cast(literal(""), String), cast(literal(0), Integer),
               Silence.matchers, Silence.ends_at)
        .where(Silence.workspace_id == workspace, Silence.ends_at > bindparam("now", type_=UtcDateTime()))]
    if has_keys:
        parts.append(_holders(Inhibitor.key)
                     .join(Inhibitor, Inhibitor.alert_id == Alert.id)
                     .where(Alert.workspace_id == workspace, Inhibitor.workspace_id == workspace,
                            among(dialect, Inhibitor.key, "keys"), is_open(),
                            Alert.inhibited_by.is_(None)))
    if has_ids:
        parts.append(_holders(cast(literal(""), String))
                     .where(Alert.workspace_id == workspace, among(dialect, Alert.id, "ids")))
    return union_all(*parts) if len(parts) > 1 else parts[0]


def _holders(key: ColumnElement[str] | Any) -> Select[Any]:
    return select(literal("holder"), Alert.id, cast(Alert.storm_id, BigInteger), key, Alert.room, Alert.rank,
                  cast(null(), Silence.matchers.type), cast(null(), UtcDateTime()))


async def hold_others(session: AsyncSession, workspace: str, pairs: Iterable[tuple[str, int]]) -> None:
    """Note which alerts hold back what has which key; what is noted already stays."""
    rows = [{"workspace_id": workspace, "key": key, "alert_id": alert_id} for key, alert_id in sorted(pairs)]
    if rows:
        await session.execute(insert_into(session, Inhibitor).on_conflict_do_nothing(), rows)


_HOLDER = aliased(Alert)
_HELD_BACK = (
    select(func.count()).select_from(Alert)
    .where(Alert.workspace_id == bindparam("workspace"), Alert.inhibited_by.is_not(None),
           is_open()))
_HELD_BY_ONE = _HELD_BACK.where(Alert.inhibited_by == bindparam("holder"))
_HELD_BY_MEMBERS = (
    _HELD_BACK.join(_HOLDER, _HOLDER.id == Alert.inhibited_by)
    .where(_HOLDER.workspace_id == bindparam("workspace"), _HOLDER.storm_id == bindparam("holder")))
"""Put together once: each card of a storm asks, and that took longer than the answer."""


async def held_back(session: AsyncSession, workspace: str, alert: Alert) -> int:
    """How many alerts this one holds back that are not over; of a storm, those that its members do."""
    query = _HELD_BY_MEMBERS if alert.is_storm else _HELD_BY_ONE
    return await session.scalar(query, {"workspace": workspace, "holder": alert.id}) or 0


# ---- one silence -------------------------------------------------------------------------------------------


async def one(session: AsyncSession, workspace: str, silence_id: int) -> Silence | None:
    return await session.scalar(
        select(Silence).where(Silence.workspace_id == workspace, Silence.id == silence_id))


async def locked(session: AsyncSession, workspace: str, silence_id: int) -> Silence | None:
    """Locked against a second end, not against alerts that come under it."""
    return await session.scalar(
        select(Silence).where(Silence.workspace_id == workspace, Silence.id == silence_id)
        .with_for_update(key_share=True).execution_options(populate_existing=True))


async def open_ones(session: AsyncSession, workspace: str, now: datetime) -> Sequence[Silence]:
    """Those that have not ended, the next to end first."""
    return (await session.scalars(
        select(Silence).where(Silence.workspace_id == workspace, Silence.ends_at > now)
        .order_by(Silence.ends_at, Silence.id))).all()


async def count_held(session: AsyncSession, workspace: str, silence_id: int, signals: int) -> None:
    """So many more signals were held back."""
    await session.execute(
        update(Silence).where(Silence.workspace_id == workspace, Silence.id == silence_id)
        .values(held=Silence.held + signals).execution_options(synchronize_session=False))


async def may_match(session: AsyncSession, workspace: str, exact: dict[str, str], pilot_id: int | None,
                    limit: int) -> Sequence[Alert]:
    """Alerts that are open and may be silenced, the newest first.

    Args:
        exact: of ``name``, ``source`` and ``severity``, what they have to be.
        pilot_id: only this pilot's.
    """
    query = select(Alert).where(Alert.workspace_id == workspace, is_open(),
                                Alert.is_storm.is_(False))
    for name, value in exact.items():
        query = query.where(getattr(Alert, name) == value)
    if pilot_id is not None:
        query = query.where(Alert.pilot_id == pilot_id)
    return (await session.scalars(query.order_by(Alert.id.desc()).limit(limit))).all()


async def alerts_locked(session: AsyncSession, workspace: str, ids: Collection[int]) -> Sequence[Alert]:
    """Those of these alerts that are not over, locked in one order, as they are now."""
    return (await session.scalars(
        select(Alert).where(Alert.workspace_id == workspace, Alert.id.in_(sorted(ids)),
                            is_open())
        .order_by(Alert.id).with_for_update().execution_options(populate_existing=True))).all()


# ---- what is held back no longer ---------------------------------------------------------------------------


async def to_release(session: AsyncSession, workspace: str, now: datetime, limit: int) -> Sequence[Alert]:
    """Alerts that are not over and whose silence has ended or whose holder is over, locked; others' left."""
    holder = aliased(Alert)
    silenced = (select(Alert.id).join(Silence, Silence.id == Alert.silence_id)
                .where(Alert.workspace_id == workspace, Silence.workspace_id == workspace,
                       Alert.silence_id.is_not(None), is_open(),
                       Silence.ends_at <= now).limit(limit))
    inhibited = (select(Alert.id).join(holder, holder.id == Alert.inhibited_by)
                 .where(Alert.workspace_id == workspace, holder.workspace_id == workspace,
                        Alert.inhibited_by.is_not(None), is_open(),
                        holder.state == AlertState.RESOLVED).limit(limit))
    ids = {*await session.scalars(silenced), *await session.scalars(inhibited)}
    if not ids:
        return ()
    return (await session.scalars(
        select(Alert).where(Alert.workspace_id == workspace, Alert.id.in_(sorted(ids)),
                            is_open(),
                            or_(Alert.silence_id.is_not(None), Alert.inhibited_by.is_not(None)))
        .order_by(Alert.id).with_for_update(skip_locked=True)
        .execution_options(populate_existing=True))).all()


async def forget_over(session: AsyncSession, workspace: str) -> None:
    """Alerts that are over hold nothing back."""
    over = select(Alert.id).where(Alert.workspace_id == workspace, Alert.id == Inhibitor.alert_id,
                                  Alert.state == AlertState.RESOLVED).exists()
    await session.execute(delete(Inhibitor).where(Inhibitor.workspace_id == workspace, over)
                          .execution_options(synchronize_session=False))

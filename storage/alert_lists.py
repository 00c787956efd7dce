"""Queries about many alerts at once: what is open, what a storm consists of, which one somebody means."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.alerting import Alert, AlertState, Signal, is_open
from storage.alerts import CARD
from storage.models import Post

BATCH = 500
"""So many rows are read at once: the event loop is given back in between."""


@dataclass(frozen=True, slots=True)
class Which:
    """Which alerts are asked for; members of storms are counted by their storm, unless one is asked for."""

    pilot_id: int | None = None
    room: str | None = None
    taken_by: str | None = None
    """Whoever is on it."""
    rank: int | None = None
    """This severity alone, 0 is critical."""
    name: str | None = None
    labels: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Of the alert, or of one of its signals."""
    is_untaken: bool = False
    ended_since: datetime | None = None
    """Those too that ended since then."""
    storm_id: int | None = None
    """Members of this storm, whatever their state."""


@dataclass(frozen=True, slots=True)
class Here:
    """Where the question was asked: what belongs there comes first."""

    pilot_ids: frozenset[int] = frozenset()
    room: str | None = None


async def listed(session: AsyncSession, workspace: str, which: Which, here: Here, limit: int,
                 offset: int = 0) -> Sequence[Alert]:
    """Those of here, then the worst, storms before single ones, then what nobody is on, then the newest.

    What is over comes last; members of a storm are told by when they began alone.
    """
    mine = or_(Alert.pilot_id.in_(sorted(here.pilot_ids)), Alert.room == (here.room or ""))
    order: list[Any] = [Alert.state == AlertState.RESOLVED] if which.ended_since is not None else []
    if here.pilot_ids or here.room is not None:
        order.append(mine.is_not(True))
    if which.storm_id is not None:
        order = []
    else:
        order += [Alert.rank, Alert.is_storm.is_(False), Alert.state == AlertState.ACKED]
    return (await session.scalars(
        select(Alert).where(Alert.workspace_id == workspace, *_conditions(workspace, which))
        .order_by(*order, Alert.opened_at.desc(), Alert.id.desc()).limit(limit).offset(offset))).all()


async def counted(session: AsyncSession, workspace: str, which: Which) -> dict[int, int]:
    """How many there are of each rank."""
    rows = await session.execute(
        select(Alert.rank, func.count()).where(Alert.workspace_id == workspace,
                                               *_conditions(workspace, which)).group_by(Alert.rank))
    return {key: value for key, value in rows}  # noqa: C416  (rows are no pairs to a type checker)


async def numbers(session: AsyncSession, workspace: str, which: Which, limit: int) -> list[int]:
    """The numbers of those asked for, the lowest first."""
    return list(await session.scalars(
        select(Alert.id).where(Alert.workspace_id == workspace, *_conditions(workspace, which))
        .order_by(Alert.id).limit(limit)))


async def titled(session: AsyncSession, workspace: str, part: str, limit: int) -> Sequence[Alert]:
    """Alerts with `part` in their title or as their rule's name; those that are open, the newest first.

    What ended counts only where nothing open fits.
    """
    wanted = part.casefold()
    fits = or_(func.lower(Alert.title).contains(wanted, autoescape=True), func.lower(Alert.name) == wanted)
    for state in (is_open(), Alert.state == AlertState.RESOLVED):
        found = (await session.scalars(
            select(Alert).where(Alert.workspace_id == workspace, Alert.is_storm.is_(False), state, fits)
            .order_by(Alert.opened_at.desc(), Alert.id.desc()).limit(limit))).all()
        if found:
            return found
    return []


async def messages_of(session: AsyncSession, workspace: str,
                      alert_ids: Collection[int]) -> dict[tuple[int, str], str]:
    """Where each of these is shown: (alert, room) -> the message's id."""
    if not alert_ids:
        return {}
    rows = await session.execute(
        select(Post.subject_id, Post.room, Post.message_id).where(
            Post.workspace_id == workspace, Post.kind == CARD, Post.subject_id.in_(sorted(alert_ids)),
            Post.message_id.is_not(None)))
    return {(subject, room): message for subject, room, message in rows if message is not None}


async def members_shown(session: AsyncSession, workspace: str, storm_id: int) -> Sequence[Post]:
    """Every message about a member of a storm by itself: most have none."""
    members = select(Alert.id).where(Alert.workspace_id == workspace, Alert.storm_id == storm_id)
    return (await session.scalars(
        select(Post).where(Post.workspace_id == workspace, Post.kind == CARD,
                           Post.subject_id.in_(members)))).all()


Member = tuple[int, str, str, str, AlertState, datetime, datetime | None, dict[str, str]]
"""Number, rule, title, severity, state, since, over at, labels."""


async def members(session: AsyncSession, workspace: str, storm_id: int) -> AsyncIterator[Sequence[Member]]:
    """All members of a storm in the order in which they began, BATCH at a time."""
    after = 0
    while True:
        rows = (await session.execute(
            select(Alert.id, Alert.name, Alert.title, Alert.severity, Alert.state, Alert.opened_at,
                   Alert.resolved_at, Alert.labels)
            .where(Alert.workspace_id == workspace, Alert.storm_id == storm_id, Alert.id > after)
            .order_by(Alert.id).limit(BATCH))).all()
        if not rows:
            return
        yield rows
        after = rows[-1][0]


def _conditions(workspace: str, which: Which) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if which.storm_id is not None:
        found.append(Alert.storm_id == which.storm_id)
    else:
        found += [Alert.storm_id.is_(None), _state(which)]
    if which.is_untaken:
        found.append(Alert.state == AlertState.OPEN)
    if which.pilot_id is not None:
        found.append(Alert.pilot_id == which.pilot_id)
    if which.room is not None:
        found.append(Alert.room == which.room)
    if which.taken_by is not None:
        found.append(Alert.acked_by == which.taken_by)
    if which.rank is not None:
        found.append(Alert.rank == which.rank)
    if which.name is not None:
        found.append(func.lower(Alert.name) == which.name.lower())
    return found + [_labelled(workspace, name, value) for name, value in which.labels.items()]


def _state(which: Which) -> ColumnElement[bool]:
    if which.ended_since is None:
        return is_open()
    return or_(is_open(), Alert.resolved_at >= which.ended_since)


def _labelled(workspace: str, name: str, value: str) -> ColumnElement[bool]:
    """The alert has the label, or one of its signals."""
    signals = select(Signal.id).where(
        and_(Signal.workspace_id == workspace, Signal.alert_id == Alert.id,
             func.lower(Signal.labels[name].as_string()) == value.lower()))
    return or_(func.lower(Alert.labels[name].as_string()) == value.lower(), signals.exists())

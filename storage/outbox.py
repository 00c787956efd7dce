"""What rooms are to show, how far that is done, and whose turn it is."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache

from sqlalchemy import (
    ColumnElement,
    Insert,
    SQLColumnExpression,
    and_,
    bindparam,
    case,
    false,
    func,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession

from storage.base import UtcDateTime
from storage.models import Lane, Post
from storage.upsert import dialect_of, insert_for

_NOW = bindparam("the_moment", type_=UtcDateTime())


@dataclass(frozen=True, slots=True)
class Promise:
    """That `room` will show `kind` about `subject_id`, as it stands when it is shown."""

    room: str
    kind: str
    subject_id: int
    pilot_id: int | None = None
    live_until: datetime | None = None
    """A change after this does not edit it any more."""
    urgency: int = 0
    not_before: datetime | None = None
    """None: at once."""
    keeps_earlier: bool = False
    """What waits for an earlier moment keeps that: else every change would put off what shows it."""


@dataclass(frozen=True, slots=True)
class Change:
    """What a transaction changes that somebody may be looking at."""

    pilot_id: int | None = None
    """Everything shown about this pilot is brought up to date."""
    rooms: frozenset[str] = frozenset()
    """Digests and homes of these people are brought up to date, where they have any."""


async def promise(session: AsyncSession, workspace: str, promises: Iterable[Promise],
                  changes: Iterable[Change], now: datetime) -> None:
    """Write all that a transaction announces, once, at its end.

    What is promised already is refreshed, not doubled. Lanes are locked in one order, so that two
    transactions that speak to the same rooms cannot deadlock.
    """
    wanted = {(p.kind, p.subject_id, p.room): p for p in promises}
    stale = [_live_posts(workspace, change, now) for change in changes]
    rooms: dict[str, int] = {}
    for p in wanted.values():
        rooms[p.room] = max(p.urgency, rooms.get(p.room, 0))
    for live in stale:
        for room in await session.scalars(select(Post.room).where(live).distinct()):
            rooms.setdefault(room, 0)
    await _wake(session, workspace, rooms, now)
    missed: set[str] = set()
    for live in stale:
        missed |= set(await session.scalars(
            update(Post).where(live).values(wanted=Post.wanted + 1, not_before=_due(now)).returning(Post.room)
            .execution_options(synchronize_session=False)))
    # Somebody may have promised something in a further room while we waited for a lane.
    await _wake(session, workspace, dict.fromkeys(missed - rooms.keys(), 0), now)
    for keeps_earlier in (True, False):  # in a room the oldest goes first: an alert's card before its lines
        alike = [p for p in wanted.values() if p.keeps_earlier is keeps_earlier]
        await _write(session, workspace, alike, now, keeps_earlier=keeps_earlier)


async def _write(session: AsyncSession, workspace: str, promises: Sequence[Promise], now: datetime, *,
                 keeps_earlier: bool) -> None:
    if promises:
        await session.execute(_written(dialect_of(session), keeps_earlier=keeps_earlier), [
            {"workspace_id": workspace, "kind": p.kind, "subject_id": p.subject_id, "room": p.room,
             "made_at": now, "not_before": p.not_before or now, "pilot_id": p.pilot_id,
             "live_until": p.live_until, "urgency": p.urgency, "wanted": 1, "shown": 0, "attempts": 0,
             "the_moment": now}
            for p in promises])


@cache  # every action ends with it, and putting it together takes longer than sending it
def _written(dialect: str, *, keeps_earlier: bool) -> Insert:
    insert = insert_for(dialect, Post)
    due = _due(_NOW, again=insert.excluded.not_before, keeps_earlier=keeps_earlier)
    return insert.on_conflict_do_update(
        index_elements=["workspace_id", "kind", "subject_id", "room"],
        set_={"wanted": Post.wanted + 1, "live_until": insert.excluded.live_until,
              "urgency": _larger(Post.urgency, insert.excluded.urgency),
              "not_before": due, "given_up_at": None, "attempts": 0})


PERSONAL = ("home", "digest")
"""Kinds that show one person's things, over all their pilots."""


def _live_posts(workspace: str, change: Change, now: datetime) -> ColumnElement[bool]:
    about: list[ColumnElement[bool]] = []
    if change.pilot_id is not None:
        about.append(Post.pilot_id == change.pilot_id)
    if change.rooms:
        about.append(and_(Post.room.in_(sorted(change.rooms)), Post.kind.in_(PERSONAL)))
    return and_(Post.workspace_id == workspace, or_(false(), *about), Post.given_up_at.is_(None),
                or_(Post.live_until.is_(None), Post.live_until > now))


def _due(now: datetime | ColumnElement[datetime], *, again: SQLColumnExpression[datetime] | None = None,
         keeps_earlier: bool = False) -> ColumnElement[datetime]:
    """Since when a promise is to be kept: what waits already keeps its moment.

    Args:
        again: it was asked for by itself, for then, so that it is tried whatever came of it before.
        keeps_earlier: what waits for a moment before `again` keeps that; else only one that has come.
    """
    waits = and_(Post.wanted > Post.shown, Post.given_up_at.is_(None))
    if again is None:
        return case((waits, Post.not_before), else_=now)
    is_earlier = Post.not_before <= (again if keeps_earlier else now)
    return case((and_(waits, is_earlier), Post.not_before), else_=again)


def _larger(one: SQLColumnExpression[int], other: SQLColumnExpression[int]) -> ColumnElement[int]:
    """The greater of two, which each database calls something else."""
    return case((one >= other, one), else_=other)


async def _wake(session: AsyncSession, workspace: str, rooms: Mapping[str, int], now: datetime) -> None:
    """Lock these lanes and make them ready, unless a sender is at one: it looks again when it is done.

    Args:
        rooms: with the urgency of what is new there; a lane's own urgency only rises here.
    """
    if rooms:
        await session.execute(_woken(dialect_of(session)), [
            {"workspace_id": workspace, "room": room, "ready_at": now, "urgency": rooms[room], "fence": 0,
             "the_moment": now}
            for room in sorted(rooms)])


@cache
def _woken(dialect: str) -> Insert:
    insert = insert_for(dialect, Lane)
    return insert.on_conflict_do_update(
        index_elements=["workspace_id", "room"],
        set_={"ready_at": case((Lane.leased_until > _NOW, Lane.ready_at),
                               else_=func.coalesce(Lane.open_at, _NOW)),
              "urgency": _larger(Lane.urgency, insert.excluded.urgency)})


@dataclass(frozen=True, slots=True)
class Turn:
    """A lane that this sender holds until its lease ends."""

    workspace: str
    room: str
    fence: int
    urgency: int = field(default=0, compare=False)
    """Of the most urgent promise there when it was claimed."""
    open_at: datetime | None = field(default=None, compare=False)
    """When the room's pace let it be sent to."""


@dataclass(frozen=True, slots=True)
class Within:
    """What a claim may take.

    Attributes:
        urgent: from this urgency on, `left` does not count.
        only_urgent: nothing else is taken.
        left: workspaces of which only so many lanes may be taken, urgent ones aside.
        each: the same for any other workspace.
        shut: workspaces of which nothing is taken.
    """

    urgent: int = 0
    only_urgent: bool = False
    left: Mapping[str, int] = field(default_factory=dict)
    each: int | None = None
    shut: frozenset[str] = frozenset()

    def is_full_with(self, turns: Iterable[Turn]) -> bool:
        """Whether these are all that may be taken of a workspace: more of it may be ready."""
        taken = Counter(turn.workspace for turn in turns if turn.urgency < self.urgent)
        left = {**dict.fromkeys(taken, self.each), **self.left}
        return self.only_urgent or any(may is not None and taken[workspace] >= may
                                       for workspace, may in left.items())

    def picked(self, turns: Iterable[Turn]) -> list[Turn]:
        """Of these, in their order, those that may be taken."""
        taken: Counter[str] = Counter()
        kept = []
        for turn in turns:
            if turn.urgency < self.urgent:
                left = self.left.get(turn.workspace, self.each)
                if left is not None and taken[turn.workspace] >= left:
                    continue
                taken[turn.workspace] += 1
            kept.append(turn)
        return kept


async def claim(session: AsyncSession, now: datetime, lease: timedelta, limit: int,
                within: Within | None = None) -> list[Turn]:
    """Take up to `limit` ready lanes of any workspace, urgent ones first, then those ready longest.

    A sender that dies gives them back by time.
    """
    within = within or Within()
    ready = select(Lane.workspace_id, Lane.room, Lane.fence, Lane.urgency, Lane.open_at).where(
        Lane.ready_at <= now)
    if within.only_urgent:
        ready = ready.where(Lane.urgency >= within.urgent)
    if within.shut:
        ready = ready.where(Lane.workspace_id.not_in(sorted(within.shut)))
    if full := sorted(workspace for workspace, left in within.left.items() if left <= 0):
        ready = ready.where(or_(Lane.urgency >= within.urgent, Lane.workspace_id.not_in(full)))
    rows = await session.execute(
        ready.order_by(Lane.urgency.desc(), Lane.ready_at).limit(limit).with_for_update(skip_locked=True))
    turns = within.picked(Turn(workspace, room, fence + 1, urgency, open_at)
                          for workspace, room, fence, urgency, open_at in rows)
    if turns:
        await session.execute(
            update(Lane).where(lanes_of(turns))
            .values(fence=Lane.fence + 1, leased_until=now + lease, ready_at=now + lease)
            .execution_options(synchronize_session=False))
    return turns


def lanes_of(turns: Iterable[Turn]) -> ColumnElement[bool]:
    """The lanes of these turns."""
    return tuple_(Lane.workspace_id, Lane.room).in_([(turn.workspace, turn.room) for turn in turns])


async def next_ready(session: AsyncSession, now: datetime) -> datetime | None:
    """When the next lane of any workspace becomes ready, after `now`."""
    return await session.scalar(select(func.min(Lane.ready_at)).where(Lane.ready_at > now))


async def first_in_each(session: AsyncSession, turns: Sequence[Turn], now: datetime) -> dict[Turn, Post]:
    """The promise to keep next in each of these lanes: new messages first, then the most urgent, the oldest.

    A new message is news, an edit is not; and what an edit says may be that a newer message is below. Not
    even an urgent edit goes first: a workspace has some fifty a minute, and behind those of many pages
    nothing new would be said in their room for hours.
    """
    if not turns:
        return {}
    due = (
        select(Post.id, func.row_number().over(
            partition_by=(Post.workspace_id, Post.room),
            order_by=(Post.message_id.is_not(None), Post.urgency.desc(), Post.id)).label("place"))
        .where(tuple_(Post.workspace_id, Post.room).in_([(turn.workspace, turn.room) for turn in turns]),
               Post.wanted > Post.shown, Post.given_up_at.is_(None), Post.not_before <= now)
        .subquery())
    posts = await session.scalars(select(Post).join(due, due.c.id == Post.id).where(due.c.place == 1))
    by_lane = {(post.workspace_id, post.room): post for post in posts}
    return {turn: by_lane[turn.workspace, turn.room] for turn in turns
            if (turn.workspace, turn.room) in by_lane}


async def doubt(session: AsyncSession, posts: Sequence[Post], now: datetime) -> None:
    """Note that each of these may be out there from now on: before it is sent."""
    if posts:
        await session.execute(
            update(Post)
            .where(Post.workspace_id.in_({post.workspace_id for post in posts}),
                   Post.id.in_([post.id for post in posts]))
            .values(doubt_since=now).execution_options(synchronize_session=False))


async def one(session: AsyncSession, workspace: str, post_id: int) -> Post | None:
    return await session.scalar(select(Post).where(Post.workspace_id == workspace, Post.id == post_id))


async def first_said_since(session: AsyncSession, workspace: str, room: str, kinds: Iterable[str],
                           since: datetime) -> int:
    """How many messages of these kinds were first shown in `room` since then."""
    return await session.scalar(
        select(func.count()).select_from(Post)
        .where(Post.workspace_id == workspace, Post.room == room, Post.kind.in_(list(kinds)),
               Post.first_shown_at >= since)) or 0


async def posts_to(session: AsyncSession, workspace: str, room: str, kinds: Iterable[str],
                   limit: int) -> Sequence[Post]:
    """The newest messages of these kinds that were shown in `room`, newest first."""
    return (await session.scalars(
        select(Post)
        .where(Post.workspace_id == workspace, Post.kind.in_(list(kinds)), Post.room == room, Post.shown > 0)
        .order_by(Post.made_at.desc(), Post.id.desc()).limit(limit))).all()


async def locked_at_rest(session: AsyncSession, workspace: str, room: str, now: datetime) -> bool:
    """Lock a room's lane; whether no sender is at it, and none can begin until the transaction ends."""
    leased_until = await session.scalar(
        select(Lane.leased_until).where(Lane.workspace_id == workspace, Lane.room == room).with_for_update())
    return leased_until is None or leased_until <= now


async def posts_about(session: AsyncSession, workspace: str, kinds: Iterable[str],
                      subject_id: int) -> Sequence[Post]:
    """Every promise of these kinds about that subject, in any room."""
    return (await session.scalars(
        select(Post).where(Post.workspace_id == workspace, Post.kind.in_(list(kinds)),
                           Post.subject_id == subject_id))).all()


# ---- what could not be shown -------------------------------------------------------------------------------


async def given_up_in(session: AsyncSession, workspace: str, room: str) -> Sequence[Post]:
    """What was given up in a room, oldest first."""
    return (await session.scalars(
        select(Post).where(Post.workspace_id == workspace, Post.room == room, Post.given_up_at.is_not(None))
        .order_by(Post.id))).all()


async def is_shown(session: AsyncSession, workspace: str, kind: str, subject_id: int) -> bool:
    """Whether somebody can see it already."""
    return await session.scalar(
        select(Post.id)
        .where(Post.workspace_id == workspace, Post.kind == kind, Post.subject_id == subject_id,
               Post.message_id.is_not(None)).limit(1)) is not None


async def shown_among(session: AsyncSession, workspace: str, kind: str,
                      subject_ids: Iterable[int]) -> frozenset[int]:
    """About which of these somebody can see `kind` already."""
    wanted = list(subject_ids)
    if not wanted:
        return frozenset()
    return frozenset(await session.scalars(
        select(Post.subject_id).distinct()
        .where(Post.workspace_id == workspace, Post.kind == kind, Post.subject_id.in_(wanted),
               Post.message_id.is_not(None))))


async def shown_before(session: AsyncSession, workspace: str, kind: str, newer: Sequence[Promise],
                       now: datetime) -> Sequence[Post]:
    """What of this kind is shown and still kept up to date about the pilots of these newer ones."""
    return (await session.scalars(
        select(Post)
        .where(Post.workspace_id == workspace, Post.kind == kind, Post.message_id.is_not(None),
               Post.pilot_id.in_([promise.pilot_id for promise in newer]),
               Post.subject_id.not_in([promise.subject_id for promise in newer]),
               or_(Post.live_until.is_(None), Post.live_until > now))
        .order_by(Post.id))).all()


async def rooms_of(session: AsyncSession, workspace: str, kind: str, subject_id: int) -> set[str]:
    """Where `kind` about this subject was promised."""
    return set(await session.scalars(
        select(Post.room)
        .where(Post.workspace_id == workspace, Post.kind == kind, Post.subject_id == subject_id)))


async def is_promised(session: AsyncSession, workspace: str, kind: str, subject_ids: Iterable[int]) -> bool:
    """Whether anybody was promised `kind` about any of these."""
    wanted = list(subject_ids)
    if not wanted:
        return False
    return await session.scalar(
        select(Post.id).where(Post.workspace_id == workspace, Post.kind == kind, Post.subject_id.in_(wanted))
        .limit(1)) is not None


async def waiting(session: AsyncSession, by: datetime | None = None) -> int:
    """How many promises are not kept yet, in all workspaces.

    Args:
        by: only those that are to be kept by then.
    """
    due = select(func.count()).select_from(Post).where(Post.wanted > Post.shown, Post.given_up_at.is_(None))
    return await session.scalar(due if by is None else due.where(Post.not_before <= by)) or 0

"""What rooms are to show, how far that is done, and whose turn it is."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import (
    ColumnElement,
    SQLColumnExpression,
    and_,
    case,
    false,
    func,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession

from storage.models import Lane, Post
from storage.upsert import insert_into


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
            update(Post).where(live).values(wanted=Post.wanted + 1).returning(Post.room)
            .execution_options(synchronize_session=False)))
    # Somebody may have promised something in a further room while we waited for a lane.
    await _wake(session, workspace, dict.fromkeys(missed - rooms.keys(), 0), now)
    if wanted:
        insert = insert_into(session, Post)
        await session.execute(insert.on_conflict_do_update(
            index_elements=["workspace_id", "kind", "subject_id", "room"],
            set_={"wanted": Post.wanted + 1, "live_until": insert.excluded.live_until,
                  "urgency": _larger(Post.urgency, insert.excluded.urgency),
                  "not_before": now, "given_up_at": None, "attempts": 0}), [
            {"workspace_id": workspace, "kind": p.kind, "subject_id": p.subject_id, "room": p.room,
             "made_at": now, "not_before": now, "pilot_id": p.pilot_id, "live_until": p.live_until,
             "urgency": p.urgency, "wanted": 1, "shown": 0, "attempts": 0}
            for p in wanted.values()])


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


def _larger(one: SQLColumnExpression[int], other: SQLColumnExpression[int]) -> ColumnElement[int]:
    """The greater of two, which each database calls something else."""
    return case((one >= other, one), else_=other)


async def _wake(session: AsyncSession, workspace: str, rooms: Mapping[str, int], now: datetime) -> None:
    """Lock these lanes and make them ready, unless a sender is at one: it looks again when it is done.

    Args:
        rooms: with the urgency of what is new there; a lane's own urgency only rises here.
    """
    if not rooms:
        return
    insert = insert_into(session, Lane)
    await session.execute(insert.on_conflict_do_update(
        index_elements=["workspace_id", "room"],
        set_={"ready_at": case((Lane.leased_until > now, Lane.ready_at),
                               else_=func.coalesce(Lane.open_at, now)),
              "urgency": _larger(Lane.urgency, insert.excluded.urgency)}),
        [{"workspace_id": workspace, "room": room, "ready_at": now, "urgency": rooms[room], "fence": 0}
         for room in sorted(rooms)])


@dataclass(frozen=True, slots=True)
class Turn:
    """A lane that this sender holds until its lease ends."""

    workspace: str
    room: str
    fence: int


async def claim(session: AsyncSession, now: datetime, lease: timedelta, limit: int) -> list[Turn]:
    """Take up to `limit` ready lanes of any workspace, urgent ones first.

    A sender that dies gives them back by time.
    """
    lanes = (await session.scalars(
        select(Lane).where(Lane.ready_at <= now)
        .order_by(Lane.urgency.desc(), Lane.ready_at).limit(limit)
        .with_for_update(skip_locked=True))).all()
    for lane in lanes:
        lane.fence += 1
        lane.leased_until = lane.ready_at = now + lease
    return [Turn(lane.workspace_id, lane.room, lane.fence) for lane in lanes]


async def first_in_each(session: AsyncSession, turns: Sequence[Turn], now: datetime) -> dict[Turn, Post]:
    """The promise to keep next in each of these lanes: the most urgent, then the oldest."""
    if not turns:
        return {}
    due = (
        select(Post.id, func.row_number().over(
            partition_by=(Post.workspace_id, Post.room),
            order_by=(Post.urgency.desc(), Post.id)).label("place"))
        .where(tuple_(Post.workspace_id, Post.room).in_([(turn.workspace, turn.room) for turn in turns]),
               Post.wanted > Post.shown, Post.given_up_at.is_(None), Post.not_before <= now)
        .subquery())
    posts = await session.scalars(select(Post).join(due, due.c.id == Post.id).where(due.c.place == 1))
    by_lane = {(post.workspace_id, post.room): post for post in posts}
    return {turn: by_lane[turn.workspace, turn.room] for turn in turns
            if (turn.workspace, turn.room) in by_lane}


async def locked_lane(session: AsyncSession, turn: Turn) -> Lane | None:
    """The lane of `turn`, locked; None where the lease ran out and somebody else took it."""
    return await session.scalar(
        select(Lane)
        .where(Lane.workspace_id == turn.workspace, Lane.room == turn.room, Lane.fence == turn.fence)
        .with_for_update())


async def locked_post(session: AsyncSession, workspace: str, post_id: int) -> Post | None:
    return await session.scalar(
        select(Post).where(Post.workspace_id == workspace, Post.id == post_id).with_for_update())


async def give_back(session: AsyncSession, lane: Lane, open_at: datetime | None) -> None:
    """End the lease: the lane is ready again when its next promise is, and not before `open_at`."""
    if open_at is not None:
        lane.open_at = open_at
    due, urgency = (await session.execute(
        select(func.min(Post.not_before), func.max(Post.urgency))
        .where(Post.workspace_id == lane.workspace_id, Post.room == lane.room, Post.wanted > Post.shown,
               Post.given_up_at.is_(None)))).one()
    lane.leased_until = None
    lane.urgency = urgency or 0
    lane.ready_at = None if due is None else max(due, lane.open_at or due)


async def one(session: AsyncSession, workspace: str, post_id: int) -> Post | None:
    return await session.scalar(select(Post).where(Post.workspace_id == workspace, Post.id == post_id))


async def posts_to(session: AsyncSession, workspace: str, room: str, kinds: Iterable[str],
                   limit: int) -> Sequence[Post]:
    """The newest messages of these kinds that were shown in `room`, newest first."""
    return (await session.scalars(
        select(Post)
        .where(Post.workspace_id == workspace, Post.kind.in_(list(kinds)), Post.room == room, Post.shown > 0)
        .order_by(Post.made_at.desc(), Post.id.desc()).limit(limit))).all()


# ---- limits of the whole workspace: a lane without promises, whose `open_at` is when the limit ends --------


def _limit_lane(surface: str, limit: str) -> str:
    return f"{surface}:!{limit}"


async def pause(session: AsyncSession, workspace: str, surface: str, limit: str, until: datetime,
                now: datetime) -> bool:
    """Nothing that counts against `limit` is sent before `until`, by any replica; True: this is news."""
    room = _limit_lane(surface, limit)
    await session.execute(
        insert_into(session, Lane).values(workspace_id=workspace, room=room, urgency=0, fence=0)
        .on_conflict_do_nothing())
    lane = (await session.scalars(
        select(Lane).where(Lane.workspace_id == workspace, Lane.room == room).with_for_update()
        .execution_options(populate_existing=True))).one()
    is_news = lane.open_at is None or lane.open_at <= now
    lane.open_at = until if lane.open_at is None else max(lane.open_at, until)
    return is_news


async def pauses(session: AsyncSession, limits: Iterable[tuple[str, str, str]],
                 now: datetime) -> dict[tuple[str, str, str], datetime]:
    """Which of these (workspace, surface, limit) hold anything up just now, and until when."""
    by_lane = {(workspace, _limit_lane(surface, limit)): (workspace, surface, limit)
               for workspace, surface, limit in limits}
    if not by_lane:
        return {}
    rows = await session.execute(
        select(Lane.workspace_id, Lane.room, Lane.open_at)
        .where(tuple_(Lane.workspace_id, Lane.room).in_(sorted(by_lane)), Lane.open_at > now))
    return {by_lane[workspace, room]: until for workspace, room, until in rows if until is not None}


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


async def let_rest(session: AsyncSession, workspace: str, kind: str, newer: Sequence[Promise],
                   now: datetime) -> None:
    """What was posted before these about the same pilots is not edited any more: the new one says all."""
    await session.execute(
        update(Post)
        .where(Post.workspace_id == workspace, Post.kind == kind,
               Post.pilot_id.in_([promise.pilot_id for promise in newer]),
               Post.subject_id.not_in([promise.subject_id for promise in newer]),
               or_(Post.live_until.is_(None), Post.live_until > now))
        .values(live_until=now).execution_options(synchronize_session=False))


async def is_promised(session: AsyncSession, workspace: str, kind: str, subject_ids: Iterable[int]) -> bool:
    """Whether anybody was promised `kind` about any of these."""
    wanted = list(subject_ids)
    if not wanted:
        return False
    return await session.scalar(
        select(Post.id).where(Post.workspace_id == workspace, Post.kind == kind, Post.subject_id.in_(wanted))
        .limit(1)) is not None


async def waiting(session: AsyncSession) -> int:
    """How many promises are not kept yet, in all workspaces."""
    return await session.scalar(
        select(func.count()).select_from(Post)
        .where(Post.wanted > Post.shown, Post.given_up_at.is_(None))) or 0

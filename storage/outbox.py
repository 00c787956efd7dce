"""What rooms are to show, how far that is done, and whose turn it is."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, case, false, func, or_, select, update
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


async def promise(session: AsyncSession, workspace: str, promises: Iterable[Promise], changes: Iterable[Change],
                  now: datetime) -> None:
    """Write all that a transaction announces, once, at its end.

    What is promised already is refreshed, not doubled. Lanes are locked in one order, so that two
    transactions that speak to the same rooms cannot deadlock.
    """
    wanted = {(p.kind, p.subject_id, p.room): p for p in promises}
    stale = [_live_posts(workspace, change, now) for change in changes]
    rooms = {p.room for p in wanted.values()}
    for live in stale:
        rooms |= set((await session.scalars(select(Post.room).where(live).distinct())).all())
    if not rooms:
        return
    await _wake(session, workspace, sorted(rooms), now)
    for live in stale:
        await session.execute(update(Post).where(live).values(wanted=Post.wanted + 1)
                              .execution_options(synchronize_session=False))
    if wanted:
        insert = insert_into(session, Post)
        await session.execute(insert.on_conflict_do_update(
            index_elements=["workspace_id", "kind", "subject_id", "room"],
            set_={"wanted": Post.wanted + 1, "live_until": insert.excluded.live_until,
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


async def _wake(session: AsyncSession, workspace: str, rooms: Sequence[str], now: datetime) -> None:
    """Lock these lanes and make them ready, unless a sender is at one: it looks again when it is done."""
    insert = insert_into(session, Lane)
    await session.execute(insert.on_conflict_do_update(
        index_elements=["workspace_id", "room"],
        set_={"ready_at": case((Lane.leased_until > now, Lane.ready_at), else_=func.coalesce(Lane.open_at, now))}),
        [{"workspace_id": workspace, "room": room, "ready_at": now, "urgency": 0, "fence": 0} for room in rooms])


@dataclass(frozen=True, slots=True)
class Turn:
    """A lane that this sender holds until its lease ends."""

    workspace: str
    room: str
    fence: int


async def claim(session: AsyncSession, now: datetime, lease: timedelta, limit: int) -> list[Turn]:
    """Take up to `limit` ready lanes of any workspace, urgent ones first; a sender that dies gives them back by time."""
    lanes = (await session.scalars(
        select(Lane).where(Lane.ready_at <= now)
        .order_by(Lane.urgency.desc(), Lane.ready_at).limit(limit)
        .with_for_update(skip_locked=True))).all()
    for lane in lanes:
        lane.fence += 1
        lane.leased_until = lane.ready_at = now + lease
    return [Turn(lane.workspace_id, lane.room, lane.fence) for lane in lanes]


async def next_in(session: AsyncSession, turn: Turn, now: datetime) -> Post | None:
    """The promise to keep next in this lane: the most urgent, then the oldest."""
    return await session.scalar(
        select(Post)
        .where(Post.workspace_id == turn.workspace, Post.room == turn.room, Post.wanted > Post.shown,
               Post.given_up_at.is_(None), Post.not_before <= now)
        .order_by(Post.urgency.desc(), Post.id).limit(1))


async def locked_lane(session: AsyncSession, turn: Turn) -> Lane | None:
    """The lane of `turn`, locked; None where the lease ran out and somebody else took it."""
    return await session.scalar(
        select(Lane).where(Lane.workspace_id == turn.workspace, Lane.room == turn.room, Lane.fence == turn.fence)
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


async def waiting(session: AsyncSession) -> int:
    """How many promises are not kept yet, in all workspaces."""
    return await session.scalar(
        select(func.count()).select_from(Post)
        .where(Post.wanted > Post.shown, Post.given_up_at.is_(None))) or 0

"""What waits, is in doubt or was given up, in all workspaces: for those who operate the bot."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, case, func, not_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.limits import lane_of
from storage.models import DROPPED, Lane, Post, Workspace

_UNKEPT = Post.wanted > Post.shown
_DROPPED = and_(Post.given_up_at.is_not(None), func.coalesce(Post.last_error, "").startswith(DROPPED))
_DUE_SINCE = case((Post.shown == 0, Post.made_at), else_=Post.not_before)


@dataclass(frozen=True, slots=True)
class Standing:
    """How many promises of a workspace are alike, and since when the oldest of them is due."""

    workspace: str
    is_urgent: bool
    is_given_up: bool
    is_in_doubt: bool
    count: int
    due_since: datetime


async def standings(session: AsyncSession, urgent: int, now: datetime) -> list[Standing]:
    """All that is not kept, counted; what an admin dropped aside. It costs what is not kept."""
    kind = (Post.workspace_id, case((Post.urgency >= urgent, True), else_=False),
            case((Post.given_up_at.is_not(None), True), else_=False),
            case((and_(Post.doubt_since.is_not(None), or_(
                Lane.leased_until.is_(None), Lane.leased_until <= now)), True), else_=False))
    rows = await session.execute(
        select(*kind, func.count(), func.min(_DUE_SINCE))
        .outerjoin(Lane, (Lane.workspace_id == Post.workspace_id) & (Lane.room == Post.room))
        .where(_UNKEPT, not_(_DROPPED)).group_by(*kind))
    return [Standing(*row) for row in rows]


async def limits_in_force(session: AsyncSession, limits: Iterable[tuple[str, str]],
                          now: datetime) -> list[tuple[str, str, datetime, datetime | None]]:
    """(workspace, its lane, until, since) of these (surface, limit) that were met and are not over."""
    rooms = [lane_of(surface, limit) for surface, limit in limits]
    rows = await session.execute(
        select(Lane.workspace_id, Lane.room, Lane.open_at, Lane.leased_until)
        .where(Lane.workspace_id.in_(select(Workspace.id)), Lane.room.in_(rooms), Lane.open_at.is_not(None)))
    return [(workspace, room, until, since) for workspace, room, until, since in rows
            if until is not None and (until > now or room in _lasting(limits))]


def _lasting(limits: Iterable[tuple[str, str]]) -> set[str]:
    """A refused token is not over by time."""
    return {lane_of(surface, limit) for surface, limit in limits if limit == "*"}


@dataclass(frozen=True, slots=True)
class Unkept:
    post: Post
    is_on_the_way: bool
    """A sender is at its room just now."""

    @property
    def is_dropped(self) -> bool:
        return self.post.given_up_at is not None and (self.post.last_error or "").startswith(DROPPED)


async def unkept(session: AsyncSession, now: datetime, *, given_up: bool = False, newest: bool = False,
                 limit: int | None = None) -> list[Unkept]:
    """Promises that are not kept, oldest first; `given_up`: only those that nobody tries any more."""
    query = (select(Post, Lane.leased_until)
             .outerjoin(Lane, (Lane.workspace_id == Post.workspace_id) & (Lane.room == Post.room))
             .where(_UNKEPT))
    if given_up:
        query = query.where(Post.given_up_at.is_not(None))
    rows = await session.execute(query.order_by(Post.id.desc() if newest else Post.id).limit(limit))
    return [Unkept(post, until is not None and until > now) for post, until in rows]


async def count_unkept(session: AsyncSession) -> tuple[int, int]:
    """How many wait, and how many were given up."""
    rows = await session.execute(
        select(Post.given_up_at.is_not(None), func.count()).where(_UNKEPT)
        .group_by(Post.given_up_at.is_not(None)))
    counted = {bool(is_given_up): count for is_given_up, count in rows}
    return counted.get(False, 0), counted.get(True, 0)


async def one(session: AsyncSession, post_id: int) -> Post | None:
    """A promise of any workspace, by the number that the list shows."""
    return await session.scalar(select(Post).where(Post.id == post_id))


async def given_up(session: AsyncSession) -> Sequence[Post]:
    """All that was given up in any workspace, what an admin dropped aside."""
    return (await session.scalars(
        select(Post).where(_UNKEPT, Post.given_up_at.is_not(None), not_(_DROPPED)).order_by(Post.id))).all()

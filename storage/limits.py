"""What holds up a whole workspace: limits of the chat service, and a token that it does not take.

Each is a lane without promises, so that all replicas see it: `open_at` is when it ends.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from storage.models import Lane
from storage.upsert import insert_into

Limit = tuple[str, str, str]
"""A workspace, a chat service, and what is limited there."""


def lane_of(surface: str, limit: str) -> str:
    return f"{surface}:!{limit}"


@dataclass(frozen=True, slots=True)
class Held:
    """A limit that was met.

    Attributes:
        until: when it ends, or ended.
        since: when it was first met without a call that worked in between.
    """

    until: datetime
    since: datetime


async def pause(session: AsyncSession, workspace: str, surface: str, limit: str, until: datetime,
                now: datetime, *, lasting: bool = False) -> bool:
    """Nothing that counts against `limit` is sent before `until`, by any replica; True: this is news.

    What is `lasting` is not over by time, but when `lift` says so: until then it is news no second time.
    """
    room = lane_of(surface, limit)
    await session.execute(
        insert_into(session, Lane).values(workspace_id=workspace, room=room, urgency=0, fence=0)
        .on_conflict_do_nothing())
    lane = (await session.scalars(
        select(Lane).where(Lane.workspace_id == workspace, Lane.room == room).with_for_update()
        .execution_options(populate_existing=True))).one()
    is_over = lane.open_at is None or (not lasting and lane.open_at <= now)
    if is_over:
        lane.leased_until = now  # nobody leases it: here this is since when it has been so
    lane.open_at = until if lane.open_at is None else max(lane.open_at, until)
    return is_over


async def met(session: AsyncSession, limits: Iterable[Limit]) -> dict[Limit, Held]:
    """Which of these were met; where that is over, `until` has passed."""
    by_lane = {(workspace, lane_of(surface, limit)): (workspace, surface, limit)
               for workspace, surface, limit in limits}
    if not by_lane:
        return {}
    rows = await session.execute(
        select(Lane.workspace_id, Lane.room, Lane.open_at, Lane.leased_until)
        .where(tuple_(Lane.workspace_id, Lane.room).in_(sorted(by_lane)), Lane.open_at.is_not(None)))
    return {by_lane[workspace, room]: Held(until, since or until)
            for workspace, room, until, since in rows if until is not None}


async def lift(session: AsyncSession, workspace: str, surface: str, limit: str) -> datetime | None:
    """A call worked: the limit is over. Returns since when it had been met, None: it had not."""
    room = lane_of(surface, limit)
    lane = await session.scalar(
        select(Lane).where(Lane.workspace_id == workspace, Lane.room == room, Lane.open_at.is_not(None))
        .with_for_update())
    if lane is None:
        return None
    since, lane.open_at, lane.leased_until = lane.leased_until or lane.open_at, None, None
    return since

"""What came of attempts to keep promises, written many at a time; and the lanes given back."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Table, bindparam, func, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage.models import Lane, Post
from storage.outbox import Turn, lanes_of


async def still_held(session: AsyncSession, turns: Iterable[Turn]) -> set[Turn]:
    """Lock the lanes of these turns, in the order of all who lock several; which of them are still ours.

    A lease that ran out is another sender's as soon as it takes the lane, not before. Rooms are in order of
    their bytes, as Python sorts them, whatever the database's locale.
    """
    turns = list(turns)
    if not turns:
        return set()
    key = [Lane.workspace_id, Lane.room]
    order = key if session.get_bind().dialect.name == "sqlite" else [column.collate("C") for column in key]
    rows = await session.execute(
        select(Lane.workspace_id, Lane.room, Lane.fence).where(lanes_of(turns)).order_by(*order)
        .with_for_update())
    still = {Turn(*row) for row in rows}
    return {turn for turn in turns if turn in still}


@dataclass(frozen=True, slots=True)
class Noted:
    """What became of a promise by an attempt."""

    workspace: str
    id: int
    shown: int
    attempts: int
    not_before: datetime
    message_id: str | None
    doubt_since: datetime | None
    last_error: str | None
    given_up_at: datetime | None
    shown_at: datetime | None = None
    """When it was shown or edited just now."""


_POST: Table = cast(Table, Post.__table__)
_LANE: Table = cast(Table, Lane.__table__)
_NOTE = (update(_POST).where(_POST.c.workspace_id == bindparam("workspace"), _POST.c.id == bindparam("post"))
         .values({name: bindparam(f"to_{name}", type_=_POST.c[name].type) for name in (
             "shown", "attempts", "not_before", "message_id", "doubt_since", "last_error", "given_up_at")}
                 | {"first_shown_at": func.coalesce(_POST.c.first_shown_at, bindparam(
                     "to_shown_at", type_=_POST.c.first_shown_at.type))}))
_RETURN = (update(_LANE)
           .where(_LANE.c.workspace_id == bindparam("workspace"), _LANE.c.room == bindparam("lane"))
           .values({"leased_until": None, **{name: bindparam(f"to_{name}", type_=_LANE.c[name].type)
                                             for name in ("ready_at", "open_at", "urgency")}}))


async def note(session: AsyncSession, noted: Sequence[Noted]) -> None:
    """Write what became of promises whose lanes the caller holds locked: nobody else writes these columns."""
    if noted:
        await session.execute(_NOTE, [
            {"workspace": each.workspace, "post": each.id, "to_shown": each.shown,
             "to_attempts": each.attempts, "to_not_before": each.not_before,
             "to_message_id": each.message_id, "to_doubt_since": each.doubt_since,
             "to_last_error": each.last_error, "to_given_up_at": each.given_up_at,
             "to_shown_at": each.shown_at} for each in noted])


async def note_late(session: AsyncSession, workspace: str, post_id: int, message_id: str) -> None:
    """From a sender whose lease ran out: the one thing that whoever has the lane now cannot know."""
    await session.execute(
        update(Post).where(Post.workspace_id == workspace, Post.id == post_id, Post.message_id.is_(None))
        .values(message_id=message_id, doubt_since=None).execution_options(synchronize_session=False))


async def give_back(session: AsyncSession, opened: Mapping[Turn, datetime | None]) -> datetime | None:
    """End the leases of locked lanes: each is ready again when its next promise is.

    Returns when the first of them is; None: nothing waits there.

    Args:
        opened: with the moment before which nothing may be sent there; None: as it was.
    """
    if not opened:
        return None
    rows = await session.execute(
        select(Post.workspace_id, Post.room, func.min(Post.not_before), func.max(Post.urgency))
        .where(tuple_(Post.workspace_id, Post.room).in_([(turn.workspace, turn.room) for turn in opened]),
               Post.wanted > Post.shown, Post.given_up_at.is_(None))
        .group_by(Post.workspace_id, Post.room))
    waiting = {(workspace, room): (due, urgency) for workspace, room, due, urgency in rows}
    returned: list[dict[str, Any]] = []
    for turn, open_at in opened.items():
        due, urgency = waiting.get((turn.workspace, turn.room), (None, 0))
        opens = open_at or turn.open_at
        returned.append({"workspace": turn.workspace, "lane": turn.room, "to_open_at": opens,
                         "to_urgency": urgency,
                         "to_ready_at": None if due is None else max(due, opens or due)})
    await session.execute(_RETURN, returned)
    return min((each["to_ready_at"] for each in returned if each["to_ready_at"] is not None), default=None)

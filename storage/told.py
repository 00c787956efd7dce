"""Queries about what people were told of items, in which message."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, cast

from sqlalchemy import delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage.models import Item, ItemState, Nudge, Post
from storage.nudging import Told
from storage.upsert import insert_into


@dataclass(frozen=True, slots=True)
class Telling:
    """One row of `told` with what became of its message."""

    id: int
    workspace_id: str
    item_id: int
    person_id: str
    step: str
    at: datetime
    nudge_id: int
    day: date
    is_copy: bool
    resolved_at: datetime | None
    is_shown: bool
    is_given_up: bool


async def about(session: AsyncSession, items: Collection[Item], steps: Iterable[str]) -> list[Telling]:
    """What was said about these items, of any workspace, in these steps; oldest first."""
    rows: Any = await session.execute(
        select(Told.id, Told.workspace_id, Told.item_id, Told.person_id, Told.step, Told.at, Told.nudge_id,
               Nudge.day, Told.is_copy, Told.resolved_at, Post.message_id.is_not(None),
               Post.given_up_at.is_not(None))
        .join(Nudge, Nudge.id == Told.nudge_id)
        .outerjoin(Post, (Post.workspace_id == Told.workspace_id) & (Post.kind == Nudge.kind)
                   & (Post.subject_id == Told.nudge_id) & (Post.room == Told.person_id))
        .where(Told.workspace_id.in_({item.workspace_id for item in items}),
               Told.item_id.in_([item.id for item in items]), Told.step.in_(list(steps)))
        .order_by(Told.id))
    return [Telling(*row) for row in rows]


async def write(session: AsyncSession, rows: Sequence[Mapping[str, object]]) -> None:
    """Tell; what the same message says already is left as it is."""
    if rows:
        connection = await session.connection()  # as plain rows: there are thousands on a morning
        await connection.execute(insert_into(session, Told).on_conflict_do_nothing(), list(rows))


async def in_nudge(session: AsyncSession, workspace: str, nudge_id: int) -> Sequence[Told]:
    """What a message says, in the order in which it was decided."""
    return (await session.scalars(
        select(Told).where(Told.workspace_id == workspace, Told.nudge_id == nudge_id)
        .order_by(Told.id))).all()


async def in_nudges(session: AsyncSession, workspace: str, ids: Collection[int]) -> dict[int, list[Told]]:
    """What each of these messages says, as plain rows in the order in which it was decided."""
    found: dict[int, list[Told]] = defaultdict(list)
    if not ids:
        return found
    for row in await session.execute(
            select(Told.nudge_id, Told.id, Told.item_id, Told.step, Told.is_copy)
            .where(Told.workspace_id == workspace, Told.nudge_id.in_(ids)).order_by(Told.id)):
        found[row.nudge_id].append(cast(Told, row))
    return found


async def mentions(session: AsyncSession, workspace: str, person_id: str, limit: int) -> Sequence[Told]:
    """The last times this person was mentioned in a channel's nudge, newest first."""
    return (await session.scalars(
        select(Told)
        .where(Told.workspace_id == workspace, Told.person_id == person_id, Told.step == "channel")
        .order_by(Told.at.desc(), Told.id.desc()).limit(limit))).all()


async def adopt(session: AsyncSession, moves: Mapping[int, int], since: datetime) -> None:
    """Move what nobody saw into later messages of the same people: unseen nudge -> nudge.

    What is closed, or was decided before `since`, stays behind; what somebody has locked, too. All are of
    messages that the caller has just opened, of any workspace.
    """
    if not moves:
        return
    stale = (await session.scalars(
        select(Told).join(Item, Item.id == Told.item_id)
        .where(Told.nudge_id.in_(moves), Told.at >= since,
               or_(Item.state == ItemState.OPEN, Told.step == "resolved"))
        .order_by(Told.id).with_for_update(of=Told, skip_locked=True))).all()
    if not stale:
        return
    there = {(told.nudge_id, told.person_id, told.item_id, told.step) for told in await session.scalars(
        select(Told).where(Told.nudge_id.in_(set(moves.values()))))}
    for told in stale:
        key = (moves[told.nudge_id], told.person_id, told.item_id, told.step)
        if key in there:
            await session.execute(delete(Told).where(Told.id == told.id)
                                  .execution_options(synchronize_session=False))
        else:
            there.add(key)
            await session.execute(update(Told).where(Told.id == told.id).values(nudge_id=key[0])
                                  .execution_options(synchronize_session=False))


async def resolve(session: AsyncSession, ids: Collection[int], now: datetime) -> None:
    """Note that the end of these escalations was told; the caller holds their items locked."""
    if ids:
        await session.execute(update(Told).where(Told.id.in_(ids)).values(resolved_at=now)
                              .execution_options(synchronize_session=False))


async def act(session: AsyncSession, workspace: str, item_ids: Collection[int], now: datetime) -> None:
    """Somebody did something about these items: whatever was told of them before has worked."""
    await session.execute(
        update(Told).where(Told.workspace_id == workspace, Told.item_id.in_(item_ids),
                           Told.acted_at.is_(None))
        .values(acted_at=now).execution_options(synchronize_session=False))

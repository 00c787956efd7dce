"""Queries of the nudges in channels: whom they mention, and what became of the one before."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.models import Item, Nudge, Post
from storage.nudging import Told


async def locked_items(session: AsyncSession, ids: Iterable[int]) -> Sequence[Item]:
    """These items as they are now, locked; those that others hold are left out."""
    return (await session.scalars(
        select(Item).where(Item.id.in_(sorted(ids))).order_by(Item.id).with_for_update(skip_locked=True)
        .execution_options(populate_existing=True))).all()


async def digested(session: AsyncSession, item_ids: Collection[int]) -> set[tuple[str, int, date]]:
    """(person, item, day) of the digests that speak of these items, of any workspace."""
    if not item_ids:
        return set()
    rows = await session.execute(
        select(Told.person_id, Told.item_id, Nudge.day).join(Nudge, Nudge.id == Told.nudge_id)
        .where(Told.item_id.in_(item_ids), Nudge.kind == "digest"))
    return {(person, item, day) for person, item, day in rows}


async def told_by(session: AsyncSession, workspace: str, nudge_id: int) -> Sequence[Told]:
    """Who is told of which item by this nudge."""
    return (await session.scalars(
        select(Told).where(Told.workspace_id == workspace, Told.nudge_id == nudge_id))).all()


async def made_on(session: AsyncSession, workspace: str, kind: str, about: str, day: date) -> Nudge | None:
    return await session.scalar(
        select(Nudge).where(Nudge.workspace_id == workspace, Nudge.kind == kind, Nudge.about == about,
                            Nudge.day == day))


async def is_followed(session: AsyncSession, workspace: str, pilot_id: int, day: date, kind: str) -> bool:
    """Whether a message of this kind of a later day about the pilot is shown, or about to be."""
    return await session.scalar(
        select(Post.id).join(Nudge, Nudge.id == Post.subject_id)
        .where(Post.workspace_id == workspace, Post.kind == kind, Post.pilot_id == pilot_id,
               Nudge.workspace_id == workspace, Nudge.day > day,
               or_(Post.message_id.is_not(None), Post.wanted > Post.shown), Post.given_up_at.is_(None))
        .limit(1)) is not None

"""Queries of the sweeps: what is due, and which morning's words were made. Sweeps span all workspaces."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage.held import held_of
from storage.models import Item, Nudge, Pilot
from storage.upsert import insert_into


async def due_items(session: AsyncSession, now: datetime, limit: int) -> Sequence[Item]:
    """Items whose owner should hear of them, earliest first, locked; what others hold is skipped."""
    return (await session.scalars(
        select(Item).where(Item.next_at <= now).order_by(Item.next_at, Item.id).limit(limit)
        .with_for_update(skip_locked=True))).all()


async def due_pilots(session: AsyncSession, now: datetime, limit: int) -> Sequence[Pilot]:
    """Pilots whose channel is to get its scheduled nudge, locked; those another replica holds are skipped."""
    return (await session.scalars(
        select(Pilot).where(Pilot.nudge_at <= now).order_by(Pilot.nudge_at, Pilot.id).limit(limit)
        .with_for_update(skip_locked=True, key_share=True))).all()


async def with_the_rest(session: AsyncSession, due: Sequence[Item], now: datetime) -> list[Item]:
    """These and all else that is due of their owners, locked: so that a digest is whole when it is sent."""
    rest = await session.scalars(
        select(Item)
        .where(Item.workspace_id.in_({item.workspace_id for item in due}),
               Item.owner_id.in_({item.owner_id for item in due if item.owner_id}), Item.next_at <= now)
        .order_by(Item.id).with_for_update(skip_locked=True))
    return list({item.id: item for item in (*due, *rest)}.values())


async def move(session: AsyncSession, moved: Mapping[datetime | None, Sequence[int]]) -> None:
    """Set when the owner next hears of these items, of any workspace; the caller holds them locked."""
    for at, ids in moved.items():
        await session.execute(update(Item).where(Item.id.in_(ids)).values(next_at=at)
                              .execution_options(synchronize_session=False))


async def open_mornings(session: AsyncSession, wanted: Sequence[Nudge]) -> list[tuple[Nudge, bool]]:
    """The mornings as stored, locked, and for each whether it was made just now; all are of one kind."""
    if not wanted:
        return []
    by_key = {(nudge.workspace_id, nudge.about, nudge.day): nudge for nudge in wanted}
    ordered = [by_key[key] for key in sorted(by_key)]
    made = set(await session.scalars(
        insert_into(session, Nudge).on_conflict_do_nothing().returning(Nudge.id),
        [{"workspace_id": nudge.workspace_id, "kind": nudge.kind, "about": nudge.about, "day": nudge.day,
          "made_at": nudge.made_at, "pilot_id": nudge.pilot_id, "item_ids": nudge.item_ids}
         for nudge in ordered]))
    stored = await session.scalars(
        select(Nudge)
        .where(Nudge.kind == ordered[0].kind,
               Nudge.workspace_id.in_({nudge.workspace_id for nudge in ordered}),
               Nudge.about.in_({nudge.about for nudge in ordered}),
               Nudge.day.in_({nudge.day for nudge in ordered}))
        .order_by(Nudge.workspace_id, Nudge.about, Nudge.day).with_for_update())
    return [(nudge, nudge.id in made) for nudge in stored
            if (nudge.workspace_id, nudge.about, nudge.day) in by_key]


async def one(session: AsyncSession, workspace: str, nudge_id: int) -> Nudge | None:
    return held_of(session, workspace, Nudge, nudge_id) or await session.scalar(
        select(Nudge).where(Nudge.workspace_id == workspace, Nudge.id == nudge_id))


async def several(session: AsyncSession, workspace: str, ids: Iterable[int]) -> dict[int, Nudge]:
    wanted = list(ids)
    if not wanted:
        return {}
    rows = await session.scalars(select(Nudge).where(Nudge.workspace_id == workspace, Nudge.id.in_(wanted)))
    return {nudge.id: nudge for nudge in rows}

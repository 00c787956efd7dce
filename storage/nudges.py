"""Queries of the sweeps: what is due, and which morning's words were made. Sweeps span all workspaces."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import cast

from sqlalchemy import FromClause, false, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage.held import held_of
from storage.models import Item, Nudge, Pilot, Post
from storage.upsert import insert_into

_ITEM: FromClause = Item.__table__
_DUE = select(*(_ITEM.c[name] for name in (
    "id", "workspace_id", "pilot_id", "ref", "role", "state", "gate", "is_advice", "weight",
    "owner_id", "is_handed_over", "due_on", "plan_on", "slot_at", "blocked_at", "blocked_by", "closed_by",
    "owner_since", "active_at", "step", "step_on", "snoozed_until")))
"""Plain rows: a sweep looks at thousands, and they cost half of an object."""


async def due_items(session: AsyncSession, now: datetime, limit: int) -> list[Item]:
    """Items that are to be looked at, earliest first, locked; what others hold is skipped."""
    return cast(list[Item], (await session.execute(
        _DUE.where(_ITEM.c.next_at <= now).order_by(_ITEM.c.next_at, _ITEM.c.id).limit(limit)
        .with_for_update(skip_locked=True))).all())


async def due_pilots(session: AsyncSession, now: datetime, limit: int) -> Sequence[Pilot]:
    """Pilots whose channel is to get its scheduled nudge, locked; those another replica holds are skipped."""
    return (await session.scalars(
        select(Pilot).where(Pilot.nudge_at <= now).order_by(Pilot.nudge_at, Pilot.id).limit(limit)
        .with_for_update(skip_locked=True, key_share=True))).all()


async def with_the_rest(session: AsyncSession, due: Sequence[Item], now: datetime) -> list[Item]:
    """These and all else that is due of their owners, locked: so that a digest is whole when it is sent."""
    rest = cast(list[Item], (await session.execute(
        _DUE.where(_ITEM.c.workspace_id.in_({item.workspace_id for item in due}),
                   _ITEM.c.owner_id.in_({item.owner_id for item in due if item.owner_id}),
                   _ITEM.c.next_at <= now)
        .order_by(_ITEM.c.id).with_for_update(skip_locked=True))).all())
    return list({item.id: item for item in (*due, *rest)}.values())


Move = tuple[str | None, date | None, datetime | None]
"""The step that was said last, on which day, and when to look again."""


async def move(session: AsyncSession, moved: Mapping[Move, Sequence[int]]) -> None:
    """Note what was said of these items, of any workspace; the caller holds them locked."""
    for (step, step_on, at), ids in moved.items():
        await session.execute(update(Item).where(Item.id.in_(ids))
                              .values(step=step, step_on=step_on, next_at=at)
                              .execution_options(synchronize_session=False))


@dataclass(frozen=True, slots=True)
class Made:
    """A digest that was made."""

    id: int
    workspace_id: str
    about: str
    day: date
    made_at: datetime
    is_seen: bool
    """It was sent, or may have been."""


async def digests_made(session: AsyncSession, who: Collection[tuple[str, str]], week: date,
                       since: date) -> list[Made]:
    """The digests of these people from `week` on, and those from `since` on that nobody has seen."""
    if not who:
        return []
    is_seen = or_(Post.message_id.is_not(None), Post.doubt_since.is_not(None))
    rows = await session.execute(
        select(Nudge.id, Nudge.workspace_id, Nudge.about, Nudge.day, Nudge.made_at,
               func.coalesce(is_seen, false()))
        .outerjoin(Post, (Post.workspace_id == Nudge.workspace_id) & (Post.kind == Nudge.kind)
                   & (Post.subject_id == Nudge.id) & (Post.room == Nudge.about))
        .where(Nudge.workspace_id.in_({workspace for workspace, _ in who}), Nudge.kind == "digest",
               Nudge.about.in_({person for _, person in who}), Nudge.day >= since,
               or_(Nudge.day >= week, Post.message_id.is_(None))))
    return [Made(*row) for row in rows]


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

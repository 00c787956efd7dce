"""Queries that only views ask: each reads, none writes."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any, cast

from sqlalchemy import BindParameter, FromClause, Select, SQLColumnExpression, bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from handlers.people.calendar import Calendar
from handlers.pilots import schedule
from storage import people, pilots
from storage.models import Item, ItemKind, ItemState, Nudge, Person, Pilot, PilotState, Post, RiskPoint, Seat
from storage.pilots import Dossier


# Built once: putting a statement together takes longer than the database takes to answer it.
_WORKSPACE: BindParameter[str] = bindparam("workspace")
_NUMBER: BindParameter[int] = bindparam("pilot")
_RISK = (select(RiskPoint.score)
         .where(RiskPoint.workspace_id == _WORKSPACE, RiskPoint.pilot_id == _NUMBER, RiskPoint.day < bindparam("day"))
         .order_by(RiskPoint.day.desc()).limit(1).scalar_subquery())


def _seated(first: SQLColumnExpression[Any] | type[Pilot]) -> Select[Any]:
    """`first` of a pilot, its last risk, and its seats with who holds them."""
    return (
        select(first, _RISK, Seat, Person).select_from(Pilot)
        .outerjoin(Seat, (Seat.pilot_id == Pilot.id) & (Seat.workspace_id == _WORKSPACE))
        .outerjoin(Person, (Person.workspace_id == _WORKSPACE) & (Person.id == Seat.person_id))
        .where(Pilot.workspace_id == _WORKSPACE, Pilot.id == _NUMBER))


_PILOT_TOO, _SEATS_ONLY = _seated(Pilot), _seated(Pilot.id)
_ITEM: FromClause = Item.__table__
_ITEMS = select(_ITEM).where(_ITEM.c.workspace_id == _WORKSPACE, _ITEM.c.pilot_id == _NUMBER).order_by(_ITEM.c.position)
"""Plain rows: they read like an Item and cost half of one."""


async def read(session: AsyncSession, workspace: str, pilot: int | Pilot, now: datetime, *,
               also: Iterable[str] = (), known: Iterable[Person] = (),
               closers: bool = False) -> tuple[Dossier, int | None] | None:
    """A pilot and the risk of the last day before `now` that has one; None: there is no such pilot.

    Two queries where everybody concerned has a seat in it or is known, else three. For looking only: the
    items are rows that cannot be changed.

    Args:
        pilot: its number, or itself where it was read in this transaction.
        also: people to know besides those with a seat, an item, or in somebody's way.
        known: people who were read already.
        closers: who closed items as well.
    """
    number = pilot if isinstance(pilot, int) else pilot.id
    asked = {"workspace": workspace, "pilot": number}
    rows = (await session.execute(_PILOT_TOO if isinstance(pilot, int) else _SEATS_ONLY,
                                  {**asked, "day": now.date()})).all()
    if not rows:
        return None
    items = cast(list[Item], (await session.execute(_ITEMS, asked)).all())
    people_here = {person.id: person for person in known}
    people_here |= {person.id: person for _, _, _, person in rows if person is not None}
    wanted = {*also, *(who for item in items for who in (item.owner_id, item.blocked_by) if who)}
    if closers:
        wanted |= {item.closed_by for item in items if item.closed_by}
    people_here |= await people.several(session, workspace, wanted - people_here.keys())
    seats = {seat.role: seat for _, _, seat, _ in rows if seat is not None}
    return Dossier(rows[0][0] if isinstance(pilot, int) else pilot, items, seats, people_here), rows[0][1]


async def signoffs(session: AsyncSession, workspace: str, person: str,
                   until: date) -> Sequence[tuple[Item, Pilot]]:
    """Open sign-offs of others that need a role of `person` and are due by `until`, earliest first."""
    rows = await session.execute(
        select(Item, Pilot, Seat.role)
        .join(Pilot, Pilot.id == Item.pilot_id).join(Seat, Seat.pilot_id == Pilot.id)
        .where(Seat.workspace_id == workspace, Seat.person_id == person, Item.workspace_id == workspace,
               Pilot.workspace_id == workspace, Pilot.state == PilotState.ACTIVE,
               Item.kind == ItemKind.SIGNOFF, Item.state == ItemState.OPEN, Item.due_on <= until)
        .order_by(Item.due_on, Item.id))
    found = {item.id: (item, pilot) for item, pilot, role in rows
             if role in item.approvers and item.owner_id != person and item.blocked_at is None}
    return list(found.values())


async def over_limit(session: AsyncSession, workspace: str, today: date) -> list[int]:
    """Ids of the running pilots that are over their stage's limit.

    Limits are each pilot's own and count its own working days, so this looks at a few columns of every
    running pilot; no items are read.
    """
    rows = await session.execute(
        select(Pilot.id, Pilot.stage, Pilot.stage_entered_on, Pilot.stages, Pilot.zone, Pilot.country)
        .where(Pilot.workspace_id == workspace, Pilot.state == PilotState.ACTIVE,
               Pilot.stage_entered_on < today - timedelta(days=1)))
    found = []
    for number, stage, entered, stages, zone, country in rows:
        limit = schedule.limit_of(stage, stages)
        # Calendar days first: they are at least as many as working days, and cost nothing.
        if (limit is not None and (today - entered).days > limit
                and Calendar(zone, country).between(entered, today) > limit):
            found.append(number)
    return found


async def items_of_several(session: AsyncSession, workspace: str,
                           pilot_ids: Iterable[int]) -> dict[int, list[Item]]:
    wanted, found = list(pilot_ids), dict[int, list[Item]]()
    if not wanted:
        return found
    rows = await session.scalars(
        select(Item).where(Item.workspace_id == workspace, Item.pilot_id.in_(wanted)).order_by(Item.position))
    for item in rows:
        found.setdefault(item.pilot_id, []).append(item)
    return found


async def posts_to(session: AsyncSession, workspace: str, room: str, kinds: Iterable[str],
                   limit: int) -> Sequence[Post]:
    """The newest messages of these kinds that were shown in `room`, newest first."""
    return (await session.scalars(
        select(Post)
        .where(Post.workspace_id == workspace, Post.kind.in_(list(kinds)), Post.room == room, Post.shown > 0)
        .order_by(Post.made_at.desc(), Post.id.desc()).limit(limit))).all()


async def nudges(session: AsyncSession, workspace: str, ids: Iterable[int]) -> dict[int, Nudge]:
    wanted = list(ids)
    if not wanted:
        return {}
    rows = await session.scalars(select(Nudge).where(Nudge.workspace_id == workspace, Nudge.id.in_(wanted)))
    return {nudge.id: nudge for nudge in rows}

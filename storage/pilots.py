"""Queries about pilots, their items and seats."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cache
from typing import Any, cast

from sqlalchemy import (
    BindParameter,
    FromClause,
    Select,
    SQLColumnExpression,
    bindparam,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession

from storage import people
from storage.among import found_by
from storage.held import held_of
from storage.models import Item, ItemKind, ItemState, Person, Pilot, PilotState, RiskPoint, Seat
from storage.upsert import dialect_of, insert_into


@dataclass(frozen=True, slots=True)
class Dossier:
    """All that is known of one pilot: what every view of it is made from."""

    pilot: Pilot
    items: list[Item]
    seats: dict[str, Seat]
    people: dict[str, Person] = field(default_factory=dict)

    def item(self, ref: str) -> Item | None:
        return next((item for item in self.items if item.ref == ref), None)

    def holder(self, role: str) -> Person | None:
        """Who fills the seat, whether accepted yet or not."""
        seat = self.seats.get(role)
        return self.people.get(seat.person_id) if seat else None

    def owner(self, item: Item) -> Person | None:
        return self.people.get(item.owner_id) if item.owner_id else None


def name_key(name: str) -> str:
    """A pilot's name as it is compared: case and spacing do not count."""
    return " ".join(name.split()).casefold()


async def one(session: AsyncSession, workspace: str, pilot_id: int) -> Pilot | None:
    return (held_of(session, workspace, Pilot, pilot_id)
            or await session.scalar(
                select(Pilot).where(Pilot.workspace_id == workspace, Pilot.id == pilot_id)))


async def locked(session: AsyncSession, workspace: str, pilot_id: int) -> Pilot | None:
    """The pilot, locked until the transaction ends: the lock for all that belongs to it.

    Rows that name the pilot can still be added by others (FOR NO KEY UPDATE): a sweep that holds an item and
    writes down that its owner was told must not wait for an action that waits for the item.
    """
    return await session.scalar(
        select(Pilot).where(Pilot.workspace_id == workspace, Pilot.id == pilot_id)
        .with_for_update(key_share=True))


_IN_ROOM = (select(Pilot).where(Pilot.workspace_id == bindparam("workspace"), Pilot.room == bindparam("room"))
            .order_by(Pilot.id.desc()))


async def in_room(session: AsyncSession, workspace: str, room: str) -> Sequence[Pilot]:
    """The pilots of a channel, newest first: the stopped ones only where there is no other."""
    found = (await session.scalars(_IN_ROOM, {"workspace": workspace, "room": room})).all()
    return [pilot for pilot in found if pilot.state is not PilotState.STOPPED] or found


_NAMED = select(Pilot).where(Pilot.workspace_id == bindparam("workspace"),
                             Pilot.name_key == bindparam("name"))


async def named_exactly(session: AsyncSession, workspace: str, name: str) -> Pilot | None:
    return await session.scalar(_NAMED, {"workspace": workspace, "name": name_key(name)})


async def named(session: AsyncSession, workspace: str, name: str, limit: int = 6) -> Sequence[Pilot]:
    """Pilots whose name, or a word of it, begins with `name`."""
    pattern = name_key(name).replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return (await session.scalars(
        select(Pilot)
        .where(Pilot.workspace_id == workspace,
               or_(Pilot.name_key.like(f"{pattern}%", escape="\\"),
                   Pilot.name_key.like(f"% {pattern}%", escape="\\")))
        .order_by(Pilot.state != PilotState.ACTIVE, Pilot.name_key).limit(limit))).all()


async def names(session: AsyncSession, workspace: str, limit: int = 20_000) -> Sequence[tuple[int, str]]:
    """(id, name key) of every pilot, to find a mistyped one among."""
    rows = await session.execute(
        select(Pilot.id, Pilot.name_key).where(Pilot.workspace_id == workspace).limit(limit))
    return [(pilot_id, key) for pilot_id, key in rows]


@cache
def _of_person(dialect: str) -> Select[Pilot]:
    workspace: BindParameter[str] = bindparam("workspace")
    person: BindParameter[str] = bindparam("person")
    held = select(Seat.pilot_id).where(Seat.workspace_id == workspace, Seat.person_id == person)
    owned = select(Item.pilot_id).where(Item.workspace_id == workspace, Item.owner_id == person)
    return (select(Pilot)
            .where(Pilot.workspace_id == workspace, Pilot.state != PilotState.STOPPED,
                   found_by(dialect, Pilot.id, held.union(owned)))
            .order_by(func.coalesce(Pilot.risk, 0).desc(), Pilot.id).limit(bindparam("most")))


async def of_person(session: AsyncSession, workspace: str, person: str, limit: int) -> Sequence[Pilot]:
    """Pilots in which a person holds a seat or owns an item, not stopped, riskiest first."""
    return (await session.scalars(
        _of_person(dialect_of(session)), {"workspace": workspace, "person": person, "most": limit})).all()


async def page(session: AsyncSession, workspace: str, *, stage: str | None = None,
               over: Iterable[int] | None = None, offset: int = 0,
               limit: int = 20) -> tuple[Sequence[Pilot], int]:
    """A page of the workspace's running pilots, riskiest first, and how many there are."""
    query = select(Pilot).where(Pilot.workspace_id == workspace, Pilot.state != PilotState.STOPPED)
    if stage:
        query = query.where(Pilot.stage == stage)
    if over is not None:
        query = query.where(Pilot.id.in_(list(over)))
    count = await session.scalar(select(func.count()).select_from(query.subquery())) or 0
    rows = await session.scalars(
        query.order_by(func.coalesce(Pilot.risk, 0).desc(), Pilot.name_key).offset(offset).limit(limit))
    return rows.all(), count


async def items_of(session: AsyncSession, workspace: str, pilot_id: int) -> list[Item]:
    return list((await session.scalars(
        select(Item).where(Item.workspace_id == workspace, Item.pilot_id == pilot_id)
        .order_by(Item.position, Item.id))).all())


async def waived_before(session: AsyncSession, day: date, limit: int) -> Sequence[Item]:
    """What was waived until a day before `day`, in running pilots of any workspace, earliest first."""
    return (await session.scalars(
        select(Item).join(Pilot, Pilot.id == Item.pilot_id)
        .where(Item.state == ItemState.WAIVED, Item.waived_until < day, Pilot.state == PilotState.ACTIVE)
        .order_by(Item.waived_until, Item.id).limit(limit))).all()


async def item(session: AsyncSession, workspace: str, item_id: int) -> Item | None:
    return await session.scalar(select(Item).where(Item.workspace_id == workspace, Item.id == item_id))


async def items_called(session: AsyncSession, workspace: str, ref: str, *, owner: str) -> Sequence[Item]:
    """Items with this ref in any running pilot that `owner` owns."""
    return (await session.scalars(
        select(Item).join(Pilot, Pilot.id == Item.pilot_id)
        .where(Item.workspace_id == workspace, Item.ref == ref, Item.owner_id == owner,
               Pilot.state != PilotState.STOPPED).limit(6))).all()


async def items_owned(session: AsyncSession, workspace: str, person: str,
                      limit: int = 200) -> Sequence[tuple[Item, Pilot]]:
    """A person's open items that have a date, of running pilots, earliest first."""
    rows = await session.execute(
        select(Item, Pilot).join(Pilot, Pilot.id == Item.pilot_id)
        .where(Item.workspace_id == workspace, Item.owner_id == person, Item.state == ItemState.OPEN,
               Item.due_on.is_not(None), Pilot.state == PilotState.ACTIVE)
        .order_by(Item.due_on, Item.weight.desc(), Item.id).limit(limit))
    return [(item, pilot) for item, pilot in rows]


async def items_blocked_by(session: AsyncSession, workspace: str, person: str,
                           limit: int = 20) -> Sequence[tuple[Item, Pilot]]:
    """Open items of others that wait for this person, longest first."""
    rows = await session.execute(
        select(Item, Pilot).join(Pilot, Pilot.id == Item.pilot_id)
        .where(Item.workspace_id == workspace, Item.blocked_by == person, Item.state == ItemState.OPEN,
               Pilot.state == PilotState.ACTIVE)
        .order_by(Item.blocked_at).limit(limit))
    return [(item, pilot) for item, pilot in rows]


async def several_items(session: AsyncSession, workspace: str,
                        ids: Iterable[int]) -> Sequence[tuple[Item, Pilot]]:
    wanted = list(ids)
    if not wanted:
        return []
    rows = await session.execute(
        select(Item, Pilot).join(Pilot, Pilot.id == Item.pilot_id)
        .where(Item.workspace_id == workspace, Item.id.in_(wanted)).order_by(Item.due_on, Item.id))
    return [(item, pilot) for item, pilot in rows]


async def look_at(session: AsyncSession, workspace: str, person: str, at: datetime) -> None:
    """Have the sweep look at `at` at the open items of running pilots that this person owns or holds up."""
    running = select(Pilot.id).where(Pilot.workspace_id == workspace, Pilot.state == PilotState.ACTIVE)
    await session.execute(
        update(Item)
        .where(Item.workspace_id == workspace, or_(Item.owner_id == person, Item.blocked_by == person),
               Item.state == ItemState.OPEN, Item.due_on.is_not(None), Item.pilot_id.in_(running))
        .values(next_at=at).execution_options(synchronize_session=False))


async def seats_of(session: AsyncSession, workspace: str, pilot_id: int) -> dict[str, Seat]:
    rows = await session.scalars(
        select(Seat).where(Seat.workspace_id == workspace, Seat.pilot_id == pilot_id))
    return {seat.role: seat for seat in rows}


async def seats_held(session: AsyncSession, workspace: str, person: str) -> Sequence[tuple[Seat, Pilot]]:
    """All seats of a person in pilots that are not stopped."""
    rows = await session.execute(
        select(Seat, Pilot).join(Pilot, Pilot.id == Seat.pilot_id)
        .where(Seat.workspace_id == workspace, Seat.person_id == person, Pilot.state != PilotState.STOPPED)
        .order_by(Pilot.id))
    return [(seat, pilot) for seat, pilot in rows]


async def dossier(session: AsyncSession, pilot: Pilot) -> Dossier:
    """Everything about `pilot`, in three queries; in none where it was read ahead."""
    ahead: Dossier | None = session.info.get(_AHEAD, {}).get(pilot.id)
    if ahead is not None:
        return replace(ahead, people=dict(ahead.people))
    items = await items_of(session, pilot.workspace_id, pilot.id)
    seats = await seats_of(session, pilot.workspace_id, pilot.id)
    return Dossier(pilot, items, seats,
                   await people.several(session, pilot.workspace_id, _concerned(pilot, items, seats)))


_AHEAD = "dossiers read ahead"
_ITEM: FromClause = Item.__table__


async def read_ahead(session: AsyncSession, workspace: str, ids: Iterable[int]) -> list[Pilot]:
    """Everything about several pilots, in four queries, so that `dossier` needs none for them.

    For looking only, in a session of `Store.reading`: the items are rows that cannot be changed.
    """
    wanted = sorted(set(ids))
    if not wanted:
        return []
    found = (await session.scalars(
        select(Pilot).where(Pilot.workspace_id == workspace, Pilot.id.in_(wanted)))).all()
    items: dict[int, list[Item]] = defaultdict(list)
    seats: dict[int, dict[str, Seat]] = defaultdict(dict)
    for row in await session.execute(
            select(_ITEM).where(_ITEM.c.workspace_id == workspace, _ITEM.c.pilot_id.in_(wanted))
            .order_by(_ITEM.c.position, _ITEM.c.id)):
        items[row.pilot_id].append(cast(Item, row))
    for seat in await session.scalars(
            select(Seat).where(Seat.workspace_id == workspace, Seat.pilot_id.in_(wanted))):
        seats[seat.pilot_id][seat.role] = seat
    ids_of = {pilot.id: _concerned(pilot, items[pilot.id], seats[pilot.id]) for pilot in found}
    known = await people.several(session, workspace, set().union(*ids_of.values()))
    ahead = session.info.setdefault(_AHEAD, {})
    for pilot in found:
        ahead[pilot.id] = Dossier(pilot, items[pilot.id], seats[pilot.id],
                                  {each: known[each] for each in ids_of[pilot.id] if each in known})
    return list(found)


def _concerned(pilot: Pilot, items: Iterable[Item], seats: Mapping[str, Seat]) -> set[str]:
    """Everybody whom a view of the pilot may name."""
    ids = {seat.person_id for seat in seats.values()} | {pilot.created_by}
    for item in items:
        ids |= {person for person in (item.owner_id, item.blocked_by, item.closed_by, item.on_it_by)
                if person}
    return ids


async def of_items(session: AsyncSession, items: Iterable[Item]) -> dict[int, Pilot]:
    """The pilots that these items belong to, of any workspace."""
    wanted = {item.pilot_id: item.workspace_id for item in items}
    found = await session.scalars(
        select(Pilot).where(Pilot.workspace_id.in_(set(wanted.values())), Pilot.id.in_(wanted)))
    return {pilot.id: pilot for pilot in found}


async def dossiers(session: AsyncSession, of: Sequence[Pilot]) -> list[Dossier]:
    """All about these pilots of any workspace, of the people only who owns items; four queries."""
    items: dict[int, list[Item]] = defaultdict(list)
    seats: dict[int, dict[str, Seat]] = defaultdict(dict)
    ids, workspaces = [pilot.id for pilot in of], {pilot.workspace_id for pilot in of}
    for item in await session.scalars(
            select(Item).where(Item.workspace_id.in_(workspaces), Item.pilot_id.in_(ids))
            .order_by(Item.position, Item.id)):
        items[item.pilot_id].append(item)
    for seat in await session.scalars(
            select(Seat).where(Seat.workspace_id.in_(workspaces), Seat.pilot_id.in_(ids))):
        seats[seat.pilot_id][seat.role] = seat
    known = await people.in_many(session, {(item.workspace_id, item.owner_id)
                                           for each in items.values() for item in each if item.owner_id})
    owners: dict[str, dict[str, Person]] = defaultdict(dict)
    for (workspace, person_id), person in known.items():
        owners[workspace][person_id] = person
    return [Dossier(pilot, items[pilot.id], seats[pilot.id], owners[pilot.workspace_id]) for pilot in of]


async def note_risk(session: AsyncSession, pilot: Pilot, now: datetime, score: int) -> None:
    """Keep `score` as the pilot's risk, now and of this day."""
    pilot.risk = score
    await session.execute(
        insert_into(session, RiskPoint)
        .values(workspace_id=pilot.workspace_id, pilot_id=pilot.id, day=now.date(), score=score)
        .on_conflict_do_update(index_elements=["workspace_id", "pilot_id", "day"], set_={"score": score}))


async def risk_before(session: AsyncSession, pilot: Pilot, moment: datetime) -> int | None:
    """The last score noted on a day before `moment`'s; None where there is none."""
    return await session.scalar(
        select(RiskPoint.score)
        .where(RiskPoint.workspace_id == pilot.workspace_id, RiskPoint.pilot_id == pilot.id,
               RiskPoint.day < moment.date())
        .order_by(RiskPoint.day.desc()).limit(1))


async def stages_entered_before(
        session: AsyncSession, workspace: str,
        day: date) -> Sequence[tuple[int, str, date, list[dict[str, Any]], str, str | None]]:
    """(number, stage, entered on, stages, zone, country) of the pilots in their stage since before `day`."""
    rows = await session.execute(
        select(Pilot.id, Pilot.stage, Pilot.stage_entered_on, Pilot.stages, Pilot.zone, Pilot.country)
        .where(Pilot.workspace_id == workspace, Pilot.state == PilotState.ACTIVE,
               Pilot.stage_entered_on < day))
    return [(number, stage, entered, stages, zone, country)
            for number, stage, entered, stages, zone, country in rows]


async def signoffs_wanted(session: AsyncSession, workspace: str, person: str,
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


async def items_of_several(session: AsyncSession, workspace: str,
                           pilot_ids: Iterable[int]) -> dict[int, list[Item]]:
    wanted, found = list(pilot_ids), dict[int, list[Item]]()
    if not wanted:
        return found
    rows = await session.scalars(
        select(Item).where(Item.workspace_id == workspace, Item.pilot_id.in_(wanted))
        .order_by(Item.position, Item.id))
    for item in rows:
        found.setdefault(item.pilot_id, []).append(item)
    return found


# ---- a pilot as views look at it ---------------------------------------------------------------------------
# Built once: putting a statement together takes longer than the database takes to answer it.
_WORKSPACE: BindParameter[str] = bindparam("workspace")
_NUMBER: BindParameter[int] = bindparam("pilot")
_RISK = (select(RiskPoint.score)
         .where(RiskPoint.workspace_id == _WORKSPACE, RiskPoint.pilot_id == _NUMBER,
                RiskPoint.day < bindparam("day"))
         .order_by(RiskPoint.day.desc()).limit(1).scalar_subquery())


def _seated(first: SQLColumnExpression[Any] | type[Pilot]) -> Select[Any]:
    """`first` of a pilot, its last risk, and its seats with who holds them."""
    return (
        select(first, _RISK, Seat, Person).select_from(Pilot)
        .outerjoin(Seat, (Seat.pilot_id == Pilot.id) & (Seat.workspace_id == _WORKSPACE))
        .outerjoin(Person, (Person.workspace_id == _WORKSPACE) & (Person.id == Seat.person_id))
        .where(Pilot.workspace_id == _WORKSPACE, Pilot.id == _NUMBER))


_PILOT_TOO, _SEATS_ONLY = _seated(Pilot), _seated(Pilot.id)
_ITEMS = (select(_ITEM).where(_ITEM.c.workspace_id == _WORKSPACE, _ITEM.c.pilot_id == _NUMBER)
          .order_by(_ITEM.c.position, _ITEM.c.id))
"""Plain rows: they read like an Item and cost half of one."""


async def looked_at(session: AsyncSession, workspace: str, pilot: int | Pilot, now: datetime, *,
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
    wanted = {*also, *(who for item in items for who in (item.owner_id, item.blocked_by, item.on_it_by)
                       if who)}
    if closers:
        wanted |= {item.closed_by for item in items if item.closed_by}
    people_here |= await people.several(session, workspace, wanted - people_here.keys())
    seats = {seat.role: seat for _, _, seat, _ in rows if seat is not None}
    return Dossier(rows[0][0] if isinstance(pilot, int) else pilot, items, seats, people_here), rows[0][1]

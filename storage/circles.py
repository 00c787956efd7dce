"""What is read around items that are spoken of, of any workspace; plain rows cost half of an object."""

from collections.abc import Collection, Iterable
from typing import Any, cast

from sqlalchemy import FromClause, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.models import Item, ItemState, Person, Pilot, Seat
from storage.nudging import FunctionHead

Who = tuple[str, str]
"""A workspace and a person of it."""

_PILOT: FromClause = Pilot.__table__
_PILOTS = select(*(_PILOT.c[name] for name in (
    "id", "workspace_id", "name", "name_key", "state", "stage", "stages", "kickoff_on", "halved_on", "zone",
    "country", "created_by")))
_LEAN_PILOTS = select(*(_PILOT.c[name] for name in (
    "id", "workspace_id", "name_key", "state", "kickoff_on", "halved_on", "zone", "country", "created_by")))
_ITEM: FromClause = Item.__table__
_ITEMS = select(*(column for column in _ITEM.c if column.name not in ("approvers", "source")))
"""What texts need: lists take as long to read as all else of an item."""
_PERSON: FromClause = Person.__table__
_PEOPLE = select(*(_PERSON.c[name] for name in (
    "workspace_id", "id", "name", "zone", "country", "is_active", "quiet_until", "digest", "away_until",
    "delegate_id", "locale")))


async def items_in(session: AsyncSession, workspace: str, ids: Collection[int]) -> dict[int, Item]:
    """These items as texts need them, by number."""
    if not ids:
        return {}
    rows = await session.execute(_ITEMS.where(_ITEM.c.workspace_id == workspace, _ITEM.c.id.in_(ids)))
    return {row.id: cast(Item, row) for row in rows}


async def pilots_of(session: AsyncSession, items: Iterable[Item], *, lean: bool) -> dict[int, Pilot]:
    """The pilots that these items belong to; `lean` leaves out what only texts need."""
    wanted = {item.pilot_id: item.workspace_id for item in items}
    rows = await session.execute((_LEAN_PILOTS if lean else _PILOTS).where(
        _PILOT.c.workspace_id.in_(set(wanted.values())), _PILOT.c.id.in_(wanted)))
    return {row.id: cast(Pilot, row) for row in rows}


async def seats_in(session: AsyncSession, pilots: Collection[Pilot],
                   roles: Iterable[str]) -> dict[tuple[int, str], str]:
    """Who holds these roles of these pilots."""
    rows = await session.execute(
        select(Seat.pilot_id, Seat.role, Seat.person_id)
        .where(Seat.workspace_id.in_({pilot.workspace_id for pilot in pilots}),
               Seat.pilot_id.in_([pilot.id for pilot in pilots]), Seat.role.in_(list(roles))))
    return {(pilot_id, role): person for pilot_id, role, person in rows}


async def heads_in(session: AsyncSession, workspaces: Collection[str]) -> dict[tuple[str, str], str]:
    """Who heads which function of these workspaces."""
    rows = await session.execute(
        select(FunctionHead.workspace_id, FunctionHead.role, FunctionHead.person_id)
        .where(FunctionHead.workspace_id.in_(workspaces)))
    return {(workspace, role): person for workspace, role, person in rows}


async def people_among(session: AsyncSession, who: Collection[Who]) -> dict[Who, Person]:
    """These people; some of the same id in another of the workspaces may come along."""
    if not who:
        return {}
    rows: Any = await session.execute(_PEOPLE.where(
        _PERSON.c.workspace_id.in_({workspace for workspace, _ in who}),
        _PERSON.c.id.in_({person for _, person in who})))
    return {(row.workspace_id, row.id): cast(Person, row) for row in rows}


async def open_at_gates(session: AsyncSession, workspace: str,
                        gates: Collection[tuple[int, str]]) -> dict[tuple[int, str], int]:
    """How many items still hold each of these gates of pilots."""
    if not gates:
        return {}
    rows = await session.execute(
        select(Item.pilot_id, Item.gate, func.count())
        .where(Item.workspace_id == workspace, Item.pilot_id.in_({pilot for pilot, _ in gates}),
               Item.gate.in_({gate for _, gate in gates}), Item.state == ItemState.OPEN,
               Item.is_advice.is_(False))
        .group_by(Item.pilot_id, Item.gate))
    return {(pilot, gate): count for pilot, gate, count in rows if gate is not None}

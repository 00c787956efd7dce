"""Queries about people."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from sqlalchemy import bindparam, case, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage.held import held
from storage.models import Item, Person, Post, Workspace
from storage.upsert import insert_into


async def ensure_workspace(session: AsyncSession, workspace: str, name: str, now: datetime) -> None:
    await session.execute(
        insert_into(session, Workspace).values(id=workspace, name=name, created_at=now)
        .on_conflict_do_nothing())


_ONE = (select(Person).where(Person.workspace_id == bindparam("workspace"), Person.id == bindparam("person"))
        .execution_options(autoflush=False))
"""Built once: everything that anybody does begins with it."""


async def one(session: AsyncSession, workspace: str, person_id: str) -> Person | None:
    return (held(session, Person, (workspace, person_id))
            or await session.scalar(_ONE, {"workspace": workspace, "person": person_id}))


async def several(session: AsyncSession, workspace: str, ids: Iterable[str]) -> dict[str, Person]:
    found = {each: held(session, Person, (workspace, each)) for each in ids}
    known = {each: person for each, person in found.items() if person is not None}
    if missing := sorted(found.keys() - known.keys()):
        rows = await session.scalars(
            select(Person).where(Person.workspace_id == workspace, Person.id.in_(missing)))
        known |= {person.id: person for person in rows}
    return known


async def in_many(session: AsyncSession, who: Collection[tuple[str, str]]) -> dict[tuple[str, str], Person]:
    """People of several workspaces, by (workspace, id); some more may come along."""
    found = await session.scalars(
        select(Person).where(Person.workspace_id.in_({workspace for workspace, _ in who}),
                             Person.id.in_({person for _, person in who})))
    return {(person.workspace_id, person.id): person for person in found}


async def save(session: AsyncSession, person: Person) -> None:
    """Write what the chat service says of a person; their own settings here stay as they are."""
    facts = {"name": person.name, "handle": person.handle, "zone": person.zone, "country": person.country,
             "is_active": person.is_active, "seen_at": person.seen_at, "locale": person.locale}
    await session.execute(
        insert_into(session, Person).values(workspace_id=person.workspace_id, id=person.id, **facts)
        .on_conflict_do_update(index_elements=["workspace_id", "id"], set_=facts))


async def named(session: AsyncSession, workspace: str, name: str, limit: int = 6) -> Sequence[Person]:
    """Active people whose name, first name or handle begins with `name`, exact matches first."""
    wanted = name.casefold().strip()
    pattern = wanted.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return (await session.scalars(
        select(Person)
        .where(Person.workspace_id == workspace, Person.is_active,
               or_(func.lower(Person.handle).like(f"{pattern}%", escape="\\"),
                   func.lower(Person.name).like(f"{pattern}%", escape="\\"),
                   func.lower(Person.name).like(f"% {pattern}%", escape="\\")))
        .order_by((func.lower(Person.handle) != wanted) & (func.lower(Person.name) != wanted), Person.name)
        .limit(limit))).all()


async def stale(session: AsyncSession, before: datetime, limit: int) -> Sequence[Person]:
    """People of any workspace whom nobody has asked about since `before`, longest ago first."""
    return (await session.scalars(
        select(Person).where(Person.seen_at < before, Person.is_active)
        .order_by(Person.seen_at).limit(limit))).all()


async def to_ask_for_rest(session: AsyncSession, now: datetime, soon: datetime, before: datetime,
                          limit: int) -> Sequence[Person]:
    """People of any workspace whose rest was not asked for since `before`; who may hear soon comes first.

    Any of them may be, at any moment: by what a colleague presses.
    """
    looked_at = select(Item.owner_id).where(Item.next_at.between(now, soon), Item.owner_id.is_not(None))
    promised = select(Post.room).where(Post.wanted > Post.shown, Post.given_up_at.is_(None),
                                       Post.not_before.between(now, soon))
    hears_soon = or_(Person.id.in_(looked_at), Person.id.in_(promised))
    return (await session.scalars(
        select(Person)
        .where(Person.is_active, or_(Person.dnd_seen_at.is_(None), Person.dnd_seen_at < before))
        .order_by(case((hears_soon, 0), else_=1), Person.workspace_id, Person.id).limit(limit))).all()


async def note_rest(session: AsyncSession, workspace: str, person_id: str,
                    stretch: tuple[datetime, datetime] | None, now: datetime) -> None:
    """Keep when they do not want to be disturbed next; None: never, or nobody says."""
    begins, ends = stretch or (None, None)
    await session.execute(
        update(Person).where(Person.workspace_id == workspace, Person.id == person_id)
        .values(dnd_from=begins, dnd_until=ends, dnd_seen_at=now)
        .execution_options(synchronize_session=False))

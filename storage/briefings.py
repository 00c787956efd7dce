"""Queries about the briefings of week one and who meets when; those of the tick span all workspaces."""

from collections.abc import Collection, Sequence
from datetime import date, datetime

from sqlalchemy import ColumnElement, exists, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.models import Item, ItemKind, ItemState, Person, Pilot, PilotState, Post, Seat
from storage.nudging import Briefing
from storage.upsert import insert_into


async def one(session: AsyncSession, workspace: str, item_id: int) -> Briefing | None:
    return await session.scalar(
        select(Briefing).where(Briefing.workspace_id == workspace, Briefing.item_id == item_id))


async def of_pilot(session: AsyncSession, workspace: str, pilot_id: int) -> dict[int, Briefing]:
    """What is arranged for the briefings of a pilot, by item."""
    rows = await session.scalars(
        select(Briefing).where(Briefing.workspace_id == workspace, Briefing.pilot_id == pilot_id))
    return {row.item_id: row for row in rows}


async def opened(session: AsyncSession, item: Item, uid: str, now: datetime) -> Briefing:
    """The briefing of `item`: the one there is, or a new one with this UID."""
    await session.execute(
        insert_into(session, Briefing)
        .values(workspace_id=item.workspace_id, item_id=item.id, pilot_id=item.pilot_id, uid=uid, made_at=now,
                sequence=0, slots=[], attendees=[], answers={})
        .on_conflict_do_nothing())
    found = await one(session, item.workspace_id, item.id)
    assert found is not None
    return found


async def to_begin(session: AsyncSession, refs: Collection[str], kind: str, first: date, last: date,
                   limit: int) -> Sequence[tuple[Item, Pilot]]:
    """Open items of these refs, of pilots that kick off on these days, whose owner was not promised `kind`.

    Locked; what others hold is skipped.
    """
    promised = exists().where(Post.workspace_id == Item.workspace_id, Post.kind == kind,
                              Post.subject_id == Item.id)
    rows = await session.execute(
        select(Item, Pilot).join(Pilot, Pilot.id == Item.pilot_id)
        .where(Pilot.kickoff_on >= first, Pilot.kickoff_on <= last, Pilot.state == PilotState.ACTIVE,
               Item.ref.in_(sorted(refs)), Item.state == ItemState.OPEN, Item.owner_id.is_not(None),
               ~promised)
        .order_by(Item.id).limit(limit).with_for_update(of=Item, skip_locked=True))
    return [(item, pilot) for item, pilot in rows]


async def just_over(session: AsyncSession, kind: str, after: datetime,
                    before: datetime) -> Sequence[tuple[Item, Pilot, datetime]]:
    """Open items whose meeting began between these, and when their `kind` was last brought up to date."""
    rows = await session.execute(
        select(Item, Pilot, Post.live_until)
        .join(Post, (Post.workspace_id == Item.workspace_id) & (Post.subject_id == Item.id))
        .join(Pilot, Pilot.id == Item.pilot_id)
        .where(Post.kind == kind, Post.room == Item.owner_id, Post.live_until.is_not(None),
               Item.slot_at > after, Item.slot_at <= before, Item.state == ItemState.OPEN,
               Pilot.state == PilotState.ACTIVE)
        .order_by(Item.id))
    return [(item, pilot, at) for item, pilot, at in rows if at is not None]


async def lock_calendars(session: AsyncSession, workspace: str, people: Collection[str]) -> None:
    """Nobody else arranges a meeting of any of these until the transaction ends; locked in one order."""
    await session.execute(
        select(Person.id).where(Person.workspace_id == workspace, Person.id.in_(sorted(people)))
        .order_by(Person.id).with_for_update())


async def meetings_of(session: AsyncSession, workspace: str, people: Collection[str], after: datetime,
                      but: int) -> Sequence[tuple[Item, Pilot]]:
    """Meetings after that which any of these holds, or leads the pilot of; without the item `but`."""
    rows = await session.execute(
        select(Item, Pilot).join(Pilot, Pilot.id == Item.pilot_id)
        .where(_concerns(workspace, people), Item.slot_at > after, Item.id != but,
               Item.kind == ItemKind.MEETING, Item.state == ItemState.OPEN,
               Pilot.state != PilotState.STOPPED)
        .order_by(Item.slot_at, Item.id))
    return [(item, pilot) for item, pilot in rows]


async def offered_to(session: AsyncSession, workspace: str, people: Collection[str], but: int) -> list[str]:
    """Moments that are offered to any of these for other briefings, of which no time is chosen yet."""
    rows = await session.scalars(
        select(Briefing.slots).join(Item, Item.id == Briefing.item_id).join(Pilot, Pilot.id == Item.pilot_id)
        .where(_concerns(workspace, people), Briefing.workspace_id == workspace, Item.id != but,
               Item.slot_at.is_(None), Item.state == ItemState.OPEN, Pilot.state != PilotState.STOPPED))
    return [moment for slots in rows for moment in slots]


def _concerns(workspace: str, people: Collection[str]) -> ColumnElement[bool]:
    leads = select(Seat.pilot_id).where(Seat.workspace_id == workspace, Seat.role == "lead",
                                        Seat.person_id.in_(sorted(people)))
    return (Item.workspace_id == workspace) & or_(Item.owner_id.in_(sorted(people)), Item.pilot_id.in_(leads))

"""Queries about decisions that sponsors are asked for.

What a card holds: the decisions of one pilot and sponsor with the same `asked_at`. Its message is about the
first of them; what joins a card later takes its `asked_at`.
"""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import and_, func, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage.models import Item, Person, Pilot, Post
from storage.nudging import Decision, Told

KIND = "decision"
"""What the outbox calls the card."""


async def one(session: AsyncSession, workspace: str, decision_id: int) -> Decision | None:
    return await session.scalar(
        select(Decision).where(Decision.workspace_id == workspace, Decision.id == decision_id))


async def locked(session: AsyncSession, workspace: str, decision_id: int) -> Decision | None:
    return await session.scalar(
        select(Decision).where(Decision.workspace_id == workspace, Decision.id == decision_id)
        .with_for_update())


async def open_about(session: AsyncSession, workspace: str, item_id: int) -> Decision | None:
    """The decision about an item that is not taken yet; the item is locked, so that nobody adds another."""
    await session.execute(
        select(Item.id).where(Item.workspace_id == workspace, Item.id == item_id)
        .with_for_update(key_share=True))
    return await session.scalar(
        select(Decision).where(Decision.workspace_id == workspace, Decision.item_id == item_id,
                               Decision.closed_at.is_(None)).limit(1))


async def open_card(session: AsyncSession, workspace: str, pilot_id: int, sponsor: str) -> Decision | None:
    """The first decision of the card about a pilot that the sponsor sees and has not dealt with, locked."""
    waiting = await session.scalar(
        select(Decision)
        .where(Decision.workspace_id == workspace, Decision.pilot_id == pilot_id,
               Decision.sponsor_id == sponsor, Decision.asked_at.is_not(None), Decision.closed_at.is_(None))
        .order_by(Decision.id).limit(1).with_for_update())
    return None if waiting is None else (await card_of(session, waiting))[0]


async def card_of(session: AsyncSession, decision: Decision) -> Sequence[Decision]:
    """All that stands on the same card, first asked first."""
    if decision.asked_at is None:
        return [decision]
    return (await session.scalars(
        select(Decision)
        .where(Decision.workspace_id == decision.workspace_id, Decision.pilot_id == decision.pilot_id,
               Decision.sponsor_id == decision.sponsor_id, Decision.asked_at == decision.asked_at)
        .order_by(Decision.id))).all()


async def waiting_for(session: AsyncSession, workspace: str, sponsor: str,
                      limit: int) -> Sequence[tuple[Decision, Item, Pilot]]:
    """What a sponsor was asked and has not decided, longest first."""
    rows = await session.execute(
        select(Decision, Item, Pilot).join(Item, Item.id == Decision.item_id)
        .join(Pilot, Pilot.id == Decision.pilot_id)
        .where(Decision.workspace_id == workspace, Decision.sponsor_id == sponsor,
               Decision.asked_at.is_not(None), Decision.closed_at.is_(None))
        .order_by(Decision.asked_at, Decision.id).limit(limit))
    return [(decision, item, pilot) for decision, item, pilot in rows]


async def tried(session: AsyncSession, workspace: str, item_ids: Collection[int],
                steps: Collection[str]) -> Sequence[Told]:
    """Who was told of these items in these steps, not as a copy; oldest first."""
    return (await session.scalars(
        select(Told)
        .where(Told.workspace_id == workspace, Told.item_id.in_(item_ids), Told.step.in_(steps),
               Told.is_copy.is_(False))
        .order_by(Told.at, Told.id))).all()


# ---- asking ------------------------------------------------------------------------------------------------


async def sponsors_to_ask(session: AsyncSession, now: datetime, limit: int) -> Sequence[Person]:
    """Sponsors of any workspace with a decision whose time came, locked; those others hold are skipped.

    The person's row is the lock for what they are asked: two replicas never ask one sponsor at once.
    """
    due = select(Decision.workspace_id, Decision.sponsor_id).where(Decision.ask_at <= now)
    return (await session.scalars(
        select(Person).where(tuple_(Person.workspace_id, Person.id).in_(due), Person.is_active)
        .order_by(Person.workspace_id, Person.id).limit(limit).with_for_update(skip_locked=True))).all()


async def open_of(session: AsyncSession, workspace: str, sponsor: str) -> Sequence[Decision]:
    """All that a sponsor has not decided yet, asked or not, locked."""
    return (await session.scalars(
        select(Decision)
        .where(Decision.workspace_id == workspace, Decision.sponsor_id == sponsor,
               Decision.closed_at.is_(None))
        .order_by(Decision.id).with_for_update().execution_options(populate_existing=True))).all()


async def cards_since(session: AsyncSession, workspace: str, sponsor: str,
                      since: datetime) -> Sequence[datetime]:
    """When the sponsor was sent a card since then, oldest first: when they saw it, if they have."""
    card = and_(Post.workspace_id == Decision.workspace_id, Post.kind == KIND, Post.room == sponsor,
                Post.subject_id == Decision.id)
    rows = await session.execute(
        select(Decision.pilot_id, Decision.asked_at, func.max(Post.first_shown_at)).outerjoin(Post, card)
        .where(Decision.workspace_id == workspace, Decision.sponsor_id == sponsor, Decision.asked_at >= since)
        .group_by(Decision.pilot_id, Decision.asked_at))
    return sorted(shown or asked for _, asked, shown in rows if asked is not None)


# ---- what becomes of them ----------------------------------------------------------------------------------


async def settle(session: AsyncSession, workspace: str, pilot_id: int, item_ids: Collection[int] | None,
                 now: datetime) -> bool:
    """Close what needs no decision any more, about these items or the whole pilot; whether there was any."""
    query = update(Decision).where(Decision.workspace_id == workspace, Decision.pilot_id == pilot_id,
                                   Decision.closed_at.is_(None))
    if item_ids is not None:
        query = query.where(Decision.item_id.in_(item_ids))
    closed = await session.scalars(query.values(closed_at=now, ask_at=None).returning(Decision.id))
    return bool(closed.all())


async def hand_over(session: AsyncSession, workspace: str, pilot_id: int, sponsor: str,
                    now: datetime) -> None:
    """What is not decided yet is asked of the pilot's new sponsor."""
    await session.execute(
        update(Decision)
        .where(Decision.workspace_id == workspace, Decision.pilot_id == pilot_id,
               Decision.closed_at.is_(None), Decision.sponsor_id != sponsor)
        .values(sponsor_id=sponsor, ask_at=now, asked_at=None))


async def cards_at_rest(session: AsyncSession, workspace: str, pilot_id: int) -> Sequence[Post]:
    """The cards about a pilot once nothing is left to decide in it; none while anything is."""
    is_open = select(Decision.id).where(Decision.workspace_id == workspace, Decision.pilot_id == pilot_id,
                                        Decision.closed_at.is_(None))
    return (await session.scalars(
        select(Post)
        .where(Post.workspace_id == workspace, Post.kind == KIND, Post.pilot_id == pilot_id,
               Post.live_until.is_(None), ~is_open.exists()))).all()

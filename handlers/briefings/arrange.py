"""What follows for the briefings from a change or a day that passes, inside the caller's transaction."""

from collections.abc import Iterable
from datetime import datetime
from uuid import uuid4

from sqlalchemy.ext.asyncio import AsyncSession

from handlers.briefings import rules
from handlers.briefings.rules import KINDS, Meeting
from handlers.briefings.slots import HALF_HOUR, utc
from handlers.ledger import Changed, Entry
from handlers.people.roles import Role
from handlers.pilots.rules import is_briefed
from storage import briefings, heads, outbox, pilots
from storage.models import Item, ItemState, Pilot
from storage.nudging import Briefing
from storage.outbox import Promise
from storage.pilots import Dossier

BRIEFING, SLOT, INVITE, STAND_IN, IN_WRITING = "briefing", "briefing-slot", "invite", "stand-in", "in-writing"
"""Kinds of promises: to the reviewer, the channel, whoever is invited, the head, the lead or reviewer.

The invitation is a message of its own: what it says and its file change together, and a file that was lost on
the way is sent again without a word posted twice.
"""
EDITED = (BRIEFING, SLOT, STAND_IN, IN_WRITING)
"""Those that say how things stand; an invitation is only ever followed by the next one."""


async def follow(entry: Entry, changed: Changed) -> None:
    """Bring briefings, invitations and what is said of them in line with what was just changed."""
    dossier, ids = changed.dossier, {item.id for item in changed.items}
    touched = [item for item in dossier.items
               if item.ref in KINDS and (changed.is_recast or item.id in ids)]
    if not touched:
        return
    rows = await briefings.of_pilot(entry.session, dossier.pilot.workspace_id, dossier.pilot.id)
    for item in touched:
        row = rows.get(item.id)
        if row is None and (item.slot_at is not None or _is_to_begin(dossier, item, entry.now)):
            row = await opened(entry.session, item, entry.now)
        if row is not None:
            await _follow(entry, dossier, item, row)


async def _follow(entry: Entry, dossier: Dossier, item: Item, row: Briefing) -> None:
    await _release(entry, dossier.pilot, item, row)
    for promise in _invite(dossier, item, row, entry.now):
        entry.promise(promise)
    if item.slot_at is not None:
        entry.promise(_promise(dossier.pilot.room, SLOT, item, entry.now))
    if item.state is ItemState.OPEN:
        await offer(entry.session, dossier, item, row, entry.now)
        if _is_to_begin(dossier, item, entry.now) and item.owner_id is not None:
            entry.promise(_promise(item.owner_id, BRIEFING, item, entry.now))
    for promise in await shown_of(entry.session, item, entry.now):
        entry.promise(promise)


async def shown_of(session: AsyncSession, item: Item, now: datetime) -> list[Promise]:
    """All that anybody can see of this briefing is to be brought up to date."""
    posts = await outbox.posts_about(session, item.workspace_id, EDITED, item.id)
    return [_promise(post.room, post.kind, item, now) for post in posts]


async def _release(entry: Entry, pilot: Pilot, item: Item, row: Briefing) -> None:
    """A time was chosen by whoever held it then: whoever holds it now has not agreed to it."""
    if (item.slot_at is None or item.state is not ItemState.OPEN or not row.attendees
            or row.attendees[0] == item.owner_id):
        return
    await entry.note(pilot, "briefing called off", item.ref, before={"slot_at": item.slot_at},
                     after={"reason": "somebody else holds it now"})
    item.slot_at = item.plan_on = None


def _invite(dossier: Dossier, item: Item, row: Briefing, now: datetime) -> Iterable[Promise]:
    """Make the invitation say what is arranged; to whom it is news."""
    invited, at = row.attendees, item.slot_at
    is_on = rules.is_on(item, dossier.pilot)
    guests = [person.id for person in rules.guests_of(dossier, item)] if is_on else []
    if guests:
        if at is None or at + HALF_HOUR <= now or (at == row.invited_at and guests == invited):
            return []
    elif not invited or row.invited_at is None or row.invited_at <= now:
        return []  # nobody was asked, or what they were asked to is over: it stays in their calendars
    if row.invited_at is not None:
        row.sequence += 1
    row.attendees = guests
    row.invited_at = at if guests else row.invited_at
    return [_promise(guest, INVITE, item, now) for guest in sorted({*invited, *guests})]


async def offer(session: AsyncSession, dossier: Dossier, item: Item, row: Briefing, now: datetime) -> None:
    """See that there are times to choose from which suit; those that still do stay as they are."""
    meeting = rules.meeting_of(dossier, item)
    if meeting is None or item.slot_at is not None:
        return
    taken = await _taken(session, meeting, now)
    if rules.is_stale(utc(row.slots), meeting, now, taken):
        row.slots = [at.isoformat() for at in meeting.find(now, taken)]


async def _taken(session: AsyncSession, meeting: Meeting, now: datetime) -> list[datetime]:
    """When either is in another meeting, or was offered one for another briefing."""
    workspace, number = meeting.item.workspace_id, meeting.item.id
    held = await briefings.meetings_of(session, workspace, meeting.ids, now - HALF_HOUR, number)
    offered = await briefings.offered_to(session, workspace, meeting.ids, number)
    return [*(other.slot_at for other, _ in held if other.slot_at is not None), *utc(offered)]


async def opened(session: AsyncSession, item: Item, now: datetime) -> Briefing:
    """What is arranged for it; from now on there is a row to keep that in."""
    return await briefings.opened(session, item, uuid4().hex, now)


def _is_to_begin(dossier: Dossier, item: Item, now: datetime) -> bool:
    owner = dossier.owner(item)
    return (owner is not None and owner.is_active
            and is_briefed(item, dossier.pilot, rules.safe_calendar(owner), now))


def _promise(room: str, kind: str, item: Item, now: datetime) -> Promise:
    """It follows what is said here; not every change of the pilot edits it."""
    return Promise(room, kind, item.id, item.pilot_id, live_until=now)


# ---- as the days pass --------------------------------------------------------------------------------------


async def on_step(session: AsyncSession, item: Item, pilot: Pilot, step: str, now: datetime) -> list[Promise]:
    """What a step of the nudge policy means for a briefing; the caller keeps the promises.

    `introduce` gives the reviewer the brief, `stand_in` asks the head of the function for somebody else, `L1`
    lets it be done in writing, `held` asks what came of it. Other steps only bring the brief up to date.
    """
    if item.ref not in KINDS or item.state is not ItemState.OPEN or item.owner_id is None:
        return []
    dossier = await pilots.dossier(session, pilot)
    row = await opened(session, item, now)
    promises = [_promise(item.owner_id, BRIEFING, item, now)]
    match step:
        case "stand_in":
            row.stand_in_asked_at = now
            asked = await _who_finds_a_stand_in(session, dossier, item)
            promises.append(_promise(asked, STAND_IN, item, now))
        case "L1":
            row.async_asked_at = row.async_asked_at or now
            lead = dossier.holder(Role.LEAD)
            if lead is not None and lead.id != item.owner_id:
                promises.append(_promise(lead.id, IN_WRITING, item, now))
    await offer(session, dossier, item, row, now)
    return promises


async def _who_finds_a_stand_in(session: AsyncSession, dossier: Dossier, item: Item) -> str:
    head = await heads.head_of(session, item.workspace_id, item.role)
    if head is not None and head != item.owner_id:
        return head
    lead = dossier.holder(Role.LEAD)
    return lead.id if lead is not None else dossier.pilot.created_by

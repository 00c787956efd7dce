"""The morning's sweep, and the composing of what it promised when that is delivered."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from handlers.chat.cards import Card
from handlers.chat.ports import Clock
from handlers.nudges import cards, rules
from handlers.people.calendar import Calendar
from handlers.pilots import cadence, risk
from storage import nudges, outbox, people, pilots
from storage.engine import Store
from storage.models import Item, Nudge, Person, Pilot, PilotState, Post, Seat
from storage.outbox import Promise
from storage.pilots import Dossier
from storage.upsert import insert_into

DIGEST = "digest"
CHANNEL = "channel"
POST = "nudge"
"""What the outbox calls a nudge of the kind CHANNEL."""

ITEMS_AT_ONCE = 250
"""And whatever else is due of their owners."""
PILOTS_AT_ONCE = 100

_KEPT_UP = timedelta(days=1)
_UNSCHEDULED = timedelta(days=7)

_Batch = Callable[[AsyncSession, datetime], Awaitable[int | None]]
"""Promises what is due of one batch; None: nothing was due."""
_Who = tuple[str, str]
"""A workspace and a person of it."""
_Morning = tuple[str, str, date]
"""A workspace, whom or what it is about, and the day there."""


@dataclass(frozen=True, slots=True)
class Nudges:
    store: Store
    clock: Clock
    wake: Callable[[], None]
    """Told after a commit that there is something to send."""

    async def sweep(self) -> int:
        """Promise every digest and channel nudge that is due; returns how many. Run again, it promises none.

        It takes several short transactions; what another replica holds is left to it.
        """
        now = self.clock()
        return await self._all(_digests, now) + await self._all(_channels, now)

    async def _all(self, batch: _Batch, now: datetime) -> int:
        made = 0
        while True:
            async with self.store.begin() as session:
                promised = await batch(session, now)
            if promised is None:
                return made
            if promised:
                self.wake()
            made += promised

    async def compose_digest(self, session: AsyncSession, workspace: str, nudge_id: int,
                             now: datetime) -> Card | None:
        """A digest as things stand now; None: it is not to be sent, or no longer to be changed."""
        nudge = await nudges.one(session, workspace, nudge_id)
        person = await people.one(session, workspace, nudge.about) if nudge is not None else None
        if nudge is None or person is None:
            return None
        is_shown = await _is_shown(session, workspace, DIGEST, nudge_id)
        if not is_shown and not rules.may_begin_digest(nudge, person, now):
            return None
        pairs = await pilots.several_items(session, workspace, nudge.item_ids)
        names = {who for item, _ in pairs for who in (item.owner_id, item.closed_by, item.blocked_by) if who}
        return cards.digest_card(rules.digest_of(pairs, person, now), person,
                                 await people.several(session, workspace, names), now, is_shown=is_shown)

    async def compose_channel(self, session: AsyncSession, workspace: str, nudge_id: int,
                              now: datetime) -> Card | None:
        """A channel's nudge as things stand now; None: it is not to be posted."""
        nudge = await nudges.one(session, workspace, nudge_id)
        if nudge is None or nudge.pilot_id is None:
            return None
        pilot = await pilots.one(session, workspace, nudge.pilot_id)
        if pilot is None:
            return None
        is_shown = await _is_shown(session, workspace, POST, nudge_id)
        if not is_shown and not rules.may_begin_nudge(nudge, pilot, now):
            return None
        dossier = await pilots.dossier(session, pilot)
        today = cadence.channel_calendar(pilot).today(now)
        agenda = rules.agenda_of(pilot, dossier.items, dossier.seats, today, frozenset(nudge.item_ids))
        return cards.channel_card(agenda, pilot, dossier.people, nudge.day, now, is_shown=is_shown)


# ---- the sweep, a batch in a transaction -------------------------------------------------------------------
# Locks are taken in one order: items or pilots (skipping what is held), then mornings, then lanes, sorted.


async def _digests(session: AsyncSession, now: datetime) -> int | None:
    """Promise the digests of one batch of due items; None: nothing is due."""
    due = await nudges.due_items(session, now, ITEMS_AT_ONCE)
    if not due:
        return None
    due = await _with_the_rest(session, due, now)
    of_pilots = await _pilots_of(session, due)
    owners = await _people(session, {(item.workspace_id, item.owner_id) for item in due if item.owner_id})
    mornings: dict[_Who, rules.Morning] = {}
    said: dict[_Morning, list[int]] = defaultdict(list)
    moved: dict[datetime | None, list[int]] = defaultdict(list)
    for item in due:
        who = item.workspace_id, item.owner_id or ""
        morning = mornings.get(who) or mornings.setdefault(who, rules.morning_of(owners.get(who), now))
        pilot = of_pilots[item.pilot_id]
        if morning.may_hear and rules.waits(item, pilot, morning.calendar, morning.today):
            said[*who, morning.today].append(item.id)
        moved[rules.next_at(item, pilot, morning)].append(item.id)
    await _move(session, moved)
    promises: dict[str, list[Promise]] = defaultdict(list)
    for nudge, is_new in await _open_mornings(session, [
            Nudge(workspace_id=workspace, kind=DIGEST, about=person, day=day, made_at=now, item_ids=ids)
            for (workspace, person, day), ids in said.items()]):
        ids = said[nudge.workspace_id, nudge.about, nudge.day]
        if is_new or not set(ids) <= set(nudge.item_ids):
            nudge.item_ids = sorted({*nudge.item_ids, *ids})
            calendar = mornings[nudge.workspace_id, nudge.about].calendar
            promises[nudge.workspace_id].append(
                Promise(nudge.about, DIGEST, nudge.id, live_until=rules.day_ends(calendar, nudge.day)))
    return await _promise(session, promises, now)


async def _channels(session: AsyncSession, now: datetime) -> int | None:
    """Promise the channel nudges of one batch of due pilots, and note their risk; None: nothing is due."""
    due = await nudges.due_pilots(session, now, PILOTS_AT_ONCE)
    if not due:
        return None
    said: list[Nudge] = []
    with session.no_autoflush:
        for dossier in await _dossiers(session, due):
            pilot, calendar = dossier.pilot, cadence.channel_calendar(dossier.pilot)
            at, today = cadence.channel_time(pilot), calendar.today(now)
            await pilots.note_risk(session, pilot, now, _risk(dossier, calendar, today))
            agenda = rules.agenda_of(pilot, dossier.items, dossier.seats, today)
            may_speak = pilot.state is PilotState.ACTIVE and cadence.is_in_hours(calendar, now, at)
            if may_speak and not agenda.is_empty:
                said.append(Nudge(
                    workspace_id=pilot.workspace_id, kind=CHANNEL, about=str(pilot.id), day=today,
                    made_at=now, pilot_id=pilot.id, item_ids=agenda.item_ids))
            pilot.nudge_at = cadence.next_channel_nudge(
                pilot, cadence.after_today(calendar, now, at) if may_speak else now)
    by_id = {pilot.id: pilot for pilot in due}
    promises: dict[str, list[Promise]] = defaultdict(list)
    for nudge, is_new in await _open_mornings(session, said):
        if is_new and nudge.pilot_id is not None:
            pilot = by_id[nudge.pilot_id]
            until = (pilot.nudge_at or now + _UNSCHEDULED) + _KEPT_UP
            promises[nudge.workspace_id].append(Promise(pilot.room, POST, nudge.id, pilot.id, until))
    promised = await _promise(session, promises, now)
    for each in promises.values():
        await _let_rest(session, each, now)
    return promised


async def _promise(session: AsyncSession, promises: dict[str, list[Promise]], now: datetime) -> int:
    await session.flush()
    for workspace in sorted(promises):
        await outbox.promise(session, workspace, promises[workspace], [], now)
    return sum(map(len, promises.values()))


def _risk(dossier: Dossier, calendar: Calendar, today: date) -> int:
    def owners_calendar(item: Item) -> Calendar:
        owner = dossier.owner(item)
        return calendar if owner is None else rules.calendar_for(owner)

    return risk.score(dossier.items, dossier.pilot.weights, today, owners_calendar).total


# ---- queries about many at once, over all workspaces -------------------------------------------------------


async def _with_the_rest(session: AsyncSession, due: Sequence[Item], now: datetime) -> list[Item]:
    """These and all else that is due of their owners, locked: so that a digest is whole when it is sent."""
    rest = await session.scalars(
        select(Item)
        .where(Item.workspace_id.in_({item.workspace_id for item in due}),
               Item.owner_id.in_({item.owner_id for item in due if item.owner_id}), Item.next_at <= now)
        .order_by(Item.id).with_for_update(skip_locked=True))
    return list({item.id: item for item in (*due, *rest)}.values())


async def _move(session: AsyncSession, moved: Mapping[datetime | None, Sequence[int]]) -> None:
    for at, ids in moved.items():
        await session.execute(update(Item).where(Item.id.in_(ids)).values(next_at=at)
                              .execution_options(synchronize_session=False))


async def _pilots_of(session: AsyncSession, items: Iterable[Item]) -> dict[int, Pilot]:
    found = await session.scalars(select(Pilot).where(Pilot.id.in_({item.pilot_id for item in items})))
    return {pilot.id: pilot for pilot in found}


async def _people(session: AsyncSession, who: Collection[_Who]) -> dict[_Who, Person]:
    found = await session.scalars(
        select(Person).where(Person.workspace_id.in_({workspace for workspace, _ in who}),
                             Person.id.in_({person for _, person in who})))
    return {(person.workspace_id, person.id): person for person in found}


async def _dossiers(session: AsyncSession, due: Sequence[Pilot]) -> list[Dossier]:
    """All about these pilots, of the people only who owns items."""
    items: dict[int, list[Item]] = defaultdict(list)
    seats: dict[int, dict[str, Seat]] = defaultdict(dict)
    ids = [pilot.id for pilot in due]
    for item in await session.scalars(select(Item).where(Item.pilot_id.in_(ids)).order_by(Item.position)):
        items[item.pilot_id].append(item)
    for seat in await session.scalars(select(Seat).where(Seat.pilot_id.in_(ids))):
        seats[seat.pilot_id][seat.role] = seat
    known = await _people(session, {(item.workspace_id, item.owner_id)
                                    for each in items.values() for item in each if item.owner_id})
    owners: dict[str, dict[str, Person]] = defaultdict(dict)
    for (workspace, person_id), person in known.items():
        owners[workspace][person_id] = person
    return [Dossier(pilot, items[pilot.id], seats[pilot.id], owners[pilot.workspace_id]) for pilot in due]


async def _open_mornings(session: AsyncSession, wanted: Sequence[Nudge]) -> list[tuple[Nudge, bool]]:
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


async def _let_rest(session: AsyncSession, promises: Sequence[Promise], now: datetime) -> None:
    """The channel nudges before these are not edited any more: the new one says what waits."""
    await session.execute(
        update(Post)
        .where(Post.kind == POST, Post.pilot_id.in_([promise.pilot_id for promise in promises]),
               Post.subject_id.not_in([promise.subject_id for promise in promises]),
               or_(Post.live_until.is_(None), Post.live_until > now))
        .values(live_until=now).execution_options(synchronize_session=False))


async def _is_shown(session: AsyncSession, workspace: str, kind: str, nudge_id: int) -> bool:
    """Whether somebody can see it already."""
    return await session.scalar(
        select(Post.id).where(Post.workspace_id == workspace, Post.kind == kind, Post.subject_id == nudge_id,
                              Post.message_id.is_not(None)).limit(1)) is not None

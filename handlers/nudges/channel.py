"""The sweep over pilots whose channel is due, and the composing of what it promised."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from handlers.chat.cards import Card
from handlers.chat.wording import Languages
from handlers.nudges import channel_cards, channel_rules, recognition
from handlers.nudges.channel_cards import Scene
from handlers.nudges.channel_rules import Agenda, Turn
from handlers.nudges.policy import Policies, Policy, Step
from handlers.nudges.promises import promise
from handlers.nudges.recognition import Praise
from handlers.nudges.standing import calendar_for
from handlers.people.calendar import Calendar
from handlers.pilots import rhythm, risk
from storage import audit, channels, nudges, outbox, people, pilots
from storage.models import Item, Nudge, Person, Pilot
from storage.nudging import Told
from storage.outbox import Promise
from storage.pilots import Dossier

CHANNEL = "channel"
POST = "nudge"
"""What the outbox calls a nudge of the kind CHANNEL."""
PRAISE = "praise"
"""A week's good word by itself, and what the outbox calls it."""
PILOTS_AT_ONCE = 100

_KEPT_UP = timedelta(days=1)
_UNSCHEDULED = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class _Look:
    """A pilot that the sweep looks at, and what it found."""

    dossier: Dossier
    agenda: Agenda
    turn: Turn
    today: date

    @property
    def pilot(self) -> Pilot:
        return self.dossier.pilot

    @property
    def speaks(self) -> bool:
        return self.turn.speaks and not self.agenda.is_empty

    def nudge(self, kind: str, item_ids: list[int], now: datetime) -> Nudge:
        return Nudge(workspace_id=self.pilot.workspace_id, kind=kind, about=str(self.pilot.id),
                     day=self.today, made_at=now, pilot_id=self.pilot.id, item_ids=item_ids)


@dataclass(frozen=True, slots=True)
class Channels:
    policies: Policies
    languages: Languages

    async def batch(self, session: AsyncSession, now: datetime) -> int | None:
        """Promise what is due in the channels of one batch of pilots, and note their risk.

        Locks are taken in one order: pilots, mornings, items (skipping what is held), lanes. Returns how
        much was promised; None: nothing is due.
        """
        due = await nudges.due_pilots(session, now, PILOTS_AT_ONCE)
        if not due:
            return None
        with session.no_autoflush:
            looks = [await self._look(session, dossier, now)
                     for dossier in await pilots.dossiers(session, due)]
        promises = await self._nudge(session, [look for look in looks if look.speaks], now)
        quiet = [look for look in looks if look.turn.praises and not look.speaks]
        for workspace, praises in (await self._praise(session, quiet, now)).items():
            promises[workspace] += praises
        return await promise(session, promises, now)

    async def _look(self, session: AsyncSession, dossier: Dossier, now: datetime) -> _Look:
        pilot, calendar = dossier.pilot, rhythm.channel_calendar(dossier.pilot)
        today = calendar.today(now)
        await pilots.note_risk(session, pilot, now, _risk(dossier, calendar, today))
        agenda = channel_rules.agenda_of(pilot, dossier.items, dossier.seats, today)
        turn = channel_rules.turn_of(pilot, _owners(agenda.waiting, dossier), self._policy(pilot), now)
        pilot.nudge_at = turn.next_at
        return _Look(dossier, agenda, turn, today)

    async def _nudge(self, session: AsyncSession, looks: Sequence[_Look],
                     now: datetime) -> dict[str, list[Promise]]:
        """Open this morning's nudges, with whom they mention; those before them shrink and then rest."""
        by_pilot = {look.pilot.id: look for look in looks}
        promises: dict[str, list[Promise]] = defaultdict(list)
        new = [(by_pilot[nudge.pilot_id], nudge) for nudge, is_new in await nudges.open_mornings(
            session, [look.nudge(CHANNEL, look.agenda.item_ids, now) for look in looks])
            if is_new and nudge.pilot_id is not None]
        await self._tell(session, new, now)
        for look, nudge in new:
            until = (look.pilot.nudge_at or now + _UNSCHEDULED) + _KEPT_UP
            promises[nudge.workspace_id].append(
                Promise(look.pilot.room, POST, nudge.id, look.pilot.id, until))
        for workspace, newer in promises.items():
            newer += [Promise(post.room, POST, post.subject_id, post.pilot_id, live_until=now)
                      for post in await outbox.shown_before(session, workspace, POST, list(newer), now)]
        return promises

    async def _tell(self, session: AsyncSession, new: Iterable[tuple[_Look, Nudge]], now: datetime) -> None:
        """Write down whom each nudge mentions: nobody for what a digest tells them on the same day.

        The items are locked as the digests' sweep locks them, so that of two sweeps at the same time one
        sees what the other says; where that one is at an item, its owner is not mentioned.
        """
        wanted = {item.id: (look, nudge) for look, nudge in new for item in channel_rules.to_notify(
            look.agenda, look.pilot, look.dossier.people, self._policy(look.pilot), now)}
        if not wanted:
            return
        found = await channels.locked_items(session, wanted)
        said = await channels.digested(session, wanted.keys())
        for item in found:
            look, nudge = wanted[item.id]
            owner = look.dossier.people.get(item.owner_id or "")
            if owner is None or not channel_rules.calls_for(item, rhythm.channel_calendar(look.pilot), now):
                continue
            if (owner.id, item.id, calendar_for(owner).today(now)) not in said:
                session.add(Told(
                    workspace_id=item.workspace_id, person_id=owner.id, item_id=item.id,
                    pilot_id=item.pilot_id, nudge_id=nudge.id, step=Step.CHANNEL.value, at=now))

    async def _praise(self, session: AsyncSession, looks: Sequence[_Look],
                      now: datetime) -> dict[str, list[Promise]]:
        """Open a good word of its own where the week has one and no nudge of today says it."""
        promises: dict[str, list[Promise]] = defaultdict(list)
        deserving = []
        for look in looks:
            pilot = look.pilot
            is_said = await channels.made_on(session, pilot.workspace_id, CHANNEL, str(pilot.id), look.today)
            if is_said is None and not (await self._praise_of(session, look.dossier, look.today)).is_empty:
                deserving.append(look)
        rooms = {look.pilot.id: look.pilot.room for look in deserving}
        for nudge, is_new in await nudges.open_mornings(
                session, [look.nudge(PRAISE, [], now) for look in deserving]):
            if is_new and nudge.pilot_id is not None:
                promises[nudge.workspace_id].append(
                    Promise(rooms[nudge.pilot_id], PRAISE, nudge.id, nudge.pilot_id, live_until=now))
        return promises

    async def _praise_of(self, session: AsyncSession, dossier: Dossier, day: date) -> Praise:
        pilot = dossier.pilot
        began = rhythm.channel_calendar(pilot).at(rhythm.week_began(pilot, day), time.min)
        history = await audit.since(session, pilot.workspace_id, pilot.id, recognition.HELPED, began)
        return recognition.praise_of(pilot, dossier.items, history, day,
                                     self._policy(pilot).praise_free_misses)

    # ---- composing -------------------------------------------------------------------------------------

    async def compose(self, session: AsyncSession, workspace: str, nudge_id: int,
                      now: datetime) -> Card | None:
        """A channel's nudge, or a good word of its own, as things stand now; None: it is not to be posted."""
        nudge = await nudges.one(session, workspace, nudge_id)
        pilot = await pilots.one(session, workspace, nudge.pilot_id or 0) if nudge is not None else None
        if nudge is None or pilot is None:
            return None
        is_praise = nudge.kind == PRAISE
        is_shown = await outbox.is_shown(session, workspace, PRAISE if is_praise else POST, nudge_id)
        if not is_shown and not channel_rules.may_begin_nudge(nudge, pilot, self._policy(pilot), now):
            return None
        dossier = await pilots.dossier(session, pilot)
        if is_shown and not is_praise and await channels.is_followed(
                session, workspace, pilot.id, nudge.day, POST):
            spoken = [item for item in dossier.items if item.id in set(nudge.item_ids)]
            return channel_cards.shrunk_card(nudge.day, spoken, await self._scene(session, dossier, now))
        praise = await self._good_word(session, dossier, nudge)
        scene = await self._scene(session, dossier, now, nudge, praise)
        if is_praise:
            return channel_cards.praise_card(praise, scene) if praise is not None else None
        agenda = channel_rules.agenda_of(pilot, dossier.items, dossier.seats, scene.today,
                                         frozenset(nudge.item_ids))
        return channel_cards.channel_card(agenda, scene, nudge.day, praise, is_shown=is_shown)

    async def _good_word(self, session: AsyncSession, dossier: Dossier, nudge: Nudge) -> Praise | None:
        """What this message says of the week: once, and on the last day of it that is worked on."""
        pilot, items = dossier.pilot, set(nudge.item_ids)
        if not self._policy(pilot).is_praising:
            return None
        if nudge.kind == CHANNEL:
            works = channel_rules.works_of(
                pilot, _owners([item for item in dossier.items if item.id in items], dossier))
            if not rhythm.ends_week(pilot, nudge.day, works) or await channels.made_on(
                    session, pilot.workspace_id, PRAISE, nudge.about, nudge.day) is not None:
                return None
        return await self._praise_of(session, dossier, nudge.day)

    async def _scene(self, session: AsyncSession, dossier: Dossier, now: datetime, nudge: Nudge | None = None,
                     praise: Praise | None = None) -> Scene:
        pilot, known = dossier.pilot, dict(dossier.people)
        told = await channels.told_by(session, pilot.workspace_id, nudge.id) if nudge is not None else ()
        joined = await _joined(session, dossier)
        wanted = {who for each in joined.values() for who in each}
        wanted |= {each.person for each in praise.helps} if praise is not None else set()
        known |= await people.several(session, pilot.workspace_id, wanted - known.keys())
        return Scene(pilot, known, now, self.languages.of(None),
                     frozenset((each.person_id, each.item_id) for each in told), joined)

    def _policy(self, pilot: Pilot) -> Policy:
        return self.policies.of(pilot.workspace_id, pilot.name_key)


async def _joined(session: AsyncSession, dossier: Dossier) -> dict[int, tuple[str, ...]]:
    """Who joined those that are on an item, in their order."""
    on_it = {item.ref: item for item in dossier.items if item.on_it_at is not None}
    if not on_it:
        return {}
    earliest = min(item.on_it_at for item in on_it.values() if item.on_it_at is not None)
    found: dict[int, dict[str, None]] = defaultdict(dict)
    pilot = dossier.pilot
    for entry in await audit.since(session, pilot.workspace_id, pilot.id, ("item joined",), earliest):
        item = on_it.get(entry.subject)
        if item is not None and item.on_it_at is not None and entry.at >= item.on_it_at:
            found[item.id][entry.actor] = None
    return {item_id: tuple(who) for item_id, who in found.items()}


def _owners(items: Iterable[Item], dossier: Dossier) -> list[Person]:
    owners = {item.owner_id: dossier.people.get(item.owner_id or "") for item in items}
    return [owner for owner in owners.values() if owner is not None and owner.is_active]


def _risk(dossier: Dossier, calendar: Calendar, today: date) -> int:
    def owners_calendar(item: Item) -> Calendar:
        owner = dossier.owner(item)
        return calendar if owner is None else calendar_for(owner)

    return risk.score(dossier.items, dossier.pilot.weights, today, owners_calendar).total

"""Decisions of sponsors: asked for once a week at most, taken by a button, carried out at once."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from handlers.chat.cards import Card, Form
from handlers.chat.errors import Refused, inside
from handlers.chat.ports import Actor
from handlers.chat.wording import Languages
from handlers.ledger import Ledger
from handlers.nudges import decision_rules as rules
from handlers.nudges.decision_cards import TRIED, Matter, Sheet, decision_card, moved_card
from handlers.nudges.decision_forms import decision_form
from handlers.nudges.decision_outcome import TAKEN, outcome
from handlers.nudges.decision_rules import Choice
from handlers.nudges.policy import Policies
from handlers.nudges.standing import calendar_for
from handlers.people.actions import People, personal_rooms
from handlers.people.calendar import Calendar
from handlers.people.permissions import Action, may
from handlers.people.roles import Role
from handlers.pilots.hats import hats_of
from handlers.pilots.items import Items
from handlers.pilots.rules import SAFETY_FLOOR
from handlers.pilots.stages import Stages
from handlers.pilots.work import Work, item_in, looked_at, work_on
from storage import audit, decisions, outbox, people, pilots
from storage.decisions import KIND
from storage.models import AuditEntry, Item, Person, Pilot, Post
from storage.nudging import Decision
from storage.outbox import Change, Promise
from storage.pilots import Dossier

SPONSORS_AT_ONCE = 50
_GONE = "That decision is gone. `/pilot` shows what waits for you."


@dataclass(frozen=True, slots=True)
class Answer:
    """What was filled in with a choice; of these only what the choice asks for."""

    reason: str
    on: date | None = None
    """The new date, or the last day of the waiver."""
    who: Person | None = None


@dataclass(frozen=True, slots=True)
class Decisions:
    ledger: Ledger
    people: People
    items: Items
    stages: Stages
    policies: Policies
    languages: Languages

    # ---- asking ----------------------------------------------------------------------------------------

    async def request(self, session: AsyncSession, item: Item, pilot: Pilot, sponsor_id: str,
                      now: datetime) -> list[Promise]:
        """A decision about `item` is wanted; the sweep asks for it once the sponsor's week allows.

        Said again, nothing is doubled. Where a card about the pilot waits already it joins that one: the
        promise brings it up to date. Locks the item, which a sweep that calls this holds anyway.
        """
        if await decisions.open_about(session, item.workspace_id, item.id) is not None:
            return []
        card = await decisions.open_card(session, item.workspace_id, pilot.id, sponsor_id)
        session.add(Decision(
            workspace_id=item.workspace_id, pilot_id=pilot.id, item_id=item.id, sponsor_id=sponsor_id,
            made_at=now, ask_at=None if card else now, asked_at=card.asked_at if card else None))
        await session.flush()
        return [] if card is None else [Promise(sponsor_id, KIND, card.id, pilot.id)]

    async def sweep(self) -> int:
        """Ask sponsors for what waits, as far as their hours and week allow; returns how many cards.

        Run again, it sends none. What another replica holds is left to it.
        """
        now, made = self.ledger.clock(), 0
        while True:
            async with self.ledger.store.begin() as session:
                sponsors = await decisions.sponsors_to_ask(session, now, SPONSORS_AT_ONCE)
                promised = await self._ask(session, sponsors, now)
            if not sponsors:
                return made
            if promised:
                self.ledger.wake()
            made += promised

    async def _ask(self, session: AsyncSession, sponsors: Sequence[Person], now: datetime) -> int:
        promises: dict[str, list[Promise]] = defaultdict(list)
        for sponsor in sponsors:
            promises[sponsor.workspace_id] += await self._ask_one(session, sponsor, now)
        await session.flush()
        for workspace in sorted(promises):
            rooms = personal_rooms([promise.room for promise in promises[workspace]])
            await outbox.promise(session, workspace, promises[workspace], [Change(rooms=rooms)], now)
        return sum(map(len, promises.values()))

    async def _ask_one(self, session: AsyncSession, sponsor: Person, now: datetime) -> list[Promise]:
        """Ask one sponsor, whose row is locked; everything that was due is asked, put off or closed then."""
        workspace = sponsor.workspace_id
        waiting: dict[int, list[Decision]] = defaultdict(list)
        pairs = {}
        open_ones = await decisions.open_of(session, workspace, sponsor.id)
        for item, pilot in await pilots.several_items(session, workspace,
                                                      [each.item_id for each in open_ones]):
            pairs[item.id] = item, pilot
        cards = {each.pilot_id: each.asked_at for each in open_ones if each.asked_at is not None}
        for each in open_ones:
            if each.asked_at is None and rules.is_needed(*pairs[each.item_id]):
                waiting[each.pilot_id].append(each)
            elif each.asked_at is None:
                each.closed_at, each.ask_at = now, None
        asking = rules.ask([self._wanted(of, pairs, now) for of in waiting.values()], cards,
                           await decisions.cards_since(session, workspace, sponsor.id, now - 2 * rules.WEEK),
                           sponsor, self.policies.of(workspace), now)
        for pilot_id, of in waiting.items():
            asked_at = now if pilot_id in asking.sent else asking.joined.get(pilot_id)
            for each in of:
                each.asked_at, each.ask_at = asked_at, asking.later.get(pilot_id)
        await session.flush()
        firsts = [(await decisions.card_of(session, waiting[pilot_id][0]))[0]
                  for pilot_id in (*asking.sent, *asking.joined)]
        return [Promise(sponsor.id, KIND, first.id, first.pilot_id) for first in firsts]

    def _wanted(self, of: Sequence[Decision], pairs: dict[int, tuple[Item, Pilot]],
                now: datetime) -> rules.Wanted:
        """What is to be asked about one pilot."""
        _, pilot = pairs[of[0].item_id]
        calendar = Calendar(pilot.zone, pilot.country)
        heavy = self.policies.of(pilot.workspace_id, pilot.name_key).gate_weight
        items, today = [pairs[each.item_id][0] for each in of], calendar.today(now)
        return rules.Wanted(pilot.id, min(each.made_at for each in of),
                            any(rules.is_gate_due(item, pilot, today, calendar, heavy) for item in items))

    # ---- showing ---------------------------------------------------------------------------------------

    async def compose(self, session: AsyncSession, post: Post, now: datetime) -> Card | None:
        """The card as things stand now; None: there is nothing to be asked, and nothing was."""
        first = await decisions.one(session, post.workspace_id, post.subject_id)
        reader = await people.one(session, post.workspace_id, post.room)
        if first is None or reader is None:
            return None
        sheet = await self._sheet(session, first, reader, now, is_shown=post.message_id is not None)
        words, sponsor = self.languages.of(reader.locale), sheet.dossier.holder(Role.SPONSOR)
        if first.closed_at is None and (first.sponsor_id != reader.id or sponsor is None):
            return moved_card(sheet, sponsor, words)
        return decision_card(sheet, words)

    async def card(self, actor: Actor, decision_id: int) -> Card:
        """The card as somebody looks at it who was not sent it just now."""
        async with self.ledger.store.reading() as session:
            decision = await decisions.one(session, actor.workspace, decision_id)
            reader = await people.one(session, actor.workspace, actor.person)
            if decision is None or reader is None:
                raise Refused(_GONE)
            first = (await decisions.card_of(session, decision))[0]
            sheet = await self._sheet(session, first, reader, self.ledger.clock(), is_shown=True)
        card = decision_card(sheet, self.languages.of(reader.locale))
        if card is None:
            raise Refused(_GONE)
        return card

    async def _sheet(self, session: AsyncSession, first: Decision, reader: Person, now: datetime, *,
                     is_shown: bool) -> Sheet:
        pilot = await pilots.one(session, first.workspace_id, first.pilot_id)
        assert pilot is not None
        dossier = await pilots.dossier(session, pilot)
        by_id = {item.id: item for item in dossier.items}
        of_card = await decisions.card_of(session, first)
        told = await decisions.tried(session, pilot.workspace_id, [each.item_id for each in of_card], TRIED)
        matters = [Matter(each, by_id[each.item_id], [row for row in told if row.item_id == each.item_id],
                          await self._entries(session, each, by_id[each.item_id])) for each in of_card]
        known = {row.person_id for row in told} | {each.decided_by for each in of_card if each.decided_by}
        known |= {entry.actor for matter in matters for entry in matter.entries}
        dossier.people.update(await people.several(session, pilot.workspace_id, {*known, reader.id}))
        waivable = frozenset(item.id for item in by_id.values() if self._may_waive(dossier, item, reader.id))
        return Sheet(dossier, reader, matters, now, waivable, is_shown)

    async def _entries(self, session: AsyncSession, decision: Decision,
                       item: Item) -> Sequence[AuditEntry]:
        """What was written down when it was closed: about the item, or about the whole pilot."""
        if decision.closed_at is None:
            return ()
        written = await audit.at_moment(session, decision.workspace_id, decision.pilot_id, decision.closed_at)
        return [entry for entry in written if entry.subject in (item.ref, item.role, "")]

    def _may_waive(self, dossier: Dossier, item: Item, person_id: str) -> bool:
        is_floor = item.ref in SAFETY_FLOOR
        hats = hats_of(dossier, person_id, item, action=Action.ITEM_WAIVE,
                       is_admin=self.people.is_admin(person_id))
        seat = dossier.seats.get(item.role)
        is_own = seat is not None and seat.person_id == person_id
        return may(Action.ITEM_WAIVE, hats, safety_floor=is_floor) and (is_own or not is_floor)

    # ---- deciding --------------------------------------------------------------------------------------

    async def form(self, actor: Actor, decision_id: int, choice: Choice) -> Form:
        """What is asked besides the choice. Raises Refused at once where submitting it would be in vain."""
        decision = await self._one(actor.workspace, decision_id)
        async with looked_at(self.ledger, self.people, actor, decision.pilot_id) as work:
            item = await item_in(work, decision.item_id)
            await self._check(work, decision, item, choice)
            reader = await people.one(work.entry.session, actor.workspace, actor.person)
        words = self.languages.of(reader.locale if reader else None)
        return decision_form(decision, choice, item, work.dossier.pilot, words)

    async def decide(self, actor: Actor, decision_id: int, choice: Choice, answer: Answer) -> None:
        """Take the decision and carry it out. Raises Refused where it cannot be, or was taken already."""
        pilot_id = (await self._one(actor.workspace, decision_id)).pilot_id
        async with work_on(self.ledger, self.people, actor, pilot_id) as work:
            session = work.entry.session
            decision = await decisions.locked(session, actor.workspace, decision_id)
            assert decision is not None
            item = await item_in(work, decision.item_id)
            await self._check(work, decision, item, choice)
            answer = replace(answer, reason=rules.check_reason(answer.reason))
            if choice is Choice.DATE and answer.on is not None:
                rules.check_date(item, answer.on, work.dossier.pilot, work.today(work.calendar(item)))
            await self._carry_out(work, item, choice, answer)
            for each in await self._decided(session, decision, choice):
                each.closed_at, each.ask_at = work.entry.now, None
                each.choice, each.decided_by = choice, actor.person
            await work.entry.note(work.dossier.pilot, TAKEN, item.ref, after={
                "choice": choice, "reason": answer.reason})

    async def _carry_out(self, work: Work, item: Item, choice: Choice, answer: Answer) -> None:
        match choice:
            case Choice.DATE:
                assert answer.on is not None
                await self.items.move_due(work, item, answer.on, answer.reason)
            case Choice.REASSIGN:
                assert answer.who is not None
                await self.items.hand_over(work, item, answer.who, answer.reason)
            case Choice.WAIVE:
                assert answer.on is not None
                await self.items.waive_in(work, item, answer.on, answer.reason)
            case Choice.PAUSE:
                await self.stages.pause_in(work, answer.reason)
            case Choice.STOP:
                await self.stages.stop_in(work, answer.reason)

    async def _decided(self, session: AsyncSession, decision: Decision, choice: Choice) -> list[Decision]:
        """What the choice decides: for the whole pilot, all that stands on the card."""
        if choice not in (Choice.PAUSE, Choice.STOP):
            return [decision]
        return [each for each in await decisions.card_of(session, decision) if each.closed_at is None]

    async def _one(self, workspace: str, decision_id: int) -> Decision:
        async with self.ledger.store.reading() as session:
            decision = await decisions.one(session, workspace, decision_id)
        if decision is None:
            raise Refused(_GONE)
        return decision

    async def _check(self, work: Work, decision: Decision, item: Item, choice: Choice) -> None:
        """Raises Refused where the actor may not take the decision, or nobody need take it any more."""
        if not self._stands_in(work):
            work.check(Action.DECIDE, item)
        if decision.closed_at is not None:
            raise Refused(await self._why_closed(work, decision, item))
        work.check_running()
        if choice is Choice.WAIVE:
            work.check(Action.ITEM_WAIVE, item)

    def _stands_in(self, work: Work) -> bool:
        """Whether the sponsor is away and named the actor."""
        sponsor = work.dossier.holder(Role.SPONSOR)
        return (sponsor is not None and sponsor.delegate_id == work.entry.actor.person
                and sponsor.away_until is not None
                and calendar_for(sponsor).today(work.entry.now) < sponsor.away_until)

    async def _why_closed(self, work: Work, decision: Decision, item: Item) -> str:
        """'Decided: ... By Marta Keller: the vendor slipped.'"""
        session, dossier, actor = work.entry.session, work.dossier, work.entry.actor
        entries = await self._entries(session, decision, item)
        wanted = {actor.person, *(entry.actor for entry in entries)}
        known = await people.several(session, actor.workspace, wanted)
        dossier.people.update(known)
        sheet = Sheet(dossier, known[actor.person], (), work.entry.now)
        said = outcome(decision, item, entries, sheet, self.languages.of(known[actor.person].locale))
        by = "".join(str(span) for span in said.lines[1])
        return inside(f"{said.title}. {by}") + f" `/pilot item {item.ref}` shows it."

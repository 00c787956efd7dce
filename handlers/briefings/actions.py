"""Everything a person may do about a briefing, one transaction each."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from handlers.briefings import arrange, cards, forms, rules
from handlers.briefings.brief import questions_of
from handlers.briefings.composing import BriefingCards
from handlers.briefings.rules import KINDS, Meeting
from handlers.briefings.sheet import Sheet
from handlers.briefings.slots import HALF_HOUR
from handlers.chat.cards import Card, Form
from handlers.chat.errors import Refused
from handlers.chat.ports import Actor
from handlers.people.permissions import Action
from handlers.pilots.items import Items, by_whom
from handlers.pilots.rules import check_meeting, check_open, check_slot
from handlers.pilots.work import Work, item_in, taken_up
from storage import briefings, heads
from storage.models import Item, ItemState, Person, Pilot
from storage.outbox import Promise


@dataclass(frozen=True, slots=True)
class Briefings:
    items: Items
    composing: BriefingCards

    async def on_step(self, session: AsyncSession, item: Item, pilot: Pilot, step: str,
                      now: datetime) -> list[Promise]:
        """See `arrange.on_step`."""
        return await arrange.on_step(session, item, pilot, step, now)

    # ---- when ------------------------------------------------------------------------------------------

    async def slot(self, actor: Actor, item_id: int, at: datetime, *, agreed: bool = False) -> None:
        """Hold the meeting at `at`; that is its plan, and everybody concerned is invited.

        Args:
            agreed: everybody knows that it is outside somebody's working hours.
        """
        async with self.items.on(actor, item_id, Action.BRIEF_SLOT) as (work, item):
            check_meeting(item)
            calendar, now = work.calendar(item), work.entry.now
            check_slot(item, at, calendar.today(at), now, work.today(calendar), by_whom(work, item))
            if (meeting := rules.meeting_of(work.dossier, item)) is not None:
                await self._check(work, meeting, at, agreed=agreed)
            before, item.slot_at, item.plan_on = item.slot_at, at, calendar.today(at)
            work.change(item)
            await work.entry.note(work.dossier.pilot, "briefing slot", item.ref, before={"slot_at": before},
                                  after={"slot_at": at, **({"outside_hours": "agreed"} if agreed else {})})

    async def _check(self, work: Work, meeting: Meeting, at: datetime, *, agreed: bool) -> None:
        session, workspace = work.entry.session, work.entry.actor.workspace
        rules.check_news(meeting.item, at, meeting)
        rules.check_time(meeting, at, agreed=agreed)
        await briefings.lock_calendars(session, workspace, meeting.ids)
        rules.check_free(meeting, at, await briefings.meetings_of(
            session, workspace, meeting.ids, at - HALF_HOUR, meeting.item.id))

    async def call_off(self, actor: Actor, item_id: int) -> None:
        """There is no time for it any more: it was not held, or cannot be then. New times are offered."""
        async with self.items.on(actor, item_id, Action.BRIEF_SLOT) as (work, item):
            check_open(item, by_whom(work, item), work.today())
            if item.slot_at is None:
                raise Refused(f"No time is set for {item.ref} any more. `/pilot item {item.ref}` shows it.")
            what = "briefing not held" if item.slot_at <= work.entry.now else "briefing called off"
            before, item.slot_at, item.plan_on = item.slot_at, None, None
            work.change(item)
            await work.entry.note(work.dossier.pilot, what, item.ref, before={"slot_at": before})

    async def times(self, actor: Actor, item_id: int) -> Card:
        """The times to choose from, new ones where the old have passed."""
        pilot_id = await self.items.pilot_of(actor.workspace, item_id)
        async with taken_up(self.items.ledger, self.items.people, actor, pilot_id) as work:
            item = await item_in(work, item_id)
            work.check(Action.BRIEF_SLOT, item)
            work.check_running()
            self._check_is_briefing(item)
            check_open(item, by_whom(work, item), work.today())
            row = await arrange.opened(work.entry.session, item, work.entry.now)
            await arrange.offer(work.entry.session, work.dossier, item, row, work.entry.now)
            for promise in await arrange.shown_of(work.entry.session, item, work.entry.now):
                work.entry.promise(promise)
            return cards.times_card(await self._sheet(work, item))

    # ---- in writing ------------------------------------------------------------------------------------

    async def offer_writing(self, actor: Actor, item_id: int) -> None:
        """Whoever holds it may answer the questions in writing, and is told so."""
        async with self.items.on(actor, item_id, Action.BRIEF_SLOT) as (work, item):
            self._check_is_briefing(item)
            check_open(item, by_whom(work, item), work.today())
            if item.owner_id is None:
                raise Refused(f"Nobody holds {item.ref} who could answer. `/pilot team {item.role} @who` "
                              "fills that seat.")
            row = await arrange.opened(work.entry.session, item, work.entry.now)
            row.async_asked_at = row.async_asked_at or work.entry.now
            work.change(item)
            work.entry.promise(Promise(item.owner_id, arrange.IN_WRITING, item.id, item.pilot_id,
                                       live_until=work.entry.now))
            await work.entry.note(work.dossier.pilot, "briefing offered in writing", item.ref)

    async def answer(self, actor: Actor, item_id: int, answers: dict[str, str], *, finish: bool,
                     blocking: list[str], other: list[str]) -> bool:
        """Keep the answers; all five, or `finish`, close the item with them. Returns whether it is closed."""
        async with self.items.on(actor, item_id, Action.BRIEF_ANSWER) as (work, item):
            self._check_is_briefing(item)
            check_open(item, by_whom(work, item), work.today())
            rules.check_answers(answers)
            rules.check_asks(blocking, other)
            row = await arrange.opened(work.entry.session, item, work.entry.now)
            row.answers = answers
            row.async_asked_at = row.async_asked_at or work.entry.now
            work.change(item)
            await self.items.ask(work, item, blocking, other)
            if not finish and not all(answers.values()):
                await work.entry.note(work.dossier.pilot, "briefing answered in part", item.ref,
                                      after={"answered": sum(map(bool, answers.values()))})
                return False
            await self.items.close(work, item, ItemState.DONE, "briefing answered",
                                   evidence=self._evidence(work, item, answers))
            return True

    def _evidence(self, work: Work, item: Item, answers: dict[str, str]) -> str:
        """The questions as they were asked, and what was said to each."""
        words = self.composing.languages.of(None)
        actor = work.dossier.people.get(work.entry.actor.person)
        said = [f"{question} {answers.get(name) or words.text('Nothing to add.')}"
                for name, question in zip(forms.ANSWERS, questions_of(KINDS[item.ref], words), strict=True)]
        head = words.text("Answered in writing on {day} by {name}.", day=work.today().isoformat(),
                          name=actor.name if actor else words.text("somebody"))
        return "\n".join((head, *said))

    # ---- by somebody else ------------------------------------------------------------------------------

    async def stand_in(self, actor: Actor, item_id: int, to: Person) -> None:
        """Somebody else holds it, as the head of the function says, or whoever may hand it over."""
        async with self.items.on(actor, item_id, None) as (work, item):
            await self._check_stand_in(work, item)
            await self.items.hand_over(work, item, to)

    async def _check_stand_in(self, work: Work, item: Item) -> None:
        self._check_is_briefing(item)
        head = await heads.head_of(work.entry.session, work.entry.actor.workspace, item.role)
        if head != work.entry.actor.person:
            work.check(Action.ITEM_ASSIGN, item)
        check_open(item, by_whom(work, item), work.today())

    # ---- forms -----------------------------------------------------------------------------------------

    async def stand_in_form(self, actor: Actor, item_id: int) -> Form:
        """Raises Refused at once where submitting it would be in vain."""
        async with self.items.look(actor, item_id) as (work, item):
            await self._check_stand_in(work, item)
            work.check_running()
            return forms.stand_in_form(await self._sheet(work, item))

    async def written_form(self, actor: Actor, item_id: int) -> Form:
        """Raises Refused at once where submitting it would be in vain."""
        async with self.items.look(actor, item_id) as (work, item):
            self._check_is_briefing(item)
            work.check(Action.BRIEF_ANSWER, item)
            work.check_running()
            check_open(item, by_whom(work, item), work.today())
            return forms.written_form(await self._sheet(work, item))

    async def _sheet(self, work: Work, item: Item) -> Sheet:
        return await self.composing.sheet_for(work.entry.session, work.dossier, item, work.entry.actor.person,
                                              work.entry.now)

    def _check_is_briefing(self, item: Item) -> None:
        if item.ref not in KINDS:
            raise Refused(f"{item.ref} is none of the three briefings. `/pilot brief` shows those.")

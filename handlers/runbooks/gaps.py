"""What is missing in runbooks: shown, given to somebody as an item, laid aside, said when it is no more."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from handlers.chat.cards import Card, Form, Line
from handlers.chat.errors import Refused, inside
from handlers.chat.ports import Actor
from handlers.people.actions import People, calendar_of
from handlers.people.calendar import Calendar
from handlers.people.permissions import Action
from handlers.people.roles import Role
from handlers.pilots import rules
from handlers.pilots.items import Items
from handlers.pilots.work import Work, looked_at, work_on
from handlers.runbooks import gap_cards
from handlers.runbooks.gap_closing import Closing
from handlers.runbooks.gap_rules import Closed, Facts, Gap, Kind, found
from handlers.runbooks.gap_words import (
    OPEN,
    GapList,
    Held,
    evidence_of,
    item_line,
    title_of,
    weight_of,
    why_of,
)
from handlers.runbooks.page_lines import short
from handlers.runbooks.survey import Survey
from storage import people, pilots, runbook_gaps
from storage.models import Item, ItemKind, ItemState, Person, Pilot, PilotState
from storage.shelf import RunbookGap

_REF = "RB"
_TOLD_FOR = timedelta(days=14)
"""How long the list says of a gap whose item is closed that it is no more."""
_GONE = Refused("That is no gap any more, or it is another one by now. `/runbook gaps` shows what there is.",
                choices=(("Runbook gaps", "/runbook gaps"),))


@dataclass(frozen=True, slots=True)
class _Seen:
    """All gaps of a workspace, with what became of them."""

    pilots: Mapping[int, Pilot]
    facts: Facts
    gaps: Sequence[Gap]
    held: Mapping[str, Held]

    def gap(self, mark: str) -> Gap:
        """Raises Refused where there is none of that mark."""
        for gap in self.gaps:
            if gap.mark == mark:
                return gap
        raise _GONE

    def is_aside(self, gap: Gap) -> bool:
        """Whether somebody said that nothing is to be written: here, of its item, or by checking the page."""
        held = self.held.get(gap.key)
        if held is None:
            return False
        if held.item is None:
            return held.row.laid_aside
        checked = (gap.kind is Kind.OLD and held.item.state is ItemState.DONE
                   and held.item.closed_at is not None
                   and self.facts.now - held.item.closed_at < self.facts.stale_after)
        return held.row.laid_aside or checked or held.item.state is ItemState.NOT_APPLICABLE


@dataclass(frozen=True, slots=True)
class Gaps:
    items: Items
    people: People
    survey: Survey

    # ---- looking ---------------------------------------------------------------------------------------

    async def card(self, actor: Actor, reader: Person, pilot_id: int | None, page: int = 0,
                   which: str = OPEN) -> Card:
        """The gaps of a pilot and of what is shared, or of everybody."""
        now = self.items.ledger.clock()
        async with self.items.ledger.store.reading() as session:
            seen = await self._seen(session, actor.workspace, now)
            pilot = seen.pilots.get(pilot_id or 0)
            if pilot_id is not None and pilot is None:
                raise Refused("There is no such pilot any more. `/pilot list` shows those there are.")
            mine = None if self.people.is_admin(actor.person) else await runbook_gaps.seated_in(
                session, actor.workspace, actor.person)
            listed = self._listed(seen, calendar_of(reader), pilot, page, which, mine)
            known = await people.several(session, actor.workspace, _spoken_of(listed))
        return gap_cards.gaps_card(replace(listed, people=known))

    async def _seen(self, session: AsyncSession, workspace: str, now: datetime, *,
                    with_names: bool = True) -> _Seen:
        rows = await runbook_gaps.pilots_of(session, workspace)
        facts = await self.survey.facts(session, rows, now, with_names=with_names)
        kept = await runbook_gaps.kept(session, workspace)
        items = await runbook_gaps.items_of(
            session, workspace, {row.item_id for row in kept.values() if row.item_id is not None})
        gaps, closed = await asyncio.to_thread(_standing, facts, list(kept))
        held = {key: Held(row, items.get(row.item_id or 0), closed.get(key)) for key, row in kept.items()}
        return _Seen({pilot.id: pilot for pilot in rows}, facts, gaps, held)

    def _listed(self, seen: _Seen, calendar: Calendar, pilot: Pilot | None, page: int, which: str,
                teams: Collection[int] | None = None) -> GapList:
        """`teams`: pilots whose questions may be read; None: all."""
        whole = [gap for gap in seen.gaps if _is_of(gap.pilot_id, pilot) and _runs(gap, seen.pilots)]
        mine = [gap for gap in whole if _may_read(gap.key, gap.pilot_id, teams)]
        over = sorted((held for held in seen.held.values()
                       if held.item is not None and held.closed is not None
                       and held.item.state is not ItemState.NOT_APPLICABLE
                       and _is_of(held.row.pilot_id, pilot) and _is_news(held.item, seen.facts.now)
                       and _may_read(held.row.key, held.row.pilot_id, teams)),
                      key=lambda held: (held.row.at, held.row.key), reverse=True)
        return GapList(
            [gap for gap in mine if not seen.is_aside(gap)], over, seen.held,
            [gap for gap in mine if seen.is_aside(gap)], calendar, seen.facts.now, pilot, seen.pilots,
            has_sources=bool(self.survey.policy.sources), hidden=len(whole) - len(mine),
            stale_days=self.survey.policy.stale_after.days, page=page, which=which)

    async def standing(self, session: AsyncSession, item: Item, calendar: Calendar,
                       now: datetime) -> Line | None:
        """What an item's card says of the gap it is to close; None: it is about none."""
        row = await runbook_gaps.of_item(session, item.workspace_id, item.id)
        if row is None:
            return None
        is_service = row.key.startswith(f"{Kind.SERVICE}:")
        seen = await self._seen(session, item.workspace_id, now, with_names=is_service)
        return item_line(seen.held[row.key], calendar, now) if row.key in seen.held else None

    # ---- forms -----------------------------------------------------------------------------------------

    async def give_form(self, actor: Actor, reader: Person, mark: str, pilot_id: int) -> Form:
        """To whom and by when. Raises Refused at once where submitting it would be in vain."""
        gap, pilot, choice = await self._about(actor, mark, pilot_id)
        async with self.items.ledger.store.reading() as session:
            owner = await self._owner(session, actor.workspace, gap, pilot)
        calendar = calendar_of(reader)
        return gap_cards.give_form(gap, pilot, choice, owner, calendar,
                                   calendar.today(self.items.ledger.clock()))

    async def aside_form(self, actor: Actor, mark: str, pilot_id: int) -> Form:
        """Why nothing is to be written. Raises Refused at once where submitting it would be in vain."""
        return gap_cards.aside_form(*await self._about(actor, mark, pilot_id))

    async def _about(self, actor: Actor, mark: str, pilot_id: int) -> tuple[Gap, Pilot | None, list[Pilot]]:
        """The gap, the pilot it hangs on, and where that is to be asked, those that it could be."""
        async with self.items.ledger.store.reading() as session:
            seen = await self._seen(session, actor.workspace, self.items.ledger.clock())
            mine = [each.id for each in await pilots.of_person(session, actor.workspace, actor.person, 100)]
        gap = seen.gap(mark)
        self._check_free(seen.held.get(gap.key))
        pilot = seen.pilots.get(gap.pilot_id or pilot_id)
        if pilot is not None:
            async with looked_at(self.items.ledger, self.people, actor, pilot.id) as work:
                work.check(Action.GAP_GIVE)
                work.check_running()
            return gap, pilot, []
        running = [each for each in seen.pilots.values() if each.state is PilotState.ACTIVE]
        if not running:
            raise Refused("An item needs a pilot to hang on, and none is running. `/pilot new` registers "
                          "one.")
        return gap, None, sorted(running, key=lambda each: (each.id not in mine, each.name_key))

    def _check_free(self, held: Held | None) -> None:
        """Raises Refused where somebody has it already."""
        item = held.item if held is not None else None
        if item is not None and item.state in (ItemState.OPEN, ItemState.WAIVED):
            raise Refused(f"{item.ref} is about this already: “{inside(short(item.title, 80))}”.",
                          choices=((f"Open {item.ref}", f"/pilot item i:{item.id}"),))

    async def _owner(self, session: AsyncSession, workspace: str, gap: Gap,
                     pilot: Pilot | None) -> Person | None:
        """Who keeps the page, by name; else who holds the pilot's operations seat, else its lead."""
        if gap.owner:
            named = await people.named(session, workspace, gap.owner.lstrip("@"), 2)
            if len(named) == 1:
                return named[0]
        if pilot is None:
            return None
        dossier = await pilots.dossier(session, pilot)
        holders = [dossier.holder(Role.OPERATIONS), dossier.holder(Role.LEAD)]
        return next((each for each in holders if each is not None and each.is_active), None)

    # ---- acting ----------------------------------------------------------------------------------------

    async def give(self, actor: Actor, mark: str, pilot_id: int, to: Person, due: date) -> Card:
        """Make the gap an item of the pilot, with `to` by that day. Of two at once one does it."""
        await self.items.ledger.check_first(actor)
        seen, gap, pilot = await self._meant(actor, mark, pilot_id)
        async with work_on(self.items.ledger, self.people, actor, pilot.id) as work:
            work.check(Action.GAP_GIVE)
            work.check_running()
            today = work.today(calendar_of(to))
            rules.check_ahead(due, today, "/runbook gaps")
            row = await self._claimed(work, gap)
            item = self._item(work, seen, gap, due)
            await self.items.add(work, item, "gap given", {"gap": gap.key})
            row.item_id, row.pilot_id, row.laid_aside, row.reason = item.id, pilot.id, False, None
            row.by, row.at, row.words = actor.person, work.entry.now, short(gap.words, 300)
            await self.items.hand_over(work, item, to)
            seat = work.dossier.seats.get(item.role)
            item.is_handed_over = seat is None or seat.person_id != to.id
            return gap_cards.given_card(item, to, work.dossier.pilot, today, is_self=to.id == actor.person)

    async def lay_aside(self, actor: Actor, mark: str, pilot_id: int, reason: str) -> Card:
        """Nothing is to be written about it: it is not listed any more, and why is kept."""
        await self.items.ledger.check_first(actor)
        _, gap, pilot = await self._meant(actor, mark, pilot_id)
        async with work_on(self.items.ledger, self.people, actor, pilot.id) as work:
            work.check(Action.GAP_GIVE)
            work.check_running()
            reason = rules.check_words(reason, "reason")
            if not reason:
                raise Refused("Say why, in a few words: it goes into the audit trail.")
            row = await self._claimed(work, gap)
            row.pilot_id, row.item_id, row.laid_aside, row.reason = pilot.id, None, True, reason
            row.by, row.at, row.words = actor.person, work.entry.now, short(gap.words, 300)
            await work.entry.note(work.dossier.pilot, "gap laid aside", short(gap.words, 120),
                                  after={"gap": gap.key, "reason": reason})
            return gap_cards.aside_card(gap.words, work.dossier.pilot)

    async def _meant(self, actor: Actor, mark: str, pilot_id: int) -> tuple[_Seen, Gap, Pilot]:
        async with self.items.ledger.store.reading() as session:
            seen = await self._seen(session, actor.workspace, self.items.ledger.clock())
        gap = seen.gap(mark)
        pilot = seen.pilots.get(gap.pilot_id or pilot_id)
        if pilot is None:
            raise Refused("Choose a pilot that it is to hang on.",
                          fields={"pilot": "Choose a pilot that it is to hang on."})
        return seen, gap, pilot

    async def _claimed(self, work: Work, gap: Gap) -> RunbookGap:
        """The row of this gap, for this transaction alone. Raises Refused where somebody has it already."""
        session, workspace = work.entry.session, work.entry.actor.workspace
        row = await runbook_gaps.claimed(session, workspace, RunbookGap(
            workspace_id=workspace, key=gap.key, pilot_id=work.dossier.pilot.id, item_id=None,
            by=work.entry.actor.person, at=work.entry.now, words=short(gap.words, 300)))
        item = await pilots.item(session, workspace, row.item_id) if row.item_id is not None else None
        self._check_free(Held(row, item))
        return row

    def _item(self, work: Work, seen: _Seen, gap: Gap, due: date) -> Item:
        pilot = work.dossier.pilot
        listed = self._listed(seen, work.pilot_calendar, pilot, 0, OPEN)
        runbook = work.dossier.item("B-10")
        position = runbook.position if runbook is not None else max(
            (item.position for item in work.dossier.items), default=0)
        return Item(
            workspace_id=pilot.workspace_id, pilot_id=pilot.id,
            ref=rules.next_ref(_REF, {item.ref for item in work.dossier.items}), position=position,
            title=title_of(gap), kind=ItemKind.TASK, stage=pilot.stage, role=Role.OPERATIONS.value,
            due_rule=f"{pilot.stage}+5wd", category="organization", weight=weight_of(gap),
            evidence_wanted=evidence_of(gap), why=why_of(gap, listed), source=[f"runbook-gap:{gap.kind}"],
            due_on=due)


def _standing(facts: Facts, known: Iterable[str]) -> tuple[list[Gap], dict[str, Closed | None]]:
    """All gaps there are; of those `known` that are no more, how they were closed."""
    gaps = found(facts)
    there = {gap.key for gap in gaps}
    over = [key for key in known if key not in there]
    closing = Closing.of(facts) if over else None
    return gaps, {key: closing.closed(key) for key in over} if closing is not None else {}


def _may_read(key: str, pilot_id: int | None, teams: Collection[int] | None) -> bool:
    """What was asked in a pilot is for its team; what fires and what is written is for all."""
    return teams is None or pilot_id is None or pilot_id in teams or not key.startswith(f"{Kind.QUESTION}:")


def _is_of(pilot_id: int | None, pilot: Pilot | None) -> bool:
    return pilot is None or pilot_id in (None, pilot.id)


def _runs(gap: Gap, known: Mapping[int, Pilot]) -> bool:
    """What a stopped pilot lacks is nobody's any more."""
    pilot = known.get(gap.pilot_id or 0)
    return pilot is None or pilot.state is not PilotState.STOPPED


def _is_news(item: Item, now: datetime) -> bool:
    return item.closed_at is None or now - item.closed_at < _TOLD_FOR


def _spoken_of(listed: GapList) -> set[str]:
    found_here = {held.row.by for held in listed.held.values()}
    return found_here | {held.item.owner_id for held in listed.held.values()
                         if held.item is not None and held.item.owner_id is not None}



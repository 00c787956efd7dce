"""Everything that may happen to an item, one transaction each."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, timedelta

from handlers.chat.errors import Refused
from handlers.chat.ports import CLOCK, Actor
from handlers.ledger import Ledger
from handlers.people.actions import People, calendar_of
from handlers.people.permissions import Action
from handlers.pilots import answering, gates, rules, schedule
from handlers.pilots.answering import NOTHING_ASKED, Answers, Ask, no_runbooks
from handlers.pilots.work import Work, item_in, looked_at, work_on
from storage import people, pilots
from storage.models import Item, ItemKind, ItemState, Person, PilotState
from storage.outbox import Promise

ACTIONS = {"done": Action.ITEM_DONE, "plan": Action.ITEM_PLAN, "block": Action.ITEM_BLOCK,
           "assign": Action.ITEM_ASSIGN, "na": Action.ITEM_NOT_APPLICABLE, "reopen": Action.ITEM_REOPEN,
           "slot": Action.BRIEF_SLOT, "held": Action.BRIEF_HELD, "waive": Action.ITEM_WAIVE}
"""What each button of an item needs."""

WAIVERS_AT_ONCE = 100
_EAST = timedelta(hours=14)
"""So far ahead of UTC is the first place where a day begins."""


def by_whom(work: Work, item: Item) -> str:
    """The name of who closed `item`."""
    person = work.dossier.people.get(item.closed_by or "")
    return person.name if person else "somebody"


@dataclass(frozen=True, slots=True)
class Items:
    ledger: Ledger
    people: People
    ask_runbooks: Ask = no_runbooks
    """What the runbooks say to the questions that an item wants answered."""

    async def pilot_of(self, workspace: str, item_id: int) -> int:
        """Which pilot an item belongs to. Raises Refused where there is no such item."""
        async with self.ledger.store.reading() as session:
            item = await pilots.item(session, workspace, item_id)
        if item is None:
            raise Refused("That item is gone. `/pilot items` shows those there are.")
        return item.pilot_id

    @asynccontextmanager
    async def on(self, actor: Actor, item_id: int,
                  action: Action | None) -> AsyncIterator[tuple[Work, Item]]:
        """The item's pilot at work, with the item.

        Raises Refused where the actor may not, or the pilot does not run.
        """
        pilot_id = await self.pilot_of(actor.workspace, item_id)
        async with work_on(self.ledger, self.people, actor, pilot_id) as work:
            item = await item_in(work, item_id)
            if action is not None:
                work.check(action, item)
            work.check_running()
            yield work, item

    @asynccontextmanager
    async def look(self, actor: Actor, item_id: int) -> AsyncIterator[tuple[Work, Item]]:
        """The same for a look: nothing is locked, nothing is kept."""
        pilot_id = await self.pilot_of(actor.workspace, item_id)
        async with looked_at(self.ledger, self.people, actor, pilot_id) as work:
            yield work, await item_in(work, item_id)

    async def check(self, actor: Actor, item: Item, verb: str) -> None:
        """Raises Refused where the actor may not do `verb` to `item`: before a form is filled in in vain."""
        async with self.look(actor, item.id) as (work, here):
            work.check(ACTIONS[verb], here)
            work.check_running()
            if verb == "reopen":
                rules.check_reopen(here)
            else:
                rules.check_open(here, by_whom(work, here), work.today())

    async def done(self, actor: Actor, item_id: int, evidence: str) -> None:
        """Close the item. Without evidence it counts half; a sign-off needs it, and some need a runbook."""
        answers = await self._answers(actor, item_id)
        async with self.on(actor, item_id, Action.ITEM_DONE) as (work, item):
            evidence = rules.check_words(evidence, "evidence")
            rules.check_done(item, evidence, by_whom(work, item), work.today())
            answering.check_item(item, answers)
            await self.close(work, item, ItemState.DONE, "item done", evidence=evidence or None,
                             **answers.record)
            await self._repeat(work, item)

    async def _answers(self, actor: Actor, item_id: int) -> Answers:
        """What the runbooks say to what the item asks, looked up before anything is locked."""
        async with self.ledger.store.reading() as session:
            item = await pilots.item(session, actor.workspace, item_id)
            if item is None or not item.answers:
                return NOTHING_ASKED
            pilot = await pilots.one(session, actor.workspace, item.pilot_id)
        return await self.ask_runbooks(pilot, item.answers) if pilot is not None else NOTHING_ASKED

    async def not_applicable(self, actor: Actor, item_id: int, reason: str) -> None:
        async with self.on(actor, item_id, Action.ITEM_NOT_APPLICABLE) as (work, item):
            rules.check_open(item, by_whom(work, item), work.today())
            item.na_reason = rules.check_reason(reason, "na", item)
            await self.close(work, item, ItemState.NOT_APPLICABLE, "item not applicable",
                              reason=item.na_reason)

    async def close(self, work: Work, item: Item, state: ItemState, what: str, *,
                    evidence: str | None = None, **said: object) -> None:
        item.state, item.evidence = state, evidence
        item.closed_at, item.closed_by = work.entry.now, work.entry.actor.person
        item.blocked_at = item.blocked_by = item.blocked_reason = None
        rules.leave_it(item)
        closer = await people.one(work.entry.session, work.entry.actor.workspace, work.entry.actor.person)
        if closer is not None:
            await work.learn(closer)
        work.change(item)
        await work.entry.note(work.dossier.pilot, what, item.ref, before={"state": ItemState.OPEN},
                              after={"state": state, **said,
                                     **({"evidence": evidence} if evidence or not said else {})})

    async def _repeat(self, work: Work, item: Item) -> None:
        """Open the next occurrence of a repeating item while its stage lasts; it holds no gate."""
        if item.repeat is None or item.stage != work.dossier.pilot.stage:
            return
        calendar = work.calendar(item)
        today = work.today(calendar)
        ref = rules.occurrence_ref(item.ref, {each.ref for each in work.dossier.items})
        following = Item(
            workspace_id=item.workspace_id, pilot_id=item.pilot_id, ref=ref, position=item.position,
            title=item.title, kind=item.kind, stage=item.stage, role=item.role, due_rule=item.due_rule,
            category=item.category, weight=item.weight, evidence_wanted=item.evidence_wanted, why=item.why,
            source=item.source, minutes=item.minutes, repeat=item.repeat, owner_id=item.owner_id,
            is_handed_over=item.is_handed_over, approvers=item.approvers, answers=item.answers,
            due_on=schedule.next_repeat(max(item.due_on or today, today), item.repeat, calendar))
        await self.add(work, following, "item repeats", {"after": item.ref})

    async def add(self, work: Work, item: Item, what: str, after: dict[str, str | None]) -> None:
        """Put a new item into the pilot at work."""
        work.entry.session.add(item)
        await work.entry.session.flush()
        work.dossier.items.append(item)
        work.change(item)
        await work.entry.note(work.dossier.pilot, what, item.ref,
                              after={"title": item.title, "role": item.role, "due_on": item.due_on,
                                     "gate": item.gate, **after})

    async def reopen(self, actor: Actor, item_id: int, reason: str) -> None:
        async with self.on(actor, item_id, Action.ITEM_REOPEN) as (work, item):
            rules.check_reopen(item)
            reason = rules.check_reason(reason, "reopen", item)
            await self._reopen(work, item, "item reopened", reason=reason)

    async def _reopen(self, work: Work, item: Item, what: str, **said: object) -> None:
        before = {"state": item.state, "evidence": item.evidence, "closed_by": item.closed_by}
        item.state = ItemState.OPEN
        item.evidence = item.closed_at = item.closed_by = item.na_reason = item.waived_until = None
        work.change(item)
        await work.entry.note(work.dossier.pilot, what, item.ref, before=before,
                              after={"state": ItemState.OPEN, **said})

    async def waive(self, actor: Actor, item_id: int, until: date, reason: str) -> None:
        """Let the gate be passed without it until then; on the day after it is open again."""
        async with self.on(actor, item_id, Action.ITEM_WAIVE) as (work, item):
            await self.waive_in(work, item, until, reason)

    async def waive_in(self, work: Work, item: Item, until: date, reason: str) -> None:
        """The same of a pilot at work; whoever calls has checked who may."""
        calendar = work.calendar(item)
        rules.check_waiver(item, until, work.today(calendar), by_whom(work, item), calendar)
        reason = rules.check_reason(reason, "waive", item)
        item.waived_until = until
        await self.close(work, item, ItemState.WAIVED, "item waived", waived_until=until, reason=reason)

    async def end_waivers(self) -> int:
        """Open again what was waived until yesterday; returns how many. Run again, it finds none."""
        ended = 0
        async with self.ledger.store.reading() as session:
            due = await pilots.waived_before(session, (self.ledger.clock() + _EAST).date(), WAIVERS_AT_ONCE)
        for item in due:
            clock = Actor(item.workspace_id, CLOCK, CLOCK)
            async with work_on(self.ledger, self.people, clock, item.pilot_id) as work:
                ended += await self._end_waiver(work, await item_in(work, item.id))
        return ended

    async def _end_waiver(self, work: Work, item: Item) -> bool:
        """As things stand now that the pilot is locked: another replica may have been first."""
        is_over = (item.state is ItemState.WAIVED and work.dossier.pilot.state is PilotState.ACTIVE
                   and not gates.is_waived(item, work.today(work.calendar(item))))
        if is_over:
            item.plan_on = None
            await self._reopen(work, item, "waiver ran out")
        return is_over

    async def plan(self, actor: Actor, item_id: int, on: date) -> None:
        """The owner says when it will be done; until then nobody asks."""
        async with self.on(actor, item_id, Action.ITEM_PLAN) as (work, item):
            rules.check_plan(item, on, work.today(work.calendar(item)), by_whom(work, item))
            before, item.plan_on = item.plan_on, on
            work.change(item)
            await work.entry.note(work.dossier.pilot, "item planned", item.ref, before={"plan_on": before},
                                  after={"plan_on": on})

    async def due(self, actor: Actor, item_id: int, on: date, reason: str) -> None:
        """Move the due date, with a reason that stays on the record."""
        async with self.on(actor, item_id, Action.ITEM_DUE) as (work, item):
            await self.move_due(work, item, on, reason)

    async def move_due(self, work: Work, item: Item, on: date, reason: str) -> None:
        """The same of a pilot at work; whoever calls has checked who may."""
        today = work.today(work.calendar(item))
        rules.check_open(item, by_whom(work, item), today)
        rules.check_ahead(on, today, f"/pilot due {item.ref} fri reason")
        reason = rules.check_reason(reason, "due", item)
        before, item.due_on = item.due_on, on
        if item.plan_on is not None and item.plan_on > on:
            item.plan_on = None
        work.change(item)
        await work.entry.note(work.dossier.pilot, "item due moved", item.ref, before={"due_on": before},
                              after={"due_on": on, "reason": reason})

    async def block(self, actor: Actor, item_id: int, blocker: Person | None, reason: str) -> None:
        """It waits for somebody or something: its owner is not nudged, its age goes on counting."""
        async with self.on(actor, item_id, Action.ITEM_BLOCK) as (work, item):
            reason = rules.check_words(reason, "reason")
            rules.check_block(item, blocker.id if blocker else None, reason, by_whom(work, item),
                              work.today())
            before = {"blocked_by": item.blocked_by, "reason": item.blocked_reason}
            item.blocked_at = item.blocked_at or work.entry.now
            item.blocked_by, item.blocked_reason = blocker.id if blocker else None, reason or None
            rules.leave_it(item)
            if blocker is not None:
                await work.learn(blocker)
                work.tell(blocker.id)
            work.change(item)
            entry = await work.entry.note(work.dossier.pilot, "item blocked", item.ref, before=before,
                                          after={"blocked_by": item.blocked_by,
                                                 "reason": item.blocked_reason})
            if blocker is not None and blocker.id != actor.person:
                await work.entry.session.flush()
                work.entry.promise(Promise(blocker.id, "blocker", entry.id, item.pilot_id, work.entry.now))

    async def unblock(self, actor: Actor, item_id: int) -> None:
        async with self.on(actor, item_id, None) as (work, item):
            if item.state is ItemState.OPEN and item.blocked_at is None:
                raise Refused(f"{item.ref} does not wait for anybody any more. "
                              f"`/pilot item {item.ref}` shows it.")
            if item.blocked_by != actor.person:  # whoever it waited for may say that it need not any more
                work.check(Action.ITEM_BLOCK, item)
            rules.check_open(item, by_whom(work, item), work.today())
            if item.blocked_by:
                work.tell(item.blocked_by)
            before = {"blocked_by": item.blocked_by, "reason": item.blocked_reason}
            item.blocked_at = item.blocked_by = item.blocked_reason = None
            work.change(item)
            await work.entry.note(work.dossier.pilot, "item unblocked", item.ref, before=before)

    async def assign(self, actor: Actor, item_id: int, to: Person) -> None:
        """Give this one item to somebody else; the seat stays as it is."""
        async with self.on(actor, item_id, Action.ITEM_ASSIGN) as (work, item):
            await self.hand_over(work, item, to)

    async def hand_over(self, work: Work, item: Item, to: Person, reason: str | None = None) -> None:
        """Give the item at work to somebody else, who is told; a briefing that began tells them itself.

        Whoever calls has checked who may.
        """
        actor = work.entry.actor
        rules.check_assign(item, to.id, by_whom(work, item), work.today())
        before = item.owner_id
        if before:
            work.tell(before)
        await work.learn(to)
        item.owner_id, item.is_handed_over, item.plan_on = to.id, True, None
        rules.leave_it(item)
        work.change(item)
        said = {"reason": reason} if reason else {}
        entry = await work.entry.note(work.dossier.pilot, "item handed over", item.ref,
                                      before={"owner": before}, after={"owner": to.id, **said})
        if to.id != actor.person and not rules.is_briefed(
                item, work.dossier.pilot, calendar_of(to), work.entry.now):
            await work.entry.session.flush()
            work.entry.promise(Promise(to.id, "handed", entry.id, item.pilot_id, work.entry.now))

    async def offer_help(self, actor: Actor, item_id: int) -> None:
        """Somebody who was told that it is late offers to help: whoever has the ball hears that."""
        async with self.on(actor, item_id, Action.READ) as (work, item):
            rules.check_open(item, by_whom(work, item), work.today())
            to = item.blocked_by or item.owner_id
            if to is None:
                raise Refused(f"Nobody has {item.ref} yet. `/pilot team {item.role} @who` gives the role to "
                              "somebody.")
            if to == actor.person:
                raise Refused(f"{item.ref} is with you yourself. `/pilot assign {item.ref} @who` gives it to "
                              "somebody else.")
            await self._check_here(work, item, to)
            entry = await work.entry.note(work.dossier.pilot, "help offered", item.ref, after={"to": to})
            await work.entry.session.flush()
            work.entry.promise(Promise(to, "offer", entry.id, item.pilot_id, work.entry.now))

    async def _check_here(self, work: Work, item: Item, person_id: str) -> None:
        """Raises Refused where whoever has the ball left the workspace."""
        person = await people.one(work.entry.session, work.entry.actor.workspace, person_id)
        if person is None or not person.is_active:
            name = person.name if person is not None else "Whoever had it"
            raise Refused(f"{name} left the workspace, so nobody would hear your offer. "
                          f"`/pilot assign {item.ref} @who` gives it to somebody.")

    # ---- briefings -------------------------------------------------------------------------------------

    async def held(self, actor: Actor, item_id: int, on: date, attendees: str, blocking: list[str],
                   other: list[str]) -> None:
        """The briefing took place: close it, and turn what was asked for into items of the lead."""
        async with self.on(actor, item_id, Action.BRIEF_HELD) as (work, item):
            rules.check_meeting(item)
            attendees = rules.check_words(attendees, "list of attendees")
            rules.check_held(item, on, attendees, by_whom(work, item), work.today(work.calendar(item)))
            await self.ask(work, item, blocking, other)
            of_it = [each for each in work.dossier.items if f"briefing:{item.ref}" in each.source]
            asked = "no asks" if not of_it else f"asks: {', '.join(each.ref for each in of_it)}"
            await self.close(work, item, ItemState.DONE, "briefing held",
                              evidence=f"Held on {on.isoformat()}: {attendees}; {asked}")

    async def asks(self, actor: Actor, item_id: int, blocking: list[str], other: list[str]) -> int:
        """Add asks of a reviewer after or before the meeting; returns how many."""
        async with self.on(actor, item_id, Action.BRIEF_HELD) as (work, item):
            rules.check_meeting(item)
            return await self.ask(work, item, blocking, other)

    async def ask(self, work: Work, briefing: Item, blocking: list[str], other: list[str]) -> int:
        pilot = work.dossier.pilot
        lead = work.dossier.holder("lead")
        calendar = work.pilot_calendar if lead is None else calendar_of(lead)
        gate = schedule.stage_after(pilot.stage)
        for text, is_blocking in [(t, True) for t in blocking] + [(t, False) for t in other]:
            ref = rules.next_ask_ref({each.ref for each in work.dossier.items})
            item = Item(
                workspace_id=pilot.workspace_id, pilot_id=pilot.id, ref=ref, position=briefing.position,
                title=rules.check_title(text), kind=ItemKind.TASK, stage=pilot.stage, role="lead",
                due_rule=f"{pilot.stage}+5wd", category=briefing.category, weight=4 if is_blocking else 2,
                evidence_wanted=f"What was done, accepted by {briefing.role}",
                why=f"Asked for in the {briefing.role} briefing", gate=gate if is_blocking else None,
                source=[f"briefing:{briefing.ref}"], owner_id=lead.id if lead else None,
                due_on=calendar.add(work.today(calendar), 5))
            await self.add(work, item, "ask added",
                           {"of": briefing.ref, "blocking": "yes" if is_blocking else "no"})
        return len(blocking) + len(other)

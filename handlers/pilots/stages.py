"""A pilot as a whole: passing gates, pausing, resuming, stopping."""

from dataclasses import dataclass
from datetime import date, timedelta

from handlers.chat.errors import Refused
from handlers.chat.ports import Actor
from handlers.ledger import Ledger
from handlers.people.actions import People
from handlers.people.permissions import Action
from handlers.pilots import answering, gates, rhythm, rules, schedule
from handlers.pilots.answering import NOTHING_ASKED, Answers, Ask, no_runbooks
from handlers.pilots.seats import promise_ask, promise_kickoff
from handlers.pilots.work import Work, work_on
from storage import audit, people, pilots
from storage.models import ItemState, PilotState, SeatState
from storage.outbox import Promise

SHARED_LIVES = timedelta(days=1)
"""How long a shared status is kept up to date."""


@dataclass(frozen=True, slots=True)
class Stages:
    ledger: Ledger
    people: People
    ask_runbooks: Ask = no_runbooks
    """What the runbooks say to the questions that items of a gate want answered."""

    async def pass_gate(self, actor: Actor, pilot_id: int, expected: str | None = None) -> str:
        """Enter the next stage; its items get their dates. Returns its title.

        `expected` is the stage that whoever presses reads on the button: a gate passed meanwhile is not
        passed over. Raises Refused while anything holds the gate.
        """
        answers = await self._answers(actor, pilot_id)
        async with work_on(self.ledger, self.people, actor, pilot_id) as work:
            work.check(Action.GATE_PASS)
            work.check_running()
            pilot = work.dossier.pilot
            today = work.today()
            if expected is not None and expected != schedule.stage_after(pilot.stage):
                raise Refused(f"{pilot.name} is in {schedule.title_of(pilot.stage, pilot.stages)} already"
                              f"{await self._by(work, pilot.stage)}. `/pilot gate` shows what its next gate "
                              "needs.")
            stage = gates.check_pass(pilot, work.dossier.items, today)
            answering.check_gate(schedule.title_of(stage, pilot.stages),
                                 answering.asking(work.dossier.items, stage), answers)
            before = pilot.stage
            entered = schedule.stage_after(before)
            if entered is None:
                raise Refused(f"{pilot.name} is in its last stage; there is no gate after it.")
            pilot.stage, pilot.stage_entered_on = entered, today
            pilot.entered = {**pilot.entered, entered: today.isoformat()}
            anchors = {stage: date.fromisoformat(day) for stage, day in pilot.entered.items()}
            for item in work.dossier.items:
                if item.due_on is None and item.state is ItemState.OPEN:
                    item.due_on = schedule.due_date(item.due_rule, anchors, work.calendar(item))
                    if item.due_on is not None:
                        work.change(item, acted=False)
            pilot.nudge_at = rhythm.next_look(pilot, work.entry.now)
            entry = await work.entry.note(pilot, "gate passed", entered, before={"stage": before},
                                          after={"stage": entered, **answers.record})
            await work.entry.session.flush()
            work.entry.promise(Promise(pilot.room, "gate", entry.id))
            promise_kickoff(work)
            return schedule.title_of(entered, pilot.stages)

    async def _answers(self, actor: Actor, pilot_id: int) -> Answers:
        """What the runbooks say to what the next gate's items ask, looked up before anything is locked."""
        async with self.ledger.store.reading() as session:
            pilot = await pilots.one(session, actor.workspace, pilot_id)
            items = await pilots.items_of(session, actor.workspace, pilot_id) if pilot is not None else []
        if pilot is None:
            return NOTHING_ASKED
        asked = answering.questions_of(answering.asking(items, schedule.stage_after(pilot.stage)))
        return await self.ask_runbooks(pilot, asked) if asked else NOTHING_ASKED

    async def pause(self, actor: Actor, pilot_id: int, reason: str) -> None:
        """No nudges, no ageing, until somebody resumes it."""
        async with work_on(self.ledger, self.people, actor, pilot_id) as work:
            work.check(Action.PAUSE)
            work.check_running()
            await self.pause_in(work, reason)

    async def pause_in(self, work: Work, reason: str) -> None:
        """The same of a pilot at work; whoever calls has checked who may."""
        await self._halt(work, PilotState.PAUSED, "pilot paused", self._reason(reason, "pause"))

    async def stop(self, actor: Actor, pilot_id: int, reason: str) -> None:
        """The end of the pilot; its record stays."""
        async with work_on(self.ledger, self.people, actor, pilot_id) as work:
            work.check(Action.STOP)
            if work.dossier.pilot.state is PilotState.STOPPED:
                work.check_running()
            await self.stop_in(work, reason)

    async def stop_in(self, work: Work, reason: str) -> None:
        """The same of a pilot at work; whoever calls has checked who may."""
        await self._halt(work, PilotState.STOPPED, "pilot stopped", self._reason(reason, "stop"))

    async def resume(self, actor: Actor, pilot_id: int, reason: str) -> int:
        """Go on; open dates move by the working days it was paused. Returns how many."""
        async with work_on(self.ledger, self.people, actor, pilot_id) as work:
            work.check(Action.RESUME)
            pilot = work.dossier.pilot
            if pilot.state is PilotState.STOPPED:
                work.check_running()
            if pilot.state is PilotState.ACTIVE:
                raise Refused(f"{pilot.name} is running; there is nothing to resume. `/pilot status` shows "
                              "it.")
            today = work.today()
            missed = max(0, work.pilot_calendar.between(pilot.state_since or today, today))
            before = {"state": pilot.state, "reason": pilot.state_reason}
            pilot.state, pilot.state_reason, pilot.state_since = PilotState.ACTIVE, None, None
            pilot.stage_entered_on = work.pilot_calendar.add(pilot.stage_entered_on, missed)
            for item in work.dossier.items:
                if item.state is ItemState.OPEN and item.due_on is not None:
                    item.due_on = work.calendar(item).add(item.due_on, missed) if missed else item.due_on
                    item.plan_on = None
                    work.change(item, acted=False)
            pilot.nudge_at = rhythm.next_look(pilot, work.entry.now)
            entry = await work.entry.note(pilot, "pilot resumed", before=before, after={
                "state": PilotState.ACTIVE, "dates_moved_wd": missed,
                "reason": rules.check_words(reason, "reason") or None})
            await work.entry.session.flush()
            work.entry.promise(Promise(pilot.room, "gate", entry.id))
            self._promise_cards(work)
            return missed

    async def share(self, actor: Actor, pilot_id: int) -> None:
        """Post the status in the pilot's channel, for everybody; it stays up to date for a day."""
        async with work_on(self.ledger, self.people, actor, pilot_id) as work:
            work.check(Action.READ)
            pilot = work.dossier.pilot
            entry = await work.entry.note(pilot, "status shared")
            await work.entry.session.flush()
            work.entry.promise(Promise(pilot.room, "status", entry.id, pilot.id,
                                       live_until=work.entry.now + SHARED_LIVES))

    async def _halt(self, work: Work, state: PilotState, what: str, reason: str) -> None:
        pilot = work.dossier.pilot
        before = {"state": pilot.state}
        pilot.state, pilot.state_reason, pilot.state_since = state, reason, work.today()
        pilot.nudge_at = None
        for item in work.dossier.items:
            if item.next_at is not None:
                item.next_at = None
        self._promise_cards(work)
        entry = await work.entry.note(pilot, what, before=before, after={"state": state, "reason": reason})
        await work.entry.session.flush()
        work.entry.promise(Promise(pilot.room, "gate", entry.id))

    def _promise_cards(self, work: Work) -> None:
        """What asks people to take a role goes quiet, or asks again."""
        promise_kickoff(work)
        for person_id in {seat.person_id for seat in work.dossier.seats.values()
                          if seat.state is SeatState.ASKED}:
            promise_ask(work, person_id)

    async def _by(self, work: Work, stage: str) -> str:
        """', by Marta Keller': who passed the gate to `stage`."""
        workspace, session = work.entry.actor.workspace, work.entry.session
        for passed in await audit.about(session, workspace, work.dossier.pilot.id, stage, 1):
            person = await people.one(session, workspace, passed.actor)
            return f", by {person.name}" if person else ""
        return ""

    def _reason(self, reason: str, verb: str) -> str:
        reason = rules.check_words(reason, "reason")
        if not reason:
            raise Refused(f"Say why, in a few words: `/pilot {verb} reason`. It is posted in the pilot's "
                          "channel and kept in the audit trail.")
        return reason



"""Registering a pilot: in one commit, a filled form becomes a checklist with dates, owners and a kickoff."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy.exc import IntegrityError

from handlers.chat.errors import Refused, inside
from handlers.chat.ports import Actor, Channel, Directory, SendFailed
from handlers.fields import FileErrors
from handlers.ledger import Entry, Ledger
from handlers.people.actions import People, calendar_of
from handlers.people.calendar import Calendar
from handlers.people.permissions import Action, Hat, check
from handlers.people.roles import Role
from handlers.pilots import rhythm, rules, schedule, templates
from handlers.pilots.seats import promise_ask, promise_kickoff, take_seat
from handlers.pilots.templates import Checklist, Template, TemplateItem
from handlers.pilots.work import Work
from storage import people as people_queries
from storage import pilots
from storage.models import Item, ItemKind, Person, Pilot
from storage.pilots import Dossier

BASE = "ai-pilot-default"
PROTECTIONS = "protections"
"""The pack behind the protection test: each yes opens its item."""
EARLIEST = timedelta(days=365)
LATEST = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class NewPilot:
    """What the form asked."""

    name: str
    purpose: str
    kickoff_on: date
    room: str
    packs: tuple[str, ...]
    conditions: frozenset[str]
    cut: templates.Cut
    seats: Mapping[Role, str]
    """Person ids by role."""


@dataclass(frozen=True, slots=True)
class NudgeTimes:
    """When channels are nudged, as the settings say; a pilot keeps its own copy."""

    week_one: str = "mon,tue,wed,thu,fri"
    later: str = "mon,thu"
    at: str = "09:30"


@dataclass(frozen=True, slots=True)
class Creation:
    ledger: Ledger
    people: People
    directory: Directory
    library: Mapping[str, Template]
    times: NudgeTimes

    def packs(self) -> list[Template]:
        """What can be added to the base, or chosen instead of it, by name."""
        return [t for name, t in sorted(self.library.items()) if name not in (BASE, PROTECTIONS)]

    def conditions(self) -> list[str]:
        """What may be true of a pilot so that items of a pack apply to it."""
        words = {word for name, template in self.library.items() if name != PROTECTIONS
                 for item in template.items for word in item.when}
        return sorted(words)

    async def create(self, actor: Actor, new: NewPilot) -> int:
        """Make the pilot and all that belongs to it; returns its number.

        Raises Refused with a sentence per field where something cannot be so.
        """
        check(Action.CREATE_PILOT, frozenset({Hat.OUTSIDER if actor.is_outsider else Hat.MEMBER}))
        await self.ledger.check_first(actor)
        creator = await self.people.known(actor.workspace, actor.person)
        wrong: dict[str, str] = {}
        name = self._name(new.name, wrong)
        checklist = self._checklist(new, wrong)
        seats = await self._seated(actor, new.seats, wrong)
        seats.setdefault(Role.LEAD, creator)
        calendar = calendar_of(seats[Role.LEAD])
        self._kickoff(new.kickoff_on, calendar.today(self.ledger.clock()), wrong)
        if len(new.purpose) > rules.WORDS_AT_MOST:
            wrong["purpose"] = f"Keep it to one line; this has {len(new.purpose):,} characters."
        channel = await self._channel(new.room, wrong)
        if "name" not in wrong:
            async with self.ledger.store.reading() as session:
                if taken := await pilots.named_exactly(session, actor.workspace, name):
                    wrong["name"] = (f"There is a pilot called {taken.name} already ({taken.state.value}). "
                                     f"Choose another name, or `/pilot status {taken.name}` to see that one.")
        if wrong or checklist is None or channel is None:
            raise Refused("Please look at the marked fields.", fields=wrong)
        try:
            async with self.ledger.entry(actor) as entry:
                return await self._make(entry, new, name, checklist, seats, channel, calendar)
        except IntegrityError as error:  # somebody took the name between the look and the commit
            raise Refused("That name was taken a moment ago.", fields={
                "name": "Somebody registered a pilot of that name a moment ago. Choose another."}) from error

    # ---- checks, each of which names its field ---------------------------------------------------------

    def _name(self, name: str, wrong: dict[str, str]) -> str:
        name = inside(" ".join(name.split()))
        if not any(c.isalnum() for c in name):
            wrong["name"] = "Give it a name that people can say and type, such as Claims triage."
        elif len(name) > rules.NAME_AT_MOST:
            wrong["name"] = f"Keep the name under {rules.NAME_AT_MOST} characters; this has {len(name):,}."
        return name

    def _checklist(self, new: NewPilot, wrong: dict[str, str]) -> Checklist | None:
        unknown = [pack for pack in new.packs if pack not in self.library]
        if unknown:
            wrong["packs"] = f"There is no template {', '.join(unknown)} any more. Open the form again."
            return None
        bases = [pack for pack in new.packs if self.library[pack].extends is None]
        names = [*(bases or [BASE]), *(pack for pack in new.packs if pack not in bases)]
        if not bases or BASE in bases:
            names.append(PROTECTIONS)
        needing = [pack for pack in new.packs
                   if (items := self.library[pack].items) and all(i.when for i in items)
                   and not new.conditions & {word for item in items for word in item.when}]
        if needing:
            wrong["conditions"] = (f"The pack {', '.join(needing)} needs to know what applies. Tick at least "
                                   "one, or untick the pack.")
            return None
        try:
            return templates.resolve(self.library, names)
        except FileErrors as error:
            wrong["packs"] = f"These templates do not fit together: {error.faults[0].text}"
            return None

    def _kickoff(self, on: date, today: date, wrong: dict[str, str]) -> None:
        if on < today - EARLIEST:
            wrong["kickoff"] = ("That is over a year ago. For a pilot that runs already, give the day from "
                                "which you want to track it.")
        elif on > today + LATEST:
            wrong["kickoff"] = ("That is over a year away. Register it when it is nearer; a plan so far off "
                                "only ages.")

    async def _seated(self, actor: Actor, wanted: Mapping[Role, str],
                      wrong: dict[str, str]) -> dict[Role, Person]:
        seats = {}
        for role, person_id in wanted.items():
            try:
                seats[role] = await self.people.known(actor.workspace, person_id)
            except Refused as refusal:
                wrong[role.value] = str(refusal)
        return seats

    async def _channel(self, room: str, wrong: dict[str, str]) -> Channel | None:
        """The channel, as far as it can be told: without the optional scope the first post will tell."""
        try:
            channel = await self.directory.channel(room)
        except SendFailed:
            return Channel(room, room.partition(":")[2], is_member=True, is_archived=False)
        if channel is None:
            wrong["channel"] = ("I cannot see that channel. If it is private, type `/invite @Ground Crew` in "
                                "it, then press Create again.")
        elif channel.is_archived:
            wrong["channel"] = f"#{channel.name} is archived. Unarchive it or choose another channel."
        elif not channel.is_member:
            wrong["channel"] = (f"I am not in #{channel.name}. Type `/invite @Ground Crew` there, then press "
                                "Create again.")
        else:
            return channel
        return None

    # ---- making it -------------------------------------------------------------------------------------

    async def _make(self, entry: Entry, new: NewPilot, name: str, checklist: Checklist,
                    seats: dict[Role, Person], channel: Channel, calendar: Calendar) -> int:
        now, today = entry.now, calendar.today(entry.now)
        lead = seats[Role.LEAD]
        kickoff = calendar.next_working(new.kickoff_on)
        stages = [stage.as_row() for stage in checklist.stages]
        pilot = Pilot(
            workspace_id=entry.actor.workspace, name=name, name_key=pilots.name_key(name),
            purpose=" ".join(new.purpose.split()), room=channel.room, room_name=channel.name, zone=lead.zone,
            country=lead.country, packs=list(checklist.templates), conditions=sorted(new.conditions),
            kickoff_on=kickoff, created_by=entry.actor.person, created_at=now, stage=schedule.STAGES[0],
            stage_entered_on=today,
            entered={"kickoff": kickoff.isoformat(), schedule.STAGES[0]: today.isoformat()},
            last_activity_at=now, stages=stages, weights=dict(checklist.weights),
            nudge_week_one=self.times.week_one, nudge_later=self.times.later, nudge_time=self.times.at)
        entry.session.add(pilot)
        await entry.session.flush()
        creator = await people_queries.one(entry.session, entry.actor.workspace, entry.actor.person)
        known = {person.id: person for person in seats.values()} | ({creator.id: creator} if creator else {})
        work = Work(entry, Dossier(pilot, [], {}, known), self.people)
        self._add_items(work, new, checklist, seats, calendar, stages)
        await entry.session.flush()
        for role, person in seats.items():
            take_seat(work, role, person)
        for item in work.dossier.items:
            work.schedule(item)
        pilot.nudge_at = rhythm.next_look(pilot, now)
        await entry.note(pilot, "pilot created", name, after={
            "purpose": pilot.purpose, "kickoff_on": kickoff, "room": channel.room, "templates": pilot.packs,
            "template_version": checklist.version, "conditions": pilot.conditions, "cut": new.cut,
            "items": len(work.dossier.items), "late_start": pilot.late_start,
            "seats": {role.value: person.id for role, person in seats.items()}})
        promise_kickoff(work)
        for person_id in sorted({p.id for p in seats.values()} - {entry.actor.person}):
            promise_ask(work, person_id)
        await work.follow(self.ledger)
        work.settle()
        await pilots.note_risk(entry.session, pilot, now, work.risk())
        return pilot.id

    def _add_items(self, work: Work, new: NewPilot, checklist: Checklist, seats: dict[Role, Person],
                   lead_calendar: Calendar, stages: list[dict[str, Any]]) -> None:
        pilot = work.dossier.pilot
        golive = schedule.expected_golive(pilot.kickoff_on, stages, lead_calendar)
        anchors = {"kickoff": pilot.kickoff_on, pilot.stage: pilot.stage_entered_on}
        for position, wanted in enumerate(templates.items_for(checklist, new.conditions, golive, new.cut)):
            owner = seats.get(Role(wanted.owner))
            calendar = lead_calendar if owner is None else calendar_of(owner)
            due = schedule.due_date(wanted.due, anchors, calendar)
            due, was_late = schedule.clamp_late(due, calendar.today(work.entry.now), calendar)
            pilot.late_start = pilot.late_start or (
                was_late and pilot.kickoff_on < calendar.today(work.entry.now))
            item = self._row(pilot, position, wanted)
            item.owner_id, item.due_on = (owner.id if owner else None), due
            work.entry.session.add(item)
            work.dossier.items.append(item)

    def _row(self, pilot: Pilot, position: int, wanted: TemplateItem) -> Item:
        return Item(
            workspace_id=pilot.workspace_id, pilot_id=pilot.id, ref=wanted.id, position=position,
            title=wanted.title, kind=ItemKind(wanted.kind), stage=wanted.stage, role=wanted.owner,
            due_rule=wanted.due, category=wanted.category, weight=wanted.weight,
            evidence_wanted=wanted.evidence, why=wanted.why, gate=wanted.gate, is_advice=wanted.is_advice,
            approvers=list(wanted.approvers), source=list(wanted.source), minutes=wanted.minutes,
            repeat=wanted.repeat, answers=list(wanted.answers) or None)

"""The card that asks a sponsor for a decision, and what it says once there is one."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from handlers.chat.cards import (
    Bold,
    Button,
    Buttons,
    Card,
    Confirm,
    Element,
    Heading,
    Line,
    Mono,
    Note,
    Row,
    Text,
    line,
)
from handlers.chat.wording import Words
from handlers.nudges.decision_outcome import outcome
from handlers.nudges.decision_rules import Choice, days_waited, is_needed, weeks_of
from handlers.nudges.policy import Step
from handlers.nudges.standing import calendar_for
from handlers.people.calendar import Calendar
from handlers.people.roles import Role
from handlers.pilots import gates
from handlers.pilots.rules import SAFETY_FLOOR
from handlers.pilots.schedule import title_of
from storage.models import AuditEntry, Item, Person, PilotState
from storage.nudging import Decision, Told
from storage.pilots import Dossier

TRIED = (Step.OVERDUE, Step.WARN, Step.STAND_IN, Step.LEAD, Step.HEAD)
"""Steps that a card names as tried, in their order."""


@dataclass(frozen=True, slots=True)
class Matter:
    """One decision of a card."""

    decision: Decision
    item: Item
    tried: Sequence[Told] = ()
    """Who was told of it before, oldest first."""
    entries: Sequence[AuditEntry] = ()
    """What was written down in the moment in which it was closed."""

    @property
    def is_open(self) -> bool:
        return self.decision.closed_at is None


@dataclass(frozen=True, slots=True)
class Sheet:
    """All that one card speaks of, and for whom."""

    dossier: Dossier
    reader: Person
    matters: Sequence[Matter]
    now: datetime
    waivable: frozenset[int] = field(default=frozenset())
    """Items that the reader may waive."""
    is_shown: bool = False

    @property
    def today(self) -> date:
        return calendar_for(self.reader).today(self.now)

    def calendar(self, item: Item) -> Calendar:
        """The owner's, the pilot's where nobody owns it."""
        owner, pilot = self.dossier.owner(item), self.dossier.pilot
        return Calendar(pilot.zone, pilot.country) if owner is None else calendar_for(owner)

    def name(self, person_id: str | None, words: Words) -> str:
        person = self.dossier.people.get(person_id or "")
        return person.name if person else words.text("somebody")


def decision_card(sheet: Sheet, words: Words) -> Card | None:
    """What is to be decided, and what became of the rest; None: nothing is, and nothing was asked."""
    waiting = [matter for matter in sheet.matters
               if matter.is_open and is_needed(matter.item, sheet.dossier.pilot)]
    settled = [matter for matter in sheet.matters if not matter.is_open]
    if not waiting:
        return _settled_card(sheet, settled, words) if sheet.is_shown and settled else None
    first, rest = waiting[0], waiting[1:]
    elements: list[Element] = [Text(tuple(_facts(sheet, first, words))),
                               Buttons(_choices(sheet, first, words, is_first=True))]
    if rest:
        elements.append(Heading(words.text("Also waiting for your decision")))
        elements += [Row(_in_short(sheet, matter, words), _choices(sheet, matter, words)) for matter in rest]
    elements += [Text(outcome(matter.decision, matter.item, matter.entries, sheet, words).lines)
                 for matter in settled]
    elements.append(Note(words.spans(
        "You get this because you sponsor this pilot and nobody else could settle it. One such card a week "
        "at most, more only where a gate is due; nothing more comes about it until you decide. Why you get "
        "messages: {command}", command=Mono("/pilot why"))))
    return Card(_title(sheet, first.item, words), tuple(elements))


def moved_card(sheet: Sheet, sponsor: Person | None, words: Words) -> Card | None:
    """To whoever was asked before the pilot got another sponsor, or none; None: they were shown nothing."""
    if not sheet.is_shown:
        return None
    item, pilot = sheet.matters[0].item, sheet.dossier.pilot
    if sponsor is None:
        return Card(words.text("{pilot} has no sponsor now: the decision about {item} waits for one",
                               pilot=pilot.name, item=item.title), (Note(words.spans(
                        "{command} names one.", command=Mono("/pilot team sponsor @who"))),))
    return Card(words.text("{name} sponsors {pilot} now and is asked about {item}. Nothing is left to you.",
                           name=sponsor.name, pilot=pilot.name, item=item.title))


def _settled_card(sheet: Sheet, settled: Sequence[Matter], words: Words) -> Card:
    said = [outcome(matter.decision, matter.item, matter.entries, sheet, words) for matter in settled]
    lines = [*said[0].lines[1:], *(each for one in said[1:] for each in one.lines)]
    return Card(said[0].title, (
        *((Text(tuple(lines)),) if lines else ()),
        Buttons((Button(words.text("Status"), f"status:{sheet.dossier.pilot.id}"),))))


# ---- what is asked -----------------------------------------------------------------------------------------


def _title(sheet: Sheet, item: Item, words: Words) -> str:
    days, pilot = days_waited(item, sheet.now, sheet.calendar(item)), sheet.dossier.pilot.name
    if days == 0:
        return words.text("Decision wanted: {pilot} waits for “{item}”", pilot=pilot, item=item.title)
    return words.count("Decision wanted: {pilot} has waited {number} working day for “{item}”",
                       "Decision wanted: {pilot} has waited {number} working days for “{item}”",
                       days, pilot=pilot, item=item.title)


def _facts(sheet: Sheet, matter: Matter, words: Words) -> list[Line]:
    item = matter.item
    waiting = cost(item, sheet.now, sheet.calendar(item), words)
    facts = [line(Bold(words.text("Who has the ball:")), " ", _ball(sheet, item, words)),
             line(Bold(words.text("What was tried:")), " ", _tried(sheet, matter, words)),
             line(Bold(words.text("Cost of waiting:")), " ", waiting),
             line(Bold(words.text("Gate:")), " ", _gate(sheet, item, words))]
    if item.ref in SAFETY_FLOOR and item.id not in sheet.waivable:
        holder = sheet.dossier.holder(item.role)
        role = words.term(Role(item.role).title)
        who = words.text("{name}, {role}", name=holder.name, role=role) if holder else role
        facts.append(line(words.text("It belongs to the safety floor: only {who} can waive it.", who=who)))
    return facts


def _ball(sheet: Sheet, item: Item, words: Words) -> str:
    owner, role = sheet.dossier.owner(item), words.term(Role(item.role).title)
    if owner is None:
        return words.text("nobody; {role} is not filled in this pilot", role=role)
    if item.blocked_by is not None:
        blocker = sheet.name(item.blocked_by, words)
        why = item.blocked_reason or words.text("no reason was given")
        return words.text("{blocker}, for whom {owner} waits: {why}", blocker=blocker, owner=owner.name,
                          why=why)
    if item.blocked_at is not None:
        why = item.blocked_reason or words.text("no reason was given")
        return words.text("nobody here; {owner} waits: {why}", owner=owner.name, why=why)
    if not owner.is_active:
        return words.text("nobody; {owner} ({role}) has left", owner=owner.name, role=role)
    if item.plan_on is not None:
        return words.text("{owner} ({role}), planned for {day}", owner=owner.name, role=role,
                          day=words.day(item.plan_on, sheet.today))
    return words.text("{owner} ({role}), without a new date", owner=owner.name, role=role)


def _tried(sheet: Sheet, matter: Matter, words: Words) -> str:
    """'Sam was warned on Mon 16 Nov, Priya (pilot lead) told on Wed 18 Nov'; the first time of each step."""
    first = {told.step: told for told in reversed(matter.tried) if told.step in TRIED}
    if Step.WARN in first:
        first.pop(Step.OVERDUE, None)
    lead = first.get(Step.LEAD)
    for step in (Step.HEAD, Step.STAND_IN):  # where a function has no head its lead is told once more
        if lead is not None and step in first and first[step].person_id == lead.person_id:
            del first[step]
    said = [_one_tried(sheet, matter.item, first[step], words) for step in TRIED if step in first]
    return words.listed(said) or words.text("nothing that is on record")


def _one_tried(sheet: Sheet, item: Item, told: Told, words: Words) -> str:
    name, role = sheet.name(told.person_id, words), words.term(Role(item.role).title)
    day = words.day(calendar_for(sheet.reader).today(told.at), sheet.today)
    match told.step:
        case Step.LEAD:
            return words.text("{name} (pilot lead) was told on {day}", name=name, day=day)
        case Step.HEAD:
            return words.text("{name} (head of {role}) was told on {day}", name=name, role=role, day=day)
        case Step.STAND_IN:
            return words.text("{name} (head of {role}) was asked for a stand-in on {day}", name=name,
                              role=role, day=day)
    return words.text("{name} was warned on {day}", name=name, day=day)


def cost(item: Item, now: datetime, calendar: Calendar, words: Words) -> str:
    """Time, which is known; money is not, so none is named."""
    days = days_waited(item, now, calendar)
    if days == 0:
        return words.text("nothing yet; its date is today")
    past = words.count("{number} working day past its date", "{number} working days past its date", days)
    weeks = weeks_of(days)
    if weeks == 0:
        return words.text("less than half a week so far ({past}; five make a week)", past=past)
    return words.count("about one week so far ({past}; five make a week)",
                       "about {number} weeks so far ({past}; five make a week)", weeks, past=past)


def _gate(sheet: Sheet, item: Item, words: Words) -> str:
    pilot = sheet.dossier.pilot
    if item.gate is None or item.is_advice:
        return words.text("it holds none; the pilot can go on without it")
    title = words.term(title_of(item.gate, pilot.stages))
    gate = gates.next_gate(pilot, sheet.dossier.items, sheet.today, sheet.calendar)
    held = [each for each in gate.clears if each.id != item.id] if gate is not None else []
    if gate is None or item.id not in {each.id for each in gate.clears}:
        return words.text("{stage} cannot begin without it; that gate comes later", stage=title)
    if not held:
        return words.text("{stage} cannot begin without it, and nothing else holds that gate", stage=title)
    return words.count("{stage} cannot begin without it; {number} more item holds that gate",
                       "{stage} cannot begin without it; {number} more items hold that gate", len(held),
                       stage=title)


def _in_short(sheet: Sheet, matter: Matter, words: Words) -> tuple[Line, ...]:
    item = matter.item
    said = words.text("{ball}. Cost of waiting: {cost}", ball=_ball(sheet, item, words),
                      cost=cost(item, sheet.now, sheet.calendar(item), words))
    return line(Bold(item.title), f" · {item.ref}"), line(said)


def _choices(sheet: Sheet, matter: Matter, words: Words, *, is_first: bool = False) -> tuple[Button, ...]:
    """What may be chosen; what concerns the whole pilot stands once."""
    item, pilot = matter.item, sheet.dossier.pilot
    if pilot.state is not PilotState.ACTIVE:
        return ()

    def button(label: str, choice: Choice, style: str = "default", confirm: Confirm | None = None) -> Button:
        return Button(label, f"decide:{matter.decision.id}:{choice}", style, confirm,
                      says=f"{label}: {item.ref} {item.title}")

    shown = [button(words.text("New date"), Choice.DATE, "primary" if is_first else "default"),
             button(words.text("Somebody else"), Choice.REASSIGN)]
    if item.id in sheet.waivable:
        shown.append(button(words.text("Waive"), Choice.WAIVE))
    if is_first:
        sure = Confirm(words.text("Stop {pilot}?", pilot=pilot.name),
                       words.text("That ends the pilot for good; its record stays. You are asked for the "
                                  "reason next."), words.text("Stop it"), words.text("Cancel"))
        shown += [button(words.text("Pause pilot"), Choice.PAUSE),
                  button(words.text("Stop pilot"), Choice.STOP, "danger", sure)]
    return (*shown, Button(words.text("Open"), f"item:{item.id}", says=f"{item.ref} {item.title}"))

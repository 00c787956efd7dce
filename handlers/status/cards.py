"""What all views here share: the reader, and how days, owners and states are said."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cached_property

from handlers.chat.cards import Button
from handlers.oncall.standing import OnCall
from handlers.people.calendar import Calendar
from handlers.people.dates import say_date, say_due
from handlers.people.permissions import Action, Hat, may
from handlers.people.roles import ROLES, Role
from handlers.pilots import gates, risk, schedule
from handlers.pilots.rules import BRIEFINGS, SAFETY_FLOOR
from storage.alerting import Pull
from storage.models import Item, ItemState, Person, Pilot, PilotState
from storage.pilots import Dossier

PAGE = 10


@dataclass(frozen=True)
class Reader:
    """Who looks at a card, when, and what day it is on their wall."""

    id: str | None
    """None: everybody in a channel."""
    calendar: Calendar
    now: datetime
    is_admin: bool = False

    @cached_property
    def today(self) -> date:
        return self.calendar.today(self.now)

    def day(self, moment: datetime) -> str:
        return say_date(self.calendar.today(moment), self.today)

    def moment(self, moment: datetime) -> str:
        """'Fri 27 Nov 09:31', on the reader's clock."""
        return f"{self.day(moment)} {self.calendar.local(moment):%H:%M}"

    def ago(self, moment: datetime) -> str:
        """'today', 'yesterday', '3 working days ago'."""
        day, today = self.calendar.today(moment), self.today
        if day >= today:
            return "today"
        if (today - day).days == 1:
            return "yesterday"
        days = self.calendar.between(day, today)
        return f"{working_days(days)} ago" if days else say_date(day, today)


def reader_of(person: Person | None, now: datetime, pilot: Pilot | None = None, *,
              person_id: str | None = None, is_admin: bool = False) -> Reader:
    """The person as a reader.

    Args:
        pilot: whose calendar counts where there is no row of the person (yet).
        person_id: who that is then; None: everybody in a channel.
    """
    if person is not None:
        return Reader(person.id, Calendar(person.zone, person.country), now, is_admin)
    calendar = pilot_calendar(pilot) if pilot is not None else Calendar("UTC")
    return Reader(person_id, calendar, now, is_admin)


def pilot_calendar(pilot: Pilot) -> Calendar:
    return Calendar(pilot.zone, pilot.country)


@dataclass(frozen=True)
class View:
    """One pilot as one reader sees it: every number on a card comes from here."""

    dossier: Dossier
    reader: Reader
    public: bool = False
    """Shown to a channel: roles instead of the names of who is late."""
    risk_before: int | None = None
    """The score of the last day before today that has one."""
    failing: Sequence[Pull] = ()
    """Readings of monitoring systems that get no answer."""
    on_call: OnCall | None = None
    """Whom an alert of it wakes; None: it was not looked up."""
    has_runbooks: bool = False
    """There are runbooks to be asked."""
    _calendars: dict[str | None, Calendar] = field(default_factory=dict)

    @property
    def pilot(self) -> Pilot:
        return self.dossier.pilot

    @cached_property
    def as_of(self) -> date:
        """Today; while the pilot is paused or stopped, the day that began: nothing ages meanwhile."""
        today, since = self.reader.today, self.pilot.state_since
        return today if since is None or self.pilot.state is PilotState.ACTIVE else min(since, today)

    def calendar_of(self, item: Item) -> Calendar:
        """The owner's calendar, the pilot's where nobody owns it."""
        known = self._calendars.get(item.owner_id)
        if known is None:
            owner = self.dossier.owner(item)
            known = Calendar(owner.zone, owner.country) if owner else pilot_calendar(self.pilot)
            self._calendars[item.owner_id] = known
        return known

    def late(self, item: Item) -> int:
        """Working days of its owner since an open item's day has passed."""
        if item.due_on is None or item.due_on >= self.as_of or not self.is_open(item):
            return 0
        return schedule.days_late(item.due_on, self.as_of, self.calendar_of(item))

    def is_open(self, item: Item) -> bool:
        return gates.is_open(item, self.as_of)

    def is_blocked(self, item: Item) -> bool:
        return item.blocked_at is not None and self.is_open(item)

    @cached_property
    def gate(self) -> gates.Gate | None:
        return gates.next_gate(self.pilot, self.dossier.items, self.as_of, self.calendar_of)

    @cached_property
    def risk(self) -> risk.Risk:
        return risk.score(self.dossier.items, self.pilot.weights, self.as_of, self.calendar_of)

    def is_stuck(self) -> bool:
        return risk.is_stuck(self.pilot, self.dossier.items, self.as_of, pilot_calendar(self.pilot))

    def stage_title(self, stage: str) -> str:
        return schedule.title_of(stage, self.pilot.stages)

    def name(self, person_id: str | None) -> str:
        person = self.dossier.people.get(person_id) if person_id else None
        return person.name if person else "somebody"

    def owner(self, item: Item) -> str:
        """'Sam Okafor (engineering)', the role alone where it may not be named, 'nobody yet (legal)'."""
        owner = self.dossier.owner(item)
        if owner is None:
            return f"🔴 nobody yet ({role_word(item.role)})"
        if self.public and (self.late(item) or self.is_blocked(item)):
            return role_word(item.role)
        left = "" if owner.is_active else ", has left"
        return f"{owner.name} ({role_word(item.role)}{left})"

    def due(self, item: Item) -> str:
        """'due Fri 27 Nov', 'due yesterday', '3 working days late', 'no date until Build begins'."""
        if item.due_on is None:
            stage = item.due_rule.partition("+")[0].partition("-")[0]
            return f"no date until {self.stage_title(stage)} begins"
        if not self.is_open(item):
            return f"due {say_date(item.due_on, self.reader.today)}"
        said = say_due(item.due_on, self.as_of, self.calendar_of(item))
        return said if said.endswith(" late") else f"due {said}"

    def on_it(self, item: Item) -> str:
        """'Sam Okafor is on it since 10:02'; empty where nobody said so."""
        if item.on_it_by is None or item.on_it_at is None or not self.is_open(item):
            return ""
        reader = self.reader
        is_today = reader.calendar.today(item.on_it_at) == reader.today
        since = f"{reader.calendar.local(item.on_it_at):%H:%M}" if is_today else reader.day(item.on_it_at)
        return f"{self.name(item.on_it_by)} is on it since {since}"

    def blocked(self, item: Item) -> str:
        """'blocked by Omar Haddad for 6 working days: CRM access missing'."""
        if item.blocked_at is None:
            return ""
        days = self.calendar_of(item).between(self.calendar_of(item).today(item.blocked_at), self.as_of)
        who = f" by {self.name(item.blocked_by)}" if item.blocked_by and not self.public else ""
        since = f" for {working_days(days)}" if days > 0 else ""
        why = f": {short(item.blocked_reason, 120)}" if item.blocked_reason and not self.public else ""
        return f"blocked{who}{since}{why}"

    def state(self, item: Item) -> str:
        """What has become of it, a symbol and words."""
        if item.state is ItemState.DONE:
            return "✓ done, unproven: no evidence" if gates.is_unproven(item) else "✓ done"
        if item.state is ItemState.NOT_APPLICABLE:
            return "– not applicable"
        if gates.is_waived(item, self.as_of) and item.waived_until:
            return f"◇ waived until {say_date(item.waived_until, self.reader.today)}"
        if item.blocked_at is not None:
            return f"■ {self.blocked(item)}"
        over = ", the waiver is over" if item.state is ItemState.WAIVED else ""
        if self.late(item):
            return f"▲ late{over}"
        return f"○ open{over}"


def working_days(days: int) -> str:
    return f"{days} working day" if days == 1 else f"{days} working days"


def things(count: int) -> str:
    return "1 thing" if count == 1 else f"{count} things"


def role_title(role: str) -> str:
    return Role(role).title if role in ROLES else role.replace("_", " ").capitalize()


def role_word(role: str) -> str:
    """The role inside a sentence: 'machine learning'."""
    return role_title(role).lower()


def either(words: Sequence[str], last: str = "and") -> str:
    return f" {last} ".join(part for part in (", ".join(words[:-1]), words[-1] if words else "") if part)


def short(text: str | None, longest: int) -> str:
    """The text on one line, cut at a word with an ellipsis."""
    line = " ".join((text or "").split())
    if len(line) <= longest:
        return line
    cut = line[:longest - 1]
    return (cut[:cut.rfind(" ")] if " " in cut[longest // 2:] else cut).rstrip(" ,;:·") + "…"


def where(pilot: Pilot, today: date) -> str:
    """'Build · day 31 of 40'."""
    return f"{schedule.title_of(pilot.stage, pilot.stages)} · {age(pilot, today)}"


def age(pilot: Pilot, today: date) -> str:
    """How long it is in its stage, in working days of the pilot; a pause does not count."""
    if pilot.state is not PilotState.ACTIVE and pilot.state_since is not None:
        today = min(today, pilot.state_since)
    days, limit = risk.age_in_stage(pilot, today, pilot_calendar(pilot)), risk.limit(pilot)
    of = "" if limit is None else f" of {limit}"
    return f"day {days}{of}" if days else f"first day{of}"


def is_over_limit(pilot: Pilot, today: date) -> bool:
    limit = risk.limit(pilot)
    return (pilot.state is PilotState.ACTIVE and limit is not None
            and risk.age_in_stage(pilot, today, pilot_calendar(pilot)) > limit)


def halted(pilot: Pilot, today: date) -> str:
    """Why nothing moves in it; empty while it runs."""
    if pilot.state is PilotState.ACTIVE:
        return ""
    since = f" since {say_date(pilot.state_since, today)}" if pilot.state_since else ""
    sign, word = ("⏸", "Paused") if pilot.state is PilotState.PAUSED else ("⏹", "Stopped")
    why = f": {short(pilot.state_reason, 160)}" if pilot.state_reason else ""
    return f"{sign} {word}{since}{why}"


def gate_words(gate: gates.Gate) -> str:
    """'14 items: 5 done (1 unproven) · 9 open (8 late) · 0 waived'."""
    unproven = f" ({gate.unproven} unproven)" if gate.unproven else ""
    late = f" ({gate.late} late)" if gate.late else ""
    return (f"{len(gate.items)} items: {gate.done} done{unproven} · {gate.open} open{late} · "
            f"{gate.waived} waived")


def risk_words(total: int) -> str:
    return f"risk {total} {risk.band_of(total).upper()}"


def is_floor(item: Item) -> bool:
    """Whether no score and no rank gets round it."""
    return item.ref in SAFETY_FLOOR


def is_briefing(item: Item) -> bool:
    return item.ref in BRIEFINGS.values()


_FORMS = (("When?", "plan", Action.ITEM_PLAN), ("Blocked", "block", Action.ITEM_BLOCK),
          ("Hand over", "assign", Action.ITEM_ASSIGN), ("Not applicable", "na", Action.ITEM_NOT_APPLICABLE))


def item_buttons(item: Item, pilot: Pilot, hats: frozenset[Hat], reader_id: str | None, *, is_open: bool,
                 only: tuple[str, ...] = ()) -> tuple[Button, ...]:
    """What this reader may do with an item, the usual thing first.

    Args:
        only: these verbs alone and in this order; empty: all.
    """
    if pilot.state is not PilotState.ACTIVE:
        return ()
    offered: list[tuple[str, str, Action]]
    if not is_open or item.state is not ItemState.OPEN:
        offered = [("Reopen", "reopen", Action.ITEM_REOPEN)]
    else:
        offered = [("Done", "done", Action.ITEM_DONE), *_FORMS]
        if is_briefing(item):
            offered = [("Held", "held", Action.BRIEF_HELD), ("Record slot", "slot", Action.BRIEF_SLOT),
                       *offered]
        if item.blocked_at is not None:
            offered = [("Unblocked", "unblock", action) if verb == "block" else (label, verb, action)
                       for label, verb, action in offered]
    made = {verb: Button(label, f"{verb}:{item.id}", says=f"{label}: {item.ref} {short(item.title, 50)}")
            for label, verb, action in offered if may(action, hats, safety_floor=is_floor(item))
            or (verb == "unblock" and reader_id is not None and item.blocked_by == reader_id)}
    if only:
        return tuple(made[verb] for verb in only if verb in made)
    return tuple(replace(button, style="primary") if number == 0 and is_open else button
                 for number, button in enumerate(made.values()))


def open_item(item: Item) -> Button:
    return Button("Open", f"item:{item.id}", says=f"Open {item.ref} {short(item.title, 50)}")


def open_pilot(pilot: Pilot, label: str = "Open") -> Button:
    return Button(label, f"status:{pilot.id}", says=f"Status of {pilot.name}")


def pager(action: str, page: int, pages: int) -> tuple[Button, ...]:
    """Buttons to the pages before and after; `action` ends before the page's number."""
    before = (Button("Previous", f"{action}:{page - 1}"),) if page > 0 else ()
    after = (Button("Next", f"{action}:{page + 1}"),) if page + 1 < pages else ()
    return before + after


def pages_of(count: int) -> int:
    return max(1, -(-count // PAGE))

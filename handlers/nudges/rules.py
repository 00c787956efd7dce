"""What a morning's words speak of, in which order, and whether they may still be said."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from handlers.people.calendar import Calendar, valid_zone
from handlers.people.roles import ROLES
from handlers.pilots import cadence
from handlers.pilots.rules import BRIEFINGS
from handlers.pilots.schedule import STAGES, number_of
from storage.models import Item, ItemState, Nudge, Person, Pilot, PilotState

SHOWN = 5
"""So many items get buttons; more in one message is not read."""
NAMED = frozenset({"security", "legal"})
"""Roles whose owner is mentioned each time until their briefing is held."""

_UNDER_WAY = timedelta(hours=2)
_BRIEFING_REFS = frozenset(BRIEFINGS.values())


def calendar_for(person: Person) -> Calendar:
    """The person's own calendar; UTC where their zone is none, so that one odd row stops no sweep."""
    return Calendar(person.zone if valid_zone(person.zone) else "UTC", person.country)


def is_open(item: Item) -> bool:
    return item.state is ItemState.OPEN


def is_briefing(item: Item) -> bool:
    return item.ref in _BRIEFING_REFS


def is_overdue(item: Item, today: date) -> bool:
    return item.due_on is not None and item.due_on < today


def blocks_others(item: Item, pilot: Pilot) -> bool:
    """Whether the pilot's next gate waits for it, or one that was passed without it."""
    return (item.gate in STAGES and not item.is_advice
            and number_of(item.gate) <= number_of(pilot.stage) + 1)


def urgency(item: Item, pilot: Pilot, today: date) -> tuple[bool, bool, date, int, int]:
    """Sorts the most urgent first: what holds a gate, then what is overdue, then what is due soonest."""
    return (not blocks_others(item, pilot), not is_overdue(item, today), item.due_on or date.max,
            -item.weight, item.id)


# ---- digests -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Digest:
    """What a person's digest speaks of, most urgent first."""

    todo: tuple[tuple[Item, Pilot], ...]
    settled: tuple[tuple[Item, Pilot], ...]
    """It spoke of these in the morning; they do not wait for this person today any more."""


@dataclass(frozen=True, slots=True)
class Morning:
    """The moment of a sweep as the owner of items lives it."""

    calendar: Calendar
    today: date
    may_hear: bool
    """They are here, not quiet, and in their working hours."""
    after: datetime
    """The next word comes after this."""
    quiet_until: date | None


def morning_of(owner: Person | None, now: datetime) -> Morning:
    """What a sweep must know of an owner; None: somebody nobody knows, who hears nothing."""
    if owner is None:
        calendar = Calendar("UTC")
        return Morning(calendar, calendar.today(now), may_hear=False, after=now, quiet_until=None)
    calendar = calendar_for(owner)
    today = calendar.today(now)
    is_quiet = owner.quiet_until is not None and today < owner.quiet_until
    may_hear = owner.is_active and not is_quiet and cadence.is_in_hours(calendar, now)
    after = cadence.after_today(calendar, now) if may_hear else now
    return Morning(calendar, today, may_hear, after, owner.quiet_until)


def waits(item: Item, pilot: Pilot, calendar: Calendar, today: date) -> bool:
    """Whether its owner should hear of an item today: it is due, overdue or in need of a plan."""
    start = cadence.ask_from(item, calendar)
    return pilot.state is PilotState.ACTIVE and start is not None and start <= today


def next_at(item: Item, pilot: Pilot, morning: Morning) -> datetime | None:
    """When the sweep looks at an item again, be it that it spoke of it or that it may not yet."""
    return cadence.next_word(item, morning.calendar, morning.after, morning.quiet_until,
                             pilot.state is PilotState.ACTIVE)


def digest_of(pairs: Iterable[tuple[Item, Pilot]], person: Person, now: datetime) -> Digest:
    """Sort what a digest spoke of into what still waits for the person and what does not."""
    calendar = calendar_for(person)
    today = calendar.today(now)
    todo: list[tuple[Item, Pilot]] = []
    settled: list[tuple[Item, Pilot]] = []
    for item, pilot in sorted(pairs, key=lambda pair: urgency(pair[0], pair[1], today)):
        is_todo = item.owner_id == person.id and waits(item, pilot, calendar, today)
        (todo if is_todo else settled).append((item, pilot))
    return Digest(tuple(todo), tuple(settled))


def may_begin_digest(nudge: Nudge, person: Person, now: datetime) -> bool:
    """Whether a digest that nobody has seen yet may still be sent; else the next morning's says it."""
    is_its_day = calendar_for(person).today(now) == nudge.day
    is_quiet = person.quiet_until is not None and nudge.day < person.quiet_until
    return (person.is_active and not is_quiet and is_its_day
            and (now - nudge.made_at < _UNDER_WAY or cadence.is_in_hours(calendar_for(person), now)))


def day_ends(calendar: Calendar, day: date) -> datetime:
    return calendar.at(day + timedelta(days=1), datetime.min.time())


# ---- channel nudges ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Agenda:
    """What a channel's nudge speaks of."""

    missing: tuple[str, ...]
    """Roles that own something open and are filled by nobody."""
    briefings: tuple[Item, ...]
    """Those of week one that were not held yet, earliest first."""
    due: tuple[Item, ...]
    """The rest that is open and due until Sunday, most urgent first."""
    settled: tuple[Item, ...]
    """It spoke of these in the morning; they are done, or not due this week any more."""

    @property
    def is_empty(self) -> bool:
        """Nothing waits: then nothing is posted."""
        return not (self.missing or self.briefings or self.due)

    @property
    def item_ids(self) -> list[int]:
        return sorted(item.id for item in (*self.briefings, *self.due))


def agenda_of(pilot: Pilot, items: Iterable[Item], seats: Mapping[str, object], today: date,
              spoken: Collection[int] = ()) -> Agenda:
    """What waits in a pilot this week; `spoken` are the ids of what the morning's message spoke of."""
    items = list(items)
    sunday = today + timedelta(days=6 - today.weekday())
    waiting = {item.role for item in items if is_open(item)}
    briefings = sorted((item for item in items if is_open(item) and is_briefing(item)),
                       key=lambda item: (item.due_on or date.max, item.ref))
    due = sorted((item for item in items if is_open(item) and not is_briefing(item)
                  and item.due_on is not None and item.due_on <= sunday),
                 key=lambda item: urgency(item, pilot, today))
    listed = {item.id for item in (*briefings, *due)}
    return Agenda(
        missing=tuple(role for role in ROLES if role in waiting and role not in seats),
        briefings=tuple(briefings),
        due=tuple(due),
        settled=tuple(item for item in items if item.id in spoken and item.id not in listed),
    )


def is_named(item: Item, today: date) -> bool:
    """Whether the channel's nudge mentions the owner, which notifies them: never for being late."""
    if item.owner_id is None or is_overdue(item, today):
        return False
    if is_briefing(item) and item.role in NAMED:
        return True
    return item.due_on == today and item.blocked_at is None and (item.plan_on or today) <= today


def may_begin_nudge(nudge: Nudge, pilot: Pilot, now: datetime) -> bool:
    """Whether a nudge that nobody has seen yet may still be posted; else the next slot's says it."""
    calendar = cadence.channel_calendar(pilot)
    return (pilot.state is PilotState.ACTIVE and calendar.today(now) == nudge.day
            and (now - nudge.made_at < _UNDER_WAY
                 or cadence.is_in_hours(calendar, now, cadence.channel_time(pilot))))

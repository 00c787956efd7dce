"""What a person's digest speaks of, in which order, and whether it may still be said."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from handlers.nudges.standing import UNDER_WAY, calendar_for, urgency
from handlers.people.calendar import Calendar
from handlers.pilots import cadence
from storage.models import Item, Nudge, Person, Pilot, PilotState


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
            and (now - nudge.made_at < UNDER_WAY or cadence.is_in_hours(calendar_for(person), now)))


def day_ends(calendar: Calendar, day: date) -> datetime:
    return calendar.at(day + timedelta(days=1), datetime.min.time())

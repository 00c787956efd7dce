"""How an item stands, and which of several is the more urgent."""

from datetime import date, datetime, timedelta

from handlers.people.calendar import Calendar, valid_zone
from handlers.pilots.rules import BRIEFINGS
from handlers.pilots.schedule import STAGES, number_of
from storage.models import Item, ItemState, Person, Pilot

SHOWN = 5
"""So many items get buttons; more in one message is not read."""
UNDER_WAY = timedelta(hours=2)
"""So long after it was made a message may still be sent, although the hours ended meanwhile."""

_BRIEFING_REFS = frozenset(BRIEFINGS.values())


def calendar_for(person: Person) -> Calendar:
    """The person's own calendar; UTC where their zone is none, so that one odd row stops no sweep."""
    return Calendar(person.zone if valid_zone(person.zone) else "UTC", person.country)


def day_ends(calendar: Calendar, day: date) -> datetime:
    return calendar.at(day + timedelta(days=1), datetime.min.time())


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

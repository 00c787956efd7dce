"""What a channel's nudge speaks of, in which order, and whether it may still be said."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from handlers.nudges.standing import UNDER_WAY, is_briefing, is_open, is_overdue, urgency
from handlers.people.roles import ROLES
from handlers.pilots import cadence
from storage.models import Item, Nudge, Pilot, PilotState

NAMED = frozenset({"security", "legal"})
"""Roles whose owner is mentioned each time until their briefing is held."""


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
            and (now - nudge.made_at < UNDER_WAY
                 or cadence.is_in_hours(calendar, now, cadence.channel_time(pilot))))

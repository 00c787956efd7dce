"""Phrases about an item that a digest and a channel's nudge share."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Final

from handlers.chat.cards import Button, Line, line
from handlers.people.calendar import Calendar
from handlers.people.dates import late_by, say_date
from handlers.people.roles import Role
from handlers.pilots.schedule import title_of
from storage.models import Item, ItemKind, ItemState, Person, Pilot, PilotState

People = Mapping[str, Person]

_LISTED: Final = 10
"""Lines without buttons that follow the rows, at most."""


def consequence(item: Item, pilot: Pilot) -> str:
    """What cannot go on without it; for what holds no gate, why it is on the list."""
    if item.gate is not None and not item.is_advice:
        return f"{title_of(item.gate, pilot.stages)} cannot start without it."
    return f"{item.why.rstrip('.')}."


def settled(item: Item, pilot: Pilot, calendar: Calendar, people: People, now: datetime, *,
             reader: Person | None = None) -> Line:
    """How something ended that the message spoke of; `reader` is given in a digest alone."""
    name = f"{item.title} ({pilot.name})" if reader else item.title
    today = calendar.today(now)
    by = name_of(item.closed_by, people, reader)
    match item.state:
        case ItemState.DONE:
            return line(f"✓ {'Held' if item.kind is ItemKind.MEETING else 'Done'}, by {by}: {name}")
        case ItemState.NOT_APPLICABLE:
            return line(f"✓ Not applicable, says {by}: {name}")
        case ItemState.WAIVED:
            until = f" until {say_date(item.waived_until, today)}" if item.waived_until else ""
            return line(f"✓ Waived{until}: {name}")
    if pilot.state is not PilotState.ACTIVE:
        return line(f"→ Pilot {pilot.state}: {name}")
    if reader and item.owner_id != reader.id:
        return line(f"→ Now with {name_of(item.owner_id, people, reader)}: {name}")
    if reader and item.blocked_at is not None:
        by = name_of(item.blocked_by, people, reader) if item.blocked_by else item.blocked_reason or "others"
        return line(f"→ Blocked by {by}: {name}")
    if reader and item.plan_on is not None:
        return line(f"→ Planned for {say_date(item.plan_on, today)}: {name}")
    return line(f"→ Due {say_date(item.due_on, today)}: {name}" if item.due_on else f"→ No date yet: {name}")


def when(item: Item, today: date, calendar: Calendar) -> str:
    due = item.due_on or today
    if due > today:
        return f"due {say_day(due, today)}"
    if due == today:
        return "due today"
    late = late_by(due, today, calendar)
    return f"{working_days(late)} late" if late else f"was due {say_date(due, today)}"


def working_days(number: int) -> str:
    return "1 working day" if number == 1 else f"{number} working days"


def say_day(day: date, today: date) -> str:
    return "tomorrow" if (day - today).days == 1 else say_date(day, today)


def clock_time(at: datetime, calendar: Calendar) -> str:
    local = calendar.local(at)
    return f"{say_date(local.date(), local.date())} {local:%H:%M}"


def passed_slot(item: Item, now: datetime) -> datetime | None:
    return item.slot_at if item.slot_at is not None and item.slot_at <= now else None


def role_title(item: Item) -> str:
    return Role(item.role).title if item.role in tuple(Role) else item.role.capitalize()


def name_of(person_id: str | None, people: People, reader: Person | None) -> str:
    if reader is not None and person_id == reader.id:
        return "you"
    person = people.get(person_id or "")
    return person.name if person else "somebody"


def item_buttons(item: Item) -> tuple[Button, ...]:
    return (item_button("Done", "done", item), item_button("When?", "plan", item),
            item_button("Blocked", "block", item))


def item_button(label: str, verb: str, item: Item) -> Button:
    return Button(label, f"{verb}:{item.id}", says=f"{label.rstrip('?')}: {item.title}")


def counted(number: int, one: str, many: str) -> str:
    return "" if number == 0 else one if number == 1 else f"{number} {many}"


def capped(lines: Iterable[Line]) -> tuple[Line, ...]:
    """Keep a list short enough to be read, and say how many were left out."""
    lines = tuple(lines)
    if len(lines) <= _LISTED:
        return lines
    return (*lines[:_LISTED], line(f"and {len(lines) - _LISTED} more"))

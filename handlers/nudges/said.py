"""Phrases about an item that a digest and a channel's nudge share."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Final

from handlers.chat.cards import Button, Line, line
from handlers.chat.wording import ENGLISH, Words
from handlers.people.calendar import Calendar
from handlers.people.dates import late_by
from handlers.people.roles import Role
from handlers.pilots.cadence import planned_for
from handlers.pilots.schedule import title_of
from storage.models import Item, ItemKind, ItemState, Person, Pilot, PilotState

People = Mapping[str, Person]

_LISTED: Final = 10
"""Lines without buttons that follow the rows, at most."""


def consequence(item: Item, pilot: Pilot, words: Words = ENGLISH) -> str:
    """What cannot go on without it; for what holds no gate, why it is on the list."""
    if item.gate is not None and not item.is_advice:
        return words.text("{stage} cannot start without it.", stage=title_of(item.gate, pilot.stages))
    return f"{item.why.rstrip('.')}."


def settled(item: Item, pilot: Pilot, calendar: Calendar, people: People, now: datetime, *,
            reader: Person | None = None, words: Words = ENGLISH) -> Line:
    """How something ended that the message spoke of; `reader` is given in a digest alone."""
    name = f"{item.title} ({pilot.name})" if reader else item.title
    today = calendar.today(now)
    if item.state is not ItemState.OPEN:
        return line(f"✓ {_closed(item, name, name_of(item.closed_by, people, reader, words), today, words)}")
    if pilot.state is PilotState.PAUSED:
        return line("→ ", words.text("Pilot paused: {item}", item=name))
    if pilot.state is PilotState.STOPPED:
        return line("→ ", words.text("Pilot stopped: {item}", item=name))
    if reader and item.owner_id != reader.id:
        who = name_of(item.owner_id, people, reader, words)
        return line("→ ", words.text("Now with {person}: {item}", person=who, item=name))
    if reader and item.blocked_at is not None:
        by = (name_of(item.blocked_by, people, reader, words) if item.blocked_by
              else item.blocked_reason or words.text("others"))
        return line("→ ", words.text("Blocked by {person}: {item}", person=by, item=name))
    if reader and (planned := planned_for(item, today)) is not None:
        return line("→ ", words.text("Planned for {day}: {item}", day=words.day(planned, today), item=name))
    if item.due_on is None:
        return line("→ ", words.text("No date yet: {item}", item=name))
    return line("→ ", words.text("Due {day}: {item}", day=words.day(item.due_on, today), item=name))


def _closed(item: Item, name: str, by: str, today: date, words: Words) -> str:
    match item.state:
        case ItemState.DONE if item.kind is ItemKind.MEETING:
            return words.text("Held, by {person}: {item}", person=by, item=name)
        case ItemState.DONE:
            return words.text("Done, by {person}: {item}", person=by, item=name)
        case ItemState.NOT_APPLICABLE:
            return words.text("Not applicable, says {person}: {item}", person=by, item=name)
    if item.waived_until is None:
        return words.text("Waived: {item}", item=name)
    return words.text("Waived until {day}: {item}", day=words.day(item.waived_until, today), item=name)


def when(item: Item, today: date, calendar: Calendar, words: Words = ENGLISH) -> str:
    due = item.due_on or today
    if due > today:
        return words.text("due {day}", day=say_day(due, today, words))
    if due == today:
        return words.text("due today")
    late = late_by(due, today, calendar)
    if late:
        return words.count("{number} working day late", "{number} working days late", late)
    return words.text("was due {day}", day=words.day(due, today))


def working_days(number: int, words: Words = ENGLISH) -> str:
    return words.count("{number} working day", "{number} working days", number)


def say_day(day: date, today: date, words: Words = ENGLISH) -> str:
    return words.text("tomorrow") if (day - today).days == 1 else words.day(day, today)


def clock_time(at: datetime, calendar: Calendar, words: Words = ENGLISH) -> str:
    local = calendar.local(at)
    return f"{words.day(local.date(), local.date())} {local:%H:%M}"


def passed_slot(item: Item, now: datetime) -> datetime | None:
    return item.slot_at if item.slot_at is not None and item.slot_at <= now else None


def role_title(item: Item, words: Words = ENGLISH) -> str:
    return words.term(Role(item.role).title) if item.role in tuple(Role) else item.role.capitalize()


def name_of(person_id: str | None, people: People, reader: Person | None = None,
            words: Words = ENGLISH) -> str:
    if reader is not None and person_id == reader.id:
        return words.text("you")
    person = people.get(person_id or "")
    return person.name if person else words.text("somebody")


def item_buttons(item: Item, words: Words = ENGLISH) -> tuple[Button, ...]:
    return (item_button(words.text("Done"), "done", item), item_button(words.text("When?"), "plan", item),
            item_button(words.text("Blocked"), "block", item))


def item_button(label: str, verb: str, item: Item) -> Button:
    return Button(label, f"{verb}:{item.id}", says=f"{label.rstrip('?')}: {item.title}")


def counted(number: int, one: str, many: str) -> str:
    return "" if number == 0 else one if number == 1 else f"{number} {many}"


def capped(lines: Iterable[Line], words: Words = ENGLISH) -> tuple[Line, ...]:
    """Keep a list short enough to be read, and say how many were left out."""
    lines = tuple(lines)
    if len(lines) <= _LISTED:
        return lines
    return (*lines[:_LISTED], line(words.text("and {number} more", number=len(lines) - _LISTED)))

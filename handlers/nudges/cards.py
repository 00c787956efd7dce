"""What a digest and a channel's nudge look like."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Final

from handlers.chat.cards import (
    Bold,
    Button,
    Buttons,
    Card,
    Element,
    Line,
    Mention,
    Moment,
    Mono,
    Note,
    Row,
    Span,
    Text,
    line,
)
from handlers.nudges import rules
from handlers.nudges.rules import Agenda, Digest
from handlers.people.calendar import Calendar
from handlers.people.dates import WEEKDAYS, late_by, say_date
from handlers.people.roles import Role
from handlers.pilots import cadence
from handlers.pilots.schedule import title_of
from storage.models import Item, ItemKind, ItemState, Person, Pilot, PilotState

People = Mapping[str, Person]

_LISTED: Final = 10
"""Lines without buttons that follow the rows, at most."""


# ---- a person's digest -------------------------------------------------------------------------------------


def digest_card(digest: Digest, person: Person, people: People, now: datetime, *,
                is_shown: bool) -> Card | None:
    """What waits for a person, to be planned, done or passed on; None: nothing does, and none was sent."""
    if not digest.todo and not is_shown:
        return None
    calendar = rules.calendar_for(person)
    elements: list[Element] = []
    if digest.todo:
        title = _digest_title(digest, calendar, now)
        elements += [_digest_row(item, pilot, calendar, now) for item, pilot in digest.todo[:rules.SHOWN]]
        if (more := len(digest.todo) - rules.SHOWN) > 0:
            elements.append(Row((line(f"and {more} more"),), aside=Button("Show all", "mine:")))
    else:
        title = "Nothing from this morning waits for you any more"
    if digest.settled:
        elements.append(Text(_capped([_settled(item, pilot, calendar, people, now, reader=person)
                                      for item, pilot in digest.settled])))
    elements.append(Note(line("This comes on working days at 09:30 while something of yours is due, late or "
                              "without a plan. To quiet it: ", Mono("/pilot quiet until DATE"))))
    return Card(title, tuple(elements))


def _digest_title(digest: Digest, calendar: Calendar, now: datetime) -> str:
    item, pilot = digest.todo[0]
    count = _count(len(digest.todo), "This waits for you:", "things wait for you, first:")
    return f"{count} {item.title} ({pilot.name}), {_when(item, calendar.today(now), calendar)}"


def _digest_row(item: Item, pilot: Pilot, calendar: Calendar, now: datetime) -> Row:
    return Row(
        lines=(line(Bold(item.title), f" · {pilot.name} · {item.ref}"),
               line(_ask(item, pilot, calendar, now))),
        buttons=(*_buttons(item), _button("Hand over", "assign", item)))


def _ask(item: Item, pilot: Pilot, calendar: Calendar, now: datetime) -> str:
    """Say how it stands, what hangs on it, and ask for a plan."""
    today = calendar.today(now)
    due = item.due_on or today
    if due < today:
        standing = _was_due(due, today, calendar)
    else:
        standing = "Due today" if due == today else f"Due {_say_day(due, today)}"
    return f"{standing}. {_consequence(item, pilot)} {_question(item, calendar, now)}"


def _question(item: Item, calendar: Calendar, now: datetime) -> str:
    today = calendar.today(now)
    if slot := _passed_slot(item, now):
        return f"Its slot was {_clock_time(slot, calendar)}: was it held, or is there a new one?"
    if item.plan_on == today:
        return "You planned it for today: still right?"
    if item.plan_on is not None:
        return f"You had planned it for {say_date(item.plan_on, today)}: what is the new day?"
    if rules.is_overdue(item, today):
        return "New date, blocked, or someone else?"
    return "When today will you do it?" if item.due_on == today else "When will you do it?"


def _consequence(item: Item, pilot: Pilot) -> str:
    """What cannot go on without it; for what holds no gate, why it is on the list."""
    if item.gate is not None and not item.is_advice:
        return f"{title_of(item.gate, pilot.stages)} cannot start without it."
    return f"{item.why.rstrip('.')}."


# ---- a pilot's channel -------------------------------------------------------------------------------------


def channel_card(agenda: Agenda, pilot: Pilot, people: People, day: date, now: datetime, *,
                 is_shown: bool) -> Card | None:
    """What waits in a pilot this week; `day` is the morning it is of. None: nothing, and none was posted."""
    calendar = cadence.channel_calendar(pilot)
    today = calendar.today(now)
    if pilot.state is not PilotState.ACTIVE:
        return Card(f"{pilot.name} is {pilot.state}: nothing is asked of anybody") if is_shown else None
    if agenda.is_empty and not is_shown:
        return None
    elements: list[Element] = []
    if agenda.missing:
        elements.append(Text(tuple(line(f"🔴 {Role(role).title}: nobody yet") for role in agenda.missing)))
    elements += [_briefing_row(item, pilot, people, calendar, now) for item in agenda.briefings]
    elements += [_item_row(item, pilot, people, calendar, today) for item in agenda.due[:rules.SHOWN]]
    if rest := agenda.due[rules.SHOWN:]:
        elements.append(Text(_capped([line(item.title, " · ", *_standing(item, people, calendar, today))
                                      for item in rest])))
    if agenda.settled:
        elements.append(Text(_capped([_settled(item, pilot, calendar, people, now)
                                      for item in agenda.settled])))
    elements.append(Buttons((Button("All open items", f"items:{pilot.id}:open"),)))
    as_of = "" if today == day else f" As of {say_date(today, today)}."
    elements.append(Note(line(_rhythm(pilot), as_of)))
    return Card(_channel_title(agenda, pilot, today), tuple(elements))


def _channel_title(agenda: Agenda, pilot: Pilot, today: date) -> str:
    late = sum(rules.is_overdue(item, today) for item in (*agenda.briefings, *agenda.due))
    on_time = sum(not rules.is_overdue(item, today) for item in agenda.due)
    parts = [
        _count(len(agenda.briefings), "one briefing to hold", "briefings to hold"),
        _count(on_time, "one item due this week", "items due this week"),
        f"{late} late" if late else "",
        _count(len(agenda.missing), "one role nobody has", "roles nobody has"),
    ]
    said = ", ".join(part for part in parts if part) or "nothing waits this week"
    return f"{pilot.name}, {title_of(pilot.stage, pilot.stages)}: {said}"


def _briefing_row(item: Item, pilot: Pilot, people: People, calendar: Calendar, now: datetime) -> Row:
    today = calendar.today(now)
    slot: tuple[Span, ...] = ("no slot yet. ", _consequence(item, pilot))
    if item.slot_at is not None:
        moment = Moment(item.slot_at, _clock_time(item.slot_at, calendar))
        slot = ("slot was ", moment, ": was it held?") if _passed_slot(item, now) else ("slot ", moment)
    return Row(
        lines=(line(Bold(f"{_role(item)} briefing"), f" · {_countdown(item, today, calendar)}"),
               line(*_whose(item, people, today), " · ", *slot)),
        buttons=(_button("Record slot", "slot", item), _button("Held", "held", item)))


def _item_row(item: Item, pilot: Pilot, people: People, calendar: Calendar, today: date) -> Row:
    urges = item.due_on is not None and item.due_on <= today
    return Row(
        lines=(line(Bold(item.title), f" · {item.ref}"),
               line(*_standing(item, people, calendar, today),
                    *((". ", _consequence(item, pilot)) if urges else ()))),
        buttons=_buttons(item))


def _standing(item: Item, people: People, calendar: Calendar, today: date) -> Line:
    """Whose it is, when it is due, and what is planned or in its way."""
    spans: list[Span] = [*_whose(item, people, today), f" · {_when(item, today, calendar)}"]
    if item.blocked_at is not None:
        spans.append(f" · blocked: {item.blocked_reason}" if item.blocked_reason else " · blocked")
    elif item.plan_on is not None and item.plan_on >= today:
        day = "today" if item.plan_on == today else say_date(item.plan_on, today)
        spans.append(f" · planned for {day}")
    elif rules.is_overdue(item, today):
        spans.append(" · no new date yet")
    return tuple(spans)


def _whose(item: Item, people: People, today: date) -> Line:
    """The role; with the owner's name unless it is late, and as a mention where they are to be notified."""
    owner = people.get(item.owner_id or "")
    if owner is None:
        return line(f"{_role(item)}: nobody yet")
    if rules.is_overdue(item, today):
        return line(_role(item))
    is_named = rules.is_named(item, today)
    return line(f"{_role(item)}: ", Mention(owner.id, owner.name) if is_named else owner.name)


def _rhythm(pilot: Pilot) -> str:
    days = sorted(cadence.channel_weekdays(pilot))
    if days == [0, 1, 2, 3, 4]:
        said = "each working morning"
    else:
        said = " and ".join(WEEKDAYS[day] for day in days) or "no further day"
    return f"Posted {said} at {cadence.channel_time(pilot):%H:%M} while something waits, and kept up to date."


# ---- both --------------------------------------------------------------------------------------------------


def _settled(item: Item, pilot: Pilot, calendar: Calendar, people: People, now: datetime, *,
             reader: Person | None = None) -> Line:
    """How something ended that the message spoke of; `reader` is given in a digest alone."""
    name = f"{item.title} ({pilot.name})" if reader else item.title
    today = calendar.today(now)
    by = _name(item.closed_by, people, reader)
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
        return line(f"→ Now with {_name(item.owner_id, people, reader)}: {name}")
    if reader and item.blocked_at is not None:
        by = _name(item.blocked_by, people, reader) if item.blocked_by else item.blocked_reason or "others"
        return line(f"→ Blocked by {by}: {name}")
    if reader and item.plan_on is not None:
        return line(f"→ Planned for {say_date(item.plan_on, today)}: {name}")
    return line(f"→ Due {say_date(item.due_on, today)}: {name}" if item.due_on else f"→ No date yet: {name}")


def _when(item: Item, today: date, calendar: Calendar) -> str:
    due = item.due_on or today
    if due > today:
        return f"due {_say_day(due, today)}"
    if due == today:
        return "due today"
    late = late_by(due, today, calendar)
    return f"{_working_days(late)} late" if late else f"was due {say_date(due, today)}"


def _was_due(due: date, today: date, calendar: Calendar) -> str:
    if (today - due).days == 1:
        return "Was due yesterday"
    late = late_by(due, today, calendar)
    return f"Was due {say_date(due, today)}" + (f", {_working_days(late)} ago" if late else "")


def _countdown(item: Item, today: date, calendar: Calendar) -> str:
    if item.due_on is None or item.due_on <= today:
        return _when(item, today, calendar) if item.due_on else "no date yet"
    left = calendar.between(today, item.due_on)
    return f"{_working_days(left)} left, due {say_date(item.due_on, today)}"


def _working_days(number: int) -> str:
    return "1 working day" if number == 1 else f"{number} working days"


def _say_day(day: date, today: date) -> str:
    return "tomorrow" if (day - today).days == 1 else say_date(day, today)


def _clock_time(at: datetime, calendar: Calendar) -> str:
    local = calendar.local(at)
    return f"{say_date(local.date(), local.date())} {local:%H:%M}"


def _passed_slot(item: Item, now: datetime) -> datetime | None:
    return item.slot_at if item.slot_at is not None and item.slot_at <= now else None


def _role(item: Item) -> str:
    return Role(item.role).title if item.role in tuple(Role) else item.role.capitalize()


def _name(person_id: str | None, people: People, reader: Person | None) -> str:
    if reader is not None and person_id == reader.id:
        return "you"
    person = people.get(person_id or "")
    return person.name if person else "somebody"


def _buttons(item: Item) -> tuple[Button, ...]:
    return _button("Done", "done", item), _button("When?", "plan", item), _button("Blocked", "block", item)


def _button(label: str, verb: str, item: Item) -> Button:
    return Button(label, f"{verb}:{item.id}", says=f"{label.rstrip('?')}: {item.title}")


def _count(number: int, one: str, many: str) -> str:
    return "" if number == 0 else one if number == 1 else f"{number} {many}"


def _capped(lines: Iterable[Line]) -> tuple[Line, ...]:
    """Keep a list short enough to be read, and say how many were left out."""
    lines = tuple(lines)
    if len(lines) <= _LISTED:
        return lines
    return (*lines[:_LISTED], line(f"and {len(lines) - _LISTED} more"))

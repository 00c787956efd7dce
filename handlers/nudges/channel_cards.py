"""What a channel's nudge looks like."""

from datetime import date, datetime

from handlers.chat.cards import (
    Bold,
    Button,
    Buttons,
    Card,
    Element,
    Line,
    Mention,
    Moment,
    Note,
    Row,
    Span,
    Text,
    line,
)
from handlers.nudges import channel_rules
from handlers.nudges.channel_rules import Agenda
from handlers.nudges.said import (
    People,
    capped,
    clock_time,
    consequence,
    counted,
    item_button,
    item_buttons,
    passed_slot,
    role_title,
    settled,
    when,
    working_days,
)
from handlers.nudges.standing import SHOWN, is_overdue
from handlers.people.calendar import Calendar
from handlers.people.dates import WEEKDAYS, say_date
from handlers.people.roles import Role
from handlers.pilots import cadence
from handlers.pilots.schedule import title_of
from storage.models import Item, Pilot, PilotState


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
    elements += [_item_row(item, pilot, people, calendar, today) for item in agenda.due[:SHOWN]]
    if rest := agenda.due[SHOWN:]:
        elements.append(Text(capped([line(item.title, " · ", *_standing(item, people, calendar, today))
                                      for item in rest])))
    if agenda.settled:
        elements.append(Text(capped([settled(item, pilot, calendar, people, now)
                                      for item in agenda.settled])))
    elements.append(Buttons((Button("All open items", f"items:{pilot.id}:open"),)))
    as_of = "" if today == day else f" As of {say_date(today, today)}."
    elements.append(Note(line(_rhythm(pilot), as_of)))
    return Card(_channel_title(agenda, pilot, today), tuple(elements))


def _channel_title(agenda: Agenda, pilot: Pilot, today: date) -> str:
    late = sum(is_overdue(item, today) for item in (*agenda.briefings, *agenda.due))
    on_time = sum(not is_overdue(item, today) for item in agenda.due)
    parts = [
        counted(len(agenda.briefings), "one briefing to hold", "briefings to hold"),
        counted(on_time, "one item due this week", "items due this week"),
        f"{late} late" if late else "",
        counted(len(agenda.missing), "one role nobody has", "roles nobody has"),
    ]
    said = ", ".join(part for part in parts if part) or "nothing waits this week"
    return f"{pilot.name}, {title_of(pilot.stage, pilot.stages)}: {said}"


def _briefing_row(item: Item, pilot: Pilot, people: People, calendar: Calendar, now: datetime) -> Row:
    today = calendar.today(now)
    slot: tuple[Span, ...] = ("no slot yet. ", consequence(item, pilot))
    if item.slot_at is not None:
        moment = Moment(item.slot_at, clock_time(item.slot_at, calendar))
        slot = ("slot was ", moment, ": was it held?") if passed_slot(item, now) else ("slot ", moment)
    return Row(
        lines=(line(Bold(f"{role_title(item)} briefing"), f" · {_countdown(item, today, calendar)}"),
               line(*_whose(item, people, today), " · ", *slot)),
        buttons=(item_button("Record slot", "slot", item), item_button("Held", "held", item)))


def _item_row(item: Item, pilot: Pilot, people: People, calendar: Calendar, today: date) -> Row:
    urges = item.due_on is not None and item.due_on <= today
    return Row(
        lines=(line(Bold(item.title), f" · {item.ref}"),
               line(*_standing(item, people, calendar, today),
                    *((". ", consequence(item, pilot)) if urges else ()))),
        buttons=item_buttons(item))


def _standing(item: Item, people: People, calendar: Calendar, today: date) -> Line:
    """Whose it is, when it is due, and what is planned or in its way."""
    spans: list[Span] = [*_whose(item, people, today), f" · {when(item, today, calendar)}"]
    if item.blocked_at is not None:
        spans.append(f" · blocked: {item.blocked_reason}" if item.blocked_reason else " · blocked")
    elif item.plan_on is not None and item.plan_on >= today:
        day = "today" if item.plan_on == today else say_date(item.plan_on, today)
        spans.append(f" · planned for {day}")
    elif is_overdue(item, today):
        spans.append(" · no new date yet")
    return tuple(spans)


def _whose(item: Item, people: People, today: date) -> Line:
    """The role; with the owner's name unless it is late, and as a mention where they are to be notified."""
    owner = people.get(item.owner_id or "")
    if owner is None:
        return line(f"{role_title(item)}: nobody yet")
    if is_overdue(item, today):
        return line(role_title(item))
    is_named = channel_rules.is_named(item, today)
    return line(f"{role_title(item)}: ", Mention(owner.id, owner.name) if is_named else owner.name)


def _rhythm(pilot: Pilot) -> str:
    days = sorted(cadence.channel_weekdays(pilot))
    if days == [0, 1, 2, 3, 4]:
        said = "each working morning"
    else:
        said = " and ".join(WEEKDAYS[day] for day in days) or "no further day"
    return f"Posted {said} at {cadence.channel_time(pilot):%H:%M} while something waits, and kept up to date."


def _countdown(item: Item, today: date, calendar: Calendar) -> str:
    if item.due_on is None or item.due_on <= today:
        return when(item, today, calendar) if item.due_on else "no date yet"
    left = calendar.between(today, item.due_on)
    return f"{working_days(left)} left, due {say_date(item.due_on, today)}"

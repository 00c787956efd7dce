"""What a digest looks like."""

from datetime import date, datetime

from handlers.chat.cards import Bold, Button, Card, Element, Mono, Note, Row, Text, line
from handlers.nudges.rules import Digest
from handlers.nudges.said import (
    People,
    capped,
    clock_time,
    consequence,
    counted,
    item_button,
    item_buttons,
    passed_slot,
    say_day,
    settled,
    when,
    working_days,
)
from handlers.nudges.standing import SHOWN, calendar_for, is_overdue
from handlers.people.calendar import Calendar
from handlers.people.dates import late_by, say_date
from storage.models import Item, Person, Pilot


def digest_card(digest: Digest, person: Person, people: People, now: datetime, *,
                is_shown: bool) -> Card | None:
    """What waits for a person, to be planned, done or passed on; None: nothing does, and none was sent."""
    if not digest.todo and not is_shown:
        return None
    calendar = calendar_for(person)
    elements: list[Element] = []
    if digest.todo:
        title = _digest_title(digest, calendar, now)
        elements += [_digest_row(item, pilot, calendar, now) for item, pilot in digest.todo[:SHOWN]]
        if (more := len(digest.todo) - SHOWN) > 0:
            elements.append(Row((line(f"and {more} more"),), aside=Button("Show all", "mine:")))
    else:
        title = "Nothing from this morning waits for you any more"
    if digest.settled:
        elements.append(Text(capped([settled(item, pilot, calendar, people, now, reader=person)
                                      for item, pilot in digest.settled])))
    elements.append(Note(line("This comes on working days at 09:30 while something of yours is due, late or "
                              "without a plan. To quiet it: ", Mono("/pilot quiet until DATE"))))
    return Card(title, tuple(elements))


def _digest_title(digest: Digest, calendar: Calendar, now: datetime) -> str:
    item, pilot = digest.todo[0]
    count = counted(len(digest.todo), "This waits for you:", "things wait for you, first:")
    return f"{count} {item.title} ({pilot.name}), {when(item, calendar.today(now), calendar)}"


def _digest_row(item: Item, pilot: Pilot, calendar: Calendar, now: datetime) -> Row:
    return Row(
        lines=(line(Bold(item.title), f" · {pilot.name} · {item.ref}"),
               line(_ask(item, pilot, calendar, now))),
        buttons=(*item_buttons(item), item_button("Hand over", "assign", item)))


def _ask(item: Item, pilot: Pilot, calendar: Calendar, now: datetime) -> str:
    """Say how it stands, what hangs on it, and ask for a plan."""
    today = calendar.today(now)
    due = item.due_on or today
    if due < today:
        standing = _was_due(due, today, calendar)
    else:
        standing = "Due today" if due == today else f"Due {say_day(due, today)}"
    return f"{standing}. {consequence(item, pilot)} {_question(item, calendar, now)}"


def _question(item: Item, calendar: Calendar, now: datetime) -> str:
    today = calendar.today(now)
    if slot := passed_slot(item, now):
        return f"Its slot was {clock_time(slot, calendar)}: was it held, or is there a new one?"
    if item.plan_on == today:
        return "You planned it for today: still right?"
    if item.plan_on is not None:
        return f"You had planned it for {say_date(item.plan_on, today)}: what is the new day?"
    if is_overdue(item, today):
        return "New date, blocked, or someone else?"
    return "When today will you do it?" if item.due_on == today else "When will you do it?"


def _was_due(due: date, today: date, calendar: Calendar) -> str:
    if (today - due).days == 1:
        return "Was due yesterday"
    late = late_by(due, today, calendar)
    return f"Was due {say_date(due, today)}" + (f", {working_days(late)} ago" if late else "")

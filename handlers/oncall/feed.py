"""A rotation as a calendar (RFC 5545): one event for each shift, to be subscribed to.

An event's UID is made of the rotation and the shift's own beginning, so it is the same at every reading, and
a shift that goes to somebody else is the same event with another name. Who knows the address can read it.
"""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from icalendar import Calendar, Event

from handlers.oncall.records import LONG_AGO, UNMATCHED, Plan
from handlers.oncall.rules import Shift, whole
from storage.models import Person

PRODID: Final = "-//Ground Crew//On call//EN"
AHEAD: Final = timedelta(days=90)
READ_AGAIN: Final = timedelta(hours=1)


def as_ics(number: int, name: str, plan: Plan, people: Mapping[str, Person], now: datetime) -> bytes:
    """The calendar of the rotation with this number and name: the present shift and the next 90 days."""
    calendar = Calendar()
    calendar.add("prodid", PRODID)
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", _printable(f"On call: {name}"))
    calendar.add("refresh-interval", READ_AGAIN, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", "PT1H")
    for shift in shown(plan, now):
        calendar.add_component(_event(number, name, shift, people, now))
    file: bytes = calendar.to_ical()
    return file


def shown(plan: Plan, now: datetime) -> Sequence[Shift]:
    """The shifts of the calendar. Where there is none it has one without a person: it must not be empty."""
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    found = whole(plan.schedule, plan.changes, now, now + AHEAD)
    return [replace(each, begins=today) if each.begins <= LONG_AGO else each for each in found] or [
        Shift("", today, today + AHEAD)]


def _event(number: int, name: str, shift: Shift, people: Mapping[str, Person], now: datetime) -> Event:
    event = Event()
    event.add("uid", f"oncall-{number}-{shift.begins:%Y%m%dT%H%M%SZ}@groundcrew")
    event.add("dtstamp", now)
    event.add("dtstart", shift.begins)
    event.add("dtend", shift.ends)
    event.add("summary", _printable(f"{_who(shift, people)}: {name}"))
    event.add("description", _printable(f"Who is on call may change until then: /oncall {name} in Slack."))
    event.add("transp", "TRANSPARENT")
    return event


def _who(shift: Shift, people: Mapping[str, Person]) -> str:
    if not shift.person:
        return "🔴 Nobody is on call"
    person = people.get(shift.person)
    if person is None:
        return f"{shift.person.removeprefix(UNMATCHED)} on call"
    return f"{person.name} on call" if person.is_active else f"🔴 {person.name} (has left) on call"


def _printable(text: str) -> str:
    """Without control characters, which no value may hold."""
    return "".join(" " if unicodedata.category(char) == "Cc" else char for char in text)

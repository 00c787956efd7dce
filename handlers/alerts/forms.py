"""What is asked about an alert before it is changed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from handlers.alerts.cards import cut
from handlers.chat.cards import Field, Form, Option, Text, Values, line
from handlers.chat.errors import Refused
from handlers.people.actions import calendar_of
from handlers.people.calendar import Calendar
from storage.alerting import Alert
from storage.models import Person

Make = Callable[[Alert, datetime, Person], Form]
IN_MINUTES = (15, 30, 60, 120, 240)
CAUSES = {"threshold": "The limit is too low for this model",
          "data": "The data was wrong, not the model",
          "expected": "It moved, as was to be expected: a season, a campaign"}
"""What was at fault where drift was no alarm: which of limit, data and calendar has to be mended."""


def eta_form(alert: Alert, now: datetime, person: Person) -> Form:
    """Until when somebody is on it."""
    calendar = calendar_of(person)
    options = tuple(Option(f"{_after(minutes)} ({calendar.local(now + timedelta(minutes=minutes)):%H:%M})",
                           str(minutes)) for minutes in IN_MINUTES)
    return Form(f"a-eta:{alert.id}", "I am on it", (
        Field("minutes", "I expect to be done in", "choice", options=options, initial="30",
              hint="The message says so, so that nobody else has to ask."),),
        "Say so", (Text((line(cut(alert.title, 200)),)),))


def until_of(values: Values, _calendar: Calendar, now: datetime) -> datetime:
    """Raises Refused at the field."""
    minutes = values.get("minutes")
    if not isinstance(minutes, str) or not minutes.isdecimal() or int(minutes) not in IN_MINUTES:
        raise Refused("Pick one.", fields={"minutes": "Pick one."})
    return now + timedelta(minutes=int(minutes))


def false_form(alert: Alert, _now: datetime, _person: Person) -> Form:
    """Why it should not have fired."""
    return Form(f"a-false:{alert.id}", "A false alarm", (
        *_cause_of_drift(alert),
        Field("reason", "Why was it false?", "lines", at_most=300,
              placeholder="The threshold is lower than what the model does on Mondays",
              hint="`/alerts stats` counts these for each rule, so that the noisy ones can be mended."),),
        "It was false", (Text((line(cut(alert.title, 200)),)),))


def _cause_of_drift(alert: Alert) -> tuple[Field, ...]:
    if alert.drift is None:
        return ()
    options = tuple(Option(label, value) for value, label in CAUSES.items())
    return (Field("cause", "What was at fault?", "choice", options=options),)


def cause_of(values: Values) -> str | None:
    """None: it was not asked."""
    cause = values.get("cause")
    return cause if isinstance(cause, str) and cause in CAUSES else None


def _after(minutes: int) -> str:
    return f"{minutes} minutes" if minutes < 60 else "1 hour" if minutes == 60 else f"{minutes // 60} hours"

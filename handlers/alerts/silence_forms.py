"""What is asked before an alert is silenced from its card."""

from __future__ import annotations

from datetime import datetime, timedelta

from handlers.alerts.cards import cut
from handlers.alerts.holding import value_in
from handlers.alerts.lifetime import PAGES
from handlers.alerts.silence_words import REASON_AT_MOST, until_of
from handlers.chat.cards import Element, Field, Form, Note, Option, Text, Values, line
from handlers.chat.errors import Refused
from handlers.people.actions import calendar_of
from handlers.people.calendar import Calendar
from storage.alerting import Alert
from storage.models import Person

_SPANS = (("1h", "1 hour"), ("4h", "4 hours"), ("tomorrow", "Until tomorrow 09:00"), ("24h", "24 hours"),
          ("3d", "3 days"), ("7d", "7 days"), ("30d", "30 days"))
_LABELS = 9
"""As many as Slack shows as boxes, with the name."""


def silence_form(alert: Alert, now: datetime, person: Person) -> Form:
    """For how long, which labels, and why."""
    calendar = calendar_of(person)
    spans = tuple(Option(f"{label}, {_when(word, now, calendar)}", word) for word, label in _SPANS)
    labels = ("name", *list(alert.labels)[:_LABELS])
    boxes = tuple(Option(cut(f"{label} = {value_in(alert, label)}", 75), label) for label in labels)
    about: list[Element] = [Text((line(cut(alert.title, 200)),))]
    if alert.rank <= PAGES:
        about.append(Note(line("This is a page. While it is silenced nobody is told of it, whoever is on "
                               "call, however long it lasts.")))
    return Form(f"a-silence:{alert.id}", "Silence", (
        Field("until", "For how long", "choice", options=spans, initial="4h",
              hint="It always ends by itself; what still fires then is shown."),
        Field("labels", "What it has to match", "choices", options=boxes, initial=labels,
              hint="Fewer marks silence more: also what differs in a label that is not marked."),
        Field("reason", "Why", "lines", at_most=REASON_AT_MOST,
              placeholder="The upstream table is late; #data is on it",
              hint="It stands on the alert, and in `/alerts silences`.")),
        "Silence", tuple(about))


def until_in(values: Values, calendar: Calendar, now: datetime) -> datetime:
    """Raises Refused at the field."""
    word = values.get("until")
    until = until_of(word, now, calendar) if isinstance(word, str) and word in dict(_SPANS) else None
    if until is None:
        raise Refused("Pick one.", fields={"until": "Pick one."})
    return max(until, now + timedelta(hours=1)) if word == "tomorrow" else until


def _when(word: str, now: datetime, calendar: Calendar) -> str:
    until = until_of(word, now, calendar)
    return f"{calendar.local(until):%a %d %b %H:%M}" if until is not None else ""

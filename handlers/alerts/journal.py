"""What happened to an alert, step by step, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from handlers.alerts.cards import duration, moment
from handlers.alerts.lines import said
from handlers.chat.cards import Line, line
from handlers.chat.wording import ENGLISH
from storage.alerting import Alert, AlertState, AlertStep
from storage.models import Person

STEPS = 20
"""The newest so many are shown."""
_WORDS = {
    "told": "{to} was told", "unacked": "nobody was on it any more", "silenced": "{who} silenced it",
    "reopened": "it fired again", "stale": "nothing was heard of it any more", "paged": "{to} was paged",
    "retrain": "{who} asked for a retraining", "listed": "the complete list was put into the thread",
}
_ENDS = {"sender": "its sender says that it is over", "lapsed": "its sender stopped repeating it"}


def history(alert: Alert, steps: Sequence[AlertStep], people: Mapping[str, Person]) -> list[Line]:
    """From how it began to how it ended, one line each."""
    rows: list[Line] = [line(moment(alert.opened_at), f" it began, as {alert.severity} now")]
    left = len(steps) - STEPS
    if left > 0:
        rows.append(line(f"… {left} steps"))
    rows += [(moment(step.at), " ", *_step(step, alert, people)) for step in steps[-STEPS:]]
    if alert.storm_id is not None and alert.acked_at is not None and not steps:
        rows.append(line(moment(alert.acked_at), f" {_name(alert.acked_by, people)} took its storm on"))
    if alert.state is AlertState.RESOLVED and alert.resolved_how in _ENDS and alert.resolved_at is not None:
        lasted = duration(alert.resolved_at - alert.opened_at, ENGLISH)
        rows.append(line(moment(alert.resolved_at), f" {_ENDS[alert.resolved_how]}, after {lasted}"))
    return rows


def _step(step: AlertStep, alert: Alert, people: Mapping[str, Person]) -> Line:
    known = said(step, alert, people, ENGLISH)
    if known is not None:
        return known
    template = _WORDS.get(step.what, f"{{who}}: {step.what.replace('-', ' ')}")
    return (template.format(who=_name(step.actor, people), to=_name(step.to, people)),)


def _name(person_id: str | None, people: Mapping[str, Person]) -> str:
    person = people.get(person_id or "")
    if person is not None:
        return person.name
    return "the clock" if person_id == "clock" else "somebody"

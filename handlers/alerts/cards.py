"""What an alert looks like: one message that is kept up to date, and lines in its thread."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from handlers.alerts.signals import Link as LinkKind
from handlers.chat.cards import (
    Bold,
    Button,
    Buttons,
    Card,
    Confirm,
    Element,
    Line,
    Link,
    Mention,
    Moment,
    Note,
    Text,
    line,
)
from handlers.chat.wording import Words, marked
from storage.alerting import Alert, AlertState, Signal, SignalState
from storage.alerts import Part
from storage.models import Person

MEMBERS = 2200
"""Characters of the members named in a card; the rest are in its file."""
NOTE = 600
SEVERITY = {"critical": marked("Critical"), "error": marked("Error"), "warning": marked("Warning"),
            "info": marked("Info")}
SIGN = {"critical": "🔴", "error": "🔴", "warning": "🟠", "info": "🔵"}
_LINKS = {LinkKind.RUNBOOK.value: marked("Runbook"), LinkKind.DASHBOARD.value: marked("Dashboard"),
          LinkKind.SOURCE.value: marked("Source"), LinkKind.REPORT.value: marked("Report"),
          LinkKind.SILENCE.value: marked("Silence it there")}
_SHOWN_LABELS = 8


@dataclass(frozen=True, slots=True)
class View:
    """One alert with all that its card shows."""

    alert: Alert
    signals: Sequence[Signal]
    people: Mapping[str, Person]
    now: datetime
    words: Words
    parts: Sequence[Part] = ()
    """Of a storm: what it consists of."""
    storm_shown: int = 10
    where: str | None = None
    """Why it is shown here, where that needs a word."""
    more: Sequence[Element] = field(default=())
    """What a feature adds below the facts."""
    buttons: Sequence[Button] = ()
    """What a feature adds beside the usual ones."""
    linked: str = ""
    """The kind of link that a feature shows already."""


def alert_card(view: View) -> Card:
    alert = view.alert
    if alert.is_storm:
        return _storm_card(view)
    if alert.state is AlertState.RESOLVED:
        return _event_card(view) if alert.resolved_how == "event" else _resolved_card(view)
    elements: list[Element] = [Text(_standing(view))]
    elements += _notes(alert)
    members = _members(view)
    if members:
        elements.append(Text((members,)))
    elements += view.more
    if links := links_line(alert, view.words, view.linked):
        elements.append(Text((links,)))
    elements.append(Buttons((*usual_buttons(alert, view.words), *view.buttons)))
    if view.where is not None:
        elements.append(Note(line(view.where)))
    return Card(_title(view), tuple(elements))


def _title(view: View) -> str:
    alert, words = view.alert, view.words
    severity = words.term(SEVERITY[alert.severity])
    number = words.count("{number} firing", "{number} firing", alert.firing) if alert.total > 1 else ""
    head = " · ".join(part for part in (severity, number) if part)
    return words.text("{sign} {head}: {title}", sign=SIGN[alert.severity], head=head, title=alert.title)


def _standing(view: View) -> tuple[Line, ...]:
    """What it is, since when, and who is on it."""
    alert, words = view.alert, view.words
    labels = list(alert.labels.items())[:_SHOWN_LABELS]
    about = [alert.name, *(f"{name}={value}" for name, value in labels)]
    shown = " · ".join(each for each in about if each != alert.title)
    lines: list[Line] = [line(shown)] if shown else []
    since = words.spans("since {moment} · from {source}", moment=moment(alert.opened_at), source=alert.source)
    lines.append(since)
    lines += remarks(view)
    return tuple(lines)


def remarks(view: View) -> list[Line]:
    """What makes this one unusual, and who is on it."""
    alert, words, found = view.alert, view.words, list[Line]()
    if alert.is_flapping:
        found.append(line(words.count("Flapping: {number} change between firing and not, in one message",
                                      "Flapping: {number} changes between firing and not, in one message",
                                      alert.turns)))
    if alert.stale_at is not None and alert.is_event:
        found.append(words.spans("Nobody has closed it since {moment}.", moment=moment(alert.stale_at)))
    elif alert.stale_at is not None:
        found.append(words.spans("Nothing heard of it since {moment}. It may be over; its sender does not "
                                 "say.", moment=moment(alert.stale_at)))
    if alert.skew_s is not None:
        found.append(line(words.text("Its sender's clock is {minutes} minutes ahead of ours: times are ours.",
                                     minutes=alert.skew_s // 60)))
    if alert.firing == 0 and not alert.is_event:
        found.append(line(words.text("Not firing just now; resolved once that lasts.")))
    if alert.state is AlertState.ACKED and alert.acked_by is not None:
        who = Bold(name_of(alert.acked_by, view))
        found.append(words.spans("✓ {person} is on it, expected done {moment}", person=who,
                                 moment=moment(alert.eta_at)) if alert.eta_at is not None
                     else words.spans("✓ {person} is on it", person=who))
    return found


def _notes(alert: Alert) -> list[Element]:
    said = [alert.notes.get(name, "") for name in ("summary", "description")]
    lines = [line(cut(each, NOTE)) for each in dict.fromkeys(said) if each and each != alert.title]
    return [Text(tuple(lines))] if lines else []


def _members(view: View) -> Line | None:
    """Which conditions it holds, where they are several, by what differs between them."""
    alert, words = view.alert, view.words
    if alert.total < 2:
        return None
    shared = shared_labels(view.signals)
    firing = [members_name(each, shared) for each in view.signals if each.state is not SignalState.RESOLVED]
    over = [members_name(each, shared) for each in view.signals if each.state is SignalState.RESOLVED]
    shown, left = fitting([*firing, *(f"✓ {each}" for each in over)], MEMBERS)
    left += max(alert.total - len(view.signals), 0)
    more = words.text(" and {number} more", number=left) if left else ""
    return line(", ".join(shown) + more)


def shared_labels(signals: Sequence[Signal]) -> Mapping[str, str]:
    """The labels that all of several conditions have alike; none, where there is but one."""
    if len(signals) < 2:
        return {}
    first, *others = (each.labels for each in signals)
    return {name: value for name, value in first.items() if all(each.get(name) == value for each in others)}


def members_name(signal: Signal, shared: Mapping[str, str]) -> str:
    """What tells one condition from the others of its alert."""
    own = [value for name, value in signal.labels.items()
           if shared.get(name) != value and name not in ("alertname", "severity")]
    return " ".join(own) or signal.title


def fitting(names: Sequence[str], at_most: int) -> tuple[list[str], int]:
    """As many as fit, and how many do not."""
    shown, size = list[str](), 0
    for name in names:
        size += len(name) + 2
        if size > at_most:
            break
        shown.append(name)
    return shown, len(names) - len(shown)


def links_line(alert: Alert, words: Words, without: str = "") -> Line:
    """Where to look, besides the kind of link that is shown elsewhere."""
    spans: list[Link | str] = []
    for kind, url in alert.links:
        if kind in _LINKS and kind != without:
            spans += [" · ", Link(url, words.term(_LINKS[kind]))]
    return tuple(spans[1:])


def usual_buttons(alert: Alert, words: Words) -> list[Button]:
    number = alert.id
    found = []
    if alert.silence_id is not None:
        return [Button(words.text("End the silence"), f"a-unsilence:{number}")]
    if alert.state is AlertState.OPEN:
        found.append(Button(words.text("Acknowledge"), f"a-ack:{number}", "primary"))
    found.append(Button(words.text("On it until…"), f"a-eta:{number}"))
    found.append(Button(words.text("Silence"), f"a-silence:{number}"))
    found.append(Button(words.text("False alarm"), f"a-false:{number}"))
    found.append(Button(words.text("Resolve"), f"a-resolve:{number}", confirm=Confirm(
        words.text("Resolve it?"),
        words.text("Its sender has not said that it is over. Should it fire again, a new message comes."),
        words.text("Resolve"), words.text("Cancel"))))
    return found


def _event_card(view: View) -> Card:
    """What only informs stays as it was; there is nothing to press any more."""
    links = [Text((links_line(view.alert, view.words),))] if view.alert.links else []
    return Card(_title(view), (Text(_standing(view)), *_notes(view.alert), *links))


def _resolved_card(view: View) -> Card:
    """It shrinks to what somebody who comes later wants to know."""
    alert, words = view.alert, view.words
    assert alert.resolved_at is not None
    lasted = duration(alert.resolved_at - alert.opened_at, words)
    if alert.was_unseen:
        title = words.text("✓ Over: {title}. It fired and ended while I was not running", title=alert.title)
    elif alert.resolved_how == "lapsed":
        title = words.text("✓ Over after {lasted}: {title}. Its sender stopped repeating it", lasted=lasted,
                           title=alert.title)
    elif alert.resolved_how == "gone":
        title = words.text("✓ Over after {lasted}: {title}. It is gone at its source", lasted=lasted,
                           title=alert.title)
    elif alert.resolved_how == "false-alarm":
        title = words.text("✓ False alarm, says {person}: {title}", person=name_of(alert.resolved_by, view),
                           title=alert.title)
    elif alert.resolved_by is not None:
        title = words.text("✓ Resolved after {lasted} by {person}: {title}", lasted=lasted, title=alert.title,
                           person=name_of(alert.resolved_by, view))
    else:
        title = words.text("✓ Resolved after {lasted}: {title}", lasted=lasted, title=alert.title)
    about = " · ".join((alert.name, *(f"{name}={value}" for name, value in alert.labels.items())))
    lines = [line(about)]
    members = _members(view)
    if members is not None:
        lines.append(members)
    if alert.acked_by is not None:
        lines.append(line(words.text("{person} was on it", person=name_of(alert.acked_by, view))))
    return Card(title, (Text(tuple(lines)),))


def _storm_card(view: View) -> Card:
    alert, words = view.alert, view.words
    is_over = alert.state is AlertState.RESOLVED
    title = (words.count("✓ Storm over: {number} alert", "✓ Storm over: {number} alerts", alert.total)
             if is_over else words.count("{sign} Storm: {number} alert besides those with a message",
                                         "{sign} Storm: {number} alerts besides those with a message",
                                         alert.total,
                                         sign=SIGN[alert.severity]))
    rows = [line(SIGN[part.severity] + " ", Bold(part.name), words.text(
        ": {firing} firing of {number}", firing=part.firing, number=part.alerts))
        for part in view.parts[:view.storm_shown]]
    left = sum(part.alerts for part in view.parts[view.storm_shown:])
    if left:
        rows.append(line(words.text("and {number} more", number=left)))
    elements: list[Element] = [
        Text((words.spans("{firing} of {number} are firing, since {moment}. Each is kept; here they are "
                          "counted.", firing=str(alert.firing), number=str(alert.total),
                          moment=moment(alert.opened_at)),)),
        Text(tuple(rows))]
    if alert.acked_by is not None:
        who = Bold(name_of(alert.acked_by, view))
        elements.append(Text((words.spans("✓ {person} is on it", person=who),)))
    elements += view.more
    if not is_over:
        buttons = [Button(words.text("Acknowledge all"), f"a-ack:{alert.id}", "primary")] if (
            alert.state is AlertState.OPEN) else []
        elements.append(Buttons((*buttons, Button(words.text("Show them"), f"a-list:{alert.id}"))))
    return Card(title, tuple(elements))


def name_of(person_id: str | None, view: View) -> str:
    person = view.people.get(person_id or "")
    return person.name if person is not None else view.words.text("somebody")


def mention(person: Person) -> Mention:
    return Mention(person.id, person.name)


def moment(at: datetime) -> Moment:
    """Each reader sees it in their own zone."""
    return Moment(at, f"{at:%Y-%m-%d %H:%M} UTC")


def duration(lasted: timedelta, words: Words) -> str:
    """'40 s', '12 min', '3 h 05 min', '2 d 4 h'"""
    seconds = max(int(lasted.total_seconds()), 0)
    if seconds < 60:
        return words.text("{number} s", number=seconds)
    minutes, hours = seconds // 60, seconds // 3600
    if minutes < 60:
        return words.text("{number} min", number=minutes)
    if hours < 48:
        return words.text("{hours} h {minutes} min", hours=hours, minutes=f"{minutes % 60:02}")
    return words.text("{days} d {hours} h", days=hours // 24, hours=hours % 24)


def cut(text: str, at_most: int) -> str:
    return text if len(text) <= at_most else text[:at_most - 1].rstrip() + "…"


def sign_of(severity: str) -> str:
    """A coloured dot, by which a severity is told at a glance; its name always stands beside it."""
    return SIGN[severity]

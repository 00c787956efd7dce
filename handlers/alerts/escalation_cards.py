"""What a card says of its alert's escalation: its row of service levels, who was told, whether nobody was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from handlers.alerts import chains
from handlers.alerts.cards import SEVERITY, duration
from handlers.alerts.escalation_policy import ADMINS, CHANNEL, ON_CALL, PERSON, SECONDARY
from handlers.chat.cards import Bold, Element, Line, Mention, Mono, Span, Text, line
from handlers.chat.wording import Words, marked
from handlers.people.roles import ROLES, Role
from storage.alerting import Alert, AlertState, AlertStep
from storage.models import Person

_WHO: Mapping[str, str] = {ON_CALL: marked("on call"), SECONDARY: marked("second on call"),
                           ADMINS: marked("admin")}
_ROLES = {role.value: role for role in ROLES}
_STAND_IN: Mapping[str, str] = {
    "operations": marked("on call, as operations: there is no rotation"),
    "lead": marked("on call, as pilot lead: there is no rotation")}


def elements(alert: Alert, people: Mapping[str, Person], room: str, words: Words) -> list[Element]:
    """The part of an open alert's card that speaks of its escalation.

    Args:
        room: where it is shown: in the alert's own channel people are mentioned.
    """
    if alert.state is AlertState.RESOLVED:
        return []
    lines = [*_row(alert, words), *_told(alert, people, words, is_calling=room == alert.room),
             *_nobody(alert, words)]
    return [Text(tuple(lines))] if lines else []


def people_of(alert: Alert) -> set[str]:
    return set(chains.told(alert))


def _row(alert: Alert, words: Words) -> list[Line]:
    row = alert.chain[0].get("sla") if alert.chain else None
    if row is None:
        return []
    if row["metric"]:
        return [line(words.text("SLA row {number} ({metric}): {text}", number=row["row"],
                                metric=row["metric"], text=row["text"]))]
    return [line(words.text("SLA row {number}: {text}", number=row["row"], text=row["text"]))]


def _told(alert: Alert, people: Mapping[str, Person], words: Words, *, is_calling: bool) -> list[Line]:
    """Everybody who was told so far; whoever is waited for now is mentioned."""
    spans: list[Span] = []
    for index, entry in enumerate(alert.chain):
        is_now = is_calling and index == alert.level and alert.state is AlertState.OPEN
        for each in entry.get("told", ()):
            spans += [", ", _person(each, people, words, is_mentioned=is_now), f" ({role(entry, words)})"]
        if entry.get("paged"):
            spans += [", ", words.text("paged by {target}", target=entry["page"])]
        elif "at" in entry and entry["to"].startswith(CHANNEL):
            spans += [", ", words.text("another channel")]
    return [(words.text("Told:"), " ", *spans[1:])] if spans else []


def _nobody(alert: Alert, words: Words) -> list[Line]:
    loud = [entry for entry in alert.chain if entry.get("nobody")]
    if not loud:
        return []
    if any(entry.get("told") for entry in loud):
        return [words.spans("⚠ Nobody is on call for this, so the admins were told. Set a rotation with "
                            "{command}, or fill the pilot's operations seat.", command=Mono("/oncall"))]
    return [words.spans("⚠ Nobody is on call for this, and there is no admin to tell. Set a rotation with "
                        "{command}, or fill the pilot's operations seat.", command=Mono("/oncall"))]


def role(entry: Mapping[str, Any], words: Words) -> str:
    """What somebody was told as: 'on call', 'pilot lead'."""
    if entry.get("nobody"):
        return words.term(_WHO[ADMINS])
    if entry.get("as") in _STAND_IN:
        return words.term(_STAND_IN[entry["as"]])
    return role_name(str(entry.get("role") or entry.get("to") or ""), words)


def role_name(to: str, words: Words) -> str:
    if to in _WHO:
        return words.term(_WHO[to])
    if to.startswith(PERSON):
        return words.text("by the SLA")
    return words.term(Role(to).title) if to in _ROLES else words.text("another channel")


# ---- lines in the thread -----------------------------------------------------------------------------------


def told_line(step: AlertStep, alert: Alert, people: Mapping[str, Person], words: Words, room: str) -> Line:
    """Who was told by one step, and why. In their own direct message people are mentioned: it is for them."""
    details = step.details
    sentences = [_why(step, alert, people, words)]
    told = [(_person(each, people, words, is_mentioned=each == room), f" ({role(details, words)})")
            for each in details.get("people", ())]
    if told:
        sentences.append((words.text("Told"), " ", *_listed(told), "."))
    if details.get("room"):
        sentences.append(line(words.text("It is shown in another channel too.")))
    if details.get("page"):
        sentences.append(line(words.text("{target} was paged.", target=details["page"])))
    sentences += [_skipped(to, reason, words) for to, reason in details.get("skipped", ())]
    spans: list[Span] = []
    for sentence in sentences:
        spans += [*([" "] if spans and sentence else []), *sentence]
    return tuple(spans)


def _why(step: AlertStep, alert: Alert, people: Mapping[str, Person], words: Words) -> Line:
    details = step.details
    waited, was = _lasted(details.get("waited", 0), words), details.get("was")
    match details.get("why"):
        case "late":
            return line(words.text("Nobody took it on in {waited}.", waited=waited))
        case "unacked":
            return words.spans("It still fires {waited} after {person} took it on, so it is open again.",
                               waited=waited, person=_person(was, people, words, is_mentioned=True))
        case "worse" if was is not None:
            return words.spans("Now {severity}, worse than when {person} took it on, so it is open again.",
                               severity=_severity(details, words),
                               person=_person(was, people, words, is_mentioned=True))
        case "worse":
            return line(words.text("Now {severity}.", severity=_severity(details, words)))
    if alert.acked_by is not None and alert.state is AlertState.ACKED:
        return words.spans("It fires again; {person} is on it.",
                           person=_person(alert.acked_by, people, words, is_mentioned=True))
    return line(words.text("It fires again."))


def _skipped(to: str, reason: str, words: Words) -> Line:
    if reason == "empty":
        return line(words.text("Nobody is {role}, so that step was skipped.", role=role_name(to, words)))
    return line(words.text("Whoever is {role} knows already.", role=role_name(to, words)))


def over_line(step: AlertStep, alert: Alert, words: Words) -> Line:
    lasted = duration(step.at - alert.opened_at, words)
    if step.details.get("how") == "lapsed":
        return line(words.text("Over after {lasted}: its sender stopped repeating it", lasted=lasted))
    return line(words.text("Over after {lasted}", lasted=lasted))


def _severity(details: Mapping[str, Any], words: Words) -> str:
    return words.term(SEVERITY[details["severity"]])


def _lasted(seconds: int, words: Words) -> str:
    return duration(timedelta(seconds=seconds), words)


def _listed(parts: Sequence[tuple[Span, ...]]) -> list[Span]:
    spans: list[Span] = []
    for part in parts:
        spans += [*([", "] if spans else []), *part]
    return spans


def _person(person_id: str | None, people: Mapping[str, Person], words: Words, *,
            is_mentioned: bool) -> Span:
    person = people.get(person_id or "")
    if person_id is not None and is_mentioned:
        return Mention(person_id, person.name if person is not None else words.text("somebody"))
    return Bold(person.name if person is not None else words.text("somebody"))

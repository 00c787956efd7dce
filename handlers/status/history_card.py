"""Who changed what and when, in words."""

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime

from handlers.chat.cards import Bold, Buttons, Card, Element, Line, Note, Text, line
from handlers.people.dates import say_date
from handlers.people.roles import ROLES
from handlers.pilots import schedule
from handlers.status.cards import Reader, either, open_pilot, pager, pages_of, role_title, short
from storage.models import AuditEntry, Person, Pilot

Names = Mapping[str, Person]

# `{s}`: what it was done to. Details (evidence, reason, dates, people) follow by themselves.
_SAID = {
    "pilot created": "registered the pilot",
    "pilot paused": "paused the pilot",
    "pilot resumed": "resumed the pilot",
    "pilot stopped": "stopped the pilot",
    "gate passed": "passed the gate to {s}",
    "item done": "{s} done",
    "item not applicable": "{s} not applicable",
    "item reopened": "{s} reopened",
    "item planned": "{s} planned",
    "item put off": "{s} put off",
    "help offered": "help with {s} offered",
    "item due moved": "{s} moved",
    "item blocked": "{s} blocked",
    "item unblocked": "{s} not blocked any more",
    "item handed over": "{s} handed over",
    "item on it": "on it: {s}",
    "item joined": "joined in on {s}",
    "item left": "not on {s} any more",
    "item repeats": "{s} opened again, as it repeats",
    "item waived": "{s} waived",
    "waiver ran out": "{s} open again, its waiver ran out",
    "nudges halved": "made the nudges half as frequent, as too few were acted on",
    "nudges as before": "made the nudges as frequent as before, as more were acted on",
    "decision taken": "took a decision about {s}",
    "ask added": "{s} asked for",
    "gap given": "{s} opened for a runbook gap",
    "gap laid aside": "runbook gap laid aside, {s}",
    "briefing slot": "{s} has a slot",
    "briefing held": "{s} held",
    "briefing not held": "{s} was not held",
    "briefing called off": "{s} called off, no time yet",
    "briefing offered in writing": "{s} may be answered in writing",
    "briefing answered in part": "{s} answered in part",
    "briefing answered": "{s} answered in writing",
    "channel nudge set": "changed the channel's nudge",
    "seat filled": "{s} seat offered",
    "seat accepted": "{s} seat accepted",
    "seat handed back": "{s} seat handed back",
    "runbook wanted": "told the owners that a runbook is missing",
    "message dropped": "decided that a message is not sent ({s})",
}
_WHO = {"clock": "Ground Crew, by the clock", "admin": "An admin"}
"""Actors that are no person of the workspace."""
_ONLY = {"pilot created": {"purpose", "kickoff_on", "items"}, "seat accepted": set(),
         "item repeats": {"due_on"}}
"""Of these, only so much of what changed is worth a line."""
_TEXTS = ("title", "purpose", "evidence", "reason")
_TOLD = {"times", "state", "stage", "role", "gate", "gap", "after", "blocking", "of", "closed_by"}
"""Facts that the words say already, or that say nothing to a reader."""
_PREFIX = {
    "kickoff_on": " with kickoff", "due_on": ", due", "plan_on": " for", "snoozed_until": " until",
    "slot_at": " on", "owner": " to", "person": " to", "blocked_by": " by", "waived_until": " until",
}
_LABELS = {"dates_moved_wd": "open dates moved by {} working days", "items": "{} items",
           "answered": "{} of 5 questions", "outside_hours": "outside working hours, {}"}
_ISO_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_ISO_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d.*")
_PERSON = re.compile(r"[a-z]+:[A-Z0-9]{3,}")


def history_card(pilot: Pilot, entries: Sequence[AuditEntry], names: Names, reader: Reader,
                 page: int) -> Card:
    """One page of the audit trail, newest first."""
    if not entries:
        return Card(f"{pilot.name}: nothing was changed yet", (Buttons((open_pilot(pilot, "Status"),)),))
    elements: list[Element] = []
    for entry in entries:
        elements += [Text((changed(entry, names, reader, pilot),)),
                     Note(line(f"#{entry.seq} · by {entry.door}"))]
    pages = pages_of(pilot.audit_seq)
    buttons = (*pager(f"history:{pilot.id}", page, pages), open_pilot(pilot, "Status"))
    word = "change" if pilot.audit_seq == 1 else "changes"
    at = f" · page {page + 1} of {pages}" if pages > 1 else ""
    return Card(f"{pilot.name}: {pilot.audit_seq} {word}, newest first{at}",
                (*elements, Buttons(buttons)))


def changed(entry: AuditEntry, names: Names, reader: Reader, pilot: Pilot) -> Line:
    """'Fri 27 Nov 09:31 · Priya Shah · W1-02 done: minutes in the wiki'."""
    who = _WHO.get(entry.actor) or _name(entry.actor, names)
    return line(f"{reader.moment(entry.at)} · ", Bold(who), f" · {what(entry, names, reader, pilot)}")


def what(entry: AuditEntry, names: Names, reader: Reader, pilot: Pilot) -> str:
    """What was done, with what it changed. A verb that is not in the table is said as it was written."""
    subject = _subject(entry, pilot)
    pattern = _SAID.get(entry.what)
    if pattern is not None:
        said = pattern.format(s=subject).strip()
    else:
        verb = entry.what.removeprefix("item ") if subject else entry.what
        said = f"{subject} {verb}".strip()
    only = _ONLY.get(entry.what)
    facts = {key: value for key, value in entry.after.items()
             if value not in (None, "", [], {}) and (only is None or key in only)}
    for key, prefix in _PREFIX.items():
        if key in facts:
            was = entry.before.get(key)
            said += f"{prefix} {_fact(facts[key], names, reader)}"
            said += f" (was {_fact(was, names, reader)})" if was and was != facts[key] else ""
    told = [short(str(facts[key]), 160) for key in _TEXTS if key in facts]
    told += [_labelled(key, _fact(value, names, reader)) for key, value in facts.items()
             if key not in _TOLD and key not in _TEXTS and key not in _PREFIX and not isinstance(value, dict)]
    return short(f"{said}: {' · '.join(told)}" if told else said, 400)


def _subject(entry: AuditEntry, pilot: Pilot) -> str:
    if entry.subject in ROLES:
        return role_title(entry.subject)
    if entry.subject in schedule.STAGES:
        return schedule.title_of(entry.subject, pilot.stages)
    return entry.subject


def _labelled(key: str, value: str) -> str:
    label = _LABELS.get(key)
    return f"{key.replace('_', ' ')} {value}" if label is None else label.format(value)


def _fact(value: object, names: Names, reader: Reader) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case list():
            return either([_fact(each, names, reader) for each in value])
        case str() if _ISO_DAY.fullmatch(value):
            return say_date(date.fromisoformat(value), reader.today)
        case str() if _ISO_MOMENT.fullmatch(value):
            return reader.moment(datetime.fromisoformat(value))
        case str() if _PERSON.fullmatch(value):
            return _name(value, names)
    return short(str(value), 120)


def _name(person_id: str, names: Names) -> str:
    person = names.get(person_id)
    return person.name if person else "somebody"


def people_in(entries: Sequence[AuditEntry]) -> set[str]:
    """Ids of everybody whom these entries speak of."""
    found = {entry.actor for entry in entries}
    for entry in entries:
        for value in (*entry.before.values(), *entry.after.values()):
            for each in value if isinstance(value, list) else [value]:
                if isinstance(each, str) and _PERSON.fullmatch(each):
                    found.add(each)
    return found - _WHO.keys()

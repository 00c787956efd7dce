"""What became of a decision, by whom, and what follows from it: from what was written down in that moment."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from handlers.chat.cards import Bold, Line, line, prose
from handlers.chat.wording import Words
from handlers.nudges.decision_rules import Choice
from storage.models import AuditEntry, Item, Person
from storage.nudging import Decision
from storage.pilots import Dossier

TAKEN = "decision taken"
"""The audit entry of a decision; beside it stands that of what it changed."""


class Told(Protocol):
    """To whom it is told."""

    @property
    def dossier(self) -> Dossier: ...
    @property
    def reader(self) -> Person: ...
    @property
    def today(self) -> date: ...
    @property
    def now(self) -> datetime: ...
    def name(self, person_id: str | None, words: Words) -> str: ...


@dataclass(frozen=True, slots=True)
class Outcome:
    title: str
    lines: tuple[Line, ...]
    """The title in bold, by whom and why, what follows."""


def outcome(decision: Decision, item: Item, entries: Sequence[AuditEntry], to: Told, words: Words) -> Outcome:
    """A closed decision in words."""
    change = next((entry for entry in entries if entry.what != TAKEN), None)
    facts = _Facts(decision, item, change, to, words)
    if decision.choice is None:
        title, then = _without(facts), ""
    else:
        title, then = _SAID[Choice(decision.choice)](facts)
    lines = [line(Bold(title)), line(facts.by_whom())]
    return Outcome(title, (*lines, prose(then)) if then else tuple(lines))


@dataclass(frozen=True, slots=True)
class _Facts:
    decision: Decision
    item: Item
    change: AuditEntry | None
    to: Told
    words: Words

    @property
    def pilot(self) -> str:
        return self.to.dossier.pilot.name

    def after(self, key: str) -> str | None:
        value = self.change.after.get(key) if self.change is not None else None
        return None if value is None else str(value)

    def day(self, key: str) -> str:
        """A day that was written down, in the reader's words."""
        value = self.after(key)
        return self.words.day(date.fromisoformat(value), self.to.today) if value else ""

    def name(self, person_id: str | None) -> str:
        return self.to.name(person_id, self.words)

    def by_whom(self) -> str:
        """'By Marta Keller: the vendor slipped'."""
        who = self.decision.decided_by or (self.change.actor if self.change is not None else None)
        reason = self.after("reason") or self.after("evidence")
        words = self.words
        if who == self.to.reader.id:
            return words.text("By you: {reason}", reason=reason) if reason else words.text("By you.")
        if reason:
            return words.text("By {who}: {reason}", who=self.name(who), reason=reason)
        return words.text("By {who}.", who=self.name(who))


def _date(facts: _Facts) -> tuple[str, str]:
    words = facts.words
    return (words.text("Decided: {item} ({pilot}) is due {day} now", item=facts.item.title, pilot=facts.pilot,
                       day=facts.day("due_on")),
            words.text("Its owner sees the new date, and is asked as for any other; everybody who was told "
                       "hears no more of the old one."))


def _reassign(facts: _Facts) -> tuple[str, str]:
    words = facts.words
    return (words.text("Decided: {item} ({pilot}) is with {name} now", item=facts.item.title,
                       pilot=facts.pilot, name=facts.name(facts.after("owner"))),
            words.text("They were told at once. Its date stays; `/pilot due {ref} DATE reason` moves it.",
                       ref=facts.item.ref))


def _waive(facts: _Facts) -> tuple[str, str]:
    words = facts.words
    return (words.text("Decided: {item} ({pilot}) is waived until {day}", item=facts.item.title,
                       pilot=facts.pilot, day=facts.day("waived_until")),
            words.text("Its gate may be passed without it until then. On the day after it is open again and "
                       "its owner hears of it; `/pilot status` shows it all the while."))


def _pause(facts: _Facts) -> tuple[str, str]:
    words = facts.words
    return (words.text("Decided: {pilot} is paused", pilot=facts.pilot),
            words.text("Nobody is asked for anything in it, and open dates move by the working days that it "
                       "lasts. `/pilot resume` goes on."))


def _stop(facts: _Facts) -> tuple[str, str]:
    words = facts.words
    return (words.text("Decided: {pilot} is stopped", pilot=facts.pilot),
            words.text("A decision to stop is a good outcome too. The record stays in `/pilot history`."))


_SAID: dict[Choice, Callable[[_Facts], tuple[str, str]]] = {
    Choice.DATE: _date, Choice.REASSIGN: _reassign, Choice.WAIVE: _waive, Choice.PAUSE: _pause,
    Choice.STOP: _stop}


def _without(facts: _Facts) -> str:
    """The title where it was settled before anybody decided."""
    words = facts.words
    named = {"item": facts.item.title, "pilot": facts.pilot}
    match facts.change.what if facts.change is not None else "":
        case "item done" | "briefing held":
            return words.text("No decision is needed any more: {item} ({pilot}) is done", **named)
        case "item not applicable":
            return words.text("No decision is needed any more: {item} ({pilot}) does not apply", **named)
        case "item waived":
            return words.text("No decision is needed any more: {item} ({pilot}) is waived until {day}",
                              day=facts.day("waived_until"), **named)
        case "item due moved":
            return words.text("No decision is needed any more: {item} ({pilot}) is due {day} now",
                              day=facts.day("due_on"), **named)
        case "pilot paused":
            return words.text("No decision is needed now: {pilot} is paused", pilot=facts.pilot)
        case "pilot stopped":
            return words.text("No decision is needed any more: {pilot} was stopped", pilot=facts.pilot)
    if facts.item.owner_id is not None:
        return words.text("No decision is needed any more: {item} ({pilot}) is with {name} now",
                          name=facts.name(facts.item.owner_id), **named)
    return words.text("No decision is needed any more: {item} ({pilot}) is without an owner now", **named)


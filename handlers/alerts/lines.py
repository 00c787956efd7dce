"""Lines in an alert's thread: what happened to it, one step each."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from handlers.alerts import escalation_cards, outward_cards
from handlers.alerts.cards import duration, moment
from handlers.chat.cards import Card, Line, Text, line
from handlers.chat.ports import CLOCK
from handlers.chat.wording import Words, marked
from storage.alerting import Alert, AlertStep
from storage.models import Person

_CAUSES = {"threshold": marked("the limit is too low"), "data": marked("the data was wrong"),
           "expected": marked("it was to be expected")}


def line_card(step: AlertStep, alert: Alert, people: Mapping[str, Person], words: Words,
              thread: str, room: str) -> Card | None:
    """The line of one step in a room; None: it is not for people."""
    spoken = said(step, alert, people, words, room)
    if spoken is None:
        return None
    return Card("", (Text((spoken,)),), bare_title=True, thread=thread)


def said(step: AlertStep, alert: Alert, people: Mapping[str, Person], words: Words,
         room: str = "") -> Line | None:
    """One step in words, as a room sees it; None: it is not for people."""
    after = duration(step.at - alert.opened_at, words)
    person = _name(step.actor, people, words)
    match step.what:
        case "acked":
            if step.details.get("instead_of"):
                return line(words.text("{person} took it over, {after} after it began", person=person,
                                       after=after))
            return line(words.text("{person} took it on, {after} after it began", person=person, after=after))
        case "eta":
            return words.spans("{person} expects to be done {moment}", person=person,
                               moment=moment(datetime.fromisoformat(step.details["until"])))
        case "resolved":
            return line(words.text("{person} resolved it, {after} after it began", person=person,
                                   after=after))
        case "false-alarm" if step.details.get("cause") in _CAUSES:
            return line(words.text("{person} says it was a false alarm, {cause}: {reason}", person=person,
                                   cause=words.term(_CAUSES[step.details["cause"]]),
                                   reason=step.details.get("reason", "")))
        case "false-alarm":
            return line(words.text("{person} says it was a false alarm: {reason}", person=person,
                                   reason=step.details.get("reason", "")))
        case "retrain" if step.actor == CLOCK:
            return line(words.text("Retraining was asked for by the policy. {why}", why=step.details["why"]))
        case "retrain":
            return line(words.text("{person} asked for retraining: {why}", person=person,
                                   why=step.details["why"]))
        case "retrain-ok":
            return line(words.text("{person} confirmed the retraining", person=person))
        case "sent-out":
            return line(outward_cards.taken_words(step.details, words))
        case "not-sent":
            return line(outward_cards.not_taken_words(step.details, words))
        case "told" | "unacked" | "again":
            return escalation_cards.told_line(step, alert, people, words, room)
        case "over":
            return escalation_cards.over_line(step, alert, words)
        case "silenced":
            return words.spans("{person} silenced it until {moment}: {reason}", person=person,
                               moment=moment(datetime.fromisoformat(step.details["until"])),
                               reason=step.details.get("reason", ""))
        case "unsilenced":
            if step.actor == CLOCK:
                return line(words.text("The silence is over and it still fires"))
            return line(words.text("{person} ended the silence, and it still fires", person=person))
    return None


def _name(person_id: str | None, people: Mapping[str, Person], words: Words) -> str:
    person = people.get(person_id or "")
    return person.name if person is not None else words.text("Somebody")

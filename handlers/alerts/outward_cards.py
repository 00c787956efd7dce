"""What is said of calls to other systems: a line in the alert's thread, a message to the admins."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from handlers.alerts.cards import moment
from handlers.alerts.outward_policy import PAGES, RETRAINS
from handlers.chat.cards import Card, Line, Text, line
from handlers.chat.wording import Words
from storage.alerting import Outgoing

_TRAIN = (*RETRAINS, "retrain")
"""Kinds of calls that ask for a training: by their target's, or by what they are for."""


def taken_words(details: Mapping[str, Any], words: Words) -> str:
    """The end of a call, as one line."""
    target, kind, answer = _of(details)
    if kind in _TRAIN:
        return words.text("{target} took the request to train again: {answer}", target=target, answer=answer)
    if details.get("action") == "resolve":
        return words.text("{target} was told that it is over", target=target)
    if details.get("action") == "acknowledge":
        return words.text("{target} was told that somebody is on it", target=target)
    if kind in PAGES:
        return words.text("Paged through {target}", target=target)
    return words.text("{target} was called", target=target)


def not_taken_words(details: Mapping[str, Any], words: Words) -> str:
    """What could not be done, and why."""
    target, kind, answer = _of(details)
    if kind in _TRAIN:
        return words.text("The request to train again was not taken by {target}: {reason}", target=target,
                          reason=answer)
    if kind in PAGES and details.get("action") in (None, "", "trigger"):
        return words.text("The page to {target} was not taken: {reason}", target=target, reason=answer)
    return words.text("The call to {target} was not taken: {reason}", target=target, reason=answer)


def not_taken_card(row: Outgoing, words: Words) -> Card:
    """A call that is not taken, as things stand: tried again, given up, or taken in the end."""
    details = {"target": row.target, "kind": row.kind, "answer": row.answer or "",
               "action": row.body.get("action")}
    if row.done_at is not None:
        return Card(f"✓ {taken_words(details, words)}", (Text((
            words.spans("It was not taken before; the try of {moment} was.", moment=moment(row.done_at)),)),))
    if row.next_at is not None:
        then: Line = words.spans("I go on trying; once what is wrong is mended, it goes by itself. First "
                                 "asked for {moment}.", moment=moment(row.made_at))
    else:
        then = line(words.count(
            "I tried {number} time and have given up. What depends on it has to be done by hand.",
            "I tried {number} times and have given up. What depends on it has to be done by hand.",
            row.attempts))
    return Card(f"⚠ {not_taken_words(details, words)}", (Text((then,)),))


def _of(details: Mapping[str, Any]) -> tuple[str, str, str]:
    return str(details.get("target")), str(details.get("kind")), str(details.get("answer") or "")

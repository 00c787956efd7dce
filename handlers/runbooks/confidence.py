"""How sure we are that the best hit answers the question.

A score says nothing by itself: long questions score higher. So it is measured by what a section would score
that says every word of the question, where a word that no runbook holds weighs as much as the rarest that one
holds: what nobody wrote about is known by the words that nobody wrote.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from handlers.runbooks.ranking import Candidate, Ranking
from handlers.runbooks.values import Entry, Verdict

ANSWERS_FROM: Final = 0.5
CLOSEST_FROM: Final = 0.2

_EVEN: Final = 0.36
"""The share of a perfect score at which we are half sure."""
_STEEPNESS: Final = 2.0
_UNKNOWN: Final = 1.2
"""How much a word that no runbook holds weighs beside the rarest that one holds."""
_LATER: Final = 0.6
"""How much what is said after the first sentence weighs: it explains more than it asks."""
_SAYS_ENOUGH: Final = 0.9
"""A question that says less than this, beside a word that nothing holds, is too vague to be sure of."""
_NAMED: Final = 0.95
_CALLED: Final = 0.7
_ONE_OF_SEVERAL: Final = 0.45
_NOT_SAID: Final = 0.5
_STUB: Final = 0.7
_OLD: Final = 0.85


def confidence(ranking: Ranking, best: Candidate) -> float:
    """0 to 1, by words alone."""
    if best.is_named:
        return _NAMED
    asked = says = 0.0
    for concept in ranking.asked.concepts:
        if concept.is_name and not concept.terms:
            continue  # its parts speak for it
        worth = ranking.worth(concept)
        says += worth
        asked += worth * (_LATER if concept.is_later else 1.0) * (1.0 if concept.terms else _UNKNOWN)
    if asked <= 0:
        return 0.0
    share = best.score / ranking.perfect(asked) * min(1.0, says / (_SAYS_ENOUGH * ranking.most))
    return float(share ** _STEEPNESS / (share ** _STEEPNESS + _EVEN ** _STEEPNESS))


def pointed(confidence: float, *, is_alike: bool) -> float:
    """Of a section whose heading says just what is asked: surely meant if only one page has it, else hardly.

    `is_alike`: several pages have it.
    """
    return min(confidence, _ONE_OF_SEVERAL) if is_alike else max(confidence, _CALLED)


def told(confidence: float) -> float:
    """Of a page without a section for what is asked, as where it says nowhere whom to call."""
    return confidence * _NOT_SAID


def trusted(confidence: float, entry: Entry, today: date | None, stale_after: timedelta) -> float:
    """Less where nobody has written the page yet, or nobody has touched it for long.

    `today`: None: age is not looked at.
    """
    if entry.is_stub:
        confidence *= _STUB
    if today and entry.changed_on and today - entry.changed_on > stale_after:
        confidence *= _OLD
    return confidence


def verdict(confidence: float) -> Verdict:
    if confidence >= ANSWERS_FROM:
        return Verdict.ANSWER
    return Verdict.CLOSEST if confidence >= CLOSEST_FROM else Verdict.NOTHING

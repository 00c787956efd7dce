"""Reads what is typed to silence alerts: ``name=FeatureDrift model=~churn-.* for 4h known issue``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final

from handlers.alerts.holding import PATTERN, exact
from handlers.alerts.patterns import LONGEST, LONGEST_VALUE, Unfit, compiled
from handlers.alerts.routing_policy import LABEL
from handlers.chat.errors import Refused, inside
from handlers.fields import span_of
from handlers.people.calendar import Calendar

SHORTEST, LONGEST_SPAN = timedelta(minutes=5), timedelta(days=30)
REASON_AT_LEAST, REASON_AT_MOST = 3, 300
NOBODYS: Final = "none"
"""As the pilot: only alerts of no pilot."""
_MATCHERS: Final = 10
_MATCHER = re.compile(rf"""({LABEL})\s*(=~|=|!=|!~)\s*(?:["“”„]([^"“”]*)["“”]|([^\s,"“”]*))[\s,]*""")
_FOR = re.compile(r"(?<!\S)(?:for|until)\s+(\S+)(?=\s|$)", re.IGNORECASE)
_USAGE: Final = "`/alerts silence name=FeatureDrift model=churn-xgb for 4h reason`"
_TOMORROW: Final = time(9)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A silence as it was typed."""

    matchers: Mapping[str, str]
    until: datetime
    reason: str
    pilot: str | None = None
    """The pilot's name, or NOBODYS; None: it is not said."""


def read(text: str, now: datetime, calendar: Calendar) -> Wanted:
    """Raises Refused with what to type."""
    for found in _FOR.finditer(text):
        until = until_of(found[1].strip(",.;:").casefold(), now, calendar)
        if until is not None:
            matchers, pilot = _matchers(text[:found.start()].strip())
            check_until(until, now)
            return Wanted(matchers, until, reason_of(text[found.end():]), pilot)
    raise Refused("Say for how long, at most 30 days: `for 4h`, `for 3d` or `until tomorrow`, as in "
                  f"{_USAGE}.")


def until_of(word: str, now: datetime, calendar: Calendar) -> datetime | None:
    """The moment that ``4h`` or ``tomorrow`` names; None: it is no such word."""
    if word == "tomorrow":
        return calendar.at(calendar.today(now) + timedelta(days=1), _TOMORROW)
    span = span_of(word)
    return now + span if span is not None else None


def check_until(until: datetime, now: datetime) -> None:
    """Raises Refused unless it lies within what a silence may last."""
    if not SHORTEST <= until - now <= LONGEST_SPAN:
        raise Refused("A silence lasts 5 minutes at least and 30 days at most, so that nothing is forgotten: "
                      "give `4h` or `3d`, for example.")


def reason_of(text: str) -> str:
    """The reason, on one line. Raises Refused where it says nothing."""
    said = " ".join(text.split()).lstrip(":-– ")
    if len(said) < REASON_AT_LEAST:
        raise Refused("Say why, in a few words: whoever wonders at the quiet reads it.",
                      fields={"reason": "Say why, in a few words."})
    return said[:REASON_AT_MOST]


def _matchers(text: str) -> tuple[dict[str, str], str | None]:
    found: dict[str, str] = {}
    pilot, at = None, 0
    while at < len(text):
        one = _MATCHER.match(text, at)
        if one is None:
            raise Refused(f"I read no `label=value` in `{inside(text[at:at + 60])}`. Write {_USAGE}.")
        label, sign, value = one[1], one[2], one[3] if one[3] is not None else one[4]
        at = one.end()
        if label == "pilot":
            pilot = value
        else:
            found[label] = _matcher(label, sign, value)
    if not found and pilot is None:
        raise Refused(f"Say which alerts, by their labels: {_USAGE}.")
    if not found:
        raise Refused("That would silence all of them. Name a label too, such as `severity=warning`.")
    if len(found) > _MATCHERS:
        raise Refused(f"Ten labels at most, please; here are {len(found)}.")
    return found, pilot


def _matcher(label: str, sign: str, value: str) -> str:
    """As it is stored. Raises Refused."""
    if sign.startswith("!"):
        raise Refused("I silence what a label is, not what it is not: such a silence would hold what nobody "
                      "has thought of yet. Write `=` or `=~`.")
    if not value or len(value) > min(LONGEST, LONGEST_VALUE):
        raise Refused(f"Give `{label}` a value of at most {LONGEST} characters.")
    if sign == "=":
        return exact(value)
    try:
        compiled(value)
    except Unfit as unfit:
        raise Refused(f"The pattern of `{label}` {unfit}.") from unfit
    return f"{PATTERN}{value}"

"""Whether an alert is held back, by a silence or by another alert: decided from values alone."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256

from handlers.alerts.inhibition_policy import Rule
from handlers.alerts.lifetime import PAGES
from handlers.alerts.patterns import Unfit, compiled, fits
from storage.alerting import Alert
from storage.silences import Quiet

PILOT = "pilot"
"""Among a silence's matchers, with no value: only alerts of no pilot."""
PATTERN = "~"
"""What a matcher's value begins with where it is a pattern."""


def is_held(alert: Alert) -> bool:
    """Whether nobody is to be told of it just now; of one that is over: whether nobody was to be."""
    return alert.silence_id is not None or alert.inhibited_by is not None


def value_in(alert: Alert, label: str) -> str:
    """What an alert's conditions have in common, by label; "" where it has none."""
    match label:
        case "name":
            return alert.name
        case "source":
            return alert.source
        case "severity":
            return alert.severity
        case "title":
            return alert.title
    return alert.labels.get(label, "")


# ---- silences ----------------------------------------------------------------------------------------------


def silenced_by(alert: Alert, silences: Iterable[Quiet]) -> Quiet | None:
    """The first of these that matches; the one that ends last is to come first."""
    return next((each for each in silences if matches(alert, each.matchers, each.pilot_id)), None)


def matches(alert: Alert, matchers: Mapping[str, str], pilot_id: int | None) -> bool:
    """Whether a silence of these matchers, of this pilot or of any, matches."""
    if pilot_id is not None and alert.pilot_id != pilot_id:
        return False
    return all(_has(alert, label, wanted) for label, wanted in matchers.items())


def _has(alert: Alert, label: str, wanted: str) -> bool:
    if label == PILOT and not wanted:
        return alert.pilot_id is None
    if not wanted.startswith(PATTERN):
        return value_in(alert, label) == wanted
    try:
        return fits(compiled(wanted.removeprefix(PATTERN)), value_in(alert, label))
    except Unfit:
        return False  # it was checked when it was made; a rule that has become stricter mutes nothing


def exact(value: str) -> str:
    """A matcher for just this value."""
    return f"{PATTERN}{re.escape(value)}" if value.startswith(PATTERN) else value


# ---- inhibition --------------------------------------------------------------------------------------------


def holds(alert: Alert, rules: Sequence[Rule]) -> set[str]:
    """The keys of what this alert holds back while it lasts."""
    if alert.is_storm:
        return set()
    return {key for rule in rules if _fits(alert, rule.source) and (key := _key(alert, rule)) is not None}


def is_held_by(alert: Alert, rules: Sequence[Rule]) -> list[str]:
    """The keys by which this alert is held back where another has them; never a page."""
    if alert.is_storm or alert.rank <= PAGES:
        return []
    return [key for rule in rules if _fits(alert, rule.target) and not _fits(alert, rule.source)
            and (key := _key(alert, rule)) is not None]


def _fits(alert: Alert, patterns: Mapping[str, re.Pattern[str]]) -> bool:
    return bool(patterns) and all(fits(pattern, value_in(alert, label))
                                  for label, pattern in patterns.items())


def _key(alert: Alert, rule: Rule) -> str | None:
    """What source and target of a rule have in common; None: it lacks a label that has to be there."""
    both = [value_in(alert, label) for label in rule.equal]
    if not both or not all(both):
        return None
    given = [value_in(alert, label) for label in rule.equal_where_given]
    return sha256("\x00".join([rule.name, *both, "", *given]).encode()).hexdigest()[:32]

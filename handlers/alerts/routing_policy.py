"""Reads the section `routing` of the alert policy: where signals go and what is one alert."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Final

from handlers.alerts.patterns import Unfit, compiled
from handlers.alerts.policy import EVERY, Policy, Route
from handlers.fields import Fields, quoted

KEYS: tuple[str, ...] = ("operations", "routes", "group_by", "ignore", "debounce", "edit_every",
                         "reopen_within", "flapping", "stale_after", "storm", "churn_per_hour", "skew")
_ROUTE: Final = ("name", "match", "pilot", "channel", "group_by")
_FLAPPING: Final = ("turns", "within", "hold")
_STORM: Final = ("per_minute", "over", "shown")
_CHANNEL: Final = r"[CG][A-Z0-9]{7,20}"
_CHANNEL_ADVICE: Final = ("write the channel's id, such as C012AB3CD: Slack shows it at the bottom of the "
                          "channel's About")
LABEL: Final = r"[A-Za-z_][A-Za-z0-9_.:/-]{0,79}"
LABEL_ADVICE: Final = "write the label's name as its sender has it, such as `model`"
_NAME: Final = 60
_SECOND, _MINUTE, _HOUR, _DAY = (timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1),
                                 timedelta(days=1))
_NONE: Final = timedelta()


def read(fields: Fields) -> Policy:
    """The section, of which the built-in file has every key but `operations` and `routes`."""
    turns, within, hold = _flapping(fields)
    per_minute, over, shown = _storm(fields)
    return Policy(
        routes=_routes(fields), group_by=_group_by(fields) or (), ignore=_ignore(fields),
        debounce=fields.span("debounce", _NONE, _MINUTE),
        edit_every=fields.span("edit_every", _SECOND, 10 * _MINUTE),
        reopen_within=fields.span("reopen_within", _NONE, _DAY),
        flapping_turns=turns, flapping_within=within, flapping_hold=hold,
        stale_after=fields.span("stale_after", 10 * _MINUTE, 30 * _DAY),
        storm_per_minute=per_minute, storm_over=over, storm_shown=shown,
        churn_per_hour=fields.whole("churn_per_hour", 5, 100_000),
        skew=fields.span("skew", _SECOND, _DAY), operations=_channel(fields, "operations"))


def _channel(fields: Fields, key: str) -> str | None:
    """``slack:C1``; None: it is not said, or wrong."""
    found = fields.match(key, _CHANNEL, _CHANNEL_ADVICE) if fields.has(key) else ""
    return f"slack:{found}" if found else None


def _flapping(fields: Fields) -> tuple[int, timedelta, timedelta]:
    below = fields.fields("flapping", "`flapping`", _FLAPPING)
    if below is None:
        return 2, _MINUTE, _SECOND
    below.need(_FLAPPING)
    return (below.whole("turns", 2, 1000), below.span("within", _MINUTE, _DAY),
            below.span("hold", _SECOND, _DAY))


def _storm(fields: Fields) -> tuple[int, timedelta, int]:
    below = fields.fields("storm", "`storm`", _STORM)
    if below is None:
        return 1, _MINUTE, 1
    below.need(_STORM)
    return (below.whole("per_minute", 1, 60), below.span("over", _MINUTE, _DAY), below.whole("shown", 1, 40))


def _ignore(fields: Fields) -> frozenset[str]:
    return frozenset(fields.words("ignore", LABEL, LABEL_ADVICE, or_none=True))


def _group_by(fields: Fields) -> tuple[str, ...] | None:
    """None: it is not said."""
    if not fields.has("group_by"):
        return None
    if fields.peek("group_by") == EVERY:
        return (EVERY,)
    found = fields.words("group_by", rf"{LABEL}|\.\.\.", f"{LABEL_ADVICE}, or `\"...\"` for all labels",
                         or_none=True)
    if EVERY in found and len(found) > 1:
        fields.wrong("group_by", '`group_by` has `...`, which means every label, and others; write `"..."` '
                                 "alone, or only the others.")
    return found


# ---- routes ------------------------------------------------------------------------------------------------


def _routes(fields: Fields) -> tuple[Route, ...]:
    found: dict[str, Route] = {}
    lines: dict[str, int] = {}
    for number, below in enumerate(fields.entries("routes", "Route", _ROUTE), 1):
        route = _route(below, number)
        if route.name in found:
            below.wrong("name", f"there is a route {quoted(route.name)} already, on line "
                                f"{lines[route.name]}; give each a name of its own.")
        found[route.name], lines[route.name] = route, below.line_of("name")
    return tuple(found.values())


def _route(fields: Fields, number: int) -> Route:
    fields.need(("name",))
    name = fields.text("name", _NAME) if fields.says("name") else ""
    if name:
        fields.what = f"Route {quoted(name)}"
    pilot = fields.text("pilot", 80) if fields.has("pilot") else None
    channel = _channel(fields, "channel")
    if fields.has("pilot") and fields.has("channel"):
        fields.wrong("channel", "it has both `pilot` and `channel`; keep one. An alert of a pilot goes to "
                                "the pilot's channel.")
    elif not fields.has("pilot") and not fields.has("channel"):
        fields.fault(fields.line, "it says nothing of where alerts go; add `pilot: NAME` or `channel: "
                                  "C012AB3CD`.")
    if not fields.has("match"):
        fields.fault(fields.line, "`match` is missing; add it, such as `match: {model: churn-.*}`. "
                                  "`match: {name: .*}` takes everything.")
    return Route(name or f"#{number}", matchers(fields, "match"), pilot or None, channel, _group_by(fields))


def matchers(fields: Fields, key: str) -> Mapping[str, re.Pattern[str]]:
    """Label to pattern; what is wrong with one is noted."""
    found = {}
    for label, line, pattern in fields.pairs(key):
        if not re.fullmatch(LABEL, label):
            fields.fault(line, f"`{key}` holds {quoted(label)}, which is no label; {LABEL_ADVICE}.")
            continue
        try:
            found[label] = compiled(pattern)
        except Unfit as unfit:
            fields.fault(line, f"the pattern of `{label}`, {quoted(pattern)}, {unfit}.")
    if fields.has(key) and not found and fields.is_fine:
        fields.wrong(key, f"`{key}` is empty; name a label and what its value has to be.")
    return MappingProxyType(found)

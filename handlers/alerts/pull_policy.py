"""What is asked of monitoring systems again and again."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from types import MappingProxyType
from typing import Final

from handlers.alerts.outward_policy import Reach, read_address, read_texts, read_variable
from handlers.alerts.signals import Severity
from handlers.fields import Fields, quoted

KEYS: tuple[str, ...] = ("tell_after", "readings")
_PROMETHEUS: Final = ("query", "threshold", "severity", "name", "labels", "no_data")
_MLFLOW: Final = ("model", "alias")
_READING: Final = ("kind", "url", "secret_env", "allow_private", "allow_http", "timeout", "every", "pilot",
                   *_PROMETHEUS, *_MLFLOW)
_TELL_AFTER: Final = 3
NAME: Final = r"[a-z0-9][a-z0-9_-]{0,39}"


@dataclass(frozen=True, slots=True)
class Threshold:
    """What is too much, or too little, and in how many readings in a row."""

    above: float | None = None
    below: float | None = None
    for_windows: int = 1

    def is_passed_by(self, value: float) -> bool:
        """NaN passes none: nothing is known."""
        return (self.above is not None and value > self.above) or (
            self.below is not None and value < self.below)


@dataclass(frozen=True, slots=True)
class Reading:
    """One question that is asked again and again."""

    name: str
    kind: str
    """prometheus, mlflow."""
    url: str
    reach: Reach = field(default_factory=Reach)
    secret_env: str | None = None
    every: timedelta = timedelta(minutes=1)
    pilot: str | None = None
    """The pilot it is about, by its name."""
    query: str = ""
    threshold: Threshold = Threshold()
    severity: Severity = Severity.WARNING
    alert_name: str = ""
    labels: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    needs_data: bool = True
    """Whether an empty answer is a failure; a query that filters is empty while all is well."""
    model: str = ""
    alias: str = "champion"


@dataclass(frozen=True, slots=True)
class Pulls:
    """The section `pull` of the alert policy."""

    tell_after: int = _TELL_AFTER
    """So many failures in a row are an alert."""
    readings: Mapping[str, Reading] = field(default_factory=lambda: MappingProxyType({}))


def read(fields: Fields) -> Pulls:
    found = {}
    for name, line, node in fields.sections("readings"):
        reading = Fields(node, f"Reading {quoted(name)}", _READING, fields.faults)
        if re.fullmatch(NAME, name, re.ASCII) is None:
            reading.fault(line, "its name takes small letters, digits, - and _, 40 at most.")
        read_one = _reading(name, reading)
        if read_one is not None:
            found[name] = read_one
    tell_after = fields.whole("tell_after", 1, 100) if fields.says("tell_after") else _TELL_AFTER
    return Pulls(tell_after, MappingProxyType(found))


def _reading(name: str, fields: Fields) -> Reading | None:
    """None: something is wrong with it, and noted."""
    fields.need(("kind", "url"))
    kind = fields.one_of("kind", ("prometheus", "mlflow"), "kind of reading")
    if not kind:
        return None
    foreign = _MLFLOW if kind == "prometheus" else _PROMETHEUS
    for key in foreign:
        if fields.says(key):
            fields.wrong(key, f"`{key}` means nothing to {kind}; remove it.")
    fields.need(("query", "threshold") if kind == "prometheus" else ("model",))
    url, reach = read_address(fields)
    every = fields.whole("every", 10, 86_400) if fields.says("every") else 60 if kind == "prometheus" else 600
    severity = fields.one_of("severity", [each.value for each in Severity], "severity") or "warning"
    reading = Reading(
        name, kind, url, reach, read_variable(fields), timedelta(seconds=every),
        fields.text("pilot", 80) or None, query=fields.text("query", 4000), threshold=_threshold(fields),
        severity=Severity(severity), alert_name=fields.text("name", 100) or name,
        labels=MappingProxyType(read_texts(fields, "labels")),
        needs_data=fields.one_of("no_data", ("failure", "fine"), "way to take an empty answer") != "fine",
        model=fields.text("model", 200), alias=fields.text("alias", 200) or "champion")
    return reading if fields.is_fine else None


def _threshold(fields: Fields) -> Threshold:
    under = fields.fields("threshold", "`threshold`", ("above", "below", "for_windows"))
    if under is None:
        return Threshold()
    if not (under.says("above") or under.says("below")):
        fields.wrong("threshold", "`threshold` says neither `above` nor `below` what a value is too much or "
                                  "too little; add one of them.")
    for_windows = under.whole("for_windows", 1, 100) if under.says("for_windows") else 1
    found = Threshold(_number(under, "above"), _number(under, "below"), for_windows)
    if not under.is_fine:
        fields.is_fine = False
    return found


def _number(fields: Fields, key: str) -> float | None:
    if not fields.says(key):
        return None
    said = fields.raw(key)
    try:
        found = float(said)
    except ValueError:
        found = math.nan
    if not math.isfinite(found):
        fields.wrong(key, f"`{key}` is {quoted(said) if said else 'empty'}; write a number such as 0.25.")
        return None
    return found

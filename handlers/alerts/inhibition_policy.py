"""Which alerts hold which others back: the section `inhibit` of the alert policy."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from handlers.alerts.patterns import compiled
from handlers.alerts.routing_policy import LABEL, LABEL_ADVICE, matchers
from handlers.fields import Fields, quoted

KEYS: tuple[str, ...] = ("rules",)
_RULE: Final = ("name", "source", "target", "equal", "equal_where_given")
_NAME: Final = 60
_NOTHING: Final[Mapping[str, re.Pattern[str]]] = MappingProxyType({})
_SAME_PLACE: Final = ("env", "environment", "cluster", "namespace")


@dataclass(frozen=True, slots=True)
class Rule:
    """While an alert fits `source`, those that fit `target` and agree with it are held back."""

    name: str
    source: Mapping[str, re.Pattern[str]] = field(default_factory=lambda: _NOTHING)
    target: Mapping[str, re.Pattern[str]] = field(default_factory=lambda: _NOTHING)
    equal: tuple[str, ...] = ()
    """Labels that both have, with the same value."""
    equal_where_given: tuple[str, ...] = ()
    """Labels that both have with the same value, or neither has."""


def _drift_of(label: str) -> Rule:
    return Rule(f"down holds back drift of the same {label}",
                MappingProxyType({"severity": compiled("critical")}),
                MappingProxyType({"name": compiled(".*([Dd]rift|DRIFT).*"),
                                  "severity": compiled("warning|info")}),
                (label,), _SAME_PLACE)


@dataclass(frozen=True, slots=True)
class Inhibition:
    """The section `inhibit` of the alert policy."""

    rules: tuple[Rule, ...] = (_drift_of("model"), _drift_of("service"))


def read(fields: Fields) -> Inhibition:
    found: dict[str, Rule] = {}
    lines: dict[str, int] = {}
    for number, below in enumerate(fields.entries("rules", "Inhibition rule", _RULE, or_none=True), 1):
        rule = _rule(below, number)
        if rule.name in found:
            below.wrong("name", f"there is a rule {quoted(rule.name)} already, on line {lines[rule.name]}; "
                                "give each a name of its own.")
        found[rule.name], lines[rule.name] = rule, below.line_of("name")
    return Inhibition(tuple(found.values()))


def _rule(fields: Fields, number: int) -> Rule:
    fields.need(("name", "source", "target", "equal"))
    name = fields.text("name", _NAME)
    if name:
        fields.what = f"Inhibition rule {quoted(name)}"
    return Rule(name or f"#{number}", matchers(fields, "source"), matchers(fields, "target"),
                fields.words("equal", LABEL, LABEL_ADVICE),
                fields.words("equal_where_given", LABEL, LABEL_ADVICE, or_none=True))

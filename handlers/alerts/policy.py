"""How signals become alerts and where they are shown: the alert policy, as values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from types import MappingProxyType

from handlers.alerts.patterns import fits
from handlers.alerts.signals import Signal

EVERY = "..."
"""In `group_by`: every label, so that each condition is an alert of its own."""
PSEUDO = ("name", "source", "severity", "title")
"""What a route may match besides labels."""


@dataclass(frozen=True, slots=True)
class Route:
    """Where signals go that match; the first that fits is it."""

    name: str
    match: Mapping[str, re.Pattern[str]] = field(default_factory=lambda: MappingProxyType({}))
    """Label to pattern, which the whole value has to fit; all of them have to."""
    pilot: str | None = None
    channel: str | None = None
    """``slack:C1``"""
    group_by: tuple[str, ...] | None = None

    def fits(self, signal: Signal, source: str) -> bool:
        return all(fits(pattern, value_of(signal, source, label)) for label, pattern in self.match.items())


@dataclass(frozen=True, slots=True)
class Policy:
    """Everything about alerts that an admin may set; the defaults are those of the built-in file."""

    routes: tuple[Route, ...] = ()
    group_by: tuple[str, ...] = ("model", "service", "env", "environment", "cluster", "namespace")
    """Besides source, name and room, which always tell alerts apart."""
    ignore: frozenset[str] = frozenset({"pod", "pod_name", "instance", "value", "timestamp", "run_id",
                                        "container_id"})
    """Labels that change without the condition changing: never part of what an alert is."""
    debounce: timedelta = timedelta(seconds=1.5)
    """What belongs together is waited for so long before the first message."""
    edit_every: timedelta = timedelta(seconds=3)
    reopen_within: timedelta = timedelta(minutes=10)
    """What fires again so soon goes on in the same message."""
    flapping_turns: int = 6
    """Changes between firing and not within `flapping_within` that make it flap."""
    flapping_within: timedelta = timedelta(minutes=15)
    flapping_hold: timedelta = timedelta(minutes=5)
    """Quiet for so long, it has stopped flapping and is resolved."""
    stale_after: timedelta = timedelta(hours=24)
    """Nothing heard of an open alert for so long is said."""
    storm_per_minute: int = 10
    """So many new messages a minute in one room; what comes on top goes into one rolling card. Where all come
    at once that card and its list are among them, and a fifth of them is not used."""
    storm_over: timedelta = timedelta(minutes=10)
    """A storm that nothing joins for so long takes no more in."""
    storm_shown: int = 10
    churn_per_hour: int = 50
    """More conditions of one name in an hour: a label changes each time, and the admin is told."""
    skew: timedelta = timedelta(minutes=2)
    """A sender's clock that is further ahead than this is said to be."""
    operations: str | None = None
    """``slack:C1``: the room of what no route fits; None: the one of the settings."""


def value_of(signal: Signal, source: str, label: str) -> str:
    """A label's value, or what a route may match besides; "" where there is none."""
    match label:
        case "source":
            return source
        case "name":
            return signal.name
        case "severity":
            return signal.severity.value
        case "title":
            return signal.title
    return signal.labels.get(label, "")

"""What a monitoring system reported, in our words: values alone, the same for every vendor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from types import MappingProxyType

NOTHING: Mapping[str, str] = MappingProxyType({})


class Status(StrEnum):
    """Where a signal stands, as its sender says."""

    FIRING = "firing"
    RESOLVED = "resolved"
    EVENT = "event"
    """It happened once, and nothing will say that it is over: a failed run, a new model version."""


class Severity(StrEnum):
    """The four of PagerDuty's Common Event Format, worst first; every vendor's scale is brought to them."""

    CRITICAL = "critical"
    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class Link(StrEnum):
    """What an address that came with a signal shows."""

    SOURCE = "source"
    DASHBOARD = "dashboard"
    RUNBOOK = "runbook"
    SILENCE = "silence"
    REPORT = "report"


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of data that was judged: from when to when, how many rows; None: the sender is silent."""

    begins: datetime | None = None
    ends: datetime | None = None
    rows: int | None = None


@dataclass(frozen=True, slots=True)
class Feature:
    """How far one column has moved, and by what measure.

    `statistic` and `threshold` are in the method's own unit; of a distance (PSI, Wasserstein over standard
    deviation, Jensen-Shannon) more is worse, of a p-value less: `more_is_worse` says which.
    """

    name: str
    method: str
    statistic: float
    threshold: float | None = None
    more_is_worse: bool = True
    is_drifted: bool = False
    importance: float | None = None
    """The model's own weight of it, 0 to 1."""
    was: float | None = None
    """The statistic of the window before."""


@dataclass(frozen=True, slots=True)
class Drift:
    """One comparison of a model's current data with its reference."""

    model: str
    version: str | None = None
    environment: str | None = None
    current: Window = Window()
    reference: Window = Window()
    features: tuple[Feature, ...] = ()
    prediction: Feature | None = None
    quality: tuple[str, ...] = ()
    """What is wrong with the data itself: missing columns, nulls, new categories. Read it first."""
    share: float | None = None
    """Drifted columns among all, 0 to 1."""


@dataclass(frozen=True, slots=True)
class Signal:
    """One thing that one monitoring system said of one condition."""

    key: str
    """The sender's own identity of the condition; the same while it fires and when it resolves."""
    status: Status
    name: str
    """The rule's or monitor's: what several conditions of one kind have in common."""
    title: str
    """One line for a person."""
    severity: Severity = Severity.WARNING
    labels: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    """What identifies the condition and what rules route by."""
    notes: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    """What may change while it lasts: ``summary``, ``description``, ``value``."""
    links: tuple[tuple[Link, str], ...] = ()
    started_at: datetime | None = None
    ended_at: datetime | None = None
    lapses_at: datetime | None = None
    """The sender repeats itself, and means it to be over at this moment unless it says so again before."""
    drift: Drift | None = None
    is_update: bool = False
    """News of a condition that is known, such as a note on an incident: it begins and reopens nothing."""


def fingerprint(source: str, key: str) -> str:
    """The identity of a condition among all sources: 32 hexadecimal digits."""
    return sha256(f"{source}\x00{key}".encode()).hexdigest()[:32]

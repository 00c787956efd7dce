"""How alerts are dealt with, as numbers: pure functions over rows.

What each figure means, and which rows it is made of:

- An *alert* is what had one lifetime of its own, members of storms included; a storm itself is counted as a
  storm and not as an alert. It belongs to the stretch in which it opened (`opened_at`, by our clock).
- *Time to acknowledge* (s): from `opened_at` to the first step ``acked``, or to when the storm that it was
  part of was taken on. Only of alerts that somebody took on: the others are *never acknowledged*.
- *Time to resolve* (s): from `opened_at` to `resolved_at` where the sender or a person said that it was over.
  What merely stopped being repeated, a false alarm, and what began and ended while we were not running, has
  none: nobody resolved it.
- *False-alarm share*: those that a person called a false alarm, of all that are over.
- *Flaps*: changes between firing and not beyond the one by which an alert ends.
- *p90*: the nearest rank: nine of ten took at most so long.
- *Escalated to level n*: alerts whose escalation went to that level or further; the first level is 1.

A median or a share of fewer than ENOUGH is None: too few to say.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import ceil
from statistics import median

from handlers.alerts.lifetime import SEVERITIES
from storage.alert_figures import Told

ENOUGH = 5
NOISIEST = 5
FALSE = "false-alarm"
_RESOLVED = ("sender", "person")


@dataclass(frozen=True, slots=True)
class Spread:
    """How long something took, in seconds; the times are None where fewer than ENOUGH are known."""

    of: int
    median: float | None = None
    p90: float | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """What one rule made."""

    name: str
    alerts: int
    flaps: int
    false: int
    over: int

    @property
    def false_share(self) -> float | None:
        return self.false / self.over if self.over >= ENOUGH else None


@dataclass(frozen=True, slots=True)
class Day:
    """One day of the reader's."""

    on: date
    by_rank: tuple[int, ...]
    """How many alerts opened, of each severity, the worst first."""
    to_acknowledge: float | None
    """The median of those that opened that day, seconds; None: nobody took one on."""


@dataclass(frozen=True, slots=True)
class Figures:
    days: tuple[Day, ...]
    alerts: int
    by_rank: tuple[int, ...]
    acknowledge: Spread
    never_acknowledged: int
    resolve: Spread
    over: int
    false: int
    storms: int
    in_storms: int
    escalated: tuple[int, ...]
    """How many went to level 1, 2, ..."""
    rules: tuple[Rule, ...]
    """The noisiest."""
    silences: int = 0
    held: int = 0
    is_cut: bool = False
    """There were more alerts than are looked at: these are the newest."""

    @property
    def false_share(self) -> float | None:
        return self.false / self.over if self.over >= ENOUGH else None


def figures(rows: Sequence[Told], days: Sequence[date], day_of: Callable[[datetime], date], *,
            silences: int = 0, held: int = 0, is_cut: bool = False) -> Figures:
    """All figures of the alerts that opened on these days, as `day_of` tells the day of a moment."""
    alerts = [row for row in rows if not row.is_storm]
    taken = [seconds for row in alerts if (seconds := to_acknowledge(row)) is not None]
    return Figures(
        days=_daily(alerts, days, day_of), alerts=len(alerts), by_rank=_by_rank(alerts),
        acknowledge=spread(taken), never_acknowledged=len(alerts) - len(taken),
        resolve=spread([seconds for row in alerts if (seconds := to_resolve(row)) is not None]),
        over=sum(row.resolved_at is not None for row in alerts),
        false=sum(row.resolved_how == FALSE for row in alerts), storms=len(rows) - len(alerts),
        in_storms=sum(row.in_storm for row in alerts), escalated=_escalated(rows), rules=noisiest(alerts),
        silences=silences, held=held, is_cut=is_cut)


def to_acknowledge(row: Told) -> float | None:
    """Seconds until somebody first took it on; None: nobody did."""
    return None if row.acked_at is None else max((row.acked_at - row.opened_at).total_seconds(), 0.0)


def to_resolve(row: Told) -> float | None:
    """Seconds until it was over by somebody's or its sender's word; None: it is not, or by nobody's."""
    if row.resolved_at is None or row.resolved_how not in _RESOLVED or row.was_unseen:
        return None
    return max((row.resolved_at - row.opened_at).total_seconds(), 0.0)


def spread(seconds: Sequence[float]) -> Spread:
    if len(seconds) < ENOUGH:
        return Spread(len(seconds))
    ranked = sorted(seconds)
    return Spread(len(ranked), median(ranked), ranked[ceil(len(ranked) * 0.9) - 1])


def noisiest(alerts: Sequence[Told]) -> tuple[Rule, ...]:
    """The rules that made most alerts; of two alike, the one that flapped more."""
    by_name: dict[str, list[Told]] = defaultdict(list)
    for row in alerts:
        by_name[row.name].append(row)
    rules = [Rule(name, len(of), sum(max(row.turns - 1, 0) for row in of),
                  sum(row.resolved_how == FALSE for row in of),
                  sum(row.resolved_at is not None for row in of))
             for name, of in by_name.items()]
    rules.sort(key=lambda rule: (-rule.alerts, -rule.flaps, rule.name))
    return tuple(rules[:NOISIEST])


def days_until(today: date, count: int) -> list[date]:
    """The last `count` days, `today` the last."""
    return [today - timedelta(days=back) for back in range(count - 1, -1, -1)]


def _by_rank(alerts: Sequence[Told]) -> tuple[int, ...]:
    counts = Counter(row.rank for row in alerts)
    return tuple(counts[rank] for rank in range(len(SEVERITIES)))


def _escalated(rows: Sequence[Told]) -> tuple[int, ...]:
    highest = max((row.level for row in rows), default=-1)
    return tuple(sum(row.level >= level for row in rows) for level in range(highest + 1))


def _daily(alerts: Sequence[Told], days: Sequence[date],
           day_of: Callable[[datetime], date]) -> tuple[Day, ...]:
    by_day: dict[date, list[Told]] = defaultdict(list)
    for row in alerts:
        by_day[day_of(row.opened_at)].append(row)
    found = []
    for on in days:
        taken = [seconds for row in by_day[on] if (seconds := to_acknowledge(row)) is not None]
        found.append(Day(on, _by_rank(by_day[on]), median(taken) if taken else None))
    return tuple(found)

"""How likely a pilot is to stay a pilot: a heuristic score in four parts that says what would cut it.

Each problem eats up to half of what is left of its category, so finished work cannot hide one blocked
interface, and closing anything never raises the score. Weights of 40/30/20/10 are a founding document's
heuristic, so legal and safety matters are held by gates instead.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from math import floor, prod
from typing import NamedTuple

from handlers.people.calendar import Calendar
from handlers.pilots.gates import is_open, is_unproven
from handlers.pilots.schedule import days_late, limit_of, number_of, stage_after
from storage.models import Item, ItemState, Pilot, PilotState

CATEGORY_TITLES = {"integration": "integration", "roi": "ROI", "organization": "organisation",
                   "infrastructure": "infrastructure"}
SOON_WD = 5
QUIET_WD = 10
"""A pilot over its stage's limit is stuck once nothing of the gate was closed for so many working days."""

_SMALL = 0.25
"""What an item weighs that is done on somebody's word, waived, or due soon."""


class Band(StrEnum):
    LOW = "low"
    WATCH = "watch"
    HIGH = "high"
    PURGATORY = "purgatory"


@dataclass(frozen=True, slots=True)
class Part:
    category: str
    points: int
    out_of: int

    @property
    def title(self) -> str:
        return CATEGORY_TITLES[self.category]


@dataclass(frozen=True, slots=True)
class BiggestCut:
    """The item that would lower the score most, were it done and proven."""

    item: Item
    points: int
    """By how much the score as shown would fall; 0 where that is less than a point."""

    @property
    def item_id(self) -> int:
        return self.item.id


@dataclass(frozen=True, slots=True)
class Risk:
    total: int
    """0 to 100."""
    band: Band
    parts: tuple[Part, ...]
    """One for each category; their points sum to the total."""
    biggest: BiggestCut | None
    """None: nothing adds to the score."""


class Weakest(NamedTuple):
    """The role least ready: a chain is as strong as that, so roles are never averaged."""

    role: str
    done: float
    """Items done; half for those on somebody's word alone."""
    total: int


def e_of(item: Item, today: date, calendar: Calendar, has_owner: bool) -> float:
    """Return how much of a problem an item is, 0 to 1.

    What is done on somebody's word or waived weighs a little, but never more than it would if open: so
    closing early is never worse than not closing.
    """
    if item.due_on is None or item.is_advice or item.state is ItemState.NOT_APPLICABLE:
        return 0.0
    if item.state is ItemState.DONE and not is_unproven(item):
        return 0.0
    left_open = _e_if_open(item, item.due_on, today, calendar, has_owner)
    return left_open if is_open(item, today) else min(_SMALL, left_open)


def _e_if_open(item: Item, due: date, today: date, calendar: Calendar, has_owner: bool) -> float:
    late = days_late(due, today, calendar)
    if late > 10 or (due <= today and not has_owner):
        return 1.0
    if late > 5 or item.blocked_at is not None:
        return 0.75
    if late > 0:
        return 0.5
    if calendar.between(today, due) > SOON_WD or (item.plan_on is not None and item.plan_on >= today):
        return 0.0
    return _SMALL


def band_of(total: int) -> Band:
    if total < 20:
        return Band.LOW
    if total < 40:
        return Band.WATCH
    return Band.HIGH if total < 60 else Band.PURGATORY


def score(items: Iterable[Item], weights: Mapping[str, float], today: date,
          calendar_of: Callable[[Item], Calendar]) -> Risk:
    """Score a pilot's items by its category weights, which sum to 100.

    `calendar_of` gives the calendar of an item's owner, or the pilot's where nobody owns it.
    """
    problems = [(item, e) for item in items if item.category in weights
                and (e := e_of(item, today, calendar_of(item), item.owner_id is not None)) > 0]
    factors: dict[str, list[float]] = {category: [] for category in CATEGORY_TITLES if category in weights}
    places: list[tuple[Item, str, int]] = []
    for item, e in problems:
        places.append((item, item.category, len(factors[item.category])))
        factors[item.category].append(1 - 0.5 * item.weight / 5 * e)
    exact = {category: weights[category] * (1 - prod(left)) for category, left in factors.items()}
    total = _rounded(sum(exact.values()))
    cuts = [(item, _without(exact, weights, category, factors[category], place))
            for item, category, place in places]
    best = min(cuts, key=lambda cut: cut[1], default=None)
    return Risk(
        total=total,
        band=band_of(total),
        parts=tuple(Part(category, points, _rounded(weights[category]))
                    for category, points in _shared_out(exact, total).items()),
        biggest=BiggestCut(best[0], total - _rounded(best[1])) if best else None,
    )


def _without(exact: Mapping[str, float], weights: Mapping[str, float], category: str, factors: list[float],
             place: int) -> float:
    """The sum of all points with one of a category's factors left out."""
    left = weights[category] * (1 - prod(factors[:place] + factors[place + 1:]))
    return sum({**exact, category: left}.values())


def _shared_out(exact: Mapping[str, float], total: int) -> dict[str, int]:
    """Round so that the parts sum to the total: the largest remainders are rounded up."""
    points = {category: floor(value) for category, value in exact.items()}
    by_remainder = sorted(exact, key=lambda category: points[category] - exact[category])
    for category in by_remainder[:total - sum(points.values())]:
        points[category] += 1
    return points


def _rounded(value: float) -> int:
    """Round half up, deaf to the noise of floats."""
    return floor(round(value, 9) + 0.5)


def age_in_stage(pilot: Pilot, today: date, calendar: Calendar) -> int:
    """Count the working days since the pilot entered its stage; 0 on that day."""
    return max(calendar.between(pilot.stage_entered_on, today), 0)


def limit(pilot: Pilot) -> int | None:
    """Return how many working days its stage may take; None: no limit."""
    return limit_of(pilot.stage, pilot.stages)


def is_stuck(pilot: Pilot, items: Iterable[Item], today: date, calendar: Calendar) -> bool:
    """Whether it is over its stage's limit and nothing of the next gate was closed in ten working days.

    A paused or stopped pilot is not stuck: somebody decided.
    """
    longest, stage = limit(pilot), stage_after(pilot.stage)
    if pilot.state is not PilotState.ACTIVE or longest is None or stage is None:
        return False
    if age_in_stage(pilot, today, calendar) <= longest:
        return False
    closed = [(item.gate, calendar.today(item.closed_at)) for item in items
              if item.gate is not None and item.closed_at is not None and not is_open(item, today)]
    # What earlier gates left open is progress too, if it was closed in this stage.
    return all(calendar.between(day, today) >= QUIET_WD for gate, day in closed
               if gate == stage or (number_of(gate) < number_of(stage) and day >= pilot.stage_entered_on))


def weakest_role(pilot: Pilot, items: Iterable[Item], today: date) -> Weakest | None:
    """Return the role with the smallest share done of what should be by now; of equals, the first listed.

    What is of an earlier stage or due by today counts, save advice and what is not applicable; a waived
    item counts as not done. None: nothing counts yet, or no role lacks anything.
    """
    credit: dict[str, list[float]] = {}
    for item in items:
        if _is_expected(pilot, item, today):
            done = item.state is ItemState.DONE
            credit.setdefault(item.role, []).append(0.5 if is_unproven(item) else float(done))
    lines = [Weakest(role, sum(got), len(got)) for role, got in credit.items()]
    weakest = min(lines, key=lambda line: line.done / line.total, default=None)
    return None if weakest is None or weakest.done == weakest.total else weakest


def _is_expected(pilot: Pilot, item: Item, today: date) -> bool:
    if item.is_advice or item.state is ItemState.NOT_APPLICABLE:
        return False
    is_due = item.due_on is not None and item.due_on <= today
    return is_due or number_of(item.stage) < number_of(pilot.stage)

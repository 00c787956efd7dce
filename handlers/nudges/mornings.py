"""When one person may be told something unasked: which mornings are theirs, and which of them comes next."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from handlers.nudges.policy import Policy
from handlers.nudges.standing import calendar_for
from handlers.people.calendar import Calendar
from storage.models import Person

WEEKLY = "weekly"

_GATHERING = timedelta(minutes=15)
"""So long after it was opened a morning takes more; later it was read, and an edit would not be noticed."""
_DAY = timedelta(days=1)
_LOOKED_AHEAD = 400


@dataclass(frozen=True, slots=True)
class Morning:
    day: date
    at: datetime
    """When it is said; already passed: now."""


@dataclass(slots=True)
class Mornings:
    """One person's mornings, as far as the policy of their workspace and their own settings go.

    Args:
        made: the days of digests that were made for them, with when; from this week on.
    """

    person: Person
    policy: Policy
    now: datetime
    made: Mapping[date, datetime] = field(default_factory=dict)
    calendar: Calendar = field(init=False)
    today: date = field(init=False)
    _begins: date = field(init=False)
    _found: dict[tuple[date, bool], Morning | None] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.calendar = calendar_for(self.person)
        local = self.calendar.local(self.now)
        self.today = local.date()
        opened = self.made.get(self.today)
        is_over = local.time() >= self.policy.closes or (
            opened is not None and self.now - opened > _GATHERING)
        self._begins = self.today + _DAY if is_over else self.today

    def is_open(self, *, ordinary: bool) -> bool:
        """Whether something may be said at this very moment."""
        morning = self.first(self.today, ordinary=ordinary)
        return morning is not None and morning.day == self.today and morning.at <= self.now

    def first(self, day: date, *, ordinary: bool) -> Morning | None:
        """The first morning on or after `day` that can still be said; None: there is none in a year.

        Args:
            ordinary: it can wait for the week's one digest of somebody who wants no more.
        """
        key = (max(day, self._begins), ordinary)
        if key not in self._found:
            self._found[key] = self._first(*key)
        return self._found[key]

    def _first(self, day: date, ordinary: bool) -> Morning | None:
        person = self.person
        for until in (person.quiet_until, person.away_until):
            day = max(day, until) if until is not None else day
        for _ in range(_LOOKED_AHEAD):
            if self._may_be(day, ordinary):
                return Morning(day, self.calendar.at(day, self.policy.digest_at))
            day += _DAY
        return None

    def _may_be(self, day: date, ordinary: bool) -> bool:
        if day.weekday() not in self.policy.digest_days or not self.calendar.is_working(day):
            return False
        is_weekly = ordinary and self.person.digest == WEEKLY
        if is_weekly and day != first_of_week(day, self.policy, self.calendar):
            return False
        return day in self.made or self._made_in_week_of(day) < self.policy.budget.per_week

    def _made_in_week_of(self, day: date) -> int:
        monday = day - timedelta(days=day.weekday())
        return sum(monday <= made < monday + 7 * _DAY for made in self.made) if self.made else 0


def first_of_week(day: date, policy: Policy, calendar: Calendar) -> date | None:
    """The first day of that week on which there may be a digest; None: there is none."""
    monday = day - timedelta(days=day.weekday())
    week = (monday + each * _DAY for each in sorted(policy.digest_days))
    return next((each for each in week if calendar.is_working(each)), None)

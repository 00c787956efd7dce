"""Who is on call when: layers of people who take turns, and changes laid over them. Plain values.

A turn begins when the rotation's own clock shows the hand-over time, so 09:00 stays 09:00 over a change of
the clocks and a turn may last an hour more or less. A hand-over time that the clocks skip comes later by what
they skip (02:30 is 03:30); of one that they show twice, the first counts. A stretch is half open: at 09:00
sharp the next one has it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Final

from handlers.people.calendar import Calendar

_DAY: Final = timedelta(days=1)
_INSTANT: Final = timedelta(microseconds=1)
EVERY_AT_MOST: Final = 366
"""Days that one turn may last."""


@dataclass(frozen=True, slots=True)
class Hours:
    """When a layer counts: on these days (0 is Monday) from one time to another, on the rotation's clock.

    An end that is not after the beginning lies on the next day: 22:00 to 06:00; 00:00 to 00:00 is all day.
    """

    days: frozenset[int]
    begins: time
    ends: time


@dataclass(frozen=True, slots=True)
class Layer:
    """People who take turns, in this order.

    Attributes:
        every: how many days a turn lasts, 1 to 366; 7 is weekly.
        at: the hand-over time.
        begins: the day on which it begins, at `at`; nobody is on call by it before.
        weekday: of weekly turns, the day of the hand-over, 0 is Monday: the first turn is then the one that
            holds the beginning, and so may be shorter. None: turns are counted from `begins`.
        hours: only then does it count; None: always.
    """

    people: tuple[str, ...]
    every: int
    at: time
    begins: date
    weekday: int | None = None
    hours: Hours | None = None

    @property
    def anchor(self) -> date:
        """The day on which the first turn begins, or would have begun."""
        if self.weekday is None or self.every % 7:
            return self.begins
        return self.begins - (self.begins.weekday() - self.weekday) % 7 * _DAY


@dataclass(frozen=True, slots=True)
class Schedule:
    """A rotation; a later layer goes over the earlier ones wherever it counts."""

    zone: str
    layers: tuple[Layer, ...]

    @property
    def calendar(self) -> Calendar:
        return Calendar(self.zone)


@dataclass(frozen=True, slots=True)
class Override:
    """Somebody has this stretch, whoever would have had it. Of two, the one with the higher number wins."""

    number: int
    person: str
    begins: datetime
    ends: datetime


@dataclass(frozen=True, slots=True)
class Shift:
    """A stretch during which one person is on call.

    `layer` is its place in the schedule, None for an override.
    """

    person: str
    begins: datetime
    ends: datetime
    layer: int | None = None

    def holds(self, at: datetime) -> bool:
        return self.begins <= at < self.ends


def who_now(schedule: Schedule, changes: Iterable[Override], at: datetime) -> Shift | None:
    """The shift that holds `at`, from its own beginning to its own end; None: nobody is on call."""
    return next((each for each in whole(schedule, changes, at, at + _INSTANT) if each.holds(at)), None)


def shifts(schedule: Schedule, changes: Iterable[Override], begin: datetime, end: datetime) -> list[Shift]:
    """What lies between `begin` and `end`, cut there; in order, none over another, gaps where nobody is."""
    return [replace(each, begins=max(each.begins, begin), ends=min(each.ends, end))
            for each in whole(schedule, changes, begin, end)]


def whole(schedule: Schedule, changes: Iterable[Override], begin: datetime, end: datetime) -> list[Shift]:
    """The shifts that touch the stretch, each from its own beginning to its own end."""
    if begin >= end:
        return []
    near = [each for each in changes if each.begins < end and each.ends > begin and each.begins < each.ends]
    first = min([begin, *(each.begins for each in near)])
    last = max([end, *(each.ends for each in near)])
    margin = max((layer.every + 2 for layer in schedule.layers), default=0) * _DAY
    also = [each for each in changes if each.begins < last + margin and each.ends > first - margin
            and each.begins < each.ends]
    found: list[Shift] = []
    for place, layer in enumerate(schedule.layers):
        found = _over(found, _turns(layer, place, schedule.calendar, first - margin, last + margin))
    for each in sorted(also, key=lambda each: each.number):
        found = _over(found, [Shift(each.person, each.begins, each.ends)])
    return [each for each in found if each.begins < end and each.ends > begin]


def until(following: Sequence[Shift]) -> datetime | None:
    """When the first one's person is relieved: the end of the last shift that follows on without another.

    None where there is no shift.
    """
    if not following:
        return None
    ends = following[0].ends
    for each in following[1:]:
        if each.person != following[0].person or each.begins != ends:
            break
        ends = each.ends
    return ends


def handover(schedule: Schedule, day: date) -> datetime:
    """When the clock shows the hand-over time of the first layer on that day; 09:00 where there is none."""
    return schedule.calendar.at(day, schedule.layers[0].at if schedule.layers else time(9))


def _turns(layer: Layer, place: int, calendar: Calendar, begin: datetime, end: datetime) -> list[Shift]:
    """The layer's turns that touch the stretch, each cut to the hours in which it counts."""
    if not layer.people:
        return []
    opens = calendar.at(layer.begins, layer.at)
    number = max(0, ((calendar.today(max(begin, opens)) - layer.anchor).days - 1) // layer.every)
    found, begins = list[Shift](), _begins(layer, calendar, number)
    while begins < end:
        ends = _begins(layer, calendar, number + 1)
        turn = Shift(layer.people[number % len(layer.people)], max(begins, opens), ends, place)
        if turn.begins < turn.ends and turn.ends > begin:
            found += [turn] if layer.hours is None else _within(turn, layer.hours, calendar)
        number, begins = number + 1, ends
    return found


def _begins(layer: Layer, calendar: Calendar, number: int) -> datetime:
    return calendar.at(layer.anchor + number * layer.every * _DAY, layer.at)


def _within(turn: Shift, hours: Hours, calendar: Calendar) -> list[Shift]:
    """The parts of a turn in which its layer counts."""
    found: list[Shift] = []
    day, last = calendar.today(turn.begins) - _DAY, calendar.today(turn.ends)
    while day <= last:
        if day.weekday() in hours.days:
            next_day = day + _DAY if hours.ends <= hours.begins else day
            begins = max(turn.begins, calendar.at(day, hours.begins))
            ends = min(turn.ends, calendar.at(next_day, hours.ends))
            if found and begins < found[-1].ends:  # the clocks were set back over both
                begins = found[-1].ends
            if begins < ends:
                found.append(replace(turn, begins=begins, ends=ends))
        day += _DAY
    return found


def _over(lower: Sequence[Shift], upper: Sequence[Shift]) -> list[Shift]:
    """`upper` as it is, and what of `lower` it leaves uncovered; both in order and without overlaps."""
    found, first = list(upper), 0
    for each in lower:
        while first < len(upper) and upper[first].ends <= each.begins:
            first += 1
        at, place = each.begins, first
        while place < len(upper) and upper[place].begins < each.ends:
            if upper[place].begins > at:
                found.append(replace(each, begins=at, ends=upper[place].begins))
            at = max(at, upper[place].ends)
            place += 1
        if at < each.ends:
            found.append(replace(each, begins=at))
    return sorted(found, key=lambda each: each.begins)

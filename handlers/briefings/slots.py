"""When two people could meet for half an hour: inside both their working hours, spread over days."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from handlers.people.calendar import Calendar

HALF_HOUR = timedelta(minutes=30)
OFFERED = 3
OPENS, CLOSES = time(9), time(17)
"""What is offered lies between these on everybody's clock."""
LUNCH = time(12), time(13)
DAWN, DUSK = time(7, 30), time(19)
"""Whoever chooses a time themselves may do so between these; beyond it both have to agree."""

_DAY = timedelta(days=1)
_NOON = time(12)
_LIKED = {True: time(10), False: time(14)}
"""Of a morning and of an afternoon: not first thing, not last."""
_DAYS_AHEAD = 30
"""So far it is looked for a time after the due date, or after whoever is away is back."""


@dataclass(frozen=True, slots=True)
class Attendee:
    """Somebody who has to be there, as far as their calendar is known."""

    calendar: Calendar
    back_on: date | None = None
    """The first day on which they are back; None: they are not away."""

    def is_there(self, at: datetime, opens: time, closes: time) -> bool:
        """Whether the half hour from `at` lies in their working day."""
        begins, ends = self.calendar.local(at), self.calendar.local(at + HALF_HOUR)
        return (self.is_in_on(begins.date()) and begins.date() == ends.date()
                and opens <= begins.time() and ends.time() <= closes)

    def is_in_on(self, day: date) -> bool:
        return self.calendar.is_working(day) and (self.back_on is None or day >= self.back_on)

    def could_meet(self, at: datetime, now: datetime) -> bool:
        """Whether it may be offered to them: from tomorrow on, in working hours, not over lunch."""
        local = self.calendar.local(at)
        eats = local.time() < LUNCH[1] and self.calendar.local(at + HALF_HOUR).time() > LUNCH[0]
        return local.date() > self.calendar.today(now) and not eats and self.is_there(at, OPENS, CLOSES)


def find_slots(host: Attendee, others: Sequence[Attendee], now: datetime, due: date | None,
               taken: Collection[datetime] = ()) -> list[datetime]:
    """Up to three moments, in order, on different days or halves of a day where that can be.

    Later than `due` only where fewer are free until then. Empty: their working hours never meet.

    Args:
        host: whose clock the half hours are counted on, and the due date.
        taken: when other meetings of any of them begin.
    """
    everybody = (host, *others)
    first = max([host.calendar.today(now) + _DAY, *(each.back_on for each in everybody if each.back_on)])
    until = due if due is not None else first + _DAYS_AHEAD * _DAY
    after = max(first, until + _DAY)
    chosen: list[datetime] = []
    for begins, ends in ((first, until), (after, after + _DAYS_AHEAD * _DAY)):
        if len(chosen) < OFFERED:
            days = [begins + each * _DAY for each in range((ends - begins).days + 1)]
            chosen += _spread(list(_free(everybody, days, now, taken)), host.calendar, OFFERED - len(chosen))
    return sorted(chosen)


def overlaps(at: datetime, other: datetime) -> bool:
    """Whether two half hours have a minute in common."""
    return abs(at - other) < HALF_HOUR


def _free(everybody: Sequence[Attendee], days: Sequence[date], now: datetime,
          taken: Collection[datetime]) -> Iterator[datetime]:
    host = everybody[0]
    for day in filter(host.is_in_on, days):
        for at in _half_hours(host.calendar, day):
            if (at > now and all(each.could_meet(at, now) for each in everybody)
                    and not any(overlaps(at, other) for other in taken)):
                yield at


def _half_hours(calendar: Calendar, day: date) -> Iterator[datetime]:
    for minutes in range(OPENS.hour * 60, CLOSES.hour * 60, 30):
        wall = time(minutes // 60, minutes % 60)
        at = calendar.at(day, wall)
        if calendar.local(at).time() == wall:  # clocks that skip the hour have no such half hour
            yield at


def _spread(free: Sequence[datetime], calendar: Calendar, wanted: int) -> list[datetime]:
    """The liked hour of one half of each day in turn, then of its other half, then what lies farthest off."""
    halves: dict[tuple[date, bool], datetime] = {}
    for at in sorted(free, key=lambda each: (_dislike(calendar.local(each)), each)):
        local = calendar.local(at)
        halves.setdefault((local.date(), local.time() < _NOON), at)
    chosen: list[datetime] = []
    for day in sorted({day for day, _ in halves}):
        wants_morning = len(chosen) % 2 == 0
        half = (day, wants_morning) if (day, wants_morning) in halves else (day, not wants_morning)
        chosen.append(halves.pop(half))
    chosen = (chosen + sorted(halves.values()))[:wanted]
    left = set(free) - set(chosen)
    while left and len(chosen) < wanted:
        chosen.append(max(left, key=lambda at: (min(abs(at - each) for each in chosen), at)))
        left.discard(chosen[-1])
    return chosen


def _dislike(local: datetime) -> timedelta:
    liked = _LIKED[local.time() < _NOON]
    return abs(local - local.replace(hour=liked.hour, minute=liked.minute))


def utc(moments: Sequence[str]) -> list[datetime]:
    """Moments as stored."""
    return [datetime.fromisoformat(each).astimezone(UTC) for each in moments]

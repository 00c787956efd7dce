"""One person's working days and local time: their zone, their weekend, their public holidays."""

import re
import warnings
from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import holidays

_DAY: Final = timedelta(days=1)
_FURTHEST: Final = 100_000     # working days in one step, some 380 years: more is a mistake, not a date
_ZONE: Final = re.compile(r"(?!posix/|right/)[A-Z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+){0,2}", re.ASCII)
_COUNTRY: Final = re.compile(r"([A-Za-z]{2})(?:-(\S[^\n]{0,39}))?")
_ANY_WEEKDAY: Final = frozenset(range(7))


@dataclass(frozen=True, slots=True)
class Calendar:
    """Working days and moments as one person lives them.

    Args:
        zone: IANA name such as "Europe/Berlin"; anything else raises ValueError.
        country: ISO code, with a subdivision where holidays differ: "DE", "DE-BY". An unknown country has
            no holidays and a Saturday-Sunday weekend; an unknown subdivision counts as the country alone.
    """

    zone: str
    country: str | None = None

    def __post_init__(self) -> None:
        if not valid_zone(self.zone):
            raise ValueError(f"not a time zone: {self.zone!r}")

    def is_working(self, day: date) -> bool:
        """Neither weekend nor public holiday; a weekend day worked in exchange (China) counts as working."""
        working = _year(self.country, day.year).working
        at = bisect_left(working, day.toordinal())
        return at < len(working) and working[at] == day.toordinal()

    def next_working(self, day: date) -> date:
        """The day itself if it is a working day, else the first one after it."""
        return self.add(day, 0)

    def add(self, day: date, n: int) -> date:
        """The n-th working day after `day`, before it if negative; 0 is `next_working`.

        Counting starts beside `day`, working or not: Saturday + 1 is Monday, Saturday - 1 is Friday.
        OverflowError past the years 1 to 9999 or more than 100,000 steps away.
        """
        if abs(n) > _FURTHEST:
            raise OverflowError(f"{n} working days is too far")
        year, ordinal = day.year, day.toordinal()
        working = _year(self.country, year).working
        at = bisect_right(working, ordinal) + n - 1 if n > 0 else bisect_left(working, ordinal) + n
        while at < 0:
            year -= 1
            working = _year(self.country, year).working
            at += len(working)
        while at >= len(working):
            at -= len(working)
            year += 1
            working = _year(self.country, year).working
        return date.fromordinal(working[at])

    def between(self, start: date, end: date) -> int:
        """How many working days lie after `start`, up to and including `end`.

        Negative when `end` is before `start`: `between(a, b) == -between(b, a)`.
        """
        if start.year == end.year:  # nearly always, and asked a hundred times for one card
            working = _year(self.country, end.year).working
            return bisect_right(working, end.toordinal()) - bisect_right(working, start.toordinal())
        if end < start:
            return -self.between(end, start)
        days = sum(len(_year(self.country, year).working) for year in range(start.year, end.year))
        return days + self._before(end) - self._before(start)

    def _before(self, day: date) -> int:
        return bisect_right(_year(self.country, day.year).working, day.toordinal())

    def holiday_name(self, day: date) -> str | None:
        """The public holiday of that day in English where known, also on a weekend; None: it is none."""
        return _year(self.country, day.year).names.get(day.toordinal())

    def local(self, now: datetime) -> datetime:
        """That moment on this person's clock."""
        if now.tzinfo is None:
            raise ValueError("a moment without a time zone")
        return now.astimezone(_zone(self.zone))

    def today(self, now: datetime) -> date:
        """The date on this person's wall."""
        return self.local(now).date()

    def at(self, day: date, time: time) -> datetime:
        """The moment, in UTC, at which this person's clock shows `time` on `day`.

        A time that the clocks skip moves forward by what they skip; of a time shown twice, the first.
        """
        wall = datetime.combine(day, time.replace(fold=0), tzinfo=_zone(self.zone))
        return wall.astimezone(UTC)

    def next_moment(self, after: datetime, at: time, weekdays: frozenset[int] | None = None) -> datetime:
        """The first time after `after` that the clock shows `at` on a working day, in UTC.

        Args:
            weekdays: only on these, 0 is Monday; a wanted weekday that is a holiday is skipped. ValueError
                where none of them is ever a working day, as for Sunday in Germany.
        """
        wanted = _ANY_WEEKDAY if weekdays is None else weekdays
        # The day before as well: clocks that skip midnight can push 23:45 into the next day.
        day = self.next_working(self.today(after) - _DAY)
        for _ in range(300):
            if day.weekday() in wanted and (moment := self.at(day, at)) > after:
                return moment
            day = self.add(day, 1)
        raise ValueError(f"no working day in a year falls on the weekdays {sorted(wanted)}")


def valid_zone(text: str) -> bool:
    """Whether that is the exact name of a time zone, such as "Europe/Berlin" or "UTC"."""
    if not _ZONE.fullmatch(text) or text == "Factory":
        return False
    try:
        _zone(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):      # a folder such as "Europe" is an OSError
        return False
    return True


def valid_country(text: str) -> bool:
    """Whether holidays are known for that ISO code, with or without a subdivision, in any case: "de-by"."""
    match = _COUNTRY.fullmatch(text)
    if not match or (country := _entity(match[1])) is None:
        return False
    return match[2] is None or _subdivision(country, match[2]) is not None


@dataclass(frozen=True, slots=True)
class _Year:
    working: tuple[int, ...]         # ordinals of the working days, ascending
    names: Mapping[int, str]         # ordinal -> public holiday


@lru_cache(maxsize=2048)             # some 10 KB and 2 ms each
def _year(country: str | None, year: int) -> _Year:
    if not date.min.year <= year <= date.max.year:
        raise OverflowError(f"no calendar for the year {year}")
    first = date(year, 1, 1).toordinal()
    days = [date.fromordinal(n) for n in range(first, date(year, 12, 31).toordinal() + 1)]
    known = _holidays(country, year)
    if known is None:
        return _Year(tuple(day.toordinal() for day in days if day.weekday() < 5), {})
    return _Year(
        working=tuple(day.toordinal() for day in days if known.is_working_day(day)),
        names={day.toordinal(): name for day, name in known.items() if day.year == year},
    )


def _holidays(country: str | None, year: int) -> holidays.HolidayBase | None:
    match = _COUNTRY.fullmatch(country or "")
    if not match or (entity := _entity(match[1])) is None:
        return None
    # India and two others warn outside the years their tables cover; weekends hold there all the same.
    # The language is given because the library would otherwise take it from the environment.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return entity(subdiv=_subdivision(entity, match[2]), years=year, expand=False, language="en_US")


def _entity(code: str) -> type[holidays.HolidayBase] | None:
    try:
        return type(holidays.country_holidays(code.upper()))
    except NotImplementedError:
        return None


def _subdivision(entity: type[holidays.HolidayBase], text: str | None) -> str | None:
    if text is None:
        return None
    names = (*entity.subdivisions, *entity.subdivisions_aliases)
    return next((name for name in names if name.casefold() == text.casefold()), None)


@lru_cache(maxsize=1024)             # ZoneInfo's own strong cache holds eight
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)

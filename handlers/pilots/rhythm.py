"""When a pilot's channel is nudged, and how: its settings as values, and the days that follow from them.

Days are asked of a `Works`: the pilots layer gives the channel's own calendar, the sweep one that knows who
owns what would be said.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Final

from handlers.people.calendar import Calendar, valid_zone
from handlers.people.countries import country_of
from storage.models import NUDGE_CONTENT, Pilot, PilotState

Works = Callable[[date], bool]
"""Whether a day is one on which the channel may be spoken to."""

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
WEEK_ONE: Final = frozenset({"intake", "week_one"})
"""Stages in which the channel is nudged by `nudge_week_one`, later by `nudge_later`."""
USUAL_TIME: Final = time(9, 30)

_OFF: Final = "off"
"""A word of `nudge_content`: nothing is posted, and the other settings are kept for when it is again."""
_DAY: Final = timedelta(days=1)
_FURTHEST: Final = 92
"""So many days are looked at for the next one that fits."""
_LONGEST_BREAK: Final = 21
"""So many days back a nudge may have been moved from."""


class Naming(StrEnum):
    """How the channel's nudge speaks of owners."""

    MENTION = "mention"
    NAME = "name"
    ROLE = "role"


class Part(StrEnum):
    """What the channel's nudge may show."""

    ROLES = "roles"
    BRIEFINGS = "briefings"
    DUE = "due"
    LATE = "late"


@dataclass(frozen=True, slots=True)
class Rhythm:
    """A pilot's settings for its channel's nudge."""

    week_one: frozenset[int]
    """Weekdays, 0 is Monday."""
    later: frozenset[int]
    at: time
    zone: str
    naming: Naming
    parts: frozenset[Part]
    is_on: bool


def rhythm_of(pilot: Pilot) -> Rhythm:
    """The settings of a pilot; where a row cannot be read, the usual ones."""
    content = [word.strip() for word in pilot.nudge_content.split(",")]
    parts = frozenset(part for part in Part if part in content)
    named = pilot.nudge_mention in tuple(Naming)
    return Rhythm(
        week_one=_days(pilot.nudge_week_one), later=_days(pilot.nudge_later), at=_time(pilot.nudge_time),
        zone=pilot.zone if valid_zone(pilot.zone) else "UTC",
        naming=Naming(pilot.nudge_mention) if named else Naming.MENTION,
        parts=parts or frozenset(Part(word) for word in NUDGE_CONTENT.split(",")), is_on=_OFF not in content)


def keep(pilot: Pilot, rhythm: Rhythm) -> None:
    """Write settings into the pilot's row."""
    pilot.nudge_week_one, pilot.nudge_later = said_days(rhythm.week_one), said_days(rhythm.later)
    pilot.nudge_time, pilot.nudge_mention = f"{rhythm.at:%H:%M}", rhythm.naming.value
    parts = [part.value for part in Part if part in rhythm.parts]
    pilot.nudge_content = ",".join(parts if rhythm.is_on else [_OFF, *parts])
    if pilot.zone != rhythm.zone:
        pilot.zone, pilot.country = rhythm.zone, country_of(rhythm.zone) or pilot.country


def said_days(days: Iterable[int]) -> str:
    """``mon,thu``, as it is stored and as people type it."""
    return ",".join(DAYS[day] for day in sorted(days))


def _days(names: str) -> frozenset[int]:
    wanted = {name.strip().casefold()[:3] for name in names.split(",")}
    return frozenset(number for number, name in enumerate(DAYS) if name in wanted)


def _time(text: str) -> time:
    try:
        return time.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        return USUAL_TIME


def channel_calendar(pilot: Pilot) -> Calendar:
    return Calendar(pilot.zone if valid_zone(pilot.zone) else "UTC", pilot.country)


def channel_time(pilot: Pilot) -> time:
    """When its channel is nudged; the usual time where its own cannot be read."""
    return _time(pilot.nudge_time)


def channel_weekdays(pilot: Pilot) -> frozenset[int]:
    """On which weekdays its channel is nudged in its present stage, 0 is Monday; none while it is off."""
    if _OFF in pilot.nudge_content:
        return frozenset()
    return _days(pilot.nudge_week_one if pilot.stage in WEEK_ONE else pilot.nudge_later)


# ---- which days --------------------------------------------------------------------------------------------


def is_scheduled(pilot: Pilot, day: date) -> bool:
    """Whether the settings want a nudge on this day, working or not.

    While it is halved every second of these days is left out, counted on over the weeks.
    """
    days = sorted(channel_weekdays(pilot))
    if day.weekday() not in days:
        return False
    week = (day.toordinal() - 1) // 7
    return pilot.halved_on is None or (week * len(days) + days.index(day.weekday())) % 2 == 0


def carries(pilot: Pilot, day: date, works: Works) -> bool:
    """Whether a nudge falls on this day: scheduled for it, or moved to it from days nobody works on."""
    if not works(day):
        return False
    wanted = day
    while not is_scheduled(pilot, wanted):
        wanted -= _DAY
        if works(wanted) or (day - wanted).days > _LONGEST_BREAK:
            return False
    return True


def ends_week(pilot: Pilot, day: date, works: Works) -> bool:
    """Whether it is the last day of the channel's week that is worked on."""
    if not works(day):
        return False
    free = weekend(channel_calendar(pilot), day)
    for ahead in range(1, 7):
        later = day + ahead * _DAY
        if later.weekday() in free:
            return True
        if works(later):
            return False
    return False


def week_began(pilot: Pilot, day: date) -> date:
    """The first day of the channel's week that `day` belongs to: the one after its weekend."""
    free = weekend(channel_calendar(pilot), day)
    for back in range(7):
        start = day - back * _DAY
        if start.weekday() not in free and (start - _DAY).weekday() in free:
            return start
    return day - day.weekday() * _DAY


def weekend(calendar: Calendar, day: date) -> frozenset[int]:
    """The weekdays that are mostly not worked on around that day."""
    def worked(weekday: int) -> int:
        first = day + (weekday - day.weekday()) * _DAY
        return sum(calendar.is_working(first + 7 * week * _DAY) for week in range(-2, 3))

    return frozenset(weekday for weekday in range(7) if worked(weekday) < 2)


def next_nudge(pilot: Pilot, now: datetime, works: Works | None = None) -> datetime | None:
    """The next nudge in a pilot's channel, strictly after `now`; None: off, or the pilot rests."""
    return _next(pilot, now, lambda day: carries(pilot, day, works or channel_calendar(pilot).is_working))


def next_look(pilot: Pilot, now: datetime, works: Works | None = None) -> datetime | None:
    """When the sweep looks at the channel next, strictly after `now`: a pilot's `nudge_at`.

    For the next nudge, or at the end of a week for what deserves a good word.
    """
    fits = works or channel_calendar(pilot).is_working
    return _next(pilot, now, lambda day: carries(pilot, day, fits) or ends_week(pilot, day, fits))


def next_day(pilot: Pilot, now: datetime, works: Works) -> datetime | None:
    """The next moment, strictly after `now`, on a day on which the channel may be spoken to."""
    return _next(pilot, now, works)


def _next(pilot: Pilot, now: datetime, fits: Works) -> datetime | None:
    if pilot.state is not PilotState.ACTIVE or not channel_weekdays(pilot):
        return None
    calendar, at = channel_calendar(pilot), channel_time(pilot)
    today = calendar.today(now)
    for ahead in range(_FURTHEST):
        day = today + ahead * _DAY
        if fits(day) and (moment := calendar.at(day, at)) > now:
            return moment
    return None

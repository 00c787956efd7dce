"""Counts in working time: so many hours, of which those outside working hours do not count."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from handlers.people.calendar import Calendar


def after(calendar: Calendar, since: datetime, span: timedelta, opens: time, closes: time) -> datetime:
    """The moment, in UTC, at which `span` of working time has passed since `since`.

    Working time is from `opens` to `closes` on the calendar's working days, by its own clock. What would end
    just as a day closes ends then, not the next morning.
    """
    day, left = calendar.next_working(calendar.today(since)), span
    while True:
        begins, ends = max(calendar.at(day, opens), since), calendar.at(day, closes)
        if begins < ends and left <= ends - begins:
            return begins + left
        left -= max(ends - begins, timedelta())
        day = calendar.add(day, 1)

"""When the bot speaks next unasked to an item's owner, in their digest."""

from datetime import date, datetime, time, timedelta

from handlers.people.calendar import Calendar
from storage.models import Item, ItemState

DIGEST_TIME = time(9, 30)
OPENS = time(9)
CLOSES = time(16, 30)
"""From then on, what was missed today waits for the next working morning."""
PLAN_AHEAD_WD = 3
"""So many working days before an item is due its owner is asked for a plan, in each morning's digest."""

_LATE_START = timedelta(hours=2)


def ask_from(item: Item, calendar: Calendar) -> date | None:
    """The day from which an item's owner is asked about it: the day planned, else some days before it is due.

    None: not at all, because it is closed, undated, unowned or blocked. `calendar` is the owner's.
    """
    if (item.state is not ItemState.OPEN or item.due_on is None or item.owner_id is None
            or item.blocked_at is not None):
        return None
    return item.plan_on or calendar.add(item.due_on, -PLAN_AHEAD_WD)


def next_word(item: Item, calendar: Calendar, now: datetime, quiet_until: date | None,
              is_active_pilot: bool) -> datetime | None:
    """The next morning on which the owner hears of an item, strictly after `now`: its `next_at`.

    None: nothing to say until something changes. `calendar` is the owner's, and `quiet_until` the first day
    on which their digests come again.
    """
    start = ask_from(item, calendar) if is_active_pilot else None
    if start is None:
        return None
    if quiet_until is not None:
        start = max(start, quiet_until)
    return calendar.next_moment(max(now, calendar.at(start, time.min)), DIGEST_TIME)


def is_in_hours(calendar: Calendar, now: datetime, at: time = DIGEST_TIME) -> bool:
    """Whether what was due at `at` may be said now: in working hours of a working day, or soon after `at`."""
    local = calendar.local(now)
    if not calendar.is_working(local.date()):
        return False
    since = now - calendar.at(local.date(), at)
    return OPENS <= local.time() < CLOSES or timedelta() <= since < _LATE_START


def after_today(calendar: Calendar, now: datetime, at: time = DIGEST_TIME) -> datetime:
    """The moment after which to look for the next slot once today's was used, be it a little early."""
    return max(now, calendar.at(calendar.today(now), at))

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
    """The day from which an item's owner is asked about it: the day planned or put off to, else some days
    before it is due.

    None: not at all, because it is closed, undated, unowned or blocked. `calendar` is the owner's.
    """
    if (item.state is not ItemState.OPEN or item.due_on is None or item.owner_id is None
            or item.blocked_at is not None):
        return None
    return item.plan_on or item.snoozed_until or calendar.add(item.due_on, -PLAN_AHEAD_WD)


def planned_for(item: Item, today: date) -> date | None:
    """The day its owner planned it for, or put it off to; None: neither."""
    if item.snoozed_until is not None and item.snoozed_until > max(today, item.plan_on or today):
        return item.snoozed_until
    return item.plan_on


def next_look(item: Item, calendar: Calendar, now: datetime, *, is_active_pilot: bool) -> datetime | None:
    """When the sweep looks at an item that was changed just now: its `next_at`.

    The next digest's moment strictly after `now`; what is then said is for the nudge policy. At once where it
    was closed: whoever was told that it is late is to hear of the end. None: nothing to say until something
    changes. `calendar` is the owner's.
    """
    if item.state is not ItemState.OPEN:
        return now
    if item.due_on is None or not is_active_pilot:
        return None
    return calendar.next_moment(now, DIGEST_TIME)


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

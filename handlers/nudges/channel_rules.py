"""What a channel's nudge speaks of, to whom, on which days, and whether it may still be said."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from handlers.nudges.policy import Policy
from handlers.nudges.standing import UNDER_WAY, calendar_for, is_briefing, is_open, is_overdue, urgency
from handlers.people.calendar import Calendar
from handlers.people.roles import ROLES
from handlers.pilots import rhythm
from handlers.pilots.rhythm import Naming, Part, Works
from storage.models import Item, ItemState, Nudge, Person, Pilot, PilotState

EVERY_MORNING = frozenset({"security", "legal"})
"""Roles whose owner is mentioned each time until their briefing has a slot, and again until it is held."""

_DAY = timedelta(days=1)
_SOON = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class Agenda:
    """What a channel's nudge speaks of."""

    missing: tuple[str, ...]
    """Roles that own something open and are filled by nobody."""
    briefings: tuple[Item, ...]
    """Those of week one that were not held yet, earliest first."""
    held: tuple[Item, ...]
    """Those that were, while others are not or the nudge spoke of them in the morning."""
    due: tuple[Item, ...]
    """The rest that is open and late or due until Sunday, most urgent first."""
    settled: tuple[Item, ...]
    """It spoke of these in the morning; they are done, or not due this week any more."""

    @property
    def is_empty(self) -> bool:
        """Nothing waits: then nothing is posted."""
        return not (self.missing or self.briefings or self.due)

    @property
    def waiting(self) -> tuple[Item, ...]:
        return (*self.briefings, *self.due)

    @property
    def item_ids(self) -> list[int]:
        return sorted(item.id for item in self.waiting)


def agenda_of(pilot: Pilot, items: Iterable[Item], seats: Mapping[str, object], today: date,
              spoken: Collection[int] = ()) -> Agenda:
    """What waits in a pilot this week, as far as its settings want it shown.

    `spoken` are the ids of what the morning's message spoke of.
    """
    items, parts = list(items), rhythm.rhythm_of(pilot).parts
    sunday = today + (6 - today.weekday()) * _DAY
    waiting = {item.role for item in items if is_open(item)}
    meetings = sorted((item for item in items if is_briefing(item)),
                      key=lambda item: (item.due_on or date.max, item.ref))
    briefings = tuple(item for item in meetings if is_open(item)) if Part.BRIEFINGS in parts else ()
    due = sorted((item for item in items if is_open(item) and not is_briefing(item)
                  and item.due_on is not None and item.due_on <= sunday
                  and (Part.LATE if is_overdue(item, today) else Part.DUE) in parts),
                 key=lambda item: urgency(item, pilot, today))
    listed = {item.id for item in (*briefings, *due)}
    held = tuple(item for item in meetings if item.state is ItemState.DONE
                 and (briefings or item.id in spoken)) if Part.BRIEFINGS in parts else ()
    listed |= {item.id for item in held}
    return Agenda(
        missing=tuple(role for role in ROLES if role in waiting and role not in seats)
        if Part.ROLES in parts else (),
        briefings=briefings, held=held, due=tuple(due),
        settled=tuple(item for item in items if item.id in spoken and item.id not in listed))


# ---- to whom -----------------------------------------------------------------------------------------------


def calls_for(item: Item, calendar: Calendar, now: datetime) -> bool:
    """Whether a nudge is to notify the item's owner: never for being late, nor for what is arranged.

    `calendar` is the channel's.
    """
    today = calendar.today(now)
    if item.owner_id is None or item.blocked_at is not None or is_overdue(item, today):
        return False
    if is_briefing(item) and item.role in EVERY_MORNING:
        return item.slot_at is None or calendar.today(item.slot_at) <= today
    return item.due_on == today and (item.plan_on or today) <= today


def may_be_notified(person: Person, pilot: Pilot, policy: Policy, now: datetime) -> bool:
    """Whether a mention may reach this person now: here, not quiet, on a working day, not at night.

    The hour that a team chose for its channel is nobody's night where they share the channel's clock.
    """
    calendar = calendar_for(person)
    local, there = calendar.local(now), rhythm.channel_calendar(pilot).local(now)
    today = local.date()
    is_gone = any(until is not None and today < until for until in (person.quiet_until, person.away_until))
    is_disturbed = (person.dnd_from is not None and person.dnd_until is not None
                    and person.dnd_from <= now < person.dnd_until)
    is_hour = policy.opens <= local.time() < policy.closes or local.utcoffset() == there.utcoffset()
    return person.is_active and not is_gone and not is_disturbed and is_hour and calendar.is_working(today)


def to_notify(agenda: Agenda, pilot: Pilot, people: Mapping[str, Person], policy: Policy,
              now: datetime) -> list[Item]:
    """The items whose owners the nudge may mention."""
    if rhythm.rhythm_of(pilot).naming is not Naming.MENTION:
        return []
    calendar = rhythm.channel_calendar(pilot)
    return [item for item in agenda.waiting if calls_for(item, calendar, now)
            and (owner := people.get(item.owner_id or "")) is not None
            and may_be_notified(owner, pilot, policy, now)]


# ---- when --------------------------------------------------------------------------------------------------


def works_of(pilot: Pilot, owners: Iterable[Person]) -> Works:
    """The days on which the channel may be spoken to: worked on there, and by at least half of `owners`."""
    calendar, at = rhythm.channel_calendar(pilot), rhythm.channel_time(pilot)
    calendars = [calendar_for(owner) for owner in owners]

    def works(day: date) -> bool:
        if not calendar.is_working(day):
            return False
        moment = calendar.at(day, at)
        off = sum(not each.is_working(each.today(moment)) for each in calendars)
        return 2 * off <= len(calendars)

    return works


@dataclass(frozen=True, slots=True)
class Turn:
    """What becomes of a channel that the sweep looks at."""

    speaks: bool
    praises: bool
    next_at: datetime | None


def turn_of(pilot: Pilot, owners: Iterable[Person], policy: Policy, now: datetime) -> Turn:
    """Whether a pilot's channel is nudged and praised now, and when to look again.

    Its `nudge_at` says since when a look is due: a nudge missed while the bot was down is said once, on the
    next day that fits, or is part of the next scheduled one.
    """
    works, calendar, at = works_of(pilot, owners), rhythm.channel_calendar(pilot), rhythm.channel_time(pilot)
    today = calendar.today(now)
    is_due = _is_due(pilot, calendar.today(pilot.nudge_at or now), today, works)
    is_on = pilot.state is PilotState.ACTIVE and bool(rhythm.channel_weekdays(pilot))
    may = is_on and works(today) and _is_hour(calendar, now, at, policy)
    after = max(now, calendar.at(today, at)) if may else now
    following = rhythm.next_look(pilot, after, works)
    if is_due and not may and (moved := rhythm.next_day(pilot, now, works)) is not None:
        following = min(moved, following or moved)
    is_end = policy.is_praising and rhythm.ends_week(pilot, today, works)
    return Turn(may and is_due, may and is_end, following)


def _is_due(pilot: Pilot, since: date, today: date, works: Works) -> bool:
    days = [since + n * _DAY for n in range(min((today - since).days, 31) + 1)]
    if any(rhythm.is_scheduled(pilot, day) for day in days):
        return True
    return rhythm.carries(pilot, since, works) or not rhythm.ends_week(pilot, since, works)


def _is_hour(calendar: Calendar, now: datetime, at: time, policy: Policy) -> bool:
    """In the policy's hours, or soon after the time that the team chose."""
    local = calendar.local(now)
    since = now - calendar.at(local.date(), at)
    return policy.opens <= local.time() < policy.closes or timedelta() <= since < _SOON


def may_begin_nudge(nudge: Nudge, pilot: Pilot, policy: Policy, now: datetime) -> bool:
    """Whether a nudge that nobody has seen yet may still be posted; else the next slot's says it."""
    calendar = rhythm.channel_calendar(pilot)
    return (pilot.state is PilotState.ACTIVE and rhythm.rhythm_of(pilot).is_on
            and calendar.today(now) == nudge.day
            and (now - nudge.made_at < UNDER_WAY
                 or _is_hour(calendar, now, rhythm.channel_time(pilot), policy)))

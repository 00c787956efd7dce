"""The ladder: who hears of what its owner does not answer for, and when the next rung may come."""

from datetime import date, datetime, time, timedelta

from handlers.nudges.matter import RANK, STAND_IN, WARN, Entry, Matter, Outcome, Telling
from handlers.nudges.policy import LADDER, ORDER, Step, To
from handlers.people.roles import Role
from storage.models import Person

_DAY = timedelta(days=1)
_HEADLESS = (Role.SPONSOR, Role.LEAD)
"""Seats of one pilot, which are no function that anybody heads."""


def warned_on(matter: Matter) -> date | None:
    warned = matter.heard.warned
    asked = matter.asked.id if matter.asked is not None else ""
    return warned[asked] if asked in warned else max((day for day in warned.values() if day), default=None)


def next_telling(matter: Matter) -> Telling | None:
    """Who hears next: nobody twice, and nobody of what is their own; who is passed over, the next one hears.

    The sponsor is asked to decide, even where they heard of it as somebody else.
    """
    asked = matter.asked
    known = {matter.item.owner_id, asked.id if asked else None}
    heard: set[str | None] = set()
    for rung in LADDER:
        how = matter.policy.ladder.get(rung)
        if how is None or matter.day_of(rung) is None:
            continue
        to = matter.circle.hears(how.to, matter.item)
        if RANK[rung] <= matter.rank:
            heard.add(to.id if to else None)
        elif to is None and how.to is To.HEAD and matter.item.role in _HEADLESS:
            continue
        elif to is None:
            lead = matter.circle.lead(matter.item)
            return None if lead is None else Telling(rung, lead, (), how.to)
        elif to.id not in known and (to.id not in heard or rung is Step.SPONSOR):
            return _telling(matter, rung, to)
    return None


def next_telling_on(matter: Matter) -> date | None:
    """The earliest day on which that may be; None: there is no further rung."""
    days = [day for rung in LADDER if RANK[rung] > matter.rank and (day := matter.day_of(rung)) is not None]
    if not days or matter.anchor is None:
        return None
    return max(matter.calendar.add(matter.anchor, days[0]), matter.calendar.add(matter.today, 1))


def _telling(matter: Matter, rung: Step, to: Person) -> Telling:
    wanted = (matter.circle.hears(copy, matter.item) for copy in matter.policy.ladder[rung].copies)
    copies = {person.id: person for person in wanted if person is not None and person.id != to.id}
    return Telling(rung, to, tuple(copies.values()))


def stand_in(matter: Matter, rank: int, late: int) -> Telling | None:
    """A briefing's own rung, on the day of its warning or after: the head is asked for somebody else."""
    day = matter.day_of(Step.STAND_IN)
    if day is None or not matter.is_briefing or day > late or not WARN <= rank < STAND_IN:
        return None
    head = matter.circle.hears(To.HEAD, matter.item)
    if head is None:
        lead = matter.circle.lead(matter.item)
        return None if lead is None else Telling(Step.STAND_IN, lead, (), To.HEAD)
    return None if head is matter.asked else Telling(Step.STAND_IN, head, ())


def told(matter: Matter, telling: Telling, rank: int, late: int) -> Outcome:
    return Outcome(telling.step, matter.today, look_after(matter, rank, late), to(matter, telling), telling)


def to(matter: Matter, telling: Telling) -> tuple[Entry, ...]:
    found = []
    for person in (telling.to, *telling.copies):
        mornings = matter.mornings_of(person)
        morning = mornings.first(mornings.today, ordinary=False)
        if morning is not None:
            found.append(Entry(person, telling.step, morning, is_copy=person is not telling.to))
    return tuple(found)


def look_after(matter: Matter, rank: int, late: int) -> datetime | None:
    """The same on the ladder, whose days are the item's own."""
    days = [day for step in ORDER[max(rank, WARN) + 1:] if (day := matter.day_of(step)) is not None]
    if not days or matter.anchor is None:
        return None
    on = matter.today if days[0] <= late else matter.calendar.add(matter.anchor, days[0])
    return _at_or_after(matter, max(on, matter.today))


def after_today(matter: Matter) -> datetime:
    return _at_or_after(matter, matter.today + _DAY)


def _at_or_after(matter: Matter, day: date) -> datetime:
    begins = matter.calendar.at(day, time.min) - timedelta(microseconds=1)
    return matter.calendar.next_moment(max(matter.now, begins), matter.policy.digest_at)

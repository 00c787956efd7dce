"""What the policy says about an item today: what is said to whom, and when to look at it again."""

from datetime import date, datetime, timedelta
from typing import Final

from handlers.nudges import ladder
from handlers.nudges.matter import RANK, STAND_IN, WARN, Entry, Matter, Outcome
from handlers.nudges.mornings import Morning, Mornings
from handlers.nudges.policy import LADDER, ORDER, Step
from storage.models import PilotState

HELD_AGAIN_WD = 2
"""So many working days between two questions whether a briefing was held."""

_OWNERS: Final = (Step.WARN, Step.OVERDUE, Step.DUE, Step.PLAN_PROMPT, Step.FOLLOW_UP, Step.INTRODUCE)
_HELD_BACK: Final = frozenset({Step.INTRODUCE, Step.FOLLOW_UP, Step.PLAN_PROMPT, Step.OVERDUE, Step.HELD})
"""What comes half as often where a pilot's nudges were halved; never what belongs to its day, or warns."""
_HALF_OF_DAYS: Final = frozenset({0, 2, 4})
_DAY: Final = timedelta(days=1)


def decide(matter: Matter) -> Outcome:
    """What is said about an open item now. Decided again at any time, it comes to the same."""
    item, anchor = matter.item, matter.anchor
    if anchor is None or matter.pilot.state is not PilotState.ACTIVE:
        return _silent(matter, None)
    if matter.asked is None:
        return _silent(matter, ladder.after_today(matter))  # somebody may come
    mine = matter.mornings_of(matter.asked)
    if (day := _silent_until(matter)) is not None:
        return _silent(matter, _morning_after(mine, day, ordinary=False))
    if item.slot_at is not None:
        return _held(matter, mine)
    if item.plan_on is not None and matter.calendar.next_working(item.plan_on) == matter.today:
        return _planned(matter, mine)
    late = matter.calendar.between(anchor, matter.today)
    if matter.rank == WARN and matter.asked.id not in matter.heard.warned:
        matter.rank = WARN - 1  # somebody else is asked now: they are warned before others hear
    step = _owners_step(matter, late)
    if step is not None:
        return _say_to_owner(matter, mine, step, late)
    return _climb(matter, late)


# ---- when nothing is said ----------------------------------------------------------------------------------


def _silent_until(matter: Matter) -> date | None:
    """The day on which to look again where somebody gave it time, or it is too fresh; None: speak."""
    item, today = matter.item, matter.today
    if item.slot_at is not None and item.slot_at > matter.now:
        return matter.calendar.today(item.slot_at)
    if item.plan_on is not None and item.plan_on > today:
        return item.plan_on
    if item.snoozed_until is not None and item.snoozed_until > today:
        return item.snoozed_until
    fresh = _fresh_until(matter, item.active_at, matter.policy.skip_active_days)
    if fresh is None and item.due_on is not None and today < item.due_on:
        fresh = _fresh_until(matter, item.owner_since, matter.policy.skip_young_days)
    return None if fresh is None else matter.calendar.today(fresh)


def _fresh_until(matter: Matter, since: datetime | None, days: int) -> datetime | None:
    """The moment so many working days after `since`; None: it has passed."""
    if since is None or days == 0 or matter.now - since > timedelta(days=days * 2 + 12):
        return None
    local = matter.calendar.local(since)
    until = matter.calendar.at(matter.calendar.add(local.date(), days), local.time().replace(tzinfo=None))
    return until if matter.now < until else None


def _silent(matter: Matter, next_at: datetime | None) -> Outcome:
    item = matter.item
    return Outcome(Step(item.step) if item.step else None, item.step_on, next_at)


def _morning_after(mine: Mornings, day: date, *, ordinary: bool) -> datetime | None:
    """The first of their mornings on or after `day` that is still to come."""
    if mine.is_open(ordinary=False):
        day = max(day, mine.today + _DAY)
    morning = mine.first(day, ordinary=ordinary)
    return None if morning is None else morning.at


# ---- to whoever is asked -----------------------------------------------------------------------------------


def _owners_step(matter: Matter, late: int) -> Step | None:
    """The latest step to the owner whose day has come and that was not said; earlier ones are left out."""
    for step in _OWNERS:
        if RANK[step] <= matter.rank:
            return None
        day = matter.day_of(step)
        if day is not None and day <= late and matter.may_be_said(step):
            return step
    return None


def _say_to_owner(matter: Matter, mine: Mornings, step: Step, late: int) -> Outcome:
    ordinary = matter.is_ordinary(step)
    if not mine.is_open(ordinary=ordinary):
        morning = mine.first(mine.today, ordinary=False)
        is_next = ordinary and (morning is None or morning.at <= matter.now)
        at = morning.at if morning is not None else None
        return _silent(matter, _wait(matter, mine, late) if is_next else at)
    if step in _HELD_BACK and _is_halved(matter, mine.today):
        return _silent(matter, _morning_after(mine, mine.today, ordinary=False))
    entries = () if _was_mentioned(matter, mine, step) else (_entry(mine, step),)
    rank, said = RANK[step], step
    head = ladder.stand_in(matter, rank, late)
    if head is not None:
        entries, rank, said = (*entries, *ladder.to(matter, head)), STAND_IN, Step.STAND_IN
    return Outcome(said, mine.today, _next_look(matter, mine, rank, late), entries, head)


def _wait(matter: Matter, mine: Mornings, late: int) -> datetime | None:
    """Somebody's weekly digest is days away: look at it then, or when something comes that does not wait."""
    weekly = _morning_after(mine, mine.today, ordinary=True)
    days = [day for step in (Step.OVERDUE, Step.WARN)
            if (day := matter.day_of(step)) is not None and not matter.is_ordinary(step) and day > late]
    if not days or matter.anchor is None:
        return weekly
    sooner = _morning_after(mine, matter.calendar.add(matter.anchor, min(days)), ordinary=False)
    return min((at for at in (weekly, sooner) if at is not None), default=None)


def _held(matter: Matter, mine: Mornings) -> Outcome:
    """A slot that has passed: asked every other working day whether it was held, until that is recorded."""
    asked_on = matter.heard.held_on
    if asked_on is not None and matter.calendar.between(asked_on, matter.today) < HELD_AGAIN_WD:
        return _silent(matter, _morning_after(mine, matter.calendar.add(asked_on, HELD_AGAIN_WD),
                                              ordinary=False))
    if not mine.is_open(ordinary=False) or _is_halved(matter, mine.today):
        return _silent(matter, _morning_after(mine, mine.today, ordinary=False))
    return _aside(matter, mine, Step.HELD, matter.calendar.add(matter.today, HELD_AGAIN_WD))


def _planned(matter: Matter, mine: Mornings) -> Outcome:
    """The day its owner had planned: asked whether that holds; the ladder stays where it is."""
    said_on = matter.heard.planned_on
    is_said = said_on is not None and matter.item.plan_on is not None and said_on >= matter.item.plan_on
    if is_said or not mine.is_open(ordinary=True):
        return _silent(matter, _morning_after(mine, mine.today, ordinary=False))
    return _aside(matter, mine, Step.PLANNED, matter.calendar.add(matter.today, 1))


def _aside(matter: Matter, mine: Mornings, step: Step, next_day: date) -> Outcome:
    """Say something that is outside the order of steps."""
    quiet = _silent(matter, _morning_after(mine, next_day, ordinary=False))
    entries = () if _was_mentioned(matter, mine, step) else (_entry(mine, step),)
    return Outcome(quiet.step, quiet.step_on, quiet.next_at, entries)


def _entry(mine: Mornings, step: Step) -> Entry:
    return Entry(mine.person, step, Morning(mine.today, mine.now))


def _is_halved(matter: Matter, today: date) -> bool:
    return matter.pilot.halved_on is not None and today.weekday() not in _HALF_OF_DAYS


def _was_mentioned(matter: Matter, mine: Mornings, step: Step) -> bool:
    """The pilot's channel said it to them this very day; only a warning is said all the same."""
    at = matter.heard.in_channel.get(mine.person.id)
    return step is not Step.WARN and at is not None and mine.calendar.today(at) == mine.today


# ---- to others ---------------------------------------------------------------------------------------------


def _climb(matter: Matter, late: int) -> Outcome:
    """Tell the next rung where its day has come, one each working day; after the last there is silence."""
    rank = matter.rank
    head = ladder.stand_in(matter, rank, late)
    if head is not None:
        return ladder.told(matter, head, STAND_IN, late)
    rungs = [rung for rung in LADDER if RANK[rung] > rank and matter.day_of(rung) is not None]
    if rank < WARN or (rungs and (matter.day_of(rungs[0]) or 0) > late):
        return _rest(matter, late)
    if not rungs:
        stop = matter.day_of(Step.STOP)
        has_ended = stop is not None and stop <= late and rank < RANK[Step.STOP]
        return Outcome(Step.STOP, matter.today, None) if has_ended else _rest(matter, late)
    if not _has_had_a_day(matter):
        return _silent(matter, ladder.after_today(matter))
    telling = ladder.next_telling(matter)
    if telling is None:  # everybody concerned knows
        return Outcome(rungs[0], matter.today, ladder.look_after(matter, RANK[rungs[0]], late))
    return ladder.told(matter, telling, RANK[telling.step], late)


def _has_had_a_day(matter: Matter) -> bool:
    """Since the warning, a working day of whoever was warned has passed; since a rung, one of the item's."""
    if matter.rank > STAND_IN:
        since = matter.item.step_on
        return since is not None and matter.calendar.between(since, matter.today) >= 1
    assert matter.asked is not None
    mine, since = matter.mornings_of(matter.asked), ladder.warned_on(matter)
    return since is not None and mine.calendar.between(since, mine.today) >= 1


# ---- when to look again ------------------------------------------------------------------------------------


def _rest(matter: Matter, late: int) -> Outcome:
    assert matter.asked is not None
    return _silent(matter, _next_look(matter, matter.mornings_of(matter.asked), matter.rank, late))


def _next_look(matter: Matter, mine: Mornings, rank: int, late: int) -> datetime | None:
    """When the first step after `rank` may come; None: none is left."""
    for step in ORDER[rank + 1:]:
        day = matter.day_of(step)
        if day is None or (RANK[step] <= WARN and not matter.may_be_said(step)):
            continue
        if RANK[step] > WARN:
            return ladder.look_after(matter, rank, late)
        on = mine.today if day <= late or matter.anchor is None else matter.calendar.add(matter.anchor, day)
        return _morning_after(mine, on, ordinary=False)
    return None

"""What deserves a good word at the end of a channel's week: of the team, never of or against one person."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from handlers.nudges.standing import is_briefing, is_open
from handlers.people.calendar import Calendar
from handlers.pilots import rhythm
from storage.models import AuditEntry, Item, ItemState, Pilot

HELPED = ("item on it", "item joined", "item unblocked")
"""What an audit entry says of somebody who did something for another's item."""
LEAST_WEEKS = 2
"""One week on time is not yet a run."""

_DAY = timedelta(days=1)
_WEEK = timedelta(days=7)
_LOOK_BACK = 52
_NAMED = 3
_NO_GATES = ("intake", "kickoff")


@dataclass(frozen=True, slots=True)
class Help:
    """Somebody who did something for an item of somebody else."""

    person: str
    title: str


@dataclass(frozen=True, slots=True)
class Praise:
    """A week's good news; what is not there is not spoken of."""

    gates: tuple[str, ...]
    """The stages entered, in their order."""
    all_briefings: bool
    """The last briefing of week one was held this week."""
    weeks_on_time: int
    """How many weeks in which something was due ended on time, this one the last; 0: nothing to say."""
    helps: tuple[Help, ...]

    @property
    def is_empty(self) -> bool:
        return not (self.gates or self.all_briefings or self.weeks_on_time or self.helps)


def praise_of(pilot: Pilot, items: Sequence[Item], history: Iterable[AuditEntry], today: date,
              free_misses: int) -> Praise:
    """This week's good news as of `today`; `history` has the entries of `HELPED` since it began."""
    began, calendar = rhythm.week_began(pilot, today), rhythm.channel_calendar(pilot)
    entered = sorted((day, stage) for stage, day in pilot.entered.items() if stage not in _NO_GATES)
    weeks = weeks_on_time(items, began, today, calendar, free_misses)
    return Praise(
        gates=tuple(stage for day, stage in entered if began.isoformat() <= day <= today.isoformat()),
        all_briefings=_all_held(items, began, calendar),
        weeks_on_time=weeks if weeks >= LEAST_WEEKS else 0,
        helps=_helps(items, history, began, calendar))


def _all_held(items: Iterable[Item], began: date, calendar: Calendar) -> bool:
    meetings = [item for item in items if is_briefing(item)]
    closed = [calendar.today(item.closed_at) for item in meetings
              if item.state is ItemState.DONE and item.closed_at is not None]
    return bool(meetings) and len(closed) == len(meetings) and max(closed) >= began


def weeks_on_time(items: Sequence[Item], began: date, today: date, calendar: Calendar,
                  free_misses: int) -> int:
    """How many weeks the team has been on time, up to the one that `began`; a miss or so breaks no run.

    Weeks in which nothing was due count neither way. 0 where this week was not on time itself.
    """
    dated = [item for item in items if item.due_on is not None and item.state is not ItemState.WAIVED]
    run = misses = 0
    for back in range(_LOOK_BACK):
        first = began - back * _WEEK
        judged = [on_time for item in dated
                  if item.due_on is not None and first <= item.due_on < first + _WEEK
                  and (on_time := _was_on_time(item, today, calendar)) is not None]
        if judged and all(judged):
            run += 1
        elif judged:
            misses += 1
            if back == 0 or misses > free_misses:
                break
        elif back == 0:
            break
    return run


def _was_on_time(item: Item, today: date, calendar: Calendar) -> bool | None:
    """None: its day has not passed yet."""
    assert item.due_on is not None
    if not is_open(item):
        return item.closed_at is None or calendar.today(item.closed_at) <= item.due_on
    return False if item.due_on < today else None


def _helps(items: Iterable[Item], history: Iterable[AuditEntry], began: date,
           calendar: Calendar) -> tuple[Help, ...]:
    by_ref = {item.ref: item for item in items}
    found = {item.closed_by: Help(item.closed_by, item.title) for item in by_ref.values()
             if item.state is ItemState.DONE and item.closed_by and item.closed_at is not None
             and item.owner_id not in (None, item.closed_by) and calendar.today(item.closed_at) >= began}
    for entry in history:
        item = by_ref.get(entry.subject)
        if item is not None and entry.actor != item.owner_id and _was_help(entry, item):
            found.setdefault(entry.actor, Help(entry.actor, item.title))
    return tuple(found.values())[:_NAMED]


def _was_help(entry: AuditEntry, item: Item) -> bool:
    """Being on it is help once it is done, lifting a block where one's own answer was waited for."""
    if entry.what == "item unblocked":
        return entry.before.get("blocked_by") == entry.actor
    return item.state is ItemState.DONE

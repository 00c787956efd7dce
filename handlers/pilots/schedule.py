"""When things are due: the seven stages in their order, and the grammar of dates in templates."""

import re
from calendar import monthrange
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from handlers.people.calendar import Calendar

STAGES = ("intake", "week_one", "build", "readiness_review", "limited_rollout", "production",
          "continuous_improvement")
KICKOFF = "kickoff"
"""The first day of week one, fixed when the pilot is made."""
GOLIVE = "limited_rollout"
"""Entering it is going live: from then on real users are affected."""
GRACE_WD = 2
"""What was due before the pilot was made is due in so many working days."""

_DUE = re.compile(rf"({KICKOFF}|{'|'.join(STAGES)})([+-][0-9]{{1,3}})wd")
_REPEAT = re.compile(r"([1-9][0-9]{0,2})(wd|mo)")


def number_of(stage: str) -> int:
    """Say which of the seven a stage is, from 1."""
    return STAGES.index(stage) + 1


def stage_after(stage: str) -> str | None:
    """Return the stage that follows; None: it is the last."""
    number = number_of(stage)
    return STAGES[number] if number < len(STAGES) else None


def title_of(stage: str, stages: Sequence[Mapping[str, Any]]) -> str:
    """Return the title that the pilot's template gave a stage."""
    for row in stages:
        if row["id"] == stage:
            return str(row["title"])
    return stage.replace("_", " ").capitalize()


def limit_of(stage: str, stages: Sequence[Mapping[str, Any]]) -> int | None:
    """Return how many working days a stage may take; None: no limit."""
    for row in stages:
        if row["id"] == stage:
            return None if row["limit_wd"] is None else int(row["limit_wd"])
    return None


def split_due(rule: str) -> tuple[str, int]:
    """Split ``build+10wd`` into what it counts from, and working days.

    Raises:
        ValueError: it is no such rule.
    """
    match = _DUE.fullmatch(rule)
    if match is None:
        raise ValueError(f"not a due rule: {rule!r}")
    return match[1], int(match[2])


def split_repeat(rule: str) -> tuple[int, str]:
    """Split ``15wd`` or ``1mo`` into number and unit.

    Raises:
        ValueError: it is no such rule.
    """
    match = _REPEAT.fullmatch(rule)
    if match is None:
        raise ValueError(f"not a repeat rule: {rule!r}")
    return int(match[1]), match[2]


def due_date(rule: str, anchors: Mapping[str, date], calendar: Calendar) -> date | None:
    """Return the day a rule means in the owner's calendar; None: that stage has not been entered.

    `anchors` holds the kickoff and the day each stage was entered; +0wd on a day off is the next working day.
    """
    start, days = split_due(rule)
    return calendar.add(anchors[start], days) if start in anchors else None


def clamp_late(due: date | None, today: date, calendar: Calendar) -> tuple[date | None, bool]:
    """Move a day that is already past to two working days from now, and say whether that was done.

    For pilots registered late: nobody begins with a wall of red.
    """
    if due is None or due >= today:
        return due, False
    return calendar.add(today, GRACE_WD), True


def expected_golive(kickoff: date, stages: Sequence[Mapping[str, Any]], calendar: Calendar) -> date:
    """Return the day the limited rollout begins if every stage from week one on takes its limit."""
    before = STAGES[STAGES.index("week_one"):STAGES.index(GOLIVE)]
    return calendar.add(kickoff, sum(limit_of(stage, stages) or 0 for stage in before))


def next_repeat(due: date, repeat: str, calendar: Calendar) -> date:
    """Return when a repeating item is due again; months keep the day, or take the month's last."""
    number, unit = split_repeat(repeat)
    if unit == "wd":
        return calendar.add(due, number)
    years, month = divmod(due.month - 1 + number, 12)
    year, month = due.year + years, month + 1
    return calendar.next_working(date(year, month, min(due.day, monthrange(year, month)[1])))


def days_late(due: date | None, today: date, calendar: Calendar) -> int:
    """Count the owner's working days since a day that has passed; 0: not late, or no day set."""
    return 0 if due is None else max(calendar.between(due, today), 0)

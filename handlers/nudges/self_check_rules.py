"""How much nudges help: which were acted on within a working day, and what follows where too few were."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from handlers.nudges.policy import LADDER, TO_OWNER, SelfCheck, Step
from handlers.people.calendar import Calendar
from storage.nudging import Told

ASKING = frozenset({*TO_OWNER, Step.PLANNED, Step.HELD})
"""Steps that ask somebody to do something; the others tell somebody that it was not done."""
HALVED, RESTORED = "nudges halved", "nudges as before"
"""What the audit trail calls a change of the frequency."""
_WITHIN_WD = 1
_SAYS_SOMETHING = 5
"""With fewer nudges a single step, or a week, is not compared with others."""
_WEEK_WD = 5


class Verdict(StrEnum):
    FINE = "fine"
    """Or too few to conclude anything."""
    HALVE = "halve"
    RESTORE = "restore"


@dataclass(frozen=True, slots=True)
class Nudged:
    """One thing that somebody was told, and the calendar of who was."""

    told: Told
    calendar: Calendar


@dataclass(frozen=True, slots=True)
class Share:
    """So many nudges were acted on within a working day, of so many."""

    helped: int = 0
    of: int = 0

    @property
    def part(self) -> float:
        return self.helped / self.of if self.of else 0.0

    @property
    def percent(self) -> int:
        return round(100 * self.part)

    @property
    def says_something(self) -> bool:
        return self.of >= _SAYS_SOMETHING


@dataclass(frozen=True, slots=True)
class Figures:
    total: Share
    steps: Mapping[str, Share]
    """In the order in which they are said."""
    weeks: tuple[Share, ...]
    """Of five working days each, oldest first."""
    told_on: Mapping[str, int]
    """Of each rung of the ladder, how often somebody was told."""
    warned: Share
    """Of the items somebody was warned about: those that moved before anybody else was told."""


def has_helped(nudged: Nudged, now: datetime) -> bool | None:
    """Whether somebody acted within a working day of the reader's; None: that day is not over yet."""
    told, calendar = nudged.told, nudged.calendar
    said_on = calendar.today(told.at)
    if told.acted_at is not None:
        return calendar.between(said_on, calendar.today(told.acted_at)) <= _WITHIN_WD
    return None if calendar.between(said_on, calendar.today(now)) <= _WITHIN_WD else False


def figures(told: Iterable[Nudged], now: datetime, today: date, calendar: Calendar,
            window: int) -> Figures:
    """All figures of a pilot; `today` and `calendar` are the pilot's, `window` counts its working days."""
    told = list(told)
    asked = [(each, helped) for each in told if each.told.step in ASKING and not each.told.is_copy
             and (helped := has_helped(each, now)) is not None]
    steps = {str(step): _share(helped for each, helped in asked if each.told.step == step) for step in Step}
    count = max(1, -(-window // _WEEK_WD))

    def week(each: Nudged) -> int:
        ago = max(0, calendar.between(calendar.today(each.told.at), today))
        return max(0, count - 1 - ago // _WEEK_WD)

    return Figures(
        total=_share(helped for _, helped in asked),
        steps={step: share for step, share in steps.items() if share.of},
        weeks=tuple(_share(helped for each, helped in asked if week(each) == number)
                    for number in range(count)),
        told_on={rung: sum(each.told.step == rung and not each.told.is_copy for each in told)
                 for rung in LADDER},
        warned=_warned([each.told for each in told if not each.told.is_copy]))


def _share(helped: Iterable[bool]) -> Share:
    found = list(helped)
    return Share(sum(found), len(found))


def _warned(told: Sequence[Told]) -> Share:
    """What is warned about and neither moved nor told on yet does not count."""
    told_on = {each.item_id for each in told if each.step in (*LADDER, Step.STAND_IN)}
    moved = {each.item_id for each in told if each.step == Step.WARN and each.acted_at is not None}
    warned = {each.item_id for each in told if each.step == Step.WARN}
    settled = (warned & told_on) | moved
    return Share(len(settled - told_on), len(settled))


def verdict(found: Figures, check: SelfCheck, *, is_halved: bool) -> Verdict:
    """What follows. Half as frequent, half as many nudges are enough to see that it got better."""
    least = check.least_nudges // 2 if is_halved else check.least_nudges
    if found.total.of < max(1, least):
        return Verdict.FINE
    is_low = found.total.part < check.least_share
    if is_low and not is_halved:
        return Verdict.HALVE
    return Verdict.RESTORE if is_halved and not is_low else Verdict.FINE


def weakest(steps: Mapping[str, Share]) -> str | None:
    """The step whose wording helps least, of those said often enough to tell."""
    known = {step: share for step, share in steps.items() if share.says_something} or steps
    return min(known, key=lambda step: (known[step].part, -known[step].of), default=None)


def trend(weeks: Sequence[Share]) -> int | None:
    """Points of a hundred by which the later weeks differ from the earlier ones; None: too few to say."""
    half = len(weeks) // 2
    before, after = _sum(weeks[:half]), _sum(weeks[len(weeks) - half:])
    if not (before.says_something and after.says_something):
        return None
    return after.percent - before.percent


def _sum(shares: Iterable[Share]) -> Share:
    found = list(shares)
    return Share(sum(each.helped for each in found), sum(each.of for each in found))

"""An item with all that the policy looks at, and what can come of that."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final

from handlers.nudges.circle import Circle
from handlers.nudges.mornings import Morning, Mornings
from handlers.nudges.policy import LADDER, ORDER, Cadence, Policy, Step, To
from handlers.nudges.standing import is_briefing
from handlers.people.calendar import Calendar
from handlers.pilots.rhythm import channel_calendar
from storage.models import Item, Person, Pilot

RANK: Final[Mapping[Step, int]] = {step: number for number, step in enumerate(ORDER)}
WARN, STAND_IN = RANK[Step.WARN], RANK[Step.STAND_IN]


@dataclass(frozen=True, slots=True)
class Heard:
    """What was said about an item before, as far as the next step hangs on it."""

    warned: Mapping[str, date | None] = field(default_factory=dict)
    """Who was warned, on which morning; None: they have not seen it yet."""
    held_on: date | None = None
    planned_on: date | None = None
    """The last mornings of `HELD` and `PLANNED`."""
    in_channel: Mapping[str, datetime] = field(default_factory=dict)
    """Who was mentioned in the pilot's channel for it, and when last."""


NOTHING: Final = Heard()


@dataclass(frozen=True, slots=True)
class Entry:
    """Somebody hears of the item, on one of their mornings."""

    person: Person
    step: Step
    morning: Morning
    is_copy: bool = False


@dataclass(frozen=True, slots=True)
class Telling:
    """A rung of the ladder."""

    step: Step
    to: Person
    copies: tuple[Person, ...]
    missing: To | None = None
    """Nobody holds the role that should hear: the lead hears, with what to do about it."""


@dataclass(frozen=True, slots=True)
class Outcome:
    step: Step | None
    step_on: date | None
    next_at: datetime | None
    entries: tuple[Entry, ...] = ()
    telling: Telling | None = None
    """The rung that was reached just now."""


@dataclass(slots=True)
class Matter:
    """An open item with all that the policy looks at."""

    item: Item
    circle: Circle
    policy: Policy
    mornings_of: Callable[[Person], Mornings]
    heard: Heard = NOTHING
    pilot: Pilot = field(init=False)
    calendar: Calendar = field(init=False)
    """On which its days are counted: the owner's, whoever is asked; the pilot's where nobody owns it."""
    today: date = field(init=False)
    asked: Person | None = field(init=False)
    is_briefing: bool = field(init=False)
    cadence: Cadence = field(init=False)
    anchor: date | None = field(init=False)
    rank: int = field(init=False)

    def __post_init__(self) -> None:
        item, circle = self.item, self.circle
        self.pilot = circle.pilots[item.pilot_id]
        owner = circle.people.get((item.workspace_id, item.owner_id)) if item.owner_id else None
        self.calendar = (self.mornings_of(owner).calendar if owner is not None
                         else channel_calendar(self.pilot))
        self.today = self.calendar.today(circle.now)
        self.asked = circle.asked(item)
        self.is_briefing = is_briefing(item)
        self.cadence = self.policy.cadence_of(item, is_briefing=self.is_briefing)
        self.anchor = self.pilot.kickoff_on if self.is_briefing and item.due_on else item.due_on
        self.rank = RANK.get(item.step, -1) if item.step else -1  # type: ignore[call-overload]

    @property
    def now(self) -> datetime:
        return self.circle.now

    def day_of(self, step: Step) -> int | None:
        """Its day in the cadence. A policy that tells others warns before, whether it says so or not."""
        day = self.cadence.day_of(step)
        if day is None and step is Step.WARN:
            rungs = [n for rung in LADDER if (n := self.cadence.day_of(rung)) is not None]
            return min(rungs) - 1 if rungs else None
        return day

    @property
    def holds_gate(self) -> bool:
        return self.cadence is not self.policy.normal

    def may_be_said(self, step: Step) -> bool:
        """Whether it fits: of what waits for a thing only the warning, of what is nobody's from due on."""
        if step is Step.INTRODUCE and (self.is_briefing or self.item.is_handed_over):
            return False  # a message of its own did that
        if self.item.blocked_at is not None and self.item.blocked_by is None:
            return step is Step.WARN
        return self.item.owner_id is not None or RANK[step] >= RANK[Step.DUE]

    def is_ordinary(self, step: Step) -> bool:
        """Whether it can wait for a weekly digest."""
        return not (step is Step.WARN or (step is Step.OVERDUE and self.holds_gate))

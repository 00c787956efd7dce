"""What a person's digest speaks of, in which order."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from handlers.nudges.heard import ESCALATIONS
from handlers.nudges.matter import RANK, Matter
from handlers.nudges.policy import Step
from handlers.nudges.standing import is_open, urgency
from storage.models import Item, Person, Pilot, PilotState
from storage.nudging import Told


@dataclass(frozen=True, slots=True)
class Point:
    """One thing that a digest speaks of, by the step that brought it there."""

    item: Item
    pilot: Pilot
    step: Step
    is_copy: bool


@dataclass(frozen=True, slots=True)
class Digest:
    """What a person's digest speaks of, most urgent first."""

    todo: tuple[Point, ...] = ()
    copies: tuple[Point, ...] = ()
    """They are told that somebody else was asked."""
    ended: tuple[Point, ...] = ()
    """They had been told that these are late."""
    settled: tuple[Point, ...] = ()
    """It spoke of these in the morning; they do not wait for this person today any more."""

    @property
    def is_empty(self) -> bool:
        return not (self.todo or self.copies or self.ended)


def digest_of(told: Iterable[Told], pairs: Iterable[tuple[Item, Pilot]], matters: Mapping[int, Matter],
              person: Person, today: date) -> Digest:
    """Sort what a digest spoke of into what still stands and what does not.

    Args:
        matters: of the items that are open.
    """
    rows = list(told)
    points = []
    for item, pilot in sorted(pairs, key=lambda pair: urgency(pair[0], pair[1], today)):
        of_item = [row for row in rows if row.item_id == item.id]
        if of_item:
            last = max(of_item, key=lambda row: (not row.is_copy, row.id))
            points.append(Point(item, pilot, Step(last.step), last.is_copy))
    todo: list[Point] = []
    copies: list[Point] = []
    ended: list[Point] = []
    settled: list[Point] = []
    for point in points:
        if point.step is Step.RESOLVED:
            if not is_open(point.item):
                ended.append(point)
        elif not stands(point, matters.get(point.item.id), person):
            settled.append(point)
        else:
            (copies if point.is_copy else todo).append(point)
    return Digest(tuple(todo), tuple(copies), tuple(ended), tuple(settled))


def stands(point: Point, matter: Matter | None, person: Person) -> bool:
    """Whether what was to be said about an item is still true."""
    item, pilot = point.item, point.pilot
    if matter is None or not is_open(item) or pilot.state is not PilotState.ACTIVE or item.due_on is None:
        return False
    if any(day is not None and day > matter.today for day in (item.plan_on, item.snoozed_until)):
        return False
    if item.slot_at is not None and item.slot_at > matter.now:
        return False
    if point.step in RANK and matter.rank < RANK[point.step]:
        return False  # another owner, another date, or it is no longer blocked: that begins anew
    if point.step in ESCALATIONS:
        return True
    is_held_by_a_thing = item.blocked_at is not None and item.blocked_by is None
    return (matter.asked is not None and matter.asked.id == person.id
            and (not is_held_by_a_thing or point.step is Step.WARN))

"""What must be done before a pilot may enter its next stage, and the word when it may not."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from handlers.chat.errors import Refused, inside
from handlers.people.calendar import Calendar
from handlers.pilots.rules import SAFETY_FLOOR
from handlers.pilots.schedule import GOLIVE, days_late, number_of, stage_after, title_of
from storage.models import Item, ItemState, Pilot, PilotState

CalendarOf = Callable[[Item], Calendar]
"""The calendar of whoever owns an item."""

_SHOWN = 4


@dataclass(frozen=True, slots=True)
class Gate:
    """Where a pilot stands before its next stage. Advice is left out of all of it."""

    stage_to_enter: str
    title: str
    items: tuple[Item, ...]
    """Those of this gate, and what still holds it from earlier ones or the safety floor."""
    done: int
    """Done or not applicable."""
    unproven: int
    """Of those done: on somebody's word alone."""
    open: int
    late: int
    """Of those open: past their day."""
    waived: int
    clears: tuple[Item, ...]
    """What still holds it, most overdue first; once these are done it is open."""

    @property
    def is_open(self) -> bool:
        return not self.clears


def is_waived(item: Item, today: date) -> bool:
    """Whether it is waived and the waiver still runs; its last day counts."""
    return item.state is ItemState.WAIVED and item.waived_until is not None and today <= item.waived_until


def is_unproven(item: Item) -> bool:
    """Whether it is done on somebody's word alone."""
    return item.state is ItemState.DONE and not (item.evidence or "").strip()


def is_open(item: Item, today: date) -> bool:
    """Whether it is still to be done; a waiver that ran out opens it again."""
    return item.state is ItemState.OPEN or (item.state is ItemState.WAIVED and not is_waived(item, today))


def next_gate(pilot: Pilot, items: Iterable[Item], today: date, calendar_of: CalendarOf) -> Gate | None:
    """Return the gate before the next stage; None: the pilot is in its last."""
    stage = stage_after(pilot.stage)
    if stage is None:
        return None
    held = _of_gate(stage, items, today)
    late = {item.ref: days_late(item.due_on, today, calendar_of(item))
            for item in held if is_open(item, today)}
    clears = sorted((item for item in held if item.ref in late),
                    key=lambda item: (-late[item.ref], *_by_day(item)))
    waived = sum(is_waived(item, today) for item in held)
    return Gate(
        stage_to_enter=stage,
        title=title_of(stage, pilot.stages),
        items=held,
        done=len(held) - len(clears) - waived,
        unproven=sum(map(is_unproven, held)),
        open=len(clears),
        late=sum(days > 0 for days in late.values()),
        waived=waived,
        clears=tuple(clears),
    )


def floor_of(pilot: Pilot, items: Iterable[Item], today: date) -> tuple[Item, ...]:
    """Return the open items of the safety floor: they forbid the next stage even to an override.

    The floor (`SAFETY_FLOOR`) counts from the gate of going live on; before, those items are like others.
    """
    stage = stage_after(pilot.stage)
    if stage is None:
        return ()
    return tuple(item for item in items if _is_floor(item, stage) and is_open(item, today))


def check_pass(pilot: Pilot, items: Iterable[Item], today: date) -> str:
    """Return the stage the pilot may now enter.

    Raises:
        Refused: the pilot is not running, has no next stage, or items hold the gate.
    """
    stage = _next_stage(pilot)
    title = title_of(stage, pilot.stages)
    clears = sorted((item for item in _of_gate(stage, items, today) if is_open(item, today)), key=_by_day)
    floor = [item for item in clears if _is_floor(item, stage)]
    others = [item for item in clears if not _is_floor(item, stage)]
    if floor:
        more = f" Also open: {_named(others, _SHOWN)}." if others else ""
        raise Refused(f"{title} cannot begin: no waiver opens this gate while {_named(floor, len(floor))} "
                      f"{'is' if len(floor) == 1 else 'are'} open.{more} `/pilot items gate` shows them all.")
    if others:
        raise Refused(f"{title} cannot begin. Still open: {_named(others, _SHOWN)}. Each must be done, not "
                      "applicable or waived first; `/pilot items gate` shows them all.")
    return stage


def check_override(pilot: Pilot, items: Iterable[Item], today: date) -> str:
    """Return the stage the pilot may enter by break-glass, with items open; the safety floor holds.

    Raises:
        Refused: the pilot is not running, has no next stage, or the safety floor is open.
    """
    stage = _next_stage(pilot)
    floor = sorted(floor_of(pilot, items, today), key=_by_day)
    if floor:
        raise Refused(f"{title_of(stage, pilot.stages)} cannot begin: no override opens this gate while "
                      f"{_named(floor, len(floor))} {'is' if len(floor) == 1 else 'are'} open. "
                      "Have it done first.")
    return stage


def _next_stage(pilot: Pilot) -> str:
    if pilot.state is PilotState.PAUSED:
        raise Refused(f"{pilot.name} is paused{_because(pilot)}, and passes no gate until `/pilot resume`.")
    if pilot.state is PilotState.STOPPED:
        raise Refused(f"{pilot.name} was stopped{_because(pilot)}, and passes no more gates. "
                      "`/pilot new` starts another pilot.")
    stage = stage_after(pilot.stage)
    if stage is None:
        raise Refused(f"{pilot.name} is in its last stage, {title_of(pilot.stage, pilot.stages)}: no "
                      "gate follows. `/pilot items` shows what is still to do.")
    return stage


def _because(pilot: Pilot) -> str:
    return f" ({inside(pilot.state_reason)})" if pilot.state_reason else ""


def _of_gate(stage: str, items: Iterable[Item], today: date) -> tuple[Item, ...]:
    """Pick a gate's items, and what holds it besides: left open at earlier gates, or of the floor."""
    def holds(item: Item) -> bool:
        was_earlier = item.gate is not None and number_of(item.gate) < number_of(stage)
        return is_open(item, today) and (was_earlier or _is_floor(item, stage))

    return tuple(item for item in items if not item.is_advice and (item.gate == stage or holds(item)))


def _is_floor(item: Item, stage: str) -> bool:
    return item.ref in SAFETY_FLOOR and not item.is_advice and number_of(stage) >= number_of(GOLIVE)


def _by_day(item: Item) -> tuple[date, int]:
    return item.due_on or date.max, item.position


def _named(items: Sequence[Item], at_most: int) -> str:
    """Name items with the role that owns each, and say how many more there are."""
    names = [f"{item.ref} {item.title} ({item.role}{_waiver(item)})" for item in items[:at_most]]
    if len(items) > at_most:
        names.append(f"{len(items) - at_most} more")
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _waiver(item: Item) -> str:
    return ", its waiver ran out" if item.state is ItemState.WAIVED else ""

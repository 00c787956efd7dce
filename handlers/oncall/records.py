"""Rotations between their rows and the rules: layers, changes, what another system said."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from handlers.oncall.rules import Hours, Layer, Override, Schedule, Shift, shifts, until, who_now
from storage.alerting import Rotation, ShiftChange

UNMATCHED: Final = "name:"
"""What stands before the name of somebody at a provider whom we could not find here."""
KNOWN_FOR: Final = timedelta(hours=12)
"""How long a provider's answer without an end is believed once it does not answer any more."""
LOOK_AHEAD: Final = timedelta(days=60)
LONG_AGO: Final = datetime(2000, 1, 1, tzinfo=UTC)
"""Where a provider does not say since when."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A rotation with what was changed in it."""

    schedule: Schedule
    changes: tuple[Override, ...]

    def now(self, at: datetime) -> Shift | None:
        return who_now(self.schedule, self.changes, at)

    def following(self, at: datetime, *, ahead: timedelta = LOOK_AHEAD) -> list[Shift]:
        """The shifts from `at` on, cut there; those that follow each other of one person are one."""
        return joined(shifts(self.schedule, self.changes, at, at + ahead))


def joined(found: Sequence[Shift]) -> list[Shift]:
    """The same stretches, one shift as long as a person is not relieved."""
    out: list[Shift] = []
    for place, each in enumerate(found):
        if out and out[-1].person == each.person and out[-1].ends >= each.ends:
            continue
        ends = until(found[place:]) or each.ends
        out.append(Shift(each.person, each.begins, ends, each.layer))
    return out


def plan_of(rotation: Rotation, changes: Iterable[ShiftChange] = ()) -> Plan:
    """The rotation as the rules read it; what was changed here goes over what a provider says."""
    layers = () if rotation.provider else tuple(layer_of(facts) for facts in rotation.layers)
    said = _said(rotation.heard or {}) if rotation.provider else ()
    made = tuple(Override(row.id, row.person_id, row.begins_at, row.ends_at) for row in changes)
    return Plan(Schedule(rotation.zone, layers), (*said, *made))


def _said(heard: Mapping[str, Any]) -> tuple[Override, ...]:
    """A provider's shifts, below all of ours; of two at once the one it named first counts."""
    answered = moment_of(heard.get("answered_at"))
    if answered is None:
        return ()
    return tuple(
        Override(-place, shift["who"], moment_of(shift["begins"]) or LONG_AGO,
                 moment_of(shift["ends"]) or answered + KNOWN_FOR)
        for place, shift in enumerate(heard.get("shifts", ()), 1))


def moment_of(iso: str | None) -> datetime | None:
    return datetime.fromisoformat(iso) if iso else None


def layer_of(facts: Mapping[str, Any]) -> Layer:
    """A layer from its row."""
    hours = facts["hours"]
    return Layer(
        tuple(facts["people"]), facts["every"], time.fromisoformat(facts["at"]),
        date.fromisoformat(facts["begins"]), facts["weekday"],
        None if hours is None else Hours(frozenset(hours["days"]), time.fromisoformat(hours["begins"]),
                                         time.fromisoformat(hours["ends"])))


def facts_of(layer: Layer) -> dict[str, Any]:
    """A layer for its row: plain values."""
    hours = layer.hours
    return {"people": list(layer.people), "every": layer.every, "at": f"{layer.at:%H:%M}",
            "begins": layer.begins.isoformat(), "weekday": layer.weekday,
            "hours": None if hours is None else {
                "days": sorted(hours.days), "begins": f"{hours.begins:%H:%M}", "ends": f"{hours.ends:%H:%M}"}}

"""An item's way through the nudge policy, day by day, without a database."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from bot.library import read_policy
from handlers.nudges import steps
from handlers.nudges.circle import Circle
from handlers.nudges.matter import Heard, Matter, Outcome
from handlers.nudges.mornings import Mornings
from handlers.nudges.policy import Policy, Step
from handlers.people.roles import Role
from storage.models import Item, Person, Pilot
from tests.rules.make import WORKSPACE, person, pilot

POLICY = read_policy(None).workspace
SAM, PRIYA, MARTA, HELEN, OMAR = (person(handle) for handle in ("sam", "priya", "marta", "helen", "omar"))
"""The owner, the lead, the sponsor, the head of engineering, somebody outside the team."""


@dataclass
class Way:
    """Everybody around one item, and what was said of it so far."""

    item: Item
    pilot: Pilot = field(default_factory=lambda: pilot(kickoff_on=date(2026, 11, 23)))
    policy: Policy = POLICY
    people: Iterable[Person] = (SAM, PRIYA, MARTA, HELEN, OMAR)
    seats: dict[str, str] = field(default_factory=lambda: {Role.LEAD: PRIYA.id, Role.SPONSOR: MARTA.id})
    heads: dict[str, str] = field(default_factory=lambda: {Role.ENGINEERING: HELEN.id})
    heard: Heard = field(default_factory=Heard)
    made: dict[str, dict[date, datetime]] = field(default_factory=dict)
    said: list[tuple[str, str, str]] = field(default_factory=list)
    """day, step, who: as 'Mon 23', 'due', 'sam'; a copy is 'sam (copy)'."""
    times: list[datetime] = field(default_factory=list)

    def matter(self, now: datetime) -> Matter:
        circle = Circle(
            now, {self.pilot.id: self.pilot}, {(self.pilot.id, role): who for role, who in self.seats.items()},
            {(WORKSPACE, role): who for role, who in self.heads.items()},
            {(WORKSPACE, each.id): each for each in self.people})
        return Matter(self.item, circle, self.policy,
                      lambda each: Mornings(each, self.policy, now, self.made.get(each.id, {})), self.heard)

    def look(self, now: datetime) -> Outcome:
        """One look of the sweep, written down as it would be."""
        outcome = steps.decide(self.matter(now))
        self.item.step, self.item.step_on = outcome.step, outcome.step_on
        self.item.next_at = outcome.next_at
        for entry in outcome.entries:
            day = f"{entry.morning.day:%a} {entry.morning.day.day}"
            who = entry.person.handle + (" (copy)" if entry.is_copy else "")
            self.said.append((day, entry.step.value, who))
            self.times.append(max(now, entry.morning.at))
            if entry.step is Step.WARN:
                self.heard = replace(self.heard, warned={**self.heard.warned, entry.person.id: entry.morning.day})
            elif entry.step is Step.HELD:
                self.heard = replace(self.heard, held_on=entry.morning.day)
            elif entry.step is Step.PLANNED:
                self.heard = replace(self.heard, planned_on=entry.morning.day)
        return outcome

    def walk(self, start: datetime, until: datetime | None = None) -> list[tuple[str, str, str]]:
        """Look whenever it wants to be looked at, until nothing is left to say; what was said since."""
        before, now = len(self.said), start
        for _ in range(200):
            outcome = self.look(now)
            if outcome.next_at is None or (until is not None and outcome.next_at > until):
                return self.said[before:]
            assert outcome.next_at > now, "it must go on"
            now = outcome.next_at
        raise AssertionError("it never ends")


def way(row: Item, **said: Any) -> Way:
    return Way(row, **said)

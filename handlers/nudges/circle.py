"""Who is concerned by an item: who is asked, who stands in for them, who hears a rung of the ladder."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from handlers.nudges.policy import To
from handlers.nudges.standing import calendar_for
from handlers.people.roles import Role
from storage.models import Item, Person, Pilot

Who = tuple[str, str]
"""A workspace and a person of it."""


@dataclass(frozen=True, slots=True)
class Circle:
    """The pilots, seats, heads and people around some items, of any workspace."""

    now: datetime
    pilots: Mapping[int, Pilot] = field(default_factory=dict)
    seats: Mapping[tuple[int, str], str] = field(default_factory=dict)
    """Who holds a role of a pilot; the lead's and the sponsor's are enough."""
    heads: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """Who heads a function of a workspace."""
    people: Mapping[Who, Person] = field(default_factory=dict)

    def person(self, workspace: str, person_id: str | None) -> Person | None:
        """Somebody who is here: known, and not gone from the workspace."""
        found = self.people.get((workspace, person_id)) if person_id else None
        return found if found is not None and found.is_active else None

    def asked(self, item: Item) -> Person | None:
        """Whoever is to do something about it: the one it waits for, else its owner, or who stands in."""
        person = self.person(item.workspace_id, item.blocked_by or item.owner_id)
        return (self.stands_in(person) if person is not None else None) or self.lead(item)

    def stands_in(self, person: Person) -> Person | None:
        """They themselves, or, while they are away, whom they named; None: nobody, or all are away."""
        seen: set[str] = set()
        while is_away(person, self.now):
            seen.add(person.id)
            following = self.person(person.workspace_id, person.delegate_id)
            if following is None or following.id in seen:
                return None
            person = following
        return person

    def lead(self, item: Item) -> Person | None:
        """The pilot's lead or who stands in; where there is none, who registered it, or the sponsor."""
        pilot = self.pilots[item.pilot_id]
        for person_id in (self.seats.get((pilot.id, Role.LEAD)), pilot.created_by,
                          self.seats.get((pilot.id, Role.SPONSOR))):
            person = self.person(item.workspace_id, person_id)
            if person is not None:
                return self.stands_in(person) or person
        return None

    def hears(self, to: To, item: Item) -> Person | None:
        """Who hears a rung; None: nobody holds that role."""
        match to:
            case To.OWNER:
                return self.asked(item)
            case To.LEAD:
                return self.lead(item)
            case To.HEAD:
                found = self.person(item.workspace_id, self.heads.get((item.workspace_id, item.role)))
            case To.SPONSOR:
                found = self.person(item.workspace_id, self.seats.get((item.pilot_id, Role.SPONSOR)))
        return None if found is None else self.stands_in(found) or found


def is_away(person: Person, now: datetime) -> bool:
    return person.away_until is not None and calendar_for(person).today(now) < person.away_until

"""Composes a person's digest when it is delivered, from how things stand then."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from handlers.chat.cards import Card, Later
from handlers.chat.wording import Languages
from handlers.nudges import cards, manners, rules
from handlers.nudges.circle import Circle
from handlers.nudges.material import material_of
from handlers.nudges.matter import Matter
from handlers.nudges.mornings import Mornings
from handlers.nudges.policy import Policies
from handlers.nudges.standing import is_open
from storage import nudges, people
from storage.models import Item, Person, Pilot

Pairs = Sequence[tuple[Item, Pilot]]


@dataclass(frozen=True, slots=True)
class Digests:
    policies: Policies
    languages: Languages

    async def compose(self, session: AsyncSession, workspace: str, nudge_id: int,
                      now: datetime) -> Card | Later | None:
        """A digest as things stand now; None: it is not to be sent, or no longer to be changed."""
        nudge = await nudges.one(session, workspace, nudge_id)
        person = await people.one(session, workspace, nudge.about) if nudge is not None else None
        if nudge is None or person is None or not person.is_active:
            return None
        mornings = Mornings(person, self.policies.of(workspace), now)
        material = await material_of(session, nudge, now)
        is_shown = nudge_id in material.shown
        if not is_shown:
            if manners.is_too_old(nudge.day, mornings.today):
                return None
            if (later := manners.digest_waits_until(mornings)) is not None:
                return Later(later)
        pairs = material.pairs(nudge_id)
        matters = self._matters(pairs, material.circle)
        digest = rules.digest_of(material.told(nudge_id), pairs, matters, person, mornings.today)
        if digest.is_empty and not is_shown:
            return None
        return cards.digest_card(digest, cards.Reading(
            person, mornings, matters, material.people, self.languages.of(person.locale),
            material.left_at_gates))

    def _matters(self, pairs: Pairs, circle: Circle) -> dict[int, Matter]:
        """Of the items that are open; nobody's earlier messages matter for the texts."""
        found: dict[str, Mornings] = {}

        def mornings(person: Person) -> Mornings:
            if person.id not in found:
                found[person.id] = Mornings(person, self.policies.of(person.workspace_id), circle.now)
            return found[person.id]

        return {item.id: Matter(item, circle, self.policies.of(item.workspace_id, pilot.name_key), mornings)
                for item, pilot in pairs if is_open(item)}



"""Composes a person's digest when it is delivered, from how things stand then."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from handlers.chat.cards import Card, Later
from handlers.chat.wording import Languages
from handlers.nudges import cards, manners, rules
from handlers.nudges.circle import Circle
from handlers.nudges.gather import circle_of
from handlers.nudges.matter import Matter
from handlers.nudges.mornings import Mornings
from handlers.nudges.policy import Policies
from handlers.nudges.standing import is_open
from handlers.nudges.sweep import DIGEST
from storage import circles, nudges, outbox, people, pilots, told
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
        is_shown = await outbox.is_shown(session, workspace, DIGEST, nudge_id)
        if not is_shown:
            if manners.is_too_old(nudge.day, mornings.today):
                return None
            if (later := manners.digest_waits_until(mornings)) is not None:
                return Later(later)
        said = await told.in_nudge(session, workspace, nudge_id)
        pairs = await pilots.several_items(session, workspace, {each.item_id for each in said})
        circle = await self._circle(session, workspace, pairs, person, now)
        matters = self._matters(pairs, circle)
        digest = rules.digest_of(said, pairs, matters, person, mornings.today)
        if digest.is_empty and not is_shown:
            return None
        gates = {(point.item.pilot_id, point.item.gate) for point in digest.ended if point.item.gate}
        reading = cards.Reading(
            person, mornings, matters,
            {who: each for (_, who), each in circle.people.items()}, self.languages.of(person.locale),
            await circles.open_at_gates(session, workspace, gates))
        return cards.digest_card(digest, reading)

    async def _circle(self, session: AsyncSession, workspace: str, pairs: Pairs, person: Person,
                      now: datetime) -> Circle:
        also = {(workspace, item.closed_by) for item, _ in pairs if item.closed_by}
        return await circle_of(session, [item for item, _ in pairs], now,
                               also=also | {(workspace, person.id)}, lean=False)

    def _matters(self, pairs: Pairs, circle: Circle) -> dict[int, Matter]:
        """Of the items that are open; nobody's earlier messages matter for the texts."""
        found: dict[str, Mornings] = {}

        def mornings(person: Person) -> Mornings:
            if person.id not in found:
                found[person.id] = Mornings(person, self.policies.of(person.workspace_id), circle.now)
            return found[person.id]

        return {item.id: Matter(item, circle, self.policies.of(item.workspace_id, pilot.name_key), mornings)
                for item, pilot in pairs if is_open(item)}



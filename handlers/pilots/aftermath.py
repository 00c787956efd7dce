"""What else follows from a change: nudges that helped, decisions that nobody need take any more."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from handlers.chat.ports import CLOCK
from handlers.ledger import Entry
from handlers.people.roles import Role
from storage import decisions, told
from storage.models import Item, ItemState, PilotState
from storage.outbox import Promise
from storage.pilots import Dossier


@dataclass(frozen=True, slots=True)
class Before:
    """What a decision was asked about, as it stood before the change."""

    items: Mapping[int, tuple[str | None, date | None]]
    """By item: its owner, its due date."""
    sponsor: str | None

    @classmethod
    def of(cls, dossier: Dossier) -> "Before":
        return cls({item.id: (item.owner_id, item.due_on) for item in dossier.items}, _sponsor(dossier))

    def is_answered(self, item: Item) -> bool:
        """Whether the change gave what a decision would have: an end, another owner, another date."""
        return item.state is not ItemState.OPEN or self.items.get(item.id) != (item.owner_id, item.due_on)


async def follow(entry: Entry, dossier: Dossier, changed: Iterable[Item], before: Before) -> None:
    """Bring nudges and decisions up to date with what was changed, in its transaction."""
    session, workspace, pilot = entry.session, dossier.pilot.workspace_id, dossier.pilot
    changed = list(changed)
    await session.flush()
    if changed and entry.actor.person != CLOCK:
        await told.act(session, workspace, [item.id for item in changed], entry.now)
    answered = [item.id for item in changed if before.is_answered(item)]
    is_halted = pilot.state is not PilotState.ACTIVE
    if answered or is_halted:
        await decisions.settle(session, workspace, pilot.id, None if is_halted else answered, entry.now)
        for post in await decisions.cards_at_rest(session, workspace, pilot.id):
            entry.promise(Promise(post.room, post.kind, post.subject_id, pilot.id, live_until=entry.now))
    sponsor = _sponsor(dossier)
    if sponsor is not None and sponsor != before.sponsor:
        await decisions.hand_over(session, workspace, pilot.id, sponsor, entry.now)


def _sponsor(dossier: Dossier) -> str | None:
    seat = dossier.seats.get(Role.SPONSOR)
    return None if seat is None else seat.person_id

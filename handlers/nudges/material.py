"""What digests are made of, read for many of one workspace at once or for one alone."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from handlers.nudges.circle import Circle
from handlers.nudges.gather import circle_of
from handlers.nudges.policy import Step
from handlers.nudges.sweep import DIGEST
from storage import circles, outbox, told
from storage.models import Item, Nudge, Person, Pilot
from storage.nudging import Told

_AHEAD = "digests read ahead"


@dataclass(frozen=True, slots=True)
class Material:
    """All about some digests of one workspace, as one look at the database saw it.

    Attributes:
        nudges: the numbers of those digests.
        shown: which of them somebody can see already.
        said: what each speaks of.
        items: by number; plain rows, as the pilots and people of the circle are.
        left_at_gates: how many items still hold the gates of what ended, by pilot and gate.
    """

    nudges: frozenset[int]
    shown: frozenset[int]
    said: Mapping[int, Sequence[Told]]
    items: Mapping[int, Item]
    circle: Circle
    people: Mapping[str, Person]
    left_at_gates: Mapping[tuple[int, str], int]

    def told(self, nudge_id: int) -> Sequence[Told]:
        return self.said.get(nudge_id, ())

    def pairs(self, nudge_id: int) -> list[tuple[Item, Pilot]]:
        """The items that a digest speaks of, each once, with their pilots."""
        items = [self.items[number] for number in {row.item_id for row in self.told(nudge_id)}
                 if number in self.items]
        return [(item, self.circle.pilots[item.pilot_id]) for item in items]


async def read_ahead(session: AsyncSession, workspace: str, digests: Collection[Nudge],
                     now: datetime) -> None:
    """Read what these digests are made of, so that composing them in this session needs no further query.

    For looking only, in a session of `Store.reading`: all of its looks see the same.
    """
    if digests:
        session.info.setdefault(_AHEAD, {})[workspace] = await _read(session, workspace, digests, now)


async def material_of(session: AsyncSession, digest: Nudge, now: datetime) -> Material:
    """What a digest is made of; no query where it was read ahead."""
    workspace = digest.workspace_id
    ahead: Material | None = session.info.get(_AHEAD, {}).get(workspace)
    if ahead is None or digest.id not in ahead.nudges:
        return await _read(session, workspace, [digest], now)
    return replace(ahead, circle=replace(ahead.circle, now=now))


async def _read(session: AsyncSession, workspace: str, digests: Collection[Nudge], now: datetime) -> Material:
    """In eight queries however many there are, and one more for each link of a chain of stand-ins."""
    numbers = frozenset(digest.id for digest in digests)
    shown = await outbox.shown_among(session, workspace, DIGEST, numbers)
    said = await told.in_nudges(session, workspace, numbers)
    rows = [row for of in said.values() for row in of]
    items = await circles.items_in(session, workspace, {row.item_id for row in rows})
    also = {(workspace, digest.about) for digest in digests}
    also |= {(workspace, item.closed_by) for item in items.values() if item.closed_by}
    circle = await circle_of(session, items.values(), now, also=also, lean=False)
    ended = [items[row.item_id] for row in rows if row.step == Step.RESOLVED and row.item_id in items]
    gates = {(item.pilot_id, item.gate) for item in ended if item.gate}
    return Material(numbers, shown, said, items, circle,
                    {person_id: person for (_, person_id), person in circle.people.items()},
                    await circles.open_at_gates(session, workspace, gates))

"""Rotations looked at: found by what people type, shown as cards, read as a calendar. Nothing here writes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from handlers.chat.cards import Card
from handlers.chat.errors import Refused, inside
from handlers.chat.ports import Actor, Clock
from handlers.chat.wording import Languages
from handlers.oncall.cards import Board, board_card, feed_card, next_card, notice_card, rotation_card
from handlers.oncall.feed import as_ics
from handlers.oncall.records import plan_of
from handlers.oncall.setting import FEED_KEY, Rotations
from handlers.oncall.shifts import KIND, Shifts
from handlers.oncall.standing import Standing, standings
from handlers.oncall.work import GONE, people_of
from storage import oncall, people, pilots
from storage.alerting import Rotation, ShiftChange
from storage.engine import Store
from storage.models import Pilot, Post
from storage.pilots import name_key

KINDS = (KIND,)
"""Kinds of promises whose cards are made here."""
_OFFERED = 5


@dataclass(frozen=True, slots=True)
class Boards:
    store: Store
    clock: Clock
    languages: Languages
    public_url: str | None = None
    """The address at which others reach our HTTP server."""

    async def named(self, actor: Actor, name: str) -> Rotation | None:
        """The rotation of that number (``r:5``) or name, or the only one whose name begins so.

        None where it is no rotation, or a pilot is called just so: then its rotations are meant.
        """
        async with self.store.reading() as session:
            digits = name.removeprefix("r:")
            if digits != name and digits.isdecimal():
                found = await oncall.one(session, actor.workspace, int(digits))
                if found is None:
                    raise GONE
                return found
            if await pilots.named_exactly(session, actor.workspace, name) is not None:
                return None
            key, rows = name_key(name), await oncall.rotations(session, actor.workspace)
            begun = [each for each in rows if each.name_key.startswith(key)]
            exact = [each for each in begun if each.name_key == key]
            return exact[0] if exact else begun[0] if len(begun) == 1 else None

    async def here(self, actor: Actor) -> Pilot | None:
        """The pilot of the room in which it is said, where it is the only one."""
        if not actor.room:
            return None
        async with self.store.reading() as session:
            found = await pilots.in_room(session, actor.workspace, actor.room)
        return found[0] if len(found) == 1 else None

    async def own_of(self, actor: Actor, pilot: Pilot) -> int | None:
        """The number of the rotation that is called first for this very pilot; None: it has none."""
        async with self.store.reading() as session:
            found = await oncall.for_pilot(session, actor.workspace, pilot.id)
        return next((each.id for each in found if each.pilot_id == pilot.id and each.rank == 0), None)

    async def choose(self, actor: Actor, pilot: Pilot | None, line: str, rest: str) -> Rotation:
        """The one rotation to act on. Raises Refused with the others as choices, or that there is none.

        Args:
            line, rest: what was typed before and behind the name, to be offered again.
        """
        async with self.store.reading() as session:
            found = await self._of(session, actor.workspace, pilot)
        first = [each for each in found if each.rank == 0] or found
        mine = [each for each in first if actor.person in people_of(each)]
        if len(first) == 1 or (pilot is None and len(mine) == 1):
            return first[0] if len(first) == 1 else mine[0]
        if not found:
            of = f" for {inside(pilot.name)}" if pilot is not None else ""
            raise Refused(f"There is no rotation{of} yet. `/oncall rotation set` makes one.")
        raise Refused("Which rotation?", choices=tuple(
            (each.name, " ".join(part for part in (line, f"r:{each.id}", rest) if part))
            for each in first[:_OFFERED]))

    async def board(self, actor: Actor, *, pilot: Pilot | None = None, rotation_id: int | None = None,
                    said: str = "") -> Card:
        """Who is on call: for a pilot, in one rotation, or everywhere."""
        async with self.store.reading() as session:
            rows = await self._rows(session, actor.workspace, pilot, rotation_id)
            return board_card(await self._board(session, actor.workspace, rows, pilot, said))

    async def rotation(self, actor: Actor, rotation_id: int, said: str = "") -> Card:
        """One rotation with its layers."""
        async with self.store.reading() as session:
            rows = await self._rows(session, actor.workspace, None, rotation_id)
            found = await oncall.changes(session, actor.workspace, [rotation_id], self.clock())
            changes = found[rotation_id]
            named = {each for change in changes for each in (change.made_by, change.person_id)}
            board = await self._board(session, actor.workspace, rows, None, said, named)
            return rotation_card(board, changes)

    async def next(self, actor: Actor, pilot: Pilot | None, rotation_id: int | None, *, mine: bool) -> Card:
        """The reader's next shifts, and what is to come in the rotations asked about."""
        async with self.store.reading() as session:
            everything = await standings(session, actor.workspace,
                                         await oncall.rotations(session, actor.workspace), self.clock())
            own = sorted(((each.rotation, shift) for each in everything for shift in each.following
                          if shift.person == actor.person), key=lambda pair: pair[1].begins)
            asked: Sequence[Rotation] = ()
            if not mine and (pilot is not None or rotation_id is not None):
                asked = await self._rows(session, actor.workspace, pilot, rotation_id)
            return next_card(await self._board(session, actor.workspace, asked, pilot), own)

    async def row(self, actor: Actor, rotation_id: int) -> Rotation:
        """Raises Refused where there is none."""
        async with self.store.reading() as session:
            found = await oncall.one(session, actor.workspace, rotation_id)
        if found is None:
            raise GONE
        return found

    async def mine(self, actor: Actor, limit: int = 20) -> tuple[Pilot | None, Sequence[Pilot]]:
        """The pilot of this room, and the pilots that a new rotation may be for: it and the actor's own."""
        here = await self.here(actor)
        async with self.store.reading() as session:
            own = await pilots.of_person(session, actor.workspace, actor.person, limit)
        others = [each for each in own if here is None or each.id != here.id]
        return here, [*([here] if here is not None else []), *others]

    def feed(self, rotation: Rotation, key: str) -> Card:
        """The address of the rotation's calendar."""
        base = (self.public_url or "").rstrip("/")
        return feed_card(rotation, f"{base}/oncall/{key}.ics", is_whole=bool(base))

    async def calendar(self, key: str) -> bytes | None:
        """The calendar whose address has this key; None: there is none."""
        if FEED_KEY.fullmatch(key) is None:
            return None
        now = self.clock()
        async with self.store.reading() as session:
            rotation = await oncall.by_feed(session, key)
            if rotation is None:
                return None
            changes = await oncall.changes(session, rotation.workspace_id, [rotation.id], now)
            plan = plan_of(rotation, changes[rotation.id])
            ids = {each for layer in plan.schedule.layers for each in layer.people}
            ids |= {each.person for each in plan.changes}
            known = await people.several(session, rotation.workspace_id, ids)
        return as_ics(rotation.id, rotation.name, plan, known, now)

    async def compose(self, session: AsyncSession, post: Post) -> Card | None:
        """The card of a promise of KINDS; None: what it was about is gone."""
        change: ShiftChange | None = await oncall.change(session, post.workspace_id, post.subject_id)
        if change is None:
            return None
        rotation = await oncall.one(session, post.workspace_id, change.rotation_id)
        if rotation is None:
            return None
        ids = {change.person_id, change.made_by, post.room}
        known = await people.several(session, post.workspace_id, ids)
        reader = known.get(post.room)
        words = self.languages.of(reader.locale if reader is not None else None)
        return notice_card(change, rotation, post.room, known, words)

    async def _of(self, session: AsyncSession, workspace: str, pilot: Pilot | None) -> Sequence[Rotation]:
        """The pilot's own rotations, else the workspace's; all without a pilot."""
        if pilot is None:
            return await oncall.rotations(session, workspace)
        found = await oncall.for_pilot(session, workspace, pilot.id)
        return [each for each in found if each.pilot_id is not None] or found

    async def _rows(self, session: AsyncSession, workspace: str, pilot: Pilot | None,
                    rotation_id: int | None) -> Sequence[Rotation]:
        if rotation_id is None:
            return await self._of(session, workspace, pilot)
        found = await oncall.one(session, workspace, rotation_id)
        if found is None:
            raise GONE
        return [found]

    async def _board(self, session: AsyncSession, workspace: str, rows: Sequence[Rotation],
                     pilot: Pilot | None, said: str = "", also: Iterable[str] = ()) -> Board:
        found = await standings(session, workspace, rows, self.clock())
        ids = {*also, *_spoken_of(found)}
        of = {each.pilot_id for each in rows if each.pilot_id is not None}
        known = {number: row for number in sorted(of)
                 if (row := await pilots.one(session, workspace, number)) is not None}
        return Board(found, await people.several(session, workspace, ids), known, pilot, said)


def _spoken_of(found: Iterable[Standing]) -> set[str]:
    return {each for standing in found for each in (
        *(shift.person for shift in standing.following), *people_of(standing.rotation))}


@dataclass(frozen=True, slots=True)
class OnCallDesk:
    """What the answers about on-call work with."""

    boards: Boards
    shifts: Shifts
    rotations: Rotations

"""Which pilot and which item somebody means: by name, prefix, one typo, channel, id or part of a title."""

from collections.abc import Sequence
from dataclasses import dataclass

from rapidfuzz import process
from rapidfuzz.distance import DamerauLevenshtein
from sqlalchemy.ext.asyncio import AsyncSession

from handlers.chat.errors import Refused, inside
from handlers.chat.ports import Actor
from handlers.commands.verbs import Kind, Parsed
from handlers.commands.words import item_ref, shortened
from storage import pilots
from storage.engine import Store
from storage.models import Item, ItemState, Pilot, PilotState

OFFERED = 5
_BEFORE_A_REASON = {"pause", "resume", "stop"}


def again(parsed: Parsed, *, pilot: int | None = None, item: int | None = None) -> str:
    """The same line with the pilot or item said without doubt, for a button."""
    words = [parsed.verb.command, parsed.verb.name]
    if parsed.kind:
        words.append(parsed.kind)
    if parsed.choice and Kind.ITEM not in [arg.kind for arg in parsed.verb.args]:
        words.append(parsed.choice)
    if item is not None:
        words.append(f"i:{item}")
    elif parsed.item is not None:
        words += [f"p:{pilot}"] if pilot is not None else []
        words.append(parsed.item if item_ref(parsed.item) else f'"{parsed.item}"')
    if parsed.on is not None:
        words.append(parsed.on.isoformat())
    if parsed.at is not None:
        words.append(parsed.at.strftime("%H:%M"))
    if parsed.person is not None:
        words.append(f"by {parsed.person}" if parsed.verb.name == "block" else parsed.person)
    if pilot is not None and parsed.item is None:
        words.append(f"p:{pilot}")
    if parsed.text:
        words.append(parsed.text)
    return " ".join(word for word in words if word)


def _number(name: str, sign: str) -> int | None:
    """The number in ``p:12`` or ``i:345``; None where it is none that a row can have."""
    digits = name.removeprefix(sign)
    return int(digits) if digits != name and digits.isdecimal() and len(digits) <= 18 else None


def _with_name(parsed: Parsed, pilot: Pilot) -> str:
    """The line as it was typed, with the pilot named the way its verb takes it."""
    begun = f"{parsed.verb.command} {parsed.verb.name}"
    if parsed.item is not None:
        return (f"{begun} {pilot.name} {parsed.item}" if item_ref(parsed.item)
                else f'{begun} #{pilot.room_name} "{inside(shortened(parsed.item, 40))}"')
    if parsed.verb.name in _BEFORE_A_REASON:
        return f'{begun} "{pilot.name}" reason'
    return f"{begun} {pilot.name}"


@dataclass(frozen=True, slots=True)
class Finder:
    store: Store

    async def pilot(self, actor: Actor, parsed: Parsed) -> Pilot:
        """The pilot meant; without a name the channel's own. Raises Refused with what it could be."""
        async with self.store.reading() as session:
            return await self.pilot_in(session, actor, parsed)

    async def pilot_in(self, session: AsyncSession, actor: Actor, parsed: Parsed) -> Pilot:
        """As `pilot`, in the caller's transaction."""
        if parsed.pilot is None:
            return await self._here(session, actor, parsed)
        found = await self._called(session, actor.workspace, parsed.pilot)
        if len(found) == 1:
            return found[0]
        if found:
            raise Refused(f"“{inside(shortened(parsed.pilot, 40))}” could be one of these. Which?",
                          choices=self._offer(parsed, found))
        mine = await pilots.of_person(session, actor.workspace, actor.person, OFFERED)
        unknown = ("No pilot belongs to that channel." if parsed.pilot.startswith("<#") else
                   f"I know no pilot called “{inside(shortened(parsed.pilot, 40))}”.")
        raise Refused(f"{unknown} `/pilot list` shows all"
                      + (", or take one of yours:" if mine else ", `/pilot new` registers one."),
                      choices=self._offer(parsed, mine))

    async def of_room(self, actor: Actor) -> Pilot | None:
        """The pilot whose channel it was said in; None: it is no pilot's, or that of several."""
        if actor.room is None:
            return None
        async with self.store.reading() as session:
            here = await pilots.in_room(session, actor.workspace, actor.room)
        return here[0] if len(here) == 1 else None

    async def knows(self, actor: Actor, name: str) -> bool:
        """Whether a pilot could be meant by that name."""
        async with self.store.reading() as session:
            return bool(await self._called(session, actor.workspace, name))

    async def _here(self, session: AsyncSession, actor: Actor, parsed: Parsed) -> Pilot:
        here = await pilots.in_room(session, actor.workspace, actor.room) if actor.room else []
        if len(here) == 1:
            return here[0]
        if here:
            raise Refused("This channel has several pilots. Which?", choices=self._offer(parsed, here))
        mine = await pilots.of_person(session, actor.workspace, actor.person, OFFERED + 1)
        if len(mine) == 1:
            return mine[0]
        if mine:
            raise Refused(f"Which pilot? Add its name, as in `{_with_name(parsed, mine[0])}`, or type it in "
                          "the pilot's channel.", choices=self._offer(parsed, mine))
        raise Refused("Which pilot? Add its name, or type it in the pilot's channel. `/pilot list` shows "
                      "all, `/pilot new` registers one.")

    def _offer(self, parsed: Parsed, found: Sequence[Pilot]) -> tuple[tuple[str, str], ...]:
        return tuple((pilot.name, again(parsed, pilot=pilot.id)) for pilot in found[:OFFERED])

    async def _called(self, session: AsyncSession, workspace: str, name: str) -> Sequence[Pilot]:
        if (number := _number(name, "p:")) is not None:
            pilot = await pilots.one(session, workspace, number)
            return [pilot] if pilot else []
        if name.startswith("<#"):
            return await pilots.in_room(session, workspace, f"slack:{name[2:].partition('|')[0].rstrip('>')}")
        exact = await pilots.named_exactly(session, workspace, name)
        if exact is not None:
            return [exact]
        found = await pilots.named(session, workspace, name.lstrip("#"), OFFERED + 1)
        return found or await self._mistyped(session, workspace, name)

    async def _mistyped(self, session: AsyncSession, workspace: str, name: str) -> Sequence[Pilot]:
        """Pilots whose name, or its beginning, is one typo away."""
        key = pilots.name_key(name)
        if len(key) < 4:
            return []
        names = await pilots.names(session, workspace)
        near = process.extract(key, [n[:len(key) + 1] for _, n in names], scorer=DamerauLevenshtein.distance,
                               score_cutoff=1, limit=OFFERED + 1)
        near += process.extract(key, [n[:len(key)] for _, n in names], scorer=DamerauLevenshtein.distance,
                                score_cutoff=1, limit=OFFERED + 1)
        ids = dict.fromkeys(names[index][0] for _, _, index in near)
        return [pilot for each in ids if (pilot := await pilots.one(session, workspace, each))]

    async def item(self, actor: Actor, parsed: Parsed) -> Item:
        """The item meant. Raises Refused with what it could be."""
        name = parsed.item or ""
        async with self.store.reading() as session:
            if (number := _number(name, "i:")) is not None:
                item = await pilots.item(session, actor.workspace, number)
                if item is None:
                    raise Refused("That item is gone. `/pilot items` shows those there are.")
                return item
            ref = item_ref(name)
            if ref and parsed.pilot is None and not (
                    actor.room and await pilots.in_room(session, actor.workspace, actor.room)):
                mine = await pilots.items_called(session, actor.workspace, ref, owner=actor.person)
                if len(mine) == 1:
                    return mine[0]
                if mine:
                    raise Refused(f"You own {ref} in several pilots. Which?",
                                  choices=await self._offer_items(session, parsed, mine))
        pilot = await self.pilot(actor, parsed)
        async with self.store.reading() as session:
            items = await pilots.items_of(session, actor.workspace, pilot.id)
            return self._among(pilot, items, name, ref, parsed)

    def _among(self, pilot: Pilot, items: list[Item], name: str, ref: str | None, parsed: Parsed) -> Item:
        if ref:
            for item in items:
                if item.ref == ref:
                    return item
            near = process.extract(ref, [item.ref for item in items], scorer=DamerauLevenshtein.distance,
                                   score_cutoff=2, limit=3)
            raise Refused(f"{pilot.name} has no item {ref}. `/pilot items` shows its checklist"
                          + ("; did you mean one of these?" if near else "."),
                          choices=tuple((f"{items[i].ref} {shortened(items[i].title, 50)}",
                                         again(parsed, item=items[i].id)) for _, _, i in near))
        words = name.casefold().split()
        found = [item for item in items if all(word in item.title.casefold() for word in words)]
        open_ones = [item for item in found if item.state is ItemState.OPEN]
        best = open_ones if len(found) > 1 and len(open_ones) >= 1 and parsed.verb.name != "reopen" else found
        if len(best) == 1:
            return best[0]
        if best:
            said = inside(shortened(name, 40))
            raise Refused(f"“{said}” fits several items of {pilot.name}. Which?", choices=tuple(
                (f"{item.ref} {shortened(item.title, 50)}", again(parsed, item=item.id))
                for item in best[:OFFERED]))
        raise Refused(f"No item of {pilot.name} has “{inside(shortened(name, 40))}” in its title. "
                      f"Use its id, as in `/pilot item {items[0].ref if items else 'W1-02'}`; `/pilot items` "
                      "shows them all.")

    async def _offer_items(self, session: AsyncSession, parsed: Parsed,
                           found: Sequence[Item]) -> tuple[tuple[str, str], ...]:
        offered = []
        for item in found[:OFFERED]:
            pilot = await pilots.one(session, item.workspace_id, item.pilot_id)
            if pilot is not None and pilot.state is not PilotState.STOPPED:
                offered.append((pilot.name, again(parsed, item=item.id)))
        return tuple(offered)

"""Rotations made, changed, kept elsewhere and deleted, and the keys of their feeds. One transaction each."""

import logging
import re
import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from handlers.chat.errors import Refused, inside
from handlers.chat.ports import Actor
from handlers.ledger import Entry, Ledger
from handlers.oncall.records import facts_of
from handlers.oncall.rules import EVERY_AT_MOST, Layer
from handlers.oncall.work import Scope, Work, scope_of, work_on
from handlers.people.actions import People
from handlers.people.calendar import valid_zone
from handlers.people.permissions import Action, check
from storage import oncall
from storage.alerting import Rotation
from storage.pilots import name_key

log = logging.getLogger(__name__)

LAYERS_AT_MOST, PEOPLE_AT_MOST, NAME_AT_MOST = 5, 50, 60
FEED_KEY: Final = re.compile(r"[A-Za-z0-9_-]{43}")
RANKS: Final = (0, 1)


@dataclass(frozen=True, slots=True)
class Head:
    """What a rotation is called, for whom it is, and on whose clock it runs.

    `pilot_id` counts for a new one only: a rotation stays with its pilot.
    """

    name: str
    zone: str
    rank: int = 0
    pilot_id: int | None = None


@dataclass(frozen=True, slots=True)
class Rotations:
    ledger: Ledger
    people: People

    async def make(self, actor: Actor, head: Head, layer: Layer) -> int:
        """A new rotation with its first layer; its number. Raises Refused at a field."""
        await self._check(actor.workspace, layer)
        async with self.ledger.entry(actor) as entry:
            scope = await scope_of(entry.session, self.people, actor, head.pilot_id)
            check(Action.ROTATION_SET, scope.hats, who_may=scope.who_may(Action.ROTATION_SET))
            rotation = Rotation(workspace_id=actor.workspace, name="", name_key="", zone=head.zone,
                                made_by=actor.person, made_at=entry.now, pilot_id=head.pilot_id)
            await _call_it(entry.session, rotation, head)
            _keep(entry, rotation, [layer], None)
            entry.session.add(rotation)
            try:
                await entry.session.flush()
            except IntegrityError as taken:
                raise _wrong("name", "That name was taken a moment ago. Choose another.") from taken
            await _note(entry, scope, rotation, "rotation set")
            return rotation.id

    async def set_layer(self, actor: Actor, rotation_id: int, place: int, layer: Layer,
                        head: Head | None = None) -> None:
        """Replace a layer, or add one behind the last; with a head, that too.

        From now on the rotation is kept here, wherever it was. Raises Refused at a field.
        """
        await self._check(actor.workspace, layer)
        async with self._editing(actor, rotation_id) as work:
            layers: list[Layer | dict[str, Any]] = [*work.rotation.layers]
            if place > len(layers) or place >= LAYERS_AT_MOST:
                raise Refused(f"A rotation has at most {LAYERS_AT_MOST} layers. Change one of them.")
            layers[place:place + 1] = [layer]
            if head is not None:
                await _call_it(work.session, work.rotation, head)
            _keep(work.entry, work.rotation, layers, None)
            await work.note("rotation set", **_facts(work.rotation))

    async def drop_layer(self, actor: Actor, rotation_id: int, place: int) -> None:
        """Take a layer off. Raises Refused for the last one: an empty rotation wakes nobody."""
        async with self._editing(actor, rotation_id) as work:
            layers = list(work.rotation.layers)
            if not 0 <= place < len(layers):
                raise Refused("That layer is not there any more. `/oncall rotation` shows those there are.")
            if len(layers) == 1:
                raise Refused("This is the only layer; without it nobody would be on call. Change it, or "
                              "delete the rotation.")
            del layers[place]
            work.rotation.layers = layers
            await work.note("rotation set", **_facts(work.rotation))

    async def keep_elsewhere(self, actor: Actor, rotation_id: int, provider: Mapping[str, Any]) -> None:
        """From now on another system says who is on call; only an admin may, as a token of theirs is used."""
        async with self._editing(actor, rotation_id) as work:
            self.check_admin(actor)
            _keep(work.entry, work.rotation, work.rotation.layers, provider)
            await work.note("rotation set", **_facts(work.rotation))

    async def delete(self, actor: Actor, rotation_id: int) -> str:
        """Delete a rotation and its changes; its name."""
        async with self._editing(actor, rotation_id) as work:
            await work.note("rotation deleted", **_facts(work.rotation))
            await oncall.remove(work.session, work.rotation)
            log.info("%s: %s deleted rotation %s", actor.workspace, actor.person, rotation_id)
            return work.rotation.name

    async def check_open(self, actor: Actor, rotation_id: int) -> Rotation:
        """A rotation that a form is to change. Raises Refused where submitting it would be in vain."""
        async with self._editing(replace(actor, delivery=None), rotation_id) as work:
            return work.rotation

    async def feed_key(self, actor: Actor, rotation_id: int, *, renew: bool = False) -> str:
        """The secret part of the feed's address. Renewed, the address before it leads nowhere."""
        async with work_on(self.ledger, self.people, actor, rotation_id) as work:
            work.check(Action.ROTATION_SET if renew else Action.READ)
            if renew or work.rotation.feed_key is None:
                work.rotation.feed_key = secrets.token_urlsafe(32)
                await work.note("calendar feed renewed" if renew else "calendar feed opened")
            return work.rotation.feed_key or ""

    @asynccontextmanager
    async def _editing(self, actor: Actor, rotation_id: int) -> AsyncIterator[Work]:
        async with work_on(self.ledger, self.people, actor, rotation_id) as work:
            work.check(Action.ROTATION_SET)
            yield work

    def check_admin(self, actor: Actor) -> None:
        """Raises Refused unless the actor may have another system say who is on call."""
        if not self.people.is_admin(actor.person):
            raise Refused("Only an admin can have a rotation kept by another system, because a token of the "
                          "server is used for it. Ask one, or keep the rotation here.")

    async def _check(self, workspace: str, layer: Layer) -> None:
        """Raises Refused at the field that cannot be. It may ask the chat service: in no transaction."""
        if not layer.people:
            raise _wrong("people", "Name at least one person: an empty rotation wakes nobody.")
        if len(layer.people) > PEOPLE_AT_MOST:
            raise _wrong("people", f"At most {PEOPLE_AT_MOST} people take turns in one layer.")
        if not 1 <= layer.every <= EVERY_AT_MOST:
            raise _wrong("every", f"A turn lasts from one day to {EVERY_AT_MOST}.")
        if layer.hours is not None and not layer.hours.days:
            raise _wrong("days", "Pick at least one day.")
        for each in dict.fromkeys(layer.people):
            try:
                await self.people.known(workspace, each)
            except Refused as refusal:
                raise _wrong("people", str(refusal)) from refusal


def _keep(entry: Entry, rotation: Rotation, layers: Sequence[Layer | dict[str, Any]],
          provider: Mapping[str, Any] | None) -> None:
    rotation.layers = [facts_of(each) if isinstance(each, Layer) else each for each in layers]
    if provider is None:
        rotation.provider = rotation.heard = rotation.ask_at = None
    elif provider != rotation.provider:
        rotation.provider, rotation.heard, rotation.ask_at = dict(provider), None, entry.now


async def _call_it(session: AsyncSession, rotation: Rotation, head: Head) -> None:
    """Raises Refused at the field that cannot be."""
    name = " ".join(head.name.split())
    if not 1 <= len(name) <= NAME_AT_MOST:
        raise _wrong("name", f"Give it a name of up to {NAME_AT_MOST} characters.")
    if not valid_zone(head.zone):
        raise _wrong("zone", "I do not know that zone. Give it as Europe/Berlin.")
    if head.rank not in RANKS:
        raise _wrong("rank", "Pick one.")
    same = await oncall.named(session, rotation.workspace_id, name_key(name))
    if same is not None and same is not rotation and same.id != rotation.id:
        raise _wrong("name", f"There is a rotation “{inside(same.name)}” already. Choose another name.")
    rotation.name, rotation.name_key = name, name_key(name)
    rotation.zone, rotation.rank = head.zone, head.rank


def _facts(rotation: Rotation) -> dict[str, Any]:
    """The rotation as the audit trail keeps it: who in which order, and where it is kept."""
    people = [each for layer in rotation.layers for each in layer["people"]]
    return {"people": people, "zone": rotation.zone,
            "kept_by": rotation.provider["kind"] if rotation.provider else ""}


async def _note(entry: Entry, scope: Scope, rotation: Rotation, what: str) -> None:
    if scope.dossier is not None:
        await entry.note(scope.dossier.pilot, what, rotation.name, after=_facts(rotation))


def _wrong(field: str, said: str) -> Refused:
    return Refused(said, fields={field: said})

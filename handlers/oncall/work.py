"""A rotation being changed: locked after its pilot, with what the actor may do to it."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from handlers.chat.errors import Refused
from handlers.chat.ports import Actor
from handlers.ledger import Entry, Ledger
from handlers.oncall.records import Plan, plan_of
from handlers.people.actions import People
from handlers.people.permissions import Action, Hat, check
from handlers.people.roles import Role
from handlers.pilots.hats import hats_of, who_may_instead
from storage import oncall, pilots
from storage.alerting import Rotation
from storage.pilots import Dossier

GONE = Refused("That rotation is not there any more. `/oncall` shows those there are.")
_HATS = {Role.SPONSOR: Hat.SPONSOR, Role.LEAD: Hat.LEAD, Role.OPERATIONS: Hat.LEAD}
"""What a seat makes of its holder where on-call is concerned: operations runs it as the lead does."""


@dataclass(slots=True)
class Work:
    """One rotation in progress."""

    entry: Entry
    rotation: Rotation
    plan: Plan
    scope: "Scope"

    @property
    def session(self) -> AsyncSession:
        return self.entry.session

    def check(self, action: Action, *, owns: bool = False) -> None:
        """Raises Refused where the actor may not.

        Args:
            owns: the shift in question is the actor's own.
        """
        hats = set(self.scope.hats) | ({Hat.OWNER} if owns else set())
        if self.entry.actor.person in people_of(self.rotation) and Hat.OUTSIDER not in hats:
            hats.add(Hat.TEAM)
        check(action, frozenset(hats), who_may=self.scope.who_may(action))

    async def note(self, what: str, **after: Any) -> None:
        """An entry in the trail of the rotation's pilot; the workspace has none."""
        if self.scope.dossier is not None:
            await self.entry.note(self.scope.dossier.pilot, what, self.rotation.name, after=after)


@dataclass(frozen=True, slots=True)
class Scope:
    """A pilot, or the workspace, whose on-call is changed, and the actor's hats there."""

    hats: frozenset[Hat]
    dossier: Dossier | None

    def who_may(self, action: Action) -> Sequence[str]:
        if self.dossier is None:
            return ()
        others = who_may_instead(self.dossier, action)
        operations = self.dossier.holder(Role.OPERATIONS)
        if operations is not None and operations.is_active and operations.name not in others:
            return (*others, operations.name)
        return others


def people_of(rotation: Rotation) -> set[str]:
    """Everybody in its layers."""
    return {each for layer in rotation.layers for each in layer["people"]}


async def scope_of(session: AsyncSession, people: People, actor: Actor, pilot_id: int | None) -> Scope:
    """The pilot, locked, or the workspace. Raises Refused where there is no such pilot."""
    is_admin = people.is_admin(actor.person)
    if pilot_id is None:
        if actor.is_outsider:
            return Scope(frozenset({Hat.OUTSIDER}), None)
        hats = {Hat.MEMBER, *([Hat.ADMIN] if is_admin else [])}
        for seat, _ in await pilots.seats_held(session, actor.workspace, actor.person):
            hats |= {Hat.TEAM, _HATS.get(Role(seat.role), Hat.TEAM)}
        return Scope(frozenset(hats), None)
    pilot = await pilots.locked(session, actor.workspace, pilot_id)
    if pilot is None:
        raise Refused("There is no such pilot any more. `/pilot list` shows those there are.")
    dossier = await pilots.dossier(session, pilot)
    held = dossier.seats.get(Role.OPERATIONS)
    found = hats_of(dossier, actor.person, is_admin=is_admin, is_outsider=actor.is_outsider)
    if held is not None and held.person_id == actor.person and Hat.OUTSIDER not in found:
        found |= {Hat.LEAD}
    return Scope(found, dossier)


@asynccontextmanager
async def work_on(ledger: Ledger, people: People, actor: Actor, rotation_id: int) -> AsyncIterator[Work]:
    """A rotation, locked after its pilot. Raises Refused where there is none."""
    async with ledger.entry(actor) as entry:
        known = await oncall.one(entry.session, actor.workspace, rotation_id)
        if known is None:
            raise GONE
        scope = await scope_of(entry.session, people, actor, known.pilot_id)
        rotation = await oncall.locked(entry.session, actor.workspace, rotation_id)
        if rotation is None:
            raise GONE
        changes = await oncall.changes(entry.session, actor.workspace, [rotation_id], entry.now)
        yield Work(entry, rotation, plan_of(rotation, changes[rotation_id]), scope)

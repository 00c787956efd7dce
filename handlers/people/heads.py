"""Who heads a function of the workspace, and so hears when its people do not answer."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from handlers.chat.errors import Refused
from handlers.chat.ports import Actor
from handlers.ledger import Ledger
from handlers.people.actions import People
from handlers.people.permissions import Action, Hat, check
from handlers.people.roles import FUNCTIONS, Role
from storage import heads, people, pilots
from storage.models import Person
from storage.nudging import FunctionHead

log = logging.getLogger(__name__)

_HATS = {Role.SPONSOR: Hat.SPONSOR, Role.LEAD: Hat.LEAD}


@dataclass(frozen=True, slots=True)
class Headed:
    """Who heads what, and whom that speaks of."""

    by_role: Mapping[str, FunctionHead]
    names: Mapping[str, Person]


@dataclass(frozen=True, slots=True)
class Heads:
    """Heads belong to the workspace and not to a pilot, so no pilot's audit trail tells of them.

    The row says who named whom when; the log says every change, also that somebody was taken off.
    """

    ledger: Ledger
    people: People

    async def name(self, actor: Actor, role: Role, person: Person) -> None:
        """From now on `person` heads the function, whoever did before."""
        _check_function(role)
        async with self.ledger.entry(actor) as entry:
            await self._check(entry.session, actor)
            before = await heads.head_of(entry.session, actor.workspace, role)
            if before == person.id:
                raise Refused(f"{person.name} heads {role.title} already. `/pilot head` shows all.")
            await heads.set_head(entry.session, actor.workspace, role, person.id, actor.person, entry.now)
        log.info("%s: %s named %s head of %s, before: %s", actor.workspace, actor.person, person.id, role,
                 before or "nobody")

    async def take_off(self, actor: Actor, role: Role) -> None:
        """From now on nobody heads the function."""
        _check_function(role)
        async with self.ledger.entry(actor) as entry:
            await self._check(entry.session, actor)
            before = await heads.remove_head(entry.session, actor.workspace, role)
            if before is None:
                raise Refused(f"Nobody heads {role.title}. `/pilot head {role} @who` names somebody.")
        log.info("%s: %s took %s off as head of %s", actor.workspace, actor.person, before, role)

    async def all(self, workspace: str) -> Headed:
        async with self.ledger.store.reading() as session:
            found = await heads.heads_of(session, [workspace])
            names = await people.several(session, workspace, {
                who for head in found.values() for who in (head.person_id, head.set_by)})
        return Headed({role: head for (_, role), head in found.items()}, names)

    async def _check(self, session: AsyncSession, actor: Actor) -> None:
        """Raises Refused unless the actor is an admin, or leads or sponsors any pilot that is not stopped."""
        hats = {Hat.ADMIN} if self.people.is_admin(actor.person) else {Hat.MEMBER}
        for seat, _ in await pilots.seats_held(session, actor.workspace, actor.person):
            if seat.role in _HATS:
                hats.add(_HATS[Role(seat.role)])
        check(Action.HEAD_NAME, frozenset(hats))


def _check_function(role: Role) -> None:
    if role not in FUNCTIONS:
        raise Refused(f"{role.title} is a role of one pilot, so nobody heads it. `/pilot team {role} @who` "
                      f"gives that seat to somebody; heads have: {', '.join(FUNCTIONS)}.")

"""Who keeps the runbooks that were asked: who has to hear that something is missing."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from handlers.chat.errors import Refused
from handlers.people.roles import Role
from handlers.runbooks.policy import Policies
from handlers.runbooks.values import Kept
from storage import people, pilots
from storage.models import Person
from storage.shelf import RunbookQuestion

AT_MOST = 5
"""People who are told of one question."""


async def keepers_of(session: AsyncSession, row: RunbookQuestion, shown: Kept | None, policy: Policies,
                     admins: Collection[str]) -> Sequence[Person]:
    """Of a pilot its operations seat and lead, and who owns the page that nobody has written yet.

    Where no pilot was asked: the owners of the shared sources, as far as their names are somebody's here,
    else the admins.
    """
    found: list[Person] = []
    if shown is not None and shown.is_stub:
        found += await _called(session, row.workspace_id, [shown.owner])
    pilot = await pilots.one(session, row.workspace_id, row.pilot_id) if (
        row.pilot_id is not None) else None
    if pilot is not None:
        dossier = await pilots.dossier(session, pilot)
        found += [person for role in (Role.OPERATIONS, Role.LEAD)
                  if (person := dossier.holder(role)) is not None and person.is_active]
    if not found:
        found += await _called(session, row.workspace_id,
                               [each.owner for each in policy.sources.values() if each.pilot is None])
    if not found:
        known = await people.several(session, row.workspace_id, admins)
        found += [person for person in known.values() if person.is_active]
    return list({person.id: person for person in found}.values())[:AT_MOST]


async def others_of(session: AsyncSession, row: RunbookQuestion, shown: Kept | None, policy: Policies,
                    admins: Collection[str]) -> list[Person]:
    """Those besides whoever asked. Raises Refused where there is nobody else."""
    found = await keepers_of(session, row, shown, policy, admins)
    others = [person for person in found if person.id != row.asked_by]
    if not others:
        raise Refused("You keep these runbooks yourself, so there is nobody else to tell. `/runbook gaps` "
                      "lists what is missing." if found else
                      "I know nobody who keeps these runbooks. An admin names an owner in `runbooks.yaml`; "
                      "in a pilot it is whoever has the operations seat, `/pilot team`.")
    return others


async def _called(session: AsyncSession, workspace: str, names: Iterable[str | None]) -> list[Person]:
    """People whose name or handle is one of these; a team's name is nobody's."""
    found = []
    for name in dict.fromkeys(name.strip().lstrip("@") for name in names if name and name.strip()):
        same = [each for each in await people.named(session, workspace, name)
                if name.casefold() in (each.handle.casefold(), each.name.casefold())]
        found += same if len(same) == 1 else []
    return found

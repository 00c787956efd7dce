"""Reads what stands around items: their pilots, who holds which role, who everybody is."""

from collections.abc import Collection, Iterable
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from handlers.nudges.circle import Circle, Who
from handlers.people.roles import Role
from storage import circles
from storage.models import Item

_LONGEST_CHAIN = 5
"""So many people stand in for each other at most; then it is the lead's."""


async def circle_of(session: AsyncSession, items: Collection[Item], now: datetime, *,
                    also: Iterable[Who] = (), lean: bool = True) -> Circle:
    """All about these items, of any workspace, in four queries, and one more where somebody is away.

    Args:
        also: further people to know.
        lean: for deciding; texts need more of a pilot.
    """
    pilots = await circles.pilots_of(session, items, lean=lean)
    seats = await circles.seats_in(session, pilots.values(), (Role.LEAD, Role.SPONSOR))
    heads = await circles.heads_in(session, {item.workspace_id for item in items})
    wanted = {*also}
    for item in items:
        wanted |= {(item.workspace_id, who) for who in (item.owner_id, item.blocked_by) if who}
    for pilot in pilots.values():
        wanted.add((pilot.workspace_id, pilot.created_by))
    wanted |= {(pilots[pilot_id].workspace_id, person) for (pilot_id, _), person in seats.items()}
    wanted |= {(workspace, person) for (workspace, _), person in heads.items()}
    people = await circles.people_among(session, wanted)
    for _ in range(_LONGEST_CHAIN):
        further = {(person.workspace_id, person.delegate_id) for person in people.values()
                   if person.away_until is not None and person.delegate_id is not None} - people.keys()
        if not further - wanted:
            break
        wanted |= further
        people |= await circles.people_among(session, further)
    return Circle(now, pilots, seats, heads, people)

"""Which hats a person wears towards a pilot and one of its items."""

from datetime import date

from handlers.people.permissions import Action, Hat, may
from handlers.people.roles import Role
from handlers.pilots.rules import SAFETY_FLOOR
from storage.models import Item, Person
from storage.pilots import Dossier


def hats_of(dossier: Dossier, person_id: str, item: Item | None = None, *, is_admin: bool = False,
            is_outsider: bool = False, seat: str | None = None, action: Action | None = None,
            today: date | None = None) -> frozenset[Hat]:
    """From what is stored, never from what a request claims.

    Args:
        seat: the role an answer is about.
        action: what they want to do, where that makes somebody the author: who owns an item cannot waive it.
        today: the owner's; given, whoever stands in for an owner who is away wears their hat.
    """
    if is_outsider:
        return frozenset({Hat.OUTSIDER})
    roles = {role for role, held in dossier.seats.items() if held.person_id == person_id}
    hats = {Hat.MEMBER}
    if is_admin:
        hats.add(Hat.ADMIN)
    if roles:
        hats.add(Hat.TEAM)
    if Role.LEAD in roles:
        hats.add(Hat.LEAD)
    if Role.SPONSOR in roles:
        hats.add(Hat.SPONSOR)
    if item is not None:
        is_floor = item.ref in SAFETY_FLOOR
        answers = is_floor and item.role in roles  # its function answers for it
        if item.owner_id == person_id or answers or _stands_in(dossier.owner(item), person_id, today):
            hats.add(Hat.OWNER)
        if action is Action.ITEM_WAIVE and item.owner_id == person_id and not is_floor:
            hats.add(Hat.AUTHOR)
        if roles & set(item.approvers):
            hats.add(Hat.APPROVER)
    if seat is not None and seat in roles:
        hats.add(Hat.ASKED)
    return frozenset(hats)


def _stands_in(owner: Person | None, person_id: str, today: date | None) -> bool:
    return (owner is not None and owner.delegate_id == person_id and owner.away_until is not None
            and today is not None and today < owner.away_until)


OWN_ROLE = frozenset({Action.ITEM_NOT_APPLICABLE, Action.ITEM_WAIVE})
"""On an item of the safety floor only its own role's to do."""


def _is_own_role(dossier: Dossier, item: Item | None, person_id: str) -> bool:
    seat = dossier.seats.get(item.role) if item is not None else None
    return seat is not None and seat.person_id == person_id


def who_may_instead(dossier: Dossier, action: Action, item: Item | None = None, *,
                    safety_floor: bool = False) -> tuple[str, ...]:
    """Names to turn to when one may not do it oneself: of the item's owner, the lead, the approvers and the
    sponsor, those who may."""
    people = [dossier.owner(item), dossier.holder(item.role)] if item is not None else []
    people.append(dossier.holder(Role.LEAD))
    people += [dossier.holder(role) for role in item.approvers] if item is not None else []
    people.append(dossier.holder(Role.SPONSOR))
    names = [person.name for person in people if person is not None and person.is_active
             and may(action, hats_of(dossier, person.id, item, action=action), safety_floor=safety_floor)
             and (not safety_floor or action not in OWN_ROLE or _is_own_role(dossier, item, person.id))]
    return tuple(dict.fromkeys(names))

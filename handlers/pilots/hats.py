"""Which hats a person wears towards a pilot and one of its items."""

from handlers.people.permissions import Action, Hat, may
from handlers.people.roles import Role
from storage.models import Item
from storage.pilots import Dossier


def hats_of(dossier: Dossier, person_id: str, item: Item | None = None, *, is_admin: bool = False,
            is_outsider: bool = False, seat: str | None = None) -> frozenset[Hat]:
    """From what is stored, never from what a request claims; `seat` is the role an answer is about."""
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
        if item.owner_id == person_id:
            hats.add(Hat.OWNER)
        if roles & set(item.approvers):
            hats.add(Hat.APPROVER)
    if seat is not None and seat in roles:
        hats.add(Hat.ASKED)
    return frozenset(hats)


def who_may_instead(dossier: Dossier, action: Action, item: Item | None = None, *,
                    safety_floor: bool = False) -> tuple[str, ...]:
    """Names to turn to when one may not do it oneself: of the item's owner, the lead, the approvers and the
    sponsor, those who may."""
    people = [dossier.owner(item)] if item is not None else []
    people.append(dossier.holder(Role.LEAD))
    people += [dossier.holder(role) for role in item.approvers] if item is not None else []
    people.append(dossier.holder(Role.SPONSOR))
    names = [person.name for person in people if person is not None and person.is_active
             and may(action, hats_of(dossier, person.id, item), safety_floor=safety_floor)]
    return tuple(dict.fromkeys(names))

"""Who fills which role of a pilot: asked, accepted, handed back."""

from dataclasses import dataclass

from handlers.chat.errors import Refused
from handlers.chat.ports import Actor
from handlers.ledger import Ledger
from handlers.people.actions import People
from handlers.people.permissions import Action
from handlers.people.roles import ROLES, Role
from handlers.pilots import rules
from handlers.pilots.work import Work, looked_at, work_on
from storage.models import ItemState, Person, Seat, SeatState
from storage.outbox import Promise


def take_seat(work: Work, role: Role, person: Person) -> Seat:
    """Put `person` on the seat and give them its items; whoever sits down by themselves has accepted."""
    now, actor = work.entry.now, work.entry.actor
    by_themselves = person.id == actor.person
    seat = work.dossier.seats.get(role)
    if seat is None:
        seat = Seat(workspace_id=actor.workspace, pilot_id=work.dossier.pilot.id, role=role.value,
                    person_id=person.id, asked_by=actor.person, asked_at=now)
        work.entry.session.add(seat)
        work.dossier.seats[role.value] = seat
    seat.person_id, seat.asked_by, seat.asked_at = person.id, actor.person, now
    seat.state = SeatState.ACCEPTED if by_themselves else SeatState.ASKED
    seat.accepted_at = now if by_themselves else None
    work.dossier.people[person.id] = person
    give_items(work, role, person.id)
    return seat


def promise_kickoff(work: Work) -> None:
    """The kickoff card shows who fills which seat: it is edited when that changes, not with every item."""
    pilot = work.dossier.pilot
    work.recast()
    work.entry.promise(Promise(pilot.room, "kickoff", pilot.id, pilot.id, live_until=work.entry.now))


def promise_ask(work: Work, person_id: str) -> None:
    """The one message that asks a person to take their seats; edited when they answer."""
    pilot = work.dossier.pilot
    work.entry.promise(Promise(person_id, "ask", pilot.id, pilot.id, live_until=work.entry.now))


def give_items(work: Work, role: Role, owner: str | None) -> None:
    """The role's open items follow the seat, unless one was handed to somebody by name."""
    for item in work.dossier.items:
        if item.role == role and item.state is ItemState.OPEN and not item.is_handed_over:
            if item.owner_id:
                work.tell(item.owner_id)
            if item.owner_id != owner:
                item.plan_on = None
                rules.leave_it(item)
            item.owner_id = owner
            work.change(item, acted=False)


@dataclass(frozen=True, slots=True)
class Seats:
    ledger: Ledger
    people: People

    async def check_fill(self, actor: Actor, pilot_id: int) -> None:
        """Raises Refused where the actor may not fill a seat: before a form is filled in in vain."""
        async with looked_at(self.ledger, self.people, actor, pilot_id) as work:
            work.check(Action.SEAT_FILL)
            work.check_running()

    async def fill(self, actor: Actor, pilot_id: int, role: Role, person: Person) -> None:
        """Ask `person` to take the role."""
        async with work_on(self.ledger, self.people, actor, pilot_id) as work:
            work.check(Action.SEAT_FILL)
            work.check_running()
            seat = work.dossier.seats.get(role)
            if seat is not None and seat.person_id == person.id:
                state = ("accepted" if seat.state is SeatState.ACCEPTED
                         else "is asked already and has not answered yet")
                raise Refused(f"{person.name} {state}: {role.title} of {work.dossier.pilot.name}. "
                              "Pick somebody else, or leave it as it is.")
            before = seat.person_id if seat else None
            if before:
                work.tell(before)
                promise_ask(work, before)
            work.answers(role.value)
            seat = take_seat(work, role, person)
            await work.entry.note(work.dossier.pilot, "seat filled", role.value, before={"person": before},
                                  after={"person": person.id, "state": seat.state})
            if seat.state is SeatState.ASKED:
                promise_ask(work, person.id)
            promise_kickoff(work)
            await self._complete(work)

    async def accept(self, actor: Actor, pilot_id: int, role: Role | None) -> list[Role]:
        """Take the seat that the actor was asked to take; without `role`, every such one. Returns which."""
        async with work_on(self.ledger, self.people, actor, pilot_id) as work:
            work.check_running()
            taken = []
            for each in self._asked(work, actor.person, role):
                work.check(Action.SEAT_ACCEPT, seat=each)
                seat = work.dossier.seats[each]
                seat.state, seat.accepted_at = SeatState.ACCEPTED, work.entry.now
                taken.append(each)
                await work.entry.note(work.dossier.pilot, "seat accepted", each.value,
                                      before={"state": SeatState.ASKED}, after={"state": SeatState.ACCEPTED})
            promise_ask(work, actor.person)
            promise_kickoff(work)
            await self._complete(work)
            return taken

    async def hand_back(self, actor: Actor, pilot_id: int, role: Role | None) -> list[Role]:
        """"Not me": the seat is empty again and the lead is told. Returns which seats."""
        async with work_on(self.ledger, self.people, actor, pilot_id) as work:
            work.check_running()
            given = []
            for each in self._asked(work, actor.person, role, also_accepted=role is not None):
                work.check(Action.SEAT_HAND_BACK, seat=each)
                seat = work.dossier.seats.pop(each)
                await work.entry.session.delete(seat)
                work.tell(actor.person)
                give_items(work, each, None)
                given.append(each)
                entry = await work.entry.note(work.dossier.pilot, "seat handed back", each.value,
                                              before={"person": actor.person, "state": seat.state})
                await work.entry.session.flush()
                lead = (work.dossier.holder(Role.LEAD)
                        or work.dossier.people.get(work.dossier.pilot.created_by))
                if lead is not None and lead.id != actor.person:
                    work.entry.promise(Promise(lead.id, "seat-back", entry.id, pilot_id, work.entry.now))
            promise_ask(work, actor.person)
            promise_kickoff(work)
            return given

    def _asked(self, work: Work, person: str, role: Role | None, *,
               also_accepted: bool = False) -> list[Role]:
        mine = [each for each in ROLES if each in work.dossier.seats
                and work.dossier.seats[each].person_id == person and role in (None, each)]
        open_ones = [each for each in mine if work.dossier.seats[each].state is SeatState.ASKED]
        found = mine if also_accepted and not open_ones else open_ones
        if not found:
            pilot = work.dossier.pilot.name
            if mine:
                raise Refused(f"You have accepted already: {', '.join(r.title for r in mine)} of {pilot}. "
                              "`/pilot team` shows everybody; the lead can choose somebody else there.")
            holder = work.dossier.holder(role) if role else None
            if role and holder:
                raise Refused(f"{holder.name} is asked to be {role.title} of {pilot}, not you. "
                              "If that should be you, tell the pilot lead.")
            raise Refused(f"You are not asked to take a role in {pilot}. `/pilot team` shows who is.")
        return found

    async def _complete(self, work: Work) -> None:
        """Once every role has accepted, the item that asks for just that closes by itself."""
        item = work.dossier.item("IN-07")
        if item is None or item.state is not ItemState.OPEN:
            return
        if any(role not in work.dossier.seats or work.dossier.seats[role].state is not SeatState.ACCEPTED
               for role in ROLES):
            return
        item.state, item.closed_at, item.closed_by = ItemState.DONE, work.entry.now, work.entry.actor.person
        item.evidence = f"All {len(ROLES)} roles accepted in chat"
        work.change(item)
        await work.entry.note(work.dossier.pilot, "item done", item.ref, before={"state": ItemState.OPEN},
                              after={"state": ItemState.DONE, "evidence": item.evidence})

"""When a person may be written to unasked, by their own word: quiet days, how often, who stands in."""

from dataclasses import dataclass
from datetime import date

from handlers.chat.errors import Refused, inside
from handlers.chat.ports import Actor
from handlers.ledger import Entry, Ledger
from handlers.people.actions import calendar_of, personal_rooms
from handlers.people.dates import say_date
from handlers.pilots import cadence
from storage import people, pilots
from storage.models import Person
from storage.outbox import Change


@dataclass(frozen=True, slots=True)
class Habits:
    ledger: Ledger

    async def quiet(self, actor: Actor, until: date, today: date) -> None:
        """No digest before `until`; today or earlier ends the quiet."""
        async with self.ledger.entry(actor) as entry:
            person = await _mine(entry)
            person.quiet_until = until if until > today else None
            await _look_again(entry, person)

    async def digest(self, actor: Actor, how_often: str) -> None:
        """`daily` or `weekly`."""
        async with self.ledger.entry(actor) as entry:
            person = await _mine(entry)
            person.digest = how_often
            await _look_again(entry, person)

    async def away(self, actor: Actor, until: date, today: date, delegate: Person | None) -> int:
        """Until `until` what comes up of theirs goes to `delegate`, or to each pilot's lead.

        Returns how many open items of theirs that are. Raises Refused where the delegate cannot stand in.
        """
        if delegate is not None:
            _check_delegate(delegate, actor, today)
        async with self.ledger.entry(actor) as entry:
            person = await _mine(entry)
            person.away_until, person.delegate_id = until, delegate.id if delegate is not None else None
            await _look_again(entry, person)
            return len(await pilots.items_owned(entry.session, person.workspace_id, person.id))

    async def back(self, actor: Actor) -> None:
        async with self.ledger.entry(actor) as entry:
            person = await _mine(entry)
            person.away_until = person.delegate_id = None
            await _look_again(entry, person)


def _check_delegate(delegate: Person, actor: Actor, today: date) -> None:
    name = inside(delegate.name)
    if delegate.id == actor.person:
        raise Refused("You cannot stand in for yourself. Name somebody else, as in `/pilot away until mon to "
                      "@ana`, or nobody: then it goes to the pilot's lead.")
    if delegate.away_until is not None and today < delegate.away_until:
        raise Refused(f"{name} is away too, until {say_date(delegate.away_until, today)}. Name somebody who "
                      "is here, or nobody: then it goes to the pilot's lead.")


async def _mine(entry: Entry) -> Person:
    person = await people.one(entry.session, entry.actor.workspace, entry.actor.person)
    if person is None:
        raise Refused("I have not met you yet. Type `/pilot` once, then try again.")
    return person


async def _look_again(entry: Entry, person: Person) -> None:
    """What they own or hold up is looked at on their next morning: other rules hold from now on."""
    await entry.session.flush()
    await pilots.look_at(entry.session, person.workspace_id, person.id,
                         calendar_of(person).next_moment(entry.now, cadence.DIGEST_TIME))
    entry.changed(Change(rooms=personal_rooms([person.id])))

"""Who people are: met once through the chat service, remembered, looked up by what others type."""

import re
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from handlers.chat.errors import Refused, inside
from handlers.chat.ports import Actor, Clock, Directory, SendFailed
from handlers.ledger import Ledger
from handlers.people.calendar import Calendar, valid_zone
from handlers.people.countries import country_of
from storage import people
from storage.engine import Store
from storage.models import Person
from storage.outbox import Promise

STALE_AFTER = timedelta(hours=24)
HEARS_SOON, REST_STALE_AFTER = timedelta(hours=1), timedelta(hours=4)
_MENTION = re.compile(r"^<@([A-Z0-9]+)(?:\|[^>]*)?>$")


def calendar_of(person: Person | None, *, zone: str = "UTC", country: str | None = None) -> Calendar:
    """The person's own calendar; the given zone and country where there is nobody."""
    return Calendar(zone, country) if person is None else Calendar(person.zone, person.country)


@dataclass(frozen=True, slots=True)
class People:
    store: Store
    ledger: Ledger
    clock: Clock
    directory: Directory
    default_zone: str
    default_country: str | None
    admins: frozenset[str]
    """Ids of the workspace's Ground Crew admins, from the settings."""

    def is_admin(self, person_id: str) -> bool:
        return person_id in self.admins

    async def meet(self, actor: Actor) -> Person:
        """Whoever is speaking, remembered.

        Asks the chat service the first time only; if that fails they are taken with the default zone
        until the next look. Raises Refused for somebody who left or is from elsewhere.
        """
        if actor.is_outsider:
            raise Refused("This bot serves the workspace that installed it, and you are here as a guest from "
                          "another one. Please ask your contact in this channel.")
        async with self.store.glancing() as session:
            known = await people.one(session, actor.workspace, actor.person)
        person = known if known is not None else await self.look_up(actor.workspace, actor.person)
        if person is None or not person.is_active:
            raise Refused("Your account is deactivated in this workspace, so I may not act for you. "
                          "Ask a workspace admin to restore it.")
        return person

    async def look_up(self, workspace: str, person_id: str) -> Person | None:
        """Ask the chat service about somebody and remember the answer; None: there is no such person."""
        now = self.clock()
        try:
            profile = await self.directory.person(person_id)
        except SendFailed:
            name = person_id.partition(":")[2]
            return Person(workspace_id=workspace, id=person_id, name=name, handle=name,
                          zone=self.default_zone, country=self.default_country, seen_at=now)
        if profile is None or profile.is_bot:
            return None
        zone = profile.zone if profile.zone and valid_zone(profile.zone) else self.default_zone
        person = Person(workspace_id=workspace, id=profile.id, name=inside(profile.name),
                        handle=profile.handle, zone=zone,
                        country=country_of(zone) or self.default_country,
                        is_active=profile.is_active and not profile.is_outsider, seen_at=now,
                        locale=profile.locale)
        async with self.store.begin() as session:
            await people.ensure_workspace(session, workspace, workspace, now)
            await people.save(session, person)
        return person

    async def find(self, workspace: str, text: str) -> Person:
        """The person meant by a mention, a handle or a name, whole or in part.

        Raises Refused where there is none, several (their mentions as choices), or they left.
        """
        mention = _MENTION.match(text.strip())
        if mention:
            return await self.known(workspace, f"slack:{mention[1]}")
        name = text.strip().lstrip("@").strip()
        async with self.store.reading() as session:
            found = await people.named(session, workspace, name) if name else []
        exact = [p for p in found if name.casefold() in (p.handle.casefold(), p.name.casefold())]
        if len(exact or found) == 1:
            return (exact or found)[0]
        if not found:
            raise Refused(f"I do not know anybody called “{inside(name[:40])}”. Mention them with @ and pick "
                          "them from the list, then I know who is meant.")
        names = ", ".join(f"{p.name} (@{p.handle})" for p in found)
        raise Refused(f"“{inside(name[:40])}” could be {names}. Use the @mention of the one you mean.",
                      choices=tuple((p.name, f"<@{p.id.partition(':')[2]}>") for p in found))

    async def known(self, workspace: str, person_id: str) -> Person:
        """The person with this id, active. Raises Refused where they left or are no person."""
        async with self.store.reading() as session:
            person = await people.one(session, workspace, person_id)
        if person is None or self.clock() - person.seen_at > STALE_AFTER:
            person = await self.look_up(workspace, person_id) or None
        if person is None:
            raise Refused("That is an app or somebody I cannot find. Pick a person of this workspace.")
        if not person.is_active:
            raise Refused(f"{person.name} has left this workspace (or is a guest from another one). "
                          "Pick somebody else.")
        return person

    async def look_again(self, workspace: str, person_id: str) -> None:
        """Ask again about somebody known; about others there is nothing to keep up to date."""
        async with self.store.reading() as session:
            known = await people.one(session, workspace, person_id)
        if known is not None:
            await self.look_up(workspace, person_id)

    async def refresh(self, limit: int = 50) -> int:
        """Look again at people not asked about for a day; returns how many."""
        async with self.store.reading() as session:
            stale = await people.stale(session, self.clock() - STALE_AFTER, limit)
        for person in stale:
            await self.look_up(person.workspace_id, person.id)
        return len(stale)

    async def refresh_rest(self, limit: int = 200) -> int:
        """Ask for everybody's do-not-disturb hours, a few times a day; returns of how many.

        Where the optional scope was not granted nobody's are known, and nothing is held back for them.
        """
        now = self.clock()
        async with self.store.reading() as session:
            asked = await people.to_ask_for_rest(session, now, now + HEARS_SOON, now - REST_STALE_AFTER,
                                                 limit)
        if not asked:
            return 0
        try:
            found = await self.directory.do_not_disturb(sorted({person.id for person in asked}))
        except SendFailed:
            found = {}
        async with self.store.begin() as session:
            for person in asked:
                await people.note_rest(session, person.workspace_id, person.id, found.get(person.id), now)
        return len(asked)

    async def opened_home(self, actor: Actor) -> bool:
        """From now on their Home is kept up to date; True the first time."""
        async with self.ledger.entry(actor) as entry:
            person = await self._mine(entry.session, actor)
            first = person.home_opened_at is None
            person.home_opened_at = entry.now
            surface, _, name = person.id.partition(":")
            entry.promise(Promise(f"{surface}:home:{name}", "home", 0))
            return first

    async def _mine(self, session: AsyncSession, actor: Actor) -> Person:
        person = await people.one(session, actor.workspace, actor.person)
        if person is None:
            raise Refused("I have not met you yet. Type `/pilot` once, then try again.")
        return person


def personal_rooms(person_ids: list[str]) -> frozenset[str]:
    """Where people see what is theirs: their DM with the bot and its Home tab."""
    rooms = set()
    for person_id in person_ids:
        surface, _, name = person_id.partition(":")
        rooms |= {person_id, f"{surface}:home:{name}"}
    return frozenset(rooms)

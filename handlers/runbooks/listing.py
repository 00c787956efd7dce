"""What people are told of the sources of runbooks, and who may have them read again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy.ext.asyncio import AsyncSession

from handlers.chat.cards import Card
from handlers.chat.errors import Refused, inside
from handlers.chat.ports import Actor
from handlers.fields import nearest
from handlers.people.permissions import Action, Hat, check, may
from handlers.people.roles import Role
from handlers.runbooks.due import is_being_read
from handlers.runbooks.policy import Source
from handlers.runbooks.reading import Reading
from handlers.runbooks.source_cards import Standing, refreshed_card, sources_card
from storage import people, pilots, runbooks
from storage.models import Pilot
from storage.pilots import name_key
from storage.runbooks import Counted
from storage.shelf import RunbookSource


@dataclass(frozen=True, slots=True)
class _Viewer:
    """Who looks, and what they are to the pilots that sources belong to."""

    is_admin: bool
    is_outsider: bool
    leads: frozenset[str]
    """Keys of pilots."""
    sees: frozenset[str]
    pilots: frozenset[str]
    """Every pilot there is."""


@dataclass(frozen=True, slots=True)
class Listing:
    reading: Reading
    admins: frozenset[str]

    async def sources(self, actor: Actor) -> Card:
        """The shared sources, and those of the pilots that somebody works in or asks in the channel of."""
        reading = self.reading
        now = reading.clock()
        async with reading.store.reading() as session:
            viewer = await self._viewer(session, actor)
            if viewer.is_outsider:
                check(Action.READ, frozenset({Hat.OUTSIDER}))
            rows = {row.name: row for row in await runbooks.sources(session, reading.workspace)}
            counted = await runbooks.counted(session, reading.workspace)
            seen = [each for each in reading.policy.sources.values() if _sees(viewer, each)]
            standings = []
            for source in sorted(seen, key=lambda each: (each.pilot is not None, each.name)):
                faults = await runbooks.faulty_pages(session, reading.workspace, source.name)
                standing = self._standing(source, rows.get(source.name), counted, faults, viewer)
                unknown = await self._unknown(session, source, viewer)
                standings.append(replace(standing, unknown_pilot=unknown))
        hidden = len(reading.policy.sources) - len(seen)
        return sources_card(standings, now, is_admin=viewer.is_admin, hidden=hidden)

    async def refresh(self, actor: Actor, name: str | None) -> Card:
        """Have one source read again, or all that somebody may. Raises Refused."""
        reading = self.reading
        known = reading.policy.sources
        async with reading.store.reading() as session:
            viewer = await self._viewer(session, actor)
            leads = await self._leads(session, name)
        if viewer.is_outsider:
            check(Action.READ, frozenset({Hat.OUTSIDER}))
        if not known:
            raise Refused("There are no sources of runbooks to read. An admin names them in runbooks.yaml.")
        if name is None:
            mine = [each.name for each in known.values()
                    if _sees(viewer, each) and may(Action.RUNBOOK_REFRESH, _hats(viewer, each))]
            if not mine:
                check(Action.RUNBOOK_REFRESH, frozenset({Hat.MEMBER}), who_may=leads)
            return await self._asked(mine)
        source = known.get(name.strip().lower())
        if source is None or not _sees(viewer, source):
            raise _unknown(name, [each.name for each in known.values() if _sees(viewer, each)])
        check(Action.RUNBOOK_REFRESH, _hats(viewer, source), who_may=leads)
        return await self._asked([source.name])

    async def _asked(self, names: Sequence[str]) -> Card:
        for name in names:
            await self.reading.ask(name)
        return refreshed_card(names)

    # ---- who looks -----------------------------------------------------------------------------------------

    async def _viewer(self, session: AsyncSession, actor: Actor) -> _Viewer:
        workspace = actor.workspace
        person = await people.one(session, workspace, actor.person)
        mine = await pilots.of_person(session, workspace, actor.person, 200)
        here = await pilots.in_room(session, workspace, actor.room) if actor.room is not None else []
        leads = await self._led(session, mine, actor.person)
        known = frozenset(key for _, key in await pilots.names(session, workspace))
        is_outsider = person is None or not person.is_active or actor.is_outsider
        sees = frozenset(name_key(each.name) for each in (*mine, *here))
        return _Viewer(actor.person in self.admins, is_outsider, leads, sees, known)

    async def _led(self, session: AsyncSession, mine: Sequence[Pilot], person: str) -> frozenset[str]:
        """The keys of the pilots that somebody leads."""
        found = set()
        for pilot in mine:
            dossier = await pilots.dossier(session, pilot)
            seat = dossier.seats.get(Role.LEAD) if dossier is not None else None
            if seat is not None and seat.person_id == person:
                found.add(name_key(pilot.name))
        return frozenset(found)

    async def _leads(self, session: AsyncSession, name: str | None) -> tuple[str, ...]:
        """Whom to ask to have it read: the lead of its pilot."""
        source = self.reading.policy.sources.get(name.strip().lower()) if name is not None else None
        if source is None or source.pilot is None:
            return ()
        pilot = await pilots.named_exactly(session, self.reading.workspace, source.pilot)
        dossier = await pilots.dossier(session, pilot) if pilot is not None else None
        lead = dossier.holder(Role.LEAD) if dossier is not None else None
        return (f"{lead.name} (lead)",) if lead is not None and lead.is_active else ()

    # ---- how it stands -------------------------------------------------------------------------------------

    def _standing(self, source: Source, row: RunbookSource | None, counted: Mapping[str, Counted],
                  faults: Sequence[tuple[str, str]], viewer: _Viewer) -> Standing:
        number = counted.get(source.name, Counted())
        may_refresh = may(Action.RUNBOOK_REFRESH, _hats(viewer, source))
        if row is None:
            return Standing(source, may_refresh=may_refresh)
        now, details = self.reading.clock(), row.details
        progress = details.get("progress")
        return Standing(
            source, number.pages, number.sections, number.stubs, row.answered_at, row.changed_at,
            is_being_read=is_being_read(row, now),
            progress=(progress[0], progress[1]) if isinstance(progress, list) else None,
            is_waiting=row.next_at <= now or bool(details.get("again")), error=row.error, next_at=row.next_at,
            left_out=tuple((path, why) for path, why in details.get("left_out", ())),
            left_out_count=details.get("left_out_count", 0), faults=tuple(faults),
            notes=tuple(details.get("notes", ())), may_refresh=may_refresh)

    async def _unknown(self, session: AsyncSession, source: Source, viewer: _Viewer) -> str | None:
        """What to say where no pilot has the name that the source gives."""
        if source.pilot is None or name_key(source.pilot) in viewer.pilots:
            return None
        near = nearest(source.pilot, viewer.pilots) if viewer.pilots else None
        workspace = self.reading.workspace
        meant = await pilots.named_exactly(session, workspace, near) if near is not None else None
        guess = f" Did you mean “{meant.name}”?" if meant is not None else ""
        return f"No pilot is called “{source.pilot}”, so nobody's question reaches it.{guess}"


def _sees(viewer: _Viewer, source: Source) -> bool:
    return viewer.is_admin or source.pilot is None or name_key(source.pilot) in viewer.sees


def _hats(viewer: _Viewer, source: Source) -> frozenset[Hat]:
    """A shared source belongs to all pilots, so to each of their leads."""
    hats = {Hat.MEMBER}
    if viewer.is_admin:
        hats.add(Hat.ADMIN)
    if (viewer.leads if source.pilot is None else name_key(source.pilot) in viewer.leads):
        hats.add(Hat.LEAD)
    return frozenset(hats)


def _unknown(name: str, known: Sequence[str]) -> Refused:
    near = nearest(name, known) if known else None
    shown = inside(name.strip()[:40])
    if near is not None:
        return Refused(f"There is no source “{shown}”. Did you mean “{near}”?",
                       choices=((near, f"refresh {near}"),))
    return Refused(f"There is no source “{shown}”. `/runbook sources` shows those there are.")

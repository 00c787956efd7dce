"""Who is meant by a level of an escalation just now: on call, a role of the pilot, the admins, a channel."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from handlers.alerts.escalation_policy import ADMINS, CHANNEL, ON_CALL, PERSON, SECONDARY
from handlers.oncall import standing
from handlers.people.calendar import Calendar, valid_zone
from storage import people, pilots
from storage.alerting import Alert
from storage.models import Person, Pilot

_STAND_IN = ("operations", "lead")
"""Whose seat stands for a rotation that there is none of, in this order."""


@dataclass(frozen=True, slots=True)
class Shift:
    """Who is on call at a moment.

    Attributes:
        people: the first is on call, the second is second on call, and so on; empty: nobody is.
        stand_in: the seat that stands for a rotation, where there is none; "": they come from one.
    """

    people: tuple[str, ...] = ()
    stand_in: str = ""


class WhoIsOnCall(Protocol):
    async def on_call(self, session: AsyncSession, workspace: str, pilot_id: int | None,
                      at: datetime) -> Shift:
        """Who is on call for a pilot; None: for what belongs to no pilot."""
        ...


@dataclass(frozen=True, slots=True)
class ByRoles:
    """Without a rotation: the pilot's operations seat, else its lead."""

    async def on_call(self, session: AsyncSession, workspace: str, pilot_id: int | None,
                      _at: datetime) -> Shift:
        if pilot_id is None:
            return Shift()
        seats = await pilots.seats_of(session, workspace, pilot_id)
        known = await people.several(session, workspace, {seat.person_id for seat in seats.values()})
        for role in _STAND_IN:
            person = known.get(seats[role].person_id) if role in seats else None
            if person is not None and person.is_active:
                return Shift((person.id,), role)
        return Shift()


@dataclass(frozen=True, slots=True)
class ByRotation:
    """Whoever has the shift. Where there is no rotation at all, the pilot's roles stand for it."""

    instead: WhoIsOnCall = field(default_factory=ByRoles)

    async def on_call(self, session: AsyncSession, workspace: str, pilot_id: int | None,
                      at: datetime) -> Shift:
        first, second = await standing.chain_people(session, workspace, pilot_id, at)
        if first.rotation is None and second.rotation is None:
            return await self.instead.on_call(session, workspace, pilot_id, at)
        return Shift(tuple(each.person.id for each in (first, second) if each.person is not None))


@dataclass(frozen=True, slots=True)
class Reached:
    """Who a level means.

    Attributes:
        people: active members of the workspace.
        room: the channel it means instead, ``slack:C1``.
        stand_in: the seat that stands for a rotation.
        is_nobody: nobody is on call, and these are the admins.
    """

    people: tuple[str, ...] = ()
    room: str | None = None
    stand_in: str = ""
    is_nobody: bool = False


@dataclass(slots=True)
class Around:
    """People and pilots around alerts, read once each in one transaction."""

    session: AsyncSession
    who: WhoIsOnCall
    admins: Collection[str]
    default: Calendar
    now: datetime
    _shifts: dict[tuple[str, int | None], Shift] = field(default_factory=dict)
    _reached: dict[tuple[str, int | None, str], Reached] = field(default_factory=dict)
    _calendars: dict[tuple[str, int | None], Calendar] = field(default_factory=dict)

    async def reached(self, alert: Alert, to: str) -> Reached:
        """Whom a level of an alert means now."""
        key = (alert.workspace_id, alert.pilot_id, to)
        if key not in self._reached:
            self._reached[key] = await self._find(alert, to)
        return self._reached[key]

    async def _find(self, alert: Alert, to: str) -> Reached:
        if to.startswith(CHANNEL):
            return Reached(room=f"slack:{to.removeprefix(CHANNEL)}")
        if to in (ON_CALL, SECONDARY):
            return await self._on_call(alert, is_second=to == SECONDARY)
        if to == ADMINS:
            wanted = sorted(self.admins)
        elif to.startswith(PERSON):
            wanted = [to.removeprefix(PERSON)]
        else:
            holder = (await self._roles(alert)).get(to)
            wanted = [holder] if holder is not None else []
        return Reached(await self._there(alert.workspace_id, wanted))

    async def admins_of(self, alert: Alert) -> tuple[str, ...]:
        return await self._there(alert.workspace_id, sorted(self.admins))

    async def calendar(self, alert: Alert) -> Calendar:
        """The pilot's, or the one from the settings."""
        key = (alert.workspace_id, alert.pilot_id)
        if key not in self._calendars:
            pilot: Pilot | None = None
            if alert.pilot_id is not None:
                pilot = await pilots.one(self.session, alert.workspace_id, alert.pilot_id)
            self._calendars[key] = Calendar(pilot.zone, pilot.country) if (
                pilot is not None and valid_zone(pilot.zone)) else self.default
        return self._calendars[key]

    async def _on_call(self, alert: Alert, *, is_second: bool) -> Reached:
        key = (alert.workspace_id, alert.pilot_id)
        if key not in self._shifts:
            self._shifts[key] = await self.who.on_call(self.session, *key, self.now)
        shift = self._shifts[key]
        found = await self._there(alert.workspace_id, shift.people[1:2] if is_second else shift.people[:1])
        if is_second or found:
            return Reached(found, stand_in=shift.stand_in)
        return Reached(await self.admins_of(alert), is_nobody=True)

    async def _roles(self, alert: Alert) -> dict[str, str]:
        """Who sits where in its pilot."""
        if alert.pilot_id is None:
            return {}
        seats = await pilots.seats_of(self.session, alert.workspace_id, alert.pilot_id)
        return {role: seat.person_id for role, seat in seats.items()}

    async def _there(self, workspace: str, wanted: Collection[str]) -> tuple[str, ...]:
        """Those of them who can be told: nobody who left; for somebody who is away, whoever stands in."""
        known = await people.several(self.session, workspace, wanted)
        stand_ins = {person.delegate_id for person in known.values()
                     if person.delegate_id is not None and self._is_away(person)}
        known |= await people.several(self.session, workspace, stand_ins)
        found = []
        for each in wanted:
            person = known.get(each)
            if person is not None and self._is_away(person):
                other = known.get(person.delegate_id or "")
                if other is not None and other.is_active and not self._is_away(other):
                    person = other
            if person is None:
                found.append(each)  # never met: the chat service knows whether there is such a person
            elif person.is_active:
                found.append(person.id)
        return tuple(dict.fromkeys(found))

    def _is_away(self, person: Person) -> bool:
        zone = person.zone if valid_zone(person.zone) else self.default.zone
        return person.away_until is not None and Calendar(zone).today(self.now) < person.away_until

"""Decides whom an alert's escalation tells next: its levels one after the other, and when they begin anew.

What is decided needs no number of the alert, so that a new one gets its chain and its next moment in the
insert that writes it. What follows from it is said by `telling`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy.ext.asyncio import AsyncSession

from handlers.alerts import chains, working
from handlers.alerts.escalation_policy import EscalationPolicy, SlaRow
from handlers.alerts.policy import Policy
from handlers.alerts.reach import Around, WhoIsOnCall
from handlers.people.calendar import Calendar
from storage.alerting import Alert, AlertState

_BEAT = timedelta(seconds=1)


class Why(StrEnum):
    """Why somebody is told."""

    OPENED = "opened"
    LATE = "late"
    """Nobody took it on in time."""
    WORSE = "worse"
    UNACKED = "unacked"
    """Whoever took it on did not end it in time."""
    AGAIN = "again"


@dataclass(slots=True)
class Tell:
    """What is to be said of one alert whose escalation went on.

    Attributes:
        level: the number of the level; -1: nobody further is told.
        room: the channel that is told, ``slack:C1``.
        skipped: levels that came before it and reach nobody, each with the reason.
        was_acked_by: who had taken it on, where that does not count any more.
        waited: how long nobody took it on, or it went on although somebody had.
    """

    alert: Alert
    why: Why
    level: int = -1
    people: tuple[str, ...] = ()
    room: str | None = None
    skipped: list[tuple[str, str]] = field(default_factory=list)
    was_acked_by: str | None = None
    waited: timedelta = timedelta()


@dataclass(frozen=True, slots=True)
class Deciding:
    policy: EscalationPolicy
    routing: Policy
    who: WhoIsOnCall
    admins: frozenset[str]
    default: Calendar
    """Of what belongs to no pilot."""

    def around(self, session: AsyncSession, now: datetime) -> Around:
        return Around(session, self.who, self.admins, self.default, now)

    async def opened(self, around: Around, alert: Alert, row: SlaRow | None, *,
                     is_held: bool = False) -> list[Tell]:
        """A new alert gets its chain; the first level is told unless it is to wait, or is held back."""
        if alert.storm_id is not None or alert.state is not AlertState.OPEN:
            return []
        alert.chain = chains.snapshot(self.policy, alert.severity, row)
        if is_held:
            self.look(alert, around.now, around.now)
            return []
        return await self._begun(around, alert, Why.OPENED)

    async def worsened(self, around: Around, alert: Alert, row: SlaRow | None) -> list[Tell]:
        """It is more severe than it was: the chain of that severity begins, whoever had taken it on."""
        if alert.storm_id is not None or alert.state is AlertState.RESOLVED:
            return []
        was = _reopen(alert)
        chains.begin_anew(alert, chains.snapshot(self.policy, alert.severity, row))
        return await self._begun(around, alert, Why.WORSE, was)

    async def again(self, around: Around, alert: Alert) -> list[Tell]:
        """It was over and fires again: whoever was on it still is, else its chain begins anew."""
        if alert.state is not AlertState.OPEN:
            self.look(alert, around.now, around.now)
            return [Tell(alert, Why.AGAIN)] if alert.state is AlertState.ACKED else []
        chains.begin_anew(alert)
        return await self._begun(around, alert, Why.AGAIN)

    async def unacknowledged(self, around: Around, alert: Alert) -> list[Tell]:
        """Whoever took it on did not end it in time: its first level is told once more."""
        since = alert.acked_at or around.now
        was = _reopen(alert)
        chains.begin_anew(alert)
        tell = await self._advance(around, alert, Why.UNACKED)
        tell.was_acked_by, tell.waited = was, around.now - since
        return [tell]

    async def late(self, around: Around, alert: Alert) -> list[Tell]:
        """Nobody took it on in time: the next level is told, and only that one however late it is."""
        before = [entry["at"] for entry in alert.chain if "at" in entry]
        since = datetime.fromisoformat(before[-1]) if before else alert.opened_at
        tell = await self._advance(around, alert, Why.LATE)
        tell.waited = around.now - since
        return [tell] if tell.level >= 0 or tell.skipped else []

    async def arm(self, around: Around, alert: Alert) -> None:
        """Fix when the next level's turn comes, from now on."""
        index = alert.level + 1
        if index >= len(alert.chain):
            return
        entry = alert.chain[index]
        span = timedelta(seconds=entry["after"])
        at = working.after(await around.calendar(alert), around.now, span, self.policy.opens,
                           self.policy.closes) if entry["working"] and span else around.now + span
        chains.put(alert, index, due=at.isoformat())

    def look(self, alert: Alert, heard_at: datetime, now: datetime,
             held_until: datetime | None = None) -> None:
        """Set when the sweep looks at it next, which is later than now."""
        at = chains.next_look(alert, self.policy, self.routing, heard_at, held_until)
        alert.next_at = max(at, now + _BEAT) if at is not None else None

    async def _begun(self, around: Around, alert: Alert, why: Why, was: str | None = None) -> list[Tell]:
        tells = []
        if alert.chain and not chains.is_held(alert):
            if alert.chain[0]["after"] == 0 or was is not None:
                tells.append(await self._advance(around, alert, why))
                tells[0].was_acked_by = was
            else:
                await self.arm(around, alert)
        self.look(alert, around.now, around.now)
        return tells or ([Tell(alert, why, was_acked_by=was)] if was is not None else [])

    async def _advance(self, around: Around, alert: Alert, why: Why) -> Tell:
        """Go on to the next level that reaches anybody new."""
        before, tell = chains.told(alert), Tell(alert, why)
        for index in range(alert.level + 1, len(alert.chain)):
            entry = alert.chain[index]
            reached = await around.reached(alert, entry["to"])
            fresh = tuple(each for each in reached.people if each not in before)
            alert.level = index
            if fresh or reached.room is not None or "page" in entry:
                chains.put(alert, index, at=around.now.isoformat(), told=list(fresh),
                           **({"as": reached.stand_in} if reached.stand_in else {}),
                           **({"nobody": True} if reached.is_nobody else {}))
                tell.level, tell.people, tell.room = index, fresh, reached.room
                await self.arm(around, alert)
                return tell
            reason = "told before" if reached.people else "empty"
            chains.put(alert, index, skipped=reason)
            tell.skipped.append((entry["to"], reason))
        if not before and alert.chain:
            await self._nobody(around, tell)
        return tell

    async def _nobody(self, around: Around, tell: Tell) -> None:
        """The whole chain reaches nobody, which is said aloud, and to the admins."""
        alert = tell.alert
        tell.level, tell.people = len(alert.chain) - 1, await around.admins_of(alert)
        chains.put(alert, tell.level, at=around.now.isoformat(), told=list(tell.people), nobody=True)


def _reopen(alert: Alert) -> str | None:
    """Nobody is on it any more; who was."""
    was = alert.acked_by if alert.state is AlertState.ACKED else None
    if was is not None:
        alert.state, alert.acked_by, alert.acked_at, alert.eta_at = AlertState.OPEN, None, None, None
    return was

"""What people do about silences: make one, look at them, end one. One transaction each."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from handlers.alerts.actions import GONE
from handlers.alerts.holding import PATTERN, PILOT, exact, matches, value_in
from handlers.alerts.silence_words import NOBODYS, Wanted, check_until, reason_of
from handlers.chat.errors import Refused
from handlers.chat.ports import Actor
from handlers.ledger import Entry, Ledger
from handlers.people.actions import People
from handlers.people.permissions import Action, Hat, check
from handlers.pilots.hats import hats_of
from storage import alerts, people, pilots, silences
from storage.alerting import Alert, Silence
from storage.models import Person, Pilot
from storage.outbox import Promise

SILENCED = "silenced"
READ_AT_MOST = 5000
"""Open alerts that are compared with a new silence at once; a later one is when its next signal comes."""
SAID_AT_MOST = 300
"""Alerts whose message says at once that they are silenced."""
_NARROW = ("name", "source", "severity")


@dataclass(frozen=True, slots=True)
class Listed:
    """Open silences with whom and what they name."""

    silences: Sequence[Silence]
    people: Mapping[str, Person]
    pilots: Mapping[int, Pilot]


@dataclass(frozen=True, slots=True)
class Silences:
    ledger: Ledger
    people: People
    release: Callable[[], Awaitable[object]]
    """Shows what a silence that has ended held back."""

    async def of_alert(self, actor: Actor, alert_id: int, labels: Collection[str], until: datetime,
                       reason: str) -> Silence:
        """Silence what has these labels of an alert, as it has them. Raises Refused."""
        why = reason_of(reason)
        async with self.ledger.entry(actor) as entry:
            alert = await alerts.one(entry.session, actor.workspace, alert_id)
            if alert is None:
                raise GONE
            matchers = {label: exact(value) for label in labels if (value := value_in(alert, label))}
            if not matchers:
                raise Refused("Pick one at least.", fields={"labels": "Pick one at least."})
            if alert.pilot_id is None:
                matchers[PILOT] = ""
            silence, _ = await self._make(entry, alert.pilot_id, matchers, until, why)
            return silence

    async def make(self, actor: Actor, wanted: Wanted, here: Pilot | None) -> tuple[Silence, int]:
        """A silence as it was typed, and how many open alerts it keeps quiet. Raises Refused.

        Args:
            here: the pilot that is meant; None: none, or all of them.
        """
        matchers = dict(wanted.matchers)
        if wanted.pilot == NOBODYS:
            matchers[PILOT] = ""
        elif here is None and not self.people.is_admin(actor.person):
            raise Refused("Say whose alerts: type it in the pilot's channel, or add `pilot=NAME`, or "
                          "`pilot=none` for alerts of no pilot. Only an admin can silence over all pilots.")
        async with self.ledger.entry(actor) as entry:
            return await self._make(entry, here.id if here is not None else None, matchers, wanted.until,
                                    wanted.reason)

    async def end(self, actor: Actor, silence_id: int) -> Silence:
        """End a silence now: what still fires is shown. Raises Refused."""
        async with self.ledger.entry(actor) as entry:
            known = await silences.one(entry.session, actor.workspace, silence_id)
            if known is None:
                raise Refused(f"There is no silence {silence_id}. `/alerts silences` lists those that hold.")
            pilot = await self._allowed(entry, known.pilot_id)
            silence = await silences.locked(entry.session, actor.workspace, silence_id)
            if silence is None or silence.ends_at <= entry.now:
                raise Refused(f"Silence {silence_id} has ended already.")
            silence.ends_at, silence.ended_by = entry.now, actor.person
            if pilot is not None:
                await entry.note(pilot, "alerts unsilenced", f"silence {silence.id}",
                                 after={"held": silence.held})
        await self.release()
        return silence

    async def end_of_alert(self, actor: Actor, alert_id: int) -> Silence:
        """The same, of the silence that an alert is under. Raises Refused."""
        async with self.ledger.store.reading() as session:
            alert = await alerts.one(session, actor.workspace, alert_id)
        if alert is None:
            raise GONE
        if alert.silence_id is None:
            raise Refused("This alert is not silenced any more.")
        return await self.end(actor, alert.silence_id)

    async def all(self, workspace: str) -> Listed:
        """Those that hold, the next to end first."""
        async with self.ledger.store.reading() as session:
            found = await silences.open_ones(session, workspace, self.ledger.clock())
            known = await people.several(session, workspace, {each.made_by for each in found})
            of = {each.pilot_id for each in found if each.pilot_id is not None}
            named = {number: pilot for number in sorted(of)
                     if (pilot := await pilots.one(session, workspace, number)) is not None}
        return Listed(found, known, named)

    async def _make(self, entry: Entry, pilot_id: int | None, matchers: dict[str, str], until: datetime,
                    reason: str) -> tuple[Silence, int]:
        pilot = await self._allowed(entry, pilot_id)
        check_until(until, entry.now)
        workspace, session = entry.actor.workspace, entry.session
        if len(await silences.open_ones(session, workspace, entry.now)) >= silences.MOST:
            raise Refused(f"{silences.MOST} silences hold already, which is all I take: end some first. "
                          "`/alerts silences` lists them.")
        silence = Silence(workspace_id=workspace, matchers=matchers, begins_at=entry.now, ends_at=until,
                          made_by=entry.actor.person, reason=reason, pilot_id=pilot_id)
        session.add(silence)
        await session.flush()
        quiet = await self._quieten(entry, silence)
        if pilot is not None:
            await entry.note(pilot, "alerts silenced", f"silence {silence.id}", after={
                "matchers": matchers, "until": until.isoformat(), "reason": reason})
        return silence, quiet

    async def _quieten(self, entry: Entry, silence: Silence) -> int:
        """What is open and matches says so; returns how many that are."""
        session, workspace = entry.session, silence.workspace_id
        plain = {name: value for name, value in silence.matchers.items()
                 if name in _NARROW and not value.startswith(PATTERN)}
        seen = await silences.may_match(session, workspace, plain, silence.pilot_id, READ_AT_MOST)
        ids = [alert.id for alert in seen if matches(alert, silence.matchers, silence.pilot_id)]
        held = await _longest(session, await silences.alerts_locked(session, workspace, ids), silence)
        posts = await alerts.shown(session, workspace, [alert.id for alert in held[:SAID_AT_MOST]])
        by_alert = {alert.id: alert for alert in held[:SAID_AT_MOST]}
        steps = {alert.id: alerts.add_step(session, alert, entry.now, SILENCED, entry.actor.person, details={
            "until": silence.ends_at.isoformat(), "reason": silence.reason, "silence": silence.id})
            for alert in by_alert.values()}
        await session.flush()
        for post in posts:
            entry.promise(Promise(post.room, post.kind, post.subject_id, urgency=post.urgency))
            if post.message_id is not None:
                entry.promise(Promise(post.room, alerts.LINE, steps[post.subject_id].id))
        return len(held)

    async def _allowed(self, entry: Entry, pilot_id: int | None) -> Pilot | None:
        """The pilot whose alerts it is about, locked. Raises Refused where the actor may not."""
        actor = entry.actor
        pilot: Pilot | None = None
        if pilot_id is not None:
            pilot = await pilots.locked(entry.session, actor.workspace, pilot_id)
        if pilot is None:
            if actor.is_outsider:
                check(Action.ALERT_HUSH, frozenset({Hat.OUTSIDER}))
            return None
        dossier = await pilots.dossier(entry.session, pilot)
        check(Action.ALERT_HUSH, hats_of(dossier, actor.person, is_admin=self.people.is_admin(actor.person),
                                         is_outsider=actor.is_outsider))
        return pilot


async def _longest(session: AsyncSession, found: Sequence[Alert], silence: Silence) -> list[Alert]:
    """Put these under the silence, unless they are under one that holds longer; returns all that are."""
    held = []
    for alert in found:
        other = None
        if alert.silence_id is not None:
            other = await silences.one(session, alert.workspace_id, alert.silence_id)
        if other is None or other.ends_at <= silence.ends_at:
            alert.silence_id = silence.id
            held.append(alert)
    return held

"""What people do with alerts: take them on, say until when, settle them. One transaction each."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from handlers.alerts.escalating import Escalation
from handlers.alerts.lifetime import resolve
from handlers.alerts.telling import PAGE
from handlers.chat.errors import Refused
from handlers.chat.ports import Actor
from handlers.ledger import Entry, Ledger
from handlers.people.actions import People
from handlers.people.permissions import Action, Hat, check
from handlers.pilots.hats import hats_of
from storage import alerts, people, pilots
from storage.alerting import Alert, AlertState, AlertStep
from storage.models import Pilot
from storage.outbox import Promise
from storage.pilots import Dossier

TAKEN, UNTIL, RESOLVED, FALSE_ALARM = "acked", "eta", "resolved", "false-alarm"
ETA_AT_MOST = timedelta(days=7)
REASON = 300
GONE = Refused("That alert is not in my books any more. `/alerts` lists what is open.")


@dataclass(slots=True)
class Work:
    """One alert being changed, locked, with its pilot where it has one."""

    entry: Entry
    alert: Alert
    dossier: Dossier | None
    hats: frozenset[Hat]

    @property
    def session(self) -> AsyncSession:
        return self.entry.session

    def check(self, action: Action) -> None:
        """Raises Refused where the actor may not. An alert of no pilot is everybody's."""
        if self.dossier is None and action is not Action.ALERT_TAKE and Hat.OUTSIDER not in self.hats:
            return
        check(action, self.hats)

    def check_open(self) -> None:
        if self.alert.state is AlertState.RESOLVED:
            raise Refused("This alert is over already, so there is nothing left to do. Should it fire again, "
                          "a new message comes.")

    async def note(self, what: str, *, told: str | None = None, **details: Any) -> AlertStep:
        """A step of the alert, a line in its threads, and an entry in the pilot's audit trail."""
        entry, alert = self.entry, self.alert
        step = alerts.add_step(entry.session, alert, entry.now, what, entry.actor.person, to=told,
                               details=details)
        await entry.session.flush()
        for promise in await about(entry.session, alert, entry.now, step):
            entry.promise(promise)
        if self.dossier is not None:
            await entry.note(self.dossier.pilot, f"alert {what}", f"alert {alert.id}",
                             after={"title": alert.title[:120], **details})
        return step


async def about(session: AsyncSession, alert: Alert, now: datetime, step: AlertStep | None = None,
                edit_at: datetime | None = None) -> list[Promise]:
    """Every message about `alert` is brought up to date; with a step, a line appears in each thread."""
    posts = await alerts.shown(session, alert.workspace_id, {alert.id, alert.storm_id or alert.id})
    found = [Promise(post.room, post.kind, post.subject_id, urgency=post.urgency, not_before=edit_at or now)
             for post in posts]
    if step is not None:
        found += [Promise(post.room, alerts.LINE, step.id, urgency=PAGE if post.urgency >= PAGE else 0,
                          not_before=now) for post in posts if post.subject_id == alert.id]
    return found


@dataclass(frozen=True, slots=True)
class Alerts:
    ledger: Ledger
    people: People
    escalation: Escalation

    async def acknowledge(self, actor: Actor, alert_id: int, until: datetime | None = None) -> Alert:
        """The actor is on it. Raises Refused where somebody else is, or it is over.

        Args:
            until: when they expect to be done; None: they do not say.
        """
        async with self._on(actor, alert_id) as work:
            alert = work.alert
            work.check(Action.ALERT_TAKE)
            work.check_open()
            if alert.state is AlertState.ACKED and alert.acked_by != actor.person:
                await self._refuse_second(work)
            if until is not None and not work.entry.now < until <= work.entry.now + ETA_AT_MOST:
                raise Refused("Give a moment between now and seven days from now, such as `16:30` or `fri "
                              "10:00`.")
            if alert.state is AlertState.ACKED and until is None:
                raise Refused("You are on it already; the message says so.")
            what = UNTIL if alert.state is AlertState.ACKED else TAKEN
            alert.state, alert.acked_by = AlertState.ACKED, actor.person
            alert.acked_at, alert.eta_at = alert.acked_at or work.entry.now, until
            if alert.is_storm:
                await alerts.acknowledge_members(work.session, alert, actor.person, work.entry.now)
            await self.escalation.taken_on(work.session, alert, work.entry.now)
            await work.note(what, **({"until": until.isoformat()} if until is not None else {}))
            return alert

    async def take_over(self, actor: Actor, alert_id: int) -> Alert:
        """The actor is on it instead of whoever was."""
        async with self._on(actor, alert_id) as work:
            work.check(Action.ALERT_TAKE)
            work.check_open()
            before = work.alert.acked_by
            work.alert.state, work.alert.acked_by = AlertState.ACKED, actor.person
            work.alert.acked_at, work.alert.eta_at = work.entry.now, None
            await self.escalation.taken_on(work.session, work.alert, work.entry.now)
            await work.note(TAKEN, instead_of=before)
            return work.alert

    async def settle(self, actor: Actor, alert_id: int) -> Alert:
        """The actor says that it is over."""
        async with self._on(actor, alert_id) as work:
            work.check(Action.ALERT_SETTLE)
            work.check_open()
            resolve(work.alert, work.entry.now, "person", actor.person)
            await alerts.end_signals(work.session, work.alert, work.entry.now)
            await self.escalation.tell.ended(work.session, work.alert, work.entry.now)
            await work.note(RESOLVED)
            return work.alert

    async def false_alarm(self, actor: Actor, alert_id: int, reason: str) -> Alert:
        """The actor says that it should not have fired, and why. Raises Refused without a reason."""
        said = " ".join(reason.split())
        if len(said) < 3:
            raise Refused("Say in a few words why it was false: the rule gets better by it.",
                          fields={"reason": "Say in a few words why it was false."})
        async with self._on(actor, alert_id) as work:
            work.check(Action.ALERT_SETTLE)
            work.check_open()
            resolve(work.alert, work.entry.now, FALSE_ALARM, actor.person)
            await alerts.end_signals(work.session, work.alert, work.entry.now)
            await self.escalation.tell.ended(work.session, work.alert, work.entry.now)
            await work.note(FALSE_ALARM, reason=said[:REASON])
            return work.alert

    async def one(self, actor: Actor, alert_id: int) -> Alert:
        """An alert that is open. Raises Refused."""
        async with self.ledger.store.reading() as session:
            alert = await alerts.one(session, actor.workspace, alert_id)
        if alert is None:
            raise GONE
        if alert.state is AlertState.RESOLVED:
            raise Refused("This alert is over already, so there is nothing left to do.")
        return alert

    async def _refuse_second(self, work: Work) -> None:
        person = await self._name(work.session, work.alert)
        raise Refused(f"{person} is on this already. Take it over?",
                      choices=(("Take it over", f"/alerts take {work.alert.id}"),))

    async def _name(self, session: AsyncSession, alert: Alert) -> str:
        found = await people.several(session, alert.workspace_id, [alert.acked_by or ""])
        person = found.get(alert.acked_by or "")
        return person.name if person is not None else "Somebody"

    @asynccontextmanager
    async def _on(self, actor: Actor, alert_id: int) -> AsyncIterator[Work]:
        """An alert, locked after its pilot. Raises Refused where there is none."""
        async with self.ledger.entry(actor) as entry:
            known = await alerts.one(entry.session, actor.workspace, alert_id)
            if known is None:
                raise GONE
            dossier = await self._dossier(entry.session, known)
            alert = await alerts.locked(entry.session, actor.workspace, alert_id)
            if alert is None:
                raise GONE
            yield Work(entry, alert, dossier, self._hats(actor, dossier))

    async def _dossier(self, session: AsyncSession, alert: Alert) -> Dossier | None:
        if alert.pilot_id is None:
            return None
        pilot: Pilot | None = await pilots.locked(session, alert.workspace_id, alert.pilot_id)
        return None if pilot is None else await pilots.dossier(session, pilot)

    def _hats(self, actor: Actor, dossier: Dossier | None) -> frozenset[Hat]:
        is_admin = self.people.is_admin(actor.person)
        if dossier is not None:
            return hats_of(dossier, actor.person, is_admin=is_admin, is_outsider=actor.is_outsider)
        if actor.is_outsider:
            return frozenset({Hat.OUTSIDER})
        return frozenset({Hat.MEMBER, *([Hat.ADMIN] if is_admin else [])})

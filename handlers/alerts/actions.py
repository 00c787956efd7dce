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
from storage import alert_lists, alerts, people, pilots
from storage.alert_lists import Which
from storage.alerting import Alert, AlertState, AlertStep
from storage.models import Pilot
from storage.outbox import Promise
from storage.pilots import Dossier

TAKEN, UNTIL, RESOLVED, FALSE_ALARM = "acked", "eta", "resolved", "false-alarm"
ETA_AT_MOST = timedelta(days=7)
REASON = 300
ALL_AT_ONCE = 50
"""So many alerts are taken on by one press."""
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

    def check_single(self) -> None:
        if self.alert.is_storm:
            raise Refused("A storm is over once each of its alerts is. `/alerts show ID` of one of them has "
                          "the buttons.", choices=(("Show them", f"/alerts show {self.alert.id}"),))

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
    found = [Promise(post.room, post.kind, post.subject_id, urgency=post.urgency, not_before=edit_at or now,
                     keeps_earlier=True) for post in posts]
    if step is not None:
        found += [Promise(post.room, alerts.LINE, step.id, urgency=PAGE if post.urgency >= PAGE else 0,
                          not_before=now) for post in posts if post.subject_id == alert.id]
    return found


def all_of(pilot_id: int | None, room: str | None) -> Which:
    """Which alerts are meant by all: of a pilot, else of a room, and never of the whole workspace."""
    if pilot_id is not None:
        return Which(pilot_id=pilot_id, is_untaken=True)
    return Which(room=room or "", is_untaken=True)


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
        async with self.on(actor, alert_id) as work:
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
                await self._take_members(work.entry, alert)
            await self.escalation.taken_on(work.session, alert, work.entry.now)
            await work.note(what, **({"until": until.isoformat()} if until is not None else {}))
            return alert

    async def acknowledge_all(self, actor: Actor, pilot_id: int | None) -> int:
        """The actor is on all that nobody is on: of the pilot, or where there is none, of the actor's room.

        Returns how many that were, at most ALL_AT_ONCE; storms count as one, with all that is in them.
        """
        async with self.ledger.entry(actor) as entry:
            numbers = await alert_lists.numbers(entry.session, actor.workspace, all_of(pilot_id, actor.room),
                                                ALL_AT_ONCE)
            known = await alerts.several(entry.session, actor.workspace, numbers)
            dossiers = {}
            for each in sorted({alert.pilot_id for alert in known.values() if alert.pilot_id is not None}):
                dossiers[each] = await self._dossier_of(entry.session, actor.workspace, each)
            await alerts.lock_below(entry.session, actor.workspace, numbers)
            locked = await alerts.alerts_locked(entry.session, actor.workspace, (), numbers, entry.now)
            waiting = [alert for alert in locked.values() if alert.state is AlertState.OPEN]
            for alert in waiting:
                dossier = dossiers.get(alert.pilot_id or 0)
                work = Work(entry, alert, dossier, self._hats(actor, dossier))
                work.check(Action.ALERT_TAKE)
                alert.state, alert.acked_by, alert.acked_at = AlertState.ACKED, actor.person, entry.now
                if alert.is_storm:
                    await self._take_members(entry, alert)
                await self.escalation.taken_on(entry.session, alert, entry.now)
                await work.note(TAKEN)
            return len(waiting)

    async def _take_members(self, entry: Entry, storm: Alert) -> None:
        """Whoever is on a storm is on all in it; where one of these has a message of its own, it says so."""
        await alerts.acknowledge_members(entry.session, storm, entry.actor.person, entry.now)
        for post in await alert_lists.members_shown(entry.session, storm.workspace_id, storm.id):
            entry.promise(Promise(post.room, post.kind, post.subject_id, urgency=post.urgency,
                                  not_before=entry.now))

    async def take_over(self, actor: Actor, alert_id: int) -> Alert:
        """The actor is on it instead of whoever was."""
        async with self.on(actor, alert_id) as work:
            work.check(Action.ALERT_TAKE)
            work.check_open()
            before = work.alert.acked_by
            if before == actor.person:
                raise Refused("You are on it already; the message says so.")
            work.alert.state, work.alert.acked_by = AlertState.ACKED, actor.person
            work.alert.acked_at, work.alert.eta_at = work.entry.now, None
            await self.escalation.taken_on(work.session, work.alert, work.entry.now)
            if work.alert.is_storm:
                await self._take_members(work.entry, work.alert)
            await work.note(TAKEN, instead_of=before)
            return work.alert

    async def settle(self, actor: Actor, alert_id: int) -> Alert:
        """The actor says that it is over."""
        async with self.on(actor, alert_id) as work:
            work.check(Action.ALERT_SETTLE)
            work.check_open()
            work.check_single()
            resolve(work.alert, work.entry.now, "person", actor.person)
            await alerts.end_signals(work.session, work.alert, work.entry.now)
            await self.escalation.tell.ended(work.session, work.alert, work.entry.now)
            await work.note(RESOLVED)
            return work.alert

    async def false_alarm(self, actor: Actor, alert_id: int, reason: str, cause: str | None = None) -> Alert:
        """The actor says that it should not have fired, and why. Raises Refused without a reason.

        Args:
            cause: of drift, what was at fault: one of `forms.CAUSES`.
        """
        said = " ".join(reason.split())
        if len(said) < 3:
            raise Refused("Say in a few words why it was false: the rule gets better by it.",
                          fields={"reason": "Say in a few words why it was false."})
        async with self.on(actor, alert_id) as work:
            work.check(Action.ALERT_SETTLE)
            work.check_open()
            work.check_single()
            resolve(work.alert, work.entry.now, FALSE_ALARM, actor.person)
            await alerts.end_signals(work.session, work.alert, work.entry.now)
            await self.escalation.tell.ended(work.session, work.alert, work.entry.now)
            more = {"cause": cause} if cause is not None else {}
            await work.note(FALSE_ALARM, reason=said[:REASON], **more)
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
    async def on(self, actor: Actor, alert_id: int) -> AsyncIterator[Work]:
        """An alert, locked after its pilot. Raises Refused where there is none."""
        async with self.ledger.entry(actor) as entry:
            known = await alerts.one(entry.session, actor.workspace, alert_id)
            if known is None:
                raise GONE
            dossier = await self._dossier(entry.session, known)
            await alerts.lock_below(entry.session, actor.workspace, [alert_id])
            alert = await alerts.locked(entry.session, actor.workspace, alert_id)
            if alert is None:
                raise GONE
            yield Work(entry, alert, dossier, self._hats(actor, dossier))

    async def _dossier(self, session: AsyncSession, alert: Alert) -> Dossier | None:
        if alert.pilot_id is None:
            return None
        return await self._dossier_of(session, alert.workspace_id, alert.pilot_id)

    async def _dossier_of(self, session: AsyncSession, workspace: str, pilot_id: int) -> Dossier | None:
        pilot: Pilot | None = await pilots.locked(session, workspace, pilot_id)
        return None if pilot is None else await pilots.dossier(session, pilot)

    def _hats(self, actor: Actor, dossier: Dossier | None) -> frozenset[Hat]:
        is_admin = self.people.is_admin(actor.person)
        if dossier is not None:
            return hats_of(dossier, actor.person, is_admin=is_admin, is_outsider=actor.is_outsider)
        if actor.is_outsider:
            return frozenset({Hat.OUTSIDER})
        return frozenset({Hat.MEMBER, *([Hat.ADMIN] if is_admin else [])})

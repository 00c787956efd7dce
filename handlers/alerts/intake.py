"""Takes reports in: what was answered with yes is in the database, and will be shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from handlers.alerts import holds, listing, storms
from handlers.alerts.churn import Churn
from handlers.alerts.drift_gate import DriftGate, Looks, conditioned
from handlers.alerts.escalating import Escalation
from handlers.alerts.grouping import Place, Sent, sent, wanted_pilot
from handlers.alerts.inhibition_policy import Inhibition
from handlers.alerts.lifetime import PAGES, Taking
from handlers.alerts.policy import Policy
from handlers.alerts.signals import Signal, Status
from handlers.alerts.telling import PAGE as PAGE
from handlers.alerts.vendors.contract import Report
from handlers.chat.ports import Clock
from storage import alerts, deliveries, outbox
from storage.alerting import Alert, AlertState
from storage.engine import Store
from storage.outbox import Promise
from storage.pilots import name_key

_TRIES = 5
"""Two replicas may open the same alert at once: the one that comes second looks again."""
AWAY_KNOWN = timedelta(days=2)


class NowhereToShow(Exception):
    """Nothing says where a signal goes, and there is no channel for what nothing says it of."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What a report came to."""

    signals: int
    opened: int
    changed: int
    is_repeated: bool = False
    """It was taken in before."""
    new: frozenset[str] = frozenset()
    """Names of which there was a condition that nobody had heard of."""


@dataclass(frozen=True, slots=True)
class Intake:
    store: Store
    clock: Clock
    wake: Callable[[], None]
    policy: Policy
    fallback: str | None
    """The room of what no route fits: the operations channel, or an admin."""
    escalation: Escalation
    inhibit: Inhibition = field(default_factory=Inhibition)
    churn: Churn | None = None
    drift: DriftGate = field(default_factory=DriftGate)

    async def take(self, workspace: str, source: str, report: Report) -> Taken:
        """Take in a report in one transaction. Raises NowhereToShow."""
        for tried in range(_TRIES):
            try:
                async with self.store.begin() as session:
                    taken = await self._take(session, workspace, source, report)
                break
            except IntegrityError:
                if tried == _TRIES - 1:
                    raise
        if taken.changed:
            self.wake()
        if taken.new and self.churn is not None:
            await self.churn.look(workspace, source, taken.new)
        return taken

    async def heard(self, workspace: str, source: str) -> None:
        """Write down that a source is alive."""
        async with self.store.begin() as session:
            await alerts.heard(session, workspace, source, self.clock())

    async def _take(self, session: AsyncSession, workspace: str, source: str, report: Report) -> Taken:
        now = self.clock()
        if report.delivery is not None and not await deliveries.is_first(
                session, workspace, f"alert:{source}:{report.delivery}", now):
            return Taken(0, 0, 0, is_repeated=True)
        if not report.signals:
            return Taken(0, 0, 0)
        await alerts.plan_reads_anew(session)
        placed = await self._placed(session, workspace, source, [*map(conditioned, report.signals)])
        taking, looks = await self._read(session, workspace, placed, now), Looks()
        onward = list[Sent]()
        for each in placed:
            judged = each if each.signal.drift is None else await self.drift.look(
                session, looks, taking, each, report.delivery)
            if judged is not None:
                taking.take(judged)
                onward.append(judged)
        held = await holds.met(session, taking, self.inhibit.rules)
        told = await self._write(session, taking, onward)
        told += await looks.note(session, taking)
        if held is not None:
            await held.write(session)
            told += held.promises(now + self.policy.edit_every)
        shown = promises(taking.touched.values(), self.policy, now)
        shown += await listing.of_storms(session, taking.touched.values(), now, self.policy.debounce)
        await outbox.promise(session, workspace, [*shown, *told], [], now)
        return Taken(len(placed), len(taking.new_alerts), len(taking.touched),
                     new=frozenset(row.name for row in taking.new_rows))

    async def _placed(self, session: AsyncSession, workspace: str, source: str,
                      signals: Sequence[Signal]) -> list[Sent]:
        """Each signal with where it goes. Raises NowhereToShow."""
        routes = [wanted_pilot(signal, source, self.policy) for signal in signals]
        pilots = await alerts.pilots_named(session, workspace,
                                           {name_key(name) for _, name in routes if name is not None})
        found = []
        for signal, (route, name) in zip(signals, routes, strict=True):
            pilot = pilots.get(name_key(name)) if name is not None else None
            if route is not None and route.channel is not None:
                place = Place(route.channel, pilot.id if pilot is not None else None)
            elif pilot is not None:
                place = Place(pilot.room, pilot.id)
            elif self.fallback is not None:
                place = Place(self.fallback)
            else:
                raise NowhereToShow
            found.append(sent(signal, source, route, place, self.policy))
        return found

    async def _read(self, session: AsyncSession, workspace: str, placed: Sequence[Sent],
                    now: datetime) -> Taking:
        """What is known of these, locked: signals first, then their alerts."""
        rows = await alerts.signals_locked(session, workspace, {each.fingerprint for each in placed})
        known = await alerts.alerts_locked(
            session, workspace, {each.key for each in placed},
            {row.alert_id for row in rows.values() if row.alert_id is not None},
            now - self.policy.reopen_within)
        has_unknown_end = any(each.signal.status is Status.RESOLVED and each.fingerprint not in rows
                              for each in placed)
        away = await alerts.away(session, workspace, now - AWAY_KNOWN) if has_unknown_end else ()
        return Taking(workspace, now, self.policy, {**rows}, known, away)

    async def _write(self, session: AsyncSession, taking: Taking, placed: Sequence[Sent]) -> list[Promise]:
        """Write all that changed; gives what is to be shown besides the alerts' own messages."""
        begun = await self.gather(session, taking) if taking.to_show else []
        tells = await self.escalation.taken(session, taking, begun, placed)
        await alerts.plan_writes_once(session)
        await session.flush()
        await alerts.add_alerts(session, taking.new_alerts)
        for row, alert in taking.owners:
            row.alert_id = alert.id
        await session.flush()
        await alerts.add_signals(session, taking.new_rows)
        await tell_storms(session, taking.workspace, taking.touched, taking.now, joined=taking.in_storm)
        return await self.escalation.said(session, tells, taking.touched.values(), taking.now)

    async def gather(self, session: AsyncSession, taking: Taking) -> list[Alert]:
        """What begins beyond what a room can be told of goes into its storm; gives the storms that begin."""
        open_storms = {alert.key: alert for alert in (await alerts.alerts_locked(
            session, taking.workspace, storms.keys_of(taking), (), taking.now)).values()
            if alert.state is not AlertState.RESOLVED}
        rooms = storms.unsettled(taking, open_storms)
        lately = await alerts.new_in_rooms(session, taking.workspace, rooms, taking.now - storms.MINUTE)
        begun = storms.gather(taking, open_storms, lately)
        await alerts.add_alerts(session, begun)
        for alert, storm in taking.in_storm:
            alert.storm_id = storm.id
        return begun


async def tell_storms(session: AsyncSession, workspace: str, touched: dict[str, Alert], now: datetime, *,
                      joined: Iterable[tuple[Alert, Alert]] = ()) -> None:
    """What changed about members of storms is shown by the storm's card; it is over when they all are.

    In `touched`, by key, the members give way to their storms.

    Args:
        joined: new members with their storms. A storm that only grew is not counted anew, as it may have
            many thousands: its lock is held, and whoever changes a member counts after getting that.
    """
    members = {alert.key: alert for alert in touched.values() if alert.storm_id is not None}
    known = {alert.id: alert for alert in touched.values() if alert.is_storm}
    missing = {alert.storm_id for alert in members.values() if alert.storm_id is not None} - known.keys()
    if missing:
        known |= await alerts.alerts_locked(session, workspace, (), missing, now)
    new: dict[int, list[Alert]] = {}
    for alert, storm in joined:
        new.setdefault(storm.id, []).append(alert)
    grown = new.keys() - {alert.storm_id for alert in members.values()}
    counts = await alerts.counts_of(session, workspace, known.keys() - grown)
    for storm in known.values():
        if storm.id in grown:
            storms.grow(storm, new[storm.id], now)
        else:
            storms.recount(storm, *counts.get(storm.id, (0, 0)), now)
        touched[storm.key] = storm
    for key in members:
        del touched[key]


def promises(touched: Iterable[Alert], policy: Policy, now: datetime) -> list[Promise]:
    """That each of these is shown: soon, but not before what belongs to it had time to come."""
    return [Promise(alert.room, alerts.CARD, alert.id, urgency=PAGE if alert.rank <= PAGES else 0,
                    keeps_earlier=True,
                    not_before=now + (policy.debounce if alert.opened_at == now else policy.edit_every))
            for alert in sorted(touched, key=lambda each: each.id)]

"""What the clock does to alerts: the next level, what nobody ends or repeats, what has stopped flapping.

What was due while nothing ran is done once: an alert goes on by one level, then waits again. Signals and
alerts that somebody else holds are left to them; what is waited for are storms, before their members, and
lanes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from handlers.alerts import chains, lifetime
from handlers.alerts.deciding import Tell
from handlers.alerts.escalating import Escalation
from handlers.alerts.intake import promises, tell_storms
from handlers.alerts.policy import Policy
from handlers.alerts.reach import Around
from handlers.alerts.telling import STALE
from handlers.chat.ports import CLOCK, Clock
from storage import alert_sweeps, alerts, outbox
from storage.alerting import Alert, AlertState, Signal, SignalState
from storage.engine import Store

AT_ONCE = 100
"""Alerts, or signals, of one transaction."""
HELD_AGAIN = timedelta(minutes=1)
"""What is held back by another alert, or by a silence that has just ended, is looked at so often."""
_Batch = Callable[[AsyncSession, datetime], Awaitable[int]]


@dataclass(slots=True)
class _Looked:
    """What came of a look at alerts of one workspace."""

    tells: list[Tell]
    touched: dict[str, Alert]


@dataclass(frozen=True, slots=True)
class AlertSweep:
    store: Store
    clock: Clock
    wake: Callable[[], None]
    policy: Policy
    escalation: Escalation

    async def run(self) -> int:
        """Do what is due; returns of how many signals and alerts. Run again, it does nothing."""
        now = self.clock()
        return sum([await self._all(batch, now) for batch in (self.lapses, self.looks, self.members)])

    async def _all(self, batch: _Batch, now: datetime) -> int:
        done = 0
        while True:
            async with self.store.begin() as session:
                count = await batch(session, now)
            if count:
                self.wake()
            done += count
            if count < AT_ONCE:
                return done

    # ---- signals that are not repeated ---------------------------------------------------------------------

    async def lapses(self, session: AsyncSession, now: datetime) -> int:
        """What its sender has not repeated in time is over; one batch."""
        rows = await alert_sweeps.lapsing(session, now, AT_ONCE)
        by_workspace: dict[str, list[Signal]] = defaultdict(list)
        for row in rows:
            by_workspace[row.workspace_id].append(row)
        done = 0
        for workspace, signals in sorted(by_workspace.items()):
            free = await alert_sweeps.free(
                session, workspace, {row.alert_id for row in signals if row.alert_id is not None})
            touched: dict[str, Alert] = {}
            for row in signals:
                alert = free.get(row.alert_id or 0)
                if alert is not None or row.alert_id is None:
                    done += 1
                    self._lapse(row, alert, touched, now)
            await self._show(session, workspace, _Looked([], touched), now)
        return done

    def _lapse(self, row: Signal, alert: Alert | None, touched: dict[str, Alert], now: datetime) -> None:
        row.lapses_at = None
        if row.state is not SignalState.FIRING:
            return
        row.state, row.ended_at = SignalState.RESOLVED, now
        if alert is not None:
            lifetime.ended(alert, row, now, self.policy, "lapsed")
            alert.changed_at, touched[alert.key] = now, alert

    # ---- alerts --------------------------------------------------------------------------------------------

    async def looks(self, session: AsyncSession, now: datetime) -> int:
        """Whatever is due of alerts with a message of their own; one batch."""
        due = await alert_sweeps.due_alerts(session, now, AT_ONCE)
        await self._look_at(session, due, now)
        return len(due)

    async def members(self, session: AsyncSession, now: datetime) -> int:
        """Whatever is due of members of storms; one batch."""
        by_workspace: dict[str, list[int]] = defaultdict(list)
        for workspace, alert_id in await alert_sweeps.due_members(session, now, AT_ONCE):
            by_workspace[workspace].append(alert_id)
        done = 0
        for workspace, ids in sorted(by_workspace.items()):
            free = await alert_sweeps.free(session, workspace, ids)
            due = [alert for alert in free.values() if alert.next_at is not None and alert.next_at <= now]
            await self._look_at(session, due, now)
            done += len(due)
        return done

    async def _look_at(self, session: AsyncSession, due: Sequence[Alert], now: datetime) -> None:
        by_workspace: dict[str, list[Alert]] = defaultdict(list)
        for alert in due:
            by_workspace[alert.workspace_id].append(alert)
        around = self.escalation.decide.around(session, now)
        for workspace, found in sorted(by_workspace.items()):
            await self._show(session, workspace, await self._looked(session, workspace, found, around), now)

    async def _looked(self, session: AsyncSession, workspace: str, due: Sequence[Alert],
                      around: Around) -> _Looked:
        heard = await alert_sweeps.heard_at(session, workspace, {alert.id for alert in due})
        until = await alert_sweeps.silenced_until(
            session, workspace, {alert.silence_id for alert in due if alert.silence_id is not None})
        looked = _Looked([], {})
        for alert in due:
            await self._look(looked, alert, heard.get(alert.id, alert.changed_at),
                             _held_until(alert, until, around.now), around)
        return looked

    async def _look(self, looked: _Looked, alert: Alert, heard_at: datetime, held_until: datetime,
                    around: Around) -> None:
        now, decide = around.now, self.escalation.decide
        tells: list[Tell] = []
        if self._ends(alert, now):
            looked.touched[alert.key] = alert
        elif (unacked := chains.unacknowledged_at(alert, decide.policy)) is not None and unacked <= now:
            tells = await decide.unacknowledged(around, alert)
        elif alert.state is AlertState.OPEN and not chains.is_held(alert):
            tells = await self._escalated(alert, around)
        if self._goes_stale(alert, heard_at, now):
            alert.stale_at, looked.touched[alert.key] = heard_at, alert
            alerts.add_step(around.session, alert, now, STALE, CLOCK)
        decide.look(alert, heard_at, now, held_until)
        looked.tells += tells

    async def _escalated(self, alert: Alert, around: Around) -> list[Tell]:
        """The next level, where its turn has come; where that is not known, it is counted from now."""
        decide, due = self.escalation.decide, chains.due(alert)
        if alert.firing == 0 and not alert.is_storm:
            return []
        if due is None and alert.level + 1 < len(alert.chain):
            await decide.arm(around, alert)  # it was held back when it opened
            due = chains.due(alert)
        if due is None or due > around.now:
            return []
        return await decide.late(around, alert)

    def _ends(self, alert: Alert, now: datetime) -> bool:
        """What has stopped flapping is over; so is an event that only informs, once its message was shown."""
        if alert.state is AlertState.RESOLVED:
            return False
        if alert.is_flapping and alert.firing == 0 and alert.changed_at + self.policy.flapping_hold <= now:
            lifetime.resolve(alert, now, "sender")
            return True
        if chains.is_info_event(alert) and alert.changed_at + self.policy.reopen_within <= now:
            lifetime.resolve(alert, now, "event")
            return True
        return False

    def _goes_stale(self, alert: Alert, heard_at: datetime, now: datetime) -> bool:
        return (alert.state is not AlertState.RESOLVED and alert.stale_at is None and not alert.is_storm
                and alert.storm_id is None and heard_at + self.policy.stale_after <= now)

    # ---- what is shown of it -------------------------------------------------------------------------------

    async def _show(self, session: AsyncSession, workspace: str, looked: _Looked, now: datetime) -> None:
        await session.flush()
        await tell_storms(session, workspace, looked.touched, now)
        told = await self.escalation.said(session, looked.tells, looked.touched.values(), now)
        await outbox.promise(session, workspace,
                             [*promises(looked.touched.values(), self.policy, now), *told], [], now)


def _held_until(alert: Alert, ends: Mapping[int, datetime], now: datetime) -> datetime:
    """When to look again at an alert that nobody is told of."""
    ends_at = ends.get(alert.silence_id or 0)
    return ends_at if ends_at is not None and ends_at > now else now + HELD_AGAIN

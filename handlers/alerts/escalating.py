"""The escalation of alerts as intake, actions and the sweep use it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from handlers.alerts import chains
from handlers.alerts.deciding import Deciding, Tell
from handlers.alerts.escalation_policy import SlaRow
from handlers.alerts.grouping import Sent
from handlers.alerts.lifetime import Taking
from handlers.alerts.policy import PSEUDO, value_of
from handlers.alerts.telling import Telling
from storage.alerting import Alert, AlertState
from storage.outbox import Promise


@dataclass(frozen=True, slots=True)
class Escalation:
    decide: Deciding
    tell: Telling

    async def taken(self, session: AsyncSession, taking: Taking, storms: Iterable[Alert],
                    placed: Sequence[Sent]) -> list[Tell]:
        """What a report that was taken in begins: chains of new alerts, and of those worse or firing again.

        It asks the database nothing unless somebody is to be told, then once for each pilot.

        Args:
            storms: those that begin.
            placed: what the report says.
        """
        around, tells = self.decide.around(session, taking.now), list[Tell]()
        first: Mapping[str, Sent] = {each.key: each for each in reversed(placed)}
        new = {alert.key for alert in taking.new_alerts}
        for alert in (*taking.new_alerts, *storms):
            is_held = alert.key in taking.held
            tells += await self.decide.opened(around, alert, self._row(first.get(alert.key)), is_held=is_held)
        for key, alert in taking.again.items():
            if key not in taking.worse:
                tells += await self.decide.again(around, alert)
        for key, alert in taking.worse.items():
            if key not in new:
                tells += await self.decide.worsened(around, alert, self._row(first.get(key)))
        return tells

    async def said(self, session: AsyncSession, tells: Sequence[Tell], touched: Iterable[Alert],
                   now: datetime) -> list[Promise]:
        """Says what was decided, and the end of what is over; brings up to date what was shown before."""
        known = [alert for alert in touched if chains.was_told(alert) or alert.acked_by is not None]
        ended = [alert for alert in known if alert.state is AlertState.RESOLVED and alert.resolved_at == now]
        told = {tell.alert.id for tell in tells}
        others = [alert for alert in known if alert.id not in told and alert not in ended]
        return [*await self.tell.said(session, tells, now), *await self.tell.over(session, ended, now),
                *await self.tell.up_to_date(session, others, now)]

    async def taken_on(self, session: AsyncSession, alert: Alert, now: datetime) -> None:
        """Somebody is on it: nobody further is told unless they do not end it in time."""
        self.decide.look(alert, now, now)
        await self.tell.taken_on(session, alert, now)

    def _row(self, sent: Sent | None) -> SlaRow | None:
        """The row of service levels that fits what the first signal of an alert says."""
        if sent is None or not self.decide.policy.sla:
            return None
        signal, source = sent.signal, sent.source
        return self.decide.policy.row(
            {**signal.labels, **{name: value_of(signal, source, name) for name in PSEUDO}})

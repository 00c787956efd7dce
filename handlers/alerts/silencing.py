"""Shows what was held back once nothing holds it any more: its silence has ended, or what held it is over."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from handlers.alerts.holding import holds, is_held, is_held_by, silenced_by
from handlers.alerts.intake import PAGE, Intake, promises, tell_storms
from handlers.alerts.lifetime import Taking
from handlers.chat.ports import CLOCK, Clock
from storage import alerts, outbox, silences
from storage.alerting import Alert, AlertState
from storage.engine import Store
from storage.outbox import Promise

AT_ONCE = 100
UNSILENCED = "unsilenced"


@dataclass(frozen=True, slots=True)
class SilenceTick:
    """Run again, it changes nothing; what another replica holds is left to it."""

    store: Store
    clock: Clock
    wake: Callable[[], None]
    workspace: str
    intake: Intake

    async def run(self) -> int:
        """Show all that is due; returns how many that were."""
        shown = 0
        while True:
            async with self.store.begin() as session:
                due = await silences.to_release(session, self.workspace, self.clock(), AT_ONCE)
                shown += await self._release(session, due, self.clock()) if due else 0
            if not due:
                return shown
            self.wake()

    async def forget(self) -> None:
        """What is over holds nothing back."""
        async with self.store.begin() as session:
            await silences.forget_over(session, self.workspace)

    async def _release(self, session: AsyncSession, due: Sequence[Alert], now: datetime) -> int:
        was_silenced = {alert.id: alert.silence_id for alert in due if alert.silence_id is not None}
        await self._decide(session, due, now)
        free = [alert for alert in due if not is_held(alert)]
        posts = await alerts.shown(session, self.workspace, [alert.id for alert in due])
        seen = {post.subject_id for post in posts
                if post.message_id is not None or post.doubt_since is not None}
        taking = Taking(self.workspace, now, self.intake.policy, {}, {})
        for alert in free:
            taking.touched[alert.key] = alert
            if alert.id not in seen and alert.storm_id is None:
                taking.new_alerts.append(alert)
            if alert.firing and alert.state is AlertState.OPEN:
                alert.next_at = min(alert.next_at or now, now)
        if taking.new_alerts:
            await self.intake.gather(session, taking)
        await session.flush()
        await tell_storms(session, taking.workspace, taking.touched, taking.now)
        said = await self._said(session, [each for each in free if each.id in was_silenced], was_silenced,
                                now)
        told = [Promise(post.room, post.kind, post.subject_id, urgency=post.urgency) for post in posts
                if post.subject_id in seen]
        told += [Promise(post.room, alerts.LINE, said[post.subject_id],
                         urgency=PAGE if post.urgency >= PAGE else 0)
                 for post in posts if post.message_id is not None and post.subject_id in said]
        await outbox.promise(session, self.workspace,
                             [*promises(taking.touched.values(), self.intake.policy, now), *told], [], now)
        return len(free)

    async def _decide(self, session: AsyncSession, due: Sequence[Alert], now: datetime) -> None:
        """Something else may hold them still."""
        rules = self.intake.inhibit.rules
        keys = {alert.id: is_held_by(alert, rules) for alert in due}
        own = {alert.id: holds(alert, rules) for alert in due}
        standing = await silences.standing(session, self.workspace, now,
                                           {key for found in keys.values() for key in found}, ())
        for alert in due:
            silence = silenced_by(alert, standing.silences)
            alert.silence_id = silence.id if silence is not None else None
            holders = {number for key in keys[alert.id] for number in standing.holders.get(key, ())}
            if alert.inhibited_by is not None and alert.inhibited_by not in holders:
                alert.inhibited_by = min(holders, default=None)
        await silences.hold_others(session, self.workspace, [
            (key, alert.id) for alert in due if alert.inhibited_by is None for key in own[alert.id]])

    async def _said(self, session: AsyncSession, free: Sequence[Alert], was: dict[int, int],
                    now: datetime) -> dict[int, int]:
        """A step for each that is silenced no longer: its number by the alert's."""
        who = {number: silence.ended_by for number in sorted({was[alert.id] for alert in free})
               if (silence := await silences.one(session, self.workspace, number)) is not None}
        steps = {alert.id: alerts.add_step(session, alert, now, UNSILENCED, who.get(was[alert.id]) or CLOCK)
                 for alert in free}
        await session.flush()
        return {alert_id: step.id for alert_id, step in steps.items()}

"""Lets reports of drift become alerts, or not: each window is judged, kept, and compared with those before.

It runs within the transaction that takes a report in, so that what was answered with yes is kept. Two windows
of one model that are told of in the same moment, by two requests, do not see each other; the next sees both.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from handlers.alerts import retraining
from handlers.alerts.drift_measures import mark_of
from handlers.alerts.drift_policy import DriftPolicy
from handlers.alerts.drift_rules import Act, Decision, Judged, Reason, Verdict, decide, judge
from handlers.alerts.drift_steps import is_waiting
from handlers.alerts.drift_values import (
    Standing,
    condition,
    is_alarm,
    lineage,
    past_of,
    standing_json,
    standing_of,
    window_json,
    with_former,
    worst_of,
)
from handlers.alerts.grouping import Sent
from handlers.alerts.lifetime import PAGES, RANK, Taking
from handlers.alerts.signals import Drift, Severity, Signal, Status
from handlers.chat.ports import CLOCK
from handlers.people.calendar import Calendar
from handlers.pilots.rhythm import channel_calendar
from storage import alerts, drift_windows, outgoing, pilots
from storage.alerting import Alert, AlertStep, DriftWindow, SignalState
from storage.outbox import Promise

PAGE: Final = 10
LOOKED_BACK = 60
"""So many windows are compared at most."""
KEPT_FOR = timedelta(days=90)
DIGEST = "drift-day"
"""What the outbox calls the message about what was seen and is no alert: one a room and day."""
WINDOW = "window"
"""The step of an alert that a further window is."""


@dataclass(frozen=True, slots=True)
class Deployed:
    """What is known of a model from where it is registered."""

    retrained_at: datetime | None = None
    deployed_at: datetime | None = None
    version: str | None = None


Latest = Callable[[AsyncSession, str, str], Awaitable[Deployed | None]]
"""Workspace and model to what is known of it."""


def conditioned(signal: Signal) -> Signal:
    """A report of drift that merely happens is one window of a condition that lasts."""
    if signal.drift is None or signal.status is not Status.EVENT:
        return signal
    return replace(signal, key=condition(signal), status=Status.FIRING, started_at=None)


@dataclass(slots=True)
class Look:
    """One window that was judged."""

    sent: Sent
    row: DriftWindow
    policy: DriftPolicy
    decision: Decision
    is_new: bool
    """It was not told of before, and none that is later was."""
    known: Deployed | None


@dataclass(slots=True)
class Looks:
    """What the windows of one report came to."""

    found: list[Look] = field(default_factory=list)
    promises: list[Promise] = field(default_factory=list)

    async def note(self, session: AsyncSession, taking: Taking) -> list[Promise]:
        """Bring alerts up to date after all is written; what is to be shown besides their cards."""
        for look in self.found:
            row = taking.rows.get(look.sent.fingerprint)
            alert = _alert(taking, row.alert_id) if row is not None else None
            if alert is not None:
                await self._about(session, taking, look, alert)
        return self.promises

    async def _about(self, session: AsyncSession, taking: Taking, look: Look, alert: Alert) -> None:
        before = standing_of(alert.drift) if alert.drift is not None else None
        since = before.since if before is not None else look.decision.since
        alert.drift = standing_json(look.row, look.decision, since or look.row.at,
                                    look.known.retrained_at if look.known is not None else None,
                                    worst_of(look.sent.signal.drift, look.row, before))
        if alert.total == 1 and look.decision.act is Act.FIRE:
            alert.title = look.sent.signal.title
        if alert.storm_id is not None:
            return
        alert.changed_at = taking.now
        taking.touched[alert.key] = alert
        if look.is_new:
            await self._line(session, taking, look, alert)
        if look.decision.is_retrain_candidate and look.policy.retrain.target is not None:
            await self._retrain(session, taking, look, alert)

    async def _line(self, session: AsyncSession, taking: Taking, look: Look, alert: Alert) -> None:
        await self._tell(session, taking, alert, alerts.add_step(
            session, alert, taking.now, WINDOW, f"source:{look.sent.source}",
            details={"window": look.row.id}))

    async def _tell(self, session: AsyncSession, taking: Taking, alert: Alert, step: AlertStep) -> None:
        """A line in every thread about the alert, the one that is about to begin too."""
        await session.flush()
        posts = await alerts.shown(session, taking.workspace, {alert.id})
        self.promises += [Promise(room, alerts.LINE, step.id, urgency=PAGE if alert.rank <= PAGES else 0)
                          for room in sorted({alert.room, *(post.room for post in posts)})]

    async def _retrain(self, session: AsyncSession, taking: Taking, look: Look, alert: Alert) -> None:
        """Ask for a candidate, at once where the policy lets it go without a person."""
        assert alert.drift is not None
        standing, rules = standing_of(alert.drift), look.policy.retrain
        why = why_retrain(standing)
        assert rules.target is not None
        key = retraining.key_of(standing.drift, taking.now.date())
        known = await outgoing.keyed(session, taking.workspace, key)
        if known is not None:
            if is_waiting(known):
                known.alert_id = alert.id
            return
        await outgoing.owe(
            session, taking.workspace, key, retraining.KIND,
            rules.target, retraining.body_of(standing, alert.id, why, taking.now, None), taking.now,
            alert_id=alert.id, at=taking.now if rules.candidate_only else None)
        await self._tell(session, taking, alert, alerts.add_step(
            session, alert, taking.now, "retrain", CLOCK,
            details={"target": rules.target, "waits": not rules.candidate_only, "why": why}))


@dataclass(frozen=True, slots=True)
class DriftGate:
    policy: DriftPolicy = field(default_factory=DriftPolicy)
    latest: Latest | None = None

    async def look(self, session: AsyncSession, looks: Looks, taking: Taking, sent: Sent,
                   delivery: str | None) -> Sent | None:
        """Judge the window of one signal; what is taken in of it, None: nothing changes by it."""
        signal, now = sent.signal, taking.now
        assert signal.drift is not None
        policy, key = self.policy.of(signal.drift), lineage(sent.source, signal)
        at = _ended(signal.drift, now)
        name = _name(signal, delivery, now)
        known = await drift_windows.named(session, taking.workspace, key, name)
        past = [each for each in await drift_windows.lately(session, taking.workspace, key, LOOKED_BACK)
                if known is None or each.id != known.id]
        before = [each for each in past if each.at <= at]
        drift = with_former(signal.drift, next((each.drift["figures"] for each in before
                                                if each.drift["figures"]), {}))
        judged = _by_alarm(signal, judge(drift, policy)) if is_alarm(signal) else judge(drift, policy)
        deployed = await self._deployed(session, taking.workspace, drift)
        row = taking.rows.get(sent.fingerprint)
        is_open = row is not None and row.state is SignalState.FIRING
        decision = _of_alarm(signal, policy) if is_alarm(signal) else decide(
            judged, [past_of(each) for each in before], at, policy, is_open=is_open,
            retrained_at=await self._asked(session, taking.workspace, drift, deployed))
        is_late = len(before) < len(past)
        window = await self._keep(session, taking, sent, known, DriftWindow(
            workspace_id=taking.workspace, key=key, window=name, at=at, verdict=judged.verdict.value,
            drift=window_json(drift, judged, decision), source=sent.source, room=sent.place.room))
        if is_late:
            return None
        if decision.act is Act.HOLD and not is_open:
            looks.promises.append(await self._digest(session, taking, sent, policy, at))
            return None
        onward = replace(sent, signal=_onward(signal, drift, judged, decision, is_open=is_open))
        if decision.act is Act.FIRE or is_open:
            looks.found.append(Look(onward, window, policy, decision, known is None, deployed))
        return onward

    async def _keep(self, session: AsyncSession, taking: Taking, sent: Sent, known: DriftWindow | None,
                    new: DriftWindow) -> DriftWindow:
        if known is not None:  # told of again: as it was told of last
            known.verdict, known.drift, known.room = new.verdict, new.drift, sent.place.room
            await session.flush()
            return known
        session.add(new)
        await session.flush()
        await drift_windows.forget_before(session, taking.workspace, new.key, taking.now - KEPT_FOR)
        return new

    async def _deployed(self, session: AsyncSession, workspace: str, drift: Drift) -> Deployed | None:
        return await self.latest(session, workspace, drift.model) if self.latest is not None else None

    async def _asked(self, session: AsyncSession, workspace: str, drift: Drift,
                     known: Deployed | None) -> datetime | None:
        """When the model was last trained again, or that was asked for."""
        asked = await outgoing.newest(session, workspace, retraining.of_model(drift.model))
        moments = [each for each in (asked, known.retrained_at if known is not None else None) if each]
        return max(moments, default=None)

    async def _digest(self, session: AsyncSession, taking: Taking, sent: Sent, policy: DriftPolicy,
                      at: datetime) -> Promise:
        pilot = await pilots.one(session, taking.workspace, sent.place.pilot_id) if (
            sent.place.pilot_id is not None) else None
        calendar = channel_calendar(pilot) if pilot is not None else Calendar("UTC")
        return Promise(sent.place.room, DIGEST, at.date().toordinal(),
                       not_before=calendar.next_moment(taking.now, policy.digest_at))


def why_retrain(standing: Standing) -> str:
    """In words, for whoever trains it."""
    names = ", ".join(each.name for each in standing.drift.features[:3] if mark_of(each) in standing.drifted)
    return f"Drifted in {standing.windows} windows, data checks are green: {names}"


def _alert(taking: Taking, alert_id: int | None) -> Alert | None:
    found = taking.alerts.get(alert_id or 0)
    return found or next((each for each in taking.new_alerts if each.id == alert_id), None)


def _ended(drift: Drift, now: datetime) -> datetime:
    ends = drift.current.ends
    return min(ends, now) if ends is not None else now


def _name(signal: Signal, delivery: str | None, now: datetime) -> str:
    """By what a window is known again when it is told of again."""
    assert signal.drift is not None
    moment = signal.ended_at if signal.status is Status.RESOLVED else signal.started_at
    if signal.drift.current.ends is not None:
        return signal.drift.current.ends.isoformat()
    if is_alarm(signal) and moment is not None:
        return f"{signal.status.value} {moment.isoformat()}"
    name = delivery or now.isoformat()
    return name if len(name) <= 64 else sha256(name.encode()).hexdigest()


def _by_alarm(signal: Signal, judged: Judged) -> Judged:
    is_on = signal.status is Status.FIRING
    return replace(judged, verdict=Verdict.DRIFTED if is_on else Verdict.FINE, urgent=None)


def _of_alarm(signal: Signal, policy: DriftPolicy) -> Decision:
    if signal.status is not Status.FIRING:
        return Decision(Act.END, Reason.FINE)
    return Decision(Act.FIRE, Reason.ALARM, is_page=policy.page_on_drift, since=signal.started_at)


def _onward(signal: Signal, drift: Drift, judged: Judged, decision: Decision, *, is_open: bool) -> Signal:
    """The signal as it is taken in: our verdict in place of its sender's."""
    if not is_alarm(signal):  # when it began and ended is for the windows to say
        signal = replace(signal, started_at=None, ended_at=None)
    if decision.act is Act.END:
        return replace(signal, status=Status.RESOLVED, drift=drift)
    severity = signal.severity
    if decision.is_page and RANK[severity] > PAGES:
        severity = Severity.ERROR
    return replace(signal, status=Status.FIRING, severity=severity, drift=drift,
                   title=signal.title if decision.act is Act.HOLD and is_open
                   else title_of(drift, judged, decision))


def title_of(drift: Drift, judged: Judged, decision: Decision) -> str:
    """One line for lists, in English as all that monitors say."""
    match decision.reason:
        case Reason.BROKEN_DATA:
            return f"{drift.model}: its data is broken"
        case Reason.QUALITY_FLOOR:
            return f"{drift.model}: worse than it may be"
        case Reason.COLLAPSE:
            return f"{drift.model}: its predictions have collapsed"
    names = list(dict.fromkeys(each.feature.name for each in judged.findings))
    if not names:
        return f"{drift.model}: drifted"
    more = f" and {len(names) - 2} more" if len(names) > 2 else ""
    return f"{drift.model}: {', '.join(names[:2])}{more} drifted"


"""What signals do to alerts: one lifetime each, decided from values and rows that were read and locked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from handlers.alerts.grouping import Sent
from handlers.alerts.policy import Policy
from handlers.alerts.signals import Severity, Status
from storage.alerting import Alert, AlertState, NewSignal, SignalState
from storage.alerting import Signal as Row

RANK = {severity: rank for rank, severity in enumerate(Severity)}
SEVERITIES = tuple(severity.value for severity in Severity)
PAGES = 1
"""Up to this rank an alert is a page: critical and error."""


@dataclass(slots=True)
class Taking:
    """One report being taken in, with what was known of its signals before."""

    workspace: str
    now: datetime
    policy: Policy
    rows: dict[str, Row | NewSignal]
    """By fingerprint, locked."""
    alerts: dict[int, Alert]
    """All open ones and those that ended of late, locked."""
    away: Sequence[tuple[datetime, datetime]] = ()
    """When we were not running, of late."""
    new_alerts: list[Alert] = field(default_factory=list)
    new_rows: list[NewSignal] = field(default_factory=list)
    owners: list[tuple[Row | NewSignal, Alert]] = field(default_factory=list)
    """Rows of alerts that have no number yet."""
    in_storm: list[tuple[Alert, Alert]] = field(default_factory=list)
    """New alerts that have no message of their own, each with its storm."""
    touched: dict[str, Alert] = field(default_factory=dict)
    """Alerts, by key, of which something is to be shown."""
    worse: dict[str, Alert] = field(default_factory=dict)
    """Known alerts, by key, that are more severe than they were."""
    again: dict[str, Alert] = field(default_factory=dict)
    """Alerts, by key, that were over and fire again."""
    began: set[str] = field(default_factory=set)
    """Keys of alerts that opened, or opened again."""
    joined: Counter[str] = field(default_factory=Counter)
    """Signals that began, by their alert's key."""
    held: set[str] = field(default_factory=set)
    """Keys of alerts that nobody is told of just now."""
    _open: dict[str, Alert] = field(default_factory=dict)
    _ended: dict[str, Alert] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for alert in self.alerts.values():
            if alert.state is not AlertState.RESOLVED:
                self._open[alert.key] = alert
            elif alert.key not in self._ended or self._ended[alert.key].id < alert.id:
                self._ended[alert.key] = alert

    @property
    def to_show(self) -> list[Alert]:
        """New alerts that get a message, or a place in a storm."""
        return [alert for alert in self.new_alerts if alert.key not in self.held]

    def take(self, sent: Sent) -> None:
        """Take in one signal."""
        row = self.rows.get(sent.fingerprint)
        match sent.signal.status:
            case Status.FIRING:
                self._fire(sent, row)
            case Status.RESOLVED:
                self._end(sent, row)
            case Status.EVENT:
                self._happen(sent, row)

    # ---- it fires ------------------------------------------------------------------------------------------

    def _fire(self, sent: Sent, row: Row | NewSignal | None) -> None:
        if sent.signal.is_update:
            self._hear_news(sent, row)
            return
        if row is not None and row.state is SignalState.RESOLVED and _is_repeated(sent, row):
            return  # the other of a pair, or a late one, tells again of what is over
        if row is not None and row.state is SignalState.FIRING:
            self._say_again(sent, row)
            return
        row = self._row(sent, row, SignalState.FIRING)
        self._join(sent, row)

    def _hear_news(self, sent: Sent, row: Row | NewSignal | None) -> None:
        """Something was said of what fires; of what does not, it says nothing."""
        if row is None or row.state is not SignalState.FIRING:
            return
        row.last_at, row.notes = self.now, {**row.notes, **sent.signal.notes}
        alert = self.alerts.get(row.alert_id or 0)
        if alert is not None and alert.total == 1:
            alert.notes = row.notes
            self._touch(alert)

    def _say_again(self, sent: Sent, row: Row | NewSignal) -> None:
        """It fires still."""
        was, was_notes = row.rank, row.notes
        self._row(sent, row, SignalState.FIRING)
        alert = self.alerts.get(row.alert_id or 0)
        if alert is None:
            return
        self._refresh(alert)
        if row.rank < alert.rank:
            self._worsen(alert, row.rank)
            self._touch(alert)
        elif row.notes != was_notes and row.rank == was and alert.total == 1:
            alert.notes, alert.title = row.notes, row.title
            self._touch(alert)

    def _join(self, sent: Sent, row: Row | NewSignal) -> None:
        """Put a signal that begins into its alert: the open one, one that ended just now, or a new one."""
        row.fired += 1
        alert = self._open.get(sent.key) or self._reopened(sent) or self._opened(sent)
        if row.alert_id is None or row.alert_id != _number(alert):
            alert.total += 1
            self.owners.append((row, alert))
        alert.firing += 1
        self._refresh(alert)
        self.joined[alert.key] += 1
        alert.notes, alert.links = row.notes, row.links
        if alert.total == 1:
            alert.title = row.title
        self._worsen(alert, row.rank)
        self._touch(alert)

    def _reopened(self, sent: Sent) -> Alert | None:
        alert = self._ended.get(sent.key)
        if alert is None or alert.resolved_at is None or alert.is_event or alert.resolved_how == "person":
            return None
        if self.now - alert.resolved_at > self.policy.reopen_within or alert.storm_id is not None:
            return None  # what was part of a storm begins by itself
        alert.state = AlertState.ACKED if alert.acked_by else AlertState.OPEN
        alert.resolved_at = alert.resolved_how = alert.resolved_by = None
        alert.was_unseen = False
        self._turn(alert)
        self._open[alert.key] = self.again[alert.key] = alert
        self.began.add(alert.key)
        return alert

    def _opened(self, sent: Sent) -> Alert:
        signal, rank = sent.signal, RANK[sent.signal.severity]
        alert = Alert(
            workspace_id=self.workspace, key=sent.key, source=sent.source, name=signal.name,
            title=signal.title, severity=signal.severity.value, rank=rank, room=sent.place.room,
            pilot_id=sent.place.pilot_id, opened_at=self.now, changed_at=self.now, labels=dict(sent.labels),
            is_event=signal.status is Status.EVENT, skew_s=_skew(sent, self.now, self.policy))
        self.new_alerts.append(alert)
        self._open[alert.key] = alert
        self.began.add(alert.key)
        return alert

    # ---- it ends -------------------------------------------------------------------------------------------

    def _end(self, sent: Sent, row: Row | NewSignal | None) -> None:
        if row is None:
            self._end_unseen(sent)
            return
        if row.state is not SignalState.FIRING:
            row.last_at = self.now
            return
        if _is_older(sent, row):
            return  # the end of an earlier time, which came late
        self._row(sent, row, SignalState.RESOLVED)
        row.lapses_at = None
        alert = self.alerts.get(row.alert_id or 0) or self._open.get(sent.key)
        if alert is not None:
            ended(alert, row, self.now, self.policy, "sender")
            self._touch(alert)

    def _end_unseen(self, sent: Sent) -> None:
        """It was over before we heard of it: stored, and said only where that was our own fault."""
        row = self._row(sent, None, SignalState.RESOLVED)
        began = sent.signal.started_at
        if began is None or not any(since <= began <= until for since, until in self.away):
            return
        self._join(sent, row)
        alert = self._open[sent.key]
        alert.was_unseen = alert.was_unseen or alert.total == 1
        ended(alert, row, self.now, self.policy, "sender")

    # ---- it happened ---------------------------------------------------------------------------------------

    def _happen(self, sent: Sent, row: Row | NewSignal | None) -> None:
        """One event: said again by the same sender it is the same; another of its kind joins the alert."""
        if row is not None and _is_repeated(sent, row):
            row.last_at = self.now
            return
        self._join(sent, self._row(sent, row, SignalState.EVENT))

    # ---- rows ----------------------------------------------------------------------------------------------

    def _row(self, sent: Sent, row: Row | NewSignal | None, state: SignalState) -> Row | NewSignal:
        """What is known of the condition now."""
        signal = sent.signal
        if row is None:
            new = NewSignal(self.workspace, sent.fingerprint, sent.source, state, signal.name, signal.title,
                            RANK[signal.severity], self.now, self.now)
            self.rows[sent.fingerprint] = row = new
            self.new_rows.append(new)
        row.state, row.last_at, row.name = state, self.now, signal.name
        row.title, row.rank, row.labels = signal.title, RANK[signal.severity], dict(signal.labels)
        row.notes, row.links = dict(signal.notes), [[kind.value, url] for kind, url in signal.links]
        row.started_at = signal.started_at or row.started_at
        row.ended_at, row.lapses_at = signal.ended_at, signal.lapses_at
        return row

    def _refresh(self, alert: Alert) -> None:
        """Something was heard of it: it is not stale, and the sweep counts anew when it will be."""
        if alert.stale_at is not None:
            alert.stale_at, alert.next_at = None, self.now
            self._touch(alert)

    def _touch(self, alert: Alert) -> None:
        alert.changed_at = self.now
        self.touched[alert.key] = alert

    def _turn(self, alert: Alert) -> None:
        turn(alert, self.now, self.policy)

    def _worsen(self, alert: Alert, rank: int) -> None:
        if rank < alert.rank:
            alert.rank, alert.severity = rank, SEVERITIES[rank]
            self.worse[alert.key] = alert


def turn(alert: Alert, now: datetime, policy: Policy) -> None:
    """It went from firing to not, or back."""
    if now - alert.changed_at > policy.flapping_within:
        alert.turns, alert.is_flapping = 0, False
    alert.turns += 1
    alert.is_flapping = alert.is_flapping or alert.turns >= policy.flapping_turns


def ended(alert: Alert, row: Row | NewSignal, now: datetime, policy: Policy, how: str) -> None:
    """One of its signals is over. What flaps is not resolved before it was quiet for a while."""
    alert.firing = max(alert.firing - 1, 0)
    alert.stale_at = None
    if alert.firing or alert.state is AlertState.RESOLVED:
        return
    turn(alert, now, policy)
    if alert.is_flapping:
        until = now + policy.flapping_hold
        alert.next_at = min(alert.next_at, until) if alert.next_at is not None else until
        return
    resolve(alert, now, how)


def resolve(alert: Alert, now: datetime, how: str, by: str | None = None) -> None:
    alert.state, alert.resolved_at = AlertState.RESOLVED, now
    alert.resolved_how, alert.resolved_by, alert.next_at = how, by, None


def _number(alert: Alert) -> int | None:
    """None: it was not written yet."""
    number: int | None = getattr(alert, "id", None)
    return number


def _is_repeated(sent: Sent, row: Row | NewSignal) -> bool:
    """It tells again of a time that is known."""
    return sent.signal.started_at is not None and sent.signal.started_at == row.started_at


def _is_older(sent: Sent, row: Row | NewSignal) -> bool:
    began = sent.signal.started_at
    return began is not None and row.started_at is not None and began < row.started_at


def _skew(sent: Sent, now: datetime, policy: Policy) -> int | None:
    """Seconds by which what began seems to lie ahead of us: its sender's clock is wrong, or ours."""
    began = sent.signal.started_at
    if began is None or began - now <= policy.skew:
        return None
    return int((began - now).total_seconds())

"""Tables of alerts: sources, alerts with their signals and steps, silences, rotations, what is owed."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    ColumnElement,
    ForeignKey,
    Index,
    Integer,
    String,
    UniqueConstraint,
    literal_column,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from storage.base import Base
from storage.models import BigId, words_of

_SILENCED = text("silence_id IS NOT NULL AND state <> 'resolved'")
_INHIBITED = text("inhibited_by IS NOT NULL AND state <> 'resolved'")


class AlertState(StrEnum):
    OPEN = "open"
    ACKED = "acked"
    """Somebody is on it."""
    RESOLVED = "resolved"


class SignalState(StrEnum):
    FIRING = "firing"
    RESOLVED = "resolved"
    EVENT = "event"


class AlertSource(Base):
    """Something that may report to us, by its own address and secret."""

    __tablename__ = "alert_source"
    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspace.id"), primary_key=True)
    name: Mapped[str] = mapped_column(String(48), primary_key=True)
    """As in the address: ``/alerts/<name>``."""
    vendor: Mapped[str] = mapped_column(String(32))
    secret: Mapped[str]
    made_at: Mapped[datetime]
    former_secret: Mapped[str | None] = mapped_column(default=None)
    former_until: Mapped[datetime | None] = mapped_column(default=None)
    """Until when the former secret is taken too."""
    options: Mapped[dict[str, Any]] = mapped_column(JSON, default_factory=dict)
    heard_at: Mapped[datetime | None] = mapped_column(default=None)
    """When it last reported anything."""


class Alert(Base):
    """Signals of one kind, with one lifetime and one message.

    A storm is one too: its members are alerts that have no message of their own.
    """

    __tablename__ = "alert"
    __table_args__ = (
        Index("ux_alert_open", "workspace_id", "key", unique=True, sqlite_where=text("state <> 'resolved'"),
              postgresql_where=text("state <> 'resolved'")),
        Index("ix_alert_key", "workspace_id", "key", "resolved_at"),
        Index("ix_alert_room", "workspace_id", "room", "opened_at"),
        Index("ix_alert_pilot", "workspace_id", "pilot_id", "opened_at"),
        Index("ix_alert_opened_at", "workspace_id", "opened_at"),
        Index("ix_alert_listed", "workspace_id", "rank",
              sqlite_where=text("state <> 'resolved' AND storm_id IS NULL"),
              postgresql_where=text("state <> 'resolved' AND storm_id IS NULL")),
        Index("ix_alert_storm", "storm_id", sqlite_where=text("storm_id IS NOT NULL"),
              postgresql_where=text("storm_id IS NOT NULL")),
        Index("ix_alert_next_at", "next_at", sqlite_where=text("next_at IS NOT NULL"),
              postgresql_where=text("next_at IS NOT NULL")),
        Index("ix_alert_silence", "workspace_id", "silence_id", sqlite_where=_SILENCED,
              postgresql_where=_SILENCED),
        Index("ix_alert_inhibited_by", "workspace_id", "inhibited_by", sqlite_where=_INHIBITED,
              postgresql_where=_INHIBITED),
    )
    id: Mapped[int] = mapped_column(BigId, primary_key=True, init=False)
    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspace.id"))
    key: Mapped[str] = mapped_column(String(64))
    """What its signals have in common, hashed; one open alert a key."""
    source: Mapped[str] = mapped_column(String(48))
    name: Mapped[str]
    title: Mapped[str]
    severity: Mapped[str] = mapped_column(String(8))
    """The worst among its firing signals: critical, error, warning, info."""
    rank: Mapped[int]
    """The same as a number, 0 the worst, for sorting."""
    room: Mapped[str] = mapped_column(String(64))
    opened_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    """When a signal last changed it."""
    labels: Mapped[dict[str, str]] = mapped_column(JSON, default_factory=dict)
    """What its signals have in common."""
    notes: Mapped[dict[str, str]] = mapped_column(JSON, default_factory=dict)
    """Of its newest signal: summary, description, value."""
    links: Mapped[list[list[str]]] = mapped_column(JSON, default_factory=list)
    """Of its newest signal: [kind, address]."""
    pilot_id: Mapped[int | None] = mapped_column(ForeignKey("pilot.id"), default=None)
    state: Mapped[AlertState] = mapped_column(words_of(AlertState), default=AlertState.OPEN)
    is_storm: Mapped[bool] = mapped_column(default=False)
    storm_id: Mapped[int | None] = mapped_column(ForeignKey("alert.id"), default=None)
    firing: Mapped[int] = mapped_column(Integer, default=0)
    total: Mapped[int] = mapped_column(Integer, default=0)
    """Signals it ever held."""
    turns: Mapped[int] = mapped_column(Integer, default=0)
    """How often it went from firing to not and back."""
    is_flapping: Mapped[bool] = mapped_column(default=False)
    is_event: Mapped[bool] = mapped_column(default=False)
    """Nothing will say that it is over."""
    was_unseen: Mapped[bool] = mapped_column(default=False)
    """It fired and ended while we were not running."""
    skew_s: Mapped[int | None] = mapped_column(default=None)
    """Seconds by which its sender's clock differs from ours, where that is worth a word."""
    acked_by: Mapped[str | None] = mapped_column(String(64), default=None)
    acked_at: Mapped[datetime | None] = mapped_column(default=None)
    eta_at: Mapped[datetime | None] = mapped_column(default=None)
    """When whoever is on it expects to be done."""
    resolved_at: Mapped[datetime | None] = mapped_column(default=None)
    resolved_how: Mapped[str | None] = mapped_column(String(16), default=None)
    """sender, lapsed, gone, person, false-alarm, event (it only informed)."""
    resolved_by: Mapped[str | None] = mapped_column(String(64), default=None)
    stale_at: Mapped[datetime | None] = mapped_column(default=None)
    """Since when nothing was heard of it although it is open."""
    silence_id: Mapped[int | None] = mapped_column(ForeignKey("silence.id"), default=None)
    """What keeps it quiet, or did until it was over."""
    inhibited_by: Mapped[int | None] = mapped_column(ForeignKey("alert.id"), default=None)
    """The alert that holds it back, or did until it was over."""
    level: Mapped[int] = mapped_column(Integer, default=-1)
    """How far its escalation went; -1: nobody was told yet."""
    chain: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default_factory=list)
    """The escalation as it was when it opened."""
    next_at: Mapped[datetime | None] = mapped_column(default=None)
    """When the sweep looks at it next: to escalate, to resolve it, to call it stale."""
    drift: Mapped[dict[str, Any] | None] = mapped_column(JSON, default=None)


def is_open(alert: type[Alert] = Alert) -> ColumnElement[bool]:
    """That it is not over, in the words of the indexes that hold open ones alone.

    A parameter in place of the word keeps both databases from using them.
    """
    return alert.state != literal_column("'resolved'")


class Signal(Base):
    """What one sender last said of one condition."""

    __tablename__ = "signal"
    __table_args__ = (
        UniqueConstraint("workspace_id", "fingerprint"),
        Index("ix_signal_alert", "alert_id", "state"),
        Index("ix_signal_name", "workspace_id", "source", "name", "first_at"),
        Index("ix_signal_lapses_at", "lapses_at", sqlite_where=text("lapses_at IS NOT NULL"),
              postgresql_where=text("lapses_at IS NOT NULL")),
    )
    id: Mapped[int] = mapped_column(BigId, primary_key=True, init=False)
    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspace.id"))
    fingerprint: Mapped[str] = mapped_column(String(32))
    source: Mapped[str] = mapped_column(String(48))
    state: Mapped[SignalState] = mapped_column(words_of(SignalState))
    name: Mapped[str]
    title: Mapped[str]
    rank: Mapped[int]
    first_at: Mapped[datetime]
    last_at: Mapped[datetime]
    """When it was last heard of, by our clock."""
    alert_id: Mapped[int | None] = mapped_column(ForeignKey("alert.id"), default=None)
    """None: it was over before we ever heard that it began."""
    labels: Mapped[dict[str, str]] = mapped_column(JSON, default_factory=dict)
    notes: Mapped[dict[str, str]] = mapped_column(JSON, default_factory=dict)
    links: Mapped[list[list[str]]] = mapped_column(JSON, default_factory=list)
    started_at: Mapped[datetime | None] = mapped_column(default=None)
    """When it began, by its sender's clock."""
    ended_at: Mapped[datetime | None] = mapped_column(default=None)
    lapses_at: Mapped[datetime | None] = mapped_column(default=None)
    """It is over then unless its sender says it again before."""
    fired: Mapped[int] = mapped_column(Integer, default=0)
    """How often it began."""


@dataclass(slots=True)
class NewSignal:
    """A row of `signal` that is not written yet: many come at once, and nothing reads them back."""

    workspace_id: str
    fingerprint: str
    source: str
    state: SignalState
    name: str
    title: str
    rank: int
    first_at: datetime
    last_at: datetime
    alert_id: int | None = None
    labels: dict[str, str] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
    links: list[list[str]] = field(default_factory=list)
    started_at: datetime | None = None
    ended_at: datetime | None = None
    lapses_at: datetime | None = None
    fired: int = 0


class AlertStep(Base):
    """One thing that happened to an alert; append-only, and a line in its thread where it matters."""

    __tablename__ = "alert_step"
    __table_args__ = (Index("ix_alert_step", "workspace_id", "alert_id", "id"),
                      Index("ix_alert_step_at", "workspace_id", "at"))
    id: Mapped[int] = mapped_column(BigId, primary_key=True, init=False)
    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspace.id"))
    alert_id: Mapped[int] = mapped_column(ForeignKey("alert.id"))
    at: Mapped[datetime]
    what: Mapped[str] = mapped_column(String(24))
    """told, acked, unacked, eta, silenced, resolved, over, again, stale, false-alarm, retrain, ..."""
    actor: Mapped[str] = mapped_column(String(64))
    """The person's id, or ``clock``, or ``source:<name>``."""
    to: Mapped[str | None] = mapped_column(String(64), default=None)
    """Who was told."""
    details: Mapped[dict[str, Any]] = mapped_column(JSON, default_factory=dict)


class Silence(Base):
    """For a while nobody is told of what matches; it is counted, and nothing is dropped."""

    __tablename__ = "silence"
    __table_args__ = (Index("ix_silence_ends_at", "workspace_id", "ends_at"),)
    id: Mapped[int] = mapped_column(BigId, primary_key=True, init=False)
    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspace.id"))
    matchers: Mapped[dict[str, str]] = mapped_column(JSON)
    """Label to its value, or to ``~`` and a pattern; ``name``, ``source``, ``severity`` are labels too.

    ``pilot`` with nothing: alerts of no pilot."""
    begins_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    made_by: Mapped[str] = mapped_column(String(64))
    reason: Mapped[str]
    pilot_id: Mapped[int | None] = mapped_column(ForeignKey("pilot.id"), default=None)
    """Whose alerts it is about; None: any."""
    held: Mapped[int] = mapped_column(Integer, default=0)
    """How many signals it held back."""
    ended_by: Mapped[str | None] = mapped_column(String(64), default=None)


class Inhibitor(Base):
    """That an alert which is not over holds others back: all that have this key as targets."""

    __tablename__ = "inhibitor"
    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspace.id"), primary_key=True)
    key: Mapped[str] = mapped_column(String(32), primary_key=True)
    """A rule and the values of the labels that have to agree, hashed."""
    alert_id: Mapped[int] = mapped_column(ForeignKey("alert.id"), primary_key=True)


class Rotation(Base):
    """Who is on call when: its layers as they were last set, or what another system says."""

    __tablename__ = "rotation"
    __table_args__ = (UniqueConstraint("workspace_id", "name_key"),
                      Index("ux_rotation_feed_key", "feed_key", unique=True),
                      Index("ix_rotation_ask_at", "ask_at", sqlite_where=text("ask_at IS NOT NULL"),
                            postgresql_where=text("ask_at IS NOT NULL")))
    id: Mapped[int] = mapped_column(BigId, primary_key=True, init=False)
    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspace.id"))
    name: Mapped[str]
    name_key: Mapped[str]
    zone: Mapped[str]
    made_by: Mapped[str] = mapped_column(String(64))
    made_at: Mapped[datetime]
    pilot_id: Mapped[int | None] = mapped_column(ForeignKey("pilot.id"), default=None)
    """The pilot it is for; None: the workspace's, for what has none of its own."""
    rank: Mapped[int] = mapped_column(Integer, default=0)
    """0: called first; 1: second, when the first does not answer."""
    layers: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default_factory=list)
    """people, every, at, begins, weekday, hours each; the later go over the earlier."""
    provider: Mapped[dict[str, Any] | None] = mapped_column(JSON, default=None)
    """Where it is kept by another system: kind, schedule, token_env, base_url, people by name there."""
    heard: Mapped[dict[str, Any] | None] = mapped_column(JSON, default=None)
    """What that system said last, and since when it does not answer."""
    ask_at: Mapped[datetime | None] = mapped_column(default=None)
    """When that system is asked next; None: there is none."""
    feed_key: Mapped[str | None] = mapped_column(String(64), default=None)
    """The secret part of the address of its calendar feed."""


class ShiftChange(Base):
    """Somebody takes a stretch of a rotation from whoever would have it."""

    __tablename__ = "shift_change"
    __table_args__ = (Index("ix_shift_change", "rotation_id", "ends_at"),)
    id: Mapped[int] = mapped_column(BigId, primary_key=True, init=False)
    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspace.id"))
    rotation_id: Mapped[int] = mapped_column(ForeignKey("rotation.id"))
    person_id: Mapped[str] = mapped_column(String(64))
    begins_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    made_by: Mapped[str] = mapped_column(String(64))
    made_at: Mapped[datetime]
    reason: Mapped[str] = mapped_column(default="")


class DriftWindow(Base):
    """One judged window of a model's data: what the policy's rules of several windows look back at."""

    __tablename__ = "drift_window"
    __table_args__ = (UniqueConstraint("workspace_id", "key", "window"),
                      Index("ix_drift_window_at", "workspace_id", "key", "at"),
                      Index("ix_drift_window_room", "workspace_id", "room", "at"))
    id: Mapped[int] = mapped_column(BigId, primary_key=True, init=False)
    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspace.id"))
    key: Mapped[str] = mapped_column(String(64))
    """Source, condition, model, version and environment, hashed."""
    window: Mapped[str] = mapped_column(String(64))
    """The current window's own name: its end, or the delivery that told of it."""
    at: Mapped[datetime]
    """Its end, or when it was told of."""
    verdict: Mapped[str] = mapped_column(String(16))
    """drifted, fine, too-few-rows, broken-data, no-distances."""
    drift: Mapped[dict[str, Any]] = mapped_column(JSON)
    """The report and what was made of it, as `handlers.alerts.drift_values` has it."""
    source: Mapped[str] = mapped_column(String(48), default="")
    room: Mapped[str] = mapped_column(String(64), default="")
    """Where it is told of."""


class Outgoing(Base):
    """A call to another system that is owed: a page, a retraining. Done once for each key."""

    __tablename__ = "outgoing"
    __table_args__ = (UniqueConstraint("workspace_id", "key"),
                      Index("ix_outgoing_next_at", "next_at", sqlite_where=text("next_at IS NOT NULL"),
                            postgresql_where=text("next_at IS NOT NULL")))
    id: Mapped[int] = mapped_column(BigId, primary_key=True, init=False)
    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspace.id"))
    key: Mapped[str]
    """What makes it one: ``page:<alert>:<action>``, ``retrain:<model>/<version>/<cause>/<day>``."""
    kind: Mapped[str] = mapped_column(String(24))
    """pagerduty, opsgenie, webhook, mlflow, airflow, kubeflow."""
    target: Mapped[str] = mapped_column(String(48))
    """The name of the target in the policy, which has its address and secret."""
    body: Mapped[dict[str, Any]] = mapped_column(JSON)
    made_at: Mapped[datetime]
    alert_id: Mapped[int | None] = mapped_column(ForeignKey("alert.id"), default=None)
    asked_by: Mapped[str | None] = mapped_column(String(64), default=None)
    confirmed_by: Mapped[str | None] = mapped_column(String(64), default=None)
    next_at: Mapped[datetime | None] = mapped_column(default=None)
    """When it is tried next; None: it is done, given up, or waits for a person."""
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    done_at: Mapped[datetime | None] = mapped_column(default=None)
    answer: Mapped[str | None] = mapped_column(default=None)
    """What the other system said: an id, or why it did not take it."""
    given_up_at: Mapped[datetime | None] = mapped_column(default=None)


class Pull(Base):
    """What a repeated question to a monitoring system came to last."""

    __tablename__ = "pull"
    __table_args__ = (Index("ix_pull_next_at", "next_at"),)
    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspace.id"), primary_key=True)
    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    next_at: Mapped[datetime]
    asked_at: Mapped[datetime | None] = mapped_column(default=None)
    answered_at: Mapped[datetime | None] = mapped_column(default=None)
    value: Mapped[float | None] = mapped_column(default=None)
    """None: there was no data, which is not zero."""
    failures: Mapped[int] = mapped_column(Integer, default=0)
    """In a row."""
    error: Mapped[str | None] = mapped_column(default=None)
    details: Mapped[dict[str, Any]] = mapped_column(JSON, default_factory=dict)


class Presence(Base):
    """A stretch of time during which we were running, as far as its heartbeat tells."""

    __tablename__ = "presence"
    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspace.id"), primary_key=True)
    began_at: Mapped[datetime] = mapped_column(primary_key=True)
    alive_at: Mapped[datetime]

"""The tables: the whole of what the bot remembers, on one page."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, BigInteger, Enum, ForeignKey, Index, Integer, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from storage.base import Base

BigId = BigInteger().with_variant(Integer(), "sqlite")
"""SQLite numbers rows by itself only where the key is a plain INTEGER."""


NUDGE_CONTENT = "roles,briefings,due,late"
"""What a channel's nudge shows where nobody chose otherwise."""


def words_of(kind: type[StrEnum]) -> Enum:
    return Enum(kind, native_enum=False, length=24, values_callable=lambda e: [m.value for m in e])


class PilotState(StrEnum):
    ACTIVE = "active"
    PAUSED = "paused"
    STOPPED = "stopped"


class ItemKind(StrEnum):
    TASK = "task"
    MEETING = "meeting"
    SIGNOFF = "signoff"
    MEASURE = "measure"


class ItemState(StrEnum):
    OPEN = "open"
    DONE = "done"
    NOT_APPLICABLE = "na"
    WAIVED = "waived"


class SeatState(StrEnum):
    ASKED = "asked"
    ACCEPTED = "accepted"


class Workspace(Base):
    """One Slack team or Teams tenant."""

    __tablename__ = "workspace"
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str]
    created_at: Mapped[datetime]


class Person(Base):
    """Somebody of the workspace, as far as the bot has met them."""

    __tablename__ = "person"
    __table_args__ = (Index("ix_person_name", "workspace_id", "name"),)
    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspace.id"), primary_key=True)
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str]
    handle: Mapped[str]
    zone: Mapped[str]
    seen_at: Mapped[datetime]
    """When the chat service was last asked about them."""
    country: Mapped[str | None] = mapped_column(default=None)
    is_active: Mapped[bool] = mapped_column(default=True)
    home_opened_at: Mapped[datetime | None] = mapped_column(default=None)
    """Set once they opened the Home tab: from then on it is kept up to date."""
    quiet_until: Mapped[date | None] = mapped_column(default=None)
    """The first day on which digests come again."""
    digest: Mapped[str] = mapped_column(String(8), default="daily", server_default="daily")
    """daily or weekly."""
    away_until: Mapped[date | None] = mapped_column(default=None)
    """The first day back; until then what is theirs goes to `delegate_id`, or to the pilot's lead."""
    delegate_id: Mapped[str | None] = mapped_column(String(64), default=None)
    locale: Mapped[str | None] = mapped_column(String(16), default=None)
    """As the chat service says it, e.g. de-DE; None: not known."""
    dnd_from: Mapped[datetime | None] = mapped_column(default=None)
    dnd_until: Mapped[datetime | None] = mapped_column(default=None)
    """The next (or present) do-not-disturb stretch, as far as the chat service tells."""
    dnd_seen_at: Mapped[datetime | None] = mapped_column(default=None)


class Pilot(Base):
    __tablename__ = "pilot"
    __table_args__ = (
        Index("ux_pilot_name", "workspace_id", "name_key", unique=True),
        Index("ix_pilot_room", "workspace_id", "room"),
        Index("ix_pilot_nudge_at", "nudge_at"),
    )
    id: Mapped[int] = mapped_column(BigId, primary_key=True, init=False)
    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspace.id"))
    name: Mapped[str]
    name_key: Mapped[str]
    """The name as compared: case folded, spaces single."""
    purpose: Mapped[str]
    room: Mapped[str] = mapped_column(String(64))
    """The pilot's channel, e.g. ``slack:C1``."""
    room_name: Mapped[str]
    zone: Mapped[str]
    """The channel's zone and country: the lead's at the time of creation."""
    country: Mapped[str | None]
    packs: Mapped[list[str]] = mapped_column(JSON)
    conditions: Mapped[list[str]] = mapped_column(JSON)
    """What is true of it, for items that come only then: eu, personal-data, protected-data, ..."""
    kickoff_on: Mapped[date]
    created_by: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
    stage: Mapped[str] = mapped_column(String(32))
    stage_entered_on: Mapped[date]
    entered: Mapped[dict[str, str]] = mapped_column(JSON)
    """The day each stage was entered, ISO; ``kickoff`` too. What due rules count from."""
    last_activity_at: Mapped[datetime]
    stages: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    """The template's stages as they were at creation: id, title, limit_wd, exit."""
    weights: Mapped[dict[str, float]] = mapped_column(JSON)
    """The template's category weights, summing to 100."""
    state: Mapped[PilotState] = mapped_column(words_of(PilotState), default=PilotState.ACTIVE)
    state_reason: Mapped[str | None] = mapped_column(default=None)
    state_since: Mapped[date | None] = mapped_column(default=None)
    """The day it was paused or stopped."""
    late_start: Mapped[bool] = mapped_column(default=False)
    nudge_week_one: Mapped[str] = mapped_column(default="mon,tue,wed,thu,fri")
    nudge_later: Mapped[str] = mapped_column(default="mon,thu")
    nudge_time: Mapped[str] = mapped_column(String(5), default="09:30")
    nudge_mention: Mapped[str] = mapped_column(String(8), default="mention", server_default="mention")
    """How the channel's nudge speaks of owners: mention, name or role."""
    nudge_content: Mapped[str] = mapped_column(default=NUDGE_CONTENT, server_default=NUDGE_CONTENT)
    """What it shows: roles nobody has, briefings not held, what is due, what is late (by role)."""
    halved_on: Mapped[date | None] = mapped_column(default=None)
    """Since when its nudges come half as often, because too few of them helped; None: they do not."""
    checked_on: Mapped[date | None] = mapped_column(default=None)
    """When it was last looked at how many of its nudges helped."""
    nudge_at: Mapped[datetime | None] = mapped_column(default=None)
    """When the next scheduled nudge in the channel is due; None while paused or stopped."""
    risk: Mapped[int | None] = mapped_column(default=None)
    """The score when something last changed or the morning's sweep looked; for lists."""
    audit_seq: Mapped[int] = mapped_column(default=0)
    audit_head: Mapped[str] = mapped_column(String(64), default="")
    """Number and hash of the newest audit entry: a cut-off tail shows."""


class Seat(Base):
    """A role in a pilot and who fills it. No row: nobody was asked, the seat is empty."""

    __tablename__ = "seat"
    __table_args__ = (Index("ix_seat_person", "workspace_id", "person_id"),)
    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspace.id"), primary_key=True)
    pilot_id: Mapped[int] = mapped_column(ForeignKey("pilot.id"), primary_key=True)
    role: Mapped[str] = mapped_column(String(32), primary_key=True)
    person_id: Mapped[str] = mapped_column(String(64))
    asked_by: Mapped[str] = mapped_column(String(64))
    asked_at: Mapped[datetime]
    state: Mapped[SeatState] = mapped_column(words_of(SeatState), default=SeatState.ASKED)
    accepted_at: Mapped[datetime | None] = mapped_column(default=None)


class Item(Base):
    """One thing that must happen before the pilot may go on."""

    __tablename__ = "item"
    __table_args__ = (
        UniqueConstraint("pilot_id", "ref"),
        Index("ix_item_next_at", "next_at", sqlite_where=text("next_at IS NOT NULL"),
              postgresql_where=text("next_at IS NOT NULL")),
        Index("ix_item_waived_until", "waived_until", sqlite_where=text("waived_until IS NOT NULL"),
              postgresql_where=text("waived_until IS NOT NULL")),
        Index("ix_item_owner", "workspace_id", "owner_id", "state", "due_on"),
        Index("ix_item_pilot", "workspace_id", "pilot_id"),
    )
    id: Mapped[int] = mapped_column(BigId, primary_key=True, init=False)
    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspace.id"))
    pilot_id: Mapped[int] = mapped_column(ForeignKey("pilot.id"))
    ref: Mapped[str] = mapped_column(String(32))
    """The id people type, e.g. W1-02; unique within the pilot."""
    position: Mapped[int]
    title: Mapped[str]
    kind: Mapped[ItemKind] = mapped_column(words_of(ItemKind))
    stage: Mapped[str] = mapped_column(String(32))
    role: Mapped[str] = mapped_column(String(32))
    """The role that owns it; `owner_id` is who that is just now."""
    due_rule: Mapped[str] = mapped_column(String(48))
    """As in the template: kickoff+4wd, build+10wd."""
    category: Mapped[str] = mapped_column(String(24))
    weight: Mapped[int]
    evidence_wanted: Mapped[str]
    why: Mapped[str]
    gate: Mapped[str | None] = mapped_column(String(32), default=None)
    """The stage that cannot be entered before this is done."""
    is_advice: Mapped[bool] = mapped_column(default=False)
    """Its law or rule applies only to later go-lives, so it blocks nothing."""
    approvers: Mapped[list[str]] = mapped_column(JSON, default_factory=list)
    source: Mapped[list[str]] = mapped_column(JSON, default_factory=list)
    minutes: Mapped[int | None] = mapped_column(default=None)
    repeat: Mapped[str | None] = mapped_column(String(16), default=None)
    """15wd, 1mo: the next occurrence is opened when this one is done."""
    answers: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True), default=None)
    """Questions that the runbooks must answer before it may be closed; None: there are none."""
    owner_id: Mapped[str | None] = mapped_column(String(64), default=None)
    is_handed_over: Mapped[bool] = mapped_column(default=False)
    """The owner was chosen for this item alone and does not follow the seat."""
    due_on: Mapped[date | None] = mapped_column(default=None)
    """None: its stage has not begun."""
    plan_on: Mapped[date | None] = mapped_column(default=None)
    """When the owner said it will be done."""
    slot_at: Mapped[datetime | None] = mapped_column(default=None)
    """For a meeting: when it is to be held."""
    blocked_at: Mapped[datetime | None] = mapped_column(default=None)
    blocked_by: Mapped[str | None] = mapped_column(String(64), default=None)
    blocked_reason: Mapped[str | None] = mapped_column(default=None)
    state: Mapped[ItemState] = mapped_column(words_of(ItemState), default=ItemState.OPEN)
    closed_at: Mapped[datetime | None] = mapped_column(default=None)
    closed_by: Mapped[str | None] = mapped_column(String(64), default=None)
    evidence: Mapped[str | None] = mapped_column(default=None)
    """None on a done item: somebody's word alone, half credit."""
    na_reason: Mapped[str | None] = mapped_column(default=None)
    waived_until: Mapped[date | None] = mapped_column(default=None)
    owner_since: Mapped[datetime | None] = mapped_column(default=None)
    active_at: Mapped[datetime | None] = mapped_column(default=None)
    """When somebody last did something about it."""
    step: Mapped[str | None] = mapped_column(String(16), default=None)
    """The last step of the nudge policy that was said about it, for its present owner and due date."""
    step_on: Mapped[date | None] = mapped_column(default=None)
    snoozed_until: Mapped[date | None] = mapped_column(default=None)
    """The first day on which its owner hears of it again."""
    snoozes: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    on_it_by: Mapped[str | None] = mapped_column(String(64), default=None)
    """Who told the channel that they are on it."""
    on_it_at: Mapped[datetime | None] = mapped_column(default=None)
    next_at: Mapped[datetime | None] = mapped_column(default=None)
    """When the sweep looks at it next; None: not until something changes, and every change sets it."""
    version: Mapped[int] = mapped_column(default=1)
    """Counts changes: what was signed is a version."""


class RiskPoint(Base):
    """A pilot's risk on a day, for the trend."""

    __tablename__ = "risk_point"
    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspace.id"), primary_key=True)
    pilot_id: Mapped[int] = mapped_column(ForeignKey("pilot.id"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    score: Mapped[int]


class Nudge(Base):
    """A scheduled nudge in a pilot's channel, or a person's digest, of one morning."""

    __tablename__ = "nudge"
    __table_args__ = (UniqueConstraint("workspace_id", "kind", "about", "day"),)
    id: Mapped[int] = mapped_column(BigId, primary_key=True, init=False)
    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspace.id"))
    kind: Mapped[str] = mapped_column(String(16))
    """channel or digest"""
    about: Mapped[str] = mapped_column(String(64))
    """The pilot's number, or the person's id."""
    day: Mapped[date] = mapped_column()
    """The day where it is read."""
    made_at: Mapped[datetime] = mapped_column()
    pilot_id: Mapped[int | None] = mapped_column(ForeignKey("pilot.id"), default=None)
    item_ids: Mapped[list[int]] = mapped_column(JSON, default_factory=list)
    """What a channel's nudge spoke of in the morning: it goes on speaking of these as they get done.

    What a digest speaks of is in `told`."""


class Lane(Base):
    """One room's queue: when it may be posted to next, and who is at it."""

    __tablename__ = "lane"
    __table_args__ = (
        Index("ix_lane_ready", "ready_at", sqlite_where=text("ready_at IS NOT NULL"),
              postgresql_where=text("ready_at IS NOT NULL")),
    )
    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspace.id"), primary_key=True)
    room: Mapped[str] = mapped_column(String(64), primary_key=True)
    ready_at: Mapped[datetime | None] = mapped_column(default=None)
    """When its next promise may be tried; None: nothing to do. While leased: when the lease ends."""
    leased_until: Mapped[datetime | None] = mapped_column(default=None)
    """Set while a sender is at it."""
    open_at: Mapped[datetime | None] = mapped_column(default=None)
    """Not before this, by pace or because the service said so."""
    urgency: Mapped[int] = mapped_column(default=0)
    """Of its most urgent promise: 0 ordinary, 10 a page."""
    fence: Mapped[int] = mapped_column(BigInteger, default=0)
    """Counts leases: a sender whose lease ran out may not record any more."""


DROPPED = "dropped: "
"""How `last_error` of a promise begins where an admin decided that it is not shown."""


class Post(Base):
    """A promise that `room` shows `kind` about `subject_id`; `wanted > shown` is work to do."""

    __tablename__ = "post"
    __table_args__ = (
        UniqueConstraint("workspace_id", "kind", "subject_id", "room"),
        Index("ix_post_work", "workspace_id", "room", sqlite_where=text("wanted > shown"),
              postgresql_where=text("wanted > shown")),
        Index("ix_post_pilot", "workspace_id", "pilot_id"),
    )
    id: Mapped[int] = mapped_column(BigId, primary_key=True, init=False)
    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspace.id"))
    kind: Mapped[str] = mapped_column(String(32))
    subject_id: Mapped[int] = mapped_column(BigInteger)
    room: Mapped[str] = mapped_column(String(64))
    made_at: Mapped[datetime] = mapped_column()
    not_before: Mapped[datetime] = mapped_column()
    pilot_id: Mapped[int | None] = mapped_column(ForeignKey("pilot.id"), default=None)
    """Set where a change of the pilot changes what it says."""
    live_until: Mapped[datetime | None] = mapped_column(default=None)
    """A change after this does not edit it any more; None: always."""
    urgency: Mapped[int] = mapped_column(default=0)
    wanted: Mapped[int] = mapped_column(default=1)
    shown: Mapped[int] = mapped_column(default=0)
    message_id: Mapped[str | None] = mapped_column(default=None)
    first_shown_at: Mapped[datetime | None] = mapped_column(default=None)
    attempts: Mapped[int] = mapped_column(default=0)
    doubt_since: Mapped[datetime | None] = mapped_column(default=None)
    """Since when a first post may be out there unrecorded: look it up before posting again.

    Set before sending."""
    last_error: Mapped[str | None] = mapped_column(default=None)
    given_up_at: Mapped[datetime | None] = mapped_column(default=None)


class Delivery(Base):
    """A request that was carried out, so that the same one again has no effect."""

    __tablename__ = "delivery"
    __table_args__ = (Index("ix_delivery_at", "at"),)
    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspace.id"), primary_key=True)
    id: Mapped[str] = mapped_column(String(200), primary_key=True)
    at: Mapped[datetime]


class AuditEntry(Base):
    """One change, for good: each entry carries the hash of the one before it in the same pilot."""

    __tablename__ = "audit_entry"
    __table_args__ = (UniqueConstraint("pilot_id", "seq"),)
    id: Mapped[int] = mapped_column(BigId, primary_key=True, init=False)
    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspace.id"))
    pilot_id: Mapped[int] = mapped_column(ForeignKey("pilot.id"))
    seq: Mapped[int]
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(64))
    """Who: a person's id, or ``clock``."""
    door: Mapped[str]
    what: Mapped[str] = mapped_column(String(48))
    """The verb: pilot created, item done."""
    subject: Mapped[str]
    """What it was done to: an item's ref, a role."""
    before: Mapped[dict[str, Any]] = mapped_column(JSON)
    after: Mapped[dict[str, Any]] = mapped_column(JSON)
    previous_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))

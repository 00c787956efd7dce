"""Tables of nudging: what each person was told, briefings, decisions asked for, heads of functions."""

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from storage.base import Base
from storage.models import BigId


class Told(Base):
    """That a person hears of an item, by which step of the policy, in which message.

    Written when the sweep decides it, in the transaction that moves the item's step. A digest speaks of the
    rows that carry its number, so what could not be sent one morning is moved to the next one's.
    """

    __tablename__ = "told"
    __table_args__ = (
        UniqueConstraint("nudge_id", "person_id", "item_id", "step", name="uq_told_once"),
        Index("ix_told_item", "workspace_id", "item_id"),
        Index("ix_told_person", "workspace_id", "person_id", "at"),
        Index("ix_told_pilot", "workspace_id", "pilot_id", "at"),
    )
    id: Mapped[int] = mapped_column(BigId, primary_key=True, init=False)
    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspace.id"))
    person_id: Mapped[str] = mapped_column(String(64))
    item_id: Mapped[int] = mapped_column(ForeignKey("item.id"))
    pilot_id: Mapped[int] = mapped_column(ForeignKey("pilot.id"))
    nudge_id: Mapped[int] = mapped_column(ForeignKey("nudge.id"))
    """The digest or the channel's nudge that says it."""
    step: Mapped[str] = mapped_column(String(16))
    at: Mapped[datetime] = mapped_column()
    is_copy: Mapped[bool] = mapped_column(default=False)
    """They are told that somebody else was asked."""
    acted_at: Mapped[datetime | None] = mapped_column(default=None)
    """When somebody did something about the item after this; the first time."""
    resolved_at: Mapped[datetime | None] = mapped_column(default=None)
    """For an escalation: when its end was told to this person."""


class Briefing(Base):
    """What is arranged for one briefing of week one: slots, invitation, questions answered in chat."""

    __tablename__ = "briefing"
    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspace.id"), primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("item.id"), primary_key=True)
    pilot_id: Mapped[int] = mapped_column(ForeignKey("pilot.id"))
    uid: Mapped[str] = mapped_column(String(64))
    """The invitation's UID; it stays the same through updates and the cancellation."""
    made_at: Mapped[datetime] = mapped_column()
    sequence: Mapped[int] = mapped_column(default=0)
    """The invitation's SEQUENCE: counts what was sent of it."""
    slots: Mapped[list[str]] = mapped_column(JSON, default_factory=list)
    """The three moments offered, ISO in UTC; none: no free half hour was found."""
    invited_at: Mapped[datetime | None] = mapped_column(default=None)
    """For when the last invitation was; None: none was ever sent."""
    attendees: Mapped[list[str]] = mapped_column(JSON, default_factory=list)
    """Who holds a valid invitation, the reviewer first; none: it was cancelled, or never sent."""
    stand_in_asked_at: Mapped[datetime | None] = mapped_column(default=None)
    async_asked_at: Mapped[datetime | None] = mapped_column(default=None)
    """When the questions were offered to be answered in chat instead."""
    answers: Mapped[dict[str, str]] = mapped_column(JSON, default_factory=dict)


class Decision(Base):
    """A decision that a sponsor was asked for, or will be once their week allows it."""

    __tablename__ = "decision"
    __table_args__ = (
        Index("ix_decision_ask_at", "ask_at", sqlite_where=text("ask_at IS NOT NULL"),
              postgresql_where=text("ask_at IS NOT NULL")),
        Index("ix_decision_sponsor", "workspace_id", "sponsor_id", "asked_at"),
        Index("ix_decision_item", "workspace_id", "item_id"),
    )
    id: Mapped[int] = mapped_column(BigId, primary_key=True, init=False)
    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspace.id"))
    pilot_id: Mapped[int] = mapped_column(ForeignKey("pilot.id"))
    item_id: Mapped[int] = mapped_column(ForeignKey("item.id"))
    sponsor_id: Mapped[str] = mapped_column(String(64))
    made_at: Mapped[datetime] = mapped_column()
    ask_at: Mapped[datetime | None] = mapped_column(default=None)
    """When the sponsor may be asked; None: they were, or it is settled."""
    asked_at: Mapped[datetime | None] = mapped_column(default=None)
    closed_at: Mapped[datetime | None] = mapped_column(default=None)
    """When it was decided, or the item was settled otherwise."""
    choice: Mapped[str | None] = mapped_column(String(16), default=None)
    """date, reassign, waive, pause, stop; None on a closed one: no decision was needed any more."""
    decided_by: Mapped[str | None] = mapped_column(String(64), default=None)


class FunctionHead(Base):
    """Who heads a function in the workspace, and so hears when its people do not answer."""

    __tablename__ = "function_head"
    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspace.id"), primary_key=True)
    role: Mapped[str] = mapped_column(String(32), primary_key=True)
    person_id: Mapped[str] = mapped_column(String(64))
    set_by: Mapped[str] = mapped_column(String(64))
    set_at: Mapped[datetime]

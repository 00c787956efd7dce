"""Tables of runbooks: where they come from, pages with their sections, what was asked, what is missing."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storage.base import Base
from storage.models import BigId


class RunbookSource(Base):
    """How reading a source goes; what it is stands in the runbook policy, under the same name."""

    __tablename__ = "runbook_source"
    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspace.id"), primary_key=True)
    name: Mapped[str] = mapped_column(String(48), primary_key=True)
    next_at: Mapped[datetime]
    """When it is to be read again."""
    asked_at: Mapped[datetime | None] = mapped_column(default=None)
    answered_at: Mapped[datetime | None] = mapped_column(default=None)
    """When it could last be read."""
    changed_at: Mapped[datetime | None] = mapped_column(default=None)
    """When a page was last another than before."""
    revision: Mapped[str | None] = mapped_column(default=None)
    """What was read: a commit, an ETag."""
    version: Mapped[int] = mapped_column(default=0)
    """Rises with every change of its pages: an index of an older version is behind."""
    failures: Mapped[int] = mapped_column(default=0)
    error: Mapped[str | None] = mapped_column(default=None)
    """Why it could not be read, in words for a person; None: it could."""
    details: Mapped[dict[str, Any]] = mapped_column(JSON, default_factory=dict)
    """What was left out and why, and what the way it is read has to remember."""


class RunbookPage(Base):
    __tablename__ = "runbook_page"
    __table_args__ = (UniqueConstraint("workspace_id", "source", "path"), {"sqlite_autoincrement": True})
    id: Mapped[int] = mapped_column(BigId, primary_key=True, init=False)
    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspace.id"))
    source: Mapped[str] = mapped_column(String(48))
    path: Mapped[str] = mapped_column(String(500))
    """Relative to its source, with `/`."""
    title: Mapped[str]
    digest: Mapped[str] = mapped_column(String(64))
    """SHA-256 of the file, in hexadecimal."""
    read_at: Mapped[datetime]
    version: Mapped[int]
    """Of its source, when this page came or changed."""
    url: Mapped[str | None] = mapped_column(default=None)
    owner: Mapped[str | None] = mapped_column(default=None)
    """Who keeps it, as the page or its source says."""
    changed_at: Mapped[datetime | None] = mapped_column(default=None)
    """When it was last changed, as its source knows; None: it does not."""
    is_stub: Mapped[bool] = mapped_column(default=False)
    details: Mapped[dict[str, Any]] = mapped_column(JSON, default_factory=dict)
    """``aliases``, ``faults``, and what else its front matter says."""


class RunbookSection(Base):
    __tablename__ = "runbook_section"
    # Questions and buttons name sections by their numbers: none is ever given on to another page's.
    __table_args__ = (UniqueConstraint("page_id", "ordinal"), {"sqlite_autoincrement": True})
    id: Mapped[int] = mapped_column(BigId, primary_key=True, init=False)
    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspace.id"))
    page_id: Mapped[int] = mapped_column(BigId, ForeignKey("runbook_page.id"))
    ordinal: Mapped[int]
    level: Mapped[int]
    path: Mapped[list[str]] = mapped_column(JSON)
    """Headings from the outermost to its own."""
    anchor: Mapped[str]
    markdown: Mapped[str]
    text: Mapped[str]
    code: Mapped[str]


class RunbookVector(Base):
    """What a text means to a model, so that no replica reckons it twice."""

    __tablename__ = "runbook_vector"
    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspace.id"), primary_key=True)
    model: Mapped[str] = mapped_column(String(64), primary_key=True)
    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    """SHA-256 of the text, in hexadecimal."""
    vector: Mapped[bytes] = mapped_column(LargeBinary)
    """float16, little-endian."""


class RunbookQuestion(Base):
    """One question that somebody asked, and what became of it."""

    __tablename__ = "runbook_question"
    __table_args__ = (
        Index("ix_runbook_question_pilot", "workspace_id", "pilot_id", "asked_at"),
        Index("ix_runbook_question_key", "workspace_id", "key", "asked_at"),
    )
    id: Mapped[int] = mapped_column(BigId, primary_key=True, init=False)
    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspace.id"))
    pilot_id: Mapped[int | None] = mapped_column(ForeignKey("pilot.id"))
    """None: it was asked of the shared runbooks alone."""
    asked_by: Mapped[str]
    asked_at: Mapped[datetime]
    words: Mapped[str]
    """As asked, 500 characters at most."""
    key: Mapped[str] = mapped_column(String(200))
    """The same for questions that ask the same in other words of no weight."""
    verdict: Mapped[str] = mapped_column(String(16))
    """answer, closest, nothing."""
    confidence: Mapped[float]
    room: Mapped[str | None] = mapped_column(default=None)
    alert_id: Mapped[int | None] = mapped_column(ForeignKey("alert.id"), default=None)
    """Asked from the card of an alert."""
    source: Mapped[str | None] = mapped_column(String(48), default=None)
    path: Mapped[str | None] = mapped_column(String(500), default=None)
    """The page that was shown first."""
    headings: Mapped[list[str] | None] = mapped_column(JSON, default=None)
    section: Mapped[int | None] = mapped_column(BigId, default=None)
    """The section that is shown, by its number; a page that changes has other numbers."""
    others: Mapped[list[int]] = mapped_column(JSON, default_factory=list)
    """Sections offered besides, by their numbers."""
    thread: Mapped[str | None] = mapped_column(default=None)
    """The message in whose thread it was asked, or which it was."""
    details: Mapped[dict[str, Any]] = mapped_column(JSON, default_factory=dict)
    """``matched``, ``missing``, ``corrected``: words; ``tried``: sections turned down; ``told``: names."""
    said: Mapped[str | None] = mapped_column(String(16), default=None)
    """helpful, not_it, nobody_wrote: what the asker said of the answer."""
    said_at: Mapped[datetime | None] = mapped_column(default=None)
    told_at: Mapped[datetime | None] = mapped_column(default=None)
    """When the owners were told that nothing answers it."""


class RunbookGap(Base):
    """Something that is missing and was given to somebody as an item, or laid aside."""

    __tablename__ = "runbook_gap"
    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspace.id"), primary_key=True)
    key: Mapped[str] = mapped_column(String(250), primary_key=True)
    """``question:...``, ``alert:...``, ``page:...``, ``service:...``."""
    pilot_id: Mapped[int | None] = mapped_column(ForeignKey("pilot.id"))
    item_id: Mapped[int | None] = mapped_column(ForeignKey("item.id"))
    by: Mapped[str]
    at: Mapped[datetime]
    laid_aside: Mapped[bool] = mapped_column(default=False)
    """Somebody said that nothing is to be written."""
    words: Mapped[str] = mapped_column(default="")
    """What is missing, as it was said then: the question, the alert's name, the page's title."""
    reason: Mapped[str | None] = mapped_column(default=None)
    """Why nothing is to be written, where it was laid aside."""


class RunbookSpend(Base):
    """What written answers have cost in a month, counted for all replicas before each call."""

    __tablename__ = "runbook_spend"
    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspace.id"), primary_key=True)
    month: Mapped[str] = mapped_column(String(7), primary_key=True)
    """``2026-11``, in UTC."""
    day: Mapped[date]
    """The last day of it on which anything was asked."""
    calls: Mapped[int] = mapped_column(default=0)
    """On that day."""
    spent: Mapped[int] = mapped_column(BigInteger, default=0)
    """Of the month, in millionths of the currency that the policy counts in."""

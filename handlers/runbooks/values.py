"""What a page of runbooks is made of, and what a question finds in it. Plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any


@dataclass(frozen=True, slots=True)
class Section:
    """What stands under one heading, down to the next heading of any level."""

    ordinal: int
    """From 0, in the page's order."""
    level: int
    """Of its heading, 1 to 6; 0: what stands before the first."""
    path: tuple[str, ...]
    """The headings from the outermost to its own, in plain words; the page's title where there is none."""
    anchor: str
    """As the page's address takes it behind `#`; empty: the page's beginning."""
    markdown: str
    """Its source as written, without its heading line."""
    text: str
    """Its prose, tables and captions in plain words, for the index."""
    code: str
    """What its code fences and code spans say, for the index."""


@dataclass(frozen=True, slots=True)
class Page:
    """One file, read."""

    path: str
    """Relative to its source, with `/`."""
    title: str
    sections: tuple[Section, ...]
    is_stub: bool = False
    """Nobody has written it yet: a link, a "TODO", a heading with nothing under it."""
    owner: str | None = None
    aliases: tuple[str, ...] = ()
    """Other names, as front matter gives them: alert names above all."""
    front: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    faults: tuple[str, ...] = ()
    """What could not be read of it, in words for who keeps it."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One section as the index takes it."""

    id: int
    page: str
    """The page it belongs to: its source and path, ``ops/alerts/drift.md``."""
    title: str
    path: tuple[str, ...]
    text: str
    code: str
    source: str = ""
    aliases: tuple[str, ...] = ()
    is_stub: bool = False
    changed_on: date | None = None


class Verdict(StrEnum):
    """What a question found, by how sure we are of it."""

    ANSWER = "answer"
    CLOSEST = "closest"
    """Nothing answers it in so many words; the nearest runbook is shown as that and no more."""
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Hit:
    entry: Entry
    score: float
    """Comparable within one question only; never negative."""


@dataclass(frozen=True, slots=True)
class Found:
    """What an index says to one question."""

    hits: tuple[Hit, ...]
    """Best first, by sections."""
    confidence: float
    """0 to 1, comparable between questions."""
    verdict: Verdict
    matched: tuple[str, ...] = ()
    """Words of the question that the best hit holds, as they were typed."""
    missing: tuple[str, ...] = ()
    """Words of the question that no runbook holds, as they were typed."""
    corrected: tuple[tuple[str, str], ...] = ()
    """(typed, taken for): words that were taken for typing errors."""
    is_alike: bool = False
    """Several pages have a section that is called just what was asked, so it points at none of them."""


NOTHING_FOUND = Found((), 0.0, Verdict.NOTHING)


@dataclass(frozen=True, slots=True)
class Kept:
    """A section with its page, as an answer shows it."""

    section_id: int
    source: str
    path: str
    """Of its page."""
    title: str
    headings: tuple[str, ...]
    anchor: str
    markdown: str
    url: str | None
    """The page's address, without an anchor; None: it has none to open."""
    owner: str | None
    changed_at: datetime | None
    is_stub: bool
    is_internal: bool
    """Never sent to another service."""
    pilot: str | None = None
    """The pilot it belongs to, by name; None: it is shared."""

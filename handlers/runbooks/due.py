"""When a source is to be read, and whether somebody is at it: by its row and the clock alone."""

from __future__ import annotations

from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from handlers.runbooks.policy import Source
from handlers.runbooks.taking import READER
from storage.shelf import RunbookSource

LEASE: Final = timedelta(minutes=15)
"""For which a source is in the hands of whoever reads it."""
LONGEST: Final = timedelta(hours=1)
"""Until a source that failed is tried again, at most."""
_LATE: Final = timedelta(minutes=1)


def is_due(source: Source, at: datetime, now: datetime) -> bool:
    """Whether it is to be read now, which was to be `at`.

    Also where that is further off than it ever is put: then a clock stood wrong, or `every` was longer.
    """
    farthest = max(source.every * 1.1, LONGEST, LEASE) + _LATE
    return at <= now or at > now + farthest


def is_being_read(row: RunbookSource, now: datetime) -> bool:
    until = row.details.get("reading_until")
    return isinstance(until, str) and now < datetime.fromisoformat(until) <= now + LEASE + _LATE


def is_corrected(row: RunbookSource, source: Source, now: datetime) -> bool:
    """Whether somebody may have started us for it: it is read in another way now, or could not be read."""
    is_other = row.details.get("made_of", made := made_of(source)) != made
    return not is_being_read(row, now) and (row.error is not None or is_other)


def made_of(source: Source) -> str:
    """Another where a page could come out otherwise although its file is the same."""
    return sha256(f"{READER} {source!r}".encode()).hexdigest()[:16]


def spread(source: Source, now: datetime) -> timedelta:
    """Until the next time: not all at once, and not at the same second of each hour."""
    share = sha256(f"{source.name}/{now.isoformat()}".encode()).digest()[0] / 255
    return source.every * (0.9 + 0.2 * share)

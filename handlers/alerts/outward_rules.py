"""What follows from each try to call another system: done, again at a certain moment, or given up."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any, Final

FIRST, LONGEST = timedelta(seconds=5), timedelta(minutes=10)
"""Between two tries, doubled each time."""
OBEYED: Final = timedelta(hours=1)
"""A Retry-After is obeyed up to this long."""
TRIED_FOR: Final = timedelta(days=1)
TRIED_AT_LEAST: Final = 10
"""What was confirmed long after it was asked for is tried so often all the same."""
SAID = 200
"""Characters of what the other system said."""


class Trouble(StrEnum):
    PASSING = "passing"
    """It will pass by itself, as far as one can tell: nobody is told before the end."""
    FIXABLE = "fixable"
    """Somebody has to change something; it is tried on meanwhile."""
    FINAL = "final"
    """What was sent is not taken and never will be."""


@dataclass(frozen=True, slots=True)
class Taken:
    answer: str
    """What the other system calls it, in short."""


@dataclass(frozen=True, slots=True)
class NotTaken:
    reason: str
    trouble: Trouble = Trouble.PASSING
    wait: timedelta | None = None
    """For so long it asks to be left alone."""
    answered: bool = True
    """Whether it answered at all, be it with no."""


Outcome = Taken | NotTaken


@dataclass(frozen=True, slots=True)
class Next:
    """What a call that is owed comes to."""

    answer: str
    is_done: bool = False
    again_at: datetime | None = None
    tells: bool = False
    """Whether the admins hear of it now."""

    @property
    def is_given_up(self) -> bool:
        return not self.is_done and self.again_at is None


def after(outcome: Outcome, key: str, attempts: int, made_at: datetime, now: datetime) -> Next:
    """What follows from the outcome of the `attempts`-th try."""
    if isinstance(outcome, Taken):
        return Next(outcome.answer, is_done=True)
    is_late = now - made_at >= TRIED_FOR and attempts >= TRIED_AT_LEAST
    if outcome.trouble is Trouble.FINAL or is_late:
        return Next(outcome.reason, tells=True)
    wait = max(pause(key, attempts), min(outcome.wait or timedelta(), OBEYED))
    return Next(outcome.reason, again_at=now + wait, tells=outcome.trouble is Trouble.FIXABLE)


def pause(key: str, attempts: int) -> timedelta:
    """How long to wait after so many tries: spread by a quarter, each key and try in its own way."""
    doubled: int = 2 ** min(max(attempts - 1, 0), 20)
    return min(FIRST * doubled, LONGEST) * (0.75 + 0.5 * spread(f"{key}/{attempts}"))


def spread(text: str) -> float:
    """From 0 to 1, the same for the same text."""
    return int.from_bytes(sha256(text.encode()).digest()[:4]) / 0xFFFFFFFF


def judged(status: int, body: bytes, headers: Mapping[str, str], now: datetime, *,
           secret: str = "") -> NotTaken:
    """What an answer means that is no yes."""
    said = in_short(body, secret)
    reason = f"{status}{f': {said}' if said else ''}"
    if status in (401, 403):
        return NotTaken(f"{status} — check the key", Trouble.FIXABLE)
    if status in (404, 405, 410):
        return NotTaken(f"{status} — check the address", Trouble.FIXABLE)
    if status in (408, 425, 429) or status >= 500:
        wait = retry_after(headers.get("retry-after", ""), now)
        return NotTaken(reason, wait=wait, answered=status < 500)
    if 300 <= status < 400:
        return NotTaken(f"{status}: it sends us elsewhere — check the address", Trouble.FIXABLE)
    return NotTaken(reason, Trouble.FINAL)


def retry_after(value: str, now: datetime) -> timedelta | None:
    """The header of that name: seconds, or a date."""
    said = value.strip()
    if said.isascii() and said.isdigit() and len(said) < 9:
        return timedelta(seconds=int(said))
    try:
        at = parsedate_to_datetime(said)
    except ValueError:
        return None
    return max(at - now, timedelta()) if at.tzinfo is not None else None


def in_short(body: bytes, secret: str = "") -> str:
    """What an answer says for people, on one line, with no secret in it."""
    text = body[:20_000].decode(errors="replace")
    try:
        read: Any = json.loads(text)
    except (ValueError, RecursionError):
        read = text if "<" not in text[:200] else ""  # a page of HTML says nothing in one line
    errors = read.get("errors") if isinstance(read, dict) else None
    for key in ("message", "error", "detail", "title", "errors"):
        if isinstance(read, dict) and read.get(key):
            read = read[key]
    if isinstance(read, str) and isinstance(errors, list) and errors:  # PagerDuty says there what is wrong
        read = [f"{read}: {errors[0]}", *errors[1:]]
    if isinstance(read, list):
        read = "; ".join(str(each) for each in read[:3])
    said = read if isinstance(read, str) else ""
    if secret:
        said = said.replace(secret, "…")
    flat = " ".join("".join(c if c.isprintable() else " " for c in said).split())
    return flat if len(flat) <= SAID else flat[:SAID - 1] + "…"

"""How far reading the runbooks has come, in values and in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from handlers.chat.errors import Refused


class Stage(StrEnum):
    READING = "reading"
    """What is found is how things stood before; or nothing can be found yet."""
    UNDERSTANDING = "understanding"
    """All is found, by its words alone for now."""


@dataclass(frozen=True, slots=True)
class Progress:
    stage: Stage
    done: int
    """Pages."""
    of: int
    """Pages; 0: not counted yet."""
    since: datetime | None
    """When it began."""
    has_failed: bool = False
    """It did not get to its end, and is tried again."""

    def __str__(self) -> str:
        pages = f": {self.done:,} of {self.of:,} pages" if self.of else ""
        if self.has_failed:
            return "I could not read the runbooks just now; I try again in a moment"
        if self.stage == Stage.UNDERSTANDING:
            return f"I find runbooks by their words for now, and am still reading for meaning{pages}"
        return f"I am still reading the runbooks{pages}"


class StillReading(Refused):
    """There is no index yet that could answer."""

    def __init__(self, progress: Progress) -> None:
        again = "Ask again in half a minute." if progress.has_failed else "Ask again in a moment."
        super().__init__(f"{progress}. {again}")
        self.progress = progress

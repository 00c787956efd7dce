"""A clock that runs like the real one, so far ahead of it as a file says: one for the test, its workspace and its bots."""

from __future__ import annotations

import mmap
import struct
from datetime import UTC, datetime, timedelta
from pathlib import Path

_AHEAD = struct.Struct("d")


class SharedClock:
    def __init__(self, path: Path) -> None:
        if not path.exists():
            path.write_bytes(_AHEAD.pack(0.0))
        with path.open("r+b") as file:
            self._shared = mmap.mmap(file.fileno(), _AHEAD.size)
        self.path = path

    def __call__(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=_AHEAD.unpack(self._shared)[0])

    def forward(self, seconds: float) -> None:
        """Jump, for everybody who has this clock."""
        self._shared[:] = _AHEAD.pack(_AHEAD.unpack(self._shared)[0] + seconds)

    def set(self, moment: datetime) -> None:
        self.forward((moment - self()).total_seconds())

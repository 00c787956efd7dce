"""Notes that we are running, so that a later start knows when we were not."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from handlers.chat.ports import Clock
from storage import presence
from storage.engine import Store

EVERY: Final = timedelta(seconds=30)
MISSED: Final = 4 * EVERY
"""Without a beat for so long we were not running, whatever the process thinks: it was frozen, or without its
database, and nothing was taken in."""
KEPT: Final = timedelta(days=30)


@dataclass(slots=True)
class _Stretch:
    began: datetime | None = None
    last: datetime | None = None


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """One process's; several may run beside each other, each with its own stretches."""

    store: Store
    clock: Clock
    workspace: str
    _stretch: _Stretch = field(default_factory=_Stretch)

    async def beat(self) -> None:
        now, stretch = self.clock(), self._stretch
        is_new = stretch.began is None or stretch.last is None or now - stretch.last > MISSED
        began = now if is_new or stretch.began is None else stretch.began
        async with self.store.begin() as session:
            await presence.beat(session, self.workspace, began, now)
            if is_new:
                await presence.forget_before(session, self.workspace, now - KEPT)
        stretch.began, stretch.last = began, now

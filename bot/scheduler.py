"""Runs the ticks and the courier. All state is in the database, so jobs live in memory alone."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bot.wiring import Parts
from handlers.outbox.actions import Outbox
from handlers.outbox.attempt import Watch
from handlers.ticks import Tick

FINISH_WITHIN_S = 6.0
"""For messages on the wire when the bot is told to stop; supervisors kill after 10."""


def scheduler_for(ticks: list[Tick], watch: Watch) -> AsyncIOScheduler:
    scheduler = AsyncIOScheduler(timezone="UTC")
    for tick in ticks:
        if tick.name != "deliver":  # the courier's, which does not wait for the second to be full
            scheduler.add_job(_watched(tick, watch), "interval", seconds=tick.every.total_seconds(),
                              id=tick.name, max_instances=1, coalesce=True, misfire_grace_time=None)
    return scheduler


def _watched(tick: Tick, watch: Watch) -> Callable[[], Awaitable[None]]:
    watch.ticked(tick.name)  # it is as old as the process until it ran

    async def run() -> None:
        await tick.run()
        watch.ticked(tick.name)

    return run


@dataclass(slots=True)
class Sender:
    """The courier at work, until it is told to stand still."""

    outbox: Outbox
    _ending: asyncio.Event = field(default_factory=asyncio.Event)
    _task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._ending = asyncio.Event()
        self._task = asyncio.create_task(self.outbox.run(self._ending))

    async def end(self) -> None:
        """Take nothing new in hand, and record what is on the wire."""
        if self._task is None:
            return
        self._ending.set()
        self.outbox.wake()
        await asyncio.wait({self._task}, timeout=FINISH_WITHIN_S)
        self._task.cancel()  # the service hangs: what was on the wire is in doubt, the next start looks it up
        with suppress(asyncio.CancelledError):
            await self._task
        self._task = None

    @asynccontextmanager
    async def still(self) -> AsyncIterator[None]:
        """Nothing is sent by the courier within the block."""
        await self.end()
        try:
            yield
        finally:
            self.start()


@asynccontextmanager
async def running(parts: Parts) -> AsyncIterator[Sender]:
    """Ticks and courier, until the end of the block; what is under way is finished first."""
    scheduler, sender = scheduler_for(parts.ticks, parts.metrics), Sender(parts.outbox)
    scheduler.start()
    await parts.outbox.token_works(f"slack:{parts.identity.team}")  # it just did
    sender.start()
    try:
        yield sender
    finally:
        scheduler.shutdown(wait=False)
        await sender.end()
        await parts.door.drained()

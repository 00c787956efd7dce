"""Runs the ticks and the courier. All state is in the database, so jobs live in memory alone."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bot.wiring import Parts
from handlers.outbox.actions import Outbox
from handlers.outbox.attempt import Watch
from handlers.ticks import Tick

log = logging.getLogger(__name__)

FINISH_WITHIN_S, END_WITHIN_S = 6.0, 2.0
"""For what is under way when the bot is to stop, and for what is then cut off; supervisors kill after 10."""


@dataclass(slots=True)
class Underway:
    """The ticks that are at work just now."""

    tasks: set[asyncio.Task[object]] = field(default_factory=set)
    is_over: bool = False
    """What was not finished in time is being cut off."""

    @contextmanager
    def one(self) -> Iterator[None]:
        task = asyncio.current_task()
        assert task is not None
        self.tasks.add(task)
        try:
            yield
        finally:
            self.tasks.discard(task)

    async def finished(self) -> None:
        """Until none is at work, or their time is over: what is not committed is done at the next start."""
        if self.tasks:
            await asyncio.wait(self.tasks, timeout=FINISH_WITHIN_S)
        self.is_over = True
        for task in self.tasks:
            task.cancel()
        if self.tasks:  # they give back their connections before the database is closed
            await asyncio.wait(self.tasks, timeout=END_WITHIN_S)


def scheduler_for(ticks: list[Tick], watch: Watch, underway: Underway) -> AsyncIOScheduler:
    scheduler = AsyncIOScheduler(timezone="UTC")
    for tick in ticks:
        if tick.name != "deliver":  # the courier's, which does not wait for the second to be full
            scheduler.add_job(_watched(tick, watch, underway), "interval", seconds=tick.every.total_seconds(),
                              id=tick.name, name=tick.name, max_instances=1, coalesce=True,
                              misfire_grace_time=None)
    return scheduler


def _watched(tick: Tick, watch: Watch, underway: Underway) -> Callable[[], Awaitable[None]]:
    watch.ticked(tick.name)  # it is as old as the process until it ran

    async def run() -> None:
        try:
            with underway.one():
                await tick.run()
        except asyncio.CancelledError:
            if not underway.is_over:
                raise
            log.warning("%s was at work when the bot was stopped; the next start goes on with it", tick.name)
        else:
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
    underway, sender = Underway(), Sender(parts.outbox)
    scheduler = scheduler_for(parts.ticks, parts.metrics, underway)
    scheduler.start()
    await parts.outbox.token_works(f"slack:{parts.identity.team}")  # it just did
    sender.start()
    try:
        yield sender
    finally:
        scheduler.pause()
        await asyncio.gather(underway.finished(), sender.end())
        scheduler.shutdown(wait=False)
        await parts.door.drained()

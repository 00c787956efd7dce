"""Runs the ticks and the courier. All state is in the database, so jobs live in memory alone."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bot.wiring import Parts
from handlers.ticks import Tick

FINISH_WITHIN_S = 6.0
"""For messages on the wire when the bot is told to stop; supervisors kill after 10."""


def scheduler_for(ticks: list[Tick]) -> AsyncIOScheduler:
    scheduler = AsyncIOScheduler(timezone="UTC")
    for tick in ticks:
        if tick.name != "deliver":  # the courier's, which does not wait for the second to be full
            scheduler.add_job(tick.run, "interval", seconds=tick.every.total_seconds(), id=tick.name,
                              max_instances=1, coalesce=True, misfire_grace_time=None)
    return scheduler


@asynccontextmanager
async def running(parts: Parts) -> AsyncIterator[None]:
    """Ticks and courier, until the end of the block; what is under way is finished first."""
    scheduler, ending = scheduler_for(parts.ticks), asyncio.Event()
    scheduler.start()
    sending = asyncio.create_task(parts.outbox.run(ending))
    try:
        yield
    finally:
        scheduler.shutdown(wait=False)
        ending.set()
        parts.outbox.wake()
        await asyncio.wait({sending}, timeout=FINISH_WITHIN_S)
        sending.cancel()  # the service hangs: what was on the wire is in doubt, the next start looks it up
        with suppress(asyncio.CancelledError):
            await sending
        await parts.door.drained()

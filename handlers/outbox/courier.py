"""Keeps promises as they come: claims rooms into free slots, sends, and records what is done in batches.

No room waits for another. What is ready is claimed many at a time, each message is sent by itself, and
whoever is done waits a moment for company before it is written down.
"""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy.exc import SQLAlchemyError

from handlers.chat.ports import Clock, SendFailed
from handlers.outbox.attempt import Attempt
from handlers.outbox.claims import Claims
from handlers.outbox.reach import Reach
from handlers.outbox.recording import Recording
from handlers.outbox.rules import LEASE
from handlers.outbox.sending import Sending
from handlers.outbox.slots import Slots

log = logging.getLogger(__name__)

BATCH = 32
"""Rooms claimed, composed or recorded in one go: some 10 ms of work."""
COMPANY_S = 0.05
"""So long what is done or due may wait for more of its kind, while there is other work under way."""
COMPANY = 8
"""From so many at a time on; fewer wait a part of it, as a page at night has no company to wait for."""
LOOK_AGAIN_S = 0.5
"""How long to wait for a wake-up before looking: another process may have promised something."""
LONGEST_AWAY_S = 30.0
"""Between two looks while the database is away."""


@dataclass(slots=True)
class Courier:
    clock: Clock
    claims: Claims
    sending: Sending
    recording: Recording
    reach: Reach
    woken: asyncio.Event
    slots: Slots = field(init=False)
    _done: list[Attempt] = field(default_factory=list)
    _some_done: asyncio.Event = field(default_factory=asyncio.Event)
    _under_way: int = 0
    _is_full: bool = False
    """The last look took all that it might: when something is done, there may be more."""
    _was_freed: bool = False
    """Something was done since the last look began."""

    def __post_init__(self) -> None:
        self.slots = Slots(self.reach)

    async def run(self, ending: asyncio.Event) -> None:
        """Until `ending` is set and all that was begun is recorded."""
        async with asyncio.TaskGroup() as group:
            recorder = group.create_task(self._record_all())
            away_s = LOOK_AGAIN_S
            while not ending.is_set():
                self.woken.clear()
                try:
                    quiet_s = await self._claim(group)
                    self.recording.watch.ticked("deliver")
                    away_s = LOOK_AGAIN_S
                except Exception:  # the database is away for a moment: nothing is lost, it is all in there
                    away_s = quiet_s = min(away_s * 2, LONGEST_AWAY_S)
                    log.exception("the courier could not look; trying again in %.0f s", quiet_s)
                if quiet_s and not ending.is_set():
                    await self._wait(self.woken, quiet_s)
            while self._under_way:
                self.woken.clear()
                await self.woken.wait()
            recorder.cancel()

    async def _claim(self, group: asyncio.TaskGroup) -> float:
        """Begin what may be begun; returns for how many seconds there is nothing more to do."""
        now = self.clock()
        limit = self.slots.left(BATCH)
        if limit <= 0:
            self._is_full = True
            return LOOK_AGAIN_S
        within, self._was_freed = self.slots.within(now), False
        attempts, following = await self.claims.take(limit, within)
        self._is_full = within.is_full_with(attempt.turn for attempt in attempts)
        if self._is_full and self._was_freed:
            self.woken.set()
        if attempts:
            self._under_way += len(attempts)
            self.slots.take((attempt.turn for attempt in attempts), now)
            group.create_task(self._work(group, attempts))
            if len(attempts) == limit:
                return 0.0
            await self._wait(asyncio.Event(), COMPANY_S * min(len(attempts) / COMPANY, 1))
        return LOOK_AGAIN_S if following is None else self._until(following - self.clock())

    def _until(self, left: timedelta) -> float:
        return min(max(left.total_seconds(), 0.001), LOOK_AGAIN_S)

    async def _work(self, group: asyncio.TaskGroup, attempts: Sequence[Attempt]) -> None:
        try:
            await self.sending.compose(attempts)
        except Exception:  # a bug of ours: the rooms come back when their leases end
            log.exception("%d cards could not be made", len(attempts))
            for attempt in attempts:
                attempt.is_untried = True
        for attempt in attempts:
            if attempt.is_to_be_sent:
                group.create_task(self._send(attempt))
            else:
                self._finished(attempt)

    async def _send(self, attempt: Attempt) -> None:
        try:
            await self.sending.send(attempt)
        except Exception:  # a bug of ours must not end the courier
            log.exception("sending to %s failed", attempt.turn.room)
            attempt.is_untried = attempt.sent_at is None
            attempt.failure = SendFailed("bug", in_doubt=True)
        self._finished(attempt)

    def _finished(self, attempt: Attempt) -> None:
        self.slots.free(attempt.turn)
        self._done.append(attempt)
        self._some_done.set()
        self._was_freed = True
        if self._is_full:
            self.woken.set()

    # ---- recording -----------------------------------------------------------------------------------------

    async def _record_all(self) -> None:
        while True:
            await self._some_done.wait()
            if len(self._done) < self._under_way:  # others are still at it
                await self._wait(asyncio.Event(), COMPANY_S)
            batch, self._done = self._done[:BATCH], self._done[BATCH:]
            if not self._done:
                self._some_done.clear()
            ready = await self._record(batch)
            self._under_way -= len(batch)
            is_soon = ready is not None and self._until(ready - self.clock()) < LOOK_AGAIN_S
            if is_soon or not self._under_way:
                self.woken.set()

    async def _record(self, batch: Sequence[Attempt]) -> datetime | None:
        """Try until the leases run out if the database is away: then the rooms come back by themselves.

        Returns when the first of them is ready again, as far as that is known.
        """
        wait_s, until = LOOK_AGAIN_S, min(attempt.claimed_at for attempt in batch) + LEASE
        while True:
            try:
                return await self.recording.record(batch)
            except (SQLAlchemyError, OSError):
                if self.clock() >= until:
                    log.exception("what was sent to %d rooms could not be recorded", len(batch))
                    return None
                log.warning("what was sent to %d rooms cannot be recorded yet", len(batch))
            except Exception:  # a bug of ours in one must not keep the others from being recorded
                if len(batch) > 1:
                    ready = [await self._record([attempt]) for attempt in batch]
                    return min((at for at in ready if at is not None), default=None)
                log.exception("delivery to %s failed", batch[0].turn.room)
                return None
            await self._wait(asyncio.Event(), wait_s)
            wait_s = min(wait_s * 2, 5.0)

    @staticmethod
    async def _wait(event: asyncio.Event, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(event.wait(), seconds)

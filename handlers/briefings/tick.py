"""What comes up for briefings by the clock alone: a kickoff, the end of a meeting."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from handlers.briefings import arrange
from handlers.briefings.rules import KINDS, safe_calendar
from handlers.briefings.slots import HALF_HOUR
from handlers.chat.ports import Clock
from handlers.pilots.rules import is_briefed
from storage import briefings, outbox, people
from storage.engine import Store
from storage.models import Item, Pilot
from storage.outbox import Promise

_MISSED = timedelta(days=7)
"""A kickoff or the end of a meeting that was missed is made up for within so long."""
_DAY = timedelta(days=1)
_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class BriefingTick:
    store: Store
    clock: Clock
    wake: Callable[[], None]
    """Told after a commit that there is something to send."""

    async def run(self) -> int:
        """Promise briefs and questions that are due; returns how many. Run again, it promises none."""
        async with self.store.begin() as session:
            now = self.clock()
            promises = await _begun(session, now)
            for item, pilot in await _over(session, now):
                promises[pilot.workspace_id] += await arrange.on_step(session, item, pilot, "held", now)
            await session.flush()
            for workspace in sorted(promises):
                await outbox.promise(session, workspace, promises[workspace], [], now)
        made = sum(map(len, promises.values()))
        if made:
            self.wake()
        return made


async def _begun(session: AsyncSession, now: datetime) -> dict[str, list[Promise]]:
    promises: dict[str, list[Promise]] = defaultdict(list)
    found = await briefings.to_begin(session, KINDS, arrange.BRIEFING, (now - _MISSED).date(),
                                     (now + _DAY).date(), _AT_ONCE)
    owners = await people.in_many(session, {(item.workspace_id, item.owner_id)
                                            for item, _ in found if item.owner_id})
    for item, pilot in found:
        owner = owners.get((item.workspace_id, item.owner_id or ""))
        if owner is not None and owner.is_active and is_briefed(item, pilot, safe_calendar(owner), now):
            promises[pilot.workspace_id] += await arrange.on_step(session, item, pilot, "introduce", now)
    return promises


async def _over(session: AsyncSession, now: datetime) -> list[tuple[Item, Pilot]]:
    """Meetings that are over, and whose brief was not brought up to date since."""
    ended = await briefings.just_over(session, arrange.BRIEFING, now - _MISSED, now - HALF_HOUR)
    return [(item, pilot) for item, pilot, said_at in ended
            if item.slot_at is not None and said_at < item.slot_at + HALF_HOUR]

"""Writing what a sweep promises, in the transaction that decided it."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from storage import outbox
from storage.outbox import Promise


async def promise(session: AsyncSession, promises: Mapping[str, Sequence[Promise]], now: datetime) -> int:
    await session.flush()
    for workspace in sorted(promises):
        await outbox.promise(session, workspace, promises[workspace], [], now)
    return sum(map(len, promises.values()))

"""That the complete list of a storm comes into the thread of its card, as a file."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from handlers.alerts.storms import is_to_be_listed
from handlers.chat.ports import CLOCK
from storage import alerts
from storage.alerting import Alert
from storage.outbox import Promise

LIST = "alert-file"
"""What the outbox calls it; it is about the step by which it was asked for."""
LISTED = "listed"
_AFTER_ITS_CARD = timedelta(seconds=1)


async def of_storms(session: AsyncSession, touched: Iterable[Alert], now: datetime,
                    debounce: timedelta) -> list[Promise]:
    """The lists that have become due among these alerts."""
    found = []
    for alert in touched:
        if alert.is_storm and is_to_be_listed(alert):
            found += await asked(session, alert, now, CLOCK, now + debounce + _AFTER_ITS_CARD)
    return found


async def asked(session: AsyncSession, storm: Alert, now: datetime, actor: str,
                not_before: datetime) -> list[Promise]:
    """The list of a storm, below each of its messages."""
    step = alerts.add_step(session, storm, now, LISTED, actor, details={"alerts": storm.total})
    await session.flush()
    shown = {post.room for post in await alerts.shown(session, storm.workspace_id, {storm.id})}
    return [Promise(room, LIST, step.id, not_before=not_before) for room in sorted({*shown, storm.room})]

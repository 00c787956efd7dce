"""Queries about what people were told of items, in which message."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from storage.nudging import Told


async def act(session: AsyncSession, workspace: str, item_ids: Collection[int], now: datetime) -> None:
    """Somebody did something about these items: whatever was told of them before has worked."""
    await session.execute(
        update(Told).where(Told.workspace_id == workspace, Told.item_id.in_(item_ids),
                           Told.acted_at.is_(None))
        .values(acted_at=now).execution_options(synchronize_session=False))

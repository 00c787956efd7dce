"""Which requests were carried out already."""

from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from storage.models import Delivery
from storage.upsert import insert_into


async def is_first(session: AsyncSession, workspace: str, delivery: str, at: datetime) -> bool:
    """Note this delivery in the transaction of its effect; False: it was noted before."""
    noted = await session.execute(
        insert_into(session, Delivery).values(workspace_id=workspace, id=delivery[:200], at=at)
        .on_conflict_do_nothing().returning(Delivery.id))
    return noted.first() is not None


async def forget_before(session: AsyncSession, moment: datetime) -> int:
    """Drop notes older than `moment`, of all workspaces; returns how many."""
    dropped = await session.execute(delete(Delivery).where(Delivery.at < moment))
    return int(getattr(dropped, "rowcount", 0))

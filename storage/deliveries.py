"""Which requests were carried out already."""

from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import bindparam, delete
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.dml import ReturningInsert

from storage.base import UtcDateTime
from storage.models import Delivery
from storage.upsert import dialect_of, insert_for


async def is_first(session: AsyncSession, workspace: str, delivery: str, at: datetime) -> bool:
    """Note this delivery in the transaction of its effect; False: it was noted before."""
    noted = await session.execute(_noted(dialect_of(session)), {
        "of": workspace, "delivery": delivery[:200], "moment": at})
    return noted.first() is not None


@cache  # every action begins with it
def _noted(dialect: str) -> ReturningInsert[Any]:
    return (insert_for(dialect, Delivery)
            .values(workspace_id=bindparam("of"), id=bindparam("delivery"),
                    at=bindparam("moment", type_=UtcDateTime()))
            .on_conflict_do_nothing().returning(Delivery.id))


async def forget_before(session: AsyncSession, moment: datetime) -> int:
    """Drop notes older than `moment`, of all workspaces; returns how many."""
    dropped = await session.execute(delete(Delivery).where(Delivery.at < moment))
    return int(getattr(dropped, "rowcount", 0))

"""What written answers may still cost: reserved before a call and settled after it, for all replicas."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage.shelf import RunbookSpend
from storage.upsert import insert_into


def month_of(moment: datetime) -> str:
    """``2026-11``, of a moment in UTC."""
    return moment.strftime("%Y-%m")


async def locked(session: AsyncSession, workspace: str, now: datetime) -> RunbookSpend:
    """The month's row, locked, with its day brought up to today: whoever else asks waits."""
    await session.execute(
        insert_into(session, RunbookSpend).values(
            workspace_id=workspace, month=month_of(now), day=now.date(), calls=0, spent=0)
        .on_conflict_do_nothing())
    row = (await session.scalars(
        select(RunbookSpend)
        .where(RunbookSpend.workspace_id == workspace, RunbookSpend.month == month_of(now))
        .with_for_update().execution_options(populate_existing=True))).one()
    if row.day != now.date():
        row.day, row.calls = now.date(), 0
    return row


async def settle(session: AsyncSession, workspace: str, month: str, difference: int) -> None:
    """Correct what was reserved for a call by what it came to, in millionths; less is negative."""
    await session.execute(
        update(RunbookSpend).where(RunbookSpend.workspace_id == workspace, RunbookSpend.month == month)
        .values(spent=RunbookSpend.spent + difference))

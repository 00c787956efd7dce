"""Queries about who heads which function of the workspace."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.nudging import FunctionHead
from storage.upsert import insert_into


async def head_of(session: AsyncSession, workspace: str, role: str) -> str | None:
    """The id of whoever heads the function that fills this role; None: nobody was named."""
    return await session.scalar(select(FunctionHead.person_id).where(
        FunctionHead.workspace_id == workspace, FunctionHead.role == role))


async def set_head(session: AsyncSession, workspace: str, role: str, person_id: str, by: str,
                   now: datetime) -> None:
    """From now on `person_id` heads it, whoever did before."""
    facts = {"person_id": person_id, "set_by": by, "set_at": now}
    await session.execute(
        insert_into(session, FunctionHead).values(workspace_id=workspace, role=role, **facts)
        .on_conflict_do_update(index_elements=["workspace_id", "role"], set_=facts))

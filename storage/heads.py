"""Queries about who heads which function of the workspace."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.nudging import FunctionHead
from storage.upsert import insert_into


async def head_of(session: AsyncSession, workspace: str, role: str) -> str | None:
    """The id of whoever heads the function that fills this role; None: nobody was named."""
    return await session.scalar(select(FunctionHead.person_id).where(
        FunctionHead.workspace_id == workspace, FunctionHead.role == role))


async def heads_of(session: AsyncSession, workspaces: Collection[str]) -> dict[tuple[str, str], FunctionHead]:
    """Who heads what in these workspaces, by workspace and role."""
    found = await session.scalars(select(FunctionHead).where(FunctionHead.workspace_id.in_(workspaces)))
    return {(head.workspace_id, head.role): head for head in found}


async def set_head(session: AsyncSession, workspace: str, role: str, person_id: str, by: str,
                   now: datetime) -> None:
    """From now on `person_id` heads it, whoever did before."""
    facts = {"person_id": person_id, "set_by": by, "set_at": now}
    await session.execute(
        insert_into(session, FunctionHead).values(workspace_id=workspace, role=role, **facts)
        .on_conflict_do_update(index_elements=["workspace_id", "role"], set_=facts))


async def remove_head(session: AsyncSession, workspace: str, role: str) -> str | None:
    """From now on nobody heads it; returns who did."""
    return await session.scalar(
        delete(FunctionHead).where(FunctionHead.workspace_id == workspace, FunctionHead.role == role)
        .returning(FunctionHead.person_id))

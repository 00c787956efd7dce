"""Queries about calls that are owed to other systems."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.alerting import Outgoing
from storage.upsert import insert_into


async def owe(session: AsyncSession, workspace: str, key: str, kind: str, target: str, body: dict[str, Any],
              now: datetime, *, alert_id: int | None = None, asked_by: str | None = None,
              at: datetime | None = None) -> Outgoing:
    """Promise a call, once for each key: the same key again gives back what was promised before.

    Args:
        at: when it is made; None: not before somebody confirms it.
    """
    await session.execute(
        insert_into(session, Outgoing)
        .values(workspace_id=workspace, key=key, kind=kind, target=target, body=body, made_at=now,
                alert_id=alert_id, asked_by=asked_by, next_at=at, attempts=0)
        .on_conflict_do_nothing(index_elements=["workspace_id", "key"]))
    found = await session.scalar(
        select(Outgoing).where(Outgoing.workspace_id == workspace, Outgoing.key == key).with_for_update())
    assert found is not None
    return found

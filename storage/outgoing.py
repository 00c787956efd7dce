"""Queries about calls that are owed to other systems."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.alerting import Outgoing
from storage.upsert import insert_into

KIND = "outgoing"
"""What the outbox calls a message about a call that is not taken."""


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


async def is_due(session: AsyncSession, workspace: str, now: datetime) -> bool:
    """Whether there is anything to do, for whoever looks often."""
    return await session.scalar(
        select(Outgoing.id).where(Outgoing.workspace_id == workspace, Outgoing.next_at <= now)
        .limit(1)) is not None


async def due(session: AsyncSession, workspace: str, now: datetime, *, limit: int) -> Sequence[Outgoing]:
    """Calls whose time has come, the longest waiting first, locked; what others hold is left to them."""
    return (await session.scalars(
        select(Outgoing).where(Outgoing.workspace_id == workspace, Outgoing.next_at <= now)
        .order_by(Outgoing.next_at, Outgoing.id).limit(limit).with_for_update(skip_locked=True))).all()


async def waiting_about(session: AsyncSession, workspace: str,
                        alert_ids: Collection[int]) -> Sequence[Outgoing]:
    """All calls about these alerts that are not done yet, in the order in which they were promised."""
    if not alert_ids:
        return ()
    return (await session.scalars(
        select(Outgoing).where(Outgoing.workspace_id == workspace, Outgoing.alert_id.in_(sorted(alert_ids)),
                               Outgoing.next_at.is_not(None)).order_by(Outgoing.id))).all()


async def one(session: AsyncSession, workspace: str, number: int) -> Outgoing | None:
    return await session.scalar(
        select(Outgoing).where(Outgoing.workspace_id == workspace, Outgoing.id == number))


async def held(session: AsyncSession, workspace: str, number: int, attempts: int) -> Outgoing | None:
    """A call, locked, if this is still its `attempts`-th try; None: another took it over, or it is done."""
    return await session.scalar(
        select(Outgoing).where(Outgoing.workspace_id == workspace, Outgoing.id == number,
                               Outgoing.attempts == attempts, Outgoing.next_at.is_not(None))
        .with_for_update())


async def keyed(session: AsyncSession, workspace: str, key: str) -> Outgoing | None:
    return await session.scalar(
        select(Outgoing).where(Outgoing.workspace_id == workspace, Outgoing.key == key).with_for_update())


async def of_alert(session: AsyncSession, workspace: str, alert_id: int, prefix: str) -> Sequence[Outgoing]:
    """What is owed or was done because of an alert and whose key begins so, the oldest first."""
    return (await session.scalars(
        select(Outgoing).where(Outgoing.workspace_id == workspace, Outgoing.alert_id == alert_id,
                               Outgoing.key.startswith(prefix, autoescape=True)).order_by(Outgoing.id))).all()


async def newest(session: AsyncSession, workspace: str, prefix: str) -> datetime | None:
    """When a call whose key begins so was last asked for and not given up; None: never."""
    return await session.scalar(
        select(Outgoing.made_at).where(
            Outgoing.workspace_id == workspace, Outgoing.key.startswith(prefix, autoescape=True),
            Outgoing.given_up_at.is_(None)).order_by(Outgoing.made_at.desc()).limit(1))

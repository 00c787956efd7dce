"""Queries about what is asked of monitoring systems again and again."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.alerting import Pull
from storage.upsert import insert_into


async def keep_only(session: AsyncSession, workspace: str, names: Collection[str], now: datetime) -> None:
    """There is a row of each of these, and of no other."""
    await session.execute(delete(Pull).where(Pull.workspace_id == workspace, Pull.name.not_in(sorted(names)))
                          .execution_options(synchronize_session=False))
    for name in sorted(names):
        await session.execute(
            insert_into(session, Pull).values(workspace_id=workspace, name=name, next_at=now, failures=0,
                                              details={})
            .on_conflict_do_nothing(index_elements=["workspace_id", "name"]))


async def is_due(session: AsyncSession, workspace: str, now: datetime) -> bool:
    """Whether there is anything to ask, for whoever looks often."""
    return await session.scalar(
        select(Pull.name).where(Pull.workspace_id == workspace, Pull.next_at <= now).limit(1)) is not None


async def due(session: AsyncSession, workspace: str, now: datetime, *, limit: int) -> Sequence[Pull]:
    """What is to be asked now, locked; what others hold is left to them."""
    return (await session.scalars(
        select(Pull).where(Pull.workspace_id == workspace, Pull.next_at <= now)
        .order_by(Pull.next_at, Pull.name).limit(limit).with_for_update(skip_locked=True))).all()


async def held(session: AsyncSession, workspace: str, name: str, asked_at: datetime) -> Pull | None:
    """A row, locked, if it was not asked again since; None: it was."""
    return await session.scalar(
        select(Pull).where(Pull.workspace_id == workspace, Pull.name == name, Pull.asked_at == asked_at)
        .with_for_update())


async def failing(session: AsyncSession, workspace: str, pilot_id: int) -> Sequence[Pull]:
    """What is asked for a pilot and gets no answer, by name."""
    rows = await session.scalars(
        select(Pull).where(Pull.workspace_id == workspace, Pull.failures > 0).order_by(Pull.name))
    return [row for row in rows if row.details.get("pilot_id") == pilot_id]


async def latest(session: AsyncSession, workspace: str, model: str) -> dict[str, Any] | None:
    """What is known of a registered model; None: nobody asks for it, or there was no answer yet.

    ``model``, ``alias``, ``version``, ``run_id``, ``tags``, ``last_retrain_at`` (ISO 8601, the end of the
    newest run that ended well; None: unknown), ``deployed_at`` (when the alias was seen to move to this
    version; None: before we asked), ``asked_at`` (how old this is).
    """
    rows = await session.scalars(
        select(Pull).where(Pull.workspace_id == workspace, Pull.answered_at.is_not(None))
        .order_by(Pull.answered_at.desc()))
    known = (row.details.get("model") for row in rows)
    return next((each for each in known if isinstance(each, dict) and each.get("model") == model), None)

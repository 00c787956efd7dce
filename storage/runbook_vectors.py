"""Queries about what texts of runbooks mean to a sentence model: reckoned once, for all replicas."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from sqlalchemy import delete, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from storage.shelf import RunbookVector

AT_ONCE: Final = 500
"""Digests in one statement: both databases take as many parameters."""


async def known(session: AsyncSession, workspace: str, model: str, digests: Collection[str]
                ) -> dict[str, bytes]:
    """The vectors of those texts that have one, by digest; `AT_ONCE` at most."""
    rows = await session.execute(
        select(RunbookVector.digest, RunbookVector.vector)
        .where(RunbookVector.workspace_id == workspace, RunbookVector.model == model,
               RunbookVector.digest.in_(sorted(digests))))
    return {row.digest: row.vector for row in rows}


async def keep(session: AsyncSession, workspace: str, model: str, vectors: Mapping[str, bytes]) -> None:
    """By digest; what another replica was first with stays."""
    if not vectors:
        return
    rows = [{"workspace_id": workspace, "model": model, "digest": digest, "vector": vectors[digest]}
            for digest in sorted(vectors)]  # in one order everywhere: two replicas cannot deadlock
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    await session.execute(insert(RunbookVector).values(rows).on_conflict_do_nothing())


async def digests(session: AsyncSession, workspace: str, model: str) -> set[str]:
    """Of all texts that have a vector."""
    return set((await session.scalars(
        select(RunbookVector.digest)
        .where(RunbookVector.workspace_id == workspace, RunbookVector.model == model))).all())


async def forget(session: AsyncSession, workspace: str, model: str, gone: Collection[str]) -> None:
    """Of this model these, of any other model all."""
    await session.execute(delete(RunbookVector).where(
        RunbookVector.workspace_id == workspace,
        or_(RunbookVector.model != model, RunbookVector.digest.in_(sorted(gone)))))

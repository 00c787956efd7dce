"""Queries about pages of runbooks as they are found by name and address."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.shelf import RunbookPage, RunbookSection

_AT_ONCE = 500
"""Pages read between two turns of the event loop."""


@dataclass(frozen=True, slots=True)
class Named:
    """A page with what it is called and where it is opened."""

    id: int
    source: str
    path: str
    title: str
    url: str | None
    is_stub: bool
    details: dict[str, Any]


async def named(session: AsyncSession, workspace: str, sources: Collection[str]) -> list[Named]:
    """The pages of these sources, without what they say."""
    query = (
        select(RunbookPage.id, RunbookPage.source, RunbookPage.path, RunbookPage.title, RunbookPage.url,
               RunbookPage.is_stub, RunbookPage.details)
        .where(RunbookPage.workspace_id == workspace, RunbookPage.source.in_(sorted(sources)))
        .order_by(RunbookPage.id))
    found: list[Named] = []
    async for part in (await session.stream(query)).partitions(_AT_ONCE):  # other work goes on in between
        found += [Named(*row) for row in part]
    return found


async def sections(session: AsyncSession, workspace: str, page_id: int) -> Sequence[RunbookSection]:
    """The sections of a page from top to bottom."""
    return (await session.scalars(
        select(RunbookSection)
        .where(RunbookSection.workspace_id == workspace, RunbookSection.page_id == page_id)
        .order_by(RunbookSection.ordinal))).all()


async def page_of(session: AsyncSession, workspace: str, section_id: int) -> int | None:
    """The page that a section stands on; None: it is gone."""
    return await session.scalar(
        select(RunbookSection.page_id)
        .where(RunbookSection.workspace_id == workspace, RunbookSection.id == section_id))

"""Queries about runbooks: sources, pages with their sections, and what was asked of them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.shelf import RunbookPage, RunbookSection, RunbookSource


@dataclass(frozen=True, slots=True)
class Placed:
    """A section with the page it stands on."""

    section: RunbookSection
    page: RunbookPage


async def sources(session: AsyncSession, workspace: str) -> Sequence[RunbookSource]:
    """How reading each source goes, by name."""
    return (await session.scalars(select(RunbookSource).where(RunbookSource.workspace_id == workspace)
                                  .order_by(RunbookSource.name))).all()


async def versions(session: AsyncSession, workspace: str) -> dict[str, int]:
    """How often the pages of each source have changed."""
    rows = await session.execute(select(RunbookSource.name, RunbookSource.version)
                                 .where(RunbookSource.workspace_id == workspace))
    return {row.name: row.version for row in rows}


async def pages(session: AsyncSession, workspace: str, source: str) -> Sequence[RunbookPage]:
    """All pages of a source, by path."""
    return (await session.scalars(
        select(RunbookPage).where(RunbookPage.workspace_id == workspace, RunbookPage.source == source)
        .order_by(RunbookPage.path))).all()


async def placed(session: AsyncSession, workspace: str, sections: Collection[int]) -> dict[int, Placed]:
    """These sections with their pages, by number; those that are gone are left out."""
    rows = await session.execute(
        select(RunbookSection, RunbookPage).join(RunbookPage, RunbookPage.id == RunbookSection.page_id)
        .where(RunbookSection.workspace_id == workspace, RunbookSection.id.in_(sorted(sections))))
    return {section.id: Placed(section, page) for section, page in rows}


async def sections_of(session: AsyncSession, workspace: str, pages: Collection[int]) -> Sequence[Placed]:
    """The sections of these pages in their order."""
    rows = await session.execute(
        select(RunbookSection, RunbookPage).join(RunbookPage, RunbookPage.id == RunbookSection.page_id)
        .where(RunbookSection.workspace_id == workspace, RunbookSection.page_id.in_(sorted(pages)))
        .order_by(RunbookPage.source, RunbookPage.path, RunbookSection.ordinal))
    return [Placed(section, page) for section, page in rows]


async def drop_pages(session: AsyncSession, workspace: str, pages: Collection[int]) -> None:
    """These pages and their sections are gone."""
    if pages:
        await session.execute(delete(RunbookSection).where(
            RunbookSection.workspace_id == workspace, RunbookSection.page_id.in_(sorted(pages))))
        await session.execute(delete(RunbookPage).where(
            RunbookPage.workspace_id == workspace, RunbookPage.id.in_(sorted(pages))))


async def due(session: AsyncSession, workspace: str, now: datetime, *, limit: int) -> Sequence[RunbookSource]:
    """Sources that are to be read now, locked; what others hold is left to them."""
    return (await session.scalars(
        select(RunbookSource).where(RunbookSource.workspace_id == workspace, RunbookSource.next_at <= now)
        .order_by(RunbookSource.next_at, RunbookSource.name).limit(limit)
        .with_for_update(skip_locked=True))).all()

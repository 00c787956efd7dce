"""Queries of those who keep an index of runbooks: which pages there are, and what ranking needs of them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.shelf import RunbookPage, RunbookSection

_AT_ONCE = 1000
"""Pages read between two turns of the event loop."""


class PageState(NamedTuple):
    """One state of a page: another id, version or digest is another text."""

    id: int
    version: int
    digest: str


class SectionText(NamedTuple):
    """A section without its Markdown, and what of its page an index needs."""

    id: int
    path: list[str]
    text: str
    code: str
    source: str
    page_path: str
    title: str
    details: dict[str, Any]
    is_stub: bool
    changed_at: datetime | None


async def page_states(session: AsyncSession, workspace: str, sources: Collection[str]
                      ) -> dict[tuple[str, str], PageState]:
    """All pages of these sources, by source and path."""
    query = (
        select(RunbookPage.source, RunbookPage.path, RunbookPage.id, RunbookPage.version, RunbookPage.digest)
        .where(RunbookPage.workspace_id == workspace, RunbookPage.source.in_(sorted(sources)))
        .order_by(RunbookPage.source, RunbookPage.path))
    found: dict[tuple[str, str], PageState] = {}
    async for part in (await session.stream(query)).partitions(_AT_ONCE):
        found |= {(row.source, row.path): PageState(row.id, row.version, row.digest) for row in part}
    return found


async def section_texts(session: AsyncSession, workspace: str, pages: Collection[int]
                        ) -> Sequence[SectionText]:
    """The sections of these pages, page by page in their order."""
    section, page = RunbookSection, RunbookPage
    rows = await session.execute(
        select(section.id, section.path, section.text, section.code, page.source, page.path, page.title,
               page.details, page.is_stub, page.changed_at)
        .join(page, page.id == section.page_id)
        .where(section.workspace_id == workspace, section.page_id.in_(sorted(pages)))
        .order_by(page.source, page.path, section.ordinal))
    return [SectionText(*row) for row in rows]

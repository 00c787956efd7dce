"""Queries about runbooks: sources, pages with their sections, and what was asked of them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import Select, bindparam, case, delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.among import among
from storage.shelf import RunbookPage, RunbookSection, RunbookSource
from storage.upsert import dialect_of, insert_into

_AT_ONCE = 500
_VERSIONS = (select(RunbookSource.name, RunbookSource.version, RunbookSource.changed_at)
             .where(RunbookSource.workspace_id == bindparam("workspace")))
"""Put together once, as what else a question asks: each asks it."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A section with the page it stands on."""

    section: RunbookSection
    page: RunbookPage


async def sources(session: AsyncSession, workspace: str) -> Sequence[RunbookSource]:
    """How reading each source goes, by name."""
    return (await session.scalars(select(RunbookSource).where(RunbookSource.workspace_id == workspace)
                                  .order_by(RunbookSource.name))).all()


class Version(NamedTuple):
    """One state of a source: what is read of it, under the same name, after it was taken out is another."""

    number: int
    changed_at: datetime | None


async def versions(session: AsyncSession, workspace: str) -> dict[str, Version]:
    """How often the pages of each source have changed, and when last."""
    rows = await session.execute(_VERSIONS, {"workspace": workspace})
    return {row.name: Version(row.version, row.changed_at) for row in rows}


async def pages(session: AsyncSession, workspace: str, source: str) -> Sequence[RunbookPage]:
    """All pages of a source, by path."""
    return (await session.scalars(
        select(RunbookPage).where(RunbookPage.workspace_id == workspace, RunbookPage.source == source)
        .order_by(RunbookPage.path))).all()


async def placed(session: AsyncSession, workspace: str, sections: Collection[int]) -> dict[int, Placed]:
    """These sections with their pages, by number; those that are gone are left out."""
    rows = await session.execute(_placed(dialect_of(session)), {
        "workspace": workspace, "sections": sorted(sections)})
    return {section.id: Placed(section, page) for section, page in rows}


@cache
def _placed(dialect: str) -> Select[RunbookSection, RunbookPage]:
    return (select(RunbookSection, RunbookPage).join(RunbookPage, RunbookPage.id == RunbookSection.page_id)
            .where(RunbookSection.workspace_id == bindparam("workspace"),
                   among(dialect, RunbookSection.id, "sections")))


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


async def moments(session: AsyncSession, workspace: str) -> dict[str, datetime]:
    """When each source is to be read again, for whoever looks often."""
    rows = await session.execute(select(RunbookSource.name, RunbookSource.next_at)
                                 .where(RunbookSource.workspace_id == workspace))
    return {row.name: row.next_at for row in rows}


async def free(session: AsyncSession, workspace: str, names: Collection[str]) -> Sequence[RunbookSource]:
    """These sources, locked, the longest due first; what others hold is left to them."""
    return (await session.scalars(
        select(RunbookSource).where(RunbookSource.workspace_id == workspace,
                                    RunbookSource.name.in_(sorted(names)))
        .order_by(RunbookSource.next_at, RunbookSource.name)
        .with_for_update(skip_locked=True).execution_options(populate_existing=True))).all()


# ---- reading sources ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Known:
    """A page as it was read before, without its sections."""

    id: int
    path: str
    digest: str
    url: str | None
    owner: str | None
    changed_at: datetime | None
    version: int
    is_stub: bool
    details: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Counted:
    """How much there is of a source."""

    pages: int = 0
    sections: int = 0
    stubs: int = 0


async def keep_only(session: AsyncSession, workspace: str, names: Collection[str], now: datetime) -> None:
    """There is a row of each of these sources, and nothing of any other."""
    for name in sorted(names):
        await session.execute(
            insert_into(session, RunbookSource).values(
                workspace_id=workspace, name=name, next_at=now, version=0, failures=0, details={})
            .on_conflict_do_nothing(index_elements=["workspace_id", "name"]))
    gone = (await session.scalars(
        select(RunbookSource.name)
        .where(RunbookSource.workspace_id == workspace, RunbookSource.name.not_in(sorted(names)))
        .order_by(RunbookSource.name).with_for_update())).all()  # before its pages, as whoever reads it does
    for name in gone:
        ids = (await session.scalars(select(RunbookPage.id).where(
            RunbookPage.workspace_id == workspace, RunbookPage.source == name))).all()
        for at in range(0, len(ids), _AT_ONCE):
            await drop_pages(session, workspace, ids[at:at + _AT_ONCE])
        await session.execute(delete(RunbookSource).where(
            RunbookSource.workspace_id == workspace, RunbookSource.name == name))


async def held(session: AsyncSession, workspace: str, name: str, asked_at: datetime) -> RunbookSource | None:
    """A source's row, locked, if nobody else took it in hand since; None: somebody did."""
    return await session.scalar(
        select(RunbookSource).where(RunbookSource.workspace_id == workspace, RunbookSource.name == name,
                                    RunbookSource.asked_at == asked_at).with_for_update())


async def locked(session: AsyncSession, workspace: str, name: str) -> RunbookSource | None:
    """A source's row, locked."""
    return await session.scalar(
        select(RunbookSource).where(RunbookSource.workspace_id == workspace, RunbookSource.name == name)
        .with_for_update())


async def known_pages(session: AsyncSession, workspace: str, source: str) -> dict[str, Known]:
    """What was read of a source before, by path."""
    query = (select(RunbookPage.id, RunbookPage.path, RunbookPage.digest, RunbookPage.url, RunbookPage.owner,
                    RunbookPage.changed_at, RunbookPage.version, RunbookPage.is_stub, RunbookPage.details)
             .where(RunbookPage.workspace_id == workspace, RunbookPage.source == source))
    found: dict[str, Known] = {}
    async for part in (await session.stream(query)).partitions(_AT_ONCE):  # other work goes on in between
        found |= {row.path: Known(*row) for row in part}
    return found


async def some_pages(session: AsyncSession, workspace: str, ids: Collection[int]) -> dict[int, RunbookPage]:
    """These pages by number."""
    rows = await session.scalars(select(RunbookPage).where(RunbookPage.workspace_id == workspace,
                                                           RunbookPage.id.in_(sorted(ids))))
    return {row.id: row for row in rows}


async def sections_by_page(session: AsyncSession, workspace: str,
                           ids: Collection[int]) -> dict[int, list[RunbookSection]]:
    """The sections of these pages in their order, by page."""
    rows = await session.scalars(
        select(RunbookSection).where(RunbookSection.workspace_id == workspace,
                                     RunbookSection.page_id.in_(sorted(ids)))
        .order_by(RunbookSection.page_id, RunbookSection.ordinal))
    found: dict[int, list[RunbookSection]] = {}
    for row in rows:
        found.setdefault(row.page_id, []).append(row)
    return found


async def add_sections(session: AsyncSession, rows: Sequence[dict[str, Any]]) -> None:
    """Sections of pages that have their numbers, by the names of their columns."""
    if rows:
        await session.execute(insert(RunbookSection), list(rows))


async def drop_sections(session: AsyncSession, workspace: str, ids: Collection[int]) -> None:
    """These sections are gone from their pages."""
    if ids:
        await session.execute(delete(RunbookSection).where(
            RunbookSection.workspace_id == workspace, RunbookSection.id.in_(sorted(ids))))


async def counted(session: AsyncSession, workspace: str) -> dict[str, Counted]:
    """How much there is of each source, by name."""
    pages = await session.execute(
        select(RunbookPage.source, func.count(), func.sum(case((RunbookPage.is_stub, 1), else_=0)))
        .where(RunbookPage.workspace_id == workspace).group_by(RunbookPage.source))
    sections = await session.execute(
        select(RunbookPage.source, func.count()).select_from(RunbookSection)
        .join(RunbookPage, RunbookPage.id == RunbookSection.page_id)
        .where(RunbookSection.workspace_id == workspace).group_by(RunbookPage.source))
    of_source = {str(name): int(number) for name, number in sections}
    return {name: Counted(number, of_source.get(name, 0), int(stubs or 0)) for name, number, stubs in pages}


async def faulty_pages(session: AsyncSession, workspace: str, source: str) -> list[tuple[str, str]]:
    """(path, what could not be read of it), by path."""
    return [(page.path, fault) for page in (await known_pages(session, workspace, source)).values()
            for fault in page.details.get("faults", ())]


async def is_ahead(session: AsyncSession, workspace: str, source: RunbookSource) -> bool:
    """Whether pages were written of which the source's version does not tell: their reader died."""
    newest = await session.scalar(select(func.max(RunbookPage.version)).where(
        RunbookPage.workspace_id == workspace, RunbookPage.source == source.name))
    return newest is not None and newest > source.version

"""Writes pages as they were taken: a section keeps its number while its page has one at its place."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from handlers.runbooks.taking import Taken
from handlers.runbooks.values import Page, Section
from storage import runbooks
from storage.shelf import RunbookPage, RunbookSection, RunbookSource

_AT_ONCE = 200
"""Sections in one statement, so that the event loop is not held up."""


async def keep(session: AsyncSession, source: RunbookSource, batch: Sequence[Taken], now: datetime) -> bool:
    """Write these pages, in the caller's transaction; True: one is another than before, for an index.

    Pages that came or changed get the version that their source has when all of it is read.
    """
    workspace, version = source.workspace_id, source.version + 1
    numbers = [taken.known.id for taken in batch if taken.known is not None]
    rows = await runbooks.some_pages(session, workspace, numbers)
    changed = [taken.known.id for taken in batch if taken.known is not None and taken.page is not None]
    before = await runbooks.sections_by_page(session, workspace, changed)
    written, has_changed, gone = list[tuple[RunbookPage, Page]](), False, list[int]()
    for taken in batch:
        row = rows.get(taken.known.id) if taken.known is not None else None
        if row is None and taken.page is not None:
            row = RunbookPage(workspace_id=workspace, source=source.name, path=taken.path, title="",
                              digest="", read_at=now, version=version)
            session.add(row)
        if row is None:
            continue
        is_older = row.changed_at != taken.changed_at
        row.digest, row.url, row.owner = taken.digest, taken.url, taken.owner
        row.changed_at, row.details = taken.changed_at, taken.details
        if taken.page is not None:
            row.title, row.is_stub, row.read_at = taken.page.title, taken.page.is_stub, now
            written.append((row, taken.page))
        if taken.page is not None or is_older:
            row.version, has_changed = version, True
    await session.flush()  # new pages have their numbers from here on
    new = list[dict[str, Any]]()  # of all these pages: a statement for each takes longer than what is in it
    for row, page in written:
        old = before.get(row.id, [])
        for kept, section in zip(old, page.sections, strict=False):
            _fill(kept, section)
        new += [_values(row, section) for section in page.sections[len(old):]]
        gone += [each.id for each in old[len(page.sections):]]
    for at in range(0, len(new), _AT_ONCE):
        await runbooks.add_sections(session, new[at:at + _AT_ONCE])
    await session.flush()
    await runbooks.drop_sections(session, workspace, gone)
    return has_changed


def _values(page: RunbookPage, section: Section) -> dict[str, Any]:
    return {"workspace_id": page.workspace_id, "page_id": page.id, "ordinal": section.ordinal,
            "level": section.level, "path": list(section.path), "anchor": section.anchor,
            "markdown": section.markdown, "text": section.text, "code": section.code}


def _fill(row: RunbookSection, section: Section) -> None:
    row.ordinal, row.level = section.ordinal, section.level
    row.path, row.anchor = list(section.path), section.anchor
    row.markdown, row.text, row.code = section.markdown, section.text, section.code

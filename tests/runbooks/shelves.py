"""Writes pages of runbooks as reading a source does, and a sentence model that is no more than a table."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np
from sqlalchemy import delete, select

from handlers.runbooks.markdown import read_page
from handlers.runbooks.model import Matrix
from handlers.runbooks.policy import Kind, Policies, Source
from storage import people, runbooks
from storage.engine import Store
from storage.shelf import RunbookPage, RunbookSection, RunbookSource

WORKSPACE = "slack:T0SHELF00"
NOW = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)


def policy(*names: str, pilots: dict[str, str] | None = None) -> Policies:
    return Policies({name: Source(name, Kind.FOLDER, f"/srv/{name}", (pilots or {}).get(name)) for name in names})


async def write(store: Store, source: str, pages: dict[str, str | None]) -> None:
    """Pages come, change, or (None) go, and the source's version rises, in one transaction."""
    async with store.begin() as session:
        await people.ensure_workspace(session, WORKSPACE, "Shelf", NOW)
        kept = await session.get(RunbookSource, (WORKSPACE, source))
        if kept is None:
            kept = RunbookSource(workspace_id=WORKSPACE, name=source, next_at=NOW)
            session.add(kept)
        kept.version += 1
        await session.flush()
        for path, markdown in pages.items():
            old = (await session.scalars(select(RunbookPage.id).where(
                RunbookPage.workspace_id == WORKSPACE, RunbookPage.source == source, RunbookPage.path == path))).all()
            await runbooks.drop_pages(session, WORKSPACE, old)
            if markdown is None:
                continue
            read = read_page(markdown, path)
            page = RunbookPage(workspace_id=WORKSPACE, source=source, path=path, title=read.title, read_at=NOW,
                               digest=hashlib.sha256(markdown.encode()).hexdigest(), version=kept.version,
                               details={"aliases": list(read.aliases)})
            session.add(page)
            await session.flush()
            session.add_all(RunbookSection(
                workspace_id=WORKSPACE, page_id=page.id, ordinal=each.ordinal, level=each.level, path=list(each.path),
                anchor=each.anchor, markdown=each.markdown, text=each.text, code=each.code) for each in read.sections)


async def drop_source(store: Store, source: str) -> None:
    async with store.begin() as session:
        pages = [each.id for each in await runbooks.pages(session, WORKSPACE, source)]
        await runbooks.drop_pages(session, WORKSPACE, pages)
        await session.execute(delete(RunbookSource).where(RunbookSource.name == source))


class TableEmbedder:
    """Knows a few meanings: words of one group point one way, other words each their own."""

    GROUPS = (("car", "automobile", "vehicle"), ("slow", "sluggish", "latency"), ("disk", "volume"))

    def __init__(self, name: str = "table") -> None:
        self.texts = list[str]()
        self.fails: Exception | None = None
        self.gate: asyncio.Event | None = None
        self.is_closed = False
        self._name = name

    async def name(self) -> str:
        if self.fails:
            raise self.fails
        return self._name

    async def vectors(self, texts: Sequence[str]) -> Matrix:
        if self.gate is not None:
            await self.gate.wait()
        if self.fails:
            raise self.fails
        self.texts += texts
        rows = np.stack([self._row(each) for each in texts])
        return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)

    async def close(self) -> None:
        self.is_closed = True

    def _row(self, text: str) -> Matrix:
        row = np.full(64, 1e-6, np.float32)
        for word in re.findall(r"\w+", text.lower()):
            key = next((group[0] for group in self.GROUPS if word in group), word)
            row[int(hashlib.sha256(key.encode()).hexdigest(), 16) % 64] += 3.0 if key != word or key in "car slow disk" else 1.0
        return row

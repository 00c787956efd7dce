"""Keeps the index of a workspace's runbooks in memory, and up to date with what the database holds."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from handlers.runbooks.index import Index, built
from handlers.runbooks.policy import Policies
from handlers.runbooks.values import Entry, Found, Kept
from storage import runbooks
from storage.engine import Store
from storage.runbooks import Placed


@dataclass(slots=True)
class Keeper:
    store: Store
    workspace: str
    policy: Policies = field(default_factory=Policies)
    _index: Index = field(default_factory=Index)
    _versions: dict[str, int] = field(default_factory=dict)

    async def find(self, question: str, *, pilot: str | None = None, at_most: int = 3) -> Found:
        """What the shared runbooks and those of this pilot say to a question.

        `pilot`: by its name as the policy has it; None: the shared ones alone.
        """
        index = await self._fresh()
        names = {each.name for each in self.policy.sources.values() if each.pilot in (None, pilot)}
        return await asyncio.to_thread(index.ask, question, at_most=at_most, sources=names)

    async def kept(self, sections: Collection[int]) -> Sequence[Kept]:
        """These sections as an answer shows them, in the order asked for; what is gone is left out."""
        async with self.store.reading() as session:
            found = await runbooks.placed(session, self.workspace, sections)
        return [self._kept(found[each]) for each in sections if each in found]

    def _kept(self, placed: Placed) -> Kept:
        section, page = placed.section, placed.page
        source = self.policy.sources.get(page.source)
        return Kept(section.id, page.source, page.path, page.title, tuple(section.path), section.anchor,
                    section.markdown, page.url, page.owner or (source.owner if source else None),
                    page.changed_at, page.is_stub, source is None or source.is_internal,
                    source.pilot if source else None)

    async def _fresh(self) -> Index:
        async with self.store.reading() as session:
            versions = await runbooks.versions(session, self.workspace)
            if versions == self._versions:
                return self._index
            entries = []
            for name in versions:
                pages = [page.id for page in await runbooks.pages(session, self.workspace, name)]
                entries += [_entry(each) for each in
                            await runbooks.sections_of(session, self.workspace, pages)]
        self._index = await asyncio.to_thread(built, entries, self.policy.synonyms)
        self._versions = versions
        return self._index


def _entry(placed: Placed) -> Entry:
    section, page = placed.section, placed.page
    return Entry(section.id, f"{page.source}/{page.path}", page.title, tuple(section.path), section.text,
                 section.code, page.source, tuple(page.details.get("aliases", ())), page.is_stub,
                 page.changed_at.date() if page.changed_at else None)

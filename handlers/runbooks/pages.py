"""Reads pages of runbooks for an index: which have changed, and their sections a few pages at a time."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Final

from handlers.runbooks.values import Entry
from storage import runbook_index
from storage.engine import Store
from storage.runbook_index import PageState, SectionText

PAGES_AT_ONCE: Final = 20
"""Few enough that neither the event loop nor memory feels them."""

States = Mapping[str, PageState]
"""The state of each page by its name, ``source/path``."""


async def states(store: Store, workspace: str, sources: Collection[str]) -> States:
    """Of all pages of these sources."""
    async with store.reading() as session:
        found = await runbook_index.page_states(session, workspace, sources)
    return {f"{source}/{path}": state for (source, path), state in found.items()}


def changes(before: States, now: States) -> tuple[list[str], list[str]]:
    """Names of pages of `before` that are gone or another, and of those of `now` that are new or another."""
    return ([name for name, state in before.items() if now.get(name) != state],
            [name for name, state in now.items() if before.get(name) != state])


def batches(names: Sequence[str]) -> Iterator[Sequence[str]]:
    return (names[at:at + PAGES_AT_ONCE] for at in range(0, len(names), PAGES_AT_ONCE))


async def entries(store: Store, workspace: str, pages: Collection[PageState]) -> list[Entry]:
    """The sections of these pages, page by page; a page that is gone by now has none."""
    async with store.reading() as session:
        found = await runbook_index.section_texts(session, workspace, [page.id for page in pages])
    return [_entry(each) for each in found]


def _entry(read: SectionText) -> Entry:
    return Entry(read.id, f"{read.source}/{read.page_path}", read.title, tuple(read.path), read.text,
                 read.code, read.source, tuple(read.details.get("aliases") or ()), read.is_stub,
                 read.changed_at.date() if read.changed_at else None)

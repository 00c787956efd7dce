"""Pages of the runbooks as they stand: found by address and name, a section with all below it."""

from __future__ import annotations

import asyncio
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Final
from urllib.parse import unquote, urlsplit

from sqlalchemy.ext.asyncio import AsyncSession

from handlers.runbooks.blocks import Block, Kind, blocks
from handlers.runbooks.policy import Policies
from handlers.runbooks.values import Kept
from storage import runbook_pages, runbooks
from storage.engine import Store
from storage.models import Pilot
from storage.pilots import name_key
from storage.runbook_pages import Named
from storage.runbooks import Version
from storage.shelf import RunbookSection

READ_AT_MOST: Final = 90_000
"""Characters of a section that are made into cards; more nobody reads in a window."""
_AT_ONCE: Final = 3_000
"""Characters that are read on the event loop; more takes so long that a thread does it."""
_ALMOST_EMPTY: Final = 40
"""A section that says no more than that is shown with what stands below it."""
_ENDINGS: Final = re.compile(r"(?:/(?:readme|index))?(?:\.(?:md|markdown|mdx|html?))?/*$")
_DO: Final = re.compile(
    r"(?i)\b(?:mitigat|remed|resol|respon|action|steps?\b|what to do|procedure|fix|recover|runbook|"
    r"troubleshoot|first)")
"""Headings below which it says what is to be done."""
_STEP: Final = re.compile(r"^\s{0,3}(?:\d+[.)]|[-*+])\s+\S", re.MULTILINE)


def asked_as(policy: Policies, pilot: Pilot | None) -> str | None:
    """A pilot's name as the policy has it, however that writes it."""
    if pilot is None:
        return None
    return next((each.pilot for each in policy.sources.values()
                 if each.pilot is not None and name_key(each.pilot) == pilot.name_key), pilot.name)


def address_key(url: str) -> str:
    """The same for addresses of one page: with or without ending, anchor and capitals of the host."""
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or not parts.netloc:
        return ""
    return f"{parts.netloc.lower()}{_ENDINGS.sub('', unquote(parts.path).lower())}"


def page_name_key(name: str) -> str:
    """The same for ``KubePodCrashLooping``, ``kube-pod-crash-looping.md`` and ``Kube pod crash looping``."""
    return "".join(char for char in name.casefold() if char.isalnum())


@dataclass(frozen=True, slots=True)
class Shelf:
    """Every page of a workspace by address and by name."""

    versions: Mapping[str, Version] = field(default_factory=dict)
    by_address: Mapping[str, Sequence[Named]] = field(default_factory=dict)
    by_name: Mapping[str, Sequence[Named]] = field(default_factory=dict)


def shelved(pages: Iterable[Named], versions: Mapping[str, Version]) -> Shelf:
    by_address, by_name = defaultdict[str, list[Named]](list), defaultdict[str, list[Named]](list)
    for page in pages:
        if page.url is not None and (key := address_key(page.url)):
            by_address[key].append(page)
        stem = page.path.rpartition("/")[2].rpartition(".")[0]
        called = (page.title, stem, *page.details.get("aliases", ()))
        for name in {page_name_key(each) for each in called} - {""}:
            by_name[name].append(page)
    return Shelf(versions, by_address, by_name)


@dataclass(frozen=True, slots=True)
class Whole:
    """A section with all below it."""

    blocks: tuple[Block, ...]
    is_cut: bool
    """It goes on for longer than a card can."""


@dataclass(slots=True)
class Pages:
    store: Store
    policy: Policies
    _shelves: dict[str, Shelf] = field(default_factory=dict)
    _begins: dict[tuple[int, str], int | None] = field(default_factory=dict)
    """The section that a page is shown by, for each anchor it was asked with."""

    async def at_address(self, workspace: str, url: str, pilot: str | None) -> int | None:
        """The section that an address of a known page opens; None: it is none of ours."""
        async with self.store.reading() as session:
            return await self.section_at(session, workspace, url, pilot)

    async def named(self, workspace: str, name: str, pilot: str | None) -> int | None:
        """The section that a page of this title, file name or alias is shown by; None: none is called so."""
        async with self.store.reading() as session:
            return await self.section_called(session, workspace, name, pilot)

    async def section_at(self, session: AsyncSession, workspace: str, url: str,
                         pilot: str | None) -> int | None:
        """The same in the caller's transaction."""
        shelf = await self.shelf(session, workspace)
        page = self._best(shelf.by_address.get(address_key(url), ()), pilot)
        anchor = url.partition("#")[2]
        return None if page is None else await self._begins_at(session, workspace, page, anchor)

    async def section_called(self, session: AsyncSession, workspace: str, name: str,
                             pilot: str | None) -> int | None:
        """The section that a page of this title, file name or alias is shown by."""
        shelf = await self.shelf(session, workspace)
        page = self._best(shelf.by_name.get(page_name_key(name), ()), pilot)
        return None if page is None else await self._begins_at(session, workspace, page, "")

    async def shelf(self, session: AsyncSession, workspace: str) -> Shelf:
        """The pages as they are now; one query where nothing has changed since the last look."""
        known = self._shelves.get(workspace, Shelf())
        versions = await runbooks.versions(session, workspace)
        if versions != known.versions:
            pages = await runbook_pages.named(session, workspace, versions)
            known = await asyncio.to_thread(shelved, pages, versions)
            self._shelves[workspace] = known
            self._begins.clear()
        return known

    def _best(self, found: Sequence[Named], pilot: str | None) -> Named | None:
        """Of pages that may be asked here, the pilot's own first, then those that somebody wrote."""
        def place(page: Named) -> tuple[bool, bool]:
            source = self.policy.sources.get(page.source)
            return source is None or source.pilot is None, page.is_stub

        may = [page for page in found if (source := self.policy.sources.get(page.source)) is not None
               and source.pilot in (None, pilot)]
        return min(may, key=place, default=None)

    async def _begins_at(self, session: AsyncSession, workspace: str, page: Named, anchor: str) -> int | None:
        key = (page.id, anchor)
        if key not in self._begins:
            self._begins[key] = _to_show(await runbook_pages.sections(session, workspace, page.id), anchor)
        return self._begins[key]

    # ---- what a section says -------------------------------------------------------------------------------

    async def passage(self, session: AsyncSession, workspace: str, kept: Kept) -> tuple[Block, ...]:
        """A section's own blocks; where it says next to nothing, with those below it."""
        if len(kept.markdown.strip()) >= _ALMOST_EMPTY:
            if len(kept.markdown) > _AT_ONCE:
                return await asyncio.to_thread(blocks_of, kept.markdown, kept.url)
            return blocks_of(kept.markdown, kept.url)
        return (await self.whole(session, workspace, kept)).blocks

    async def whole(self, session: AsyncSession, workspace: str, kept: Kept) -> Whole:
        """A section's blocks and those of all sections below it, with their headings."""
        page = await runbook_pages.page_of(session, workspace, kept.section_id)
        sections = await runbook_pages.sections(session, workspace, page) if page is not None else ()
        below = _below(sections, kept)
        if len(kept.markdown) + sum(len(each.markdown) for each in below) > _AT_ONCE:
            return await asyncio.to_thread(_read_whole, kept, below)
        return _read_whole(kept, below)


def blocks_of(markdown: str, url: str | None) -> tuple[Block, ...]:
    """The blocks of a section, of one without end only its beginning."""
    if len(markdown) > READ_AT_MOST:
        markdown = markdown[:markdown.rfind("\n", 0, READ_AT_MOST) + 1 or READ_AT_MOST]
    return blocks(markdown, url)


def _below(sections: Sequence[RunbookSection], kept: Kept) -> list[RunbookSection]:
    """What stands below a section, up to the next heading of its rank."""
    own = next((each for each in sections if each.id == kept.section_id), None)
    if own is None or own.level == 0:
        return []
    after = (each for each in sections if each.ordinal > own.ordinal)
    return list(takewhile(lambda each: each.level > own.level, after))


def _read_whole(kept: Kept, below: Sequence[RunbookSection]) -> Whole:
    found = list(blocks_of(kept.markdown, kept.url))
    left = READ_AT_MOST - len(kept.markdown)
    for each in below:
        if left <= 0:
            break
        found.append(Block(Kind.HEADING, (each.path[-1],) if each.path else (), number=each.level))
        found += blocks_of(each.markdown[:max(left, 1)], kept.url)
        left -= len(each.markdown)
    return Whole(tuple(found), is_cut=left < 0)


def _to_show(sections: Sequence[RunbookSection], anchor: str) -> int | None:
    """By which section a page is shown: the one its address names, else the first that says what to do."""
    wanted = unquote(anchor).casefold()
    named = next((each for each in sections if wanted and each.anchor.casefold() == wanted), None)
    if named is not None:
        return named.id
    said = [each for each in sections if each.markdown.strip()]
    steps = [each for each in said if _STEP.search(each.markdown)]
    doing = [each for each in steps if each.path and _DO.search(each.path[-1])]
    for found in (doing, steps, said, sections):
        if found:
            return found[0].id
    return None

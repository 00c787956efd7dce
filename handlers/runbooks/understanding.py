"""Knows what each section means to the sentence model: reckoned in the background, kept in the database."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from handlers.runbooks import pages
from handlers.runbooks.meaning import asked_text, windows
from handlers.runbooks.model import Matrix
from handlers.runbooks.pages import States
from handlers.runbooks.progress import Progress, Stage
from handlers.runbooks.values import Entry
from handlers.runbooks.vectors import Vectors, Windows, packed
from storage import runbook_vectors
from storage.engine import Store

log = logging.getLogger(__name__)

TEXTS_AT_ONCE: Final = 2
"""A question waits for no more than these."""
KEPT_AT_ONCE: Final = 64
"""Vectors in one transaction."""
_PATIENCE_S: Final = 1.0
"""For the meaning of a question; its words have to do then."""


class Embedder(Protocol):
    """A sentence model somewhere else than on the event loop."""

    async def name(self) -> str: ...

    async def vectors(self, texts: Sequence[str]) -> Matrix: ...

    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class _Understood:
    states: States = field(default_factory=dict)
    vectors: Vectors = field(default_factory=Vectors)
    digests: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Of each page's windows."""
    model: str = ""


@dataclass(slots=True)
class Understanding:
    store: Store
    workspace: str
    embedder: Embedder
    clock: Callable[[], datetime] | None = None
    progress: Progress | None = None
    _now: _Understood = field(default_factory=_Understood)

    async def cosines(self, question: str, states: States) -> Mapping[int, float] | None:
        """How near each section of an index with these pages is to a question; None: words have to do."""
        understood = self._now
        if understood.states != states or not states:
            return None
        asking = asyncio.ensure_future(self.embedder.vectors([asked_text(question)]))
        await asyncio.wait({asking}, timeout=_PATIENCE_S)
        if not asking.done():  # it is let go on: cut off, the model would have to be loaded anew
            asking.add_done_callback(_said)
            log.warning("what a question means took too long; it is answered by its words")
            return None
        if (error := asking.exception()) is not None:
            log.warning("what a question means is not known; it is answered by its words: %s", error)
            return None
        asked = asking.result()
        return await asyncio.to_thread(understood.vectors.cosines, asked[0])

    def is_behind(self, states: States) -> bool:
        return self._now.states != states

    async def catch_up(self, target: Callable[[], States]) -> None:
        """Understand all pages that there are by now. Raises what the embedder and the database raise."""
        model = await self.embedder.name()
        if model != self._now.model:
            self._now = _Understood(model=model)
        while self._now.states != (wanted := target()):
            gone, new = pages.changes(self._now.states, wanted)
            read, known, done = list[Windows](), dict[str, bytes](), 0
            begun = self.clock() if self.clock else None
            for batch in pages.batches(new):
                self.progress = Progress(Stage.UNDERSTANDING, done, len(new), begun)
                entries = await pages.entries(self.store, self.workspace, [wanted[name] for name in batch])
                found, texts = await asyncio.to_thread(_windows, entries)
                read += found
                missing = {key: text for key, text in texts.items() if key not in known}
                known |= await self._known(model, missing)
                done += len(batch)
            self._now = await asyncio.to_thread(_changed, self._now, gone, read, known, wanted)
        self.progress = None

    async def forget(self, is_newest: Callable[[AsyncSession], Awaitable[bool]]) -> int:
        """Drop the vectors that no page needs; how many.

        `is_newest`: whether the pages that are understood are those of the database. It is asked after the
        vectors were listed: what another replica reckons of newer pages is not in that list.
        """
        understood = self._now
        if not understood.model:
            return 0
        async with self.store.reading() as session:
            stored = await runbook_vectors.digests(session, self.workspace, understood.model)
        async with self.store.reading() as session:
            if not await is_newest(session) or understood is not self._now:
                return 0
        gone = sorted(stored.difference(*understood.digests.values()))
        for at in range(0, max(len(gone), 1), runbook_vectors.AT_ONCE):
            async with self.store.begin() as session:
                await runbook_vectors.forget(session, self.workspace, understood.model,
                                             gone[at:at + runbook_vectors.AT_ONCE])
        return len(gone)

    async def _known(self, model: str, texts: Mapping[str, str]) -> dict[str, bytes]:
        """The vectors of these texts, by digest; what the database has not got is reckoned and kept."""
        known, wanted = dict[str, bytes](), list(texts)
        for at in range(0, len(wanted), runbook_vectors.AT_ONCE):
            async with self.store.reading() as session:
                known |= await runbook_vectors.known(session, self.workspace, model,
                                                     wanted[at:at + runbook_vectors.AT_ONCE])
        unknown = sorted((key for key in texts if key not in known), key=lambda key: len(texts[key]))
        for at in range(0, len(unknown), KEPT_AT_ONCE):
            new = dict[str, bytes]()
            for first in range(at, min(at + KEPT_AT_ONCE, len(unknown)), TEXTS_AT_ONCE):
                part = unknown[first:min(first + TEXTS_AT_ONCE, at + KEPT_AT_ONCE)]
                rows = await self.embedder.vectors([texts[key] for key in part])
                new |= zip(part, packed(rows), strict=True)
            async with self.store.begin() as session:
                await runbook_vectors.keep(session, self.workspace, model, new)
            known |= new
        return known


def _said(asked: asyncio.Future[Matrix]) -> None:
    """Nobody waits for it any more."""
    if not asked.cancelled() and asked.exception() is not None:
        log.warning("what a question means is not known: %s", asked.exception())


def _windows(entries: Sequence[Entry]) -> tuple[list[Windows], dict[str, str]]:
    """The windows of these sections, and their texts by digest."""
    found, texts = list[Windows](), dict[str, str]()
    for entry in entries:
        one, read = windows(entry)
        found.append(one)
        texts |= zip(one.digests, read, strict=True)
    return found, texts


def _changed(before: _Understood, gone: Sequence[str], read: Sequence[Windows], known: Mapping[str, bytes],
             states: States) -> _Understood:
    """Takes a processor for as long as all vectors take to copy."""
    out = frozenset(gone)
    digests = {page: those for page, those in before.digests.items() if page not in out}
    for one in read:
        digests[one.page] = digests.get(one.page, frozenset()) | frozenset(one.digests)
    return _Understood(states, before.vectors.changed(out, read, known), digests, before.model)

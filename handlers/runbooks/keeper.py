"""Keeps the index of a workspace's runbooks in memory, and up to date with what the database holds.

Each replica keeps its own. A question looks whether the sources have changed, which is one small query; what
changed is read in the background, a few pages at a time, while the index as it was goes on answering.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Collection, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from handlers.runbooks import pages
from handlers.runbooks.embedding import Died
from handlers.runbooks.heap import give_back
from handlers.runbooks.index import Index, building
from handlers.runbooks.model import NotThere
from handlers.runbooks.pages import States
from handlers.runbooks.policy import Policies
from handlers.runbooks.progress import Progress, Stage, StillReading
from handlers.runbooks.understanding import Embedder, Understanding
from handlers.runbooks.values import Entry, Found, Kept
from storage import runbooks
from storage.engine import Store
from storage.runbooks import Placed, Version

log = logging.getLogger(__name__)

PATIENCE_S: Final = 0.5
"""How long a question waits for what changed; then it is answered from the index as it was."""
_AGAIN_S: Final = {Stage.READING: 10.0, Stage.UNDERSTANDING: 300.0}
"""After one that failed, the next is begun so much later."""


_MANY: Final = 200
"""Pages after whose reading there is memory to be given back."""

_Run = Callable[[], Coroutine[None, None, None]]


@dataclass(frozen=True, slots=True)
class _Held:
    index: Index
    versions: Mapping[str, Version]
    states: States


@dataclass(slots=True)
class Keeper:
    store: Store
    workspace: str
    policy: Policies = field(default_factory=Policies)
    clock: Callable[[], datetime] | None = None
    """To know how old a page is; None: age is not looked at."""
    embedder: Embedder | None = None
    """None: words alone decide."""
    _held: _Held | None = None
    _reading: Progress | None = None
    _understanding: Understanding | None = field(init=False, default=None)
    _tasks: dict[Stage, asyncio.Task[None]] = field(default_factory=dict)
    _not_before: dict[Stage, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.embedder is not None:
            self._understanding = Understanding(self.store, self.workspace, self.embedder, self.clock)

    async def find(self, question: str, *, pilot: str | None = None, at_most: int = 3,
                   patience_s: float = PATIENCE_S) -> Found:
        """What the shared runbooks and those of this pilot say to a question.

        `pilot`: by its name as the policy has it; None: the shared ones alone. `patience_s`: how long to wait
        for what changed. Raises StillReading where there is no index at all yet.
        """
        held = await self._fresh(patience_s)
        cosines = await self._understanding.cosines(question, held.states) if self._understanding else None
        sources = self.policy.sources.values()
        names = {each.name for each in sources if each.pilot in (None, pilot)}
        own = {each.name for each in sources if pilot is not None and each.pilot == pilot}
        return await asyncio.to_thread(
            held.index.ask, question, at_most=at_most, sources=names, cosines=cosines,
            today=self.clock().date() if self.clock else None, stale_after=self.policy.stale_after,
            own=own)

    async def kept(self, sections: Collection[int]) -> Sequence[Kept]:
        """These sections as an answer shows them, in the order asked for; what is gone is left out."""
        async with self.store.glancing() as session:
            found = await runbooks.placed(session, self.workspace, sections)
        return [self._kept(found[each]) for each in sections
                if each in found and found[each].page.source in self.policy.sources]

    def progress(self) -> Progress | None:
        """How far reading has come; None: everything is read, and understood where that is wished for."""
        return self._reading or (self._understanding.progress if self._understanding else None)

    async def look(self) -> None:
        """Begin to read what has changed, if anything has; does not wait for it. The tick's part."""
        async with self.store.glancing() as session:
            versions = await self._versions(session)
        if self._held is None or self._held.versions != versions:
            self._begin(Stage.READING, self._read)
        else:
            self._understand()

    async def settled(self) -> None:
        """Wait until nothing is being read."""
        while running := [task for task in self._tasks.values() if not task.done()]:
            await asyncio.wait(running)

    async def forget(self) -> int:
        """Drop vectors that no page needs any more; how many. For a tick, now and then."""
        held = self._held
        if self._understanding is None or held is None or self._understanding.is_behind(held.states):
            return 0

        async def is_newest(session: AsyncSession) -> bool:
            return self._held is held and await self._versions(session) == held.versions

        return await self._understanding.forget(is_newest)

    async def close(self) -> None:
        """End what is being read, and the model's process."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self.embedder is not None:
            await self.embedder.close()

    def knows(self, versions: Mapping[str, Version]) -> bool:
        """Whether what is found is how these versions of the sources are."""
        mine = {name: version for name, version in versions.items() if name in self.policy.sources}
        return self._held is not None and self._held.versions == mine

    async def _fresh(self, patience_s: float) -> _Held:
        """The newest index, if it can be had soon, otherwise the one there is. Raises StillReading."""
        async with self.store.glancing() as session:
            versions = await self._versions(session)
        deadline = asyncio.get_running_loop().time() + patience_s
        for _ in range(2):  # a build that runs may have looked before the last change: the next one has not
            if self._held is not None and self._held.versions == versions:
                break
            task = self._begin(Stage.READING, self._read)
            if task is None:
                break
            await asyncio.wait({task}, timeout=max(deadline - asyncio.get_running_loop().time(), 0))
        if self._held is None:
            raise StillReading(self._reading or Progress(Stage.READING, 0, 0, None))
        return self._held

    async def _versions(self, session: AsyncSession) -> dict[str, Version]:
        """Of the sources that the policy has; another's pages are answered from no more."""
        return {name: version for name, version in (await runbooks.versions(session, self.workspace)).items()
                if name in self.policy.sources}

    def _begin(self, stage: Stage, run: _Run) -> asyncio.Task[None] | None:
        """The one task of a stage, begun if none runs; None: the last one failed just now."""
        running = self._tasks.get(stage)
        if running is not None and not running.done():
            return running
        if asyncio.get_running_loop().time() < self._not_before.get(stage, 0.0):
            return None
        self._tasks[stage] = asyncio.create_task(self._carefully(stage, run))
        return self._tasks[stage]

    async def _carefully(self, stage: Stage, run: _Run) -> None:
        """What goes wrong is logged, and tried again later: the index as it was goes on answering."""
        try:
            await run()
        except (NotThere, Died) as error:
            log.warning("runbooks are found by their words alone: %s", error)
        except Exception:
            log.exception("the runbooks could not be read to the end; they answer as they were before")
        else:
            return
        self._not_before[stage] = asyncio.get_running_loop().time() + _AGAIN_S[stage]
        if stage == Stage.READING and self._reading is not None:
            self._reading = replace(self._reading, has_failed=True)
        if stage == Stage.UNDERSTANDING and self._understanding is not None:
            self._understanding.progress = None

    def _understand(self) -> None:
        """Begin to understand what is not yet."""
        if self._understanding is not None and self._held is not None \
                and self._understanding.is_behind(self._held.states):
            self._begin(Stage.UNDERSTANDING, partial(self._understanding.catch_up, self._wanted))

    def _wanted(self) -> States:
        return self._held.states if self._held is not None else {}

    async def _read(self) -> None:
        """Read what changed, until nothing has changed meanwhile."""
        self._reading = Progress(Stage.READING, 0, 0, self.clock() if self.clock else None)
        is_large = False
        while True:
            async with self.store.reading() as session:
                versions = await self._versions(session)
            if self._held is not None and self._held.versions == versions:
                break
            # Sources before pages: a change between the two is read now, and looked at once more.
            states = await pages.states(self.store, self.workspace, versions)
            index = await (self._whole(states) if self._held is None or _is_another(self._held.states, states)
                           else self._changed(self._held, states))
            self._held = _Held(index, versions, states)
            is_large = is_large or self._reading.of > _MANY
        self._reading = None
        if is_large:
            await asyncio.to_thread(give_back)
        self._understand()

    async def _whole(self, states: States) -> Index:
        begun = await asyncio.to_thread(building, self.policy.synonyms)
        async for entries in self._entries(states, list(states)):
            await asyncio.to_thread(begun.add, entries)
        return await asyncio.to_thread(begun.built)

    async def _changed(self, held: _Held, states: States) -> Index:
        gone, new = pages.changes(held.states, states)
        index = await asyncio.to_thread(held.index.changed, gone, ()) if gone else held.index
        async for entries in self._entries(states, new):
            index = await asyncio.to_thread(index.changed, (), entries)
        return index

    async def _entries(self, states: States, names: Sequence[str]) -> AsyncIterator[list[Entry]]:
        """The sections of these pages, a few pages at a time."""
        assert self._reading is not None
        done, begun = 0, self._reading
        for batch in pages.batches(names):
            self._reading = replace(begun, done=done, of=len(names))
            yield await pages.entries(self.store, self.workspace, [states[name] for name in batch])
            done += len(batch)

    def _kept(self, placed: Placed) -> Kept:
        section, page = placed.section, placed.page
        source = self.policy.sources[page.source]
        return Kept(section.id, page.source, page.path, page.title, tuple(section.path), section.anchor,
                    section.markdown, page.url, page.owner or source.owner, page.changed_at, page.is_stub,
                    source.is_internal, source.pilot)


def _is_another(before: States, now: States) -> bool:
    """Whether more is new than is not; then all is made anew, for each few pages put in copy the whole index.

    That is so when a source is read for the first time, of which the keeper has seen the beginning.
    """
    return 2 * sum(before.get(name) != state for name, state in now.items()) > len(now)

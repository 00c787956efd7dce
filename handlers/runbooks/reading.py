"""Reads the sources of runbooks as they fall due, and keeps what they say, page by page.

What cannot be read just now stays as it was read before: an old runbook is better than none. A source is in
the hands of one replica at a time; who dies leaves it to the others when its time is over.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from sqlalchemy.exc import SQLAlchemyError

from handlers.chat.ports import Clock
from handlers.runbooks import folder, web_page
from handlers.runbooks.due import LEASE, LONGEST, is_being_read, is_corrected, is_due, made_of, spread
from handlers.runbooks.fetched import Fetched, Unread
from handlers.runbooks.git import Git, cache_folder
from handlers.runbooks.keeping import keep
from handlers.runbooks.parsing import Parsing
from handlers.runbooks.policy import Kind, Policies, Source
from handlers.runbooks.taking import Taking
from handlers.web.http import Http
from storage import runbooks
from storage.engine import Store

log = logging.getLogger(__name__)

AT_ONCE: Final = 4
_WITHIN = timedelta(minutes=10)
_SOON: Final = 5.0
"""Seconds that a tick waits for what it began; what takes longer goes on beside the next ticks."""
_FIRST: Final = timedelta(minutes=1)
"""Until a source that failed is tried again for the first time."""
_SHOWN: Final = 50
_OF_ONE_READING: Final = ("again", "reading_until", "progress")


@dataclass(frozen=True, slots=True)
class Asked:
    """A source that was taken in hand, with what was known of it before."""

    source: Source
    at: datetime
    revision: str | None
    failures: int
    details: dict[str, Any]


@dataclass(slots=True)
class _State:
    is_ready: bool = False
    tasks: dict[str, tuple[Asked, asyncio.Task[None]]] = field(default_factory=dict)
    """What is being read here, by the source's name."""

    def begin(self, asked: Asked, work: Coroutine[None, None, None]) -> None:
        name, task = asked.source.name, asyncio.create_task(work)
        self.tasks[name] = (asked, task)
        task.add_done_callback(lambda _: self.tasks.pop(name, None))


@dataclass(frozen=True, slots=True)
class Reading:
    store: Store
    clock: Clock
    workspace: str
    policy: Policies
    http: Http
    secret: Callable[[str], str | None]
    cache: Path
    """A folder for copies of repositories."""
    _state: _State = field(default_factory=_State)

    async def run(self) -> int:
        """Begin to read what is due; returns how many sources that were."""
        for asked in (found := await self._claim(AT_ONCE - len(self._state.tasks))):
            self._state.begin(asked, self._one(asked))
        if running := [task for _, task in self._state.tasks.values()]:
            await asyncio.wait(running, timeout=_SOON)
        return len(found)

    async def read_due(self) -> int:
        """Read what is due to the end; returns how many sources that were."""
        found = await self._claim(AT_ONCE)
        await asyncio.gather(*(self._one(asked) for asked in found))
        return len(found)

    async def end(self) -> None:
        """Let go of what is being read: whoever runs next has it at once."""
        running = list(self._state.tasks.values())
        for _, task in running:
            task.cancel()
        await asyncio.gather(*(task for _, task in running), return_exceptions=True)
        for asked, task in running:
            if task.cancelled():
                await self._let_go(asked)

    async def ask(self, name: str) -> bool:
        """Have a source read as soon as can be; False: there is none of that name."""
        async with self.store.begin() as session:
            row = await runbooks.locked(session, self.workspace, name)
            if row is None or name not in self.policy.sources:
                return False
            if is_being_read(row, self.clock()):
                row.details = {**row.details, "again": True}
            else:
                row.next_at = self.clock()
            return True

    # ---- taking in hand ------------------------------------------------------------------------------------

    async def _claim(self, room: int) -> list[Asked]:
        names = set(self.policy.sources) - set(self._state.tasks)
        if room <= 0 or (self._state.is_ready and not names):
            return []
        now = self.clock()
        if self._state.is_ready:
            async with self.store.glancing() as session:
                known = await runbooks.moments(session, self.workspace)
            names = {name for name in names & known.keys()
                     if is_due(self.policy.sources[name], known[name], now)}
            if not names:
                return []
        found = list[Asked]()
        async with self.store.begin() as session:
            if not self._state.is_ready:
                await runbooks.keep_only(session, self.workspace, self.policy.sources, now)
            for row in await runbooks.free(session, self.workspace, names):
                source = self.policy.sources[row.name]
                if not self._state.is_ready and is_corrected(row, source, now):
                    row.next_at = now
                if len(found) == room or not is_due(source, row.next_at, now):
                    continue
                row.asked_at, row.next_at = now, now + LEASE
                details = {key: value for key, value in row.details.items() if key not in _OF_ONE_READING}
                row.details = {**details, "reading_until": row.next_at.isoformat()}
                found.append(Asked(source, now, row.revision, row.failures, details))
        self._state.is_ready = True
        return found

    # ---- one source ----------------------------------------------------------------------------------------

    async def _one(self, asked: Asked) -> None:
        source = asked.source
        try:
            try:
                async with asyncio.timeout(_WITHIN.total_seconds()):
                    await self._read(asked)
            except Unread as error:
                await self._failed(asked, str(error), is_settled=error.is_settled)
            except TimeoutError:
                await self._failed(asked, f"Reading it took longer than {_WITHIN // timedelta(minutes=1)} "
                                          "minutes. What was read stays, and I go on from there.")
            except SQLAlchemyError:
                raise
            except Exception:  # a bug of ours: the others are read all the same
                log.exception("the runbooks of %s could not be read", source.name)
                await self._failed(asked, "Something went wrong on our side; the log says more. I keep what "
                                          "I read before, and try again.")
        except (SQLAlchemyError, OSError) as error:  # the database is away: when it is back the lease is over
            log.warning("what became of the runbooks of %s could not be kept: %s", source.name,
                        type(error).__name__)

    async def _read(self, asked: Asked) -> None:
        """Raises Unread."""
        source = asked.source
        made = made_of(source)
        is_same = asked.details.get("made_of") == made
        token = self._token(source)
        remembered = web_page.Remembered.of(asked.details) if is_same else web_page.Remembered()
        match source.kind:
            case Kind.FOLDER:
                fetched = await folder.fetch(source)
            case Kind.GIT:
                git = Git(source, cache_folder(self.cache, self.workspace, source), self.http, token)
                fetched = await git.fetch(asked.revision if is_same else None)
            case Kind.HTTP:
                fetched, remembered = await web_page.fetch(source, self.http, token, remembered)
        details = {"made_of": made, "etag": remembered.etag, "modified": remembered.modified}
        if fetched.is_unchanged:
            await self._ended(asked, {**asked.details, **details}, asked.revision)
            return
        await self._take(asked, fetched, details)

    def _token(self, source: Source) -> str | None:
        """Raises Unread."""
        if source.token_env is None:
            return None
        token = (self.secret(source.token_env) or "").strip()
        if not token:
            raise Unread(f"The environment variable {source.token_env} is not set. Put the token to read "
                         "this source into it, and start me again.", is_settled=True)
        if not token.isascii() or not token.isprintable() or " " in token:
            raise Unread(f"What {source.token_env} holds is no token: it has a space or a letter that none "
                         "has.",
                         is_settled=True)
        return token

    async def _take(self, asked: Asked, fetched: Fetched, details: dict[str, Any]) -> None:
        """Keep what a source holds now. Raises Unread."""
        source = asked.source
        async with self.store.reading() as session:
            known = await runbooks.known_pages(session, self.workspace, source.name)
        parsing = Parsing()
        taking = await asyncio.to_thread(Taking, source, fetched, known, parsing)
        if not taking.pages and known and source.kind is Kind.FOLDER:
            raise Unread(f"There is no Markdown in {source.where} any more; is a disk not mounted? I keep "
                         f"the {len(known)} pages I read before. If it is meant, take the source out of "
                         "runbooks.yaml.",
                         is_settled=True)
        done, has_changed = 0, False
        try:
            async with aclosing(taking.batches()) as batches:
                async for batch in batches:
                    done += len(batch)
                    async with self.store.begin() as session:
                        row = await runbooks.held(session, self.workspace, source.name, asked.at)
                        if row is None:
                            return  # somebody else has it in hand by now
                        has_changed |= await keep(session, row, batch, self.clock())
                        row.next_at = self.clock() + LEASE
                        row.details = {**row.details, "reading_until": row.next_at.isoformat(),
                                       "progress": [done, len(taking.pages)]}
        finally:
            await asyncio.to_thread(parsing.close)
        left = taking.left_out
        details |= {"left_out": [[each.path, each.why] for each in left[:_SHOWN]],
                    "left_out_count": len(left), "notes": list(fetched.notes), "branch": fetched.branch}
        await self._ended(asked, details, fetched.revision, gone=taking.gone, has_changed=has_changed)

    # ---- what came of it -----------------------------------------------------------------------------------

    async def _ended(self, asked: Asked, details: dict[str, Any], revision: str | None, *,
                     gone: list[int] | None = None, has_changed: bool = False) -> None:
        """It was read. The version rises with the last of its changes, so that an index is built once."""
        now = self.clock()
        async with self.store.begin() as session:
            row = await runbooks.held(session, self.workspace, asked.source.name, asked.at)
            if row is None:
                return
            for at in range(0, len(gone or ()), 500):
                await runbooks.drop_pages(session, self.workspace, (gone or [])[at:at + 500])
            if has_changed or gone or await runbooks.is_ahead(session, self.workspace, row):
                row.version += 1
                row.changed_at = now
            is_again = row.details.get("again")
            row.details = details
            row.revision, row.answered_at, row.error, row.failures = revision, now, None, 0
            row.next_at = now if is_again else now + spread(asked.source, now)
        if asked.failures:
            log.info("the runbooks of %s can be read again", asked.source.name)

    async def _failed(self, asked: Asked, why: str, *, is_settled: bool = False) -> None:
        now = self.clock()
        async with self.store.begin() as session:
            row = await runbooks.held(session, self.workspace, asked.source.name, asked.at)
            if row is None:
                return
            is_again = row.details.get("again")
            is_new = row.error != why
            row.details = asked.details
            row.failures, row.error = asked.failures + 1, why
            pause = asked.source.every if is_settled else _FIRST * 2 ** min(asked.failures, 10)
            row.next_at = now if is_again else now + min(max(pause, _FIRST), LONGEST)
        if is_new:
            log.warning("the runbooks of %s cannot be read: %s", asked.source.name, why)


    async def _let_go(self, asked: Asked) -> None:
        now = self.clock()
        try:
            async with self.store.begin() as session:
                row = await runbooks.held(session, self.workspace, asked.source.name, asked.at)
                if row is not None:
                    row.details, row.next_at = asked.details, now
        except (SQLAlchemyError, OSError) as error:  # then its time has to pass
            log.warning("the runbooks of %s could not be let go: %s", asked.source.name, type(error).__name__)

"""Pages are parsed beside the event loop: a few in a thread, many or large ones in a process to be ended."""

from __future__ import annotations

import asyncio
import logging
import resource
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Final

from handlers.runbooks.markdown import read_page
from handlers.runbooks.values import Page

log = logging.getLogger(__name__)

PER_PAGE: Final = timedelta(minutes=2)
"""Ten megabytes of prose take 15 s of a processor; what is made to be slow takes longer, and is left out."""
MEMORY: Final = 2 * 1024 ** 3
"""Bytes that the process may take: more of them are needed for little that is made to be much."""
_FEW, _SMALL = 20, 64 * 1024
"""Pages, and characters of all of them, that a thread may parse: seven seconds at the very worst."""


class Unparsed(Exception):
    """A page that could not be parsed. The message is the rest of a sentence about it: "it takes ..."."""


@dataclass(frozen=True, slots=True)
class Text:
    """A page as it is to be parsed, with all that it takes in."""

    path: str
    source: str
    is_squeezed: bool = False


@dataclass(slots=True)
class Parsing:
    """Parses pages; `close` ends its process, if it took one."""

    per_page: timedelta = PER_PAGE
    memory: int = MEMORY
    _process: BaseProcess | None = None
    _wire: Connection | None = None
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    _is_over: bool = False

    async def pages(self, texts: Sequence[Text], *, of_many: bool = False) -> list[Page | Unparsed]:
        """Each page, or why there is none.

        `of_many`: more are to come, so that a process is worth its start.
        """
        if not of_many and len(texts) <= _FEW and sum(len(each.source) for each in texts) <= _SMALL:
            return list(await asyncio.to_thread(lambda: [_parsed(each) for each in texts]))
        async with self._turn:
            return await asyncio.to_thread(lambda: [self._apart(each) for each in texts])

    def _apart(self, text: Text) -> Page | Unparsed:
        if self._is_over:  # nobody waits for it any more, and a process begun now would be nobody's
            return Unparsed("reading it was cut off")
        try:
            wire = self._begun()
            wire.send(text)
            if wire.poll(self.per_page.total_seconds()):
                found: Page | Unparsed = wire.recv()
                return found
        except (EOFError, OSError, ValueError, TypeError):  # killed, not ours any more, or closed under us
            self._end()
            return Unparsed("the process that parsed it died")
        self._end()
        return Unparsed(f"it takes more than {self.per_page.total_seconds():g} seconds to parse")

    def _begun(self) -> Connection:
        if self._wire is None or self._process is None or not self._process.is_alive():
            context = get_context("spawn")
            ours, theirs = context.Pipe()
            self._process = context.Process(target=_work, args=(theirs, self.memory), daemon=True,
                                            name="runbook parser")
            self._process.start()
            theirs.close()
            self._wire = ours
        return self._wire

    def close(self) -> None:
        """End the process, if there is one, whatever it does; none is begun after it."""
        self._is_over = True
        self._end()

    def _end(self) -> None:
        if self._wire is not None:
            self._wire.close()
        process, self._wire, self._process = self._process, None, None
        with suppress(ValueError):  # somebody else ended it just now
            if process is not None and process.pid is not None:
                process.kill()
                process.join()
                process.close()


def _work(wire: Connection, memory: int) -> None:
    """What the process does until nobody asks any more."""
    with suppress(ValueError, OSError):  # not every system knows it
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    while True:
        try:
            wire.send(_parsed(wire.recv(), memory))
        except (EOFError, OSError, KeyboardInterrupt):
            return


def _parsed(text: Text, memory: int = MEMORY) -> Page | Unparsed:
    """One page that cannot be read is left out; it does not take the others with it."""
    try:
        return read_page(text.source, text.path, is_squeezed=text.is_squeezed)
    except MemoryError:
        return Unparsed(f"it takes more than {memory / 1024**3:g} GiB of memory to parse")
    except Exception as error:  # Markdown has no errors, so this is a bug of ours
        log.exception("the page %s could not be parsed", text.path)
        return Unparsed(f"it could not be parsed ({type(error).__name__}), which is our fault, not its")

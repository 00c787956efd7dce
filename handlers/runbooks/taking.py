"""From a source's files to pages: which have changed, what they take in, what cannot be read."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from hashlib import sha256
from typing import Any, Final

from handlers.runbooks.codeowners import owner_of
from handlers.runbooks.encoding import NoText, decoded
from handlers.runbooks.fetched import LARGEST_PAGE, Fetched, LeftOut, chosen
from handlers.runbooks.front import Front, front
from handlers.runbooks.includes import LARGEST, has_includes, included
from handlers.runbooks.includes import Taken as TakenIn
from handlers.runbooks.page_urls import is_gitlab, page_url
from handlers.runbooks.parsing import Parsing, Text, Unparsed
from handlers.runbooks.policy import Source
from handlers.runbooks.values import Page
from storage.runbooks import Known

READER: Final = 1
"""Raised when pages are to be parsed anew although they did not change."""
_AT_ONCE: Final = 32
_BYTES_AT_ONCE: Final = 4 * 1024 * 1024
"""Of pages that are held at once; a larger one is read by itself."""
_INCLUDES_AT_ONCE: Final = 8
_ROUNDS: Final = 6
_LARGE: Final = 256 * 1024
"""Bytes from which on a page is looked into beside the event loop."""
_MOST_ALIASES: Final = 100
_About = tuple[str, dict[str, Any], list[str]]
"""Of a page being read: its digest, what else is to be kept of it, and its faults."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A page as it is to be kept."""

    path: str
    digest: str
    url: str | None
    owner: str | None
    changed_at: datetime | None
    details: dict[str, Any]
    page: Page | None
    """None: its words are as they were."""
    known: Known | None


@dataclass(slots=True)
class Taking:
    """One source being taken in."""

    source: Source
    fetched: Fetched
    known: Mapping[str, Known]
    parsing: Parsing
    left_out: list[LeftOut] = field(default_factory=list)
    pages: list[str] = field(default_factory=list)
    kept: set[str] = field(default_factory=set)
    """Paths of pages that stay."""
    _owner: Callable[[str], str | None] = field(init=False)
    _url: Callable[[str], str | None] = field(init=False)

    def __post_init__(self) -> None:
        self.pages, left = chosen(list(self.fetched.files))
        self.left_out = [*self.fetched.left_out, *left]
        self._owner = owner_of(self.fetched.owners)
        self._url = page_url(self.source, self.fetched.branch)

    async def batches(self) -> AsyncGenerator[list[Taken], None]:
        """What is to be written, some pages at a time. Raises Unread."""
        read, told = await asyncio.to_thread(self._compared)
        for at in range(0, len(told), _AT_ONCE):
            yield told[at:at + _AT_ONCE]
        sizes, of_many = await self.fetched.prepare(read), len(read) > _AT_ONCE
        ahead: asyncio.Task[list[Taken]] | None = None
        try:
            for part in self._parts(read, sizes):
                done, ahead = ahead, asyncio.create_task(self._after(ahead, part, of_many=of_many))
                if done is not None:
                    yield await done  # while it is written, the next ones are read
            if ahead is not None:
                yield await ahead
        finally:
            if ahead is not None:
                ahead.cancel()
                await asyncio.gather(ahead, return_exceptions=True)

    def _compared(self) -> tuple[list[str], list[Taken]]:
        """Which pages are to be looked into, and what else is to be said of those that stay as they were."""
        read, told = list[str](), list[Taken]()
        for path in self.pages:
            if not self._is_same(path):
                read.append(path)
                continue
            self.kept.add(path)
            if (taken := self._retold(path)) is not None:
                told.append(taken)
        return read, told

    def _parts(self, paths: Sequence[str], sizes: Mapping[str, int]) -> Iterator[list[str]]:
        """So many at once that they fit into memory, with all that is made of them."""
        part, held = list[str](), 0
        for path in paths:
            size = min(sizes.get(path) or self.fetched.files[path].size, LARGEST_PAGE)
            if part and (len(part) == _AT_ONCE or held + size > _BYTES_AT_ONCE):
                yield part
                part, held = [], 0
            part.append(path)
            held += size
        if part:
            yield part

    @property
    def gone(self) -> list[int]:
        """Numbers of the pages that are not there any more."""
        return [page.id for path, page in self.known.items() if path not in self.kept]

    def _is_same(self, path: str) -> bool:
        """Whether it need not even be looked into."""
        known = self.known.get(path)
        return (known is not None and known.details.get("stamp") == self.fetched.files[path].stamp
                and known.details.get("reader") == READER and not known.details.get("takes_in"))

    def _retold(self, path: str) -> Taken | None:
        """An unchanged page about which something else is to be said; None: nothing."""
        known = self.known[path]
        taken = self._about(path, known.digest, dict(known.details), None, known.details.get("own"))
        if (taken.url, taken.owner, taken.changed_at) == (known.url, known.owner, known.changed_at):
            return None
        return taken

    def _about(self, path: str, digest: str, details: dict[str, Any], page: Page | None,
               own: dict[str, str] | None) -> Taken:
        """`own`: what the page says of itself: ``owner``, ``changed_on``."""
        own, file = own or {}, self.fetched.files[path]
        changed_at = file.changed_at or (
            datetime.combine(datetime.fromisoformat(own["changed_on"]).date(), time(), UTC)
            if "changed_on" in own else None)
        owner = own.get("owner") or self._owner(self.fetched.prefix + path)
        return Taken(path, digest, self._url(path), owner, changed_at,
                     {**details, "stamp": file.stamp, "reader": READER}, page, self.known.get(path))

    async def _after(self, before: asyncio.Task[list[Taken]] | None, paths: Sequence[str], *,
                     of_many: bool) -> list[Taken]:
        """Read one part behind the other: no more than two are held at a time. Raises Unread."""
        if before is not None:
            await asyncio.wait({before})
        return await self._read(paths, of_many=of_many)

    # ---- pages that changed --------------------------------------------------------------------------------

    async def _read(self, paths: Sequence[str], *, of_many: bool) -> list[Taken]:
        """Raises Unread."""
        raw = await self.fetched.load(paths)
        texts, about = list[Text](), dict[str, _About]()
        found = list[Taken]()
        for path in paths:
            if path not in raw:
                self._leave(path, "it could not be read", stays=True)
                continue
            is_large = len(raw[path]) > _LARGE
            source = (await asyncio.to_thread(self._text, path, raw[path], about) if is_large
                      else self._text(path, raw[path], about))
            if source is None:
                continue
            takes_in = has_includes(source)
            source, digest = await self._with_includes(path, source, raw[path], about[path][2])
            known = self.known.get(path)
            if known is not None and known.digest == digest and known.details.get("reader") == READER:
                self.kept.add(path)
                found.append(self._about(path, digest, dict(known.details), None, known.details.get("own")))
                continue
            about[path] = (digest, {"takes_in": True} if takes_in else {}, about[path][2])
            texts.append(Text(path, source, is_gitlab(self.source)))
        parsed = await self.parsing.pages(texts, of_many=of_many)
        return found + await asyncio.to_thread(self._all_made, texts, parsed, about)

    def _all_made(self, texts: Sequence[Text], parsed: Sequence[Page | Unparsed],
                  about: Mapping[str, _About]) -> list[Taken]:
        found = list[Taken]()
        for text, page in zip(texts, parsed, strict=True):
            if isinstance(page, Unparsed):
                self._leave(text.path, str(page), stays=True)
            else:
                found.append(self._made(text, page, *about[text.path]))
        return found

    def _text(self, path: str, raw: bytes, about: dict[str, _About]) -> str | None:
        if len(raw) > LARGEST_PAGE:
            self._leave(path, f"it is larger than {LARGEST_PAGE // 1024**2} MiB; split it")
            return None
        try:
            source, fault = decoded(raw)
        except NoText as error:
            self._leave(path, str(error))
            return None
        about[path] = ("", {}, [fault] if fault else [])
        return source

    def _leave(self, path: str, why: str, *, stays: bool = False) -> None:
        """`stays`: what was read of it before is better than nothing."""
        self.left_out.append(LeftOut(path, why))
        if stays:
            self.kept.add(path)

    async def _with_includes(self, path: str, source: str, raw: bytes, faults: list[str]) -> tuple[str, str]:
        """The page with what it takes in, and the digest of all of it. Raises Unread."""
        digest = await asyncio.to_thread(sha256, raw) if len(raw) > _LARGE else sha256(raw)
        if not has_includes(source):
            return source, digest.hexdigest()
        head = (await asyncio.to_thread(front, source)).lines
        lines = source.split("\n")
        body = "\n".join(lines[head:])
        texts, missing = dict[str, str](), set[str]()
        for _ in range(_ROUNDS):
            wanted, taken = await asyncio.to_thread(self._included, body, path, texts)
            if not (wanted := wanted - missing):
                break
            await self._get(sorted(wanted), texts)
            missing |= wanted - set(texts)
        faults += taken.faults
        for name in sorted(texts):
            digest.update(f"\0{name}\0{texts[name]}".encode("utf-8", "replace"))
        return "\n".join((*lines[:head], taken.text)), digest.hexdigest()

    def _included(self, body: str, path: str, texts: Mapping[str, str]) -> tuple[set[str], TakenIn]:
        """What is still wanted to take it in, and what came of it without that."""
        wanted = set[str]()

        def read(asked: str) -> str | None:
            if asked not in texts and asked in self.fetched.files:
                wanted.add(asked)
            return texts.get(asked)

        return wanted, included(body, path, read)

    async def _get(self, wanted: Sequence[str], texts: dict[str, str]) -> None:
        """Files to take in, until there are as many as fit into a page. Raises Unread."""
        room = LARGEST - sum(map(len, texts.values()))
        for at in range(0, len(wanted), _INCLUDES_AT_ONCE):
            if room < 0:
                return
            for name, content in (await self.fetched.load(wanted[at:at + _INCLUDES_AT_ONCE])).items():
                if len(content) > 4 * LARGEST:
                    continue
                with suppress(NoText):
                    texts[name] = decoded(content)[0]
                    room -= len(texts[name])

    def _made(self, text: Text, page: Page, digest: str, more: dict[str, Any],
              faults: Sequence[str]) -> Taken:
        self.kept.add(text.path)
        own = {"owner": page.owner} if page.owner else {}
        changed_on = Front(values=page.front).changed_on
        if changed_on is not None:
            own["changed_on"] = changed_on.isoformat()
        details: dict[str, Any] = {"aliases": list(page.aliases[:_MOST_ALIASES]), "front": dict(page.front),
                                   **more}
        if own:
            details["own"] = own
        if all_faults := list(dict.fromkeys((*faults, *page.faults))):
            details["faults"] = all_faults[:10]
        return self._about(text.path, digest, details, page, own)

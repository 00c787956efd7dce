"""What a source holds just now, however it is reached: its files, and how to get at them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Final

LARGEST_PAGE: Final = 10 * 1024 * 1024
"""Bytes of one file."""
MOST_PAGES: Final = 10_000
LARGEST_SOURCE: Final = 512 * 1024 * 1024
"""Bytes of everything that is read of one source."""
LONGEST_PATH: Final = 500
MARKDOWN: Final = (".md", ".markdown", ".mdown", ".mkd", ".mdx")
OTHER_PROSE: Final = (".adoc", ".asciidoc", ".rst", ".textile", ".org", ".wiki", ".docx", ".pdf", ".ipynb")
"""Runbooks are written in these, too; we cannot read them, and say so."""
_FOREIGN: Final = frozenset({"node_modules", "vendor", "__pycache__", "site-packages"})


class Unread(Exception):
    """A source could not be read. The message is one or two sentences: why, and what to do."""

    def __init__(self, said: str, *, is_settled: bool = False) -> None:
        super().__init__(said)
        self.is_settled = is_settled
        """Somebody has to change something before it can work: trying soon again is of no use."""


@dataclass(frozen=True, slots=True)
class File:
    path: str
    """Relative to the source, with ``/``."""
    stamp: str
    """Another where the content is another; compared with what it was at the last reading."""
    changed_at: datetime | None = None
    size: int = 0
    """Bytes, where that is known before it is read."""


Load = Callable[[Sequence[str]], Awaitable[Mapping[str, bytes]]]
"""The content of files by path, those that cannot be read left out. Raises Unread."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A file that is not read, and why: the rest of a sentence about it."""

    path: str
    why: str


async def _nothing(_paths: Sequence[str]) -> Mapping[str, bytes]:
    return {}


async def _at_once(_paths: Sequence[str]) -> Mapping[str, int]:
    """Nothing is to be done before these are loaded."""
    return {}


@dataclass(frozen=True, slots=True)
class Fetched:
    """All that a source holds."""

    files: Mapping[str, File] = field(default_factory=lambda: MappingProxyType({}))
    """Pages and what they may take in, by path."""
    load: Load = _nothing
    prepare: Callable[[Sequence[str]], Awaitable[Mapping[str, int]]] = _at_once
    """Gets the content of many files in one go, before they are loaded some at a time; gives how many bytes
    those have of which that was not known."""
    revision: str | None = None
    is_unchanged: bool = False
    """It is as it was at the revision that was given: what was read of it stays, `files` is empty."""
    left_out: tuple[LeftOut, ...] = ()
    notes: tuple[str, ...] = ()
    """What else is to be said of it, sentences."""
    branch: str | None = None
    """The one that was read, for the addresses of pages."""
    owners: str = ""
    """A CODEOWNERS file."""
    prefix: str = ""
    """Where its files are within the repository, for `owners`."""


def is_page(path: str) -> bool:
    return path.lower().endswith(MARKDOWN)


def is_hidden(path: str) -> bool:
    """Whether a path leads through what is not meant to be read: hidden folders, other people's code."""
    return any(part.startswith(".") or part in _FOREIGN for part in path.split("/"))


def judged(path: str) -> str | None:
    """Why a page at this path is not read; None: it is."""
    if len(path) > LONGEST_PATH:
        return f"its path has more than {LONGEST_PATH} letters"
    if not path.isprintable() or (not path.isascii() and path.encode("utf-8", "replace").decode() != path):
        return "its name holds letters that are none"
    return None


def chosen(paths: Sequence[str]) -> tuple[list[str], list[LeftOut]]:
    """Which of a source's files are pages, by path, and what of the rest is worth a word."""
    pages, left = list[str](), list[LeftOut]()
    foreign: dict[str, list[str]] = {}
    for path in sorted(paths):
        if is_page(path):
            why = judged(path)
            if why is not None:
                left.append(LeftOut(path[:80].encode("utf-8", "replace").decode(), why))
            elif len(pages) < MOST_PAGES:
                pages.append(path)
            else:
                left.append(LeftOut(path, f"there are more than {MOST_PAGES:,} pages before it"))
        elif path.lower().endswith(OTHER_PROSE):
            foreign.setdefault(path.rpartition(".")[2].lower(), []).append(path)
    for ending, found in foreign.items():
        more = f" and {len(found) - 1} more" if len(found) > 1 else ""
        left.append(LeftOut(f"{found[0]}{more}", f"I read Markdown, not .{ending}"))
    return pages, left

"""Pages that take in others: MkDocs snippets, includes of Jekyll, Hugo and Markdown preprocessors."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

_SNIPPET: Final = re.compile(r"([ \t]*+)-++8<-++[ \t]++(['\"])(?P<file>(?:(?!\2).)+)\2[ \t]*")
_SNIPPETS: Final = re.compile(r"[ \t]*+-++8<-++[ \t]*")
_LIQUID: Final = re.compile(
    r"([ \t]*+)\{%-?[ \t]*+(?:include|include-markdown|include_relative|include_cached)[ \t]++"
    r"(?:(['\"])(?P<quoted>[\w./ -]+)\2|(?P<file>(?:[\w./]|-(?!%))+))(?:[ \t][^%]*+)?-?%\}[ \t]*")
_HUGO: Final = re.compile(r"([ \t]*+)\{\{[<%][ \t]*+(?:include|readfile|readFile)[ \t]++(?:file=)?"
                          r"(['\"])(?P<file>(?:(?!\2).)+)\2.*[%>]\}\}[ \t]*")
_BANG: Final = re.compile(r"([ \t]*+)\{![ \t]*+(?P<file>[^!{}]+)!\}[ \t]*")
"""Like those of `dialects`: what they take grows with a line and no faster."""
_FENCE: Final = re.compile(r"[ \t]*(?:(?:[-*+>]|\d{1,9}[.)])[ \t]+)*(`{3,}|~{3,})")
_DEEPEST: Final = 5
_FAULTS: Final = 100
LARGEST: Final = 1024 * 1024
"""Characters that all which a page takes in may have together."""

Read = Callable[[str], str | None]
"""The text of a file of the same source by its path there; None: there is no such file, or no text."""


@dataclass(slots=True)
class Taken:
    """A page with all that it takes in."""

    text: str
    faults: list[str] = field(default_factory=list)
    room: int = LARGEST

    def fault(self, said: str) -> None:
        if len(self.faults) < _FAULTS:
            self.faults.append(said)


def has_includes(source: str) -> bool:
    """Whether it is worth looking."""
    return "8<-" in source or "{%" in source or "{{<" in source or "{{%" in source or "{!" in source


def included(source: str, path: str, read: Read) -> Taken:
    """The text of the page at `path` with what it takes in put where it is named.

    What may not be taken in or is not there is left as it is written, and is a fault.
    """
    taken = Taken(source)
    if has_includes(source):
        taken.text = "\n".join(_expanded(source.split("\n"), path, (path,), read, taken))
    return taken


def _expanded(lines: list[str], path: str, above: tuple[str, ...], read: Read, taken: Taken) -> list[str]:
    found: list[str] = []
    fence, is_list = "", False
    for line in lines:
        opened = _FENCE.match(line)
        if opened is not None:
            if not fence:
                fence = opened[1]
            elif opened[1].startswith(fence) and not line.strip().strip(fence[0]):
                fence = ""
        if _SNIPPETS.fullmatch(line):
            is_list = not is_list
            continue
        if is_list:
            named = line.strip()
            if named and not named.startswith(";"):
                found += _put(line, named, "", path, above, read, taken)
            continue
        match = _SNIPPET.fullmatch(line)
        if match is None and not fence:
            match = _LIQUID.fullmatch(line) or _HUGO.fullmatch(line) or _BANG.fullmatch(line)
        if match is None:
            found.append(line)
        else:
            named = match["file"] or match["quoted"]
            found += _put(line, named.strip(), match[1], path, above, read, taken)
    return found


def _put(line: str, named: str, indent: str, path: str, above: tuple[str, ...], read: Read,
         taken: Taken) -> list[str]:
    """The lines that stand for one that takes in a file."""
    if "://" in named or named.startswith(("/", "~")) or "\\" in named:
        taken.fault(f"it takes in {named[:100]}, which is not of this source")
        return [line]
    if len(above) > _DEEPEST:
        taken.fault(f"it takes in files that take in others, more than {_DEEPEST} deep")
        return [line]
    for candidate in _candidates(named, path):
        if candidate in above:
            taken.fault(f"{candidate} takes in itself")
            return [line]
        text = read(candidate)
        if text is None:
            continue
        taken.room -= len(text)
        if taken.room < 0:
            taken.fault(f"what it takes in is over {LARGEST // 1024} KiB together")
            return [line]
        inner = _expanded(text.rstrip("\n").split("\n"), candidate, (*above, candidate), read, taken)
        return [indent + each if each else each for each in inner]
    taken.fault(f"it takes in {named[:100]}, which is not there")
    return [line]


def _candidates(named: str, path: str) -> list[str]:
    """Where the file may be: beside the page, at the source's root, in the usual folders; never outside."""
    found = []
    for folder in (posixpath.dirname(path), "", "_includes", "includes", "snippets", "docs"):
        joined = posixpath.normpath(posixpath.join(folder, named))
        if joined not in (".", "..") and not joined.startswith(("../", "/")):
            found.append(joined)
    return list(dict.fromkeys(found))

"""Reads a page of Markdown: its sections with their headings, as CommonMark has them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

from markdown_it import MarkdownIt
from markdown_it.common.utils import normalizeReference
from markdown_it.token import Token

from handlers.runbooks import html
from handlers.runbooks.dialects import readable
from handlers.runbooks.front import front, jsonable
from handlers.runbooks.includes import Read, included
from handlers.runbooks.stubs import is_stub
from handlers.runbooks.values import Page, Section

_GAP: Final = re.compile(r"\s+")
_CUSTOM: Final = re.compile(r"\s*\{:?\s*#([A-Za-z][\w:.-]{0,100})(?:\s[^{}]*)?\}\s*$")
"""An anchor of its own at a heading's end, as Hugo, MkDocs and Docusaurus have it."""
_CLASSES: Final = re.compile(r"\s*\{:?\s*\.[^{}]{0,100}\}\s*$")
_REFERENCE: Final = re.compile(r"\[((?:[^\[\]\\\n]|\\.){1,300})\]")
_DASHES: Final = re.compile(r"-{2,}")
_INDEXES: Final = frozenset({"readme", "index", "_index"})
_NESTED: Final = 40
"""Levels of lists and quotes; what is nested deeper is not told apart any more."""
SECTIONS: Final = 5000
"""Of one page; the last one holds what more headings it has, as words."""
_HEADING: Final = 300
"""Letters of a heading that all sections below it repeat; the rest of a longer one is its section's words."""
_DEFINED: Final = 2000
"""Letters of one link's definition, and of all of a section, that are said again where they are needed."""


@cache
def parser() -> MarkdownIt:
    """CommonMark with tables; HTML is kept as it stands, and read by `html`."""
    return MarkdownIt("commonmark", {"maxNesting": _NESTED}).enable("table")


@dataclass(slots=True)
class _Open:
    """A section while its page is read."""

    level: int
    path: tuple[str, ...]
    anchor: str
    first: int
    """The line after its heading."""
    text: list[str] = field(default_factory=list)
    code: list[str] = field(default_factory=list)


def read_page(source: str, path: str, *, read: Read | None = None, is_squeezed: bool = False) -> Page:
    """The page at ``path`` of a source. Never raises: Markdown has no errors.

    Args:
        read: what other files of the source say, for pages that take them in; None: none are taken in.
        is_squeezed: anchors are made as GitLab makes them, with one dash where GitHub leaves several.
    """
    source = source.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\ufffd")
    head = front(source)
    faults = list(head.faults)
    body = "\n".join(source.split("\n")[head.lines:])
    if read is not None:
        taken = included(body, path, read)
        body, faults = taken.text, [*faults, *taken.faults]
    made = _Sections(body, is_squeezed=is_squeezed)
    title = head.title or made.title or _name_of(path)
    sections = tuple(each if each.path else Section(
        each.ordinal, each.level, (title,), each.anchor, each.markdown, each.text, each.code)
        for each in made.sections)
    return Page(path, title, sections, is_stub=is_stub(sections, made.links), owner=head.owner,
                aliases=head.aliases, front=jsonable(head), faults=tuple(dict.fromkeys(faults)))


class _Sections:
    """The sections of a page's body."""

    def __init__(self, body: str, *, is_squeezed: bool) -> None:
        env: dict[str, Any] = {}
        self._lines = body.split("\n")
        tokens = parser().parse(readable(body), env)
        self._references: Mapping[str, Any] = env.get("references", {})
        self._anchors, self._squeezed = _Anchors(), is_squeezed
        self._above: list[tuple[int, tuple[str, ...]]] = []
        self.sections: list[Section] = []
        self.title: str | None = None
        self.links: list[str] = []
        """The words of each link."""
        self._open = _Open(0, (), "", 0)
        self._read(tokens)
        self._close(len(self._lines))

    def _read(self, tokens: Sequence[Token]) -> None:
        heading = False
        for at, token in enumerate(tokens):
            match token.type:
                case "heading_open" if token.level == 0 and token.map and len(self.sections) < SECTIONS - 1:
                    self._close(token.map[0])
                    self._open = self._begun(token, tokens[at + 1].children or ())
                    heading = True
                case "inline" if heading:
                    heading = False
                case "inline":
                    self._take(token.children or ())
                case "fence" | "code_block":
                    self._open.code.append(token.content.rstrip("\n"))
                case "html_block":
                    self._take_html(token.content)

    def _begun(self, token: Token, children: Sequence[Token]) -> _Open:
        """The section that a heading begins."""
        assert token.map is not None
        level, words = int(token.tag[1]), _GAP.sub(" ", plain_words(children)).strip()
        custom = _CUSTOM.search(words)
        words = _CLASSES.sub("", _CUSTOM.sub("", words))
        anchor = self._anchors.of(custom[1] if custom is not None
                                  else anchor_of(words, is_squeezed=self._squeezed))
        while self._above and self._above[-1][0] >= level:
            self._above.pop()
        rest, words = words[_HEADING:], words[:_HEADING]
        path = (*(self._above[-1][1] if self._above else ()), words or "…")
        self._above.append((level, path))
        if level == 1 and self.title is None and words:
            self.title = words
        return _Open(level, path, anchor, token.map[1], [rest] if rest else [])

    def _take(self, children: Sequence[Token]) -> None:
        self._open.text.append(plain_words(children))
        inside: list[Token] | None = None
        for child in children:
            if child.type == "code_inline":
                self._open.code.append(child.content)
            elif child.type == "link_open":
                inside = []
            elif child.type == "link_close" and inside is not None:
                self.links.append(plain_words(inside))
                inside = None
            if inside is not None:
                inside.append(child)

    def _take_html(self, source: str) -> None:
        for piece in html.pieces(source):
            if piece.kind == "code":
                self._open.code.append(piece.text)
            else:
                self._open.text.append(piece.text)
            if piece.kind == "heading" and self.title is None and not self.sections:
                self.title = piece.text

    def _close(self, last: int) -> None:
        open_ = self._open
        markdown = "\n".join(self._lines[open_.first:last]).strip("\n")
        if not markdown.strip() and not open_.level:
            return
        markdown += self._defined(markdown, open_.first, last)
        text = _GAP.sub(" ", " ".join(open_.text)).strip()
        self.sections.append(Section(len(self.sections), open_.level, open_.path, open_.anchor, markdown,
                                     text, "\n".join(open_.code)))

    def _defined(self, markdown: str, first: int, last: int) -> str:
        """What the section's links need that is defined elsewhere on the page: so that it can stand alone."""
        if not self._references:
            return ""
        found, room = dict[str, str](), _DEFINED
        for label in _REFERENCE.findall(markdown):
            key = normalizeReference(label)
            known = self._references.get(key)
            if known is None or key in found or first <= known["map"][0] < last:
                continue
            title = str(known.get("title") or "").replace('"', "'")
            said = f"[{label}]: <{known['href']}>" + (f' "{title}"' if title else "")
            if len(said) <= room:
                found[key] = said
                room -= len(said)
        return "\n\n" + "\n".join(found.values()) if found else ""


class _Anchors:
    """Anchors of one page, each once: the second of a name gets ``-1``, as code hosts do it."""

    def __init__(self) -> None:
        self._taken: dict[str, int] = {}

    def of(self, base: str) -> str:
        number, anchor = self._taken.get(base, -1) + 1, base
        if number:
            anchor = f"{base}-{number}"
            while anchor in self._taken:
                number += 1
                anchor = f"{base}-{number}"
        self._taken[base] = number
        self._taken.setdefault(anchor, 0)
        return anchor


def anchor_of(words: str, *, is_squeezed: bool = False) -> str:
    """As code hosts make it of a heading: its letters, marks, digits, ``_`` and ``-`` are kept, in small."""
    kept = "".join("-" if letter == " " else letter for letter in words.lower()
                   if letter in " -" or unicodedata.category(letter)[0] in "LMN"
                   or unicodedata.category(letter) == "Pc")
    return (_DASHES.sub("-", kept) if is_squeezed else kept) or "section"


def plain_words(children: Iterable[Token]) -> str:
    """What inline Markdown says, without its marks."""
    out = []
    for child in children:
        match child.type:
            case "text" | "code_inline" | "image":
                out.append(child.content)
            case "softbreak" | "hardbreak":
                out.append(" ")
            case "html_inline":
                tag = html.tag(child.content)
                if tag is not None and tag.name == "br":
                    out.append(" ")
                elif tag is not None and tag.name == "img":
                    out.append(tag.attributes.get("alt", ""))
    return "".join(out).strip()


def _name_of(path: str) -> str:
    """What a page without a heading is called: its file, or its folder where the file is an index."""
    parts = path.split("/")
    stem = parts[-1].rpartition(".")[0] or parts[-1]
    return parts[-2] if stem.lower() in _INDEXES and len(parts) > 1 else stem

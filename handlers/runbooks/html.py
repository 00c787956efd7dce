"""What HTML inside Markdown says: its words, code and pictures, without its tags."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Final

_GAP: Final = re.compile(r"\s+")
_UNSEEN: Final = frozenset({"script", "style", "template", "head", "noscript"})
_BREAKS: Final = frozenset({
    "address", "article", "aside", "blockquote", "br", "dd", "details", "div", "dl", "dt", "figure",
    "figcaption", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav",
    "ol", "p", "pre", "section", "summary", "table", "tbody", "thead", "tr", "ul"})
_CELLS: Final = frozenset({"td", "th"})


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of what a browser would show."""

    kind: str
    """``words``, ``heading``, ``summary``, ``item``, ``code``, ``image``."""
    text: str
    """Of an image: what it shows, in words."""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Tag:
    """One tag by itself."""

    name: str
    is_end: bool = False
    attributes: dict[str, str] = field(default_factory=dict)


def pieces(html: str) -> list[Piece]:
    """What a piece of HTML shows, from top to bottom. Never raises: HTML has no errors."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    reader.flush()
    return reader.found


def words(html: str) -> str:
    """The same as plain words, a line each."""
    return "\n".join(each.text for each in pieces(html) if each.text)


def tag(html: str) -> Tag | None:
    """The one tag that this is; None: a comment or the like."""
    reader = _Reader()
    reader.feed(html)
    return reader.last


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[Piece] = []
        self.last: Tag | None = None
        self._text: list[str] = []
        self._kind = "words"
        self._unseen = 0
        self._pre = 0

    def flush(self) -> None:
        text = "".join(self._text)
        self._text.clear()
        said = text.strip("\n") if self._pre else _GAP.sub(" ", text).strip()
        if said.strip():
            self.found.append(Piece("code" if self._pre else self._kind, said))
        self._kind = "words"

    def handle_starttag(self, name: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {key: value or "" for key, value in attrs}
        self.last = Tag(name, attributes=given)
        if name in _UNSEEN:
            self._unseen += 1
        elif name == "img":
            self.flush()
            self.found.append(Piece("image", given.get("alt", "").strip(), given.get("src", "").strip()))
        elif name in _CELLS and "".join(self._text).strip():
            self._text.append(" | ")
        elif name in _BREAKS and not (self._pre and name != "pre"):
            self.flush()
            if name == "pre":
                self._pre += 1
            self._kind = ("heading" if re.fullmatch("h[1-6]", name) else
                          "item" if name == "li" else "summary" if name == "summary" else "words")

    def handle_startendtag(self, name: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(name, attrs)
        if name in _UNSEEN:
            self._unseen -= 1

    def handle_endtag(self, name: str) -> None:
        self.last = Tag(name, is_end=True)
        if name in _UNSEEN:
            self._unseen = max(self._unseen - 1, 0)
        elif name in _BREAKS and not (self._pre and name != "pre"):
            self.flush()
            if name == "pre":
                self._pre = max(self._pre - 1, 0)

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self._text.append(data)

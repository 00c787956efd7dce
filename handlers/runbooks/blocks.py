"""A section's Markdown as neutral blocks, which an answer's card is made of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from urllib.parse import urljoin, urlsplit

from markdown_it.token import Token

from handlers.chat.cards import Bold, Line, Link, Mono, Span, plain_line
from handlers.runbooks import html, tables
from handlers.runbooks.dialects import readable
from handlers.runbooks.markdown import parser

_OPENED: Final = frozenset({"http", "https", "mailto"})
"""What a link of a card may begin with."""
_DONE: Final = (("[ ] ", "☐ "), ("[x] ", "☑ "), ("[X] ", "☑ "))


class Kind(StrEnum):
    PARAGRAPH = "paragraph"
    STEP = "step"
    """An entry of a list."""
    CODE = "code"
    QUOTE = "quote"
    TABLE = "table"
    IMAGE = "image"
    HEADING = "heading"
    RULE = "rule"


@dataclass(frozen=True, slots=True)
class Block:
    kind: Kind
    spans: Line = ()
    """What it says; of an image, a link to it or what it shows. Empty for code, tables and rules."""
    depth: int = 0
    """Of a step: in how many other lists its list stands. What belongs to a step has its depth + 1."""
    number: int | None = None
    """Of a step: its number, None where the list has dots. Of a heading: its level, 1 to 6."""
    text: str = ""
    """Code as it stands; a table in columns of even width; of an image, its address."""
    rows: tuple[tuple[str, ...], ...] = ()
    """Of a table: its cells, the head first."""


def blocks(markdown: str, base_url: str | None = None) -> tuple[Block, ...]:
    """The blocks of Markdown from top to bottom. No words are left out; in a table, a link is its words.

    `base_url`: the address of the page it stands on, against which links are made absolute; where there is
    none, a relative link is shown as what it says and where it leads. Never raises.
    """
    return tuple(_Reader(parser().parse(readable(markdown)), base_url).read())


@dataclass(slots=True)
class _List:
    number: int | None
    """Of the next step."""


class _Reader:
    def __init__(self, tokens: Sequence[Token], base_url: str | None) -> None:
        self._tokens, self._base = tokens, base_url
        self._lists: list[_List] = []
        self._step: int | None = None
        """The number of the step that was opened and has said nothing yet; -1: it has a dot."""
        self._quotes = 0

    def read(self) -> Iterator[Block]:
        at = 0
        while at < len(self._tokens):
            token = self._tokens[at]
            match token.type:
                case "bullet_list_open":
                    yield from self._empty_step()
                    self._lists.append(_List(None))
                case "ordered_list_open":
                    yield from self._empty_step()
                    self._lists.append(_List(int(token.attrs.get("start", 1))))
                case "bullet_list_close" | "ordered_list_close":
                    self._lists.pop()
                case "list_item_open":
                    number = self._lists[-1].number
                    self._step = -1 if number is None else number
                    if number is not None:
                        self._lists[-1].number = number + 1
                case "list_item_close":
                    yield from self._empty_step()
                case "blockquote_open":
                    self._quotes += 1
                case "blockquote_close":
                    self._quotes -= 1
                case "heading_open":
                    spans = self._spans(self._tokens[at + 1].children or ())
                    yield from self._empty_step()
                    yield Block(Kind.HEADING, spans, self._depth, int(token.tag[1]))
                    at += 1
                case "inline":
                    yield from self._paragraph(token.children or ())
                case "fence" | "code_block":
                    yield from self._empty_step()
                    yield Block(Kind.CODE, depth=self._depth, text=token.content.rstrip("\n"))
                case "table_open":
                    yield from self._empty_step()
                    end = next(each for each in range(at, len(self._tokens))
                               if self._tokens[each].type == "table_close")
                    rows = self._rows(self._tokens[at:end])
                    yield Block(Kind.TABLE, depth=self._depth, text=tables.columns(rows), rows=rows)
                    at = end
                case "html_block":
                    for block in self._html(token.content):
                        yield from self._empty_step()
                        yield block
                case "hr":
                    yield Block(Kind.RULE, depth=self._depth)
            at += 1

    @property
    def _depth(self) -> int:
        return len(self._lists)

    def _empty_step(self) -> Iterator[Block]:
        """The step that was opened, where something else than its words comes first."""
        if self._step is not None:
            yield self._as_step(())

    def _as_step(self, spans: Line) -> Block:
        number, self._step = self._step, None
        return Block(Kind.STEP, spans, self._depth - 1, None if number == -1 else number)

    def _paragraph(self, children: Sequence[Token]) -> Iterator[Block]:
        shown = [each for each in children if each.type not in ("softbreak", "hardbreak")
                 and not (each.type == "text" and not each.content.strip())]
        if shown and all(each.type == "image" for each in shown):
            yield from self._empty_step()
            for each in shown:
                yield self._image(each.content, str(each.attrs.get("src", "")))
            return
        spans = self._spans(children)
        if self._step is not None:
            yield self._as_step(_ticked(spans))
        elif spans:
            yield Block(Kind.QUOTE if self._quotes else Kind.PARAGRAPH, spans, self._depth)

    def _html(self, source: str) -> Iterator[Block]:
        for piece in html.pieces(source):
            match piece.kind:
                case "code":
                    yield Block(Kind.CODE, depth=self._depth, text=piece.text)
                case "image":
                    yield self._image(piece.text, piece.url)
                case "heading" | "summary":
                    yield Block(Kind.PARAGRAPH, (Bold(piece.text),), self._depth)
                case "item":
                    yield Block(Kind.STEP, (piece.text,), self._depth)
                case _:
                    yield Block(Kind.QUOTE if self._quotes else Kind.PARAGRAPH, (piece.text,), self._depth)

    def _image(self, alt: str, src: str) -> Block:
        url = self._absolute(src)
        shown = alt or src.rpartition("/")[2] or "picture"
        return Block(Kind.IMAGE, (Link(url, shown),) if url else (shown,), self._depth, text=url or src)

    def _absolute(self, href: str) -> str | None:
        """A link as a card may hold it; None: it leads nowhere from here."""
        try:
            url = urljoin(self._base, href) if self._base else href
            scheme = urlsplit(url).scheme.lower()
        except ValueError:
            return None
        return url if scheme in _OPENED else None

    def _rows(self, tokens: Sequence[Token]) -> tuple[tuple[str, ...], ...]:
        rows: list[list[str]] = []
        for token in tokens:
            if token.type == "tr_open":
                rows.append([])
            elif token.type == "inline":
                rows[-1].append(tables.cell(self._spans(token.children or ())))
        return tuple(map(tuple, rows))

    def _spans(self, children: Sequence[Token]) -> Line:
        """Inline Markdown as spans; neighbours of one kind are one span."""
        found: list[Span] = []
        bold, at = 0, 0
        while at < len(children):
            child = children[at]
            match child.type:
                case "text":
                    found.append(Bold(child.content) if bold else child.content)
                case "code_inline":
                    found.append(Mono(child.content))
                case "softbreak":
                    found.append(" ")
                case "hardbreak":
                    found.append("\n")
                case "strong_open":
                    bold += 1
                case "strong_close":
                    bold -= 1
                case "link_open":
                    end = _closing(children, at)
                    found += self._link(str(child.attrs.get("href", "")), children[at + 1:end])
                    at = end
                case "image":
                    found += self._picture(child.content, str(child.attrs.get("src", "")))
                case "html_inline":
                    tag = html.tag(child.content)
                    if tag is not None and tag.name == "br":
                        found.append("\n")
                    elif tag is not None and tag.name in ("b", "strong"):
                        bold = max(bold + (-1 if tag.is_end else 1), 0)
                    elif tag is not None and tag.name == "img":
                        found += self._picture(tag.attributes.get("alt", ""), tag.attributes.get("src", ""))
                    elif tag is not None and tag.name == "a" and tag.attributes.get("href"):
                        end = _closing_tag(children, at)
                        found += self._link(tag.attributes["href"], children[at + 1:end])
                        at = end
            at += 1
        return _trimmed(_joined(found))

    def _link(self, href: str, inside: Sequence[Token]) -> list[Span]:
        spans = self._spans(inside)
        label = _said(spans)
        url = self._absolute(href)
        if url is not None:
            return [Link(url, label or url)]
        if not href or href.startswith("#") or href == label:
            return list(spans) or [href]
        return [*spans, f" ({href})"] if spans else [href]

    def _picture(self, alt: str, src: str) -> list[Span]:
        return list(self._image(alt, src).spans)


def _said(spans: Line) -> str:
    """What spans say in one line, links by their words."""
    bare = tuple(each.label if isinstance(each, Link) else each for each in spans)
    return " ".join(plain_line(bare).split())


def _closing(children: Sequence[Token], start: int) -> int:
    return next((at for at in range(start + 1, len(children)) if children[at].type == "link_close"),
                len(children))


def _closing_tag(children: Sequence[Token], start: int) -> int:
    return next((at for at in range(start + 1, len(children))
                 if children[at].type == "html_inline" and children[at].content.lower().startswith("</a")),
                len(children))


def _joined(spans: Iterable[Span]) -> list[Span]:
    found: list[Span] = []
    for span in spans:
        before = found[-1] if found else None
        if isinstance(span, str) and isinstance(before, str):
            found[-1] = before + span
        elif isinstance(span, Bold) and isinstance(before, Bold):
            found[-1] = Bold(before.text + span.text)
        elif span not in ("", Bold("")):
            found.append(span)
    return found


def _trimmed(spans: list[Span]) -> Line:
    """Without space at either end."""
    if spans and isinstance(spans[0], str):
        spans[0] = spans[0].lstrip()
    if spans and isinstance(spans[-1], str):
        spans[-1] = spans[-1].rstrip()
    return tuple(span for span in spans if span != "")


def _ticked(spans: Line) -> Line:
    """A step of a list of tasks with its box."""
    first = spans[0] if spans else None
    for written, shown in _DONE:
        if isinstance(first, str) and first.startswith(written):
            return (first.replace(written, shown, 1), *spans[1:])
    return spans

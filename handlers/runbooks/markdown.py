"""Reads a page of Markdown: its sections with their headings, as CommonMark has them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.front_matter import front_matter_plugin

from handlers.runbooks.values import Page, Section

_GAP: Final = re.compile(r"\s+")
_NOT_IN_ANCHOR: Final = re.compile(r"[^\w\- ]")


@cache
def parser() -> MarkdownIt:
    """CommonMark with tables and front matter; HTML is kept as it stands and shown as text."""
    return MarkdownIt("commonmark").enable("table").use(front_matter_plugin)


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


def read_page(source: str, path: str) -> Page:
    """The page at ``path`` of a source. Never raises: Markdown has no errors."""
    tokens = parser().parse(source)
    lines = source.splitlines(keepends=True)
    sections: list[Section] = []
    open_, anchors = _Open(0, (), "", 0), dict[str, int]()

    def close(last: int) -> None:
        markdown = "".join(lines[open_.first:last]).strip("\n")
        if markdown.strip() or open_.level:
            sections.append(Section(len(sections), open_.level, open_.path, open_.anchor, markdown,
                                    _GAP.sub(" ", " ".join(open_.text)).strip(), "\n".join(open_.code)))

    for at, token in enumerate(tokens):
        if token.type == "front_matter" and token.map:
            open_.first = token.map[1]
        elif token.type == "heading_open" and token.level == 0 and token.map:
            close(token.map[0])
            level, words = int(token.tag[1]), plain_words(tokens[at + 1].children or ())
            above = () if not sections else _above(sections, level)
            open_ = _Open(level, (*above, words or "…"), _anchor(words, anchors), token.map[1])
        elif token.type == "inline" and not (at and tokens[at - 1].type == "heading_open"
                                             and tokens[at - 1].level == 0):
            open_.text.append(plain_words(token.children or ()))
            open_.code += [child.content for child in token.children or () if child.type == "code_inline"]
        elif token.type in ("fence", "code_block"):
            open_.code.append(token.content.rstrip("\n"))
    close(len(lines))
    title = next((each.path[-1] for each in sections if each.level == 1), None) or path.rpartition("/")[2]
    named = tuple(each if each.path else Section(each.ordinal, each.level, (title,), each.anchor,
                                                 each.markdown, each.text, each.code) for each in sections)
    return Page(path, title, named)


def plain_words(children: Iterable[Token]) -> str:
    """What inline Markdown says, without its marks."""
    out = []
    for child in children:
        if child.type in ("text", "code_inline"):
            out.append(child.content)
        elif child.type in ("softbreak", "hardbreak"):
            out.append(" ")
        elif child.type == "image":
            out.append(child.content)
    return "".join(out).strip()


def _above(sections: Sequence[Section], level: int) -> tuple[str, ...]:
    """The path of the nearest section before that is of a higher rank."""
    for each in reversed(sections):
        if 0 < each.level < level:
            return each.path
    return ()


def _anchor(words: str, taken: dict[str, int]) -> str:
    """As code hosts make it of a heading; the second of a name gets ``-1``."""
    base = _NOT_IN_ANCHOR.sub("", words.lower()).replace(" ", "-")
    number = taken.get(base, 0)
    taken[base] = number + 1
    return f"{base}-{number}" if number else base

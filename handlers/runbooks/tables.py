"""A table as text in columns of even width, no wider than a message shows without breaking its lines."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap
from typing import Final

from handlers.chat.cards import Line, Link, Mono, plain_line

WIDE: Final = 72
"""Signs of a line: what a message shows on one line, in a narrow window too."""
_BETWEEN: Final = "  "
_INDENT: Final = "  "
"""Before the further lines of a cell, so that they are told from the next row."""
_KEPT: Final = "\ue000"
"""A space inside code, at which no line is broken: a command is copied whole."""


def cell(spans: Line) -> str:
    """What a cell says in one line: links by their words, spaces of code marked as not to be broken at."""
    said = "".join(" ".join(span.text.split()).replace(" ", _KEPT) if isinstance(span, Mono) else
                   span.label if isinstance(span, Link) else plain_line((span,)) for span in spans)
    return " ".join(said.split())


def said(text: str) -> str:
    """A cell as people read it."""
    return text.replace(_KEPT, " ")


def columns(rows: Sequence[Sequence[str]]) -> str:
    """Rows of cells, the first with a line below it; in a table that is too wide, long cells go on below.

    Words and code stay whole: where they alone are too wide, every row stays on one line. No words are left
    out.
    """
    number = max(map(len, rows), default=0)
    filled = [[*row, *[""] * (number - len(row))] for row in rows]
    widths = _widths([[row[at] for row in filled] for at in range(number)])
    shown: list[str] = []
    for row in filled:
        cells = [wrap(text, max(width, 1), subsequent_indent=_INDENT, break_long_words=False,
                      break_on_hyphens=False) for text, width in zip(row, widths, strict=True)]
        for at in range(max(map(len, cells), default=0) or 1):
            parts = [lines[at] if at < len(lines) else "" for lines in cells]
            padded = (part.ljust(width) for part, width in zip(parts, widths, strict=True))
            shown.append(_BETWEEN.join(padded).rstrip())
        if row is filled[0] and len(filled) > 1:
            shown.append(_BETWEEN.join("-" * width for width in widths))
    return "\n".join(shown).replace(_KEPT, " ")


def _widths(of: Sequence[Sequence[str]]) -> list[int]:
    """How wide each column is: what it takes, or less where all together would be too wide."""
    takes = [max(map(len, cells), default=0) for cells in of]
    room = WIDE - len(_BETWEEN) * (len(of) - 1)
    if sum(takes) <= room:
        return takes
    least = [min(whole, max((len(word) for text in cells for word in text.split()), default=0) + len(_INDENT))
             for cells, whole in zip(of, takes, strict=True)]
    if sum(least) > room:
        return takes
    widths = list(least)
    while (left := room - sum(widths)) > 0:  # the narrowest that want more get it first
        wanting = [at for at, whole in enumerate(takes) if widths[at] < whole]
        low = min(widths[at] for at in wanting)
        for at in [at for at in wanting if widths[at] == low][:left]:
            widths[at] += 1
    return widths

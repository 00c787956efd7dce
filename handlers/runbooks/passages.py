"""What of a runbook's section a card shows: its blocks as elements, cut where a sentence or step ends."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import zip_longest
from typing import Final

from handlers.chat.cards import Bold, Code, Divider, Element, Line, Link, Mono, Span, Text, plain_line
from handlers.runbooks import tables
from handlers.runbooks.blocks import Block, Kind

EXCERPT: Final = 1500
"""Characters of a passage in a message; what is longer has a button for all of it."""
_BLOCKS: Final = 16
_SLACK: Final = 400
"""So much longer it may be, where that keeps a step and its command together."""
_LINE: Final = 2400
"""Characters of one paragraph or piece of code: the chat service's limit with room for what it escapes."""
_ADDRESS: Final = 1500
"""A link's address that is longer fits no message beside its words."""
_SENTENCE: Final = re.compile(r"(?<=[.!?…])[\")\]]?\s+|\n+")
_LABEL: Final = 300
_PART, _PART_BLOCKS = 18_000, 40
"""Characters, and code and tables, of one part of a whole section: a window holds them."""
_DOTS: Final = ("• ", "◦ ", "▪ ")
_INDENT: Final = "\u2003"


def excerpt(found: Sequence[Block], at_most: int = EXCERPT) -> tuple[tuple[Block, ...], bool]:
    """The beginning of a passage that fits, and whether that is not all of it.

    It ends with a whole block, and with no step whose command is left out; where its first block does not
    fit, after a sentence of that or, of code, a line.
    """
    size = number = 0
    while number < len(found) and number < _BLOCKS:
        size += _size(found[number])
        if size > at_most:
            break
        number += 1
    if len(found) <= _BLOCKS and sum(map(_size, found)) <= at_most + _SLACK:
        return tuple(found), False
    number = _with_its_command(found, number, at_most)
    return (tuple(found[:number]), number < len(found)) if number else (_opening(found, at_most), True)


def _opening(found: Sequence[Block], at_most: int) -> tuple[Block, ...]:
    """What belongs together from the first block on though it does not fit, up to where it stops fitting."""
    kept, room = list[Block](), at_most
    for block in found:
        if _size(block) > room:
            return (*kept, _beginning(block, max(room, at_most // 2)))
        kept.append(block)
        room -= _size(block)
    return tuple(kept)


def _with_its_command(found: Sequence[Block], number: int, at_most: int) -> int:
    """Where to cut so that what belongs together stays so: a little later, else before the step."""
    first = number
    while 0 < number < len(found) and _belongs(found[number - 1], found[number]):
        number += 1
    if sum(map(_size, found[:number])) <= at_most + _SLACK:
        return number
    number = first
    while number > 0 and _belongs(found[number - 1], found[number]):
        number -= 1
    return number


def _belongs(one: Block, following: Block) -> bool:
    """Whether a block is of no use without the one that follows it."""
    if one.kind in (Kind.HEADING, Kind.RULE):
        return True
    if following.kind not in (Kind.CODE, Kind.TABLE, Kind.STEP):
        return False
    if one.kind is Kind.STEP and following.kind is Kind.CODE:
        return following.depth >= one.depth  # beside it where its indentation is too small
    return one.kind is Kind.PARAGRAPH and plain_line(one.spans).rstrip().endswith(":")


def _size(block: Block) -> int:
    return len(block.text) if block.kind in (Kind.CODE, Kind.TABLE) else len(plain_line(block.spans))


def _beginning(block: Block, at_most: int) -> Block:
    """A block's first sentences, lines or rows; at least one, of a line without end its beginning."""
    if block.kind is Kind.TABLE and block.rows:
        return next(_tables(block, at_most))
    if block.kind in (Kind.CODE, Kind.TABLE):
        kept, size = list[str](), 0
        for each in block.text.split("\n"):
            size += len(each) + 1
            if kept and size > at_most:
                break
            kept.append(each if len(each) <= at_most else f"{each[:at_most - 1]}…")
        return replace(block, text="\n".join(kept))
    return replace(block, spans=pieces(block.spans, at_most)[0])


def parts(found: Sequence[Block]) -> list[tuple[Block, ...]]:
    """All of a section in parts that a window holds each, cut between blocks that do not belong together."""
    small = [each for block in found for each in _fitting(block)]
    groups: list[list[Block]] = []
    for block in small:
        if groups and _belongs(groups[-1][-1], block):
            groups[-1].append(block)
        else:
            groups.append([block])
    made: list[list[Block]] = [[]]
    for group in (some[at:at + _PART_BLOCKS] for some in groups for at in range(0, len(some), _PART_BLOCKS)):
        size = sum(map(_size, made[-1])) + sum(map(_size, group))
        if made[-1] and (_own_blocks(made[-1]) + _own_blocks(group) > _PART_BLOCKS or size > _PART):
            made.append([])
        made[-1] += group
    return [tuple(each) for each in made]


def _own_blocks(found: Sequence[Block]) -> int:
    """How many stand for themselves in a message, with the words between them; these join."""
    return sum(each.kind in (Kind.CODE, Kind.TABLE, Kind.RULE) for each in found)


def _fitting(block: Block) -> Iterator[Block]:
    """A block as it is, code and tables without end in several."""
    if block.kind is Kind.TABLE and block.rows and _size(block) > _LINE:
        yield from _tables(block, _LINE)
    elif block.kind in (Kind.CODE, Kind.TABLE) and _size(block) > _LINE:
        yield from (replace(block, text=each) for each in chunks(block.text))
    elif block.kind not in (Kind.CODE, Kind.TABLE) and _size(block) > _LINE:
        yield from (replace(block, spans=each, kind=block.kind if at == 0 else Kind.PARAGRAPH)
                    for at, each in enumerate(pieces(block.spans)))
    else:
        yield block


def _tables(block: Block, at_most: int) -> Iterator[Block]:
    """A table as several, each with its head and at least one row."""
    head, size, kept = block.rows[0], 0, list[tuple[str, ...]]()
    own = sum(map(len, head)) + 2 * len(head)
    for row in block.rows[1:] or block.rows:
        cells = tuple(each if len(each) <= at_most // 2 else f"{each[:at_most // 2]}…" for each in row)
        width = sum(map(len, cells)) + 2 * len(cells)
        if kept and own + size + width > at_most:
            yield replace(block, rows=(head, *kept), text=tables.columns((head, *kept)))
            kept, size = [], 0
        kept.append(cells)
        size += width
    rows = (head, *kept) if len(block.rows) > 1 else block.rows
    yield replace(block, rows=rows, text=tables.columns(rows))


def pieces(spans: Line, at_most: int = _LINE) -> list[Line]:
    """A paragraph in pieces that fit, each but the last up to the end of a sentence where it has one."""
    found: list[list[Span]] = [[]]
    room = at_most
    for span in spans:
        for part in _parts(span, at_most):
            size = _weight(part)
            if size > room and found[-1]:
                found.append([])
                room = at_most
            found[-1].append(part)
            room -= size
    return [tuple(each) for each in found]


def _parts(span: Span, at_most: int) -> Iterator[Span]:
    """A span in sentences; one sentence longer than all that fits, in words."""
    if isinstance(span, Mono) and len(span.text) > at_most:
        yield from (Mono(span.text[at:at + at_most]) for at in range(0, len(span.text), at_most))
        return
    if isinstance(span, Bold) and len(span.text) > at_most:
        yield from (Bold(span.text[at:at + at_most]) for at in range(0, len(span.text), at_most))
        return
    if isinstance(span, Link):
        named = Link(span.url, span.label if len(span.label) <= _LABEL else f"{span.label[:_LABEL - 1]}…")
        yield named if len(span.url) <= _ADDRESS else f"{named.label} (its address is too long to show here)"
        return
    if not isinstance(span, str):
        yield span
        return
    ends = [each.end() for each in _SENTENCE.finditer(span)] + [len(span)]
    begin = 0
    for end in ends:
        while (over := _weight(span[begin:end])) > at_most:
            most = at_most if over == end - begin else at_most // 5  # what is escaped takes up to five
            if end - begin <= most:
                break
            cut = span.rfind(" ", begin + most // 2, begin + most) + 1 or begin + most
            yield span[begin:cut]
            begin = cut
        if end > begin:
            yield span[begin:end]
        begin = end


def elements(found: Sequence[Block]) -> list[Element]:
    """Blocks as a card has them: code stays code, steps keep their numbers."""
    made: list[Element] = []
    lines: list[Line] = []

    def flush() -> None:
        if lines:
            made.append(Text(tuple(lines)))
            lines.clear()

    for block in found:
        match block.kind:
            case Kind.TABLE if _is_wide(block):
                lines += _entries(block)
            case Kind.CODE | Kind.TABLE:
                flush()
                made += [Code(each) for each in chunks(block.text)]
            case Kind.RULE:
                flush()
                made.append(Divider())
            case _:
                for number, piece in enumerate(pieces(block.spans)):
                    begin = _begin(block, is_first=number == 0, is_below=bool(lines))
                    lines.append((*begin, *_shown(block, piece)))
    flush()
    return made


def _is_wide(block: Block) -> bool:
    return bool(block.rows) and max(map(len, block.text.split("\n"))) > tables.WIDE


def _entries(block: Block) -> list[Line]:
    """A table that is too wide for columns: each row by its first cell, the others behind their heads."""
    head, *rows = block.rows
    made: list[Line] = []
    for row in rows or [head]:
        cells = zip_longest(map(tables.said, head), map(tables.said, row), fillvalue="")
        named = [(name, cell) for name, cell in cells if cell]
        spans: list[Span] = [f"{_INDENT * block.depth}• "]
        for at, (name, cell) in enumerate(named):
            told = f"{name}: " if at and name and rows else ""
            spans += [" · "] if at else []
            spans += [f"{told}{cell}"] if at or not rows else [Bold(cell)]
        made += pieces(tuple(spans))
    return made


def _weight(span: Span) -> int:
    """Characters that a span takes in a message: what the chat service wants escaped takes more."""
    text = plain_line((span,))
    return len(text) + 4 * sum(text.count(sign) for sign in "&<>")


def _begin(block: Block, *, is_first: bool, is_below: bool) -> Line:
    """A step's number or dot; words of a step are set in below it, not where code stands between."""
    indent = _INDENT * block.depth
    if block.kind is Kind.STEP and is_first:
        mark = f"{block.number}. " if block.number is not None else _DOTS[min(block.depth, len(_DOTS) - 1)]
        return (indent + mark,)
    if block.kind is Kind.QUOTE:
        return (f"{indent}│ ",)
    if block.kind is Kind.IMAGE:
        return (f"{indent}🖼 ",)
    return (indent,) if indent and is_below else ()


def _shown(block: Block, piece: Line) -> Line:
    if block.kind is not Kind.HEADING:
        return piece
    return (Bold(plain_line(tuple(each.label if isinstance(each, Link) else each for each in piece))),)


def chunks(code: str, at_most: int = _LINE) -> list[str]:
    """Code in pieces that fit, parted between lines; a line that is longer by itself is parted too."""
    found, size = [list[str]()], 0
    for line in code.split("\n"):
        most = at_most if _weight(line) <= at_most or _weight(line) == len(line) else at_most // 5
        for at in range(0, max(len(line), 1), most):
            part = line[at:at + most]
            weight = _weight(part) + 1
            if found[-1] and size + weight > at_most:
                found.append([])
                size = 0
            found[-1].append(part)
            size += weight
    return [text for each in found if (text := "\n".join(each)).strip()]


def first_step(found: Sequence[Block], at_most: int = 280) -> tuple[Line, str] | None:
    """What is to be done first, and its command where it has one; None: no step is written down."""
    at = next((at for at, each in enumerate(found)
               if each.kind is Kind.STEP and plain_line(each.spans).strip()), None)
    if at is None:
        return None
    command = ""
    if at + 1 < len(found) and found[at + 1].kind is Kind.CODE and _belongs(*found[at:at + 2]):
        command = found[at + 1].text
    spans = pieces(found[at].spans, at_most)[0]
    return spans, command if len(command) <= at_most else ""

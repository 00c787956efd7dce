"""What of a runbook's section a card shows: its blocks as elements, cut where a sentence or step ends."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from handlers.chat.cards import Bold, Code, Divider, Element, Line, Link, Mono, Span, Text, plain_line
from handlers.runbooks.blocks import Block, Kind

EXCERPT: Final = 1500
"""Characters of a passage in a message; what is longer has a button for all of it."""
_BLOCKS: Final = 16
_SLACK: Final = 400
"""So much longer it may be, where that keeps a step and its command together."""
_LINE: Final = 2400
"""Characters of one paragraph or piece of code: the chat service's limit with room for what it escapes."""
_WHOLE: Final = 60_000
_SENTENCE: Final = re.compile(r"(?<=[.!?…])[\")\]]?\s+|\n+")
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
    if number == len(found):
        return tuple(found), False
    number = _with_its_command(found, number, at_most)
    if number == 0:
        return (_beginning(found[0], at_most),), True
    return tuple(found[:number]), number < len(found)


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
        return following.depth > one.depth
    return one.kind is Kind.PARAGRAPH and plain_line(one.spans).rstrip().endswith(":")


def _size(block: Block) -> int:
    return len(block.text) if block.kind in (Kind.CODE, Kind.TABLE) else len(plain_line(block.spans))


def _beginning(block: Block, at_most: int) -> Block:
    """A block's first sentences or lines; at least one."""
    if block.kind in (Kind.CODE, Kind.TABLE):
        lines, kept, size = block.text.split("\n"), list[str](), 0
        for each in lines:
            size += len(each) + 1
            if kept and size > at_most:
                break
            kept.append(each)
        return Block(block.kind, block.spans, block.depth, block.number, "\n".join(kept))
    return Block(block.kind, pieces(block.spans, at_most)[0], block.depth, block.number, block.text)


def pieces(spans: Line, at_most: int = _LINE) -> list[Line]:
    """A paragraph in pieces that fit, each but the last up to the end of a sentence where it has one."""
    found: list[list[Span]] = [[]]
    room = at_most
    for span in spans:
        for part in _parts(span, at_most):
            size = len(plain_line((part,)))
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
    if not isinstance(span, str):
        yield span
        return
    ends = [each.end() for each in _SENTENCE.finditer(span)] + [len(span)]
    begin = 0
    for end in ends:
        while end - begin > at_most:
            cut = span.rfind(" ", begin + at_most // 2, begin + at_most) + 1 or begin + at_most
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

    left = _WHOLE
    for block in found:
        left -= _size(block)
        if left < 0:
            break
        match block.kind:
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
        for at in range(0, max(len(line), 1), at_most):
            part = line[at:at + at_most]
            weight = len(part) + 1 + 4 * sum(part.count(sign) for sign in "&<>")
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
    if at + 1 < len(found) and found[at + 1].kind is Kind.CODE and found[at + 1].depth > found[at].depth:
        command = found[at + 1].text
    spans = pieces(found[at].spans, at_most)[0]
    return spans, command if len(command) <= at_most else ""

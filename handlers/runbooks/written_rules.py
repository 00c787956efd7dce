"""Whether a written answer says what the passages say: judged by words, sentence by sentence.

A model is asked for sentences that end with the number of the passage they rest on, ``[1]``. A sentence is
supported where some stretch of that passage, three of its own sentences, steps or lines of code in a row at
most, with the headings above them, holds all of this:

- every word with a meaning, in any of its forms (``restarted`` for ``restart``);
- every number with the word behind it: ``5 minutes`` is not in ``5 seconds, then 30 minutes``;
- letter by letter, whatever stands between backticks or looks like an identifier, a path, an option, an
  address, a mention or a channel; a command is a whole one, never a part of another; words that the passage
  has only in code stand there in the same order, and so do several such pieces;
- the same word under the same negation: what is not to be done is not to be done there too, and the other
  way round;
- every word that turns a sentence: before, after, unless, until, only, except, instead;
- what it says in the same order, as strong, in full and under the same conditions (`written_order`);
- no letter of another script and no sign that nobody sees, unless a passage has it.

One sentence without all of this, without a citation, or one that cites what was not sent, and nothing of the
answer is shown: the passage answers alone. What this does not see: what a word means where it means several
things, a condition in another sentence than the one before a list, and that a heading limits what stands
below. The passage stands beside the answer for that reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import Final

from handlers.runbooks.written_order import is_in_order, strange
from handlers.runbooks.written_parts import parts
from handlers.runbooks.written_words import EDGES, EXACT, Words, exact_parts

SENTENCES: Final = 6
LONGEST: Final = 400
"""Characters of a sentence."""
_WINDOW: Final = 3

NO_ANSWER: Final = "NO ANSWER"
"""What a model is to say where the passages do not answer."""
REFUSED: Final = ("A written answer is left out here: a part of it did not stand in the runbook. "
                  "The passage itself answers.")


class Fault(StrEnum):
    """Why a written answer is refused."""

    EMPTY = "it says nothing"
    LONG = "it is too long"
    CODE = "it holds a block of code"
    UNCITED = "a sentence has no citation"
    FOREIGN = "a sentence cites what was not sent"
    LINK = "it holds a link, a mention or a channel that is in no passage"
    UNSUPPORTED = "a sentence is not in its passage"


@dataclass(frozen=True, slots=True)
class Passage:
    """What may be cited."""

    headings: tuple[str, ...]
    """With the page's title."""
    markdown: str


@dataclass(frozen=True, slots=True)
class Written:
    """An answer in sentences; or, where it was refused, that it was."""

    sentences: tuple[tuple[str, int], ...] = ()
    """Each without its citation, with the index of the passage it rests on, from 0."""
    note: str = ""
    """What is said where a written answer is left out."""
    fault: Fault | None = None
    sentence: str = ""
    """Which one was refused, for the log of whoever looks after it."""

    @property
    def is_refused(self) -> bool:
        return self.fault is not None


def checked(answer: str, passages: Mapping[int, Passage]) -> Written | None:
    """The answer, if all of it is supported. None: it says itself that there is none.

    Args:
        passages: by index, from 0; the answer cites the index and one.
    """
    text = answer.strip()
    if not text or text.strip(" .").upper() == NO_ANSWER:
        return None
    if "```" in text or "~~~" in text:
        return _refused(Fault.CODE)
    said = list(_sentences(text))
    if not said:
        return _refused(Fault.EMPTY)
    if len(said) > SENTENCES or any(len(each) > LONGEST for each, _ in said):
        return _refused(Fault.LONG)
    sources = {number: _Source.of(passage) for number, passage in passages.items()}
    kept, whole = [], "\n".join(source.whole for source in sources.values())
    for sentence, cited in said:
        if not cited:
            return _refused(Fault.UNCITED, sentence)
        if any(number - 1 not in sources for number in cited):
            return _refused(Fault.FOREIGN, sentence)
        if any(each not in whole for each in _reaching_out(sentence)):
            return _refused(Fault.LINK, sentence)
        if any(strange(sentence, whole)):
            return _refused(Fault.UNSUPPORTED, sentence)
        fitting = [number - 1 for number in cited if sources[number - 1].supports(sentence)]
        if not fitting:
            return _refused(Fault.UNSUPPORTED, sentence)
        kept.append((sentence, fitting[0]))
    return Written(tuple(kept))


def _refused(fault: Fault, sentence: str = "") -> Written:
    return Written((), REFUSED, fault, sentence)


# ---- sentences ---------------------------------------------------------------------------------------------

_CITED: Final = re.compile(r"\s*\[(\d{1,3})\]")
_BEHIND_STOP: Final = re.compile(r"([.!?:;])((?:\s*\[\d{1,3}\])+)")
_BULLET: Final = re.compile(r"^\s*(?:[-*•]|\d{1,2}[.)])\s+")
_STOP: Final = re.compile(r"(?<=[.!?])(?:\s+)(?=\S)")
_SPAN: Final = re.compile(r"`[^`]*`")


def _sentences(text: str) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Each sentence without its citations, and the numbers it cites."""
    text = _BEHIND_STOP.sub(r"\2\1", text)  # "so. [1]" is "so [1]."
    for row in text.splitlines():
        row = _BULLET.sub("", row).strip()
        for part in _parts(row):
            numbers = tuple(int(number) for number in _CITED.findall(part))
            sentence = " ".join(_CITED.sub("", part).split())
            if any(char.isalnum() for char in sentence) or numbers:
                yield sentence, numbers


def _parts(row: str) -> Iterator[str]:
    """A line at its full stops, those between backticks left alone."""
    spans = [match.span() for match in _SPAN.finditer(row)]
    begin = 0
    for match in _STOP.finditer(row):
        if not any(first < match.start() < last for first, last in spans):
            yield row[begin:match.start()]
            begin = match.end()
    if row[begin:].strip():
        yield row[begin:]


_OUT: Final = re.compile(
    r"[a-z][a-z0-9+.-]*://[^\s<>)\]]+|\bwww\.[^\s<>)\]]+|\bmailto:\S+|\]\([^)]*\)|<[@!#][^>]*>|"
    r"(?<![\w/])[@#][\w][\w.-]*|!\[", re.IGNORECASE)


def _reaching_out(sentence: str) -> list[str]:
    """Links, mentions, channels and pictures in a sentence."""
    return [each.rstrip(".,;:!?'\"`") for each in _OUT.findall(sentence)]


# ---- passages ----------------------------------------------------------------------------------------------

_MARKS: Final = re.compile(r"^\s{0,3}(?:#{1,6}\s+|>\s?|[-*+]\s+|\d+[.)]\s+|\|)|\*\*|__|"
                           r"(?<!\w)[*_](?=\w)|(?<=\w)[*_](?!\w)")
_MD_LINK: Final = re.compile(r"!?\[([^\]]*)\]\(([^)\s]*)[^)]*\)")
_FENCE: Final = re.compile(r"^\s*(?:```|~~~)")
_BEGINS: Final = re.compile(r"^\s*([-*+]|\d+[.)]|#|>|\|)\s?")
_ROW: Final = re.compile(r"^(?:[-*+>$]|\d+[.)])\s+")


@dataclass(frozen=True, slots=True)
class _Source:
    """A passage, taken apart into what is said and what is typed."""

    whole: str
    """All of it, spaces single."""
    units: tuple[str, ...]
    """Sentences, steps, rows, lines of code, in order."""
    headings: Words
    typed: frozenset[str]
    """Words that stand only in code."""
    pairs: frozenset[tuple[str, str]]
    """Words that follow each other in code."""
    commands: frozenset[str]
    """What may be said as a command: whole pieces of code, and whole rows."""

    @classmethod
    def of(cls, passage: Passage) -> _Source:
        units, code, prose = list[str](), list[str](), list[str]()
        is_code, paragraph, leads, depth, is_new = False, list[str](), list[tuple[int, str]](), -1, True

        def close() -> None:
            text = " ".join(paragraph).strip()
            paragraph.clear()
            before = " ".join(lead for _, lead in leads)
            units.extend(f"{before} {part.strip()}".strip() for part in _STOP.split(text) if part.strip())
            if text.endswith(":") and any(each.condition for each in parts(text)):
                leads.append((depth, text))  # "If ...:", and a list or code below it

        for row in passage.markdown.splitlines():
            if _FENCE.match(row):
                close()
                is_code = not is_code
            elif is_code:
                before = " ".join(lead for _, lead in leads)
                units.append(f"{before} `{' '.join(row.replace('`', ' ').split())}`".strip())
                code.append(row)
            else:
                row_begins = _BEGINS.match(row)
                if not row.strip() or row_begins:
                    close()
                if row_begins or (row.strip() and is_new):
                    is_item = row_begins is not None and row_begins[1] != "#"
                    indent = len(row) - len(row.lstrip())
                    depth = indent if is_item or indent else -1
                    leads = [each for each in leads if each[0] < depth]
                is_new = not row.strip()
                code += EXACT.findall(row)
                plain = _MARKS.sub("", _MD_LINK.sub(r"\1 \2", row)).strip()
                prose.append(EXACT.sub(" ", plain))
                paragraph.append(plain)
        close()
        said = _letters(" ".join((*prose, *passage.headings)))
        typed = _letters(" ".join(code))
        pairs = {pair for row in code for pair in _pairs(row)}
        whole = " ".join(" ".join((*passage.headings, passage.markdown)).split())
        rows = (_ROW.sub("", row.strip()) for row in (*code, *passage.markdown.splitlines()))
        return cls(whole, tuple(each for each in units if each.strip("`")),
                   Words.of(". ".join(passage.headings)), frozenset(typed - said), frozenset(pairs),
                   frozenset(" ".join(row.split()) for row in rows))

    def supports(self, sentence: str) -> bool:
        words, exact = Words.of(EXACT.sub(" ", sentence)), exact_parts(sentence)
        if not words.stems and not exact:
            return False
        if any(first in self.typed and (first, second) not in self.pairs
               for first, second in _pairs(EXACT.sub(" , ", sentence))):
            return False
        if not all(" " not in each or each in self.commands for each in exact):
            return False
        return any(self._holds(units, words, exact)
                   and is_in_order(sentence, units, self.headings.stems)
                   for units in self._stretches())

    def _stretches(self) -> Iterator[Sequence[str]]:
        for size in range(1, _WINDOW + 1):
            for begin in range(max(len(self.units) - size + 1, 0)):
                yield self.units[begin:begin + size]

    def _holds(self, units: Sequence[str], words: Words, exact: Sequence[str]) -> bool:
        stretch = "\n".join(units)
        if not _follow(exact, " ".join(stretch.split())):
            return False
        here = Words.of(stretch.replace("\n", " . ").replace("`", " "))
        above = self.headings.stems - here.stems
        return (words.stems <= here.stems | above and words.turns <= here.turns
                and words.wanted() <= here.counted
                and all(sign in here.signs or (sign[0] in above and not sign[1]) for sign in words.signs))


def _follow(pieces: Sequence[str], text: str) -> bool:
    """Whether all of these stand there, each by itself and behind the one before."""
    at = 0
    for piece in dict.fromkeys(pieces):
        found = re.compile(rf"(?<![\w./-]){re.escape(piece)}(?![\w/-])").search(text, at)
        if found is None:
            return False
        at = found.end()
    return True


def _letters(text: str) -> set[str]:
    return {each.lower() for each in re.findall(r"[A-Za-z][A-Za-z-]*", text)}


def _pairs(text: str) -> Iterable[tuple[str, str]]:
    """Words that follow each other with nothing but a space between."""
    words = [each.strip(EDGES).lower() if not each.endswith((",", ".", ";", ":")) else
             each.strip(EDGES).lower() + "\n" for each in text.split()]
    return [(first, second.rstrip("\n")) for first, second in pairwise(words)
            if not first.endswith("\n")]

"""Who does what to what, and on which condition: whether a sentence keeps the order that its passage has.

A text is taken apart at its commas, at `and`, `then` and the like, and at what begins a condition. Each part
of a sentence must stand in one part of the passage that is under the same kind of condition, its words in the
same order. Parts may change places (`call Ravi if ...`, `if ..., call Ravi`), and in the passive voice words
may (`the pod is restarted`).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from handlers.runbooks.written_words import (
    CLAUSE,
    EDGES,
    ENDS_CLAUSE,
    LOOKS_EXACT,
    NEGATIONS,
    NO_MEANING,
    NUMBERS,
    TOKEN,
    stem,
)

_PARTS: Final = frozenset(("and", "or", "but", "then", "because", "instead", "except"))
_CONDITIONS: Final = {"if": "if", "when": "if", "whenever": "if", "while": "if", "once": "after",
                      "before": "before", "after": "after", "unless": "unless", "until": "until"}
_PASSIVE: Final = frozenset(("is", "are", "was", "were", "be", "been", "being"))
_SHARE: Final = re.compile(r"(?<=\d)\s+(?=%)")
_Word = tuple[str, bool]
"""In one form, and whether its clause is negated."""


@dataclass(slots=True)
class Part:
    condition: str = ""
    words: list[_Word] = field(default_factory=list)
    is_passive: bool = False


def parts(text: str) -> list[Part]:
    """The parts of a text that say anything; not what looks exact, which is compared letter by letter."""
    plain = " ".join(each for each in _SHARE.sub("", text).split()
                     if not LOOKS_EXACT.search(each.strip(EDGES)))
    found, clause, is_negated = [Part()], list[tuple[Part, int]](), False
    for token in (*TOKEN.findall(plain), "."):
        word = token.lower().replace("’", "'")
        if token in CLAUSE or word in ENDS_CLAUSE:
            for part, at in clause:
                part.words[at] = (part.words[at][0], is_negated)
            clause, is_negated = [], False
        if token in CLAUSE or word in _PARTS or word in _CONDITIONS:
            found.append(Part(_CONDITIONS.get(word, "")))
            continue
        part = found[-1]
        is_name = len(token) == 1 and token.isupper() and (word not in NO_MEANING or bool(part.words))
        if word in NEGATIONS or word.endswith("n't"):
            is_negated = True
        elif word in _PASSIVE:
            part.is_passive = True
        elif is_name or word not in NO_MEANING:
            number = NUMBERS.get(word, word)
            clause.append((part, len(part.words)))
            part.words.append((token if is_name else number if number[0].isdigit() else stem(word), False))
    return [each for each in found if each.words]


def is_in_order(sentence: str, units: Sequence[str], above: Collection[str]) -> bool:
    """Whether each part of the sentence stands in a part of these units, of one where it has a condition.

    `above`: words of headings, which may stand anywhere.
    """
    asked = [each for each in parts(sentence) if any(word not in above for word, _ in each.words)]
    known = [parts(unit.replace("`", " ")) for unit in units]
    if any(each.condition for each in asked):
        return any(_stands(asked, unit, above) for unit in known)
    return _stands(asked, [part for unit in known for part in unit], above)


def _stands(asked: Sequence[Part], known: Sequence[Part], above: Collection[str]) -> bool:
    return all(any(_is_of(part, other, above, is_first=at == 0) for other in known)
               for at, part in enumerate(asked))


def _is_of(part: Part, other: Part, above: Collection[str], *, is_first: bool) -> bool:
    """Where a sentence goes on, it goes on with how a part of the passage begins: not with its end alone."""
    if part.condition != other.condition:
        return False
    said = [each for each in part.words if each in other.words or each[0] not in above]
    if part.is_passive:
        return all(said.count(each) <= list(other.words).count(each) for each in said)
    if not is_first and said and said[0] != other.words[0]:
        return False
    left = iter(other.words)
    return all(each in left for each in said)


def strange(sentence: str, whole: str) -> Iterator[str]:
    """Letters of other scripts, and signs that nobody sees, which are not in the passages."""
    for letter in sentence:
        if ord(letter) > 0x24F and letter not in whole and unicodedata.category(letter)[0] in "LMNC":
            yield letter

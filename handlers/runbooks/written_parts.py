"""A text taken apart: clause by clause its words, how surely, by whom, under which condition."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum
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

_PARTS: Final = frozenset(("and", "or", "but", "then", "because"))
_CONDITIONS: Final = {"if": "if", "when": "if", "whenever": "if", "while": "if", "once": "after",
                      "provided": "if", "providing": "if", "assuming": "if", "before": "before",
                      "after": "after", "unless": "unless", "until": "until", "except": "except",
                      "instead": "instead"}
_CONDITIONS_OF_TWO: Final = {("in", "case"): "if", ("long", "as"): "if", ("given", "that"): "if"}
_GOES_ON: Final = frozenset(("and", "or", ","))
_BEGINS_ANEW: Final = frozenset(("then", "but", ";", ":"))
_BE: Final = frozenset(("is", "are", "was", "were", "be", "been", "being"))
_IRREGULAR: Final = """
    run set sent kept lost built shut cut read put made done found held left told paid hit met shown drawn
    known fed led won spent meant dealt bound split spread
"""
_PARTICIPLES: Final = frozenset(_IRREGULAR.split())
_SCOPE: Final = frozenset(("in", "on", "for", "of", "from", "to", "at", "under", "into", "against", "within"))
_MEANS: Final = frozenset(("hand", "default", "mail", "email", "phone", "name", "mistake", "itself"))
"""Behind `by` they say how, not who."""
_FILLERS: Final = frozenset(map(stem, ("again", "now", "just", "simply", "already")))
_SHARE: Final = re.compile(r"(?<=\d)\s+(?=%)")
SPAN: Final = re.compile(r"`([^`]*)`")


class Strength(Enum):
    """How surely something is, or is to be done."""

    PLAIN = ""
    MUST = "must"
    NEED = "need"
    SHOULD = "should"
    MAY = "may"
    CAN = "can"


_STRENGTHS: Final = {"must": Strength.MUST, "shall": Strength.MUST, "need": Strength.NEED,
                     "needs": Strength.NEED, "should": Strength.SHOULD, "ought": Strength.SHOULD,
                     "may": Strength.MAY, "might": Strength.MAY,
                     "can": Strength.CAN, "could": Strength.CAN, "cannot": Strength.CAN}
_COUNTS: Final = {"only": "only", "one": "one", "all": "all", "each": "all", "both": "all", "any": "any"}
_Word = tuple[str, bool]
"""In one form, and whether its clause is negated."""


@dataclass(slots=True)
class Part:
    condition: str = ""
    words: list[_Word] = field(default_factory=list)
    needed: list[bool] = field(default_factory=list)
    """Of each word, whether it may not be left out: not in code."""
    strength: Strength = Strength.PLAIN
    has_subject: bool = False
    """Something stands before the word that says how strong it is."""
    counts: set[str] = field(default_factory=set)
    scope: set[str] = field(default_factory=set)
    """What looks exact and says where, or of what: not to be left out either."""
    passive_at: int | None = None
    """Before which word `is` stands, if that word is a participle."""
    is_state: bool = False
    """`is` stands in it, but nothing is done: `is empty`, `is draining`."""
    by_at: int | None = None
    by_end: int | None = None
    """Where the words begin and end that say by whom."""
    under: list[Part] = field(default_factory=list)
    """The conditions that it is under."""

    @property
    def is_negated(self) -> bool:
        return any(negated for _, negated in self.words)

    def active(self) -> list[int]:
        """The places of its words as they would stand in the active voice."""
        places = list(range(len(self.words)))
        if self.passive_at is None:
            return places
        begin = self.by_at if self.by_at is not None else len(places)
        end = self.by_end if self.by_at is not None and self.by_end is not None else len(places)
        return [*places[begin:end], self.passive_at, *places[:self.passive_at],
                *places[self.passive_at + 1:begin], *places[end:]]


@dataclass(slots=True)
class _Reading:
    """One text on its way into parts."""

    found: list[Part] = field(default_factory=lambda: [Part()])
    clause: list[tuple[Part, int]] = field(default_factory=list)
    is_negated: bool = False
    group: int = 0
    """Of `found`, where those begin that a condition behind them is about."""
    leading: list[Part] = field(default_factory=list)
    is_after_be: bool = False
    before: str = ""
    strength: Strength = Strength.PLAIN
    """Said before a condition of what follows it: "you may, if ..., "."""

    def punctuate(self, sign: str) -> None:
        """What ends a clause, as far as it is negated."""
        for part, at in self.clause:
            part.words[at] = (part.words[at][0], self.is_negated)
        self.clause, self.is_negated = [], False
        if sign in ".!?;":
            self.leading = []

    def another(self, sign: str) -> None:
        """Another part of what is said, behind `,`, `and`, `then`, `(` and the like."""
        last = self.found[-1]
        goes_on = sign in _GOES_ON
        if sign == ":" and last.condition and last not in self.leading:
            self.leading.append(last)
        if sign in _BEGINS_ANEW or sign in ".!?":
            self.group = len(self.found)
        is_leading = last.condition and last in self.leading
        part = Part()
        if last.condition and goes_on and not (sign == "," and is_leading):
            part.condition = last.condition  # "if this and that", "..., if this, that or those"
            self._attach(part, is_leading=bool(is_leading))
        elif goes_on and not last.condition:
            part.strength, part.has_subject = last.strength, last.has_subject
        if not part.condition:
            part.under += self.leading
            if part.strength is Strength.PLAIN:
                part.strength, self.strength = self.strength, Strength.PLAIN
        self.found.append(part)
        self.is_after_be = False

    def condition(self, kind: str) -> None:
        last = self.found[-1]
        part = Part(kind)
        if not last.words and not last.condition:  # "You may, if ..."
            self.strength = self.found.pop().strength
            self.group = min(self.group, len(self.found))
        self._attach(part, is_leading=not any(
            each.words and not each.condition for each in self.found[self.group:]))
        self.found.append(part)
        self.is_after_be = False

    def _attach(self, part: Part, *, is_leading: bool) -> None:
        if is_leading:
            self.leading.append(part)
        for each in self.found[self.group:]:
            if not each.condition:
                each.under.append(part)

    def word(self, word: str, token: str, *, is_code: bool) -> None:
        part = self.found[-1]
        is_name = len(token) == 1 and token.isupper() and (word not in NO_MEANING or bool(part.words))
        if word in NEGATIONS or word.endswith("n't"):
            self.is_negated = True
        strength = _STRENGTHS.get(word.removesuffix("n't"))
        if word == "to" and self.before in ("have", "has", "had"):
            strength = Strength.NEED
        if strength is not None and not is_code:
            part.strength, part.has_subject = strength, bool(part.words)
        if word in _COUNTS:
            part.counts.add(_COUNTS[word])
        if word in _BE:
            self.is_after_be, part.is_state = True, True
        elif word == "by" and part.passive_at is not None:
            part.by_at, part.by_end = len(part.words), None
        elif word in _SCOPE and part.by_at is not None and part.by_at < len(part.words):
            part.by_end = len(part.words) if part.by_end is None else part.by_end
        elif word not in NEGATIONS and not word.endswith("n't") and word not in _COUNTS and (
                is_name or word not in NO_MEANING):
            self._say(part, word, token if is_name else "", is_code=is_code)
        self.before = word

    def _say(self, part: Part, word: str, name: str, *, is_code: bool) -> None:
        if self.is_after_be:
            self.is_after_be = False
            if word.endswith(("ed", "en", "wn")) or word in _PARTICIPLES:
                part.passive_at, part.by_at = len(part.words), None
        number = NUMBERS.get(word, word)
        if part.by_at == len(part.words) and (
                number[0].isdigit() or word.endswith("ing") or word in _MEANS):
            part.by_at = None  # "is raised by 10 %", "is mended by restarting"
        self.clause.append((part, len(part.words)))
        part.words.append((name or (number if number[0].isdigit() else stem(word)), False))
        part.needed.append(not is_code and part.words[-1][0] not in _FILLERS)


def parts(text: str) -> list[Part]:
    """The parts of a text that say anything; not what looks exact, which is compared letter by letter."""
    reading = _Reading()
    for at, piece in enumerate(SPAN.split(_SHARE.sub("", text).replace("→", " then "))):
        for run in piece.split():
            bare = run.strip(EDGES)
            if LOOKS_EXACT.search(bare):
                if reading.before in _SCOPE:
                    reading.found[-1].scope.add(bare)
                tokens = [each for each in run[len(run.rstrip(EDGES)):] if each in CLAUSE]
            else:
                tokens = TOKEN.findall(run)
                if at % 2 and reading.before in _SCOPE and tokens:
                    reading.found[-1].scope.add(bare)
            for token in tokens:
                _read(reading, token, is_code=bool(at % 2))
            if not tokens:
                reading.before = ""
    reading.punctuate(".")
    return [each for each in reading.found if each.words]


def _read(reading: _Reading, token: str, *, is_code: bool) -> None:
    word = token.lower().replace("’", "'")
    if is_code:
        if token not in CLAUSE:
            reading.word(word, token, is_code=True)
        return
    if token in CLAUSE or word in ENDS_CLAUSE:
        reading.punctuate(word)
    kind = _CONDITIONS.get(word) or _CONDITIONS_OF_TWO.get((reading.before, word))
    if kind is not None:
        reading.condition(kind)
    elif token in CLAUSE or word in _PARTS:
        reading.another(word)
    else:
        reading.word(word, token, is_code=False)
        return
    reading.before = word

"""A sentence taken apart: its words in one form each, what is negated, what is counted, what is exact."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

TOKEN: Final = re.compile(r"\d+(?:[.,:]\d+)*%?|[A-Za-z\u00c0-\u024f]+(?:['’][a-z]+)?|[,;:.!?()—–]")
CLAUSE: Final = frozenset(",;:.!?()—–")
NUMBERS: Final = {"zero": "0", "twice": "2"} | {word: str(number) for number, word in enumerate(
    ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"), 2)}
NEGATIONS: Final = frozenset(("not", "never", "no", "without", "cannot", "none", "neither", "nor", "nobody",
                               "nothing"))
ENDS_CLAUSE: Final = frozenset(("but", "then", "instead", "only", "until", "unless", "except", "because"))
_TURNS: Final = frozenset(("before", "after", "unless", "until", "only", "except", "instead"))
NO_MEANING: Final = frozenset((
    "a", "an", "the", "and", "or", "of", "to", "in", "on", "at", "by", "for", "from", "with", "into",
    "as", "is", "are", "was", "were", "be", "been", "being", "it", "its", "this", "that", "these",
    "those", "there", "you", "your", "we", "our", "they", "their", "them", "i", "he", "she", "his",
    "her", "do", "does", "did", "done", "have", "has", "had", "will", "would", "should", "can", "could",
    "may", "might", "must", "shall", "need", "needs", "if", "when", "where", "which", "who", "what",
    "how", "then", "so", "also", "first", "next", "finally", "please", "runbook", "runbooks", "says",
    "say", "according", "one", "both", "each", "such", "but", "because", "here", "up", "out", "about",
    "any", "all"))
EXACT: Final = re.compile(r"`([^`]+)`")
LOOKS_EXACT: Final = re.compile(r"[/_=$\\{}<>|&*@#~]|^-|\w[.:]\w|[a-z][A-Z]|[A-Za-z]\d|\d[A-Za-z]")
EDGES: Final = "()[]{},.;:!?\"'“”‘’*"


@dataclass(frozen=True, slots=True)
class Words:
    """A text, taken apart."""

    stems: frozenset[str]
    signs: frozenset[tuple[str, bool]]
    """A stem, and whether there is a negation in its clause."""
    counted: frozenset[tuple[str, str]]
    """A number, and the stem behind it; with ``""`` the number alone."""
    turns: frozenset[str]

    @classmethod
    def of(cls, text: str) -> Words:
        signs, counted, turns = set[tuple[str, bool]](), set[tuple[str, str]](), set[str]()
        clause, is_negated, number = list[str](), False, ""
        for token in (*TOKEN.findall(text), "."):
            word = token.lower().replace("’", "'")
            if token in CLAUSE or word in ENDS_CLAUSE:
                signs |= {(stem, is_negated) for stem in clause}
                clause, is_negated, number = [], False, ""
            plain = NUMBERS.get(word, word)
            if plain[0].isdigit():
                number = plain
                counted.add((number, ""))
            elif word in NEGATIONS or word.endswith("n't"):
                is_negated = True
            elif word in _TURNS:
                turns.add(word)
            elif word not in NO_MEANING and token not in CLAUSE:
                clause.append(stem(word))
                counted |= {(number, clause[-1])} if number else set()
                number = ""
        return cls(frozenset(each for each, _ in signs), frozenset(signs), frozenset(counted),
                   frozenset(turns))

    def wanted(self) -> frozenset[tuple[str, str]]:
        """Numbers as they must be found again: with the word behind them where there is one."""
        followed = {number for number, stem in self.counted if stem}
        return frozenset((number, stem) for number, stem in self.counted if stem or number not in followed)


def stem(word: str) -> str:
    """One form for the forms of an English word; the same for both texts that are compared."""
    word = word.removesuffix("'s")
    if len(word) > 4 and word.endswith(("ies", "ied")):
        return word[:-3] + "y"
    for ending in ("ing", "ed", "es", "s"):
        if len(word) > len(ending) + 2 and word.endswith(ending) and not word.endswith("ss"):
            word = word[:-len(ending)]
            if ending in ("ing", "ed") and len(word) > 3 and word[-1] == word[-2] and word[-1] not in "lsz":
                word = word[:-1]
            break
    return word[:-1] if len(word) > 3 and word.endswith("e") else word


def exact_parts(sentence: str) -> list[str]:
    """What must stand in the passage letter by letter."""
    found = [" ".join(each.split()) for each in EXACT.findall(sentence)]
    for token in EXACT.sub(" ", sentence).split():
        bare = token.strip(EDGES)
        if bare and LOOKS_EXACT.search(bare) and not re.fullmatch(r"\d+(?:[.,:]\d+)*%?", bare):
            found.append(bare)
    return found

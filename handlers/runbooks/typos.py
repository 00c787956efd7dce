"""Takes a word that no runbook holds for the one that was meant, if one is near enough."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Final

from rapidfuzz import process
from rapidfuzz.distance import OSA

from handlers.runbooks.tokens import stem

_SHORTEST: Final = 5
"""Shorter words are too near each other: most, cost, host. Of them only a consonant written once instead of
twice, or the other way round, is a slip: rol for roll."""
_SHORTEST_DOUBLED: Final = 3
_TWICE: Final = re.compile(r"([b-df-hj-np-tv-z])\1")
_TWO_FROM: Final = 9
"""From this length two slips are believed."""
_OTHER_LETTER_FROM: Final = 7
"""From this length a letter may be another one; before, only missing, added, swapped: newer is not never."""

Bucket = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The words of a collection as they are spelled, with how many pages hold each."""

    pages: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    buckets: Mapping[Bucket, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    """By first letter and length, each in order."""

    def changed(self, gone: Iterable[str], added: Iterable[str]) -> Vocabulary:
        """`gone`, `added`: the words of each page once, pages one after the other."""
        pages, touched = dict(self.pages), dict[str, int]()
        for words, step in ((gone, -1), (added, 1)):
            for word in words:
                pages[word] = pages.get(word, 0) + step
                touched[word] = pages[word]
        buckets: dict[Bucket, set[str]] = {}
        for word, count in touched.items():
            if (count > 0) != (word in self.pages):
                kept = buckets.setdefault(_bucket(word), set(self.buckets.get(_bucket(word), ())))
                kept.add(word) if count > 0 else kept.discard(word)
            if count <= 0:
                pages.pop(word)
        return Vocabulary(pages, {**self.buckets,
                                  **{key: tuple(sorted(words)) for key, words in buckets.items()}})

    def nearest(self, word: str) -> str | None:
        """The known word that this one was most likely meant to be: itself if known, None if none is near.

        Of those equally near, the one that more pages hold. An ordinary English word is no slip.
        """
        if word in self.pages:
            return word
        if not word.isalpha() or stem(word) in ordinary():
            return None
        if len(word) < _SHORTEST:
            return self._doubled(word)
        far = 2 if len(word) >= _TWO_FROM else 1
        near = [(distance, -self.pages[each], each) for each, distance in self._around(word, far)
                if len(word) >= _OTHER_LETTER_FROM or len(each) != len(word) or sorted(each) == sorted(word)]
        return min(near)[2] if near else None

    def _doubled(self, word: str) -> str | None:
        """The known word that differs by one consonant written twice."""
        if len(word) < _SHORTEST_DOUBLED:
            return None
        once = _TWICE.sub(r"\1", word)
        near = [(-self.pages[each], each) for length in (len(word) - 1, len(word) + 1)
                for each in self.buckets.get((word[0], length), ()) if _TWICE.sub(r"\1", each) == once]
        return min(near)[1] if near else None

    def _around(self, word: str, far: int) -> list[tuple[str, int]]:
        """Of the same first letter, or with the first two letters swapped: the first is seldom wrong."""
        found = []
        for letter in dict.fromkeys((word[0], word[1])):
            for length in range(len(word) - far, len(word) + far + 1):
                words = self.buckets.get((letter, length), ())
                found += [(each, int(distance)) for each, distance, _ in
                          process.extract(word, words, scorer=OSA.distance, score_cutoff=far, limit=None)
                          if letter == word[0] or (each[1:2] == word[0] and distance == 1)]
        return found


@cache
def ordinary() -> frozenset[str]:
    """Stems of ordinary English words from five letters on."""
    text = (files("handlers.runbooks") / "library" / "words.txt").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    return frozenset(stem(word) for line in lines for word in line.split())


def vocabulary(pages: Mapping[str, int]) -> Vocabulary:
    """Of words, each with how many pages hold it."""
    buckets: dict[Bucket, list[str]] = defaultdict(list)
    for word in sorted(pages):
        buckets[_bucket(word)].append(word)
    return Vocabulary(dict(pages), {key: tuple(words) for key, words in buckets.items()})


def _bucket(word: str) -> Bucket:
    return word[0], len(word)

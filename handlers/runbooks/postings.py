"""Which places hold a term, and how heavily: compact arrays that a changed page patches."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import repeat
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

Places = NDArray[np.int32]
Weights = NDArray[np.float32]
Row = tuple[Places, Weights]

_EMPTY: Final[Row] = (np.empty(0, np.int32), np.empty(0, np.float32))
_PATCHES_AT_MOST: Final = 0.2
_PATCHES_ALWAYS: Final = 4000
"""When more of the terms than these are patched, all are written anew."""


@dataclass(frozen=True, slots=True)
class Postings:
    """Rows by term. Never changed: `changed` gives another one that shares what stayed the same."""

    rows: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    """Where each term's row is in `bounds`."""
    bounds: NDArray[np.int64] = field(default_factory=lambda: np.zeros(1, np.int64))
    places: Places = field(default_factory=lambda: _EMPTY[0])
    weights: Weights = field(default_factory=lambda: _EMPTY[1])
    patches: Mapping[str, Row] = field(default_factory=lambda: MappingProxyType({}))
    """Rows that are not as written in the arrays any more."""

    def __contains__(self, term: str) -> bool:
        return self.count(term) > 0

    def __iter__(self) -> Iterator[str]:
        """Every term that some place holds."""
        yield from (term for term in self.rows if term not in self.patches)
        yield from (term for term, (places, _) in self.patches.items() if len(places))

    def of(self, term: str) -> Row:
        """The places that hold the term, each once, in no order, and their weights."""
        if term in self.patches:
            return self.patches[term]
        row = self.rows.get(term)
        if row is None:
            return _EMPTY
        begin, end = self.bounds[row], self.bounds[row + 1]
        return self.places[begin:end], self.weights[begin:end]

    def count(self, term: str) -> int:
        """How many places hold the term."""
        if term in self.patches:
            return len(self.patches[term][0])
        row = self.rows.get(term)
        return 0 if row is None else int(self.bounds[row + 1] - self.bounds[row])

    def changed(self, gone: Mapping[int, Iterable[str]], added: Mapping[int, Mapping[str, float]],
                size: int) -> Postings:
        """Without these places, whose terms are given, and then with those; a place may be in both.

        `size`: how many places there are, those left empty too.
        """
        filled = Filled()
        for place, terms in added.items():
            filled.add(place, terms)
        stays = np.ones(size, np.bool_)
        stays[list(gone)] = False
        patches = dict(self.patches)
        for term in sorted({term for terms in gone.values() for term in terms}):
            places, weights = self.of(term)
            stay = stays[places]
            patches[term] = places[stay], weights[stay]
        more = filled.postings()
        for term in more.rows:
            places, weights = patches.get(term) or self.of(term)
            there, heavy = more.of(term)
            patches[term] = np.concatenate([places, there]), np.concatenate([weights, heavy])
        now = Postings(self.rows, self.bounds, self.places, self.weights, patches)
        return _written((term, now.of(term)) for term in sorted(now)) \
            if len(patches) > _PATCHES_AT_MOST * len(self.rows) + _PATCHES_ALWAYS else now


class _Numbers(dict[str, int]):
    """A number for each term, in the order they come."""

    def __missing__(self, term: str) -> int:
        number = self[term] = len(self)
        return number


@dataclass(slots=True)
class Filled:
    """Postings that are being filled, place after place."""

    _numbers: _Numbers = field(default_factory=_Numbers)
    _terms: array[int] = field(default_factory=lambda: array("i"))
    _places: array[int] = field(default_factory=lambda: array("i"))
    _weights: array[float] = field(default_factory=lambda: array("f"))

    def add(self, place: int, terms: Mapping[str, float]) -> None:
        self._terms.extend(map(self._numbers.__getitem__, terms))
        self._places.extend(repeat(place, len(terms)))
        self._weights.extend(terms.values())

    def postings(self) -> Postings:
        if not self._numbers:
            return Postings()
        terms = np.frombuffer(self._terms, np.int32)
        order = np.argsort(terms, kind="stable")
        bounds = np.concatenate([[0], np.cumsum(np.bincount(terms, minlength=len(self._numbers)))])
        return Postings(dict(self._numbers), bounds, np.frombuffer(self._places, np.int32)[order],
                        np.frombuffer(self._weights, np.float32)[order])


def _written(rows: Iterable[tuple[str, Row]]) -> Postings:
    names: dict[str, int] = {}
    lengths, places, weights = [0], list[Places](), list[Weights]()
    for number, (term, (there, weight)) in enumerate(rows):
        names[term] = number
        lengths.append(len(there))
        places.append(there)
        weights.append(weight)
    if not names:
        return Postings()
    return Postings(names, np.cumsum(lengths, dtype=np.int64), np.concatenate(places),
                    np.concatenate(weights))

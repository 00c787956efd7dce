"""Blends what the words of a question find with how near its meaning is to that of each section."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.float64]

CANDIDATES: Final = 64
"""Sections nearest in meaning that are looked at, whatever their words."""
WORDS: Final = 0.6
MEANING: Final = 0.4
_UNSURE: Final = 0.25
"""Of their weight, what words keep that are not sure at all."""
_SURE_BY_WORDS: Final = 0.7
"""Of how sure both are: words that nobody wrote tell better than a distance that nobody wrote of this."""


def blended(words: Scores, cosines: Scores, is_named: Sequence[bool], sure: float = 1.0) -> Scores:
    """The scores of some candidates, best 1 or so; named ones stand above all others.

    `words`: by words, never negative. `cosines`: -1 to 1. Both are measured by the best of the candidates.
    `sure`: how sure words are of their best, 0 to 1: the best of what hardly fits is not worth much.
    """
    named = np.asarray(is_named, np.bool_)
    plain = words[~named]
    most_words = float(plain.max()) if len(plain) else float(words.max())
    nearest = float(cosines.max())
    weight = WORDS * (_UNSURE + (1 - _UNSURE) * sure)
    return (weight * np.minimum(words / (most_words or 1.0), 1.0)
            + MEANING * np.maximum(cosines, 0.0) / (nearest if nearest > 0 else 1.0) + named * 1.0)


def confidence(by_words: float, cosine: float, *, is_named: bool) -> float:
    """How sure both together are of the best hit, 0 to 1.

    `by_words`: as words alone are sure of the best that they find. `cosine`: how near the best of both is in
    meaning.
    """
    if is_named:
        return by_words
    return _SURE_BY_WORDS * by_words + (1 - _SURE_BY_WORDS) * min(1.0, max(0.0, cosine))

"""What sections mean, beside what a question means: vectors in memory, and how near they are."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from handlers.runbooks.model import Matrix

PAGE_SHARE: Final = 0.5
"""Of a section's nearness, what the nearest section of its page adds: one page speaks of one thing."""


@dataclass(frozen=True, slots=True)
class Windows:
    """One section as a model reads it."""

    section: int
    page: str
    digests: tuple[str, ...]
    """Of its windows' texts, SHA-256 in hexadecimal."""


def digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True)
class Vectors:
    """Of all sections, by window. Never changed: another state of the pages is another."""

    sections: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    pages: tuple[str, ...] = ()
    """The page of each section."""
    starts: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    """The row of each section's first window."""
    rows: Matrix = field(default_factory=lambda: np.zeros((0, 0), np.float32))

    def cosines(self, question: Matrix) -> dict[int, float]:
        """How near each section is to a question: its best window, with a share of its page's best."""
        if not len(self.sections):
            return {}
        best = np.maximum.reduceat(self.rows @ question, self.starts)
        of_page, last = np.empty_like(best), 0
        for at in range(1, len(self.pages) + 1):
            if at == len(self.pages) or self.pages[at] != self.pages[last]:
                of_page[last:at] = best[last:at].max()
                last = at
        near = (1 - PAGE_SHARE) * best + PAGE_SHARE * of_page
        return dict(zip(self.sections.tolist(), near.tolist(), strict=True))

    def changed(self, gone: Collection[str], windows: Sequence[Windows],
                known: Mapping[str, bytes]) -> Vectors:
        """Without the pages `gone`, and with these sections, page by page; `known`: packed, by digest."""
        bounds = np.append(self.starts, len(self.rows))
        stays = [at for at, page in enumerate(self.pages) if page not in gone]
        old = [self.rows[bounds[at]:bounds[at + 1]] for at in stays]
        new = [np.stack([unpacked(known[each]) for each in one.digests]) for one in windows]
        parts = [*old, *new]
        if not parts:
            return Vectors()
        sizes = np.array([len(each) for each in parts])
        numbers = [*(int(self.sections[at]) for at in stays), *(each.section for each in windows)]
        return Vectors(np.array(numbers),
                       (*(self.pages[at] for at in stays), *(each.page for each in windows)),
                       np.append(0, np.cumsum(sizes)[:-1]), np.concatenate(parts))


def packed(rows: Matrix) -> list[bytes]:
    """As the database keeps them: half precision is a thousandth of a cosine off at most."""
    return [each.astype("<f2").tobytes() for each in rows]


def unpacked(content: bytes) -> Matrix:
    return np.frombuffer(content, "<f2").astype(np.float32)

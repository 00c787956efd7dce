"""Which labels change each time although the condition stays the same: from samples alone."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

_SHOWN: Final = 3
_EXAMPLES: Final = 3
_SHARE: Final = 0.5
"""So many different values among as many conditions tell a label that changes each time."""
_FEWEST: Final = 3


@dataclass(frozen=True, slots=True)
class Churning:
    """A label with how many different values it had."""

    label: str
    values: int
    examples: tuple[str, ...]


def churning(sample: Sequence[Mapping[str, str]], ignored: Collection[str]) -> list[Churning]:
    """The labels whose values differ most among conditions of one name, without those ignored already."""
    values: dict[str, dict[str, None]] = {}
    for labels in sample:
        for label, value in labels.items():
            if label not in ignored:
                values.setdefault(label, {})[value] = None
    least = max(len(sample) * _SHARE, _FEWEST)
    found = [Churning(label, len(seen), tuple(list(seen)[:_EXAMPLES]))
             for label, seen in values.items() if len(seen) >= least]
    return sorted(found, key=lambda each: (-each.values, each.label))[:_SHOWN]

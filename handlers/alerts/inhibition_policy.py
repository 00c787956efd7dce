"""Which alerts hold which others back."""

from __future__ import annotations

from dataclasses import dataclass

from handlers.fields import Fields

KEYS: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Inhibition:
    """The section `inhibit` of the alert policy."""


def read(_fields: Fields) -> Inhibition:
    return Inhibition()

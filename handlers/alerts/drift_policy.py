"""When a model's drift is an alert, and what follows."""

from __future__ import annotations

from dataclasses import dataclass

from handlers.fields import Fields

KEYS: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DriftPolicy:
    """The section `drift` of the alert policy."""


def read(_fields: Fields) -> DriftPolicy:
    return DriftPolicy()

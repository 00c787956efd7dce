"""What is asked of monitoring systems again and again."""

from __future__ import annotations

from dataclasses import dataclass

from handlers.fields import Fields

KEYS: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Pulls:
    """The section `pull` of the alert policy."""


def read(_fields: Fields) -> Pulls:
    return Pulls()

"""Other systems that we call: to page, to have a model trained again."""

from __future__ import annotations

from dataclasses import dataclass

from handlers.fields import Fields

KEYS: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Outward:
    """The section `outward` of the alert policy."""


def read(_fields: Fields) -> Outward:
    return Outward()

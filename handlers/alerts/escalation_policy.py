"""Who is told next when nobody takes an alert on."""

from __future__ import annotations

from dataclasses import dataclass

from handlers.fields import Fields

KEYS: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EscalationPolicy:
    """The section `escalation` of the alert policy."""


def read(_fields: Fields) -> EscalationPolicy:
    return EscalationPolicy()

"""Who does not answer is left alone for a while: so nothing waits for it, and it can recover."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

OPENS_AFTER: Final = 5
"""Failures in a row."""
REST: Final = timedelta(minutes=1)


@dataclass(slots=True)
class _Circuit:
    failures: int = 0
    rests_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Circuits:
    """One a name. They are each process's own and forgotten with it: nothing depends on them but the pace."""

    _known: dict[str, _Circuit] = field(default_factory=dict)

    def rests_until(self, name: str, now: datetime) -> datetime | None:
        """Until when nothing is to be tried; None: go on.

        Once its rest is over one call goes through, and the others wait for how that ends.
        """
        circuit = self._known.get(name)
        if circuit is None or circuit.rests_until is None:
            return None
        if now < circuit.rests_until:
            return circuit.rests_until
        circuit.rests_until = now + REST
        return None

    def note(self, name: str, now: datetime, *, answered: bool) -> None:
        """It answered, be it with no; or it did not."""
        if answered:
            self._known.pop(name, None)
            return
        circuit = self._known.setdefault(name, _Circuit())
        circuit.failures += 1
        if circuit.failures >= OPENS_AFTER:
            circuit.rests_until = now + REST

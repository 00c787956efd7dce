"""What may write an answer out of passages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from handlers.runbooks.values import Kept


class Written(Protocol):
    """An answer in sentences, each with the number of the passage it rests on."""

    @property
    def sentences(self) -> tuple[tuple[str, int], ...]: ...
    @property
    def note(self) -> str:
        """That one was left out, and why; empty: none was."""
        ...


class Writes(Protocol):
    """Writes an answer out of passages, where an admin wants that."""

    async def written(self, question: str, kept: Sequence[Kept]) -> Written | None:
        """None: it is not to be, or cannot be; the passage answers alone."""
        ...

"""How much is on the way at once, and what may come on top of it."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from handlers.outbox.reach import Reach
from handlers.outbox.rules import PAGE
from storage.outbox import Turn, Within

IN_ALL = 96
"""Messages on the way at once. At 250 ms a call that is some 380 a second."""
OF_ONE_WORKSPACE = 64
"""So many of them may be of one workspace: a slow one does not hold up the others."""
FOR_PAGES = 16
"""Further ones for pages alone: none waits until a slow digest is through."""
PROBES = 4
"""So many of a workspace that answers nothing, a moment after each other: one may hang."""


@dataclass(slots=True)
class Slots:
    reach: Reach
    ordinary: Counter[str] = field(default_factory=Counter)
    """By workspace."""
    pages: int = 0

    def take(self, turns: Iterable[Turn], now: datetime) -> None:
        probes = self.reach.probes(now)
        for turn in turns:
            if turn.urgency >= PAGE:
                self.pages += 1
            else:
                self.ordinary[turn.workspace] += 1
                if turn.workspace in probes:
                    self.reach.probing(turn.workspace, now)

    def free(self, turn: Turn) -> None:
        if turn.urgency >= PAGE:
            self.pages -= 1
        else:
            self.ordinary[turn.workspace] -= 1

    def left(self, at_most: int) -> int:
        """How many rooms may be claimed; where there is place for pages alone, for these."""
        left = IN_ALL - self._taken
        return min(at_most, left if left > 0 else left + FOR_PAGES)

    def within(self, now: datetime) -> Within:
        left = {workspace: OF_ONE_WORKSPACE - taken for workspace, taken in self.ordinary.items() if taken}
        for workspace, may_probe in self.reach.probes(now).items():
            left[workspace] = int(may_probe and self.ordinary[workspace] < PROBES)
        return Within(PAGE, self._taken >= IN_ALL, left, OF_ONE_WORKSPACE, self.reach.shut_now(now))

    @property
    def _taken(self) -> int:
        return self.ordinary.total() + self.pages

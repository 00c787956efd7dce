"""Faults of the network and of Slack itself, by chance (seeded) or one by one as a test scripts them."""

from __future__ import annotations

import random
from collections import deque
from dataclasses import dataclass, field, fields
from typing import Any, Literal

Kind = Literal["lost_reply", "error_500", "rate_429", "drop_connection", "none"]
_CHANCES: tuple[Kind, ...] = ("drop_connection", "error_500", "rate_429", "lost_reply")


@dataclass(slots=True)
class Faults:
    """Chances are 0..1 per Web API call. `down`: every connection is dropped, nothing is delivered to people.

    lost_reply: the effect happens, then the connection drops. drop_connection, error_500: before any effect.
    """

    lost_reply: float = 0.0
    error_500: float = 0.0
    rate_429: float = 0.0
    slow_ms: int = 0
    drop_connection: float = 0.0
    down: bool = False
    _random: random.Random = field(default_factory=lambda: random.Random(11), repr=False)  # noqa: S311
    _next: dict[str, deque[Kind]] = field(default_factory=dict, repr=False)

    def next(self, method: str, *kinds: Kind) -> None:
        """Script what the next calls of `method` meet, in order ("none": nothing); "*" is any method."""
        self._next.setdefault(method, deque()).extend(kinds)

    def draw(self, method: str) -> Kind:
        """What this call meets."""
        if self.down:
            return "drop_connection"
        for key in (method, "*"):
            if self._next.get(key):
                return self._next[key].popleft()
        for kind in _CHANCES:
            chance = getattr(self, kind)
            if chance and self._random.random() < chance:
                return kind
        return "none"

    def clear(self) -> None:
        self.change({f.name: f.default for f in fields(self) if not f.name.startswith("_")})
        self._next.clear()

    def to_json(self) -> dict[str, Any]:
        return {f.name: getattr(self, f.name) for f in fields(self) if not f.name.startswith("_")}

    def change(self, wanted: dict[str, Any]) -> None:
        """Set some; raises ValueError for an unknown name or a value out of range."""
        known = self.to_json()
        for name, value in wanted.items():
            if name not in known:
                raise ValueError(f"no fault is called {name!r}")
            if name == "down":
                self.down = bool(value)
            elif isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0:
                raise ValueError(f"{name} must be a number from 0")
            elif name == "slow_ms":
                self.slow_ms = min(int(value), 60_000)
            elif value > 1:
                raise ValueError(f"{name} must be 0 to 1")
            else:
                setattr(self, name, float(value))

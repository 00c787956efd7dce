"""Faults of the network and of Slack itself, by chance (seeded) or one by one as a test scripts them."""

from __future__ import annotations

import random
from collections import deque
from dataclasses import dataclass, field, fields
from typing import Any, Literal, get_args

Kind = Literal["drop_connection", "error_500", "rate_429", "taken_500", "lost_reply", "none"]
_CHANCES: tuple[Kind, ...] = get_args(Kind)[:-1]
_SWITCHES = ("down", "token_revoked")
_LONGEST = {"slow_ms": 60_000, "retry_after_s": 3600}


@dataclass(slots=True)
class Faults:
    """Chances are shares of the Web API calls, 0..1; adding up to more than 1, each gives way in proportion.

    drop_connection, error_500, rate_429: before any effect. taken_500, lost_reply: the effect happens, then
    Slack answers 500 or the connection drops. down: every connection is dropped, nothing is delivered to
    people. token_revoked: no bot token is taken. retry_after_s: what a rate_429 asks for.
    """

    lost_reply: float = 0.0
    error_500: float = 0.0
    taken_500: float = 0.0
    rate_429: float = 0.0
    retry_after_s: int = 1
    slow_ms: int = 0
    drop_connection: float = 0.0
    down: bool = False
    token_revoked: bool = False
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
        chances = [float(getattr(self, kind)) for kind in _CHANCES]
        return self._random.choices((*_CHANCES, "none"), (*chances, max(0.0, 1 - sum(chances))))[0]

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
            if name in _SWITCHES:
                setattr(self, name, bool(value))
            elif isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0:
                raise ValueError(f"{name} must be a number from 0")
            elif name in _LONGEST:
                setattr(self, name, min(int(value), _LONGEST[name]))
            elif value > 1:
                raise ValueError(f"{name} must be 0 to 1")
            else:
                setattr(self, name, float(value))

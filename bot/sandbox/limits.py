"""How fast Slack lets an app call: the tiers of methods, and one message a second into each room."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import datetime

from bot.sandbox.model import Clock

_TIER_1 = {"apps.connections.open"}
_TIER_2 = {
    "users.list", "users.conversations", "conversations.list", "conversations.create",
    "conversations.archive",
    "conversations.setTopic", "usergroups.list", "usergroups.users.list", "usergroups.users.update",
    "dnd.teamInfo", "files.upload",
}  # fmt: skip
_TIER_4 = {
    "views.open", "views.update", "views.push", "views.publish", "chat.postEphemeral", "users.info",
    "conversations.members", "files.getUploadURLExternal", "files.completeUploadExternal", "files.info",
}  # fmt: skip
_SPECIAL = {"auth.test", "api.test", "chat.getPermalink", "chat.postMessage"}
PER_MINUTE = {
    1: 10,
    2: 20,
    3: 50,
    4: 100,
    5: 600,
}  # tier 1 is "1+": Slack allows the 10 connections of an app
ROOM_BURST = 4
ROOM_PER_SECOND = 1.0


def tier(method: str) -> int:
    """1 to 4 as Slack publishes them, 5 for the special methods with hundreds a minute."""
    if method in _TIER_1:
        return 1
    if method in _TIER_2:
        return 2
    if method in _TIER_4:
        return 4
    return 5 if method in _SPECIAL else 3


@dataclass(slots=True)
class _Bucket:
    tokens: float
    at: datetime


@dataclass(slots=True)
class Paces:
    """Token buckets on the injected clock. `enabled` off lets a test post as fast as it likes."""

    clock: Clock
    enabled: bool = True
    _buckets: dict[tuple[str, str], _Bucket] = field(default_factory=dict)

    def check(self, method: str, room: str | None) -> int | None:
        """None: go ahead. Else the whole seconds for Retry-After."""
        if not self.enabled:
            return None
        per_minute = PER_MINUTE[tier(method)]
        wait = self._take(("method", method), per_minute, per_minute / 60)
        if wait is None and method == "chat.postMessage" and room is not None:
            wait = self._take(("room", room), ROOM_BURST, ROOM_PER_SECOND)
        return wait

    def _take(self, key: tuple[str, str], capacity: float, per_second: float) -> int | None:
        now = self.clock()
        bucket = self._buckets.setdefault(key, _Bucket(capacity, now))
        gone = max(0.0, (now - bucket.at).total_seconds())
        bucket.tokens = min(capacity, bucket.tokens + gone * per_second)
        bucket.at = now
        if bucket.tokens >= 1 - 1e-9:
            bucket.tokens -= 1
            return None
        return max(1, math.ceil((1 - bucket.tokens) / per_second - 1e-9))

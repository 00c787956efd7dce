"""Whether workspaces answer us, as far as this process has seen: it decides how much is tried at once.

Another process may see another network, so this is not shared; what all of them must know (limits, a refused
token) is in the database.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from handlers.chat.ports import EVERYTHING, SendFailed
from handlers.outbox.rules import wait_s

SILENT_AFTER = 3
"""So many calls in a row without any answer: the service is away, not one room in trouble."""


@dataclass(slots=True)
class _Seen:
    failures: int = 0
    since: datetime | None = None
    """Of the first of those failures."""
    probe_at: datetime | None = None
    """When one more promise may be tried; None: as many as there are."""
    shut_until: datetime | None = None
    """Its token is not taken: until then nothing at all is tried."""


@dataclass(slots=True)
class Reach:
    _seen: dict[str, _Seen] = field(default_factory=dict)

    def note(self, workspace: str, failure: SendFailed | None, now: datetime) -> None:
        """A call was made: it worked, or failed so."""
        seen = self._seen.get(workspace)
        is_refused = failure is not None and failure.limit == EVERYTHING
        if failure is None or not (failure.down or is_refused):
            if seen is not None:
                del self._seen[workspace]
            return
        if seen is None:
            seen = self._seen[workspace] = _Seen(since=now)
        seen.failures = max(seen.failures + 1, SILENT_AFTER if is_refused else 0)
        if (away := self.away(workspace, now)) is not None:
            seen.probe_at = max(seen.probe_at or now, now + timedelta(seconds=wait_s(1, away) / 2))

    def shut(self, workspace: str, until: datetime) -> None:
        """The workspace does not take our token, as somebody found out."""
        seen = self._seen.setdefault(workspace, _Seen(SILENT_AFTER, until))
        seen.failures, seen.shut_until = max(seen.failures, SILENT_AFTER), until
        seen.probe_at = max(seen.probe_at or until, until)

    def away(self, workspace: str, now: datetime) -> timedelta | None:
        """For how long it has answered nothing; None: it answers."""
        seen = self._seen.get(workspace)
        if seen is None or seen.since is None or seen.failures < SILENT_AFTER:
            return None
        return max(now - seen.since, timedelta(0))

    def is_shut(self, workspace: str, now: datetime) -> bool:
        seen = self._seen.get(workspace)
        return seen is not None and seen.shut_until is not None and now < seen.shut_until

    def shut_now(self, now: datetime) -> frozenset[str]:
        """Workspaces of which nothing is to be tried."""
        return frozenset(workspace for workspace in self._seen if self.is_shut(workspace, now))

    def probes(self, now: datetime) -> dict[str, bool]:
        """Workspaces that are away, each with whether one promise may be tried now, to see."""
        return {workspace: seen.probe_at is None or seen.probe_at <= now
                for workspace, seen in self._seen.items() if self.away(workspace, now) is not None}

    def probing(self, workspace: str, now: datetime) -> None:
        """One is under way; the next may follow before it has failed, for a call can hang."""
        seen = self._seen.get(workspace)
        away = self.away(workspace, now)
        if seen is not None and away is not None:
            seen.probe_at = now + timedelta(seconds=wait_s(1, away))

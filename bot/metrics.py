"""What a monitor may ask: how much waits, for how long, what became of attempts, whether the clock ticks."""

import asyncio
from collections import Counter as Tally
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import monotonic

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError

from handlers.chat.ports import EVERYTHING, Clock
from handlers.outbox.attempt import LookedUp
from handlers.outbox.rules import PAGE
from storage import queue
from storage.engine import Store
from storage.queue import Standing

FRESH_S = 5.0
"""So long one look at the database serves all who ask."""
LATE_S = (0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300, 1800, 7200)
OUTCOMES = ("shown", "nothing to say", "again", "in doubt", "gone", "give up", "bug", "held up", "untried",
            "late", "nothing due")


@dataclass(frozen=True, slots=True)
class _Look:
    at: datetime
    standings: tuple[Standing, ...] = ()
    limits: Tally[str] = field(default_factory=Tally)
    """In how many workspaces each is in force."""
    is_answered: bool = True
    refused_since: datetime | None = None


class Metrics(Collector):
    """Watches the outbox and the ticks; all is counted in here, there is no global registry."""

    def __init__(self, store: Store, clock: Clock, limits: Sequence[tuple[str, str]], *,
                 by_workspace: bool = False) -> None:
        self._store, self._clock, self._limits, self._by_workspace = store, clock, limits, by_workspace
        self._looking, self._looked_at = asyncio.Lock(), -FRESH_S
        self._look = _Look(clock(), is_answered=False)
        self._ticks: dict[str, float] = {}
        self._registry = CollectorRegistry()
        self._attempts = Counter("groundcrew_attempts", "Attempts to keep a promise, by what came of them",
                                 ["outcome"], registry=self._registry)
        self._doubts = Counter("groundcrew_doubts", "Posts whose answer was lost, by how that was resolved",
                               ["how"], registry=self._registry)
        self._late = Histogram("groundcrew_shown_late_seconds",
                               "From when a message was due to when it was shown",
                               buckets=LATE_S, registry=self._registry)
        for outcome in OUTCOMES:
            self._attempts.labels(outcome)
        for doubt in LookedUp:
            self._doubts.labels(doubt)
        self._registry.register(self)

    # ---- what the outbox and the ticks tell ----------------------------------------------------------------

    def tried(self, outcome: str, late_by: timedelta | None) -> None:
        self._attempts.labels(outcome).inc()
        if late_by is not None:
            self._late.observe(late_by.total_seconds())

    def resolved(self, doubt: LookedUp) -> None:
        self._doubts.labels(doubt).inc()

    def ticked(self, name: str) -> None:
        """A repeated job came to its end."""
        self._ticks[name] = monotonic()

    # ---- what a monitor is told ----------------------------------------------------------------------------

    async def page(self) -> bytes:
        """Everything, as Prometheus reads it."""
        await self.look()
        return generate_latest(self._registry)

    async def look(self) -> datetime | None:
        """See how the outbox stands, at most every FRESH_S; since when the token is refused, if it is."""
        async with self._looking:
            if monotonic() - self._looked_at >= FRESH_S:
                self._look = await self._looked()
                self._looked_at = monotonic()
        return self._look.refused_since

    async def _looked(self) -> _Look:
        now = self._clock()
        try:
            async with self._store.reading() as session:
                standings = await queue.standings(session, PAGE, now)
                limits = await queue.limits_in_force(session, self._limits, now)
        except (SQLAlchemyError, OSError):
            return _Look(now, is_answered=False)
        names = [(room.partition("!")[2], since) for _, room, _, since in limits]
        refused = [since or now for name, since in names if name == EVERYTHING]
        return _Look(now, tuple(standings), Tally(name for name, _ in names if name != EVERYTHING),
                     refused_since=min(refused, default=None))

    def collect(self) -> Iterable[GaugeMetricFamily]:
        look = self._look
        yield GaugeMetricFamily("groundcrew_database_up", "1: the database answered the last look",
                                float(look.is_answered))
        ages = GaugeMetricFamily("groundcrew_tick_age_seconds", "Since a repeated job last came to its end",
                                 labels=["tick"])
        for name, at in sorted(self._ticks.items()):
            ages.add_metric([name], monotonic() - at)
        yield ages
        if not look.is_answered:
            return  # rather nothing than what may not be so any more
        yield GaugeMetricFamily("groundcrew_token_refused", "1: the chat service does not take our token",
                                float(look.refused_since is not None))
        limited = GaugeMetricFamily("groundcrew_limits_in_force",
                                    "In how many workspaces this limit holds messages up", labels=["limit"])
        for name in sorted(limit for _, limit in self._limits if limit != EVERYTHING):
            limited.add_metric([name], look.limits[name])
        yield limited
        yield from self._queue(look)

    def _queue(self, look: _Look) -> Iterable[GaugeMetricFamily]:
        labels = ["workspace", "urgency"] if self._by_workspace else ["urgency"]
        waiting = GaugeMetricFamily("groundcrew_promises_waiting", "Messages that are not shown yet",
                                    labels=labels)
        oldest = GaugeMetricFamily("groundcrew_oldest_due_seconds", "Since the longest waiting one was due",
                                   labels=labels)
        of = self._grouped(look.standings)
        for key in sorted(of):
            here = [each for each in of[key] if not each.is_given_up]
            waiting.add_metric(key, sum(each.count for each in here))
            since = min((each.due_since for each in here), default=look.at)
            oldest.add_metric(key, max((look.at - since).total_seconds(), 0.0))
        yield from (waiting, oldest)
        for name, says, attribute in (
                ("groundcrew_promises_in_doubt", "Posts whose answer was lost, not looked up", "is_in_doubt"),
                ("groundcrew_promises_given_up", "Messages that nobody tries any more", "is_given_up")):
            yield GaugeMetricFamily(name, says, sum(
                each.count for each in look.standings if getattr(each, attribute)))

    def _grouped(self, standings: Iterable[Standing]) -> dict[tuple[str, ...], list[Standing]]:
        grouped: dict[tuple[str, ...], list[Standing]] = {}
        if not self._by_workspace:
            grouped = {("ordinary",): [], ("page",): []}
        for each in standings:
            urgency = "page" if each.is_urgent else "ordinary"
            key = (each.workspace, urgency) if self._by_workspace else (urgency,)
            grouped.setdefault(key, []).append(each)
        return grouped

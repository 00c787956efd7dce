"""Asks sources what fires there now: what was missed is taken in, and what is gone there is over."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, TypeVar

from handlers.alerts.hooks import settings_of
from handlers.alerts.intake import Intake, NowhereToShow, promises, tell_storms
from handlers.alerts.lifetime import Taking, ended
from handlers.alerts.outward_calls import bearer
from handlers.alerts.signals import fingerprint
from handlers.alerts.vendors import VENDORS, reconciling
from handlers.alerts.vendors.contract import Malformed, Report, Settings
from handlers.alerts.vendors.reconciling import PATH, PRIVATE, SECRET, URL, Present
from handlers.web.http import Http, NotReached, Rules
from storage import alerts, outbox
from storage.alerting import AlertSource, AlertState, SignalState
from storage.engine import Store

log = logging.getLogger(__name__)

EVERY: Final = timedelta(minutes=5)
SETTLES: Final = timedelta(minutes=1)
"""What was heard of so recently may have begun after its sender answered."""
LARGEST: Final = 16 * 1024 * 1024
BATCH: Final = 500
GONE: Final = "gone"
_Each = TypeVar("_Each")


@dataclass(slots=True)
class _State:
    next_at: datetime | None = None
    absent: dict[str, frozenset[str]] = field(default_factory=dict)
    """By source, what was missing there the last time."""


@dataclass(frozen=True, slots=True)
class Reconciling:
    store: Store
    intake: Intake
    workspace: str
    http: Http
    secret: Callable[[str], str | None]
    _state: _State = field(default_factory=_State)

    async def run(self) -> int:
        """Ask those whose time has come: all of them at the first call, which is at the start."""
        now = self.intake.clock()
        if self._state.next_at is not None and now < self._state.next_at:
            return 0
        self._state.next_at = now + EVERY
        async with self.store.reading() as session:
            rows = [row for row in await alerts.sources(session, self.workspace) if row.options.get(URL)]
        for row in rows:
            try:
                await self._one(row, now)
            except (NotReached, Malformed, NowhereToShow) as problem:
                self._state.absent.pop(row.name, None)
                log.warning("%s could not be asked what fires there: %s", row.name, problem)
        return len(rows)

    async def _one(self, row: AlertSource, now: datetime) -> None:
        """Raises NotReached, Malformed, NowhereToShow. Nothing follows from an answer that is not whole."""
        vendor, settings = VENDORS[row.vendor], settings_of(row, now)
        body = await self._asked(settings)
        there = await asyncio.to_thread(reconciling.present, vendor, body, settings, now)
        async with self.store.reading() as session:
            here = await alerts.firing_of(session, self.workspace, row.name)
        await self._take_in(row.name, there, here)
        known = {fingerprint(row.name, key) for key in there.keys}
        absent = frozenset(each for each, last_at in here.items()
                           if each not in known and last_at < now - SETTLES)
        # Twice in a row: an Alertmanager that has just started knows nothing for a minute.
        over = absent & self._state.absent.get(row.name, frozenset())
        self._state.absent[row.name] = absent - over
        for some in _batches(sorted(over)):
            await self._end(some, now - SETTLES)

    async def _asked(self, settings: Settings) -> bytes:
        """Raises NotReached."""
        options = settings.options
        is_private = options.get(PRIVATE) is True
        headers = {"accept": "application/json"}
        if options.get(SECRET):
            secret = self.secret(str(options[SECRET]))
            if not secret:
                raise NotReached(f"the environment variable {options[SECRET]} is not set")
            headers["authorization"] = bearer(secret)
        got = await self.http.ask("GET", str(options[URL]).rstrip("/") + PATH,
                                  Rules(is_private, is_private, at_most=LARGEST), headers=headers)
        if got.status != 200:
            raise NotReached(f"the answer was {got.status}")
        return got.body

    async def _take_in(self, source: str, there: Present, here: Collection[str]) -> None:
        missed = [signal for signal in there.wanted if fingerprint(source, signal.key) not in here]
        for some in _batches(missed):
            await self.intake.take(self.workspace, source, Report(tuple(some)))

    async def _end(self, fingerprints: Collection[str], heard_before: datetime) -> None:
        """These are over, unless they were heard of meanwhile."""
        now, policy = self.intake.clock(), self.intake.policy
        async with self.store.begin() as session:
            rows = {each: row for each, row in (await alerts.signals_locked(
                session, self.workspace, fingerprints)).items()
                if row.state is SignalState.FIRING and row.last_at < heard_before}
            known = await alerts.alerts_locked(
                session, self.workspace, (), {row.alert_id for row in rows.values() if row.alert_id}, now)
            taking = Taking(self.workspace, now, policy, {**rows}, known)
            for row in rows.values():
                row.state, row.ended_at, row.lapses_at = SignalState.RESOLVED, now, None
                alert = known.get(row.alert_id or 0)
                if alert is not None and alert.state is not AlertState.RESOLVED:
                    ended(alert, row, now, policy, GONE)
                    alert.changed_at = now
                    taking.touched[alert.key] = alert
            await session.flush()
            await tell_storms(session, taking.workspace, taking.touched, taking.now)
            await outbox.promise(session, self.workspace, promises(taking.touched.values(), policy, now), [],
                                 now)
        if rows:
            self.intake.wake()


def _batches(found: Sequence[_Each]) -> list[Sequence[_Each]]:
    return [found[at:at + BATCH] for at in range(0, len(found), BATCH)]

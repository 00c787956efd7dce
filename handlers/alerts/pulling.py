"""Asks monitoring systems on ticks, and takes in what they say as any other report."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from handlers.alerts import model_reading, pull_rules
from handlers.alerts.circuits import Circuits
from handlers.alerts.intake import Intake
from handlers.alerts.outward import rules_of
from handlers.alerts.outward_calls import Answered, bearer
from handlers.alerts.outward_rules import pause, spread
from handlers.alerts.pull_policy import Pulls, Reading
from handlers.alerts.pull_rules import Unreadable
from handlers.alerts.signals import Signal
from handlers.alerts.vendors.contract import Report
from handlers.alerts.vendors.values import fields, moment
from handlers.chat.ports import Clock
from handlers.web.http import Got, Http, NotReached
from storage import alerts, pulls
from storage.alerting import Pull
from storage.engine import Store
from storage.pilots import name_key

log = logging.getLogger(__name__)

AT_ONCE: Final = 20
_JITTER: Final = 0.1
_NO_DATA: Final = "there is no data"


@dataclass(frozen=True, slots=True)
class Asked:
    """A reading that was taken in hand, with what was known of it before."""

    reading: Reading
    at: datetime
    failures: int
    details: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Came:
    """What asking came to."""

    details: dict[str, Any]
    """What is remembered instead of what was."""
    value: float | None = None
    signals: tuple[Signal, ...] = ()
    error: str | None = None


@dataclass(slots=True)
class _Seen:
    is_ready: bool = False


@dataclass(frozen=True, slots=True)
class Pulling:
    store: Store
    intake: Intake
    workspace: str
    policy: Pulls
    http: Http
    secret: Callable[[str], str | None]
    circuits: Circuits = field(default_factory=Circuits)
    _seen: _Seen = field(default_factory=_Seen)

    @property
    def clock(self) -> Clock:
        return self.intake.clock

    async def ask(self) -> int:
        """Ask what is due; returns how many readings that were."""
        asked = await self._claim()
        await asyncio.gather(*(self._one(each) for each in asked))
        return len(asked)

    async def _claim(self) -> list[Asked]:
        """Who dies from here on has only left one reading out: the next is asked for already."""
        if self._seen.is_ready and not self.policy.readings:
            return []
        now, found = self.clock(), list[Asked]()
        if self._seen.is_ready:
            async with self.store.glancing() as session:
                if not await pulls.is_due(session, self.workspace, now):
                    return found
        async with self.store.begin() as session:
            if not self._seen.is_ready:
                await pulls.keep_only(session, self.workspace, self.policy.readings, now)
            for row in await pulls.due(session, self.workspace, now, limit=AT_ONCE):
                reading = self.policy.readings.get(row.name)
                if reading is None:
                    continue
                rests = self.circuits.rests_until(_host(reading), now)
                if rests is not None:
                    row.next_at = rests
                    continue
                row.asked_at, row.next_at = now, now + jittered(reading, now)
                found.append(Asked(reading, now, row.failures, dict(row.details)))
        self._seen.is_ready = True
        return found

    async def _one(self, asked: Asked) -> None:
        reading, answered = asked.reading, False
        try:
            came = await self._came(asked)
            answered = True
        except NotReached as error:
            came, answered = Came(asked.details, error=str(error)), error.is_refused
        except Unreadable as error:
            came, answered = Came(asked.details, error=str(error)), True
        except Exception:  # a bug of ours, or an answer nobody thought of
            log.exception("reading %s could not be asked for", reading.name)
            came = Came(asked.details, error="something went wrong on our side")
        self.circuits.note(_host(reading), self.clock(), answered=answered)
        try:
            await self._keep(asked, came)
        except Exception:  # the database is away, or there is no channel: the next reading says it again
            log.exception("reading %s could not be taken in", reading.name)

    async def _came(self, asked: Asked) -> Came:
        """Raises NotReached, Unreadable."""
        reading = asked.reading
        secret = self.secret(reading.secret_env) if reading.secret_env is not None else ""
        if secret is None:
            raise Unreadable(f"the environment variable {reading.secret_env} is not set")
        headers = {"accept": "application/json"} | ({"authorization": bearer(secret)} if secret else {})
        if reading.kind == "mlflow":
            found = await self._model(reading, headers, asked.at)
            before = fields(asked.details.get("model"))
            return Came({**asked.details, "model": model_reading.after(before, found, asked.at)})
        body = urlencode({"query": reading.query, "time": f"{asked.at.timestamp():.3f}",
                          "timeout": f"{reading.reach.timeout.total_seconds():.0f}s"}).encode()
        got = await self._got(reading, "POST", f"{reading.url}/api/v1/query",
                              {**headers, "content-type": "application/x-www-form-urlencoded"}, body)
        answer = pull_rules.read_answer(got.status, got.body)
        seen = pull_rules.judged(reading, answer, fields(asked.details.get("series")), asked.at)
        details = {**asked.details, "series": seen.series, "warnings": list(answer.warnings)}
        is_blind = seen.value is None and not seen.signals and reading.needs_data
        return Came(details, seen.value, seen.signals, _NO_DATA if is_blind else None)

    async def _model(self, reading: Reading, headers: dict[str, str], now: datetime) -> dict[str, Any]:
        asking = model_reading.asked(reading, headers, now)
        try:
            call = next(asking)
            while True:
                got = await self._got(reading, call.method, call.url, dict(call.headers), call.body)
                call = asking.send(Answered(got.status, got.body, got.headers))
        except StopIteration as end:
            found: dict[str, Any] = end.value
            return found

    async def _got(self, reading: Reading, method: str, url: str, headers: dict[str, str],
                   body: bytes | None = None) -> Got:
        return await self.http.ask(method, url, rules_of(reading.reach), headers=headers, content=body)

    # ---- what came of it -----------------------------------------------------------------------------------

    async def _keep(self, asked: Asked, came: Came) -> None:
        reading, now = asked.reading, self.clock()
        failures = asked.failures + 1 if came.error is not None else 0
        details, signals = dict(came.details), [*came.signals]
        if came.error is not None:
            details.setdefault("failing_since", asked.at.isoformat())
            since = moment(details["failing_since"]) or now
            if failures >= self.policy.tell_after:
                details["told"] = True
                signals.append(pull_rules.failing(reading, came.error, since, now, is_over=False))
        else:
            since = moment(details.pop("failing_since", None)) or now
            if details.pop("told", False):
                signals.append(pull_rules.failing(reading, "", since, now, is_over=True))
        if signals:  # first, for the sake of who dies in between: what is said twice counts once
            await self.intake.take(self.workspace, f"pull:{reading.name}", Report(tuple(signals)))
        async with self.store.begin() as session:
            row = await pulls.held(session, self.workspace, reading.name, asked.at)
            if row is None:
                return
            if reading.pilot is not None:
                key = name_key(reading.pilot)
                pilot = (await alerts.pilots_named(session, self.workspace, {key})).get(key)
                details["pilot_id"] = pilot.id if pilot is not None else None
            self._write(row, details, came, failures, now)

    def _write(self, row: Pull, details: dict[str, Any], came: Came, failures: int, now: datetime) -> None:
        row.details, row.failures, row.error = details, failures, came.error
        if came.error is None:
            row.answered_at, row.value = now, came.value
            return
        if came.error == _NO_DATA:
            row.answered_at, row.value = now, None
            return
        reading = self.policy.readings[row.name]
        row.next_at = now + min(pause(row.name, failures), jittered(reading, now))


def jittered(reading: Reading, now: datetime) -> timedelta:
    """Until the next time: not all at once, and not at the same second of each minute."""
    return reading.every * (1 + _JITTER * (2 * spread(f"{reading.name}/{now.isoformat()}") - 1))


def _host(reading: Reading) -> str:
    return urlsplit(reading.url).netloc

"""Who was not heard of for days: a monitor that has died says nothing, and that looks like health."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from handlers.alerts.intake import Intake
from handlers.alerts.signals import Severity, Signal, Status, fingerprint
from handlers.alerts.vendors.contract import Report
from handlers.alerts.vendors.values import clean, fields, number
from storage import alerts, presence
from storage.alerting import AlertSource
from storage.engine import Store

SOURCE: Final = "groundcrew"
"""What we report of ourselves comes from."""
OPTION: Final = "quiet_after"
NAMES: Final = ("SourceQuiet", "ModelQuiet")


@dataclass(frozen=True, slots=True)
class Silent:
    """One that is to be heard of every so many days."""

    key: str
    name: str
    what: str
    since: datetime
    """When it was last heard of."""
    after: timedelta
    labels: dict[str, str]


@dataclass(frozen=True, slots=True)
class Quiet:
    store: Store
    intake: Intake
    workspace: str

    async def look(self) -> int:
        """Say who is quiet for too long, and who is heard again; returns how many signals that were."""
        now = self.intake.clock()
        async with self.store.reading() as session:
            rows = await alerts.sources(session, self.workspace)
            fires = {row.fingerprint for row in await presence.firing_titles(
                session, self.workspace, SOURCE, NAMES)}
            watched = [each for row in rows if (each := _source(row)) is not None]
            watched += await self._models(session, {row.name: days for row in rows
                                                    if (days := days_of(row)) is not None})
        found = []
        for each in watched:
            is_quiet = now - each.since > each.after
            if is_quiet or fingerprint(SOURCE, each.key) in fires:
                found.append(_signal(each, now, is_quiet=is_quiet))
        if found:
            await self.intake.take(self.workspace, SOURCE, Report(tuple(found)))
        return len(found)

    async def _models(self, session: AsyncSession, days: dict[str, timedelta]) -> list[Silent]:
        """Models that a source which is heard of no longer judges."""
        found = []
        for source, key, at in await presence.last_windows(session, self.workspace, days):
            window = await presence.window_at(session, self.workspace, key, at)
            model = clean(fields(window.drift if window is not None else None).get("model") or key, 100)
            what = f"{source} has judged no window of {model}"
            found.append(Silent(f"model:{source}:{key}", "ModelQuiet", what, at, days[source],
                                {"reporter": source, "model": model}))
        return found


def days_of(row: AlertSource) -> timedelta | None:
    """The source's `quiet_after`; None: it may be quiet for as long as it likes."""
    days = number(row.options.get(OPTION))
    return timedelta(days=days) if days is not None and 0 < days <= 365 else None


def _source(row: AlertSource) -> Silent | None:
    after = days_of(row)
    if after is None:
        return None
    what = f"{row.name} has reported nothing"
    return Silent(f"source:{row.name}", "SourceQuiet", what, row.heard_at or row.made_at, after,
                  {"reporter": row.name})


def _signal(silent: Silent, now: datetime, *, is_quiet: bool) -> Signal:
    days = (now - silent.since) // timedelta(days=1)
    since, limit = f"since {silent.since:%Y-%m-%d %H:%M} UTC", silent.after / timedelta(days=1)
    title = f"{silent.what} {since}" if is_quiet else f"{silent.labels['reporter']} is heard of again"
    return Signal(
        key=silent.key, status=Status.FIRING if is_quiet else Status.RESOLVED, name=silent.name, title=title,
        severity=Severity.WARNING, labels=silent.labels, started_at=silent.since + silent.after,
        ended_at=None if is_quiet else now,
        notes={"summary": f"Nothing for {days} days, and {limit:g} are the limit set for it. Either all is "
                          "well there, or it no longer reaches us: send a test."} if is_quiet else {})

"""Reads what gaps are found in: questions, alerts, pages, and the names that labels carry."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from handlers.runbooks.alert_pages import KnownPages, foreign_link
from handlers.runbooks.gap_rules import ALERTS_WITHIN, LOOKED_BACK, Facts
from handlers.runbooks.keeper import Keeper
from handlers.runbooks.policy import Policies
from handlers.runbooks.service_names import LABELS, Census, Gone, Named, gone, names_in
from storage import runbook_gaps
from storage.alerting import Alert
from storage.models import Pilot
from storage.pilots import name_key
from storage.runbook_gaps import Carried, Coded, Fired, Shelved

_QUESTIONS, _NAMES, _VALUES = 5000, 500, 2000
"""At most so many questions, names of alerts, values of a label are looked at, newest first."""


@dataclass(slots=True)
class Survey:
    """Looks at everything of a workspace; what the code of pages names is remembered until they change."""

    workspace: str
    keeper: Keeper
    """Whose policy says which sources there are."""
    _named: dict[int, tuple[str, frozenset[Named]]] = field(default_factory=dict)
    """By page: its digest, and what its code names."""

    @property
    def policy(self) -> Policies:
        return self.keeper.policy

    async def facts(self, session: AsyncSession, pilots: Sequence[Pilot], now: datetime, *,
                    with_names: bool = True) -> Facts:
        """All that gaps are found in.

        Args:
            with_names: also what is gone of the names in the code of pages.
        """
        asked = await runbook_gaps.questions_since(session, self.workspace, now - LOOKED_BACK, _QUESTIONS)
        fired = await runbook_gaps.fired(session, self.workspace, now - ALERTS_WITHIN, _NAMES)
        pages = [page for page in await runbook_gaps.all_pages(session, self.workspace)
                 if page.source in self.policy.sources]
        numbers = {each.newest for each in fired} | {row.alert_id for row in asked if row.alert_id}
        alerts = await runbook_gaps.alerts_of(session, self.workspace, numbers)
        missing = await self._gone(session, pages, now) if with_names else {}
        pilot_of = self._pilot_of(pilots)
        runbook_of, links = await asyncio.to_thread(self._runbooks, fired, pages, alerts, pilot_of)
        return Facts(
            now, self.policy.stale_after, asked, fired, pages, runbook_of, links, missing, pilot_of,
            {name: source.owner for name, source in self.policy.sources.items() if source.owner},
            frozenset(self.policy.sources), {number: alert.rank for number, alert in alerts.items()})

    def _pilot_of(self, pilots: Sequence[Pilot]) -> dict[str, int]:
        numbers = {pilot.name_key: pilot.id for pilot in pilots}
        return {name: numbers[key] for name, source in self.policy.sources.items()
                if source.pilot is not None and (key := name_key(source.pilot)) in numbers}

    def _runbooks(self, fired: Sequence[Fired], pages: Sequence[Shelved], alerts: Mapping[int, Alert],
                  pilot_of: Mapping[str, int]) -> tuple[dict[tuple[int | None, str], str],
                                                        dict[tuple[int | None, str], str]]:
        """Which alerts have a page, and which a link to what is no page of ours."""
        known = KnownPages.of(pages)
        runbook_of, links = {}, {}
        for each in fired:
            sources = {name for name in self.policy.sources if pilot_of.get(name) in (None, each.pilot_id)
                       and (self.policy.sources[name].pilot is None or name in pilot_of)}
            newest = alerts.get(each.newest)
            brought = newest.links if newest is not None else []
            page = known.runbook_of(each.name, brought, sources)
            if page is not None:
                runbook_of[each.pilot_id, each.name] = page
            elif (link := foreign_link(brought)) is not None:
                links[each.pilot_id, each.name] = link
        return runbook_of, links

    async def _gone(self, session: AsyncSession, pages: Sequence[Shelved],
                    now: datetime) -> Mapping[int, tuple[Gone, ...]]:
        digests = {page.id: page.digest for page in pages}
        changed = [number for number, digest in digests.items()
                   if self._named.get(number, ("", None))[0] != digest]
        read = await runbook_gaps.code_of(session, self.workspace, changed) if changed else []
        carried = await runbook_gaps.carried(session, self.workspace, LABELS, _VALUES)
        since = await runbook_gaps.first_heard(session, self.workspace)
        named = await asyncio.to_thread(_names, read)
        for number in changed:
            self._named[number] = (digests[number], named.get(number, frozenset()))
        for number in self._named.keys() - digests.keys():
            del self._named[number]
        said = {number: names for number, (_, names) in self._named.items() if names}
        return await asyncio.to_thread(gone, said, _census(carried, since), now)


def _names(read: Sequence[Coded]) -> dict[int, frozenset[Named]]:
    return {each.page_id: names_in(each.code) for each in read}


def _census(carried: Sequence[Carried], since: datetime | None) -> Census:
    seen: dict[str, dict[str, datetime]] = {}
    for each in carried:
        names = seen.setdefault(LABELS[each.label], {})
        names[each.value] = max(each.last_at, names.get(each.value, each.last_at))
    return Census(seen, since)

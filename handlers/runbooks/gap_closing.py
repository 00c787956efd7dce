"""How gaps in runbooks ended that are no more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from handlers.runbooks.gap_rules import Closed, Facts, Kind, asked_in, key_of, page_of, urls_of
from storage.runbook_gaps import Asked, Shelved

_SAID = {Kind.STUB: "the page was written", Kind.OLD: "the page was changed",
         Kind.SERVICE: "the page names nothing any more that is gone"}


@dataclass(frozen=True, slots=True)
class Closing:
    """What is there now, by the keys that gaps are remembered by."""

    asked: Mapping[str, Sequence[Asked]]
    """Newest first."""
    runbooks: Mapping[str, str]
    """Of alerts that have one: their page."""
    fired: frozenset[str]
    pages: Mapping[str, Shelved]
    """By kind and page, too."""
    shelved: Mapping[str, Shelved]
    urls: Mapping[str, str | None]

    @classmethod
    def of(cls, facts: Facts) -> Closing:
        """Once for all gaps: it goes through everything."""
        return cls(
            {key_of(Kind.QUESTION, *each): rows for each, rows in asked_in(facts).items()},
            {key_of(Kind.ALERT, pilot or 0, name): page for (pilot, name), page in facts.runbook_of.items()},
            frozenset(key_of(Kind.ALERT, each.pilot_id or 0, each.name) for each in facts.fired),
            {key_of(kind, each.key): each for kind in _SAID for each in facts.pages},
            {each.key: each for each in facts.pages}, urls_of(facts))

    def closed(self, key: str) -> Closed | None:
        """How a gap was closed that is not found any more; None: that cannot be told from here."""
        kind = Kind(key.partition(":")[0])
        if kind is Kind.QUESTION:
            return self._question(self.asked.get(key, ()))
        if kind is Kind.ALERT:
            return self._alert(key)
        page = self.pages.get(key)
        if page is None:
            return Closed("the page is gone")
        return Closed(_SAID[kind], page.changed_at, page.key, page.url)

    def _question(self, rows: Sequence[Asked]) -> Closed | None:
        best = next((row for row in rows if row.said == "helpful"), None)
        if best is None:
            return None if rows else Closed("not asked any more")
        page = page_of(best)
        return Closed("answered helpfully", best.said_at or best.asked_at, page, self.urls.get(page or ""))

    def _alert(self, key: str) -> Closed | None:
        page = self.shelved.get(self.runbooks.get(key, ""))
        if page is not None:
            return Closed("it has a runbook now", page.changed_at, page.key, page.url)
        return None if key in self.fired else Closed("it has not fired for 30 days")

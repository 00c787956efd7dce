"""Finds sections by a question. Built once, never changed: another state of the pages is another index.

All of it is in memory and made of the entries alone, so that it answers alike whatever database holds them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from heapq import nlargest

import numpy as np

from handlers.runbooks import blend, confidence
from handlers.runbooks.concepts import Asked, asked
from handlers.runbooks.question import plain_question
from handlers.runbooks.ranking import Candidate, Mask, Ranking
from handlers.runbooks.shelf import Filling, Shelf
from handlers.runbooks.synonyms import Synonyms, built_in
from handlers.runbooks.tuning import Tuning
from handlers.runbooks.values import NOTHING_FOUND, Entry, Found, Hit


@dataclass(frozen=True, slots=True)
class Index:
    shelf: Shelf = field(default_factory=Shelf)
    synonyms: Synonyms = field(default_factory=Synonyms)

    @property
    def entries(self) -> tuple[Entry, ...]:
        """All sections without their text and code, in no order."""
        return tuple(self.shelf.entries())

    def ask(self, question: str, *, at_most: int = 10, sources: Collection[str] | None = None,
            cosines: Mapping[int, float] | None = None, today: date | None = None,
            stale_after: timedelta = timedelta(days=180), own: Collection[str] = ()) -> Found:
        """What is found, at best `at_most` sections.

        `sources`: only from these; None: from all. `own`: those of whom it is asked for. `cosines`: how near
        each section's meaning is to the question's, by the section's number, -1 to 1; None: words alone
        decide. `today`: pages that nobody changed for `stale_after` are trusted less; None: age is not looked
        at.
        """
        understood = self.understood(question)
        if not understood.concepts or not self.shelf.count:
            return NOTHING_FOUND
        ranking = Ranking(self.shelf, understood, self.synonyms, frozenset(own))
        missing = tuple(each.typed for each in understood.concepts if not each.terms and not each.is_name)
        among = None if sources is None else self._from(sources)
        candidates = ranking.candidates(ranking.scores(), among,
                                        () if cosines is None else self._near(cosines, among))
        if not candidates:
            return replace(NOTHING_FOUND, missing=missing)
        sure = confidence.confidence(ranking, candidates[0])
        if cosines is not None:
            candidates = self._blended(candidates, cosines, sure)
        best = candidates[0]
        if cosines is not None:
            sure = blend.confidence(sure, cosines.get(self._entry(best).id, 0.0), is_named=best.is_named)
        called = self._called(candidates, ranking.own) if best.is_called and not best.is_named else ()
        if called:
            sure = confidence.pointed(sure, is_alike=len(called) > 1)
        sure = confidence.told(sure) if not ranking.says_kind(best) else sure
        sure = confidence.trusted(sure, self._entry(best), today, stale_after)
        return Found(tuple(Hit(self._entry(each), each.score) for each in candidates[:at_most]), sure,
                     confidence.verdict(sure), ranking.matched(best), missing,
                     tuple((each.typed, each.taken_for) for each in understood.concepts if each.taken_for),
                     len(called) > 1)

    def _called(self, candidates: Iterable[Candidate], own: Collection[str]) -> Collection[str]:
        """The pages with a section that is called just what is asked.

        Only `own` ones, if there are any; of these only such as are about nothing else, by their titles.
        """
        found = {entry.page: (entry.source in own, self._is_about(each))
                 for each in candidates if each.is_called for entry in [self._entry(each)]}
        best = max(found.values())
        return [page for page, weight in found.items() if weight == best]

    def _is_about(self, candidate: Candidate) -> bool:
        """Whether its page's title begins with what its heading says."""
        section = self.shelf.sections[candidate.place]
        page = self.shelf.pages[self.shelf.page_of[candidate.place]]
        assert section is not None
        assert page is not None
        called = section.headings[-1]
        return bool(page.titles[0][:len(called)] == called)

    def _near(self, cosines: Mapping[int, float], among: Mask | None) -> list[int]:
        """The places of the sections nearest in meaning, `among` these."""
        places = ((cosine, place) for number, cosine in cosines.items()
                  if (place := self.shelf.by_id.get(number)) is not None and (among is None or among[place]))
        return [place for _, place in nlargest(blend.CANDIDATES, places)]

    def _blended(self, candidates: Sequence[Candidate], cosines: Mapping[int, float],
                 sure: float) -> list[Candidate]:
        """`candidates` are in order; where both together come to the same, they keep it."""
        scores = blend.blended(np.array([each.score for each in candidates]),
                               np.array([cosines.get(self._entry(each).id, 0.0) for each in candidates]),
                               [each.is_named for each in candidates], sure)
        return [replace(each, score=float(score)) for each, score in
                sorted(zip(candidates, scores, strict=True), key=lambda one: -one[1])]

    def understood(self, question: str) -> Asked:
        """What a question is taken to ask for."""
        return asked(plain_question(question), self.shelf.in_sections.__contains__, self.shelf.words.nearest,
                     self.synonyms, self.shelf.tuning)

    def changed(self, gone: Collection[str], entries: Iterable[Entry]) -> Index:
        """Without the pages `gone`, and with these sections; a page that is named in both is replaced."""
        return Index(self.shelf.changed(gone, entries), self.synonyms)

    def _entry(self, candidate: Candidate) -> Entry:
        section = self.shelf.sections[candidate.place]
        assert section is not None
        return section.entry

    def _from(self, sources: Collection[str]) -> Mask:
        pages = [each is not None and each.source in sources for each in self.shelf.pages]
        return np.array([*pages, False], np.bool_)[self.shelf.page_of]


@dataclass(slots=True)
class Building:
    """An index that is being built, some pages at a time, so that progress may be told on the way."""

    synonyms: Synonyms
    _filling: Filling

    def add(self, entries: Iterable[Entry]) -> None:
        """All sections of some pages; a page may not come twice."""
        self._filling.add(entries)

    def built(self) -> Index:
        return Index(self._filling.shelf(), self.synonyms)


def building(synonyms: Sequence[Sequence[str]] = (), tuning: Tuning | None = None) -> Building:
    """`synonyms`: groups of words that mean the same, beside those that come with the bot."""
    return Building(built_in(tuple(tuple(each) for each in synonyms)), Filling(tuning or Tuning()))


def built(entries: Iterable[Entry], synonyms: Sequence[Sequence[str]] = (),
          tuning: Tuning | None = None) -> Index:
    """An index of these sections at once. Takes a processor: call it off the event loop."""
    begun = building(synonyms, tuning)
    begun.add(entries)
    return begun.built()

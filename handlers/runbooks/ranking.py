"""Ranks the sections of a shelf for a question: by BM25F of fields and pages, then names, titles, intents."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from heapq import nsmallest
from math import log
from typing import Final

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz, process

from handlers.runbooks.concepts import Asked, Concept
from handlers.runbooks.leaves import Terms, file_name
from handlers.runbooks.postings import Postings
from handlers.runbooks.shelf import NOWHERE, PlacedPage, PlacedSection, Shelf
from handlers.runbooks.synonyms import Synonyms
from handlers.runbooks.tokens import joined, plain

Scores = NDArray[np.float64]
Mask = NDArray[np.bool_]

CANDIDATES: Final = 64
"""Sections that are looked at closely."""
_ALIKE_AT_MOST: Final = 192
"""Of sections that are as good as the last of these: pages made from one template are all alike."""
_NAMED: Final = 2.0
"""What a section is worth beside a perfect one, if the question gives its name."""
_SAME: Final = 0.9
"""From this weight a term is another form of the word, not only used alike."""
_ALIKE: Final = 88
"""From this likeness of 100 a bare name is believed to be meant for a known one."""


@dataclass(frozen=True, slots=True)
class Candidate:
    place: int
    score: float
    is_named: bool
    is_called: bool = False
    """Its heading says just what is asked."""


@dataclass(slots=True)
class Ranking:
    """One question to one shelf."""

    shelf: Shelf
    asked: Asked
    synonyms: Synonyms
    own: frozenset[str] = frozenset()
    """Sources of whom it is asked for: they go before what is shared, where both are called just so."""

    def idf(self, term: str) -> float:
        """How much a term says: what few hold says more (BM25's, never negative)."""
        held = self.shelf.in_sections.count(term)
        return log(1 + (self.shelf.count - held + 0.5) / (held + 0.5))

    @property
    def most(self) -> float:
        """What a term would say that nothing holds."""
        return log(1 + (self.shelf.count + 0.5) / 0.5)

    def worth(self, concept: Concept) -> float:
        """How much a word of the question says; one that nothing holds says as much as the rarest."""
        if not concept.terms:
            return concept.weight * self.most
        return concept.weight * max(self.idf(term) * weight for term, weight in concept.terms)

    def perfect(self, worth: float) -> float:
        """What a section at most scores by words of this worth, titles and headings aside."""
        tuning = self.shelf.tuning
        return worth * (tuning.saturation + 1 + tuning.page * (tuning.page_saturation + 1))

    def scores(self) -> Scores:
        """By place: the words that a section, and its page, hold."""
        tuning, shelf = self.shelf.tuning, self.shelf
        sections = self._held(shelf.in_sections, len(shelf.sections), tuning.saturation)
        pages = self._held(shelf.in_pages, len(shelf.pages) + 1, tuning.page_saturation)
        return sections + tuning.page * pages[shelf.page_of]

    def _held(self, postings: Postings, size: int, saturation: float) -> Scores:
        total = np.zeros(size)
        for concept in self.asked.concepts:
            several = np.zeros(size) if len(concept.terms) > 1 else None
            most = self.idf(concept.terms[0][0]) if concept.terms else 0.0
            for term, weight in concept.terms:
                places, held = postings.of(term)
                worth = concept.weight * weight * min(self.idf(term), most) * (saturation + 1)
                value = worth * (held / (held + saturation))
                if several is None:
                    total[places] += value
                else:
                    several[places] = np.maximum(several[places], value)
            if several is not None:
                total += several
        return total

    def candidates(self, scores: Scores, among: Mask | None, also: Iterable[int] = ()) -> list[Candidate]:
        """The best, looked at closely; best first, and in the order of pages where they are as good.

        `among`: only these. `also`: places to look at whatever their words.
        """
        allowed = self.shelf.page_of != NOWHERE
        if among is not None:
            allowed &= among
        scores = np.where(allowed, scores, 0.0)
        named = self._named()
        looked_at_anyway = {place for place in also if allowed[place]}
        looked_at = {*self._best(scores), *(place for place in named if allowed[place]), *looked_at_anyway}
        if not looked_at:
            return []
        perfect = self.perfect(sum(self.worth(each) for each in self.asked.concepts))
        best = float(max(scores[place] for place in looked_at))
        asked_for, twins = self._weights(), self._twins(looked_at)
        found = []
        for place in looked_at:
            section, page = self._at(place)
            is_called = self._is_called(section, asked_for)
            score = float(scores[place]) + self._closer(section, page, asked_for, best, is_called=is_called)
            if int(self.shelf.page_of[place]) in twins and self._is_meant(page):
                score += self.shelf.tuning.severity * best
            if place in named:
                score += named[place] * (_NAMED * perfect + 1)
            if section.entry.is_stub:
                score *= self.shelf.tuning.stub
            if score > 0 or place in looked_at_anyway:
                found.append(Candidate(place, score, place in named, is_called))
        return sorted(found, key=lambda each: (-each.score, *self._order(each.place)))

    def _best(self, scores: Scores) -> list[int]:
        """The places of the best scores; of what is as good as the last of them, not thousands."""
        if len(scores) <= CANDIDATES:
            return [int(each) for each in np.flatnonzero(scores > 0)]
        last = max(float(np.partition(scores, -CANDIDATES)[-CANDIDATES]), 1e-9)
        better = [int(each) for each in np.flatnonzero(scores > last)]
        alike = [int(each) for each in np.flatnonzero(scores == last)]
        return [*better, *nsmallest(_ALIKE_AT_MOST, alike, key=self._order)]

    def _twins(self, places: Iterable[int]) -> set[int]:
        """Pages among these whose titles are alike but for a word that says how bad it is."""
        alike: dict[frozenset[str], set[int]] = {}
        said = self.synonyms.grave | self.synonyms.mild
        for number in {int(self.shelf.page_of[place]) for place in places}:
            page = self.shelf.pages[number]
            for title in page.titles if page else ():
                alike.setdefault(frozenset(title) - said, set()).add(number)
        return {number for them in alike.values() if len(them) > 1 for number in them}

    def _is_meant(self, page: PlacedPage) -> bool:
        """As bad as the question says; what does not say how bad it is may still get worse."""
        said = {term for title in page.titles for term in title}
        if self.asked.is_grave and not self.asked.is_mild:
            return bool(said & self.synonyms.grave)
        return bool(said & self.synonyms.mild) and not self.asked.is_grave

    def matched(self, candidate: Candidate) -> tuple[str, ...]:
        """The words of the question that the section or its page holds, as they were typed."""
        page = int(self.shelf.page_of[candidate.place])
        return tuple(each.typed for each in self.asked.concepts
                     if (candidate.is_named or not each.is_name)
                     and any(page in self.shelf.in_pages.of(term)[0] for term, _ in each.terms))

    def _order(self, place: int) -> tuple[str, int]:
        section, page = self._at(place)
        return page.page, section.entry.id

    def _at(self, place: int) -> tuple[PlacedSection, PlacedPage]:
        section, page = self.shelf.sections[place], self.shelf.pages[self.shelf.page_of[place]]
        assert section is not None
        assert page is not None
        return section, page

    def _weights(self) -> Mapping[str, float]:
        """How well each term was asked for."""
        found: dict[str, float] = {}
        for concept in self.asked.concepts:
            for term, weight in concept.terms:
                found[term] = max(found.get(term, 0.0), concept.weight * weight)
        return found

    def _is_called(self, section: PlacedSection, asked_for: Mapping[str, float]) -> bool:
        """Whether its own heading says all that is asked and nothing else."""
        own = section.headings[-1] if section.headings else ()
        searched = [each for each in self.asked.concepts if not each.is_name and each.weight > 0]
        if not self.asked.is_whole or not own or not searched or not all(each.terms for each in searched):
            return False
        if "".join(own) == "".join(each.terms[0][0] for each in searched):  # "rollback": "Roll back"
            return True
        said = all(any(term in own for term, weight in each.terms if weight >= _SAME) for each in searched)
        return said and all(asked_for.get(term, 0.0) >= _SAME for term in own)

    def _closer(self, section: PlacedSection, page: PlacedPage, asked_for: Mapping[str, float],
                best: float, *, is_called: bool) -> float:
        """What titles and headings add that are asked for in full, and the kind of answer that is wanted."""
        tuning = self.shelf.tuning
        more = tuning.heading_cover * self._best_cover(section.headings, asked_for)
        if len(self.shelf.page_names) > 1:
            more += tuning.title_cover * self._best_cover(page.titles, asked_for)
        if is_called:
            more += (tuning.called + tuning.own * (page.source in self.own)) * best
        elif any(not self.asked.only.isdisjoint(each) for each in (*section.headings, *page.titles)):
            more += tuning.only * best
        elif any(not self.asked.headings.isdisjoint(each) for each in section.headings):
            more += tuning.intent * best
        return more

    def says_kind(self, candidate: Candidate) -> bool:
        """Whether its page is, or has a section, for the kind of answer that is wanted, if that is needed."""
        if not self.asked.only:
            return True
        _, page = self._at(candidate.place)
        headings = (each for place in page.sections for each in self._at(place)[0].headings)
        return any(not self.asked.only.isdisjoint(each) for each in (*page.titles, *headings))

    def _best_cover(self, names: Iterable[Terms], asked_for: Mapping[str, float]) -> float:
        return max((self._cover(each, asked_for) for each in names), default=0.0)

    def _cover(self, terms: Terms, asked_for: Mapping[str, float]) -> float:
        """What of these terms was asked for, times the share that this is of all they say."""
        whole = got = 0.0
        for term in terms:
            worth = self.idf(term)
            whole += worth
            got += worth * asked_for.get(term, 0.0)
        return got * got / whole if whole else 0.0

    def _named(self) -> Mapping[int, float]:
        """Places that the question gives the name of, and how surely."""
        found: dict[int, float] = {}
        for name in self.asked.names:
            self._take(name, 1.0, found)
        for name in self.asked.loose:
            if any(len(title) > 1 for number in self.shelf.page_names.get(name, ())
                   if (page := self.shelf.pages[number]) for title in page.titles):
                self._take(name, 1.0, found)
        if self.asked.is_bare and not found and self.asked.names and len(self.asked.names[0]) > 5:
            known = list(dict.fromkeys((*self.shelf.page_names, *self.shelf.section_names)))
            near = process.extract(self.asked.names[0], known, scorer=fuzz.ratio, score_cutoff=_ALIKE,
                                   limit=None)
            for name, likeness, _ in near:
                if likeness == near[0][1]:
                    self._take(name, likeness / 200, found)
        return found

    def _take(self, name: str, sure: float, found: dict[int, float]) -> None:
        """A file's name is surest: titles are copied from page to page, a heading may only speak of it."""
        for number in self.shelf.page_names.get(name, ()):
            page = self.shelf.pages[number]
            assert page is not None
            by = sure if joined(plain(file_name(page.page))) == name else sure * 0.95
            for place in page.sections:
                found[place] = max(found.get(place, 0.0), by)
        for place in self.shelf.section_names.get(name, ()):
            found[place] = max(found.get(place, 0.0), sure * 0.9)



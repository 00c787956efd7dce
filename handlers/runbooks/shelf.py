"""All that an index holds of the pages: numbered places, what is posted of them, what they are called."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from handlers.runbooks.leaves import PageLeaf, Terms, leaves, unpacked
from handlers.runbooks.postings import Filled, Postings
from handlers.runbooks.tuning import Tuning
from handlers.runbooks.typos import Vocabulary, vocabulary
from handlers.runbooks.values import Entry

NOWHERE: Final = -1
Numbers = NDArray[np.int32]
Names = Mapping[str, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class PlacedSection:
    entry: Entry
    """Without its text and code: they are in the postings."""
    headings: tuple[Terms, ...]
    """Terms of its headings below the title, its own last."""


@dataclass(frozen=True, slots=True)
class PlacedPage:
    """A page, or a topic of a long one."""

    page: str
    source: str
    sections: tuple[int, ...]
    titles: tuple[Terms, ...]
    names: tuple[str, ...]
    headings: tuple[tuple[str, int], ...]
    """Names that sections go by, each with its section's place."""
    terms: bytes
    """All that is posted of it, packed: wanted only when it goes."""
    words: bytes
    """Its words as they are spelled, packed likewise."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """Never changed: `changed` gives another one that shares what stayed the same.

    A section, and a page, has a place: a number that stays its own while it is there, and is given on
    afterwards. A long page that is made of topics has a place for each of them.
    """

    tuning: Tuning = field(default_factory=Tuning)
    sections: tuple[PlacedSection | None, ...] = ()
    pages: tuple[PlacedPage | None, ...] = ()
    page_of: Numbers = field(default_factory=lambda: np.empty(0, np.int32))
    """The page's place by the section's; NOWHERE: there is none."""
    places_of: Names = field(default_factory=lambda: MappingProxyType({}))
    """The page's places by its name."""
    by_id: Mapping[int, int] = field(default_factory=lambda: MappingProxyType({}))
    """The section's place by its number."""
    in_sections: Postings = field(default_factory=Postings)
    in_pages: Postings = field(default_factory=Postings)
    page_names: Names = field(default_factory=lambda: MappingProxyType({}))
    section_names: Names = field(default_factory=lambda: MappingProxyType({}))
    words: Vocabulary = field(default_factory=Vocabulary)

    @property
    def count(self) -> int:
        """Sections that are there."""
        return len(self.by_id)

    def entries(self) -> Iterable[Entry]:
        return (each.entry for each in self.sections if each is not None)

    def changed(self, gone: Collection[str], entries: Iterable[Entry]) -> Shelf:
        """Without the pages `gone`, and with these sections; a page that is named in both is replaced.

        What it takes grows with the pages that change, hardly with all.
        """
        coming = list(leaves_of(entries, self.tuning))
        numbers = [number for page in sorted({*gone, *(each.page for each in coming)})
                   for number in self.places_of.get(page, ())]
        leaving = [page for number in numbers if (page := self.pages[number]) is not None]
        room = Room(list(self.sections), list(self.pages))
        for page, number in zip(leaving, numbers, strict=True):
            room.clear(page, number)
        room.find_free()
        placed = [room.take(each) for each in coming]

        old, new = list(zip(numbers, leaving, strict=True)), list(zip(placed, coming, strict=True))
        out = [place for page in leaving for place in page.sections]
        page_of = np.full(len(room.sections), NOWHERE, np.int32)
        page_of[:len(self.page_of)] = self.page_of
        page_of[out] = NOWHERE
        for number, page in placed:
            page_of[list(page.sections)] = number
        terms = {number: unpacked(page.terms) for number, page in old}
        in_sections = self.in_sections.changed(
            {place: terms[number] for number, page in old for place in page.sections},
            {place: section.weights for (_, page), each in new
             for place, section in zip(page.sections, each.sections, strict=True)}, len(room.sections))
        in_pages = self.in_pages.changed(
            terms, {number: each.weights for (number, _), each in new}, len(room.pages))
        return Shelf(
            self.tuning, tuple(room.sections), tuple(room.pages), page_of,
            renamed(self.places_of, [(page.page, number) for number, page in old],
                    [(page.page, number) for number, page in placed]),
            _without(self.by_id, out)
            | _ids(room.sections, [place for _, page in placed for place in page.sections]),
            in_sections, in_pages,
            renamed(self.page_names, [(name, number) for number, page in old for name in page.names],
                    [(name, number) for number, page in placed for name in page.names]),
            renamed(self.section_names, [one for page in leaving for one in page.headings],
                    [one for _, page in placed for one in page.headings]),
            self.words.changed((word for page in leaving for word in unpacked(page.words)),
                               (word for each in coming for word in each.words)))


@dataclass(slots=True)
class Room:
    """Places that are being given to pages and sections."""

    sections: list[PlacedSection | None] = field(default_factory=list)
    pages: list[PlacedPage | None] = field(default_factory=list)
    _free_sections: list[int] = field(default_factory=list)
    _free_pages: list[int] = field(default_factory=list)

    def clear(self, page: PlacedPage, number: int) -> None:
        for place in page.sections:
            self.sections[place] = None
        self.pages[number] = None

    def find_free(self) -> None:
        """So that places that were left are given on, the first one first."""
        self._free_sections = [number for number, each in enumerate(self.sections) if each is None][::-1]
        self._free_pages = [number for number, each in enumerate(self.pages) if each is None][::-1]

    def take(self, page: PageLeaf) -> tuple[int, PlacedPage]:
        places, names = [], list[tuple[str, int]]()
        for section in page.sections:
            place = _give(self.sections, self._free_sections)
            self.sections[place] = PlacedSection(section.entry, section.headings)
            places.append(place)
            names += [(name, place) for name in section.names]
        number = _give(self.pages, self._free_pages)
        placed = PlacedPage(page.page, page.sections[0].entry.source, tuple(places), page.titles, page.names,
                            tuple(names), page.terms_packed(), page.words_packed())
        self.pages[number] = placed
        return number, placed


@dataclass(slots=True)
class Filling:
    """A shelf that is being filled, some pages at a time; all sections of a page come together."""

    tuning: Tuning = field(default_factory=Tuning)
    _room: Room = field(default_factory=Room)
    _numbers: dict[str, tuple[int, ...]] = field(default_factory=dict)
    _in_sections: Filled = field(default_factory=Filled)
    _in_pages: Filled = field(default_factory=Filled)
    _words: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def add(self, entries: Iterable[Entry]) -> None:
        before = set(self._numbers)
        for each in leaves_of(entries, self.tuning):
            if each.page in before:
                raise ValueError(f"{each.page} came in two parts")
            number, placed = self._room.take(each)
            self._numbers[each.page] = (*self._numbers.get(each.page, ()), number)
            self._in_pages.add(number, each.weights)
            for place, section in zip(placed.sections, each.sections, strict=True):
                self._in_sections.add(place, section.weights)
            for word in each.words:
                self._words[word] += 1

    def shelf(self) -> Shelf:
        sections, pages = self._room.sections, [page for page in self._room.pages if page is not None]
        page_of = np.full(len(sections), NOWHERE, np.int32)
        for number, page in enumerate(pages):
            page_of[list(page.sections)] = number
        return Shelf(
            self.tuning, tuple(sections), tuple(pages), page_of, dict(self._numbers),
            _ids(sections, range(len(sections))), self._in_sections.postings(), self._in_pages.postings(),
            renamed({}, [], [(name, number) for number, page in enumerate(pages) for name in page.names]),
            renamed({}, [], [one for page in pages for one in page.headings]), vocabulary(self._words))


def leaves_of(entries: Iterable[Entry], tuning: Tuning) -> Iterable[PageLeaf]:
    """By the pages' names; what order the entries have does not matter, a page's go by their numbers."""
    by_page: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        by_page[entry.page].append(entry)
    return (each for page in sorted(by_page)
            for each in leaves(page, sorted(by_page[page], key=lambda entry: entry.id), tuning))


def renamed(names: Names, gone: Iterable[tuple[str, int]], added: Iterable[tuple[str, int]]) -> Names:
    found = dict(names)
    for name, place in gone:
        left = tuple(each for each in found.get(name, ()) if each != place)
        if left:
            found[name] = left
        else:
            found.pop(name, None)
    for name, place in added:
        found[name] = (*found.get(name, ()), place)
    return found


def _give(places: list[PlacedSection | None] | list[PlacedPage | None], free: list[int]) -> int:
    if free:
        return free.pop()
    places.append(None)
    return len(places) - 1


def _without(by_id: Mapping[int, int], places: Iterable[int]) -> dict[int, int]:
    out = set(places)
    return {number: place for number, place in by_id.items() if place not in out}


def _ids(sections: list[PlacedSection | None], places: Iterable[int]) -> dict[int, int]:
    return {section.entry.id: place for place in places if (section := sections[place]) is not None}

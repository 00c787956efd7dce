"""Words and phrases that mean the same, and what a question is after: an admin's beside those built in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from itertools import product
from types import MappingProxyType

import yaml

from handlers.runbooks.tokens import STOP, chunks, parts, plain, stem

Phrase = tuple[str, ...]
"""Stems of all its words, those of no weight too."""

Found = Mapping[str, tuple[tuple[Phrase, int], ...]]
"""By the first stem: phrases, the longest first, each with a number."""


@dataclass(frozen=True, slots=True)
class Intent:
    """What a question may be after."""

    headings: frozenset[str]
    """Stems by which the sections that say it are named."""
    is_only: bool = False
    """Nothing but a section that is named so says it."""


@dataclass(frozen=True, slots=True)
class Synonyms:
    groups: tuple[tuple[Phrase, ...], ...] = ()
    forms: int = 0
    """How many groups, from the first, are of forms of one word; the others' words are only used alike."""
    intents: tuple[Intent, ...] = ()
    grave: frozenset[str] = frozenset()
    """Stems that say that it is the worse one of two alike."""
    mild: frozenset[str] = frozenset()
    by_first: Found = field(default_factory=lambda: MappingProxyType({}))
    """The phrases that begin with a stem, each with its group."""
    asked: Found = field(default_factory=lambda: MappingProxyType({}))
    """The phrases of intents alike, the longest first."""

    def groups_in(self, stems: Sequence[str]) -> Iterator[tuple[int, int, int]]:
        """(begin, end, group) of every phrase found in these stems."""
        for at, first in enumerate(stems):
            for phrase, group in self.by_first.get(first, ()):
                if tuple(stems[at:at + len(phrase)]) == phrase:
                    yield at, at + len(phrase), group

    def kinds_named(self, stems: Sequence[str]) -> set[int]:
        """Where the words stand that ask for a section by its usual name: "call" of "who do we call"."""
        return {at for begin, end, intent in self.intents_in(stems) for at in range(begin, end)
                if stems[at] in self.intents[intent].headings and stems[at] not in STOP}

    def intents_in(self, stems: Sequence[str]) -> Iterator[tuple[int, int, int]]:
        """(begin, end, intent) of the phrases that say what is asked for; of two in one place the longer."""
        at = 0
        while at < len(stems):
            for phrase, intent in self.asked.get(stems[at], ()):
                if tuple(stems[at:at + len(phrase)]) == phrase:
                    yield at, at + len(phrase), intent
                    at += len(phrase) - 1
                    break
            at += 1


def phrase(text: str) -> Phrase:
    return tuple(stem(part) for chunk in chunks(plain(text)) for part in parts(chunk))


def compiled(forms: Iterable[Iterable[str]], groups: Iterable[Iterable[str]] = (),
             intents: Iterable[tuple[Iterable[str], Iterable[str], bool]] = (), grave: Iterable[str] = (),
             mild: Iterable[str] = ()) -> Synonyms:
    """Groups of words; intents as (phrases asked, names of headings, whether nothing else answers).

    What says nothing is left out.
    """
    first = tuple(filter(None, map(_group, forms)))
    kept = (*first, *filter(None, map(_group, groups)))
    wanted = [(tuple(map(phrase, phrases)), Intent(_stems(headings), is_only))
              for phrases, headings, is_only in intents]
    return Synonyms(kept, len(first), tuple(intent for _, intent in wanted), _stems(grave), _stems(mild),
                    _by_first((each, number) for number, group in enumerate(kept) for each in group),
                    _by_first((each, number) for number, (asked, _) in enumerate(wanted) for each in asked))


@cache
def built_in(own: tuple[tuple[str, ...], ...] = ()) -> Synonyms:
    """Those that come with the bot, and an admin's `own` groups, which count as forms of one word."""
    library = _read()
    return compiled([*own, *library.forms], library.groups, library.intents, library.grave, library.mild)


@dataclass(frozen=True, slots=True)
class _Library:
    forms: Sequence[Sequence[str]]
    groups: Sequence[Sequence[str]]
    intents: Sequence[tuple[Sequence[str], Sequence[str], bool]]
    grave: Sequence[str]
    mild: Sequence[str]


@cache
def _read() -> _Library:
    text = (files("handlers.runbooks") / "library" / "synonyms.yaml").read_text(encoding="utf-8")
    read = yaml.safe_load(text)
    return _Library(read["forms"], read["synonyms"],
                    [([said for one in each["asked"] for said in spelled_out(one)], each["headings"],
                      each.get("only", False)) for each in read["intents"]],
                    read["severities"]["grave"], read["severities"]["mild"])


def spelled_out(text: str) -> Iterator[str]:
    """Each phrase of one with words between slashes: ``who/whom to call`` is two."""
    for words in product(*(each.split("/") for each in text.split())):
        yield " ".join(words)


def _group(members: Iterable[str]) -> tuple[Phrase, ...] | None:
    found = dict.fromkeys(each for each in map(phrase, members)
                          if each and not (len(each) == 1 and each[0] in STOP))
    return tuple(found) if len(found) > 1 else None


def _stems(words: Iterable[str]) -> frozenset[str]:
    return frozenset(each for word in words for each in phrase(word))


def _by_first(phrases: Iterable[tuple[Phrase, int]]) -> Found:
    found: dict[str, list[tuple[Phrase, int]]] = defaultdict(list)
    for each, number in phrases:
        if each:
            found[each[0]].append((each, number))
    return {first: tuple(sorted(them, key=lambda one: (-len(one[0]), one))) for first, them in found.items()}

"""What a question is about: its words, each with the terms of the index that stand for it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from handlers.runbooks.synonyms import Synonyms
from handlers.runbooks.tokens import LONGEST, chunks, is_weighty, joined, parts, plain, stem, whole_of
from handlers.runbooks.tuning import Tuning

AT_MOST: Final = 48
"""Concepts that are searched for: what a question costs is bounded by them."""

_RUN: Final = re.compile(r"[^\s\"'`“”„‘’()\[\]{},;=<>|]+")
_AROUND: Final = ".:!?*_-~#…"
_SENTENCE: Final = re.compile(r"[.!?](?:\s|$)|\n")
_LOOSE: Final = 8
"""A single word from this length may be a name in small letters."""
_QUALIFIED: Final = re.compile(r"((?:[a-z_]\w*\.)+)([A-Z]\w*)")
"""The name of a class behind its package's, as stack traces spell it."""
_DIGIT: Final = re.compile(r"\d")
_MEASURED: Final = re.compile(
    r"[\d.:%+-]*%|\d{1,2}|\d+[.:][\d.:]+|\d+(?:ms|s|m|h|d|min|mins|hrs|gb|mb|gib|mib|kb)", re.IGNORECASE)
"""Numbers that say how much, as against those that say which: 97%, 15m, 0.05; not 502, s3."""


@dataclass(frozen=True, slots=True)
class Concept:
    typed: str
    weight: float
    terms: tuple[tuple[str, float], ...]
    """(term of the index, how well it stands for the word), the best first; empty: no runbook holds it."""
    taken_for: str | None = None
    """The word that it was taken for, where it is not known as typed."""
    is_name: bool = False
    """A whole identifier, beside the parts of which it is made: not missed where it is not known."""
    is_later: bool = False
    """Said after the first sentence, which is what it is about; what follows explains."""


@dataclass(frozen=True, slots=True)
class Asked:
    concepts: tuple[Concept, ...]
    names: tuple[str, ...]
    """The whole question, if it may be a name, and its identifiers: without separators and capitals."""
    loose: tuple[str, ...]
    """Long single words: names only of what is known to be made of several."""
    is_bare: bool
    """Nothing but one name is asked for."""
    headings: frozenset[str]
    """Stems of headings under which the kind of answer that is wanted stands."""
    only: frozenset[str]
    """Those without which nothing answers it."""
    is_grave: bool
    is_mild: bool
    is_whole: bool = True
    """All of its words that say something are searched for; none only tells what kind of answer is wanted."""


@dataclass(slots=True)
class _Word:
    typed: str
    stem: str
    weight: float
    is_weighty: bool
    is_later: bool
    is_whole: bool = False


Known = Callable[[str], bool]
Nearest = Callable[[str], str | None]


def asked(question: str, is_known: Known, nearest: Nearest, synonyms: Synonyms, tuning: Tuning) -> Asked:
    """What a question, as `plain_question` gives it, asks for.

    `is_known`: whether a term is in the index. `nearest`: the known word that a mistyped one may be.
    """
    words, names, loose = _words(question, is_known, tuning)
    stems = [each.stem for each in words]
    headings, only = set[str](), set[str]()
    for begin, end, intent in synonyms.intents_in(stems):
        headings |= synonyms.intents[intent].headings
        only |= synonyms.intents[intent].headings if synonyms.intents[intent].is_only else set()
        for word in words[begin:end]:
            word.weight *= tuning.asking
    is_alone = not any(each.is_weighty and each.weight > 0 for each in words)
    if is_alone:  # nothing but the kind of answer is asked
        for at in synonyms.kinds_named(stems):
            words[at].weight = 1.0
    others = _others(words, stems, synonyms, tuning)
    found: dict[str, Concept] = {}
    for word in words:
        if len(found) == AT_MOST:
            break
        if word.is_weighty and word.weight > 0 and word.stem not in found:
            found[word.stem] = _concept(word, others.get(word.stem, {}), is_known, nearest, tuning)
    said = set(stems)
    whole = joined(plain(question)) if len(question) <= 2 * LONGEST else ""
    return Asked(tuple(found.values()), tuple(dict.fromkeys(filter(None, (whole, *names)))),
                 tuple(dict.fromkeys(loose)), len(question.split()) == 1, frozenset(headings),
                 frozenset(only), bool(said & synonyms.grave), bool(said & synonyms.mild),
                 (is_alone or not only) and all(each.weight > 0 for each in words if each.is_weighty))


def _words(question: str, is_known: Known, tuning: Tuning) -> tuple[list[_Word], list[str], list[str]]:
    first = _SENTENCE.search(question)
    ends = first.end() if first else len(question)
    words, names, loose = list[_Word](), list[str](), list[str]()
    for run in _RUN.finditer(plain(question)):
        text = run[0].strip(_AROUND)
        is_later = run.start() >= ends
        if is_value(text) and not (is_known(joined(text)) and not _MEASURED.fullmatch(text)):
            words += [_Word(part, stem(part), tuning.in_value, is_weighty(part), is_later)
                      for part in _letters(text) if tuning.in_value]
            continue
        for chunk in chunks(text):
            if package := _QUALIFIED.fullmatch(chunk):  # whose words are looked for, and not missed
                words += [_Word(part, stem(part), tuning.package, is_weighty(part), is_later)
                          for part in parts(package[1]) if is_known(stem(part))]
                names.append(joined(chunk))
                chunk = package[2]
            split = parts(chunk)
            words += [_Word(part, stem(part), 1.0, is_weighty(part), is_later) for part in split]
            whole = whole_of(chunk, split)
            if len(split) == 1 and len(chunk) >= _LOOSE:
                loose.append(chunk.lower())
            if whole:
                names.append(whole)
                words.append(_Word(chunk, whole, 1.0, True, is_later, True))
    return words, names, loose


def is_value(run: str) -> bool:
    """What a rule filled in rather than what somebody said: a number, an address, a host, ``ns/pod-7f9c``."""
    return bool(_DIGIT.search(run)) or ("/" in run.strip("/") and "-" in run and not run.startswith("/"))


def _letters(text: str) -> list[str]:
    return [part for chunk in chunks(text) for part in parts(chunk) if part.isalpha() and len(part) > 2]


def _others(words: Sequence[_Word], stems: Sequence[str], synonyms: Synonyms,
            tuning: Tuning) -> dict[str, dict[str, float]]:
    """By stem: the terms that mean the same, and how well each stands for it."""
    found: dict[str, dict[str, float]] = {}
    for begin, end, group in synonyms.groups_in(stems):
        worth = tuning.form if group < synonyms.forms else tuning.synonym
        for other in synonyms.groups[group]:
            if len(other) == 1 and other[0] not in stems:
                for word in words[begin:end]:
                    terms = found.setdefault(word.stem, {})
                    terms[other[0]] = max(terms.get(other[0], 0.0), worth / (end - begin))
    return found


def _concept(word: _Word, others: dict[str, float], is_known: Known, nearest: Nearest,
             tuning: Tuning) -> Concept:
    terms, taken_for = dict[str, float](), None
    if is_known(word.stem):
        terms[word.stem] = 1.0
    elif not word.is_whole:
        taken_for = nearest(word.typed) if not any(map(is_known, others)) else None
        if taken_for and is_known(stem(taken_for)):
            terms[stem(taken_for)] = tuning.typo
    for term, weight in others.items():
        if is_known(term) and term not in terms:
            terms[term] = weight
    return Concept(word.typed, word.weight, tuple(terms.items()), taken_for if terms else None, word.is_whole,
                   word.is_later)

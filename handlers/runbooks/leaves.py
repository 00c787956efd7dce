"""What a section and its page weigh in the index: how heavily each holds each term, by its fields."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final
from zlib import compress, decompress

from handlers.runbooks.tokens import (
    all_chunks,
    chunks,
    joined,
    parts,
    plain,
    spelled,
    terms,
    terms_of,
    whole_of,
)
from handlers.runbooks.tuning import Field, Tuning
from handlers.runbooks.values import Entry

Terms = tuple[str, ...]
"""Each once."""

_REPEATED: Final = 3
"""A heading that stands under so many others on one page makes a topic of each of them."""


@dataclass(frozen=True, slots=True)
class SectionLeaf:
    entry: Entry
    """Without its text and code."""
    weights: Mapping[str, float]
    headings: tuple[Terms, ...]
    """Terms of its headings below the title, its own last, without wholes."""
    names: tuple[str, ...]
    """Identifiers in its headings below the title, without separators and capitals."""


@dataclass(frozen=True, slots=True)
class PageLeaf:
    """A page, or a topic of a long one: what stands under one of several headings built alike."""

    page: str
    sections: tuple[SectionLeaf, ...]
    weights: Mapping[str, float]
    titles: tuple[Terms, ...]
    """Terms of its title, of its file's name and of each alias, without wholes."""
    names: tuple[str, ...]
    """Title, file and aliases without separators and capitals."""
    words: frozenset[str]
    """As they are spelled."""

    def terms_packed(self) -> bytes:
        """All terms of all its sections."""
        return _packed({*self.weights, *(term for each in self.sections for term in each.weights)})

    def words_packed(self) -> bytes:
        return _packed(self.words)


@dataclass(frozen=True, slots=True)
class _Topic:
    called: Sequence[str]
    """Its title first, then whatever else it goes by."""
    also: Sequence[str]
    """What the page goes by of which it is a part; empty for a page."""
    depth: int
    """How many headings of a section's path lead to the topic; 0: it is the page."""
    entries: Sequence[Entry]


def leaves(page: str, entries: Sequence[Entry], tuning: Tuning) -> list[PageLeaf]:
    """Of a page's sections in their order; several where it is long and made of topics.

    Sections that say nothing are left out, unless the page says nothing at all: their headings stand in those
    below them.
    """
    return [_leaf(page, topic, tuning) for topic in _topics(entries)]


def unpacked(packed: bytes) -> list[str]:
    return decompress(packed).decode().split()


def file_name(page: str) -> str:
    """``ops/alerts/drift.md`` is ``drift``."""
    file = page.rpartition("/")[2]
    return file.rpartition(".")[0] or file


def _topics(entries: Sequence[Entry]) -> Iterator[_Topic]:
    parents: dict[str, set[tuple[str, ...]]] = defaultdict(set)
    for entry in entries:
        if len(entry.path) > 1 and entry.path[:-1] != (entry.title,):
            parents[entry.path[-1]].add(entry.path[:-1])
    heads = {each for under in parents.values() if len(under) >= _REPEATED for each in under}
    groups: dict[tuple[str, ...], list[Entry]] = defaultdict(list)
    for entry in entries:
        depth = next((depth for depth in range(len(entry.path), 0, -1) if entry.path[:depth] in heads), 0)
        groups[entry.path[:depth]].append(entry)
    says_something = any(_says(each) for each in entries)
    for head, group in groups.items():
        kept = [each for each in group if _says(each)] if says_something else group
        called = _called(group[0])
        if kept and head:
            yield _Topic([head[-1]], called, len(head), kept)
        elif kept:
            yield _Topic(called, (), 0, kept)


def _leaf(page: str, topic: _Topic, tuning: Tuning) -> PageLeaf:
    titled = Counter([term for each in (*topic.called, *topic.also) for term in terms(each)])
    total, length = defaultdict[str, float](float), 0
    for term, count in titled.items():
        total[term] = tuning.page_title * min(count, 2)
    sections = list[SectionLeaf]()
    said = {chunk for each in (*topic.called, *topic.also) for chunk in chunks(plain(each))}
    for entry in topic.entries:
        below = entry.path[topic.depth:] if topic.depth else _below_title(entry)
        headings = [terms(each) for each in below]
        spoken, coded = all_chunks(plain(entry.text)), all_chunks(plain(entry.code))
        text = Counter([term for chunk in spoken for term in terms_of(chunk)])
        code = Counter([term for chunk in coded for term in terms_of(chunk)])
        said.update(spoken, coded, *(chunks(plain(each)) for each in below))
        weights = dict[str, float]()
        headed = Counter([term for each in headings for term in each])
        for held, field in ((titled, tuning.title), (headed, tuning.headings), (text, tuning.text),
                            (code, tuning.code)):
            _add(weights, held, field)
        own = Counter(headings[-1] if headings else ())
        for held, weight in ((own, tuning.page_headings), (text, tuning.page_text), (code, tuning.page_code)):
            for term, count in held.items():
                total[term] += weight * count
        length += text.total() + code.total()
        sections.append(SectionLeaf(replace(entry, text="", code=""), weights, tuple(map(_parts_only, below)),
                                    tuple(name for each in below for name in _names(each))))
    norm = 1 - tuning.page_by_length + tuning.page_by_length * length / tuning.page_length
    return PageLeaf(page, tuple(sections), {term: weight / norm for term, weight in total.items()},
                    tuple(dict.fromkeys(map(_parts_only, topic.called))),
                    tuple(dict.fromkeys(filter(None, map(joined, map(plain, topic.called))))),
                    frozenset(word for chunk in said for word in spelled(chunk)))


def _says(entry: Entry) -> bool:
    return bool(entry.text.strip() or entry.code.strip())


def _called(entry: Entry) -> list[str]:
    """What the page goes by: its title, its file's name where that says something else, its aliases."""
    found: dict[str, str] = {}
    for each in (entry.title, file_name(entry.page), *entry.aliases):
        found.setdefault(joined(plain(each)), each)
    return list(found.values())


def _below_title(entry: Entry) -> tuple[str, ...]:
    return entry.path[1:] if entry.path[:1] == (entry.title,) else entry.path


def _add(weights: dict[str, float], held: Counter[str], field: Field) -> None:
    norm = 1 - field.by_length + field.by_length * held.total() / field.length
    for term, count in held.items():
        weights[term] = weights.get(term, 0.0) + field.weight * count / norm


@lru_cache(maxsize=4096)
def _parts_only(text: str) -> Terms:
    return tuple(dict.fromkeys(term for chunk in chunks(plain(text)) for term in terms_of(chunk)
                               if term != whole_of(chunk, parts(chunk))))


@lru_cache(maxsize=4096)
def _names(heading: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(whole for chunk in chunks(plain(heading))
                               if (whole := whole_of(chunk, parts(chunk)))))


def _packed(words: Collection[str]) -> bytes:
    return compress(" ".join(sorted(words)).encode(), 1)

"""An index that changed answers like one built anew, whatever came, went and in which order."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from itertools import count
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from handlers.runbooks.index import Index, building, built
from handlers.runbooks.tuning import Tuning
from handlers.runbooks.values import Entry
from tests.bench.runbooks import Library
from tests.runbooks.shelf_of import PAGES, entries

WORDS = ["disk", "full", "provider", "latency", "KubePodCrashLooping", "index_stale", "restart", "42", "s3", "größe", "warning", "critical"]
NUMBERS = count(1)


@st.composite
def pages(draw: st.DrawFn) -> list[Entry]:
    """The sections of one page."""
    name = draw(st.sampled_from(["a", "b", "c", "d", "e", "f"]))
    title = " ".join(draw(st.lists(st.sampled_from(WORDS), min_size=1, max_size=3)))
    text = st.lists(st.sampled_from(WORDS), max_size=8).map(" ".join)
    return [Entry(next(NUMBERS), f"ops/{name}.md", title, (title, draw(st.sampled_from(["Meaning", "Mitigation", "DiskFull"]))),
                  draw(text), draw(text), draw(st.sampled_from(["ops"])), is_stub=draw(st.booleans()))
            for _ in range(draw(st.integers(1, 3)))]


def by_page(found: list[list[Entry]]) -> list[Entry]:
    """The last of each page."""
    return [entry for page in {page[0].page: page for page in found}.values() for entry in page]


QUESTIONS = ["disk full", "KubePodCrashLooping", "how do I restart the provider", "latncy warning", "critical index_stale s3", "größe 42", "DiskFull"]


def answers(index: Index) -> list[object]:
    return [index.ask(question, at_most=50) for question in QUESTIONS]


@settings(max_examples=60, deadline=None)
@given(st.lists(pages(), max_size=8), st.lists(st.tuples(st.sets(st.sampled_from("abcdef"), max_size=3), st.lists(pages(), max_size=3)), max_size=5))
def test_changed_is_as_built_anew(first: list[list[Entry]], changes: list[tuple[set[str], list[list[Entry]]]]) -> None:
    held = {entry.page: [] for entry in by_page(first)} | {page[0].page: page for page in first}
    index = built([entry for page in held.values() for entry in page])
    for gone, come in changes:
        coming = {page[0].page: page for page in come}
        index = index.changed([f"ops/{name}.md" for name in gone], by_page(come))
        held = {name: page for name, page in held.items() if name.removeprefix("ops/").removesuffix(".md") not in gone} | coming
    anew = built([entry for page in held.values() for entry in page])
    assert answers(index) == answers(anew)
    assert sorted(each.id for each in index.entries) == sorted(each.id for each in anew.entries)
    assert set(index.shelf.in_sections) == set(anew.shelf.in_sections)


@settings(max_examples=40, deadline=None)
@given(st.lists(pages(), max_size=8), st.randoms(use_true_random=False))
def test_the_order_of_entries_does_not_matter(found: list[list[Entry]], random: Random) -> None:
    some = by_page(found)
    shuffled = list(some)
    random.shuffle(shuffled)
    assert answers(built(some)) == answers(built(shuffled))


@settings(max_examples=30, deadline=None)
@given(st.lists(pages(), max_size=8))
def test_built_in_slices_is_as_built_at_once(found: list[list[Entry]]) -> None:
    begun = building()
    for page in {page[0].page: page for page in found}.values():
        begun.add(page)
    assert answers(begun.built()) == answers(built(by_page(found)))


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=400))
def test_any_question_is_answered_soberly(question: str) -> None:
    found = INDEX.ask(question, at_most=5)
    assert 0 <= found.confidence <= 1
    assert len(found.hits) <= 5
    assert list(found.hits) == sorted(found.hits, key=lambda hit: -hit.score)
    assert found == INDEX.ask(question, at_most=5)


INDEX = built(entries(PAGES))


def test_the_index_before_a_change_answers_as_before() -> None:
    before = answers(INDEX)
    after = INDEX.changed(["ops/alerts/ProviderOutage.md"], [])
    assert not any("ProviderOutage" in hit.entry.page for hit in after.ask("ProviderOutage", at_most=50).hits)
    assert answers(INDEX) == before
    assert INDEX.ask("ProviderOutage").hits


def test_a_change_shares_what_stayed_the_same() -> None:
    library = Library(pages=200)
    index = built([entry for page in library.pages for entry in page])
    after = index.changed([], library.page(7, version=1))
    assert after.shelf.in_sections.places is index.shelf.in_sections.places
    assert after.shelf.in_pages.weights is index.shelf.in_pages.weights
    assert len(after.shelf.in_sections.patches) < len(after.shelf.in_sections.rows) / 4


def test_many_changes_do_not_make_it_grow() -> None:
    library = Library(pages=60)
    index = built([entry for page in library.pages for entry in page])
    places = len(index.shelf.sections)
    for version in range(1, 120):
        index = index.changed([], library.page(version % 60, version))
    assert len(index.shelf.sections) < places * 1.5
    assert len(index.shelf.pages) == 60
    assert len(index.shelf.in_sections.patches) <= len(index.shelf.in_sections.rows) * 0.2 + 4000


def test_pages_without_words_come_and_go() -> None:
    odd = [Entry(900, "ops/odd.md", "???", ("???",), "", ""), Entry(901, "ops/odd2.md", "", (), "", "")]
    index = INDEX.changed([], odd)
    assert answers(index) == answers(built([*entries(PAGES), *odd]))
    assert answers(index.changed(["ops/odd.md", "ops/odd2.md"], [])) == answers(INDEX)


def test_a_tuning_of_ones_own_is_kept_by_changes() -> None:
    tuned = built(entries(PAGES), tuning=replace(Tuning(), page=0.0))
    assert tuned.changed(["ops/playbook.md"], []).shelf.tuning.page == 0.0


async def test_it_may_be_asked_in_many_threads_at_once() -> None:
    found = await asyncio.gather(*(asyncio.to_thread(INDEX.ask, question) for question in QUESTIONS * 20))
    assert found == [INDEX.ask(question) for question in QUESTIONS * 20]

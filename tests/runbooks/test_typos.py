"""A mistyped word is taken for the one that was meant; a known one never for another."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.runbooks.typos import Vocabulary, vocabulary

WORD = st.text("abcdefghij", min_size=4, max_size=12)
KNOWN = vocabulary(Counter({"replica": 9, "replicas": 3, "scheduler": 4, "exporter": 2, "memory": 7, "newer": 1, "reuse": 1,
                            "prometheus": 5, "services": 3, "certificate": 2, "node": 8}))


@pytest.mark.parametrize(("typed", "meant"), [
    ("replcias", "replicas"), ("schduler", "scheduler"), ("exproter", "exporter"), ("memmory", "memory"),
    ("promtheus", "prometheus"), ("servcies", "services"), ("cretificate", "certificate"), ("ertificate", None),
    ("never", None), ("refused", None), ("nod", None), ("kafka", None), ("n0de", None), ("", None),
])
def test_a_slip_is_repaired_and_another_word_is_left(typed: str, meant: str | None) -> None:
    assert KNOWN.nearest(typed) == meant


@pytest.mark.parametrize("said", ["refuse", "refuses", "refusing", "reject", "report"])
def test_an_ordinary_word_is_no_slip_though_only_a_word_like_it_is_known(said: str) -> None:
    known = vocabulary(Counter({"reuse": 4, "reuses": 2, "refusning": 1, "eject": 1, "resport": 3}))
    assert known.nearest(said) is None


@pytest.mark.parametrize(("typed", "meant"), [
    ("rol", "roll"), ("kil", "kill"), ("podd", "pod"), ("bot", None), ("fed", None), ("cost", None), ("ro", None), ("rool", None)])
def test_of_a_short_word_only_a_consonant_written_once_or_twice_is_a_slip(typed: str, meant: str | None) -> None:
    known = vocabulary(Counter({"roll": 5, "role": 9, "kill": 2, "pod": 3, "boot": 4, "feed": 4, "host": 2}))
    assert known.nearest(typed) == meant


@given(st.dictionaries(WORD, st.integers(1, 9), min_size=1, max_size=40))
def test_a_known_word_is_never_taken_for_another(words: dict[str, int]) -> None:
    known = vocabulary(words)
    assert all(known.nearest(each) == each for each in words)


@given(st.dictionaries(WORD, st.integers(1, 9), max_size=40), WORD)
def test_what_a_word_is_taken_for_is_known(words: dict[str, int], typed: str) -> None:
    assert vocabulary(words).nearest(typed) in {None, *words}


@given(st.lists(st.frozensets(WORD, max_size=8), max_size=6), st.data())
def test_a_vocabulary_that_changed_is_one_made_anew(pages: list[frozenset[str]], data: st.DataObject) -> None:
    gone = data.draw(st.lists(st.sampled_from(pages), unique_by=id) if pages else st.just([]))
    left = list(pages)
    for page in gone:
        left.remove(page)
    new = data.draw(st.lists(st.frozensets(WORD, max_size=8), max_size=3))
    changed = _of(pages).changed([word for page in gone for word in page], [word for page in new for word in page])
    anew = _of([*left, *new])
    assert changed.pages == anew.pages
    assert {key: words for key, words in changed.buckets.items() if words} == anew.buckets


def _of(pages: list[frozenset[str]]) -> Vocabulary:
    return vocabulary(Counter(word for page in pages for word in page))

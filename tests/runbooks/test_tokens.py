"""Words that compare: nothing that was written gets lost, and one identifier has one set of parts however it is spelled."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.runbooks import tokens

LOWER = st.text("abcdefghijklmnopqrstuvwxyz", min_size=2, max_size=9)
ANYTHING = st.text(max_size=300)


@pytest.mark.parametrize(("written", "parts"), [
    ("KubePodCrashLooping", ["kube", "pod", "crash", "looping"]),
    ("HTTPServerErrors", ["http", "server", "errors"]),
    ("kube_pod_container_status", ["kube", "pod", "container", "status"]),
    ("rotate-the-key", ["rotate", "the", "key"]),
    ("spring.datasource.url", ["spring", "datasource", "url"]),
    ("PVCs", ["pvc"]),
    ("p99", ["p99"]), ("5xx", ["5xx"]), ("s3", ["s3"]),
    ("node42Down", ["node", "42", "down"]),
    ("café", ["cafe"]), ("ﬁle", ["file"]),
    ("don't", ["don", "t"]),
])
def test_identifiers_are_split_into_their_words(written: str, parts: list[str]) -> None:
    assert [part for chunk in tokens.chunks(tokens.plain(written)) for part in tokens.parts(chunk)] == parts


@given(ANYTHING)
def test_splitting_loses_no_letter_and_no_digit(text: str) -> None:
    plain = tokens.plain(text)
    kept = "".join(part for chunk in tokens.chunks(plain) for part in tokens.parts(chunk))
    # the s that makes several of an acronym is left out on purpose: PVCs is pvc
    assert kept.replace("s", "") == "".join(each for each in plain if each.isalnum()).lower().replace("s", "")


@given(st.lists(LOWER, min_size=2, max_size=5))
def test_an_identifier_is_the_same_in_every_spelling(words: list[str]) -> None:
    camel = "".join(word.capitalize() for word in words)
    spellings = [camel, "_".join(words), "-".join(words), ".".join(words), "_".join(words).upper()]
    assert len({tokens.joined(each) for each in spellings}) == 1
    assert all(tokens.parts(each) == words for each in spellings)
    assert len({tuple(tokens.terms(each)) for each in spellings}) == 1


@given(ANYTHING)
def test_terms_are_whole_words_that_can_be_stored_with_blanks_between(text: str) -> None:
    found = tokens.terms(text)
    assert all(term and not any(each.isspace() for each in term) for term in found)
    assert " ".join(found).split() == found
    assert not set(found) & {"the", "and"}


@pytest.mark.parametrize(("one", "other"), [("failed", "failing"), ("certificates", "certificate"), ("restarts", "restarting"),
                                            ("queries", "query")])
def test_forms_of_a_word_share_a_stem(one: str, other: str) -> None:
    assert tokens.stem(one) == tokens.stem(other)


def test_other_languages_and_codes_are_not_stemmed() -> None:
    assert [tokens.stem(each) for each in ("größe", "состояние", "p99", "ns")] == ["größe", "состояние", "p99", "ns"]


def test_a_blob_is_no_word() -> None:
    assert tokens.terms("a" * 500 + " disk") == ["disk"]

"""What people paste is read as the question in it, and costs no more than it should."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.runbooks.question import KEY_AT_MOST, LONGEST, plain_question, question_key
from handlers.runbooks.synonyms import compiled


@pytest.mark.parametrize(("typed", "read"), [
    ("<@U024BE7LH> is <#C123|ops-room> down?", "is ops-room down?"),
    ("<https://wiki.example.com/runbooks/disk-full.md|our page> says what?", "our page says what?"),
    ("see <https://wiki.example.com/runbooks/disk-full.md>", "see runbooks disk-full"),
    ("https://user:secret@wiki.example.com:8443/ops/DiskFull.html?x=1#top", "ops DiskFull"),
    ("a &lt; b &amp;&amp; c", "a < b && c"),
    ("  two\n lines\t", "two lines"),
    ("", ""),
])
def test_chats_marks_and_addresses_are_undone(typed: str, read: str) -> None:
    assert plain_question(typed) == read


@given(st.text())
def test_any_text_is_read_and_kept_to_a_length(text: str) -> None:
    assert len(plain_question(text)) <= LONGEST
    assert "\n" not in plain_question(text)


def test_ten_thousand_characters_are_cut() -> None:
    assert len(plain_question("disk full " * 1000)) <= LONGEST


@pytest.mark.parametrize("others", [
    ("how do I restart the gateway?", "Restart gateway", "what do I do to restart a gateway", "gateway, restarting the"),
    ("the database is slow", "is our DB slow?", "slow databases"),
    ("why is retrieval failing", "why does the retrieval fail?"),
])
def test_the_same_in_other_words_of_no_weight_has_one_key(others: tuple[str, ...]) -> None:
    assert len({question_key(each) for each in others}) == 1
    assert question_key(others[0])


@pytest.mark.parametrize(("one", "other"), [
    ("restart the gateway", "restart the crawler"),
    ("how do I stop the crawler", "why is the crawler stopped"),
    ("what happens when the index is stale", "how do I fix the stale index"),
])
def test_another_question_has_another_key(one: str, other: str) -> None:
    assert question_key(one) != question_key(other)


@given(st.text(), st.randoms())
def test_a_key_is_short_and_its_own(text: str, random: object) -> None:
    key = question_key(text)
    assert len(key) <= KEY_AT_MOST
    assert key == question_key(text)


@given(st.lists(st.sampled_from(["gateway", "crawler", "segment", "refund", "quarantine"]), min_size=1, max_size=5),
       st.randoms(use_true_random=False))
def test_order_does_not_matter_to_a_key(words: list[str], random: object) -> None:
    shuffled = list(words)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert question_key(" ".join(words)) == question_key(" ".join(shuffled))


def test_an_admins_synonyms_are_one_in_a_key() -> None:
    ours = compiled([["gateway", "front door"]])
    assert question_key("front door is closed", ours) == question_key("closed gateway", ours)
    assert question_key("what do I do") == ""


@pytest.mark.parametrize("text", ["ValueError:\nfoo bar", "ValueError: &lt;foo&gt; bar", "ValueError: foo bar", "KeyError: ValueError:  foo\tbar"])
def test_what_is_looked_for_does_not_depend_on_how_it_was_broken_into_lines(text: str) -> None:
    once = plain_question(text)
    assert plain_question(once) == once
    assert question_key(text) == question_key("foo bar")

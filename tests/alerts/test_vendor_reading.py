"""What senders write, read so that everything after can rely on it."""

from __future__ import annotations

import pytest

from handlers.alerts.signals import Severity
from handlers.alerts.vendors.contract import Malformed
from handlers.alerts.vendors.values import KEY, identity, number, read_json, severity


@pytest.mark.parametrize(("body", "read"), [
    (rb'"\ud800"', "\ufffd"), (rb'"\ud83d\ude00"', "\U0001f600"), (rb'"\\ud800"', r"\ud800"),
    (rb'"\\\ud800\ud83d\ude00\udc00"', "\\\ufffd\U0001f600\ufffd"), (b'"\xed\xa0\x80"', "\ufffd" * 3), (b'\xef\xbb\xbf"a"', "a")])
def test_half_of_a_surrogate_pair_is_replaced_and_whole_ones_stay(body: bytes, read: str) -> None:
    assert read_json(body) == read
    assert read_json(body).encode()


@pytest.mark.parametrize("body", [b"", b"\xff\xfe", rb'"\ud8"', b"[" * 100_000, b"1" * 5000])
def test_what_is_no_json_is_refused(body: bytes) -> None:
    with pytest.raises(Malformed, match="not JSON"):
        read_json(body)


def test_parts_of_an_identity_never_run_into_one_another() -> None:
    assert identity("a/b", "c") != identity("a", "b/c") != identity("a", "b", "c")
    assert identity("a", "") != identity("", "a")


def test_a_long_identity_stays_within_bounds_and_its_own() -> None:
    first, second = (identity("x" * 2000 + end) for end in "ab")
    assert first != second
    assert len(first) <= KEY


@pytest.mark.parametrize(("written", "read"), [(7, 7.0), ("0.31", 0.31), ("NaN", None), (float("inf"), None), (10**400, None), (True, None), ([1], None), ("x", None)])
def test_a_number_is_finite_or_none(written: object, read: float | None) -> None:
    assert number(written) == read


def test_nothing_said_is_not_the_word_none() -> None:
    assert severity(None) is Severity.WARNING
    assert severity("none") is Severity.INFO

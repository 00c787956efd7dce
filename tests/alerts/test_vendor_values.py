"""What is read out of senders' values holds whatever they hold."""

from __future__ import annotations

import json

import pytest

from handlers.alerts.signals import Severity
from handlers.alerts.vendors import values
from handlers.alerts.vendors.contract import Report


@pytest.mark.parametrize(("value", "expected"), [
    (0.31, 0.31), ("0.31", 0.31), (7, 7.0), ("1e-3", 0.001), (True, None), (None, None), ("NaN", None), (float("inf"), None),
    (10**400, None), ("x", None), ([1], None), ("", None)])
def test_only_a_finite_number_is_a_number(value: object, expected: float | None) -> None:
    assert values.number(value) == expected


def test_who_says_no_severity_has_not_said_the_word_none() -> None:
    assert values.severity(None) is Severity.WARNING
    assert values.severity("none") is Severity.INFO


def test_two_long_keys_that_begin_alike_stay_two() -> None:
    one, other = values.key("a" * 600, "1"), values.key("a" * 600, "2")
    assert one != other
    assert max(len(one), len(other)) <= values.KEY
    assert values.key("rule", "target") == "rule/target"


@pytest.mark.parametrize("name", ["a" * 120, "a" * 121, "b" * 5000])
def test_a_sending_with_a_long_id_is_known_again_by_one_that_can_be_kept_whole(name: str) -> None:
    kept = Report(delivery=name).delivery
    assert kept is not None
    assert kept == Report(delivery=name).delivery
    assert len(kept) <= 120
    assert kept != Report(delivery=name + "c").delivery


def test_a_title_of_nothing_but_blanks_is_none() -> None:
    assert values.title(" \n\t ", "unnamed") == "unnamed"


def test_what_is_nested_too_deep_to_write_is_left_out() -> None:
    deep: list[object] = []
    for _ in range(5_000):
        deep = [deep]
    assert values.clean(deep) == ""
    with pytest.raises(RecursionError):
        json.dumps(deep)

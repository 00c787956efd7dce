"""Proofs of a sender: none of them lets a strange value through, and none of them breaks on one."""

from __future__ import annotations

import pytest

from handlers.alerts.signals import Severity
from handlers.alerts.vendors import proving
from handlers.alerts.vendors.contract import Incoming, Malformed, NotGenuine, Settings
from handlers.alerts.vendors.values import KEY, clean, key, moment, runbook_in, severity, title
from tests.alerts.bodies import NOON


@pytest.mark.parametrize("stamp", ["", "-1", "²", "٣", "1e9", "99999999999", "999999999999", "1" * 4000])
def test_a_moment_that_no_calendar_has_is_refused(stamp: str) -> None:
    with pytest.raises(NotGenuine):
        proving.in_time(stamp, NOON, "X-Moment")


def test_a_half_of_a_character_in_a_header_is_a_wrong_secret() -> None:
    incoming = Incoming("POST", {"authorization": "Bearer \ud800"}, {}, b"", b"", NOON)
    with pytest.raises(NotGenuine):
        proving.by_token(incoming, Settings("one", ("right",)))


def test_no_secret_set_lets_nobody_in() -> None:
    incoming = Incoming("POST", {"authorization": "Basic Og=="}, {}, b"", b"", NOON)  # an empty user and password
    with pytest.raises(NotGenuine):
        proving.by_token(incoming, Settings("one"))


def test_a_key_is_bounded_and_long_ones_stay_apart() -> None:
    one, other = key("rule", "x" * 2000 + "1"), key("rule", "x" * 2000 + "2")
    assert len(one) <= KEY
    assert one != other
    assert key("rule", 7) == "rule/7"


def test_nesting_deeper_than_can_be_written_says_nothing() -> None:
    nested: list[object] = []
    for _ in range(20_000):
        nested = [nested]
    assert (clean(nested), clean({"a": nested}), title(nested, "untitled")) == ("", "", "untitled")
    assert (moment(nested), severity(nested)) == (None, Severity.WARNING)


@pytest.mark.parametrize("nothing", [(), ("",), (None, {}, [1]), ("\x00",)])
def test_what_names_nothing_is_no_key(nothing: tuple[object, ...]) -> None:
    with pytest.raises(Malformed):
        key(*nothing)


@pytest.mark.parametrize(("said", "found"), [
    ("PSI is high. Runbook: https://runbooks.example.org/psi @webhook-ops", "https://runbooks.example.org/psi"),
    ("See the [runbook](https://runbooks.example.org/psi).", "https://runbooks.example.org/psi"),
    ("Look at https://example.org/graph", None), (None, None), ({"runbook": "https://x.example"}, None),
])
def test_the_address_that_a_text_calls_the_runbook_is_the_runbook(said: object, found: str | None) -> None:
    assert runbook_in(said) == found

"""Whatever anybody sends to any vendor's address, the answer is a bounded report or one clean sentence.

Real bodies are changed in every place, and noise is sent. Vendors are those registered; one whose bodies lie in a
folder of another name stands in FOLDERS. Needs no table for the rest: they are fed the bodies of all.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import fields
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handlers.alerts.vendors import VENDORS
from handlers.alerts.vendors.contract import Incoming, Malformed, NotGenuine, Report, Settings, Vendor
from tests.alerts import bodies

EXAMPLES = 2000 if os.environ.get("PROOF") == "full" else 40
FOLDERS: dict[str, str] = {"event_grid": "azure_monitor", "prometheus": "alertmanager"}
SET = Settings("checked", ("a-secret", "the-former-secret"))

DEEP = {f"<{depth}>": "[" * depth + "]" * depth for depth in (50, 300, 800, 20_000)}
ODD: list[Any] = [
    None, True, False, 0, -1, 1, 10**30, 10**4000, 2**63, 0.1, float("nan"), float("inf"), float("-inf"), "", " ", "\x00",
    "a\x00b", "\ud800", "x\udfff\n", "é" * 400, "x" * 5000, "\u202e\u200b", "$ALERT_TRANSITION", "resolved", "firing",
    "2026-11-20T14:05:00Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59-23:59", "99999999999999999", "1795183500000",
    "https://", "https://u\x00v/", "javascript:alert(1)", [], {}, [None], [[]], [{}] * 3, {"": ""}, {"\ud800": "\x00"},
    {"a": {"b": [1]}}, {f"k{n}": "v" * 300 for n in range(100)}, ["x"] * 300, *DEEP,
]
DROP, DOUBLE = object(), object()
INTO = [DROP, DOUBLE, *ODD]
NASTY = ["", " ", "Basic", "Basic =", "Basic w6k6w6k=", "Bearer", "Bearer \ud800", "\x00", "é", "v1=", "v1=,,v1=é", "v1,", "=", ",",
         "sha256=", "1795183500", "99999999999", "999999999999", "-1", "²", "x" * 9000, "a-secre", "a-secret\x00"]


def places(body: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield at
    for name, value in body.items() if isinstance(body, dict) else enumerate(body) if isinstance(body, list) else ():
        yield from places(value, (*at, name))


def changed(body: Any, at: tuple[Any, ...], into: Any) -> Any:
    """A copy in which one place is something else; `body` itself where an earlier change took the place away."""
    if not at:
        return body if into in (DROP, DOUBLE) else into
    first, *rest = at
    if not ((isinstance(body, dict) and first in body) or (isinstance(body, list) and isinstance(first, int) and first < len(body))):
        return body
    copy = body.copy()
    if not rest and into is DROP:
        del copy[first]
    elif not rest and into is DOUBLE:
        copy[first] = [copy[first]] * 2
    else:
        copy[first] = changed(copy[first], tuple(rest), into)
    return copy


def written(body: Any) -> bytes:
    text = json.dumps(body)
    for mark, nested in DEEP.items():
        text = text.replace(json.dumps(mark), nested)
    return text.encode()


def cases(vendor: str) -> list[bodies.Case]:
    own = list(bodies.of(FOLDERS.get(vendor, vendor)))
    return own or [each for folder in sorted(bodies.FOLDER.iterdir()) for each in bodies.of(folder.name)]


def sent(raw: bytes, headers: dict[str, str] | None = None, query: dict[str, str] | None = None) -> Incoming:
    return Incoming("POST", headers or {}, query or {}, raw, raw, bodies.NOON)


def texts(value: Any) -> Iterator[str]:
    """Every string in a report, wherever it stands."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple | list):
        for each in value:
            yield from texts(each)
    elif hasattr(value, "items"):
        for pair in value.items():
            yield from texts(pair)
    elif hasattr(value, "__dataclass_fields__"):
        for each in fields(value):
            yield from texts(getattr(value, each.name))


def read(vendor: Vendor, incoming: Incoming) -> Report | None:
    """What the vendor's module makes of it, or None where it says politely that it can make nothing of it."""
    try:
        vendor.needs(incoming, SET)
        report = vendor.parse(incoming, SET)
    except (Malformed, NotGenuine) as refusal:
        said = str(refusal)
        assert 10 < len(said) < 500
        assert said.isprintable()
        said.encode()
        return None
    sound(report)
    return report


def sound(report: Report) -> None:
    assert len(report.signals) <= 10_000
    assert 0 <= report.absent <= 1_000_000
    assert report.delivery is None or 0 < len(report.delivery) <= 120
    for signal in report.signals:
        assert 0 < len(signal.key) <= 1000
        assert 0 < len(signal.title) <= 300
        assert "\n" not in signal.title
        assert 0 < len(signal.name) <= 300
        assert len(signal.labels) <= 64
        assert all(0 < len(name) <= 100 and len(value) <= 200 for name, value in signal.labels.items())
        assert len(signal.notes) <= 64
        assert all(len(note) <= 3000 for note in signal.notes.values())
        assert all(url.startswith(("http://", "https://")) and len(url) <= 2000 for _kind, url in signal.links)
        assert all(at is None or at.tzinfo for at in (signal.started_at, signal.ended_at, signal.lapses_at))
    for each in texts(report):
        each.encode()
        assert "\x00" not in each


VENDOR = pytest.mark.parametrize("vendor", VENDORS.values(), ids=lambda each: each.name)
BOUNDED = settings(max_examples=EXAMPLES, deadline=None, database=None)


@VENDOR
def test_a_changed_body_is_a_bounded_report_or_one_sentence(vendor: Vendor) -> None:
    known = [(each, list(places(each.body))) for each in cases(vendor.name)]
    change = st.tuples(st.integers(0, 10_000), st.integers(0, len(INTO) - 1))

    @BOUNDED
    @given(which=st.integers(0, len(known) - 1), changes=st.lists(change, min_size=1, max_size=4))
    def holds(which: int, changes: list[tuple[int, int]]) -> None:
        case, where = known[which]
        body = case.body
        for place, into in changes:
            body = changed(body, where[place % len(where)], INTO[into])
        read(vendor, sent(written(body), case.headers))

    holds()


@VENDOR
def test_every_place_of_a_body_may_be_missing(vendor: Vendor) -> None:
    case = cases(vendor.name)[0]
    for place in list(places(case.body))[:200]:
        read(vendor, sent(written(changed(case.body, place, DROP)), case.headers))


@VENDOR
def test_noise_is_no_report(vendor: Vendor) -> None:
    @settings(max_examples=EXAMPLES // 2, deadline=None, database=None)
    @given(raw=st.one_of(st.binary(max_size=60), st.sampled_from([b"", b"null", b"[]", b"{}", b"\xff\xfe", b'"\\ud800"', b"1e999", b"NaN"]),
                         st.sampled_from([nested.encode() for nested in DEEP.values()])),
           headers=st.dictionaries(st.sampled_from(["content-type", "sentry-hook-resource", "ce-type", "ce-id", "ce-source"]),
                                   st.sampled_from(NASTY)))
    def holds(raw: bytes, headers: dict[str, str]) -> None:
        read(vendor, sent(raw, headers))

    holds()


@VENDOR
def test_no_headers_get_in_without_the_secret(vendor: Vendor) -> None:
    known = cases(vendor.name)
    names = sorted({"authorization", "x-bot-token"} | {name for each in known for name in each.headers})
    values = st.one_of(st.sampled_from(NASTY), st.binary(max_size=12).map(lambda drawn: drawn.decode("latin-1")))

    @settings(max_examples=EXAMPLES // 2, deadline=None, database=None)
    @given(which=st.integers(0, len(known) - 1), headers=st.dictionaries(st.sampled_from(names), values, max_size=5),
           query=st.dictionaries(st.sampled_from(["token", "auth_token"]), values))
    def holds(which: int, headers: dict[str, str], query: dict[str, str]) -> None:
        case = known[which]
        for given_headers in (headers, {**case.headers, **headers}):
            with pytest.raises(NotGenuine):
                vendor.check(sent(case.raw, given_headers, query), SET)

    holds()

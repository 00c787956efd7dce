"""Any JSON by declared paths: what is understood by itself, what has to be declared, and what no document can do."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from typing import Any

import pytest

from handlers.alerts.signals import Link, Severity, Signal, Status
from handlers.alerts.vendors import paths
from handlers.alerts.vendors.contract import Malformed, NotGenuine
from handlers.alerts.vendors.generic import VENDOR, faults
from tests.alerts.asking import SECRET, request, said, source
from tests.alerts.bodies import case

USUAL = {"id": "a-1", "title": "Latency is high", "state": "OPEN", "priority": "P1", "tags": ["team:ml", {"key": "env", "value": "prod"}, 7],
         "description": "p99 at 2 s", "url": "https://monitor.example/a-1", "runbook_url": "https://wiki.example/latency",
         "created_at": 1795183500, "model": {"name": "churn-xgb", "version": 7}, "value": 2.1}
ARIZE = {"key": "monitor.id", "name": "monitor.name", "status": "status", "firing": ["triggered"], "resolved": ["healthy"],
         "model": "model.name", "link": "url", "severity": "'error'", "value": "value"}
FIDDLER = {"name": "alert_rule", "labels": {"project": "project", "metric": "metric"}, "model": "model", "severity": "severity"}


def one(body: Any, **options: Any) -> Signal:
    (signal,) = said(VENDOR, body, **options).signals
    return signal


def test_usual_names_need_no_declaration() -> None:
    signal = one(USUAL)
    assert (signal.key, signal.status, signal.title, signal.severity) == ("a-1", Status.FIRING, "Latency is high", Severity.CRITICAL)
    assert signal.labels == {"team": "ml", "env": "prod", "model": "churn-xgb", "version": "7"}
    assert signal.links == ((Link.RUNBOOK, "https://wiki.example/latency"), (Link.SOURCE, "https://monitor.example/a-1"))
    assert signal.notes == {"description": "p99 at 2 s", "value": "2.1"}
    assert signal.started_at == datetime.fromtimestamp(1795183500, UTC)


def test_what_is_over_resolves_the_same_condition() -> None:
    over = one(USUAL | {"state": "closed", "resolved_at": "2026-11-24T11:00:00Z"})
    assert (over.status, over.key, over.ended_at) == (Status.RESOLVED, "a-1", datetime(2026, 11, 24, 11, tzinfo=UTC))


def test_arize_by_a_declared_mapping() -> None:
    body = case("arize/monitor_status_guess").body
    fires = one(body, **ARIZE)
    assert (fires.key, fires.name, fires.status, fires.severity) == ("TW9uaXRvcjox", "tenure PSI drift", Status.FIRING, Severity.ERROR)
    assert fires.labels == {"model": "churn-xgb"}
    assert (fires.notes["value"], fires.links) == ("0.31", ((Link.SOURCE, "https://app.arize.com/example"),))
    assert one(body | {"status": "healthy"}, **ARIZE).status is Status.RESOLVED
    assert one(body | {"status": "no data"}, **ARIZE).status is Status.EVENT


def test_fiddler_by_a_declared_mapping_is_told_once_as_it_never_says_that_it_is_over() -> None:
    signal = one(case("fiddler/alert_guess").body, **FIDDLER)
    assert (signal.status, signal.severity, signal.name) == (Status.EVENT, Severity.CRITICAL, "tenure PSI")
    assert signal.labels == {"project": "churn", "metric": "psi", "model": "churn-xgb"}


def test_without_a_key_a_condition_is_known_by_name_and_labels_not_by_what_changes() -> None:
    body = case("fiddler/alert_guess").body
    assert one(body, **FIDDLER).key == one(body | {"value": 0.5, "window": "later"}, **FIDDLER).key
    assert one(body, **FIDDLER).key != one(body | {"project": "other"}, **FIDDLER).key


def test_a_list_is_found_by_its_path_or_by_itself() -> None:
    for body, options in (([USUAL, USUAL], {}), ({"alerts": [USUAL, USUAL]}, {}), ({"data": {"found": [USUAL, USUAL]}}, {"alerts": "data.found"})):
        assert len(said(VENDOR, body, **options).signals) == 2


def test_a_fixed_word_stands_in_quotes_and_a_declared_path_alone_counts() -> None:
    signal = one(USUAL, status="'firing'", severity="nowhere", labels="model")
    assert (signal.status, signal.severity) == (Status.FIRING, Severity.WARNING)
    assert signal.labels == {"name": "churn-xgb", "version": "7", "model": "churn-xgb"}


@pytest.mark.parametrize(("body", "options", "says"), [
    ({}, {}, "Alert 1 .* neither a name nor a title"), ([USUAL, 7], {}, "Alert 2"), ([], {}, "no alert in the body"),
    ({"a": 1}, {"alerts": "b.c"}, "no alert in the body, at b.c"), (None, {}, "no alert"), (USUAL, {"key": "a["}, "not set up rightly.*key")])
def test_another_body_or_mapping_is_refused(body: Any, options: dict[str, Any], says: str) -> None:
    with pytest.raises(Malformed, match=says):
        said(VENDOR, body, **options)


@pytest.mark.parametrize(("options", "says"), [
    ({"titel": "a"}, "There is no option titel"), ({"key": "a["}, "The option key is no path: a"), ({"key": 7}, "must be a text"),
    ({"firing": "yes"}, "firing must be a list of words"), ({"labels": {"team": "a..b"}}, "The option labels is no path"),
    ({"key": "x" * 500}, "longer than 400"), ({"title": "to_string(@)"}, "to_string is not among"),
    ({"labels": "{a: @}"}, "multi select dict is not"), ({"alerts": "[@, @][]"}, "multi select list is not"),
    ({"name": "map(&a, b)"}, "map is not among"), ({"name": "join(a, b)"}, "fixed text"), ({"name": "(" * 300}, "cannot be read")])
def test_the_admin_is_told_in_one_sentence_what_cannot_be_used(options: dict[str, Any], says: str) -> None:
    (told,) = faults(options)
    assert says in told
    assert told.endswith(".")
    assert len(told) < 400


def test_a_mapping_that_can_be_used_has_no_faults() -> None:
    assert faults(ARIZE) == faults(FIDDLER) == faults({"title": "join(' ', tags[?starts_with(@, 'a')]) || alerts[0].name"}) == []


def test_a_path_never_makes_more_of_a_document_than_is_in_it() -> None:
    """Each step looks at each value once: twice the document takes about twice as long, however long the path."""
    path = "*.*[][?a != b][].*" + "[]" * 100 + " | [*] | [*]"
    assert paths.fault(path) is None
    wide = {str(n): {"x": [[{"a": 1, "b": 2, "c": ["y" * 10] * 5}]] * 20} for n in range(400)}
    before = time.process_time()
    found = paths.find(path, wide)
    assert time.process_time() - before < 2
    assert len(json.dumps(found)) <= len(json.dumps(wide))


def test_a_path_that_meets_something_else_finds_nothing() -> None:
    for path in ("length(a)", "a[::0]", "sum(a)", "a[0].b", "max(a)", "starts_with(a, 'x')"):
        assert paths.fault(path) is None
        assert paths.find(path, {"a": 7}) is None


def test_the_sources_secret_proves_it() -> None:
    VENDOR.check(request(USUAL, headers={"Authorization": f"Bearer {SECRET}"}), source("new", SECRET))
    for headers in ({}, {"Authorization": "Bearer wrong"}):
        with pytest.raises(NotGenuine):
            VENDOR.check(request(USUAL, headers=headers), source())

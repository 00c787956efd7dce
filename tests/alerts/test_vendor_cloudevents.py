"""CloudEvents 1.0, and our own words inside them."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from handlers.alerts.signals import Feature, Link, Severity, Status, Window
from handlers.alerts.vendors import VENDORS
from handlers.alerts.vendors.contract import Malformed, NotGenuine
from tests.alerts.bodies import case
from tests.alerts.calling import FORMER, SECRET, incoming, of_case, read, read_case, settings

EVENTS = VENDORS["cloudevents"]
HANDSHAKE = {"webhook-request-origin": "eventemitter.example.com", "webhook-request-rate": "120"}


def event(data: Any = None, **attributes: Any) -> dict[str, Any]:
    return {"specversion": "1.0", "type": "drift", "source": "/monitor", "id": "1", "subject": "churn/tenure",
            "time": "2026-11-20T14:05:00Z", "data": data, **attributes}


def only(found: Any, **kwargs: Any) -> Any:
    (signal,) = read("cloudevents", found, **kwargs).signals
    return signal


# ---- who sends, and the handshake

@pytest.mark.parametrize("asked", [{"headers": {"authorization": f"Bearer {SECRET}"}}, {"query": {"token": FORMER}},
                                   {"query": {"access_token": SECRET}}])
def test_the_secret_comes_as_bearer_or_in_the_address(asked: dict[str, Any]) -> None:
    EVENTS.check(incoming(event(), **asked), settings(secrets=(SECRET, FORMER)))


@pytest.mark.parametrize("method", ["POST", "OPTIONS"])
def test_nothing_is_answered_without_the_secret_not_even_the_handshake(method: str) -> None:
    for query in ({}, {"access_token": FORMER}):
        with pytest.raises(NotGenuine):
            EVENTS.check(incoming(b"", method=method, headers=HANDSHAKE, query=query), settings())


def test_the_handshake_allows_whoever_asks() -> None:
    report = EVENTS.parse(of_case("cloudevents/webhook_validation_handshake", method="OPTIONS"), settings())
    assert report.answer is not None and (report.answer.status, report.answer.body, report.signals) == (200, "", ())
    assert report.answer.headers["WebHook-Allowed-Origin"] == "eventemitter.example.com"
    assert report.answer.headers["WebHook-Allowed-Rate"] == "120"


@pytest.mark.parametrize("rate", ["", "0", "-1", "1e9", "999999", "10000000", "٣"])
def test_no_handshake_allows_more_than_we_can_take(rate: str) -> None:
    report = read("cloudevents", b"", method="OPTIONS", headers={**HANDSHAKE, "webhook-request-rate": rate})
    assert report.answer is not None and report.answer.headers["WebHook-Allowed-Rate"] == "600"


@pytest.mark.parametrize("origin", ["", "a\r\nSet-Cookie: x=1", "a b", "<script>", "x" * 300, "ü.example", "*"])
def test_a_handshake_that_names_no_host_is_refused(origin: str) -> None:
    with pytest.raises(Malformed, match="WebHook-Request-Origin"):
        read("cloudevents", b"", method="OPTIONS", headers={"webhook-request-origin": origin})


# ---- the three ways of sending

def test_structured_and_binary_say_the_same() -> None:
    one, other = (read_case("cloudevents", f"cloudevents/{name}") for name in ("structured", "binary"))
    assert one == other
    assert one.delivery == "/ml/monitoring/churn-xgb/A234-1234-1234"


def test_a_batch_is_as_many_signals() -> None:
    report = read("cloudevents", [event(id="1"), event(id="2", subject="churn/age")])
    assert [each.key for each in report.signals] == ["drift/churn/tenure", "drift/churn/age"]
    assert read("cloudevents", []).signals == ()


def test_headers_of_binary_events_are_percent_encoded() -> None:
    headers = {"ce-specversion": "1.0", "ce-id": "1", "ce-source": "/m", "ce-type": "drift", "ce-subject": "Z%C3%BCrich%20Nord"}
    assert only(b"", headers=headers).key == "drift/Zürich Nord"


@pytest.mark.parametrize("data", [{"data": {"title": "Told"}}, {"data": '{"title": "Told"}'},
                                  {"data_base64": base64.b64encode(b'{"title": "Told"}').decode()}])
def test_data_may_be_an_object_a_text_of_json_or_base64(data: dict[str, Any]) -> None:
    assert only({**event(), **data}).title == "Told"


@pytest.mark.parametrize("data", ["The disk is full.", None, 7, [1], True])
def test_data_of_any_other_kind_is_an_event_under_its_type(data: Any) -> None:
    signal = only(event(data))
    assert (signal.status, signal.severity, signal.title) == (Status.EVENT, Severity.INFO, "drift: churn/tenure")
    assert signal.notes == ({"description": data} if isinstance(data, str) else {})


# ---- our own words

def test_a_condition_is_known_by_type_and_subject_and_its_end_by_its_status() -> None:
    begun, over = only(event({"status": "firing"})), only(event({"status": "resolved"}, id="2", source="/other-replica"))
    assert begun.key == over.key == "drift/churn/tenure"
    assert (begun.status, over.status) == (Status.FIRING, Status.RESOLVED)
    at = datetime(2026, 11, 20, 14, 5, tzinfo=UTC)
    assert (begun.started_at, begun.ended_at, over.started_at, over.ended_at) == (at, None, None, at)
    assert only(event(subject=None)).key == "drift//monitor"


def test_everything_documented_is_read() -> None:
    signal = only(event({
        "status": "firing", "title": "tenure has drifted", "severity": "critical", "summary": "s", "description": "d",
        "value": 0.31, "labels": {"team": "ml", "n": 3, "x": None, "y": {}}, "runbook_url": "https://r.example/1",
        "links": {"dashboard": "https://d.example/", "source": "javascript:alert(1)"},
        "started_at": "2026-11-20T13:00:00Z", "lapses_at": "2026-11-20T15:00:00Z",
        "drift": {
            "model": "churn-xgb", "version": 7, "environment": "prod", "share": 0.4,
            "current": {"begins": "2026-11-19T14:00:00Z", "ends": "2026-11-20T14:00:00Z", "rows": 12040},
            "reference": {"rows": "50000"}, "quality": ["monthly_charge: 3 % nulls", 7],
            "features": [{"name": "tenure", "method": "psi", "statistic": 0.31, "threshold": 0.25, "importance": 0.4, "was": 0.04},
                         {"name": "age", "method": "ks p_value", "statistic": 0.2, "threshold": 0.05}, {"name": "no figure"}],
            "prediction": {"method": "psi", "statistic": 0.02}}}))
    assert (signal.status, signal.title, signal.severity) == (Status.FIRING, "tenure has drifted", Severity.CRITICAL)
    assert signal.labels == {"team": "ml", "n": "3", "source": "/monitor", "subject": "churn/tenure", "model": "churn-xgb"}
    assert signal.notes == {"summary": "s", "description": "d", "value": "0.31"}
    assert signal.links == ((Link.RUNBOOK, "https://r.example/1"), (Link.DASHBOARD, "https://d.example/"))
    assert (signal.started_at.hour, signal.lapses_at.hour) == (13, 15)
    drift = signal.drift
    assert (drift.model, drift.version, drift.environment, drift.share) == ("churn-xgb", "7", "prod", 0.4)
    assert (drift.current.rows, drift.reference, drift.quality) == (12040, Window(rows=50000), ("monthly_charge: 3 % nulls",))
    assert drift.features == (
        Feature("tenure", "psi", 0.31, 0.25, is_drifted=True, importance=0.4, was=0.04),
        Feature("age", "ks p_value", 0.2, 0.05, more_is_worse=False))
    assert drift.prediction == Feature("prediction", "psi", 0.02)


def test_one_column_may_be_said_shortly() -> None:
    (signal,) = read_case("cloudevents", "cloudevents/structured").signals
    assert (signal.key, signal.status) == ("org.example.ml.drift.detected/churn-xgb/7/tenure", Status.FIRING)
    assert signal.title == "churn-xgb 7: tenure has drifted (psi 0.31)"
    assert signal.drift.features == (Feature("tenure", "psi", 0.31, 0.25, is_drifted=True),)
    assert (signal.drift.current.rows, signal.drift.reference.rows) == (12040, 50000)
    assert signal.drift.current.begins == datetime(2026, 11, 19, 14, tzinfo=UTC)


@pytest.mark.parametrize(("column", "more", "drifted"), [
    ({"method": "p_value", "statistic": 0.01, "threshold": 0.05}, False, True),
    ({"method": "KS p-value", "statistic": 0.2, "threshold": 0.05}, False, False),
    ({"method": "psi", "statistic": 0.25, "threshold": 0.25}, True, True),
    ({"method": "psi", "statistic": 0.9}, True, False),
    ({"method": "auc", "statistic": 0.6, "threshold": 0.7, "more_is_worse": False}, False, True),
    ({"method": "psi", "statistic": 0.9, "threshold": 0.2, "is_drifted": False}, True, False)])
def test_which_way_is_worse_is_said_or_known_by_the_method(column: dict[str, Any], more: bool, drifted: bool) -> None:
    (feature,) = only(event({"drift": {"model": "m", "features": [{"name": "x", **column}]}})).drift.features
    assert (feature.more_is_worse, feature.is_drifted) == (more, drifted)


@pytest.mark.parametrize("status", ["broken", "", 7, [], {}, True])
def test_a_status_that_is_none_is_refused_and_not_guessed(status: Any) -> None:
    with pytest.raises(Malformed, match=r"data\.status"):
        read("cloudevents", event({"status": status}))


@pytest.mark.parametrize("wrong", [7, [], {}, "x", None, True, 10**400, [[[]]], {"a": {"b": None}}, "\ud800"])
def test_whatever_else_is_wrong_is_left_out(wrong: Any) -> None:
    names = ["title", "severity", "summary", "description", "value", "labels", "runbook_url", "links", "started_at", "lapses_at",
             "drift", "model", "metric", "window", "n_current", "feature", "threshold"]
    assert only(event({"status": "firing", **dict.fromkeys(names, wrong)})).status is Status.FIRING
    inner = ["version", "environment", "share", "current", "reference", "quality", "features", "prediction"]
    assert only(event({"status": "firing", "drift": {"model": "m", **dict.fromkeys(inner, wrong)}})).drift.model == "m"
    parts = ["name", "method", "statistic", "threshold", "more_is_worse", "is_drifted", "importance", "was"]
    only(event({"drift": {"model": "m", "features": [dict.fromkeys(parts, wrong), wrong]}}))
    only({**event(), "time": wrong})


@pytest.mark.parametrize("changed", [{"specversion": "0.3"}, {"specversion": None}, {"id": ""}, {"id": 7}, {"source": None},
                                     {"type": []}, {"subject": {}}, {"data_base64": "ä", "data": None}])
def test_what_is_no_cloudevent_is_malformed(changed: dict[str, Any]) -> None:
    with pytest.raises(Malformed) as problem:
        read("cloudevents", {**event({"status": "firing"}), **changed})
    assert str(problem.value).endswith(".")


@pytest.mark.parametrize("raw", [b"", b"null", b"7", b"[7]", b"[" * 100_000, b"\xff", b"{}", json.dumps(case("cloudevents/binary").body).encode()])
def test_a_body_without_attributes_is_malformed(raw: bytes) -> None:
    with pytest.raises(Malformed):
        read("cloudevents", raw)

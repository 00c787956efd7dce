from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from handlers.alerts.signals import Link, Severity, Signal, Status
from handlers.alerts.vendors.contract import Malformed, Report
from tests.alerts.bodies import case
from tests.alerts.requests import gets_in, read, request, signed

FIVE_PAST = datetime(2026, 11, 20, 14, 5, tzinfo=UTC)
HEADER = "sentry-hook-signature"


def changed(name: str, **changes: Any) -> bytes:
    return json.dumps({**json.loads(case(f"sentry/{name}").raw), **changes}).encode()


def test_a_metric_alert_says_what_where_and_since_when() -> None:
    report = read("sentry/metric_alert_critical")
    assert report.delivery == "4a1e0d4e2f4b4a6b9d3fexample"
    assert report.signals == (Signal(
        key="metric_alert/7/1", status=Status.FIRING, name="Too many errors", title="Too many errors", severity=Severity.CRITICAL,
        labels={"project": "churn-api", "alert_rule": "7"},
        notes={"summary": "1000 events in the last 10 minutes\nFilter: level:error", "query": "level:error"},
        links=((Link.SOURCE, "https://sentry.io/organizations/example/alerts/1/"),), started_at=FIVE_PAST),)


def test_a_metric_alert_that_warns_or_resolves_is_the_same_condition() -> None:
    (fired,) = read("sentry/metric_alert_critical").signals
    (warns,) = read("sentry/metric_alert_critical", body=changed("metric_alert_critical", action="warning")).signals
    (resolved,) = read("sentry/metric_alert_resolved").signals
    assert fired.key == warns.key == resolved.key
    assert (warns.status, warns.severity, resolved.status) == (Status.FIRING, Severity.WARNING, Status.RESOLVED)
    assert resolved.ended_at == datetime(2026, 11, 20, 14, 25, tzinfo=UTC)


def test_an_issue_alert_says_what_broke_and_keeps_only_tags_that_identify() -> None:
    body = json.loads(case("sentry/event_alert_triggered").raw)
    body["data"]["event"]["tags"] += [["user", "id:7"], ["browser.name", "Chrome"], ["url", "https://x"], {"key": "tier", "value": "gold"}, [1], 5]
    (signal,) = read("sentry/event_alert_triggered", body=json.dumps(body).encode()).signals
    assert signal == Signal(
        key="issue/1170820242", status=Status.FIRING, name="Schema errors in prod", title="SchemaError: column tenure is null",
        severity=Severity.ERROR, labels={"project": "churn-api", "environment": "prod", "model": "churn-xgb", "tier": "gold"},
        notes={"summary": "SchemaError: column tenure is null", "culprit": "churn_api.features in load", "release": "churn-api@2.4.0"},
        links=((Link.SOURCE, "https://sentry.io/organizations/example/issues/1170820242/events/e4874d664c3540c1a32eab185f12c5ab/"),),
        started_at=FIVE_PAST)


@pytest.mark.parametrize(("status", "expected"), [("unresolved", Status.FIRING), ("resolved", Status.RESOLVED), ("ignored", Status.RESOLVED)])
def test_an_alert_on_what_happens_to_an_issue_is_about_that_issue(status: str, expected: Status) -> None:
    """Sentry calls these activity alerts: what triggered one may be that the issue is back, or that it is settled."""
    (fired,) = read("sentry/event_alert_triggered").signals
    body = json.loads(case("sentry/issue_resolved").raw)
    body |= {"action": "triggered", "data": {"issue": body["data"]["issue"] | {"status": status}}}
    headers = case("sentry/issue_resolved").headers
    for known in (headers | {"sentry-hook-resource": "activity_alert"}, {name: headers[name] for name in headers if name != "sentry-hook-resource"}):
        (signal,) = read("sentry/issue_resolved", body=json.dumps(body).encode(), headers=known).signals
        assert (signal.key, signal.status, signal.name) == (fired.key, expected, "issue alert")


@pytest.mark.parametrize("action", ["resolved", "ignored", "archived"])
def test_an_issue_that_is_settled_resolves_its_alerts_and_says_who_did_it(action: str) -> None:
    (fired,) = read("sentry/event_alert_triggered").signals
    (signal,) = read("sentry/issue_resolved", body=changed("issue_resolved", action=action)).signals
    assert (signal.key, signal.status) == (fired.key, Status.RESOLVED)
    assert signal.notes["update"] == f"{action} by Robin Doe"
    assert signal.labels["project"] == fired.labels["project"]


@pytest.mark.parametrize("action", ["created", "unresolved", "assigned"])
def test_issues_that_no_rule_asked_about_fire_only_where_they_are_wanted(action: str) -> None:
    body = changed("issue_resolved", action=action)
    assert read("sentry/issue_resolved", body=body).signals == ()
    found = [each.status for each in read("sentry/issue_resolved", body=body, issues=True).signals]
    assert found == ([] if action == "assigned" else [Status.FIRING])


@pytest.mark.parametrize("resource", ["installation", "comment", "error", "seer", "preprod_artifact"])
def test_what_is_no_alert_is_heard_and_says_nothing(resource: str) -> None:
    sent = {"action": "created", "installation": {"uuid": "a"}, "data": {"installation": {"status": "pending"}}}
    headers = {"sentry-hook-resource": resource, "request-id": "r1"}
    assert read("sentry/issue_resolved", body=json.dumps(sent).encode(), headers=headers) == Report(delivery="r1")


def test_the_kind_is_told_by_the_body_where_a_proxy_dropped_the_header() -> None:
    assert read("sentry/metric_alert_critical", headers={}).signals == read("sentry/metric_alert_critical").signals
    assert read("sentry/event_alert_triggered", headers={}).signals == read("sentry/event_alert_triggered").signals


@pytest.mark.parametrize(("name", "changes", "where"), [
    ("metric_alert_critical", {"data": {}}, "data.metric_alert"), ("metric_alert_critical", {"action": "open"}, "action"),
    ("event_alert_triggered", {"data": {"event": {"title": "x"}}}, "known again"), ("issue_resolved", {"data": None}, "data")])
def test_another_body_is_refused_with_a_sentence_that_says_where(name: str, changes: dict[str, object], where: str) -> None:
    with pytest.raises(Malformed, match=where):
        read(f"sentry/{name}", body=changed(name, **changes))


@pytest.mark.parametrize("name", ["metric_alert_critical", "metric_alert_resolved", "event_alert_triggered", "issue_resolved"])
def test_the_recorded_signature_gets_in_and_no_other(name: str) -> None:
    assert gets_in(request(f"sentry/{name}"), "sentry")
    assert gets_in(request(f"sentry/{name}"), "sentry", "new", "example-secret")
    assert not gets_in(request(f"sentry/{name}"), "sentry", "another")
    assert not gets_in(request(f"sentry/{name}", body=changed(name, action="critical ")), "sentry")
    for header in ("", "00", signed(b"")):
        assert not gets_in(request(f"sentry/{name}", headers={HEADER: header}), "sentry")
    assert not gets_in(request(f"sentry/{name}", headers={"authorization": "Bearer example-secret"}), "sentry")

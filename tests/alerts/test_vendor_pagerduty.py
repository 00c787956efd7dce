from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from handlers.alerts.signals import Link, Severity, Signal, Status
from handlers.alerts.vendors.contract import Malformed, Report
from tests.alerts.bodies import case
from tests.alerts.requests import gets_in, read, request, signed

CREATED = datetime(2026, 11, 20, 14, 5, 10, tzinfo=UTC)
HEADER = "x-pagerduty-signature"


def said(kind: str, name: str = "incident_triggered", **changes: Any) -> Signal:
    body = json.loads(case(f"pagerduty/{name}").raw)
    body["event"]["event_type"] = kind
    body["event"]["data"] |= changes
    (signal,) = read(f"pagerduty/{name}", body=json.dumps(body).encode()).signals
    return signal


def test_a_triggered_incident_says_what_whose_and_since_when() -> None:
    report = read("pagerduty/incident_triggered")
    assert report.delivery == case("pagerduty/incident_triggered").body["event"]["id"]
    (signal,) = report.signals
    assert (signal.key, signal.status, signal.severity) == ("PGR0VU2", Status.FIRING, Severity.ERROR)
    assert (signal.name, signal.title) == ("ML serving", "FeatureDrift churn-xgb v7: tenure PSI 0.31")
    assert signal.labels == {"service": "ML serving", "team": "ML platform", "escalation_policy": "ML on-call",
                             "incident_type": "incident_default", "incident_key": "churn-xgb/FeatureDrift/tenure"}
    assert signal.links == ((Link.SOURCE, "https://example.pagerduty.com/incidents/PGR0VU2"),)
    assert (signal.started_at, signal.ended_at) == (CREATED, None)


def test_an_acknowledged_incident_still_fires_and_says_by_whom_and_when() -> None:
    (signal,) = read("pagerduty/incident_acknowledged").signals
    assert (signal.key, signal.status, signal.started_at) == ("PGR0VU2", Status.FIRING, CREATED)
    assert signal.notes == {"update": "acknowledged by Robin Doe", "occurred_at": "2026-11-20T14:05:12.169000+00:00",
                            "assigned_to": "Robin Doe"}


def test_a_note_is_of_its_incident_and_says_who_wrote_what() -> None:
    (signal,) = read("pagerduty/incident_annotated").signals
    assert (signal.key, signal.status, signal.title) == ("PGR0VU2", Status.FIRING, "FeatureDrift churn-xgb v7")
    assert (signal.notes["update"], signal.notes["note"]) == ("annotated by Robin Doe", "Upstream schema change, rolling back")
    assert signal.started_at is None  # it does not know, and moves nothing


def test_a_resolved_incident_is_over_when_that_occurred() -> None:
    (signal,) = read("pagerduty/incident_resolved").signals
    assert (signal.key, signal.status) == ("PGR0VU2", Status.RESOLVED)
    assert signal.ended_at == datetime(2026, 11, 20, 14, 5, 12, 169000, tzinfo=UTC)
    assert signal.notes["update"] == "resolved by Robin Doe"


@pytest.mark.parametrize("kind", ["reopened", "escalated", "delegated", "reassigned", "unacknowledged", "priority_updated"])
def test_whatever_else_is_done_to_an_incident_it_fires(kind: str) -> None:
    signal = said(f"incident.{kind}", "incident_reassigned")
    assert signal.status is Status.FIRING
    assert signal.notes["update"] == f"{kind.replace('_', ' ')} by Robin Doe"


def test_an_update_that_comes_after_the_end_does_not_fire_but_reopening_does() -> None:
    assert said("incident.priority_updated", status="resolved").status is Status.RESOLVED
    assert said("incident.reopened", status="resolved").status is Status.FIRING


@pytest.mark.parametrize(("priority", "urgency", "severity"), [
    ({"summary": "P1"}, "low", Severity.CRITICAL), ({"summary": "SEV-3"}, "high", Severity.WARNING),
    ({"summary": "Purple"}, "high", Severity.ERROR), (None, "low", Severity.INFO), (None, None, Severity.WARNING)])
def test_priority_is_severity_and_without_one_urgency_is(priority: object, urgency: object, severity: Severity) -> None:
    assert said("incident.triggered", priority=priority, urgency=urgency).severity is severity


def test_a_ping_is_answered_and_says_nothing() -> None:
    report = read("pagerduty/pagey_ping")
    assert report.answer is not None
    assert report.answer.status == 200
    assert (report.signals, report.delivery) == ((), case("pagerduty/pagey_ping").body["event"]["id"])


def test_a_change_of_a_service_is_heard_and_says_nothing() -> None:
    body = {"event": {"id": "E1", "event_type": "service.updated", "data": {"id": "S1", "type": "service"}}}
    assert read("pagerduty/pagey_ping", body=json.dumps(body).encode()) == Report(delivery="E1")


@pytest.mark.parametrize("name", ["events_api_v2_outgoing_trigger", "events_api_v2_outgoing_resolve"])
def test_what_is_sent_to_pagerduty_is_not_what_it_sends(name: str) -> None:
    with pytest.raises(Malformed, match="event"):
        read(f"pagerduty/{name}")


def test_an_event_of_no_incident_is_refused() -> None:
    with pytest.raises(Malformed, match="no incident"):
        said("incident.triggered", type="incident_note")


@pytest.mark.parametrize("name", ["incident_triggered", "incident_acknowledged", "incident_annotated", "incident_resolved", "pagey_ping"])
def test_any_of_several_signatures_gets_in(name: str) -> None:
    assert gets_in(request(f"pagerduty/{name}"), "pagerduty")
    assert gets_in(request(f"pagerduty/{name}"), "pagerduty", "new", "example-secret")
    assert not gets_in(request(f"pagerduty/{name}"), "pagerduty", "another")
    assert not gets_in(request(f"pagerduty/{name}", body=b"{}"), "pagerduty")


def test_only_a_signature_of_the_known_version_counts() -> None:
    body, name = case("pagerduty/pagey_ping").raw, "pagerduty/pagey_ping"
    for header in ("", signed(body), f"v2={signed(body)}", f"v1{signed(body)}", "v1=", "v1=,v1="):
        assert not gets_in(request(name, headers={HEADER: header}), "pagerduty")
    assert not gets_in(request(name, headers={"authorization": "Bearer example-secret"}), "pagerduty")
    assert gets_in(request(name, headers={HEADER: f"v2=00, v1=00, v1={signed(body)}"}), "pagerduty")

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from handlers.alerts.signals import Link, Severity, Signal, Status
from handlers.alerts.vendors.contract import Malformed
from tests.alerts.bodies import case
from tests.alerts.requests import gets_in, read, request

NAME = "gcp_monitoring/incident_open"


def said(**changes: Any) -> Signal:
    body = json.loads(case(NAME).raw)
    body["incident"] |= changes
    (signal,) = read(NAME, body=json.dumps(body).encode()).signals
    return signal


def test_an_open_incident_says_what_where_and_since_when() -> None:
    assert said() == Signal(
        key="0.n1q8zexample", status=Status.FIRING, name="churn endpoint latency", title="[ALERT] churn endpoint p99 latency",
        severity=Severity.CRITICAL,
        labels={"condition": "Vertex endpoint p99 latency", "endpoint_id": "4711", "latency_type": "total", "location": "europe-west1",
                "metric_type": "aiplatform.googleapis.com/prediction/online/prediction_latencies", "policy": "churn endpoint latency",
                "project": "ml-prod", "resource_container": "ml-prod", "resource_type": "aiplatform.googleapis.com/Endpoint",
                "team": "ml-platform"},
        notes={"summary": "Prediction latencies for ml-prod Vertex AI Endpoint is above the threshold of 500.000 with a value of 731.400.",
               "description": "Runbook: https://runbooks.example.org/ml/latency", "value": "731.400", "threshold": "500"},
        links=((Link.RUNBOOK, "https://runbooks.example.org/ml/latency"),
               (Link.SOURCE, "https://console.cloud.google.com/monitoring/alerting/alerts/0.n1q8zexample?project=ml-prod")),
        started_at=datetime(2026, 11, 20, 14, 5, tzinfo=UTC))


def test_a_closed_incident_resolves_what_it_opened() -> None:
    (closed,) = read("gcp_monitoring/incident_closed").signals
    assert (closed.key, closed.status, closed.labels) == (said().key, Status.RESOLVED, said().labels)
    assert closed.ended_at == datetime(2026, 11, 20, 14, 21, 40, tzinfo=UTC)
    assert said(ended_at=1795184500).ended_at is None  # an open one has not ended, whatever it says


def test_a_test_of_the_channel_is_heard_with_its_odd_types() -> None:
    (signal,) = read("gcp_monitoring/incident_test").signals
    assert (signal.key, signal.status, signal.started_at) == ("12345", Status.FIRING, None)
    assert signal.notes["description"] == "Test documentation"
    assert said(incident_id=12345, started_at="1795183500", condition=None, metric="m", resource=[1], severity=3).key == "12345"


def test_moments_may_be_numbers_or_texts() -> None:
    assert said(started_at="1795183500").started_at == said(started_at=1795183500).started_at == said().started_at


@pytest.mark.parametrize(("state", "status"), [("OPEN", Status.FIRING), ("Closed", Status.RESOLVED)])
def test_the_state_may_be_in_any_case(state: str, status: Status) -> None:
    assert said(state=state).status is status


def test_the_runbook_is_found_in_a_text_too_and_a_dashboard_is_no_runbook() -> None:
    assert (Link.RUNBOOK, "https://r.example/x") in said(documentation="Playbook: https://r.example/x").links
    linked = [{"displayName": "Dashboard", "url": "https://d.example"}, {"displayName": "What to do", "url": "https://r.example"}]
    assert said(documentation={"links": linked}).links[:2] == ((Link.RUNBOOK, "https://r.example"), (Link.DASHBOARD, "https://d.example"))


def test_without_a_subject_the_title_is_policy_and_condition() -> None:
    assert said(documentation=None).title == "churn endpoint latency: Vertex endpoint p99 latency"
    assert said(documentation=None, policy_name=None).title == "Vertex endpoint p99 latency"


@pytest.mark.parametrize(("changes", "where"), [
    ({"state": "burning"}, "neither open nor closed"), ({"state": None}, "incident.state"), ({"incident_id": None}, "incident.incident_id"),
    ({"incident_id": " "}, "known again")])
def test_without_an_id_and_a_state_it_is_no_incident(changes: dict[str, object], where: str) -> None:
    with pytest.raises(Malformed, match=where):
        said(**changes)


def test_the_password_or_the_token_of_the_address_gets_in() -> None:
    assert gets_in(request(NAME), "gcp_monitoring", "example")
    assert gets_in(request(NAME), "gcp_monitoring", "new", "example")
    assert not gets_in(request(NAME), "gcp_monitoring", "another")
    assert gets_in(request(NAME, headers={}, query={"auth_token": "example"}), "gcp_monitoring", "example")
    assert not gets_in(request(NAME, headers={}, query={"auth_token": "exampl"}), "gcp_monitoring", "example")
    assert not gets_in(request(NAME, headers={}), "gcp_monitoring", "example")

"""Azure Monitor's common alert schema."""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from typing import Any

import pytest

from handlers.alerts.signals import Link, Severity, Status
from handlers.alerts.vendors import VENDORS
from handlers.alerts.vendors.contract import Malformed, NotGenuine
from tests.alerts.bodies import case
from tests.alerts.calling import FORMER, SECRET, incoming, read, read_case, settings

ALERT = "/subscriptions/00000000-1111-2222-3333-444444444444/providers/Microsoft.AlertsManagement/alerts/b9569717-bc32-442f-add5-83a997729330"


def only(name: str) -> Any:
    (signal,) = read_case("azure_monitor", f"azure_monitor/{name}").signals
    return signal


def changed(name: str = "metric_fired", context: Any = ..., own: Any = ..., **essentials: Any) -> Any:
    body = copy.deepcopy(case(f"azure_monitor/{name}").body)
    body["data"]["essentials"].update(essentials)
    body["data"].update({"alertContext": context} if context is not ... else {})
    body["data"].update({"customProperties": own} if own is not ... else {})
    (signal,) = read("azure_monitor", body).signals
    return signal


def test_fired_and_resolved_are_one_condition() -> None:
    fired, resolved = only("metric_fired"), only("metric_resolved")
    assert fired.key == resolved.key == ALERT
    assert (fired.status, resolved.status) == (Status.FIRING, Status.RESOLVED)
    assert fired.labels == resolved.labels
    assert fired.started_at == resolved.started_at == datetime(2026, 11, 20, 14, 5, 0, 371321, UTC)
    assert (fired.ended_at, resolved.ended_at) == (None, datetime(2026, 11, 20, 14, 21, 0, 224631, UTC))


def test_an_alert_says_what_it_is_about_and_where_to_look() -> None:
    signal = only("metric_fired")
    assert (signal.name, signal.title) == ("churn-endpoint-latency-p99", "p99 latency above 500 ms")
    assert signal.labels == {"alertname": "churn-endpoint-latency-p99", "deployment": "blue", "metric": "RequestLatency_P99",
                             "service": "Platform", "target": "onlineendpoints/churn", "team": "ml-platform"}
    assert signal.notes == {"description": "p99 latency above 500 ms", "value": "731.4 (threshold 500)"}
    assert dict(signal.links) == {
        Link.RUNBOOK: "https://runbooks.example.org/ml/latency",
        Link.SOURCE: "https://portal.azure.com/#blade/Microsoft_Azure_Monitoring/AlertDetailsTemplateBlade/alertId/"
                     + ALERT.replace("/", "%2F")}


@pytest.mark.parametrize(("said", "expected"), [
    ("Sev0", Severity.CRITICAL), ("Sev1", Severity.ERROR), ("Sev2", Severity.WARNING), ("Sev3", Severity.INFO),
    ("Sev4", Severity.INFO), ("sev0", Severity.CRITICAL), (None, Severity.WARNING), (7, Severity.WARNING)])
def test_azures_scale_begins_at_nought_and_is_its_own(said: Any, expected: Severity) -> None:
    """Elsewhere "sev1" is the worst."""
    assert changed(severity=said).severity is expected


def test_an_alert_on_the_activity_log_is_an_event_since_it_never_resolves() -> None:
    assert changed(signalType="Activity Log").status is Status.EVENT


def test_a_log_alert_links_to_what_was_found() -> None:
    signal = changed(context={"condition": {"allOf": [{"metricValue": 3, "linkToSearchResultsUI": "https://portal.azure.com/#q"}]}})
    assert dict(signal.links)[Link.DASHBOARD] == "https://portal.azure.com/#q"
    assert signal.notes["value"] == "3"


@pytest.mark.parametrize("context", [None, [], "x", {"condition": None}, {"condition": {"allOf": []}}, {"condition": {"allOf": [7]}},
                                     {"condition": {"allOf": [{"dimensions": {"a": 1}, "metricValue": []}]}},
                                     {"condition": {"allOf": [{"dimensions": [1, {"name": 2, "value": {}}]}]}}])
def test_what_an_alert_carries_besides_may_look_any_way(context: Any) -> None:
    assert changed(context=context, own=context).key == ALERT


@pytest.mark.parametrize("essentials", [{"monitorCondition": "Maybe"}, {"monitorCondition": None}, {"alertId": ""},
                                        {"alertId": None}, {"alertRule": 3}])
def test_an_alert_without_state_or_identity_is_malformed(essentials: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        changed(**essentials)


@pytest.mark.parametrize("body", [{}, [], None, {"schemaId": "AzureMonitorMetricAlert", "data": {}}, {"status": "Activated"}])
def test_another_schema_is_told_where_to_switch_the_common_one_on(body: Any) -> None:
    with pytest.raises(Malformed, match="common alert schema"):
        read("azure_monitor", body)


def test_the_secret_in_the_address_counts_also_beside_a_token_of_entra_id() -> None:
    check = VENDORS["azure_monitor"].check
    check(incoming({}, query={"token": FORMER}, headers={"authorization": "Bearer eyJhbGciOi"}), settings(secrets=(SECRET, FORMER)))
    for query in ({}, {"token": "wrong"}, {"token": ""}):
        with pytest.raises(NotGenuine):
            check(incoming({}, query=query, headers={"authorization": "Bearer eyJhbGciOi"}), settings())

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from handlers.alerts.signals import Link, Severity, Signal, Status
from handlers.alerts.vendors import VENDORS
from handlers.alerts.vendors.contract import Malformed
from handlers.alerts.vendors.datadog import TEMPLATE
from tests.alerts.bodies import case
from tests.alerts.requests import gets_in, read, request

FIVE_PAST = datetime(2026, 11, 20, 14, 5, tzinfo=UTC)


def said(**changes: Any) -> Signal:
    body = {**json.loads(case("datadog/triggered").raw), **changes}
    (signal,) = read("datadog/triggered", body=json.dumps(body).encode()).signals
    return signal


def test_a_triggered_monitor_says_what_where_and_since_when() -> None:
    report = read("datadog/triggered")
    assert report.delivery == "7391028475610293847"
    (signal,) = report.signals
    assert signal == Signal(
        key="14273920183746592011", status=Status.FIRING, name="Feature drift (PSI)",
        title="Feature drift (PSI) on feature:tenure,model:churn-xgb", severity=Severity.ERROR,
        labels={"env": "prod", "feature": "tenure", "model": "churn-xgb", "monitor_id": "1234567", "service": "churn", "team": "ml-platform"},
        notes={"summary": "ml.feature.psi over env:prod,feature:tenure,model:churn-xgb was > 0.25 on average during the last 1h.",
               "description": "PSI of tenure is above 0.25. Runbook: https://runbooks.example.org/ml/feature-drift",
               "query": "avg(last_1h):max:ml.feature.psi{env:prod} by {model,feature} > 0.25"},
        links=((Link.RUNBOOK, "https://runbooks.example.org/ml/feature-drift"),
               (Link.DASHBOARD, "https://p.datadoghq.com/snapshot/view/dd-snapshots-prod/example.png"),
               (Link.SOURCE, "https://app.datadoghq.com/event/event?id=7391028475610293847")),
        started_at=FIVE_PAST)


@pytest.mark.parametrize(("name", "status", "severity"), [
    ("triggered", Status.FIRING, Severity.ERROR), ("re_triggered", Status.FIRING, Severity.ERROR),
    ("warn", Status.FIRING, Severity.WARNING), ("recovered", Status.RESOLVED, Severity.ERROR)])
def test_one_cycle_is_one_condition_from_trigger_to_recovery(name: str, status: Status, severity: Severity) -> None:
    (signal,) = read(f"datadog/{name}").signals
    assert (signal.key, signal.status, signal.severity) == ("14273920183746592011", status, severity)
    assert signal.ended_at == (FIVE_PAST if name == "recovered" else None)
    assert (signal.name, signal.title) == ("Feature drift (PSI)", "Feature drift (PSI) on feature:tenure,model:churn-xgb")


def test_a_repeated_notification_does_not_move_the_beginning() -> None:
    assert said(transition="Re-Triggered").started_at is None
    assert said(transition="Renotify").started_at is None


@pytest.mark.parametrize("transition", ["No Data", "Re-No Data"])
def test_no_data_fires_and_says_so(transition: str) -> None:
    signal = said(transition=transition)
    assert (signal.status, signal.notes["state"]) == (Status.FIRING, "The monitor gets no data.")
    assert "state" not in said().notes


def test_a_renotified_warning_stays_a_warning() -> None:
    assert said(transition="Renotify", alert_type="warning").severity is Severity.WARNING


@pytest.mark.parametrize(("priority", "severity"), [("P1", Severity.CRITICAL), ("P3", Severity.WARNING), ("P5", Severity.INFO),
                                                    ("", Severity.ERROR), ("$ALERT_PRIORITY", Severity.ERROR)])
def test_priority_is_severity_and_without_one_the_type_is(priority: str, severity: Severity) -> None:
    assert said(priority=priority).severity is severity


def test_without_a_cycle_the_monitor_and_its_scope_are_the_condition() -> None:
    fired, resolved = said(cycle_key=""), said(cycle_key="$ALERT_CYCLE_KEY", transition="Recovered")
    assert fired.key == resolved.key == "1234567/feature:tenure,model:churn-xgb"
    assert said(cycle_key=None, scope="*").key != fired.key
    with pytest.raises(Malformed, match="cycle_key"):
        said(cycle_key="", alert_id="")


@pytest.mark.parametrize(("title", "name"), [
    ("[P2] [Triggered on {model:churn}] Drift", "Drift"), ("[TEST] [No Data] Drift", "Drift"), ("[Re-Warn] [ML] Drift", "[ML] Drift"),
    ("Drift [Triggered]", "Drift [Triggered]"), ("", "unnamed monitor")])
def test_a_monitor_is_named_without_what_datadog_puts_before(title: str, name: str) -> None:
    assert said(title=title).name == name


def test_the_default_body_is_refused_with_the_way_out() -> None:
    with pytest.raises(Malformed, match="Payload to the template that this source's setup shows"):
        read("datadog/default_payload_triggered")


@pytest.mark.parametrize("transition", ["", "$ALERT_TRANSITION", None, "Exploded", 7])
def test_an_unknown_transition_is_refused(transition: object) -> None:
    with pytest.raises(Malformed, match="transition"):
        said(transition=transition)


def test_the_template_of_the_setup_asks_for_all_that_is_read() -> None:
    ours, documented = json.loads(TEMPLATE), case("datadog/recommended_payload_template").body
    assert ours == {name: documented[name] for name in ours}
    assert TEMPLATE in VENDORS["datadog"].setup


def test_the_secret_gets_in_in_its_header_only_if_right() -> None:
    assert gets_in(request("datadog/triggered"), "datadog", "example-token")
    assert gets_in(request("datadog/triggered"), "datadog", "new", "example-token")
    assert not gets_in(request("datadog/triggered"), "datadog", "another")
    assert not gets_in(request("datadog/triggered", headers={}), "datadog", "example-token")
    assert gets_in(request("datadog/triggered", headers={"authorization": "Bearer example-token"}), "datadog", "example-token")


def test_the_header_may_have_another_name() -> None:
    own = request("datadog/triggered", headers={"x-our-key": "example-token"})
    assert gets_in(own, "datadog", "example-token", header="X-Our-Key")
    assert not gets_in(own, "datadog", "example-token")
    assert not gets_in(request("datadog/triggered"), "datadog", "example-token", header="X-Our-Key")

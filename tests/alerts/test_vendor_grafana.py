from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from handlers.alerts.signals import Link, Severity, Signal, Status
from handlers.alerts.vendors.contract import Malformed
from tests.alerts.bodies import case
from tests.alerts.requests import gets_in, read, request, signed

FIVE_PAST = datetime(2026, 11, 20, 14, 5, tzinfo=UTC)
STAMPED = datetime.fromtimestamp(1795187100, UTC)
HEADER = "x-grafana-alerting-signature"
STAMP = "X-Grafana-Alerting-Timestamp"


def test_a_firing_alert_says_what_drifted_where_and_since_when() -> None:
    (signal,) = read("grafana/firing_single").signals
    assert signal == Signal(
        key="1/a3f1c2d4e5b60718", status=Status.FIRING, name="FeatureDrift",
        title="PSI of tenure is 0.31 (threshold 0.25)", severity=Severity.WARNING,
        labels={"alertname": "FeatureDrift", "feature": "tenure", "grafana_folder": "ML Monitoring", "model": "churn-xgb",
                "model_version": "7", "severity": "warning"},
        notes={"summary": "PSI of tenure is 0.31 (threshold 0.25)", "value": "A=0.31, C=1"},
        links=signal.links, started_at=FIVE_PAST)
    found = dict(signal.links)
    assert found[Link.RUNBOOK] == "https://runbooks.example.org/ml/feature-drift"
    assert "viewPanel=4" in found[Link.DASHBOARD]
    assert found[Link.SOURCE] == "https://grafana.example.org/alerting/grafana/ddx2m1abc/view?orgId=1"
    assert found[Link.SILENCE].startswith("https://grafana.example.org/alerting/silence/new?")


def test_what_resolves_is_what_fired() -> None:
    (fired,), (resolved,) = read("grafana/firing_single").signals, read("grafana/resolved").signals
    assert (resolved.key, resolved.status) == (fired.key, Status.RESOLVED)
    assert resolved.ended_at == datetime(2026, 11, 20, 14, 35, tzinfo=UTC)
    assert fired.ended_at is None


def test_a_member_counts_by_its_own_status_and_what_was_left_out_is_counted() -> None:
    report = read("grafana/mixed_group_truncated")
    assert [(each.labels["feature"], each.status) for each in report.signals] == [
        ("tenure", Status.FIRING), ("charge", Status.RESOLVED)]
    assert report.absent == 3


def blind(labels: dict[str, str] | None = None, **changes: object) -> Signal:
    body: dict[str, Any] = json.loads(case("grafana/firing_datasource_error").raw)
    alert = body["alerts"][0]
    alert |= changes
    alert["labels"] |= labels or {}
    (signal,) = read("grafana/firing_datasource_error", body=json.dumps(body).encode()).signals
    return signal


def test_a_rule_whose_query_fails_is_a_condition_of_its_own_named_for_the_rule() -> None:
    signal = blind()
    (drifted,) = read("grafana/firing_single").signals
    assert (signal.name, signal.status) == (drifted.name, Status.FIRING)
    assert signal.key != drifted.key
    assert signal.title == "FeatureDrift: its query fails, so nobody knows"
    assert signal.notes["error"].startswith("failed to build query 'A'")
    assert (signal.labels["model"], signal.labels["rulename"]) == ("churn-xgb", "FeatureDrift")


def test_a_blind_rule_resolves_although_another_query_failed_meanwhile() -> None:
    fired = blind()
    resolved = blind({"ref_id": "B", "datasource_uid": "other"}, status="resolved", fingerprint="ffff")
    assert (resolved.key, resolved.status) == (fired.key, Status.RESOLVED)


def test_one_instance_of_a_blind_rule_does_not_resolve_another() -> None:
    assert blind({"feature": "charge"}).key != blind().key


def test_no_data_and_a_failing_query_are_two_conditions() -> None:
    no_data = blind({"alertname": "DatasourceNoData"})
    assert no_data.title == "FeatureDrift: no data, so nobody knows"
    assert no_data.key != blind().key


def test_two_organizations_of_one_grafana_stay_apart() -> None:
    body = json.loads(case("grafana/firing_single").raw)
    body["alerts"].append({**body["alerts"][0], "orgId": 2})
    first, second = read("grafana/firing_single", body=json.dumps(body).encode()).signals
    assert first.key != second.key


@pytest.mark.parametrize("body", [b"[]", b"{}", b'{"alerts": {}}', b'{"alerts": [{"fingerprint": "", "orgId": 1}]}',
                                  b'{"alerts": [{"fingerprint": "a", "status": "ok"}]}'])
def test_another_body_is_refused_with_a_sentence(body: bytes) -> None:
    with pytest.raises(Malformed, match=r"\.$"):
        read("grafana/firing_single", body=body)


@pytest.mark.parametrize("name", ["firing_single", "resolved", "mixed_group_truncated", "firing_datasource_error"])
def test_the_recorded_signature_gets_in(name: str) -> None:
    assert gets_in(request(f"grafana/{name}"), "grafana")
    assert gets_in(request(f"grafana/{name}"), "grafana", "new", "example-secret")
    assert gets_in(request(f"grafana/{name}"), "grafana", signed=True)


def test_a_signature_is_verified_wherever_there_is_one_even_next_to_the_right_secret() -> None:
    right = {"authorization": "Bearer example-secret"}
    assert gets_in(request("grafana/firing_single", headers=right), "grafana")
    for wrong in ("", "00", signed(b"another body"), signed(case("grafana/firing_single").raw, "another secret")):
        assert not gets_in(request("grafana/firing_single", headers={**right, HEADER: wrong}), "grafana")
    assert not gets_in(request("grafana/firing_single", body=case("grafana/resolved").raw), "grafana")


def test_a_source_set_to_signed_takes_no_bare_secret() -> None:
    right = request("grafana/firing_single", headers={"authorization": "Bearer example-secret"})
    assert not gets_in(right, "grafana", signed=True)
    assert not gets_in(right, "grafana", timestamp_header=STAMP)


def test_basic_authentication_gets_in_and_a_wrong_password_does_not() -> None:
    assert gets_in(request("grafana/firing_single", headers={"authorization": "Basic Ym90OmV4YW1wbGU="}), "grafana", "example")
    assert not gets_in(request("grafana/firing_single", headers={"authorization": "Basic Ym90OmV4YW1wbGU="}), "grafana")
    assert not gets_in(request("grafana/firing_single", headers={}), "grafana")


@pytest.mark.parametrize(("late", "is_in"), [(0, True), (299, True), (-299, True), (301, False), (-301, False)])
def test_a_signed_timestamp_holds_for_five_minutes(late: int, is_in: bool) -> None:
    sent = request("grafana/firing_single_hmac_with_timestamp", at=STAMPED + timedelta(seconds=late))
    assert gets_in(sent, "grafana", timestamp_header=STAMP) is is_in


def test_a_timestamp_that_was_not_signed_does_not_get_in() -> None:
    name = "grafana/firing_single_hmac_with_timestamp"
    moved = {**case(name).headers, STAMP.lower(): "1795187160"}
    assert not gets_in(request(name, headers=moved, at=STAMPED), "grafana", timestamp_header=STAMP)
    unsigned = {**case(name).headers, HEADER: signed(case(name).raw)}
    assert not gets_in(request(name, headers=unsigned, at=STAMPED), "grafana", timestamp_header=STAMP)
    del moved[STAMP.lower()]
    assert not gets_in(request(name, headers=moved, at=STAMPED), "grafana", timestamp_header=STAMP)

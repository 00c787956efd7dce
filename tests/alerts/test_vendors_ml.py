"""Prometheus, MLflow, Weights & Biases: what each says, and how each is proved."""

from __future__ import annotations

import base64
import hmac
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from handlers.alerts.signals import Link, Severity, Status
from handlers.alerts.vendors import mlflow, prometheus, wandb
from handlers.alerts.vendors.contract import Incoming, Malformed, NotGenuine
from tests.alerts.asking import SECRET, request, said, source
from tests.alerts.bodies import NOON, case

LABELS = {"alertname": "FeatureDriftHigh", "feature": "tenure", "severity": "critical"}


def prometheus_alert(**more: Any) -> dict[str, Any]:
    return {"labels": LABELS, "annotations": {"summary": "tenure drifts", "value": 0.31},
            "generatorURL": "http://prometheus.example:9090/graph", **more}


def one(body: Any, at: datetime = NOON) -> Any:
    (signal,) = said(prometheus.VENDOR, [body], at=at).signals
    return signal


class TestPrometheus:
    def test_it_fires_until_the_end_it_names_unless_repeated(self) -> None:
        signal = one(prometheus_alert(startsAt="2026-11-24T11:50:00.123456789Z", endsAt="2026-11-24T12:04:00Z"))
        assert (signal.status, signal.name, signal.severity) == (Status.FIRING, "FeatureDriftHigh", Severity.CRITICAL)
        assert signal.lapses_at == NOON + timedelta(minutes=4)
        assert signal.started_at == datetime(2026, 11, 24, 11, 50, 0, 123456, tzinfo=UTC)
        assert signal.ended_at is None
        assert signal.notes == {"summary": "tenure drifts", "value": "0.31"}
        assert signal.links == ((Link.SOURCE, "http://prometheus.example:9090/graph"),)

    def test_one_that_names_no_end_lasts_five_minutes_from_now(self) -> None:
        for body in (prometheus_alert(), prometheus_alert(endsAt="0001-01-01T00:00:00Z")):
            signal = one(body)
            assert (signal.started_at, signal.lapses_at) == (NOON, NOON + timedelta(minutes=5))

    def test_an_end_that_has_passed_resolves_it(self) -> None:
        signal = one(prometheus_alert(endsAt="2026-11-24T11:59:00Z"))
        assert (signal.status, signal.lapses_at) == (Status.RESOLVED, None)
        assert signal.started_at == signal.ended_at == NOON - timedelta(minutes=1)

    def test_the_key_is_all_labels_in_any_order_and_nothing_else(self) -> None:
        turned = prometheus_alert(labels=dict(reversed(LABELS.items())) | {"empty": ""}, annotations={})
        assert one(turned).key == one(prometheus_alert()).key
        assert one(prometheus_alert(labels=LABELS | {"feature": "charge"})).key != one(prometheus_alert()).key

    def test_labels_that_differ_only_past_what_we_keep_are_two_conditions(self) -> None:
        first, second = (one(prometheus_alert(labels={"path": "x" * 500 + end})) for end in "ab")
        assert first.labels == second.labels
        assert first.key != second.key

    def test_an_end_before_the_start_is_refused(self) -> None:
        with pytest.raises(Malformed, match="before its startsAt"):
            one(prometheus_alert(startsAt="2026-11-24T12:00:00Z", endsAt="2026-11-24T11:00:00Z"))

    def test_a_start_far_ahead_is_taken_and_noted(self) -> None:
        assert one(prometheus_alert(startsAt="2026-11-24T12:10:00Z")).notes["clock"] == (
            "The sender's clock is 10 minutes ahead of ours.")
        assert "clock" not in one(prometheus_alert(startsAt="2026-11-24T12:01:00Z")).notes

    def test_annotations_of_another_kind_say_nothing_but_the_alert_stands(self) -> None:
        signal = one(prometheus_alert(annotations={"summary": [1], "value": {}}, generatorURL=7, startsAt=[]))
        assert (signal.status, signal.title, signal.started_at) == (Status.FIRING, "FeatureDriftHigh", NOON)

    @pytest.mark.parametrize(("body", "where"), [
        ([{"labels": {"a": ""}}], "no labels"), ({}, "alerts"), ([{}], "labels"), ([{"labels": {}}], "labels"), ([{"labels": {"a": [1]}}], "labels"), ([7], "alerts.0")])
    def test_another_body_is_refused_by_name_of_the_place(self, body: Any, where: str) -> None:
        with pytest.raises(Malformed, match=where):
            said(prometheus.VENDOR, body)

    def test_its_bearer_secret_proves_it_and_so_does_the_former_one(self) -> None:
        asked = request([], headers={"Authorization": f"Bearer {SECRET}"})
        prometheus.VENDOR.check(asked, source("new", SECRET))
        for settings in (source("new"), source("new", "newer")):
            with pytest.raises(NotGenuine, match="not this source's"):
                prometheus.VENDOR.check(asked, settings)
        with pytest.raises(NotGenuine, match="needs its secret"):
            prometheus.VENDOR.check(request([]), source())


MLFLOW = ["model_version.created", "model_version_alias.created", "model_version_alias.deleted",
          "model_version_tag.deleted", "model_version_tag.set", "registered_model.created"]
AT = datetime(2026, 11, 20, 15, 32, 18, tzinfo=UTC)


def delivery(name: str) -> Incoming:
    sent = case(f"mlflow/{name}")
    return Incoming("POST", sent.headers, {}, sent.raw, sent.raw, AT)


class TestMLflow:
    @pytest.mark.parametrize(("name", "title", "labels"), [
        ("registered_model.created", "churn-xgb: registered for the first time", {"model": "churn-xgb"}),
        ("model_version.created", "churn-xgb: version 1 is registered", {"model": "churn-xgb", "version": "1"}),
        ("model_version_alias.created", "churn-xgb: alias champion now means version 1",
         {"model": "churn-xgb", "version": "1", "alias": "champion"}),
        ("model_version_tag.set", "churn-xgb 1: tag validation_status is now approved",
         {"model": "churn-xgb", "version": "1", "tag": "validation_status"}),
        ("model_version_tag.deleted", "churn-xgb 1: tag validation_status is removed",
         {"model": "churn-xgb", "version": "1", "tag": "validation_status"}),
    ])
    def test_what_the_registry_says_is_an_event(self, name: str, title: str, labels: dict[str, str]) -> None:
        report = mlflow.VENDOR.parse(delivery(name), source())
        (signal,) = report.signals
        assert (signal.status, signal.severity, signal.name, signal.title) == (
            Status.EVENT, Severity.INFO, name, title)
        assert signal.labels == labels | {"event": name}
        assert signal.started_at is not None
        assert report.delivery == case(f"mlflow/{name}").headers["x-mlflow-delivery-id"]

    def test_a_removed_alias_may_never_have_been_and_that_is_said(self) -> None:
        (signal,) = mlflow.VENDOR.parse(delivery("model_version_alias.deleted"), source()).signals
        assert signal.title == "churn-xgb: alias champion is removed"
        assert signal.notes["summary"] == "MLflow reports this even where there was no such alias."

    def test_a_test_delivery_is_called_one(self) -> None:
        (signal,) = mlflow.VENDOR.parse(delivery("model_version.created_test_delivery"), source()).signals
        assert signal.title == "Test delivery: example_model: version 1 is registered"

    def test_a_budget_that_is_exceeded_is_told_once_a_window(self) -> None:
        data = {"budget_policy_id": "bp-7", "budget_unit": "USD", "budget_amount": 100.0, "current_spend": 105.5, "duration_unit": "MONTHS",
                "duration_value": 1, "target_scope": "ENDPOINT", "workspace": "default", "target_value": "ep-9", "window_start": 1793491200000}
        body = {"entity": "budget_policy", "action": "exceeded", "timestamp": "2026-11-20T15:32:17+00:00", "data": data}
        (signal,) = said(mlflow.VENDOR, body).signals
        assert (signal.status, signal.severity) == (Status.EVENT, Severity.WARNING)
        assert signal.title == "ep-9: the budget is exceeded: 105.50 of 100.00 USD"
        assert signal.notes == {"value": "105.50 of 100.00 USD", "summary": "Per month"}
        assert signal.labels == {"budget": "bp-7", "event": "budget_policy.exceeded", "scope": "endpoint", "target": "ep-9", "workspace": "default"}
        again, next_month = (said(mlflow.VENDOR, {**body, "data": data | more}).signals[0].key for more in (
            {"current_spend": 120.0}, {"window_start": 1796083200000}))
        assert (again == signal.key, next_month == signal.key) == (True, False)
        (everybody,) = said(mlflow.VENDOR, {**body, "data": data | {"target_scope": "GLOBAL", "target_value": None, "workspace": ""}}).signals
        assert everybody.title.startswith("global: the budget")
        (odd,) = said(mlflow.VENDOR, {**body, "data": {"budget_policy_id": ["x"], "current_spend": "much"}}).signals
        assert odd.title == "MLflow: the budget is exceeded"

    def test_an_event_of_the_future_is_told_in_its_own_words(self) -> None:
        (signal,) = said(mlflow.VENDOR, {"entity": "prompt_alias", "action": "created", "data": {
            "name": "greeting", "alias": "live"}}).signals
        assert signal.title == "greeting: prompt alias created"
        assert signal.labels["prompt"] == "greeting"

    def test_a_link_to_the_model_where_the_address_of_mlflow_is_set(self) -> None:
        (signal,) = mlflow.VENDOR.parse(delivery("model_version.created"), source(url="https://mlflow.example/")).signals
        assert signal.links == ((Link.SOURCE, "https://mlflow.example/#/models/churn-xgb/versions/1"),)

    @pytest.mark.parametrize("name", [*MLFLOW, "model_version.created_test_delivery"])
    def test_a_real_delivery_is_genuine_with_the_present_or_former_secret(self, name: str) -> None:
        mlflow.VENDOR.check(delivery(name), source("new-secret", "example-secret"))
        with pytest.raises(NotGenuine, match="does not fit"):
            mlflow.VENDOR.check(delivery(name), source("another"))

    def test_one_that_was_changed_is_not_genuine(self) -> None:
        right = delivery("model_version.created")
        for wrong in (replace(right, raw=right.raw + b" "),
                      replace(right, headers={**right.headers, "x-mlflow-delivery-id": "other"}),
                      replace(right, headers={**right.headers, "x-mlflow-timestamp": "1795188738"})):
            with pytest.raises(NotGenuine, match="does not fit"):
                mlflow.VENDOR.check(wrong, source("example-secret"))

    def test_one_of_long_ago_is_not_genuine(self) -> None:
        with pytest.raises(NotGenuine, match="five minutes"):
            mlflow.VENDOR.check(replace(delivery("model_version.created"), at=AT + timedelta(minutes=6)),
                                source("example-secret"))

    def test_one_without_a_signature_is_not_genuine(self) -> None:
        for headers in ({}, {"x-mlflow-signature": "v2,abc"}):
            with pytest.raises(NotGenuine, match="missing"):
                mlflow.VENDOR.check(replace(delivery("model_version.created"), headers=headers), source())

    @pytest.mark.parametrize(("body", "where"), [
        ({}, "entity"), ({"entity": "a", "action": "b", "data": 1}, "data"), ({"entity": "a", "action": "b", "data": {}}, "data.name")])
    def test_another_body_is_refused(self, body: Any, where: str) -> None:
        with pytest.raises(Malformed, match=where):
            said(mlflow.VENDOR, body)


ARTIFACT = {"event_type": "ADD_ARTIFACT_ALIAS", "event_author": "ada", "entity": "acme", "project": "churn",
            "artifact": "churn-xgb", "artifact_version": "acme/churn/churn-xgb:v7", "alias": "production", "tag": "",
            "automation": "promoted"}
METRIC = {"event_type": "RUN_METRIC_THRESHOLD", "entity": "acme", "project": "churn", "metric": "val/loss",
          "condition": "above 0.5", "automation": "loss too high"}


class TestWandb:
    def test_an_alias_on_an_artifact_is_an_event(self) -> None:
        (signal,) = said(wandb.VENDOR, ARTIFACT).signals
        assert (signal.status, signal.severity) == (Status.EVENT, Severity.INFO)
        assert signal.title == "churn: add artifact alias acme/churn/churn-xgb:v7 (production)"
        assert signal.labels["artifact"] == "churn-xgb"
        assert "tag" not in signal.labels

    def test_a_metric_out_of_bounds_fires_without_end_and_is_one_condition_over_all_runs(self) -> None:
        first, second = (said(wandb.VENDOR, METRIC | {"run": run}).signals[0] for run in ("run-1", "run-2"))
        assert (first.status, first.lapses_at) == (Status.FIRING, None)
        assert first.title == "churn: val/loss is above 0.5"
        assert first.key == second.key

    def test_a_second_automation_of_its_name_resolves_it(self) -> None:
        over = METRIC | {"condition": "below 0.4", "status": "resolved"}
        assert said(wandb.VENDOR, over).signals[0].status is Status.RESOLVED
        assert said(wandb.VENDOR, over).signals[0].key == said(wandb.VENDOR, METRIC).signals[0].key

    def test_a_failed_run_is_an_error(self) -> None:
        (signal,) = said(wandb.VENDOR, {"event_type": "RUN_STATE", "run": "run-1", "run_state": "failed"}).signals
        assert (signal.status, signal.severity) == (Status.EVENT, Severity.ERROR)

    def test_a_variable_that_was_not_filled_in_says_nothing(self) -> None:
        (signal,) = said(wandb.VENDOR, ARTIFACT | {"alias": "${alias}"}).signals
        assert "alias" not in signal.labels
        with pytest.raises(Malformed, match="event_type"):
            said(wandb.VENDOR, {"event_type": "${event_type}"})

    @pytest.mark.parametrize("write", [bytes.hex, lambda digest: base64.b64encode(digest).decode()])
    def test_a_signature_in_either_writing_proves_it_and_one_over_another_body_does_not(self, write: Any) -> None:
        raw = json.dumps(METRIC).encode()
        asked = request(raw, headers={"X-Wandb-Signature": write(hmac.digest(SECRET.encode(), raw, "sha256")),
                                      "Authorization": f"Bearer {SECRET}"})
        wandb.VENDOR.check(asked, source("new", SECRET))
        for wrong, settings in ((replace(asked, raw=raw + b" "), source()), (asked, source("new"))):
            with pytest.raises(NotGenuine, match="X-Wandb-Signature"):
                wandb.VENDOR.check(wrong, settings)

    def test_without_a_signature_the_access_token_proves_it(self) -> None:
        wandb.VENDOR.check(request(METRIC, headers={"Authorization": f"Bearer {SECRET}"}), source())
        with pytest.raises(NotGenuine):
            wandb.VENDOR.check(request(METRIC, headers={"Authorization": "Bearer wrong"}), source())
        with pytest.raises(NotGenuine):
            wandb.VENDOR.check(request(METRIC), source())

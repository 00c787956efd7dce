"""Azure Machine Learning's events, as Event Grid posts them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from handlers.alerts.signals import Link, Severity, Status
from handlers.alerts.vendors import VENDORS
from handlers.alerts.vendors.contract import Malformed, NotGenuine
from tests.alerts.bodies import case
from tests.alerts.calling import SECRET, of_case, read, read_case, settings

GRID = VENDORS["event_grid"]


def event(name: str, **data: Any) -> dict[str, Any]:
    found = case(f"azure_monitor/event_grid_{name}").body[0]
    return {**found, "data": {**found["data"], **data}}


def only(*events: Any) -> Any:
    (signal,) = read("event_grid", list(events)).signals
    return signal


def of_kind(kind: str, **data: Any) -> dict[str, Any]:
    return {**event("model_registered"), "eventType": f"Microsoft.MachineLearningServices.{kind}", "data": data}


# ---- the handshake

def test_a_subscription_is_proved_by_sending_its_code_back() -> None:
    report = read_case("event_grid", "azure_monitor/event_grid_subscription_validation")
    assert report.answer is not None and report.answer.media_type == "application/json"
    assert json.loads(report.answer.body) == {"validationResponse": "512d38b6-c7b8-40c8-89fe-f46f9e9622b6"}
    assert (report.signals, report.visit) == ((), None)  # its validationUrl is opened by nobody


def test_no_handshake_is_answered_without_the_secret() -> None:
    for query in ({}, {"token": "wrong"}):
        with pytest.raises(NotGenuine):
            GRID.check(of_case("azure_monitor/event_grid_subscription_validation", query=query), settings())
    GRID.check(of_case("azure_monitor/event_grid_subscription_validation", query={"token": SECRET}), settings())


@pytest.mark.parametrize("code", [None, "", 7, "x" * 201, ["x"]])
def test_a_handshake_without_a_code_is_malformed(code: Any) -> None:
    with pytest.raises(Malformed, match="validationCode"):
        read("event_grid", [event("subscription_validation", validationCode=code)])


def test_the_handshake_of_cloudevents_is_answered_too() -> None:
    report = read("event_grid", b"", method="OPTIONS", headers={"webhook-request-origin": "eventgrid.azure.net"})
    assert report.answer is not None and report.answer.headers["WebHook-Allowed-Origin"] == "eventgrid.azure.net"


# ---- events

def test_drift_of_a_data_set_is_one_event_a_run() -> None:
    report = read_case("event_grid", "azure_monitor/event_grid_dataset_drift_detected")
    (signal,) = report.signals
    assert report.delivery == "831e1650-001e-001b-66ab-eeb76e069631"
    assert signal.key == "01d29aa4-e6a4-470a-9ef3-66660d21f8ef/01d29aa4_1795183500"
    assert (signal.status, signal.severity) == (Status.EVENT, Severity.WARNING)
    assert signal.title == "churn-drift-monitor: the data set has drifted, by 0.835 of 1"
    assert "RunId" not in signal.labels and "01d29aa4_1795183500" not in signal.labels.values()
    assert dict(signal.links)[Link.SOURCE].startswith("https://ml.azure.com/?wsid=/subscriptions/")


def test_the_drift_coefficient_is_not_passed_off_as_a_share_of_columns() -> None:
    drift = only(event("dataset_drift_detected")).drift
    assert (drift.model, drift.share) == ("churn-drift-monitor", None)
    assert [(each.name, each.statistic, each.threshold) for each in drift.features] == [("whole data set", 0.835, None)]
    assert drift.current.begins == datetime(2026, 11, 19, tzinfo=UTC)


@pytest.mark.parametrize("how_far", [None, "NaN", [], 10**400])
def test_drift_without_a_figure_is_still_told(how_far: Any) -> None:
    signal = only(event("dataset_drift_detected", DriftCoefficient=how_far))
    assert (signal.title, signal.drift.features) == ("churn-drift-monitor: the data set has drifted", ())


def test_a_new_model_says_its_version() -> None:
    signal = only(event("model_registered"))
    assert signal.key.endswith("/workspaces/ml-prod/models/churn-xgb/8")  # there may be one in ml-test, too
    assert signal.severity is Severity.INFO
    assert signal.title == "Model churn-xgb 8 is registered"
    assert signal.labels == {"model": "churn-xgb", "version": "8", "team": "ml-platform", "workspace": "ml-prod"}


@pytest.mark.parametrize("name", ["RunStatus", "runStatus"])
def test_a_failed_run_is_an_error_however_its_names_are_spelled(name: str) -> None:
    signal = only(of_kind("RunStatusChanged", **{name: "Failed", "RunId": "r1", "ExperimentName": "retrain"}))
    assert (signal.key, signal.severity, signal.title) == ("runs/r1/Failed", Severity.ERROR, "A run of retrain: failed")
    assert only(of_kind("RunCompleted", RunId="r1")).severity is Severity.INFO


def test_a_run_of_a_model_monitor_that_found_a_breach_is_drift() -> None:
    said = "Model monitor has failed due to one or more features violating metric thresholds"
    signal = only(of_kind("RunStatusChanged", RunStatus="Failed", RunId="r1", ExperimentName="churn-monitor",
                          RunTags={"azureml_modelmonitor_threshold_breached": said}))
    assert (signal.severity, signal.drift.quality) == (Severity.WARNING, (said,))
    assert signal.title == "churn-monitor: a threshold of the model's monitor is breached"


def test_an_unknown_event_is_shown_under_its_type() -> None:
    signal = only({"id": "1", "eventType": "Microsoft.Storage.BlobCreated", "subject": "/blobs/x", "data": {"a": 1}})
    assert (signal.key, signal.name, signal.title) == ("1", "Microsoft.Storage.BlobCreated", "Microsoft.Storage.BlobCreated: /blobs/x")


def test_the_same_event_may_come_as_a_cloudevent() -> None:
    one = event("dataset_drift_detected")
    other = {"specversion": "1.0", "id": one["id"], "type": one["eventType"], "source": one["topic"],
             "subject": one["subject"], "time": one["eventTime"], "data": one["data"]}
    assert only(other) == only(one)
    assert read("event_grid", other).signals == (only(one),)


def test_a_delivery_of_several_events_is_known_by_all_their_ids() -> None:
    some = [{**event("model_registered"), "id": f"event-{number}"} for number in range(300)]
    whole, shorter = read("event_grid", some), read("event_grid", some[:-1])
    assert len(whole.signals) == 300
    assert whole.delivery != shorter.delivery and len(whole.delivery or "") <= 500


@pytest.mark.parametrize("kind", ["DatasetDriftDetected", "ModelRegistered", "ModelDeployed", "RunCompleted", "RunStatusChanged"])
def test_an_event_with_nothing_in_it_is_still_told(kind: str) -> None:
    for data in (None, [], "x", {}, {"ModelTags": 7, "RunTags": [], "ModelVersion": {}, "RunId": None}):
        assert only({**of_kind(kind), "data": data}).name == kind


@pytest.mark.parametrize("body", [[], {}, None, 7, [None], [[]], [{"id": 1, "eventType": "x"}], [{"id": "", "type": "x"}],
                                  [{"id": "1"}], [{"id": "1", "eventType": ""}], b"", b"[" * 100_000])
def test_what_is_no_event_is_malformed(body: Any) -> None:
    with pytest.raises(Malformed):
        read("event_grid", body)

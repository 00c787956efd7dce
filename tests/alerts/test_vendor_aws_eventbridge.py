"""Amazon EventBridge: CloudWatch's alarms and SageMaker's events, and Model Monitor's file of violations."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import Any

import pytest

from handlers.alerts.signals import Link, Severity, Status
from handlers.alerts.vendors import VENDORS
from handlers.alerts.vendors.contract import Malformed, NotGenuine
from tests.alerts.bodies import case
from tests.alerts.calling import FORMER, SECRET, incoming, of_case, read, read_case, settings

BRIDGE = VENDORS["aws_eventbridge"]
RUN = "sagemaker_model_monitor_processing_job_violations"


def body(name: str, **detail: Any) -> dict[str, Any]:
    found = case(f"aws_eventbridge/{name}").body
    return {**found, "detail": {**found["detail"], **detail}}


def only(found: Any, options: dict[str, Any] | None = None) -> Any:
    report = read_case("aws_eventbridge", f"aws_eventbridge/{found}") if isinstance(found, str) else read("aws_eventbridge", found, options)
    (signal,) = report.signals
    return signal


# ---- who sends

@pytest.mark.parametrize("headers", [
    {"x-api-key": SECRET}, {"authorization": f"Bearer {SECRET}"}, {"x-api-key": FORMER},
    {"authorization": "Basic " + base64.b64encode(f"bridge:{SECRET}".encode()).decode()}])
def test_each_way_a_connection_authorises_is_accepted_also_during_a_rotation(headers: dict[str, str]) -> None:
    BRIDGE.check(incoming({}, headers=headers), settings(secrets=(SECRET, FORMER)))


@pytest.mark.parametrize("headers", [{}, {"x-api-key": ""}, {"x-api-key": FORMER}, {"authorization": f"Bearer {FORMER}"},
                                     {"x-api-key": "\ud800"}, {"x-other": SECRET}])
def test_a_wrong_or_missing_key_is_refused(headers: dict[str, str]) -> None:
    with pytest.raises(NotGenuine) as refused:
        BRIDGE.check(incoming({}, headers=headers), settings())
    assert SECRET not in str(refused.value)


def test_the_key_may_have_a_header_of_its_own() -> None:
    named = settings({"header": "X-Ground-Crew"})
    BRIDGE.check(incoming({}, headers={"x-ground-crew": SECRET}), named)
    with pytest.raises(NotGenuine):
        BRIDGE.check(incoming({}, headers={"x-api-key": SECRET}), named)


def test_a_captured_request_is_accepted_as_it_came() -> None:
    BRIDGE.check(of_case("aws_eventbridge/cloudwatch_alarm_state_change"), settings(secrets=("example-key",)))


# ---- alarms

def test_an_alarm_fires_under_its_arn_with_what_its_metric_says() -> None:
    signal = only("cloudwatch_alarm_state_change")
    assert signal.key == "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:churn-endpoint-tenure-drift"
    assert (signal.status, signal.severity) == (Status.FIRING, Severity.WARNING)
    assert signal.started_at == datetime(2026, 11, 20, 14, 5, tzinfo=UTC)
    (feature,) = signal.drift.features
    assert (signal.drift.model, feature.name, feature.statistic, feature.threshold) == ("churn-endpoint", "tenure", 0.31, 0.2)


def test_the_delivery_is_known_by_the_events_id() -> None:
    report = read_case("aws_eventbridge", "aws_eventbridge/cloudwatch_alarm_state_change")
    assert report.delivery == "844e2571-85d4-695f-b930-0153b71dcb42"


@pytest.mark.parametrize(("state", "expected", "opening"), [
    ("OK", Status.RESOLVED, "Baseline"), ("ALARM", Status.FIRING, "Baseline"), ("INSUFFICIENT_DATA", Status.FIRING, "No data")])
def test_an_alarms_state_is_its_status(state: str, expected: Status, opening: str) -> None:
    signal = only(body("cloudwatch_alarm_state_change", state={"value": state}))
    assert (signal.status, signal.title.startswith(opening)) == (expected, True)


@pytest.mark.parametrize("changed", [{"configuration": None}, {"configuration": {"metrics": [{"expression": "a/b"}]}},
                                     {"configuration": {"metrics": "x"}}, {"previousState": 7},
                                     {"configuration": {"alarmRule": "ALARM(a) OR ALARM(b)"}}])
def test_composites_and_expressions_are_read_without_a_metric(changed: dict[str, Any]) -> None:
    signal = only(body("cloudwatch_alarm_state_change", **changed))
    assert signal.key.endswith(":alarm:churn-endpoint-tenure-drift") and signal.status is Status.FIRING


def test_an_alarm_of_no_state_is_malformed() -> None:
    for state in (None, {}, {"value": 3}, {"value": "MAYBE"}):
        with pytest.raises(Malformed):
            only(body("cloudwatch_alarm_state_change", state=state))


# ---- Model Monitor

def test_a_run_that_found_violations_is_one_event_however_often_it_is_sent() -> None:
    signal = only(RUN)
    again = only({**body(RUN, LastModifiedTime=1795183499000), "id": "another"})
    assert signal.key == again.key == (
        "arn:aws:sagemaker:eu-west-1:123456789012:processing-job/model-monitoring-202611201400-0c2f/Completed")
    assert (signal.status, signal.severity) == (Status.EVENT, Severity.WARNING)
    assert signal.title == "Monitor churn-data-quality-hourly: constraints violated"
    assert "s3://ml-monitoring-example/churn/2026/11/20/14" in signal.notes["description"]
    assert "model-monitoring-2026" not in repr(signal.labels)  # a label that changes each run makes new conditions


def test_the_run_says_which_endpoint_it_judged_where_it_knows() -> None:
    signal = only(body(RUN, Environment={
        "sagemaker_endpoint_name": "churn-endpoint", "start_time": "2026-11-20T13:00:00Z", "end_time": "2026-11-20T14:00:00Z"}))
    assert signal.drift.model == "churn-endpoint"
    assert signal.drift.current.begins == datetime(2026, 11, 20, 13, tzinfo=UTC)
    assert only(RUN).drift.model == "churn-data-quality-hourly"


@pytest.mark.parametrize(("changed", "severity", "title"), [
    ({"ExitMessage": "Completed: Job completed successfully with no violations."}, Severity.INFO, "completed"),
    ({"ProcessingJobStatus": "Failed", "ExitMessage": None, "FailureReason": "Out of memory"}, Severity.ERROR, "failed"),
    ({"ProcessingJobStatus": "Stopped", "ExitMessage": None}, Severity.WARNING, "stopped")])
def test_a_run_without_violations_claims_no_drift(changed: dict[str, Any], severity: Severity, title: str) -> None:
    signal = only(body(RUN, **changed))
    assert (signal.severity, signal.drift, signal.title) == (severity, None, f"Monitor churn-data-quality-hourly: {title}")


def test_a_file_of_violations_tells_drift_from_broken_data() -> None:
    report = read_case("aws_eventbridge", "aws_eventbridge/sagemaker_constraint_violations_file", query={"model": "churn-xgb"})
    (signal,) = report.signals
    assert (signal.key, signal.status, report.delivery) == ("constraint_violations/churn-xgb", Status.FIRING, None)
    assert signal.title == "churn-xgb: 1 drifted column, 1 other violation"
    (feature,) = signal.drift.features
    assert (feature.name, feature.statistic, feature.threshold, feature.more_is_worse, feature.is_drifted) == (
        "tenure", 0.31, 0.1, True, True)
    assert signal.drift.quality == ("monthly_charge: Data completeness: 0.97 below required: 1.0",)


def test_a_file_without_violations_ends_what_the_last_one_began() -> None:
    signal = only({"violations": []})
    assert (signal.key, signal.status) == ("constraint_violations/churn-monitor", Status.RESOLVED)
    assert only({"violations": []}, {"model": "churn-xgb"}).key == "constraint_violations/churn-xgb"


@pytest.mark.parametrize("description", ["", "Something else", "distance: a threshold: b", "Baseline drift distance: . threshold: ."])
def test_a_violation_without_a_number_is_said_in_words(description: str) -> None:
    signal = only({"violations": [{"feature_name": "x", "constraint_check_type": "baseline_drift_check", "description": description}]})
    assert signal.drift.features == ()
    assert signal.drift.quality[0].startswith("x: ")


@pytest.mark.parametrize("found", [{"violations": None}, {"violations": [1]}, {"violations": [{}]}, {"violations": {}}])
def test_a_file_that_is_none_is_malformed(found: Any) -> None:
    with pytest.raises(Malformed, match="violations"):
        only(found)


# ---- the rest of SageMaker, and of AWS

def test_a_deployment_that_could_not_be_rolled_back_is_critical() -> None:
    signal = only("sagemaker_endpoint_deployment_rolled_back")
    assert (signal.status, signal.severity) == (Status.EVENT, Severity.CRITICAL)
    assert signal.title == "Endpoint churn-endpoint: its deployment could not be rolled back"
    assert signal.labels["model"] == "churn-endpoint"
    assert dict(signal.links)[Link.SOURCE].endswith("#/endpoints/churn-endpoint")


def test_a_deployment_that_fails_again_on_another_day_is_told_again() -> None:
    name = "sagemaker_endpoint_deployment_rolled_back"
    first, sent_twice = only(name), only({**body(name), "id": "2", "time": "2026-11-20T14:05:09Z"})
    another_day = only({**body(name), "id": "3", "time": "2026-11-27T14:05:00Z"})
    assert first.key == sent_twice.key != another_day.key


@pytest.mark.parametrize(("status", "expected"), [("IN_SERVICE", Severity.INFO), ("InService", Severity.INFO),
                                                  ("RollingBack", Severity.ERROR), ("UPDATING", Severity.INFO)])
def test_each_state_of_a_deployment_is_an_event_of_its_own(status: str, expected: Severity) -> None:
    signal = only(body("sagemaker_endpoint_deployment_rolled_back", EndpointStatus=status))
    assert signal.severity is expected
    assert signal.key != only("sagemaker_endpoint_deployment_rolled_back").key


def test_a_new_model_version_says_what_it_waits_for() -> None:
    signal = only("sagemaker_model_package_state_change")
    assert (signal.status, signal.severity) == (Status.EVENT, Severity.INFO)
    assert signal.title == "Model churn-xgb 8: completed, pending manual approval"
    rejected = only(body("sagemaker_model_package_state_change", ModelApprovalStatus="Rejected"))
    assert (rejected.severity, rejected.key == signal.key) == (Severity.WARNING, False)


@pytest.mark.parametrize("name", [RUN, "sagemaker_endpoint_deployment_rolled_back", "sagemaker_model_package_state_change"])
def test_a_known_kind_with_nothing_in_it_is_still_shown(name: str) -> None:
    for detail in ({}, None, [], "x"):
        signal = only({**body(name), "detail": detail})
        assert signal.name == body(name)["detail-type"]


def test_an_unknown_event_is_shown_under_its_type() -> None:
    signal = only({"id": "1", "detail-type": "EC2 Spot Instance Interruption Warning", "source": "aws.ec2",
                   "resources": ["arn:aws:ec2:eu-west-1:1:instance/i-07"], "detail": {"instance-id": "i-07"}})
    assert (signal.key, signal.status, signal.severity) == ("1", Status.EVENT, Severity.INFO)
    assert (signal.name, signal.title) == ("EC2 Spot Instance Interruption Warning",
                                           "EC2 Spot Instance Interruption Warning: instance/i-07")


@pytest.mark.parametrize("found", [[], None, 7, "x", {}, {"id": 1}, {"id": "", "detail-type": "x"}, {"id": "1", "detail-type": None},
                                   b"", b"\xff", b"[" * 100_000])
def test_what_is_no_event_is_malformed_in_one_sentence(found: Any) -> None:
    with pytest.raises(Malformed) as problem:
        read("aws_eventbridge", found)
    assert str(problem.value).endswith(".") and "\n" not in str(problem.value)

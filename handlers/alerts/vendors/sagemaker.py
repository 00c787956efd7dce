"""What SageMaker says in EventBridge's events, and in Model Monitor's ``constraint_violations.json``.

SageMaker may send several events for one change of state, so a key is made of the thing and its status, and
of the day where a thing can come into a state again. Model Monitor has no event of its own: a run is a
processing job, whose ExitMessage begins CompletedWithViolations where it found any.
Sources: https://docs.aws.amazon.com/sagemaker/latest/dg/automating-sagemaker-with-eventbridge.html,
.../model-monitor-interpreting-violations.html, .../model-monitor-byoc-contract-inputs.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from pydantic import BaseModel, Field

from handlers.alerts.signals import Drift, Feature, Link, Severity, Signal, Status, Window
from handlers.alerts.vendors.cloudwatch import METHOD, console
from handlers.alerts.vendors.contract import Malformed
from handlers.alerts.vendors.values import (
    SIGNALS,
    clean,
    fields,
    labels,
    links,
    moment,
    notes,
    number,
    read_as,
    spelled,
    title,
)

Event = Mapping[str, Any]
"""EventBridge's envelope: ``id``, ``detail-type``, ``region``, ``time`` and, as ``detail``, an object."""

_VIOLATED = "CompletedWithViolations"
_DISTANCE = re.compile(r"distance\D{0,5}(-?[\d.]+(?:E-?\d+)?)\D{1,40}threshold\D{0,5}(-?[\d.]+(?:E-?\d+)?)",
                       re.IGNORECASE | re.ASCII)
_ENDPOINT_IS_BAD = {"UPDATE_ROLLBACK_FAILED": Severity.CRITICAL, "FAILED": Severity.CRITICAL,
                    "OUT_OF_SERVICE": Severity.CRITICAL, "ROLLING_BACK": Severity.ERROR,
                    "UPDATE_ROLLBACK_COMPLETE": Severity.ERROR, "ROLLBACK_COMPLETE": Severity.ERROR}
_ENDPOINT_SAYS = {"UPDATE_ROLLBACK_FAILED": "its deployment could not be rolled back",
                  "ROLLING_BACK": "its deployment is being rolled back", "FAILED": "its deployment failed",
                  "OUT_OF_SERVICE": "it is out of service", "IN_SERVICE": "it is in service"}


def processing_job(event: Event) -> Signal | None:
    """A run of Model Monitor, or any other processing job."""
    job = event["detail"]
    arn, status = _text(job.get("ProcessingJobArn")), _text(job.get("ProcessingJobStatus"))
    if not arn or not status:
        return None
    said, schedule = _text(job.get("ExitMessage")), _text(job.get("MonitoringScheduleArn")).rpartition("/")[2]
    env, violated = fields(job.get("Environment")), said.startswith(_VIOLATED)
    model = _text(env.get("sagemaker_endpoint_name")) or schedule
    name = _text(job.get("ProcessingJobName"))
    what = f"Monitor {schedule}" if schedule else f"Processing job {name or arn}"
    said = said or _text(job.get("FailureReason"))
    return Signal(
        key=spelled(arn, status), status=Status.EVENT,
        name=schedule or "SageMaker processing job",
        title=title(f"{what}: constraints violated" if violated else f"{what}: {_in_words(status)}", what),
        severity=Severity.WARNING if violated else
        {"Failed": Severity.ERROR, "Stopped": Severity.WARNING}.get(status, Severity.INFO),
        labels=labels({**_place(event), "schedule": schedule or None, "model": model or None}),
        notes=notes(summary=said or None, description=_outputs(job)),
        links=links((Link.SOURCE, console(event.get("region"), "sagemaker", "/processing-jobs/", name))),
        started_at=moment(job.get("ProcessingEndTime")) or moment(event.get("time")),
        drift=Drift(model=clean(model, 200), current=Window(moment(env.get("start_time")),
                                                             moment(env.get("end_time"))),
                    quality=(clean(said, 300),)) if violated and model else None)


def _outputs(job: Event) -> str | None:
    """Where the report lies."""
    outputs = fields(job.get("ProcessingOutputConfig")).get("Outputs")
    found = [_text(fields(fields(each).get("S3Output")).get("S3Uri"))
             for each in (outputs if isinstance(outputs, list) else ())[:10]]
    return "Report: " + ", ".join(filter(None, found)) if any(found) else None


def endpoint(event: Event) -> Signal | None:
    """A deployment to an endpoint: done, failed or rolled back."""
    about = event["detail"]
    arn, status = _text(about.get("EndpointArn")), _text(about.get("EndpointStatus"))
    if not arn or not status:
        return None
    name = _text(about.get("EndpointName")) or arn.rpartition("/")[2]
    config = _text(about.get("EndpointConfigName"))
    plain = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", status).upper()  # RollingBack in the older of two events
    return Signal(
        key=spelled(arn, config, status, _day(event)), status=Status.EVENT,
        name=clean(event["detail-type"], 200),
        title=title(f"Endpoint {name}: {_ENDPOINT_SAYS.get(plain, _in_words(plain))}", "Endpoint"),
        severity=_ENDPOINT_IS_BAD.get(plain, Severity.INFO),
        labels=labels({**_place(event), "model": name, "status": status}),
        notes=notes(summary=about.get("FailureReason"),
                    description=f"Configuration {config}" if config else None),
        links=links((Link.SOURCE, console(event.get("region"), "sagemaker", "/endpoints/", name))),
        started_at=moment(event.get("time")))


def model_package(event: Event) -> Signal | None:
    """A version in the model registry: registered, approved, rejected."""
    about = event["detail"]
    arn, status = _text(about.get("ModelPackageArn")), _text(about.get("ModelPackageStatus"))
    if not arn or not status:
        return None
    approval, version = _text(about.get("ModelApprovalStatus")), _text(about.get("ModelPackageVersion"))
    group = _text(about.get("ModelPackageGroupName")) or arn.rpartition("/")[2]
    said = ", ".join(_in_words(each) for each in (status, approval) if each)
    return Signal(
        key=spelled(arn, status, approval, _day(event)), status=Status.EVENT,
        name=clean(event["detail-type"], 200),
        title=title(f"Model {group} {version}: {said}", "Model package"),
        severity=Severity.ERROR if status == "Failed" else
        Severity.WARNING if approval == "Rejected" else Severity.INFO,
        labels=labels({**_place(event), "model": group, "version": version or None,
                       "approval": approval or None}),
        started_at=moment(event.get("time")))


KINDS: dict[str, Callable[[Event], Signal | None]] = {
    "SageMaker Processing Job State Change": processing_job,
    "SageMaker Endpoint Deployment State Change": endpoint,
    "SageMaker Endpoint State Change": endpoint,
    "SageMaker Model Package State Change": model_package,
}
"""By the event's detail-type; None where the detail is not what its type says."""


class _Violation(BaseModel):
    feature_name: str | None = None
    metric_name: str | None = None
    constraint_check_type: str = Field(min_length=1)
    description: str = ""


class _Violations(BaseModel):
    violations: list[_Violation] = Field(max_length=SIGNALS)


def violations(body: object, model: str) -> Signal:
    """The file of one run. It lasts from a file with violations to the next one without. Raises Malformed."""
    found = read_as(_Violations, body, "constraint_violations.json").violations
    features = tuple(each for each in map(_feature, found) if each)
    other = tuple(clean(f"{each.feature_name or each.metric_name or 'data'}: "
                        f"{each.description or each.constraint_check_type}", 300)
                  for each in found if not _feature(each))
    name = title(model, "")
    if not name:
        raise Malformed("Nobody says whose violations these are: put ?model=NAME into the address.")
    counts = ((len(features), "drifted column"), (len(other), "other violation"))
    said = [f"{count} {what}" + "s" * (count > 1) for count, what in counts if count]
    return Signal(
        key=spelled("constraint_violations", name), status=Status.FIRING if found else Status.RESOLVED,
        name="Model Monitor constraints", severity=Severity.WARNING,
        title=title(f"{name}: {', '.join(said) or 'all constraints are met again'}", name),
        labels=labels({"model": name}),
        notes=notes(description="\n".join(each.description for each in found[:50]) or None),
        drift=Drift(model=name, features=features, quality=other))


def _feature(violation: _Violation) -> Feature | None:
    """Only drift has a distance; its sentence holds the number and the limit."""
    said = _DISTANCE.search(violation.description[:1000])
    statistic = number(said[1]) if said else None
    if violation.constraint_check_type != "baseline_drift_check" or said is None or statistic is None:
        return None
    return Feature(clean(violation.feature_name or "unnamed column", 200), METHOD, statistic, number(said[2]),
                   is_drifted=True)


def _text(value: object) -> str:
    return clean(value, 300) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def _day(event: Event) -> str:
    found = moment(event.get("time"))
    return found.date().isoformat() if found else ""


def _in_words(status: str) -> str:
    """``PendingManualApproval`` as "pending manual approval"."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", status).replace("_", " ").lower()


def _place(event: Event) -> dict[str, Any]:
    return {"account": event.get("account"), "region": event.get("region")}

"""CloudWatch's alarms, which arrive by SNS or by EventBridge in two spellings: what they have in common.

An alarm has three states. INSUFFICIENT_DATA is neither ALARM nor OK: it fires under the alarm's own key, with
"No data" in its title, so that an alarm which falls silent is not taken for healed, and OK ends both.
Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import quote

from handlers.alerts.signals import Drift, Feature, Link, Severity, Signal, Status
from handlers.alerts.vendors.contract import Malformed
from handlers.alerts.vendors.values import (
    clean,
    fields,
    labels,
    links,
    notes,
    number,
    severity,
    spelled,
    title,
)

SEVERITY = "How bad what names no severity of its own is: critical, error, warning or info."
"""The text of the option ``severity``."""
METHOD = "SageMaker's distance"
"""Model Monitor's drift distance from its baseline; AWS names no method more closely."""

_DRIFT = "feature_baseline_drift_"
_ARN = re.compile(r"arn:(aws[a-z-]*):[a-z-]+:([a-z0-9-]+):(\d{12}):.+", re.ASCII | re.DOTALL)
_REGION = re.compile(r"[a-z]{2}(?:-[a-z]+){1,3}-\d{1,2}", re.ASCII)
_RUNBOOK = re.compile(r"\brunbook\W{0,3}(https?://[^\s<>|\"')]+)", re.IGNORECASE)
_SAID = re.compile(r"\b(?:severity|sev|priority)\s*[:=]\s*(\w+)", re.IGNORECASE)
_DATAPOINT = re.compile(r"\[(-?\d[\d.]*(?:E-?\d+)?) \(", re.ASCII)
_NAMED = frozenset(("critical", "crit", "fatal", "emergency", "page", "warning", "warn", "info",
                    "p1", "p2", "p3", "p4", "p5"))


@dataclass(frozen=True, slots=True)
class Alarm:
    arn: str
    """Never empty: what the alarm is known by."""
    name: str
    state: object
    before: object = None
    """The state it comes from."""
    reason: object = None
    description: object = None
    at: datetime | None = None
    metric: str = ""
    namespace: str = ""
    dimensions: Mapping[str, Any] = field(default_factory=dict)
    value: float | None = None
    threshold: float | None = None


def signal(alarm: Alarm, default: object) -> Signal:
    """`default` is the severity where the alarm names none. Raises Malformed."""
    if alarm.state not in ("ALARM", "OK", "INSUFFICIENT_DATA"):
        raise Malformed("The alarm's state is none of ALARM, OK and INSUFFICIENT_DATA.")
    is_over, is_silent = alarm.state == "OK", alarm.state == "INSUFFICIENT_DATA"
    name = title(alarm.name, "unnamed alarm")
    about = clean(alarm.description) if isinstance(alarm.description, str) else ""
    drift = _drift(alarm)
    return Signal(
        key=spelled(alarm.arn), status=Status.RESOLVED if is_over else Status.FIRING, name=name,
        title=title(f"No data: {name} can say neither alarm nor OK" if is_silent else _first_line(about),
                    name),
        severity=_severity(alarm, about, default),
        labels=labels(_labels(alarm, drift)),
        notes=notes(summary=alarm.reason, description=about or None, value=alarm.value),
        links=links((Link.SOURCE, _alarm_page(alarm.arn, alarm.name)), (Link.RUNBOOK, runbook(about))),
        started_at=None if is_over else alarm.at, ended_at=alarm.at if is_over else None, drift=drift)


def _first_line(about: str) -> str:
    """Without the runbook, which has its link."""
    return _RUNBOOK.sub("", about).strip().partition("\n")[0]


def _severity(alarm: Alarm, about: str, default: object) -> Severity:
    """What the description says (``severity: critical``), else a word of the name, else `default`.

    Missing data is no worse than a warning, unless the alarm was raised when the data stopped.
    """
    fallback = severity(default)
    if said := _SAID.search(about):
        found = severity(said[1], fallback)
    else:
        words = re.split(r"[^a-z0-9]+", alarm.name.lower())
        found = next((severity(word) for word in words if word in _NAMED), fallback)
    if alarm.state == "INSUFFICIENT_DATA" and alarm.before != "ALARM" and found is not Severity.INFO:
        return Severity.WARNING
    return found


def _labels(alarm: Alarm, drift: Drift | None) -> dict[str, object]:
    arn = _ARN.fullmatch(alarm.arn)
    return {**alarm.dimensions, "alertname": alarm.name, "metric": alarm.metric or None,
            "namespace": alarm.namespace or None, "account": arn[3] if arn else None,
            "region": arn[2] if arn else None, "model": drift.model if drift else None}


def _drift(alarm: Alarm) -> Drift | None:
    """Model Monitor publishes one metric a column: ``feature_baseline_drift_<column>`` of an endpoint."""
    model = alarm.dimensions.get("Endpoint") or alarm.dimensions.get("MonitoringSchedule")
    if not alarm.metric.startswith(_DRIFT) or not isinstance(model, str) or alarm.value is None:
        return None
    return Drift(model=clean(model, 200), features=(Feature(
        clean(alarm.metric.removeprefix(_DRIFT), 200), METHOD, alarm.value, alarm.threshold,
        is_drifted=alarm.state == "ALARM"),))


def runbook(text: str) -> str | None:
    """The address that follows the word "runbook"."""
    found = _RUNBOOK.search(text)
    return found[1].rstrip(".,;") if found else None


def _alarm_page(arn: str, name: str) -> str | None:
    """Where AWS's console shows the alarm."""
    found = _ARN.fullmatch(arn)
    return console(found[2], "cloudwatch", "alarmsV2:alarm/", name) if found else None


def console(region: object, service: str, page: str, name: str) -> str | None:
    """Where AWS's console shows one thing of a service; China and the government have their own consoles."""
    if not isinstance(region, str) or not _REGION.fullmatch(region):
        return None
    host = ("console.amazonaws.cn" if region.startswith("cn-") else
            "console.amazonaws-us-gov.com" if region.startswith("us-gov-") else "console.aws.amazon.com")
    shown = quote(name, safe="", errors="replace")
    return f"https://{region}.{host}/{service}/home?region={region}#{page}{shown}"


def items(value: object) -> list[Any]:
    """A list of JSON, at most a hundred of it; where there is anything else, as good as an empty one."""
    return value[:100] if isinstance(value, list) else []


def first_metric(metrics: object, *path: str) -> dict[str, Any]:
    """The first of several metrics that is one, not an expression over others; empty where there is none."""
    for found in items(metrics):
        for name in path:
            found = fields(found).get(name)
        if fields(found):
            return fields(found)
    return {}


def datapoint(reason: object) -> float | None:
    """The first datapoint that a state's reason quotes: ``[0.31 (20/11/26 13:00:00)]``."""
    found = _DATAPOINT.search(reason[:2000]) if isinstance(reason, str) else None
    return number(found[1]) if found else None

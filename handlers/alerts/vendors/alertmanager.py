"""Prometheus Alertmanager's webhook, version 4.

Each alert's own status counts: a group is "firing" while some of its members are resolved. What a truncated
group leaves out is not resolved.
Source: https://prometheus.io/docs/alerting/latest/configuration/#webhook_config
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field

from handlers.alerts.signals import Link, Signal, Status
from handlers.alerts.vendors import proving, reconciling
from handlers.alerts.vendors.contract import Incoming, Malformed, Report, Settings, Vendor
from handlers.alerts.vendors.values import (
    SIGNALS,
    count,
    fields,
    key,
    labels,
    links,
    moment,
    notes,
    read_as,
    read_json,
    severity,
    title,
)


class _Alert(BaseModel):
    status: str = "firing"
    fingerprint: str
    labels: Any = None
    annotations: Any = None
    startsAt: Any = None
    endsAt: Any = None
    generatorURL: Any = None


class _Body(BaseModel):
    alerts: list[_Alert] = Field(max_length=SIGNALS)
    truncatedAlerts: Any = 0


def parse(incoming: Incoming, _settings: Settings) -> Report:
    """Raises Malformed."""
    body = read_as(_Body, read_json(incoming.body), "webhook of Alertmanager")
    return Report(tuple(_signal(each) for each in body.alerts), absent=count(body.truncatedAlerts))


def _signal(alert: _Alert) -> Signal:
    if alert.status not in ("firing", "resolved"):
        raise Malformed("An alert's status is neither firing nor resolved.")
    said, about = labels(alert.labels), fields(alert.annotations)
    name = said.get("alertname", "unnamed alert")
    is_over = alert.status == "resolved"
    return Signal(
        key=key(alert.fingerprint), status=Status.RESOLVED if is_over else Status.FIRING, name=name,
        title=title(about.get("summary") or about.get("title"), name),
        severity=severity(said.get("severity")),
        labels=said, notes=notes(**{each: about.get(each) for each in ("summary", "description", "value")}),
        links=links((Link.RUNBOOK, about.get("runbook_url")), (Link.DASHBOARD, about.get("dashboard_url")),
                    (Link.SOURCE, alert.generatorURL)),
        started_at=moment(alert.startsAt), ended_at=moment(alert.endsAt) if is_over else None)


VENDOR = Vendor(
    "alertmanager", "Prometheus Alertmanager", proving.by_token, parse, options=reconciling.OPTIONS,
    setup="receivers:\n- name: groundcrew\n  webhook_configs:\n  - url: ADDRESS\n    send_resolved: true\n"
          "    http_config: {authorization: {credentials: SECRET}}")

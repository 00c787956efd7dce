"""Google Cloud Monitoring's webhook channel, payload version 1.2.

Numbers come as text, moments as epoch seconds, and a test of the channel has odd types throughout: only the
incident's id and its state have to be right.
Source: https://cloud.google.com/monitoring/support/notification-options#webhooks
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from handlers.alerts.signals import Link, Signal, Status
from handlers.alerts.vendors import proving
from handlers.alerts.vendors.contract import Incoming, Malformed, Report, Settings, Vendor
from handlers.alerts.vendors.values import (
    fields,
    key,
    labels,
    links,
    moment,
    notes,
    read_as,
    read_json,
    rows,
    runbook_in,
    severity,
    text,
    title,
)


class _Incident(BaseModel):
    incident_id: str | int
    state: str
    condition_name: Any = None
    policy_name: Any = None
    documentation: Any = None
    summary: Any = None
    severity: Any = None
    url: Any = None
    started_at: Any = None
    ended_at: Any = None
    metric: Any = None
    resource: Any = None
    metadata: Any = None
    policy_user_labels: Any = None
    scoping_project_id: Any = None
    observed_value: Any = None
    threshold_value: Any = None


class _Body(BaseModel):
    incident: _Incident


def parse(incoming: Incoming, _settings: Settings) -> Report:
    """Raises Malformed."""
    body = read_as(_Body, read_json(incoming.body), "webhook of Google Cloud Monitoring")
    state = body.incident.state.strip().lower()
    if state not in ("open", "closed"):
        raise Malformed("The incident's state is neither open nor closed.")
    return Report((_signal(body.incident, is_over=state == "closed"),))


def _signal(said: _Incident, *, is_over: bool) -> Signal:
    policy, condition = text(said.policy_name), text(said.condition_name)
    about = fields(said.documentation)
    content = about.get("content") if about else text(said.documentation, 3000)
    name = title(policy or condition, "unnamed policy")
    return Signal(
        key=key(said.incident_id), status=Status.RESOLVED if is_over else Status.FIRING, name=name,
        title=title(about.get("subject"), f"{name}: {condition}" if condition not in ("", name) else name),
        severity=severity(said.severity), labels=_labels(said),
        notes=notes(summary=said.summary, description=content, value=text(said.observed_value) or None,
                    threshold=text(said.threshold_value) or None),
        links=links(*_documented(about, content), (Link.SOURCE, said.url)),
        started_at=moment(said.started_at), ended_at=moment(said.ended_at) if is_over else None)


def _documented(about: dict[str, Any], content: object) -> list[tuple[Link, object]]:
    """The first link called a dashboard, and the first that is not: what is documented is what to do."""
    found: dict[Link, object] = {}
    for each in map(fields, rows(about.get("links"))):
        is_dashboard = "dashboard" in text(each.get("displayName")).lower()
        found.setdefault(Link.DASHBOARD if is_dashboard else Link.RUNBOOK, each.get("url"))
    found.setdefault(Link.RUNBOOK, runbook_in(content))
    return [(kind, found.get(kind)) for kind in (Link.RUNBOOK, Link.DASHBOARD)]


def _labels(said: _Incident) -> dict[str, str]:
    """What is watched, then what the policy's owner calls it, which counts where both name the same."""
    resource, metric = fields(said.resource), fields(said.metric)
    return labels({
        **fields(metric.get("labels")), **fields(resource.get("labels")),
        "resource_type": resource.get("type"), "metric_type": metric.get("type"),
        "project": said.scoping_project_id, "policy": said.policy_name, "condition": said.condition_name,
        **fields(fields(said.metadata).get("user_labels")), **fields(said.policy_user_labels),
    })


VENDOR = Vendor(
    "gcp_monitoring", "Google Cloud Monitoring", proving.by_token, parse,
    setup="Alerting, Edit notification channels, Webhooks, Add new, Endpoint URL: ADDRESS\n"
          "Use HTTP Basic Auth, any user, password: SECRET\n"
          "or, without it, Endpoint URL: ADDRESS?auth_token=SECRET\n"
          "In each policy, turn on the notification on incident closure.")

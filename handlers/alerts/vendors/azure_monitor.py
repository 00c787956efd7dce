"""Azure Monitor: the common alert schema, which an action group's webhook posts.

One alert keeps its alertId from Fired to Resolved. Alerts on the activity log never resolve: they are events.
The webhook signs nothing; its address holds the secret. A "secure webhook" brings a token of Entra ID, which
alone counts once the source has a tenant and an audience (`entra`). Azure tries a webhook again after 408,
429, 503 and 504, and after no other answer.
Sources: https://learn.microsoft.com/azure/azure-monitor/alerts/alerts-common-schema,
https://learn.microsoft.com/azure/azure-monitor/alerts/alerts-overview,
https://learn.microsoft.com/azure/azure-monitor/alerts/action-groups (retries; the application and the role of
secure webhooks)
"""

from __future__ import annotations

from functools import partial
from typing import Any
from urllib.parse import quote

from pydantic import BaseModel, Field

from handlers.alerts.signals import Link, Severity, Signal, Status
from handlers.alerts.vendors import entra
from handlers.alerts.vendors.contract import Incoming, Malformed, Report, Settings, Vendor
from handlers.alerts.vendors.values import (
    clean,
    fields,
    labels,
    links,
    moment,
    notes,
    read_as,
    read_json,
    severity,
    spelled,
    title,
)

SCHEMA = "azureMonitorCommonAlertSchema"
SENDER = entra.Sender("Azure Monitor's action groups (AzNS AAD Webhook)",
                      "461e8683-5575-4561-ac7f-899cc907d62a", "ActionGroupsSecureWebhook")

_SEVERITIES = {"sev0": Severity.CRITICAL, "sev1": Severity.ERROR, "sev2": Severity.WARNING,
               "sev3": Severity.INFO, "sev4": Severity.INFO}
"""Azure's five: critical, error, warning, informational, verbose."""
_PORTAL = "https://portal.azure.com/#blade/Microsoft_Azure_Monitoring/AlertDetailsTemplateBlade/alertId/"
_STATES = {"fired": Status.FIRING, "resolved": Status.RESOLVED}


class _Essentials(BaseModel):
    alertId: str = Field(min_length=1)
    alertRule: str = Field(min_length=1)
    monitorCondition: str
    severity: Any = None
    signalType: Any = None
    monitoringService: Any = None
    alertTargetIDs: Any = None
    description: Any = None
    firedDateTime: Any = None
    resolvedDateTime: Any = None


class _Data(BaseModel):
    essentials: _Essentials
    alertContext: Any = None
    customProperties: Any = None


class _Body(BaseModel):
    data: _Data


def parse(incoming: Incoming, _settings: Settings) -> Report:
    """Raises Malformed."""
    body = read_json(incoming.body)
    if fields(body).get("schemaId") != SCHEMA:
        raise Malformed("The body is not in Azure Monitor's common alert schema; switch that on for the "
                        "webhook, in its action group.")
    return Report((_signal(read_as(_Body, body, "alert of Azure Monitor").data),))


def _signal(data: _Data) -> Signal:
    alert = data.essentials
    status = _STATES.get(alert.monitorCondition.lower())
    if status is None:
        raise Malformed("The alert's monitorCondition is neither Fired nor Resolved.")
    if alert.signalType == "Activity Log":
        status = Status.EVENT
    criterion, own = _criterion(data.alertContext), _own(data)
    name = title(alert.alertRule, "unnamed alert")
    level = alert.severity.lower() if isinstance(alert.severity, str) else ""
    about = alert.description if isinstance(alert.description, str) else None
    return Signal(
        key=spelled(alert.alertId), status=status, name=name, title=title(about, name),
        severity=_SEVERITIES.get(level, severity(own.get("severity"))),
        labels=labels({**own, **_dimensions(criterion), "alertname": alert.alertRule,
                       "metric": _text(criterion.get("metricName")), "target": _target(alert.alertTargetIDs),
                       "service": _text(alert.monitoringService)}),
        notes=notes(description=about, value=_value(criterion)),
        links=links((Link.RUNBOOK, fields(data.customProperties).get("runbook_url")),
                    (Link.SOURCE, _PORTAL + quote(alert.alertId, safe="", errors="replace")),
                    (Link.DASHBOARD, criterion.get("linkToSearchResultsUI"))),
        started_at=moment(alert.firedDateTime),
        ended_at=moment(alert.resolvedDateTime) if status is Status.RESOLVED else None)


def _own(data: _Data) -> dict[str, Any]:
    """The properties that the rule's owner gave it, of which the runbook is a link and not a label."""
    return {name: value for name, value in fields(data.customProperties).items()
            if name != "runbook_url" and isinstance(value, str | int | float | bool)}


def _criterion(context: object) -> dict[str, Any]:
    """The first of the conditions that were met; empty where the alert has none."""
    found = fields(fields(context).get("condition")).get("allOf")
    return fields(found[0]) if isinstance(found, list) and found else {}


def _dimensions(criterion: dict[str, Any]) -> dict[str, Any]:
    found = criterion.get("dimensions")
    pairs = [fields(each) for each in found[:50]] if isinstance(found, list) else []
    return {each["name"]: each["value"] for each in pairs
            if isinstance(each.get("name"), str) and isinstance(each.get("value"), str | int | float)}


def _value(criterion: dict[str, Any]) -> str | None:
    value, limit = criterion.get("metricValue"), criterion.get("threshold")
    if value is None or isinstance(value, dict | list):
        return None
    return f"{clean(value, 100)} (threshold {clean(limit, 100)})" if limit is not None else clean(value, 100)


def _target(ids: object) -> str | None:
    """The last two parts of the resource's path, such as ``onlineendpoints/churn``."""
    first = ids[0] if isinstance(ids, list) and ids else None
    return "/".join(first.split("/")[-2:]) if isinstance(first, str) else None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


VENDOR = Vendor(
    "azure_monitor", "Azure Monitor", partial(entra.check, sender=SENDER), parse,
    options=entra.OPTIONS, needs=partial(entra.needs, sender=SENDER), fault=entra.fault,
    setup="Action group, action of type Webhook.\nURI: ADDRESS?token=SECRET\n"
          "Enable the common alert schema: yes.\n"
          "Or, of a source with `tenant` and `audience`, an action of type Secure Webhook, URI: ADDRESS\n"
          "and as Object ID that of your application, whose role ActionGroupsSecureWebhook is assigned to\n"
          "AzNS AAD Webhook by the script on Microsoft's page about action groups.")

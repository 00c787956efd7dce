"""Grafana Alerting's webhook contact point, version 1.

Where a rule gets no data or its query fails, Grafana sends another alert, of another name and fingerprint,
that carries the rule's name as label ``rulename``. Here that is a condition of its own, "no data of rule X",
named for the rule; its key leaves out which query failed at which source, which may change while it lasts.
Sources: https://grafana.com/docs/grafana/latest/alerting/configure-notifications/manage-contact-points/
integrations/webhook-notifier/ and github.com/grafana/alerting, receivers/webhook and http/hmac.go.
"""

from __future__ import annotations

from collections.abc import Mapping
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
    text,
    title,
)

SIGNATURE = "X-Grafana-Alerting-Signature"
_BLIND = {"DatasourceNoData": "no data", "DatasourceError": "its query fails"}
_CHANGING = ("datasource_uid", "ref_id")
"""Labels of a blind rule that say where it failed, which may be elsewhere a minute later."""


class _Alert(BaseModel):
    status: str = "firing"
    fingerprint: str
    labels: Any = None
    annotations: Any = None
    startsAt: Any = None
    endsAt: Any = None
    generatorURL: Any = None
    silenceURL: Any = None
    dashboardURL: Any = None
    panelURL: Any = None
    ruleUID: Any = None
    values: Any = None
    orgId: Any = None


class _Body(BaseModel):
    alerts: list[_Alert] = Field(max_length=SIGNALS)
    truncatedAlerts: Any = 0


def check(incoming: Incoming, settings: Settings) -> None:
    """The signature, wherever there is one or the source is set to signed; the bare secret otherwise.

    Raises NotGenuine.
    """
    stamped = str(settings.options.get("timestamp_header") or "")
    offered = incoming.headers.get(SIGNATURE.lower())
    if offered is None and not (stamped or settings.options.get("signed")):
        proving.by_token(incoming, settings)
        return
    signed = incoming.raw
    if stamped:
        stamp = incoming.headers.get(stamped.lower(), "")
        proving.in_time(stamp, incoming.at, stamped)
        signed = stamp.encode() + b":" + signed
    proving.by_signature(signed, [offered or ""], settings.secrets, header=SIGNATURE)


def parse(incoming: Incoming, _settings: Settings) -> Report:
    """Raises Malformed."""
    body = read_as(_Body, read_json(incoming.body), "webhook of Grafana")
    return Report(tuple(_signal(each) for each in body.alerts), absent=count(body.truncatedAlerts))


def _signal(alert: _Alert) -> Signal:
    if alert.status not in ("firing", "resolved"):
        raise Malformed("An alert's status is neither firing nor resolved.")
    said, about = labels(alert.labels), fields(alert.annotations)
    called = said.get("alertname", "unnamed rule")
    rule = said.get("rulename") if called in _BLIND else None
    name = rule or called
    kept = {each: value for each, value in said.items() if not (rule and each in _CHANGING)}
    is_over = alert.status == "resolved"
    blind = f"{name}: {_BLIND[called]}, so nobody knows" if called in _BLIND else None
    return Signal(
        key=key(alert.orgId, _blindness(alert, called, kept) if rule else key(alert.fingerprint)),
        status=Status.RESOLVED if is_over else Status.FIRING, name=name,
        title=title(blind or about.get("summary"), name),
        severity=severity(said.get("severity")), labels=kept,
        notes=notes(summary=about.get("summary"), description=about.get("description"),
                    value=_values(alert.values), error=about.get("Error"),
                    **{each: said.get(each) for each in _CHANGING if rule}),
        links=links((Link.RUNBOOK, about.get("runbook_url")),
                    (Link.DASHBOARD, alert.panelURL or alert.dashboardURL), (Link.SOURCE, alert.generatorURL),
                    (Link.SILENCE, alert.silenceURL)),
        started_at=moment(alert.startsAt), ended_at=moment(alert.endsAt) if is_over else None)


def _blindness(alert: _Alert, called: str, kept: Mapping[str, str]) -> str:
    """The key of "rule X is blind", each of the rule's instances apart: one may see again before the rest."""
    rule = text(alert.ruleUID) or kept["rulename"]
    return " ".join((called, rule, *(f"{name}={kept[name]}" for name in sorted(kept))))


def _values(found: object) -> str | None:
    """As in ``A=0.31, C=1``."""
    said = list(fields(found).items())[:20]
    return ", ".join(f"{text(name, 40)}={text(value)}" for name, value in said) or None


VENDOR = Vendor(
    "grafana", "Grafana Alerting", check, parse,
    options={
        "signed": "true: a request without Grafana's HMAC signature is refused",
        "timestamp_header": "the header that Grafana's HMAC settings name for the timestamp, which is then "
                            "signed too and at most five minutes old; implies `signed`",
        **reconciling.GRAFANA,
    },
    setup="Contact point, integration Webhook, URL: ADDRESS\n"
          "HMAC Signature, Secret: SECRET, best with a Timestamp Header that `timestamp_header` names;\n"
          "where that cannot be: Authorization Header, Scheme: Bearer, Credentials: SECRET\n"
          "Leave \"Disable resolved message\" off.")

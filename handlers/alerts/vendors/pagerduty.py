"""PagerDuty's webhook subscriptions, version 3.

An incident fires until it is resolved, whoever acknowledges, escalates or annotates it meanwhile; what was
done last, by whom and when, stands in the notes, for deliveries may overtake each other. A note, a status
update and a responder carry only a reference to their incident: neither its beginning nor its labels.
Sources: https://developer.pagerduty.com/docs/webhooks/v3-overview/ and .../verifying-signatures
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from handlers.alerts.signals import Link, Severity, Signal, Status
from handlers.alerts.vendors import proving
from handlers.alerts.vendors.contract import Answer, Incoming, Malformed, Report, Settings, Vendor
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
    severity,
    text,
    title,
)

SIGNATURE = "X-PagerDuty-Signature"


class _Event(BaseModel):
    id: str
    event_type: str
    occurred_at: Any = None
    agent: Any = None
    data: dict[str, Any]


class _Body(BaseModel):
    event: _Event


def check(incoming: Incoming, settings: Settings) -> None:
    """Any of the signatures will do: there are several while PagerDuty's secret is being rotated.

    Raises NotGenuine.
    """
    versions = incoming.headers.get(SIGNATURE.lower(), "").split(",")
    offered = [made for version, _, made in (each.strip().partition("=") for each in versions)
               if version == "v1"]
    proving.by_signature(incoming.raw, offered, settings.secrets, header=SIGNATURE)


def parse(incoming: Incoming, _settings: Settings) -> Report:
    """Raises Malformed."""
    event = read_as(_Body, read_json(incoming.body), "version 3 webhook of PagerDuty").event
    delivery = key(event.id)
    kind, _, what = event.event_type.partition(".")
    if kind == "pagey":
        return Report(delivery=delivery, answer=Answer(body="Heard."))
    if kind != "incident":
        return Report(delivery=delivery)
    return Report((_signal(event, what),), delivery=delivery)


def _signal(event: _Event, what: str) -> Signal:
    about = event.data if event.data.get("type") == "incident" else fields(event.data.get("incident"))
    if not text(about.get("id")):
        raise Malformed("The event of PagerDuty names no incident: event.data has no id of one.")
    is_over = what == "resolved" or (what != "reopened" and about.get("status") == "resolved")
    service = _name(about.get("service"))
    return Signal(
        key=key(about["id"]), status=Status.RESOLVED if is_over else Status.FIRING,
        name=service or "PagerDuty incident",
        title=title(about.get("title") or about.get("summary"), f"Incident {text(about['id'], 100)}"),
        severity=_severity(about), labels=_labels(about, service), notes=_notes(event, what, about),
        links=links((Link.SOURCE, about.get("html_url"))),
        started_at=moment(event.occurred_at if what == "reopened" else about.get("created_at")),
        ended_at=moment(event.occurred_at) if is_over else None, is_update=about is not event.data)


def _severity(about: dict[str, Any]) -> Severity:
    """The priority, such as P1 or SEV-2, and the urgency where no priority is set: high or low."""
    priority = _name(about.get("priority")).replace("-", "").replace(" ", "")
    return severity(priority, severity(about.get("urgency")))


def _labels(about: dict[str, Any], service: str) -> dict[str, str]:
    teams = ", ".join(filter(None, map(_name, rows(about.get("teams")))))
    return labels({"service": service, "team": teams,
                   "escalation_policy": _name(about.get("escalation_policy")),
                   "incident_type": text(fields(about.get("incident_type")).get("name")),
                   "incident_key": text(about.get("incident_key"))})


def _notes(event: _Event, what: str, about: dict[str, Any]) -> dict[str, str]:
    """What was done and by whom, what was written about it, and whom the incident is assigned to."""
    done, who = text(what.replace("_", " ").replace(".", " ")), _name(event.agent)
    at = moment(event.occurred_at)
    assigned = ", ".join(filter(None, map(_name, rows(about.get("assignees")))))
    written = event.data if about is not event.data else {}
    return notes(update=f"{done} by {who}" if who else done, occurred_at=at.isoformat() if at else None,
                 note=written.get("content") or written.get("message"), assigned_to=assigned or None)


def _name(reference: object) -> str:
    """What PagerDuty calls somebody or something it refers to; "" where it refers to nothing."""
    found = fields(reference)
    return text(found.get("summary") or found.get("name"))


VENDOR = Vendor(
    "pagerduty", "PagerDuty", check, parse,
    setup="Integrations, Generic Webhooks (v3), New Webhook, Webhook URL: ADDRESS\n"
          "Event Subscription: all of the incident's. PagerDuty chooses the secret itself and shows it\n"
          "once, when the webhook is saved: enter that one as this source's secret.")

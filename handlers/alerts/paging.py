"""What other systems are told when an alert pages, is taken on and is over.

A page is owed as plain facts, the same for every kind of system, so that what was promised does not depend on
who is told. `body` gives them the shape that a kind of system takes, without its secrets, which the sender
adds: PagerDuty's Events API v2 (`POST /v2/enqueue`, with ``routing_key``), Opsgenie's Alert API (`POST
/v2/alerts`, and `/v2/alerts/<alias>/acknowledge` or `/close` with ``identifierType=alias``, where the alias
stands in the address). A signed webhook gets the facts as they are.
Sources: https://developer.pagerduty.com/docs/events-api-v2/overview/ and .../trigger-events/,
https://docs.opsgenie.com/docs/alert-api

    action      trigger, acknowledge, resolve
    dedup_key   what makes several calls about one alert one incident
    title, severity, source, name, opened_at, labels, notes
    links       [kind, address]
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

from handlers.alerts.signals import Link
from storage.alerting import Alert

PAGERDUTY, OPSGENIE, WEBHOOK = "pagerduty", "opsgenie", "webhook"
KINDS: Final = (PAGERDUTY, OPSGENIE, WEBHOOK)
CLIENT: Final = "Ground Crew"
_SUMMARY, _MESSAGE, _DESCRIPTION, _DETAILS = 1024, 130, 15_000, 8000
"""Characters that PagerDuty takes as a summary, and Opsgenie as a message, a description and all details."""
_FACTS: Final = 40
"""Labels, and notes, at most: PagerDuty takes 512 KB in all."""
PRIORITY: Final = {"critical": "P1", "error": "P2", "warning": "P3", "info": "P5"}
_LINKS = {Link.RUNBOOK.value: "Runbook", Link.DASHBOARD.value: "Dashboard", Link.SOURCE.value: "Source",
          Link.REPORT.value: "Report"}
_COMPONENT, _GROUP = ("model", "service", "job"), ("environment", "env", "cluster", "namespace")
"""Labels that say what is broken and what it belongs to, the likeliest first."""
Facts = Mapping[str, Any]


class Event(StrEnum):
    TRIGGER = "trigger"
    ACKNOWLEDGE = "acknowledge"
    RESOLVE = "resolve"


def key(alert: Alert, event: Event, target: str, number: int) -> str:
    """What makes the call one: ``page:<alert>:<event>:<target>``; with its number when it pages once more."""
    once = f"page:{alert.id}:{event}:{target}"
    return once if number == 1 else f"{once}:{number}"


def facts(event: Event, alert: Alert) -> dict[str, Any]:
    """What is owed to a target of any kind."""
    return {"action": event.value, "dedup_key": f"groundcrew/{alert.workspace_id}/{alert.id}",
            "title": _cut(_title(alert), _SUMMARY), "severity": alert.severity, "name": alert.name,
            "source": alert.source or CLIENT, "opened_at": _iso(alert.opened_at),
            "labels": _bounded(alert.labels), "notes": _bounded(alert.notes),
            "links": [[kind, url] for kind, url in alert.links if kind in _LINKS]}


def body(kind: str, said: Facts) -> dict[str, Any]:
    """The same as a system of this kind takes it. Raises KeyError for a kind that is not in KINDS."""
    shapes: Mapping[str, Callable[[Facts], dict[str, Any]]] = {
        PAGERDUTY: _pagerduty, OPSGENIE: _opsgenie, WEBHOOK: dict}
    return shapes[kind](said)


def _pagerduty(said: Facts) -> dict[str, Any]:
    event = {"event_action": said["action"], "dedup_key": said["dedup_key"]}
    if said["action"] != Event.TRIGGER:
        return event
    payload = {"summary": said["title"], "source": said["source"], "severity": said["severity"],
               "timestamp": said["opened_at"], "component": _first(said["labels"], _COMPONENT),
               "group": _first(said["labels"], _GROUP), "class": said["name"],
               "custom_details": {**said["notes"], **said["labels"]}}
    return {**event, "payload": {name: value for name, value in payload.items() if value},
            "links": [{"href": url, "text": _LINKS.get(kind, kind)} for kind, url in said["links"]],
            "client": CLIENT}


def _opsgenie(said: Facts) -> dict[str, Any]:
    alert = {"alias": said["dedup_key"], "source": CLIENT}
    if said["action"] != Event.TRIGGER:
        return alert
    texts = [said["notes"].get("summary", ""), said["notes"].get("description", ""),
             *(f"{_LINKS.get(kind, kind)}: {url}" for kind, url in said["links"])]
    return {**alert, "message": _cut(said["title"], _MESSAGE),
            "description": _cut("\n".join(text for text in texts if text), _DESCRIPTION),
            "entity": _first(said["labels"], _COMPONENT), "details": _details(said),
            "tags": [said["severity"]], "priority": PRIORITY[said["severity"]]}


def _details(said: Facts) -> dict[str, str]:
    """As many as Opsgenie takes, the labels first."""
    found, left = dict[str, str](), _DETAILS
    for name, value in {**said["labels"], **said["notes"], **said["labels"]}.items():
        left -= len(name) + len(value)
        if left < 0:
            break
        found[name] = value
    return found


def _title(alert: Alert) -> str:
    if alert.is_storm:
        return f"Storm: {alert.total} alerts at once" if alert.total else "Storm: many alerts at once"
    about = _first(alert.labels, _COMPONENT)
    return f"{about}: {alert.title}" if about and about not in alert.title else alert.title


def _bounded(texts: Mapping[str, str]) -> dict[str, str]:
    found = [(name, str(value)) for name, value in texts.items() if value]
    return {name: _cut(value, _SUMMARY) for name, value in found[:_FACTS]}


def _first(labels: Mapping[str, str], names: tuple[str, ...]) -> str:
    return next((labels[name] for name in names if labels.get(name)), "")


def _iso(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _cut(text: str, at_most: int) -> str:
    return text if len(text) <= at_most else text[:at_most - 1].rstrip() + "…"

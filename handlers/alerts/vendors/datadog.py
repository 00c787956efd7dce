"""Datadog's webhooks, with our own payload: the default one says neither what changed nor which alert it is.

Datadog signs nothing: the secret stands in a custom header. Everything arrives as text; a variable that has
no value arrives empty or as its own name.
Source: https://docs.datadoghq.com/integrations/webhooks/
"""

from __future__ import annotations

import json
import re

from handlers.alerts.signals import Link, Severity, Signal, Status
from handlers.alerts.vendors import proving
from handlers.alerts.vendors.contract import Incoming, Malformed, Report, Settings, Vendor
from handlers.alerts.vendors.values import (
    key,
    labels,
    links,
    moment,
    notes,
    read_json,
    runbook_in,
    severity,
    text,
    title,
)

HEADER = "X-Bot-Token"
TEMPLATE = json.dumps({
    "id": "$ID", "cycle_key": "$ALERT_CYCLE_KEY", "alert_id": "$ALERT_ID", "transition": "$ALERT_TRANSITION",
    "alert_type": "$ALERT_TYPE", "priority": "$ALERT_PRIORITY", "title": "$EVENT_TITLE", "body": "$EVENT_MSG",
    "status": "$ALERT_STATUS", "scope": "$ALERT_SCOPE", "tags": "$TAGS", "hostname": "$HOSTNAME",
    "query": "$ALERT_QUERY", "link": "$LINK", "snapshot": "$SNAPSHOT", "date": "$DATE",
}, indent=2)
"""What to enter as the webhook's payload."""

_NAMES = tuple(json.loads(TEMPLATE))
_FIRST = ("triggered", "warn", "no data")
_AGAIN = ("re-triggered", "re-warn", "re-no data", "renotify")
_OVER = "recovered"
_UNSET = re.compile(r"\$[A-Z_]+")
_STATE = re.compile(r"^(?:\s*\[(?:TEST|P[1-5]|(?:Re-)?(?:Triggered|Warn|No Data)|Recovered|Renotify)\b"
                    r"[^\]]*\])+")
"""What Datadog puts in front of a monitor's name, as in "[P2] [Triggered on {model:churn}] Drift"."""
_MENTION = re.compile(r"%%%|@(?:webhook|slack|pagerduty|opsgenie)-\S+")


def check(incoming: Incoming, settings: Settings) -> None:
    """Raises NotGenuine."""
    proving.by_token(incoming, settings, header=str(settings.options.get("header") or HEADER))


def parse(incoming: Incoming, _settings: Settings) -> Report:
    """Raises Malformed."""
    body = read_json(incoming.body)
    if not isinstance(body, dict):
        raise Malformed("The body is no object of JSON, as Datadog's webhooks send it.")
    said = {name: _said(body.get(name)) for name in _NAMES}
    transition = said["transition"].lower()
    if not transition:
        raise Malformed("The body has no `transition`: in Datadog, set the webhook's Payload to the template "
                        "that this source's setup shows, as the default one does not say what changed.")
    if transition not in (*_FIRST, *_AGAIN, _OVER):
        raise Malformed("The body's `transition` is none that a monitor of Datadog makes.")
    return Report((_signal(said, transition),), delivery=key(said["id"]) if said["id"] else None)


def _said(value: object) -> str:
    said = text(value, 5000)
    return "" if _UNSET.fullmatch(said) else said


def _signal(said: dict[str, str], transition: str) -> Signal:
    is_over, at = transition == _OVER, moment(said["date"])
    scope = said["scope"] if said["scope"] != "*" else ""
    name = title(_STATE.sub("", said["title"], count=1), "unnamed monitor")
    return Signal(
        key=_key(said), status=Status.RESOLVED if is_over else Status.FIRING,
        name=name, title=title(f"{name} on {scope}" if scope else name, name),
        severity=_severity(said, transition), labels=_labels(said),
        notes=notes(summary=said["status"], description=_MENTION.sub("", said["body"]), query=said["query"],
                    state="The monitor gets no data." if "no data" in transition else None),
        links=links((Link.RUNBOOK, runbook_in(said["body"])), (Link.DASHBOARD, said["snapshot"]),
                    (Link.SOURCE, said["link"])),
        started_at=at if transition in _FIRST else None, ended_at=at if is_over else None)


def _key(said: dict[str, str]) -> str:
    if said["cycle_key"]:
        return key(said["cycle_key"])
    if not said["alert_id"]:
        raise Malformed("The body has neither `cycle_key` nor `alert_id`: in Datadog, set the webhook's "
                        "Payload to the template that this source's setup shows.")
    return key(said["alert_id"], said["scope"])


def _severity(said: dict[str, str], transition: str) -> Severity:
    """A warning is a warning, whatever the monitor's priority; otherwise the priority, if it has one."""
    if "warn" in transition or said["alert_type"] == "warning":
        return Severity.WARNING
    return severity(said["priority"], severity(said["alert_type"]))


def _labels(said: dict[str, str]) -> dict[str, str]:
    """The scope's tags before the monitor's and the host's; a tag without a value names no kind of thing."""
    found: dict[str, str] = {}
    for tag in f"{said['scope']},{said['tags']}".split(","):
        name, _, value = tag.strip().partition(":")
        if value:
            found.setdefault(name, value)
    host = said["hostname"] or found.get("host")
    return labels({**found, "monitor_id": said["alert_id"], "host": host})


VENDOR = Vendor(
    "datadog", "Datadog", check, parse,
    options={"header": f"the custom header that holds the secret; {HEADER} unless you name another"},
    setup="Integrations, Webhooks, New, URL: ADDRESS\n"
          f'Custom Headers: {{"{HEADER}": "SECRET"}}\n'
          "Leave \"Encode as form\" off, and put @webhook-<its name> in the message of each monitor.\n"
          f"Payload:\n{TEMPLATE}")

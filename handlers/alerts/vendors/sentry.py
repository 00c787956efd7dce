"""Webhooks of a Sentry integration: metric alerts, issue alerts, and issues that are settled.

An issue alert only ever triggers. It is over when its issue is resolved or archived, which Sentry tells
integrations that subscribe to issues; new issues that no alert rule asked about stay unheard unless the
source wants them. Everything else, such as an installation or a comment, says nothing here.
Source: https://docs.sentry.io/organization/integrations/integration-platform/webhooks/ and its pages on
metric alerts, issue alerts, issues, and activity alerts, which Sentry has begun to send.
"""

from __future__ import annotations

import re
from typing import Any

from pydantic import BaseModel

from handlers.alerts.signals import Link, Severity, Signal, Status
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
    severity,
    text,
    title,
)

SIGNATURE = "Sentry-Hook-Signature"
_KINDS = {"metric_alert": "metric_alert", "event_alert": "event", "issue": "issue", "activity_alert": "issue"}
"""The resource of the header, and where its subject stands in `data`."""
_SETTLED = ("resolved", "ignored", "archived")
_OPENED = ("created", "unresolved")
_TRIGGERED = "triggered"
_PROJECT = re.compile(r"/projects/[^/]+/([^/]+)/")
_OF_A_VISIT = re.compile(
    r"(user|browser|os|device|client_os|runtime|trace|url|handled|mechanism|level|sentry)\b")
"""Tags of one visit or one failure: nothing that a condition is known by."""


class _Body(BaseModel):
    action: str
    data: dict[str, Any]
    actor: Any = None


def check(incoming: Incoming, settings: Settings) -> None:
    """The timestamp's header is not signed, and so is not looked at. Raises NotGenuine."""
    offered = incoming.headers.get(SIGNATURE.lower(), "")
    proving.by_signature(incoming.raw, [offered], settings.secrets, header=SIGNATURE)


def parse(incoming: Incoming, settings: Settings) -> Report:
    """Raises Malformed."""
    body = read_as(_Body, read_json(incoming.body), "webhook of a Sentry integration")
    resource = incoming.headers.get("sentry-hook-resource") or _resource(body.data)
    sent = text(incoming.headers.get("request-id"))
    delivery = key(sent) if sent else None
    if resource not in _KINDS:
        return Report(delivery=delivery)
    subject = body.data.get(_KINDS[resource])
    if not isinstance(subject, dict):
        raise Malformed(f"The body of Sentry's {resource} has no data.{_KINDS[resource]}.")
    if resource == "metric_alert":
        return Report((_metric_alert(body, subject),), delivery=delivery)
    if resource == "event_alert":
        return Report((_issue_alert(body, subject),), delivery=delivery)
    if resource == "activity_alert" or body.action == _TRIGGERED:
        return Report((_activity_alert(body, subject),), delivery=delivery)
    return Report(_issue(body, subject, wanted=bool(settings.options.get("issues"))), delivery=delivery)


def _resource(data: dict[str, Any]) -> str:
    return next((resource for resource, where in _KINDS.items() if where in data), "")


def _metric_alert(body: _Body, alert: dict[str, Any]) -> Signal:
    if body.action not in ("critical", "warning", "resolved"):
        raise Malformed("The metric alert's action is neither critical nor warning nor resolved.")
    rule, is_over = fields(alert.get("alert_rule")), body.action == "resolved"
    name = title(rule.get("name"), title(alert.get("title"), "unnamed alert rule"))
    return Signal(
        key=key("metric_alert", key(rule.get("id"), alert.get("identifier"))),
        status=Status.RESOLVED if is_over else Status.FIRING, name=name,
        title=title(alert.get("title"), name), severity=severity(body.action),
        labels=labels({"project": ",".join(map(text, rows(alert.get("projects")))),
                       "environment": text(rule.get("environment")), "alert_rule": text(rule.get("id"))}),
        notes=notes(summary=body.data.get("description_text"), query=rule.get("query")),
        links=links((Link.SOURCE, body.data.get("web_url"))),
        started_at=moment(alert.get("date_started")),
        ended_at=moment(alert.get("date_closed")) if is_over else None)


def _issue_alert(body: _Body, event: dict[str, Any]) -> Signal:
    project = _PROJECT.search(text(event.get("url"), 500))
    tags = dict(found for each in rows(event.get("tags")) if (found := _tag(each)))
    said = title(event.get("title"), "untitled issue")
    return Signal(
        key=_issue_key(event.get("issue_id")), status=Status.FIRING,
        name=title(body.data.get("triggered_rule"), "issue alert"), title=said,
        severity=severity(event.get("level"), Severity.ERROR),
        labels=labels({**tags, "project": project[1] if project else text(event.get("project")),
                       "environment": event.get("environment") or tags.get("environment")}),
        notes=notes(summary=said, culprit=event.get("culprit"), release=event.get("release")),
        links=links((Link.SOURCE, event.get("web_url"))), started_at=moment(event.get("datetime")))


def _issue(body: _Body, issue: dict[str, Any], *, wanted: bool) -> tuple[Signal, ...]:
    """A settled issue resolves what its alerts said; one that is opened counts only where `wanted`."""
    is_over = body.action in _SETTLED
    if not (is_over or (wanted and body.action in _OPENED)):
        return ()
    who = text(fields(body.actor).get("name"))
    done = f"{body.action} by {who}" if who else body.action
    return (_of_issue(issue, "issue", is_over=is_over, update=done),)


def _activity_alert(body: _Body, issue: dict[str, Any]) -> Signal:
    """An alert rule on what happens to an issue, be it that it is settled: its status says which."""
    return _of_issue(issue, title(body.data.get("triggered_rule"), "issue alert"),
                     is_over=issue.get("status") in _SETTLED)


def _of_issue(issue: dict[str, Any], name: str, *, is_over: bool, update: str | None = None) -> Signal:
    said = title(issue.get("title"), "untitled issue")
    return Signal(
        key=_issue_key(issue.get("id")), status=Status.RESOLVED if is_over else Status.FIRING,
        name=name, title=said, severity=severity(issue.get("level"), Severity.ERROR),
        labels=labels({"project": text(fields(issue.get("project")).get("slug"))}),
        notes=notes(summary=said, culprit=issue.get("culprit"), update=update, issue=issue.get("shortId")),
        links=links((Link.SOURCE, issue.get("web_url"))), started_at=moment(issue.get("firstSeen")))


def _issue_key(issue: object) -> str:
    return key("issue", key(issue))


def _tag(found: object) -> tuple[str, object] | None:
    """A pair of name and value, or an object of both, as Sentry writes it at different places."""
    match found:
        case [str(name), value] | {"key": str(name), "value": value} if not _OF_A_VISIT.match(name):
            return name, value
    return None


VENDOR = Vendor(
    "sentry", "Sentry", check, parse,
    options={"issues": "true: every new issue is heard, not only those that an alert rule of Sentry names"},
    setup="Settings, Custom Integrations, Create New Integration, Internal, Webhook URL: ADDRESS\n"
          "Turn on Alert Rule Action; Permissions, Issue & Event: Read; Webhooks: issue.\n"
          "Sentry shows the Client Secret when you save: enter that one as this source's secret.\n"
          "In each alert rule, add the action that sends a notification through this integration.")

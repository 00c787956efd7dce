"""Weights & Biases: webhooks of its automations, whose body is a template of whoever set them up; ours is in
`VENDOR.setup`.

Automations on artifacts and on the state of a run are events. One on a run's metric is an alert that fires:
a metric out of its bounds concerns people until somebody has looked. Nothing from Weights & Biases says that
it is over; a second automation of the same name whose template says ``"status": "resolved"`` can, and
otherwise the alert stands, without end, until a person closes it. Its identity is the automation and the
project, not the run: the next run that breaks the same bound is the same condition again.

Signed with the webhook's secret: HMAC-SHA256 over the body in `X-Wandb-Signature`. The documentation's own
script writes it in base64, receivers in use read it as hexadecimal: either is taken. A webhook that has no
secret is proved by its access token.
Source: https://docs.wandb.ai/models/automations/create-automations/webhook
"""

from __future__ import annotations

import base64
import binascii

from handlers.alerts.signals import Link, Severity, Signal, Status
from handlers.alerts.vendors import proving
from handlers.alerts.vendors.contract import Incoming, Malformed, Report, Settings, Vendor
from handlers.alerts.vendors.values import (
    clean,
    identity,
    labels,
    links,
    moment,
    notes,
    read_json,
    severity,
    title,
)

_HEADER = "X-Wandb-Signature"
_REMEDY = "give the automation the payload that this source's setup shows."
_FAILED = ("failed", "crashed")


def check(incoming: Incoming, settings: Settings) -> None:
    """Raises NotGenuine."""
    given = incoming.headers.get(_HEADER.lower(), "").strip()
    if not given:
        proving.by_token(incoming, settings)
        return
    given = given.removeprefix("sha256=")
    proving.by_signature(incoming.raw, [given.lower(), _in_hex(given)], settings.secrets, header=_HEADER)


def _in_hex(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).hex()
    except (binascii.Error, ValueError):
        return ""


def parse(incoming: Incoming, _settings: Settings) -> Report:
    """Raises Malformed."""
    body = read_json(incoming.body)
    if not isinstance(body, dict):
        raise Malformed(f"The body is no object; {_REMEDY}")
    found = {each: clean(value, 1000) for each, value in body.items()
             if isinstance(value, str | int | float) and not str(value).startswith("${")}
    if not found.get("event_type"):
        raise Malformed(f"The body has no event_type; {_REMEDY}")
    return Report((_signal({name: text for name, text in found.items() if text}),))


def _signal(said: dict[str, str]) -> Signal:
    event, status = said["event_type"], _status(said)
    return Signal(
        key=_key(said), status=status, name=clean(_name(said), 200),
        title=title(said.get("title"), _title(said)),
        severity=severity(said.get("severity"), _severity(said, status)),
        labels=labels({each: said.get(each) for each in (
            "entity", "project", "metric", "artifact", "alias", "tag", "model", "version", "environment")}
            | {"event": event}),
        notes=notes(summary=said.get("summary"), description=said.get("description"), value=said.get("value"),
                    condition=said.get("condition"), run=said.get("run"), author=said.get("event_author"),
                    artifact_version=said.get("artifact_version")),
        links=links((Link.SOURCE, said.get("url")), (Link.RUNBOOK, said.get("runbook_url"))),
        started_at=moment(said.get("timestamp")))


def _is_of_metric(said: dict[str, str]) -> bool:
    return "metric" in said or "METRIC" in said["event_type"].upper()


def _name(said: dict[str, str]) -> str:
    return said.get("automation") or said.get("metric") or said["event_type"]


def _key(said: dict[str, str]) -> str:
    where = said.get("entity", ""), said.get("project", "")
    if _is_of_metric(said):
        return identity(*where, "metric", _name(said))
    return identity(*where, said["event_type"], _name(said),
                    said.get("artifact_version") or said.get("run", ""), said.get("alias", ""))


def _status(said: dict[str, str]) -> Status:
    if said.get("status", "").lower() in ("resolved", "ok"):
        return Status.RESOLVED
    is_condition = _is_of_metric(said) or said.get("status", "").lower() == "firing"
    return Status.FIRING if is_condition else Status.EVENT


def _severity(said: dict[str, str], status: Status) -> Severity:
    if said.get("run_state", "").lower() in _FAILED:
        return Severity.ERROR
    return Severity.INFO if status is Status.EVENT else Severity.WARNING


def _title(said: dict[str, str]) -> str:
    return title(f"{said.get('project', 'Weights & Biases')}: {_told(said)}", "Weights & Biases")


def _told(said: dict[str, str]) -> str:
    if _is_of_metric(said):
        bound = f"is {said['condition']}" if "condition" in said else "is out of its bounds"
        return f"{said.get('metric') or _name(said)} {bound}"
    subject = said.get("artifact_version") or said.get("artifact") or said.get("run") or ""
    alias = f"({said['alias']})" if "alias" in said else ""
    return f"{said['event_type'].replace('_', ' ').lower()} {subject} {said.get('run_state', '')} {alias}"


VENDOR = Vendor(
    "wandb", "Weights & Biases", check, parse,
    setup='Team Settings > Webhooks: URL ADDRESS; as "Access token" and as "Secret" a team secret that\n'
          "holds SECRET. Then an automation with this webhook and the payload\n"
          '{"event_type": "${event_type}", "event_author": "${event_author}",\n'
          ' "entity": "${entity_name}", "project": "${project_name}",\n'
          ' "artifact": "${artifact_collection_name}", "artifact_version": "${artifact_version_string}",\n'
          ' "alias": "${alias}", "tag": "${tag}", "automation": "name of the automation"}\n'
          "For an automation on a metric replace the lines of the artifact by\n"
          ' "metric": "val/loss", "condition": "above 0.5", "severity": "warning"\n'
          'and for the one that says it is over add "status": "resolved", under the same name.\n'
          'For one on the state of a run: "run_state": "failed".')

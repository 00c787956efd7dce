"""Any JSON, read by declared paths of JMESPath: for senders that have no module of their own.

Where a path is not declared, common names are tried. A status that is neither a word for firing nor one for
resolved, or is missing, makes an event: it is told, and nothing waits for its end. Without a key the
condition is known by its name and labels.
Source: https://jmespath.org/specification.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from handlers.alerts.signals import Link, Signal, Status
from handlers.alerts.vendors import paths, proving
from handlers.alerts.vendors.contract import Incoming, Malformed, Report, Settings, Vendor
from handlers.alerts.vendors.values import (
    LABEL,
    SIGNALS,
    TITLE,
    clean,
    fields,
    identity,
    labels,
    links,
    moment,
    notes,
    read_json,
    severity,
    text,
    title,
)

_GUESSES = {name: tuple(tuple(each.split(".")) for each in places.split()) for name, places in {
    "key": "fingerprint dedup_key dedupKey alert_key incident_key incident_id rule_id alert_id alertId "
           "monitor.id monitor_id alert.id id key",
    "status": "status state alert.status alert.state event_type action",
    "name": "name alertname alert_name alertName rule_name rule alert_rule monitor.name alert.name "
            "labels.alertname",
    "title": "title summary subject message text headline annotations.summary alert.title",
    "severity": "severity level priority urgency labels.severity alert.severity",
    "labels": "labels tags dimensions",
    "summary": "summary message text annotations.summary",
    "description": "description details body annotations.description",
    "runbook": "runbook runbook_url annotations.runbook_url",
    "link": "url link html_url web_url permalink generatorURL",
    "started_at": "started_at startsAt start_time triggered_at fired_at timestamp created_at",
    "ended_at": "ended_at endsAt end_time resolved_at closed_at",
    "model": "model.name model_name modelName model labels.model",
    "version": "model.version model_version modelVersion labels.version",
    "value": "value metric_value current_value annotations.value",
}.items()}
_FIRING = ("firing fired triggered trigger alerting alert alarm open opened active critical warning warn "
           "error failed failing failure problem down breached violated unhealthy true 1")
_RESOLVED = ("resolved resolve ok okay closed close recovered recovery healthy normal inactive success "
             "succeeded passed cleared up false 0")
WORDS = ("firing", "resolved")
OPTIONS = {
    "alerts": "the path to the list of alerts; every other path starts at one of them",
    "firing": "the words of the status that mean it fires, as a list",
    "resolved": "the words of the status that mean it is over, as a list",
    "key": "the path to what stays the same while it fires and when it is over",
    "labels": "the path to an object, or an object of names and a path each",
    "severity": "the path to how bad it is: critical, error, warning or info, P1 to P5, Sev0 to Sev4",
    **{each: f"the path to its {each.replace('_', ' ')}" for each in (
        "status", "name", "title", "summary", "description", "runbook", "link", "value", "started_at",
        "ended_at", "model", "version")},
}


def faults(options: Mapping[str, Any]) -> list[str]:
    """What is wrong with a declared mapping, one sentence each; empty where it can be used."""
    return [said for name, value in list(options.items())[:2 * len(OPTIONS)] if (said := _fault(name, value))]


def _fault(name: str, value: object) -> str | None:
    if name not in OPTIONS:
        return f"There is no option {clean(name, 40) or 'without a name'}; there are {', '.join(OPTIONS)}."
    if name in WORDS:
        is_list = isinstance(value, list) and value and all(isinstance(each, str) and each for each in value)
        return None if is_list else f"The option {name} must be a list of words."
    declared = value.values() if name == "labels" and isinstance(value, dict) else [value]
    wrong = [said for each in declared if (said := paths.fault(each))]
    return f"The option {name} is no path: {wrong[0]}" if wrong else None


def parse(incoming: Incoming, settings: Settings) -> Report:
    """Raises Malformed."""
    wrong = faults(settings.options)
    if wrong:
        raise Malformed(f"This source is not set up rightly. {wrong[0]}")
    found = _alerts(read_json(incoming.body), settings)
    return Report(tuple(_signal(each, settings.options, number) for number, each in enumerate(found)))


def _alerts(body: Any, settings: Settings) -> list[Any]:
    if path := settings.options.get("alerts"):
        body = paths.find(path, body)
    elif isinstance(body, dict) and isinstance(body.get("alerts"), list):
        body = body["alerts"]
    found = body if isinstance(body, list) else [body]
    if not found or found == [None]:
        raise Malformed(f"There is no alert in the body, at {clean(path, 100) or 'its top'}.")
    if len(found) > SIGNALS:
        raise Malformed(f"There are more than {SIGNALS} alerts in the body.")
    return found


def _signal(alert: Any, options: Mapping[str, Any], number: int) -> Signal:
    def said(name: str) -> Any:
        return _found(alert, name, options)

    def word(name: str) -> str:
        return _word(said(name))

    name, told = word("name"), title(_word(said("title"), TITLE), "")
    if not (name or told):
        raise Malformed(f"Alert {number + 1} of the body has neither a name nor a title where they were "
                        "looked for.")
    status = _status(word("status"), options)
    model = {each: word(each) for each in ("model", "version")}
    kept = labels({**_labels(alert, options), **model})
    by_labels = [part for pair in kept.items() for part in pair]
    return Signal(
        key=identity(word("key")) if word("key") else identity(name or told, *by_labels), status=status,
        name=name or clean(told, LABEL), title=told or name,
        severity=severity(said("severity")), labels=kept,
        notes=notes(**{each: said(each) for each in ("summary", "description", "value")}),
        links=links((Link.RUNBOOK, said("runbook")), (Link.SOURCE, said("link"))),
        started_at=moment(said("started_at")),
        ended_at=moment(said("ended_at")) if status is Status.RESOLVED else None)


def _found(alert: Any, name: str, options: Mapping[str, Any]) -> Any:
    """What stands at the declared path, else at the first of the usual places that holds anything."""
    if name in options:
        return paths.find(options[name], alert)
    for place in _GUESSES[name]:
        found = alert
        for step in place:
            found = found.get(step) if isinstance(found, dict) else None
        if found is not None:
            return found
    return None


def _word(found: object, longest: int = LABEL) -> str:
    return clean(found, longest) if isinstance(found, bool) else text(found, longest)


def _status(said: str, options: Mapping[str, Any]) -> Status:
    for status, default in ((Status.FIRING, _FIRING), (Status.RESOLVED, _RESOLVED)):
        if said.lower() in [each.lower() for each in options.get(status.value) or default.split()]:
            return status
    return Status.EVENT


def _labels(alert: Any, options: Mapping[str, Any]) -> dict[str, object]:
    """Of an object only what is plain: a nested label would be new with every value in it."""
    declared = options.get("labels")
    if isinstance(declared, dict):
        found: Any = {str(name): paths.find(path, alert) for name, path in declared.items()}
    else:
        found = _found(alert, "labels", options)
    if isinstance(found, list):  # tags: ["team:ml", {"key": "team", "value": "ml"}]
        found = dict(filter(None, map(_tag, found[:LABEL])))
    return {name: value for name, value in fields(found).items() if isinstance(value, str | int | float)}


def _tag(found: object) -> tuple[str, object] | None:
    if isinstance(found, str) and ":" in found:
        name, _, value = found.partition(":")
        return name, value
    if isinstance(found, dict) and isinstance(found.get("key"), str):
        return found["key"], found.get("value")
    return None


VENDOR = Vendor(
    "generic", "Any JSON", proving.by_token, parse, options=OPTIONS,
    setup="""Have the sender POST its JSON to ADDRESS with the header `Authorization: Bearer SECRET`, or to
ADDRESS?token=SECRET. Where its names are not the usual ones, declare where they stand, for example
key: monitor.id
name: monitor.name
status: status
firing: [triggered]
resolved: [healthy]
labels: {team: owner.team, metric: metric}
A fixed word stands in quotes inside of the path: severity: "'error'".""")

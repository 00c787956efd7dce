"""Azure Machine Learning's events, which Azure Event Grid posts: drift of a data set, new models, runs.

The body is a list in Event Grid's own schema, or CloudEvents, of which one may come without a list. A new
subscription is proved by a handshake: in the first schema an event whose code is sent back, in the second an
OPTIONS request. Both are answered only after the secret was checked, as every request is.

Data set monitors have an event of their own. Azure ML's newer model monitors have none: their run is tagged
``azureml_modelmonitor_threshold_breached``.

Event Grid signs nothing. A source is proved by its secret or, once it has a tenant and an audience, by Event
Grid's token of Entra ID alone (`entra`).
Sources: https://learn.microsoft.com/azure/event-grid/event-schema-machine-learning,
https://learn.microsoft.com/azure/event-grid/webhook-event-delivery,
https://learn.microsoft.com/azure/event-grid/secure-webhook-delivery (its application and the role)
"""

from __future__ import annotations

import json
from functools import partial
from typing import Any

from pydantic import BaseModel, Field

from handlers.alerts.signals import Drift, Feature, Link, Severity, Signal, Status, Window
from handlers.alerts.vendors import cloudevents, entra
from handlers.alerts.vendors.contract import Answer, Incoming, Malformed, Report, Settings, Vendor
from handlers.alerts.vendors.values import (
    SIGNALS,
    clean,
    fields,
    labels,
    links,
    moment,
    notes,
    number,
    read_as,
    read_json,
    spelled,
    title,
)

SENDER = entra.Sender("Microsoft.EventGrid", "4962773b-9cdb-44cf-a8bf-237846a00ab7",
                      "AzureEventGridSecureWebhookSubscriber")
_ML = "Microsoft.MachineLearningServices."
_VALIDATION = "Microsoft.EventGrid.SubscriptionValidationEvent"
_BREACHED = "azureml_modelmonitor_threshold_breached"


class _Event(BaseModel):
    id: str = Field(min_length=1)
    eventType: str | None = None
    type: str | None = None
    topic: Any = None
    source: Any = None
    subject: Any = None
    eventTime: Any = None
    time: Any = None
    data: Any = None

    @property
    def kind(self) -> str:
        return self.eventType or self.type or ""

    @property
    def workspace(self) -> str:
        """The resource's path; it is the topic of one schema and the source of the other."""
        found = self.topic if isinstance(self.topic, str) else self.source
        return found if isinstance(found, str) else ""


class _Body(BaseModel):
    events: list[_Event] = Field(min_length=1, max_length=SIGNALS)


def parse(incoming: Incoming, _settings: Settings) -> Report:
    """Raises Malformed."""
    if incoming.method == "OPTIONS":
        return Report(answer=cloudevents.handshake(incoming))
    body = read_json(incoming.body)
    found = {"events": body if isinstance(body, list) else [body]}
    events = read_as(_Body, found, "delivery of Event Grid").events
    if any(not each.kind for each in events):
        raise Malformed("An event of the body has neither eventType nor type.")
    if events[0].kind == _VALIDATION:
        return Report(answer=_validated(events[0]))
    return Report(tuple(_signal(each) for each in events), spelled(*(each.id for each in events)))


def _validated(event: _Event) -> Answer:
    code = fields(event.data).get("validationCode")
    if not isinstance(code, str) or not 0 < len(code) <= 200:
        raise Malformed("The validation event of Event Grid has no validationCode.")
    return Answer(body=json.dumps({"validationResponse": code}), media_type="application/json")


def _signal(event: _Event) -> Signal:
    data = fields(event.data)
    said = _SAID.get(event.kind.removeprefix(_ML), _other)(event, data)
    _, is_one, workspace = event.workspace.rpartition("/workspaces/")
    said["labels"] = labels({**said.get("labels", {}), "workspace": workspace if is_one else None})
    return Signal(
        status=Status.EVENT, name=title(event.kind.removeprefix(_ML), "event"),
        links=links((Link.SOURCE, f"https://ml.azure.com/?wsid={event.workspace}" if is_one else None)),
        started_at=moment(event.eventTime) or moment(event.time), **said)


def _drifted(event: _Event, data: dict[str, Any]) -> dict[str, Any]:
    """DriftCoefficient is one figure, 0 to 1, for the whole data set; it is no share of its columns."""
    monitor = _text(data, "DataDriftName") or _text(data, "DataDriftId") or "unnamed monitor"
    run, how_far = _text(data, "RunId"), number(data.get("DriftCoefficient"))
    by = f", by {how_far:.3g} of 1" if how_far is not None else ""
    features = () if how_far is None else (
        Feature("whole data set", "Azure ML's drift coefficient", how_far, is_drifted=True),)
    return {
        "key": spelled(_text(data, "DataDriftId") or monitor, run or event.id), "severity": Severity.WARNING,
        "title": title(f"{monitor}: the data set has drifted{by}", monitor),
        "labels": {"monitor": monitor, "target_dataset": _text(data, "TargetDatasetId") or None,
                   "base_dataset": _text(data, "BaseDatasetId") or None},
        "notes": notes(value=how_far, summary=f"Run {run}" if run else None),
        "drift": Drift(model=monitor, features=features,
                       current=Window(moment(data.get("StartTime")), moment(data.get("EndTime"))))}


def _registered(event: _Event, data: dict[str, Any]) -> dict[str, Any]:
    model, version = _text(data, "ModelName") or "unnamed model", _text(data, "ModelVersion")
    own = {name: value for name, value in fields(data.get("ModelTags")).items() if isinstance(value, str)}
    return {"key": spelled(event.workspace, "models", model, version or event.id), "severity": Severity.INFO,
            "title": title(f"Model {model} {version} is registered", model),
            "labels": {**own, "model": model, "version": version or None}}


def _deployed(event: _Event, data: dict[str, Any]) -> dict[str, Any]:
    service, models = _text(data, "ServiceName") or "unnamed service", _text(data, "ModelIds")
    return {"key": spelled(event.id), "severity": Severity.INFO,
            "title": title(f"{models or 'A model'} is deployed to {service}", service),
            "labels": {"service": service}}


def _run(event: _Event, data: dict[str, Any]) -> dict[str, Any]:
    """RunCompleted has no status; RunStatusChanged has. Names begin with a small letter or a large one."""
    data = {name[:1].upper() + name[1:]: value for name, value in data.items()}
    run, status = _text(data, "RunId"), _text(data, "RunStatus") or "Completed"
    experiment = _text(data, "ExperimentName") or "unnamed experiment"
    breached = _text(fields(data.get("RunTags")), _BREACHED)
    return {"key": spelled("runs", run or event.id, status),
            "severity": Severity.WARNING if breached else
            Severity.ERROR if status.lower() == "failed" else Severity.INFO,
            "title": title(f"{experiment}: a threshold of the model's monitor is breached" if breached else
                           f"A run of {experiment}: {status.lower()}", experiment),
            "labels": {"experiment": experiment},
            "notes": notes(summary=f"Run {run}" if run else None, description=breached or None),
            "drift": Drift(model=experiment, quality=(breached,)) if breached else None}


def _other(event: _Event, data: dict[str, Any]) -> dict[str, Any]:
    subject = event.subject if isinstance(event.subject, str) else ""
    return {"key": spelled(event.id), "severity": Severity.INFO,
            "title": title(f"{event.kind}: {subject}" if subject else event.kind, "event"),
            "notes": notes(description=data or None)}


_SAID = {"DatasetDriftDetected": _drifted, "ModelRegistered": _registered, "ModelDeployed": _deployed,
         "RunCompleted": _run, "RunStatusChanged": _run}
"""By kind of event, the parts of its Signal that are its own."""


def _text(data: dict[str, Any], name: str) -> str:
    value = data.get(name)
    return clean(value, 200) if isinstance(value, str | int) and not isinstance(value, bool) else ""


VENDOR = Vendor(
    "event_grid", "Azure Machine Learning (Event Grid)", partial(entra.check, sender=SENDER), parse,
    options=entra.OPTIONS, needs=partial(entra.needs, sender=SENDER), fault=entra.fault,
    setup="Machine Learning workspace, Events, new event subscription.\nEndpoint type: Web Hook\n"
          "Endpoint: ADDRESS?token=SECRET\n"
          "Both schemas are understood; the subscription is confirmed by itself.\n"
          "Or, of a source with `tenant` and `audience`, Endpoint: ADDRESS and, under Additional Features,\n"
          "Use Microsoft Entra authentication, with the same two; your application's role\n"
          "AzureEventGridSecureWebhookSubscriber is assigned to Microsoft.EventGrid by Microsoft's script.")

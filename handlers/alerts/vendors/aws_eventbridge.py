"""Amazon EventBridge: an API destination posts one event at a time; nothing signs it.

The connection's key proves it: in the header of an API key (``X-Api-Key`` unless the option says another), as
the password of basic authentication, or as a bearer token. Also taken is Model Monitor's own file of
violations, as a function on its bucket may post it: with ``?model=NAME`` in the address, since the file names
no model.
Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-events-structure.html
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field

from handlers.alerts.signals import Severity, Signal, Status
from handlers.alerts.vendors import cloudwatch, proving, sagemaker
from handlers.alerts.vendors.contract import Incoming, Malformed, Report, Settings, Vendor
from handlers.alerts.vendors.values import (
    clean,
    fields,
    labels,
    moment,
    notes,
    number,
    read_as,
    read_json,
    severity,
    spelled,
    title,
)


class _Event(BaseModel):
    id: str = Field(min_length=1, max_length=200)
    detail_type: str = Field(alias="detail-type", min_length=1)
    detail: Any = None


class _State(BaseModel):
    value: str


class _Alarm(BaseModel):
    alarmName: str = Field(min_length=1)
    state: _State


def check(incoming: Incoming, settings: Settings) -> None:
    """Raises NotGenuine."""
    named = settings.options.get("header")
    header = named.strip().lower() if isinstance(named, str) else ""
    proving.by_token(incoming, settings, header=header or "x-api-key")


def parse(incoming: Incoming, settings: Settings) -> Report:
    """Raises Malformed."""
    body = read_json(incoming.body)
    if "violations" in fields(body) and "detail-type" not in body:
        model = incoming.query.get("model") or settings.options.get("model") or settings.source
        return Report((sagemaker.violations(body, clean(model, 200)),))
    return Report((event(body, settings),), spelled(read_as(_Event, body, "event of EventBridge").id))


def event(body: Any, settings: Settings) -> Signal:
    """One event, also where SNS carried it. Raises Malformed."""
    read = read_as(_Event, body, "event of EventBridge")
    default = settings.options.get("severity")
    if read.detail_type == "CloudWatch Alarm State Change":
        return cloudwatch.signal(_alarm(body, fields(read.detail)), default)
    known = sagemaker.KINDS.get(read.detail_type)
    return (known and known({**body, "detail": fields(read.detail)})) or _other(body, read, default)


def _alarm(body: dict[str, Any], detail: dict[str, Any]) -> cloudwatch.Alarm:
    read = read_as(_Alarm, detail, "alarm of CloudWatch")
    state, config = fields(detail.get("state")), fields(detail.get("configuration"))
    metric = cloudwatch.first_metric(config.get("metrics"), "metricStat", "metric")
    judged = _judged(state.get("reasonData"))
    recent = cloudwatch.items(judged.get("recentDatapoints"))
    value = number(recent[-1]) if recent else None
    arn = next((each for each in cloudwatch.items(body.get("resources"))
                if isinstance(each, str) and ":alarm:" in each), None)
    return cloudwatch.Alarm(
        arn=arn or f"{body.get('account')}/{body.get('region')}/{read.alarmName}", name=read.alarmName,
        state=read.state.value, before=fields(detail.get("previousState")).get("value"),
        reason=state.get("reason"), description=config.get("description"),
        at=moment(state.get("timestamp")) or moment(body.get("time")),
        metric=clean(metric.get("name") or "", 200), namespace=clean(metric.get("namespace") or "", 200),
        dimensions={name: each for name, each in fields(metric.get("dimensions")).items()
                    if isinstance(each, str)},
        value=cloudwatch.datapoint(state.get("reason")) if value is None else value,
        threshold=number(judged.get("threshold")))


def _judged(reason_data: object) -> dict[str, Any]:
    """What the state rests on: JSON in a text; empty where there is none."""
    if not isinstance(reason_data, str):
        return {}
    try:
        return fields(read_json(reason_data.encode(errors="replace")))
    except Malformed:
        return {}


def _other(body: dict[str, Any], read: _Event, default: object) -> Signal:
    name, source = title(read.detail_type, "event"), body.get("source")
    resources = [each for each in cloudwatch.items(body.get("resources")) if isinstance(each, str)]
    about = clean(resources[0], 200) if resources else ""
    return Signal(
        key=spelled(read.id), status=Status.EVENT, name=name, severity=severity(default, Severity.INFO),
        title=title(f"{name}: {about.rpartition(':')[2]}" if about else name, name),
        labels=labels({"source": source if isinstance(source, str) else None, "account": body.get("account"),
                       "region": body.get("region"), "resource": about or None}),
        notes=notes(description=read.detail or None), started_at=moment(body.get("time")))


VENDOR = Vendor(
    "aws_eventbridge", "Amazon EventBridge (CloudWatch, SageMaker)", check, parse,
    options={"header": "The header that holds the connection's API key; x-api-key unless said otherwise.",
             "severity": cloudwatch.SEVERITY,
             "model": "The model of a constraint_violations.json that comes without ?model= in its address."},
    setup="Connection: authorization type API key, API key name x-api-key, value SECRET.\n"
          "API destination: endpoint ADDRESS, method POST.\n"
          'Rule, event pattern: {"source": ["aws.cloudwatch", "aws.sagemaker"]}; leave its input as it is.')

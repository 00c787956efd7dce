"""Amazon SNS: CloudWatch's alarms, EventBridge's events, and whatever else is published to a topic.

The body is JSON, sent as text/plain; its Message is a text that, of an alarm, is JSON again. A message's own
Type counts, not the header that repeats it: the header is not signed. A subscription is confirmed by opening
the signed SubscribeURL; `sns_proof` says whose messages count.
Source: https://docs.aws.amazon.com/sns/latest/dg/http-notification-json.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, Field

from handlers.alerts.signals import Severity, Signal, Status
from handlers.alerts.vendors import aws_eventbridge, cloudwatch, sns_proof
from handlers.alerts.vendors.contract import Incoming, Malformed, NotGenuine, Report, Settings, Vendor
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


class _Message(BaseModel):
    Type: str
    MessageId: str = Field(min_length=1, max_length=200)
    TopicArn: str = Field(min_length=1, max_length=500)
    Message: str
    Subject: Any = None
    Timestamp: Any = None
    SubscribeURL: Any = None


class _Alarm(BaseModel):
    AlarmName: str = Field(min_length=1)
    AlarmArn: str | None = None
    NewStateValue: str


def needs(incoming: Incoming, settings: Settings) -> str | None:
    """The certificate's address. Raises NotGenuine."""
    message = _read(incoming)
    sns_proof.of_a_topic(message, settings)
    return sns_proof.certificate(message)


def check(incoming: Incoming, settings: Settings) -> None:
    """Raises NotGenuine."""
    message = _read(incoming)
    sns_proof.of_a_topic(message, settings)
    sns_proof.certificate(message)
    sns_proof.in_time(message, incoming.at)
    sns_proof.signed(message, incoming.fetched, incoming.at)


def _read(incoming: Incoming) -> Mapping[str, object]:
    """Raises NotGenuine: of what is no message of SNS, no signature can be checked."""
    try:
        message = read_json(incoming.body)
    except Malformed as problem:
        raise NotGenuine(str(problem)) from None
    if fields(message).get("Type") not in [*sns_proof.SIGNED]:
        raise NotGenuine("The body is no message of Amazon SNS: its Type is none that SNS sends.")
    return fields(message)


def parse(incoming: Incoming, settings: Settings) -> Report:
    """Raises Malformed."""
    message = read_as(_Message, read_json(incoming.body), "message of Amazon SNS")
    if message.Type == "SubscriptionConfirmation":
        if not sns_proof.is_subscribe_url(message.SubscribeURL):
            raise Malformed("SubscribeURL is no address at https://sns.<region>.amazonaws.com.")
        return Report(delivery=spelled(message.MessageId), visit=message.SubscribeURL)
    if message.Type == "UnsubscribeConfirmation":
        return Report((_unsubscribed(message),), spelled(message.MessageId))
    if message.Type != "Notification":
        raise Malformed("The message's Type is none that SNS sends.")
    return Report((_signal(message, settings),), spelled(message.MessageId))


def _signal(message: _Message, settings: Settings) -> Signal:
    try:
        said = fields(read_json(message.Message.encode(errors="replace")))
    except Malformed:
        said = {}
    default = settings.options.get("severity")
    if "AlarmName" in said or "NewStateValue" in said:
        return cloudwatch.signal(_alarm(message.TopicArn, said), default)
    if "detail-type" in said:
        return aws_eventbridge.event(said, settings)
    topic = _topic(message)
    subject = message.Subject if isinstance(message.Subject, str) else None
    first = message.Message.strip().partition("\n")[0]
    return Signal(
        key=spelled(message.TopicArn, message.MessageId), status=Status.EVENT, name=topic,
        title=title(subject, "") or title(first, f"A message of the topic {topic}"),
        severity=severity(default, Severity.INFO), labels=labels({"topic": topic}),
        notes=notes(description=message.Message), started_at=moment(message.Timestamp))


def _alarm(topic: str, said: dict[str, Any]) -> cloudwatch.Alarm:
    """An alarm on one metric has it in Trigger, one on an expression Metrics there, a composite neither."""
    read = read_as(_Alarm, said, "alarm of CloudWatch")
    trigger = fields(said.get("Trigger"))
    metric = cloudwatch.first_metric(trigger.get("Metrics"), "MetricStat", "Metric") or trigger
    pairs = map(fields, cloudwatch.items(metric.get("Dimensions")))
    dimensions = {each["name"]: each["value"] for each in pairs
                  if isinstance(each.get("name"), str) and isinstance(each.get("value"), str)}
    reason = said.get("NewStateReason")
    return cloudwatch.Alarm(
        arn=read.AlarmArn or f"{topic}/{read.AlarmName}", name=read.AlarmName, state=read.NewStateValue,
        before=said.get("OldStateValue"), reason=reason, description=said.get("AlarmDescription"),
        at=moment(said.get("StateChangeTime")), metric=clean(metric.get("MetricName") or "", 200),
        namespace=clean(metric.get("Namespace") or "", 200), dimensions=dimensions,
        value=cloudwatch.datapoint(reason), threshold=number(trigger.get("Threshold")))


def _unsubscribed(message: _Message) -> Signal:
    """The monitor behind the topic reaches nobody here now. The address that would undo it stays secret."""
    topic = _topic(message)
    return Signal(
        key=spelled(message.TopicArn, "unsubscribed", message.MessageId), status=Status.EVENT,
        name="SNS subscription ended", severity=Severity.ERROR, labels=labels({"topic": topic}),
        title=title(f"The topic {topic} no longer reaches us: its subscription was ended", topic),
        notes=notes(description=f"Nothing that is published to {message.TopicArn} arrives here from now on. "
                                "If that was not meant, subscribe this source's address to it again."),
        started_at=moment(message.Timestamp))


def _topic(message: _Message) -> str:
    return title(message.TopicArn.rpartition(":")[2], "unnamed topic")


VENDOR = Vendor(
    "aws_sns", "Amazon SNS (CloudWatch alarms)", check, parse, needs=needs,
    options={"topics": "The ARNs of the topics that may send here; without one, nothing is accepted.",
             "severity": cloudwatch.SEVERITY},
    setup="aws sns subscribe --topic-arn TOPIC --protocol https --notification-endpoint ADDRESS\n"
          "aws sns set-topic-attributes --topic-arn TOPIC --attribute-name SignatureVersion "
          "--attribute-value 2\n"
          "Name TOPIC in this source's `topics` first: the subscription is then confirmed by itself.\n"
          "SNS signs what it sends, so the address holds no secret. Leave raw message delivery off.")

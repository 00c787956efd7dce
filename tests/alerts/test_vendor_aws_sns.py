"""Amazon SNS: whose messages count, and what CloudWatch's alarms say in them."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from handlers.alerts.signals import Link, Severity, Status
from handlers.alerts.vendors import VENDORS
from handlers.alerts.vendors.contract import Malformed, NotGenuine
from tests.alerts.bodies import FOLDER, case
from tests.alerts.calling import incoming, of_case, read, read_case, settings

SNS = VENDORS["aws_sns"]
TOPIC = "arn:aws:sns:eu-west-1:123456789012:ml-alerts"
ARN = "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:churn-endpoint-tenure-drift"
CERTIFICATE = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0000000000000000000000000000example.pem"
THROW_AWAY = (FOLDER / "aws_sns/throwaway_signing_cert.pem").read_bytes()
SENT = datetime(2026, 11, 20, 14, 5, tzinfo=UTC)
OURS = settings({"topics": [TOPIC]})


def check(body: Any, *, pem: bytes | None = THROW_AWAY, at: datetime = SENT + timedelta(seconds=2)) -> None:
    SNS.check(incoming(body, at=at, fetched=pem), OURS)


def body(name: str = "cloudwatch_alarm_sigv1", **changed: Any) -> dict[str, Any]:
    found = {**case(f"aws_sns/{name}").body, **changed}
    return {key: value for key, value in found.items() if value is not ...}


@cache
def own_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


def own_pem(key: Any = None, begins: datetime = SENT - timedelta(days=1), ends: datetime = SENT + timedelta(days=1)) -> bytes:
    key = key or own_key()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    made = (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
            .serial_number(7).not_valid_before(begins).not_valid_after(ends))
    return made.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)


def signed(message: dict[str, Any], fields: str, version: str = "2") -> dict[str, Any]:
    """As AWS's page on signatures has it, written down here once more: no word of the product's."""
    text = "".join(f"{name}\n{message[name]}\n" for name in fields.split() if name in message)
    made_with = hashes.SHA256() if version == "2" else hashes.SHA1()
    made = own_key().sign(text.encode(), PKCS1v15(), made_with)
    return {**message, "SignatureVersion": version, "Signature": base64.b64encode(made).decode()}


NOTIFICATION = "Message MessageId Subject Timestamp TopicArn Type"
SUBSCRIPTION = "Message MessageId SubscribeURL Timestamp Token TopicArn Type"


# ---- whose messages count

@pytest.mark.parametrize("name", ["cloudwatch_alarm_sigv1", "cloudwatch_ok", "cloudwatch_insufficient_data",
                                  "subscription_confirmation"])
def test_each_message_that_sns_signed_is_accepted(name: str) -> None:
    found = of_case(f"aws_sns/{name}", at=SENT, fetched=THROW_AWAY)
    assert SNS.needs(found, OURS) == CERTIFICATE
    SNS.check(found, OURS)


@pytest.mark.parametrize("version", ["1", "2"])
def test_both_versions_of_the_signature_are_checked(version: str) -> None:
    message = signed(body(), NOTIFICATION, version)
    check(message, pem=own_pem())
    with pytest.raises(NotGenuine, match="does not fit"):
        check({**message, "Message": message["Message"].replace("0.31", "0.01")}, pem=own_pem())
    with pytest.raises(NotGenuine, match="does not fit"):
        check({**message, "SignatureVersion": "12".replace(version, "")}, pem=own_pem())


def test_a_message_without_a_subject_is_signed_without_it() -> None:
    check(signed(body(Subject=...), NOTIFICATION), pem=own_pem())
    check(signed(body(Subject=...), NOTIFICATION) | {"Subject": None}, pem=own_pem())
    with pytest.raises(NotGenuine, match="does not fit"):
        check(signed(body(Subject=...), NOTIFICATION) | {"Subject": "Added on the way"}, pem=own_pem())


@pytest.mark.parametrize("field", ["Message", "MessageId", "Subject", "TopicArn", "Type"])
def test_no_signed_field_can_be_changed_on_the_way(field: str) -> None:
    with pytest.raises(NotGenuine):
        check(body(**{field: body()[field] + "x"}))


def test_a_notification_cannot_be_passed_off_as_a_subscription() -> None:
    with pytest.raises(NotGenuine):
        check(body(Type="SubscriptionConfirmation", Token="t", SubscribeURL="https://sns.eu-west-1.amazonaws.com/?a"))


@pytest.mark.parametrize("url", [
    "https://sns.eu-west-1.amazonaws.com.evil.example/x.pem",
    "http://sns.eu-west-1.amazonaws.com/x.pem",
    "https://sns.eu-west-1.amazonaws.com@evil.example/x.pem",
    "https://evil.example@sns.eu-west-1.amazonaws.com/x.pem",
    "https://sns.eu-west-1.amazonaws.com:8443/x.pem",
    "https://sns.eu-west-1.amazonaws.com:443/x.pem",
    "https://sns.eu-west-1.amazonaws.com/x.pem?next=https://evil.example",
    "https://sns.eu-west-1.amazonaws.com/x.pem#.evil.example",
    "https://sns.eu-west-1.amazonaws.com/x.txt",
    "https://sns.eu-west-1.amazonaws.com\\.evil.example/x.pem",
    "https://sns.eu-west-1.amazonaws.com/x.pem\n",
    "https://evil.example/sns.eu-west-1.amazonaws.com/x.pem",
    "https://snsxeu-west-1.amazonaws.com/x.pem",
    "https://sns.evil.s3.amazonaws.com/x.pem",
    "https://bucket.s3.eu-west-1.amazonaws.com/x.pem",
    "https://sns.eu-west-1.amazonaws.com/../bucket/x.pem",
    "HTTPS://SNS.EU-WEST-1.AMAZONAWS.COM/x.pem",
    "https://sns.eu-west-1.amazonaws.comeu/x.pem",
    "file:///etc/x.pem", "", None, 7, ["https://sns.eu-west-1.amazonaws.com/x.pem"],
])
def test_a_certificate_is_fetched_from_sns_alone(url: Any) -> None:
    for asked in (SNS.needs, SNS.check):
        with pytest.raises(NotGenuine, match="SigningCertURL"):
            asked(incoming(body(SigningCertURL=url), at=SENT, fetched=THROW_AWAY), OURS)


@pytest.mark.parametrize("url", ["https://sns.us-gov-west-1.amazonaws.com/S-1.pem",
                                 "https://sns.cn-north-1.amazonaws.com.cn/S-1.pem",
                                 "https://sns.ap-southeast-2.amazonaws.com/S-1.pem"])
def test_every_region_has_a_certificate_of_its_own(url: str) -> None:
    assert SNS.needs(incoming(body(SigningCertURL=url)), OURS) == url


@pytest.mark.parametrize("topics", [None, [], "", ["arn:aws:sns:eu-west-1:123456789012:other"], 7,
                                    [TOPIC + "x"], TOPIC[:-1]])
def test_a_topic_we_were_not_told_of_is_refused_before_anything_is_fetched(topics: Any) -> None:
    """Anybody can have SNS sign what they publish to a topic of their own."""
    theirs = settings({} if topics is None else {"topics": topics})
    for asked in (SNS.needs, SNS.check):
        with pytest.raises(NotGenuine, match="topics"):
            asked(of_case("aws_sns/cloudwatch_ok", at=SENT, fetched=THROW_AWAY), theirs)


def test_topics_may_be_written_as_one_text() -> None:
    ours = settings({"topics": f"arn:aws:sns:eu-west-1:123456789012:other, {TOPIC}"})
    SNS.check(of_case("aws_sns/cloudwatch_ok", at=SENT, fetched=THROW_AWAY), ours)


@pytest.mark.parametrize("late", [timedelta(minutes=-4), timedelta(0), timedelta(minutes=61), timedelta(minutes=89)])
def test_what_sns_still_tries_again_after_an_hour_is_accepted(late: timedelta) -> None:
    check(body(), at=SENT + late)


@pytest.mark.parametrize("late", [timedelta(minutes=-6), timedelta(minutes=91), timedelta(days=3)])
def test_a_copy_played_back_later_is_refused(late: timedelta) -> None:
    with pytest.raises(NotGenuine, match="Timestamp"):
        check(body(), at=SENT + late)


def test_a_moment_that_cannot_be_read_is_refused() -> None:
    for stamp in (None, "soon", 10**400, ...):
        with pytest.raises(NotGenuine, match="Timestamp"):
            check(body(Timestamp=stamp))


def test_a_certificate_counts_only_while_it_is_valid() -> None:
    message = signed(body(), NOTIFICATION)
    for pem in (own_pem(ends=SENT - timedelta(hours=1)), own_pem(begins=SENT + timedelta(hours=1))):
        with pytest.raises(NotGenuine, match="not valid now"):
            check(message, pem=pem)


def test_what_is_no_rsa_certificate_proves_nothing() -> None:
    curve = own_pem(ec.generate_private_key(ec.SECP256R1()))
    for pem in (None, b"", b"<html>not found</html>", THROW_AWAY[:300], curve, b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"):
        with pytest.raises(NotGenuine, match="certificate"):
            check(body(), pem=pem)


@pytest.mark.parametrize("changed", [{"Signature": None}, {"Signature": "ä"}, {"Signature": ""}, {"Signature": 7},
                                     {"SignatureVersion": "3"}, {"SignatureVersion": None}, {"MessageId": ...},
                                     {"Message": {}}, {"Subject": ["x"]}, {"Message": "\ud800"}])
def test_whatever_is_wrong_with_a_signature_is_a_plain_refusal(changed: dict[str, Any]) -> None:
    with pytest.raises(NotGenuine):
        check(body(**changed))


@pytest.mark.parametrize("raw", [b"", b"nothing", b"[]", b"null", b'{"Type": ["Notification"]}', b"[" * 100_000])
def test_what_is_no_message_of_sns_is_refused_before_anything_is_fetched(raw: bytes) -> None:
    for asked in (SNS.needs, SNS.check):
        with pytest.raises(NotGenuine):
            asked(incoming(raw), OURS)


def test_a_type_that_sns_does_not_send_is_refused_though_the_topic_is_right() -> None:
    """No field of it would be under the signature."""
    for asked in (SNS.needs, SNS.check):
        with pytest.raises(NotGenuine, match="none that SNS sends"):
            asked(incoming(body(Type="Announcement"), at=SENT, fetched=THROW_AWAY), OURS)


# ---- subscriptions

def test_a_subscription_is_confirmed_by_opening_its_address() -> None:
    report = SNS.parse(of_case("aws_sns/subscription_confirmation"), OURS)
    assert report.visit == case("aws_sns/subscription_confirmation").body["SubscribeURL"]
    assert (report.signals, report.delivery) == ((), "165545c9-2a5c-472c-8df2-7ff2be2b3b1b")


@pytest.mark.parametrize("url", ["https://sns.eu-west-1.amazonaws.com.evil.example/?Action=ConfirmSubscription",
                                 "http://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription",
                                 "https://169.254.169.254/latest/meta-data", "https://u@sns.eu-west-1.amazonaws.com/?a",
                                 "https://sns.eu-west-1.amazonaws.com/?a\r\nHost: evil", None, 7])
def test_no_other_address_is_opened_for_a_subscription(url: Any) -> None:
    with pytest.raises(Malformed, match="SubscribeURL"):
        SNS.parse(incoming(body("subscription_confirmation", SubscribeURL=url)), OURS)


def test_a_subscription_that_ended_is_told_and_not_made_again() -> None:
    message = signed(body("subscription_confirmation", Type="UnsubscribeConfirmation"), SUBSCRIPTION)
    check(message, pem=own_pem())
    report = SNS.parse(incoming(message), OURS)
    (signal,) = report.signals
    assert (signal.status, signal.severity, report.visit) == (Status.EVENT, Severity.ERROR, None)
    assert signal.title == "The topic ml-alerts no longer reaches us: its subscription was ended"
    assert "Token" not in repr(signal)


# ---- alarms

def test_an_alarm_fires_under_its_arn() -> None:
    report = SNS.parse(of_case("aws_sns/cloudwatch_alarm_sigv1"), OURS)
    (signal,) = report.signals
    assert report.delivery == "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324"
    assert (signal.key, signal.status, signal.name) == (ARN, Status.FIRING, "churn-endpoint-tenure-drift")
    assert signal.title == "Baseline drift distance of tenure above 0.2."
    assert signal.started_at == SENT
    assert signal.labels == {
        "Endpoint": "churn-endpoint", "MonitoringSchedule": "churn-data-quality-hourly", "account": "123456789012",
        "alertname": "churn-endpoint-tenure-drift", "metric": "feature_baseline_drift_tenure", "model": "churn-endpoint",
        "namespace": "aws/sagemaker/Endpoints/data-metrics", "region": "eu-west-1"}
    assert signal.links == (
        (Link.SOURCE, "https://eu-west-1.console.aws.amazon.com/cloudwatch/home?region=eu-west-1"
                      "#alarmsV2:alarm/churn-endpoint-tenure-drift"),
        (Link.RUNBOOK, "https://runbooks.example.org/ml/feature-drift"))
    assert signal.notes["summary"].startswith("Threshold Crossed") and signal.notes["value"] == "0.31"


def test_the_metric_of_model_monitor_says_which_column_drifted_and_how_far() -> None:
    (signal,) = SNS.parse(of_case("aws_sns/cloudwatch_alarm_sigv1"), OURS).signals
    assert signal.drift is not None and signal.drift.model == "churn-endpoint"
    (feature,) = signal.drift.features
    assert (feature.name, feature.statistic, feature.threshold, feature.is_drifted) == ("tenure", 0.31, 0.2, True)


def test_ok_resolves_the_same_condition() -> None:
    (signal,) = SNS.parse(of_case("aws_sns/cloudwatch_ok"), OURS).signals
    assert (signal.key, signal.status) == (ARN, Status.RESOLVED)
    assert (signal.started_at, signal.ended_at) == (None, datetime(2026, 11, 20, 15, 5, tzinfo=UTC))
    assert signal.drift is not None and not signal.drift.features[0].is_drifted


def test_missing_data_is_neither_healthy_nor_the_alarm() -> None:
    (signal,) = SNS.parse(of_case("aws_sns/cloudwatch_insufficient_data"), OURS).signals
    assert (signal.key, signal.status, signal.severity) == (ARN, Status.FIRING, Severity.WARNING)
    assert signal.title == "No data: churn-endpoint-tenure-drift can say neither alarm nor OK"


def alarm(**changed: Any) -> Any:
    said = {**json.loads(body()["Message"]), **changed}
    (signal,) = SNS.parse(incoming(body(Message=json.dumps(said))), OURS).signals
    return signal


def test_an_alarm_that_falls_silent_keeps_its_severity() -> None:
    silent = {"NewStateValue": "INSUFFICIENT_DATA", "AlarmName": "latency-critical"}
    assert alarm(**silent, OldStateValue="OK").severity is Severity.WARNING
    assert alarm(**silent, OldStateValue="ALARM").severity is Severity.CRITICAL


@pytest.mark.parametrize(("name", "about", "expected"), [
    ("latency", None, Severity.WARNING), ("latency-critical", None, Severity.CRITICAL), ("[P2] latency", "", Severity.ERROR),
    ("5xx-error-rate-high", "", Severity.WARNING), ("latency", "Severity: critical, of course", Severity.CRITICAL),
    ("latency-critical", "severity=info", Severity.INFO), ("latency", "On the critical path", Severity.WARNING)])
def test_a_severity_is_taken_only_from_words_that_mean_one(name: str, about: Any, expected: Severity) -> None:
    assert alarm(AlarmName=name, AlarmDescription=about).severity is expected


def test_the_option_says_how_bad_alarms_are_that_do_not() -> None:
    (signal,) = SNS.parse(of_case("aws_sns/cloudwatch_ok"), settings({"severity": "error"})).signals
    assert signal.severity is Severity.ERROR


@pytest.mark.parametrize("trigger", [
    None, [], "x", {}, {"Metrics": None}, {"Metrics": [{"Expression": "m1/m2", "Id": "e1"}]}, {"Dimensions": [None, 3, {}]},
    {"MetricName": 7, "Dimensions": {"a": 1}, "Threshold": "NaN"}])
def test_alarms_on_expressions_and_composites_have_no_metric_and_are_read(trigger: Any) -> None:
    signal = alarm(Trigger=trigger)
    assert (signal.key, signal.drift) == (ARN, None)


def test_an_alarm_on_an_expression_shows_the_metric_it_is_made_of() -> None:
    signal = alarm(Trigger={"Metrics": [
        {"Id": "e1", "Expression": "m1 * 2", "ReturnData": True},
        {"Id": "m1", "MetricStat": {"Metric": {"MetricName": "Invocations", "Namespace": "AWS/SageMaker",
                                               "Dimensions": [{"name": "EndpointName", "value": "churn"}]}}}]})
    assert (signal.labels["metric"], signal.labels["EndpointName"]) == ("Invocations", "churn")


def test_an_alarm_without_an_arn_is_known_by_topic_and_name() -> None:
    assert alarm(AlarmArn=None).key == f"{TOPIC}/churn-endpoint-tenure-drift"


def test_an_unknown_state_of_an_alarm_is_said_and_not_guessed() -> None:
    with pytest.raises(Malformed, match="state"):
        alarm(NewStateValue="SUPPRESSED")


def test_chinas_alarms_are_shown_in_chinas_console() -> None:
    found = dict(alarm(AlarmArn="arn:aws-cn:cloudwatch:cn-north-1:123456789012:alarm:a b").links)
    assert found[Link.SOURCE].startswith("https://cn-north-1.console.amazonaws.cn/cloudwatch/home?region=cn-north-1#")


# ---- anything else

def test_any_other_message_is_an_event_under_its_subject() -> None:
    report = read("aws_sns", body(Message="The nightly export failed.\nDisk full."))
    (signal,) = report.signals
    assert (signal.status, signal.name) == (Status.EVENT, "ml-alerts")
    assert signal.title == 'ALARM: "churn-endpoint-tenure-drift" in EU (Ireland)'
    assert signal.notes == {"description": "The nightly export failed.\nDisk full."}


@pytest.mark.parametrize(("message", "subject", "expected"), [
    ("First line\nsecond", None, "First line"), ("", None, "A message of the topic ml-alerts"),
    ('{"a": 1}', " ", '{"a": 1}'), ("[1]", 7, "[1]"), ("NaN", ..., "NaN")])
def test_a_message_without_a_subject_is_known_by_its_first_line(message: str, subject: Any, expected: str) -> None:
    (signal,) = read("aws_sns", body(Message=message, Subject=subject)).signals
    assert signal.title == expected


def test_an_alarm_says_the_same_by_sns_as_by_eventbridge() -> None:
    (by_topic,) = SNS.parse(of_case("aws_sns/cloudwatch_alarm_sigv1"), OURS).signals
    (by_bridge,) = read_case("aws_eventbridge", "aws_eventbridge/cloudwatch_alarm_state_change").signals
    for one in ("key", "status", "name", "severity", "labels", "started_at", "drift"):
        assert getattr(by_bridge, one) == getattr(by_topic, one), one
    assert by_bridge.links[0] == by_topic.links[0]


def test_an_event_of_eventbridge_may_come_through_a_topic() -> None:
    message = json.dumps(case("aws_eventbridge/cloudwatch_alarm_state_change").body)
    (signal,) = read("aws_sns", body(Message=message)).signals
    assert (signal.key, signal.status) == (ARN, Status.FIRING)

"""What a source fires now, asked instead of told: the answer of Alertmanager's own API, also Grafana's.

Sources: https://prometheus.io/docs/alerting/latest/alerts_api/ and
https://grafana.com/docs/grafana/latest/developers/http_api/alerting/
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from handlers.alerts.signals import Signal, Status
from handlers.alerts.vendors.contract import Incoming, Malformed, Settings, Vendor
from handlers.alerts.vendors.values import SIGNALS, fields, read_json

URL, SECRET, RECEIVER, PRIVATE, ORGANISATION = (
    "reconcile_url", "reconcile_secret_env", "reconcile_receiver", "reconcile_private", "reconcile_org")
OPTIONS: Final[Mapping[str, str]] = {
    URL: "the address of the Alertmanager that is asked every few minutes what fires (Grafana: "
         "https://HOST/api/alertmanager/grafana); what is missed is taken in, what is gone there is resolved",
    SECRET: "the environment variable with the token, or user:password, for that",
    RECEIVER: "the receiver there that sends to this source: nothing of another one is taken in",
    PRIVATE: "true: that address may be in a private network, and plain http",
}
GRAFANA: Final[Mapping[str, str]] = {
    **OPTIONS, ORGANISATION: "the number of Grafana's organisation; 1 unless set"}
PATH: Final = "/api/v2/alerts?active=true&silenced=true&inhibited=true"


@dataclass(frozen=True, slots=True)
class Present:
    """What fires at a source."""

    keys: frozenset[str]
    """Of all, also of what is silenced or inhibited there."""
    wanted: tuple[Signal, ...]
    """What its sender would tell us of."""


def present(vendor: Vendor, body: bytes, settings: Settings, now: datetime) -> Present:
    """Raises Malformed where the answer is not whole: then nothing follows from what is missing in it."""
    listed = read_json(body)
    if not isinstance(listed, list) or len(listed) > SIGNALS:
        raise Malformed("The answer is no list of alerts, or one of more than 10,000.")
    if not all(isinstance(fields(each).get("labels"), dict) for each in listed):
        raise Malformed("An alert in the answer has no labels.")
    told = json.dumps([_as_sent(each, settings) for each in listed] if vendor.name == "prometheus" else
                      {"alerts": [_as_sent(each, settings) for each in listed]}).encode()
    report = vendor.parse(Incoming("POST", {}, {}, told, told, now), settings)
    wanted = [signal for signal, each in zip(report.signals, listed, strict=True)
              if signal.status is Status.FIRING and _is_ours(each, settings)]
    return Present(frozenset(signal.key for signal in report.signals), tuple(wanted))


def _as_sent(alert: dict[str, Any], settings: Settings) -> dict[str, Any]:
    """As the vendor's own webhook says it."""
    labels = {name: value for name, value in alert["labels"].items() if not _is_private(name)}
    return {**alert, "labels": labels, "status": "firing", "orgId": settings.options.get(ORGANISATION, 1),
            "ruleUID": alert["labels"].get("__alert_rule_uid__")}


def _is_private(name: str) -> bool:
    """Grafana keeps such labels to itself."""
    return name.startswith("__") and name.endswith("__")


def _is_ours(alert: dict[str, Any], settings: Settings) -> bool:
    """Whether the sender would tell us: not what is silenced there, nor what goes to somebody else."""
    if fields(alert.get("status")).get("state") not in (None, "active"):
        return False
    receiver = settings.options.get(RECEIVER)
    named = alert.get("receivers")
    return receiver is None or not isinstance(named, list) or any(
        fields(each).get("name") == receiver for each in named)

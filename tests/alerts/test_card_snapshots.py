"""Each real body as the card it becomes, kept beside the tests: a difference is shown line by line."""

from __future__ import annotations

import os
from difflib import unified_diff
from pathlib import Path
from typing import Any

from handlers.alerts.cards import View, alert_card
from handlers.alerts.grouping import Place, sent
from handlers.alerts.lifetime import Taking
from handlers.alerts.policy import Policy
from handlers.alerts.vendors import VENDORS
from handlers.alerts.vendors.contract import Incoming, Malformed, Settings
from handlers.chat.cards import plain
from handlers.chat.wording import ENGLISH
from storage.alerting import Signal
from tests.alerts.bodies import NOON, of

KEPT = Path(__file__).parent / "snapshots" / "cards.txt"
FOLDERS = {"aws_sns": "aws_sns", "aws_eventbridge": "aws_eventbridge", "event_grid": "azure_monitor", "azure_monitor": "azure_monitor"}
SENDERS = ("alertmanager", "aws_eventbridge", "aws_sns", "azure_monitor", "cloudevents", "datadog", "event_grid", "evidently",
           "gcp_monitoring", "grafana", "mlflow", "nannyml", "pagerduty", "sentry")


def becomes(vendor: str, body: Any) -> list[str]:
    """The cards of a body's alerts, in words; or why it is none."""
    incoming = Incoming(body.method, body.headers, body.query, body.raw, body.raw, NOON)
    try:
        report = VENDORS[vendor].parse(incoming, Settings(vendor, ("secret",)))
    except Malformed as error:
        return [f"400: {error}"]
    taking = Taking("slack:T1", NOON, Policy(), {}, {})
    for signal in report.signals:
        taking.take(sent(signal, vendor, None, Place("slack:C1"), Policy()))
    found = []
    for number, alert in enumerate(taking.new_alerts, 1):
        alert.id = number
        mine = [row for row, of_alert in taking.owners if of_alert is alert]
        signals: list[Any] = [row for row in mine if not isinstance(row, Signal)]
        found.append(plain(alert_card(View(alert, signals, {}, NOON, ENGLISH))))
    return found or ["nothing to show"]


def test_every_real_body_becomes_the_card_it_became_before() -> None:
    said = []
    for vendor in SENDERS:
        for body in of(FOLDERS.get(vendor, vendor)):
            said += [f"== {body.name} as {vendor}", *(line for card in becomes(vendor, body) for line in (*card.splitlines(), ""))]
    text = "\n".join(said) + "\n"
    if os.environ.get("UPDATE_SNAPSHOTS") == "1":
        KEPT.parent.mkdir(exist_ok=True)
        KEPT.write_text(text, encoding="utf-8")
    kept = KEPT.read_text(encoding="utf-8") if KEPT.exists() else ""
    diff = "\n".join(list(unified_diff(kept.splitlines(), text.splitlines(), "as kept", "as said now", "", "", 1, ""))[:80])
    assert text == kept, f"cards look another way; if that is right, run again with UPDATE_SNAPSHOTS=1\n{diff}"

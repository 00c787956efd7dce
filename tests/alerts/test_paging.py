"""What other systems are sent: the shapes their documentation asks for, one incident an alert, no secret."""

from __future__ import annotations

import json

import pytest

from handlers.alerts import paging
from handlers.alerts.paging import Event
from storage.alerting import Alert
from tests.alerts.bodies import NOON, case


def alert(**said: object) -> Alert:
    fields: dict[str, object] = {
        "workspace_id": "slack:T1", "key": "k", "source": "prom", "name": "FeatureDrift", "title": "tenure PSI 0.31 > 0.25",
        "severity": "warning", "rank": 2, "room": "slack:C1", "opened_at": NOON, "changed_at": NOON,
        "labels": {"model": "churn-xgb", "namespace": "ml-prod"}, "notes": {"value": "0.31", "summary": ""},
        "links": [["runbook", "https://runbooks.example.org/ml/feature-drift"], ["unknown", "https://x"]]}
    made = Alert(**(fields | said))  # type: ignore[arg-type]
    made.id = 7
    return made


def test_pagerduty_gets_an_event_of_its_events_api() -> None:
    wanted = case("pagerduty/events_api_v2_outgoing_trigger").body
    sent = paging.body("pagerduty", paging.facts(Event.TRIGGER, alert()))
    assert sent.keys() == wanted.keys() - {"routing_key", "client_url"}, "the sender adds the key"
    assert sent["payload"].keys() == wanted["payload"].keys()
    assert sent["event_action"] == wanted["event_action"]
    assert sent["payload"] == {
        "summary": "churn-xgb: tenure PSI 0.31 > 0.25", "source": "prom", "severity": "warning",
        "timestamp": "2026-11-24T12:00:00Z", "component": "churn-xgb", "group": "ml-prod", "class": "FeatureDrift",
        "custom_details": {"value": "0.31", "model": "churn-xgb", "namespace": "ml-prod"}}
    assert sent["links"] == wanted["links"]


@pytest.mark.parametrize("event", [Event.ACKNOWLEDGE, Event.RESOLVE])
def test_pagerduty_hears_how_it_went_on_by_the_same_key(event: Event) -> None:
    wanted = case("pagerduty/events_api_v2_outgoing_resolve").body
    sent = paging.body("pagerduty", paging.facts(event, alert()))
    assert sent.keys() == wanted.keys() - {"routing_key"}
    assert sent == {"event_action": event.value, "dedup_key": "groundcrew/slack:T1/7"}
    assert sent["dedup_key"] == paging.body("pagerduty", paging.facts(Event.TRIGGER, alert()))["dedup_key"]


def test_opsgenie_gets_an_alert_within_its_limits() -> None:
    sent = paging.body("opsgenie", paging.facts(Event.TRIGGER, alert(title="x" * 400, severity="critical", labels={})))
    assert len(sent["message"]) == 130
    assert (sent["alias"], sent["priority"], sent["tags"]) == ("groundcrew/slack:T1/7", "P1", ["critical"])
    assert paging.body("opsgenie", paging.facts(Event.RESOLVE, alert())) == {"alias": "groundcrew/slack:T1/7", "source": "Ground Crew"}


def test_opsgenie_gets_no_more_details_than_it_takes_and_labels_before_notes() -> None:
    """8000 characters in all, as its page on the Alert API says."""
    sent = paging.body("opsgenie", paging.facts(Event.TRIGGER, alert(notes={f"n{n}": "y" * 900 for n in range(20)})))
    assert sum(len(name) + len(value) for name, value in sent["details"].items()) <= 8000
    assert list(sent["details"])[:3] == ["model", "namespace", "n0"]


def test_a_webhook_gets_the_facts_as_they_are_owed() -> None:
    facts = paging.facts(Event.TRIGGER, alert())
    assert paging.body("webhook", facts) == facts
    assert facts["links"] == [["runbook", "https://runbooks.example.org/ml/feature-drift"]], "kinds nobody knows are left out"


def test_a_huge_alert_makes_a_body_that_is_taken() -> None:
    """PagerDuty takes 512 KB."""
    huge = alert(notes={f"n{n}": "y" * 50_000 for n in range(1000)})
    assert all(len(json.dumps(paging.body(kind, paging.facts(Event.TRIGGER, huge)))) < 100_000 for kind in paging.KINDS)


def test_the_same_call_has_the_same_key_and_a_later_page_another() -> None:
    assert paging.key(alert(), Event.TRIGGER, "duty", 1) == "page:7:trigger:duty"
    assert paging.key(alert(), Event.TRIGGER, "duty", 2) == "page:7:trigger:duty:2"

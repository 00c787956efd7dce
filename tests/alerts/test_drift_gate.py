"""From a monitoring job's report to an alert or none, on both databases: windows are kept and looked back at."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from handlers.alerts.drift_gate import Deployed
from handlers.alerts.drift_policy import DriftPolicy, Retrain
from handlers.chat.cards import plain
from storage.alerting import Alert, DriftWindow, Outgoing
from storage.engine import Store
from tests.alerts.drifting import Core, report
from tests.conftest import FrozenClock

TRAINED = DriftPolicy(retrain=Retrain(target="trainer"), labels_lag=timedelta(days=7), section="step 4")
CANDIDATES = replace(TRAINED, retrain=Retrain(target="trainer", candidate_only=True))


@pytest.fixture
async def core(store: Store, clock: FrozenClock) -> Core:
    return await Core(store, clock).begin()


async def test_one_window_is_no_alert_two_in_a_row_are_and_a_good_one_ends_it(core: Core) -> None:
    core.policy = replace(TRAINED, retrain=Retrain())
    await core.window(tenure=0.31, region=0.01)
    assert await core.heads() == []
    await core.window(tenure=0.35, region=0.01)
    core.known = Deployed(retrained_at=core.clock() - timedelta(days=40))
    await core.window(tenure=0.40, region=0.01)
    (card,) = await core.heads()
    assert card.startswith("🟠 Warning · churn-xgb · 7 · production: tenure drifted\nsince 2026-11-23 08:00 UTC (3 windows) · from drift")
    for said in ("tenure  PSI 0.4 (> 0.2) ↑ was 0.35 · importance 40 %", "5,000 rows", "100,000 rows", "labels lag 7 d",
                 "candidate for retraining: drifted in 3 windows, data checks green, last retrained 40 days ago.", "Runbook, step 4"):
        assert said in card
    assert "region" not in card
    assert (await core.alert()).title == "churn-xgb: tenure drifted"
    await core.window(tenure=0.9, rows=300)
    assert "The newest window was not judged: it has too few rows." in (await core.heads())[0]
    await core.window(tenure=0.04, region=0.01)
    (card,) = await core.heads()
    assert card.startswith("✓ Resolved after 3 h 00 min: churn-xgb: tenure drifted")
    assert "PSI of tenure is 0.04 now, was 0.4" in card
    assert await core.lines() == [
        "Window to 2026-11-23 09:00 UTC: PSI of tenure 0.35, was 0.31", "Window to 2026-11-23 10:00 UTC: PSI of tenure 0.4, was 0.35",
        "Window to 2026-11-23 11:00 UTC: not judged, too few rows (300)",
        "Window to 2026-11-23 12:00 UTC: all is within limits; PSI of tenure 0.04, was 0.4"]
    assert len([card for card in await core.shown("alert-line") if card.file is not None]) == 3, "no picture of what was not judged"


async def test_the_senders_verdict_decides_neither_way(core: Core) -> None:
    for _ in range(3):
        await core.window(method="K-S p_value", tenure=0.0001, region=0.0001)
    assert await core.rows(Alert) == []
    for _ in range(2):  # one of three columns: Evidently calls that fine
        await core.window(model="other", tenure=0.31, a=0.01, b=0.01)
    assert "tenure drifted" in (await core.heads())[0]
    (day,) = await core.shown("drift-day")
    assert day.title == "Drift seen on Mon 23 Nov that is no alert"


async def test_what_is_seen_and_no_alert_is_said_once_a_day_with_the_reason(core: Core) -> None:
    await core.window(model="few", tenure=0.9, rows=412)
    await core.window(model="once", tenure=0.31)
    await core.window(model="small", noise=0.9, a=0.01, b=0.01)
    await core.window(model="p", method="K-S p_value", tenure=0.0001)
    assert await core.rows(Alert) == []
    (day,) = await core.shown("drift-day")
    assert plain(day).splitlines()[:5] == [
        "Drift seen on Mon 23 Nov that is no alert",
        "p 7 production: not judged, it came with p-values alone · let its monitor report a distance such as PSI",
        "small 7 production: PSI of noise 0.9 · of little importance to the model",
        "once 7 production: PSI of tenure 0.31 · in 1 window; it takes 2 in a row",
        "few 7 production: not judged, too few rows (412) · judging takes 1,000 rows"]


async def test_a_window_told_of_again_counts_once_and_a_late_one_changes_nothing(core: Core) -> None:
    early = report(core.clock(), tenure=0.02)
    core.clock.advance(hours=1)
    for _ in range(3):
        await core.take(report(core.clock(), tenure=0.31))
    assert await core.rows(Alert) == []
    await core.window(tenure=0.35)
    before = await core.heads()
    await core.take(early)
    assert await core.heads() == before
    assert [each.verdict for each in await core.rows(DriftWindow)] == ["drifted", "drifted", "fine"]


async def test_a_good_window_of_the_next_version_ends_the_alert(core: Core) -> None:
    await core.window(tenure=0.31)
    await core.window(tenure=0.35)
    await core.window(tenure=0.31, version="8")
    assert (await core.heads())[0].startswith("🟠"), "one bad window of another version says nothing yet"
    await core.window(tenure=0.01, version="8")
    assert (await core.heads())[0].startswith("✓ Resolved")


async def test_broken_data_is_a_page_comes_first_and_forbids_training(core: Core) -> None:
    core.policy = CANDIDATES
    for _ in range(2):
        await core.window(tenure=0.9, quality=("tenure: 40 % of values are missing",))
    (card,) = await core.heads()
    assert card.startswith("🔴 Error · churn-xgb · 7 · production: its data is broken")
    assert card.index("Data first\n⚠ tenure: 40 %") < card.index("tenure  PSI")
    assert "mend the data first, and train nothing on it." in card
    assert "Ask for retraining…" not in await core.buttons()
    assert await core.rows(Outgoing) == []


async def test_an_alarm_that_watches_by_itself_is_taken_at_its_word(core: Core) -> None:
    drift = {"model": "churn", "features": [{"name": "tenure", "method": "psi", "statistic": 0.15, "threshold": 0.1}]}
    event: dict[str, Any] = {"specversion": "1.0", "id": "1", "source": "/m", "type": "drift", "data": {
        "status": "firing", "title": "tenure drifted", "started_at": "2026-11-23T06:00:00Z", "drift": drift}}
    await core.take(event, "cloudevents")
    assert "its monitor tells no windows" in (await core.heads())[0]
    await core.take({**event, "id": "2", "data": {**event["data"], "status": "resolved", "ended_at": "2026-11-23T08:00:00Z"}}, "cloudevents")
    assert (await core.heads())[0].startswith("✓ Resolved")


async def test_a_candidate_goes_at_once_or_waits_as_the_policy_says(core: Core) -> None:
    core.policy = TRAINED
    await core.window(tenure=0.31)
    await core.window(tenure=0.31)
    (request,) = await core.rows(Outgoing)
    assert (request.next_at, request.asked_by, request.target) == (None, None, "trainer")
    assert "waits for somebody to confirm it" in (await core.heads())[0]
    assert "Confirm retraining" in await core.buttons()
    core.policy = CANDIDATES
    for _ in range(3):
        await core.window(model="free/1", tenure=0.31)
    (_, request) = await core.rows(Outgoing)
    assert request.next_at == request.made_at
    assert request.key == request.body["idempotency_key"] == "retrain:free%2F1/7/drift/2026-11-23"
    assert (request.body["reason"], request.body["windows"]) == ("Drifted in 2 windows, data checks are green: tenure", 2)
    async with core.store.begin() as session:
        request = await session.merge(request)
        request.done_at, request.next_at, request.answer = core.clock(), None, "Run r-123 was started"
    assert "Run r-123 was started" in (await core.heads())[1]


async def test_the_prediction_is_shown_within_its_limit_and_what_comes_with_p_values_is_only_counted(core: Core) -> None:
    for _ in range(2):
        core.clock.advance(hours=1)
        body = report(core.clock(), tenure=0.31, prediction=0.12)
        p_value = report(core.clock(), method="K-S p_value", region=0.0001)["report"]["metrics"]
        await core.take({**body, "report": {"metrics": [*body["report"]["metrics"], *p_value]}})
    (card,) = await core.heads()
    assert "\nPrediction: PSI 0.12 (limit 0.2) = was 0.12\n" in card
    assert "1 feature was flagged by a p-value, which alone decides nothing" in card

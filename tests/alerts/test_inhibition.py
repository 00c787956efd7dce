"""What one alert holds back of others: kept, counted on its card, and shown if it outlasts it. Never a page."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from handlers.alerts.holding import exact, holds, is_held_by, matches
from handlers.alerts.inhibition_policy import Inhibition
from storage.alerting import Alert, AlertState, Inhibitor
from tests.alerts.held import Held
from tests.alerts.stage import one
from tests.features.mornings import counted
from tests.rules.make import NOW, WORKSPACE

RULES = Inhibition().rules
RANKS = {"critical": 0, "error": 1, "warning": 2, "info": 3}


def alert(name: str, severity: str = "warning", pilot_id: int | None = None, **labels: str) -> Alert:
    return Alert(workspace_id=WORKSPACE, key=name, source="prom", name=name, title=name, severity=severity, rank=RANKS[severity],
                 room="slack:C1", opened_at=NOW, changed_at=NOW, labels=labels, pilot_id=pilot_id)


def held(target: Alert, by: Alert) -> bool:
    return not holds(by, RULES).isdisjoint(is_held_by(target, RULES))


DOWN = alert("EndpointDown", "critical", model="churn", env="prod")


@pytest.mark.parametrize(("target", "by", "is_held"), [
    (alert("FeatureDrift", model="churn", env="prod"), DOWN, True),
    (alert("data_drift_info", "info", model="churn", env="prod"), DOWN, True),
    (alert("FeatureDrift", model="churn", env="test"), DOWN, False),
    (alert("FeatureDrift", model="churn"), DOWN, False),
    (alert("FeatureDrift", model="fraud", env="prod"), DOWN, False),
    (alert("LatencyHigh", model="churn", env="prod"), DOWN, False),
    (alert("FeatureDrift", "critical", model="churn", env="prod"), DOWN, False),
    (alert("FeatureDrift", "error", model="churn", env="prod"), DOWN, False),
    (alert("FeatureDrift", env="prod"), alert("Down", "critical", env="prod"), False),
    (alert("FeatureDrift", model="churn", env="prod"), alert("Slow", "error", model="churn", env="prod"), False),
    (alert("FeatureDrift", service="api"), alert("Down", "critical", service="api"), True)])
def test_a_critical_alert_holds_back_drift_of_the_same_model_or_service_and_no_page(target: Alert, by: Alert, is_held: bool) -> None:
    assert held(target, by) is is_held
    assert not held(by, target)


@pytest.mark.parametrize(("matchers", "pilot", "does"), [
    ({"name": "Drift"}, None, True), ({"name": "drift"}, None, False), ({"name": "~Dr.*", "model": "churn"}, None, True),
    ({"model": "chur"}, None, False), ({"source": "prom", "severity": "warning"}, None, True), ({"env": "prod"}, None, False),
    ({"name": "Drift"}, 7, True), ({"name": "Drift"}, 8, False), ({"name": "Drift", "pilot": ""}, None, False),
    ({"name": exact("~Drift")}, None, False), ({"name": "~("}, None, False)])
def test_a_silence_matches_where_every_label_does(matchers: dict[str, str], pilot: int | None, does: bool) -> None:
    assert matches(alert("Drift", pilot_id=7, model="churn"), matchers, pilot) is does


async def test_what_is_held_back_is_counted_and_shown_only_if_it_outlasts_what_held_it(held: Held) -> None:
    where = {"model": "churn", "env": "prod"}
    await held.take(one("FeatureDrift", **where), one("EndpointDown", severity="critical", **where))
    assert len(held.said()) == 1, "also where both come in one report"
    await held.take(one("LabelDrift", **where), one("TargetDrift", **where))
    [card] = held.said()
    assert "Holds back 3 alerts" in card
    await held.take(one("LabelDrift", status="resolved", **where))
    assert "Holds back 2 alerts" in held.said()[0]
    await held.take(one("TargetDrift", severity="critical", **where))
    assert "Holds back 1 alert," in held.said()[0]
    assert held.said()[1].startswith("🔴 Critical: TargetDrift"), "a page is never held back"
    await held.take(*(one(name, severity="critical", status="resolved", **where) for name in ("EndpointDown", "TargetDrift")))
    await held.ticked()
    await held.ticked()
    assert sorted(card[:10] for card in held.said()) == ["✓ Resolved", "✓ Resolved", "🟠 Warning:"]
    await held.tick.forget()
    async with held.store.reading() as session:
        assert (await session.scalars(select(Inhibitor.alert_id))).all() == [], "what is over holds nothing"


async def test_what_is_shown_already_stays_and_another_holder_takes_over(held: Held) -> None:
    await held.take(one("FeatureDrift", model="churn"))
    await held.take(one("EndpointDown", severity="critical", model="churn"))
    await held.take(one("QueueFull", severity="critical", model="churn"))
    await held.take(one("LabelDrift", model="churn"))
    assert [("Drift" in card, "Holds back 1" in card) for card in held.said()] == [(True, False), (False, True), (False, False)]
    await held.take(one("EndpointDown", severity="critical", model="churn", status="resolved"))
    await held.ticked()
    assert "LabelDrift" not in "".join(held.said())
    async with held.store.reading() as session:
        by = {row.name: row for row in await session.scalars(select(Alert))}
        assert (by["LabelDrift"].inhibited_by, by["LabelDrift"].state) == (by["QueueFull"].id, AlertState.OPEN)


async def test_a_storm_says_what_its_members_hold_back(held: Held) -> None:
    await held.take(*(one(f"Down{n}", severity="critical", model=f"m{n}", fingerprint=f"f{n}") for n in range(5)))
    await held.take(*(one("FeatureDrift", model=f"m{n}") for n in range(5)))
    [storm] = [card for card in held.said() if "Storm" in card]
    assert re.search(r"Holds back 4 alerts", storm)
    assert not any("Drift" in card for card in held.said())


async def test_a_report_asks_once_about_all_that_may_hold_it_back(held: Held) -> None:
    await held.take(one("EndpointDown", severity="critical", model="m1"))
    with counted(held.store) as asked:
        await held.take(*(one(f"{kind}Drift", model=f"m{n}") for n in range(32) for kind in "AB"), show=False)
    assert sum("FROM silence" in each for each in asked) == 1
    assert sum("inhibitor" in each for each in asked) == 1, "in the same query; nothing new holds anything back"
    assert sum("HAVING" in each for each in asked) == 1, "and once, after it, about labels that change each time"

"""A real run of Evidently on generated data, as a user's job would post it: `make e2e`, not the usual suite.

Evidently is an optional extra (`e2e` in pyproject.toml): it brings pandas and half of the scientific stack.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from handlers.alerts.drift_policy import DriftPolicy
from handlers.alerts.drift_rules import Act, Past, Verdict, decide, judge
from handlers.alerts.signals import Drift, Status
from handlers.alerts.vendors import VENDORS
from tests.alerts.asking import said

evidently = pytest.importorskip("evidently", reason=(
    "Evidently is not installed, so its real reports were not tried: pip install 'evidently>=0.7.23' 'pandas<3'."))
numpy = pytest.importorskip("numpy")
pandas = pytest.importorskip("pandas")
pytestmark = pytest.mark.filterwarnings("default")  # Evidently's and pandas' own warnings are theirs

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
POLICY = DriftPolicy()


def data(rows: int, seed: int, shift: float = 0.0) -> Any:
    """Customers; `shift` is in standard deviations of tenure."""
    rng = numpy.random.default_rng(seed)
    return pandas.DataFrame({
        "tenure": rng.normal(24 + 12 * shift, 12, rows), "charge": rng.normal(60, 15, rows), "calls": rng.poisson(2, rows),
        "region": rng.choice(["north", "south", "east"], rows, p=[0.5, 0.3, 0.2])})


def reported(current: Any, reference: Any, at: datetime, **options: Any) -> tuple[Status, Drift]:
    """What Evidently itself says of it, and what it measured, taken out of its own JSON."""
    from evidently import Report
    from evidently.presets import DataDriftPreset
    run = Report([DataDriftPreset(**options)]).run(current, reference)
    body = {"model": "churn", "version": "7", "environment": "production", "importance": {"tenure": 0.5},
            "report": json.loads(run.json()), "reference": {"rows": len(reference)},
            "current": {"begins": (at - timedelta(hours=1)).isoformat(), "ends": at.isoformat(), "rows": len(current)}}
    (signal,) = said(VENDORS["evidently"], body).signals
    assert signal.drift is not None
    return signal.status, signal.drift


def test_a_shift_by_three_quarters_of_a_deviation_is_an_alert_after_two_windows() -> None:
    reference = data(20_000, 1)
    past: list[Past] = []
    found: list[tuple[Act, int]] = []
    for number in range(3):
        at = NOON + timedelta(hours=number)
        _, drift = reported(data(5_000, 10 + number, 0.75), reference, at, method="psi")
        judged = judge(drift, POLICY)
        assert [each.feature.name for each in judged.findings] == ["tenure"]
        decision = decide(judged, past, at, POLICY, is_open=number > 1)
        found.append((decision.act, decision.windows))
        past.insert(0, Past(at, judged.verdict, judged.marks, judged.methods))
    assert found == [(Act.HOLD, 1), (Act.FIRE, 2), (Act.FIRE, 3)]


@pytest.mark.parametrize("seed", range(5))
def test_data_that_did_not_change_is_fine_by_every_method(seed: int) -> None:
    for options in ({"method": "psi"}, {"num_method": "wasserstein", "cat_method": "jensenshannon"}, {"method": "jensenshannon"}):
        _, drift = reported(data(2_000, 100 + seed), data(20_000, 1), NOON, **options)
        assert judge(drift, POLICY).verdict is Verdict.FINE, options


def test_a_report_of_p_values_alone_decides_nothing_whatever_evidently_says() -> None:
    """Its default for references of up to a thousand rows."""
    status, drift = reported(data(1_000, 3, 0.1), data(1_000, 1), NOON, drift_share=0.25)
    assert all(not each.more_is_worse for each in drift.features)
    assert judge(drift, POLICY).verdict is Verdict.NO_DISTANCES
    assert status in (Status.FIRING, Status.RESOLVED)


def test_a_thin_window_is_said_to_be_too_few_where_evidently_cries_wolf() -> None:
    _, drift = reported(data(200, 5), data(20_000, 1), NOON, method="jensenshannon")
    assert judge(drift, POLICY).verdict is Verdict.TOO_FEW_ROWS
    wolves = [each for each in drift.features if each.statistic > POLICY.limits["jensen_shannon"]]
    print(f"unchanged, 200 rows: beyond 0.1 by Jensen-Shannon: {[(each.name, round(each.statistic, 3)) for each in wolves]}")

"""The section `drift` of the alert policy: what stands in the file is what runs, and faults say what to write."""

from __future__ import annotations

from datetime import time, timedelta

import pytest

from bot.library import File, alert_policies_of
from handlers.alerts.drift_policy import DriftPolicy, Retrain
from handlers.alerts.signals import Drift
from handlers.fields import FileErrors


def read(text: str) -> DriftPolicy:
    whole = "schema: 1\npolicy: alerts\ndrift:\n" + "\n".join(f"  {line}" for line in text.strip().splitlines())
    return alert_policies_of(File("alerts.yaml", whole)).drift


def test_the_defaults_of_the_file_are_those_of_the_code() -> None:
    assert alert_policies_of(None).drift == DriftPolicy()
    assert dict(DriftPolicy().limits) == {"psi": 0.2, "wasserstein": 0.25, "jensen_shannon": 0.1, "hellinger": 0.15}


def test_what_an_admin_writes_goes_over_it_and_the_rest_stays() -> None:
    policy = read("""
limits: {psi: 0.3}
min_rows: 500
labels_lag_days: 7
digest_at: "07:30"
rollback: [Point the alias at 6, "Watch: errors"]
retrain: {target: trainer, cool_down_days: 14}
quality_floor: {roc_auc: 0.75}
""")
    assert (policy.limits["psi"], policy.limits["hellinger"], policy.min_rows, policy.windows) == (0.3, 0.15, 500, 2)
    assert (policy.labels_lag, policy.digest_at) == (timedelta(days=7), time(7, 30))
    assert policy.rollback == ("Point the alias at 6", "Watch: errors")
    assert policy.retrain == Retrain("trainer", cool_down=timedelta(days=14))
    assert policy.quality_floor == {"roc_auc": 0.75}


def test_the_first_model_that_fits_counts_and_takes_what_it_leaves_out_from_above() -> None:
    policy = read("""
min_rows: 2000
models:
  pricing: {match: {model: "pricing-.*", environment: prod}, page_on_drift: true, retrain: {candidate_only: true}}
  others: {match: {model: ".*"}, windows: 3}
""")
    pricing, other = policy.of(Drift("pricing-eu", environment="prod")), policy.of(Drift("pricing-eu"))
    assert (pricing.page_on_drift, pricing.retrain.candidate_only, pricing.windows, pricing.min_rows) == (True, True, 2, 2000)
    assert (other.page_on_drift, other.windows, other.min_rows) == (False, 3, 2000)


@pytest.mark.parametrize(("text", "said"), [
    ("limits: {psi: lots}", "write a number from 0 to 100"), ("limits: {psj: 0.2}", "write `psi`"),
    ("min_rows: 0", "whole number from 1"), ("importance: 3", "number from 0 to 1"),
    ("retrain: {target: 'My Trainer'}", "write the name of a target"), ("window: 3", "write `windows`"),
    ("models: {a: {windows: 3}}", "add `match"), ("models: {a: {match: {model: '(('}}}", "no regular expression"),
    ("page_on_drift: maybe", "`true` or `false`"), ("models: [a]", "takes keys of its own"),
])
def test_a_fault_says_where_it_is_and_what_to_write(text: str, said: str) -> None:
    with pytest.raises(FileErrors) as caught:
        read(text)
    assert any(said in fault.text and fault.line == 4 for fault in caught.value.faults), caught.value

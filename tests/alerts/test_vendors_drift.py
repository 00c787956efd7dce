"""Evidently, NannyML, whylogs: reports of their real releases, as a user's job posts them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from handlers.alerts.signals import Drift, Feature, Link, Severity, Signal, Status, Window
from handlers.alerts.vendors import VENDORS
from handlers.alerts.vendors.contract import Malformed, NotGenuine
from tests.alerts.asking import SECRET, request, said, source
from tests.alerts.bodies import case

EVIDENTLY = {name: case(f"evidently/drift_preset_{name}").body
             for name in ("none", "drifted", "psi_thresholds_drifted", "with_tests_none")}
ENVELOPE = {"project": "churn", "model": "churn-xgb", "version": 7, "environment": "production",
            "current": {"begins": "2026-11-23", "ends": "2026-11-24T00:00:00Z", "rows": 1000}, "reference": {"rows": 5000}}


def one(vendor: str, body: Any, **options: Any) -> Signal:
    (signal,) = said(VENDORS[vendor], body, **options).signals
    return signal


def drift(signal: Signal) -> Drift:
    assert signal.drift is not None
    return signal.drift


def feature(signal: Signal, name: str, method: str | None = None) -> Feature:
    return next(each for each in drift(signal).features if each.name == name and method in (None, each.method))


def evidently(name: str, **more: Any) -> Signal:
    return one("evidently", {**ENVELOPE, "report": EVIDENTLY[name], **more})


class TestEvidently:
    def test_drift_by_the_reports_own_share_fires_with_all_numbers(self) -> None:
        signal = evidently("drifted")
        assert (signal.status, signal.title) == (Status.FIRING, "churn-xgb: 5 of 6 columns drifted")
        assert signal.labels == {"project": "churn", "model": "churn-xgb", "version": "7", "environment": "production"}
        found = drift(signal)
        assert (found.version, found.share) == ("7", pytest.approx(5 / 6))
        assert found.current == Window(datetime(2026, 11, 23, tzinfo=UTC), datetime(2026, 11, 24, tzinfo=UTC), 1000)
        assert found.reference == Window(rows=5000)
        assert [each.name for each in found.features] == ["tenure_months", "monthly_charge", "support_calls", "contract", "region"]
        assert found.prediction is not None
        assert found.prediction.statistic == pytest.approx(1.2241554841493768e-136)

    def test_of_a_p_value_less_is_worse_and_of_a_distance_more(self) -> None:
        p_value, psi = (feature(evidently(each), "region") for each in ("drifted", "psi_thresholds_drifted"))
        assert (p_value.method, p_value.threshold, p_value.more_is_worse, p_value.is_drifted) == ("chi-square p_value", 0.05, False, True)
        assert (psi.method, psi.threshold, psi.more_is_worse, psi.is_drifted) == ("psi", 0.25, True, False)
        assert feature(evidently("psi_thresholds_drifted"), "contract").is_drifted

    def test_the_next_report_without_drift_resolves_the_same_condition_in_a_new_version(self) -> None:
        good = evidently("none", version="8")
        assert good.status is Status.RESOLVED
        assert good.key == evidently("drifted").key

    def test_models_environments_and_suites_are_conditions_of_their_own(self) -> None:
        others = [{"model": "other"}, {"environment": "staging"}, {"project": "p"}, {"suite": "nightly"}]
        assert len({evidently("drifted", **each).key for each in ({}, *others)}) == 5

    def test_a_failed_test_outweighs_the_share(self) -> None:
        signal = evidently("with_tests_none", suite="nightly")
        assert (signal.status, signal.name) == (Status.FIRING, "nightly")
        assert signal.title == "churn-xgb: 2 of 7 tests failed; 2 of 6 columns drifted"
        assert signal.notes["summary"] == "Value Drift for column tenure_months; Value Drift for column prediction"
        assert drift(signal).quality == ()

    def test_tests_that_all_pass_resolve_and_a_skipped_one_says_nothing(self) -> None:
        tests = [{**each, "status": "SUCCESS"} for each in EVIDENTLY["with_tests_none"]["tests"]]
        report = {**EVIDENTLY["with_tests_none"], "tests": [*tests, {**tests[0], "status": "SKIPPED"}]}
        signal = evidently("none", report=report)
        assert (signal.status, signal.title) == (Status.RESOLVED, "churn-xgb: none of 7 tests failed; none of 6 columns drifted")

    def test_a_failed_test_of_something_else_is_about_the_data(self) -> None:
        broken = {"id": "eq", "name": "Missing values of tenure", "description": "Missing values of tenure: 120, must be 0",
                  "metric_config": {"metric_id": "m", "params": {"type": "evidently:metric_v2:MissingValueCount"}}, "status": "FAIL"}
        signal = evidently("none", report={"metrics": EVIDENTLY["none"]["metrics"], "tests": [broken]})
        assert signal.status is Status.FIRING
        assert drift(signal).quality == ("Missing values of tenure: 120, must be 0",)

    def test_a_score_that_is_not_a_number_is_about_the_data(self) -> None:
        metrics = [{**each, "value": float("nan")} if "tenure" in each["metric_name"] else each for each in EVIDENTLY["none"]["metrics"]]
        found = drift(evidently("none", report={"metrics": metrics}))
        assert found.quality == ("tenure_months: its drift could not be computed",)
        assert "tenure_months" not in [each.name for each in found.features]

    def test_a_bare_report_is_of_the_model_the_admin_named_or_of_the_source(self) -> None:
        assert drift(one("evidently", EVIDENTLY["drifted"], model="churn-xgb", environment="production")).environment == "production"
        assert drift(one("evidently", EVIDENTLY["drifted"])).model == "source"

    def test_a_report_without_configuration_is_read_by_its_metrics_names(self) -> None:
        bare = [{"metric_id": each["metric_name"], "value": each["value"]} for each in EVIDENTLY["drifted"]["metrics"]]
        assert drift(evidently("drifted", report={"metrics": bare})) == drift(evidently("drifted"))

    def test_a_report_in_text_weights_and_links_are_understood(self) -> None:
        signal = evidently("drifted", report=json.dumps(EVIDENTLY["drifted"]), importance={"region": 0.1, "contract": 7}, prediction="region",
                           severity="critical", url="https://reports.example/1", runbook_url="https://wiki.example/drift")
        assert drift(signal).prediction == Feature("region", "chi-square p_value", 0.03985163606406753, 0.05, False, True, 0.1)
        assert feature(signal, "contract").importance is None
        assert signal.links == ((Link.REPORT, "https://reports.example/1"), (Link.RUNBOOK, "https://wiki.example/drift"))
        assert signal.severity is Severity.CRITICAL

    @pytest.mark.parametrize(("body", "says"), [
        ([], "no object"), ({}, "metrics"), ({"report": {"metrics": 1}}, "metrics"), ({"report": "x"}, "not JSON"),
        ({"report": {"metrics": [{"metric_name": "DriftedColumnsCount(drift_share=0.5)", "value": None}]}}, "neither"),
        ({"report": {"metrics": []}}, "neither metrics of drift nor tests")])
    def test_another_body_is_refused(self, body: Any, says: str) -> None:
        with pytest.raises(Malformed, match=says):
            said(VENDORS["evidently"], body)


CHUNKS = case("nannyml/univariate_drift_chunks").body


class TestNannyML:
    def test_the_last_chunk_is_judged_and_the_one_before_says_what_was(self) -> None:
        signal = one("nannyml", {**ENVELOPE, "chunks": CHUNKS})
        assert (signal.status, signal.title) == (Status.FIRING, "churn-xgb: 2 of 3 columns drifted")
        tenure = feature(signal, "tenure_months", "wasserstein")
        assert (tenure.statistic, tenure.threshold, tenure.was) == (12.3128178561, 1.7668870753, 13.5238973729)
        assert (tenure.more_is_worse, tenure.is_drifted) == (True, True)
        assert not feature(signal, "monthly_charge", "wasserstein").is_drifted

    def test_chi_squared_has_a_verdict_without_a_threshold(self) -> None:
        chi2 = feature(one("nannyml", CHUNKS), "contract", "chi2")
        assert (chi2.threshold, chi2.is_drifted) == (None, True)

    def test_the_window_is_the_chunks_own_with_its_rows(self) -> None:
        found = drift(one("nannyml", {**ENVELOPE, "chunks": [{**CHUNKS[0], "chunk_period": "reference"}, *CHUNKS[1:]]}))
        assert found.current.rows == found.reference.rows == 500
        assert found.reference.begins == datetime(2026, 10, 1, tzinfo=UTC)
        assert found.current.ends is not None
        assert found.current.ends.isoformat()[:10] == CHUNKS[-1]["chunk_end_date"][:10]

    def test_a_chunk_without_a_flag_resolves_and_the_reference_is_never_judged(self) -> None:
        calm = {name: False if name.endswith("_alert") else value for name, value in CHUNKS[0].items()}
        loud = {**CHUNKS[-1], "chunk_period": "reference"}
        assert one("nannyml", [CHUNKS[-1], calm, loud]).status is Status.RESOLVED

    def test_below_its_lower_bound_less_is_worse(self) -> None:
        (roc,) = drift(one("nannyml", [{"estimated_roc_auc_value": 0.7, "estimated_roc_auc_upper_threshold": 0.99,
                                        "estimated_roc_auc_lower_threshold": 0.8, "estimated_roc_auc_alert": True}])).features
        assert (roc.name, roc.threshold, roc.more_is_worse, roc.is_drifted) == ("estimated_roc_auc", 0.8, False, True)

    @pytest.mark.parametrize("body", [7, {}, [], [[]], [{"chunk_key": 1}], [{**CHUNKS[0], "chunk_period": "reference"}]])
    def test_another_body_is_refused(self, body: Any) -> None:
        with pytest.raises(Malformed):
            said(VENDORS["nannyml"], body)


WHYLOGS = case("whylogs/drift_scores_and_constraints").body


class TestWhylogs:
    def test_scores_and_broken_constraints(self) -> None:
        signal = one("whylogs", {**ENVELOPE, **WHYLOGS})
        assert (signal.status, signal.title) == (Status.FIRING, "churn-xgb: 1 of 2 columns drifted; 1 broken constraint")
        assert feature(signal, "tenure") == Feature("tenure", "ks p-value", 2.717405781629867e-61, 0.05, False, True)
        assert drift(signal).quality == ("tenure mean between 20 and 28 (inclusive)",)

    def test_possible_drift_is_none(self) -> None:
        scores = {"tenure": {**WHYLOGS["drift_scores"]["tenure"], "drift_category": "POSSIBLE_DRIFT"}}
        assert one("whylogs", {"drift_scores": scores}).status is Status.RESOLVED

    @pytest.mark.parametrize("body", [[], {}, {"drift_scores": 1}, {"drift_scores": {}}, {"drift_scores": {"a": None}}])
    def test_another_body_is_refused(self, body: Any) -> None:
        with pytest.raises(Malformed):
            said(VENDORS["whylogs"], body)


@pytest.mark.parametrize("vendor", ["evidently", "nannyml", "whylogs"])
def test_the_sources_secret_proves_them(vendor: str) -> None:
    VENDORS[vendor].check(request({}, headers={"Authorization": f"Bearer {SECRET}"}), source("new", SECRET))
    for headers in ({}, {"Authorization": "Bearer wrong"}):
        with pytest.raises(NotGenuine):
            VENDORS[vendor].check(request({}, headers=headers), source())

"""What a window of a model's data comes to, and what follows from several: table and properties."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handlers.alerts.drift_measures import method_of
from handlers.alerts.drift_policy import DriftPolicy, Retrain
from handlers.alerts.drift_rules import Act, Decision, Past, Reason, Verdict, decide, judge
from handlers.alerts.signals import Drift, Feature, Window

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
POLICY = DriftPolicy()
FINE, BAD = 0.05, 0.31


def feature(name: str = "tenure", statistic: float = BAD, method: str = "psi", **more: object) -> Feature:
    return Feature(name, method, statistic, **more)  # type: ignore[arg-type]


def drift(*features: Feature, rows: int | None = 5000, reference: int | None = 50_000, quality: tuple[str, ...] = (),
          prediction: Feature | None = None) -> Drift:
    return Drift("churn", "7", "prod", Window(rows=rows), Window(rows=reference), features, prediction, quality)


def follow(*windows: Drift, policy: DriftPolicy = POLICY, retrained_at: datetime | None = None) -> list[Decision]:
    """The decision after each of these windows, told of one after the other."""
    past: list[Past] = []
    decisions: list[Decision] = []
    is_open = False
    for number, window in enumerate(windows):
        at = NOON + timedelta(hours=number)
        judged = judge(window, policy)
        decision = decide(judged, past, at, policy, is_open=is_open, retrained_at=retrained_at)
        is_open = decision.act is Act.FIRE or (is_open and decision.act is Act.HOLD)
        past.insert(0, Past(at, judged.verdict, judged.marks, judged.methods))
        decisions.append(decision)
    return decisions


def acts(*windows: Drift, policy: DriftPolicy = POLICY) -> list[tuple[Act, Reason]]:
    return [(each.act, each.reason) for each in follow(*windows, policy=policy)]


BAD_ONE, GOOD_ONE = drift(feature()), drift(feature(statistic=FINE))
FEW = drift(feature(), rows=412)
BROKEN = drift(feature(), quality=("tenure: 40 % nulls, was 1 %",))
FIRED, ENDED = (Act.FIRE, Reason.SUSTAINED), (Act.END, Reason.FINE)
HELD = (Act.HOLD, Reason.SINGLE_WINDOW)


@pytest.mark.parametrize(("window", "verdict"), [
    (GOOD_ONE, Verdict.FINE), (BAD_ONE, Verdict.DRIFTED), (FEW, Verdict.TOO_FEW_ROWS), (BROKEN, Verdict.BROKEN_DATA),
    (drift(feature(), rows=999), Verdict.TOO_FEW_ROWS), (drift(feature(), rows=1000), Verdict.DRIFTED),
    (drift(feature(), reference=400), Verdict.TOO_FEW_ROWS),
    (drift(feature(), rows=None, reference=None), Verdict.DRIFTED),
    (drift(feature(statistic=0.2)), Verdict.FINE), (drift(feature(statistic=0.201)), Verdict.DRIFTED),
    (drift(feature(method="Wasserstein distance (normed)", statistic=0.26)), Verdict.DRIFTED),
    (drift(feature(method="Jensen-Shannon distance", statistic=0.09, threshold=0.05, is_drifted=True)), Verdict.FINE),
    (drift(feature(method="hellinger", statistic=0.2)), Verdict.DRIFTED),
    (drift(feature(method="wasserstein", statistic=40.0, threshold=50.0)), Verdict.FINE),  # in the column's own unit
    (drift(feature(method="wasserstein", statistic=60.0, threshold=50.0, is_drifted=True)), Verdict.DRIFTED),
    (drift(feature(method="K-S p_value", statistic=0.0, more_is_worse=False, is_drifted=True)), Verdict.NO_DISTANCES),
    (drift(), Verdict.NO_DISTANCES),
])
def test_the_verdict_of_one_window(window: Drift, verdict: Verdict) -> None:
    assert judge(window, POLICY).verdict is verdict


@pytest.mark.parametrize(("windows", "expected"), [
    ([BAD_ONE], [HELD]),
    ([BAD_ONE, BAD_ONE], [HELD, FIRED]),
    ([BAD_ONE, GOOD_ONE, BAD_ONE], [HELD, ENDED, HELD]),
    ([BAD_ONE, BAD_ONE, GOOD_ONE], [HELD, FIRED, ENDED]),
    ([BAD_ONE, FEW, BAD_ONE], [HELD, (Act.HOLD, Reason.TOO_FEW_ROWS), FIRED]),
    ([BAD_ONE, BAD_ONE, FEW], [HELD, FIRED, (Act.HOLD, Reason.TOO_FEW_ROWS)]),
    ([BAD_ONE, drift(feature("region"))], [HELD, HELD]),                                    # another feature
    ([BAD_ONE, drift(feature(method="jensenshannon"))], [HELD, (Act.HOLD, Reason.METHOD_CHANGED)]),
    ([BAD_ONE, BAD_ONE, drift(feature(method="jensenshannon"))], [HELD, FIRED, (Act.HOLD, Reason.METHOD_CHANGED)]),
    ([drift(feature(importance=0.01))] * 3, [(Act.HOLD, Reason.LOW_IMPORTANCE)] * 3),
    ([BROKEN], [(Act.FIRE, Reason.BROKEN_DATA)]),
    ([BROKEN, BAD_ONE], [(Act.FIRE, Reason.BROKEN_DATA), HELD]),
    ([BROKEN, GOOD_ONE], [(Act.FIRE, Reason.BROKEN_DATA), ENDED]),
    ([drift(feature(statistic=FINE), prediction=feature("prediction", 1.2))], [(Act.FIRE, Reason.COLLAPSE)]),
    ([drift(feature(statistic=FINE), prediction=feature("prediction", 0.3))] * 2, [HELD, FIRED]),
])
def test_what_follows_from_windows_in_a_row(windows: list[Drift], expected: list[tuple[Act, Reason]]) -> None:
    assert acts(*windows) == expected


def test_many_unimportant_features_together_are_drift() -> None:
    weak = [feature(f"f{n}", importance=0.01) for n in range(3)]
    fine = [feature(f"g{n}", FINE, importance=0.3) for n in range(3)]
    assert acts(drift(*weak, *fine), drift(*weak, *fine)) == [HELD, FIRED]
    assert acts(drift(*weak[:2], *fine), drift(*weak[:2], *fine))[1] == (Act.HOLD, Reason.LOW_IMPORTANCE)


def test_what_matters_is_fine_again_though_something_small_drifts() -> None:
    small = drift(feature(statistic=FINE, importance=0.4), feature("noise", importance=0.01), feature("x", FINE))
    assert acts(BAD_ONE, BAD_ONE, small)[-1] == ENDED


def test_closing_may_take_as_many_good_windows_as_an_admin_says() -> None:
    careful = replace(POLICY, good_windows=2)
    assert acts(BAD_ONE, BAD_ONE, GOOD_ONE, GOOD_ONE, policy=careful)[2:] == [(Act.HOLD, Reason.NOT_YET_GOOD), ENDED]
    assert acts(BAD_ONE, BAD_ONE, GOOD_ONE, BAD_ONE, GOOD_ONE, policy=careful)[-1] == (Act.HOLD, Reason.NOT_YET_GOOD)


def test_a_complaint_about_a_column_of_little_weight_is_no_page_and_still_forbids_training() -> None:
    window = drift(feature(importance=0.4), feature("noise", FINE, importance=0.01), quality=("noise: 80 % nulls",))
    last = follow(window, window)[-1]
    assert (last.act, last.is_page, last.is_retrain_candidate) == (Act.FIRE, False, False)


def test_a_complaint_about_a_column_that_is_gone_is_a_page() -> None:
    decision = follow(drift(feature(statistic=FINE), quality=("income: column is missing",)))[0]
    assert (decision.reason, decision.is_page) == (Reason.BROKEN_DATA, True)


def test_a_model_below_its_floor_is_a_page_at_once_whatever_its_inputs_do() -> None:
    policy = replace(POLICY, quality_floor={"roc_auc": 0.75})
    bad, good = (drift(feature(statistic=FINE), Feature("roc_auc", "roc_auc", said)) for said in (0.70, 0.80))
    decision = follow(bad, policy=policy)[0]
    assert (decision.reason, decision.is_page) == (Reason.QUALITY_FLOOR, True)
    assert acts(bad, good, policy=policy)[-1] == ENDED


def test_drift_of_a_model_that_decides_on_rights_or_money_is_a_page() -> None:
    decision = follow(BAD_ONE, BAD_ONE, policy=replace(POLICY, page_on_drift=True))[-1]
    assert (decision.reason, decision.is_page) == (Reason.EFFECT, True)


@pytest.mark.parametrize(("days", "is_candidate"), [(None, True), (40, True), (7, True), (6, False)])
def test_it_is_a_candidate_for_retraining_only_after_the_cool_down(days: int | None, is_candidate: bool) -> None:
    last = NOON + timedelta(hours=1)
    trained = last - timedelta(days=days) if days is not None else None
    assert follow(BAD_ONE, BAD_ONE, retrained_at=trained)[-1].is_retrain_candidate is is_candidate


def test_retraining_may_take_more_windows_than_an_alert() -> None:
    decisions = follow(*[BAD_ONE] * 3, policy=replace(POLICY, retrain=Retrain(windows=3)))
    assert [each.is_retrain_candidate for each in decisions] == [False, False, True]


def test_broken_data_between_two_bad_windows_forbids_training_and_does_not_count() -> None:
    last = follow(BAD_ONE, BROKEN, BAD_ONE)[-1]
    assert (last.windows, last.is_retrain_candidate) == (2, False)


def test_since_is_the_end_of_the_first_window_of_the_row() -> None:
    decision = follow(GOOD_ONE, BAD_ONE, BAD_ONE, BAD_ONE)[-1]
    assert (decision.windows, decision.since) == (3, NOON + timedelta(hours=1))


@pytest.mark.parametrize(("method", "known"), [
    ("psi", "psi"), ("PSI", "psi"), ("Wasserstein distance (normed)", "wasserstein"), ("wasserstein", None), ("jensenshannon", "jensen_shannon"),
    ("Jensen-Shannon distance", "jensen_shannon"), ("kolmogorov_smirnov", "kolmogorov_smirnov"), ("hellinger", "hellinger"), ("mmd", None)])
def test_methods_are_known_by_the_names_that_tools_give_them(method: str, known: str | None) -> None:
    assert method_of(feature(method=method)) == known


# ---- properties ------------------------------------------------------------------------------------------------------

numbers = st.floats(0, 5, allow_nan=False)
p_values = st.builds(Feature, st.sampled_from("abcde"), st.sampled_from(["K-S p_value", "chi-square p_value", "Z-test p-value"]),
                     st.floats(0, 1), st.just(0.05), st.just(False), st.booleans())
distances = st.builds(Feature, st.sampled_from("abcde"), st.sampled_from(["psi", "jensenshannon", "mmd"]), numbers, st.just(0.1), st.just(True),
                      st.booleans(), st.none() | st.floats(0, 1))
row_counts = st.none() | st.integers(0, 10**6)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.lists(p_values, max_size=4), min_size=1, max_size=4))
def test_a_p_value_alone_never_alerts(reports: list[list[Feature]]) -> None:
    assert {each.act for each in follow(*(drift(*features) for features in reports))} <= {Act.HOLD}


@settings(max_examples=20, deadline=None)
@given(st.lists(st.lists(distances, max_size=4), min_size=1, max_size=4), st.integers(0, 999))
def test_too_few_rows_say_so_instead_of_alerting(reports: list[list[Feature]], rows: int) -> None:
    decisions = follow(*(drift(*features, rows=rows) for features in reports))
    assert {(each.act, each.reason) for each in decisions} == {(Act.HOLD, Reason.TOO_FEW_ROWS)}


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.lists(distances, min_size=1, max_size=3), row_counts, st.booleans()), min_size=1, max_size=5))
def test_nothing_is_trained_on_broken_data_and_one_bad_window_never_alerts(windows: list[tuple[list[Feature], int | None, bool]]) -> None:
    said = [drift(*features, rows=rows, quality=("a schema is broken",) if is_broken else ()) for features, rows, is_broken in windows]
    decisions = follow(*said)
    for window, decision in zip(said, decisions, strict=True):
        if window.quality:
            assert decision.reason is Reason.BROKEN_DATA
            assert not decision.is_retrain_candidate
        elif decision.act is Act.FIRE:
            assert decision.windows >= 2
            assert decision.reason is Reason.SUSTAINED
    assert not decisions[0].is_retrain_candidate


@settings(max_examples=20, deadline=None)
@given(st.lists(st.lists(distances, min_size=1, max_size=4), min_size=2, max_size=4))
def test_windows_measured_by_different_methods_are_not_compared(reports: list[list[Feature]]) -> None:
    named = [drift(*(replace(each, method=f"own measure {number}") for each in features)) for number, features in enumerate(reports)]
    assert all(each.act is not Act.FIRE for each in follow(*named))

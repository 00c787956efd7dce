"""Airflow and Kubeflow Pipelines: how a run ended."""

from __future__ import annotations

from typing import Any

import pytest

from handlers.alerts.signals import Link, Severity, Signal, Status
from handlers.alerts.vendors import VENDORS
from handlers.alerts.vendors.contract import Malformed, NotGenuine
from tests.alerts.asking import SECRET, request, said, source

AIRFLOW = {"dag_id": "retrain", "task_id": "train", "map_index": -1, "run_id": "scheduled__2026-11-24", "state": "failed",
           "try_number": 3, "log_url": "https://airflow.example/log?x=1", "exception": "out of memory", "model": "churn-xgb"}
KUBEFLOW = {"pipeline": "retrain-churn", "namespace": "ml", "run_id": "run-1", "phase": "Failed", "error": "OOMKilled", "url": "https://kf.example/#/runs/run-1"}


def one(vendor: str, body: Any) -> Signal:
    (signal,) = said(VENDORS[vendor], body).signals
    return signal


def test_a_failed_task_fires_with_its_log_and_the_next_run_that_succeeds_resolves_it() -> None:
    failed = one("airflow", AIRFLOW)
    assert (failed.status, failed.severity, failed.title) == (Status.FIRING, Severity.ERROR, "Airflow: retrain.train (try 3) failed")
    assert failed.labels == {"dag": "retrain", "task": "train", "model": "churn-xgb"}
    assert failed.notes == {"summary": "out of memory", "run": "scheduled__2026-11-24", "attempt": "3"}
    assert failed.links == ((Link.SOURCE, "https://airflow.example/log?x=1"),)
    better = one("airflow", AIRFLOW | {"state": "TaskInstanceState.SUCCESS", "run_id": "scheduled__2026-11-25", "try_number": 1})
    assert (better.status, better.key, better.title) == (Status.RESOLVED, failed.key, "Airflow: retrain.train succeeded")


def test_one_part_of_a_mapped_task_does_not_resolve_another() -> None:
    assert len({one("airflow", AIRFLOW | {"map_index": part}).key for part in (-1, 0, 1)}) == 3


def test_a_run_of_the_whole_dag_is_a_condition_of_its_own() -> None:
    whole = one("airflow", {"dag_id": "retrain", "state": "failed"})
    assert whole.title == "Airflow: retrain failed"
    assert whole.key != one("airflow", AIRFLOW).key


@pytest.mark.parametrize("state", ["up_for_retry", "upstream_failed", "skipped", "running"])
def test_what_is_retried_or_was_never_tried_says_nothing(state: str) -> None:
    assert said(VENDORS["airflow"], AIRFLOW | {"state": state}).signals == ()


@pytest.mark.parametrize(("phase", "status"), [
    ("Failed", Status.FIRING), ("FAILED", Status.FIRING), ("Error", Status.FIRING), ("Succeeded", Status.RESOLVED), ("SUCCEEDED", Status.RESOLVED)])
def test_a_pipeline_fires_and_resolves_in_the_words_of_either_version(phase: str, status: Status) -> None:
    signal = one("kubeflow", KUBEFLOW | {"phase": phase, "run_id": phase})
    assert (signal.status, signal.key) == (status, one("kubeflow", KUBEFLOW).key)
    assert signal.labels == {"pipeline": "retrain-churn", "namespace": "ml"}
    assert signal.notes["summary"] == "OOMKilled"


def test_a_cancelled_run_is_no_failure() -> None:
    assert said(VENDORS["kubeflow"], KUBEFLOW | {"phase": "CANCELED"}).signals == ()


def test_a_pipeline_of_the_same_name_elsewhere_is_another() -> None:
    assert len({one("kubeflow", KUBEFLOW | more).key for more in ({}, {"namespace": "other"}, {"step": "train"})}) == 3


@pytest.mark.parametrize(("vendor", "body", "says"), [
    ("airflow", [], "no object"), ("airflow", {"state": "failed"}, "dag_id"), ("airflow", AIRFLOW | {"state": "odd"}, "state.*odd"), ("airflow", AIRFLOW | {"state": None}, "state.*nothing"),
    ("kubeflow", 7, "no object"), ("kubeflow", {"phase": "Failed"}, "pipeline"), ("kubeflow", KUBEFLOW | {"phase": {}}, "phase.*nothing")])
def test_another_body_is_refused(vendor: str, body: Any, says: str) -> None:
    with pytest.raises(Malformed, match=says):
        said(VENDORS[vendor], body)


@pytest.mark.parametrize("vendor", ["airflow", "kubeflow"])
def test_the_sources_secret_proves_them(vendor: str) -> None:
    VENDORS[vendor].check(request({}, query={"token": SECRET}), source("new", SECRET))
    for query in ({}, {"token": "wrong"}):
        with pytest.raises(NotGenuine):
            VENDORS[vendor].check(request({}, query=query), source())

"""A report of Evidently 0.7, bare or in the envelope of `comparison` as its `report`.

Whether something is wrong is the report's own verdict: of its tests where it has any (one that fails is
enough), else of the share of drifted columns, else of any column. Columns are known by name, not by
Evidently's hash of the metric, which changes with the method; and the method changes with the size of the
reference.
Source: https://docs.evidentlyai.com/docs/library/output_formats
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from handlers.alerts.signals import Drift, Feature, Signal
from handlers.alerts.vendors import comparison, proving
from handlers.alerts.vendors.contract import Incoming, Malformed, Report, Settings, Vendor
from handlers.alerts.vendors.values import clean, fields, number, read_json, text

DRIFT_SHARE = 0.5
"""Evidently's own, where a report does not name it."""
_NAME = re.compile(r"ValueDrift\(column=(?P<column>.*?)(,method=(?P<method>[^=]*?))?"
                   r"(,threshold=(?P<threshold>[^,=]*))?\)")
_BAD = ("FAIL", "ERROR")


def parse(incoming: Incoming, settings: Settings) -> Report:
    """Raises Malformed."""
    body = read_json(incoming.body)
    if not isinstance(body, dict):
        raise Malformed("The body is no object with a report of Evidently 0.7 in it.")
    report = body.get("report", body)
    if isinstance(report, str):  # `report.json()` as it is
        report = read_json(report.encode())
    metrics = report.get("metrics") if isinstance(report, dict) else None
    if not isinstance(metrics, list):
        raise Malformed("The body is no report of Evidently 0.7: it has no list `metrics`; this source's "
                        "setup shows what to send.")
    about = comparison.read(body, settings)
    return Report((_signal(about, _objects(metrics), _objects(report.get("tests"))),))


def _objects(value: object) -> list[dict[str, Any]]:
    found = value if isinstance(value, list) else []
    return [each for each in found[:comparison.COLUMNS] if isinstance(each, dict)]


def _signal(about: comparison.Envelope, metrics: list[dict[str, Any]], tests: list[dict[str, Any]]) -> Signal:
    judged = [each for each in tests if _status(each) not in ("", "SKIPPED")]
    failed = [each for each in judged if _status(each) in _BAD]
    verdicts = {_metric(each): _status(each) in _BAD for each in judged}
    features = list(_features(about, metrics, verdicts))
    count = next((each for each in metrics if _is_a(each, "DriftedColumnsCount")), None)
    if not features and not judged and _share(count) is None:  # nothing judged is nothing over
        raise Malformed("The report has neither metrics of drift nor tests: add DataDriftPreset() to it.")
    found = comparison.drift(about, features, share=_share(count), quality=_quality(metrics, tests))
    drifted, of = comparison.columns(features)
    in_columns = comparison.counted(drifted, of)
    if judged:
        what = f"{len(failed) or 'none'} of {len(judged)} tests failed" + (f"; {in_columns}" if of else "")
        return comparison.signal(about, found, bool(failed), what, summary=_names(failed))
    return comparison.signal(about, found, _is_drifted(found, count, drifted), in_columns)


def _is_drifted(found: Drift, count: Mapping[str, Any] | None, drifted: int) -> bool:
    if found.share is None:
        return drifted > 0
    bound = number(_config(count or {}).get("drift_share"))
    return found.share >= (DRIFT_SHARE if bound is None else bound)


def _features(about: comparison.Envelope, metrics: list[dict[str, Any]],
              verdicts: Mapping[str, bool]) -> Iterator[Feature]:
    for metric in metrics:
        statistic = _value(metric)
        if _is_a(metric, "ValueDrift") and statistic is not None:
            said = _said(metric)
            column, method = _column(metric), text(said.get("method")) or "unknown"
            threshold, is_p_value = number(said.get("threshold")), comparison.is_p_value(method)
            known = verdicts.get(name) if (name := text(metric.get("id"))) else None
            yield Feature(
                column, method, statistic, threshold, more_is_worse=not is_p_value,
                is_drifted=known if known is not None else _is_beyond(statistic, threshold, is_p_value),
                importance=about.importance.get(column))


def _is_beyond(statistic: float, threshold: float | None, is_p_value: bool) -> bool:
    return threshold is not None and (statistic < threshold if is_p_value else statistic >= threshold)


def _said(metric: Mapping[str, Any]) -> Mapping[str, Any]:
    """Column, method and threshold; older releases have them in the metric's name alone."""
    found = _NAME.match(_title(metric))
    return {**(found.groupdict() if found else {}), **_config(metric)}


def _column(metric: Mapping[str, Any]) -> str:
    return text(_said(metric).get("column")) or "unnamed column"


def _quality(metrics: list[dict[str, Any]], tests: list[dict[str, Any]]) -> Iterator[str]:
    """What failed that is not drift, and columns for which there was nothing to compare."""
    for metric in metrics:
        if _is_a(metric, "ValueDrift") and _value(metric) is None:
            yield f"{_column(metric)}: its drift could not be computed"
    for test in tests:
        if _status(test) in _BAD and not re.search(r"\b(ValueDrift|DriftedColumnsCount)\b", _about(test)):
            yield clean(test.get("description") or test.get("name") or "a test without a name failed", 300)


def _names(tests: list[dict[str, Any]]) -> str | None:
    return "; ".join(clean(each.get("name"), 100) for each in tests[:10] if each.get("name")) or None


def _is_a(metric: Mapping[str, Any], kind: str) -> bool:
    named = text(_config(metric).get("type")).rpartition(":")[2]
    return named == kind or _title(metric).startswith(f"{kind}(")


def _title(metric: Mapping[str, Any]) -> str:
    return text(metric.get("metric_name"), 500) or text(metric.get("metric_id"), 500)


def _config(metric: Mapping[str, Any]) -> Mapping[str, Any]:
    return fields(metric.get("config"))


def _value(metric: Mapping[str, Any]) -> float | None:
    found = metric.get("value")
    return number(found.get("value") if isinstance(found, dict) else found)


def _share(count: Mapping[str, Any] | None) -> float | None:
    return number(fields((count or {}).get("value")).get("share"))


def _status(test: Mapping[str, Any]) -> str:
    return test["status"][:40].rpartition(".")[2].upper() if isinstance(test.get("status"), str) else ""


def _of_metric(test: Mapping[str, Any]) -> Mapping[str, Any]:
    return fields(test.get("metric_config"))


def _metric(test: Mapping[str, Any]) -> str:
    return text(_of_metric(test).get("metric_id"))


def _about(test: Mapping[str, Any]) -> str:
    return text(fields(_of_metric(test).get("params")).get("type"))


VENDOR = Vendor(
    "evidently", "Evidently", proving.by_token, parse, options=comparison.OPTIONS,
    setup="""import httpx, json
from evidently import Report
from evidently.presets import DataDriftPreset

def tell(current, reference):  # two data frames with a column `at`; call it after each window
    run = Report([DataDriftPreset(method="psi")]).run(current, reference)
    span = {"begins": str(current["at"].min()), "ends": str(current["at"].max()), "rows": len(current)}
    body = {"project": "churn", "model": "churn-xgb", "version": "7", "environment": "production",
            "report": json.loads(run.json()), "current": span, "reference": {"rows": len(reference)}}
    httpx.post("ADDRESS", json=body, headers={"Authorization": "Bearer SECRET"}).raise_for_status()
Also understood: suite, url, runbook_url, severity, prediction (its column), importance {column: 0..1}.""")

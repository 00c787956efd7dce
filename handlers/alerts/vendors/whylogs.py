"""Drift scores and constraints of whylogs, in the envelope of `comparison`, under the names they have there.

A score is a p-value where the method has one, with the bound below which whylogs itself speaks of drift;
"possible drift" is none. A failed constraint is a complaint about the data.
Source: https://whylogs.readthedocs.io/en/latest/examples/advanced/Drift_Algorithm_Configuration.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from handlers.alerts.signals import Feature
from handlers.alerts.vendors import comparison, proving
from handlers.alerts.vendors.contract import Incoming, Malformed, Report, Settings, Vendor
from handlers.alerts.vendors.values import clean, fields, number, read_json, text


def parse(incoming: Incoming, settings: Settings) -> Report:
    """Raises Malformed."""
    body = read_json(incoming.body)
    envelope = fields(body)
    scores, constraints = envelope.get("drift_scores"), envelope.get("constraints_report")
    if not isinstance(scores, dict) and not isinstance(constraints, list):
        raise Malformed("The body has neither an object `drift_scores` nor a list `constraints_report` of "
                        "whylogs.")
    about = comparison.read(envelope, settings)
    features = list(_features(about, fields(scores)))
    broken = list(_broken(constraints if isinstance(constraints, list) else []))
    if not features and not constraints:  # nothing judged is nothing over
        raise Malformed("The body has neither a drift score nor a constraint in it.")
    drifted, of = comparison.columns(features)
    many = f"; {len(broken)} broken constraint{'s' if broken[1:] else ''}" if broken else ""
    found = comparison.drift(about, features, quality=broken, share=drifted / of if of else None)
    return Report((comparison.signal(about, found, bool(drifted or broken),
                                     comparison.counted(drifted, of) + many),))


def _features(about: comparison.Envelope, scores: Mapping[str, Any]) -> Iterator[Feature]:
    for name, score in list(scores.items())[:comparison.COLUMNS]:
        if not isinstance(score, dict):
            continue
        p_value, statistic = number(score.get("pvalue")), number(score.get("statistic"))
        value = statistic if p_value is None else p_value
        if value is not None:
            column, is_p_value = text(name) or "unnamed", p_value is not None
            method = text(score.get("algorithm")) or "unknown"
            yield Feature(
                column, f"{method} p-value" if is_p_value else method, value,
                _bound(score.get("thresholds"), is_p_value=is_p_value), more_is_worse=not is_p_value,
                is_drifted=score.get("drift_category") == "DRIFT", importance=about.importance.get(column))


def _bound(thresholds: object, *, is_p_value: bool) -> float | None:
    """Of the stretch that is drift, the end that lies towards no drift."""
    stretch = fields(thresholds).get("DRIFT")
    if not isinstance(stretch, list) or len(stretch) != 2:
        return None
    return number(stretch[1 if is_p_value else 0])


def _broken(constraints: list[Any]) -> Iterator[str]:
    for each in constraints[:comparison.COLUMNS]:
        if isinstance(each, dict) and (number(each.get("failed")) or 0) > 0:
            yield clean(each.get("name") or "a constraint without a name", 300)


VENDOR = Vendor(
    "whylogs", "whylogs", proving.by_token, parse, options=comparison.OPTIONS,
    setup="""import httpx
from whylogs.viz.drift.column_drift_algorithms import calculate_drift_scores

def tell(current, reference, constraints):  # two views of profiles, and constraints that are built
    body = {"model": "churn-xgb", "version": "7", "environment": "production",
            "drift_scores": calculate_drift_scores(current, reference, with_thresholds=True),
            "constraints_report": [{"name": each.name, "passed": each.passed, "failed": each.failed}
                                   for each in constraints.generate_constraints_report()]}
    httpx.post("ADDRESS", json=body, headers={"Authorization": "Bearer SECRET"}).raise_for_status()
Also understood: project, suite, url, runbook_url, severity, prediction (its column), importance.""")

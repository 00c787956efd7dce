"""A comparison of a model's data with its reference, as a user's own job posts it.

Evidently, NannyML and whylogs send nothing of themselves. Their reports come in an envelope of ours that
says what they do not: which model, which data. Everything in it may be missing::

    {"project": "churn", "model": "churn-xgb", "version": "7", "environment": "production",
     "suite": "nightly", "current": {"begins": "2026-11-23", "ends": "2026-11-24", "rows": 48210},
     "reference": {"rows": 100000}, "importance": {"tenure": 0.4}, "prediction": "score",
     "url": "https://...", "runbook_url": "https://...", "severity": "error"}
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from handlers.alerts.signals import Drift, Feature, Link, Severity, Signal, Status, Window
from handlers.alerts.vendors.contract import Settings
from handlers.alerts.vendors.values import (
    LABEL,
    clean,
    fields,
    identity,
    labels,
    links,
    moment,
    notes,
    number,
    severity,
    text,
    title,
)

COLUMNS = 2000
"""At most so many columns of one report."""
QUALITY = 50
"""At most so many complaints about the data itself."""
OPTIONS = {
    "project": "the project, where a report does not say it",
    "model": "the model's name, where a report does not say it; else it is called as the source is",
    "environment": "the environment, where a report does not say it",
}
_P_VALUE = re.compile(r"p[_ -]?value", re.IGNORECASE)
_P_VALUED = frozenset(("ks", "chisquare", "z", "anderson", "fisher_exact", "cramer_von_mises", "g_test",
                       "g-test", "mannw", "es", "t_test", "empirical_mmd", "tvd"))
_PREDICTIONS = frozenset({"prediction", "predictions", "y_pred", "y_pred_proba"})


@dataclass(frozen=True, slots=True)
class Envelope:
    """What surrounds a report."""

    model: str
    project: str | None
    version: str | None
    environment: str | None
    suite: str | None
    current: Window
    reference: Window
    importance: Mapping[str, float]
    predictions: frozenset[str]
    severity: Severity
    links: tuple[tuple[Link, str], ...]


def read(body: Mapping[str, Any], settings: Settings) -> Envelope:
    """Of what is missing or of another kind, nothing is known."""
    def said(name: str) -> str | None:
        return text(body.get(name)) or text(settings.options.get(name)) or None

    given = body.get("prediction")
    predictions = {text(each) for each in (given if isinstance(given, list) else [given])[:COLUMNS]}
    return Envelope(
        model=said("model") or clean(settings.source, LABEL) or "model", project=said("project"),
        version=said("version"), environment=said("environment"), suite=said("suite"),
        current=window(body.get("current")), reference=window(body.get("reference")),
        importance=dict(_weights(fields(body.get("importance")))),
        predictions=frozenset(filter(None, predictions)) or _PREDICTIONS,
        severity=severity(body.get("severity")),
        links=links((Link.REPORT, body.get("url")), (Link.RUNBOOK, body.get("runbook_url"))))


def _weights(found: Mapping[str, Any]) -> Iterable[tuple[str, float]]:
    for name, value in list(found.items())[:COLUMNS]:
        if (weight := number(value)) is not None and 0 <= weight <= 1:
            yield clean(name, LABEL), weight


def window(value: object) -> Window:
    said = fields(value)
    return Window(moment(said.get("begins")), moment(said.get("ends")), rows(said.get("rows")))


def rows(value: object) -> int | None:
    found = number(value)
    return int(found) if found is not None and 0 <= found < 2**53 else None


def is_p_value(method: str) -> bool:
    """Of a p-value less is worse, of a distance more; Evidently has both in one report."""
    return method.lower() in _P_VALUED or _P_VALUE.search(method) is not None


def drift(about: Envelope, features: Iterable[Feature], *, quality: Iterable[str] = (),
          share: float | None = None, current: Window | None = None, reference: Window | None = None
          ) -> Drift:
    """`features` with their weights, and what of them is the prediction apart."""
    found = list(features)[:COLUMNS]
    prediction = next((each for each in found if each.name in about.predictions), None)
    said = [clean(each, 300) for each in quality][:QUALITY]
    return Drift(
        about.model, about.version, about.environment,
        current or about.current, reference or about.reference,
        tuple(each for each in found if each is not prediction), prediction, tuple(filter(None, said)),
        share if share is not None and 0 <= share <= 1 else None)


def signal(about: Envelope, found: Drift, is_bad: bool, what: str, **said: object) -> Signal:
    """The one condition of a project, model, environment and suite; the next report without fault ends it."""
    return Signal(
        key=identity(about.project or "", about.model, about.environment or "", about.suite or ""),
        status=Status.FIRING if is_bad else Status.RESOLVED, name=about.suite or "data drift",
        title=title(f"{about.model}: {what}", what), severity=about.severity,
        labels=labels({"project": about.project, "model": about.model, "version": about.version,
                       "environment": about.environment, "suite": about.suite}),
        notes=notes(**said), links=about.links, drift=found)


def columns(features: Iterable[Feature]) -> tuple[int, int]:
    """How many of the columns have drifted, by any method, and how many there are."""
    verdicts: dict[str, bool] = {}
    for each in features:
        verdicts[each.name] = verdicts.get(each.name, False) or each.is_drifted
    return sum(verdicts.values()), len(verdicts)


def counted(drifted: int, of: int) -> str:
    if not of:
        return "no column was compared"
    return f"{drifted or 'none'} of {of} column{'s' if of > 1 else ''} drifted"

"""How a window of drift is kept: as JSON, with no more of its columns than somebody will look at."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from hashlib import sha256
from typing import Any, Final

from handlers.alerts.drift_measures import mark_of
from handlers.alerts.drift_rules import JUDGED, Decision, Judged, Past, Reason, Verdict
from handlers.alerts.signals import Drift, Feature, Signal, Status, Window
from storage.alerting import DriftWindow

KEPT: Final = 20
"""Columns that are kept whole, the heaviest first."""
FIGURES: Final = 200
"""Columns of which the bare figure is kept, so that the next window can say what it was."""
_NAME: Final = 200


@dataclass(frozen=True, slots=True)
class Worst:
    """The feature that had drifted furthest while it was an alert, then and in the newest window."""

    name: str
    method: str
    then: float
    now: float | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """The drift of an alert, as its newest window left it."""

    drift: Drift
    reason: Reason
    verdict: Verdict
    windows: int
    since: datetime | None
    at: datetime
    """The end of the window."""
    window_id: int
    is_retrain_candidate: bool = False
    limits: Mapping[str, float] = field(default_factory=dict)
    """By mark: what a feature may not exceed, where that is known."""
    drifted: frozenset[str] = frozenset()
    """Marks of the features that are beyond their limit."""
    retrained_at: datetime | None = None
    worst: Worst | None = None
    """What it was about, with what that is now."""


def lineage(source: str, signal: Signal) -> str:
    """What windows are compared with each other: one condition of one version of a model."""
    assert signal.drift is not None
    drift = signal.drift
    whole = [source, condition(signal), drift.model, drift.version or "", drift.environment or ""]
    return sha256("\x00".join(whole).encode()).hexdigest()[:32]


def condition(signal: Signal) -> str:
    """What its sender reports of again and again; what merely happens has a key of its own each time."""
    if signal.status is not Status.EVENT or signal.drift is None:
        return signal.key
    return "\x00".join([signal.name, signal.drift.model, signal.drift.environment or ""])


def is_alarm(signal: Signal) -> bool:
    """Its sender keeps watch by itself, tells when it begins and when it ends, and reports no windows."""
    if signal.drift is None or signal.drift.current != Window() or signal.status is Status.EVENT:
        return False
    return signal.started_at is not None or signal.ended_at is not None


def figure_key(feature: Feature) -> str:
    """By what its figure is kept: safe in a path of JSON, whatever the column is called."""
    return sha256(mark_of(feature).encode()).hexdigest()[:16]


def with_former(drift: Drift, figures: Mapping[str, float]) -> Drift:
    """`drift` with what each figure was in the window before, where its sender does not say."""
    def put(feature: Feature) -> Feature:
        return feature if feature.was is not None else replace(feature, was=figures.get(figure_key(feature)))

    prediction = put(drift.prediction) if drift.prediction is not None else None
    return replace(drift, features=tuple(map(put, drift.features)), prediction=prediction)


def ordered(drift: Drift, judged: Judged) -> list[Feature]:
    """The columns beyond their limits first, the heaviest before the others; then by importance."""
    first = [each.feature for each in judged.findings if each.feature is not drift.prediction]
    known = set(map(mark_of, first))
    rest = [each for each in drift.features if mark_of(each) not in known]
    return first + sorted(rest, key=lambda each: (-(each.importance or 0), each.name))


def window_json(drift: Drift, judged: Judged, decision: Decision) -> dict[str, Any]:
    """What is kept of a window."""
    shown = ordered(drift, judged)
    figured = [*([drift.prediction] if drift.prediction is not None else []), *shown][:FIGURES]
    if judged.verdict not in JUDGED:
        figured = []  # what could not be judged is no course either
    return {
        "report": report_json(replace(drift, features=tuple(shown[:KEPT]))),
        "figures": {figure_key(each): each.statistic for each in figured},
        "marks": sorted(judged.marks), "methods": sorted(judged.methods), "reason": decision.reason.value,
        "windows": decision.windows, "drifted": sorted(each.mark for each in judged.findings)[:FIGURES],
        "limits": {each.mark: each.limit for each in judged.findings[:KEPT] if each.limit is not None},
        "heaviest": [each.mark for each in judged.findings[:1]], "rows": judged.rows}


def past_of(row: DriftWindow) -> Past:
    kept = row.drift
    return Past(row.at, Verdict(row.verdict), frozenset(kept.get("marks", ())),
                frozenset(kept.get("methods", ())))


def report_json(drift: Drift) -> dict[str, Any]:
    return {"model": drift.model[:_NAME], "version": drift.version, "environment": drift.environment,
            "current": _window_json(drift.current), "reference": _window_json(drift.reference),
            "features": [asdict(each) for each in drift.features],
            "prediction": asdict(drift.prediction) if drift.prediction is not None else None,
            "quality": list(drift.quality), "share": drift.share}


def report_of(kept: Mapping[str, Any]) -> Drift:
    prediction = kept.get("prediction")
    return Drift(kept["model"], kept["version"], kept["environment"], _window_of(kept["current"]),
                 _window_of(kept["reference"]), tuple(Feature(**each) for each in kept["features"]),
                 Feature(**prediction) if prediction is not None else None, tuple(kept["quality"]),
                 kept["share"])


def worst_of(drift: Drift | None, row: DriftWindow, before: Standing | None) -> Worst | None:
    """While something is beyond its limit, the heaviest of that; then what was, with what it has become."""
    figures: Mapping[str, float] = row.drift["figures"]
    measured = [each for each in (*drift.features, drift.prediction) if each is not None] if drift else []
    for mark in row.drift["heaviest"]:
        found = next((each for each in measured if mark_of(each) == mark), None)
        if found is not None:
            return Worst(found.name, found.method, found.statistic, found.statistic)
    former = before.worst if before is not None else None
    if former is None:
        return None
    return replace(former, now=figures.get(figure_key(Feature(former.name, former.method, former.then))))


def standing_json(row: DriftWindow, decision: Decision, since: datetime | None, retrained_at: datetime | None,
                  worst: Worst | None) -> dict[str, Any]:
    """What an alert keeps of its newest window."""
    return {"window": row.id, "at": row.at.isoformat(), "verdict": row.verdict,
            "reason": decision.reason.value, "windows": decision.windows,
            "since": since.isoformat() if since is not None else None,
            "candidate": decision.is_retrain_candidate,
            "retrained_at": retrained_at.isoformat() if retrained_at is not None else None,
            "worst": asdict(worst) if worst is not None else None,
            **{name: row.drift[name] for name in ("report", "limits", "drifted")}}


def standing_of(kept: Mapping[str, Any]) -> Standing:
    return Standing(
        report_of(kept["report"]), Reason(kept["reason"]), Verdict(kept["verdict"]), kept["windows"],
        _moment(kept["since"]), datetime.fromisoformat(kept["at"]), kept["window"], kept["candidate"],
        dict(kept["limits"]), frozenset(kept["drifted"]), _moment(kept["retrained_at"]),
        Worst(**kept["worst"]) if kept["worst"] is not None else None)


def _moment(kept: str | None) -> datetime | None:
    return datetime.fromisoformat(kept) if kept is not None else None


def _window_json(window: Window) -> list[Any]:
    return [each.isoformat() if each is not None else None for each in (window.begins, window.ends)] + [
        window.rows]


def _window_of(kept: Iterable[Any]) -> Window:
    begins, ends, rows = kept
    return Window(_moment(begins), _moment(ends), rows)

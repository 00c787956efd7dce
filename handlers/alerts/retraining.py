"""What a request for retraining is: its name, of which there is one a day, and its body."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from urllib.parse import quote

from handlers.alerts.drift_values import Standing, report_json
from handlers.alerts.signals import Drift

PREFIX = "retrain:"
KIND = "retrain"
CAUSE = "drift"


def key_of(drift: Drift, day: date, cause: str = CAUSE) -> str:
    """``retrain:<model>/<version>/<cause>/<day>``: the same twice is done once."""
    return f"{of_model(drift.model)}{_safe(drift.version or '')}/{_safe(cause)}/{day.isoformat()}"


def of_model(model: str) -> str:
    """How the names of all requests for a model begin."""
    return f"{PREFIX}{_safe(model)}/"


def body_of(standing: Standing, alert_id: int, why: str, now: datetime,
            asked_by: str | None) -> dict[str, Any]:
    """What is sent; documented in docs/alerts-drift.md. `asked_by` None: the bot, by its policy."""
    drift = standing.drift
    report = report_json(drift)
    return {
        "event": "retraining.requested", "idempotency_key": key_of(drift, now.date()), "model": drift.model,
        "version": drift.version, "environment": drift.environment, "cause": CAUSE, "reason": why,
        "alert": alert_id, "windows": standing.windows,
        "since": standing.since.isoformat() if standing.since is not None else None,
        "requested_at": now.isoformat(), "requested_by": asked_by,
        "current": _window(report["current"]), "reference": _window(report["reference"]),
        "features": [{name: each[name] for name in ("name", "method", "statistic", "importance")}
                     for each in report["features"][:5]]}


def _window(kept: list[Any]) -> dict[str, Any]:
    return dict(zip(("begins", "ends", "rows"), kept, strict=True))


def _safe(name: str) -> str:
    return quote(name, safe="")[:200]

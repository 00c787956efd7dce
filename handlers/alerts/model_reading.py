"""What MLflow's registry says of a model: which version is the champion, and when it was last trained.

Source: https://mlflow.org/docs/latest/rest-api.html
"""

from __future__ import annotations

import json
from collections.abc import Generator
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode

from handlers.alerts.outward_calls import Answered, Call
from handlers.alerts.outward_rules import in_short
from handlers.alerts.pull_policy import Reading
from handlers.alerts.pull_rules import Unreadable
from handlers.alerts.vendors.values import clean, fields, moment, rows

_API: Final = "/api/2.0/mlflow"


Asking = Generator[Call, Answered, dict[str, Any]]


def asked(reading: Reading, headers: dict[str, str], now: datetime) -> Asking:
    """Gives calls, is handed their answers, and ends with what `storage.pulls.latest` gives out.

    Raises Unreadable.
    """
    query = urlencode({"name": reading.model, "alias": reading.alias})
    version = fields(_read((yield _get(reading, f"/registered-models/alias?{query}", headers)))
                     .get("model_version"))
    if not version.get("version"):
        raise Unreadable(f"{reading.model} has no version with the alias {reading.alias}")
    number = clean(version.get("run_id") or "", 100)
    ended = None
    if number:
        run = fields(_read((yield _get(reading, f"/runs/get?{urlencode({'run_id': number})}", headers)))
                     .get("run"))
        ended = _end(run)
        experiment = clean(fields(run.get("info")).get("experiment_id") or "", 100)
        if experiment:
            found = rows(_read((yield _search(reading, experiment, headers))).get("runs"))
            newest = _end(fields(found[0])) if found else None
            ended = max((each for each in (ended, newest) if each is not None), default=None)
    return {"model": reading.model, "alias": reading.alias, "version": clean(version["version"], 40),
            "run_id": number, "tags": _tags(version),
            "last_retrain_at": ended.isoformat() if ended is not None else None, "asked_at": now.isoformat()}


def after(before: dict[str, Any], found: dict[str, Any], now: datetime) -> dict[str, Any]:
    """With when the alias was seen to move to this version, which the registry does not keep."""
    if not before:
        return {**found, "deployed_at": None}
    has_moved = before.get("version") != found["version"]
    return {**found, "deployed_at": now.isoformat() if has_moved else before.get("deployed_at")}


def _get(reading: Reading, path: str, headers: dict[str, str]) -> Call:
    return Call("GET", f"{reading.url}{_API}{path}", headers)


def _search(reading: Reading, experiment: str, headers: dict[str, str]) -> Call:
    """For the newest run that ended well."""
    body = {"experiment_ids": [experiment], "max_results": 1, "order_by": ["attributes.end_time DESC"],
            "filter": "attributes.status = 'FINISHED'"}
    return Call("POST", f"{reading.url}{_API}/runs/search", {**headers, "content-type": "application/json"},
                json.dumps(body).encode())


def _read(got: Answered) -> dict[str, Any]:
    """Raises Unreadable."""
    if got.is_fine:
        return got.read()
    code = clean(got.read().get("error_code") or got.status, 60)
    raise Unreadable(f"{code}: {in_short(got.body) or 'no reason given'}")


def _end(run: dict[str, Any]) -> datetime | None:
    """When a run ended; one that runs still has not."""
    return moment(fields(run.get("info")).get("end_time"))


def _tags(version: dict[str, Any]) -> dict[str, str]:
    found = [fields(each) for each in rows(version.get("tags"))[:20]]
    return {clean(each.get("key") or "", 100): clean(each.get("value") or "", 200) for each in found}

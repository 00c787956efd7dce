"""Alerts that Prometheus sends itself, as to the ``POST /api/v2/alerts`` of an Alertmanager.

Prometheus repeats every firing alert about once a minute, each time with an `endsAt` some minutes ahead; it
is over once that moment passes without another. What it knows to be over it sends with an `endsAt` that has
passed.
Source: https://prometheus.io/docs/alerting/latest/alerts_api/
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from hashlib import sha256

from pydantic import BaseModel, Field

from handlers.alerts.signals import Link, Signal, Status
from handlers.alerts.vendors import proving, reconciling
from handlers.alerts.vendors.contract import Incoming, Malformed, Report, Settings, Vendor
from handlers.alerts.vendors.values import (
    SIGNALS,
    fields,
    labels,
    links,
    moment,
    notes,
    read_as,
    read_json,
    severity,
    title,
)

RESOLVE_TIMEOUT = timedelta(minutes=5)
"""How long an alert without an end lasts, as in an Alertmanager nobody has configured."""
AHEAD = timedelta(minutes=2)
"""A start this far ahead of our clock is noted."""

Plain = str | int | float | bool | None


class _Alert(BaseModel):
    labels: dict[str, Plain] = Field(min_length=1)
    annotations: object = None
    startsAt: object = None
    endsAt: object = None
    generatorURL: object = None


class _Body(BaseModel):
    alerts: list[_Alert] = Field(max_length=SIGNALS)


def parse(incoming: Incoming, _settings: Settings) -> Report:
    """Raises Malformed."""
    body = read_as(_Body, {"alerts": read_json(incoming.body)}, "list of alerts of Prometheus")
    return Report(tuple(_signal(each, incoming.at) for each in body.alerts))


def _signal(alert: _Alert, at: datetime) -> Signal:
    starts, ends = moment(alert.startsAt), moment(alert.endsAt)
    if starts and ends and ends < starts:
        raise Malformed("An alert's endsAt lies before its startsAt; is the clock of the sender right?")
    said, about = labels(alert.labels), fields(alert.annotations)
    name = said.get("alertname", "unnamed alert")
    is_over = ends is not None and ends <= at
    return Signal(
        key=_key(alert.labels), status=Status.RESOLVED if is_over else Status.FIRING, name=name,
        title=title(about.get("summary") or about.get("title"), name),
        severity=severity(said.get("severity")), labels=said,
        notes=notes(**{each: about.get(each) for each in ("summary", "description", "value")},
                    clock=_clock(starts, at)),
        links=links((Link.RUNBOOK, about.get("runbook_url")), (Link.DASHBOARD, about.get("dashboard_url")),
                    (Link.SOURCE, alert.generatorURL)),
        started_at=starts or min(at, ends or at), ended_at=ends if is_over else None,
        lapses_at=None if is_over else ends or at + RESOLVE_TIMEOUT)


def _key(said: dict[str, Plain]) -> str:
    """Over all labels and the whole of each; one with an empty value is none, as in Prometheus.

    Raises Malformed.
    """
    kept = sorted((name, str(value)) for name, value in said.items() if value not in (None, ""))
    if not kept:
        raise Malformed("An alert has no labels, by which alone it could be known again.")
    return sha256(json.dumps(kept).encode()).hexdigest()


def _clock(starts: datetime | None, at: datetime) -> str | None:
    if starts is None or starts - at <= AHEAD:
        return None
    return f"The sender's clock is {(starts - at) // timedelta(minutes=1)} minutes ahead of ours."


VENDOR = Vendor(
    "prometheus", "Prometheus", proving.by_token, parse, options=reconciling.OPTIONS,
    setup="alerting:\n  alertmanagers:\n  - scheme: https\n    path_prefix: PATH_OF_THE_ADDRESS\n"
          "    authorization: {credentials: SECRET}\n"
          "    static_configs: [{targets: [HOST_OF_THE_ADDRESS]}]\n"
          "Prometheus adds /api/v2/alerts to the path by itself.")

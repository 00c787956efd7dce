'''CloudEvents 1.0 over HTTP, for whoever has no vendor of their own: structured, binary and batched events.

``source`` and ``id`` name the delivery, ``type`` and ``subject`` the condition (without a subject, ``type``
and ``source``): send the same two with ``status: resolved`` when it is over. In ``data``, all optional::

    {"status": "firing",               // or "resolved" or "event"; "event" where it is missing
     "title": "...", "severity": "critical | error | warning | info",
     "description": "...", "value": 0.31,
     "labels": {"team": "ml-platform"}, "runbook_url": "https://...",
     "links": {"dashboard": "https://..."},       // source, dashboard, runbook, silence, report
     "started_at": "2026-11-20T14:05:00Z", "ended_at": ..., "lapses_at": ...,
     "drift": {"model": "churn-xgb", "version": "7", "environment": "prod", "share": 0.4,
               "current": {"begins": ..., "ends": ..., "rows": 12040}, "reference": {...},
               "quality": ["monthly_charge: 3 % nulls"],
               "features": [{"name": "tenure", "method": "psi", "statistic": 0.31, "threshold": 0.25,
                             "more_is_worse": true, "is_drifted": true, "importance": 0.4, "was": 0.04}],
               "prediction": {...as a feature...}}}

One column may be said more shortly, beside ``status``: ``model``, ``model_version``, ``feature`` (else the
last part of the subject), ``metric``, ``value``, ``threshold``, ``window: {from, to}``, ``n_current`` and
``n_reference``.
Moments are ISO 8601 or epoch seconds. `own_format` reads all this.
Sources: https://github.com/cloudevents/spec (json-format, http-protocol-binding, http-webhook)
'''

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from pydantic import BaseModel, Field

from handlers.alerts.signals import Signal
from handlers.alerts.vendors import proving
from handlers.alerts.vendors.contract import Answer, Incoming, Malformed, Report, Settings, Vendor
from handlers.alerts.vendors.own_format import signal
from handlers.alerts.vendors.values import SIGNALS, fields, moment, read_as, read_json, spelled

PER_MINUTE = 600
"""How many deliveries a minute a sender is allowed in the handshake, where it asks for no fewer."""

_ORIGIN = re.compile(r"[A-Za-z0-9.:_-]{1,253}", re.ASCII)
_RATE = re.compile(r"[1-9]\d{0,5}", re.ASCII)


class _Event(BaseModel):
    specversion: str = Field(pattern=r"^1\.\d{1,3}$")
    id: str = Field(min_length=1)
    source: str = Field(min_length=1)
    type: str = Field(min_length=1)
    subject: str | None = None
    time: Any = None
    data: Any = None
    data_base64: str | None = None


class _Batch(BaseModel):
    events: list[_Event] = Field(max_length=SIGNALS)


def handshake(incoming: Incoming) -> Answer:
    """Allows the sender that asks with OPTIONS to deliver here. Raises Malformed.

    Only its own name is said back, and no address of the request's is opened (WebHook-Request-Callback).
    """
    origin = incoming.headers.get("webhook-request-origin", "").strip()
    if not _ORIGIN.fullmatch(origin):
        raise Malformed("The handshake has no WebHook-Request-Origin that names a host.")
    asked = incoming.headers.get("webhook-request-rate", "").strip()
    rate = min(int(asked), PER_MINUTE) if _RATE.fullmatch(asked) else PER_MINUTE
    return Answer(headers={"Allow": "OPTIONS, POST", "WebHook-Allowed-Origin": origin,
                           "WebHook-Allowed-Rate": str(rate)})


def parse(incoming: Incoming, _settings: Settings) -> Report:
    """Raises Malformed."""
    if incoming.method == "OPTIONS":
        return Report(answer=handshake(incoming))
    events = read_as(_Batch, {"events": _found(incoming)}, "CloudEvent").events
    ids = [part for each in events for part in (each.source, each.id)]
    return Report(tuple(_signal(each) for each in events), spelled(*ids) if ids else None)


def _found(incoming: Incoming) -> list[object]:
    """The events as objects of JSON, whichever way they came."""
    if "ce-id" in incoming.headers or "ce-specversion" in incoming.headers:
        return [_binary(incoming)]
    body = read_json(incoming.body)
    return body if isinstance(body, list) else [body]


def _binary(incoming: Incoming) -> dict[str, object]:
    """Attributes in headers, percent-encoded where they are not ASCII; the body is the data alone."""
    attributes = {name.removeprefix("ce-"): unquote(value) for name, value in incoming.headers.items()
                  if name.startswith("ce-")}
    return {**attributes, "data": _payload(incoming.body), "data_base64": None}


def _payload(body: bytes) -> object:
    """JSON where it is any, else its text: a media type is often wrong or missing."""
    try:
        return read_json(body)
    except Malformed:
        return body[:10_000].decode(errors="replace")


def _signal(event: _Event) -> Signal:
    data = event.data
    if data is None and event.data_base64 is not None:
        try:
            data = _payload(base64.b64decode(event.data_base64, validate=True))
        except (binascii.Error, ValueError):
            raise Malformed("The event's data_base64 is no base64.") from None
    if isinstance(data, str) and data.lstrip().startswith("{"):  # JSON that somebody sent as text
        data = _payload(data.encode(errors="replace"))
    said: Mapping[str, Any] = fields(data) or ({"description": data} if isinstance(data, str) else {})
    return signal(said, key=spelled(event.type, event.subject or event.source), kind=event.type,
                  subject=event.subject or "", source=event.source, at=moment(event.time))


VENDOR = Vendor(
    "cloudevents", "CloudEvents 1.0 (any sender of your own)", proving.by_token, parse,
    setup="curl ADDRESS -H 'Authorization: Bearer SECRET' \\\n"
          "  -H 'Content-Type: application/cloudevents+json' -d '\n"
          '{"specversion": "1.0", "id": "1", "source": "/my/monitor", "type": "drift",\n'
          ' "subject": "churn/tenure",\n'
          ' "data": {"status": "firing", "title": "tenure has drifted", "severity": "warning",\n'
          '          "labels": {"team": "ml"}, "runbook_url": "https://runbooks.example.org/drift"}}\'')

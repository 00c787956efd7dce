"""Requests for the vendors' tests: a body as a sender would send it, to a source of ours."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from handlers.alerts.vendors.contract import Incoming, Report, Settings, Vendor
from tests.alerts.bodies import NOON

SECRET = "right-secret"


def request(body: Any, *, at: datetime = NOON, headers: Mapping[str, str] | None = None,
            query: Mapping[str, str] | None = None) -> Incoming:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Incoming("POST", {k.lower(): v for k, v in (headers or {}).items()}, query or {}, raw, raw, at)


def source(*secrets: str, **options: Any) -> Settings:
    return Settings("source", secrets or (SECRET,), options)


def said(vendor: Vendor, body: Any, *, at: datetime = NOON, **options: Any) -> Report:
    return vendor.parse(request(body, at=at), source(**options))

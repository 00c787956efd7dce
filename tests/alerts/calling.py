"""A vendor's module asked as the door asks it: fetch what it needs, prove the request, read it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from handlers.alerts.vendors import VENDORS
from handlers.alerts.vendors.contract import Incoming, Report, Settings
from tests.alerts.bodies import NOON, Case, case

SECRET, FORMER = "correct horse battery", "yesterday's horse"


def incoming(body: Any, *, headers: Mapping[str, str] | None = None, query: Mapping[str, str] | None = None,
             at: datetime = NOON, method: str = "POST", fetched: bytes | None = None) -> Incoming:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Incoming(method, headers or {}, query or {}, raw, raw, at, fetched=fetched)


def of_case(found: Case | str, **kwargs: Any) -> Incoming:
    found = case(found) if isinstance(found, str) else found
    return incoming(found.raw, **{"headers": found.headers, "query": found.query, "method": found.method, **kwargs})


def settings(options: Mapping[str, Any] | None = None, *, secrets: tuple[str, ...] = (SECRET,)) -> Settings:
    return Settings("churn-monitor", secrets, options or {})


def read(vendor: str, body: Any, options: Mapping[str, Any] | None = None, **kwargs: Any) -> Report:
    """What the parser alone makes of it."""
    return VENDORS[vendor].parse(incoming(body, **kwargs), settings(options))


def read_case(vendor: str, name: str, options: Mapping[str, Any] | None = None, **kwargs: Any) -> Report:
    return VENDORS[vendor].parse(of_case(name, **kwargs), settings(options))

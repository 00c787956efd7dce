"""Requests of senders, as the vendors' modules are given them."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from datetime import datetime

from handlers.alerts.vendors import VENDORS
from handlers.alerts.vendors.contract import Incoming, NotGenuine, Report, Settings
from tests.alerts.bodies import NOON, case

SECRET = "example-secret"


def request(name: str, *, body: bytes | None = None, headers: Mapping[str, str] | None = None,
            query: Mapping[str, str] | None = None, at: datetime = NOON) -> Incoming:
    """The recorded request `name`; what is given here stands in the place of the recorded."""
    sent = case(name)
    raw = sent.raw if body is None else body
    return Incoming(sent.method, sent.headers if headers is None else headers,
                    sent.query if query is None else query, raw, raw, at)


def read(name: str, *, body: bytes | None = None, headers: Mapping[str, str] | None = None, **options: object) -> Report:
    vendor, _, _ = name.partition("/")
    return VENDORS[vendor].parse(request(name, body=body, headers=headers), Settings("one", (SECRET,), options))


def gets_in(incoming: Incoming, vendor: str, *secrets: str, **options: object) -> bool:
    try:
        VENDORS[vendor].check(incoming, Settings("one", secrets or (SECRET,), options))
    except NotGenuine as refusal:
        assert len(str(refusal)) > 20
        assert not any(secret in str(refusal) for secret in secrets or (SECRET,))
        return False
    return True


def signed(body: bytes, secret: str = SECRET) -> str:
    return hmac.digest(secret.encode(), body, "sha256").hex()

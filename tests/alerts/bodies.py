"""Webhook bodies as senders send them: one folder a sender, one file a case, with the request they came in.

``_meta.how`` of each says whether it was captured from the running program, built from its source, or taken from
its documentation. Nothing here asks the product's parsers.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

FOLDER = Path(__file__).parent / "payloads"
NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Case:
    name: str
    meta: Mapping[str, Any]
    body: Any

    @property
    def method(self) -> str:
        return str(self.meta.get("request", {}).get("method", "POST"))

    @property
    def headers(self) -> dict[str, str]:
        return {name.lower(): str(value) for name, value in self.meta.get("request", {}).get("headers", {}).items()}

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(str(self.meta.get("request", {}).get("path", ""))).query))

    @property
    def raw(self) -> bytes:
        """The bytes that were sent."""
        raw = self.meta.get("raw_body")
        return raw.encode() if isinstance(raw, str) else json.dumps(self.body).encode()

    @property
    def secret(self) -> str:
        return str(self.meta.get("hmac_secret", ""))


@cache
def case(name: str) -> Case:
    """`name` as in ``alertmanager/firing_critical``."""
    read = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return Case(name, read["_meta"], read["body"])


def of(sender: str) -> Iterator[Case]:
    for path in sorted((FOLDER / sender).glob("*.json")):
        yield case(f"{sender}/{path.stem}")

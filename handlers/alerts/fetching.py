"""What vendors need fetched: certificates, a tenant's keys, and the visit that confirms a subscription."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from handlers.alerts.vendors import entra, sns_proof
from handlers.chat.ports import Clock
from handlers.web.http import Http, NotReached, Rules

KEPT_FOR: Final = timedelta(hours=6)
KEPT: Final = 32
"""Certificates; a sender that makes up names of them cannot fill our memory."""
KEYS_FRESH: Final = timedelta(minutes=5)
"""Keys are asked for again so seldom, whatever key a request says it is signed with, and so often, as they
may change at any time."""
KEYS_KEPT: Final = timedelta(hours=24)
"""So long the last keys count while their address does not answer."""
KEYS_AGAIN: Final = timedelta(seconds=30)
"""After a failure."""

_PEM: Final = b"-----BEGIN CERTIFICATE-----"
_NO_REDIRECT: Final = Rules(follows=False)


@dataclass(frozen=True, slots=True)
class _Keys:
    """What was heard of an address of keys."""

    body: bytes
    """Empty: none are known."""
    had_at: datetime
    again_at: datetime
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Fetching:
    """Fetches from vendors' own hosts alone, whatever a report asks for."""

    http: Http
    clock: Clock
    _kept: dict[str, tuple[datetime, bytes]] = field(default_factory=dict)
    _keys: dict[str, _Keys] = field(default_factory=dict)
    """By address: there are two for each tenant that a source names."""
    _asking: dict[str, asyncio.Lock] = field(default_factory=dict)

    async def __call__(self, address: str) -> bytes:
        """What is at an address of a vendor. Raises NotReached."""
        if entra.is_keys(address):
            async with self._asking.setdefault(address, asyncio.Lock()):  # who comes meanwhile asks not again
                return await self._current_keys(address)
        if not sns_proof.is_of_sns(address):
            raise NotReached("the address is no vendor's", is_refused=True)
        is_certificate, now = address.endswith(".pem"), self.clock()
        until, known = self._kept.get(address, (now, b""))
        if now < until:
            return known
        got = await self.http.ask("GET", address)
        if got.status != 200:
            raise NotReached(f"the answer was {got.status}")
        if is_certificate:
            if not got.body.lstrip().startswith(_PEM):
                raise NotReached("what lies there is no certificate")
            self._keep(address, got.body, now)
        return got.body

    def _keep(self, address: str, body: bytes, now: datetime) -> None:
        for old in [each for each, (until, _) in self._kept.items() if until <= now]:
            del self._kept[old]
        while len(self._kept) >= KEPT:
            del self._kept[next(iter(self._kept))]
        self._kept[address] = (now + KEPT_FOR, body)

    async def _current_keys(self, address: str) -> bytes:
        """Raises NotReached."""
        now = self.clock()
        known = self._keys.get(address, _Keys(b"", now, now))
        if now >= known.again_at:
            try:
                known = _Keys(await self._keys_at(address), now, now + KEYS_FRESH)
            except NotReached as error:
                is_old = now >= known.had_at + KEYS_KEPT
                known = _Keys(b"" if is_old else known.body, known.had_at, now + KEYS_AGAIN, str(error))
            self._keys[address] = known
        if not known.body:
            raise NotReached(known.problem)
        return known.body

    async def _keys_at(self, address: str) -> bytes:
        """Raises NotReached."""
        got = await self.http.ask("GET", address, _NO_REDIRECT)
        if got.status != 200:
            raise NotReached(f"the answer was {got.status}")
        try:
            read = json.loads(got.body)
        except (ValueError, RecursionError):
            read = None
        if not (isinstance(read, dict) and isinstance(read.get("keys"), list) and read["keys"]):
            raise NotReached("what lies there are no keys")
        return got.body

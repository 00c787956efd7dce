"""What vendors need fetched: certificates, and the visit that confirms a subscription."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from handlers.alerts.vendors import sns_proof
from handlers.chat.ports import Clock
from handlers.web.http import Http, NotReached

KEPT_FOR: Final = timedelta(hours=6)
KEPT: Final = 32
"""Certificates; a sender that makes up names of them cannot fill our memory."""

_PEM: Final = b"-----BEGIN CERTIFICATE-----"


@dataclass(frozen=True, slots=True)
class Fetching:
    """Fetches from vendors' own hosts alone, whatever a report asks for."""

    http: Http
    clock: Clock
    _kept: dict[str, tuple[datetime, bytes]] = field(default_factory=dict)

    async def __call__(self, address: str) -> bytes:
        """What is at an address of a vendor. Raises NotReached."""
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

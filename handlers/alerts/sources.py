"""Which senders may report to us, each by its own address and secret."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import delete

from handlers.alerts.vendors import VENDORS
from handlers.alerts.vendors.contract import Vendor
from handlers.chat.errors import Refused
from handlers.chat.ports import Clock
from handlers.fields import instead
from storage import alerts
from storage.alerting import AlertSource
from storage.engine import Store

OVERLAP = timedelta(hours=24)
"""So long a former secret is taken beside the new one."""
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,47}")
_SHORTEST = 8


@dataclass(frozen=True, slots=True)
class Sources:
    store: Store
    clock: Clock
    workspace: str

    async def all(self) -> Sequence[AlertSource]:
        async with self.store.reading() as session:
            return await alerts.sources(session, self.workspace)

    async def one(self, name: str) -> AlertSource:
        """Raises Refused where there is none of that name."""
        async with self.store.reading() as session:
            row = await alerts.source(session, self.workspace, name)
        if row is None:
            raise Refused(f"There is no source {name!r}; `groundcrew alerts sources` lists them.")
        return row

    async def add(self, name: str, vendor: str, *, secret: str | None = None,
                  options: Mapping[str, Any] | None = None) -> AlertSource:
        """A new source; `secret` None: one is made. Raises Refused."""
        kind = VENDORS.get(vendor)
        if kind is None:
            raise Refused(f"{vendor!r} is no kind of sender that I know: {instead(vendor, VENDORS)}.")
        if not _NAME.fullmatch(name):
            raise Refused(f"{name!r} cannot stand in an address: use small letters, digits, - and _, 48 at "
                          "most.")
        _check_options(kind, options or {})
        row = AlertSource(workspace_id=self.workspace, name=name, vendor=vendor, secret=_secret(secret),
                          made_at=self.clock(), options=dict(options or {}))
        async with self.store.begin() as session:
            if await alerts.source(session, self.workspace, name) is not None:
                raise Refused(f"There is a source {name!r} already; choose another name, or drop that one.")
            session.add(row)
        return row

    async def rotate(self, name: str, *, secret: str | None = None) -> AlertSource:
        """A new secret; the former one is taken for a day more. Raises Refused."""
        async with self.store.begin() as session:
            row = await alerts.source(session, self.workspace, name)
            if row is None:
                raise Refused(f"There is no source {name!r}; `groundcrew alerts sources` lists them.")
            row.former_secret, row.former_until = row.secret, self.clock() + OVERLAP
            row.secret = _secret(secret)
            return row

    async def drop(self, name: str) -> None:
        """Nothing more is taken from it; its alerts stay. Raises Refused."""
        await self.one(name)
        async with self.store.begin() as session:
            await session.execute(delete(AlertSource).where(
                AlertSource.workspace_id == self.workspace, AlertSource.name == name))


def _secret(given: str | None) -> str:
    if given is None:
        return secrets.token_urlsafe(32)
    if len(given) < _SHORTEST or not given.isprintable() or " " in given:
        raise Refused(f"That secret is too easy to guess: give {_SHORTEST} printable characters or more, "
                      "without spaces, or none and one is made.")
    return given


def _check_options(vendor: Vendor, options: Mapping[str, Any]) -> None:
    """Raises Refused."""
    for name in options:
        if name not in vendor.options:
            known = "; ".join(f"{each}: {what}" for each, what in vendor.options.items())
            raise Refused(f"{vendor.title} has no option {name!r}. {known or 'It has none.'}")

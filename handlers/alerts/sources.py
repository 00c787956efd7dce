"""Which senders may report to us, each by its own address and secret."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import delete

from handlers.alerts.outward_policy import VARIABLE
from handlers.alerts.vendors import VENDORS, reconciling
from handlers.alerts.vendors.contract import Vendor
from handlers.chat.errors import Refused
from handlers.chat.ports import Clock
from handlers.fields import instead
from handlers.web.addresses import Refused as NotAllowed
from handlers.web.addresses import target_of
from storage import alerts
from storage.alerting import AlertSource
from storage.engine import Store

OVERLAP = timedelta(hours=24)
"""So long a former secret is taken beside the new one."""
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,47}")
_SHORTEST = 8
COMMON: Mapping[str, str] = {
    "quiet_after": "days after which it is an alert that nothing was heard of it"}
"""Options of every source."""


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
        check_options(kind, options or {})
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


def check_options(vendor: Vendor, options: Mapping[str, Any]) -> None:
    """Raises Refused."""
    valid = {**vendor.options, **COMMON}
    for name in options:
        if name not in valid:
            known = "; ".join(f"{each}: {what}" for each, what in valid.items())
            raise Refused(f"{vendor.title} has no option {name!r}. {known}")
    fault = vendor.fault(options)
    if fault is not None:
        raise Refused(fault)
    days = options.get("quiet_after", 1)
    if isinstance(days, bool) or not isinstance(days, int | float) or not 0 < days <= 365:
        raise Refused("quiet_after takes a number of days, from a fraction of one to 365: quiet_after=3.")
    _check_reconciling(options)


def _check_reconciling(options: Mapping[str, Any]) -> None:
    """Raises Refused."""
    url = options.get(reconciling.URL)
    if url is not None:
        try:
            target_of(str(url), allow_http=options.get(reconciling.PRIVATE) is True)
        except NotAllowed as problem:
            raise Refused(f"{reconciling.URL}: the address {problem}.") from None
    variable = options.get(reconciling.SECRET)
    if variable is not None and not re.fullmatch(VARIABLE, str(variable), re.ASCII):
        raise Refused(f"{reconciling.SECRET} takes the name of an environment variable, such as "
                      "GRAFANA_TOKEN, and never the secret itself.")

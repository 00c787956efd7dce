"""What happens when a monitoring system calls: who is it, what does it say, and is it kept."""

from __future__ import annotations

import asyncio
import logging
import zlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlalchemy.exc import SQLAlchemyError

from handlers.alerts.intake import Intake, NowhereToShow
from handlers.alerts.vendors import VENDORS
from handlers.alerts.vendors.contract import Answer, Incoming, Malformed, NotGenuine, Report, Settings, Vendor
from handlers.chat.ports import Clock
from storage import alerts
from storage.alerting import AlertSource
from storage.engine import Store

log = logging.getLogger(__name__)

LARGEST = 1024 * 1024
"""Bytes of a body, also after inflation."""
AT_ONCE = 64
"""More reports at once are asked to come again: a queue in memory would be lost with us."""
HEARD_EVERY = timedelta(seconds=30)
"""So often it is written down that a source was heard of."""
_OFF_LOOP = 32 * 1024
"""Bodies from this size on are parsed beside the event loop."""
_INFLATED = {"gzip": 31, "deflate": 47}
Fetch = Callable[[str], Awaitable[bytes]]
"""What is at an address. Raises OSError where it cannot be had or may not be asked for."""


class _NotFetched(Exception):
    """What the sender's own side has to give first could not be had just now."""


@dataclass(slots=True)
class _Load:
    now: int = 0


@dataclass(frozen=True, slots=True)
class Hooks:
    store: Store
    clock: Clock
    intake: Intake
    workspace: str
    fetch: Fetch
    _load: _Load = field(default_factory=_Load)

    async def received(self, source: str, method: str, headers: Mapping[str, str], query: Mapping[str, str],
                       raw: bytes, url: str = "") -> Answer:
        """Answer one request: 2xx only after what it says is committed. Never raises."""
        if self._load.now >= AT_ONCE:
            return _busy()
        self._load.now += 1
        try:
            return await self._received(source, method, headers, query, raw, url)
        except (SQLAlchemyError, OSError) as error:
            log.warning("a report of %s could not be kept: %s", source[:48], type(error).__name__)
            return _busy()
        except _NotFetched as error:  # 503 and not 401: the sender tries again, and may well be genuine
            log.warning("what a report of %s needs could not be fetched: %s", source[:48], error)
            return Answer(503, f"What I need from your side could not be fetched: {error}. Send it again.",
                          {"retry-after": "30"})
        except NowhereToShow:
            return Answer(503, "I know no channel for this: set GROUNDCREW_OPERATIONS_CHANNEL, or a route.")
        except Exception:  # a bug of ours: the sender tries again, and the log has it
            log.exception("a report of %s could not be taken in", source[:48])
            return Answer(503, "Something went wrong on our side, and nothing was taken in. Send it again.")
        finally:
            self._load.now -= 1

    async def _received(self, source: str, method: str, headers: Mapping[str, str],
                        query: Mapping[str, str], raw: bytes, url: str) -> Answer:
        async with self.store.glancing() as session:
            row = await alerts.source(session, self.workspace, source[:48])
        vendor = VENDORS.get(row.vendor) if row is not None else None
        if row is None or vendor is None:
            return Answer(404, "There is no such source; `groundcrew alerts sources` lists them.")
        if len(raw) > LARGEST:
            return _too_large()
        body = inflated(raw, headers.get("content-encoding", ""))
        if body is None:
            return Answer(400, "The body is not compressed as its Content-Encoding says.")
        if len(body) > LARGEST:
            return _too_large()
        now = self.clock()
        settings = settings_of(row, now)
        incoming = Incoming(method, headers, query, raw, body, now, url)
        try:
            answer = await self._taken(vendor, incoming, settings)
            if row.heard_at is None or now - row.heard_at > HEARD_EVERY:
                await self.intake.heard(self.workspace, row.name)
            return answer
        except NotGenuine as error:
            return Answer(401, str(error), {"www-authenticate": 'Basic realm="alerts", charset="UTF-8"'})
        except Malformed as error:
            return Answer(400, str(error))

    async def _taken(self, vendor: Vendor, incoming: Incoming, settings: Settings) -> Answer:
        """Raises NotGenuine, Malformed, NowhereToShow, _NotFetched."""
        address = vendor.needs(incoming, settings)
        if address is not None:
            incoming = replace(incoming, fetched=await self._fetched(address))
        report = await _off_loop(vendor, incoming, settings)
        taken = await self.intake.take(self.workspace, settings.source, report)
        if report.visit is not None:
            await self._fetched(report.visit)
        if report.answer is not None:
            return report.answer
        if taken.is_repeated:
            return Answer(200, "This was taken in before.")
        return Answer(200, f"{taken.signals} taken in, {taken.opened} new.")

    async def _fetched(self, address: str) -> bytes:
        """Raises _NotFetched."""
        try:
            return await self.fetch(address)
        except OSError as error:
            raise _NotFetched(str(error)) from None


async def _off_loop(vendor: Vendor, incoming: Incoming, settings: Settings) -> Report:
    def read() -> Report:
        vendor.check(incoming, settings)
        return vendor.parse(incoming, settings)

    return await asyncio.to_thread(read) if len(incoming.body) >= _OFF_LOOP else read()


def inflated(raw: bytes, encoding: str) -> bytes | None:
    """The body as it was meant, LARGEST bytes and one at most; None: it is not compressed as it says."""
    kind = encoding.strip().lower()
    if kind in ("", "identity"):
        return raw
    if kind not in _INFLATED:
        return None
    try:
        return zlib.decompressobj(_INFLATED[kind]).decompress(raw, LARGEST + 1)
    except zlib.error:
        return None


def settings_of(row: AlertSource, now: datetime) -> Settings:
    """What an admin has set for a source; during a rotation its former secret is taken too."""
    secrets = [row.secret]
    if row.former_secret is not None and row.former_until is not None and now < row.former_until:
        secrets.append(row.former_secret)
    return Settings(row.name, tuple(secrets), row.options)


def _busy() -> Answer:
    return Answer(503, "Too busy to keep this just now, and nothing was taken in. Send it again.",
                  {"retry-after": "2"})


def _too_large() -> Answer:
    return Answer(413, "The body is over 1 MiB (after inflation too); send fewer alerts at once.")

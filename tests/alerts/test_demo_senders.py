"""The demo's monitoring systems: each vendor's real body, proved as the vendor proves it, through the real door."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import httpx
from sqlalchemy import select

from bot.demo_alerts import Monitoring, bodies
from bot.web import web_app
from handlers.alerts.sources import Sources
from handlers.alerts.vendors import VENDORS
from storage.alerting import Alert, AlertState
from tests.world import TEAM, world_on

STATELESS = {"whylogs"}
"""No sender of its own in the demo."""


def test_the_demo_has_a_sender_of_every_kind() -> None:
    assert set(bodies()) == set(VENDORS) - STATELESS


async def test_every_vendor_is_taken_in_and_ends_by_its_second_press(sqlite_url: str, clock: Any) -> None:
    async with world_on(sqlite_url, clock, operations_channel="C0OPS0000") as world:
        monitoring = Monitoring(clock)
        parts = replace(world.parts, hooks=replace(world.parts.hooks, fetch=monitoring.fetch))
        await monitoring.register(Sources(parts.store, clock, TEAM))
        async with httpx.AsyncClient(transport=httpx.ASGITransport(web_app(parts)), base_url="http://bot") as http:
            monitoring.http = http
            for vendor, body in bodies().items():
                await monitoring.press(vendor)
                assert await open_of(world, vendor), f"{vendor} opened nothing"
                clock.advance(minutes=1)
                if "ends" in body:
                    await monitoring.press(vendor)
                    assert not await open_of(world, vendor), f"{vendor} ended nothing"
            await monitoring.storm()


async def open_of(world: Any, source: str) -> list[Alert]:
    async with world.parts.store.reading() as session:
        return list(await session.scalars(select(Alert).where(Alert.source == source, Alert.state != AlertState.RESOLVED)))



"""A person settles what its sender reports at the same moment: neither dies of the other."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from handlers.chat.ports import Actor
from storage import alerts
from tests.alerts.stage import am, one, sent, source
from tests.world import TEAM, World, world_on


@pytest.fixture
async def here(postgres_url: str, clock: Any) -> Any:
    async with world_on(postgres_url, clock, operations_channel="C0OPS0000") as world:
        yield world


async def test_settling_waits_for_a_report_that_holds_the_signals(here: World) -> None:
    """The order is signals, then their alert: taken the other way round, the database would kill one of the two."""
    await source(here)
    await sent(here, am(one()))
    actor = Actor(TEAM, f"slack:{here.sandbox.user_id('sam')}", "test")
    store = here.parts.store
    async with store.begin() as session:  # as a report does
        rows = await alerts.signals_locked(session, TEAM, {await _fingerprint(here)})
        settling = asyncio.create_task(here.parts.desk.tools.alerts.settle(actor, 1))
        await asyncio.sleep(0.3)
        assert not settling.done()
        assert await alerts.alerts_locked(session, TEAM, (), {1}, here.clock()), "it does not hold the alert while it waits"
        assert len(rows) == 1
    assert (await settling).resolved_how == "person"


async def _fingerprint(world: World) -> str:
    async with world.parts.store.reading() as session:
        return (await alerts.signals_of(session, TEAM, {1}, 1))[1][0].fingerprint

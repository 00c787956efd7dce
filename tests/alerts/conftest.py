"""Alerts are tried in a world with an operations channel."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from storage.engine import Store
from storage.models import Workspace
from tests.alerts.books import Books
from tests.alerts.held import Held
from tests.world import TEAM, World, world_on


@pytest.fixture
async def books(store: Store, clock: Any) -> Books:
    """The database alone, with the workspace in it."""
    async with store.begin() as session:
        session.add(Workspace(id=TEAM, name="Northwind", created_at=clock()))
    return Books(store, clock)


@pytest.fixture
async def seen(sqlite_url: str, clock: Any) -> AsyncIterator[World]:
    """The same as `ops` on one database: for how things look, where what is kept is tried on both."""
    async with world_on(sqlite_url, clock, operations_channel="C0OPS0000", admins="U0ALEXA00") as world:
        yield world


@pytest.fixture
async def ops(database_url: str, clock: Any) -> AsyncIterator[World]:
    """The bot with an operations channel, ``ops``."""
    async with world_on(database_url, clock, operations_channel="C0OPS0000", admins="U0ALEXA00") as world:
        yield world


@pytest.fixture
async def held(store: Store, clock: Any) -> Held:
    """Intake, cards and silences on each database, without Slack."""
    stage = Held(store, clock)
    await stage.open()
    return stage

"""Alerts are tried in a world with an operations channel."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.world import World, world_on


@pytest.fixture
async def ops(database_url: str, clock: Any) -> AsyncIterator[World]:
    """The bot with an operations channel, ``ops``."""
    async with world_on(database_url, clock, operations_channel="C0OPS0000", admins="U0ALEXA00") as world:
        yield world

"""Runbooks are tried where they are read, and in a world that has some."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from handlers.runbooks.policy import Kind
from storage.engine import Store
from tests.conftest import FrozenClock
from tests.runbooks.reading_stage import GOOD, Shelf, Web, shelf_on, web_on, write
from tests.runbooks.shelf import stocked_on
from tests.world import World


@pytest.fixture
async def shelf(store: Store, clock: FrozenClock, tmp_path: Path) -> AsyncIterator[Shelf]:
    async with shelf_on(store, clock, tmp_path) as shelf:
        yield shelf


@pytest.fixture
async def served() -> AsyncIterator[Web]:
    async with web_on() as web:
        yield web


@pytest.fixture
async def stocked(database_url: str, clock: Any, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    """The bot with a few runbooks, on each database."""
    async with stocked_on(database_url, clock, monkeypatch) as world:
        yield world


@pytest.fixture
async def seen(sqlite_url: str, clock: Any, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    """The same on one database, for how things look."""
    async with stocked_on(sqlite_url, clock, monkeypatch) as world:
        yield world


@pytest.fixture
def ops(shelf: Shelf, tmp_path: Path) -> Path:
    """The folder of a source of that name, with one good page."""
    folder = tmp_path / "ops"
    write(folder, latency=GOOD)
    shelf.add(Kind.FOLDER, folder)
    return folder

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from storage.engine import Store
from tests.conftest import FrozenClock
from tests.runbooks.reading_stage import Shelf, Web, shelf_on, web_on


@pytest.fixture
async def shelf(store: Store, clock: FrozenClock, tmp_path: Path) -> AsyncIterator[Shelf]:
    async with shelf_on(store, clock, tmp_path) as shelf:
        yield shelf


@pytest.fixture
async def served() -> AsyncIterator[Web]:
    async with web_on() as web:
        yield web

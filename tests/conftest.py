"""The databases, the clock and the world that tests run on."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
from sqlalchemy.ext.asyncio import create_async_engine

from storage.engine import Store, open_engine
from storage.migrate import upgrade
from tests.world import World, world_on

PG_URL = os.environ.get("PG_URL", "postgresql+asyncpg://postgres@127.0.0.1:5432/test")


class FrozenClock:
    """Stands still until a test moves it. Begins on Monday 23 November 2026, 08:00 in Berlin."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **by: float) -> datetime:
        self.now += timedelta(**by)
        return self.now


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock()


async def _migrated(url: str) -> None:
    engine = create_async_engine(url) if url.startswith("postgres") else open_engine(url)
    async with engine.begin() as connection:
        await connection.run_sync(upgrade)
    await engine.dispose()


async def _administer(statement: str) -> None:
    connection = await asyncpg.connect(PG_URL.replace("+asyncpg", ""), timeout=5)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite file, to be copied for each test."""
    path = tmp_path_factory.mktemp("db") / "template.db"
    asyncio.run(_migrated(f"sqlite+aiosqlite:///{path}"))
    return path


@pytest.fixture(scope="session")
def postgres_template() -> Iterator[str | None]:
    """The name of a migrated, empty PostgreSQL database, to be cloned for each test; None: there is no server."""
    name = f"groundcrew_template_{uuid4().hex[:12]}"
    try:
        asyncio.run(_administer(f"CREATE DATABASE {name}"))
    except (OSError, asyncpg.PostgresError, TimeoutError):
        yield None
        return
    asyncio.run(_migrated(_beside(name)))
    yield name
    asyncio.run(_administer(f"DROP DATABASE {name} WITH (FORCE)"))


def _beside(name: str) -> str:
    return f"{PG_URL.rpartition('/')[0]}/{name}"


@pytest.fixture
async def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    shutil.copy(sqlite_template, tmp_path / "test.db")
    return f"sqlite+aiosqlite:///{tmp_path}/test.db"


@pytest.fixture
async def postgres_url(postgres_template: str | None) -> AsyncIterator[str]:
    if postgres_template is None:
        pytest.skip(f"no PostgreSQL at {PG_URL}: this ran on SQLite only")
    name = f"groundcrew_test_{uuid4().hex[:12]}"
    await _administer(f"CREATE DATABASE {name} TEMPLATE {postgres_template}")
    yield _beside(name)
    await _administer(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest) -> str:
    """A migrated, empty database of each kind in turn."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    engine = open_engine(database_url)
    yield Store(engine)
    await engine.dispose()


@pytest.fixture
async def world(database_url: str, clock: FrozenClock) -> AsyncIterator[World]:
    """The whole product on each database: alex is its admin."""
    async with world_on(database_url, clock, admins="U0ALEXA00") as world:
        yield world


def pytest_report_header() -> str:
    return f"groundcrew: SQLite, and PostgreSQL at {PG_URL.rpartition('@')[2]} where it answers"

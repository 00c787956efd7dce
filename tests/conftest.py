"""The databases, the clock and the world that tests run on."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import shutil
import signal
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import mkdtemp
from typing import Any
from uuid import uuid4
from zlib import crc32

import asyncpg
import pytest
from sqlalchemy.ext.asyncio import create_async_engine
from xdist.scheduler import LoadScopeScheduling

from storage import alerting as alerting
from storage import nudging as nudging
from storage import shelf as shelf
from storage.base import Base
from storage.engine import Store, open_engine
from storage.migrate import upgrade
from tests.compiled import compile_once
from tests.world import World, world_on

PG_URL = os.environ.get("PG_URL", "postgresql+asyncpg://postgres@127.0.0.1:5432/test")

MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


class FrozenClock:
    """Stands still until a test moves it. Begins on Monday 23 November 2026, 08:00 in Berlin."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **by: float) -> datetime:
        self.now += timedelta(**by)
        return self.now


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop() -> None:
    """All that is loaded by now stays: it is never looked through again."""
    gc.collect()
    gc.freeze()
    gc.enable()


def _stop_at_once(_signal: int, _frame: object) -> None:
    raise KeyboardInterrupt


def pytest_configure() -> None:
    """Statements are compiled once; and Ctrl-C stops a run as ever, but by a handler of ours.

    With Python's own, each loop that runs puts its handler in its place and asks twice whose it is, which makes that
    handler's repr: of the task, of what it returned, so of the whole world that a fixture made, a tenth of a second each.
    """
    gc.disable()  # what is loaded and collected is no garbage: looking through it takes a third of the collecting
    compile_once()
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _stop_at_once)


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    """What a command sets up to log goes with its test: the next one's servers would write into its answers."""
    root = logging.getLogger()
    level, before = root.level, list(root.handlers)
    yield
    root.setLevel(level)
    for handler in list(root.handlers):
        if handler not in before and not type(handler).__module__.startswith("_pytest"):
            root.removeHandler(handler)


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


class Databases:
    """PostgreSQL databases of this test run: cloned from a migrated template, emptied and used again."""

    def __init__(self) -> None:
        self.template = f"groundcrew_template_{uuid4().hex[:12]}"
        self.free: list[str] = []

    async def take(self) -> str:
        if self.free:
            return self.free.pop()
        name = f"groundcrew_test_{uuid4().hex[:12]}"
        await _administer(f"CREATE DATABASE {name} TEMPLATE {self.template}")
        # What survives a power cut is the server's promise, not ours: tests need not wait for the disk.
        await _administer(f"ALTER DATABASE {name} SET synchronous_commit = off")
        return name

    async def give_back(self, name: str) -> None:
        """Empty it for the next test; one whose schema a test has changed is dropped."""
        if await _emptied(name):
            self.free.append(name)
        else:
            await self.drop(name)

    async def drop(self, *names: str) -> None:
        for name in names:
            await _administer(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


async def _emptied(name: str) -> bool:
    connection = await asyncpg.connect(_beside(name).replace("+asyncpg", ""), timeout=5)
    try:
        tables = [row[0] for row in await connection.fetch(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")]
        triggers = await connection.fetchval("SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'audit_entry%'")
        if sorted([*Base.metadata.tables, "alembic_version"]) != tables or triggers != 1:
            return False
        emptying = await _emptying(connection, tables)
        if emptying:
            await connection.execute(
                "SET lock_timeout = '5s'; SET session_replication_role = replica; BEGIN; " + emptying + "COMMIT")
        return True
    except asyncpg.PostgresError:
        return False
    finally:
        await connection.close()


A_LARGE_TABLE = 1024 * 1024
"""In bytes: what is larger is truncated, so that what was deleted never piles up."""


async def _emptying(connection: asyncpg.Connection[Any], tables: list[str]) -> str:
    """The statements that empty the tables that hold anything and begin the numbers again that were given.

    TRUNCATE makes new files for a table and each of its indexes, and its commit waits for the disk whatever the
    settings say; to delete a few rows does neither.
    """
    ours = [name for name in tables if name != "alembic_version"]
    filled = await connection.fetchrow("SELECT " + ", ".join(f"EXISTS (SELECT FROM {name})" for name in ours))
    sizes = dict(await connection.fetch("SELECT relname, pg_relation_size(oid) FROM pg_class WHERE relname = ANY($1)", ours))
    used = [name for name, is_filled in zip(ours, filled, strict=True) if is_filled]
    large = [name for name in ours if sizes[name] > A_LARGE_TABLE]
    given = await connection.fetch(
        "SELECT sequencename FROM pg_sequences WHERE last_value IS NOT NULL AND schemaname = 'public'")
    return "".join([
        *([f"LOCK TABLE {', '.join(used)} IN SHARE ROW EXCLUSIVE MODE; "] if used else []),  # nobody is still writing
        *(f"DELETE FROM {name}; " for name in used if name not in large),
        *([f"TRUNCATE {', '.join(large)} CASCADE; "] if large else []),
        *(f"SELECT setval('{row[0]}', 1, false); " for row in given)])


@pytest.fixture(scope="session")
def postgres_databases() -> Iterator[Databases | None]:
    """None: there is no server."""
    databases = Databases()
    try:
        asyncio.run(_administer(f"CREATE DATABASE {databases.template}"))
    except (OSError, asyncpg.PostgresError, TimeoutError):
        yield None
        return
    asyncio.run(_migrated(_beside(databases.template)))
    yield databases
    asyncio.run(databases.drop(*databases.free, databases.template))


def _beside(name: str) -> str:
    return f"{PG_URL.rpartition('/')[0]}/{name}"


@pytest.fixture
async def sqlite_url(sqlite_template: Path, tmp_path: Path) -> AsyncIterator[str]:
    """In memory where the system has such a folder: tests need not wait for the disk."""
    folder = Path(mkdtemp(prefix="groundcrew-", dir=MEMORY)) if MEMORY else tmp_path
    shutil.copy(sqlite_template, folder / "test.db")
    yield f"sqlite+aiosqlite:///{folder}/test.db"
    if MEMORY:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
async def postgres_url(postgres_databases: Databases | None) -> AsyncIterator[str]:
    if postgres_databases is None:
        pytest.skip(f"no PostgreSQL at {PG_URL}: this ran on SQLite only")
    name = await postgres_databases.take()
    yield _beside(name)
    await postgres_databases.give_back(name)


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


# ---- what runs beside what ---------------------------------------------------------------------------------------

ONE_BY_ONE = {"tests/proofs/": "time", "tests/doors/test_slow_desk.py": "time", "tests/sandbox/test_sandbox_faults.py": "time",
              "tests/browser/": "browser"}
"""Tests that measure real time or start processes run one after the other, so never beside each other."""


class OneByOne(LoadScopeScheduling):
    """Each test goes to whichever worker is free, but these groups to one worker each.

    The plugin's own marker for that has no effect: it is written where this pytest does not look any more.
    """

    def _split_scope(self, nodeid: str) -> str:
        return next((group for path, group in ONE_BY_ONE.items() if nodeid.startswith(path)), nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    return OneByOne(config, log)


@pytest.fixture
async def polite(database_url: str, clock: FrozenClock) -> AsyncIterator[World]:
    """The same with the policy as it comes: hours are minded, and few messages come a day."""
    async with world_on(database_url, clock, minds_hours=True, admins="U0ALEXA00") as world:
        yield world


BY_TURNS = "tests/doors/"
"""What is tried through Slack's door takes a second each. What the databases do differently is tried on both in
tests/storage, tests/features and tests/alerts; so in a run of everything each of these takes one of the two, by its name.
Named by its file, or with PROOF=full, it takes both."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    is_everything = config.args_source is pytest.Config.ArgsSource.TESTPATHS
    if not is_everything or os.environ.get("PROOF") == "full" or not _postgres_answers():
        return
    left = [item for item in items if item.nodeid.startswith(BY_TURNS) and not _has_its_turn(item)]
    if left:
        config.hook.pytest_deselected(items=left)
        items[:] = [item for item in items if item not in set(left)]


def _has_its_turn(item: pytest.Item) -> bool:
    kind = getattr(item, "callspec", None) and item.callspec.params.get("database_url")  # type: ignore[attr-defined]
    if kind not in ("sqlite", "postgres"):
        return True
    name = item.nodeid.replace("sqlite", "?").replace("postgres", "?")
    return kind == ("sqlite", "postgres")[crc32(name.encode()) % 2]


def _postgres_answers() -> bool:
    try:
        asyncio.run(_administer("SELECT 1"))
    except (OSError, asyncpg.PostgresError, TimeoutError):
        return False
    return True


def pytest_report_header() -> str:
    return f"groundcrew: SQLite, and PostgreSQL at {PG_URL.rpartition('@')[2]} where it answers"

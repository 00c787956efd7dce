"""Opens the database: one engine, and the two ways of using it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import Connection, event
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

_READING = {"only_reads": True}


def open_engine(url: str) -> AsyncEngine:
    """Make the engine for `url`; SQLite gets real transactions, write-ahead logging and foreign keys."""
    if url.startswith("sqlite"):
        engine = create_async_engine(url)
        event.listen(engine.sync_engine, "connect", _prepare_sqlite)
        event.listen(engine.sync_engine, "begin", _begin_sqlite)
        return engine
    return create_async_engine(url, pool_size=10, max_overflow=10, pool_pre_ping=True)


def _prepare_sqlite(dbapi: Any, _record: object) -> None:
    dbapi.isolation_level = None  # the driver must not begin by itself: `_begin_sqlite` does
    cursor = dbapi.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=5000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    only_reads = connection.get_execution_options().get("only_reads")
    connection.exec_driver_sql("BEGIN" if only_reads else "BEGIN IMMEDIATE")


class Store:
    """The database as actions use it: `begin` to write, `reading` to look."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine
        self._writing = async_sessionmaker(engine, expire_on_commit=False)
        self._reading = async_sessionmaker(engine.execution_options(**_READING), expire_on_commit=False)
        # SQLite has one writer at a time. Taking turns here is fair and wakes at once; its own
        # waiting is neither, and is left for other processes.
        self._turn = asyncio.Lock() if engine.dialect.name == "sqlite" else None

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncSession]:
        """One transaction: committed at the end, rolled back on any exception."""
        if self._turn is None:
            async with self._writing.begin() as session:
                yield session
            return
        async with self._turn, self._writing.begin() as session:
            yield session

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """A consistent look that never waits for a writer."""
        async with self._reading() as session:
            yield session

"""Opens the database: one engine, and the two ways of using it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import monotonic
from typing import Any

from sqlalchemy import Connection, event
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from storage import sqlite_driver

_POOL = {"pool_size": 20, "max_overflow": 20}
"""As many as the outbox uses at once are kept open: opening one costs more than what it is used for."""
_READING = {"only_reads": True}
_GLANCING = {"only_glances": True}
_TRUSTED_S = 5.0
"""A connection that was used so recently is taken to be alive unless it was seen to close."""


def open_engine(url: str) -> AsyncEngine:
    """Make the engine for `url`; SQLite gets real transactions, write-ahead logging and foreign keys."""
    if url.startswith("sqlite"):
        engine = create_async_engine(url, connect_args={"async_creator_fn": sqlite_driver.connect}, **_POOL)
        event.listen(engine.sync_engine, "connect", _prepare_sqlite)
        event.listen(engine.sync_engine, "begin", _begin_sqlite)
        return engine
    engine = create_async_engine(url, **_POOL)
    event.listen(engine.sync_engine, "checkin", _note_use)
    event.listen(engine.sync_engine, "checkout", _check_alive)
    return engine


def _note_use(_dbapi: object, record: ConnectionPoolEntry) -> None:
    record.info["used_at"] = monotonic()


def _check_alive(dbapi: Any, record: ConnectionPoolEntry, _proxy: object) -> None:
    """Have a dead connection replaced: as the pool's own pre-ping does, without its round trips each time."""
    idle = monotonic() - record.info.get("used_at", -_TRUSTED_S)
    try:
        if dbapi.driver_connection.is_closed():
            raise InvalidatePoolError("the server closed the connection")
        if idle >= _TRUSTED_S:
            dbapi.ping()
    except dbapi.dbapi.Error as error:
        raise InvalidatePoolError("the server does not answer") from error


def _prepare_sqlite(dbapi: Any, _record: object) -> None:
    dbapi.isolation_level = None  # the driver must not begin by itself: `_begin_sqlite` does
    cursor = dbapi.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=5000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    options = connection.get_execution_options()
    if options.get("only_glances"):
        return
    if options.get("only_reads"):
        # Takes no lock, so it cannot fail, and may go the short way.
        connection.connection.dbapi_connection.run_async(_begin)  # type: ignore[union-attr]
    else:
        connection.exec_driver_sql("BEGIN IMMEDIATE")


async def _begin(driver: Any) -> None:
    await driver.execute("BEGIN")


class Store:
    """The database as actions use it: `begin` to write, `reading` to look."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine
        self._writing = async_sessionmaker(engine, expire_on_commit=False)
        looking = engine.execution_options(**_READING)
        if engine.dialect.name == "postgresql":  # one snapshot for all statements, as SQLite gives it anyway
            looking = looking.execution_options(isolation_level="REPEATABLE READ")
        self._reading = async_sessionmaker(looking, expire_on_commit=False)
        glancing = engine.execution_options(**_GLANCING)
        if engine.dialect.name == "postgresql":
            glancing = glancing.execution_options(isolation_level="AUTOCOMMIT")
        self._glancing = async_sessionmaker(glancing, expire_on_commit=False)
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

    @asynccontextmanager
    async def glancing(self) -> AsyncIterator[AsyncSession]:
        """Looks each of which is consistent by itself: no transaction is put around them."""
        async with self._glancing() as session:
            yield session

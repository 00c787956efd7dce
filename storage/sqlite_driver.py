"""SQLite's driver with fewer ways between its thread and the event loop.

aiosqlite gives each connection a thread and goes there for every step: making a cursor, executing, fetching,
closing. A way costs more than what it is for, so a statement with few rows goes once: it is executed and
fetched together, and what needs no thread then is done where it is asked for.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterable
from typing import Any, Final, Self

import aiosqlite

FEW: Final = 100
"""Rows that are fetched with the statement; the others when they are wanted: a long list may be streamed."""


class Cursor(aiosqlite.Cursor):
    """Gives the rows that came along before it goes for more."""

    _is_all = True

    def __init__(self, connection: Connection, cursor: sqlite3.Cursor) -> None:
        super().__init__(connection, cursor)
        self._here: list[Any] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def execute(self, sql: str, parameters: Iterable[Any] | None = None) -> Self:
        self._here, self._is_all = [], False  # until it is known to have ended: who waits may be cancelled
        self._here = await self._execute(  # type: ignore[no-untyped-call]
            self._at_once, sql, () if parameters is None else parameters)
        self._is_all = len(self._here) < FEW
        return self

    def _at_once(self, sql: str, parameters: Any) -> list[Any]:
        self._cursor.execute(sql, parameters)
        return [] if self._cursor.description is None else self._cursor.fetchmany(FEW)

    async def executemany(self, sql: str, parameters: Iterable[Iterable[Any]]) -> Self:
        self._here, self._is_all = [], False
        await super().executemany(sql, parameters)
        self._is_all = True
        return self

    async def fetchone(self) -> Any:
        if self._here:
            return self._here.pop(0)
        return None if self._is_all else await super().fetchone()

    async def fetchmany(self, size: int | None = None) -> list[Any]:
        wanted = self._cursor.arraysize if size is None else size
        given, self._here = self._here[:wanted], self._here[wanted:]
        if len(given) < wanted and not self._is_all:
            given += await super().fetchmany(wanted - len(given))
        return given

    async def fetchall(self) -> list[Any]:
        given, self._here = self._here, []
        if not self._is_all:
            given += await super().fetchall()
            self._is_all = True
        return given

    async def close(self) -> None:
        """A statement that has come to its end holds nothing of the database."""
        if self._is_all:
            self._cursor.close()
        else:
            await super().close()


class Connection(aiosqlite.Connection):
    """What SQLAlchemy asks of aiosqlite's, on the shorter ways."""

    _may_run = False
    """Who waited for a step was cancelled; it may be under way still."""

    async def _execute(self, fn: Callable[..., Any], *args: Any, **options: Any) -> Any:
        try:
            return await super()._execute(fn, *args, **options)  # type: ignore[no-untyped-call]
        except asyncio.CancelledError:
            self._may_run = True
            raise

    def cursor(self) -> Cursor:  # type: ignore[override]  # it needs no thread, so nothing is waited for
        if self._connection is None:  # what a pool knows for a dead connection, and replaces
            raise sqlite3.OperationalError("no active connection")
        return Cursor(self, self._connection.cursor())

    async def rollback(self) -> None:
        """Each connection that goes back to the pool is rolled back, mostly from nothing."""
        if self._may_run or self.in_transaction:
            await super().rollback()
            self._may_run = False

    async def close(self) -> None:
        """Rolls back first: SQLite keeps a connection and its locks while somebody holds a cursor."""
        try:
            if self._connection is not None:
                await self.rollback()
        finally:
            await super().close()

    def stop(self) -> asyncio.Future[Any] | None:
        if self._connection is not None:
            self._tx.put_nowait((None, self._connection.rollback))
        return super().stop()


def connect(database: str, **options: Any) -> Connection:
    """A connection to be awaited, as of ``aiosqlite.connect``. `options`: those of ``sqlite3.connect``."""
    connection = Connection(lambda: sqlite3.connect(database, **options), iter_chunk_size=FEW)
    connection._thread.daemon = True  # as SQLAlchemy does for connections that it makes
    return connection

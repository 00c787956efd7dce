"""Statements are compiled once for all engines of a test run: the product has one engine, a test run thousands.

Two dialects of one kind compile alike here, so what one has compiled is found by the other: both in the cache of
statements, which all engines share, and in that of each mapper.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg
from sqlalchemy.dialects.sqlite.aiosqlite import SQLiteDialect_aiosqlite
from sqlalchemy.util import LRUCache


class _Alike:
    def __eq__(self, other: object) -> bool:
        return type(self) is type(other)

    def __hash__(self) -> int:
        return hash(type(self))


class Sqlite(_Alike, SQLiteDialect_aiosqlite):
    supports_statement_cache = True


class Postgres(_Alike, PGDialect_asyncpg):
    supports_statement_cache = True


_COMPILED: LRUCache[Any, Any] = LRUCache(5000)


def _share(connection: Connection) -> None:
    if isinstance(connection.dialect, _Alike):
        connection.execution_options(compiled_cache=_COMPILED)


def compile_once() -> None:
    """From now on, for all engines of this process."""
    registry.register("sqlite.aiosqlite", __name__, "Sqlite")
    registry.register("postgresql.asyncpg", __name__, "Postgres")
    event.listen(Engine, "engine_connect", _share)

"""Databases of a bench run's own: migrated, filled fast, dropped at the end."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
from sqlalchemy import Table
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.postgresql import asyncpg as postgres

from storage.engine import open_engine
from storage.migrate import upgrade

PG_URL = os.environ.get("PG_URL", "postgresql+asyncpg://postgres@127.0.0.1:5432/test")
KINDS = ("sqlite", "postgres")
NAMES = {"sqlite": "SQLite", "postgres": "PostgreSQL"}

Rows = dict[str, list[dict[str, Any]]]


async def there_are() -> tuple[str, ...]:
    """The kinds of database that answer here."""
    try:
        await _administer("SELECT 1")
    except (OSError, asyncpg.PostgresError, TimeoutError):
        print(f"no PostgreSQL at {PG_URL.rpartition('@')[2]}: SQLite only")
        return KINDS[:1]
    return KINDS


@asynccontextmanager
async def fresh(kind: str, *, migrated: bool = True) -> AsyncIterator[str]:
    """The address of a new database."""
    if kind == "sqlite":
        with tempfile.TemporaryDirectory(prefix="groundcrew-bench-") as folder:
            url = f"sqlite+aiosqlite:///{Path(folder) / 'bench.db'}"
            if migrated:
                await _migrate(url)
            yield url
        return
    name = f"groundcrew_bench_{uuid4().hex[:12]}"
    await _administer(f"CREATE DATABASE {name}")
    try:
        url = f"{PG_URL.rpartition('/')[0]}/{name}"
        if migrated:
            await _migrate(url)
        yield url
    finally:
        await _administer(f"DROP DATABASE {name} WITH (FORCE)")


async def _migrate(url: str) -> None:
    engine = open_engine(url)
    async with engine.begin() as connection:
        await connection.run_sync(upgrade)
    await engine.dispose()


async def _administer(statement: str) -> None:
    connection = await asyncpg.connect(_plain(PG_URL), timeout=5)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


def _plain(url: str) -> str:
    return url.replace("+asyncpg", "")


async def fill(url: str, tables: Iterable[tuple[Table, Sequence[dict[str, Any]]]]) -> None:
    """Load rows the fast way: COPY, or one executemany."""
    for table, rows in tables:
        if rows:
            names = list(rows[0])
            if url.startswith("sqlite"):
                _fill_sqlite(url, table, names, rows)
            else:
                await _fill_postgres(url, table, names, rows)


def _values(table: Table, names: Sequence[str], rows: Sequence[dict[str, Any]], dialect: Any) -> Iterable[tuple[Any, ...]]:
    """Rows as the driver takes them."""
    prepare = [table.c[name].type.dialect_impl(dialect).bind_processor(dialect) or _same for name in names]
    pairs = list(zip(names, prepare, strict=True))
    return (tuple(made(row[name]) for name, made in pairs) for row in rows)


def _same(value: Any) -> Any:
    return value


def _fill_sqlite(url: str, table: Table, names: Sequence[str], rows: Sequence[dict[str, Any]]) -> None:
    connection = sqlite3.connect(url.partition("///")[2])
    with connection:
        connection.executemany(f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})",
                               _values(table, names, rows, sqlite.dialect()))
    connection.close()


async def _fill_postgres(url: str, table: Table, names: Sequence[str], rows: Sequence[dict[str, Any]]) -> None:
    connection = await asyncpg.connect(_plain(url))
    await connection.copy_records_to_table(table.name, columns=names, records=_values(table, names, rows, postgres.dialect()))
    if "id" in names and table.c["id"].type.python_type is int:
        await connection.execute(f"SELECT setval(pg_get_serial_sequence('{table.name}', 'id'), (SELECT max(id) FROM {table.name}))")
    await connection.close()


async def settled(url: str) -> None:
    """As a database is some minutes after it was filled: statistics gathered, dead rows gone."""
    await run(url, "VACUUM ANALYZE" if url.startswith("postgres") else "ANALYZE")


async def run(url: str, *statements: str) -> None:
    """Run statements of our own, each by itself."""
    if url.startswith("sqlite"):
        connection = sqlite3.connect(url.partition("///")[2], isolation_level=None)
        for statement in statements:
            connection.execute(statement)
        connection.close()
        return
    client = await asyncpg.connect(_plain(url))
    for statement in statements:
        await client.execute(statement)
    await client.close()

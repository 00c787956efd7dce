"""The short ways between SQLite's thread and the loop give what the long ones gave."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine

from storage.engine import Store, open_engine
from storage.sqlite_driver import FEW, Connection, connect


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    engine = open_engine(f"sqlite+aiosqlite:///{tmp_path}/rows.db")
    async with engine.begin() as connection:
        await connection.execute(text("CREATE TABLE t (n INTEGER PRIMARY KEY)"))
    yield engine
    await engine.dispose()


async def filled(engine: AsyncEngine, rows: int) -> None:
    async with engine.begin() as connection:
        for n in range(rows):
            await connection.execute(text("INSERT INTO t VALUES (:n)"), {"n": n})


@pytest.mark.parametrize("rows", [0, 1, FEW - 1, FEW, FEW + 1, 3 * FEW])
async def test_every_row_comes_once_and_in_order_however_it_is_asked_for(engine: AsyncEngine, rows: int) -> None:
    await filled(engine, rows)
    wanted = list(range(rows))
    async with engine.connect() as connection:
        whole = (await connection.execute(text("SELECT n FROM t ORDER BY n"))).scalars().all()
        in_parts = [row.n async for row in await connection.stream(text("SELECT n FROM t ORDER BY n"))]
        parts = [[row.n for row in part] async for part in (
            await connection.stream(text("SELECT n FROM t ORDER BY n"))).partitions(70)]
    assert whole == wanted
    assert in_parts == wanted
    assert [n for part in parts for n in part] == wanted
    assert all(len(part) == 70 for part in parts[:-1])


async def raw(tmp_path: Path) -> Connection:
    connection: Connection = await connect(str(tmp_path / "rows.db"), check_same_thread=False, isolation_level=None)  # type: ignore[assignment]
    return connection


async def test_one_by_one_a_few_and_the_rest_come_from_the_same_list(tmp_path: Path) -> None:
    connection = await raw(tmp_path)
    async with connection.cursor() as cursor:
        await cursor.execute(f"WITH RECURSIVE c(n) AS (VALUES(0) UNION ALL SELECT n+1 FROM c LIMIT {FEW + 20}) SELECT n FROM c")
        first: list[Any] = [await cursor.fetchone(), await cursor.fetchone()]
        few = await cursor.fetchmany(FEW)
        rest = await cursor.fetchall()
        assert await cursor.fetchone() is None
        assert await cursor.fetchmany(3) == []
        assert await cursor.fetchall() == []
    assert [n for n, in (*first, *few, *rest)] == list(range(FEW + 20))
    await connection.close()


async def test_what_is_returned_by_an_insert_of_many_rows_is_whole(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        made = (await connection.execute(text(
            f"INSERT INTO t WITH RECURSIVE c(n) AS (VALUES(0) UNION ALL SELECT n+1 FROM c LIMIT {2 * FEW}) "
            "SELECT n FROM c RETURNING n"))).scalars().all()
    async with engine.connect() as connection:
        count = await connection.scalar(text("SELECT count(*) FROM t"))
    assert sorted(made) == list(range(2 * FEW))
    assert count == 2 * FEW


async def test_a_statement_that_fails_says_what_it_said_and_leaves_nothing(engine: AsyncEngine) -> None:
    await filled(engine, 1)
    with pytest.raises(IntegrityError):
        async with engine.begin() as connection:
            await connection.execute(text("INSERT INTO t VALUES (7)"))
            await connection.execute(text("INSERT INTO t VALUES (0) RETURNING n"))
    with pytest.raises(OperationalError, match="no such table"):
        async with engine.connect() as connection:
            await connection.execute(text("SELECT * FROM nowhere"))
    async with engine.begin() as connection:
        assert (await connection.execute(text("SELECT n FROM t"))).scalars().all() == [0]


async def test_a_list_that_is_left_in_its_middle_holds_nothing_of_the_database(engine: AsyncEngine) -> None:
    await filled(engine, 3 * FEW)
    async with engine.connect() as connection:
        rows = await connection.stream(text("SELECT n FROM t ORDER BY n"))
        assert (await rows.fetchmany(2))[1].n == 1
        await rows.close()
    async with engine.begin() as connection:  # a statement left open would keep the table from being dropped
        await connection.execute(text("DROP TABLE t"))


async def test_a_transaction_whose_beginner_gave_up_while_it_waited_is_not_left_open(tmp_path: Path) -> None:
    first, second = await raw(tmp_path), await raw(tmp_path)
    await first.execute("BEGIN IMMEDIATE")
    await second.execute("PRAGMA busy_timeout=5000")
    waiting = asyncio.create_task(second.execute("BEGIN IMMEDIATE"))  # type: ignore[arg-type]
    await asyncio.sleep(.1)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    assert not second.in_transaction  # not yet: it waits for the first in its thread

    giving_back = asyncio.create_task(second.rollback())
    await asyncio.sleep(.05)
    await first.rollback()
    await giving_back

    assert not second.in_transaction
    await first.execute("BEGIN IMMEDIATE")  # nobody holds the lock
    await first.rollback()
    await first.close()
    await second.close()


_SLOW = "WITH RECURSIVE c(n) AS (VALUES(0) UNION ALL SELECT n+1 FROM c LIMIT 1000000) SELECT max(n) FROM c"


@pytest.mark.parametrize(("slow", "given"), [(text(_SLOW), {}), (text(f"INSERT INTO t SELECT :n FROM ({_SLOW})"), [{"n": 8}, {"n": 9}])],
                         ids=["one", "many"])
async def test_who_is_cancelled_in_the_middle_of_a_statement_leaves_the_pool_whole(
        engine: AsyncEngine, caplog: pytest.LogCaptureFixture, slow: Any, given: Any) -> None:
    store = Store(engine)

    async def look() -> None:
        async with store.begin() as session:
            await session.execute(text("INSERT INTO t VALUES (1)"))
            await session.execute(slow, given)

    looking = asyncio.create_task(look())
    await asyncio.sleep(.1)
    looking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await looking

    async with store.begin() as session:
        await session.execute(text("INSERT INTO t VALUES (2)"))
    async with store.glancing() as session:
        assert (await session.execute(text("SELECT n FROM t"))).scalars().all() == [2]
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == []


async def test_a_dead_connection_is_replaced_by_the_pool(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        driver: Any = (await connection.get_raw_connection()).driver_connection
    await driver.close()
    with pytest.raises(OperationalError, match="no active connection"):
        async with engine.connect() as connection:
            await connection.execute(text("SELECT 1"))
    async with engine.connect() as connection:
        assert await connection.scalar(text("SELECT 1")) == 1


async def test_a_connection_whose_rollback_fails_is_closed_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    connection = await raw(tmp_path)

    async def fails(self: Connection) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr(Connection, "rollback", fails)
    with pytest.raises(sqlite3.OperationalError, match="disk"):
        await connection.close()
    connection._thread.join(5)
    assert not connection._thread.is_alive()


async def test_the_connection_is_the_short_one_and_as_durable_as_before(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        driver = (await connection.get_raw_connection()).driver_connection
        assert isinstance(driver, Connection)
        assert (await connection.scalar(text("PRAGMA synchronous")), await connection.scalar(text("PRAGMA journal_mode")),
                await connection.scalar(text("PRAGMA foreign_keys"))) == (2, "wal", 1)
    assert sqlite3.threadsafety == 3  # a cursor may be closed from another thread than its connection's

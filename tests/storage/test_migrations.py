"""The schema: equal to the models on both databases, reached from a filled database, and guarding the audit trail.

`data/REVISION.json` fills a database as that revision knew it. With every new migration comes the next file,
so that a column that cannot be filled is noticed here and not in production.
"""

import asyncio
import json
from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, Date, DateTime, LargeBinary, MetaData, inspect, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from storage import audit, outbox, pilots
from storage.base import Base
from storage.engine import Store, open_engine
from storage.migrate import downgrade, known_revisions, upgrade
from storage.models import AuditEntry, Item, ItemState, Person, Pilot, PilotState, Post

DATA = Path(__file__).parent / "data"
REVISIONS = sorted(path.stem for path in DATA.glob("*.json"))


async def _run(engine: AsyncEngine, work: Any, *args: Any) -> Any:
    async with engine.begin() as connection:
        return await connection.run_sync(work, *args)


def _fill(connection: Connection, revision: str) -> None:
    """Load a data file into tables as they are now, which the models may not be able to write any more."""
    tables = MetaData()
    tables.reflect(connection)
    for name, rows in json.loads((DATA / f"{revision}.json").read_text(encoding="utf-8")).items():
        if rows:
            connection.execute(tables.tables[name].insert(), [_typed(tables.tables[name].columns, row) for row in rows])


def _typed(columns: Any, row: dict[str, Any]) -> dict[str, Any]:
    def value_of(name: str, value: Any) -> Any:
        if isinstance(value, str) and isinstance(columns[name].type, DateTime):
            return datetime.fromisoformat(value)
        if isinstance(value, str) and isinstance(columns[name].type, Date):
            return date.fromisoformat(value)
        if isinstance(value, str) and isinstance(columns[name].type, LargeBinary):
            return bytes.fromhex(value)
        return value
    return {name: value_of(name, value) for name, value in row.items()}


async def test_models_and_migrations_describe_the_same_schema(store: Store) -> None:
    def differences(connection: Connection) -> Iterable[object]:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        return compare_metadata(context, Base.metadata)
    assert list(await _run(store.engine, differences)) == []


def test_every_revision_has_its_data_file_with_rows_in_every_table() -> None:
    assert set(REVISIONS) == known_revisions()
    for revision in REVISIONS:
        tables = json.loads((DATA / f"{revision}.json").read_text(encoding="utf-8"))
        assert [name for name, rows in tables.items() if not rows] == []


@pytest.mark.parametrize("revision", REVISIONS)
async def test_a_filled_database_of_any_age_is_upgraded_and_read(store: Store, revision: str) -> None:
    await _run(store.engine, downgrade, "base")
    await _run(store.engine, upgrade, revision)
    await _run(store.engine, _fill, revision)
    await _run(store.engine, upgrade)
    expected = {name: len(rows) for name, rows in json.loads((DATA / f"{revision}.json").read_text()).items()}
    async with store.reading() as session:
        for mapper in Base.registry.mappers:
            rows = (await session.scalars(select(mapper.class_))).all()
            name = str(mapper.local_table.name)  # type: ignore[attr-defined]
            assert len(rows) == expected.get(name, 0), name
        pilot = await pilots.one(session, "slack:T1", 1)
        assert pilot is not None
        dossier = await pilots.dossier(session, pilot)
        assert (pilot.packs, pilot.weights["roi"], pilot.entered["build"]) == (
            ["ai-pilot-default", "eu"], 30, "2026-11-02")
        assert {item.ref: item.state for item in dossier.items}["B-04"] is ItemState.WAIVED
        assert dossier.people["slack:USAM"].name == "Sam Ökafor"
        paused = await pilots.one(session, "slack:T1", 2)
        assert paused is not None
        assert paused.state is PilotState.PAUSED
        assert await outbox.waiting(session) == 1
        verified = await audit.verify(session)
    assert (verified.entries, verified.broken) == (3, ())


async def test_an_upgraded_database_takes_new_rows(store: Store) -> None:
    """Defaults of old rows are one thing, those of new ones another."""
    await _run(store.engine, downgrade, "base")
    await _run(store.engine, upgrade, REVISIONS[0])
    await _run(store.engine, _fill, REVISIONS[0])
    await _run(store.engine, upgrade)
    async with store.begin() as session:
        old = (await session.scalars(select(Person))).first()
        assert old is not None
        session.add(Person(workspace_id=old.workspace_id, id="slack:UNEW", name="New", handle="new", zone="UTC",
                           seen_at=old.seen_at))
    async with store.reading() as session:
        new = await session.get(Person, (old.workspace_id, "slack:UNEW"))
    assert new is not None
    assert new.is_active


async def _forbidden(store: Store, statement: str) -> None:
    with pytest.raises(DBAPIError, match="append-only"):
        async with store.begin() as session:
            await session.execute(text(statement))


async def test_the_database_refuses_to_change_or_remove_an_audit_entry(store: Store) -> None:
    await _run(store.engine, _fill, REVISIONS[-1])
    await _forbidden(store, "UPDATE audit_entry SET actor = 'nobody' WHERE seq = 1")
    await _forbidden(store, "DELETE FROM audit_entry WHERE seq = 1")
    if store.engine.dialect.name == "postgresql":
        await _forbidden(store, "TRUNCATE audit_entry")
        await _forbidden(store, "TRUNCATE pilot CASCADE")
    async with store.reading() as session:
        assert len((await session.scalars(select(AuditEntry))).all()) == 3


async def test_a_pilot_that_has_a_trail_cannot_be_deleted_under_it(store: Store) -> None:
    await _run(store.engine, _fill, REVISIONS[-1])
    with pytest.raises(DBAPIError):
        async with store.begin() as session:
            for table in (Post, Item):
                await session.execute(table.__table__.delete())  # type: ignore[attr-defined]
            await session.execute(text("DELETE FROM nudge"))
            await session.execute(text("DELETE FROM seat"))
            await session.execute(text("DELETE FROM risk_point"))
            await session.execute(Pilot.__table__.delete())  # type: ignore[attr-defined]


async def test_going_back_leaves_nothing_and_forward_again_works(store: Store) -> None:
    await _run(store.engine, _fill, REVISIONS[-1])
    await _run(store.engine, downgrade, "base")
    assert set(await _run(store.engine, lambda sync: inspect(sync).get_table_names())) <= {"alembic_version"}
    await _run(store.engine, upgrade)
    await _run(store.engine, _fill, REVISIONS[-1])
    await _forbidden(store, "DELETE FROM audit_entry")


async def test_upgrading_twice_changes_nothing(store: Store) -> None:
    await _run(store.engine, _fill, REVISIONS[-1])
    await _run(store.engine, upgrade)
    async with store.reading() as session:
        assert len((await session.scalars(select(Pilot))).all()) == 2


async def test_replicas_that_start_together_do_not_both_migrate(database_url: str) -> None:
    """The first is held in the middle: the second waits, then finds everything done."""
    first, second = open_engine(database_url), open_engine(database_url)
    try:
        await _run(first, downgrade, "base")
        async with first.begin() as connection:
            await connection.run_sync(upgrade)
            other = asyncio.create_task(_run(second, upgrade))
            await asyncio.sleep(0.3)
            assert not other.done()
        await other
        assert "audit_entry" in await _run(second, lambda sync: inspect(sync).get_table_names())
    finally:
        await first.dispose()
        await second.dispose()

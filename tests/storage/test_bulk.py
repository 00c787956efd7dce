"""Many rows at once, and many values asked for at once: the same on both databases as one by one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import event, select
from sqlalchemy.exc import DBAPIError, IntegrityError, StatementError
from sqlalchemy.ext.asyncio import AsyncSession

from handlers.alerts import storms
from storage import alerts
from storage.alerting import Alert, AlertState, NewSignal, Signal, SignalState
from storage.among import among
from storage.engine import Store
from storage.models import Workspace
from storage.upsert import dialect_of
from tests.rules.make import NOW

MINE, ROOM = "slack:T1", "slack:C1"
BERLIN = timezone(timedelta(hours=1))
HARD = ["plain", "", "O'Brien says \"no\"", "a\\b\nc\td", "naïve 日本 🚒", "NULL", "{1,2}", "$1; DROP TABLE alert --"]


def _alert(key: str, **said: Any) -> Alert:
    return Alert(**{"workspace_id": MINE, "key": key, "source": "prom", "name": "Drift", "title": "PSI", "severity": "warning",
                    "rank": 2, "room": ROOM, "opened_at": NOW, "changed_at": NOW, **said})


def _signal(fingerprint: str, **said: Any) -> NewSignal:
    return NewSignal(**{"workspace_id": MINE, "fingerprint": fingerprint, "source": "prom", "state": SignalState.FIRING,
                        "name": "Drift", "title": "PSI", "rank": 2, "first_at": NOW, "last_at": NOW, **said})


async def _workspace(session: AsyncSession) -> None:
    session.add(Workspace(id=MINE, name="N", created_at=NOW))
    await session.flush()


@contextmanager
def noting(store: Store, asked: list[tuple[str, Any]]) -> Iterator[None]:
    """Into `asked` goes what the database is asked meanwhile, with its values."""
    def note(_connection: Any, _cursor: Any, statement: str, values: Any, *_rest: Any) -> None:
        asked.append((statement, values))
    event.listen(store.engine.sync_engine, "before_cursor_execute", note)
    try:
        yield
    finally:
        event.remove(store.engine.sync_engine, "before_cursor_execute", note)


@pytest.mark.parametrize("said", HARD)
async def test_every_value_of_a_signal_is_read_back_as_it_was_written(store: Store, said: str) -> None:
    there = NOW.astimezone(BERLIN).replace(microsecond=123456)
    new = _signal("f", title=said, name=said, labels={"k": said, said or "e": "v"}, notes={"summary": said}, links=[["runbook", said]],
                  started_at=there, lapses_at=NOW, fired=3, state=SignalState.EVENT)
    async with store.begin() as session:
        await _workspace(session)
        await alerts.add_signals(session, [new, _signal("other")])
    async with store.reading() as session:
        row = await session.scalar(select(Signal).where(Signal.fingerprint == "f"))
    assert row is not None
    assert {each.name: getattr(row, each.name) for each in fields(NewSignal)} == {
        each.name: getattr(new, each.name) for each in fields(NewSignal)}


@pytest.mark.parametrize("said", HARD)
async def test_an_alert_is_written_at_once_as_the_session_would_write_it(store: Store, said: str) -> None:
    def made(key: str) -> Alert:
        return _alert(key, title=said, labels={"k": said}, links=[["a", said]], notes={"s": said}, skew_s=4, state=AlertState.ACKED,
                      acked_by="slack:U1", acked_at=NOW, chain=[{"to": "lead", "after": 60, "working": True}], is_event=True)
    async with store.begin() as session:
        await _workspace(session)
        await alerts.add_alerts(session, [made("bulk")])
        session.add(made("plain"))
    async with store.reading() as session:
        rows = {row.key: row for row in await session.scalars(select(Alert))}
    names = [each.name for each in Alert.__table__.columns if each.name not in ("id", "key")]
    assert len(names) > 30
    assert {name: getattr(rows["bulk"], name) for name in names} == {name: getattr(rows["plain"], name) for name in names}


async def test_alerts_written_at_once_have_their_own_numbers_and_what_changes_them_is_written(store: Store) -> None:
    async with store.begin() as session:
        await _workspace(session)
        new = [_alert(f"k{n}") for n in range(70)]
        await alerts.add_alerts(session, new)
        for alert in new:
            alert.title = f"of {alert.key}"
        new[0].level = 2
    async with store.reading() as session:
        found = {row.id: (row.key, row.title, row.level) for row in await session.scalars(select(Alert))}
    assert found == {alert.id: (alert.key, f"of {alert.key}", 2 if alert is new[0] else -1) for alert in new}


async def test_nothing_written_at_once_is_read_back_to_be_used(store: Store) -> None:
    async with store.begin() as session:
        await _workspace(session)
        new = _alert("k")
        await alerts.add_alerts(session, [new])
        asked: list[tuple[str, Any]] = []
        with noting(store, asked):
            assert [getattr(new, each.name) for each in Alert.__table__.columns]
    assert asked == []


async def test_what_another_wrote_first_is_refused_and_nothing_is_written(store: Store) -> None:
    async with store.begin() as session:
        await _workspace(session)
        await alerts.add_alerts(session, [_alert("k1")])
        await alerts.add_signals(session, [_signal("f1")])
    with pytest.raises(IntegrityError):
        async with store.begin() as session:
            await alerts.add_alerts(session, [_alert("k0"), _alert("k1")])
    with pytest.raises(IntegrityError):
        async with store.begin() as session:
            await alerts.add_signals(session, [_signal("f0"), _signal("f1")])
    async with store.reading() as session:
        assert (await session.scalars(select(Alert.key))).all() == ["k1"]
        assert (await session.scalars(select(Signal.fingerprint))).all() == ["f1"]


async def test_a_moment_without_a_zone_is_refused(store: Store) -> None:
    with pytest.raises((StatementError, ValueError), match="naive"):
        async with store.begin() as session:
            await _workspace(session)
            await alerts.add_signals(session, [_signal("f", started_at=datetime(2026, 3, 2, 9, 0))])


async def test_postgresql_refuses_what_is_too_long_and_does_not_cut_it(store: Store) -> None:
    if store.engine.dialect.name != "postgresql":
        pytest.skip("SQLite's columns have no length")
    with pytest.raises(DBAPIError, match="too long"):
        async with store.begin() as session:
            await _workspace(session)
            await alerts.add_signals(session, [_signal("f" * 33)])


@pytest.mark.parametrize("wanted", [[], ["k1"], ["k1", "k3"], [*HARD, "k1"], [f"k{n}" for n in range(5000)]], ids=len)
async def test_many_values_at_once_find_what_each_would(store: Store, wanted: list[str]) -> None:
    async with store.begin() as session:
        await _workspace(session)
        await alerts.add_alerts(session, [_alert(key) for key in ("k0", "k1", "k2", "k3", *HARD)])
    async with store.reading() as session:
        dialect = dialect_of(session)
        found = (await session.execute(select(Alert.id, Alert.key).where(among(dialect, Alert.key, "keys")), {"keys": wanted})).all()
        assert {key for _, key in found} == {"k0", "k1", "k2", "k3", *HARD} & {*wanted}
        again = await session.scalars(select(Alert.key).where(among(dialect, Alert.id, "ids")), {"ids": [row.id for row in found]})
        assert set(again) == {key for _, key in found}


async def test_many_values_at_once_are_looked_up_and_not_searched_for(store: Store) -> None:
    is_postgresql = store.engine.dialect.name == "postgresql"
    async with store.begin() as session:
        await _workspace(session)
        await alerts.add_signals(session, [_signal(f"f{n}") for n in range(500)])
        connection, asked = await session.connection(), list[tuple[str, Any]]()
        if is_postgresql:
            await connection.exec_driver_sql("ANALYZE signal")
        with noting(store, asked):
            assert (await alerts.signals_locked(session, MINE, {"f1", "f2"})).keys() == {"f1", "f2"}
        [(statement, values)] = asked
        explain = "EXPLAIN " if is_postgresql else "EXPLAIN QUERY PLAN "
        plan = str((await connection.exec_driver_sql(explain + statement, values)).all())
    assert ("uq_signal_workspace_id_fingerprint" if is_postgresql else "sqlite_autoindex_signal_1") in plan, plan


async def test_a_storm_that_only_grew_has_the_numbers_that_counting_gives(store: Store) -> None:
    async with store.begin() as session:
        await _workspace(session)
        storm = _alert("storm", is_storm=True)
        await alerts.add_alerts(session, [storm])
        for batch in range(3):
            new = [_alert(f"k{batch}.{n}", storm_id=storm.id, state=AlertState.RESOLVED if n == 0 else AlertState.OPEN)
                   for n in range(4)]
            await alerts.add_alerts(session, new)
            storms.grow(storm, new, NOW)
        await session.flush()
        assert (await alerts.counts_of(session, MINE, [storm.id]))[storm.id] == (storm.total, storm.firing) == (12, 9)

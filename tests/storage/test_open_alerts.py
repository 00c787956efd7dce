"""What is asked of open alerts reads open ones alone, whatever plan a database keeps: there may be a hundred thousand others."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from storage import alert_lists, alerts, silences
from storage.alert_lists import Here, Which
from storage.alerting import Alert, AlertState
from storage.engine import Store
from storage.models import Workspace
from tests.rules.make import NOW
from tests.storage.test_bulk import noting

MINE, ROOM = "slack:T1", "slack:C1"
Ask = Callable[[AsyncSession, Alert], Awaitable[Any]]
ASKED: dict[str, tuple[Ask, str]] = {
    "of these keys": (lambda s, a: alerts.alerts_locked(s, MINE, ["k"], (), NOW), "ix_alert_key"),
    "listed": (lambda s, a: alert_lists.listed(s, MINE, Which(), Here(), 9), "ix_alert_listed"),
    "held back by one": (lambda s, a: silences.held_back(s, MINE, a), "ix_alert_inhibited_by"),
    "to release of a silence": (lambda s, a: silences.to_release(s, MINE, NOW, 9), "ix_alert_silence"),
    "to release of a holder": (lambda s, a: silences.to_release(s, MINE, NOW, 9), "ix_alert_inhibited_by"),
}


@pytest.mark.parametrize("name", ASKED)
async def test_open_alerts_are_read_by_the_index_that_holds_only_them(store: Store, name: str) -> None:
    ask, index = ASKED[name]
    is_postgresql = store.engine.dialect.name == "postgresql"
    async with store.begin() as session:
        session.add(Workspace(id=MINE, name="N", created_at=NOW))
        await session.flush()
        new = [Alert(workspace_id=MINE, key=f"k{n}", source="prom", name="Drift", title="PSI", severity="error", rank=1, room=ROOM,
                     opened_at=NOW - timedelta(minutes=n), changed_at=NOW, state=AlertState.RESOLVED if n > 500 else AlertState.OPEN) for n in range(3000)]
        await alerts.add_alerts(session, new)
        await session.flush()
        connection, asked = await session.connection(), list[tuple[str, Any]]()
        with noting(store, asked):
            await ask(session, new[0])
        if is_postgresql:
            await connection.exec_driver_sql("ANALYZE alert")
            await connection.exec_driver_sql("SET LOCAL plan_cache_mode = force_generic_plan")
            await connection.exec_driver_sql("SET LOCAL enable_seqscan = off")  # right as long as there are so few
        explain = "EXPLAIN " if is_postgresql else "EXPLAIN QUERY PLAN "
        plans = [str((await connection.exec_driver_sql(explain + statement, values)).all())
                 for statement, values in asked if statement.lstrip().startswith("SELECT")]
    assert any(index in plan for plan in plans), plans

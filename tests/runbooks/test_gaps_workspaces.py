"""No query about gaps crosses workspaces: each on two that look the same, asked with the other one's numbers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from storage import runbook_gaps, runbook_spend
from storage.alerting import Alert, Signal, SignalState
from storage.engine import Store
from storage.models import Workspace
from storage.shelf import RunbookGap, RunbookPage, RunbookQuestion, RunbookSection, RunbookSpend
from tests.rules.make import NOW, item, pilot

MINE, OTHER = "slack:T1", "slack:T2"
SINCE = NOW - timedelta(days=1)


@pytest.fixture
async def twins(store: Store) -> AsyncIterator[Store]:
    async with store.begin() as session:
        for number, workspace in ((1, MINE), (2, OTHER)):
            session.add(Workspace(id=workspace, name="Northwind", created_at=NOW))
            await session.flush()
            session.add(pilot(id=number, workspace_id=workspace))
            await session.flush()
            page = RunbookPage(workspace_id=workspace, source="ops", path="a.md", title=workspace, digest="d", read_at=NOW, version=1)
            session.add_all([item("RB-01", id=number, workspace_id=workspace, pilot_id=number), page])
            await session.flush()
            session.add_all([
                RunbookSection(workspace_id=workspace, page_id=page.id, ordinal=0, level=1, path=["A"], anchor="a", markdown="", text="", code=workspace),
                RunbookQuestion(workspace_id=workspace, pilot_id=number, asked_by="slack:U1", asked_at=NOW, words=workspace, key="k", verdict="nothing",
                                confidence=0.1, said="helpful"),
                RunbookGap(workspace_id=workspace, key="alert:1:Down", pilot_id=number, item_id=number, by="slack:U1", at=NOW),
                RunbookSpend(workspace_id=workspace, month="2026-11", day=NOW.date(), calls=number, spent=number),
                Alert(workspace_id=workspace, key="k", source="prom", name=workspace, title="Down", severity="error", rank=1, room="slack:C1", opened_at=NOW,
                      changed_at=NOW, pilot_id=number, labels={"service": workspace}),
                Signal(workspace_id=workspace, fingerprint="f", source="prom", state=SignalState.FIRING, name="Down", title="Down", rank=1,
                       first_at=NOW + timedelta(hours=number), last_at=NOW, labels={"job": workspace})])
    yield store


@pytest.mark.parametrize(("workspace", "number", "other"), [(MINE, 1, 2), (OTHER, 2, 1)])
async def test_each_query_knows_its_own_workspace_alone(twins: Store, workspace: str, number: int, other: int) -> None:
    async with twins.reading() as session:
        assert [row.words for row in await runbook_gaps.questions_since(session, workspace, SINCE, 9)] == [workspace]
        assert [row.words for row in await runbook_gaps.helpful(session, workspace, number, SINCE, 9)] == [workspace]
        assert await runbook_gaps.helpful(session, workspace, other, SINCE, 9) == []
        assert [(each.name, each.pilot_id) for each in await runbook_gaps.fired(session, workspace, SINCE, 9)] == [(workspace, number)]
        assert {each.name for each in (await runbook_gaps.alerts_of(session, workspace, range(9))).values()} == {workspace}
        assert {(each.label, each.value) for each in await runbook_gaps.carried(session, workspace, ("job", "service"), 9)} == {
            ("job", workspace), ("service", workspace)}
        assert await runbook_gaps.first_heard(session, workspace) == NOW + timedelta(hours=number)
        assert [each.title for each in await runbook_gaps.all_pages(session, workspace)] == [workspace]
        assert [each.code for each in await runbook_gaps.code_of(session, workspace, range(9))] == [workspace]
        assert [row.item_id for row in (await runbook_gaps.kept(session, workspace)).values()] == [number]
        assert await runbook_gaps.of_item(session, workspace, other) is None
        assert (await runbook_gaps.of_item(session, workspace, number) or object()).__class__ is RunbookGap
        assert set(await runbook_gaps.items_of(session, workspace, range(9))) == {number}
        assert [row.id for row in await runbook_gaps.pilots_of(session, workspace)] == [number]


async def test_claiming_and_spending_leave_the_other_workspace_alone(twins: Store) -> None:
    async with twins.begin() as session:
        row = await runbook_gaps.claimed(session, MINE, RunbookGap(workspace_id=MINE, key="alert:1:Down", pilot_id=1, item_id=None, by="slack:U9", at=NOW))
        assert (row.item_id, row.by) == (1, "slack:U1"), "what is there stays"
        (await runbook_spend.locked(session, MINE, NOW)).calls += 5
        await runbook_spend.settle(session, MINE, "2026-11", 100)
    async with twins.reading() as session:
        spent = {row.workspace_id: (row.calls, row.spent) for each in (MINE, OTHER) if (row := await session.get(RunbookSpend, (each, "2026-11")))}
        assert spent == {MINE: (6, 101), OTHER: (2, 2)}

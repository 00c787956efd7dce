"""Queries about many alerts: each of its own workspace, the same on both databases."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from storage import alert_figures, alert_lists
from storage.alert_lists import Here, Which
from storage.alerting import Alert, AlertState, AlertStep, Signal, SignalState, Silence
from storage.engine import Store
from storage.models import Post, Workspace
from tests.rules.make import NOW

MINE, OTHER, ROOM = "slack:T1", "slack:T2", "slack:C1"


def alert(workspace: str, key: str, **said: Any) -> Alert:
    return Alert(**{"workspace_id": workspace, "key": key, "source": "prom", "name": "Drift", "title": f"Title {key} 50%",
                    "severity": "warning", "rank": 2, "room": ROOM, "opened_at": NOW, "changed_at": NOW, **said})


async def fill(store: Store) -> dict[str, dict[str, int]]:
    """The same in both workspaces: a plain one, a critical one, one that is over, a storm of two."""
    numbers: dict[str, dict[str, int]] = {}
    async with store.begin() as session:
        for workspace in (MINE, OTHER):
            session.add(Workspace(id=workspace, name="N", created_at=NOW))
            await session.flush()
            rows = {"plain": alert(workspace, "plain", labels={"model": "churn"}),
                    "worst": alert(workspace, "worst", rank=0, severity="critical", state=AlertState.ACKED, acked_by="slack:U1",
                                   acked_at=NOW),
                    "over": alert(workspace, "over", state=AlertState.RESOLVED, resolved_at=NOW - timedelta(hours=2),
                                  resolved_how="sender", opened_at=NOW - timedelta(hours=3)),
                    "storm": alert(workspace, "storm", is_storm=True, total=2)}
            session.add_all(rows.values())
            await session.flush()
            members = [alert(workspace, f"member{n}", storm_id=rows["storm"].id, labels={"n": str(n)}) for n in range(2)]
            session.add_all(members)
            await session.flush()
            numbers[workspace] = {key: row.id for key, row in rows.items()} | {f"m{n}": row.id for n, row in enumerate(members)}
            session.add_all([
                Signal(workspace_id=workspace, fingerprint="f", source="prom", state=SignalState.FIRING, name="Drift", title="t",
                       rank=0, first_at=NOW, last_at=NOW, alert_id=rows["worst"].id, labels={"pod": "P-1", "a.b/c-d": "x y"}),
                AlertStep(workspace_id=workspace, alert_id=rows["plain"].id, at=NOW + timedelta(minutes=9), what="acked", actor="a"),
                AlertStep(workspace_id=workspace, alert_id=rows["plain"].id, at=NOW + timedelta(minutes=4), what="acked", actor="b"),
                Silence(workspace_id=workspace, matchers={}, begins_at=NOW, ends_at=NOW + timedelta(hours=1), made_by="a", reason="r",
                        held=3),
                *(Post(workspace_id=workspace, kind="alert", subject_id=number, room=ROOM, made_at=NOW, not_before=NOW, shown=1,
                       message_id=f"C1/{number}") for number in (rows["plain"].id, members[0].id))])
    return numbers


async def test_every_question_about_many_alerts_is_answered_within_its_workspace(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = await fill(store)
    mine = numbers[MINE]

    async def found(which: Which, here: Here | None = None) -> list[str]:
        rows = await alert_lists.listed(session, MINE, which, here or Here(), 9)
        assert {row.workspace_id for row in rows} <= {MINE}
        return [row.key for row in rows]

    async with store.reading() as session:
        assert await found(Which()) == ["worst", "storm", "plain"]
        assert await found(Which(ended_since=NOW - timedelta(hours=3))) == ["worst", "storm", "plain", "over"]
        assert await found(Which(ended_since=NOW - timedelta(hours=1))) == ["worst", "storm", "plain"]
        assert await found(Which(), Here(room="slack:C9")) == ["worst", "storm", "plain"]
        assert await found(Which(is_untaken=True)) == ["storm", "plain"]
        assert await found(Which(taken_by="slack:U1")) == ["worst"]
        assert await found(Which(rank=0, name="DRIFT")) == ["worst"]
        assert await found(Which(labels={"model": "Churn"})) == ["plain"]
        assert await found(Which(labels={"pod": "p-1", "a.b/c-d": "X y"})) == ["worst"], "of one of its signals"
        assert await found(Which(labels={"pod": "p-2"})) == []
        assert await found(Which(room="slack:C9")) == []
        assert await found(Which(storm_id=mine["storm"])) == ["member1", "member0"]
        assert await found(Which(storm_id=numbers[OTHER]["storm"])) == []
        assert await alert_lists.counted(session, MINE, Which()) == {0: 1, 2: 2}
        assert await alert_lists.numbers(session, MINE, Which(is_untaken=True), 9) == [mine["plain"], mine["storm"]]
        assert await alert_lists.messages_of(session, MINE, [mine["plain"], numbers[OTHER]["plain"]]) == {
            (mine["plain"], ROOM): f"C1/{mine['plain']}"}
        assert [post.subject_id for post in await alert_lists.members_shown(session, MINE, mine["storm"])] == [mine["m0"]]
        assert await alert_lists.members_shown(session, MINE, numbers[OTHER]["storm"]) == []
        monkeypatch.setattr(alert_lists, "BATCH", 1)
        batches = [[row[0] for row in batch] async for batch in alert_lists.members(session, MINE, mine["storm"])]
        assert batches == [[mine["m0"]], [mine["m1"]]]
        assert [batch async for batch in alert_lists.members(session, MINE, numbers[OTHER]["storm"])] == []


async def test_a_title_is_found_by_its_letters_and_what_is_over_only_where_nothing_open_fits(store: Store) -> None:
    await fill(store)
    async with store.reading() as session:
        assert {row.key for row in await alert_lists.titled(session, MINE, "title", 9)} == {"plain", "worst", "member0", "member1"}
        assert [row.key for row in await alert_lists.titled(session, MINE, "TITLE over", 9)] == ["over"]
        assert [row.key for row in await alert_lists.titled(session, MINE, "plain 50%", 9)] == ["plain"]
        assert await alert_lists.titled(session, MINE, "p_ain", 9) == [], "no letter stands for another"
        assert await alert_lists.titled(session, MINE, "%%", 9) == []


async def test_statistics_read_each_alert_once_with_when_it_was_first_taken_on(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = await fill(store)
    since, until = NOW - timedelta(days=1), NOW + timedelta(days=1)
    async with store.reading() as session:
        rows = {row.id: row for row in await alert_figures.opened(session, MINE, since, until, None, 99)}
        assert set(rows) == set(numbers[MINE].values())
        assert rows[numbers[MINE]["plain"]].acked_at == NOW + timedelta(minutes=4)
        assert rows[numbers[MINE]["worst"]].acked_at == NOW
        assert rows[numbers[MINE]["m0"]].in_storm
        monkeypatch.setattr(alert_figures, "BATCH", 2)
        again = await alert_figures.opened(session, MINE, since, until, None, 99)
        assert sorted(row.id for row in again) == sorted(rows), "in batches too, though most began at one moment"
        newest = await alert_figures.opened(session, MINE, since, until, None, 2)
        assert [row.id for row in newest] == sorted(rows, reverse=True)[:2]
        assert await alert_figures.opened(session, MINE, since, until, 77, 9) == []
        assert await alert_figures.opened(session, MINE, until, until, None, 9) == []
        assert await alert_figures.held_back(session, MINE, NOW, None) == (1, 3)
        assert await alert_figures.held_back(session, MINE, NOW + timedelta(hours=2), None) == (0, 0)
        assert await alert_figures.held_back(session, MINE, NOW, 77) == (0, 0)

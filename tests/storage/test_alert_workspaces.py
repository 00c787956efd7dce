"""No query about alerts crosses workspaces: each is asked by one with the other's numbers, names and keys."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from storage import alert_lists, alerts, churn, drift_windows, silences
from storage.alert_lists import Here, Which
from storage.alerting import (
    Alert,
    AlertSource,
    AlertState,
    AlertStep,
    DriftWindow,
    Inhibitor,
    Presence,
    Signal,
    SignalState,
    Silence,
)
from storage.engine import Store
from storage.models import Pilot, Post, Workspace
from tests.rules.make import NOW, person, pilot
from tests.storage.whose import rows_of, workspaces_in

MINE, OTHER, ROOM, SAM = "slack:T1", "slack:T2", "slack:C1", "slack:USAM"
MODULES = (alerts, alert_lists, silences, churn, drift_windows)
LATER, EARLIER = NOW + timedelta(hours=1), NOW - timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Twin:
    """What a caller of one workspace knows of its rows; all but the numbers is the same in both."""

    alert: Alert
    storm: Alert
    ended: Alert
    signal: Signal
    step: AlertStep
    silence: Silence
    window: DriftWindow


Ask = Callable[[AsyncSession, str, Twin], Awaitable[Any]]
READS: dict[str, Ask] = {
    "alerts.source": lambda s, w, t: alerts.source(s, w, "prom"),
    "alerts.sources": lambda s, w, t: alerts.sources(s, w),
    "alerts.pilots_named": lambda s, w, t: alerts.pilots_named(s, w, ["claims triage"]),
    "alerts.signals_locked": lambda s, w, t: alerts.signals_locked(s, w, ["f"]),
    "alerts.new_in_rooms": lambda s, w, t: alerts.new_in_rooms(s, w, [ROOM], EARLIER),
    "alerts.away": lambda s, w, t: alerts.away(s, w, NOW - timedelta(days=1)),
    "alert_lists.listed": lambda s, w, t: alert_lists.listed(s, w, Which(labels={"env": "prod"}), Here(room=ROOM), 9),
    "alert_lists.counted": lambda s, w, t: alert_lists.counted(s, w, Which()),
    "alert_lists.numbers": lambda s, w, t: alert_lists.numbers(s, w, Which(), 9),
    "alert_lists.titled": lambda s, w, t: alert_lists.titled(s, w, "psi", 9),
    "silences.open_ones": lambda s, w, t: silences.open_ones(s, w, NOW),
    "silences.may_match": lambda s, w, t: silences.may_match(s, w, {"name": "Drift"}, None, 9),
    "silences.to_release": lambda s, w, t: silences.to_release(s, w, NOW, 9),
    "churn.begun": lambda s, w, t: churn.begun(s, w, "prom", "Drift", EARLIER, NOW),
    "churn.above": lambda s, w, t: churn.above(s, w, "prom", ["Drift"], EARLIER, 0),
    "churn.newest": lambda s, w, t: churn.newest(s, w, "prom", "Drift", NOW, 9),
    "drift_windows.named": lambda s, w, t: drift_windows.named(s, w, "k", "w1"),
    "drift_windows.lately": lambda s, w, t: drift_windows.lately(s, w, "k", 9),
    "drift_windows.course": lambda s, w, t: drift_windows.course(s, w, "k", "psi", EARLIER, LATER, 9),
    "drift_windows.of_room": lambda s, w, t: drift_windows.of_room(s, w, ROOM, EARLIER, LATER, 9),
    "alerts.firing_of": lambda s, w, t: alerts.firing_of(s, w, "prom"),
}
"""Asked with what is the same in both workspaces: the answer is as large in each, and is its own."""
BY_NUMBER: dict[str, Ask] = {
    "alerts.alerts_locked": lambda s, w, t: alerts.alerts_locked(s, w, (), [t.alert.id], NOW),
    "alerts.one": lambda s, w, t: alerts.one(s, w, t.alert.id),
    "alerts.locked": lambda s, w, t: alerts.locked(s, w, t.alert.id),
    "alerts.several": lambda s, w, t: alerts.several(s, w, [t.alert.id]),
    "alerts.step": lambda s, w, t: alerts.step(s, w, t.step.id),
    "alerts.steps_of": lambda s, w, t: alerts.steps_of(s, w, t.alert.id),
    "alerts.shown": lambda s, w, t: alerts.shown(s, w, [t.alert.id]),
    "alerts.parts_of": lambda s, w, t: alerts.parts_of(s, w, t.storm.id),
    "alerts.members_of": lambda s, w, t: alerts.members_of(s, w, t.storm.id, limit=9),
    "alerts.counts_of": lambda s, w, t: alerts.counts_of(s, w, [t.storm.id]),
    "alert_lists.messages_of": lambda s, w, t: alert_lists.messages_of(s, w, [t.alert.id]),
    "alert_lists.members_shown": lambda s, w, t: alert_lists.members_shown(s, w, t.storm.id),
    "silences.held_back": lambda s, w, t: silences.held_back(s, w, t.ended),
    "silences.one": lambda s, w, t: silences.one(s, w, t.silence.id),
    "silences.locked": lambda s, w, t: silences.locked(s, w, t.silence.id),
    "silences.alerts_locked": lambda s, w, t: silences.alerts_locked(s, w, [t.alert.id]),
    "churn.one": lambda s, w, t: churn.one(s, w, t.signal.id),
    "drift_windows.one": lambda s, w, t: drift_windows.one(s, w, t.window.id),
}
"""Asked with numbers: of the other's it knows nothing."""
WRITES: dict[str, Ask] = {
    "alerts.heard": lambda s, w, t: alerts.heard(s, w, "prom", LATER),
    "silences.hold_others": lambda s, w, t: silences.hold_others(s, w, [("another", t.alert.id)]),
    "silences.count_held": lambda s, w, t: silences.count_held(s, w, t.silence.id, 3),
    "silences.forget_over": lambda s, w, t: silences.forget_over(s, w),
    "drift_windows.forget_before": lambda s, w, t: drift_windows.forget_before(s, w, "k", LATER),
}
ELSEWHERE = {"alerts.signals_of": "below", "alerts.lock_below": "locks and gives nothing; below", "silences.standing": "below",
             "alerts.plan_reads_anew": "takes no row", "alerts.plan_writes_once": "takes no row"}
OF_A_ROW = {"alerts.has_later", "alerts.add_signals", "alerts.add_alerts", "alerts.acknowledge_members", "alerts.end_signals"}
"""Take a row, and with it its workspace: tested below."""


def test_every_query_about_alerts_is_asked_here() -> None:
    found = {f"{module.__name__.removeprefix('storage.')}.{name}" for module in MODULES
             for name, function in inspect.getmembers(module, inspect.iscoroutinefunction) if function.__module__ == module.__name__}
    assert found == {*READS, *BY_NUMBER, *WRITES, *ELSEWHERE, *OF_A_ROW}


async def _twin(session: AsyncSession, workspace: str, number: int) -> Twin:
    session.add(Workspace(id=workspace, name="Northwind", created_at=NOW))
    await session.flush()
    session.add_all([person("sam", workspace_id=workspace), person("priya", workspace_id=workspace)])
    await session.flush()
    session.add(pilot(id=number, workspace_id=workspace))
    await session.flush()
    session.add_all([
                     AlertSource(workspace_id=workspace, name="prom", vendor="prometheus", secret="s", made_at=NOW),
                     Presence(workspace_id=workspace, began_at=NOW - timedelta(days=2), alive_at=NOW - timedelta(days=2)),
                     Presence(workspace_id=workspace, began_at=EARLIER, alive_at=EARLIER)])
    silence = Silence(workspace_id=workspace, matchers={"name": "Drift"}, begins_at=EARLIER, ends_at=LATER, made_by=SAM, reason="r")
    over = Silence(workspace_id=workspace, matchers={"name": "Down"}, begins_at=EARLIER, ends_at=NOW, made_by=SAM, reason="r")
    storm = _alert(workspace, number, "storm", is_storm=True)
    ended = _alert(workspace, number, "ended", state=AlertState.RESOLVED, resolved_at=NOW)
    session.add_all([silence, over, storm, ended])
    await session.flush()
    alert, member = _alert(workspace, number, "k"), _alert(workspace, number, "member", storm_id=storm.id)
    freed = _alert(workspace, number, "freed", silence_id=over.id)
    held = _alert(workspace, number, "held", inhibited_by=ended.id)
    session.add_all([alert, member, freed, held])
    await session.flush()
    step = AlertStep(workspace_id=workspace, alert_id=alert.id, at=NOW, what="taken", actor=SAM, details={})
    signal = Signal(workspace_id=workspace, fingerprint="f", source="prom", state=SignalState.FIRING, name="Drift", title="PSI", rank=1,
                    first_at=NOW, last_at=NOW, alert_id=alert.id, labels={"env": "prod"})
    window = DriftWindow(workspace_id=workspace, key="k", window="w1", at=NOW, verdict="fine", source="prom", room=ROOM,
                         drift={"figures": {"psi": 0.1}})
    another = Signal(workspace_id=workspace, fingerprint=f"f{number}", source="prom", state=SignalState.FIRING, name="Drift", title="PSI", rank=1,
                     first_at=NOW, last_at=NOW, alert_id=alert.id)
    session.add_all([step, signal, another, window, Inhibitor(workspace_id=workspace, key="x", alert_id=ended.id),
                     *(Post(workspace_id=workspace, kind="alert", subject_id=each.id, room=ROOM, made_at=NOW, not_before=NOW, shown=1,
                            message_id=f"C1/{each.key}") for each in (alert, member))])
    await session.flush()
    return Twin(alert, storm, ended, signal, step, silence, window)


def _alert(workspace: str, pilot_id: int, key: str, **said: Any) -> Alert:
    return Alert(workspace_id=workspace, key=key, source="prom", name="Drift", title=f"PSI {key}", severity="error", rank=1, room=ROOM,
                 opened_at=NOW, changed_at=NOW, pilot_id=pilot_id, **said)


async def _twins(session: AsyncSession) -> tuple[Twin, Twin]:
    return await _twin(session, MINE, 1), await _twin(session, OTHER, 2)


@pytest.mark.parametrize("name", sorted(READS))
async def test_what_looks_the_same_is_answered_from_ones_own_workspace(store: Store, name: str) -> None:
    async with store.begin() as session:
        mine, other = await _twins(session)
        ours, theirs = await READS[name](session, MINE, mine), await READS[name](session, OTHER, other)
        assert ours and theirs, f"{name} found nothing: the data does not prove anything"
        assert set(workspaces_in(ours)) <= {MINE} and set(workspaces_in(theirs)) <= {OTHER}
        if not isinstance(ours, int):
            assert len(ours if isinstance(ours, (list, tuple, dict, set)) else [ours]) == len(
                theirs if isinstance(theirs, (list, tuple, dict, set)) else [theirs])
        else:
            assert ours == theirs


@pytest.mark.parametrize("name", ["alert_lists.numbers", "churn.begun", "churn.newest", "alert_lists.counted", "alerts.new_in_rooms",
                                  "alerts.firing_of", "alerts.away", "drift_windows.course"])
async def test_what_is_counted_does_not_grow_with_another_workspace(store: Store, name: str) -> None:
    async with store.begin() as session:
        mine = await _twin(session, MINE, 1)
        alone = await READS[name](session, MINE, mine)
        await _twin(session, OTHER, 2)
        assert await READS[name](session, MINE, mine) == alone
        assert await churn.above(session, MINE, "prom", ["Drift"], EARLIER, 2) == set()


@pytest.mark.parametrize("name", sorted(BY_NUMBER))
async def test_another_workspaces_numbers_name_nothing(store: Store, name: str) -> None:
    async with store.begin() as session:
        mine, other = await _twins(session)
        ours = await BY_NUMBER[name](session, MINE, mine)
        assert ours, f"{name} found nothing: the data does not prove anything"
        assert set(workspaces_in(ours)) <= {MINE}
        assert not await BY_NUMBER[name](session, MINE, other)


@pytest.mark.parametrize("name", sorted(WRITES))
async def test_writing_leaves_the_other_workspace_alone(store: Store, name: str) -> None:
    async with store.begin() as session:
        mine, other = await _twins(session)
        before, theirs = await rows_of(session, MINE), await rows_of(session, OTHER)
        await WRITES[name](session, MINE, mine)
        await session.flush()
        assert await rows_of(session, MINE) != before, f"{name} wrote nothing: this proved nothing"
        assert await rows_of(session, OTHER) == theirs
        if name != "silences.hold_others":  # whose numbers come from a look at one's own alerts
            await WRITES[name](session, MINE, other)
            assert await rows_of(session, OTHER) == theirs


async def test_members_signals_and_what_stands_are_ones_own(store: Store) -> None:
    async with store.begin() as session:
        mine, other = await _twins(session)
        found = [row async for batch in alert_lists.members(session, MINE, mine.storm.id) for row in batch]
        assert [row[2] for row in found] == ["PSI member"]
        assert [row async for batch in alert_lists.members(session, MINE, other.storm.id) for row in batch] == []
        both = await alerts.signals_of(session, MINE, [mine.alert.id, other.alert.id], 9)
        assert {number: [row.workspace_id for row in rows] for number, rows in both.items()} == {mine.alert.id: [MINE, MINE], other.alert.id: []}
        await alerts.lock_below(session, MINE, [mine.alert.id, other.alert.id])
        await silences.hold_others(session, MINE, [("y", mine.alert.id)])
        await silences.hold_others(session, OTHER, [("y", other.alert.id)])
        standing = await silences.standing(session, MINE, NOW, ["y"], [mine.alert.id, other.alert.id])
        assert [each.id for each in standing.silences] == [mine.silence.id]
        assert set(standing.holders["y"]) == {mine.alert.id}
        assert set(standing.known) == {mine.alert.id}


async def test_what_goes_by_an_alert_stays_in_its_workspace(store: Store) -> None:
    async with store.begin() as session:
        mine, _ = await _twins(session)
        theirs = await rows_of(session, OTHER)
        assert not await alerts.has_later(session, mine.step)
        await alerts.acknowledge_members(session, mine.storm, SAM, NOW)
        await alerts.end_signals(session, mine.alert, NOW)
        await session.flush()
        assert await rows_of(session, OTHER) == theirs
        ours = (await alerts.several(session, MINE, [mine.storm.id, mine.alert.id])).values()
        assert set(workspaces_in(list(ours))) == {MINE}


async def test_a_pilot_of_that_name_is_found_in_its_own_workspace(store: Store) -> None:
    async with store.begin() as session:
        await _twins(session)
        found = await alerts.pilots_named(session, OTHER, ["claims triage"])
        assert [row.id for row in found.values() if isinstance(row, Pilot)] == [2]

"""Whoever can act is told, one after the other, until somebody takes an alert on or it is over."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, select, update

from handlers.alerts.escalation_policy import EscalationPolicy, Level, SlaRow
from handlers.alerts.patterns import compiled
from handlers.alerts.reach import Shift
from handlers.alerts.signals import Status
from handlers.alerts.sweep import AT_ONCE
from storage.alerting import Alert, AlertState, SignalState, Silence
from storage.engine import Store, open_engine
from tests.alerts.ward import OPS, Ward
from tests.conftest import FrozenClock
from tests.rules.make import WORKSPACE, person_id

SEATS = {"operations": "ana", "lead": "priya", "sponsor": "marta"}
AS_OPERATIONS = "(on call, as operations: there is no rotation)"


@pytest.fixture
async def small(sqlite_url: str) -> AsyncIterator[Store]:
    """What is decided from values alone need not be tried on each database."""
    engine = open_engine(sqlite_url)
    yield Store(engine)
    await engine.dispose()


@pytest.fixture
def ward(small: Store, clock: FrozenClock) -> Ward:
    return Ward(small, clock)


@pytest.fixture
def both(store: Store, clock: FrozenClock) -> Ward:
    """On each database."""
    return Ward(store, clock)


async def test_one_level_after_the_other_is_told_until_the_chain_ends(both: Ward) -> None:
    await both.has(**SEATS)
    await both.hear()
    assert both.card("ana").startswith("🔴 Critical: Down")
    assert f"Told: @Ana {AS_OPERATIONS}" in both.card()
    assert both.urgencies[person_id("ana")] == 10
    await both.passes(minutes=4, seconds=59)
    assert both.lines() == [] == both.shown("priya")
    await both.passes(seconds=1)
    assert both.lines() == ["Nobody took it on in 5 min. Told Priya (Pilot lead). Nobody is second on call, so that step was skipped."]
    assert f"Told: Ana {AS_OPERATIONS}, @Priya (Pilot lead)" in both.card()
    assert both.shown("priya")
    assert not both.shown("marta")
    await both.passes(minutes=15)
    assert both.lines()[1:] == ["Nobody took it on in 15 min. Told Marta (Sponsor)."]
    assert await both.passes(hours=2) == 0, "the chain is at its end"


async def test_what_was_due_while_nothing_ran_is_one_level_not_all(ward: Ward) -> None:
    await ward.has(**SEATS)
    await ward.hear()
    await ward.passes(hours=9)
    assert len(ward.lines()) == 1
    assert not ward.shown("marta")
    assert await ward.passes() == 0, "run again, it does nothing"
    await ward.passes(minutes=15)
    assert len(ward.lines()) == 2


async def test_who_takes_it_on_ends_it_and_everybody_told_hears_the_end(both: Ward) -> None:
    await both.has(**SEATS)
    await both.hear()
    await both.passes(minutes=6)
    await both.takes("priya")
    await both.passes(minutes=30)
    assert not both.shown("marta")
    assert both.lines("ana") == ["Priya took it on, 6 min after it began"]
    await both.over()
    for who in ("ana", "priya"):
        assert both.card(who).startswith("✓ Resolved after 36 min")
        assert both.lines(who)[-1] == "Over after 36 min"
    assert both.lines()[-1] == "Over after 36 min"
    assert (await both.one()).next_at is None


async def test_the_end_of_what_nobody_was_told_of_is_no_line(ward: Ward) -> None:
    await ward.has(**SEATS)
    await ward.hear(severity="warning")
    await ward.over(severity="warning")
    assert ward.lines() == []
    assert await ward.steps() == []


async def test_a_warning_waits_for_working_hours_and_tells_the_lead_alone(ward: Ward) -> None:
    await ward.has(**SEATS)
    await ward.hear(severity="warning")  # Monday, 08:00 in Berlin; the day begins at 09:00
    await ward.passes(hours=4, minutes=59)
    assert ward.lines() == []
    await ward.passes(minutes=1)
    assert ward.lines() == ["Nobody took it on in 5 h 00 min. Told Priya (Pilot lead)."]
    assert not ward.shown("ana")


async def test_news_of_what_somebody_is_on_tells_nobody_but_what_is_worse_does(ward: Ward) -> None:
    await ward.has(**SEATS)
    await ward.hear(severity="error", model="churn", id="1")
    await ward.takes("ana")
    before = len(ward.shown("ana"))
    await ward.hear(severity="error", model="churn", id="2")
    assert len(ward.shown("ana")) == before
    await ward.hear(severity="critical", model="churn", id="3")
    said = f"Now Critical, worse than when @Ana took it on, so it is open again. Told @Ana {AS_OPERATIONS}."
    assert ward.lines("ana")[-1] == said
    assert (await ward.one()).state is AlertState.OPEN
    assert "is on it" not in ward.card()


async def test_a_warning_that_turns_critical_begins_the_chain_of_critical(ward: Ward) -> None:
    await ward.has(**SEATS)
    await ward.hear(severity="warning", model="churn", id="1")
    await ward.hear(severity="critical", model="churn", id="2")
    assert ward.lines() == [f"Now Critical. Told Ana {AS_OPERATIONS}."]
    assert ward.card("ana").startswith("🔴 Critical")


async def test_what_is_taken_on_and_never_ended_begins_again_once(both: Ward) -> None:
    await both.has(**SEATS)
    await both.hear()
    await both.takes("priya")
    await both.passes(hours=4)
    said = "It still fires 4 h 00 min after @Priya took it on, so it is open again."
    assert both.lines()[-1] == f"{said} Told Ana {AS_OPERATIONS}."
    assert both.lines("ana")[-1] == f"{said} Told @Ana {AS_OPERATIONS}."
    assert await both.passes() == 0
    await both.passes(minutes=5)
    assert "Told Priya (Pilot lead)" in both.lines()[-1], "then the next level has its turn"


async def test_who_says_until_when_is_left_alone_until_then(ward: Ward) -> None:
    await ward.has(**SEATS)
    await ward.hear()
    await ward.takes("priya")
    async with ward.store.begin() as session:
        await session.execute(update(Alert).values(eta_at=ward.clock() + timedelta(hours=6)))
    await ward.passes(hours=5)
    assert (await ward.one()).state is AlertState.ACKED
    await ward.passes(hours=1)
    assert (await ward.one()).state is AlertState.OPEN


async def test_what_fires_again_is_told_where_its_end_was_told(ward: Ward) -> None:
    await ward.has(**SEATS)
    await ward.hear()
    await ward.over()
    ward.clock.advance(minutes=1)
    await ward.hear()
    assert ward.lines("ana") == ["Over after 0 s", f"It fires again. Told @Ana {AS_OPERATIONS}."]
    await ward.passes(minutes=5)
    assert "Told Priya" in ward.lines()[-1]


# ---- who is reached --------------------------------------------------------------------------------------------


async def test_an_empty_chain_is_loud_and_the_admins_are_told(ward: Ward) -> None:
    await ward.has()
    await ward.hear(pilot="")
    assert "⚠ Nobody is on call for this, so the admins were told." in ward.card(OPS)
    assert "Told: @Alex (admin)" in ward.card(OPS)
    assert ward.shown("alex")


async def test_without_any_admin_the_card_says_even_that(small: Store, clock: FrozenClock) -> None:
    ward = Ward(small, clock, admins=())
    await ward.has(lead="priya", specials={"priya": {"is_active": False}})
    await ward.hear()
    await ward.passes(minutes=5)
    assert "⚠ Nobody is on call for this, and there is no admin to tell." in ward.card()


async def test_nobody_is_told_twice_and_who_left_is_skipped(ward: Ward) -> None:
    await ward.has(operations="ben", lead="priya", sponsor="priya", specials={"ben": {"is_active": False}})
    await ward.hear()
    assert f"Told: @Priya {AS_OPERATIONS.replace('operations', 'pilot lead')}" in ward.card()
    await ward.passes(minutes=5)
    assert ward.lines() == ["Nobody took it on in 5 min. Nobody is second on call, so that step was skipped. "
                            "Whoever is Pilot lead knows already. Whoever is Sponsor knows already."]
    assert len([text for text in ward.shown("priya") if not text.startswith("↳")]) == 1


async def test_for_somebody_who_is_away_their_delegate_is_told(ward: Ward) -> None:
    day = ward.clock().date() + timedelta(days=3)
    await ward.has(operations="ana", specials={"ana": {"away_until": day, "delegate_id": person_id("sam"), "zone": ""}, "sam": {}})
    await ward.hear()
    assert ward.shown("sam")
    assert not ward.shown("ana")


class Rota:
    """Somebody's schedule says who is on call."""

    async def on_call(self, _session: Any, _workspace: str, _pilot_id: int | None, _at: datetime) -> Shift:
        return Shift((person_id("ravi"), person_id("lena")))


async def test_a_rotation_says_who_is_on_call_and_second(small: Store, clock: FrozenClock) -> None:
    ward = await Ward(small, clock, who=Rota()).has(lead="priya", specials={"ravi": {}, "lena": {}})
    await ward.hear()
    assert "Told: @Ravi (on call)" in ward.card()
    await ward.passes(minutes=5)
    assert ward.lines() == ["Nobody took it on in 5 min. Told Lena (second on call)."]


async def test_a_pilot_of_no_known_zone_counts_in_the_bots(ward: Ward) -> None:
    await ward.has(lead="priya", of_pilot={"zone": "Nowhere/Land"})
    await ward.hear(severity="warning")
    await ward.passes(hours=5)
    assert ward.shown("priya")


async def test_a_row_of_service_levels_is_shown_and_goes_before_the_limit(small: Store, clock: FrozenClock) -> None:
    row = SlaRow(2, {"feature": compiled("ten.*")}, "Ana checks within 4 h, roll back if above 0.40", "PSI of tenure",
                 timedelta(minutes=30), person_id("sam"))
    ward = Ward(small, clock, replace(EscalationPolicy(), sla=(row,)))
    await ward.has(lead="priya", specials={"sam": {}})
    await ward.hear(severity="info", feature="tenure")
    assert "SLA row 2 (PSI of tenure): Ana checks within 4 h, roll back if above 0.40" in ward.card()
    assert "Told: @Sam (by the SLA)" in ward.card()
    await ward.hear("Other", severity="info", feature="age")
    assert "SLA" not in ward.card()


# ---- silenced, stale, lapsed, flapping, events -----------------------------------------------------------------


async def test_what_is_silenced_goes_on_when_the_silence_is_over(both: Ward) -> None:
    await both.has(**SEATS)
    await both.hear()
    async with both.store.begin() as session:
        session.add(Silence(workspace_id=WORKSPACE, matchers={}, begins_at=both.clock(), ends_at=both.clock() + timedelta(hours=1),
                            made_by=person_id("ana"), reason="deploy"))
        await session.flush()
        await session.execute(update(Alert).values(silence_id=1))
    await both.passes(minutes=59)
    assert both.lines() == []
    assert await both.passes() == 0
    async with both.store.begin() as session:
        await session.execute(update(Alert).values(silence_id=None))
    await both.passes(minutes=1)
    assert len(both.lines()) == 1


async def test_what_is_not_repeated_in_time_is_over_and_what_is_goes_on(both: Ward) -> None:
    await both.has(**SEATS)
    await both.hear(id="1", lapses=both.clock() + timedelta(minutes=5))
    await both.hear(id="2", lapses=both.clock() + timedelta(minutes=9))
    await both.passes(minutes=5)
    assert [row.state for row in await both.signals()] == [SignalState.RESOLVED, SignalState.FIRING]
    assert "1 firing" in both.card()
    await both.passes(minutes=4)
    assert "Its sender stopped repeating it" in both.card()
    assert both.lines("ana")[-1] == "Over after 9 min: its sender stopped repeating it"


async def test_what_nobody_hears_of_is_called_stale_and_never_resolved(ward: Ward) -> None:
    await ward.has(**SEATS)
    await ward.hear(severity="info")
    ward.clock.advance(hours=20)
    await ward.hear(severity="info")  # it fires still
    await ward.passes(hours=23)
    assert "Nothing heard" not in ward.card()
    await ward.passes(hours=1)
    assert "Nothing heard of it since 2026-11-24 03:00 UTC. It may be over" in ward.card()
    assert await ward.passes(hours=100) == 0
    assert (await ward.one()).state is AlertState.OPEN
    await ward.hear(severity="info")
    assert "Nothing heard" not in ward.card()
    await ward.passes(hours=24)
    assert "Nothing heard" in ward.card(), "and once more"


async def test_what_flaps_is_resolved_once_it_was_quiet_for_a_while(ward: Ward) -> None:
    await ward.has(**SEATS)
    for _ in range(4):
        await ward.hear(severity="warning")
        ward.clock.advance(seconds=30)
        await ward.over(severity="warning")
        ward.clock.advance(seconds=30)
    assert "Not firing just now" in ward.card()
    await ward.passes(minutes=4)
    assert (await ward.one()).state is AlertState.OPEN
    await ward.passes(minutes=1)
    assert ward.card().startswith("✓ Resolved")


async def test_an_event_that_only_informs_closes_itself_and_any_other_waits_for_somebody(ward: Ward) -> None:
    await ward.has(**SEATS)
    await ward.hear("Model version", status=Status.EVENT, severity="info")
    shown = ward.card()
    await ward.passes(minutes=10)
    assert (await ward.one()).resolved_how == "event"
    assert ward.card() == shown.replace("\nAcknowledge", "")
    await ward.hear("Run failed", status=Status.EVENT, severity="warning")
    await ward.passes(hours=24)
    assert "Nobody has closed it since" in ward.card()
    assert (await ward.one(2)).state is AlertState.OPEN


async def test_a_storm_tells_whoever_is_on_call_once_and_hears_its_end(both: Ward) -> None:
    await both.has(**SEATS)
    names = [f"Rule{n}" for n in range(30)]
    await both.hear(*names, lapses=both.clock() + timedelta(minutes=2))
    assert sum("Storm: 24 alerts" in text for text in both.shown("ana")) == 1
    assert len(both.shown("ana")) == 7, "the first six by themselves, as in the channel"
    async with both.store.reading() as session:
        members = (await session.scalars(select(Alert).where(Alert.storm_id.is_not(None)))).all()
    assert len(members) == 24
    assert {each.next_at for each in members} == {None}
    await both.passes(minutes=2)
    assert sum("✓ Storm over: 24 alerts" in text for text in both.shown("ana")) == 1


async def test_a_member_of_a_storm_that_stopped_flapping_counts_as_over_in_it(ward: Ward) -> None:
    await ward.has(**SEATS)
    await ward.hear(*(f"Rule{n}" for n in range(12)), severity="warning")
    async with ward.store.begin() as session:
        await session.execute(update(Alert).where(Alert.name == "Rule11").values(
            firing=0, is_flapping=True, next_at=ward.clock() + timedelta(minutes=5)))
    assert await ward.passes(minutes=5) == 1
    assert any("5 of 6 are firing" in text for text in ward.shown())


# ---- other systems ---------------------------------------------------------------------------------------------


async def test_a_level_pages_another_system_and_tells_it_how_it_went_on(store: Store, clock: FrozenClock) -> None:
    critical = replace(EscalationPolicy().critical, levels=(Level("on_call"), Level("secondary", page="duty"), Level("lead")))
    ward = await Ward(store, clock, EscalationPolicy(critical=critical)).has(**SEATS)
    await ward.hear()
    assert await ward.owed() == []
    await ward.passes(minutes=5)
    assert "duty was paged." in ward.lines()[-1], "although nobody is second on call"
    assert "paged by duty" in ward.card()
    await ward.takes("ana")
    await ward.over()
    assert [(each.key, each.kind, each.target) for each in await ward.owed()] == [
        (f"page:1:{event}:duty", "pagerduty", "duty") for event in ("trigger", "acknowledge", "resolve")]
    assert len({each.body["dedup_key"] for each in await ward.owed()}) == 1
    ward.clock.advance(minutes=1)
    await ward.hear()
    await ward.over()
    assert len(await ward.owed()) == 3, "who is on it need not be paged again"


# ---- what it costs ---------------------------------------------------------------------------------------------


async def test_what_is_asked_of_the_database_does_not_grow_with_the_alerts_of_a_report(ward: Ward) -> None:
    await ward.has(**SEATS)
    asked: list[str] = []
    event.listen(ward.store.engine.sync_engine, "before_cursor_execute", lambda *said: asked.append(said[2]))

    async def questions(*names: str, severity: str) -> int:
        before = len(asked)
        await ward.take(*names, severity=severity)
        return sum(each.startswith("SELECT") for each in asked[before:])

    few = await questions("A", severity="warning")
    assert await questions(*(f"B{n}" for n in range(5)), severity="warning") == few
    one = await questions("C", severity="critical")
    assert await questions(*(f"D{n}" for n in range(5)), severity="critical") == one
    assert one - few <= 3, "who is on call, and who that is"


# ---- several replicas ------------------------------------------------------------------------------------------


async def test_what_another_replica_holds_is_left_to_it(both: Ward) -> None:
    if both.store.engine.dialect.name == "sqlite":
        pytest.skip("SQLite serves one process, and that writes in turn")
    await both.has(**SEATS)
    await both.hear(lapses=both.clock() + timedelta(minutes=5))
    await both.hear("Other")
    both.clock.advance(minutes=5)
    async with both.store.begin() as other:
        # The other replica has done what is due and has not committed yet.
        assert await both.sweep.lapses(other, both.clock()) == 1
        assert await both.sweep.looks(other, both.clock()) == 1
        assert await both.sweep.run() == 0
    assert await both.sweep.run() == 0
    await both.deliver()
    assert len([text for text in both.shown() if "Told Priya" in text]) == 1


async def test_more_than_one_batch_is_done_in_one_run(ward: Ward) -> None:
    await ward.has(lead="priya")
    count = AT_ONCE + 5
    await ward.hear(*(f"Rule{n}" for n in range(count)), severity="info")
    async with ward.store.begin() as session:
        await session.execute(update(Alert).values(storm_id=None, next_at=ward.clock()))
    assert await ward.sweep.run() >= count
    assert await ward.sweep.run() == 0

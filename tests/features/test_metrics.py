"""What a monitor is told over HTTP: what waits and for how long, what became of attempts, and the token."""

import asyncio
import re
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import text

from bot import scheduler as scheduling
from bot.metrics import FRESH_S, Metrics
from bot.scheduler import Underway, running, scheduler_for
from bot.web import web_app
from handlers.outbox.rules import PAGE
from handlers.ticks import Tick
from storage import outbox
from storage.outbox import Promise
from tests.world import TEAM, World


async def _scraped(world: World, path: str = "/metrics") -> str:
    world.parts.metrics._looked_at = -FRESH_S * 1e6     # as if some seconds had gone by
    async with httpx.AsyncClient(transport=httpx.ASGITransport(web_app(world.parts)), base_url="http://bot") as http:
        answer = await http.get(path)
        assert answer.status_code == 200
        return answer.text


def value(page: str, name: str) -> float:
    found = re.search(rf"^{re.escape(name)} (\S+)$", page, re.M)
    assert found is not None, f"{name} is not in:\n{page}"
    return float(found[1])


async def _promise(world: World, *promises: Promise) -> None:
    async with world.parts.store.begin() as session:
        await outbox.promise(session, TEAM, promises, [], world.clock())


async def test_what_waits_is_counted_by_urgency_with_the_age_of_the_oldest(world: World) -> None:
    page = await _scraped(world)
    assert value(page, 'groundcrew_promises_waiting{urgency="ordinary"}') == 0
    assert value(page, 'groundcrew_oldest_due_seconds{urgency="page"}') == 0
    await _promise(world, Promise("slack:C0GENERAL", "kickoff", 1), Promise("slack:C0OPS0000", "kickoff", 1))
    world.clock.advance(seconds=90)
    await _promise(world, Promise("slack:C0OPS0000", "kickoff", 2, urgency=PAGE))
    world.clock.advance(seconds=10)
    page = await _scraped(world)
    assert value(page, 'groundcrew_promises_waiting{urgency="ordinary"}') == 2
    assert value(page, 'groundcrew_oldest_due_seconds{urgency="ordinary"}') == 100
    assert value(page, 'groundcrew_promises_waiting{urgency="page"}') == 1
    assert value(page, 'groundcrew_oldest_due_seconds{urgency="page"}') == 10
    assert value(page, "groundcrew_database_up") == 1


async def test_a_retry_does_not_make_a_message_look_younger_than_it_is(world: World) -> None:
    world.sandbox.faults.next("chat.postMessage", *["error_500"] * 500)
    await world.new_pilot()
    for _ in range(60):
        await world.parts.outbox.deliver()
        world.clock.advance(seconds=2)
    page = await _scraped(world)
    assert value(page, 'groundcrew_oldest_due_seconds{urgency="ordinary"}') >= 120
    assert value(page, "groundcrew_promises_in_doubt") >= 1
    assert value(page, 'groundcrew_attempts_total{outcome="in doubt"}') >= 5


async def test_attempts_doubts_and_lateness_are_counted(world: World) -> None:
    page = await _scraped(world)
    assert value(page, 'groundcrew_attempts_total{outcome="shown"}') == 0
    world.sandbox.faults.next("chat.postMessage", "lost_reply")
    await world.new_pilot()
    page = await _scraped(world)
    assert value(page, 'groundcrew_attempts_total{outcome="shown"}') >= 2
    assert value(page, 'groundcrew_attempts_total{outcome="in doubt"}') == 1
    assert value(page, 'groundcrew_doubts_total{how="found"}') == 1
    assert value(page, "groundcrew_shown_late_seconds_count") >= 2
    assert value(page, 'groundcrew_shown_late_seconds_bucket{le="10.0"}') >= 2
    assert value(page, 'groundcrew_promises_waiting{urgency="ordinary"}') == 0


async def test_what_was_given_up_is_counted_until_it_is_mended_or_dropped(world: World) -> None:
    await world.new_pilot()
    await world.sandbox.archive("alex", "claims-triage")
    await world.type("priya", '/pilot pause "Claims triage" budget', "ops")
    page = await _scraped(world)
    assert value(page, "groundcrew_promises_given_up") >= 1
    assert value(page, 'groundcrew_attempts_total{outcome="give up"}') >= 1
    await world.sandbox.unarchive("priya", "claims-triage")
    await world.press("priya", "Try again", world.sandbox.dm_id("priya"))
    assert value(await _scraped(world), "groundcrew_promises_given_up") == 0


async def test_a_refused_token_is_said_by_metrics_and_readiness_until_a_start_with_a_good_one(world: World) -> None:
    assert await _scraped(world, "/readyz") == "ready"
    web = world.parts.outbox.chat["slack"]._web   # type: ignore[attr-defined]
    await world.new_pilot("Invoices")
    good, web.token = web.token, "xoxb-revoked"
    await world.sandbox.slash("priya", "claims-triage", "/pilot pause Invoices money")
    await world.parts.outbox.deliver()
    page = await _scraped(world)
    assert value(page, "groundcrew_token_refused") == 1
    assert "Slack has not taken our token since" in await _scraped(world, "/readyz")
    web.token = good
    world.clock.advance(minutes=3)
    assert await world.parts.outbox.deliver() == 0, "in this process nothing is tried for five minutes"
    await world.parts.outbox.token_works(TEAM)      # as a start does
    assert value(await _scraped(world), "groundcrew_token_refused") == 0
    assert await _scraped(world, "/readyz") == "ready"
    await world.settle()
    assert "Invoices is paused" in world.all_text("claims-triage")
    said = world.last(world.sandbox.dm_id("alex")).plain
    assert "Slack takes my messages again" in said
    assert world.all_text(world.sandbox.dm_id("alex")).count("takes my messages again") == 1


async def test_a_limit_that_holds_up_a_workspace_is_shown_while_it_does(world: World) -> None:
    from storage import limits
    async with world.parts.store.begin() as session:
        await limits.pause(session, TEAM, "slack", "chat.update", world.clock() + timedelta(seconds=30), world.clock())
    assert value(await _scraped(world), 'groundcrew_limits_in_force{limit="chat.update"}') == 1
    assert value(await _scraped(world), 'groundcrew_limits_in_force{limit="views.publish"}') == 0
    world.clock.advance(seconds=30)
    assert value(await _scraped(world), 'groundcrew_limits_in_force{limit="chat.update"}') == 0


async def test_one_look_at_the_database_serves_all_who_ask_within_seconds(world: World) -> None:
    await _scraped(world)
    await _promise(world, Promise("slack:C0GENERAL", "kickoff", 1))
    page = (await world.parts.metrics.page()).decode()
    assert value(page, 'groundcrew_promises_waiting{urgency="ordinary"}') == 0
    assert value(await _scraped(world), 'groundcrew_promises_waiting{urgency="ordinary"}') == 1


async def test_a_database_that_is_away_is_said_and_nothing_else_is_claimed(world: World) -> None:
    async with world.parts.store.begin() as session:
        await session.execute(text("ALTER TABLE post RENAME TO gone"))
    page = await _scraped(world)
    assert value(page, "groundcrew_database_up") == 0
    assert "groundcrew_promises_waiting" not in page
    async with world.parts.store.begin() as session:
        await session.execute(text("ALTER TABLE gone RENAME TO post"))
    assert value(await _scraped(world), "groundcrew_database_up") == 1


async def test_the_age_of_ticks_is_known_from_the_start_and_a_tick_that_fails_grows_old(world: World) -> None:
    async def fails() -> None:
        raise RuntimeError("it does not work")

    async def works() -> None:
        pass

    watch = world.parts.metrics
    scheduler = scheduler_for([Tick("nudge", timedelta(seconds=30), fails), Tick("look", timedelta(seconds=30), works)], watch, Underway())
    watch._ticks = dict.fromkeys(("nudge", "look"), watch._ticks["nudge"] - 1000)
    await scheduler.get_job("look").func()
    with pytest.raises(RuntimeError):
        await scheduler.get_job("nudge").func()
    page = await _scraped(world)
    assert value(page, 'groundcrew_tick_age_seconds{tick="nudge"}') >= 1000
    assert value(page, 'groundcrew_tick_age_seconds{tick="look"}') < 100


async def test_a_tick_at_work_is_finished_before_the_bot_stops(world: World) -> None:
    begun, done = asyncio.Event(), list[str]()

    async def slow() -> None:
        begun.set()
        await asyncio.sleep(0.3)
        done.append("whole")

    async with running(replace(world.parts, ticks=[Tick("look", timedelta(seconds=0.05), slow)])):
        await asyncio.wait_for(begun.wait(), 5)
        assert not done
    assert done == ["whole"]


async def test_a_tick_that_takes_too_long_is_cut_off_in_order_and_said_in_a_line(
        world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr(scheduling, "FINISH_WITHIN_S", 0.1)
    begun, given_back = asyncio.Event(), list[str]()

    async def endless() -> None:
        try:
            async with world.parts.store.begin() as session:
                await session.execute(text("UPDATE person SET seen_at = seen_at"))
                begun.set()
                await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0.05)  # as a connection takes a moment to close
            given_back.append("all")

    async with running(replace(world.parts, ticks=[Tick("alerts", timedelta(seconds=0.05), endless)])):
        await asyncio.wait_for(begun.wait(), 5)
    assert given_back == ["all"], "before the block has ended, behind which the database is closed"
    async with asyncio.timeout(3):
        async with world.parts.store.begin() as session:
            await session.execute(text("UPDATE person SET seen_at = seen_at"))
    said = [record.getMessage() for record in caplog.records if record.levelname in ("WARNING", "ERROR")]
    assert said == ["alerts was at work when the bot was stopped; the next start goes on with it"]


async def test_workspaces_are_told_apart_only_where_that_is_wanted(world: World) -> None:
    await _promise(world, Promise("slack:C0GENERAL", "kickoff", 1))
    assert TEAM not in await _scraped(world)
    metrics = Metrics(world.parts.store, world.clock, [("slack", "*")], by_workspace=True)
    page = (await metrics.page()).decode()
    assert value(page, f'groundcrew_promises_waiting{{urgency="ordinary",workspace="{TEAM}"}}') == 1


def test_nothing_is_registered_globally() -> None:
    from prometheus_client import REGISTRY
    assert not [metric.name for metric in REGISTRY.collect() if metric.name.startswith("groundcrew")]

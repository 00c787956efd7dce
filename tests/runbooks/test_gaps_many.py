"""Thousands of questions, and gaps that ended: the list comes soon, and whatever else the bot does goes on meanwhile."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta

from handlers.runbooks.gap_closing import Closing
from handlers.runbooks.gap_rules import Facts, Kind, key_of
from storage.shelf import RunbookQuestion
from tests.conftest import FrozenClock
from tests.runbooks.gap_stage import source, sources
from tests.runbooks.pace import unit
from tests.runbooks.test_gap_rules import NOW, fired, question, shelved
from tests.world import EVERYONE, TEAM, World, world_on

HERE = "claims-triage"


async def many(world: World, number: int) -> None:
    now = world.clock()
    async with world.parts.store.begin() as session:
        session.add_all([RunbookQuestion(
            workspace_id=TEAM, pilot_id=1, asked_by="slack:U0PRIYA0", asked_at=now - timedelta(minutes=20 * each), words=f"question {each}",
            key=f"key {each % 3000}", verdict="nothing", confidence=0.1, details={"matched": ["model"]}) for each in range(number)])


async def longest_pause(world: World) -> float:
    """How long nothing else got its turn while the list was made, in seconds."""
    pauses, is_over = [0.0], False

    async def watch() -> None:
        last = time.perf_counter()
        while not is_over:
            await asyncio.sleep(0.001)
            pauses.append(time.perf_counter() - last)
            last = time.perf_counter()

    watching = asyncio.create_task(watch())
    answer = await world.sandbox.slash("priya", HERE, "/runbook gaps")
    is_over = True
    await watching
    assert answer.error is None
    return max(pauses)


async def test_five_thousand_questions_hold_nothing_up(sqlite_url: str, clock: FrozenClock) -> None:
    async with world_on(sqlite_url, clock) as world:
        await world.new_pilot(**EVERYONE)
        sources(world, source("ops"))
        await many(world, 5000)
        pauses = [await longest_pause(world) for _ in range(5)]
        assert sorted(pauses)[2] < 3 * unit(), "most of them, for other work on this machine disturbs some"
        assert "3,000 runbook gaps, 3,000 with nobody on them" in world.all_text(HERE, "priya")


def test_how_each_kind_of_gap_ended_is_told() -> None:
    closing = Closing.of(Facts(
        NOW, timedelta(days=180), questions=[question("a", said="helpful", source="ops", path="a.md"), question("b", verdict="answer")],
        fired=[fired("Down"), fired("Slow")], pages=[shelved("a.md", url="https://x.example/a")], runbook_of={(1, "Down"): "ops/a.md"}))
    told = {key: closing.closed(key) for key in (
        key_of(Kind.QUESTION, 1, "a"), key_of(Kind.QUESTION, 1, "b"), key_of(Kind.QUESTION, 1, "c"), key_of(Kind.ALERT, 1, "Down"),
        key_of(Kind.ALERT, 1, "Slow"), key_of(Kind.ALERT, 1, "Gone"), key_of(Kind.STUB, "ops/a.md"), key_of(Kind.OLD, "ops/b.md"))}
    assert [each and (each.words, each.page) for each in told.values()] == [
        ("answered helpfully", "ops/a.md"), None, ("not asked any more", None), ("it has a runbook now", "ops/a.md"), None,
        ("it has not fired for 30 days", None), ("the page was written", "ops/a.md"), ("the page is gone", None)]
    assert told[key_of(Kind.QUESTION, 1, "a")].url == "https://x.example/a"  # type: ignore[union-attr]

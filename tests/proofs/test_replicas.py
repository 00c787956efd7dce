"""Replicas that come and go while a morning comes due: each person's digest arrives once, whole."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from time import monotonic

import pytest
from aiohttp import ClientSession
from slack_sdk.web.async_client import AsyncWebClient
from sqlalchemy import select

from handlers.outbox.rules import LEASE
from storage.models import Item, Nudge, Post
from storage.nudging import Told
from tests.bench import seed
from tests.proofs.conftest import ALL_SHOWN_S, FULL, PATIENT, Figure
from tests.proofs.stage import TOKEN, Stage, promised_by, room_of, stage_on

pytestmark = PATIENT
MORNING = datetime(2026, 11, 23, 8, 31, tzinfo=UTC)
"""A Monday, 09:31 in Berlin."""
PERSONS, ITEMS, KILLING_S = (1000, 20_000, 60) if FULL else (200, 1000, 2)
LIFE_S = 8
"""At most, of a replica that has nothing to post."""


async def posts_a_second(stage: Stage) -> float:
    """What the workspace itself takes, from one client in this very process."""
    count = 200 if FULL else 40
    async with ClientSession() as http:
        web = AsyncWebClient(token=TOKEN, base_url=stage.sandbox.api_url, session=http, retry_handlers=[])
        began = monotonic()
        for _ in range(count):
            await web.chat_postMessage(channel=room_of(0), text="x", blocks=[
                {"type": "section", "text": {"type": "plain_text", "text": "x"}} for _ in range(10)])
        return count / (monotonic() - began)


def coming_due() -> seed.Tables:
    """Everybody owns as many overdue items, and is to hear of them at some moment of the time in which is killed."""
    due = {n + 1: n % PERSONS for n in range(ITEMS)}
    made = [*seed.people(PERSONS, MORNING),
            *seed.pilots(range(ITEMS // seed.ITEMS), PERSONS, MORNING, due=due, next_at=MORNING)]
    for item in {table.name: rows for table, rows in made}[Item.__tablename__]:
        item["next_at"] = MORNING + timedelta(seconds=KILLING_S * due[item["id"]] / PERSONS)
    return made


async def posting(stage: Stage, count: int, within_s: float) -> None:
    """Wait until all replicas together have posted so many more, so that a kill meets some on the way."""
    until = monotonic() + within_s
    wanted = _asked(stage) + count
    while _asked(stage) < wanted and monotonic() < until:
        await asyncio.sleep(0.01)


def _asked(stage: Stage) -> int:
    return sum(call.method == "chat.postMessage" for call in stage.wire.calls)


async def replica(stage: Stage, name: str, random: Random, until: float) -> int:
    """One place where a process runs: killed and restarted at random until then; how often."""
    kills = 0
    while monotonic() < until or kills < 1:
        life = await (await stage.start(name, sweep_s="0.5")).ready()
        await posting(stage, random.randint(1, PERSONS // 20), LIFE_S)
        assert not life.is_over, life.said()[-2000:]
        await life.kill()
        kills += 1
        await asyncio.sleep(random.uniform(0, 1))
    return kills


async def morning_of_many(stage: Stage, replicas: int, figure: Figure) -> None:
    stage.sandbox.paces.enabled = False  # the rooms' pace is checked below; the methods' would take hours
    figure("posts a second that the workspace takes from one client", posts_per_s := await posts_a_second(stage))
    stage.sandbox.faults.slow_ms = 200  # so that at each kill something is on the wire
    began = monotonic()
    kills = await asyncio.gather(*(
        replica(stage, f"replica-{n}", Random(n), began + KILLING_S) for n in range(replicas)))
    stage.sandbox.faults.slow_ms = 0
    shown = (await _digests(stage)).total()
    if not FULL:
        stage.clock.forward(LEASE.total_seconds() + 1)  # in full, leases run out in real time
    last = [await (await stage.start(f"replica-{n}", sweep_s="0.5")).ready() for n in range(replicas)]
    took = await stage.swept(ALL_SHOWN_S)
    await stage.free(LEASE.total_seconds() + 5)
    for life in last:
        await life.stop()
    cut = sum(call.method == "conversations.history" for call in stage.wire.calls)
    assert cut, "no kill cut a delivery: this proved nothing"
    assert await _digests(stage) == Counter({stage.sandbox.dm_id(seed.user(n)): 1 for n in range(PERSONS)})
    await _assert_whole(stage)
    figure("replicas / kills", f"{replicas} / {sum(kills)}")
    figure("items due / digests, each shown once", f"{ITEMS} / {PERSONS}")
    figure("digests shown while replicas were killed", shown)
    figure("digests looked up because a kill had cut their delivery", cut)
    figure("seconds from the last start until all were shown", took)
    assert posts_per_s > PERSONS / 60, "the workspace would be what holds this up"


async def _digests(stage: Stage) -> Counter[str]:
    """How many digests each direct message shows, by the promise that each message names."""
    async with stage.store.reading() as session:
        digests = set(await session.scalars(select(Post.id).where(Post.kind == "digest")))
    return Counter(room for room, message in stage.messages() if promised_by(message) in digests)


async def _assert_whole(stage: Stage) -> None:
    """Each person's one digest of the day speaks of all that was due of theirs."""
    async with stage.store.reading() as session:
        made = defaultdict(set)
        for about, day, item in await session.execute(
                select(Nudge.about, Nudge.day, Told.item_id).join(Told, Told.nudge_id == Nudge.id)
                .where(Nudge.kind == "digest")):
            made[about, day].add(item)
    assert made == {(f"slack:{seed.user(n)}", MORNING.date()): set(range(n + 1, ITEMS + 1, PERSONS))
                    for n in range(PERSONS)}


@pytest.mark.parametrize(("kind", "replicas"), [("postgres", 3), *([("sqlite", 1)] if FULL else [])])
def test_of_replicas_that_are_killed_at_random_each_person_gets_one_whole_digest(
        kind: str, replicas: int, request: pytest.FixtureRequest, tmp_path: Path, figure: Figure) -> None:
    url: str = request.getfixturevalue(f"{kind}_url")

    async def proved() -> None:
        async with stage_on(url, tmp_path, rooms=1, persons=PERSONS, start=MORNING, tables=coming_due()) as stage:
            await morning_of_many(stage, replicas, figure)

    asyncio.run(proved())

"""kill -9 at every point of a delivery: nothing is lost, and nothing is said twice where history may be read."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from random import Random
from time import monotonic

from sqlalchemy import select

from handlers.outbox.rules import LEASE, PAGE
from handlers.outbox.sending import IN_DOUBT
from storage.models import Post
from tests.proofs.conftest import ALL_SHOWN_S, FULL, PATIENT, Figure
from tests.proofs.launch import IN_PROCESS
from tests.proofs.life import Life
from tests.proofs.stage import Stage, stage_on
from tests.proofs.wire import ON_THE_WIRE

pytestmark = PATIENT
POINTS = ("taken by Slack", "after claim", "before record", "any time", "before Slack", "after record", "before claim")
"""In the process itself, on the wire, and from outside; the most telling first."""
assert set(POINTS) == {*IN_PROCESS, *ON_THE_WIRE, "any time"}
ROOMS, A_LIFE = 50, 10
"""A life is promised so many words, two at a time."""
LIVES = {"sqlite": POINTS * 15 if FULL else POINTS[:4], "postgres": POINTS * 10 if FULL else POINTS[3:]}
"""Where each life ends; in the suite each point has its turn on one of the two."""
BLIND_LIVES = POINTS * 2 if FULL else POINTS[:2]
"""Where history may not be read."""
LONGEST_S = 2 * LEASE.total_seconds()
"""By then a life must have come to any point: nothing is held longer than a lease."""
AWAY_S = LEASE.total_seconds() + 1
A_DAY_S, MORNINGS = 86_400, 5
"""Within so many, one of them behind a weekend, everybody has heard what was put off for the day's limit."""

_TOLD = re.compile(r"\*I could not post about .* in #(\S+)\*\n")


def kind_of(url: str) -> str:
    return url.partition("+")[0].removesuffix("ql")


async def live_and_die(stage: Stage, point: str, random: Random, page_every: int = 0) -> bool:
    """One life that is promised its words and killed at `point`; False: it never came there."""
    in_process = {"die_at": f"{point}:{random.randint(1, 2)}"} if point in IN_PROCESS else {}
    life = await stage.start(**in_process)
    if point in ON_THE_WIRE:
        stage.wire.arm(point, random.randint(1, 5), life.process.pid)
    if point == "any time":
        killing = asyncio.create_task(_killed_after(life, random.uniform(0, 2)))
    for _ in range(A_LIFE // 2):
        await stage.promise(2, urgency=PAGE if page_every and random.randrange(page_every) == 0 else 0)
        if not life.is_over:
            await life.ready()
            await asyncio.sleep(random.uniform(0, 0.1))
    if point == "any time":
        await killing
    until = monotonic() + LONGEST_S
    while not (died := await life.killed_within(0.5)) and monotonic() < until:
        await stage.promise(2)  # those before may all be for rooms that the dead still hold
    await life.kill()
    return died


async def _killed_after(life: Life, seconds: float) -> None:
    await asyncio.sleep(seconds)
    await life.kill()


async def many_lives(stage: Stage, points: Sequence[str], random: Random, page_every: int = 0) -> Counter[str]:
    """Kill one life at each of these points, in any order; how many died where.

    The next process comes at once or after a minute, as supervisors and operators do.
    """
    died: Counter[str] = Counter()
    for point in random.sample(points, len(points)):
        assert await live_and_die(stage, point, random, page_every), f"{point}: never came there"
        died[point] += 1
        if random.random() < 0.7:
            stage.clock.forward(AWAY_S)
    return died


async def last_life(stage: Stage) -> float:
    """A minute later a process comes that nobody kills, and does what was left; how long that took."""
    stage.clock.forward(AWAY_S)
    life = await (await stage.start()).ready()
    took = await stage.drained(ALL_SHOWN_S)
    await stage.free()
    await life.stop()
    return took


async def test_killed_anywhere_nothing_is_lost_and_nothing_is_said_twice(
        database_url: str, tmp_path: Path, figure: Figure) -> None:
    async with stage_on(database_url, tmp_path, rooms=ROOMS, persons=20) as stage:
        died = await many_lives(stage, LIVES[kind_of(database_url)], Random(1))
        figure("seconds until all was kept after the last start", await last_life(stage))
        stage.assert_each_once()
        assert await stage.given_up() == []
        figure("kills", died.total())
        figure("by point", ", ".join(f"{point} {times}" for point, times in sorted(died.items())))
        figure("promises, each shown once", len(stage.promised))


async def test_killed_where_history_may_not_be_read_only_pages_are_said_twice_and_doubt_is_told(
        some_url: str, tmp_path: Path, figure: Figure) -> None:
    async with stage_on(some_url, tmp_path, rooms=ROOMS, persons=20) as stage:
        stage.sandbox.workspace.scopes -= {"channels:history", "groups:history"}
        died = await many_lives(stage, BLIND_LIVES, Random(2), page_every=4)
        await last_life(stage)
        given_up = {post.id: post for post in await stage.given_up()}
        assert {post.last_error for post in given_up.values()} <= {IN_DOUBT}
        assert all(post.urgency < PAGE for post in given_up.values()), "a page was given up"
        words = stage.words()
        pages = await _pages(stage)
        ordinary = stage.promised.keys() - pages
        assert all(words[n].total() >= 1 for n in pages), "a page was lost"
        assert all(words[n].total() <= 1 for n in ordinary), "something ordinary was said twice"
        kept = [n for n in ordinary if stage.posts[n] not in given_up]
        assert all(words[n] == Counter({stage.promised[n]: 1}) for n in kept)
        doubted = {post.room for post in given_up.values()}
        assert doubted, "nothing was in doubt: this proved nothing"
        for _ in range(MORNINGS):  # nobody gets more than two messages of their own a day; the rest come on the next
            if len(_told(stage)) < len(doubted):
                stage.clock.forward(A_DAY_S)
                await last_life(stage)
        assert _told(stage) == Counter({room.removeprefix("slack:"): 1 for room in doubted})
        figure("kills", died.total())
        figure("ordinary promises shown once / given up in doubt and told", f"{len(kept)} / {len(given_up)}")
        figure("of those given up, shown all the same", sum(words[n].total() for n in ordinary - set(kept)))
        figure("pages shown once / twice or more",
               f"{sum(words[n].total() == 1 for n in pages)} / {sum(words[n].total() > 1 for n in pages)}")


async def _pages(stage: Stage) -> set[int]:
    async with stage.store.reading() as session:
        urgent = set(await session.scalars(select(Post.id).where(Post.urgency >= PAGE)))
    return {n for n, post in stage.posts.items() if post in urgent}


def _told(stage: Stage) -> Counter[str]:
    """About which channel how often somebody was told that it does not show what it should."""
    ids = {room.name: room.id for room in stage.sandbox.workspace.channels.values()}
    found = (_TOLD.match(message.plain) for _, message in stage.messages())
    return Counter(ids[each[1]] for each in found if each)

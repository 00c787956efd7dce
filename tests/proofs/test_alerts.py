"""kill -9 while alerts come in: what was answered with yes is shown, and nothing is shown twice."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from random import Random
from time import monotonic

import httpx
from sqlalchemy import func, select

from handlers.alerts.sources import Sources
from storage.models import Post
from tests.bench import seed
from tests.proofs.conftest import ALL_SHOWN_S, FULL, PATIENT, Figure
from tests.proofs.launch import IN_PROCESS, INTAKE
from tests.proofs.life import Life
from tests.proofs.stage import PUT_OFF, Stage, room_of, stage_on
from tests.proofs.test_kills import AWAY_S, kind_of
from tests.proofs.wire import ON_THE_WIRE

pytestmark = PATIENT
POINTS = ("after intake", "taken by Slack", "before intake", "any time", "before record", "after claim", "before Slack", "after record",
          "before claim")
assert set(POINTS) == {*IN_PROCESS, *INTAKE, *ON_THE_WIRE, "any time"}
ROOMS, BATCH = 50, 5
LIVES = {"sqlite": POINTS * 8 if FULL else POINTS[:1], "postgres": POINTS * 4 if FULL else POINTS[1:2]}
A_LIFE = 20
"""Alerts that are sent in one life, in batches."""
SECRET = "a-secret-of-prometheus"
_URL = re.compile(r"health at (http://\S+)/healthz")


def alert(number: int) -> dict[str, object]:
    """An alert of its own, in the channel of a pilot."""
    return {"status": "firing", "fingerprint": f"f{number}", "startsAt": "2026-11-24T08:00:00Z", "annotations": {"summary": f"word {number}"},
            "labels": {"alertname": f"Rule{number}", "severity": "critical", "pilot": seed.pilot_name(number % ROOMS)}}


class Sender:
    """Sends each batch until it was answered with yes, as Alertmanager does; keeps what was."""

    def __init__(self) -> None:
        self.waiting: list[int] = []
        self.taken: set[int] = set()

    async def send(self, life: Life, numbers: Sequence[int]) -> None:
        """Send what waits and these; what is not answered waits for the next life."""
        self.waiting += numbers
        found = _URL.search(life.said())
        if found is None:
            return
        async with httpx.AsyncClient(base_url=found[1], timeout=10) as http:
            for first in range(0, len(self.waiting), BATCH):
                batch = self.waiting[first:first + BATCH]
                try:
                    answer = await http.post("/alerts/prom", json={"version": "4", "alerts": [alert(n) for n in batch]},
                                             headers={"authorization": f"Bearer {SECRET}"})
                except httpx.HTTPError:
                    break
                if answer.status_code == 200:
                    self.taken.update(batch)
        self.waiting = [n for n in self.waiting if n not in self.taken]


async def live_and_die(stage: Stage, sender: Sender, point: str, first: int, random: Random) -> bool:
    """One life that is sent its alerts and killed at `point`; False: it never came there."""
    in_process = {"die_at": f"{point}:{random.randint(1, 3)}"} if point in (*IN_PROCESS, *INTAKE) else {}
    life = await stage.start(**in_process)
    if point in ON_THE_WIRE:
        stage.wire.arm(point, random.randint(1, 5), life.process.pid)
    await life.ready()
    killing = asyncio.create_task(_killed_after(life, random.uniform(0, 2))) if point == "any time" else None
    for number in range(first, first + A_LIFE, BATCH):
        await sender.send(life, range(number, number + BATCH))
        await asyncio.sleep(random.uniform(0, 0.2))
    died = await life.killed_within(20)
    if killing is not None:
        await killing
    await life.kill()
    return died


async def _killed_after(life: Life, seconds: float) -> None:
    await asyncio.sleep(seconds)
    await life.kill()


def _is_once(seen: Counter[str], channel: str) -> bool:
    """In its channel and by whoever is on call, in no room twice."""
    return seen[channel] == 1 and len(seen) > 1 and set(seen.values()) == {1}


async def _all_seen(stage: Stage) -> float:
    """Wait until nothing waits that nobody has seen; how long it took.

    Edits may wait: nobody is on any of these alerts, so the next is told again and again, each card says so,
    and Slack takes some fifty edits a minute.
    """
    began = monotonic()
    while left := await _unseen(stage):
        assert monotonic() - began < ALL_SHOWN_S, f"{left} messages are not shown: {await stage.stuck()}"
        await asyncio.sleep(0.25)
    return monotonic() - began


async def _unseen(stage: Stage) -> int:
    async with stage.store.reading() as session:
        return await session.scalar(select(func.count()).select_from(Post).where(
            Post.shown == 0, Post.message_id.is_(None), Post.given_up_at.is_(None), Post.wanted > 0,
            Post.not_before <= stage.clock() + PUT_OFF)) or 0


async def test_what_was_answered_is_shown_once_whenever_we_are_killed(database_url: str, tmp_path: Path, figure: Figure) -> None:
    async with stage_on(database_url, tmp_path, rooms=ROOMS, persons=20) as stage:
        await Sources(stage.store, stage.clock, seed.WORKSPACE).add("prom", "alertmanager", secret=SECRET)
        sender, random, died = Sender(), Random(3), Counter[str]()
        lives = LIVES[kind_of(database_url)]
        for turn, point in enumerate(random.sample(lives, len(lives))):
            assert await live_and_die(stage, sender, point, turn * A_LIFE, random), f"{point}: never came there"
            died[point] += 1
            stage.clock.forward(AWAY_S)
        life = await (await stage.start()).ready()
        await sender.send(life, [])
        took = await _all_seen(stage)
        await life.stop()
        stage.clock.forward(AWAY_S)
        life = await (await stage.start()).ready()  # nobody kills it, and what is to be said twice is said now
        figure("seconds until all was shown after the last start", took + await _all_seen(stage))
        figure("edits that still wait for the pace of chat.update", await stage.waiting())
        await life.stop()
        words, sent = stage.words(), range(len(lives) * A_LIFE)
        assert sender.taken == set(sent)
        wrong = {n: dict(words[n]) for n in sent if not _is_once(words[n], room_of(n % ROOMS))}
        assert not wrong, list(wrong.items())[:10]
        figure("kills", died.total())
        figure("alerts answered with yes, each shown once", len(sender.taken))

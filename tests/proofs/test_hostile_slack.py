"""A Slack on its worst day: everything promised arrives, once, at the room's pace, pages first; nothing is tried for ever."""

from __future__ import annotations

import asyncio
import re
from collections import Counter, defaultdict
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from statistics import median

import httpx

from handlers.outbox.rules import PAGE
from tests.bench import seed
from tests.proofs.conftest import FULL, PATIENT, Figure
from tests.proofs.stage import Stage, promise_of, room_of, stage_on
from tests.proofs.wire import Call

pytestmark = PATIENT
PACE_S = 1.0
"""Slack's own: about one message a second in a channel."""
AHEAD_S = 1.0
"""So much quicker a run of messages may be all told, however long it is: calls take time, one more than another."""
MENDING_S = 300.0
"""How long the bot leaves Slack alone once its token is refused."""
PROBES = 4
"""So often it may ask at once afterwards: a call may hang, and then one alone would never know."""
ROOMS, ORDINARY, PAGES = (50, 1900, 100) if FULL else (6, 12, 6)
OUTAGE_S = 60 if FULL else 2
WORST_DAY = {"rate_429": 0.30, "retry_after_s": 2, "error_500": 0.05, "taken_500": 0.05, "lost_reply": 0.05, "slow_ms": 30}
IN_SMALL = ("rate_429", "none", "taken_500", "rate_429", "lost_reply", "none", "error_500", "none") * 2
"""In the suite, where so few calls are made, the first posts meet these one after the other."""


def posts_by_room(stage: Stage) -> dict[str, list[Call]]:
    """Every call that asked to post, in order."""
    found: dict[str, list[Call]] = defaultdict(list)
    for call in stage.wire.calls:
        if call.method == "chat.postMessage":
            found[call.room].append(call)
    return found


def faults_met(stage: Stage) -> Counter[str]:
    """Counts, from now on, what each call meets."""
    met: Counter[str] = Counter()
    recorder = stage.sandbox.recorder

    def note(_number: int) -> None:
        met[(recorder.kept[-1].note or "as it should be").removeprefix("fault: ")] += 1

    recorder.on_exchange = note
    return met


def ahead_of_pace_s(stage: Stage) -> float:
    """By how much any run of messages in any channel, from one to any later one, was quicker than the pace.

    By the workspace's own watch: when each came to stand there.
    """
    most = 0.0
    for room in stage.sandbox.workspace.channels.values():
        allowed = 0.0
        for earlier, later in pairwise([] if room.is_im else room.messages):
            # The largest sum of what single gaps lacked, over all runs: what is slow gives back what was quick.
            allowed = max(0.0, allowed + PACE_S - (float(later.ts) - float(earlier.ts)))
            most = max(most, allowed)
    return most


def overtaken_by(stage: Stage, pages: list[int], committed: datetime) -> dict[int, int]:
    """For each page how many ordinary posts its room was asked for after it was promised and before it was asked for.

    One may have been on its way by then. After its own first try a page may be waiting itself, and others go on.
    """
    urgent = {stage.posts[n] for n in pages}
    rooms = posts_by_room(stage)
    found = {}
    for n in pages:
        since = [call for call in rooms[stage.promised[n]] if call.began > committed]
        before = []
        for call in since:
            if promise_of(call.ref) == stage.posts[n]:
                break
            before.append(call)
        found[n] = sum(promise_of(call.ref) not in urgent for call in before)
    return found


def seconds_until_shown(stage: Stage, numbers: list[int], promised: datetime) -> list[float]:
    shown = {number: float(message.ts) for _, message in stage.messages()
             for number in map(int, re.findall(r"\bword (\d+)\b", message.plain))}
    return [shown[n] - promised.timestamp() for n in numbers]


async def test_on_slacks_worst_day_all_arrives_once_at_the_rooms_pace_pages_first(
        some_url: str, tmp_path: Path, figure: Figure) -> None:
    async with stage_on(some_url, tmp_path, rooms=ROOMS, persons=20) as stage:
        stage.sandbox.paces.enabled = False  # the faults say 429; the pace is measured, not enforced
        life = await (await stage.start()).ready()
        met = faults_met(stage)
        stage.sandbox.faults.change(WORST_DAY if FULL else {"slow_ms": 30, "retry_after_s": WORST_DAY["retry_after_s"]})
        stage.sandbox.faults.next("chat.postMessage", *(() if FULL else IN_SMALL))
        began = stage.clock()
        ordinary = await stage.promise(ORDINARY)
        await asyncio.sleep(10 if FULL else 1)
        pages = await stage.promise(PAGES, urgency=PAGE)
        paged = stage.clock()
        took = await stage.drained(1500 if FULL else 60)
        await stage.free()
        stage.sandbox.faults.clear()
        await life.stop()
        stage.assert_each_once()
        assert await stage.given_up() == []
        ahead_s = ahead_of_pace_s(stage)
        assert ahead_s <= AHEAD_S, "a room was spoken to faster than its pace"
        for calls in posts_by_room(stage).values():
            for earlier, later in pairwise(calls):
                asked = WORST_DAY["retry_after_s"] if earlier.status == 429 else 0
                assert later.began - earlier.began >= timedelta(seconds=asked), "asked again before Retry-After"
        overtaken = overtaken_by(stage, pages, paged)
        assert max(overtaken.values()) <= 1, {n: times for n, times in overtaken.items() if times > 1}
        page_s = seconds_until_shown(stage, pages, paged)
        figure("promises, each shown once", len(stage.promised))
        assert all(met[kind] for kind in ("rate 429", "error 500", "taken 500", "lost reply")), met
        figure("calls", calls := met.total())
        figure("of these", ", ".join(f"{kind} {times / calls:.1%}" for kind, times in sorted(met.items())))
        figure("seconds for all", took)
        figure("most that any run of messages in a room was ahead of one a second, s", f"{ahead_s:.3f}")
        figure("seconds to a page, median and most", f"{median(page_s):.1f} / {max(page_s):.1f}")
        figure("seconds to an ordinary message, median and most", f"{median(times := seconds_until_shown(stage, ordinary, began)):.1f} / {max(times):.1f}")


async def test_a_page_goes_before_all_that_waits_in_its_room(some_url: str, tmp_path: Path, figure: Figure) -> None:
    rooms, backlog = (50, 10) if FULL else (6, 3)
    async with stage_on(some_url, tmp_path, rooms=rooms, persons=20) as stage:
        life = await (await stage.start()).ready()
        ordinary = await stage.promise(rooms * backlog)
        await asyncio.sleep(0.5)
        pages = await stage.promise(rooms, urgency=PAGE)
        paged = stage.clock()
        await stage.drained(60)
        await life.stop()
        stage.assert_each_once()
        assert max(overtaken_by(stage, pages, paged).values()) <= 1
        assert ahead_of_pace_s(stage) <= AHEAD_S
        page_s = seconds_until_shown(stage, pages, paged)
        assert max(page_s) < max(seconds_until_shown(stage, ordinary, paged))
        figure("seconds to a page, median and most", f"{median(page_s):.1f} / {max(page_s):.1f}")


async def test_an_outage_delays_and_loses_nothing(some_url: str, tmp_path: Path, figure: Figure) -> None:
    async with stage_on(some_url, tmp_path, rooms=ROOMS, persons=20) as stage:
        life = await (await stage.start()).ready()
        await stage.promise(ROOMS)
        await asyncio.sleep(0.3)
        stage.sandbox.faults.down = True
        for _ in range(3):
            await stage.promise(ROOMS)
            await asyncio.sleep(OUTAGE_S / 3)
        calls = len(stage.wire.calls)
        stage.sandbox.faults.down = False
        took = await stage.drained(180)
        await stage.free()
        await life.stop()
        stage.assert_each_once()
        assert await stage.given_up() == []
        figure("outage, s", OUTAGE_S)
        figure("promises, each shown once", len(stage.promised))
        figure("calls that met the outage", calls)
        figure("seconds from its end until all was shown", took)


async def test_a_revoked_token_is_told_once_to_who_can_mend_it_and_nothing_is_lost(
        some_url: str, tmp_path: Path, figure: Figure) -> None:
    rounds, admin = 6 if FULL else 1, seed.user(0)
    async with stage_on(some_url, tmp_path, rooms=ROOMS, persons=20) as stage:
        life = await (await stage.start(admins=admin)).ready()
        stage.sandbox.faults.token_revoked = True
        before = len(stage.wire.calls)
        await stage.promise(3 * ROOMS)
        await asyncio.sleep(1.5)
        at_first = len(stage.wire.calls) - before
        for _ in range(rounds):
            stage.clock.forward(MENDING_S + 1)
            await asyncio.sleep(1.5)
        afterwards = len(stage.wire.calls) - before - at_first
        complaints = [line for line in life.said().splitlines() if "does not take our token" in line]
        stage.sandbox.faults.token_revoked = False
        stage.clock.forward(MENDING_S + 1)
        took = await stage.drained(60)
        await life.stop()
        stage.assert_each_once()
        assert await stage.given_up() == []
        assert len(complaints) == 1, complaints
        assert "groundcrew check" in complaints[0]
        assert "Traceback" not in life.said()
        assert at_first <= ROOMS, "a room was tried again"
        assert afterwards <= PROBES * rounds, "it is tried without end"
        assert len(stage.sandbox.shown(stage.sandbox.dm_id(admin))) == 1, "the admin hears once that it was so"
        figure("minutes without a token", f"{(rounds + 1) * MENDING_S / 60:.0f}")
        figure("calls at first / in all the time after / log messages", f"{at_first} / {afterwards} / {len(complaints)}")
        figure("seconds from a good token until all was shown", took)


async def test_an_archived_channel_is_told_once_to_who_can_mend_it_and_try_again_sends_all(
        some_url: str, tmp_path: Path, figure: Figure) -> None:
    archived, count = 3, 20 if FULL else 3
    async with stage_on(some_url, tmp_path, rooms=ROOMS, persons=20) as stage:
        life = await (await stage.start()).ready()
        registrar = f"priya{archived}"
        await stage.sandbox.archive(registrar, room_of(archived))
        lost = await stage.promise(count, only=[archived])
        await stage.promise(ROOMS, only=[n for n in range(ROOMS) if n != archived])
        await stage.drained(60)
        await asyncio.sleep(10 if FULL else 1)  # would it be tried for ever, it would be now
        calls = posts_by_room(stage)[room_of(archived)]
        told = [message for message in stage.sandbox.shown(stage.sandbox.dm_id(registrar)) if "is archived" in message.plain]
        assert (len(calls), len(told)) == (count, 1), "each was tried once, and one message says so"
        await stage.sandbox.unarchive(registrar, room_of(archived))
        url = re.search(r"health at (http://\S+)/healthz", life.said())
        assert url is not None
        async with httpx.AsyncClient(base_url=url[1]) as http:
            stage.sandbox.bot = http
            answer = await stage.sandbox.press(registrar, channel=told[0].channel, ts=told[0].ts, label="Try again")
            stage.sandbox.bot = None
        assert answer.error is None, answer
        await stage.drained(60)
        await life.stop()
        stage.assert_each_once()
        assert await stage.given_up() == []
        figure("calls for so many promises to an archived channel", f"{len(calls)} for {len(lost)}")
        figure("messages to who can mend it", len(told))

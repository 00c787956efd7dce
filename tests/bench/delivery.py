"""Promises kept per second over 200 rooms: with a chat service that answers at once, and at the rooms' pace."""

from __future__ import annotations

import asyncio
import gc
import json
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from time import perf_counter, process_time

from slack_sdk.web.async_client import AsyncWebClient

from bot.garbage import settle
from bot.settings import Settings
from bot.wiring import Identity, assembled
from handlers.chat.cards import Card
from handlers.outbox.actions import Outbox
from handlers.slack.render import blocks, fallback
from storage import outbox
from storage.engine import Store, open_engine
from storage.outbox import Promise
from tests.bench import databases, seed
from tests.bench.figures import heading, median, report

NOW = datetime(2026, 11, 23, 8, 31, tzinfo=UTC)
SETTINGS = Settings(_env_file=None, slack_mode="http", slack_bot_token="xoxb-bench", slack_signing_secret="bench")
BOT = Identity(seed.TEAM, "Bench", "B0BENCH", "U0BENCH", frozenset())
ROOMS, PERSONS, TIMES = 200, 400, 5
EACH, PAUSE_S = 11, 0.1


class Answers:
    """Turns each card into what Slack is sent, and has sent it after a pause."""

    def __init__(self, pause_s: float = 0.0) -> None:
        self.pause_s = pause_s
        self.cards: deque[Card] = deque(maxlen=ROOMS)
        self.taken = 0
        self.at: dict[str, list[float]] = {}
        self.wanted, self.is_done = 0, asyncio.Event()

    async def post(self, room: str, card: Card, ref: str) -> str:
        self.at.setdefault(room, []).append(perf_counter())
        json.dumps({"channel": room, "text": fallback(card), "blocks": blocks(card), "ref": ref})
        if self.pause_s:
            await asyncio.sleep(self.pause_s)
        self.cards.append(card)
        self.taken += 1
        if self.taken == self.wanted:
            self.is_done.set()
        return f"{room}/{self.taken}"

    async def update(self, room: str, message_id: str, card: Card) -> None:
        await self.post(room, card, message_id)

    def limit(self, room: str, message_id: str | None, *, in_doubt: bool) -> str | None:
        return None

    async def find(self, room: str, ref: str, since: datetime, thread: str | None = None) -> str | None:
        raise AssertionError("nothing is in doubt here")


class Clock:
    """Stands still, or runs on from where it stands."""

    def __init__(self) -> None:
        self.now = NOW
        self.runs_since: float | None = None

    def __call__(self) -> datetime:
        return self.now if self.runs_since is None else self.now + timedelta(seconds=perf_counter() - self.runs_since)


@contextmanager
def swept_as_the_bot_is() -> Iterator[None]:
    """What is loaded is left out of the garbage collector's looks, as `bot/__main__.py` has it.

    Without, each full look stops all rooms for some 0.2 s every other second, which the bot does not know.
    """
    before = gc.get_threshold()
    gc.collect()
    settle()
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


async def bench(kinds: tuple[str, ...]) -> None:
    heading(f"delivery: {ROOMS} rooms, half digests of five items, half kickoff cards of pilots with {seed.ITEMS}; each "
            "posted once, then edited")
    for kind in kinds:
        async with databases.fresh(kind) as url:
            half = ROOMS // 2
            await databases.fill(url, [
                *seed.people(PERSONS, NOW),
                *seed.pilots(range(1000), PERSONS, NOW, next_at=NOW,
                               due={n + 1 + k * half: n for n in range(half) for k in range(5)}),
                *seed.digests(half, NOW.date(), NOW)])
            await databases.run(url, "UPDATE item SET step = 'overdue' WHERE id IN (SELECT item_id FROM told)")
            await databases.settled(url)
            chat = Answers()
            with swept_as_the_bot_is():
                kept = [await _kept(url, chat) for _ in range(TIMES + 1)]
                bare = [await _bare(list(chat.cards)) for _ in range(TIMES + 1)]
                pace, cpu = await _pace(url)
        name, reference = databases.NAMES[kind], "a bare loop posting to it"
        report(f"promises kept, {name}", median(kept[1:]), "/s", reference, median(bare[1:]),
               of=f"edits, medians of {TIMES}")
        report(f"promises first kept, {name}", kept[0], "/s", reference, median(bare[1:]), of="posts, once")
        report(f"at the rooms' pace, {name}", pace, "/s", "one message a second and room", ROOMS,
               of=f"{EACH} in each room, {PAUSE_S * 1000:.0f} ms a call, {cpu:.0%} of one core")


async def _kept(url: str, chat: Answers) -> float:
    """Promise something to each room; how many a second are kept, the pause between two in a room left out."""
    clock, half = Clock(), ROOMS // 2
    clock.now += timedelta(seconds=2 * chat.taken / ROOMS)
    took = await _sent(url, chat, clock, [
        *(Promise(f"slack:{seed.user(n)}", "digest", n + 1) for n in range(half)),
        *(Promise(f"slack:C{n:08d}", "kickoff", n + 1, n + 1) for n in range(half))])
    return ROOMS / took


async def _pace(url: str) -> tuple[float, float]:
    """Several promises for each room: how many a second are kept once it runs, and how much of a core that takes."""
    chat, clock, half = Answers(PAUSE_S), Clock(), ROOMS // 2
    clock.now += timedelta(minutes=5)
    clock.runs_since, worked = perf_counter(), process_time()
    took = await _sent(url, chat, clock, [
        Promise(f"slack:{kind[0]}PACE{n:04d}", kind, (n + k) % half + 1, None)
        for n in range(half) for k in range(EACH) for kind in ("digest", "kickoff")])
    spread = [at[-1] - at[0] for at in chat.at.values()]
    return ROOMS * (EACH - 1) / (sum(spread) / len(spread)), (process_time() - worked) / took


async def _sent(url: str, chat: Answers, clock: Clock, promises: list[Promise]) -> float:
    """Seconds until all these are kept and that is recorded."""
    engine = open_engine(url)
    store, woken = Store(engine), asyncio.Event()
    composer = assembled(SETTINGS, clock, store, AsyncWebClient(), BOT).outbox.composer
    sender = Outbox(store, clock, {"slack": chat}, composer, woken=woken)
    async with store.begin() as session:
        await outbox.promise(session, seed.WORKSPACE, promises, [], clock())
    chat.wanted, chat.is_done = chat.taken + len(promises), asyncio.Event()
    ending, begun = asyncio.Event(), perf_counter()
    running = asyncio.create_task(sender.run(ending))
    await chat.is_done.wait()
    ending.set()
    sender.wake()
    await running
    took = perf_counter() - begun
    await engine.dispose()
    assert chat.taken == chat.wanted, chat.taken
    return took


async def _bare(cards: Sequence[Card]) -> float:
    chat = Answers()
    begun = perf_counter()
    for number, card in enumerate(cards):
        await chat.post(f"slack:C{number:08d}", card, f"gc-{number}")
    return len(cards) / (perf_counter() - begun)

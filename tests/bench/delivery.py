"""Promises kept per second over 200 rooms, with a chat service that answers at once."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from time import perf_counter

from handlers.chat.cards import Card
from handlers.nudges.actions import Nudges
from handlers.outbox.actions import Outbox
from handlers.outbox.compose import Composer
from handlers.slack.render import blocks, fallback
from handlers.status.actions import Status
from storage import outbox
from storage.engine import Store, open_engine
from storage.outbox import Promise
from tests.bench import databases, seed
from tests.bench.figures import heading, median, report

NOW = datetime(2026, 11, 23, 8, 31, tzinfo=UTC)
ROOMS, PERSONS, TIMES = 200, 400, 5


class AnswersAtOnce:
    """Turns each card into what Slack is sent, and has sent it."""

    def __init__(self) -> None:
        self.cards: list[Card] = []
        self.wanted, self.is_done = 0, asyncio.Event()

    async def post(self, room: str, card: Card, ref: str) -> str:
        json.dumps({"channel": room, "text": fallback(card), "blocks": blocks(card), "ref": ref})
        self.cards.append(card)
        if len(self.cards) == self.wanted:
            self.is_done.set()
        return f"{room}/{len(self.cards)}"

    async def update(self, room: str, message_id: str, card: Card) -> None:
        await self.post(room, card, message_id)

    def limit(self, room: str, message_id: str | None, *, in_doubt: bool) -> str | None:
        return None

    async def find(self, room: str, ref: str, since: datetime) -> str | None:
        raise AssertionError("nothing is in doubt here")


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


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
            await databases.settled(url)
            chat = AnswersAtOnce()
            kept = [await _kept(url, chat) for _ in range(TIMES + 1)]
            bare = [await _bare(chat.cards[-ROOMS:]) for _ in range(TIMES + 1)]
        name, reference = databases.NAMES[kind], "a bare loop posting to it"
        report(f"promises kept, {name}", median(kept[1:]), "/s", reference, median(bare[1:]),
               of=f"edits, medians of {TIMES}")
        report(f"promises first kept, {name}", kept[0], "/s", reference, median(bare[1:]), of="posts, once")


async def _kept(url: str, chat: AnswersAtOnce) -> float:
    """Promise something to each room; how many a second are kept, the pause between two in a room left out."""
    engine = open_engine(url)
    store, clock, woken = Store(engine), Clock(), asyncio.Event()
    composer = Composer(Nudges(store, clock, woken.set), Status(store, clock))
    sender = Outbox(store, clock, {"slack": chat}, composer, woken=woken)
    half, before = ROOMS // 2, len(chat.cards)
    clock.now += timedelta(seconds=2 * before / ROOMS)
    async with store.begin() as session:
        await outbox.promise(session, seed.WORKSPACE, [
            *(Promise(f"slack:{seed.user(n)}", "digest", n + 1) for n in range(half)),
            *(Promise(f"slack:C{n:08d}", "kickoff", n + 1, n + 1) for n in range(half))], [], clock.now)
    chat.wanted, chat.is_done = before + ROOMS, asyncio.Event()
    ending, begun = asyncio.Event(), perf_counter()
    running = asyncio.create_task(sender.run(ending))
    await chat.is_done.wait()
    ending.set()
    sender.wake()
    await running  # all is recorded
    took = perf_counter() - begun
    await engine.dispose()
    assert len(chat.cards) - before == ROOMS, len(chat.cards) - before
    return ROOMS / took


async def _bare(cards: list[Card]) -> float:
    chat = AnswersAtOnce()
    begun = perf_counter()
    for number, card in enumerate(cards):
        await chat.post(f"slack:C{number:08d}", card, f"gc-{number}")
    return len(cards) / (perf_counter() - begun)

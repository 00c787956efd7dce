"""80 commands a second for 10 s, come what may, while every call to the chat service takes 250 ms."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from random import Random
from time import perf_counter

from aiohttp import ClientSession, TCPConnector

from tests.bench import chat, databases, processes, seed, signed
from tests.bench.figures import heading, note, report, share

PILOTS, PERSONS, STRANGERS = 1000, 400, 40
A_SECOND, SECONDS = 80, 10
PAUSE_S, LATE_S = 0.25, 3.0

Line = Callable[[Random], tuple[str, int]]


def _line(random: Random) -> tuple[str, int]:
    """What somebody types, and who: two thirds look, a sixth changes something, some open a form, some are new."""
    pilot, who = random.randrange(PILOTS), random.randrange(PERSONS)
    name, sort = seed.pilot_name(pilot), random.randrange(100)
    if sort < 40:
        return f"status {name}", who
    if sort < 55:
        return "", who
    if sort < 70:
        return f"items {name}", who
    if sort < 85:  # the pilot's lead, so that it is carried out and announced
        item = random.randrange(10, seed.ITEMS)
        return f"block i:{pilot * seed.ITEMS + item + 1} by <@{seed.user(who)}> waiting for the data", (pilot + 1) % PERSONS
    if sort < 95:
        return f"new Invoices {random.randrange(10**6)}", who
    return f"status {name}", PERSONS + random.randrange(STRANGERS)


async def bench(kinds: tuple[str, ...]) -> None:
    total = A_SECOND * SECONDS
    heading(f"acks: {A_SECOND} commands a second for {SECONDS} s, sent on time whatever is still out; "
            f"the chat service takes {PAUSE_S * 1000:.0f} ms a call")
    async with processes.bare("bolt") as bare:
        theirs, _ = await _load(bare.url, "http://127.0.0.1:9/respond")
    for kind in kinds:
        async with databases.fresh(kind) as url, chat.listening() as slack:
            now = datetime.now(UTC)
            await databases.fill(url, [*seed.people(PERSONS, now), *seed.pilots(range(PILOTS), PERSONS, now)])
            await databases.settled(url)
            async with processes.bot(url, slack.url) as bot:
                slack.pause_s = PAUSE_S
                ours, broken = await _load(bot.url, f"{slack.url}/respond")
        name = databases.NAMES[kind]
        for words, part in (("median", 0.5), ("99th percentile", 0.99), ("slowest", 1.0)):
            report(f"ack under load, {name}, {words}", share(ours, part) * 1000, "ms", "the bare ack under it",
                   share(theirs, part) * 1000)
        late = sum(1 for took in ours if took > LATE_S)
        report(f"acks later than {LATE_S:.0f} s, {name}", late, "commands", "all that were sent", total)
        told = sum(1 for took in ours if took > 2.0)
        calls = ", ".join(f"{count} {method}" for method, count in slack.calls.most_common(5))
        note(f"target none later than 3 s: {'met' if not late else 'MISSED'}; {told} took over 2 s; "
             f"{broken} broke; calls meanwhile: {calls}")


async def _load(url: str, respond: str) -> tuple[list[float], int]:
    """Seconds each answer took, from the moment it should have been sent; and how many said that something broke."""
    random, broken = Random(2), 0
    lines = [_line(random) for _ in range(A_SECOND * SECONDS)]
    took: list[float] = []

    async def one(text: str, who: int, due: float) -> None:
        nonlocal broken
        _, said = await signed.command(http, url, text, who, respond=respond)
        took.append(perf_counter() - due)
        broken += b"broke on my side" in said

    async with ClientSession(connector=TCPConnector(limit=0)) as http:
        for _ in range(20):
            await signed.command(http, url, "help", 0, respond=respond)
        begun = perf_counter()
        async with asyncio.TaskGroup() as group:
            for number, (text, who) in enumerate(lines):
                due = begun + number / A_SECOND
                await asyncio.sleep(max(0.0, due - perf_counter()))
                group.create_task(one(text, who, due))
    return took, broken

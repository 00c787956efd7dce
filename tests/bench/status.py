"""`/pilot status` among 1,000 pilots of 50 items, beside a Bolt listener that only acks: at most 1.5 times."""

from __future__ import annotations

from datetime import UTC, datetime
from random import Random

from aiohttp import ClientSession

from tests.bench import chat, databases, processes, seed, signed
from tests.bench.figures import heading, median, note, report, share

PILOTS, PERSONS = 1000, 400
WARM, TIMES = 30, 300


async def bench(kinds: tuple[str, ...]) -> None:
    heading(f"status: {PILOTS:,} pilots of {seed.ITEMS} items; signed HTTP to real processes, taken in turns")
    for kind in kinds:
        async with (databases.fresh(kind) as url, chat.listening() as slack, processes.bare("bolt") as bare,
                    ClientSession() as http):
            now = datetime.now(UTC)
            await databases.fill(url, [*seed.people(PERSONS, now), *seed.pilots(range(PILOTS), PERSONS, now)])
            await databases.settled(url)
            async with processes.bot(url, slack.url) as bot:
                theirs, ours = await _in_turns(http, bare.url, bot.url)
        name = databases.NAMES[kind]
        ratio = report(f"/pilot status, {name}", median(ours) * 1000, "ms", "a bare ack", median(theirs) * 1000,
                       of=f"medians of {TIMES}")
        report(f"/pilot status, {name}, 95th percentile", share(ours, 0.95) * 1000, "ms", "a bare ack",
               share(theirs, 0.95) * 1000)
        note(f"target 1.5 x: {'met' if ratio <= 1.5 else 'MISSED'}")


async def _in_turns(http: ClientSession, bare: str, bot: str) -> tuple[list[float], list[float]]:
    random, theirs, ours = Random(1), list[float](), list[float]()
    for turn in range(WARM + TIMES):
        text, person = f"status {seed.pilot_name(random.randrange(PILOTS))}", random.randrange(PERSONS)
        idle, _ = await signed.command(http, bare, text, person)
        busy, said = await signed.command(http, bot, text, person)
        assert b"Next gate" in said, said[:300]
        if turn >= WARM:
            theirs.append(idle)
            ours.append(busy)
    return theirs, ours

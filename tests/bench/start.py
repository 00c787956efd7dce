"""From the start of a process to ready in under 2 s, and under 150 MB when idle."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

from tests.bench import chat, databases, processes
from tests.bench.figures import heading, median, note, report

TIMES = 5
IDLE_S = 2.0


async def bench(kinds: tuple[str, ...]) -> None:
    heading("start: `python -m bot run` until /readyz says 200, taken in turns with a bare Starlette process")
    async with chat.listening() as slack, AsyncExitStack() as stack:
        urls = {kind: await stack.enter_async_context(databases.fresh(kind)) for kind in kinds}
        bare_s, bare_cpu, bare_mb = list[float](), list[float](), list[float]()
        bot_s: dict[str, list[float]] = {kind: [] for kind in kinds}
        bot_cpu: dict[str, list[float]] = {kind: [] for kind in kinds}
        bot_mb: dict[str, list[float]] = {kind: [] for kind in kinds}
        for turn in range(TIMES + 1):  # the first only warms the disk
            async with processes.bare("starlette") as reference:
                if turn:
                    bare_s.append(reference.started_in_s)
                    bare_cpu.append(reference.cpu_s)
                    bare_mb.append(reference.resident_mb())
            for kind, url in urls.items():
                async with processes.bot(url, slack.url) as bot:
                    if turn == TIMES:
                        await asyncio.sleep(IDLE_S)
                    if turn:
                        bot_s[kind].append(bot.started_in_s)
                        bot_cpu[kind].append(bot.cpu_s)
                        bot_mb[kind].append(bot.resident_mb())
        async with databases.fresh("sqlite", migrated=False) as url, processes.bot(url, slack.url) as bot:
            first_s = bot.started_in_s
    for kind in kinds:
        name = databases.NAMES[kind]
        report(f"start to ready, {name}", median(bot_s[kind]), "s", "bare Starlette + uvicorn", median(bare_s),
               of=f"medians of {TIMES}, slowest {max(bot_s[kind]):.2f} s")
        note(f"target under 2 s: {'met' if median(bot_s[kind]) < 2 else 'MISSED'}")
        report(f"processor time to ready, {name}", median(bot_cpu[kind]), "s", "bare Starlette + uvicorn",
               median(bare_cpu), of=f"medians of {TIMES}")
        report(f"resident when idle, {name}", bot_mb[kind][-1], "MB", "bare Starlette + uvicorn", median(bare_mb))
        note(f"target under 150 MB: {'met' if bot_mb[kind][-1] < 150 else 'MISSED'}")
    report("first start, making the database, SQLite", first_s, "s", "bare Starlette + uvicorn", median(bare_s), of="1 time")

"""The morning's sweep: what it costs among many items, and how many due items it gets through."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from time import perf_counter

from sqlalchemy.ext.asyncio import AsyncEngine

from handlers.nudges.actions import Nudges
from storage.engine import Store, open_engine
from storage.models import Post
from storage.upsert import insert_into
from tests.bench import databases, seed
from tests.bench.figures import heading, median, note, report
from tests.rules.policies import POLICIES

MORNING = datetime(2026, 11, 23, 8, 31, tzinfo=UTC)
"""A Monday, 09:31 in Berlin."""
DUE_SINCE = MORNING - timedelta(minutes=1)
PERSONS = 2000
FEW, MANY, DUE, OWNERS, NUDGED, TIMES = 50_000, 500_000, 1000, 250, 20, 5
OF, BUSY, BUSY_OWNERS, BUSY_TIMES, BATCH = 500_000, 20_000, 2000, 3, 500


async def scaling(kinds: tuple[str, ...]) -> None:
    heading(f"scaling: the sweep with {DUE:,} due among {MANY:,} items and among {FEW:,}, taken in turns")
    due = {7 + n * (FEW // DUE): n % OWNERS for n in range(DUE)}
    for kind in kinds:
        async with AsyncExitStack() as stack:
            urls = {size: await stack.enter_async_context(databases.fresh(kind)) for size in (FEW, MANY)}
            begun = perf_counter()
            for size, url in urls.items():
                await _fill(url, size, due, NUDGED)
            loading_s = perf_counter() - begun
            took: dict[int, list[float]] = {size: [] for size in urls}
            for turn in range(TIMES + 1):  # the first warms caches
                for size, url in urls.items():
                    seconds, made = await _swept(url)
                    assert made == OWNERS + NUDGED, made
                    if turn:
                        took[size].append(seconds)
        name = databases.NAMES[kind]
        ratio = report(f"sweep among {MANY:,}, {name}", median(took[MANY]) * 1000, "ms", f"among {FEW:,}",
                       median(took[FEW]) * 1000, of=f"medians of {TIMES}; loading took {loading_s:.0f} s")
        note(f"target 2 x: {'met' if ratio <= 2 else 'MISSED'}; {made} promises each time")


async def rate(kinds: tuple[str, ...]) -> None:
    heading(f"rate: {BUSY:,} due of {OF:,} items, {BUSY_OWNERS:,} owners; beside {BUSY:,} promises inserted barely")
    due = {1 + n * (OF // BUSY): n % BUSY_OWNERS for n in range(BUSY)}
    for kind in kinds:
        async with databases.fresh(kind) as url:
            await _fill(url, OF, due, 0)
            swept, inserted = list[float](), list[float]()
            for turn in range(BUSY_TIMES + 1):
                seconds, made = await _swept(url)
                bare = await _inserted(url)
                if turn:
                    swept.append(BUSY / seconds)
                    inserted.append(BUSY / bare)
        report(f"sweep, {databases.NAMES[kind]}", median(swept), "due/s", f"bare inserts in {BATCH}s", median(inserted),
               of=f"medians of {BUSY_TIMES}; {made:,} digests")


async def _fill(url: str, items: int, due: Mapping[int, int], nudged: int) -> None:
    await databases.fill(url, seed.people(PERSONS, MORNING))
    await databases.fill(url, seed.pilots(range(items // seed.ITEMS), PERSONS, MORNING, due=due, nudged=nudged,
                                          next_at=DUE_SINCE))
    ids = ", ".join(map(str, due))
    # Kept to make the same morning again.
    await databases.run(url, f"CREATE TABLE bench_item AS SELECT id, next_at FROM item WHERE id IN ({ids})",
                        "CREATE TABLE bench_pilot AS SELECT id, nudge_at, risk FROM pilot",
                        "CREATE UNIQUE INDEX bench_pilot_id ON bench_pilot (id)",
                        "CREATE UNIQUE INDEX bench_item_id ON bench_item (id)")
    await databases.settled(url)


async def _swept(url: str) -> tuple[float, int]:
    """How long one sweep takes, and what it promised; then the morning is made again."""
    engine = open_engine(url)
    nudges = Nudges(Store(engine), lambda: MORNING, lambda: None, POLICIES)
    await _connected(engine)
    begun = perf_counter()
    made = await nudges.sweep()
    took = perf_counter() - begun
    assert await nudges.sweep() == 0
    await engine.dispose()
    await databases.run(
        url, "DELETE FROM post", "DELETE FROM lane", "DELETE FROM told", "DELETE FROM nudge",
        "UPDATE item SET step = NULL, step_on = NULL, "
        "next_at = (SELECT next_at FROM bench_item WHERE bench_item.id = item.id) WHERE id IN (SELECT id FROM bench_item)",
        "UPDATE pilot SET nudge_at = (SELECT nudge_at FROM bench_pilot WHERE bench_pilot.id = pilot.id)")
    if url.startswith("postgres"):
        await databases.run(url, *(f"VACUUM {table}" for table in ("item", "pilot", "post", "lane", "nudge", "told")))
    return took, made


async def _inserted(url: str) -> float:
    """How long the same number of promises takes, written without a thought."""
    engine = open_engine(url)
    store = Store(engine)
    await _connected(engine)
    begun = perf_counter()
    for first in range(0, BUSY, BATCH):
        async with store.begin() as session:
            await session.execute(insert_into(session, Post), [
                {"workspace_id": seed.WORKSPACE, "kind": "digest", "subject_id": n, "room": f"slack:{seed.user(n)}",
                 "made_at": MORNING, "not_before": MORNING, "urgency": 0, "wanted": 1, "shown": 0, "attempts": 0}
                for n in range(first, first + BATCH)])
    took = perf_counter() - begun
    await engine.dispose()
    await databases.run(url, "DELETE FROM post")
    return took


async def _connected(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        await connection.exec_driver_sql("SELECT 1")

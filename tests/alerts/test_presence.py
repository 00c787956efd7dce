"""When we were away, what ended meanwhile is said; and who says nothing for days is asked about."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from handlers.alerts.presence import EVERY, MISSED, Heartbeat
from handlers.alerts.quiet import Quiet
from storage import alerts
from storage.alerting import DriftWindow, Presence
from storage.engine import Store
from tests.alerts.books import Books
from tests.alerts.stage import am, one, sent, source
from tests.alerts.test_lifetime import cards
from tests.world import TEAM, World

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


@pytest.fixture
def known(books: Books) -> Store:
    return books.store


def at(hours: float) -> datetime:
    return NOON + timedelta(hours=hours)


@pytest.mark.parametrize(("stretches", "away"), [
    ([(0, 2), (3, 5)], [(2, 3)]),
    ([(0, 4), (1, 2), (3, 6)], []),
    ([(0, 10), (1, 2), (12, 13)], [(10, 12)]),
    ([(0, 1), (0.5, 3), (2, 2.5), (4, 5), (4.5, 6)], [(3, 4)]),
    ([(-90, -80), (0, 1)], [(-80, 0)]),
    ([(-90, -80), (-70, -60), (0, 1)], [(-60, 0)]),
    ([(0, 1)], []), ([], []),
])
async def test_we_were_away_when_none_of_ours_was_running(known: Store, stretches: list[tuple[float, float]], away: list[tuple[float, float]]) -> None:
    async with known.begin() as session:
        session.add_all([Presence(workspace_id=TEAM, began_at=at(began), alive_at=at(alive)) for began, alive in stretches])
    async with known.reading() as session:
        assert await alerts.away(session, TEAM, at(-48)) == [(at(since), at(until)) for since, until in away]


async def test_a_heart_that_beats_is_one_stretch_and_one_that_stood_still_is_two(known: Store, clock: Any) -> None:
    heart, other = Heartbeat(known, clock, TEAM), Heartbeat(known, clock, TEAM)
    for _ in range(5):
        await heart.beat()
        clock.advance(seconds=EVERY.total_seconds())
    async with known.reading() as session:
        assert await session.scalar(select(func.count()).select_from(Presence)) == 1
        assert await alerts.away(session, TEAM, clock() - timedelta(days=2)) == []
    stopped = clock() - EVERY
    clock.advance(seconds=MISSED.total_seconds())  # the machine slept, or its database was away
    await heart.beat()
    await other.beat()
    async with known.reading() as session:
        assert await alerts.away(session, TEAM, clock() - timedelta(days=2)) == [(stopped, clock())]


async def test_what_fired_and_ended_while_we_were_away_is_said_in_one_line(seen: World) -> None:
    """End to end: running, killed, started again."""
    await source(seen)
    seen.clock.advance(minutes=30)
    began = seen.clock()
    seen.clock.advance(minutes=30)
    await Heartbeat(seen.parts.store, seen.clock, TEAM).beat()  # as `built` does at the start, of a process that is new
    await sent(seen, am(one("Gone", status="resolved", at=began)))
    await sent(seen, am(one("Older", status="resolved", at=began - timedelta(hours=5))))
    await sent(seen, am(one("Later", status="resolved", at=seen.clock() + timedelta(seconds=1))))
    assert [card.split("\n")[0] for card in cards(seen)] == ["✓ Over: Gone. It fired and ended while I was not running"]


async def test_what_is_to_happen_by_itself_does_from_the_start(seen: World) -> None:
    async with seen.parts.store.reading() as session:
        assert await session.scalar(select(func.count()).select_from(Presence)) == 1, "the first beat comes before anything can come in"
    every = {tick.name: tick for tick in seen.parts.ticks}
    assert every["heartbeat"].every == EVERY
    for name in ("heartbeat", "call other systems", "ask for readings", "ask what fires", "look who is quiet"):
        await every[name].run()


# ---- who is quiet --------------------------------------------------------------------------------------------------------


async def test_a_source_that_says_nothing_for_days_is_an_alert_until_it_is_heard_again(books: Books) -> None:
    await books.source(quiet_after=3)
    await books.source("free")
    quiet = Quiet(books.store, books.intake, TEAM)
    books.clock.advance(days=2)
    assert await quiet.look() == 0
    books.clock.advance(days=1, minutes=1)
    for _ in range(2):
        await quiet.look()
    assert [alert.title for alert in await books.alerts()] == ["prom has reported nothing since 2026-11-23 07:00 UTC"]
    assert (await books.sent(b'{"alerts": []}')).status == 200
    await quiet.look()
    assert await books.standing() == {"SourceQuiet": "sender"}
    assert await quiet.look() == 0


async def test_a_model_that_is_no_longer_judged_is_an_alert_though_its_source_is_heard_of(books: Books) -> None:
    await books.source(quiet_after=1)
    async with books.store.begin() as session:
        session.add_all([DriftWindow(workspace_id=TEAM, key=key, window="w", at=books.clock() + timedelta(hours=hours), verdict="fine",
                                     drift={"model": key}, source="prom") for key, hours in (("churn", 0), ("fraud", 20))])
    books.clock.advance(hours=23)
    await books.sent(b'{"alerts": []}')
    books.clock.advance(hours=2)
    await Quiet(books.store, books.intake, TEAM).look()
    assert [alert.title for alert in await books.alerts()] == ["prom has judged no window of churn since 2026-11-23 07:00 UTC"]

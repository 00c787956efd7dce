"""What the numbers of `/alerts stats` mean, and the picture of them."""

from __future__ import annotations

import os
from concurrent.futures.process import BrokenProcessPool
from datetime import UTC, date, datetime, timedelta

import pytest

from handlers.alerts import drawing
from handlers.alerts.reports import read_subject, subject
from handlers.alerts.statistics import ENOUGH, Figures, days_until, figures, noisiest, spread
from handlers.alerts.stats_cards import Stats, alt_of, chart_of, stats_card
from handlers.alerts.stats_picture import stats_picture
from handlers.chat.cards import plain
from handlers.chat.wording import ENGLISH
from storage.alert_figures import Told
from tests.alerts.stage import OPS, am, one, send, sent, settled, source
from tests.alerts.test_lists import answer
from tests.world import EVERYONE, World

TODAY = date(2026, 11, 24)
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def told(name: str = "Drift", *, acked: float | None = None, lasted: float | None = None, how: str | None = "sender",
         days_ago: int = 0, rank: int = 2, turns: int = 1, level: int = -1, is_storm: bool = False, in_storm: bool = False,
         was_unseen: bool = False) -> Told:
    """An alert; `acked` and `lasted` in minutes after it opened."""
    opened = NOON - timedelta(days=days_ago)
    return Told(1, name, rank, opened, None if lasted is None else opened + timedelta(minutes=lasted),
                None if lasted is None else how, None if acked is None else opened + timedelta(minutes=acked), turns, level,
                is_storm, in_storm, was_unseen)


def counted(*rows: Told, days: int = 7) -> Figures:
    return figures(rows, days_until(TODAY, days), lambda at: at.date())


def test_time_to_acknowledge_is_of_those_that_somebody_took_on() -> None:
    found = counted(*(told(acked=minutes) for minutes in (1, 2, 3, 4, 50)), told(), told())
    assert (found.acknowledge.of, found.acknowledge.median, found.acknowledge.p90) == (5, 180.0, 3000.0)
    assert found.never_acknowledged == 2


def test_what_lapsed_was_false_or_went_unseen_was_resolved_by_nobody() -> None:
    rows = [told(lasted=10) for _ in range(4)] + [told(lasted=10, how="person")]
    silent = [told(lasted=999, how="lapsed"), told(lasted=999, how="false-alarm"), told(lasted=999, was_unseen=True), told()]
    found = counted(*rows, *silent)
    assert (found.resolve.of, found.resolve.median, found.resolve.p90) == (5, 600.0, 600.0)
    assert (found.over, found.false, found.false_share) == (8, 1, 0.125)


def test_fewer_than_five_are_too_few_to_say() -> None:
    assert spread([1.0] * (ENOUGH - 1)) == spread([9.0] * (ENOUGH - 1))
    assert spread([1.0] * ENOUGH).median == 1.0
    said = plain(stats_card(Stats(counted(told(acked=1, lasted=3)), 7, None), ENGLISH))
    assert "Taken on: 1, too few to say how fast" in said
    assert "too few to say a share" in said


def test_nine_of_ten_took_at_most_the_nearest_rank() -> None:
    assert spread([float(n) for n in range(1, 11)]).p90 == 9.0
    assert spread([float(n) for n in range(1, 12)]).p90 == 10.0


def test_a_storm_is_no_alert_and_its_members_are() -> None:
    found = counted(told(is_storm=True), told(in_storm=True), told())
    assert (found.alerts, found.storms, found.in_storms) == (2, 1, 1)


def test_the_noisiest_rule_comes_first_with_its_flaps_and_false_alarms() -> None:
    rows = [told("A", lasted=1, how="false-alarm") for _ in range(6)] + [told("B", turns=5) for _ in range(2)]
    rows += [told(f"C{n}") for n in range(9)]
    first, second, *rest = noisiest(rows)
    assert (first.name, first.alerts, first.flaps, first.false_share) == ("A", 6, 0, 1.0)
    assert (second.name, second.alerts, second.flaps, second.false_share) == ("B", 2, 8, None)
    assert len(rest) == 3


def test_an_escalation_counts_on_each_level_that_it_reached() -> None:
    assert counted(told(level=-1), told(level=0), told(level=2)).escalated == (2, 1, 1)
    assert counted(told()).escalated == ()


def test_each_day_has_its_own_counts_and_none_is_left_out() -> None:
    found = counted(told(days_ago=6, rank=0, acked=2), told(acked=4), told(acked=8), told(days_ago=3))
    assert [day.on for day in found.days] == days_until(TODAY, 7)
    assert [sum(day.by_rank) for day in found.days] == [1, 0, 0, 1, 0, 0, 2]
    assert found.days[0].by_rank == (1, 0, 0, 0)
    assert [day.to_acknowledge for day in found.days] == [120.0, None, None, None, None, None, 360.0]


def test_nothing_at_all_is_said_as_nothing() -> None:
    assert plain(stats_card(Stats(counted(), 30, "Claims"), ENGLISH)) == "Alerts of Claims in the last 30 days\nThere was none."


@pytest.mark.parametrize(("pilot", "days"), [(0, 7), (1, 30), (10**11, 30)])
def test_the_number_of_statistics_tells_what_they_are_of(pilot: int, days: int) -> None:
    assert read_subject(subject(pilot, days, TODAY)) == (pilot, days, TODAY)
    assert subject(pilot, days, TODAY) < 2**63


def test_the_picture_draws_what_people_named_as_it_is_written() -> None:
    stats = Stats(counted(told("$\\frac$", acked=3), told(rank=0, days_ago=2)), 7, r"$\oops{ pilot")
    chart = chart_of(stats, ENGLISH)
    picture = stats_picture(chart)
    assert picture.startswith(b"\x89PNG")
    assert picture != stats_picture(chart_of(Stats(counted(), 7, stats.pilot), ENGLISH)), "one without anything can be drawn too"


async def test_statistics_are_answered_and_their_picture_is_posted_where_it_was_asked_for(ops: World) -> None:
    await ops.new_pilot(**EVERYONE)
    await source(ops)
    for n in range(6):
        await send(ops, am(one(f"Rule{n % 2}", model=f"m{n}", pilot="Claims triage", severity="critical" if n == 5 else "warning")))
    await settled(ops)
    for number in range(1, 6):
        await ops.type("sam", f"/alerts ack {number}")
    await sent(ops, am(one("Elsewhere")))
    said = await ops.type("tom", "/alerts stats claims triage 7d", OPS)
    assert "Alerts of Claims triage in the last 7 days" in said
    assert "6 alerts*: 🔴 1 Critical, 🟠 5 Warning" in said
    assert "Taken on: 5, half within" in said
    assert "Never taken on: 1, 17% of all" in said
    assert "• *Rule0*: 3 alerts" in said
    assert "7 alerts" in await ops.type("tom", "/alerts stats")
    assert "I do not count `90d`, but the last 7 or 30 days" in await ops.type("tom", "/alerts stats 90d")

    if ops.parts.store.engine.dialect.name != "sqlite":
        return  # a process that draws knows no database: seen once is enough
    await ops.press("tom", "Post the picture here", OPS, next(
        each.ts for each in ops.sandbox.shown(OPS, "tom") if each.ephemeral_for and "last 7 days" in each.plain))
    await drawn(ops)
    head = next(each for each in ops.sandbox.shown(OPS) if "Alerts of Claims triage" in each.plain and not each.ephemeral_for)
    assert "Noisiest rules" in head.plain, "the numbers stand beside the picture"
    [file] = [file for each in ops.sandbox.shown(OPS) if each.thread_ts == head.ts for file in each.files]
    kept = ops.sandbox.workspace.files[file.id]
    assert kept.content.startswith(b"\x89PNG")
    assert kept.alt_txt is not None
    assert kept.alt_txt.startswith("Alerts of Claims triage in the last 7 days: 6 alerts")
    assert answer(ops, OPS).plain.startswith("*The picture is being drawn")


async def drawn(world: World) -> None:
    """The pictures that are asked for are there, and shown."""
    await settled(world)
    for _, task in world.parts.outbox.composer.alerts.reports.pictures.tasks.values():
        await task
    await settled(world)


async def test_a_drawing_process_that_dies_does_not_end_drawing() -> None:
    try:
        with pytest.raises(BrokenProcessPool):
            await drawing.drawn(os._exit, 3)
        assert await drawing.drawn(bytes, 3) == b"\0\0\0"
    finally:
        drawing.close()


def test_what_stands_for_the_picture_says_its_numbers() -> None:
    said = alt_of(Stats(counted(told(), told(days_ago=1), told(days_ago=1, rank=0)), 7, None), ENGLISH)
    assert "3 alerts (🔴 1 Critical, 🟠 2 Warning)" in said
    assert "the busiest day was 2026-11-23 with 2" in said

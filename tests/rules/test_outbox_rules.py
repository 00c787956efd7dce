"""What follows from an attempt, and how much may be on the way: plain rules."""

from datetime import timedelta

import pytest

from handlers.chat.ports import EVERYTHING, SendFailed
from handlers.outbox.reach import SILENT_AFTER, Reach
from handlers.outbox.rules import BEAT, PACE, PAGE, Next, opens_at, step_after, wait_s
from handlers.outbox.slots import FOR_PAGES, IN_ALL, OF_ONE_WORKSPACE, Slots
from storage.outbox import Turn
from tests.rules.make import NOW

DOWN = SendFailed("away", down=True)
MINE = "slack:T1"


def seconds(count: float) -> timedelta:
    return timedelta(seconds=count)


@pytest.mark.parametrize(("failure", "expected"), [
    (None, Next.SHOWN), (SendFailed("x", gone=True), Next.GONE), (SendFailed("x", final=True), Next.GIVE_UP),
    (DOWN, Next.AGAIN), (SendFailed("x", in_doubt=True), Next.IN_DOUBT),
    (SendFailed("x", retry_after_s=3), Next.AGAIN), (SendFailed("x", is_refusal=True), Next.AGAIN)])
def test_what_becomes_of_a_first_post(failure: SendFailed | None, expected: Next) -> None:
    assert step_after(1, failure, was_first_post=True).next is expected


def test_an_edit_is_never_in_doubt() -> None:
    assert step_after(1, SendFailed("x", in_doubt=True), was_first_post=False).next is Next.AGAIN


def test_only_a_refusal_that_stays_is_believed_after_a_while_whatever_may_pass_is_not() -> None:
    assert step_after(10, SendFailed("odd", is_refusal=True), was_first_post=True).next is Next.GIVE_UP
    for failure in (DOWN, SendFailed("x", in_doubt=True), SendFailed("x", retry_after_s=3),
                    SendFailed("revoked", retry_after_s=300, limit=EVERYTHING)):
        assert step_after(1000, failure, was_first_post=True).next is not Next.GIVE_UP


def test_waits_grow_to_a_minute_and_are_spread_by_a_quarter() -> None:
    assert [wait_s(attempt, None) for attempt in range(1, 9)] == [2, 4, 8, 16, 32, 60, 60, 60]
    waits = [step_after(6, DOWN, was_first_post=True, chance=chance).wait for chance in (0, 0.5, 1)]
    assert waits == [seconds(45), seconds(60), seconds(75)]


@pytest.mark.parametrize(("away", "wait"), [(0, 1), (30, 1), (60, 1), (300, 5), (3600, 60), (9999, 60)])
def test_while_the_service_is_away_a_wait_is_a_sixtieth_of_its_absence(away: float, wait: float) -> None:
    assert wait_s(9, seconds(away)) == wait
    assert step_after(9, DOWN, was_first_post=True, away=seconds(away)).wait == seconds(wait)
    alone = SendFailed("internal_error", in_doubt=True)
    assert step_after(9, alone, was_first_post=True, away=seconds(away)).wait == seconds(60), "this room's own trouble"


def test_never_sooner_than_the_service_asked_for() -> None:
    step = step_after(1, SendFailed("ratelimited", retry_after_s=30), was_first_post=True, chance=0)
    assert (step.wait, step.close_room) == (seconds(30), seconds(30))
    step = step_after(1, SendFailed("ratelimited", retry_after_s=30, limit="chat.update"), was_first_post=False, chance=0)
    assert (step.wait, step.close_room) == (seconds(30), PACE), "the room's posts go on"


def test_a_message_that_is_a_little_late_does_not_move_the_next() -> None:
    assert opens_at(NOW, NOW + BEAT) == NOW + PACE
    assert opens_at(NOW, NOW + BEAT * 1.01) == NOW + BEAT * 1.01 + PACE
    assert opens_at(None, NOW) == NOW + PACE
    assert opens_at(NOW + seconds(5), NOW) == NOW + PACE, "the clock went back"


# ---- whether the service answers -----------------------------------------------------------------------------


def test_the_service_is_away_after_some_failures_in_a_row_until_it_answers_anything() -> None:
    reach = Reach()
    for number in range(SILENT_AFTER):
        assert reach.away(MINE, NOW) is None
        reach.note(MINE, DOWN, NOW + seconds(number))
    assert reach.away(MINE, NOW + seconds(30)) == seconds(30)
    reach.note(MINE, SendFailed("not_in_channel", final=True), NOW + seconds(31))
    assert reach.away(MINE, NOW + seconds(32)) is None
    assert reach.probes(NOW) == {}


def test_a_room_that_fails_among_others_that_work_is_no_absence() -> None:
    reach = Reach()
    for _ in range(20):
        reach.note(MINE, DOWN, NOW)
        reach.note(MINE, None, NOW)
    assert reach.away(MINE, NOW) is None


def test_probes_come_one_after_the_other_and_other_workspaces_are_not_concerned() -> None:
    reach, slots = Reach(), Slots(Reach())
    slots.reach = reach
    for _ in range(SILENT_AFTER):
        reach.note(MINE, DOWN, NOW)
    assert slots.within(NOW).left == {MINE: 0}
    now = NOW + seconds(2)
    assert slots.within(now).left == {MINE: 1}
    slots.take([Turn(MINE, "slack:C1", 1)], now)
    assert slots.within(now).left == {MINE: 0}
    assert slots.within(now + seconds(5)).left == {MINE: 1}, "the first may hang"


def test_a_workspace_that_does_not_take_the_token_is_left_alone_until_the_moment_it_is_asked_again() -> None:
    reach = Reach()
    reach.shut(MINE, NOW + seconds(300))
    assert reach.shut_now(NOW + seconds(299)) == {MINE}
    assert reach.shut_now(NOW + seconds(300)) == frozenset()
    assert reach.probes(NOW + seconds(300)) == {MINE: True}
    reach.note(MINE, None, NOW + seconds(301))
    assert reach.probes(NOW + seconds(301)) == {}


# ---- how much is on the way ----------------------------------------------------------------------------------


def test_slots_are_bounded_of_a_workspace_in_all_and_some_are_for_pages_alone() -> None:
    slots = Slots(Reach())
    assert (slots.left(32), slots.left(1000)) == (32, IN_ALL)
    slots.take([Turn(MINE, f"slack:C{n}", 1) for n in range(OF_ONE_WORKSPACE)], NOW)
    assert slots.within(NOW).left[MINE] == 0
    slots.take([Turn("slack:T2", f"slack:C{n}", 1) for n in range(IN_ALL - OF_ONE_WORKSPACE)], NOW)
    assert slots.within(NOW).only_urgent
    assert slots.left(1000) == FOR_PAGES
    pages = [Turn(MINE, f"slack:P{n}", 1, PAGE) for n in range(FOR_PAGES)]
    slots.take(pages, NOW)
    assert slots.left(1000) == 0
    for page in pages:
        slots.free(page)
    slots.free(Turn(MINE, "slack:C0", 1))
    assert not slots.within(NOW).only_urgent
    assert (slots.left(1000), slots.within(NOW).left[MINE]) == (1, 1)

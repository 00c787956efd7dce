"""Who is on call when, over every change of the clocks."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handlers.oncall.rules import (
    Hours,
    Layer,
    Override,
    Schedule,
    Shift,
    handover,
    shifts,
    until,
    who_now,
    whole,
)
from handlers.people.calendar import Calendar

ANA, BEN, CAM = "slack:UANA", "slack:UBEN", "slack:UCAM"
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "Asia/Kathmandu",
         "America/Santiago", "Pacific/Apia")
WORKDAYS = frozenset(range(5))


def moment(zone: str, *parts: int, fold: int = 0) -> datetime:
    return datetime(*parts, tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC)  # type: ignore[misc,arg-type]


times = st.builds(time, st.integers(0, 23), st.sampled_from((0, 15, 30, 59)))
days = st.dates(date(2024, 1, 1), date(2027, 12, 31)) | st.sampled_from(
    [date(2026, 3, 28), date(2026, 3, 8), date(2026, 10, 24), date(2026, 11, 1), date(2026, 4, 4), date(2011, 12, 29)])
hours = st.builds(Hours, st.frozensets(st.integers(0, 6), min_size=1), times, times)


@st.composite
def layers(draw: st.DrawFn, begins: date) -> Layer:
    every = draw(st.sampled_from((1, 2, 3, 7, 7, 14)))
    weekday = draw(st.none() | st.integers(0, 6)) if every % 7 == 0 else None
    people = draw(st.lists(st.sampled_from((ANA, BEN, CAM)), min_size=1, max_size=4))
    return Layer(tuple(people), every, draw(times), begins + draw(st.integers(-20, 5)) * DAY, weekday,
                 draw(st.none() | hours))


@st.composite
def cases(draw: st.DrawFn) -> tuple[Schedule, list[Override], datetime]:
    zone, day = draw(st.sampled_from(ZONES)), draw(days)
    schedule = Schedule(zone, tuple(draw(st.lists(layers(day), max_size=3))))
    begin = Calendar(zone).at(day, time(0))
    changes = [Override(number, draw(st.sampled_from((ANA, BEN, CAM))), begin + draw(st.integers(-30, 150)) * HOUR,
                        begin + draw(st.integers(-30, 150)) * HOUR) for number in range(draw(st.integers(0, 3)))]
    return schedule, changes, begin


def by_hand(schedule: Schedule, changes: list[Override], at: datetime) -> str | None:
    """The same question, answered by counting hand-overs one by one; no cutting, no covering."""
    for change in sorted(changes, key=lambda each: -each.number):
        if change.begins <= at < change.ends:
            return change.person
    calendar = schedule.calendar
    for layer in reversed(schedule.layers):
        if at < calendar.at(layer.begins, layer.at):
            continue
        turn, day = -1, layer.anchor
        while calendar.at(day, layer.at) <= at:
            turn, day = turn + 1, day + layer.every * DAY
        if layer.hours is None or counts(layer.hours, calendar, at):
            return layer.people[turn % len(layer.people)]
    return None


def counts(hours: Hours, calendar: Calendar, at: datetime) -> bool:
    for back in (-1, 0, 1):
        day = calendar.today(at) + back * DAY
        ends = day + DAY if hours.ends <= hours.begins else day
        if day.weekday() in hours.days and calendar.at(day, hours.begins) <= at < calendar.at(ends, hours.ends):
            return True
    return False


@settings(max_examples=25, deadline=None)
@given(cases(), st.lists(st.integers(0, 6 * 24 * 4), min_size=1, max_size=12))
def test_at_every_moment_the_shifts_say_what_counting_by_hand_says(case: tuple[Schedule, list[Override], datetime], quarters: list[int]) -> None:
    schedule, changes, begin = case
    found = shifts(schedule, changes, begin, begin + 7 * DAY)
    for at in {begin + quarter * timedelta(minutes=15) for quarter in quarters} | {
            edge for each in found for edge in (each.begins, each.ends - timedelta(microseconds=1))}:
        on = [each.person for each in found if each.holds(at)]
        now = who_now(schedule, changes, at)
        assert len(on) <= 1, "two people at once"
        assert (on or [None])[0] == by_hand(schedule, changes, at) == (now.person if now else None), at


@settings(max_examples=20, deadline=None)
@given(cases())
def test_shifts_are_in_order_and_without_gaps_where_a_layer_always_counts(case: tuple[Schedule, list[Override], datetime]) -> None:
    schedule, changes, begin = case
    end = begin + 9 * DAY
    found = shifts(schedule, changes, begin, end)
    assert all(each.begins < each.ends for each in found)
    assert all(one.ends <= two.begins for one, two in pairwise(found))
    if any(layer.hours is None and schedule.calendar.at(layer.begins, layer.at) <= begin for layer in schedule.layers):
        assert found[0].begins == begin
        assert found[-1].ends == end
        assert all(one.ends == two.begins for one, two in pairwise(found))


@settings(max_examples=15, deadline=None)
@given(cases(), st.integers(0, 100), st.integers(1, 100))
def test_an_override_wins_just_for_its_stretch(case: tuple[Schedule, list[Override], datetime], after: int, lasts: int) -> None:
    schedule, changes, begin = case
    change = Override(99, "slack:UNEW", begin + after * HOUR, begin + (after + lasts) * HOUR)
    end = begin + 10 * DAY
    before, now = (shifts(schedule, each, begin, end) for each in (changes, [*changes, change]))
    assert [each for each in now if each.person == "slack:UNEW"] == [Shift("slack:UNEW", change.begins, change.ends)]

    def outside(found: list[Shift]) -> list[tuple[str, datetime, datetime]]:
        cut = [(each.person, *stretch) for each in found for stretch in (
            (each.begins, min(each.ends, change.begins)), (max(each.begins, change.ends), each.ends))]
        return [each for each in cut if each[1] < each[2]]

    assert outside(before) == outside(now)


@settings(max_examples=8, deadline=None)
@given(st.sampled_from(ZONES[:6]), st.sampled_from((1, 7)), days.filter(lambda day: day.year > 2020))
def test_a_hand_over_at_nine_stays_at_nine_over_every_change_of_the_clocks(zone: str, every: int, begins: date) -> None:
    schedule = Schedule(zone, (Layer((ANA, BEN), every, time(9), begins, 0 if every == 7 else None),))
    begin = Calendar(zone).at(begins, time(9))
    found = whole(schedule, [], begin, begin + 200 * DAY)
    assert {each.ends.astimezone(ZoneInfo(zone)).time() for each in found} == {time(9)}
    assert len(found) >= 200 // every


@settings(max_examples=8, deadline=None)
@given(st.sampled_from(ZONES), st.integers(1, 5), st.integers(1, 6), days, st.integers(0, 6))
def test_in_a_weekly_rotation_everybody_has_an_equal_share(zone: str, people: int, times_round: int, begins: date, weekday: int) -> None:
    names = tuple(f"slack:U{number}" for number in range(people))
    layer = Layer(names, 7, time(9), begins, weekday)
    calendar = Calendar(zone)
    begin, end = (calendar.at(layer.begins + (7 + 7 * weeks) * DAY - (layer.begins - layer.anchor), time(9))
                  for weeks in (0, people * times_round))
    found = shifts(Schedule(zone, (layer,)), [], begin, end)
    assert Counter(each.person for each in found) == dict.fromkeys(names, times_round)


@pytest.mark.parametrize(("zone", "at", "day", "expected"), [
    ("Europe/Berlin", time(2, 30), (2026, 3, 29), (2026, 3, 29, 1, 30)),    # skipped: 03:30 summer time
    ("Europe/Berlin", time(2, 30), (2026, 10, 25), (2026, 10, 25, 0, 30)),  # twice: the first, summer time
    ("America/New_York", time(2, 30), (2026, 3, 8), (2026, 3, 8, 7, 30)),
    ("America/New_York", time(1, 30), (2026, 11, 1), (2026, 11, 1, 5, 30)),
])
def test_a_hand_over_that_the_clocks_skip_or_show_twice(zone: str, at: time, day: tuple[int, int, int], expected: tuple[int, ...]) -> None:
    found = whole(Schedule(zone, (Layer((ANA, BEN), 1, at, date(*day) - 3 * DAY),)), [],
                  moment("UTC", *day), moment("UTC", *day) + DAY)
    assert datetime(*expected, tzinfo=UTC) in [each.begins for each in found]  # type: ignore[misc,arg-type]
    assert [each.person for each in found] in ([ANA, BEN], [BEN, ANA])


def test_a_turn_is_an_hour_shorter_or_longer_when_the_clocks_change() -> None:
    schedule = Schedule("Europe/Berlin", (Layer((ANA, BEN), 1, time(9), date(2026, 3, 1)),))
    spring = who_now(schedule, [], moment("Europe/Berlin", 2026, 3, 28, 12))
    autumn = who_now(schedule, [], moment("Europe/Berlin", 2026, 10, 24, 12))
    assert spring is not None
    assert autumn is not None
    assert (spring.ends - spring.begins, autumn.ends - autumn.begins) == (23 * HOUR, 25 * HOUR)


def test_business_hours_over_a_weekly_base() -> None:
    base = Layer((ANA,), 7, time(9), date(2026, 11, 2), 0)
    office = Layer((BEN,), 7, time(9), date(2026, 11, 2), 0, Hours(WORKDAYS, time(9), time(17)))
    schedule = Schedule("Europe/Berlin", (base, office))
    on = [(day, hour, found.person) for day, hour in ((24, 8), (24, 9), (24, 16), (24, 17), (28, 12))
          if (found := who_now(schedule, [], moment("Europe/Berlin", 2026, 11, day, hour)))]
    assert on == [(24, 8, ANA), (24, 9, BEN), (24, 16, BEN), (24, 17, ANA), (28, 12, ANA)]


def test_a_layer_with_hours_alone_leaves_gaps_and_nights_reach_into_the_next_day() -> None:
    schedule = Schedule("UTC", (Layer((ANA,), 1, time(0), date(2026, 11, 1), None, Hours(frozenset({4}), time(22), time(6))),))
    assert [(each.begins, each.ends) for each in shifts(schedule, [], moment("UTC", 2026, 11, 27), moment("UTC", 2026, 11, 30))] == [
        (moment("UTC", 2026, 11, 27, 22), moment("UTC", 2026, 11, 28, 0)), (moment("UTC", 2026, 11, 28, 0), moment("UTC", 2026, 11, 28, 6))]
    assert who_now(schedule, [], moment("UTC", 2026, 11, 28, 6)) is None


def test_nobody_is_on_call_before_a_rotation_begins_and_its_first_turn_holds_the_beginning() -> None:
    layer = Layer((ANA, BEN), 7, time(9), date(2026, 11, 26), 0)  # a Thursday; hand-over on Mondays
    schedule = Schedule("Europe/Berlin", (layer,))
    assert who_now(schedule, [], moment("Europe/Berlin", 2026, 11, 26, 8, 59)) is None
    first = who_now(schedule, [], moment("Europe/Berlin", 2026, 11, 26, 9))
    assert first == Shift(ANA, moment("Europe/Berlin", 2026, 11, 26, 9), moment("Europe/Berlin", 2026, 11, 30, 9), 0)


def test_a_shift_keeps_its_beginning_however_late_one_looks() -> None:
    """What a calendar's UID is made of must not move with the window."""
    schedule = Schedule("Europe/Berlin", (Layer((ANA, BEN), 14, time(9), date(2026, 9, 7)),))
    changes = [Override(1, CAM, moment("UTC", 2026, 11, 1), moment("UTC", 2026, 11, 20))]
    looks = [who_now(schedule, changes, moment("UTC", 2026, 11, day)) for day in (2, 10, 19)]
    assert looks[0] == looks[1] == looks[2] == Shift(CAM, changes[0].begins, changes[0].ends)


def test_until_goes_on_over_turns_of_the_same_person_and_ends_at_another_or_a_gap() -> None:
    at = [moment("UTC", 2026, 11, day) for day in range(1, 9)]
    assert until([Shift(ANA, at[0], at[1]), Shift(ANA, at[1], at[2]), Shift(BEN, at[2], at[3])]) == at[2]
    assert until([Shift(ANA, at[0], at[1]), Shift(ANA, at[2], at[3])]) == at[1]
    assert until([]) is None
    assert handover(Schedule("UTC", ()), date(2026, 11, 1)) == moment("UTC", 2026, 11, 1, 9)
    assert shifts(Schedule("UTC", ()), [], at[0], at[0]) == []

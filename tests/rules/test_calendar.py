"""Working days and moments, as one person lives them."""

from bisect import bisect_left
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handlers.people import calendar as module
from handlers.people.calendar import Calendar, valid_country, valid_zone

DAY = timedelta(days=1)
PLAIN = Calendar("UTC")
BERLIN = Calendar("Europe/Berlin", "DE")
MUNICH = Calendar("Europe/Berlin", "DE-BY")
NEW_YORK = Calendar("America/New_York", "US")
CALENDARS = (PLAIN, BERLIN, MUNICH, NEW_YORK, Calendar("Asia/Shanghai", "CN"), Calendar("Asia/Jerusalem", "IL"),
             Calendar("Asia/Kolkata", "IN"), Calendar("Asia/Tokyo", "JP"), Calendar("Asia/Dubai", "AE"))

calendars = st.sampled_from(CALENDARS)
days = st.dates(date(2015, 1, 1), date(2045, 12, 31))
steps = st.integers(-600, 600)
moments = st.datetimes(datetime(2015, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))
times = st.times().map(lambda t: t.replace(microsecond=0))


# Which days are worked

@pytest.mark.parametrize(("calendar", "day", "works"), [
    (PLAIN, date(2026, 11, 27), True),              # a Friday
    (PLAIN, date(2026, 11, 28), False),
    (PLAIN, date(2026, 11, 29), False),
    (PLAIN, date(2026, 12, 25), True),              # no country, no holidays
    (BERLIN, date(2026, 12, 25), False),
    (BERLIN, date(2026, 1, 6), True),               # Epiphany is Bavaria's
    (MUNICH, date(2026, 1, 6), False),
    (BERLIN, date(2026, 11, 26), True),
    (NEW_YORK, date(2026, 11, 26), False),          # Thanksgiving
    (NEW_YORK, date(2026, 7, 3), False),            # the Fourth is a Saturday
    (NEW_YORK, date(2027, 12, 31), False),          # New Year of 2028 is a Saturday: observed the year before
    (Calendar("Asia/Shanghai", "CN"), date(2026, 10, 10), True),    # a Saturday worked in exchange
    (Calendar("Asia/Jerusalem", "IL"), date(2026, 11, 27), False),  # Friday and Saturday are the weekend
    (Calendar("Asia/Jerusalem", "IL"), date(2026, 11, 29), True),
    (Calendar("UTC", "de-by"), date(2026, 1, 6), False),            # in any case
    (Calendar("UTC", "DE-Bayern"), date(2026, 1, 6), False),        # by name
    (Calendar("UTC", "DE-XX"), date(2026, 12, 25), False),          # unknown part: the country alone
    (Calendar("UTC", "XX"), date(2026, 12, 25), True),
    (Calendar("UTC", "Germany"), date(2026, 12, 25), True),
    (Calendar("UTC", ""), date(2026, 12, 25), True),
])
def test_weekends_and_holidays_are_the_persons_own(calendar, day, works):
    assert calendar.is_working(day) is works


def test_a_moment_of_a_day_counts_as_that_day():
    assert not BERLIN.is_working(datetime(2026, 12, 25, 9, tzinfo=UTC))


@pytest.mark.parametrize(("calendar", "day", "name"), [
    (BERLIN, date(2026, 12, 25), "Christmas Day"),
    (BERLIN, date(2026, 10, 3), "German Unity Day"),        # a Saturday
    (MUNICH, date(2026, 1, 6), "Epiphany"),
    (BERLIN, date(2026, 11, 27), None),
    (PLAIN, date(2026, 12, 25), None),
    (NEW_YORK, date(2026, 11, 26), "Thanksgiving Day"),
])
def test_holidays_have_english_names(calendar, day, name):
    assert calendar.holiday_name(day) == name


def test_the_language_of_the_machine_changes_no_name(monkeypatch):
    monkeypatch.setenv("LANGUAGE", "de")
    module._year.cache_clear()
    assert BERLIN.holiday_name(date(2026, 12, 25)) == "Christmas Day"


@pytest.mark.parametrize("country", ["IN", "KR", "SZ", "CN", "SA", "IR", "DE", "US"])
@pytest.mark.parametrize("year", [1, 1900, 2000, 2026, 2060, 2150, 9999])
def test_years_outside_the_tables_have_weekends_and_no_warning(country, year):
    module._year.cache_clear()
    calendar = Calendar("UTC", country)
    worked = sum(calendar.is_working(date(year, 1, 1) + n * DAY) for n in range(365))
    assert 230 < worked < 315        # Iran's weekend is one day


# Counting

@pytest.mark.parametrize(("day", "n", "then"), [
    (date(2026, 11, 27), 0, date(2026, 11, 27)),
    (date(2026, 11, 27), 1, date(2026, 11, 30)),
    (date(2026, 11, 27), -1, date(2026, 11, 26)),
    (date(2026, 11, 28), 0, date(2026, 11, 30)),            # Saturday
    (date(2026, 11, 28), 1, date(2026, 11, 30)),
    (date(2026, 11, 28), -1, date(2026, 11, 27)),
    (date(2026, 12, 23), 2, date(2026, 12, 28)),            # 25 and 26 are holidays, then a Sunday
    (date(2026, 12, 31), 1, date(2027, 1, 4)),
    (date(2027, 1, 1), 0, date(2027, 1, 4)),
    (date(2027, 1, 4), -1, date(2026, 12, 31)),
    (date(2026, 1, 1), 254, date(2026, 12, 31)),            # the year has 254
    (date(2026, 1, 1), 255, date(2027, 1, 4)),
])
def test_working_days_are_added_round_weekends_holidays_and_years(day, n, then):
    assert BERLIN.add(day, n) == then


@pytest.mark.parametrize(("start", "end", "count"), [
    (date(2026, 11, 27), date(2026, 11, 27), 0),
    (date(2026, 11, 27), date(2026, 11, 28), 0),
    (date(2026, 11, 27), date(2026, 11, 30), 1),
    (date(2026, 11, 30), date(2026, 11, 27), -1),
    (date(2026, 11, 28), date(2026, 11, 30), 1),
    (date(2025, 12, 31), date(2026, 12, 31), 254),
    (date(2025, 12, 31), date(2028, 12, 31), 254 + 256 + 252),
])
def test_working_days_are_counted_after_the_start_up_to_the_end(start, end, count):
    assert BERLIN.between(start, end) == count


@given(calendars, days, steps)
def test_adding_and_counting_agree(calendar, day, n):
    day = calendar.next_working(day)
    assert calendar.between(day, calendar.add(day, n)) == n


@given(calendars, days, st.integers(-40, 40))
@settings(max_examples=200)
def test_adding_is_walking_day_by_day(calendar, day, n):
    walked, left = day, abs(n)
    while left or not calendar.is_working(walked):
        walked += DAY if n >= 0 else -DAY
        left -= left > 0 and calendar.is_working(walked)
    assert calendar.add(day, n) == walked


@given(calendars, days, st.integers(0, 800))
def test_counting_is_looking_at_each_day(calendar, start, length):
    end = start + length * DAY
    assert calendar.between(start, end) == sum(calendar.is_working(start + n * DAY) for n in range(1, length + 1))
    assert calendar.between(end, start) == -calendar.between(start, end)


@given(calendars, days, days, days)
def test_counts_add_up(calendar, a, b, c):
    assert calendar.between(a, b) + calendar.between(b, c) == calendar.between(a, c)


@pytest.mark.parametrize("n", [100_001, -100_001, 10**18])
def test_a_step_beyond_reason_is_refused_at_once(n):
    with pytest.raises(OverflowError):
        PLAIN.add(date(2026, 11, 27), n)


@pytest.mark.parametrize(("day", "n"), [(date.max, 1), (date.min, -1)])
def test_time_ends(day, n):
    with pytest.raises(OverflowError):
        PLAIN.add(day, n)


def test_a_year_is_built_once_for_everybody():
    module._year.cache_clear()
    for n in range(200):
        Calendar("Europe/Berlin", "DE-BY").add(date(2026, 1, 1) + n * DAY, 3)
        Calendar("Europe/Vienna", "DE-BY").between(date(2026, 1, 1), date(2026, 1, 1) + n * DAY)
    assert module._year.cache_info().misses == 1


# Moments

@pytest.mark.parametrize(("day", "wall", "utc"), [
    (date(2026, 11, 27), time(9), datetime(2026, 11, 27, 8)),
    (date(2026, 7, 1), time(9), datetime(2026, 7, 1, 7)),
    (date(2026, 3, 29), time(1, 59), datetime(2026, 3, 29, 0, 59)),
    (date(2026, 3, 29), time(2, 30), datetime(2026, 3, 29, 1, 30)),      # skipped: shows 3:30
    (date(2026, 3, 29), time(3), datetime(2026, 3, 29, 1)),
    (date(2026, 10, 25), time(2, 30), datetime(2026, 10, 25, 0, 30)),    # twice: the first
    (date(2026, 10, 25), time(2, 30, fold=1), datetime(2026, 10, 25, 0, 30)),
    (date(2026, 10, 25), time(3), datetime(2026, 10, 25, 2)),
])
def test_clock_times_become_moments(day, wall, utc):
    moment = BERLIN.at(day, wall)
    assert moment == utc.replace(tzinfo=UTC)
    assert moment.tzinfo is UTC


@given(calendars, days, times)
def test_a_moment_shows_the_time_asked_for_or_one_that_was_skipped_to(calendar, day, wall):
    shown = calendar.local(calendar.at(day, wall))
    assert (shown.date(), shown.time()) >= (day, wall)
    assert shown.replace(tzinfo=None) - datetime.combine(day, wall) <= timedelta(hours=1)


@pytest.mark.parametrize(("now", "today"), [
    (datetime(2026, 11, 27, 22, 59, tzinfo=UTC), date(2026, 11, 27)),
    (datetime(2026, 11, 27, 23, 0, tzinfo=UTC), date(2026, 11, 28)),
    (datetime(2026, 7, 1, 22, 0, tzinfo=UTC), date(2026, 7, 2)),
])
def test_today_is_the_date_on_the_persons_wall(now, today):
    assert BERLIN.today(now) == today


def test_a_moment_without_a_zone_is_refused():
    with pytest.raises(ValueError, match="time zone"):
        BERLIN.today(datetime(2026, 11, 27, 9))


@pytest.mark.parametrize(("after", "weekdays", "utc"), [
    (datetime(2026, 11, 27, 7, 59), None, datetime(2026, 11, 27, 8)),
    (datetime(2026, 11, 27, 8, 0), None, datetime(2026, 11, 30, 8)),             # strictly after; then a weekend
    (datetime(2026, 12, 24, 9, 0), None, datetime(2026, 12, 28, 8)),             # Christmas
    (datetime(2026, 3, 27, 9, 0), None, datetime(2026, 3, 30, 7)),               # summer time begins
    (datetime(2026, 11, 27, 9, 0), frozenset({2}), datetime(2026, 12, 2, 8)),
    (datetime(2026, 12, 21, 9, 0), frozenset({4}), datetime(2027, 1, 8, 8)),     # 25 Dec and 1 Jan are Fridays
    (datetime(2026, 11, 27, 9, 0), frozenset({0, 3}), datetime(2026, 11, 30, 8)),
])
def test_the_next_moment_is_on_a_working_day(after, weekdays, utc):
    assert BERLIN.next_moment(after.replace(tzinfo=UTC), time(9), weekdays) == utc.replace(tzinfo=UTC)


@pytest.mark.parametrize("weekdays", [frozenset(), frozenset({5, 6}), frozenset({9})])
def test_weekdays_that_nobody_works_are_refused(weekdays):
    with pytest.raises(ValueError, match="weekdays"):
        BERLIN.next_moment(datetime(2026, 11, 27, 9, tzinfo=UTC), time(9), weekdays)


def test_clocks_that_skip_midnight_lose_no_moment():
    toronto = Calendar("America/Toronto")       # 1919: 23:30 on Sunday 30 March became 00:30 on Monday
    sunday = Calendar("America/Toronto", "IL")  # for whom that Sunday is a working day
    after = toronto.at(date(1919, 3, 31), time(0, 35))
    assert sunday.next_moment(after, time(23, 45)) == toronto.at(date(1919, 3, 31), time(0, 45))


@given(calendars, moments, times)
@settings(max_examples=200)
def test_no_earlier_moment_was_passed_over(calendar, after, wall):
    found = calendar.next_moment(after, wall)
    assert found > after
    first = calendar.today(after) - DAY
    tried = [calendar.at(first + n * DAY, wall) for n in range(30) if calendar.is_working(first + n * DAY)]
    tried.sort()
    assert found == next(moment for moment in tried if moment > after)


@given(calendars, moments, times, st.sets(st.integers(0, 3), min_size=1))
def test_wanted_weekdays_are_kept(calendar, after, wall, weekdays):
    found = calendar.local(calendar.next_moment(after, wall, frozenset(weekdays)))
    assert found.weekday() in weekdays or found.time() < wall        # skipped midnight
    assert calendar.is_working(found.date()) or found.time() < wall


# What is valid

@pytest.mark.parametrize(("text", "valid"), [
    ("Europe/Berlin", True), ("UTC", True), ("America/Argentina/Buenos_Aires", True), ("Etc/GMT+3", True),
    ("", False), ("Europe", False), ("Europe/berlin", False), ("Mars/Base", False), ("localtime", False),
    ("../etc/passwd", False), ("/etc/passwd", False), ("Europe/../UTC", False), ("right/Europe/Berlin", False),
    ("Europe/Berlin\n", False), ("Europe/Berlin\0", False), ("A" * 300, False), ("Factory", False), ("CET ", False),
])
def test_zones_are_known_by_their_exact_name(text, valid):
    assert valid_zone(text) is valid
    if not valid:
        with pytest.raises(ValueError, match="not a time zone"):
            Calendar(text)


@pytest.mark.parametrize(("text", "valid"), [
    ("DE", True), ("de", True), ("US", True), ("DE-BY", True), ("de-by", True), ("DE-Bayern", True), ("US-CA", True),
    ("GB-SCT", True), ("CH-ZH", True),
    ("", False), ("XX", False), ("DE-XX", False), ("DE-", False), ("Germany", False), ("MON", False), ("D", False),
    ("DE BY", False), ("DE-BY\n", False), ("..", False), ("__", False),
])
def test_countries_are_known_by_their_code(text, valid):
    assert valid_country(text) is valid


@given(st.text(max_size=20))
def test_any_text_is_answered(text):
    valid_zone(text)
    valid_country(text)
    Calendar("UTC", text).is_working(date(2026, 11, 27))


def test_working_days_ascend():
    for calendar in CALENDARS:
        working = module._year(calendar.country, 2026).working
        assert list(working) == sorted(set(working))
        assert bisect_left(working, date(2026, 1, 1).toordinal()) == 0

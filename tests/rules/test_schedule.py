"""When things are due: stages in order, due rules, late starts, repeats."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handlers.people.calendar import Calendar
from handlers.pilots import schedule
from tests.rules.make import STAGES

PLAIN = Calendar("UTC")
BERLIN = Calendar("Europe/Berlin", "DE")
NEW_YORK = Calendar("America/New_York", "US")
KICKOFF = date(2026, 11, 23)                 # a Monday
ANCHORS = {"kickoff": KICKOFF, "week_one": KICKOFF, "build": date(2026, 12, 7)}


@pytest.mark.parametrize(("rule", "calendar", "day"), [
    ("kickoff+0wd", PLAIN, date(2026, 11, 23)),
    ("kickoff+4wd", PLAIN, date(2026, 11, 27)),
    ("kickoff+5wd", PLAIN, date(2026, 11, 30)),
    ("kickoff-1wd", PLAIN, date(2026, 11, 20)),
    ("kickoff-5wd", PLAIN, date(2026, 11, 16)),
    ("kickoff-0wd", PLAIN, date(2026, 11, 23)),
    ("kickoff+4wd", NEW_YORK, date(2026, 11, 30)),        # Thanksgiving is not worked
    ("build+10wd", PLAIN, date(2026, 12, 21)),
    ("build+15wd", BERLIN, date(2026, 12, 29)),           # 25 December is a Friday
    ("readiness_review+3wd", PLAIN, None),                # not entered yet
    ("production+250wd", PLAIN, None),
])
def test_a_rule_counts_the_owners_working_days(rule: str, calendar: Calendar, day: date | None) -> None:
    assert schedule.due_date(rule, ANCHORS, calendar) == day


@pytest.mark.parametrize(("kickoff", "calendar", "first"), [
    (date(2026, 12, 25), BERLIN, date(2026, 12, 28)),     # Christmas, then a weekend
    (date(2026, 12, 25), Calendar("Asia/Dubai", "AE"), date(2026, 12, 25)),
    (date(2026, 11, 28), PLAIN, date(2026, 11, 30)),      # a Saturday
])
def test_a_kickoff_on_a_day_off_is_due_on_the_next_working_day(kickoff: date, calendar: Calendar, first: date) -> None:
    assert schedule.due_date("kickoff+0wd", {"kickoff": kickoff}, calendar) == first


@pytest.mark.parametrize("rule", ["", "kickoff", "kickoff+4", "kickoff+4d", "kickoff +4wd", "launch+4wd", "build+4wd ",
                                  "build+1000wd", "build+-1wd", "BUILD+4wd", "build+4wd\n", "build+٣wd"])
def test_what_is_no_due_rule_is_refused(rule: str) -> None:
    with pytest.raises(ValueError, match="due rule"):
        schedule.split_due(rule)


@pytest.mark.parametrize("rule", ["", "0wd", "5", "5d", "wd", "-5wd", "1 mo", "1000wd", "1mo\n"])
def test_what_is_no_repeat_rule_is_refused(rule: str) -> None:
    with pytest.raises(ValueError, match="repeat rule"):
        schedule.split_repeat(rule)


TODAY = date(2026, 11, 25)                   # a Wednesday, Thanksgiving tomorrow


@pytest.mark.parametrize(("due", "calendar", "clamped"), [
    (None, PLAIN, (None, False)),
    (date(2026, 11, 25), PLAIN, (date(2026, 11, 25), False)),
    (date(2026, 11, 30), PLAIN, (date(2026, 11, 30), False)),
    (date(2026, 11, 24), PLAIN, (date(2026, 11, 27), True)),
    (date(2024, 1, 1), PLAIN, (date(2026, 11, 27), True)),
    (date(2026, 11, 24), NEW_YORK, (date(2026, 11, 30), True)),
])
def test_past_dates_of_a_late_start_move_two_working_days_ahead(
        due: date | None, calendar: Calendar, clamped: tuple[date | None, bool]) -> None:
    assert schedule.clamp_late(due, TODAY, calendar) == clamped


def test_golive_is_expected_once_week_one_build_and_review_took_their_limits() -> None:
    assert schedule.expected_golive(KICKOFF, STAGES, PLAIN) == PLAIN.add(KICKOFF, 10 + 40 + 10) == date(2027, 2, 15)
    assert schedule.expected_golive(KICKOFF, STAGES, BERLIN) > date(2027, 2, 15)


@pytest.mark.parametrize(("due", "repeat", "following"), [
    (date(2026, 11, 20), "5wd", date(2026, 11, 27)),
    (date(2026, 11, 20), "15wd", date(2026, 12, 11)),
    (date(2026, 11, 20), "1mo", date(2026, 12, 21)),      # the 20th is a Sunday
    (date(2027, 1, 29), "1mo", date(2027, 3, 1)),         # 28 February is a Sunday
    (date(2028, 1, 31), "1mo", date(2028, 2, 29)),
    (date(2026, 12, 31), "1mo", date(2027, 2, 1)),        # 31 January is a Sunday
    (date(2026, 11, 20), "12mo", date(2027, 11, 22)),
    (date(2026, 11, 20), "14mo", date(2028, 1, 20)),
])
def test_a_repeating_item_is_due_again(due: date, repeat: str, following: date) -> None:
    assert schedule.next_repeat(due, repeat, PLAIN) == following


@settings(deadline=None)
@given(st.dates(date(2020, 1, 1), date(2040, 1, 1)), st.integers(1, 999), st.sampled_from(["wd", "mo"]))
def test_the_next_time_is_always_later_and_worked(due: date, number: int, unit: str) -> None:
    following = schedule.next_repeat(due, f"{number}{unit}", BERLIN)
    assert following > due
    assert BERLIN.is_working(following)


@pytest.mark.parametrize(("due", "today", "late"), [
    (None, date(2026, 11, 25), 0),
    (date(2026, 11, 25), date(2026, 11, 25), 0),
    (date(2026, 11, 26), date(2026, 11, 25), 0),
    (date(2026, 11, 20), date(2026, 11, 22), 0),          # only the weekend has passed
    (date(2026, 11, 20), date(2026, 11, 23), 1),
    (date(2026, 11, 11), date(2026, 11, 25), 10),
])
def test_lateness_counts_working_days_only(due: date | None, today: date, late: int) -> None:
    assert schedule.days_late(due, today, PLAIN) == late


def test_the_stages_follow_each_other() -> None:
    assert [schedule.number_of(stage) for stage in schedule.STAGES] == [1, 2, 3, 4, 5, 6, 7]
    assert [schedule.stage_after(stage) for stage in schedule.STAGES] == [*schedule.STAGES[1:], None]


def test_a_stage_is_called_as_the_pilots_template_calls_it() -> None:
    assert schedule.title_of("build", [{"id": "build", "title": "Bauen"}]) == "Bauen"
    assert schedule.title_of("readiness_review", []) == "Readiness review"
    assert schedule.limit_of("build", STAGES) == 40
    assert schedule.limit_of("continuous_improvement", STAGES) is None

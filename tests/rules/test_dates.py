"""Dates as people type them, and as we say them back."""

import re
from contextlib import suppress
from datetime import date, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.chat.errors import Refused
from handlers.people.calendar import Calendar
from handlers.people.dates import (
    late_by,
    read_date,
    read_leading_date,
    read_moment,
    say_date,
    say_due,
    shown,
)

DAY = timedelta(days=1)
BERLIN = Calendar("Europe/Berlin", "DE")
TODAY = date(2026, 11, 23)      # a Monday
FRI = date(2026, 11, 27)

todays = st.dates(date(2020, 1, 1), date(2040, 12, 31))

READ = [
    ("today", TODAY), ("Today", TODAY), ("tomorrow", date(2026, 11, 24)), ("yesterday", date(2026, 11, 22)),
    ("day after tomorrow", date(2026, 11, 25)),
    # weekdays: the next such day after today
    ("fri", FRI), ("FRI", FRI), ("friday", FRI), ("Friday.", FRI), ("next fri", FRI), ("this friday", FRI),
    ("on friday", FRI), ("tues", date(2026, 11, 24)), ("weds", date(2026, 11, 25)), ("thurs", date(2026, 11, 26)),
    ("mon", date(2026, 11, 30)), ("monday", date(2026, 11, 30)), ("sun", date(2026, 11, 29)),
    ("fri next week", date(2026, 12, 4)), ("next week fri", date(2026, 12, 4)), ("mon next week", date(2026, 11, 30)),
    # day and month
    ("27 nov", FRI), ("27 Nov", FRI), ("nov 27", FRI), ("Nov 27th", FRI), ("27th nov", FRI), ("27. Nov", FRI),
    ("27nov", FRI), ("27-nov", FRI), ("27th of november", FRI), ("the 27th of november", FRI), ("27 november", FRI),
    ("27 nov.", FRI), ("sept 5", date(2027, 9, 5)), ("1 jan", date(2027, 1, 1)), ("may 3", date(2027, 5, 3)),
    # with a year
    ("27 november 2026", FRI), ("27 nov 2026", FRI), ("27-nov-2026", FRI), ("27-nov-26", FRI), ("Nov 27, 2026", FRI),
    ("27 nov 2027", date(2027, 11, 27)), ("29 feb 2028", date(2028, 2, 29)),
    # with a weekday that agrees
    ("Fri 27 Nov", FRI), ("fri, 27 nov 2026", FRI), ("friday the 27th of november", FRI), ("fri 2026-11-27", FRI),
    # numbers
    ("2026-11-27", FRI), ("2026/11/27", FRI), ("2026-1-5", date(2026, 1, 5)), ("27.11.", FRI), ("27.11", FRI),
    ("27.11.2026", FRI), ("27.11.26", FRI), ("5.1.2027", date(2027, 1, 5)), ("1.5.", date(2027, 5, 1)),
    ("27/11", FRI), ("11/27", FRI), ("27/11/2026", FRI), ("11/27/26", FRI), ("27-11-2026", FRI),
    ("4/4", date(2027, 4, 4)),
    # from here
    ("+3d", date(2026, 11, 26)), ("+ 3 days", date(2026, 11, 26)), ("3d", date(2026, 11, 26)),
    ("in 3 days", date(2026, 11, 26)), ("in three days", date(2026, 11, 26)), ("+0d", TODAY),
    ("+5d", date(2026, 11, 28)), ("+5wd", date(2026, 11, 30)), ("5 working days", date(2026, 11, 30)),
    ("in 5 business days", date(2026, 11, 30)), ("+24wd", date(2026, 12, 28)), ("+2w", date(2026, 12, 7)),
    ("in a week", date(2026, 11, 30)), ("2 weeks", date(2026, 12, 7)), ("in 2 months", date(2027, 1, 23)),
    ("end of month", date(2026, 11, 30)), ("end of the month", date(2026, 11, 30)), ("EOM", date(2026, 11, 30)),
    ("eow", FRI), ("end of week", FRI),
    # as keyboards and clipboards have it
    ("27\N{NO-BREAK SPACE}nov", FRI), ("  27   nov  ", FRI), ("27\tnov\n", FRI), ("27\N{ZERO WIDTH SPACE} nov", FRI),
    ("２７　Ｎｏｖ", FRI), ("٢٧ nov", FRI), ("२७ nov", FRI), ("2026–11–27", FRI), ("2026\N{NON-BREAKING HYPHEN}11‑27", FRI),
    ("“fri”", FRI), ("‘27 nov’", FRI), ("*fri*", FRI), ("`fri`", FRI), ("(27 nov)", FRI), ("fri,", FRI), ("fri!", FRI),
    ("27, nov", FRI),
]


@pytest.mark.parametrize(("text", "day"), READ)
def test_dates_are_read_as_people_type_them(text, day):
    assert read_date(text, TODAY, BERLIN) == day


@pytest.mark.parametrize(("text", "day"), READ)
def test_a_date_in_front_of_other_words_is_the_same_date(text, day):
    words = text.split()
    assert read_leading_date([*words, "because", "legal", "waits"], TODAY, BERLIN) == (day, len(words))


@pytest.mark.parametrize(("text", "today", "day"), [
    ("20 nov", date(2026, 11, 21), date(2026, 11, 20)),      # yesterday, not next year
    ("22 oct", date(2026, 11, 21), date(2026, 10, 22)),      # 30 days ago
    ("21 oct", date(2026, 11, 21), date(2027, 10, 21)),      # 31 days ago
    ("20 dec", date(2027, 1, 5), date(2026, 12, 20)),
    ("5 jan", date(2026, 12, 20), date(2027, 1, 5)),
    ("29 feb", date(2026, 11, 21), date(2028, 2, 29)),
    ("29 feb", date(2028, 3, 1), date(2028, 2, 29)),
    ("fri", date(2026, 11, 27), date(2026, 12, 4)),          # a Friday: the next one
    ("fri", date(2026, 11, 26), date(2026, 11, 27)),
    ("eow", date(2026, 11, 27), date(2026, 11, 27)),
    ("eow", date(2026, 11, 28), date(2026, 12, 4)),
    ("eom", date(2028, 2, 29), date(2028, 2, 29)),
    ("+1 month", date(2027, 1, 31), date(2027, 2, 28)),
    ("+0wd", date(2026, 11, 28), date(2026, 11, 30)),
    ("+1wd", date(2026, 12, 24), date(2026, 12, 28)),
])
def test_what_is_left_out_is_counted_from_today(text, today, day):
    assert read_date(text, today, BERLIN) == day


@pytest.mark.parametrize(("text", "says"), [
    ("31 feb", "“31 feb” is not a date: February has at most 29 days."),
    ("29 feb 2027", "“29 feb 2027” is not a date: February 2027 has 28 days."),
    ("31.11.", "“31.11.” is not a date: November has 30 days."),
    ("2026-11-31", "“2026-11-31” is not a date: November has 30 days."),
    ("0 nov", "“0 nov” is not a date: November has 30 days."),
    ("2026-13-01", "“2026-13-01” is not a date: there is no month 13."),
    ("31/31", "“31/31” is not a date: there is no month 31."),
    ("1026-11-27", "“1026-11-27” is not a date: the year must be from 2000 to 2099."),
    ("thu 27 nov", "“thu 27 nov” is not a date: 27 November 2026 is a Friday, not a Thursday."),
    ("+99999d", "“+99999d” is not a date: it is more than ten years away."),
    ("+9999999999999999999wd", "“+9999999999999999999wd” is not a date: it is more than ten years away."),
    ("next week", "“next week” is not a date: it is several days, name one of them."),
    ("soonish", "I cannot read “soonish” as a date."),
    ("-3d", "I cannot read “-3d” as a date."),
    ("1.5", "I cannot read “1.5” as a date."),
    ("nov 2026", "I cannot read “nov 2026” as a date."),
    ("27 nov or so", "I cannot read “27 nov or so” as a date."),
    ("fri 14:30", "I cannot read “fri 14:30” as a date."),
    ("x" * 50, f"I cannot read “{'x' * 39}…” as a date."),
    ("a\nb\N{RIGHT-TO-LEFT OVERRIDE}c", "I cannot read “a b c” as a date."),
    ("", "A date is missing."),
    (" \N{NO-BREAK SPACE}\n", "A date is missing."),
])
def test_what_is_no_date_is_refused_with_three_forms_that_work(text, says):
    with pytest.raises(Refused) as refused:
        read_date(text, TODAY, BERLIN)
    assert str(refused.value) == f"{says} Write it like `wed`, `25 nov` or `2026-11-25`."


@given(todays)
def test_the_forms_shown_are_read(today):
    with pytest.raises(Refused) as refused:
        read_date("?", today, BERLIN)
    forms = re.findall("`(.+?)`", str(refused.value))
    assert len(forms) == 3
    weekday, named, iso = (read_date(form, today, BERLIN) for form in forms)
    assert named == iso > today
    assert weekday.weekday() == iso.weekday()


@pytest.mark.parametrize(("text", "says"), [
    ("03/04", "“03/04” can mean 3 April or 4 March. Write `2027-04-03` or `2027-03-04`."),
    ("3/4/2027", "“3/4/2027” can mean 3 April or 4 March. Write `2027-04-03` or `2027-03-04`."),
    ("03-04-26", "“03-04-26” can mean 3 April or 4 March. Write `2026-04-03` or `2026-03-04`."),
    ("11/12", "“11/12” can mean 11 December or 12 November. Write `2026-12-11` or `2026-11-12`."),
])
def test_day_and_month_that_could_be_swapped_are_asked_about(text, says):
    with pytest.raises(Refused) as refused:
        read_date(text, TODAY, BERLIN)
    assert str(refused.value) == says


@pytest.mark.parametrize(("words", "found"), [
    ("27 nov 2026 reason", (FRI, 3)),
    ("27 nov 20 interfaces are missing", (FRI, 2)),
    ("fri legal is away", (FRI, 1)),
    ("next fri: legal is away", (FRI, 2)),
    ("in 3 working days we know", (date(2026, 11, 26), 4)),
    ("+3 days because", (date(2026, 11, 26), 2)),
    ("fri , really", (FRI, 2)),
    ("fri next week I promise", (date(2026, 12, 4), 3)),
    ("legal is away until fri", None),
    ("may be later", None),
    ("second thoughts", None),
    ("marketing asked", None),
    ("20 interfaces", None),
    ("W1-06 fri", None),
    ("", None),
])
def test_the_longest_date_in_front_is_taken(words, found):
    assert read_leading_date(words.split(), TODAY, BERLIN) == found


@pytest.mark.parametrize("words", ["31 feb because", "03/04 because", "2026-02-30 because", "next week some time"])
def test_a_date_in_front_that_names_no_day_is_refused(words):
    with pytest.raises(Refused):
        read_leading_date(words.split(), TODAY, BERLIN)


@pytest.mark.parametrize(("text", "day", "at"), [
    ("27 nov 10:00", FRI, time(10)),
    ("fri 14:30", FRI, time(14, 30)),
    ("2026-11-27 10:00", FRI, time(10)),
    ("2026-11-27T10:00", FRI, time(10)),
    ("27.11. 9:05", FRI, time(9, 5)),
    ("Fri 27 Nov, 10:00", FRI, time(10)),
    ("fri at 2pm", FRI, time(14)),
    ("fri @ 2:30 PM", FRI, time(14, 30)),
    ("fri 12am", FRI, time(0)),
    ("fri 12 p.m.", FRI, time(12)),
    ("10:00 fri", FRI, time(10)),
    ("at 2pm on friday", FRI, time(14)),
    ("fri １４：３０", FRI, time(14, 30)),
    ("fri 00:00", FRI, time(0)),
    ("fri 23:59", FRI, time(23, 59)),
])
def test_moments_are_a_day_and_a_time(text, day, at):
    assert read_moment(text, TODAY, BERLIN) == (day, at)


@pytest.mark.parametrize(("text", "says"), [
    ("fri", "“fri” is not a day and a time: the time is missing."),
    ("10:00", "I cannot read “10:00” as a day and a time."),
    ("fri 25:00", "“fri 25:00” is not a day and a time: there is no time 25:00."),
    ("fri 24:00", "“fri 24:00” is not a day and a time: there is no time 24:00."),
    ("fri 10:61", "“fri 10:61” is not a day and a time: there is no time 10:61."),
    ("fri 13pm", "“fri 13pm” is not a day and a time: there is no 13 o'clock pm."),
    ("31 feb 10:00", "“31 feb 10:00” is not a day and a time: February has at most 29 days."),
    ("fri 10:00 CET", "I cannot read “fri 10:00 CET” as a day and a time."),
    ("", "A day and a time is missing."),
])
def test_what_is_no_moment_is_refused_with_three_forms_that_work(text, says):
    with pytest.raises(Refused) as refused:
        read_moment(text, TODAY, BERLIN)
    assert str(refused.value) == f"{says} Write it like `wed 14:30`, `25 nov 14:30` or `2026-11-25 14:30`."
    for form in re.findall("`(.+?)`", str(refused.value)):
        assert read_moment(form, TODAY, BERLIN) == (date(2026, 11, 25), time(14, 30))


# Said back

@pytest.mark.parametrize(("day", "today", "said"), [
    (FRI, TODAY, "Fri 27 Nov"),
    (date(2026, 1, 2), TODAY, "Fri 2 Jan"),                  # this year, however far
    (date(2027, 1, 4), TODAY, "Mon 4 Jan"),                  # next year, but soon
    (date(2027, 5, 25), TODAY, "Tue 25 May"),
    (date(2027, 5, 26), TODAY, "Wed 26 May 2027"),
    (date(2025, 11, 27), TODAY, "Thu 27 Nov 2025"),
    (date(2026, 12, 30), date(2027, 1, 4), "Wed 30 Dec"),
])
def test_dates_are_said_with_their_year_only_where_it_matters(day, today, said):
    assert say_date(day, today) == said


@given(todays, st.integers(-30, 2000))
def test_what_we_say_we_read(today, away):
    day = today + away * DAY
    if day.year in range(2000, 2100):
        said = say_date(day, today)
        assert read_date(said, today, BERLIN) == day or day.year == today.year


@given(todays, st.integers(-30, 183))
def test_what_we_say_of_the_next_half_year_we_read(today, away):
    assert read_date(say_date(today + away * DAY, today), today, BERLIN) == today + away * DAY


@pytest.mark.parametrize(("due", "today", "said", "late"), [
    (TODAY, TODAY, "today", 0),
    (date(2026, 11, 24), TODAY, "tomorrow", 0),
    (FRI, TODAY, "Fri 27 Nov", 0),
    (date(2026, 11, 23), date(2026, 11, 24), "yesterday", 1),
    (date(2026, 11, 20), TODAY, "1 working day late", 1),               # Friday, now Monday
    (date(2026, 11, 11), TODAY, "8 working days late", 8),
    (date(2026, 11, 20), date(2026, 11, 22), "Fri 20 Nov", 0),          # Sunday: nobody could have worked
    (date(2026, 12, 24), date(2026, 12, 27), "Thu 24 Dec", 0),          # Christmas, then a weekend
    (date(2026, 12, 24), date(2026, 12, 28), "1 working day late", 1),
    (date(2026, 11, 21), TODAY, "1 working day late", 1),               # due on a Saturday
])
def test_lateness_is_counted_in_working_days(due, today, said, late):
    assert say_due(due, today, BERLIN) == said
    assert late_by(due, today, BERLIN) == late


# Anything may be typed

@given(st.text(max_size=80), todays)
def test_any_text_is_a_date_or_refused(text, today):
    for read in (read_date, read_moment, lambda *a: read_leading_date(a[0].split(), *a[1:])):
        try:
            read(text, today, BERLIN)
        except Refused as refused:
            assert len(str(refused)) < 250
            assert str(refused).isprintable()


@given(st.lists(st.sampled_from(["in", "on", "next", "the", "of", "3", "31", "99", "0", "27th", "feb", "nov", "fri", "+3", "d", "wd", "week", "weeks", "mo", ".", ",", "/", "-", "2026", "29", "2/2", "end", "month", "13", "a", "10:00", "pm", "t", "eom", "9999"]), max_size=6), todays)
def test_any_mix_of_date_words_is_a_date_or_refused(words, today):
    for glue in (" ", ""):
        for read in (read_date, read_moment, lambda *a: read_leading_date(words, *a[1:])):
            with suppress(Refused):
                read(glue.join(words), today, BERLIN)


@pytest.mark.parametrize("sign", ["x", " ", "3", "/", "in ", "fri ", "10:"])
def test_a_novel_is_refused_at_once(sign):
    for read in (read_date, read_moment):
        with pytest.raises(Refused):
            read(sign * 100_000, TODAY, BERLIN)


@pytest.mark.parametrize(("text", "line"), [
    ("fri", "fri"),
    ("x" * 40, "x" * 40),
    ("x" * 41, "x" * 39 + "…"),
    (" a \n\n b ", "a b"),
    ("a\x00\x1b[31mb", "a [31mb"),
])
def test_what_was_typed_is_repeated_on_one_line(text, line):
    assert shown(text) == line


def test_a_weekday_tells_which_year_is_meant_where_none_is_said():
    assert read_date("Wed 2 Dec", date(2020, 1, 1), BERLIN) == date(2020, 12, 2)
    with pytest.raises(Refused, match="is a Monday, not a Tuesday"):
        read_date("Tue 2 Dec", date(2020, 1, 1), BERLIN)

"""Times for a briefing: three half hours that suit both, whatever their zones, clocks and holidays."""

from datetime import UTC, date, datetime, time, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from handlers.briefings.slots import CLOSES, HALF_HOUR, LUNCH, OPENS, Attendee, find_slots, overlaps
from handlers.people.calendar import Calendar

MONDAY = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
BERLIN, LONDON = Attendee(Calendar("Europe/Berlin", "DE")), Attendee(Calendar("Europe/London", "GB"))
AUCKLAND = Attendee(Calendar("Pacific/Auckland", "NZ"))

ZONES = st.sampled_from([
    ("Europe/Berlin", "DE"), ("Europe/London", "GB"), ("Europe/Lisbon", "PT"), ("America/New_York", "US"),
    ("America/Sao_Paulo", "BR"), ("Asia/Kolkata", "IN"), ("Asia/Kathmandu", "NP"), ("Pacific/Auckland", "NZ"),
    ("Australia/Lord_Howe", "AU"), ("Asia/Riyadh", "SA"), ("Asia/Shanghai", "CN"), ("America/St_Johns", "CA"),
    ("Africa/Cairo", "EG"), ("Pacific/Chatham", "NZ"), ("UTC", None)])
PEOPLE = st.builds(lambda zone, away: (Calendar(*zone), away), ZONES, st.none() | st.integers(1, 40))
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 1), timezones=st.just(UTC))


def local(moments: list[datetime], zone: str = "Europe/Berlin") -> list[str]:
    return [f"{Calendar(zone).local(at):%a %d %H:%M}" for at in moments]


@settings(max_examples=300, deadline=None)
@given(PEOPLE, PEOPLE, MOMENTS, st.none() | st.integers(-5, 30), st.lists(st.integers(0, 400), max_size=60))
def test_every_slot_suits_both_lies_ahead_and_is_a_half_hour_of_the_hosts_clock(
        one: tuple[Calendar, int | None], other: tuple[Calendar, int | None], now: datetime, due: int | None,
        busy: list[int]) -> None:
    hour = now.replace(minute=0, second=0, microsecond=0)
    taken = [hour + each * HALF_HOUR for each in busy]
    who = [Attendee(calendar, None if away is None else calendar.today(now) + timedelta(days=away))
           for calendar, away in (one, other)]
    due_on = None if due is None else who[0].calendar.today(now) + timedelta(days=due)
    found = find_slots(who[0], who[1:], now, due_on, taken)
    assert found == sorted(set(found))
    assert len(found) <= 3
    assert all(not overlaps(a, b) for a in found for b in found if a != b)
    for at in found:
        assert at > now
        assert who[0].calendar.local(at).minute in (0, 30)
        assert not any(abs(at - each) < HALF_HOUR for each in taken)
        for each in who:
            begins, ends = each.calendar.local(at), each.calendar.local(at + HALF_HOUR)
            assert each.calendar.is_working(begins.date())
            assert begins.date() > each.calendar.today(now)
            assert each.back_on is None or begins.date() >= each.back_on
            assert OPENS <= begins.time() < ends.time() <= CLOSES
            assert ends.time() <= LUNCH[0] or begins.time() >= LUNCH[1]


@settings(max_examples=100, deadline=None)
@given(ZONES, MOMENTS)
def test_two_people_of_one_place_always_find_three(zone: tuple[str, str | None], now: datetime) -> None:
    who = Attendee(Calendar(*zone))
    found = find_slots(who, [who], now, who.calendar.today(now) + timedelta(days=14))
    assert len(found) == 3
    assert len({who.calendar.today(at) for at in found}) == 3, "on three days"


def test_they_are_spread_over_days_and_halves_until_the_item_is_due() -> None:
    assert local(find_slots(BERLIN, [LONDON], MONDAY, date(2026, 11, 27))) == [
        "Tue 24 10:00", "Wed 25 14:00", "Thu 26 10:00"]
    assert local(find_slots(BERLIN, [LONDON], MONDAY, date(2026, 11, 24))) == [
        "Tue 24 10:00", "Tue 24 14:00", "Tue 24 16:30"], "not past the due date while that day has room"


def test_it_goes_past_the_due_date_only_where_nothing_else_is_left() -> None:
    friday = datetime(2026, 11, 27, 9, 0, tzinfo=UTC)
    assert local(find_slots(BERLIN, [LONDON], friday, date(2026, 11, 27))) == [
        "Mon 30 10:00", "Tue 01 14:00", "Wed 02 10:00"]


def test_holidays_of_either_are_left_out() -> None:
    before_thanksgiving = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)
    found = find_slots(BERLIN, [Attendee(Calendar("America/New_York", "US"))], before_thanksgiving, date(2026, 11, 27))
    assert "Thu 26" not in {each[:6] for each in local(found)}
    repentance_day = find_slots(Attendee(Calendar("Europe/Berlin", "DE-SN")), [LONDON],
                                datetime(2026, 11, 17, 8, 0, tzinfo=UTC), date(2026, 11, 19))
    assert {each[:6] for each in local(repentance_day)} == {"Thu 19"}, "Wednesday 18 is one in Saxony"


def test_whoever_is_away_is_waited_for() -> None:
    away = Attendee(LONDON.calendar, back_on=date(2027, 3, 1))
    assert local(find_slots(BERLIN, [away], MONDAY, date(2026, 11, 27)))[0] == "Mon 01 10:00"
    assert find_slots(BERLIN, [away], MONDAY, date(2026, 11, 27))[0].date() == date(2027, 3, 1)


def test_what_another_briefing_took_is_not_offered_again() -> None:
    first = find_slots(BERLIN, [LONDON], MONDAY, date(2026, 11, 27))
    second = find_slots(BERLIN, [LONDON], MONDAY, date(2026, 11, 27), first)
    third = find_slots(BERLIN, [LONDON], MONDAY, date(2026, 11, 27), [*first, *second])
    assert len({*first, *second, *third}) == 9


def test_people_whose_days_never_meet_get_none() -> None:
    assert find_slots(BERLIN, [AUCKLAND], MONDAY, date(2026, 11, 27)) == []


def test_the_hour_that_clocks_skip_is_no_slot_and_later_ones_keep_their_wall_time() -> None:
    spring = datetime(2027, 3, 26, 8, 0, tzinfo=UTC)
    found = find_slots(BERLIN, [LONDON], spring, date(2027, 4, 2))
    assert all(Calendar("Europe/Berlin").local(at).time() in (time(10), time(14)) for at in found)
    assert {at.utcoffset() for at in found} == {timedelta(0)}

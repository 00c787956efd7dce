"""How a team says when and how its channel is nudged, and what is refused."""

from dataclasses import replace
from datetime import date, time
from typing import Any

import pytest

from handlers.chat.errors import Refused
from handlers.nudges.channel_words import begins_at, check, read_settings, read_zone
from handlers.people.calendar import Calendar
from handlers.pilots.rhythm import Naming, Part, Rhythm, keep, rhythm_of
from tests.rules.make import pilot

ALL = frozenset(Part)
WEEK, MON, MON_THU = frozenset(range(5)), frozenset({0}), frozenset({0, 3})
USUAL = Rhythm(WEEK, MON_THU, time(9, 30), "Europe/Berlin", Naming.MENTION, ALL, is_on=True)
TODAY = date(2026, 11, 23)


def read(text: str, *, is_week_one: bool = False, was: Rhythm = USUAL) -> Rhythm:
    return read_settings(text, was, is_week_one=is_week_one)


@pytest.mark.parametrize(("text", "said"), [
    ("mon thu 9:30", {}), ("weekdays 10am", {"later": WEEK, "at": time(10)}), ("every morning", {"later": WEEK}),
    ("Every working day at 10.15", {"later": WEEK, "at": time(10, 15)}), ("daily, at 8", {"later": WEEK, "at": time(8)}),
    ("on mondays", {"later": MON}), ("Monday and Thursday", {}), ("mon-wed", {"later": frozenset({0, 1, 2})}),
    ("tue to thu", {"later": frozenset({1, 2, 3})}), ("tue/fri", {"later": frozenset({1, 4})}),
    ("fri-mon", {"later": frozenset({4, 5, 6, 0})}), ("weekly", {"later": MON}), ("twice a week", {}),
    ("3 pm", {"at": time(15)}), ("noon", {"at": time(12)}), ("14 uhr", {"at": time(14)}), ("um 14", {"at": time(14)}),
    ("12am mon", {"at": time(0), "later": MON}), ("9:05 o'clock", {"at": time(9, 5)}),
    ("week one: weekdays; later: mon", {"later": MON}), ("mon later", {"later": MON}),
    ("tue in week one, mon later", {"week_one": frozenset({1}), "later": MON}),
    ("week one mon tue then thu 10am", {"week_one": frozenset({0, 1}), "later": frozenset({3}), "at": time(10)}),
    ("berlin time", {}), ("new york time", {"zone": "America/New_York"}), ("UTC", {"zone": "UTC"}),
    ("europe/lisbon", {"zone": "Europe/Lisbon"}), ("America/New_York 8:15", {"zone": "America/New_York", "at": time(8, 15)}),
    ("role only", {"naming": Naming.ROLE}), ("names", {"naming": Naming.NAME}), ("no mentions", {"naming": Naming.NAME}),
    ("without names", {"naming": Naming.ROLE}), ("with mentions", {}), ("don't mention", {"naming": Naming.NAME}),
    ("without late", {"parts": ALL - {Part.LATE}}), ("no briefings", {"parts": ALL - {Part.BRIEFINGS}}),
    ("only due and late", {"parts": frozenset({Part.DUE, Part.LATE})}),
    ("only roles briefings", {"parts": frozenset({Part.ROLES, Part.BRIEFINGS})}),
    ("without late and briefings", {"parts": frozenset({Part.ROLES, Part.DUE})}), ("everything", {}),
    ("off", {"is_on": False}), ("turn off", {"is_on": False}), ("on", {}),
    ("Weekdays, 10am, Berlin time, role only, without late!",
     {"later": WEEK, "at": time(10), "naming": Naming.ROLE, "parts": ALL - {Part.LATE}}),
])
def test_what_people_type_is_understood(text: str, said: Any) -> None:
    assert read(text) == replace(USUAL, **said)


def test_days_alone_are_for_now_and_what_follows() -> None:
    assert read("mon", is_week_one=True) == replace(USUAL, week_one=MON, later=MON)
    assert read("mon", is_week_one=False) == replace(USUAL, later=MON)
    assert read("mon later", is_week_one=True) == replace(USUAL, later=MON)
    assert read("mon in week one", is_week_one=False) == replace(USUAL, week_one=MON)


def test_what_was_hidden_can_be_shown_again() -> None:
    hidden = replace(USUAL, parts=frozenset({Part.DUE}), is_on=False)
    assert read("with late and roles", was=hidden).parts == frozenset({Part.DUE, Part.LATE, Part.ROLES})
    assert read("everything on", was=hidden) == USUAL
    assert read("mon thu", was=hidden).is_on


@pytest.mark.parametrize(("text", "says"), [
    ("foo", "I do not know `foo` here"), ("mon foo thu", "I do not know `foo` here"), ("monda thux", "`thux`"),
    ("late", "`with late`, `without late` or `only late`"), ("roles only", "`role only`"),
    ("berlin", "say `berlin time`"), ("atlantis time", "I do not know `atlantis` here"),
    ("9", "`9:30`, `10am` or `at 10`"), ("25:00", "no time of the day"), ("13pm", "no time of the day"),
    ("9:75", "no time of the day"), ("mon `thu`x", "here"), ("<!channel>", "channel"), ("@sam", "I do not know"),
    ("🦑", "I do not know"), ("and", "Say on which days"), ("mon " * 50 + "foo", "`foo`"),
])
def test_a_wrong_word_is_refused_with_what_to_type(text: str, says: str) -> None:
    if text == "and":
        assert read(text) == USUAL      # says nothing, changes nothing
        return
    with pytest.raises(Refused) as refusal:
        read(text)
    assert says in str(refusal.value)
    assert str(refusal.value).count("`") % 2 == 0


@pytest.mark.parametrize(("said", "field"), [
    ({"at": time(5, 59)}, "at"), ({"at": time(20)}, "at"), ({"parts": frozenset()}, "parts"),
    ({"week_one": frozenset(), "later": frozenset()}, "later"), ({"later": frozenset({0, 6})}, "later"),
    ({"week_one": frozenset({5})}, "week_one"),
])
def test_settings_that_cannot_be_are_refused_at_their_field(said: Any, field: str) -> None:
    with pytest.raises(Refused) as refusal:
        check(replace(USUAL, **said), Calendar("Europe/Berlin", "DE"), TODAY)
    assert list(refusal.value.fields) == [field]


def test_sunday_is_a_day_where_it_is_worked() -> None:
    check(replace(USUAL, later=frozenset({6}), week_one=MON), Calendar("Asia/Jerusalem", "IL"), TODAY)


@pytest.mark.parametrize(("typed", "at"), [
    ("claims triage mon thu", 2), ("mon thu", 0), ("claims triage", 2), ("claims due off", 2), ("", 0),
    ("every morning", 0), ("late shift at 10", 2), ("on mondays", 0), ("night watch without late", 2)])
def test_a_pilots_name_ends_where_the_settings_begin(typed: str, at: int) -> None:
    assert begins_at(typed.split()) == at


@pytest.mark.parametrize(("typed", "zone"), [
    ("Berlin", "Europe/Berlin"), ("new york", "America/New_York"), ("EUROPE/berlin", "Europe/Berlin"), ("utc", "UTC"),
    ("berlin time", "Europe/Berlin"), ("Mars/Olympus", None), ("", None), ("../etc/passwd", None), ("localtime", None)])
def test_a_zone_goes_by_its_name_or_its_city(typed: str, zone: str | None) -> None:
    assert read_zone(typed) == zone


@pytest.mark.parametrize("wanted", [
    USUAL, replace(USUAL, is_on=False, parts=frozenset({Part.LATE})), replace(USUAL, week_one=frozenset()),
    replace(USUAL, zone="America/New_York", at=time(8, 15), naming=Naming.ROLE)])
def test_settings_are_read_back_as_they_were_kept(wanted: Rhythm) -> None:
    row = pilot()
    keep(row, wanted)
    assert rhythm_of(row) == wanted
    assert row.country == ("US" if wanted.zone == "America/New_York" else "DE")

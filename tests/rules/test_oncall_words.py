"""Stretches as typed, the form's answers, and the calendar of a rotation."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import icalendar
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handlers.chat.errors import Refused
from handlers.oncall.feed import as_ics
from handlers.oncall.forms import as_of, layer_in
from handlers.oncall.records import Plan, facts_of, layer_of
from handlers.oncall.rules import Hours, Layer, Override, Schedule, shifts
from handlers.oncall.words import Here, read_stretch, read_until
from handlers.people.calendar import Calendar
from storage.alerting import Rotation
from tests.rules.make import person
from tests.rules.test_invitation import content_lines
from tests.rules.test_oncall_rules import ANA, BEN, DAY, cases

NOW = datetime(2026, 11, 24, 13, 0, tzinfo=UTC)  # a Tuesday, 14:00 in Berlin
HERE = Here(Calendar("Europe/Berlin"), NOW)
WEEKLY = Layer((ANA, BEN), 7, time(9), date(2026, 11, 23), 0)
ROTATION = Rotation(workspace_id="slack:T1", name="Claims", name_key="claims", zone="America/New_York", made_by=ANA, made_at=NOW,
                    layers=[facts_of(WEEKLY)])


@pytest.mark.parametrize(("typed", "name", "ends"), [
    ("", None, None), ("until 18:00", None, "2026-11-24T17:00"), ("until 9:00", None, "2026-11-25T08:00"),
    ("until fri 10:00", None, "2026-11-27T09:00"), ("for 2h", None, "2026-11-24T15:00"), ("for 2 days", None, "2026-11-26T13:00"),
    ("until mon", None, "2026-11-30T14:00"),    # the rotation's hand-over that day, nine in New York
    ("claims triage until 4pm", "claims triage", "2026-11-24T15:00"), ("for claims triage", "claims triage", None),
    ("r:5 until fri 10:00", "r:5", "2026-11-27T09:00"), ('"Until now" until fri 10:00', "Until now", "2026-11-27T09:00")])
def test_what_follows_take_names_a_rotation_and_an_end(typed: str, name: str | None, ends: str | None) -> None:
    said = read_until(typed, HERE)
    assert said.name == name
    read = said.stretch.ends
    assert (read and f"{read(ROTATION, NOW):%Y-%m-%dT%H:%M}") == ends


@pytest.mark.parametrize(("typed", "name", "begins", "ends"), [
    ("sat 9:00 until sun 9:00", None, "2026-11-28T08:00", "2026-11-29T08:00"),
    ("from sat 9:00 to sun 9:00", None, "2026-11-28T08:00", "2026-11-29T08:00"),
    ("fri 10:00 until 17:00", None, "2026-11-27T09:00", "2026-11-27T16:00"),
    ("mon 9:00 until wed 9:00", None, "2026-11-30T08:00", "2026-12-02T08:00"),
    ("now until fri in claims triage", "claims triage", "2026-11-24T13:00", "2026-11-27T14:00"),
    ("sat 9:00 for 36 hours", None, "2026-11-28T08:00", "2026-11-29T20:00")])
def test_a_stretch_has_two_ends(typed: str, name: str | None, begins: str, ends: str) -> None:
    said = read_stretch(typed, HERE)
    first, last = said.stretch.begins, said.stretch.ends
    assert first is not None
    assert last is not None
    at = first(ROTATION, NOW)
    assert (said.name, f"{at:%Y-%m-%dT%H:%M}", f"{last(ROTATION, at):%Y-%m-%dT%H:%M}") == (name, begins, ends)


@pytest.mark.parametrize("typed", ["until 25:00", "until 31 feb", "until somewhen", "r:5 please", "until 13pm"])
def test_what_is_no_moment_is_refused_before_anybody_is_asked(typed: str) -> None:
    with pytest.raises(Refused):
        read_until(typed, HERE)


FILLED: dict[str, Any] = {"people": (ANA, BEN), "every": "7", "weekday": "0", "at": "09:00", "begins": "2026-11-23"}


@pytest.mark.parametrize(("field", "value"), [("people", ()), ("people", None), ("every", "0"), ("every", "x"), ("at", "25:00"),
                                              ("begins", "soon"), ("to", "17:00"), ("from", "9:00")])
def test_a_form_says_at_which_field_it_is_wrong(field: str, value: Any) -> None:
    with pytest.raises(Refused) as refused:
        layer_in({**FILLED, field: value})
    assert len(refused.value.fields) == 1


def test_a_form_becomes_a_layer_and_back() -> None:
    assert layer_in(FILLED) == WEEKLY == layer_of(facts_of(WEEKLY))
    assert layer_in({**FILLED, "every": "1"}).weekday is None
    office = layer_in({**FILLED, "from": "09:00", "to": "17:00"})
    assert office.hours == Hours(frozenset(range(5)), time(9), time(17))
    assert layer_of(facts_of(office)) == office


@settings(max_examples=20, deadline=None)
@given(cases(), st.integers(0, 400))
def test_a_form_saved_unchanged_changes_nothing_to_come(case: tuple[Schedule, list[Override], datetime], hours: int) -> None:
    schedule, _, begin = case
    now = begin + timedelta(hours=hours)
    saved = Schedule(schedule.zone, tuple(as_of(layer, schedule.calendar, now) for layer in schedule.layers))
    assert shifts(saved, [], now, now + 20 * DAY) == shifts(schedule, [], now, now + 20 * DAY)


@pytest.mark.parametrize("schedule", [Schedule("Europe/Berlin", (WEEKLY,)), Schedule("UTC", ())])
def test_a_calendar_is_valid_whatever_it_is_called_and_never_empty(schedule: Schedule) -> None:
    known = {ANA: person("ana", "Ana; Ruiz, \\ the\nFirst"), BEN: person("ben", is_active=False)}
    file = as_ics(5, "Claims;\r\nX:1", Plan(schedule, ()), known, NOW)
    lines = content_lines(file)
    assert "X" not in {name for name, _, _ in lines}
    events = icalendar.Calendar.from_ical(file).walk("VEVENT")
    uids = [str(each["uid"]) for each in events]
    assert len(set(uids)) == len(uids) == (14 if schedule.layers else 1)
    assert [str(events[0]["summary"])[:1], str(events[-1]["summary"])[:1]] == (["A", "🔴"] if schedule.layers else ["🔴", "🔴"])

"""The calendar file: what RFC 5545 and 5546 ask of one, checked by a reader of our own beside the library's."""

import re
from datetime import UTC, datetime

import icalendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.briefings.invitation import Guest, Invitation, as_ics

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
AT = datetime(2026, 11, 27, 13, 0, tzinfo=UTC)
PRIYA, JONAS = Guest("slack:T1", "slack:U1", "Priya Shah"), Guest("slack:T1", "slack:U2", "Jonas Brandt")
CALLED = Invitation("5f0c", 1, AT, "Legal briefing: Claims triage", "Why: fast claims; no \\ tricks,\nsecond line",
                    (PRIYA, JONAS))

_LINE = re.compile(r'(?P<name>[A-Z-]+)(?P<params>(?:;[A-Z-]+=(?:"[^"\x00-\x08\x0a-\x1f]*"|[^";:,\x00-\x08\x0a-\x1f]*))*)'
                   r":(?P<value>.*)", re.DOTALL)
_UTC = re.compile(r"\d{8}T\d{6}Z")
ONCE = ("UID", "DTSTAMP", "SEQUENCE", "DTSTART", "DTEND", "SUMMARY", "DESCRIPTION", "STATUS", "ORGANIZER")


def content_lines(file: bytes) -> list[tuple[str, str, str]]:
    """Every content line as (name, parameters, value); fails on what no calendar may hold."""
    text = file.decode("utf-8")
    assert text.endswith("\r\n")
    assert "\n" not in text.replace("\r\n", ""), "lines end in CRLF, and only there"
    assert "\r" not in text.replace("\r\n", "")
    physical = text[:-2].split("\r\n")
    assert all(len(each.encode("utf-8")) <= 75 for each in physical), max(physical, key=len)
    lines = text[:-2].replace("\r\n ", "").replace("\r\n\t", "").split("\r\n")
    assert [lines[0], lines[-2], lines[-1]] == ["BEGIN:VCALENDAR", "END:VEVENT", "END:VCALENDAR"]
    found = []
    for each in lines:
        match = _LINE.fullmatch(each)
        assert match is not None, f"no content line: {each!r}"
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f]", match["value"]), each
        found.append((match["name"], match["params"], match["value"]))
    for name, _, value in found:
        if name in ("SUMMARY", "DESCRIPTION"):
            assert re.fullmatch(r"(?:[^\\;,\n]|\\[\\;,nN])*", value), f"{name} is not escaped"
        if name in ("DTSTAMP", "DTSTART", "DTEND"):
            assert _UTC.fullmatch(value), name
    return found


def validated(file: bytes) -> dict[str, list[tuple[str, str]]]:
    """Every property of an invitation by name as (parameters, value); fails on what a strict reader would refuse."""
    lines = content_lines(file)
    found: dict[str, list[tuple[str, str]]] = {}
    for each, params, value in lines:
        found.setdefault(each, []).append((params, value))
    assert len(found["UID"]) == 1
    head = lines[:lines.index(("BEGIN", "", "VEVENT"))]
    assert sorted(each for each, _, _ in head) == ["BEGIN", "METHOD", "PRODID", "VERSION"]
    assert found["VERSION"] == [("", "2.0")]
    for name in ONCE:
        assert len(found[name]) == 1, name
    assert found["DTSTART"][0][1] < found["DTEND"][0][1]
    assert found["SEQUENCE"][0][1].isdecimal()
    method, status = found["METHOD"][0][1], found["STATUS"][0][1]
    assert (method, status) in {("REQUEST", "CONFIRMED"), ("CANCEL", "CANCELLED")}
    for params, value in (*found["ORGANIZER"], *found["ATTENDEE"]):
        assert ";CN=" in params
        assert re.fullmatch(r"[a-z][a-z0-9+.-]*:\S+", value), "a cal-address is a URI"
        assert "mailto:" not in value, "no address that nobody has"
    return found


def test_an_invitation_is_a_valid_file_that_reads_back_as_it_was() -> None:
    file = as_ics(CALLED, NOW)
    found = validated(file)
    assert found["METHOD"] == [("", "REQUEST")]
    assert found["UID"] == [("", "5f0c@groundcrew")]
    (event,) = icalendar.Calendar.from_ical(file).walk("VEVENT")
    assert event.decoded("dtstart") == AT
    assert (event.decoded("dtend") - AT).total_seconds() == 1800
    assert (str(event["summary"]), str(event["description"]), event["sequence"]) == (CALLED.title, CALLED.text, 1)
    assert [(each.params["CN"], str(each), each.params["RSVP"]) for each in event["attendee"]] == [
        ("Priya Shah", "slack://user?team=T1&id=U1", "FALSE"), ("Jonas Brandt", "slack://user?team=T1&id=U2", "FALSE")]
    assert str(event["organizer"]) == PRIYA.address


def test_a_cancellation_has_the_same_uid_and_a_higher_sequence() -> None:
    found = validated(as_ics(Invitation("5f0c", 4, AT, "Legal briefing", "", (PRIYA,), is_cancelled=True), NOW))
    assert found["METHOD"] == [("", "CANCEL")]
    assert found["UID"] == [("", "5f0c@groundcrew")]
    assert found["SEQUENCE"] == [("", "4")]


@pytest.mark.parametrize("name", ['Jonas "the Law" Brandt', "Brandt; Jonas, LL.M.: counsel", "Ünïcode 雪 " * 20, "a\r\nX:1",
                                  "\x07bell", "^caret^n", "", " "])
def test_no_name_breaks_out_of_its_parameter(name: str) -> None:
    file = as_ics(Invitation("u", 0, AT, name, name, (PRIYA, Guest("slack:T1", "slack:U2", name))), NOW)
    found = validated(file)
    assert "X" not in found
    (event,) = icalendar.Calendar.from_ical(file).walk("VEVENT")
    assert len(event["attendee"]) == 2


@given(st.text(max_size=300), st.text(max_size=60))
def test_any_text_makes_a_valid_file(text: str, name: str) -> None:
    text = text.encode("utf-8", "replace").decode()
    name = name.encode("utf-8", "replace").decode()
    validated(as_ics(Invitation("u", 3, AT, text, text, (Guest("slack:T1", "slack:U1", name),)), NOW))


def test_each_change_is_a_file_of_another_name() -> None:
    assert CALLED.file_name == "briefing-5f0c-1.ics"

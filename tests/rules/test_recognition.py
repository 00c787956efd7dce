"""What a week is praised for: good news of the team, and nothing that shames anybody."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from handlers.nudges.recognition import Help, Praise, praise_of, weeks_on_time
from handlers.people.calendar import Calendar
from storage.models import ItemKind, ItemState
from tests.rules.make import done, entry, item, person_id, pilot

BERLIN = Calendar("Europe/Berlin", "DE")
FRI = date(2026, 11, 27)
MON = date(2026, 11, 23)
SAM, ANA = person_id("sam"), person_id("ana")


def at(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


def closed(ref: str, due: date, on: date, **said: Any) -> Any:
    return done(ref, **({"due_on": due, "closed_at": at(on), "owner_id": SAM, "closed_by": SAM} | said))


def week(back: int, late: int = 0) -> Any:
    """Something due on the Wednesday of a week some weeks ago, done so many days late."""
    wednesday = date(2026, 11, 25) - timedelta(weeks=back)
    return closed(f"B-{back:02}", wednesday, wednesday + timedelta(days=late))


def praised(items: Any, history: Any = (), free: int = 1, **said: Any) -> Praise:
    return praise_of(pilot(**said), list(items), history, FRI, free)


@pytest.mark.parametrize(("weeks", "free", "expected"), [
    ([week(0), week(1), week(2)], 1, 3),
    ([week(0), week(1), week(3)], 1, 3),                        # nothing was due two weeks ago
    ([week(0), week(1, late=1), week(2)], 1, 2),                # one free miss
    ([week(0), week(1, late=1), week(2)], 0, 1),
    ([week(0), week(1, late=1), week(2), week(3, late=2), week(4)], 1, 2),
    ([week(0, late=1), week(1), week(2)], 1, 0),                # this week was not: nothing is said of runs
    ([week(1), week(2)], 1, 0),
    ([], 1, 0),
])
def test_a_run_of_weeks_on_time_forgives_a_miss_and_never_shows_a_break(weeks: Any, free: int, expected: int) -> None:
    assert weeks_on_time(weeks, MON, FRI, BERLIN, free) == expected


@pytest.mark.parametrize(("said", "on_time"), [
    ({"due_on": FRI}, True), ({"due_on": date(2026, 11, 26)}, False),
    ({"due_on": date(2026, 11, 26), "state": ItemState.WAIVED}, True),
    ({"due_on": date(2026, 11, 26), "state": ItemState.NOT_APPLICABLE, "closed_at": at(MON)}, True),
])
def test_what_is_open_counts_once_its_day_has_passed(said: Any, on_time: bool) -> None:
    assert (weeks_on_time([week(0), item("B-09", **said)], MON, FRI, BERLIN, 1) == 1) is on_time


def test_one_week_alone_is_not_yet_a_run() -> None:
    assert praised([week(0)]).is_empty
    assert praised([week(0), week(1)]).weeks_on_time == 2


@pytest.mark.parametrize(("day", "gates"), [("2026-11-23", ("build",)), ("2026-11-27", ("build",)), ("2026-11-20", ())])
def test_gates_of_this_week_are_told(day: str, gates: Any) -> None:
    assert praised([], entered={"intake": "2026-11-25", "kickoff": "2026-11-25", "build": day}).gates == gates


@pytest.mark.parametrize(("states", "told"), [
    ((MON, FRI, MON), True), ((MON, FRI, None), False), ((date(2026, 11, 20),) * 3, False)])
def test_briefings_are_told_in_the_week_of_the_last(states: Any, told: bool) -> None:
    refs = ("W1-01", "W1-02", "W1-03")
    meetings = [item(ref, kind=ItemKind.MEETING, owner_id=SAM, **(
        {} if day is None else {"state": ItemState.DONE, "closed_by": SAM, "closed_at": at(day)}))
        for ref, day in zip(refs, states, strict=True)]
    assert praised(meetings).all_briefings is told


def test_who_helped_is_named_once_and_never_the_owner() -> None:
    items = [closed("B-01", FRI, FRI, closed_by=ANA, title="List every interface"),
             closed("B-02", FRI, FRI), closed("B-03", FRI, date(2026, 11, 19), closed_by=person_id("tom")),
             item("B-04", owner_id=SAM, title="CRM access"), closed("B-05", FRI, FRI, title="Load test")]
    history = [entry("item on it", "B-04", actor=SAM), entry("item joined", "B-04", actor=person_id("ravi")),
               entry("item on it", "B-05", actor=person_id("ines")), entry("item joined", "B-05", actor=ANA),
               entry("item unblocked", "B-04", actor=person_id("omar"), before={"blocked_by": person_id("omar")}),
               entry("item unblocked", "B-04", actor=person_id("lena"), before={"blocked_by": person_id("omar")}),
               entry("item on it", "GONE", actor=person_id("carl"))]
    assert praised(items, history).helps == (
        Help(ANA, "List every interface"), Help(person_id("ines"), "Load test"), Help(person_id("omar"), "CRM access"))


def test_a_week_without_good_news_says_nothing() -> None:
    assert praised([item("B-01", owner_id=SAM, due_on=MON), week(3, late=4)]).is_empty

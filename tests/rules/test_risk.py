"""The purgatory-risk score: its table, its worked examples, and what must hold of any items."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handlers.people.calendar import Calendar
from handlers.pilots import risk
from storage.models import Item, ItemState, PilotState
from tests.rules.make import TODAY, WEIGHTS, done, item, pilot

CALENDAR = Calendar("UTC")
SAM = "slack:USAM"
AT = datetime.combine(TODAY, time(9), tzinfo=UTC)


def wd(n: int) -> date:
    """The day n working days from today."""
    return CALENDAR.add(TODAY, n)


def calendar_of(_: Item) -> Calendar:
    return CALENDAR


def late(ref: str, days: int, **said: Any) -> Item:
    return item(ref, **({"due_on": wd(-days) if days else TODAY, "owner_id": SAM} | said))


def score(items: list[Item], weights: dict[str, float] | None = None) -> risk.Risk:
    return risk.score(items, weights or WEIGHTS, TODAY, calendar_of)


DONE = {"state": ItemState.DONE}
WAIVED = {"state": ItemState.WAIVED}


@pytest.mark.parametrize(("said", "e"), [
    # closed
    (DONE | {"evidence": "https://x", "due_on": wd(-20)}, 0),
    (DONE | {"due_on": wd(-20)}, 0.25),
    (DONE | {"due_on": wd(-20), "evidence": "  "}, 0.25),
    (DONE | {"due_on": wd(6)}, 0),                                 # not due within 5 wd: left out, done or not
    ({"state": ItemState.NOT_APPLICABLE, "due_on": wd(-20)}, 0),
    (WAIVED | {"due_on": wd(-20), "waived_until": wd(3)}, 0.25),
    (WAIVED | {"due_on": wd(-20), "waived_until": TODAY}, 0.25),
    (WAIVED | {"due_on": wd(-20), "waived_until": wd(-1)}, 1),     # ran out: open again
    (WAIVED | {"due_on": wd(-3), "waived_until": None}, 0.5),
    # ahead
    ({"due_on": None}, 0),
    ({"due_on": None, "blocked_at": AT}, 0),
    ({"due_on": wd(6)}, 0),
    ({"due_on": wd(5)}, 0.25),
    ({"due_on": TODAY}, 0.25),
    ({"due_on": wd(5), "plan_on": wd(2)}, 0),
    ({"due_on": TODAY, "plan_on": TODAY}, 0),
    ({"due_on": wd(5), "plan_on": wd(-1)}, 0.25),                  # a plan that has passed is none
    # overdue
    ({"due_on": wd(-1)}, 0.5),
    ({"due_on": wd(-1), "plan_on": wd(3)}, 0.5),
    ({"due_on": wd(-5)}, 0.5),
    ({"due_on": wd(-6)}, 0.75),
    ({"due_on": wd(-10)}, 0.75),
    ({"due_on": wd(-11)}, 1),
    # blocked
    ({"due_on": wd(30), "blocked_at": AT}, 0.75),
    ({"due_on": wd(-1), "blocked_at": AT}, 0.75),
    ({"due_on": wd(-11), "blocked_at": AT}, 1),
    # nobody's
    ({"due_on": wd(6), "owner_id": None}, 0),
    ({"due_on": wd(1), "owner_id": None}, 0.25),
    ({"due_on": TODAY, "owner_id": None}, 1),
    ({"due_on": wd(-1), "owner_id": None}, 1),
    ({"due_on": wd(-20), "is_advice": True}, 0),
])
def test_how_much_of_a_problem_an_item_is(said: dict[str, Any], e: float) -> None:
    it = item("B-02", **({"owner_id": SAM} | said))
    assert risk.e_of(it, TODAY, CALENDAR, it.owner_id is not None) == e


def test_a_weekend_makes_nothing_late() -> None:
    friday, sunday = date(2026, 11, 20), date(2026, 11, 22)
    assert risk.e_of(item(due_on=friday), sunday, CALENDAR, True) == 0.25
    assert risk.e_of(item(due_on=friday), date(2026, 11, 23), CALENDAR, True) == 0.5


def test_the_first_worked_example_is_24_of_40() -> None:
    got = score([late("W1-06", 8, weight=5), late("W1-07", 0, weight=5, blocked_at=AT)])
    assert [(part.title, part.points, part.out_of) for part in got.parts] == [
        ("integration", 24, 40), ("ROI", 0, 30), ("organisation", 0, 20), ("infrastructure", 0, 10)]
    assert (got.total, got.band) == (24, risk.Band.WATCH)


def the_status_example() -> list[Item]:
    """The pilot of readiness.md 5.2: 13 items of the gate, 8 done, one of them unproven, 5 late."""
    return [
        done("B-01", None, weight=5, category="infrastructure", due_on=wd(-26), owner_id=SAM),
        late("B-02", 21, weight=5, plan_on=wd(1)),
        done("B-03", weight=4, due_on=wd(-21), role="security"),
        late("B-04", 16, weight=5, blocked_at=AT, role="data"),
        done("B-05", weight=4, category="infrastructure", due_on=wd(-16), role="data"),
        done("B-06", weight=3, category="infrastructure", due_on=wd(-11), role="ml"),
        done("B-07", weight=4, category="infrastructure", due_on=wd(-11)),
        late("B-08", 6, weight=3, category="roi", role="ml"),
        late("B-09", 1, weight=2, category="infrastructure", role="ml"),
        done("B-10", weight=4, category="organization", due_on=wd(-1), role="operations"),
        done("B-11", weight=2, category="organization", due_on=wd(-16), role="product"),
        late("B-12", 11, weight=3, category="infrastructure"),
        done("W1-09", weight=4, category="organization", stage="week_one", due_on=wd(-31), role="change"),
    ]


def test_the_second_worked_example_is_41_in_its_four_parts() -> None:
    got = score(the_status_example())
    assert got.total == 41
    assert [part.points for part in got.parts] == [30, 7, 0, 4]
    assert got.band is risk.Band.HIGH
    assert got.biggest is not None
    assert (got.biggest.item.ref, got.biggest.points) == ("B-02", 10)
    assert got.biggest.item_id == got.biggest.item.id


def test_the_second_worked_example_is_weakest_in_ml_with_1_of_3() -> None:
    assert risk.weakest_role(pilot(), the_status_example(), TODAY) == ("ml", 1, 3)


@pytest.mark.parametrize(("total", "band"), [(0, "low"), (19, "low"), (20, "watch"), (39, "watch"), (40, "high"),
                                             (59, "high"), (60, "purgatory"), (100, "purgatory")])
def test_the_bands(total: int, band: str) -> None:
    assert risk.band_of(total) == band


@pytest.mark.parametrize(("category", "weight", "shown"), [   # 0.5, 1.5, 1.0, 0.25
    ("infrastructure", 2, 1), ("roi", 2, 2), ("integration", 1, 1), ("infrastructure", 1, 0)])
def test_halves_are_rounded_up(category: str, weight: int, shown: int) -> None:
    got = score([item(category=category, weight=weight, due_on=TODAY, owner_id=SAM)])
    assert got.total == sum(part.points for part in got.parts) == shown
    assert got.biggest is not None
    assert got.biggest.points == shown


def test_no_items_no_risk() -> None:
    got = score([])
    assert (got.total, got.band, got.biggest) == (0, risk.Band.LOW, None)
    assert [part.points for part in got.parts] == [0, 0, 0, 0]


def test_weights_of_another_template_hold() -> None:
    got = score([late("B-02", 20, weight=5)], {"integration": 10, "roi": 10, "organization": 10, "infrastructure": 70})
    assert [(part.points, part.out_of) for part in got.parts] == [(5, 10), (0, 10), (0, 10), (0, 70)]


# What holds of any items

def near(days: int) -> st.SearchStrategy[date | None]:
    return st.none() | st.integers(-days, days).map(lambda n: TODAY + timedelta(n))


an_item = st.builds(
    item, state=st.sampled_from(ItemState), due_on=near(40), weight=st.integers(1, 5),
    category=st.sampled_from(list(WEIGHTS)), is_advice=st.booleans(), owner_id=st.sampled_from([SAM, None]),
    evidence=st.sampled_from([None, "https://x"]), plan_on=near(9), blocked_at=st.sampled_from([None, AT]),
    waived_until=near(9))
any_items = st.lists(an_item, max_size=8)


@settings(deadline=None, max_examples=60)
@given(any_items)
def test_the_score_is_within_0_and_100_and_is_the_sum_of_its_parts(items: list[Item]) -> None:
    got = score(items)
    assert 0 <= got.total <= 100
    assert sum(part.points for part in got.parts) == got.total
    assert all(0 <= part.points <= part.out_of for part in got.parts)
    assert (got.biggest is None) == all(
        risk.e_of(it, TODAY, CALENDAR, it.owner_id is not None) == 0 for it in items)


@settings(deadline=None, max_examples=60)
@given(any_items, st.data())
def test_closing_an_item_never_raises_the_risk(items: list[Item], data: st.DataObject) -> None:
    is_open = [it for it in items if it.state is ItemState.OPEN]
    if not is_open:
        return
    before = score(items).total
    it = data.draw(st.sampled_from(is_open))
    how = data.draw(st.sampled_from(["proven", "by word", "na", "waived"]))
    it.evidence = "https://x" if how == "proven" else None
    it.waived_until = TODAY + timedelta(20)
    it.state = {"na": ItemState.NOT_APPLICABLE, "waived": ItemState.WAIVED}.get(how, ItemState.DONE)
    if data.draw(st.booleans()):
        it.blocked_at = None
    assert score(items).total <= before


@settings(deadline=None, max_examples=60)
@given(any_items)
def test_the_biggest_cut_is_what_proving_that_item_saves(items: list[Item]) -> None:
    before = score(items)
    if before.biggest is None:
        return
    it = before.biggest.item
    it.state, it.evidence = ItemState.DONE, "https://x"
    assert score(items).total == before.total - before.biggest.points


@settings(deadline=None, max_examples=60)
@given(any_items, st.integers(1, 30))
def test_waiting_never_lowers_the_risk_of_what_is_open(items: list[Item], days: int) -> None:
    waiting = [it for it in items if it.state is ItemState.OPEN]
    assert risk.score(waiting, WEIGHTS, TODAY + timedelta(days), calendar_of).total >= score(waiting).total


# Stuck

def closed(days_ago: int, **said: Any) -> Item:
    return done("B-03", **({"closed_at": datetime.combine(wd(-days_ago), time(12), tzinfo=UTC)} | said))


@pytest.mark.parametrize(("age", "items", "is_stuck"), [
    (40, [], False),                                             # at its limit
    (41, [], True),
    (41, [closed(9)], False),
    (41, [closed(10)], True),
    (41, [closed(9, gate="limited_rollout")], True),             # of another gate
    (41, [closed(9, gate=None)], True),
    (41, [closed(9, gate="build")], False),                      # left open by an earlier gate
    (41, [closed(9, state=ItemState.OPEN)], True),               # reopened
    (41, [closed(9, state=ItemState.NOT_APPLICABLE)], False),
    (41, [closed(12), closed(3)], False),
])
def test_a_pilot_is_stuck_over_its_limit_with_nothing_closed(age: int, items: list[Item], is_stuck: bool) -> None:
    it = pilot(stage_entered_on=wd(-age))
    assert risk.age_in_stage(it, TODAY, CALENDAR) == age
    assert risk.limit(it) == 40
    assert risk.is_stuck(it, items, TODAY, CALENDAR) is is_stuck


@pytest.mark.parametrize("said", [{"state": PilotState.PAUSED}, {"state": PilotState.STOPPED},
                                  {"stage": "continuous_improvement"}])
def test_what_somebody_decided_or_has_no_limit_is_not_stuck(said: dict[str, Any]) -> None:
    assert not risk.is_stuck(pilot(stage_entered_on=wd(-400), **said), [], TODAY, CALENDAR)


def test_what_was_closed_just_before_a_short_stage_does_not_hide_that_it_is_stuck() -> None:
    short = [{"id": "build", "title": "Build", "limit_wd": 5, "exit": ""}]
    items = [closed(8, gate="build")]
    assert risk.is_stuck(pilot(stages=short, stage_entered_on=wd(-7)), items, TODAY, CALENDAR)


# The weakest role

@pytest.mark.parametrize(("items", "weakest"), [
    ([], None),
    ([late("B-01", 0, due_on=wd(9))], None),                                      # not due yet
    ([late("B-01", 0, due_on=None)], None),
    ([late("W1-05", 0, due_on=wd(9), stage="week_one")], ("engineering", 0, 1)),  # of an earlier stage
    ([late("B-01", 0)], ("engineering", 0, 1)),
    ([done("B-01", due_on=TODAY)], None),                                         # nothing lacks
    ([done("B-01", None, due_on=TODAY)], ("engineering", 0.5, 1)),
    ([late("B-01", 3, is_advice=True)], None),
    ([late("B-01", 3, state=ItemState.NOT_APPLICABLE)], None),
    ([late("B-01", 3, state=ItemState.WAIVED, waived_until=wd(9))], ("engineering", 0, 1)),
    ([late("B-01", 3, role="ml"), late("B-02", 3, role="data")], ("ml", 0, 1)),   # of equals the first
    ([late("B-01", 3, role="ml"), done("B-06", role="ml", due_on=TODAY), late("B-02", 3, role="data")], ("data", 0, 1)),
])
def test_the_weakest_role_is_the_one_with_the_smallest_share(
        items: list[Item], weakest: tuple[str, float, int] | None) -> None:
    assert risk.weakest_role(pilot(), items, TODAY) == weakest

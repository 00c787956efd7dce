"""When a sponsor is asked, which gate does not wait for the week to end, what waiting costs, what may be decided."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest

from bot.library import read_policy
from handlers.chat.cards import Card, plain
from handlers.chat.errors import Refused
from handlers.chat.wording import ENGLISH
from handlers.nudges.decision_cards import Matter, Sheet, cost, decision_card, moved_card
from handlers.nudges.decision_rules import (
    Wanted,
    ask,
    check_date,
    check_reason,
    free_from,
    is_gate_due,
    is_needed,
    opens_at,
    planned_end,
    weeks_of,
)
from handlers.people.calendar import Calendar
from storage.models import Item, ItemState, Person, PilotState
from storage.nudging import Decision
from tests.rules.make import asked, dossier, entry, item, person, pilot, seat

BERLIN = Calendar("Europe/Berlin", "DE")
MARTA = person("marta", "Marta Keller")
POLICY = read_policy(None).workspace
MON, TUE, WED, THU, FRI = (date(2026, 11, day) for day in (23, 24, 25, 26, 27))


def at(day: date, hour: int = 10, minute: int = 0) -> datetime:
    return BERLIN.at(day, time(hour, minute))


NOW = at(MON)

# ---- which gate is due: the pilot is in its build stage since 2 November, which may take 40 working days -----------


@pytest.mark.parametrize(("said", "its_pilot", "today", "expected"), [
    ({"due_on": FRI, "weight": 5}, {}, MON, False),                                 # not due, the stage has time
    ({"due_on": MON, "weight": 4}, {}, MON, True),                                  # due, and heavy enough
    ({"due_on": MON - timedelta(7), "weight": 4}, {}, MON, True),
    ({"due_on": MON - timedelta(7), "weight": 3}, {}, MON, False),                  # light: it waits its turn ...
    ({"due_on": MON - timedelta(7), "weight": 1}, {"stage_entered_on": date(2026, 9, 28)}, MON, True),  # ... but now
    ({"due_on": None, "weight": 1}, {"stage_entered_on": date(2026, 9, 28)}, MON, True),
    ({"due_on": MON, "weight": 1}, {"stage_entered_on": date(2026, 9, 29)}, MON, False),  # the day before the limit
    ({"due_on": MON, "weight": 5, "gate": None}, {"stage_entered_on": date(2026, 1, 5)}, MON, False),
    ({"due_on": MON, "weight": 5, "gate": "limited_rollout"}, {}, MON, False),      # a later gate
    ({"due_on": MON, "weight": 5, "gate": "build"}, {}, MON, True),                 # one that was passed without it
    ({"due_on": MON, "weight": 5, "is_advice": True}, {}, MON, False),
    ({"due_on": MON, "weight": 5, "gate": "a_stage_of_long_ago"}, {}, MON, False),
    ({"due_on": MON, "weight": 1}, {"stage": "continuous_improvement", "stage_entered_on": date(2025, 1, 6)}, MON,
     False),                                                                        # no limit, so never over it
])
def test_a_gate_is_due_for_which_the_decision_does_not_wait(said: Any, its_pilot: Any, today: date,
                                                            expected: bool) -> None:
    assert is_gate_due(item(**said), pilot(**its_pilot), today, BERLIN, POLICY.gate_weight) is expected


# ---- when to ask -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("now", "away", "expected"), [
    (at(MON, 9), None, None),
    (at(MON, 16, 29), None, None),
    (at(MON, 8, 59), None, at(MON, 9, 30)),
    (at(MON, 16, 30), None, at(TUE, 9, 30)),
    (at(MON, 3), None, at(MON, 9, 30)),
    (at(date(2026, 11, 28), 11), None, at(date(2026, 11, 30), 9, 30)),          # Saturday
    (at(date(2026, 12, 25), 11), None, at(date(2026, 12, 28), 9, 30)),          # Christmas
    (at(MON), THU, at(THU, 9, 30)),                                             # away; the first day back
    (at(MON), date(2026, 11, 28), at(date(2026, 11, 30), 9, 30)),
    (at(MON), MON, None),
])
def test_a_sponsor_is_asked_in_working_hours_on_a_day_they_are_here(now: datetime, away: date | None,
                                                                    expected: datetime | None) -> None:
    assert opens_at(person("marta", away_until=away), POLICY, now) == expected


@pytest.mark.parametrize(("sent", "per_week", "expected"), [
    ([], 1, None),
    ([at(MON, 9)], 1, at(MON + timedelta(7), 9, 30)),
    ([at(date(2026, 11, 17), 15)], 1, at(TUE, 9, 30)),                          # sent last Tuesday: tomorrow
    ([at(date(2026, 11, 16), 15)], 1, None),                                    # a week ago, whatever the hour
    ([at(date(2026, 11, 16), 15), at(FRI - timedelta(7))], 1, at(FRI, 9, 30)),
    ([at(date(2026, 11, 18)), at(FRI - timedelta(7))], 2, at(WED, 9, 30)),      # the older of two makes room first
    ([at(FRI - timedelta(7))], 2, None),
])
def test_a_week_lies_between_two_cards(sent: list[datetime], per_week: int, expected: datetime | None) -> None:
    assert free_from(sent, MARTA, replace(POLICY, decisions_per_week=per_week), NOW) == expected


def test_a_week_that_ends_on_a_holiday_ends_on_the_next_working_day() -> None:
    friday = date(2026, 12, 18)
    assert free_from([at(friday)], MARTA, POLICY, at(date(2026, 12, 21))) == at(date(2026, 12, 28), 9, 30)


def wants(pilot_id: int, *, since: date = MON, is_gate_due: bool = False) -> Wanted:
    return Wanted(pilot_id, at(since, 8), is_gate_due)


def test_one_card_is_sent_and_the_rest_waits_a_week_longest_waiting_first() -> None:
    found = ask([wants(1, since=WED), wants(2, since=MON), wants(3, since=TUE)], {}, [], MARTA, POLICY, NOW)
    assert (found.sent, found.joined) == ((2,), {})
    assert found.later == {1: at(MON + timedelta(7), 9, 30), 3: at(MON + timedelta(7), 9, 30)}


def test_what_a_due_gate_waits_for_is_asked_in_any_case_and_uses_the_week_up() -> None:
    found = ask([wants(1), wants(2, is_gate_due=True), wants(3, is_gate_due=True)], {}, [at(MON, 9)], MARTA, POLICY, NOW)
    assert found.sent == (2, 3)
    assert set(found.later) == {1}
    alone = ask([wants(1), wants(2, is_gate_due=True)], {}, [], MARTA, POLICY, NOW)
    assert (alone.sent, set(alone.later)) == ((2,), {1})


def test_at_night_not_even_a_due_gate_is_asked_about() -> None:
    found = ask([wants(1, is_gate_due=True)], {}, [], MARTA, POLICY, at(MON, 22))
    assert (found.sent, found.later) == ((), {1: at(TUE, 9, 30)})


def test_what_a_card_about_the_pilot_waits_for_already_joins_it_at_any_hour() -> None:
    found = ask([wants(1), wants(2)], {1: at(MON, 9)}, [at(MON, 9)], MARTA, POLICY, at(MON, 22))
    assert (found.joined, found.sent, set(found.later)) == ({1: at(MON, 9)}, (), {2})


# ---- what it costs, what may be decided ------------------------------------------------------------------------------


@pytest.mark.parametrize(("days", "weeks"), [(0, 0), (2, 0), (3, 1), (5, 1), (7, 1), (8, 2), (12, 2), (13, 3)])
def test_days_are_rounded_to_weeks(days: int, weeks: int) -> None:
    assert weeks_of(days) == weeks


@pytest.mark.parametrize(("due", "says"), [
    (MON, "nothing yet; its date is today"),
    (date(2026, 11, 20), "less than half a week so far (1 working day past its date; five make a week)"),
    (date(2026, 11, 12), "about one week so far (7 working days past its date; five make a week)"),
    (date(2026, 10, 26), "about 4 weeks so far (20 working days past its date; five make a week)"),
])
def test_the_cost_of_waiting_is_time_and_says_how_it_is_counted(due: date, says: str) -> None:
    assert cost(item(due_on=due), NOW, BERLIN, ENGLISH) == says


@pytest.mark.parametrize(("said", "its_pilot", "expected"), [
    ({}, {}, True), ({"state": ItemState.DONE}, {}, False), ({"state": ItemState.WAIVED}, {}, False),
    ({}, {"state": PilotState.PAUSED}, False), ({}, {"state": PilotState.STOPPED}, False)])
def test_a_decision_is_needed_while_the_item_is_open_and_the_pilot_runs(said: Any, its_pilot: Any, expected: bool) -> None:
    assert is_needed(item(**said), pilot(**its_pilot)) is expected


def test_a_new_date_is_another_one_and_within_the_plan() -> None:
    its_pilot = pilot()
    end = planned_end(its_pilot)
    assert end > date(2027, 1, 1)
    check_date(item(due_on=MON), FRI, its_pilot, MON)
    check_date(item(due_on=MON), end, its_pilot, MON)
    with pytest.raises(Refused, match="its date already"):
        check_date(item(due_on=MON), MON, its_pilot, MON)
    with pytest.raises(Refused, match="is planned to be in production") as refused:
        check_date(item(due_on=MON), end + timedelta(1), its_pilot, MON)
    assert "waive the item, pause the pilot or stop it" in str(refused.value)


def test_a_pilot_whose_plan_has_ended_may_be_given_any_date() -> None:
    its_pilot = pilot()
    check_date(item(due_on=MON), planned_end(its_pilot) + timedelta(30), its_pilot, planned_end(its_pilot) + timedelta(1))


@pytest.mark.parametrize(("reason", "says"), [("", "Say why"), ("  \n ", "Say why"), ("x" * 10_000, "10,000 characters")])
def test_a_reason_is_wanted_and_no_book(reason: str, says: str) -> None:
    with pytest.raises(Refused, match=says) as refused:
        check_reason(reason)
    assert set(refused.value.fields) == {"reason"}
    assert check_reason("  the vendor slipped\n") == "the vendor slipped"


# ---- the card --------------------------------------------------------------------------------------------------------


def decision(number: int = 1, **said: Any) -> Decision:
    fields: dict[str, Any] = {"workspace_id": "slack:T1", "pilot_id": 1, "item_id": number, "sponsor_id": MARTA.id,
                              "made_at": NOW, "asked_at": NOW}
    made = Decision(**(fields | said))
    made.id = number
    return made


def sheet(*items: Item, seats: Any = None, people: tuple[Person, ...] = (), its_pilot: Any = None, decisions: Any = None,
          entries: Any = (), **said: Any) -> Sheet:
    of = dossier(pilot(**(its_pilot or {})), items, seats or [seat("sponsor", "marta"), seat("engineering", "sam")],
                 [MARTA, *people])
    matters = [Matter(which, each, entries=entries) for each, which in zip(
        items, decisions or [decision(each.id) for each in items], strict=True)]
    return Sheet(of, MARTA, matters, NOW, **({"waivable": frozenset(each.id for each in items)} | said))


SAMS: dict[str, Any] = {"owner_id": "slack:USAM", "due_on": date(2026, 11, 12)}


def says(card: Card | None) -> str:
    assert card is not None
    return f"{card.title}\n{plain(card)}"


@pytest.mark.parametrize(("said", "expected"), [
    ({}, "Sam (Engineering), without a new date"),
    ({"plan_on": FRI}, "Sam (Engineering), planned for Fri 27 Nov"),
    ({"owner_id": None}, "nobody; Engineering is not filled in this pilot"),
    ({"blocked_at": NOW, "blocked_by": "slack:UOMAR", "blocked_reason": "CRM access"},
     "Omar, for whom Sam waits: CRM access"),
    ({"blocked_at": NOW, "blocked_reason": "the vendor"}, "nobody here; Sam waits: the vendor"),
])
def test_the_card_says_who_has_the_ball(said: Any, expected: str) -> None:
    assert expected in says(decision_card(sheet(item(id=1, **(SAMS | said))), ENGLISH))


def test_the_card_says_that_the_owner_has_left() -> None:
    gone = person("sam", "Sam", is_active=False)
    assert "nobody; Sam (Engineering) has left" in says(decision_card(sheet(item(id=1, **SAMS), people=(gone,)), ENGLISH))


def test_the_first_line_is_enough_for_a_phone() -> None:
    card = decision_card(sheet(item(id=1, **SAMS)), ENGLISH)
    assert card is not None
    assert card.title == "Decision wanted: Claims triage has waited 7 working days for “Title of B-02”"
    today = decision_card(sheet(item(id=1, **(SAMS | {"due_on": MON}))), ENGLISH)
    assert today is not None
    assert today.title == "Decision wanted: Claims triage waits for “Title of B-02”"


def test_what_was_not_tried_is_not_claimed() -> None:
    assert "What was tried: nothing that is on record" in says(decision_card(sheet(item(id=1, **SAMS)), ENGLISH))


@pytest.mark.parametrize(("others", "said", "expected"), [
    ([], {}, "Readiness review cannot begin without it, and nothing else holds that gate"),
    ([item("B-09", id=9)], {}, "Readiness review cannot begin without it; 1 more item holds that gate"),
    ([item("B-08", id=8), item("B-09", id=9)], {}, "2 more items hold that gate"),
    ([], {"gate": "production"}, "Production cannot begin without it; that gate comes later"),
    ([], {"gate": None}, "it holds none; the pilot can go on without it"),
    ([], {"is_advice": True}, "it holds none"),
])
def test_the_card_says_which_gate_it_holds_and_what_else_does(others: list[Item], said: Any, expected: str) -> None:
    its = item(id=1, **(SAMS | said))
    shown = sheet(its)
    shown.dossier.items.extend(others)
    assert expected in says(decision_card(shown, ENGLISH))


def test_a_floor_item_cannot_be_waived_by_the_sponsor_and_the_card_says_by_whom() -> None:
    its = item("R-05", id=1, role="operations", **SAMS)
    card = decision_card(sheet(its, seats=[seat("sponsor", "marta"), seat("operations", "ana")],
                               waivable=frozenset()), ENGLISH)
    assert "It belongs to the safety floor: only Ana, Operations can waive it." in says(card)
    assert "decide:1:waive" not in repr(card)
    own = decision_card(sheet(its), ENGLISH)
    assert "safety floor" not in says(own)
    assert "decide:1:waive" in repr(own)


def test_what_also_waits_has_its_own_choices_and_the_pilots_stand_once() -> None:
    card = decision_card(sheet(item(id=1, **SAMS), item("B-03", id=2, **SAMS)), ENGLISH)
    assert "Also waiting for your decision" in says(card)
    assert "decide:2:date" in repr(card)
    assert repr(card).count(":pause'") == repr(card).count(":stop'") == 1


CHANGES = [
    ("item done", {"evidence": "https://wiki"}, "No decision is needed any more: Title of B-02 (Claims triage) is done",
     "By Priya: https://wiki"),
    ("briefing held", {"evidence": "Held"}, "is done", "By Priya: Held"),
    ("item not applicable", {"reason": "no data"}, "does not apply", "By Priya: no data"),
    ("item waived", {"waived_until": "2026-11-27", "reason": "x"}, "is waived until Fri 27 Nov", "By Priya: x"),
    ("item due moved", {"due_on": "2026-12-04", "reason": "x"}, "is due Fri 4 Dec now", "By Priya: x"),
    ("item handed over", {"owner": "slack:USAM"}, "is with Sam now", "By Priya."),
    ("pilot paused", {"reason": "budget"}, "No decision is needed now: Claims triage is paused", "By Priya: budget"),
    ("pilot stopped", {"reason": "no budget"}, "Claims triage was stopped", "By Priya: no budget"),
]


@pytest.mark.parametrize(("what", "after", "title", "by"), CHANGES)
def test_a_card_says_what_became_of_it_and_by_whom(what: str, after: Any, title: str, by: str) -> None:
    closed = decision(1, closed_at=NOW)
    card = decision_card(sheet(item(id=1, **SAMS), decisions=[closed], is_shown=True, people=(person("priya"),),
                               entries=[entry(what, "B-02", after=after)]), ENGLISH)
    assert card is not None
    assert title in card.title
    assert by in plain(card)
    assert "decide:" not in repr(card)


def test_a_card_whose_matter_was_settled_before_it_was_sent_is_never_sent() -> None:
    assert decision_card(sheet(item(id=1, **SAMS), decisions=[decision(1, closed_at=NOW)]), ENGLISH) is None
    assert moved_card(sheet(item(id=1, **SAMS)), MARTA, ENGLISH) is None


def test_whoever_sponsored_before_reads_who_does_now() -> None:
    shown = sheet(item(id=1, **SAMS), is_shown=True)
    assert "Carol sponsors Claims triage now and is asked about Title of B-02" in says(
        moved_card(shown, person("carol"), ENGLISH))
    nobody = says(moved_card(shown, None, ENGLISH))
    assert "Claims triage has no sponsor now" in nobody
    assert "/pilot team sponsor @who" in nobody


def test_seats_that_are_only_asked_are_filled_all_the_same() -> None:
    assert "Sam (Engineering)" in says(decision_card(sheet(
        item(id=1, **SAMS), seats=[asked("engineering", "sam"), seat("sponsor", "marta")]), ENGLISH))

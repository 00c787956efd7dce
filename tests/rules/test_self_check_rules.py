"""Which nudges have helped, what follows where too few did, and what a report may conclude."""

from datetime import date, datetime, time, timedelta

import pytest

from handlers.chat.cards import plain
from handlers.chat.wording import ENGLISH
from handlers.nudges.policy import SelfCheck, Step
from handlers.nudges.self_check_cards import Report, change_card, report_card
from handlers.nudges.self_check_rules import (
    HALVED,
    RESTORED,
    Figures,
    Nudged,
    Share,
    Verdict,
    figures,
    has_helped,
    trend,
    verdict,
    weakest,
)
from handlers.people.calendar import Calendar
from storage.nudging import Told
from tests.rules.make import entry, pilot

BERLIN, TOKYO = Calendar("Europe/Berlin", "DE"), Calendar("Asia/Tokyo", "JP")
MON, TUE, WED, THU, FRI = (date(2026, 11, day) for day in (23, 24, 25, 26, 27))
CHECK = SelfCheck(window_days=20, least_share=0.3, least_nudges=20)


def at(day: date, hour: int = 9, minute: int = 30, calendar: Calendar = BERLIN) -> datetime:
    return calendar.at(day, time(hour, minute))


def told(said: datetime, acted: datetime | None = None, step: Step = Step.DUE, item: int = 1, *,
         is_copy: bool = False, calendar: Calendar = BERLIN) -> Nudged:
    return Nudged(Told(workspace_id="slack:T1", person_id="slack:USAM", item_id=item, pilot_id=1, nudge_id=1, step=step,
                       at=said, is_copy=is_copy, acted_at=acted), calendar)


@pytest.mark.parametrize(("nudged", "now", "expected"), [
    (told(at(MON), at(MON, 9, 31)), at(MON, 12), True),
    (told(at(MON), at(TUE, 23)), at(WED), True),                        # by the end of the next working day
    (told(at(MON), at(WED, 0, 1)), at(WED), False),
    (told(at(FRI), at(FRI + timedelta(3), 18)), at(FRI + timedelta(5)), True),      # over the weekend
    (told(at(MON)), at(TUE, 23), None),                                 # the day is not over
    (told(at(MON)), at(WED, 0, 1), False),
    (told(at(FRI)), at(FRI + timedelta(3), 20), None),
    (told(at(MON, calendar=TOKYO), at(TUE, 22, 0, TOKYO), calendar=TOKYO), at(THU), True),
    # Monday 23 November 2026 is a holiday in Japan: the reader's days count, not the sender's.
    (told(at(FRI - timedelta(7), calendar=TOKYO), at(TUE, 10, 0, TOKYO), calendar=TOKYO), at(THU), True),
    (told(at(FRI - timedelta(7)), at(TUE, 10)), at(THU), False),
])
def test_a_nudge_has_helped_where_somebody_acted_within_a_working_day_of_its_reader(
        nudged: Nudged, now: datetime, expected: bool | None) -> None:
    assert has_helped(nudged, now) is expected


def found_in(*each: Nudged, now: datetime | None = None) -> Figures:
    return figures(each, now or at(FRI), FRI, BERLIN, 20)


def test_copies_escalations_and_what_channels_said_are_no_nudges_of_this_kind() -> None:
    found = found_in(told(at(MON), at(MON)), told(at(MON), step=Step.LEAD), told(at(MON), step=Step.CHANNEL),
                     told(at(MON), step=Step.RESOLVED), told(at(MON), is_copy=True), told(at(FRI)))
    assert found.total == Share(1, 1), "and what was said today is not over yet"
    assert found.steps == {"due": Share(1, 1)}
    assert found.told_on == {"L1": 1, "L2": 0, "L3": 0}


def test_steps_are_counted_each_for_itself_in_their_order() -> None:
    found = found_in(told(at(MON), step=Step.WARN), told(at(MON), at(MON), Step.PLAN_PROMPT), told(at(MON), at(TUE)),
                     told(at(MON)), told(at(MON), at(MON), Step.HELD))
    assert list(found.steps.items()) == [("plan_prompt", Share(1, 1)), ("due", Share(1, 2)), ("warn", Share(0, 1)),
                                         ("held", Share(1, 1))]
    assert found.total == Share(3, 5)


def test_weeks_are_of_five_working_days_oldest_first() -> None:
    # The last of them ends today, Friday 27 November.
    found = found_in(told(at(MON), at(MON)), told(at(TUE)), told(at(date(2026, 11, 20))), told(at(date(2026, 11, 2)), at(date(2026, 11, 2))),
                     told(at(date(2026, 10, 30))))
    assert found.weeks == (Share(1, 2), Share(0, 0), Share(0, 1), Share(1, 2))


def test_a_warning_worked_where_the_item_moved_before_anybody_else_was_told() -> None:
    found = found_in(
        told(at(MON), at(TUE), Step.WARN, 1),                                                   # moved
        told(at(MON), step=Step.WARN, item=2), told(at(TUE), step=Step.LEAD, item=2),           # told on
        told(at(MON), at(THU), Step.WARN, 3), told(at(WED), step=Step.LEAD, item=3),            # moved after that
        told(at(MON), step=Step.WARN, item=4),                                                  # neither yet
        told(at(MON), step=Step.STAND_IN, item=5), told(at(MON), step=Step.WARN, item=5))
    assert found.warned == Share(1, 4)


# ---- what follows ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("helped", "of", "is_halved", "expected"), [
    (0, 0, False, Verdict.FINE), (0, 19, False, Verdict.FINE),            # too few to conclude anything
    (5, 20, False, Verdict.HALVE), (0, 20, False, Verdict.HALVE),
    (6, 20, False, Verdict.FINE), (29, 97, False, Verdict.HALVE),         # 30 % is enough, 29.9 % is not
    (20, 20, False, Verdict.FINE),
    (0, 9, True, Verdict.FINE), (9, 9, True, Verdict.FINE),               # half as many are enough, no fewer
    (2, 10, True, Verdict.FINE), (3, 10, True, Verdict.RESTORE), (10, 10, True, Verdict.RESTORE),
])
def test_too_few_that_help_halve_the_nudges_and_enough_bring_them_back(helped: int, of: int, is_halved: bool,
                                                                       expected: Verdict) -> None:
    found = Figures(Share(helped, of), {}, (), {}, Share())
    assert verdict(found, CHECK, is_halved=is_halved) is expected


def test_a_policy_that_wants_no_nudges_at_all_concludes_nothing_from_none() -> None:
    check = SelfCheck(window_days=20, least_share=0.3, least_nudges=0)
    assert verdict(Figures(Share(0, 0), {}, (), {}, Share()), check, is_halved=False) is Verdict.FINE


def test_the_weakest_wording_is_among_those_said_often_enough() -> None:
    assert weakest({"due": Share(4, 8), "warn": Share(0, 2), "overdue": Share(1, 6)}) == "overdue"
    assert weakest({"due": Share(2, 3), "warn": Share(0, 2)}) == "warn", "where none was, the best there is"
    assert weakest({"due": Share(0, 5), "warn": Share(0, 9)}) == "warn", "of two, the one said more often"
    assert weakest({}) is None


@pytest.mark.parametrize(("weeks", "expected"), [
    ((), None), ((Share(1, 4), Share(4, 9)), None), ((Share(1, 5), Share(4, 5)), 60),
    ((Share(4, 5), Share(0, 0), Share(0, 0), Share(1, 5)), -60), ((Share(1, 5), Share(9, 9), Share(1, 5)), 0)])
def test_a_trend_needs_something_on_both_sides(weeks: tuple[Share, ...], expected: int | None) -> None:
    assert trend(weeks) == expected


# ---- in words --------------------------------------------------------------------------------------------------------


def test_the_lead_reads_how_few_helped_and_which_wording_fails() -> None:
    said = plain(change_card(pilot(), entry(HALVED, after={
        "acted_on": 5, "nudges": 20, "working_days": 20, "steps": {"due": [4, 8], "overdue": [1, 12]}}), ENGLISH))
    assert said.startswith("My nudges about Claims triage come half as often now: 25 % were acted on")
    assert "5 of 20 nudges in 20 working days were acted on within a working day of their reader." in said
    assert "• The one that says that it is due: 4 of 8" in said
    assert "Weakest wording: the one that says that it was due." in said
    assert "/pilot report nudges" in said


def test_the_lead_reads_that_they_help_again() -> None:
    said = plain(change_card(pilot(), entry(RESTORED, after={"acted_on": 6, "nudges": 10, "working_days": 20,
                                                             "steps": {"due": [6, 10]}}), ENGLISH))
    assert said.startswith("My nudges about Claims triage come as often as before: 60 % were acted on")
    assert "Weakest" not in said


def report(found: Figures, **said: object) -> str:
    fields = {"put_off": 0, "quiet": 0, "cards": 0} | said
    of = fields.pop("of", pilot())
    return plain(report_card(Report(of, found, CHECK, FRI, **fields), ENGLISH))  # type: ignore[arg-type]


def test_a_report_fits_a_phone_and_says_all_it_knows() -> None:
    found = Figures(Share(10, 25), {"plan_prompt": Share(6, 9), "due": Share(4, 16)},
                    (Share(2, 8), Share(2, 5), Share(3, 6), Share(3, 6)), {"L1": 3, "L2": 1, "L3": 0}, Share(4, 7))
    said = report(found, put_off=1, quiet=2, cards=1)
    assert said.splitlines()[0] == "Claims triage: 40 % of nudges were acted on within a working day"
    assert "• The one that asks for a plan: 6 of 9" in said
    assert "Week by week, oldest first: 25 % · 40 % · 50 % · 50 % (better by 19 points)" in said
    assert "Escalations: pilot lead 3, head of the function 1, sponsor 1" in said
    assert "Warnings: 4 of 7 items moved before anybody else was told" in said
    assert "Items put off once; 2 people are on quiet now" in said
    assert "Under 30 % I come half as often in this pilot" in said
    assert len(said.splitlines()) <= 12
    assert len(said) < 1200


def test_a_report_says_when_there_is_too_little_to_conclude() -> None:
    nothing = Figures(Share(), {}, (Share(),) * 4, {"L1": 0, "L2": 0, "L3": 0}, Share())
    said = report(nothing)
    assert said.splitlines()[0] == "Claims triage: no nudge yet whose working day is over"
    assert "– · – · – · – (too little to see a trend)" in said
    assert "Escalations: none" in said
    assert "Warnings: none that is settled yet" in said
    assert "With fewer than 20 nudges this says little yet, and nothing follows from it." in said
    some = report(Figures(Share(1, 3), {"due": Share(1, 3)}, (Share(1, 3),), {"L1": 0, "L2": 0, "L3": 0}, Share()))
    assert "With fewer than 20 nudges" in some


def test_a_report_says_since_when_they_come_half_as_often() -> None:
    found = Figures(Share(10, 25), {}, (), {"L1": 0, "L2": 0, "L3": 0}, Share())
    assert "They come half as often since Mon 23 Nov." in report(found, of=pilot(halved_on=MON))

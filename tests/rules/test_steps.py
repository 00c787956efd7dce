"""What the policy says about an item, to whom, and when: walked through day by day."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handlers.nudges.policy import Budget, Cadence, Step
from handlers.nudges.standing import calendar_for
from storage.models import ItemKind, PilotState
from tests.rules.ladder import HELEN, MARTA, OMAR, POLICY, PRIYA, SAM, Way, way
from tests.rules.make import item, person, pilot

MON, TUE, WED, THU, FRI = (date(2026, 11, day) for day in range(23, 28))
MON2, TUE2, WED2, THU2, FRI2 = (day + timedelta(days=7) for day in (MON, TUE, WED, THU, FRI))
BRIEFING: dict[str, Any] = {"ref": "W1-02", "role": "legal", "kind": ItemKind.MEETING, "stage": "week_one",
                            "gate": "build", "weight": 5, "due_on": FRI}
FORMER = pilot(kickoff_on=MON)


def berlin(day: date, hour: int = 9, minute: int = 30) -> datetime:
    return datetime(day.year, day.month, day.day, hour - 1, minute, tzinfo=UTC)


def sams(**said: Any) -> Any:
    return item(said.pop("ref", "B-02"), **({"owner_id": SAM.id, "role": "engineering"} | said))


# ---- the whole way -----------------------------------------------------------------------------------------


def test_an_item_nobody_touches_is_introduced_asked_about_warned_of_and_told_on_then_there_is_silence() -> None:
    one = way(sams(due_on=THU))
    assert one.walk(berlin(date(2026, 11, 16))) == [
        ("Mon 16", "introduce", "sam"),
        ("Mon 23", "plan_prompt", "sam"),
        ("Thu 26", "due", "sam"),
        ("Fri 27", "overdue", "sam"),
        ("Tue 1", "warn", "sam"),
        ("Wed 2", "L1", "priya"), ("Wed 2", "L1", "sam (copy)"),
        ("Fri 4", "L2", "helen"), ("Fri 4", "L2", "sam (copy)"), ("Fri 4", "L2", "priya (copy)"),
        ("Thu 10", "L3", "marta"), ("Thu 10", "L3", "sam (copy)"), ("Thu 10", "L3", "priya (copy)")]
    assert (one.item.step, one.item.next_at) == ("stop", None), "it is listed as stuck"


def test_a_heavy_gate_item_climbs_faster_and_is_overdue_and_warned_of_in_one_message() -> None:
    one = way(sams(due_on=THU, weight=4))
    assert one.walk(berlin(date(2026, 11, 16))) == [
        ("Mon 16", "introduce", "sam"), ("Mon 23", "plan_prompt", "sam"), ("Thu 26", "due", "sam"),
        ("Fri 27", "warn", "sam"),
        ("Mon 30", "L1", "priya"), ("Mon 30", "L1", "sam (copy)"),
        ("Wed 2", "L2", "helen"), ("Wed 2", "L2", "sam (copy)"), ("Wed 2", "L2", "priya (copy)"),
        ("Mon 7", "L3", "marta"), ("Mon 7", "L3", "sam (copy)"), ("Mon 7", "L3", "priya (copy)")]


@pytest.mark.parametrize("said", [{"weight": 5, "gate": None}, {"weight": 5, "is_advice": True}, {"weight": 3}])
def test_what_holds_no_gate_or_little_takes_the_slower_way(said: dict[str, Any]) -> None:
    one = way(sams(due_on=THU, **said))
    assert ("Fri 27", "overdue", "sam") in one.walk(berlin(date(2026, 11, 16)))


def test_a_briefing_nobody_arranges_follows_the_week_from_its_kickoff() -> None:
    one = way(sams(**BRIEFING), heads={"legal": HELEN.id})
    assert one.walk(berlin(MON)) == [
        ("Tue 24", "follow_up", "sam"),
        ("Wed 25", "warn", "sam"), ("Wed 25", "stand_in", "helen"),
        ("Thu 26", "L1", "priya"), ("Thu 26", "L1", "sam (copy)"),
        ("Fri 27", "L3", "marta"), ("Fri 27", "L3", "sam (copy)"), ("Fri 27", "L3", "priya (copy)")]
    assert one.item.step == "stop"


def test_a_briefing_with_a_slot_is_left_alone_and_asked_about_every_other_day_once_that_has_passed() -> None:
    one = way(sams(**BRIEFING, slot_at=berlin(WED, 14), plan_on=WED))
    assert one.walk(berlin(MON), until=berlin(WED2, 12)) == [
        ("Thu 26", "held", "sam"), ("Mon 30", "held", "sam"), ("Wed 2", "held", "sam")]
    assert one.item.step is None, "the ladder is where it was"


def test_a_machine_that_was_off_says_one_thing_and_takes_the_rungs_a_day_apart() -> None:
    one = way(sams(due_on=date(2026, 11, 2)))
    assert one.walk(berlin(MON))[:4] == [
        ("Mon 23", "warn", "sam"), ("Tue 24", "L1", "priya"), ("Tue 24", "L1", "sam (copy)"),
        ("Wed 25", "L2", "helen")]


def test_looked_at_twice_it_says_nothing_twice() -> None:
    one = way(sams(due_on=MON))
    assert len(one.look(berlin(MON)).entries) == 1
    assert one.look(berlin(MON)).entries == ()
    assert one.look(berlin(MON, 12)).entries == ()


# ---- nobody is told on before they were warned -------------------------------------------------------------


@pytest.mark.parametrize("seen", [None, MON])
def test_nobody_is_told_on_before_the_warning_was_seen_a_working_day_ago(seen: date | None) -> None:
    one = way(sams(due_on=date(2026, 11, 2), step="warn", step_on=MON))
    one.heard = replace(one.heard, warned={SAM.id: seen})
    said = one.look(berlin(TUE)).entries
    assert bool(said) is (seen is not None)
    if seen is None:
        assert one.item.next_at == berlin(WED), "it is looked at again the next morning"


def test_a_holiday_of_whoever_was_warned_is_no_day_they_had() -> None:
    omar = person("omar", zone="Asia/Kolkata", country="IN")
    sam = person("sam", away_until=date(2027, 4, 1), delegate_id=omar.id)
    friday, holi, tuesday = date(2027, 3, 19), date(2027, 3, 22), date(2027, 3, 23)
    one = way(sams(due_on=date(2027, 3, 1)), people=(sam, omar, PRIYA, MARTA, HELEN))
    one.walk(berlin(friday), until=berlin(holi, 6))
    assert one.said == [("Fri 19", "warn", "omar")]
    assert one.look(berlin(holi)).entries == ()
    assert [(step, who) for _, step, who in one.walk(berlin(tuesday), until=berlin(tuesday, 12))][:1] == [("L1", "priya")]


def test_a_policy_that_forgets_the_warning_still_warns() -> None:
    days = {step: day for step, day in POLICY.normal.days.items() if step is not Step.WARN}
    one = way(sams(due_on=THU), policy=replace(POLICY, normal=Cadence(days)))
    said = one.walk(berlin(THU))
    assert [step for _, step, _ in said][:3] == ["due", "overdue", "warn"]
    assert said.index(("Tue 1", "warn", "sam")) < said.index(("Wed 2", "L1", "priya"))


@pytest.mark.parametrize("missing", [*POLICY.normal.days])
def test_a_policy_may_leave_out_any_step(missing: Step) -> None:
    days = {step: day for step, day in POLICY.normal.days.items() if step is not missing}
    one = way(sams(due_on=THU), policy=replace(POLICY, normal=Cadence(days)))
    said = [step for _, step, _ in one.walk(berlin(date(2026, 11, 16)))]
    assert missing in ("warn", "stop") or missing not in said
    assert said == sorted(said, key=[*Step].index)


def test_a_policy_without_a_ladder_only_ever_speaks_to_the_owner() -> None:
    days = {Step.DUE: 0, Step.OVERDUE: 1}
    one = way(sams(due_on=THU), policy=replace(POLICY, normal=Cadence(days)))
    assert one.walk(berlin(MON)) == [("Thu 26", "due", "sam"), ("Fri 27", "overdue", "sam")]


@settings(max_examples=60, deadline=None)
@given(st.dates(date(2026, 9, 1), date(2027, 3, 1)), st.integers(0, 20), st.sampled_from([1, 3, 4, 5]),
       st.sampled_from(["Europe/Berlin/DE", "America/New_York/US", "Asia/Tokyo/JP", "Asia/Dubai/AE"]),
       st.sampled_from(["Europe/Berlin/DE", "America/New_York/US", "Asia/Tokyo/JP", "Asia/Dubai/AE"]))
def test_everything_is_said_on_a_working_morning_of_its_reader_warned_first_and_a_rung_a_day(
        due: date, off: int, weight: int, home: str, leads: str) -> None:
    owner = person("sam", zone=home.rpartition("/")[0], country=home.rpartition("/")[2])
    lead = person("priya", zone=leads.rpartition("/")[0], country=leads.rpartition("/")[2])
    one = way(sams(due_on=due, weight=weight), people=(owner, lead, MARTA, HELEN, OMAR))
    one.walk(datetime(due.year, due.month, due.day, 8, 31, tzinfo=UTC) + timedelta(days=off - 10))
    everybody = {each.handle: each for each in one.people}
    for (_, _, who), at in zip(one.said, one.times, strict=True):
        calendar = calendar_for(everybody[who.partition(" ")[0]])
        assert calendar.is_working(calendar.today(at))
        assert time(9, 30) <= calendar.local(at).time() < time(16, 30)
    rungs = [step for _, step, who in one.said if "copy" not in who]
    assert len(rungs) == len(set(rungs)), "nothing is said twice"
    assert rungs.index("warn") < rungs.index("L1")
    calendar = calendar_for(owner)
    days = {step: calendar.today(at) for (_, step, _), at in zip(reversed(one.said), reversed(one.times), strict=True)}
    assert calendar.between(days["warn"], days["L1"]) >= 1


# ---- who hears ---------------------------------------------------------------------------------------------


def _ladder(one: Way) -> list[tuple[str, str]]:
    return [(step, who) for _, step, who in one.walk(berlin(MON)) if "copy" not in who]


LATE: dict[str, Any] = {"due_on": date(2026, 11, 2)}


@pytest.mark.parametrize(("said", "around", "heard"), [
    # the lead owns it: the head hears in the lead's place
    ({"owner_id": PRIYA.id}, {}, [("warn", "priya"), ("L2", "helen"), ("L3", "marta")]),
    # the head is the sponsor: told as head, asked to decide as sponsor, each once
    ({}, {"heads": {"engineering": MARTA.id}},
     [("warn", "sam"), ("L1", "priya"), ("L2", "marta"), ("L3", "marta")]),
    # the lead is the head: not told twice
    ({}, {"heads": {"engineering": PRIYA.id}}, [("warn", "sam"), ("L1", "priya"), ("L3", "marta")]),
    # owner, lead and sponsor are one: only the head is left
    ({"owner_id": PRIYA.id}, {"seats": {"lead": PRIYA.id, "sponsor": PRIYA.id}},
     [("warn", "priya"), ("L2", "helen")]),
    # nobody heads the function: the lead hears that
    ({}, {"heads": {}}, [("warn", "sam"), ("L1", "priya"), ("L2", "priya"), ("L3", "marta")]),
    # a sponsor's own item, who has left: a sponsor is no function with a head
    ({"role": "sponsor", "owner_id": MARTA.id}, {"seats": {"lead": PRIYA.id}, "heads": {}},
     [("warn", "marta"), ("L1", "priya"), ("L3", "priya")]),
    # no sponsor: the lead hears that
    ({}, {"seats": {"lead": PRIYA.id}}, [("warn", "sam"), ("L1", "priya"), ("L2", "helen"), ("L3", "priya")]),
    # no lead: whoever registered the pilot
    ({}, {"seats": {"sponsor": MARTA.id}, "pilot": pilot(created_by=OMAR.id)},
     [("warn", "sam"), ("L1", "omar"), ("L2", "helen"), ("L3", "marta")]),
    # the one it waits for hears, not its owner
    ({"blocked_at": berlin(MON, 8), "blocked_by": OMAR.id}, {},
     [("warn", "omar"), ("L1", "priya"), ("L2", "helen"), ("L3", "marta")]),
    # what it waits for is a thing: the owner is only warned
    ({"blocked_at": berlin(MON, 8)}, {}, [("warn", "sam"), ("L1", "priya"), ("L2", "helen"), ("L3", "marta")]),
    # nobody owns it: the lead is asked, so the head is the first to be told
    ({"owner_id": None}, {}, [("warn", "priya"), ("L2", "helen"), ("L3", "marta")]),
])
def test_who_hears_a_late_item(said: Any, around: Any, heard: list[tuple[str, str]]) -> None:
    assert _ladder(way(sams(**(LATE | said)), **around)) == heard


@pytest.mark.parametrize(("owner", "asked"), [
    (person("sam", is_active=False), "priya"),
    (person("sam", away_until=FRI2), "priya"),
    (person("sam", away_until=FRI2, delegate_id=OMAR.id), "omar"),
    (person("sam", away_until=FRI2, delegate_id="slack:UGHOST"), "priya"),
    (person("sam", away_until=MON, delegate_id=OMAR.id), "sam"),        # is back today
    (person("sam", away_until=FRI2, delegate_id=SAM.id), "priya"),      # a circle of one
])
def test_who_is_asked_for_somebody_who_is_not_here(owner: Any, asked: str) -> None:
    one = way(sams(due_on=MON), people=(owner, PRIYA, MARTA, HELEN, OMAR))
    assert [entry.person.handle for entry in one.look(berlin(MON)).entries] == [asked]


def test_delegates_who_stand_in_for_each_other_do_not_go_in_circles() -> None:
    sam = person("sam", away_until=FRI2, delegate_id=OMAR.id)
    omar = person("omar", away_until=FRI2, delegate_id=SAM.id)
    one = way(sams(due_on=MON), people=(sam, omar, PRIYA, MARTA, HELEN))
    assert [entry.person.handle for entry in one.look(berlin(MON)).entries] == ["priya"]
    chained = person("omar", away_until=FRI2, delegate_id=HELEN.id)
    one = way(sams(due_on=MON), people=(sam, chained, PRIYA, MARTA, HELEN))
    assert [entry.person.handle for entry in one.look(berlin(MON)).entries] == ["helen"]


def test_a_new_blocker_is_warned_before_others_hear() -> None:
    one = way(sams(due_on=date(2026, 11, 2)))
    one.walk(berlin(MON), until=berlin(MON, 12))
    assert one.said == [("Mon 23", "warn", "sam")]
    one.item.blocked_at, one.item.blocked_by = berlin(MON, 11), OMAR.id
    assert [(step, who) for _, step, who in one.walk(berlin(TUE), until=berlin(WED, 12))] == [
        ("warn", "omar"), ("L1", "priya"), ("L1", "omar (copy)")]


def test_somebody_mentioned_in_the_channel_this_morning_is_not_told_again_but_warned_all_the_same() -> None:
    one = way(sams(due_on=MON))
    one.heard = replace(one.heard, in_channel={SAM.id: berlin(MON, 9, 30)})
    assert one.look(berlin(MON)).entries == ()
    assert one.item.step == "due"
    late = way(sams(**LATE))
    late.heard = one.heard
    assert [entry.step for entry in late.look(berlin(MON)).entries] == ["warn"]
    before = way(sams(due_on=TUE))
    before.heard = one.heard
    assert [entry.step for entry in before.look(berlin(TUE)).entries] == ["due"], "that was yesterday"


# ---- when nothing is said ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("said", "first"), [
    ({"plan_on": WED}, ("Wed 25", "planned")),
    ({"plan_on": date(2026, 11, 28)}, ("Mon 30", "planned")),              # planned for a Saturday
    ({"snoozed_until": THU}, ("Thu 26", "warn")),
    ({"active_at": berlin(MON, 8)}, ("Tue 24", "overdue")),
    ({"active_at": berlin(date(2026, 11, 20), 8)}, ("Mon 23", "due")),
    ({"active_at": berlin(date(2026, 11, 20), 15)}, ("Tue 24", "overdue")),  # Friday afternoon: less than a day ago
    ({"due_on": FRI, "owner_since": berlin(MON, 8)}, ("Tue 24", "plan_prompt")),
    ({"due_on": FRI2, "owner_since": berlin(MON, 8)}, ("Tue 24", "introduce")),
    ({"due_on": MON, "owner_since": berlin(MON, 8)}, ("Mon 23", "due")),    # never too young on the day itself
    ({"due_on": date(2026, 11, 20), "owner_since": berlin(MON, 8)}, ("Mon 23", "overdue")),
    ({"due_on": FRI2, "is_handed_over": True}, ("Tue 1", "plan_prompt")),   # a message of its own introduced it
])
def test_what_rests_is_left_alone_until_then(said: Any, first: tuple[str, str]) -> None:
    one = way(sams(**({"due_on": MON} | said)))
    assert one.walk(berlin(MON), until=berlin(FRI2))[0][:2] == first


@pytest.mark.parametrize("around", [
    {"pilot": pilot(state=PilotState.PAUSED)}, {"pilot": pilot(state=PilotState.STOPPED)},
    {"item": sams(due_on=None)}])
def test_there_is_nothing_to_say(around: Any) -> None:
    one = Way(**({"item": sams(due_on=MON)} | around))
    assert one.walk(berlin(MON)) == []
    assert one.item.next_at is None


def test_where_nobody_is_there_to_ask_it_is_looked_at_again_the_next_morning() -> None:
    outcome = way(sams(due_on=MON), people=()).look(berlin(FRI))
    assert (outcome.entries, outcome.next_at) == ((), berlin(MON2))


def test_a_plan_that_was_broken_resumes_the_ladder_where_it_was() -> None:
    one = way(sams(due_on=MON, step="overdue", step_on=TUE, plan_on=THU))
    assert one.walk(berlin(WED), until=berlin(WED2)) == [
        ("Thu 26", "planned", "sam"), ("Fri 27", "warn", "sam"), ("Mon 30", "L1", "priya"),
        ("Mon 30", "L1", "sam (copy)"), ("Tue 1", "L2", "helen"), ("Tue 1", "L2", "sam (copy)"),
        ("Tue 1", "L2", "priya (copy)")]


def test_after_the_ladder_a_new_plan_is_asked_about_and_silence_returns() -> None:
    one = way(sams(due_on=date(2026, 10, 1), step="stop", step_on=MON, plan_on=WED))
    assert one.walk(berlin(TUE)) == [("Wed 25", "planned", "sam")]
    assert (one.item.step, one.item.next_at) == ("stop", None)


# ---- how often ---------------------------------------------------------------------------------------------


def test_a_weekly_digest_comes_on_the_first_working_day_but_warnings_do_not_wait() -> None:
    weekly = person("sam", digest="weekly")
    one = way(sams(due_on=TUE), people=(weekly, PRIYA, MARTA, HELEN))
    assert one.walk(berlin(date(2026, 11, 18)), until=berlin(MON2)) == [
        ("Mon 23", "plan_prompt", "sam"), ("Fri 27", "warn", "sam"), ("Mon 30", "L1", "priya"),
        ("Mon 30", "L1", "sam (copy)")]
    heavy = way(sams(due_on=TUE, weight=5), people=(weekly, PRIYA, MARTA, HELEN))
    assert ("Wed 25", "warn", "sam") in heavy.walk(berlin(TUE), until=berlin(THU))
    easter = way(sams(due_on=date(2026, 4, 10)), people=(weekly, PRIYA, MARTA, HELEN))
    assert easter.walk(berlin(date(2026, 4, 3)), until=berlin(date(2026, 4, 8)))[0][0] == "Tue 7", "Monday is a holiday"


def test_a_pilot_whose_nudges_were_halved_speaks_every_other_morning_and_warns_all_the_same() -> None:
    one = way(sams(due_on=FRI), pilot=pilot(halved_on=MON))
    assert one.walk(berlin(TUE), until=berlin(FRI2)) == [
        ("Wed 25", "plan_prompt", "sam"), ("Fri 27", "due", "sam"), ("Mon 30", "overdue", "sam"),
        ("Wed 2", "warn", "sam"), ("Thu 3", "L1", "priya"), ("Thu 3", "L1", "sam (copy)")]
    late = way(sams(**LATE), pilot=pilot(halved_on=MON))
    assert [step for _, step, _ in late.walk(berlin(TUE), until=berlin(THU))] == ["warn", "L1", "L1", "L2", "L2", "L2"]


def test_a_weeks_budget_that_is_spent_waits_for_the_next_week() -> None:
    policy = replace(POLICY, budget=Budget(per_day=1, per_week=2, immediate_per_day=2))
    made = {SAM.id: {MON: berlin(MON), TUE: berlin(TUE)}}
    one = way(sams(due_on=WED), policy=policy, made=made)
    assert one.walk(berlin(WED), until=berlin(MON2)) == [("Mon 30", "warn", "sam")]


def test_a_digest_that_was_read_takes_nothing_more_that_day() -> None:
    one = way(sams(due_on=MON), made={SAM.id: {MON: berlin(MON)}})
    assert one.look(berlin(MON, 12)).entries == ()
    assert one.item.next_at == berlin(TUE)
    gathering = way(sams(due_on=MON), made={SAM.id: {MON: berlin(MON)}})
    assert len(gathering.look(berlin(MON, 9, 35)).entries) == 1


@pytest.mark.parametrize(("now", "next_at"), [
    (berlin(MON, 8), berlin(MON)), (berlin(MON, 9, 10), berlin(MON)), (berlin(MON, 16, 30), berlin(TUE)),
    (berlin(date(2026, 11, 28), 12), berlin(MON2)), (berlin(date(2026, 12, 24), 22), berlin(date(2026, 12, 28))),
])
def test_nothing_is_said_early_at_night_on_a_weekend_or_a_holiday(now: datetime, next_at: datetime) -> None:
    outcome = way(sams(due_on=date(2026, 11, 20))).look(now)
    assert (outcome.entries, outcome.next_at) == ((), next_at)


@pytest.mark.parametrize(("owner", "next_at"), [
    (person("sam", quiet_until=THU), berlin(THU)), (person("sam", quiet_until=date(2026, 11, 28)), berlin(MON2))])
def test_quiet_is_quiet(owner: Any, next_at: datetime) -> None:
    outcome = way(sams(due_on=MON), people=(owner, PRIYA)).look(berlin(MON))
    assert (outcome.entries, outcome.next_at) == ((), next_at)


def test_a_lead_elsewhere_hears_on_their_own_morning() -> None:
    lead = person("priya", zone="America/New_York", country="US")
    one = way(sams(**LATE), people=(SAM, lead, MARTA, HELEN))
    one.look(berlin(WED))
    said = one.look(berlin(THU)).entries
    assert [(entry.person.handle, entry.morning.day) for entry in said] == [
        ("priya", FRI), ("sam", THU)], "Thanksgiving"
    assert said[0].morning.at == datetime(2026, 11, 27, 14, 30, tzinfo=UTC)


def test_a_person_without_a_time_zone_stops_nothing() -> None:
    one = way(sams(due_on=MON), people=(person("sam", zone="Mars/Olympus"), PRIYA))
    assert len(one.look(datetime(2026, 11, 23, 9, 30, tzinfo=UTC)).entries) == 1

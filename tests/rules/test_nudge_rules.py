"""When an item is looked at next, and what a digest then speaks of and says."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.chat.cards import Button, Buttons, Card, Mono, Note, Row, plain
from handlers.chat.wording import ENGLISH
from handlers.nudges import cards, manners, rules
from handlers.nudges.circle import Circle
from handlers.nudges.matter import Matter
from handlers.nudges.mornings import Mornings
from handlers.nudges.rules import Digest
from handlers.people.calendar import Calendar
from handlers.pilots import cadence
from storage.models import ItemKind, ItemState, Person, PilotState
from storage.nudging import Told
from tests.rules.ladder import HELEN, MARTA, OMAR, POLICY, PRIYA
from tests.rules.make import WORKSPACE, item, person, pilot

BERLIN = Calendar("Europe/Berlin", "DE")
MON, TUE, WED, THU, FRI = (date(2026, 11, day) for day in range(23, 28))
SAT, NEXT_MON, NEXT_TUE = date(2026, 11, 28), date(2026, 11, 30), date(2026, 12, 1)
SAM = person("sam", "Sam")


def berlin(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour - 1, minute, tzinfo=UTC)


def half_past_nine(day: date) -> datetime:
    return berlin(day, 9, 30)


def sams(ref: str = "B-02", **said: Any) -> Any:
    return item(ref, **({"owner_id": SAM.id} | said))


# ---- when a changed item is looked at ----------------------------------------------------------------------


@pytest.mark.parametrize(("said", "now", "expected"), [
    ({}, berlin(MON, 8), half_past_nine(MON)),
    ({}, half_past_nine(MON), half_past_nine(TUE)),                      # strictly after
    ({"owner_id": None}, berlin(FRI, 10), half_past_nine(NEXT_MON)),
    ({"blocked_at": berlin(MON, 7)}, berlin(SAT, 10), half_past_nine(NEXT_MON)),
    ({"due_on": None}, berlin(MON, 8), None),
    ({"state": ItemState.DONE}, berlin(MON, 8), berlin(MON, 8)),         # whoever was told hears of the end
    ({"state": ItemState.WAIVED}, berlin(SAT, 8), berlin(SAT, 8)),
])
def test_a_changed_item_is_looked_at_on_the_next_morning(said: Any, now: datetime, expected: datetime | None) -> None:
    assert cadence.next_look(sams(**said), BERLIN, now, is_active_pilot=True) == expected


def test_a_pilot_that_rests_is_not_looked_at() -> None:
    assert cadence.next_look(sams(), BERLIN, berlin(MON, 8), is_active_pilot=False) is None


def test_the_morning_is_the_owners_own() -> None:
    sunday = berlin(date(2026, 11, 22), 12)
    tokyo = cadence.next_look(sams(due_on=THU), Calendar("Asia/Tokyo", "JP"), sunday, is_active_pilot=True)
    assert tokyo == datetime(2026, 11, 24, 0, 30, tzinfo=UTC)      # Monday is a holiday there


@given(st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)))
def test_the_next_look_is_a_later_working_morning(at: datetime) -> None:
    now = at.replace(tzinfo=UTC)
    found = cadence.next_look(sams(), BERLIN, now, is_active_pilot=True)
    assert found is not None
    assert found > now
    local = BERLIN.local(found)
    assert (local.hour, local.minute) == (9, 30)
    assert BERLIN.is_working(local.date())


# ---- hours ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("now", "expected"), [
    (berlin(MON, 8, 59), False), (berlin(MON, 9), True), (berlin(MON, 16, 29), True), (berlin(MON, 16, 30), False),
    (berlin(SAT, 10), False), (berlin(date(2026, 12, 25), 10), False),
])
def test_what_was_missed_waits_for_working_hours(now: datetime, expected: bool) -> None:
    assert cadence.is_in_hours(BERLIN, now) is expected


def test_a_team_may_choose_an_hour_outside_the_usual() -> None:
    early = datetime(2026, 11, 23, 7, 30).time()
    assert cadence.is_in_hours(BERLIN, berlin(MON, 7, 30), early)
    assert not cadence.is_in_hours(BERLIN, berlin(MON, 7, 29), early)
    assert not cadence.is_in_hours(BERLIN, berlin(SAT, 7, 30), early)


# ---- a digest ----------------------------------------------------------------------------------------------


def digest_of(items: list[Any], now: datetime, *, step: str = "due", reader: Person = SAM, copy: bool = False,
              of: Any = None, people: tuple[Person, ...] = (SAM, PRIYA, MARTA, HELEN, OMAR),
              heads: dict[str, str] | None = None) -> tuple[Digest, cards.Reading]:
    """What a digest speaks of in which each of these items was told by `step`, or by its own."""
    of = of or pilot()
    heads = {"engineering": HELEN.id} if heads is None else heads
    circle = Circle(now, {of.id: of}, {(of.id, "lead"): PRIYA.id, (of.id, "sponsor"): MARTA.id},
                    {(WORKSPACE, role): who for role, who in heads.items()},
                    {(WORKSPACE, each.id): each for each in (*people, reader)})
    for each in items:
        each.step = each.step or step
    told = [Told(workspace_id=WORKSPACE, person_id=reader.id, item_id=each.id, pilot_id=of.id, nudge_id=1,
                 step=each.step, at=now, is_copy=copy) for each in items]
    for number, row in enumerate(told):
        row.id = number
    mornings = Mornings(reader, POLICY, now)
    matters = {each.id: Matter(each, circle, POLICY, lambda who: Mornings(who, POLICY, now))
               for each in items if each.state is ItemState.OPEN}
    digest = rules.digest_of(told, [(each, of) for each in items], matters, reader, mornings.today)
    return digest, cards.Reading(reader, mornings, matters, {who: each for (_, who), each in circle.people.items()},
                                 ENGLISH)


def card_of(items: list[Any], day: date, **said: Any) -> Card:
    return cards.digest_card(*digest_of(items, half_past_nine(day), **said))


def test_a_digest_begins_with_what_blocks_others_then_overdue_then_due() -> None:
    later_gate = {"gate": "production"}
    items = [sams("B-01", due_on=FRI), sams("B-02", due_on=MON), sams("B-03", due_on=MON, **later_gate),
             sams("B-04", due_on=THU, **later_gate), sams("B-05", due_on=date(2026, 11, 20), is_advice=True),
             sams("B-06", due_on=MON, weight=5)]
    digest, _ = digest_of(items, half_past_nine(WED))
    assert [point.item.ref for point in digest.todo] == ["B-06", "B-02", "B-01", "B-05", "B-03", "B-04"]


@pytest.mark.parametrize("said", [
    {"state": ItemState.DONE, "closed_by": SAM.id, "closed_at": berlin(WED, 10)},
    {"state": ItemState.NOT_APPLICABLE}, {"state": ItemState.WAIVED, "waived_until": FRI},
    {"plan_on": THU}, {"snoozed_until": THU}, {"blocked_at": berlin(WED, 10)},
    {"blocked_at": berlin(WED, 10), "blocked_by": OMAR.id}, {"owner_id": OMAR.id}, {"due_on": None},
    {"slot_at": berlin(FRI, 14)},
])
def test_what_is_settled_does_not_wait(said: Any) -> None:
    row = sams(**said)
    digest, reading = digest_of([row], berlin(WED, 11))
    assert digest.is_empty
    assert [point.item for point in digest.settled] == [row]
    card = cards.digest_card(digest, reading)
    assert card.title == "Nothing from this morning waits for you any more"
    assert "Title of B-02 (Claims triage)" in plain(card)
    assert not _buttons(card)


@pytest.mark.parametrize("step", [None, "introduce"])
def test_what_was_said_of_another_date_or_owner_does_not_stand(step: str | None) -> None:
    row = sams()
    digest, reading = digest_of([row], berlin(WED, 11))
    [point] = digest.todo
    reading.matters[row.id].rank = -1 if step is None else 0
    assert not rules.stands(point, reading.matters[row.id], SAM)


def test_a_paused_pilot_asks_nobody() -> None:
    digest, reading = digest_of([sams()], berlin(WED, 11), of=pilot(state=PilotState.PAUSED))
    assert digest.is_empty
    assert "→ Pilot paused: Title of B-02" in plain(cards.digest_card(digest, reading))


def test_a_digest_names_thing_and_consequence_and_asks_for_a_plan() -> None:
    late = sams("W1-06", id=61, title="List every interface", due_on=TUE, gate="readiness_review")
    card = card_of([late], WED, step="overdue")
    assert plain(card).splitlines()[:3] == [
        "This waits for you: List every interface (Claims triage), 1 working day late",
        "List every interface · Claims triage · W1-06",
        "Was due yesterday. Readiness review cannot start without it. New date, blocked, or someone else?",
    ]
    assert [(button.label, button.action) for button in _buttons(card)] == [
        ("Date", "plan:61"), ("Done", "done:61"), ("Blocked", "block:61"), ("Hand over", "assign:61"),
        ("Later", "snooze:61")]


def test_every_digest_says_why_it_came_and_how_to_quiet_it() -> None:
    note = card_of([sams()], WED).elements[-1]
    assert isinstance(note, Note)
    assert {Mono("/pilot why"), Mono("/pilot digest weekly"), Mono("/pilot quiet until DATE")} <= set(note.line)
    weekly = card_of([sams()], WED, reader=person("sam", digest="weekly")).elements[-1]
    assert isinstance(weekly, Note)
    assert Mono("/pilot digest daily") in weekly.line


GATE = "Readiness review cannot start without it."


@pytest.mark.parametrize(("said", "expected"), [
    ({"due_on": FRI, "step": "introduce"}, f"Due Fri 27 Nov. {GATE} It is yours. When will you do it?"),
    ({"due_on": FRI, "step": "plan_prompt"}, f"Due Fri 27 Nov. {GATE} When will you do it?"),
    ({"due_on": THU, "step": "plan_prompt"}, f"Due tomorrow. {GATE} When will you do it?"),
    ({"due_on": WED}, f"Due today. {GATE} When today will you do it?"),
    ({"due_on": WED, "gate": None}, "Due today. Because it breaks otherwise. When today will you do it?"),
    ({"due_on": FRI, "plan_on": WED, "step": "planned"}, f"Due Fri 27 Nov. {GATE} You planned it for today: still right?"),
    ({"due_on": FRI, "plan_on": TUE, "step": "plan_prompt"},
     f"Due Fri 27 Nov. {GATE} You had planned it for Tue 24 Nov: what is the new day?"),
    ({"due_on": MON, "step": "overdue"},
     f"Was due Mon 23 Nov, 2 working days ago. {GATE} New date, blocked, or someone else?"),
    ({"due_on": MON, "step": "warn"}, f"Was due Mon 23 Nov, 2 working days ago. {GATE} "
                                      "I will let Priya (pilot lead) know on Fri 27 Nov unless this has a date."),
    ({"due_on": TUE, "step": "warn", "weight": 5},
     f"Was due yesterday. {GATE} I will let Priya (pilot lead) know tomorrow unless this has a date."),
    ({"due_on": FRI, "kind": ItemKind.MEETING, "plan_on": WED, "slot_at": berlin(WED, 9), "step": "held"},
     f"Due Fri 27 Nov. {GATE} Its slot was Wed 25 Nov 09:00: was it held, or is there a new one?"),
])
def test_a_digest_never_says_the_same_each_day(said: Any, expected: str) -> None:
    assert expected in plain(card_of([sams(**said)], WED))


def test_a_briefing_is_asked_for_a_slot_and_warned_for_one() -> None:
    briefing = {"role": "legal", "kind": ItemKind.MEETING, "gate": "build", "due_on": FRI}
    of = pilot(kickoff_on=MON)
    card = card_of([sams("W1-02", **briefing, step="follow_up")], TUE, of=of)
    assert "No slot is chosen yet: which half hour suits you?" in plain(card)
    assert [button.label for button in _buttons(card)] == ["Pick a slot", "Held", "Hand over"]
    assert "I will let Priya (pilot lead) know tomorrow unless this has a slot." in plain(
        card_of([sams("W1-02", **briefing, step="warn")], WED, of=of))


@pytest.mark.parametrize(("step", "reader", "copy", "expected"), [
    ("L1", PRIYA, False, f"Heads-up: Was due Mon 23 Nov, 2 working days ago. Sam has no date yet. {GATE}"),
    ("L2", HELEN, False, "Heads-up: Was due Mon 23 Nov"),
    ("L1", SAM, True, "→ I told Priya (pilot lead) that this is 2 working days late: Title of B-02 (Claims triage)"),
    ("L2", PRIYA, True, "→ I told Helen (head of Engineering) that this is 2 working days late"),
    ("L3", SAM, True, "→ I told Marta (sponsor) that this is 2 working days late"),
])
def test_whoever_is_told_reads_what_is_late_and_the_owner_who_was_told(step: str, reader: Person, copy: bool,
                                                                       expected: str) -> None:
    card = card_of([sams(due_on=MON, step=step, id=7)], WED, reader=reader, copy=copy)
    assert expected in plain(card)
    if copy:
        assert not _buttons(card)
    else:
        assert [(button.label, button.action) for button in _buttons(card)] == [
            ("Offer help", "offer:7"), ("Reassign", "assign:7"), ("Wait until…", "plan:7")]


def test_what_one_person_was_told_of_is_one_line() -> None:
    card = card_of([sams("B-01", due_on=MON, step="L1"), sams("B-02", due_on=TUE, step="L1"), sams("B-03", due_on=FRI, step="L1"),
                    sams("B-04", due_on=MON, step="L2")], WED, copy=True)
    assert [each for each in plain(card).splitlines() if each.startswith("→")] == [
        "→ I told Priya (pilot lead) about 3 things: Title of B-01 (Claims triage), 2 working days late; "
        "Title of B-02 (Claims triage), 1 working day late; Title of B-03 (Claims triage), no date",
        "→ I told Helen (head of Engineering) that this is 2 working days late: Title of B-04 (Claims triage)"]


def test_no_end_is_left_out_however_many_there_are() -> None:
    done = [sams(f"B-{n:02}", state=ItemState.DONE, closed_by=SAM.id, closed_at=berlin(WED, 9), step="resolved") for n in range(1, 31)]
    shown = plain(card_of(done, THU, reader=PRIYA))
    assert all(f"✓ Done, by Sam: Title of B-{n:02}" in shown for n in range(1, 31))


def test_a_warning_that_nobody_follows_says_so_instead_of_asking_the_same_again() -> None:
    card = card_of([sams(due_on=MON, step="warn")], WED, reader=PRIYA, people=(person("sam", is_active=False), PRIYA), heads={})
    assert "Nobody else hears of it: a new date, blocked, or someone else?" in plain(card)


def test_a_role_nobody_holds_is_told_with_what_to_do() -> None:
    card = card_of([sams(due_on=MON, step="L2")], WED, reader=PRIYA, heads={})
    assert "This is for whoever heads Engineering, and I know nobody: /pilot head engineering @who names them." in plain(card)


@pytest.mark.parametrize(("said", "owner", "reader", "expected"), [
    ({"blocked_at": berlin(MON, 8), "blocked_by": OMAR.id}, SAM, OMAR, "Sam waits for you with this."),
    ({}, person("sam", away_until=NEXT_MON, delegate_id=OMAR.id), OMAR, "You stand in for Sam, who is back on Mon 30 Nov."),
    ({}, person("sam", is_active=False), PRIYA, "Sam has left this workspace. /pilot assign B-02 @who gives it to somebody else."),
    ({"owner_id": None}, SAM, PRIYA, "Nobody has it yet. /pilot team engineering @who gives the role to somebody."),
])
def test_whoever_hears_of_what_is_not_theirs_reads_why(said: Any, owner: Person, reader: Person, expected: str) -> None:
    card = card_of([sams(due_on=MON, **said)], WED, reader=reader, people=(owner, PRIYA, OMAR))
    assert expected in plain(card)


def test_the_end_of_what_others_were_told_is_told_with_what_is_left() -> None:
    done = sams(state=ItemState.DONE, closed_by=SAM.id, closed_at=berlin(WED, 9), step="resolved")
    digest, reading = digest_of([done], half_past_nine(THU), reader=PRIYA)
    one_left = replace(reading, left_at_gates={(1, "readiness_review"): 1})
    assert plain(cards.digest_card(digest, one_left)).splitlines()[:2] == [
        "Done: Title of B-02 (Claims triage)",
        "✓ Done, by Sam: Title of B-02 (Claims triage). The gate to Readiness review has 1 item left. Thank you."]
    assert "Nothing holds the gate to Readiness review any more. Thank you." in plain(cards.digest_card(digest, reading))
    reopened, _ = digest_of([sams(step="resolved")], half_past_nine(THU), reader=PRIYA)
    assert reopened.is_empty


def test_a_digest_shows_five_and_says_how_many_more() -> None:
    card = card_of([sams(f"B-0{n}", due_on=WED) for n in range(1, 9)], WED)
    assert sum(isinstance(element, Row) and bool(element.buttons) for element in card.elements) == 5
    assert "and 3 more" in plain(card)
    assert [button.action for button in _buttons(card)][-1] == "mine:"
    assert card.title == "8 things wait for you, first: Title of B-01 (Claims triage), due today"
    assert "and 0 more" not in plain(card_of([sams(f"B-0{n}", due_on=WED) for n in range(1, 6)], WED))


def test_a_warning_is_never_hidden_behind_how_many_more() -> None:
    """Seven warnings and four other things: what comes next counts on each warning having been read."""
    warned = [sams(f"B-1{n}", due_on=MON, step="warn") for n in range(7)]
    others = [sams(f"B-0{n}", due_on=TUE, step="overdue") for n in range(1, 5)]
    card = card_of([*others, *warned], WED)
    said = plain(card)
    assert all(f"B-1{n}" in said for n in range(7))
    assert said.count("unless this has a date") == 7
    assert sum(isinstance(element, Row) and bool(element.buttons) for element in card.elements) == 5
    assert "and 4 more" in said


def test_one_item_stands_in_a_digest_once_by_what_was_said_last() -> None:
    row = sams(due_on=TUE, step="overdue")
    _, reading = digest_of([row], half_past_nine(WED))
    earlier = Told(workspace_id=WORKSPACE, person_id=SAM.id, item_id=row.id, pilot_id=1, nudge_id=1, step="due",
                   at=half_past_nine(TUE))
    earlier.id = -1     # carried over from a morning when nobody could be reached
    again = Told(workspace_id=WORKSPACE, person_id=SAM.id, item_id=row.id, pilot_id=1, nudge_id=1, step="overdue",
                 at=half_past_nine(WED))
    again.id = 5
    merged = rules.digest_of([earlier, again], [(row, pilot())], reading.matters, SAM, WED)
    assert [point.step for point in merged.todo] == ["overdue"]


@pytest.mark.parametrize("word", ["just a reminder", "kindly", "asap", "🚨"])
@pytest.mark.parametrize("step", ["introduce", "plan_prompt", "due", "overdue", "warn", "L1", "L2", "stand_in"])
def test_no_text_nags(word: str, step: str) -> None:
    assert word not in plain(card_of([sams(due_on=MON, step=step)], WED)).casefold()


# ---- whether it may be sent now ----------------------------------------------------------------------------


@pytest.mark.parametrize(("said", "now", "expected"), [
    ({}, half_past_nine(MON), None),
    ({}, berlin(MON, 16), None),
    ({}, berlin(MON, 8), half_past_nine(MON)),
    ({}, berlin(MON, 20), half_past_nine(TUE)),           # the service was down: the next morning
    ({}, berlin(SAT, 10), half_past_nine(NEXT_MON)),
    ({"quiet_until": WED}, half_past_nine(MON), half_past_nine(WED)),
    ({"quiet_until": MON}, half_past_nine(MON), None),
    ({"away_until": NEXT_TUE}, half_past_nine(MON), half_past_nine(NEXT_TUE)),
    ({"dnd_from": berlin(MON, 9), "dnd_until": berlin(MON, 11)}, half_past_nine(MON), berlin(MON, 11)),
    ({"dnd_from": berlin(MON, 11), "dnd_until": berlin(MON, 12)}, half_past_nine(MON), None),
])
def test_a_digest_waits_for_its_readers_hours(said: Any, now: datetime, expected: datetime | None) -> None:
    assert manners.digest_waits_until(Mornings(person("sam", **said), POLICY, now)) == expected


def test_a_digest_of_weeks_ago_is_not_sent_any_more() -> None:
    assert not manners.is_too_old(MON, date(2026, 12, 7))
    assert manners.is_too_old(MON, date(2026, 12, 8))


def _buttons(card: Card) -> list[Button]:
    found: list[Button] = []
    for element in card.elements:
        match element:
            case Row(buttons=buttons, aside=aside):
                found += [*buttons, *([aside] if aside else [])]
            case Buttons(items=buttons):
                found += buttons
    return found

"""When the bot speaks unasked, what it then speaks of, and what it says."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.chat.cards import Button, Buttons, Card, Mono, Note, Row, plain
from handlers.nudges import cards, rules
from handlers.people.calendar import Calendar
from handlers.pilots import cadence
from storage.models import ItemKind, ItemState, Nudge, PilotState
from tests.rules.make import item, person, person_id, pilot

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


# ---- the next word about an item ---------------------------------------------------------------------------


@pytest.mark.parametrize(("said", "now", "quiet", "expected"), [
    ({"due_on": date(2026, 12, 4)}, berlin(MON, 8), None, half_past_nine(NEXT_TUE)),         # 3 working days before
    ({"due_on": FRI}, berlin(MON, 8), None, half_past_nine(TUE)),
    ({"due_on": NEXT_TUE}, berlin(MON, 8), None, half_past_nine(THU)),                       # a weekend in between
    ({"due_on": FRI}, berlin(THU, 8), None, half_past_nine(THU)),                            # each day from then on
    ({"due_on": FRI}, half_past_nine(THU), None, half_past_nine(FRI)),                       # strictly after
    ({"due_on": FRI}, berlin(FRI, 10), None, half_past_nine(NEXT_MON)),                      # late: each working day
    ({"due_on": date(2026, 10, 1)}, berlin(SAT, 12), None, half_past_nine(NEXT_MON)),
    ({"due_on": FRI, "plan_on": THU}, berlin(MON, 8), None, half_past_nine(THU)),            # silent until the plan
    ({"due_on": MON, "plan_on": NEXT_TUE}, berlin(TUE, 8), None, half_past_nine(NEXT_TUE)),
    ({"due_on": FRI, "plan_on": SAT}, berlin(MON, 8), None, half_past_nine(NEXT_MON)),       # planned for a weekend
    ({"due_on": FRI, "plan_on": MON}, berlin(WED, 8), None, half_past_nine(WED)),            # the plan has passed
    ({"due_on": FRI}, berlin(MON, 8), FRI, half_past_nine(FRI)),                             # quiet until
    ({"due_on": FRI}, berlin(MON, 8), SAT, half_past_nine(NEXT_MON)),
    ({"due_on": FRI}, berlin(WED, 8), TUE, half_past_nine(WED)),                             # quiet is over
    ({"due_on": date(2026, 12, 29)}, berlin(date(2026, 12, 24), 12), None, half_past_nine(date(2026, 12, 28))),
    ({"due_on": None}, berlin(MON, 8), None, None),
    ({"owner_id": None}, berlin(MON, 8), None, None),
    ({"blocked_at": berlin(MON, 7)}, berlin(MON, 8), None, None),
    ({"state": ItemState.DONE}, berlin(MON, 8), None, None),
    ({"state": ItemState.NOT_APPLICABLE}, berlin(MON, 8), None, None),
    ({"state": ItemState.WAIVED}, berlin(MON, 8), None, None),
])
def test_the_owner_hears_of_an_item_next(said: Any, now: datetime, quiet: date | None,
                                         expected: datetime | None) -> None:
    assert cadence.next_word(sams(**said), BERLIN, now, quiet, True) == expected


def test_a_pilot_that_rests_says_nothing() -> None:
    assert cadence.next_word(sams(), BERLIN, berlin(MON, 8), None, is_active_pilot=False) is None


def test_the_morning_is_the_owners_own() -> None:
    sunday = berlin(date(2026, 11, 22), 12)
    tokyo = cadence.next_word(sams(due_on=THU), Calendar("Asia/Tokyo", "JP"), sunday, None, True)
    assert tokyo == datetime(2026, 11, 24, 0, 30, tzinfo=UTC)      # Monday is a holiday there


@given(st.dates(date(2026, 1, 1), date(2027, 12, 31)), st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)),
       st.none() | st.dates(date(2026, 1, 1), date(2027, 12, 31)),
       st.none() | st.dates(date(2026, 1, 1), date(2027, 12, 31)))
def test_the_next_word_is_a_later_working_morning(due: date, at: datetime, plan: date | None,
                                                  quiet: date | None) -> None:
    now = at.replace(tzinfo=UTC)
    found = cadence.next_word(sams(due_on=due, plan_on=plan), BERLIN, now, quiet, True)
    assert found is not None
    assert found > now
    local = BERLIN.local(found)
    assert (local.hour, local.minute) == (9, 30)
    assert BERLIN.is_working(local.date())
    assert quiet is None or local.date() >= quiet
    assert plan is None or local.date() >= plan


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


def test_a_digest_begins_with_what_blocks_others_then_overdue_then_due() -> None:
    later_gate = {"gate": "production"}
    items = [sams("B-01", due_on=FRI), sams("B-02", due_on=MON), sams("B-03", due_on=MON, **later_gate),
             sams("B-04", due_on=THU, **later_gate), sams("B-05", due_on=date(2026, 11, 20), is_advice=True),
             sams("B-06", due_on=MON, weight=5)]
    digest = rules.digest_of([(each, pilot()) for each in items], SAM, berlin(WED, 9, 30))
    assert [each.ref for each, _ in digest.todo] == ["B-06", "B-02", "B-01", "B-05", "B-03", "B-04"]


@pytest.mark.parametrize("said", [
    {"state": ItemState.DONE, "closed_by": SAM.id, "closed_at": berlin(WED, 10)},
    {"state": ItemState.NOT_APPLICABLE}, {"state": ItemState.WAIVED, "waived_until": FRI},
    {"plan_on": THU}, {"blocked_at": berlin(WED, 10)}, {"owner_id": person_id("ana")}, {"owner_id": None},
    {"due_on": date(2026, 12, 10)}, {"due_on": None},
])
def test_what_is_settled_does_not_wait(said: Any) -> None:
    pair = (sams(**said), pilot())
    digest = rules.digest_of([pair], SAM, berlin(WED, 11))
    assert (digest.todo, digest.settled) == ((), (pair,))
    assert cards.digest_card(digest, SAM, {}, berlin(WED, 11), is_shown=False) is None
    card = cards.digest_card(digest, SAM, {}, berlin(WED, 11), is_shown=True)
    assert card is not None
    assert card.title == "Nothing from this morning waits for you any more"
    assert "Title of B-02 (Claims triage)" in plain(card)
    assert not _buttons(card)


def test_a_paused_pilot_asks_nobody() -> None:
    digest = rules.digest_of([(sams(), pilot(state=PilotState.PAUSED))], SAM, berlin(WED, 11))
    assert not digest.todo
    assert "→ Pilot paused: Title of B-02" in plain(_sure(cards.digest_card(digest, SAM, {}, berlin(WED, 11),
                                                                            is_shown=True)))


def test_a_digest_names_thing_and_consequence_and_asks_for_a_plan() -> None:
    late = sams("W1-06", id=61, title="List every interface", due_on=TUE, gate="readiness_review")
    card = _digest_card([late], WED)
    assert plain(card).splitlines()[:3] == [
        "This waits for you: List every interface (Claims triage), 1 working day late",
        "List every interface · Claims triage · W1-06",
        "Was due yesterday. Readiness review cannot start without it. New date, blocked, or someone else?",
    ]
    assert [button.action for button in _buttons(card)] == ["done:61", "plan:61", "block:61", "assign:61"]
    assert [button.label for button in _buttons(card)] == ["Done", "When?", "Blocked", "Hand over"]
    note = card.elements[-1]
    assert isinstance(note, Note)
    assert Mono("/pilot quiet until DATE") in note.line


@pytest.mark.parametrize(("said", "expected"), [
    ({"due_on": FRI}, "Due Fri 27 Nov. Readiness review cannot start without it. When will you do it?"),
    ({"due_on": THU}, "Due tomorrow. Readiness review cannot start without it. When will you do it?"),
    ({"due_on": WED}, "Due today. Readiness review cannot start without it. When today will you do it?"),
    ({"due_on": WED, "gate": None}, "Due today. Because it breaks otherwise. When today will you do it?"),
    ({"due_on": FRI, "plan_on": WED}, "Due Fri 27 Nov. Readiness review cannot start without it. "
                                      "You planned it for today: still right?"),
    ({"due_on": FRI, "plan_on": TUE}, "Due Fri 27 Nov. Readiness review cannot start without it. "
                                      "You had planned it for Tue 24 Nov: what is the new day?"),
    ({"due_on": MON}, "Was due Mon 23 Nov, 2 working days ago. Readiness review cannot start without it. "
                      "New date, blocked, or someone else?"),
    ({"due_on": FRI, "kind": ItemKind.MEETING, "plan_on": WED, "slot_at": berlin(WED, 9)},
     "Due Fri 27 Nov. Readiness review cannot start without it. "
     "Its slot was Wed 25 Nov 09:00: was it held, or is there a new one?"),
])
def test_a_digest_never_says_the_same_each_day(said: Any, expected: str) -> None:
    assert expected in plain(_digest_card([sams(**said)], WED))


def test_a_digest_shows_five_and_says_how_many_more() -> None:
    card = _digest_card([sams(f"B-0{n}", due_on=WED) for n in range(1, 9)], WED)
    assert sum(isinstance(element, Row) and bool(element.buttons) for element in card.elements) == 5
    assert "and 3 more" in plain(card)
    assert [button.action for button in _buttons(card)][-1] == "mine:"
    assert card.title == "8 things wait for you, first: Title of B-01 (Claims triage), due today"
    assert "more" not in plain(_digest_card([sams(f"B-0{n}", due_on=WED) for n in range(1, 6)], WED)).split("\n", 1)[1]


@pytest.mark.parametrize("word", ["just a reminder", "kindly", "asap", "🚨"])
def test_no_text_nags(word: str) -> None:
    assert word not in plain(_digest_card([sams(due_on=MON)], WED)).casefold()


# ---- whether it may still be said --------------------------------------------------------------------------


@pytest.mark.parametrize(("made_at", "now", "expected"), [
    (half_past_nine(MON), berlin(MON, 9, 31), True),
    (half_past_nine(MON), berlin(MON, 16), True),
    (half_past_nine(MON), berlin(MON, 20), False),        # the service was down: tomorrow's digest says it
    (berlin(MON, 16, 29), berlin(MON, 16, 31), True),     # under way when the hours ended
    (half_past_nine(MON), berlin(TUE, 9, 31), False),
])
def test_a_digest_nobody_saw_is_not_sent_late(made_at: datetime, now: datetime, expected: bool) -> None:
    nudge = Nudge(workspace_id="slack:T1", kind="digest", about=SAM.id, day=MON, made_at=made_at)
    assert rules.may_begin_digest(nudge, SAM, now) is expected


def test_a_digest_is_not_sent_to_somebody_who_went_quiet_or_left() -> None:
    nudge = Nudge(workspace_id="slack:T1", kind="digest", about=SAM.id, day=MON, made_at=half_past_nine(MON))
    soon = half_past_nine(MON) + timedelta(seconds=2)
    assert not rules.may_begin_digest(nudge, person("sam", quiet_until=TUE), soon)
    assert not rules.may_begin_digest(nudge, person("sam", is_active=False), soon)
    assert rules.may_begin_digest(nudge, person("sam", quiet_until=MON), soon)


def _digest_card(items: list[Any], day: date) -> Card:
    now = half_past_nine(day)
    return _sure(cards.digest_card(rules.digest_of([(each, pilot()) for each in items], SAM, now), SAM, {}, now,
                                   is_shown=False))


def _sure(card: Card | None) -> Card:
    assert card is not None
    return card


def _buttons(card: Card) -> list[Button]:
    found: list[Button] = []
    for element in card.elements:
        match element:
            case Row(buttons=buttons, aside=aside):
                found += [*buttons, *([aside] if aside else [])]
            case Buttons(items=buttons):
                found += buttons
    return found

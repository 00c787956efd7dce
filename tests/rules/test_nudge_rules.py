"""When the bot speaks unasked, what it then speaks of, and what it says."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.chat.cards import Button, Buttons, Card, Mention, Mono, Note, Row, Text, plain
from handlers.nudges import cards, rules
from handlers.people.calendar import Calendar
from handlers.pilots import cadence
from storage.models import ItemKind, ItemState, Nudge, Pilot, PilotState
from tests.rules.make import asked, done, dossier, item, person, person_id, pilot, seat

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


# ---- the next nudge of a channel ---------------------------------------------------------------------------

NEW_YORK = {"zone": "America/New_York", "country": "US"}


@pytest.mark.parametrize(("said", "now", "expected"), [
    ({"stage": "week_one"}, berlin(MON, 8), half_past_nine(MON)),
    ({"stage": "week_one"}, half_past_nine(MON), half_past_nine(TUE)),
    ({"stage": "intake"}, berlin(FRI, 10), half_past_nine(NEXT_MON)),
    ({"stage": "build"}, berlin(MON, 10), half_past_nine(THU)),
    ({"stage": "build"}, berlin(THU, 10), half_past_nine(NEXT_MON)),
    ({"stage": "build", "nudge_later": "wed", "nudge_time": "14:15"}, berlin(MON, 10), berlin(WED, 14, 15)),
    ({"stage": "build", "nudge_later": "Wednesday, FRI"}, berlin(WED, 10), half_past_nine(FRI)),
    ({"stage": "week_one"} | NEW_YORK, berlin(WED, 20), datetime(2026, 11, 27, 14, 30, tzinfo=UTC)),   # Thanksgiving
    ({"stage": "build"} | NEW_YORK, berlin(WED, 20), datetime(2026, 11, 30, 14, 30, tzinfo=UTC)),      # Thursday skipped
    ({"stage": "build", "nudge_later": ""}, berlin(MON, 8), None),
    ({"stage": "build", "nudge_later": "sun"}, berlin(MON, 8), None),
    ({"stage": "week_one", "nudge_time": "late"}, berlin(MON, 8), half_past_nine(MON)),
    ({"state": PilotState.PAUSED}, berlin(MON, 8), None),
    ({"state": PilotState.STOPPED}, berlin(MON, 8), None),
])
def test_a_channel_hears_next(said: Any, now: datetime, expected: datetime | None) -> None:
    assert cadence.next_channel_nudge(pilot(**said), now) == expected


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
    texts = plain(_digest_card([sams(due_on=MON)], WED)) + plain(_channel_card(pilot(stage="week_one"), WED, [
        item("W1-01", role="security", owner_id=SAM.id, due_on=MON)]))
    assert word not in texts.casefold()


# ---- a channel's nudge -------------------------------------------------------------------------------------

WEEK_ONE = pilot(stage="week_one", kickoff_on=MON, stage_entered_on=MON)
TEAM = [seat("security", "ines"), seat("compliance", "carl"), seat("engineering", "sam")]


def briefing(ref: str, role: str, **said: Any) -> Any:
    fields = {"title": f"Hold a 30-minute {role} briefing", "role": role, "kind": ItemKind.MEETING, "stage": "week_one",
              "gate": "build", "due_on": FRI}
    return item(ref, **(fields | said))


def test_the_channel_sees_briefings_counted_down_roles_missing_and_what_is_due() -> None:
    card = _channel_card(WEEK_ONE, MON, [
        briefing("W1-01", "security", id=1, owner_id=person_id("ines"), slot_at=berlin(WED, 14)),
        briefing("W1-02", "legal", id=2),
        briefing("W1-03", "compliance", id=3, owner_id=person_id("carl")),
        item("W1-06", id=6, title="List every interface", owner_id=person_id("sam"), due_on=MON, gate="build"),
        item("W1-05", id=5, title="Deliver the architecture", owner_id=person_id("sam"), due_on=THU, gate="build",
             plan_on=WED),
        item("B-01", id=9, owner_id=person_id("sam"), due_on=NEXT_MON),
    ])
    assert plain(card).splitlines() == [
        "Claims triage, Week one: 3 briefings to hold, 2 items due this week, one role nobody has",
        "🔴 Legal: nobody yet",
        "Security briefing · 4 working days left, due Fri 27 Nov",
        "Security: @Ines · slot Wed 25 Nov 14:00",
        "Legal briefing · 4 working days left, due Fri 27 Nov",
        "Legal: nobody yet · no slot yet. Build cannot start without it.",
        "Compliance briefing · 4 working days left, due Fri 27 Nov",
        "Compliance: Carl · no slot yet. Build cannot start without it.",
        "List every interface · W1-06",
        "Engineering: @Sam · due today. Build cannot start without it.",
        "Deliver the architecture · W1-05",
        "Engineering: Sam · due Thu 26 Nov · planned for Wed 25 Nov",
        "Posted each working morning at 09:30 while something waits, and kept up to date.",
    ]
    assert _mentioned(card) == {person_id("ines"), person_id("sam")}
    assert [button.action for button in _buttons(card)] == [
        "slot:1", "held:1", "slot:2", "held:2", "slot:3", "held:3", "done:6", "plan:6", "block:6",
        "done:5", "plan:5", "block:5", "items:1:open"]


def test_nobody_is_named_for_being_late_in_the_channel() -> None:
    card = _channel_card(WEEK_ONE, WED, [
        briefing("W1-01", "security", owner_id=person_id("ines"), due_on=TUE),
        item("W1-06", owner_id=person_id("sam"), due_on=MON, blocked_at=berlin(MON, 10), blocked_reason="no CRM access"),
        item("W1-05", owner_id=person_id("sam"), due_on=MON, plan_on=FRI),
        item("W1-04", owner_id=person_id("sam"), due_on=MON)])
    said = plain(card)
    assert "Ines" not in said
    assert "Sam" not in said
    assert not _mentioned(card)
    assert "Security briefing · 1 working day late" in said
    assert "Engineering · 2 working days late · blocked: no CRM access. Readiness review cannot start" in said
    assert "Engineering · 2 working days late · planned for Fri 27 Nov" in said
    assert "Engineering · 2 working days late · no new date yet" in said
    assert "4 late" in card.title


@pytest.mark.parametrize(("said", "named"), [
    ({"due_on": WED}, True), ({"due_on": WED, "plan_on": WED}, True), ({"due_on": WED, "plan_on": FRI}, False),
    ({"due_on": WED, "blocked_at": berlin(MON, 10)}, False), ({"due_on": THU}, False), ({"due_on": TUE}, False),
    ({"due_on": WED, "owner_id": None}, False),
])
def test_the_channel_notifies_owners_of_what_is_due_today(said: Any, named: bool) -> None:
    card = _channel_card(WEEK_ONE, WED, [sams(**said)])
    assert bool(_mentioned(card)) is named


def test_what_got_done_stays_with_who_did_it() -> None:
    items = [briefing("W1-01", "security", id=1, owner_id=person_id("ines"), state=ItemState.DONE,
                      closed_by=person_id("ines"), closed_at=berlin(MON, 11)),
             done("W1-06", id=2, title="List every interface", closed_by=person_id("sam")),
             item("W1-05", id=3, owner_id=person_id("sam"), due_on=date(2026, 12, 8)),
             item("W1-08", id=4, state=ItemState.NOT_APPLICABLE, closed_by=person_id("sam")),
             done("IN-01", id=5)]
    card = _channel_card(WEEK_ONE, MON, items, spoken={1, 2, 3, 4}, is_shown=True)
    assert plain(card).splitlines() == [
        "Claims triage, Week one: nothing waits this week",
        "✓ Held, by Ines: Hold a 30-minute security briefing",
        "✓ Done, by Sam: List every interface",
        "→ Due Tue 8 Dec: Title of W1-05",
        "✓ Not applicable, says Sam: Title of W1-08",
        "Posted each working morning at 09:30 while something waits, and kept up to date.",
    ]
    assert not _mentioned(card)


def test_the_channel_shows_five_with_buttons_and_lists_the_rest() -> None:
    card = _channel_card(WEEK_ONE, MON, [sams(f"B-{n:02}", due_on=TUE) for n in range(1, 21)])
    assert sum(isinstance(element, Row) for element in card.elements) == 5
    rest = [element for element in card.elements if isinstance(element, Text)]
    assert len(rest) == 1
    assert len(rest[0].lines) == 11
    assert "and 5 more" in plain(card)


def test_a_channel_where_nothing_waits_hears_nothing() -> None:
    agenda = rules.agenda_of(WEEK_ONE, [done("W1-01"), item("B-01", due_on=NEXT_MON)],
                             {"engineering": asked("engineering", "sam")}, MON)
    assert agenda.is_empty
    assert cards.channel_card(agenda, WEEK_ONE, {}, MON, berlin(MON, 9, 30), is_shown=False) is None


def test_a_missing_role_alone_is_something_that_waits() -> None:
    assert rules.agenda_of(WEEK_ONE, [item("B-01", due_on=None, role="ml")], {}, MON).missing == ("ml",)


def test_an_edit_on_a_later_day_says_so() -> None:
    card = _channel_card(pilot(), WED, [sams(due_on=FRI)], day=MON, is_shown=True)
    assert plain(card).splitlines()[-1] == ("Posted Monday and Thursday at 09:30 while something waits, and kept up to "
                                            "date. As of Wed 25 Nov.")


def test_a_paused_pilots_nudge_says_only_that() -> None:
    rests = pilot(state=PilotState.PAUSED)
    agenda = rules.agenda_of(rests, [sams()], {}, MON)
    assert cards.channel_card(agenda, rests, {}, MON, berlin(MON, 10), is_shown=False) is None
    card = _sure(cards.channel_card(agenda, rests, {}, MON, berlin(MON, 10), is_shown=True))
    assert plain(card) == "Claims triage is paused: nothing is asked of anybody"


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
    assert rules.may_begin_nudge(nudge, pilot(), now) is expected


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


def _channel_card(of: Pilot, today: date, items: list[Any], *, spoken: Any = (), day: date | None = None,
                  is_shown: bool = False) -> Card:
    known = dossier(of, items, TEAM)
    agenda = rules.agenda_of(of, items, known.seats, today, spoken)
    return _sure(cards.channel_card(agenda, of, known.people, day or today, half_past_nine(today), is_shown=is_shown))


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


def _mentioned(card: Card) -> set[str]:
    return {span.person for element in card.elements if isinstance(element, (Row, Text)) for each in element.lines
            for span in each if isinstance(span, Mention)}

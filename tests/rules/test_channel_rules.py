"""When a pilot's channel hears of it unasked, what it then speaks of, and what it says."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from handlers.chat.cards import Button, Buttons, Card, Mention, Row, Text, plain
from handlers.nudges import channel_cards, channel_rules
from handlers.pilots import cadence
from storage.models import ItemKind, ItemState, Nudge, Pilot, PilotState
from tests.rules.make import asked, done, dossier, item, person, person_id, pilot, seat

MON, TUE, WED, THU, FRI = (date(2026, 11, day) for day in range(23, 28))
NEXT_MON = date(2026, 11, 30)
SAM = person("sam", "Sam")


def berlin(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour - 1, minute, tzinfo=UTC)


def half_past_nine(day: date) -> datetime:
    return berlin(day, 9, 30)


def sams(ref: str = "B-02", **said: Any) -> Any:
    return item(ref, **({"owner_id": SAM.id} | said))


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
    agenda = channel_rules.agenda_of(WEEK_ONE, [done("W1-01"), item("B-01", due_on=NEXT_MON)],
                             {"engineering": asked("engineering", "sam")}, MON)
    assert agenda.is_empty
    assert channel_cards.channel_card(agenda, WEEK_ONE, {}, MON, berlin(MON, 9, 30), is_shown=False) is None


def test_a_missing_role_alone_is_something_that_waits() -> None:
    assert channel_rules.agenda_of(WEEK_ONE, [item("B-01", due_on=None, role="ml")], {}, MON).missing == ("ml",)


def test_an_edit_on_a_later_day_says_so() -> None:
    card = _channel_card(pilot(), WED, [sams(due_on=FRI)], day=MON, is_shown=True)
    assert plain(card).splitlines()[-1] == ("Posted Monday and Thursday at 09:30 while something waits, and kept up to "
                                            "date. As of Wed 25 Nov.")


def test_a_paused_pilots_nudge_says_only_that() -> None:
    rests = pilot(state=PilotState.PAUSED)
    agenda = channel_rules.agenda_of(rests, [sams()], {}, MON)
    assert channel_cards.channel_card(agenda, rests, {}, MON, berlin(MON, 10), is_shown=False) is None
    card = _sure(channel_cards.channel_card(agenda, rests, {}, MON, berlin(MON, 10), is_shown=True))
    assert plain(card) == "Claims triage is paused: nothing is asked of anybody"


@pytest.mark.parametrize("word", ["just a reminder", "kindly", "asap", "🚨"])
def test_no_text_nags(word: str) -> None:
    assert word not in plain(_channel_card(pilot(stage="week_one"), WED, [
        item("W1-01", role="security", owner_id=SAM.id, due_on=MON)])).casefold()


@pytest.mark.parametrize(("made_at", "now", "expected"), [
    (half_past_nine(MON), berlin(MON, 9, 31), True),
    (half_past_nine(MON), berlin(MON, 16), True),
    (half_past_nine(MON), berlin(MON, 20), False),
    (berlin(MON, 16, 29), berlin(MON, 16, 31), True),     # under way when the hours ended
    (half_past_nine(MON), berlin(TUE, 9, 31), False),
])
def test_a_nudge_nobody_saw_is_not_posted_late(made_at: datetime, now: datetime, expected: bool) -> None:
    nudge = Nudge(workspace_id="slack:T1", kind="channel", about="1", day=MON, made_at=made_at)
    assert channel_rules.may_begin_nudge(nudge, pilot(), now) is expected


def _channel_card(of: Pilot, today: date, items: list[Any], *, spoken: Any = (), day: date | None = None,
                  is_shown: bool = False) -> Card:
    known = dossier(of, items, TEAM)
    agenda = channel_rules.agenda_of(of, items, known.seats, today, spoken)
    return _sure(channel_cards.channel_card(agenda, of, known.people, day or today, half_past_nine(today), is_shown=is_shown))


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

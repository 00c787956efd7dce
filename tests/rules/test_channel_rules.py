"""When a pilot's channel hears of it unasked, what it then speaks of, and what it says."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from handlers.chat.cards import Button, Buttons, Card, Mention, Row, Text, plain
from handlers.chat.wording import ENGLISH
from handlers.nudges import channel_cards, channel_rules
from handlers.nudges.channel_cards import Scene
from handlers.nudges.recognition import Help, Praise
from handlers.people.calendar import Calendar
from handlers.pilots import rhythm
from storage.models import ItemKind, ItemState, Nudge, Pilot, PilotState
from tests.rules.make import asked, done, dossier, item, person, person_id, pilot, seat
from tests.rules.policies import POLICY

MON, TUE, WED, THU, FRI = (date(2026, 11, day) for day in range(23, 28))
NEXT_MON = date(2026, 11, 30)
SAM = person("sam", "Sam")
BERLIN = Calendar("Europe/Berlin", "DE")


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
    ({"stage": "build"} | NEW_YORK, berlin(WED, 20), datetime(2026, 11, 27, 14, 30, tzinfo=UTC)),      # moved by a day
    ({"stage": "build", "nudge_later": ""}, berlin(MON, 8), None),
    ({"stage": "build", "nudge_later": "sun"}, berlin(MON, 10), half_past_nine(NEXT_MON)),
    ({"stage": "week_one", "nudge_time": "late"}, berlin(MON, 8), half_past_nine(MON)),
    ({"stage": "build", "nudge_content": "off,due"}, berlin(MON, 8), None),
    ({"state": PilotState.PAUSED}, berlin(MON, 8), None),
    ({"state": PilotState.STOPPED}, berlin(MON, 8), None),
])
def test_a_channel_hears_next(said: Any, now: datetime, expected: datetime | None) -> None:
    assert rhythm.next_nudge(pilot(**said), now) == expected


def test_a_holiday_moves_a_nudge_and_never_past_the_next_one() -> None:
    christmas = pilot(nudge_later="thu,fri")
    assert rhythm.next_nudge(christmas, berlin(date(2026, 12, 24), 10)) == half_past_nine(date(2026, 12, 28))
    assert rhythm.next_nudge(christmas, half_past_nine(date(2026, 12, 28))) == half_past_nine(date(2026, 12, 31))


@pytest.mark.parametrize(("days", "expected"), [
    ("mon,tue,wed,thu,fri", {1: 5, 2: 5}), ("mon,thu", {1: 2, 2: 2}), ("wed", {1: 1, 2: 1}), ("mon,wed,fri", {1: 3, 2: 3})])
def test_halved_means_half_of_the_days_over_two_weeks(days: str, expected: dict[int, int]) -> None:
    whole, half = pilot(nudge_later=days), pilot(nudge_later=days, halved_on=MON)
    fortnight = [MON + timedelta(days=n) for n in range(14)]
    assert sum(rhythm.is_scheduled(whole, day) for day in fortnight) == expected[1] * 2
    assert sum(rhythm.is_scheduled(half, day) for day in fortnight) == expected[1]
    assert all(rhythm.is_scheduled(whole, day) for day in fortnight if rhythm.is_scheduled(half, day))


@pytest.mark.parametrize(("said", "expected"), [
    ({}, FRI), (NEW_YORK, FRI), ({"zone": "Asia/Jerusalem", "country": "IL"}, THU),
    ({"zone": "Asia/Dubai", "country": "AE"}, FRI),
])
def test_a_week_ends_on_its_last_working_day(said: Any, expected: date) -> None:
    of = pilot(**said)
    works = rhythm.channel_calendar(of).is_working
    assert [day for day in (MON, TUE, WED, THU, FRI) if rhythm.ends_week(of, day, works)] == [expected]


def test_the_week_of_christmas_ends_on_thursday() -> None:
    works = rhythm.channel_calendar(pilot()).is_working
    assert rhythm.ends_week(pilot(), date(2026, 12, 24), works)         # Friday is a holiday
    assert not rhythm.ends_week(pilot(), date(2026, 12, 25), works)
    assert rhythm.week_began(pilot(zone="Asia/Jerusalem", country="IL"), WED) == date(2026, 11, 22)
    assert rhythm.week_began(pilot(), FRI) == MON


# ---- days on which most of the owners are off --------------------------------------------------------------

LENA = person("lena", "Lena", zone="America/New_York", country="US")
RAVI = person("ravi", "Ravi", zone="America/New_York", country="US")


@pytest.mark.parametrize(("owners", "works"), [
    ([], True), ([SAM], True), ([LENA], False), ([SAM, LENA], True), ([SAM, LENA, RAVI], False)])
def test_more_than_half_of_the_owners_off_is_no_day_to_speak(owners: Any, works: bool) -> None:
    assert channel_rules.works_of(pilot(), owners)(THU) is works        # Thanksgiving


def turn(owners: Any, now: datetime, *, since: datetime | None = None, **said: Any) -> channel_rules.Turn:
    return channel_rules.turn_of(pilot(nudge_at=since or now, **said), owners, POLICY, now)


def test_a_nudge_on_the_holiday_of_most_owners_moves_to_the_next_day_they_work() -> None:
    first = turn([LENA, RAVI], half_past_nine(THU))
    assert (first.speaks, first.next_at) == (False, half_past_nine(FRI))
    second = turn([LENA, RAVI], half_past_nine(FRI))
    assert (second.speaks, second.next_at) == (True, half_past_nine(NEXT_MON))
    assert turn([SAM, LENA], half_past_nine(THU)).speaks
    assert not turn([SAM], half_past_nine(FRI)).speaks        # only the week's good word is due


def test_a_moved_nudge_is_part_of_the_next_scheduled_one() -> None:
    found = turn([LENA, RAVI], half_past_nine(THU), nudge_later="thu,fri")
    assert (found.speaks, found.next_at) == (False, half_past_nine(FRI))
    assert turn([LENA, RAVI], half_past_nine(FRI), nudge_later="thu,fri").speaks


@pytest.mark.parametrize(("woke_up", "speaks", "next_at"), [
    (berlin(TUE, 14), True, half_past_nine(THU)),            # missed on Monday, said once
    (berlin(TUE, 8), False, half_past_nine(TUE)),
    (berlin(TUE, 20), False, half_past_nine(WED)),
    (berlin(WED, 20), False, half_past_nine(THU)),
])
def test_what_was_missed_is_said_once_in_hours(woke_up: datetime, speaks: bool, next_at: datetime) -> None:
    found = turn([SAM], woke_up, since=half_past_nine(MON))
    assert (found.speaks, found.next_at) == (speaks, next_at)


@pytest.mark.parametrize(("now", "expected"), [
    (berlin(MON, 8, 59), False), (berlin(MON, 9), True), (berlin(MON, 16, 29), True), (berlin(MON, 16, 30), False),
    (berlin(date(2026, 11, 28), 10), False), (berlin(date(2026, 12, 25), 10), False)])
def test_nothing_is_said_outside_the_hours_of_the_policy(now: datetime, expected: bool) -> None:
    assert turn([], now, since=half_past_nine(MON) - timedelta(days=7), nudge_later="mon,fri,sat").speaks is expected


def test_a_team_may_choose_an_hour_outside_the_usual() -> None:
    assert turn([], berlin(MON, 7, 30), nudge_time="07:30").speaks
    assert not turn([], berlin(MON, 7, 29), since=berlin(MON, 7, 29), nudge_time="07:30").speaks


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
        "Security: Ines · slot Wed 25 Nov 14:00",
        "Legal briefing · 4 working days left, due Fri 27 Nov",
        "Legal: nobody yet · no slot yet. Build cannot start without it.",
        "Compliance briefing · 4 working days left, due Fri 27 Nov",
        "Compliance: Carl · no slot yet. Build cannot start without it.",
        "List every interface · W1-06",
        "Engineering: @Sam · due today. Build cannot start without it.",
        "Deliver the architecture · W1-05",
        "Engineering: Sam · due Thu 26 Nov · planned for Wed 25 Nov",
        "Posted each working morning at 09:30 while something waits, and kept up to date. "
        "To change that: /pilot channel-nudge",
    ]
    assert _mentioned(card) == {person_id("sam")}
    assert [button.action for button in _buttons(card)] == [
        "slot:1", "held:1", "onit:2", "slot:2", "held:2", "onit:3", "slot:3", "held:3",
        "onit:6", "done:6", "plan:6", "block:6", "onit:5", "done:5", "plan:5", "block:5", "items:1:open"]


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
        "✓ Security briefing held Mon 23 Nov, by Ines",
        "✓ Done, by Sam: List every interface",
        "→ Due Tue 8 Dec: Title of W1-05",
        "✓ Not applicable, says Sam: Title of W1-08",
        "Posted each working morning at 09:30 while something waits, and kept up to date. "
        "To change that: /pilot channel-nudge",
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
    assert channel_cards.channel_card(agenda, Scene(WEEK_ONE, {}, berlin(MON, 9, 30), ENGLISH), MON, is_shown=False) is None


def test_a_missing_role_alone_is_something_that_waits() -> None:
    assert channel_rules.agenda_of(WEEK_ONE, [item("B-01", due_on=None, role="ml")], {}, MON).missing == ("ml",)


def test_an_edit_on_a_later_day_says_so() -> None:
    card = _channel_card(pilot(), WED, [sams(due_on=FRI)], day=MON, is_shown=True)
    assert plain(card).splitlines()[-1] == ("Posted Monday and Thursday at 09:30 while something waits, and kept up to "
                                            "date. As of Wed 25 Nov. To change that: /pilot channel-nudge")


def test_a_paused_pilots_nudge_says_only_that() -> None:
    rests = pilot(state=PilotState.PAUSED)
    agenda = channel_rules.agenda_of(rests, [sams()], {}, MON)
    scene = Scene(rests, {}, berlin(MON, 10), ENGLISH)
    assert channel_cards.channel_card(agenda, scene, MON, is_shown=False) is None
    card = _sure(channel_cards.channel_card(agenda, scene, MON, is_shown=True))
    assert plain(card) == "Claims triage is paused: nothing is asked of anybody"


# ---- whom it notifies --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("said", "day", "calls"), [
    ({}, MON, True), ({"role": "legal"}, MON, True), ({"role": "compliance"}, MON, False),
    ({"role": "compliance"}, FRI, True),                                # due today, like anything else
    ({"slot_at": berlin(WED, 14)}, TUE, False),                         # arranged: nothing to ask
    ({"slot_at": berlin(WED, 14)}, WED, True),
    ({"slot_at": berlin(MON, 14)}, TUE, True),                          # was it held?
    ({"due_on": MON}, TUE, False),                                      # late: by its role alone
    ({"blocked_at": berlin(MON, 10)}, TUE, False), ({"owner_id": None}, MON, False),
])
def test_security_and_legal_are_called_each_morning_until_a_slot_is_there(said: Any, day: date, calls: bool) -> None:
    item = briefing("W1-01", **({"role": "security", "owner_id": SAM.id} | said))
    assert channel_rules.calls_for(item, BERLIN, half_past_nine(day)) is calls


@pytest.mark.parametrize(("said", "expected"), [
    ({}, True), ({"is_active": False}, False), ({"quiet_until": FRI}, False), ({"quiet_until": THU}, True),
    ({"away_until": FRI}, False), ({"away_until": THU}, True),
    ({"dnd_from": berlin(THU, 9), "dnd_until": berlin(THU, 10)}, False),
    ({"dnd_from": berlin(THU, 20), "dnd_until": berlin(FRI, 8)}, True),
    (NEW_YORK, False),                                                  # half past three at night, and a holiday
    ({"zone": "Europe/Lisbon", "country": "PT"}, False),                # half past eight
    ({"zone": "Europe/Helsinki", "country": "FI"}, True),
    ({"zone": "Asia/Tokyo", "country": "JP"}, False),                   # half past five in the afternoon
    ({"zone": "Nowhere/At-All"}, False),
])
def test_nobody_is_notified_who_is_away_quiet_or_asleep(said: Any, expected: bool) -> None:
    assert channel_rules.may_be_notified(person("sam", **said), pilot(), POLICY, half_past_nine(THU)) is expected


def test_the_hour_a_team_chose_is_nobodys_night_there() -> None:
    early = pilot(nudge_time="07:30")
    assert channel_rules.may_be_notified(SAM, early, POLICY, berlin(THU, 7, 30))
    assert not channel_rules.may_be_notified(person("sam", zone="Europe/London", country="GB"), early, POLICY,
                                             berlin(THU, 7, 30))


@pytest.mark.parametrize(("naming", "said", "mentioned"), [
    ("mention", "Engineering: @Sam · due today", True), ("name", "Engineering: Sam · due today", False),
    ("role", "Engineering · due today", False), ("nonsense", "Engineering: @Sam · due today", True)])
def test_owners_are_named_as_the_team_wants_it(naming: str, said: str, mentioned: bool) -> None:
    card = _channel_card(pilot(nudge_mention=naming), WED, [sams(due_on=WED)])
    assert said in plain(card)
    assert bool(_mentioned(card)) is mentioned


@pytest.mark.parametrize(("content", "shown"), [
    ("roles,briefings,due,late", {"Machine learning", "Security briefing", "Title of B-07", "Title of B-08"}),
    ("roles", {"Machine learning"}), ("briefings", {"Security briefing"}), ("due", {"Title of B-07"}),
    ("late", {"Title of B-08"}), ("due,late", {"Title of B-07", "Title of B-08"}), ("", {
        "Machine learning", "Security briefing", "Title of B-07", "Title of B-08"}),
])
def test_the_card_shows_what_the_team_wants_shown(content: str, shown: set[str]) -> None:
    said = plain(_channel_card(pilot(nudge_content=content), WED, [
        briefing("W1-01", "security", owner_id=person_id("ines")), sams("B-07", due_on=THU), sams("B-08", due_on=TUE),
        item("B-09", role="ml", due_on=None)]))
    assert {text for text in ("Machine learning", "Security briefing", "Title of B-07", "Title of B-08")
            if text in said} == shown


# ---- who is on it ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("at", "joined", "expected"), [
    (berlin(WED, 9, 2), (), "Carl is on it since 09:02"),
    (berlin(TUE, 16), (), "Carl is on it since Tue 24 Nov"),
    (berlin(WED, 9, 2), (person_id("ines"),), "Carl and Ines are on it since 09:02"),
])
def test_the_card_tells_the_others_who_is_on_it(at: datetime, joined: Any, expected: str) -> None:
    late = sams(id=7, due_on=TUE, on_it_by=person_id("carl"), on_it_at=at)
    card = _channel_card(pilot(), WED, [late], joined={7: joined})
    assert f"1 working day late. Readiness review cannot start without it.\n{expected}\n" in plain(card)
    assert not _mentioned(card)


# ---- what is left of it, and good news ---------------------------------------------------------------------


def test_an_older_nudge_shrinks_to_one_line() -> None:
    scene = Scene(pilot(), {}, half_past_nine(TUE), ENGLISH)
    assert plain(channel_cards.shrunk_card(MON, [done("B-01"), sams("B-02"), done("B-03")], scene)) == (
        "Mon 23 Nov: 2 of 3 done. Newer nudge below.")
    assert plain(channel_cards.shrunk_card(MON, [], scene)) == "Mon 23 Nov: newer nudge below."


def test_good_news_is_a_line_of_the_nudge_or_a_card_of_its_own() -> None:
    praise = Praise(("build",), True, 3, (Help(SAM.id, "List every interface"), Help(person_id("ines"), "CRM access")))
    said = ("This week: gate to Build passed · all briefings of week one held · 3 weeks on time · "
            "thank you for helping, Sam (List every interface) and Ines (CRM access)")
    assert said in plain(_channel_card(pilot(), FRI, [sams(due_on=FRI)], praise=praise))
    assert plain(_channel_card(pilot(), FRI, [done("B-01")], praise=praise)).startswith("Claims triage: good news\n★")
    nothing = Praise((), False, 0, ())
    assert "This week" not in plain(_channel_card(pilot(), FRI, [sams(due_on=FRI)], praise=nothing))
    assert channel_cards.praise_card(nothing, Scene(pilot(), {}, half_past_nine(FRI), ENGLISH)) is None


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
    assert channel_rules.may_begin_nudge(nudge, pilot(), POLICY, now) is expected


def _channel_card(of: Pilot, today: date, items: list[Any], *, spoken: Any = (), day: date | None = None,
                  is_shown: bool = False, joined: Any = None, praise: Praise | None = None) -> Card:
    known = dossier(of, items, TEAM)
    now = half_past_nine(today)
    agenda = channel_rules.agenda_of(of, items, known.seats, today, spoken)
    notified = {(each.owner_id, each.id)
                for each in channel_rules.to_notify(agenda, of, known.people, POLICY, now)}
    scene = Scene(of, known.people, now, ENGLISH, notified, joined)
    return _sure(channel_cards.channel_card(agenda, scene, day or today, praise, is_shown=is_shown))


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

"""What people look at: what each view says, to whom, and which buttons it offers."""

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event

from handlers.chat.cards import Bold, Button, Buttons, Card, Row, Text, plain
from handlers.chat.errors import Refused
from handlers.people.roles import ROLES
from handlers.pilots.hats import hats_of
from handlers.status import home_card as home
from handlers.status.actions import Status
from handlers.status.cards import View, reader_of, short
from handlers.status.history_card import history_card, what
from handlers.status.home_card import Desk
from handlers.status.item_card import item_card
from handlers.status.list_cards import items_card, pilots_card
from handlers.status.status_card import status_card
from handlers.status.team_card import briefings_card, gate_card, team_card
from handlers.status.why_card import Told, why_card
from storage import pilots
from storage.engine import Store
from storage.models import Item, ItemKind, ItemState, PilotState, Post, Workspace
from storage.nudging import Told as ToldRow
from tests.rules.make import (
    NOW,
    TODAY,
    WORKSPACE,
    asked,
    digest,
    done,
    dossier,
    entry,
    item,
    person,
    person_id,
    pilot,
    seat,
)

SAM, PRIYA, OMAR, MARTA = map(person_id, ("sam", "priya", "omar", "marta"))
TEAM = [seat("sponsor", "marta"), seat("lead", "priya"), seat("engineering", "sam"), seat("operations", "ana")]


def view(reader: str = "sam", public: bool = False, is_admin: bool = False, risk_before: int | None = None,
         **said: Any) -> View:
    made = dossier(said.pop("of", None), said.pop("items", ()), said.pop("seats", TEAM), said.pop("people", ()))
    who = None if public else made.people.get(person_id(reader), person(reader))
    return View(made, reader_of(who, NOW, made.pilot, is_admin=is_admin), public, risk_before)


def buttons(card: Card) -> list[Button]:
    found: list[Button] = []
    for element in card.elements:
        if isinstance(element, Buttons):
            found += element.items
        if isinstance(element, Row):
            found += [*element.buttons, *([element.aside] if element.aside else [])]
    return found


def actions(card: Card) -> list[str]:
    return [button.action for button in buttons(card)]


def verbs(card: Card) -> list[str]:
    return [action.partition(":")[0] for action in actions(card)]


def said(card: Card, start: str) -> str:
    """The one line that starts so."""
    found = [each for each in plain(card).splitlines() if each.startswith(start)]
    assert len(found) == 1, (start, plain(card))
    return found[0]


def late_item(ref: str = "B-02", **fields: Any) -> Item:
    return item(ref, **({"due_on": date(2026, 11, 18), "owner_id": SAM} | fields))


# ---- status ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("since", "trend"), [(None, ""), (9, " ▲ +9"), (-7, " ▼ −7"), (0, " =")])
def test_the_first_line_is_enough_for_a_phone(since: int | None, trend: str) -> None:
    held = [late_item(weight=5, due_on=date(2026, 11, 3))]
    total = view(items=held).risk.total
    assert total == 20
    card = status_card(view(items=held, risk_before=None if since is None else total - since))
    assert card.title == f"Claims triage · Build (stage 3 of 7) · day 17 of 40 · risk 20 WATCH{trend}"


def test_the_worst_status_still_has_twelve_lines() -> None:
    held = [late_item(f"B-{n:02}", weight=5) for n in range(1, 13)]
    held += [item(ref, gate="build", stage="week_one", due_on=date(2026, 10, 23)) for ref in ("W1-01", "W1-02", "W1-03")]
    held += [item("IN-02", gate="week_one", stage="intake", owner_id=MARTA)]
    card = status_card(view(items=held, seats=TEAM[:1], of=pilot(stage_entered_on=date(2026, 8, 3), late_start=True)))
    lines = plain(card).splitlines()
    assert len(lines) == 12, plain(card)
    assert lines[1].startswith("■ Stuck: day ")
    assert "no item of the next gate is closed yet" in lines[1]
    assert lines[-1].startswith("🔴 Nobody yet (10 roles): Pilot lead, Product")


def test_each_line_of_the_status_in_its_order() -> None:
    card = status_card(view(items=[
        done("IN-02", "34 to 24 min by 31 Mar", gate="week_one", stage="intake"), late_item(plan_on=date(2026, 11, 26)),
        late_item("B-04", blocked_at=datetime(2026, 11, 17, 9, tzinfo=UTC), blocked_by=OMAR, blocked_reason="no access"),
        late_item("B-12", due_on=date(2026, 11, 24)), done("B-05", None),
        done("W1-01", gate="build"), done("W1-03", gate="build", state=ItemState.NOT_APPLICABLE),
        item("W1-02", gate="build", slot_at=datetime(2026, 11, 26, 13, 0, tzinfo=UTC)),
    ], people=[person("omar", "Omar Haddad"), person("sam", "Sam Okafor"), person("ana", "Ana Ruiz")]))
    assert plain(card).splitlines()[1:7] == [
        "Goal: 34 to 24 min by 31 Mar",
        "Next gate: Readiness review, 5 items: 1 done (1 unproven) · 4 open (3 late) · 0 waived",
        "Blocking now",
        "1  B-02 Title of B-02: Sam Okafor (engineering), 5 wd late, plan: Thu 26 Nov",
        "2  B-04 Title of B-04: Sam Okafor (engineering), 5 wd late, blocked by Omar Haddad for 6 wd: no access",
        "+  Title of B-12 1 wd",
    ]
    assert said(card, "Week one:") == ("Week one: security ✓ · legal ✗ on Thu 26 Nov 14:00 · "
                                       "compliance – not applicable · SLA: not yet · Off-switch: not yet")
    assert "Ops in team: yes (Ana Ruiz) · Last activity: today" in said(card, "Weakest role:")
    assert verbs(card) == ["mine", "items", "share", "status"]


@pytest.mark.parametrize(("goal", "shown"), [
    (item("IN-02", gate="week_one", owner_id=MARTA, due_on=date(2026, 11, 26)), "not stated yet (IN-02, Marta, due tomorrow)"),
    (item("IN-02", gate="week_one", role="sponsor"), "not stated yet (IN-02, 🔴 nobody yet (sponsor), due Fri 27 Nov)"),
    (done("IN-02", "34 to 24\nminutes"), "34 to 24 minutes"),
    (done("IN-02", None), "IN-02 is done, but nobody wrote the number down"),
    (item("IN-02", state=ItemState.NOT_APPLICABLE), "IN-02 is not applicable"),
])
def test_the_goal_is_what_was_stated(goal: Item, shown: str) -> None:
    assert said(status_card(view(items=[goal])), "Goal:") == f"Goal: {shown}"


@pytest.mark.parametrize(("seats", "shown"), [
    ([*(seat(role, "ana") for role in ROLES if role not in ("legal", "change"))],
     "🔴 Legal: nobody yet · 🔴 Change management: nobody yet"),
    ([*(seat(role, "gone" if role == "legal" else "ana") for role in ROLES)], "🔴 Legal: Gone has left"),
])
def test_an_empty_seat_is_red_and_said(seats: Any, shown: str) -> None:
    card = status_card(view(seats=seats, people=[person("gone", is_active=False)]))
    assert plain(card).splitlines()[-1] == shown


def test_a_full_team_has_no_red_line() -> None:
    assert "🔴" not in plain(status_card(view(seats=[seat(role, "ana") for role in ROLES])))


def test_what_a_channel_sees_names_nobody_who_is_late() -> None:
    held = [late_item(blocked_at=NOW - timedelta(days=9), blocked_by=OMAR, blocked_reason="Omar sleeps"),
            late_item("B-12"), item("IN-02", role="sponsor", owner_id=MARTA, due_on=date(2026, 11, 2)),
            item("B-03", owner_id=PRIYA)]
    mine, shared = plain(status_card(view(items=held))), plain(status_card(view(items=held, public=True)))
    assert "Sam" in mine
    assert "Omar" in mine
    for name in ("Sam", "Omar", "Marta", "sleeps"):
        assert name not in shared
    assert "Title of B-12" in shared
    assert "engineering, 5 wd late" in shared
    assert verbs(status_card(view(items=held, public=True))) == ["mine", "items"]


def test_a_pause_stops_the_clock() -> None:
    paused = pilot(state=PilotState.PAUSED, state_reason="budget round", state_since=date(2026, 11, 9))
    card = status_card(view(of=paused, items=[late_item(due_on=date(2026, 11, 12))]))
    assert card.title.startswith("Claims triage · ⏸ PAUSED · Build (stage 3 of 7) · day 5 of 40 · risk ")
    assert plain(card).splitlines()[1] == "⏸ Paused since Mon 9 Nov: budget round"
    assert "0 done · 1 open · 0 waived" in said(card, "Next gate:")
    assert "nothing is late" in said(card, "Blocking now:")


@pytest.mark.parametrize(("closed", "shown"), [
    (date(2026, 11, 20), "Over its limit, but moving: the last item of the next gate was closed Fri 20 Nov"),
    (date(2026, 11, 2), "■ Stuck: day 82 of 40, and the last item of the next gate was closed Mon 2 Nov"),
])
def test_stuck_says_why(closed: date, shown: str) -> None:
    closed_at = datetime(closed.year, closed.month, closed.day, 12, tzinfo=UTC)
    card = status_card(view(of=pilot(stage_entered_on=date(2026, 8, 3)), items=[done("B-01", closed_at=closed_at)]))
    assert plain(card).splitlines()[1] == shown


def test_on_the_first_day_no_day_zero_is_said() -> None:
    assert " · first day of 40 · " in status_card(view(of=pilot(stage_entered_on=TODAY))).title


def test_the_last_stage_has_no_gate_and_no_limit() -> None:
    card = status_card(view(of=pilot(stage="continuous_improvement")))
    assert "(stage 7 of 7) · day 17 · risk" in card.title
    assert said(card, "Next gate:") == "Next gate: none, this is the last stage"


def test_what_is_late_counts_in_the_owners_working_days() -> None:
    """23 November is a holiday in Japan: there it is one working day less."""
    held = [late_item(due_on=date(2026, 11, 20), owner_id=person_id("yuki"))]
    card = status_card(view(items=held, people=[person("yuki", zone="Asia/Tokyo", country="JP")]))
    assert "2 wd late" in said(card, "1  B-02")
    assert "3 working days late" in plain(items_card(view(items=[late_item(due_on=date(2026, 11, 20))]), "open", 0))


def test_names_are_literal() -> None:
    odd = "*<!channel>* `x`"
    card = status_card(view(of=pilot(odd), items=[late_item(title=odd)], people=[person("sam", odd)]))
    assert card.title.startswith(f"{odd} · Build")
    spans = [span for element in card.elements if isinstance(element, Text) for each in element.lines for span in each]
    assert all(isinstance(span, str | Bold) for span in spans)


# ---- items -------------------------------------------------------------------------------------------------

SOME = [
    item("W1-02", stage="week_one", gate="build", role="legal", due_on=date(2026, 10, 23)),
    late_item("B-02"), item("B-03", owner_id=PRIYA, plan_on=date(2026, 11, 26)),
    item("B-04", owner_id=SAM, blocked_at=NOW - timedelta(days=8), blocked_by=OMAR),
    done("B-05"), item("R-01", stage="readiness_review", gate="limited_rollout", due_on=None, owner_id=SAM,
                       due_rule="readiness_review+3wd"),
    item("B-06", state=ItemState.WAIVED, waived_until=date(2026, 12, 1)),
]


@pytest.mark.parametrize(("which", "refs", "title"), [
    ("open", ["W1-02", "B-02", "B-03", "B-04", "R-01"], "5 items open"),
    ("mine", ["B-02", "B-04", "R-01"], "3 items open and yours"),
    ("overdue", ["W1-02", "B-02"], "2 items late"),
    ("blocked", ["B-04"], "1 item blocked"),
    ("gate", ["W1-02", "B-02", "B-03", "B-04"], "4 items before Readiness review can begin"),
    ("legal", ["W1-02"], "1 item open for Legal, 0 of 1 closed"),
    ("compliance", [], "no items open for Compliance, 0 of 0 closed"),
    ("all", ["W1-02", "B-02", "B-03", "B-04", "B-05", "B-06", "R-01"], "7 items in all"),
])
def test_which_items_are_listed(which: str, refs: list[str], title: str) -> None:
    card = items_card(view(items=SOME), which, 0)
    assert card.title == f"Claims triage: {title}"
    shown = [plain(Card("", (row,))).split()[0] for row in card.elements if isinstance(row, Row)]
    assert shown == refs


def test_a_list_of_items_says_who_when_and_what_became_of_it() -> None:
    text = plain(items_card(view(items=SOME), "all", 0))
    for line in ("🔴 nobody yet (legal) · 23 working days late · safety floor", "Sam (engineering) · 5 working days late",
                 "Priya (engineering) · due Fri 27 Nov · plan: Thu 26 Nov",
                 "Sam (engineering) · due Fri 27 Nov · ■ blocked by Omar for 6 working days",
                 "◇ waived until Tue 1 Dec", "no date until Readiness review begins"):
        assert line in text, text


def test_ten_items_a_page() -> None:
    many = [item(f"B-{n:02}") for n in range(1, 26)]
    first, last, beyond = (items_card(view(items=many), "open", page) for page in (0, 2, 99))
    assert actions(first)[10] == "items:1:open:1"
    assert actions(last)[5] == "items:1:open:1"
    assert "Page 3 of 3" in plain(last)
    assert beyond == last


def test_an_unknown_list_is_refused_with_those_there_are() -> None:
    with pytest.raises(Refused, match="mine, overdue, blocked, all, gate, sponsor"):
        items_card(view(items=SOME), "nonsense", 0)


# ---- one item ----------------------------------------------------------------------------------------------


def shown_item(one: Item, reader: str, history: Iterable[Any] = (), **fields: Any) -> Card:
    seen = view(reader, items=[one], **fields)
    return item_card(seen, one, list(history), hats_of(seen.dossier, person_id(reader), one))


DOERS = ["done", "plan", "block", "assign", "na"]


@pytest.mark.parametrize(("of", "reader", "offered"), [
    (late_item(), "sam", DOERS),                                            # the owner
    (late_item(), "priya", DOERS),                                          # the lead
    (late_item(), "nobody", []),
    (late_item(approvers=["operations"]), "ana", ["done"]),
    (late_item(blocked_at=NOW, blocked_by=OMAR), "sam", ["done", "plan", "unblock", "assign", "na"]),
    (late_item(blocked_at=NOW, blocked_by=OMAR), "omar", ["unblock"]),      # whoever it waits for
    (item("W1-02", kind=ItemKind.MEETING, owner_id=SAM), "sam", ["held", "slot", *DOERS]),
    (item("W1-02", kind=ItemKind.MEETING, owner_id=SAM), "priya", ["held", "slot", *DOERS[:-1]]),   # safety floor
    (item("R-10", kind=ItemKind.MEETING, owner_id=SAM), "sam", DOERS),
    (done("B-02", owner_id=SAM), "sam", ["reopen"]),
    (done("B-02", owner_id=SAM), "nobody", []),
    (late_item(state=ItemState.WAIVED, waived_until=date(2026, 11, 2)), "sam", ["reopen"]),
])
def test_only_what_the_reader_may_press(of: Item, reader: str, offered: list[str]) -> None:
    assert verbs(shown_item(of, reader)) == [*offered, "items", "status"]


def test_nothing_can_be_pressed_in_a_paused_pilot() -> None:
    card = shown_item(late_item(), "sam", of=pilot(state=PilotState.PAUSED, state_since=TODAY, state_reason="budget"))
    assert verbs(card) == ["items", "status"]
    assert "⏸ Paused since Wed 25 Nov: budget. Nothing in it can be changed now." in plain(card)


def test_an_item_says_all_there_is_to_know() -> None:
    of = item("R-05", owner_id=SAM, approvers=["operations", "legal"], minutes=30, repeat="15wd", kind=ItemKind.SIGNOFF,
              blocked_at=datetime(2026, 11, 17, 9, tzinfo=UTC), blocked_by=OMAR, blocked_reason="no access", source=["a:1"])
    changes = [entry("item blocked", "R-05", after={"blocked_by": OMAR, "reason": "no access"})] * 5
    text = plain(shown_item(of, "sam", changes))
    for line in ("R-05 · Title of R-05", "■ blocked, due Fri 27 Nov", "Kind: Sign-off, 30 minutes, repeats every 15 working days",
                 "Why: Because it breaks otherwise", "Evidence wanted: A link", "Owner: Sam (engineering)", "Due: Fri 27 Nov",
                 "Gate: Readiness review cannot begin without it. Safety floor: only its own role can set it aside",
                 "Signed by: Operations: Ana, 🔴 Legal: nobody yet", "Blocked: by Omar for 6 working days: no access",
                 "Version 1 · from a:1"):
        assert line in text.splitlines(), (line, text)
    assert text.count("Wed 25 Nov 10:00 · Priya · R-05 blocked by Omar: no access") == 3


@pytest.mark.parametrize(("of", "headline"), [
    (late_item(), "▲ 5 working days late"), (item(), "○ open, due Fri 27 Nov"),
    (late_item(due_on=date(2026, 11, 24)), "▲ due yesterday"), (item(due_on=TODAY), "○ open, due today"),
    (done("B-02"), "✓ done"), (done("B-02", None), "✓ done, unproven: no evidence"),
    (item(state=ItemState.NOT_APPLICABLE, na_reason="no data"), "– not applicable"),
    (item(state=ItemState.WAIVED, waived_until=date(2026, 11, 25)), "◇ waived until Wed 25 Nov"),
    (item(state=ItemState.WAIVED, waived_until=date(2026, 11, 24)), "○ open, the waiver is over, due Fri 27 Nov"),
])
def test_a_state_is_a_symbol_and_words(of: Item, headline: str) -> None:
    assert plain(shown_item(of, "sam")).splitlines()[1] == headline


# ---- what waits for me -------------------------------------------------------------------------------------


def desk(reader: str = "sam", **said: Any) -> Desk:
    who = person(reader, **said.pop("settings", {}))
    return Desk(reader_of(who, NOW), who, **said)


def test_an_empty_desk_says_so_and_how_to_start() -> None:
    for card in (home.home_card(desk()), home.bare_card(desk())):
        assert card.title == "Nothing needs you today."
        assert "You have no part in any pilot yet." in plain(card)
        assert "new" in verbs(card)
    assert "/pilot new registers one" in plain(home.bare_card(desk()))


def test_my_turn_is_what_the_morning_asks_about_gate_holders_first() -> None:
    p = pilot()
    owned = [(late_item("C-01", gate=None, due_on=date(2026, 11, 2)), p), (item("B-03", owner_id=SAM), p),
             (late_item("B-02"), p), (late_item("B-07", plan_on=date(2026, 12, 1)), p),
             (late_item("B-08", blocked_at=NOW), p), (item("B-09", owner_id=SAM, due_on=date(2027, 1, 4)), p)]
    made = desk(owned=owned, pilots=[p])
    assert [each.ref for each, _ in made.turn] == ["B-02", "B-03", "C-01"]
    assert home.bare_card(made).title == "3 things need you today"
    assert verbs(home.bare_card(made))[:3] == ["plan", "done", "block"]
    assert verbs(home.home_card(made))[:4] == ["plan", "done", "block", "assign"]
    assert "B-02 · Claims triage · 5 working days late, opens Readiness review" in plain(home.bare_card(made))
    assert "Waiting on others for you" in plain(home.home_card(made))


def test_what_is_planned_is_said_as_what_comes_next() -> None:
    made = desk(owned=[(late_item(plan_on=date(2026, 12, 1)), pilot())], pilots=[pilot()])
    card = home.home_card(made)
    assert card.title == "Nothing needs you today."
    assert said(card, "Next for you:") == "Next for you: B-02 Title of B-02 · Claims triage · planned for Tue 1 Dec"


def test_a_briefing_asks_for_its_slot() -> None:
    made = desk(owned=[(item("W1-02", kind=ItemKind.MEETING, owner_id=SAM), pilot())])
    assert verbs(home.home_card(made))[:4] == ["slot", "held", "block", "assign"]


def test_seats_blocks_and_sign_offs_wait_for_me_too() -> None:
    p = pilot()
    made = desk("omar", seats=[(asked("legal", "omar"), p), (seat("change", "omar"), p)],
                waited_for=[(late_item(blocked_at=datetime(2026, 11, 17, 9, tzinfo=UTC), blocked_by=OMAR,
                                       blocked_reason="CRM access"), p)],
                signoffs=[(item("R-07", kind=ItemKind.SIGNOFF), p)], pilots=[p],
                names={PRIYA: person("priya", "Priya Shah"), SAM: person("sam", "Sam Okafor")})
    for card in (home.home_card(made), home.bare_card(made)):
        assert card.title == "3 things need you today"
        assert {"accept:1:legal", "notme:1:legal"} <= set(actions(card))
        text = plain(card)
        assert "Legal of Claims triage · Priya Shah asked you 2 working days ago" in text
        assert "Sam Okafor waits for you, 6 working days: CRM access" in text
        assert "R-07 · Claims triage · due Fri 27 Nov" in text
    assert said(home.home_card(made), "Omar") == "Omar · Change management of Claims triage"


def test_home_shows_five_and_ten_and_stays_under_ninety_blocks() -> None:
    many = [pilot(f"Pilot {n}", id=n, entered={"build": "2026-11-24"}) for n in range(1, 40)]
    owned = [(late_item(f"B-{n:02}", blocked_at=NOW if n > 30 else None), many[0]) for n in range(60)]
    made = desk(owned=owned, waited_for=owned[:20], signoffs=owned[:20], pilots=many,
                seats=[(asked(role, "sam"), many[0]) for role in ROLES])
    card = home.home_card(made)
    blocks = 1 + sum(2 if isinstance(each, Row) and each.buttons else 1 for each in card.elements)
    assert blocks <= 90
    assert verbs(card).count("plan") == 5
    assert verbs(card).count("status") == 10
    assert "and 26 more, less urgent" in plain(card)
    assert "✅ Pilot 1 passed the gate to Build (Tue 24 Nov)" in plain(card)


def test_home_says_when_it_is_quiet() -> None:
    assert "Quiet until Mon 30 Nov. /pilot quiet off ends it." in plain(
        home.home_card(desk(settings={"quiet_until": date(2026, 11, 30)})))
    assert "One message on working mornings, 09:30" in plain(
        home.home_card(desk(settings={"quiet_until": date(2026, 11, 25)})))


# ---- pilots, team, gate, briefings -------------------------------------------------------------------------


@pytest.mark.parametrize(("which", "count", "stuck", "title"), [
    ("all", 2, 0, "2 pilots, riskiest first"), ("all", 0, 0, "No pilot yet"),
    ("mine", 1, 0, "1 pilot with a part for you, riskiest first"), ("mine", 0, 0, "You have no part in any pilot"),
    ("stuck", 3, 1, "3 pilots over the stage limit, 1 stuck"), ("stuck", 0, 0, "No pilot is over its stage limit"),
    ("limited_rollout", 1, 0, "1 pilot in Limited rollout, riskiest first"),
])
def test_a_list_of_pilots_says_how_many(which: str, count: int, stuck: int, title: str) -> None:
    card = pilots_card([], frozenset(range(stuck)), reader_of(person("sam"), NOW), which, 0, count)
    assert card.title == title
    assert f"list:{which}:0" not in actions(card)


def test_a_pilot_in_one_line() -> None:
    rows = [pilot(risk=41), pilot("Old", id=2, stage_entered_on=date(2026, 8, 3), risk=71), pilot("New", id=3, stage_entered_on=TODAY),
            pilot("Held", id=4, state=PilotState.PAUSED, state_since=date(2026, 11, 9), state_reason="budget"),
            pilot("Slow", id=5, stage_entered_on=date(2026, 8, 3))]
    card = pilots_card(rows, frozenset({2}), reader_of(person("sam"), NOW), "all", 1, 25)
    assert plain(card).splitlines()[1:6] == [
        "Claims triage · Build · day 17 of 40 · risk 41 HIGH", "Old · Build · day 82 of 40 · risk 71 PURGATORY · ■ stuck",
        "New · Build · first day of 40", "Held · Build · day 5 of 40 · ⏸ Paused since Mon 9 Nov: budget",
        "Slow · Build · day 82 of 40 · over its limit"]
    assert actions(card)[5:7] == ["list:all:0", "list:all:2"]


def test_the_team_and_who_may_change_it() -> None:
    seats = [*TEAM, asked("legal", "omar")]
    lead, other, omar = (team_card(view(who, seats=seats)) for who in ("priya", "sam", "omar"))
    assert lead.title == "Claims triage: 4 of 11 roles accepted, 6 with nobody"
    assert "⏳ Legal: Omar, asked 2 working days ago, no answer yet" in plain(lead)
    assert "🔴 Compliance: nobody yet" in plain(lead)
    assert verbs(lead).count("seat") == len(ROLES)
    assert verbs(other) == ["status", "items"]
    assert actions(omar)[:2] == ["accept:1:legal", "notme:1:legal"]
    assert verbs(team_card(view("priya", of=pilot(state=PilotState.STOPPED)))) == ["status", "items"]


@pytest.mark.parametrize(("reader", "items", "of", "offered", "words"), [
    ("priya", [done("B-01")], None, True, "Ready: every item is settled."),
    ("marta", [done("B-01")], None, True, "Ready: every item is settled."),
    ("sam", [done("B-01")], None, False, "Ready. Priya or Marta can pass it with /pilot gate pass."),
    ("priya", [late_item()], None, False, "Each must be done, not applicable or waived before Readiness review can begin."),
    ("priya", [item("W1-02", gate="build")], None, False, "Safety floor, which only its own role can set aside: W1-02."),
    ("priya", [done("B-01")], pilot(state=PilotState.PAUSED, state_since=TODAY, state_reason="x"), False, "It passes no gate."),
    ("priya", [], pilot(stage="continuous_improvement"), False, "there is no gate ahead"),
])
def test_the_gate_opens_for_those_who_may(reader: str, items: list[Item], of: Any, offered: bool, words: str) -> None:
    seen = view(reader, items=items, of=of)
    card = gate_card(seen, hats_of(seen.dossier, person_id(reader)))
    assert ("gatepass:1:readiness_review" in actions(card)) is offered
    assert words in plain(card)


def test_the_gate_names_what_holds_it_and_who_signs() -> None:
    seen = view(items=[late_item(), item("B-20", kind=ItemKind.SIGNOFF, approvers=["operations", "legal"], owner_id=SAM)])
    text = plain(gate_card(seen, frozenset()))
    assert "2 items: 0 done · 2 open (1 late) · 0 waived" in text
    assert "Signed by Operations: Ana, 🔴 Legal: nobody yet" in text


def test_status_and_gate_give_the_same_numbers() -> None:
    seen = view(items=SOME)
    numbers = plain(gate_card(seen, frozenset())).splitlines()[1]
    assert said(status_card(seen), "Next gate:") == f"Next gate: Readiness review, {numbers}"


def test_briefings_say_slot_outcome_and_asks() -> None:
    held = [item("W1-01", role="security", owner_id=SAM, slot_at=datetime(2026, 11, 26, 13, 0, tzinfo=UTC)),
            done("W1-02", "Held with Jonas"), item("W1-03", role="compliance"),
            item("A-01", source=["briefing:W1-02"]), done("A-02", source=["briefing:W1-02"])]
    card = briefings_card(view(items=held))
    assert card.title == "Claims triage: 1 of 3 week-one briefings settled"
    assert "Security · W1-01 · Sam (security) · slot Thu 26 Nov 14:00 · due Fri 27 Nov" in plain(card)
    assert "Asked for 2 things, 1 still open: A-01" in plain(card)
    assert "Compliance · W1-03 · 🔴 nobody yet (compliance) · no slot yet · due Fri 27 Nov" in plain(card)
    assert verbs(card)[:3] == ["slot", "held", "item"]


# ---- history and why ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("verb", "subject", "before", "after", "words"), [
    ("item done", "W1-02", {"state": "open"}, {"state": "done", "evidence": "minutes in the wiki"},
     "W1-02 done: minutes in the wiki"),
    ("item done", "W1-02", {}, {"state": "done", "evidence": None}, "W1-02 done"),
    ("item due moved", "B-02", {"due_on": "2026-11-20"}, {"due_on": "2026-11-27", "reason": "vendor slipped"},
     "B-02 moved, due Fri 27 Nov (was Fri 20 Nov): vendor slipped"),
    ("item planned", "B-02", {"plan_on": None}, {"plan_on": "2026-11-27"}, "B-02 planned for Fri 27 Nov"),
    ("item blocked", "B-02", {}, {"blocked_by": OMAR, "reason": None}, "B-02 blocked by Omar"),
    ("item unblocked", "B-02", {"blocked_by": OMAR}, {}, "B-02 not blocked any more"),
    ("item handed over", "B-02", {"owner": SAM}, {"owner": OMAR}, "B-02 handed over to Omar (was Sam)"),
    ("item reopened", "B-02", {"evidence": "x"}, {"state": "open", "reason": "wrong"}, "B-02 reopened: wrong"),
    ("item not applicable", "B-02", {}, {"state": "na", "reason": "no data"}, "B-02 not applicable: no data"),
    ("item repeats", "B-11#2", {}, {"title": "Demo", "due_on": "2026-12-11", "role": "product", "gate": None},
     "B-11#2 opened again, as it repeats, due Fri 11 Dec"),
    ("ask added", "A-01", {}, {"title": "A diagram", "due_on": "2026-12-02", "of": "W1-01", "blocking": "yes"},
     "A-01 asked for, due Wed 2 Dec: A diagram"),
    ("briefing slot", "W1-02", {}, {"slot_at": "2026-11-26T13:00:00+00:00"}, "W1-02 has a slot on Thu 26 Nov 14:00"),
    ("seat filled", "legal", {"person": None}, {"person": OMAR, "state": "asked"}, "Legal seat offered to Omar"),
    ("seat accepted", "legal", {"state": "asked"}, {"state": "accepted"}, "Legal seat accepted"),
    ("seat handed back", "legal", {"person": OMAR}, {}, "Legal seat handed back"),
    ("gate passed", "build", {"stage": "week_one"}, {"stage": "build"}, "passed the gate to Build"),
    ("pilot resumed", "", {}, {"state": "active", "dates_moved_wd": 4, "reason": "budget"},
     "resumed the pilot: budget · open dates moved by 4 working days"),
    ("pilot created", "Claims triage", {}, {"purpose": "Sort", "kickoff_on": "2026-10-19", "items": 50, "room": "slack:C1",
                                            "seats": {"lead": SAM}}, "registered the pilot with kickoff Mon 19 Oct: Sort · 50 items"),
    ("metric {signed}", "M-1", {}, {"{odd}": "{x}", "limit": 3, "who": [SAM, OMAR], "ok": True, "deep": {"a": 1}},
     "M-1 metric {signed}: {odd} {x} · limit 3 · who Sam and Omar · ok yes"),
    ("seat frozen", "", {}, {"by": "slack:UGONE00"}, "seat frozen: by somebody"),
])
def test_every_change_is_said_in_words(verb: str, subject: str, before: Any, after: Any, words: str) -> None:
    names = {who: person(who.removeprefix("slack:U").lower()) for who in (SAM, OMAR, PRIYA)}
    assert what(entry(verb, subject, before=before, after=after), names, reader_of(person("sam"), NOW), pilot()) == words


def test_history_says_who_when_and_through_which_door() -> None:
    entries = [entry("item done", "B-02", seq=12), entry("risk noted", seq=11, actor="clock", door="clock")]
    card = history_card(pilot(audit_seq=12), entries, {PRIYA: person("priya", "Priya Shah")}, reader_of(person("sam"), NOW), 0)
    assert plain(card).splitlines() == [
        "Claims triage: 12 changes, newest first · page 1 of 2", "Wed 25 Nov 10:00 · Priya Shah · B-02 done",
        "#12 · by slack command", "Wed 25 Nov 10:00 · Ground Crew, by the clock · risk noted", "#11 · by clock"]
    assert actions(card) == ["history:1:1", "status:1"]


def test_why_gives_the_rule_behind_each_message_and_the_way_to_quiet_it() -> None:
    reader, me = reader_of(person("sam"), NOW), person("sam")
    work = [(item(f"B-{n:02}"), pilot()) for n in range(5)]
    text = plain(why_card(reader, me, [Told("digest", NOW, items=work), Told("ask", NOW, pilot(), by="Priya"),
                                       Told("handed", NOW, pilot(), entry("item handed over", "B-02"), "Priya"),
                                       Told("new-kind", NOW)]))
    assert "Why you got my last 4 messages" in text
    assert "Your morning message: B-00 Title of B-00 (Claims triage), B-01 Title of B-01 (Claims triage)" in text
    assert "and 2 more" in text
    assert "An item was handed to you, by Priya: B-02 · Claims triage" in text
    assert text.count("Rule: ") == 4
    assert "/pilot quiet until DATE" in text
    assert why_card(reader, me, []).title == "I have not written to you yet"
    assert "You are on quiet" in plain(why_card(reader, person("sam", quiet_until=date(2026, 12, 1)), []))


def test_a_long_text_is_cut_at_a_word() -> None:
    assert short("one two three four", 12) == "one two…"
    assert short("x" * 30, 10) == "x" * 9 + "…"
    assert short(None, 5) == ""


def test_no_view_nags() -> None:
    seen = view(items=SOME)
    shown = [status_card(seen), gate_card(seen, frozenset()), team_card(seen), items_card(seen, "all", 0),
             home.home_card(desk(owned=[(late_item(), pilot())])), why_card(seen.reader, None, [])]
    for card in shown:
        assert not re.search(r"just a reminder|kindly|asap|🚨", plain(card), re.IGNORECASE)


# ---- on a database -----------------------------------------------------------------------------------------


@pytest.fixture
async def status(store: Store) -> Status:
    people = [person(name) for name in ("sam", "priya", "omar", "marta", "ana")]
    async with store.begin() as session:
        session.add(Workspace(id=WORKSPACE, name="T", created_at=NOW))
        await session.flush()
        session.add_all(people)
        fresh = [pilot(audit_seq=0), pilot("Old", id=2, stage_entered_on=date(2026, 8, 3)), pilot("Moving", id=3,
                                                                                      stage_entered_on=date(2026, 8, 3))]
        session.add_all(fresh)
        await session.flush()
        session.add_all([seat("sponsor", "marta"), seat("lead", "priya"), seat("engineering", "sam"), asked("legal", "omar")])
        session.add_all([late_item("B-02", id=501), late_item("B-04", id=502, blocked_at=NOW, blocked_by=OMAR),
                         item("R-07", id=503, kind=ItemKind.SIGNOFF, approvers=["engineering"], owner_id=PRIYA),
                         item("R-08", id=504, kind=ItemKind.SIGNOFF, approvers=["product"], owner_id=PRIYA),
                         done("B-01", id=505, pilot_id=3)])
        await pilots.note_risk(session, fresh[0], NOW - timedelta(days=1), 3)
        nudge = digest(TODAY, [])
        session.add(nudge)
        await session.flush()
        session.add_all([ToldRow(workspace_id=WORKSPACE, person_id=SAM, item_id=number, pilot_id=1, nudge_id=nudge.id,
                              step="due", at=NOW) for number in (501, 502)])
        session.add_all([Post(workspace_id=WORKSPACE, kind=kind, subject_id=subject, room=room, made_at=NOW, not_before=NOW,
                              shown=1) for kind, subject, room in (("digest", nudge.id, SAM), ("ask", 1, OMAR), ("home", 0, SAM))])
    return Status(store, lambda: NOW, lambda row, of, step: f"{step} by the policy of {of.name}")


async def test_the_status_is_three_queries(status: Status) -> None:
    asked_of: list[str] = []
    engine = status.store.engine.sync_engine

    def note(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        asked_of.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    card = await status.status(WORKSPACE, 1, SAM)
    event.remove(engine, "before_cursor_execute", note)
    assert len([each for each in asked_of if each.startswith("SELECT")]) == 3, asked_of
    assert "▲ +" in card.title
    assert "blocked by Omar" in plain(card)


async def test_every_view_is_answered(status: Status) -> None:
    assert (await status.items(WORKSPACE, 1, SAM, "mine")).title == "Claims triage: 2 items open and yours"
    assert (await status.item(WORKSPACE, 502, OMAR)).title == "B-04 · Title of B-04"
    assert "unblock:502" in actions(await status.item(WORKSPACE, 502, OMAR))
    assert (await status.team(WORKSPACE, 1, OMAR)).title.startswith("Claims triage: 3 of 11 roles accepted")
    assert "seat:1:legal" in actions(await status.team(WORKSPACE, 1, person_id("boss"), is_admin=True))
    assert "4 still open" in (await status.gate(WORKSPACE, 1, SAM)).title
    assert (await status.briefings(WORKSPACE, 1, SAM)).title == "Claims triage has no week-one briefings"
    assert (await status.history(WORKSPACE, 1)).title == "Claims triage: nothing was changed yet"
    assert "share:status:1" not in actions(await status.status(WORKSPACE, 1, SAM, public=True))


async def test_my_desk_is_gathered_over_all_pilots(status: Status) -> None:
    sam, omar = await status.home(WORKSPACE, SAM), await status.bare(WORKSPACE, OMAR)
    assert sam.title == "2 things need you today"                       # B-02, and R-07 to agree to
    assert "Waiting for your sign-off" in plain(sam)
    assert "R-08" not in plain(sam)
    assert omar.title == "2 things need you today"                      # a seat, and B-04 that waits for him
    assert "Priya asked you" in plain(omar)
    assert (await status.bare(WORKSPACE, person_id("stranger"))).title == "Nothing needs you today."


async def test_stuck_is_told_from_over_the_limit(status: Status) -> None:
    card = await status.list(WORKSPACE, SAM, "stuck")
    assert card.title == "2 pilots over the stage limit, 1 stuck"
    assert "Old · Build · day 82 of 40 · ■ stuck" in plain(card)
    assert "Moving · Build · day 82 of 40 · over its limit" in plain(card)
    assert (await status.list(WORKSPACE, SAM, "mine")).title == "1 pilot with a part for you, riskiest first"
    assert (await status.list(WORKSPACE, SAM, "build")).title == "3 pilots in Build, riskiest first"
    with pytest.raises(Refused, match="takes mine, stuck, or a stage: Intake"):
        await status.list(WORKSPACE, SAM, "nonsense")


async def test_why_reads_what_was_sent(status: Status) -> None:
    sam = plain(await status.why(WORKSPACE, SAM))
    assert "Your morning message: B-02 Title of B-02 (Claims triage) and B-04 Title of B-04 (Claims triage)" in sam
    assert "• B-02: due by the policy of Claims triage" in sam
    assert sam.count("Rule: ") == 1
    assert "Asked to take a role, by Priya: Claims triage" in plain(await status.why(WORKSPACE, OMAR))


async def test_another_workspace_sees_nothing(status: Status) -> None:
    for view_of in (status.status("slack:T2", 1, SAM), status.items("slack:T2", 1, SAM), status.item("slack:T2", 501, SAM),
                    status.team("slack:T2", 1, SAM), status.gate("slack:T2", 1, SAM), status.history("slack:T2", 1)):
        with pytest.raises(Refused):
            await view_of
    for card in (await status.home("slack:T2", SAM), await status.bare("slack:T2", SAM)):
        assert card.title == "Nothing needs you today."
    assert (await status.list("slack:T2", SAM, "all")).title == "No pilot yet"
    assert (await status.why("slack:T2", SAM)).title == "I have not written to you yet"

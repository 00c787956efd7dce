"""A sponsor decides: the card, each choice acts at once and is written down, and nobody else decides for them."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from storage.models import AuditEntry, ItemState, PilotState
from storage.nudging import Decision
from tests.doors.decided import (
    LATE,
    ask,
    asked_for,
    card,
    cards,
    decision,
    decisions_of,
    dm,
    late_pilot,
    person_id,
    request,
    tell,
)
from tests.doors.hands import (
    ROOM,
    Wire,
    buttons,
    calm,
    change_items,
    fill,
    forge,
    forge_form,
    item,
    opened_home,
    pilot,
    posts,
    press,
    rows,
    trail,
)
from tests.doors.steps import kept
from tests.world import World

WHY = "the vendor slipped"


def november(day: int, hour: int = 9, minute: int = 30) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


async def choose(world: World, of: Decision, choice: str, **filled: Any) -> dict[str, str] | None:
    await press(world, "marta", f"decide:{of.id}:{choice}", dm(world))
    return await fill(world, "marta", **filled)


async def entry_of(world: World, what: str) -> AuditEntry:
    found: AuditEntry = (await rows(world, select(AuditEntry).where(AuditEntry.what == what)))[-1]
    return found


# ---- the card --------------------------------------------------------------------------------------------------------


async def test_the_card_says_what_waits_who_has_the_ball_what_was_tried_and_what_waiting_costs(world: World) -> None:
    await late_pilot(world)
    await tell(world, LATE, ("overdue", "sam", november(13)), ("warn", "sam", november(16)),
               ("L1", "priya", november(18)), ("L2", "alex", november(20)))
    await request(world)
    assert await ask(world) == 1
    said = card(world)
    assert said.startswith("*Decision wanted: Claims triage has waited 7 working days for “List every upstream")
    assert "*Who has the ball:* Sam Okafor (Engineering), without a new date" in said
    assert "Sam Okafor was warned on Mon 16 Nov, Priya Shah (pilot lead) was told on Wed 18 Nov" in said
    assert "(head of Engineering) was told on Fri 20 Nov" in said
    assert "about one week so far (7 working days past its date; five make a week)" in said
    assert "Build cannot begin without it" in said
    assert "You get this because you sponsor this pilot" in said
    assert "`/pilot why`" in said
    assert await ask(world) == 0, "asked once"
    assert cards(world) == 1
    why = await world.type("marta", "/pilot why", ROOM)
    assert "A decision is wanted" in why
    assert "List every upstream" in why or LATE in why


async def test_a_request_said_again_is_not_doubled_and_others_of_the_pilot_join_the_card(world: World) -> None:
    first = await asked_for(world)
    await request(world)
    assert len(await rows(world, select(Decision))) == 1
    await change_items(world, ["W1-07"], owner_id=person_id(world, "lena"), due_on=date(2026, 11, 16))
    await request(world, "W1-07")
    await calm(world)
    assert cards(world) == 1
    assert "Also waiting for your decision" in card(world)
    assert "Lena Fischer (Data), without a new date. Cost of waiting: about one week so far (5 working days" in card(world)
    second = await decision(world, "W1-07")
    assert second.asked_at == first.asked_at
    assert await choose(world, second, "date", on="2026-12-04", reason=WHY) is None
    assert "Decision wanted: Claims triage has waited" in card(world)
    assert "Assess readiness of the real production data (Claims triage) is due Fri 4 Dec now" in card(world)
    assert await choose(world, first, "date", on="2026-12-07", reason=WHY) is None
    assert "Decided: List every upstream" in card(world)
    [post] = await posts(world, "decision")
    assert post.live_until is not None, "nothing edits it any more"


# ---- choosing --------------------------------------------------------------------------------------------------------


async def test_a_new_date_is_set_and_the_card_says_so(world: World) -> None:
    of = await asked_for(world)
    assert await choose(world, of, "date", on="2026-12-04", reason=WHY) is None
    moved, taken = await item(world, LATE), await decision(world)
    assert moved.due_on == date(2026, 12, 4)
    assert (taken.choice, taken.decided_by, taken.ask_at) == ("date", person_id(world, "marta"), None)
    assert taken.closed_at is not None
    assert (await trail(world))[-2:] == [("item due moved", LATE, "marta"), ("decision taken", LATE, "marta")]
    assert (await entry_of(world, "decision taken")).after == {"choice": "date", "reason": WHY}
    said = card(world)
    assert f"Decided: {moved.title} (Claims triage) is due Fri 4 Dec now" in said
    assert f"By you: {WHY}" in said
    assert "decide:" not in "".join(buttons(world.sandbox.shown(dm(world), "marta")[-1]))
    assert "took a decision" in await world.type("priya", "/pilot history", ROOM)


async def test_somebody_else_is_given_it_and_told_at_once(world: World) -> None:
    of = await asked_for(world)
    assert await choose(world, of, "reassign", who="omar", reason="Sam is on leave") is None
    assert (await item(world, LATE)).owner_id == person_id(world, "omar")
    assert (await trail(world))[-2:] == [("item handed over", LATE, "marta"), ("decision taken", LATE, "marta")]
    assert "is with Omar" in card(world)
    assert "Sam is on leave" in card(world)
    assert "Marta Keller handed you" in world.last(world.sandbox.dm_id(world.sandbox.user_id("omar")), "omar").plain


async def test_a_waiver_runs_until_its_day(world: World) -> None:
    of = await asked_for(world)
    assert await choose(world, of, "waive", until="2026-12-04", reason=WHY) is None
    waived = await item(world, LATE)
    assert (waived.state, waived.waived_until) == (ItemState.WAIVED, date(2026, 12, 4))
    assert "is waived until Fri 4 Dec" in card(world)
    assert "On the day after it is open again" in card(world)


@pytest.mark.parametrize(("choice", "state", "says"), [("pause", PilotState.PAUSED, "Decided: Claims triage is paused"),
                                                       ("stop", PilotState.STOPPED, "Decided: Claims triage is stopped")])
async def test_pausing_or_stopping_decides_all_that_stands_on_the_card(world: World, choice: str, state: PilotState,
                                                                       says: str) -> None:
    of = await asked_for(world, LATE, "W1-07")
    assert await choose(world, of, choice, reason="no budget") is None
    assert (await pilot(world)).state is state
    assert {each.choice for each in await rows(world, select(Decision))} == {choice}
    assert says in card(world)
    assert "By you: no budget" in card(world)
    assert "no budget" in world.last(ROOM).plain, "the channel hears of it as ever"


async def test_stopping_asks_twice(world: World) -> None:
    of = await asked_for(world)
    message = world.sandbox.shown(dm(world), "marta")[-1]
    from bot.sandbox.elements import elements
    stop = next(e for _, e in elements(message.blocks) if e.get("value") == f"decide:{of.id}:stop")
    assert stop["confirm"]["title"]["text"] == "Stop Claims triage?"
    assert stop["style"] == "danger"


async def test_a_form_that_is_sent_again_decides_once(world: World) -> None:
    wire = Wire(world)
    of = await asked_for(world)
    assert await choose(world, of, "date", on="2026-12-04", reason=WHY) is None
    before = await kept(world)
    answer = await wire.again("view_submission")
    assert answer.status_code == 200
    await calm(world)
    assert await kept(world) == before


# ---- what cannot be decided ------------------------------------------------------------------------------------------

WRONG = [
    ("date", {"on": "2026-11-20", "reason": WHY}, "on", "is in the past"),
    ("date", {"on": "2026-11-12", "reason": WHY}, "on", "That is its date already"),
    ("date", {"on": "2027-10-01", "reason": WHY}, "on", "is planned to be in production"),
    ("date", {"on": "2026-12-04", "reason": "   "}, "reason", "Say why"),
    ("reassign", {"who": "ben", "reason": WHY}, "who", "has left this workspace"),
    ("reassign", {"who": "sam", "reason": WHY}, "who", "is theirs already"),
    ("reassign", {"who": "groundcrew", "reason": WHY}, "who", "an app or somebody I cannot find"),
    ("waive", {"until": "2026-11-20", "reason": WHY}, "until", "is in the past"),
    ("waive", {"until": "2027-01-15", "reason": WHY}, "until", "30 working days at most"),
    ("waive", {"until": "2026-12-04", "reason": " "}, "reason", "Say why"),
    ("pause", {"reason": " "}, "reason", "Say why"),
    ("stop", {"reason": "\n"}, "reason", "Say why"),
]


async def test_every_form_says_what_is_wrong_at_its_field_and_changes_nothing(world: World) -> None:
    of = await asked_for(world)
    before = await kept(world)
    for choice, wrong, field, says in WRONG:
        await press(world, "marta", f"decide:{of.id}:{choice}", dm(world))
        errors = await fill(world, "marta", **wrong)
        assert errors, (choice, wrong)
        assert field in errors, (choice, errors)
        assert says in errors[field], (choice, errors)
        await world.sandbox.close("marta")
    assert await kept(world) == before


async def test_what_slack_would_not_let_through_is_refused_as_well(world: World) -> None:
    of = await asked_for(world)
    before = await kept(world)
    for choice, values, says in (
            ("date", {"on": "2026-12-04", "reason": "x" * 10_000}, "10,000 characters"),
            ("date", {"on": "soon", "reason": WHY}, "Pick a day"), ("date", {"reason": WHY}, "Pick a day"),
            ("waive", {"until": "", "reason": WHY}, "Pick a day"), ("reassign", {"reason": WHY}, "an app or somebody"),
            ("pause", {"reason": ""}, "Say why"), ("fly", {"reason": WHY}, "older message of mine")):
        assert says in await forge_form(world, "marta", f"decide:{of.id}:{choice}", **values), (choice, values)
    for action in ("decide:999:date", "decide:x:date", "decide:1"):
        said = await forge_form(world, "marta", action, on="2026-12-04", reason=WHY)
        assert "decision is gone" in said or "older message of mine" in said, action
    assert await kept(world) == before


async def test_only_the_sponsor_or_an_admin_decides(world: World) -> None:
    of = await asked_for(world)
    before = await kept(world)
    for who in ("priya", "sam", "omar", "jonas"):
        said = await forge(world, who, f"decide:{of.id}:date")
        assert "Only the sponsor or an admin can take this decision. Ask Marta Keller." in said, who
        said = await forge_form(world, who, f"decide:{of.id}:pause", reason="because")
        assert "Only the sponsor or an admin can take this decision" in said, who
    assert await kept(world) == before
    assert await forge_form(world, "alex", f"decide:{of.id}:date", on="2026-12-04", reason=WHY) == ""
    assert "By Alex Admin: the vendor slipped" in card(world)


async def test_who_stands_in_for_an_absent_sponsor_decides_until_they_are_back(world: World) -> None:
    of = await asked_for(world)
    from storage.models import Person
    async with world.parts.store.begin() as session:
        marta = (await session.scalars(select(Person).where(Person.id == person_id(world, "marta")))).one()
        marta.away_until, marta.delegate_id = date(2026, 11, 24), person_id(world, "omar")
    assert await forge_form(world, "omar", f"decide:{of.id}:date", on="2026-12-04", reason=WHY) == ""
    assert (await decision(world)).decided_by == person_id(world, "omar")
    world.clock.advance(days=1)
    await request(world)
    assert "Only the sponsor" in await forge_form(world, "omar", f"decide:{of.id + 1}:date", on="2026-12-07", reason=WHY)


async def test_a_floor_item_is_not_the_sponsors_to_waive(world: World) -> None:
    of = await asked_for(world, "W1-02")
    assert "It belongs to the safety floor: only Jonas Brandt, Legal can waive it." in card(world)
    before = await kept(world)
    said = await forge(world, "marta", f"decide:{of.id}:waive")
    assert "This belongs to the safety floor. Only the owner or one of its approvers can waive this. Ask Jonas Brandt." in said
    assert "safety floor" in await forge_form(world, "marta", f"decide:{of.id}:waive", until="2026-12-04", reason=WHY)
    assert await kept(world) == before


async def test_a_sponsor_does_not_waive_what_they_own(world: World) -> None:
    await late_pilot(world)
    await change_items(world, [LATE], owner_id=person_id(world, "marta"))
    await request(world)
    await ask(world)
    assert "decide:1:waive" not in buttons(world.sandbox.shown(dm(world), "marta")[-1])
    said = await forge(world, "marta", "decide:1:waive")
    assert "This is your own work or request, so somebody else has to waive this" in said


async def test_pressed_twice_or_too_late_it_says_what_was_decided_and_by_whom(world: World) -> None:
    of = await asked_for(world)
    await press(world, "marta", f"decide:{of.id}:date", dm(world))
    assert await forge_form(world, "alex", f"decide:{of.id}:date", on="2026-12-04", reason=WHY) == ""
    before = await trail(world)
    errors = await fill(world, "marta", on="2026-12-11", reason="later still")
    assert "is due Fri 4 Dec now. By Alex Admin: the vendor slipped" in errors["on"]
    await world.sandbox.close("marta")
    assert "is due Fri 4 Dec now. By Alex Admin" in await forge(world, "marta", f"decide:{of.id}:pause")
    assert await trail(world) == before
    assert (await pilot(world)).state is PilotState.ACTIVE


async def test_two_who_decide_at_once_decide_once(world: World) -> None:
    of = await asked_for(world)
    await asyncio.gather(
        forge_form(world, "marta", f"decide:{of.id}:date", on="2026-12-04", reason=WHY),
        forge_form(world, "alex", f"decide:{of.id}:waive", until="2026-12-04", reason=WHY))
    taken, about = await decision(world), await item(world, LATE)
    assert [what for what, *_ in await trail(world)].count("decision taken") == 1
    assert (taken.choice, about.state) in (("date", ItemState.OPEN), ("waive", ItemState.WAIVED))


# ---- no decision is needed any more ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("who", "line", "says"), [
    ("sam", "/pilot done w1-06 the list is in the wiki", "is done | By Sam Okafor: the list is in the wiki"),
    ("sam", "/pilot na w1-06 nothing upstream", "does not apply | By Sam Okafor: nothing upstream"),
    ("priya", "/pilot due w1-06 4 dec the vendor slipped", "is due Fri 4 Dec now | By Priya Shah: the vendor slipped"),
    ("sam", "/pilot assign w1-06 @omar", "is with Omar Haddad now | By Sam Okafor."),
    ("alex", "/pilot waive w1-06 until 4 dec the vendor slipped", "is waived until Fri 4 Dec | By Alex Admin: the vendor"),
    ("priya", "/pilot pause budget round", "Claims triage is paused | By Priya Shah: budget round"),
    ("priya", "/pilot stop no budget", "Claims triage was stopped | By Priya Shah: no budget"),
    ("priya", "/pilot team engineering @omar", "is with Omar Haddad now | By Priya Shah."),
])
async def test_what_somebody_settles_meanwhile_closes_the_decision_and_the_card_says_how(
        world: World, who: str, line: str, says: str) -> None:
    of = await asked_for(world)
    await world.type(who, line, ROOM)
    closed = await decision(world)
    assert closed.closed_at is not None
    assert (closed.choice, closed.decided_by, closed.ask_at) == (None, None, None)
    for part in says.split(" | "):
        assert part in card(world), card(world)
    assert "No decision is needed" in await forge(world, "marta", f"decide:{of.id}:date")
    [post] = await posts(world, "decision")
    assert post.live_until is not None


@pytest.mark.parametrize("line", ["/pilot plan w1-06 fri", "/pilot block w1-06 by @omar no access", "/pilot done w1-05 done"])
async def test_what_settles_nothing_leaves_it_open(world: World, line: str) -> None:
    await asked_for(world)
    await world.type("sam", line, ROOM)
    assert (await decision(world)).closed_at is None
    assert "Decision wanted" in card(world)
    if "block" in line:
        assert "Omar Haddad, for whom Sam Okafor waits: no access" in card(world)


async def test_what_was_settled_before_anybody_was_asked_is_never_asked(world: World) -> None:
    await late_pilot(world)
    await request(world)
    await world.type("sam", f"/pilot done {LATE} in the wiki", ROOM)
    assert await ask(world) == 0
    assert cards(world) == 0


# ---- another sponsor -------------------------------------------------------------------------------------------------


async def test_a_new_sponsor_gets_the_card_and_the_old_ones_says_so(world: World) -> None:
    of = await asked_for(world)
    await world.type("priya", "/pilot team sponsor @tom", ROOM)
    assert await ask(world) == 1
    assert "Tom Weber sponsors Claims triage now and is asked about List every upstream" in card(world)
    assert "Decision wanted: Claims triage has waited 7 working days" in card(world, "tom")
    assert "Only the sponsor or an admin can take this decision. Ask Tom Weber." in await forge(
        world, "marta", f"decide:{of.id}:date")
    await press(world, "tom", f"decide:{of.id}:date", dm(world, "tom"))
    assert await fill(world, "tom", on="2026-12-04", reason=WHY) is None
    assert "By you: the vendor slipped" in card(world, "tom")


async def test_without_a_sponsor_the_decision_waits_for_one(world: World) -> None:
    of = await asked_for(world)
    await press(world, "marta", "notme:1:*", dm(world))
    assert "Claims triage has no sponsor now" in card(world)
    assert "Only the sponsor or an admin" in await forge(world, "marta", f"decide:{of.id}:date")
    await world.type("priya", "/pilot team sponsor @tom", ROOM)
    assert await ask(world) == 1
    assert "Decision wanted" in card(world, "tom")


# ---- one card a week -------------------------------------------------------------------------------------------------


async def two_pilots(world: World) -> None:
    await late_pilot(world)
    await late_pilot(world, name="Fraud notes", channel="invoice-match")


async def test_a_sponsor_gets_one_card_a_week_over_all_pilots(world: World) -> None:
    await two_pilots(world)
    for number in (1, 2):
        await request(world, pilot=number)
        world.clock.advance(minutes=1)
    assert await ask(world) == 1
    waiting = await decision(world, pilot=2)
    assert (waiting.asked_at, waiting.ask_at) == (None, november(30, 8, 30))
    world.clock.now = november(30, 8, 29)
    assert await ask(world) == 0
    world.clock.now = november(30, 8, 30)
    assert await ask(world) == 1
    assert cards(world) == 2
    assert "Fraud notes has waited" in card(world)


async def test_the_week_runs_from_when_the_card_was_seen(polite: World) -> None:
    await two_pilots(polite)
    polite.sandbox.workspace.users[polite.sandbox.user_id("marta")].dnd = (november(23, 7, 0), november(24, 9, 0))
    await polite.parts.people.refresh_rest()
    await request(polite)
    assert await ask(polite) == 1
    await polite.settle()
    assert cards(polite) == 0
    polite.clock.now = november(24, 9, 0)
    await polite.settle()
    assert cards(polite) == 1
    await request(polite, pilot=2)
    polite.clock.now = november(30, 8, 30)
    assert await ask(polite) == 0
    assert (await decision(polite, pilot=2)).ask_at == november(30, 8, 30) + timedelta(days=1)


async def test_what_holds_a_due_gate_does_not_wait_for_the_week_to_end(world: World) -> None:
    await two_pilots(world)
    await request(world)
    assert await ask(world) == 1
    from sqlalchemy import update

    from storage.models import Item, Pilot
    async with world.parts.store.begin() as session:
        await session.execute(update(Pilot).where(Pilot.id == 2).values(stage="week_one"))
        await session.execute(update(Item).where(Item.pilot_id == 2, Item.ref == LATE).values(weight=4))
    await request(world, pilot=2)
    assert await ask(world) == 1
    assert cards(world) == 2


async def test_at_night_and_while_they_are_away_nobody_is_asked(polite: World) -> None:
    await late_pilot(polite)
    polite.clock.now = november(23, 20, 0)
    await request(polite)
    assert await ask(polite) == 0
    assert (await decision(polite)).ask_at == november(24, 8, 30)
    from storage.models import Person
    async with polite.parts.store.begin() as session:
        marta = (await session.scalars(select(Person).where(Person.id == person_id(polite, "marta")))).one()
        marta.away_until = date(2026, 11, 26)
    polite.clock.now = november(24, 9, 0)
    assert await ask(polite) == 0
    assert (await decision(polite)).ask_at == november(26, 8, 30)


# ---- several replicas ------------------------------------------------------------------------------------------------


def needs_replicas(world: World) -> None:
    if world.parts.store.engine.dialect.name == "sqlite":
        pytest.skip("SQLite serves one process, and that writes in turn")


async def test_a_sponsor_whom_another_replica_is_asking_is_left_to_it(world: World) -> None:
    needs_replicas(world)
    from storage import decisions as queries
    await two_pilots(world)
    await request(world)
    await request(world, pilot=2)
    async with world.parts.store.begin() as other:
        assert len(await queries.sponsors_to_ask(other, world.clock(), 10)) == 1
        assert await asyncio.wait_for(decisions_of(world).sweep(), 5) == 0
    assert await ask(world) == 1


async def test_two_replicas_that_ask_at_once_send_one_card(world: World) -> None:
    await two_pilots(world)
    await request(world)
    await request(world, pilot=2)
    asked = await asyncio.gather(*(decisions_of(world).sweep() for _ in range(4)))
    await calm(world)
    assert sum(asked) == 1
    assert cards(world) == 1


async def test_a_replica_that_chose_the_sponsor_before_another_was_done_asks_nothing(world: World) -> None:
    """It read that something was due, then waited: what it acts on it reads again once it holds the lock."""
    needs_replicas(world)
    await two_pilots(world)
    await request(world)
    await request(world, pilot=2)
    from storage import decisions as queries
    sent, store = [], world.parts.store
    async with store.begin() as slow:
        due = (await slow.execute(select(Decision.id).where(Decision.ask_at <= world.clock()))).all()
        assert len(due) == 2
        sent.append(await decisions_of(world).sweep())
        [marta] = await queries.sponsors_to_ask(slow, world.clock() + timedelta(days=30), 10)
        again = await decisions_of(world)._ask_one(slow, marta, world.clock())
        sent.append(len(again))
    assert sent == [1, 0]


async def test_two_sweeps_that_reach_the_last_rung_at_once_ask_for_one_decision(world: World) -> None:
    await late_pilot(world)
    await asyncio.gather(*(request(world) for _ in range(4)))
    assert len(await rows(world, select(Decision))) == 1


async def test_an_action_that_settles_the_item_while_it_is_asked_closes_it(world: World) -> None:
    needs_replicas(world)
    from storage import decisions as queries
    from storage import outbox
    await late_pilot(world)
    await request(world)
    async with world.parts.store.begin() as sweep:
        [marta] = await queries.sponsors_to_ask(sweep, world.clock(), 10)
        promises = await decisions_of(world)._ask_one(sweep, marta, world.clock())
        assert len(promises) == 1
        typed = asyncio.create_task(world.sandbox.slash("sam", ROOM, f"/pilot done {LATE} in the wiki"))
        waited, _ = await asyncio.wait({typed}, timeout=0.5)
        assert not waited, "it waits for the decision that is being asked"
        await outbox.promise(sweep, marta.workspace_id, promises, [], world.clock())
    await asyncio.wait_for(typed, 10)
    await calm(world)
    assert (await decision(world)).closed_at is not None
    assert cards(world) == 0


# ---- Home ------------------------------------------------------------------------------------------------------------


async def test_home_shows_what_is_to_be_decided_and_the_decision_can_be_taken_there(world: World) -> None:
    of = await asked_for(world)
    view = await opened_home(world, "marta")
    assert "Decisions for you" in view.plain
    assert "Claims triage: List every upstream and downstream interface" in view.plain
    assert "7 working days late" in view.plain
    await press(world, "marta", f"decision:{of.id}", None)
    assert "Decision wanted: Claims triage" in world.sandbox.modal("marta").plain
    await press(world, "marta", f"decide:{of.id}:date", None)
    assert await fill(world, "marta", on="2026-12-04", reason=WHY) is None
    assert world.sandbox.modal("marta") is None
    assert "Decisions for you" not in world.sandbox.home("marta").plain
    assert "Decisions for you" not in (await opened_home(world, "priya")).plain


async def test_home_that_is_open_shows_a_decision_as_it_comes(world: World) -> None:
    await late_pilot(world)
    await opened_home(world, "marta")
    await request(world)
    await ask(world)
    assert "Decisions for you" in world.sandbox.home("marta").plain

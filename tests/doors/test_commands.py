"""Every verb about one pilot's items, typed in Slack: what the person sees and what is kept."""

from __future__ import annotations

from datetime import date

from storage.models import ItemState, SeatState
from tests.doors.steps import buttons, enter, item_of, items_of, pilot_called, refused, register, trail
from tests.world import EVERYONE, World

HERE = "claims-triage"


async def test_the_bare_command_says_what_waits_for_me_and_lets_me_answer(world: World) -> None:
    await world.new_pilot(**EVERYONE)
    waiting = await world.type("jonas", "/pilot")
    assert "1 thing needs you today" in waiting
    assert "W1-02 Hold a 30-minute legal briefing* · Claims triage · due Fri 27 Nov" in waiting
    assert "Legal of Claims triage* · Priya Shah asked you today" in waiting

    await world.press("jonas", "Accept", "general")
    seat = (await _seats(world))["legal"]
    assert seat == ("slack:U0JONAS00", SeatState.ACCEPTED)
    assert "You are asked to take" not in await world.type("jonas", "/pilot")
    assert "Nothing needs you today." in await world.type("alex", "/pilot")


async def _seats(world: World) -> dict[str, tuple[str, SeatState]]:
    from storage import pilots
    pilot = await pilot_called(world)
    async with world.parts.store.reading() as session:
        return {role: (seat.person_id, seat.state)
                for role, seat in (await pilots.seats_of(session, pilot.workspace_id, pilot.id)).items()}


async def test_a_pilot_is_registered_through_its_form(world: World) -> None:
    await world.sandbox.slash("priya", HERE, "/pilot new Claims triage")
    form = world.sandbox.modal("priya")
    assert form is not None
    assert form.title == "Register a pilot"
    asked = {block["block_id"]: block["element"] for block in form.blocks if block["type"] == "input"}
    assert asked["name"]["initial_value"] == "Claims triage"
    assert asked["lead"]["initial_user"] == "U0PRIYA00"
    assert asked["channel"]["initial_conversation"] == world.sandbox.channel_id(HERE)

    assert await register(world, legal="U0JONAS00") == {}
    assert world.sandbox.modal("priya") is None
    pilot = await pilot_called(world)
    assert (pilot.room, pilot.stage, pilot.kickoff_on) == ("slack:C0CLAIMS0", "intake", date(2026, 11, 23))
    assert len(await items_of(world)) == 50
    kickoff = world.last(HERE).plain
    assert "Claims triage starts: everyone who can say no is asked in week one" in kickoff
    assert "⏳ *Legal*: Jonas Brandt, asked" in kickoff
    assert "🔴 *Security*: nobody yet" in kickoff
    assert "Legal for Claims triage: is that you?" in world.last(world.sandbox.dm_id("jonas")).plain
    assert "Claims triage · Intake (stage 1 of 7)" in world.all_text(HERE, "priya")
    assert [(e.what, e.actor, e.after["items"]) for e in await trail(world)] == [
        ("pilot created", "slack:U0PRIYA00", 50)]


async def test_the_list_shows_all_mine_stuck_and_each_stage(world: World) -> None:
    await world.new_pilot(**EVERYONE)
    await world.new_pilot("Invoice match", "invoice-match", lead="tom")
    everything = await world.type("priya", "/pilot list")
    assert "2 pilots, riskiest first" in everything
    assert everything.index("Invoice match") < everything.index("Claims triage")
    mine = await world.type("jonas", "/pilot list mine")
    assert "1 pilot with a part for you" in mine
    assert "Invoice match" not in mine
    assert "No pilot is over its stage limit" in await world.type("priya", "/pilot list stuck")
    assert "2 pilots in Intake" in await world.type("priya", "/pilot list intake")
    assert "No pilot is in Limited rollout" in await world.type("priya", "/pilot list limited rollout")
    answer = await refused(world, "priya", "/pilot list nonsense", "I do not know the filter `nonsense`", "`stuck`")
    assert "list mine" in answer

    world.clock.advance(days=21)  # three weeks in a stage of ten days, and nothing closed
    stuck = await world.type("priya", "/pilot list stuck")
    assert "2 pilots over the stage limit, 2 stuck" in stuck
    assert "Claims triage* · Intake · day 15 of 10" in stuck


async def test_the_checklist_shows_what_one_asks_for(world: World) -> None:
    await world.new_pilot(**EVERYONE)
    assert "Claims triage: 50 items open" in await world.type("priya", "/pilot items", HERE)
    await world.press("priya", "Next", HERE)
    assert "Page 2 of 5" in world.last(HERE, "priya").plain
    mine = await world.type("jonas", "/pilot items mine", HERE)
    assert "1 item open and yours" in mine
    assert "W1-02 Hold a 30-minute legal briefing" in mine
    assert "IN-01" not in mine
    gate = await world.type("priya", "/pilot items gate", HERE)
    assert "5 items before Week one can begin" in gate
    assert [ref for ref in ("IN-01", "IN-02", "IN-05", "IN-06", "IN-07") if ref not in gate] == []
    assert "W1-02" not in gate
    assert "1 item open for Legal, 0 of 1 closed" in await world.type("priya", "/pilot items legal", HERE)
    assert "no items late" in await world.type("priya", "/pilot items overdue", HERE)
    assert "no items blocked" in await world.type("priya", "/pilot items blocked", HERE)

    await world.type("sam", "/pilot block w1-05 waiting for the CRM export", HERE)
    blocked = await world.type("priya", "/pilot items blocked", HERE)
    assert "1 item blocked" in blocked
    assert "W1-05" in blocked
    assert "waiting for the CRM export" in blocked
    world.clock.advance(days=1)
    late = await world.type("priya", "/pilot items overdue", HERE)
    assert "IN-07 Fill every role with a named person" in late
    assert "W1-02" not in late


async def test_status_says_where_it_stands_and_an_item_shows_all_about_itself(world: World) -> None:
    await world.new_pilot(**EVERYONE)
    status = await world.type("tom", "/pilot status", HERE)
    lines = status.splitlines()
    assert lines[0].startswith("*Claims triage · Intake (stage 1 of 7) · first day of 10 · risk ")
    assert "*Next gate:* Week one, 5 items: 0 done · 5 open · 0 waived" in status
    assert "security ✗ due Fri 27 Nov · legal ✗ due Fri 27 Nov" in status
    assert buttons(world, "tom", HERE) == ["What do I owe?", "Open items", "Share", "Refresh"]
    item = await world.type("jonas", "/pilot item w1-02", HERE)
    assert "W1-02 · Hold a 30-minute legal briefing" in item
    assert "○ open, due Fri 27 Nov" in item
    assert "Jonas Brandt (legal)" in item
    assert "Build cannot begin without it. Safety floor" in item
    assert "Not applicable" in buttons(world, "jonas", HERE)
    assert "Done" not in (await world.type("tom", "/pilot item w1-02", HERE)).splitlines()


async def test_an_item_done_on_word_alone_counts_half_and_with_evidence_whole(world: World) -> None:
    await world.new_pilot(**EVERYONE)
    answer = await world.type("jonas", "/pilot done w1-02", HERE)
    assert "✓ done, unproven: no evidence" in answer
    assert "none, so it counts half" in answer
    again = await refused(world, "jonas", "/pilot done w1-02 minutes", "W1-02 is done already, by Jonas Brandt on Mon 23 Nov")
    assert "`/pilot reopen W1-02 reason`" in again
    await refused(world, "jonas", "/pilot reopen w1-02", "Say why: `/pilot reopen w1-02 reason`")
    reopened = await world.type("jonas", "/pilot reopen w1-02 counsel was not there", HERE)
    assert "○ open" in reopened
    assert "W1-02 reopened: counsel was not there" in reopened
    await refused(world, "jonas", "/pilot reopen w1-02 once more", "W1-02 is open already", "`/pilot item W1-02`")
    proven = await world.type("jonas", "/pilot done W1-02 minutes are in the wiki", HERE)
    assert "unproven" not in proven
    assert "minutes are in the wiki" in proven
    item = await item_of(world, "W1-02")
    assert (item.state, item.evidence, item.closed_by) == (ItemState.DONE, "minutes are in the wiki", "slack:U0JONAS00")
    assert [entry.what for entry in await trail(world)][1:] == ["item done", "item reopened", "item done"]
    assert (await trail(world))[2].after["reason"] == "counsel was not there"


async def test_a_sign_off_is_not_taken_on_word_alone(world: World) -> None:
    await world.new_pilot(**EVERYONE)
    await refused(world, "priya", "/pilot done in-04", "IN-04 is a sign-off: say who agreed to what and when",
                  "`/pilot done IN-04 agreed by Marta and Ana on 24 Nov, minutes in the wiki`")
    assert "✓ done" in await world.type("priya", "/pilot done IN-04 agreed by Marta and Ana on 24 Nov, minutes in the wiki", HERE)
    assert (await item_of(world, "IN-04")).evidence == "agreed by Marta and Ana on 24 Nov, minutes in the wiki"


async def test_only_those_who_have_a_part_may_close_an_item_and_are_named(world: World) -> None:
    await world.new_pilot(**EVERYONE)
    answer = await refused(world, "tom", "/pilot done w1-02 all good", "Only the owner, the pilot lead", "Ask Jonas Brandt")
    assert "Priya Shah" in answer
    assert "✓ done" in await world.type("alex", "/pilot done w1-02 all good", HERE)


async def test_a_repeating_item_opens_again_when_it_is_done(world: World) -> None:
    await world.new_pilot(**EVERYONE)
    repeating = [item for item in (await items_of(world)).values() if item.repeat]
    assert repeating
    await enter(world, "build")
    demo = next(item for item in repeating if item.stage == "build")
    await world.type("priya", f"/pilot done {demo.ref} shown to operations", HERE)
    following = await item_of(world, f"{demo.ref}#2")
    assert following.state is ItemState.OPEN
    assert following.due_on is not None
    assert following.due_on > world.clock().date()
    assert f"{demo.ref}#2 opened again, as it repeats" in await world.type("priya", "/pilot history", HERE)


async def test_a_plan_is_kept_beside_the_due_date(world: World) -> None:
    await world.new_pilot(**EVERYONE)
    answer = await world.type("sam", "/pilot plan w1-05 fri", HERE)
    assert "Planned for*\nFri 27 Nov" in answer
    item = await item_of(world, "W1-05")
    assert (item.plan_on, item.due_on) == (date(2026, 11, 27), date(2026, 12, 2))
    await refused(world, "sam", "/pilot plan w1-05", "Say when you will do it: `/pilot plan w1-05 DATE`")
    await refused(world, "sam", "/pilot plan w1-05 someday", "I read no date in `someday`", "`fri`, `27 nov`")
    await refused(world, "jonas", "/pilot plan w1-05 fri", "Only the owner", "Ask Sam Okafor")


async def test_a_reason_is_asked_for_before_a_due_date_moves(world: World) -> None:
    await world.new_pilot(**EVERYONE)
    await refused(world, "priya", "/pilot due w1-02 30 nov", "Say why: `/pilot due w1-02 30 nov reason`")
    await refused(world, "jonas", "/pilot due w1-02 30 nov too busy", "Only the pilot lead, the sponsor or an admin",
                  "Ask Priya Shah")
    answer = await world.type("priya", "/pilot due w1-02 30 nov the vendor slipped", HERE)
    assert "W1-02 moved, due Mon 30 Nov (was Fri 27 Nov): the vendor slipped" in answer
    assert (await item_of(world, "W1-02")).due_on == date(2026, 11, 30)
    entry = (await trail(world))[-1]
    assert (entry.before, entry.after) == ({"due_on": "2026-11-27"},
                                           {"due_on": "2026-11-30", "reason": "the vendor slipped"})


async def test_whoever_holds_an_item_up_is_told_and_can_let_it_go(world: World) -> None:
    await world.new_pilot(**EVERYONE)
    await refused(world, "sam", "/pilot block w1-05", "Say who or what holds it up", "by @who")
    await refused(world, "sam", "/pilot block w1-05 by @sam", "cannot be its own blocker", "`/pilot assign W1-05 @who`")
    answer = await world.type("sam", "/pilot block w1-05 by @omar crm access missing", HERE)
    assert "■ blocked, due Wed 2 Dec" in answer
    assert "by Omar Haddad: crm access missing" in answer
    told = world.last(world.sandbox.dm_id("omar"))
    assert "Sam Okafor says this waits for you" in told.plain
    assert "Why: crm access missing" in told.plain

    await world.press("omar", "It need not wait any more", world.sandbox.dm_id("omar"))
    item = await item_of(world, "W1-05")
    assert (item.blocked_at, item.blocked_by, item.blocked_reason) == (None, None, None)
    assert "No longer waiting for you" in world.sandbox.shown(world.sandbox.dm_id("omar"))[-1].plain
    reason = await world.type("sam", "/pilot block w1-06 waiting for the CRM export", HERE)
    assert "Blocked*\nwaiting for the CRM export" in reason
    assert (await item_of(world, "W1-06")).blocked_by is None


async def test_an_item_is_handed_over_and_its_new_owner_is_told(world: World) -> None:
    await world.new_pilot(**EVERYONE)
    await refused(world, "sam", "/pilot assign w1-06", "Say to whom: `/pilot assign w1-06 @who`")
    await refused(world, "sam", "/pilot assign w1-06 @sam", "W1-06 is theirs already")
    await refused(world, "tom", "/pilot assign w1-06 @ana", "Only the owner", "Ask Sam Okafor")
    await refused(world, "sam", "/pilot assign w1-06 @ana @omar", "An item has one owner", "Name one person")
    assert "Ana Ruiz (engineering), handed over for this item" in await world.type("sam", "/pilot assign w1-06 @ana", HERE)
    told = world.last(world.sandbox.dm_id("ana")).plain
    assert "Sam Okafor handed you List every upstream and downstream interface for Claims triage" in told
    assert "Due Wed 2 Dec" in told
    assert (await item_of(world, "W1-06")).owner_id == "slack:U0ANARZ00"


async def test_what_does_not_apply_is_set_aside_with_a_reason(world: World) -> None:
    await world.new_pilot(**EVERYONE)
    await refused(world, "priya", "/pilot na w1-09", "Say why: `/pilot na w1-09 reason`")
    answer = await world.type("priya", "/pilot na w1-09 nobody's work changes", HERE)
    assert "– not applicable" in answer
    assert "nobody's work changes" in answer
    assert (await item_of(world, "W1-09")).state is ItemState.NOT_APPLICABLE


async def test_the_safety_floor_is_set_aside_by_its_own_role_alone(world: World) -> None:
    await world.new_pilot(**EVERYONE)
    for who in ("priya", "marta", "alex"):
        answer = await refused(world, who, "/pilot na w1-03 no time", "This belongs to the safety floor")
        assert "Ask Carol Whitfield." in answer  # never somebody who may not do it either
    await world.type("priya", "/pilot assign w1-03 @priya", HERE)  # no way round it
    await refused(world, "priya", "/pilot na w1-03 no time", "W1-03 belongs to the safety floor: only whoever is Compliance",
                  "Ask Carol Whitfield")
    await world.type("priya", "/pilot assign w1-03 @carol", HERE)
    assert "– not applicable" in await world.type("carol", "/pilot na w1-03 not regulated", HERE)
    assert (await item_of(world, "W1-03")).na_reason == "not regulated"

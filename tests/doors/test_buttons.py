"""Every button of every card, pressed: what the presser sees, what is stored, and all that follows in place."""

from datetime import date

from storage import audit, pilots
from storage.models import ItemState, Pilot, SeatState
from tests.doors.hands import (
    FEW,
    ROOM,
    buttons,
    copy_of,
    fill,
    forge,
    give,
    item,
    pilot,
    press,
    seat,
    settle_gate,
    sweep,
    trail,
    whispered,
)
from tests.world import TEAM, World


async def test_the_kickoff_card_shows_things_to_whoever_presses_and_to_nobody_else(world: World) -> None:
    await world.new_pilot(**FEW)
    card = world.last(ROOM).ts
    for value, said in (("status:1", "Claims triage · Intake (stage 1 of 7)"), ("items:1:open", "50 items open"),
                        ("team:1", "1 of 11 roles accepted")):
        assert said in await whispered(world, "omar", press(world, "omar", value, ts=card))
    assert len(world.sandbox.shown(ROOM)) == len(world.sandbox.shown(ROOM, "sam")) == 1


async def test_accept_my_role_edits_the_kickoff_card_and_the_message_that_asked(world: World) -> None:
    await world.new_pilot(**FEW)
    card = world.last(ROOM)
    assert await whispered(world, "jonas", press(world, "jonas", "accept:1:*")) == ""
    assert "✅ *Legal*: Jonas Brandt" in card.plain
    assert len(world.sandbox.shown(ROOM)) == 1
    asked = world.last(world.sandbox.dm_id("jonas"))
    assert "You are Legal of Claims triage. Thank you." in asked.plain
    assert list(buttons(asked)) == ["items:1:mine", "status:1"]
    assert (await seat(world, "legal")).state is SeatState.ACCEPTED
    assert (await trail(world))[-1] == ("seat accepted", "legal", "jonas")
    await press(world, "jonas", "items:1:mine", world.sandbox.dm_id("jonas"))
    assert "W1-02 Hold a 30-minute legal briefing" in world.last(world.sandbox.dm_id("jonas"), "jonas").plain

    for who in ("marta", "sam"):
        await press(world, who, "accept:1:*", world.sandbox.dm_id(who))
    assert "accept:1:*" not in buttons(card), "nobody is asked any more"


async def test_whoever_is_not_asked_cannot_accept_and_is_told_why(world: World) -> None:
    await world.new_pilot(**FEW)
    before = await trail(world)
    assert "You are not asked to take a role in Claims triage" in await whispered(
        world, "omar", press(world, "omar", "accept:1:*"))
    assert "You have accepted already: Pilot lead" in await whispered(
        world, "priya", press(world, "priya", "notme:1:*"))
    for who in ("alex", "priya", "sam"):
        assert "Jonas Brandt is asked to be Legal of Claims triage, not you" in await forge(world, who, "accept:1:legal")
    assert (await seat(world, "legal")).state is SeatState.ASKED
    assert await trail(world) == before


async def test_not_me_empties_the_seat_and_the_lead_chooses_somebody_from_the_message(world: World) -> None:
    await world.new_pilot(**FEW)
    dm = world.sandbox.dm_id
    await press(world, "jonas", "notme:1:*", dm("jonas"))
    assert await seat(world, "legal") is None
    assert (await item(world, "W1-02")).owner_id is None
    assert "🔴 *Legal*: nobody yet" in world.last(ROOM).plain
    assert world.last(dm("jonas")).plain.startswith("*You have no role in Claims triage any more")
    told = world.last(dm("priya"))
    assert "Jonas Brandt is not the right person for Legal" in told.plain

    await press(world, "priya", "seat:1:legal", dm("priya"))
    assert await fill(world, "priya", who="carol") is None
    assert told.plain == "*Legal of Claims triage is filled again: Carol Whitfield.*"
    assert "⏳ *Legal*: Carol Whitfield, asked" in world.last(ROOM).plain
    assert (await item(world, "W1-02")).owner_id == f"slack:{world.sandbox.user_id('carol')}"
    assert "Legal for Claims triage: is that you?" in world.last(dm("carol")).plain
    await press(world, "carol", "accept:1:*", dm("carol"))
    assert (await trail(world))[-3:] == [("seat handed back", "legal", "jonas"), ("seat filled", "legal", "priya"),
                                         ("seat accepted", "legal", "carol")]


async def test_somebody_who_is_replaced_before_answering_is_not_asked_any_more(world: World) -> None:
    await world.new_pilot(**FEW)
    asked = world.last(world.sandbox.dm_id("jonas"))
    await world.type("priya", "/pilot team", ROOM)
    await press(world, "priya", "seat:1:legal")
    assert await fill(world, "priya", who="carol") is None
    assert buttons(asked) == {}
    assert "any more" in asked.plain
    assert "Carol Whitfield, asked today" in world.last(ROOM, "priya").plain, "the team card is the same one, edited"
    assert "Carol Whitfield is asked to be Legal" in await forge(world, "jonas", "accept:1:legal")


async def test_an_item_card_stays_one_card_through_all_its_forms(world: World) -> None:
    await world.new_pilot(**FEW)
    number = (await item(world, "W1-02")).id
    await world.type("jonas", "/pilot item w1-02", ROOM)
    card = world.last(ROOM, "jonas")

    async def through(verb: str, **fields: str) -> str:
        await press(world, "jonas", f"{verb}:{number}")
        assert await fill(world, "jonas", **fields) is None
        assert world.sandbox.modal("jonas") is None
        return str(card.plain)

    assert "*Planned for*\nThu 26 Nov" in await through("plan", on="2026-11-26")
    assert "■ blocked" in await through("block", who="omar", reason="the data map")
    await press(world, "jonas", f"unblock:{number}")
    assert "■ blocked" not in card.plain
    assert "*Slot*\nTue 24 Nov 15:30" in await through("slot", on="2026-11-24", at="15:30")
    assert "✓ done" in await through("held", on="2026-11-23", attendees="Jonas, Priya", blocking="- a data map")
    assert list(buttons(card).values()) == ["Reopen", "All open items", "Status"]
    assert "○ open" in await through("reopen", reason="one question is left")
    assert "– not applicable" in await through("na", reason="no personal data at all")
    assert "○ open" in await through("reopen", reason="there is some after all")
    assert "✓ done" in await through("done", evidence="https://wiki/legal")
    assert "○ open" in await through("reopen", reason="wrong link")
    assert "Sam Okafor (legal), handed over for this item" in await through("assign", who="sam")
    mine = [m for m in world.sandbox.shown(ROOM, "jonas") if m.ephemeral_for]
    assert mine == [card]
    assert [what for what, subject, _ in await trail(world) if subject == "W1-02"] == [
        "item planned", "item blocked", "item unblocked", "briefing slot", "briefing held", "item reopened",
        "item not applicable", "item reopened", "item done", "item reopened", "item handed over",
        "briefing called off"], "the time that Jonas chose was his"
    assert (await item(world, "A-01")).title == "a data map"
    await press(world, "jonas", "items:1:open")
    assert "items open" in card.plain, "reading buttons of an own card turn that card"


async def test_whoever_holds_something_up_can_let_it_go_and_the_message_says_so(world: World) -> None:
    await world.new_pilot(**FEW)
    number, dm = (await item(world, "W1-02")).id, world.sandbox.dm_id("omar")
    await world.type("jonas", "/pilot block w1-02 by @omar", ROOM)
    told = world.last(dm)
    assert "Jonas Brandt says this waits for you" in told.plain
    await press(world, "omar", f"item:{number}", dm)
    assert "W1-02 · Hold a 30-minute legal briefing" in world.last(dm, "omar").plain
    await press(world, "omar", f"unblock:{number}", dm, ts=told.ts)
    assert told.plain.startswith("*No longer waiting for you: Hold a 30-minute legal briefing")
    assert buttons(told) == {}
    assert (await item(world, "W1-02")).blocked_at is None
    before = await trail(world)
    assert "W1-02 does not wait for anybody any more" in await forge(world, "omar", f"unblock:{number}")
    assert await trail(world) == before


async def test_a_handed_over_item_can_be_planned_done_and_passed_on_from_its_message(world: World) -> None:
    await world.new_pilot(**FEW)
    number, dm = (await item(world, "W1-02")).id, world.sandbox.dm_id
    await world.type("jonas", "/pilot assign w1-02 @sam", ROOM)
    sams = world.last(dm("sam"))
    assert "Jonas Brandt handed you Hold a 30-minute legal briefing" in sams.plain
    await press(world, "sam", f"plan:{number}", dm("sam"), ts=sams.ts)
    assert await fill(world, "sam", on="2026-11-25") is None
    assert (await item(world, "W1-02")).plan_on.isoformat() == "2026-11-25"
    await press(world, "sam", f"assign:{number}", dm("sam"), ts=sams.ts)
    assert await fill(world, "sam", who="omar") is None
    assert "is with somebody else now" in sams.plain
    omars = world.last(dm("omar"))
    await press(world, "omar", f"done:{number}", dm("omar"), ts=omars.ts)
    assert await fill(world, "omar", evidence="minutes in the wiki") is None
    assert omars.plain.startswith("*Done: Hold a 30-minute legal briefing")
    assert buttons(omars) == {}
    assert (await item(world, "W1-02")).state is ItemState.DONE


async def test_a_digest_is_worked_through_and_follows_what_others_do(world: World) -> None:
    await world.new_pilot(**FEW)
    await world.type("priya", "/pilot channel-nudge names", ROOM)  # or the channel would mention him, and the digest not
    await give(world, "sam", ["IN-01", "IN-02", "IN-03", "IN-05", "IN-06"], date(2026, 11, 24))
    await give(world, "omar", ["W1-05", "W1-06"], date(2026, 12, 2))  # or he would be introduced to them
    await world.type("priya", "/pilot channel-nudge role only", ROOM)  # a mention there is not repeated in a digest
    await sweep(world, 24)
    dm = world.sandbox.dm_id("sam")
    digest = world.last(dm)
    assert digest.plain.startswith("*5 things wait for you, first:")
    count = len(world.sandbox.shown(dm))

    async def through(verb: str, ref: str, **fields: str) -> str:
        await press(world, "sam", f"{verb}:{(await item(world, ref)).id}", dm, ts=digest.ts)
        assert await fill(world, "sam", **fields) is None
        return str(digest.plain)

    assert "→ Planned for Fri 27 Nov: State the metric" in await through("plan", "IN-02", on="2026-11-27")
    assert "→ Blocked by no access: Record the baseline" in await through("block", "IN-03", reason="no access")
    assert "→ Now with Omar Haddad: State intended users" in await through("assign", "IN-05", who="omar")
    assert "✓ Done, by you: Name an executive sponsor" in await through("done", "IN-01", evidence="Marta said yes")
    assert "Set the risk tier" in digest.plain.splitlines()[0]
    await world.type("alex", "/pilot done in-06 tier 2, see wiki", ROOM)
    assert "✓ Done, by Alex Admin: Set the risk tier" in digest.plain
    assert digest.plain.startswith("*Nothing from this morning waits for you any more*")
    assert world.sandbox.shown(dm)[count - 1] is digest, "it is edited, never posted again"


async def test_a_channel_nudge_is_worked_through_in_place(world: World) -> None:
    await world.new_pilot(**FEW, security="ines")
    await give(world, "sam", ["IN-01", "IN-02"], date(2026, 11, 24))
    await sweep(world, 24)
    nudge = world.last(ROOM)
    assert "Claims triage, Intake: " in nudge.plain
    count = len(world.sandbox.shown(ROOM))

    async def through(who: str, verb: str, ref: str, **fields: str) -> str:
        await press(world, who, f"{verb}:{(await item(world, ref)).id}", ts=nudge.ts)
        assert await fill(world, who, **fields) is None
        return str(nudge.plain)

    assert "slot Wed 25 Nov 14:00" in await through("jonas", "slot", "W1-02", on="2026-11-25", at="15:00")
    assert "✓ Security briefing held Tue 24 Nov, by Ines Duarte" in await through(
        "ines", "held", "W1-01", on="2026-11-24", attendees="Ines, Priya")
    assert "planned for Thu 26 Nov" in await through("sam", "plan", "IN-01", on="2026-11-26")
    assert "blocked: no access" in await through("priya", "block", "IN-01", reason="no access")
    assert "✓ Done, by Sam Okafor: State the metric" in await through("sam", "done", "IN-02", evidence="wiki")
    assert len(world.sandbox.shown(ROOM)) == count + 1
    assert world.last(ROOM).plain == "*Legal briefing*: Wed 25 Nov 14:00, Jonas Brandt with Priya Shah"
    assert "items open" in await whispered(world, "omar", press(world, "omar", "items:1:open", ts=nudge.ts))
    assert "Only the owner, the pilot lead or an admin can say what blocks this. Ask Sam Okafor or Priya Shah." in (
        await whispered(world, "omar", press(world, "omar", f"block:{(await item(world, 'IN-01')).id}", ts=nudge.ts)))
    assert world.sandbox.modal("omar") is None, "no form is filled in in vain"


async def test_a_shared_status_is_one_post_that_stays_up_to_date_for_a_day(world: World) -> None:
    await world.new_pilot(**FEW)
    await world.type("sam", "/pilot status", ROOM)
    own = world.last(ROOM, "sam")
    await press(world, "sam", "share:status:1", ts=own.ts)
    shared = world.last(ROOM)
    assert "0 done" in shared.plain
    assert ("status shared", "", "sam") in await trail(world)
    assert "share:status:1" not in buttons(shared)
    await world.type("priya", "/pilot done in-02 34 to 24 minutes by March", ROOM)
    assert "1 done" in shared.plain
    await press(world, "sam", "status:1", ts=own.ts)
    assert "1 done" in own.plain, "Refresh turns the own card"
    await press(world, "sam", "mine:", ts=own.ts)
    assert "need" in own.plain.splitlines()[0]
    assert "50 items" not in await whispered(world, "omar", press(world, "omar", "mine:", ts=shared.ts))
    world.clock.advance(hours=25)
    await world.type("priya", "/pilot done in-05 people in claims", ROOM)
    assert "1 done" in shared.plain, "after a day it is history"
    assert sum("Next gate" in m.plain for m in world.sandbox.shown(ROOM)) == 1


async def test_lists_turn_their_pages_in_place(world: World) -> None:
    await world.new_pilot(**FEW)
    async with world.parts.store.begin() as session:
        first = await pilots.locked(session, TEAM, 1)
        for number in range(2, 13):
            kept = copy_of(first)
            session.add(Pilot(**kept | {"name": f"Pilot {number:02d}", "name_key": f"pilot {number:02d}", "risk": 50 - number,
                                        "audit_seq": 0, "audit_head": ""}))
        for number in range(12):
            await audit.append(session, first, at=world.clock(), actor="clock", door="clock", what="item planned",
                               subject=f"X-{number:02d}")

    async def pages(line: str, *turns: tuple[str, str]) -> None:
        await world.type("priya", line, ROOM)
        card = world.last(ROOM, "priya")
        for value, said in turns:
            assert said not in card.plain
            await press(world, "priya", value, ts=card.ts)
            assert said in card.plain, f"{line}, {value}"
        assert card.updates == len(turns)

    await pages("/pilot items Claims triage", ("items:1:open:1", "Page 2 of 5"), ("items:1:open:0", "Page 1 of 5"),
                ("items:1:mine", "You owe nothing here"), ("items:1:overdue", "Nothing is late"),
                ("items:1:gate", "before Week one can begin"), ("items:1:open", "50 items open"))
    await pages("/pilot list", ("list:all:1", "Page 2 of 2"), ("list:all:0", "Pilot 02"), ("list:mine:0", "with a part for you"),
                ("list:stuck:0", "No pilot is over its stage limit"), ("list:all:0", "12 pilots, riskiest first"))
    await pages("/pilot history Claims triage", ("history:1:1", "page 2 of 2"), ("history:1:0", "page 1 of 2"),
                ("status:1", "stage 1 of 7"))


async def test_a_gate_is_passed_once_however_many_press_it(world: World) -> None:
    await world.new_pilot(**FEW)
    await settle_gate(world, "week_one", world.clock())
    await settle_gate(world, "build", world.clock())
    for who in ("priya", "marta"):
        await world.type(who, "/pilot gate", ROOM)
        assert "nothing holds it" in world.last(ROOM, who).plain
    kickoff, martas = world.sandbox.shown(ROOM)[0], world.last(ROOM, "marta")
    await press(world, "marta", "gatepass:1:week_one")
    assert "Week one (stage 2 of 7)" in martas.plain
    assert (await pilot(world)).stage == "week_one"
    assert "Claims triage passed the gate to Week one" in world.last(ROOM).plain
    assert "Opened by Marta Keller" in world.last(ROOM).plain
    assert "next gate: *Build*" in kickoff.plain
    said = await whispered(world, "priya", press(world, "priya", "gatepass:1:week_one"))
    assert "Claims triage is in Week one already, by Marta Keller" in said
    assert (await pilot(world)).stage == "week_one", "the open gate to Build was not passed over"
    assert [what for what, _, _ in await trail(world)].count("gate passed") == 1
    await world.type("priya", "/pilot gate", ROOM)
    await press(world, "priya", "gatepass:1:build")
    assert (await pilot(world)).stage == "build"


async def test_help_and_choices_are_buttons_that_do_what_they_say(world: World) -> None:
    await world.new_pilot(**FEW)
    await world.new_pilot("Claims audit", channel="invoice-match")
    await world.type("sam", "/pilot help", ROOM)
    card = world.last(ROOM, "sam")
    await press(world, "sam", "list:all:0", ts=card.ts)
    assert "2 pilots, riskiest first" in card.plain
    await world.type("sam", "/pilot help", ROOM)
    await press(world, "sam", "mine:")
    assert "2 things need you today" in world.last(ROOM, "sam").plain
    await world.type("omar", "/pilot help", ROOM)
    await press(world, "omar", "new:")
    assert world.sandbox.modal("omar").title == "Register a pilot"
    await world.sandbox.close("omar")

    assert "could be one of these" in await world.type("sam", "/pilot status claims", ROOM)
    asked = world.last(ROOM, "sam")
    assert sorted(buttons(asked).values()) == ["Claims audit", "Claims triage"]
    await press(world, "sam", next(v for v, label in buttons(asked).items() if label == "Claims audit"), ts=asked.ts)
    assert asked.plain.startswith("*Claims audit · Intake"), "the choice becomes what was asked for"


async def test_what_could_not_be_posted_is_told_and_tried_again_by_a_button(world: World) -> None:
    await world.new_pilot(**FEW)
    await world.sandbox.kick("priya", ROOM, "groundcrew")
    await world.type("priya", "/pilot pause waiting for the budget", ROOM)
    dm = world.sandbox.dm_id("priya")
    told = world.last(dm)
    assert "I could not post about Claims triage in #claims-triage" in told.plain
    await world.sandbox.invite("priya", ROOM, "groundcrew")
    again = next(value for value in buttons(told) if value.startswith("resend:"))
    assert "Only who registered the pilot, or an admin, can send it again" in await forge(world, "sam", again)
    assert "is paused" not in world.last(ROOM).plain
    await press(world, "priya", again, dm)
    assert "Claims triage is paused" in world.last(ROOM).plain
    assert "could not post" not in told.plain
    assert buttons(told) == {}


async def test_pausing_and_stopping_quiets_every_card_and_resuming_wakes_them(world: World) -> None:
    await world.new_pilot(**FEW)
    kickoff, asked = world.last(ROOM), world.last(world.sandbox.dm_id("jonas"))
    assert "⏸ PAUSED" in await world.type("marta", "/pilot pause waiting for the budget", ROOM)
    assert "By Marta Keller: waiting for the budget" in world.last(ROOM).plain
    assert "accept:1:*" not in buttons(kickoff) | buttons(asked)
    assert "Claims triage is paused: nothing is asked of you there now" in asked.plain
    assert "Claims triage is paused (waiting for the budget)" in await forge(world, "jonas", "accept:1:*")
    await world.type("marta", "/pilot resume", ROOM)
    assert "accept:1:*" in buttons(kickoff)
    assert "accept:1:*" in buttons(asked)
    await world.type("priya", "/pilot stop the vendor went away", ROOM)
    assert "accept:1:*" not in buttons(kickoff) | buttons(asked)
    assert "was stopped" in await forge(world, "sam", f"done:{(await item(world, 'B-01')).id}")

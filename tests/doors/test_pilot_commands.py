"""Every verb about a whole pilot, typed in Slack: team, briefings, gates, history, pausing and stopping."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

from storage.models import ItemState, PilotState
from tests.doors.steps import buttons, enter, item_of, items_of, pilot_called, refused, trail
from tests.world import EVERYONE, World

HERE = "claims-triage"


async def test_the_team_shows_gaps_and_a_seat_is_filled(world: World) -> None:
    await world.new_pilot()
    team = await world.type("tom", "/pilot team", HERE)
    assert "1 of 11 roles accepted, 9 with nobody" in team
    assert "⏳ *Sponsor*: Marta Keller, asked today, no answer yet" in team
    assert "🔴 *Legal*: nobody yet" in team
    await refused(world, "tom", "/pilot team legal @jonas", "Only the pilot lead, the sponsor or an admin can fill a seat",
                  "Ask Priya Shah or Marta Keller")
    await refused(world, "priya", "/pilot team wizard @jonas", "Which role is that?", "ROLE is one of sponsor, lead")
    await refused(world, "priya", "/pilot team legal jonas", "Is `legal jonas` a pilot, or does jonas get the legal seat?")
    assert buttons(world, "priya", HERE) == ["team legal @jonas", 'team "legal jonas"']

    assert "⏳ *Legal*: Jonas Brandt, asked today" in await world.type("priya", "/pilot team legal @jonas", HERE)
    assert (await item_of(world, "W1-02")).owner_id == "slack:U0JONAS00"
    await refused(world, "priya", "/pilot team legal @jonas", "Jonas Brandt is asked already", "Pick somebody else")
    dm = world.sandbox.dm_id("jonas")
    assert "Legal for Claims triage: is that you?" in world.last(dm).plain

    await world.type("priya", "/pilot team legal @carol", HERE)
    assert "Accept" not in world.last(dm).buttons  # the seat is Carol's now, so nothing is asked of Jonas
    assert "Legal for Claims triage: is that you?" in world.last(world.sandbox.dm_id("carol")).plain
    assert (await item_of(world, "W1-02")).owner_id == "slack:U0CAROL00"
    assert "⏳ *Legal*: Carol Whitfield, asked" in world.sandbox.shown(HERE)[0].plain


async def test_a_briefing_gets_a_slot_in_the_time_of_who_types_it(world: World) -> None:
    await world.new_pilot(**EVERYONE)
    overview = await world.type("priya", "/pilot brief", HERE)
    assert "0 of 3 week-one briefings settled" in overview
    assert "*Legal* · W1-02 · Jonas Brandt (legal) · no slot yet · due Fri 27 Nov" in overview
    await refused(world, "jonas", "/pilot brief slot fri 14:00", "Say which briefing", "security|legal|compliance")
    assert buttons(world, "jonas", HERE) == ["brief security slot fri 14:00", "brief legal slot fri 14:00",
                                             "brief compliance slot fri 14:00"]
    await refused(world, "jonas", "/pilot brief legal slot", "Say which day and time", "`/pilot brief legal slot WHEN`")
    await refused(world, "jonas", "/pilot brief legal slot fri", "the time is missing", "`wed 14:30`")
    await refused(world, "jonas", "/pilot brief legal slot fri 25:00", "there is no time 25:00", "`wed 14:30`")
    await refused(world, "tom", "/pilot brief legal slot fri 14:00", "Only the owner", "Ask Jonas Brandt")

    assert "Slot*\nFri 27 Nov 14:00" in await world.type("jonas", "/pilot brief legal slot fri 14:00", HERE)
    item = await item_of(world, "W1-02")
    assert (item.slot_at, item.plan_on) == (datetime(2026, 11, 27, 13, tzinfo=UTC), date(2026, 11, 27))
    assert "slot Fri 27 Nov 13:00" in await world.type("priya", "/pilot brief", HERE)  # London


async def test_a_briefing_that_was_held_turns_asks_into_items(world: World) -> None:
    await world.new_pilot(**EVERYONE)
    await world.type("ines", "/pilot brief security asks a data flow diagram; !pen test", HERE)
    assert await world.type("ines", "/pilot brief security held", HERE) == ""
    form = world.sandbox.modal("ines")
    assert form is not None
    assert form.title == "Briefing held"
    tomorrow = await world.submit("ines", on="2026-11-24", attendees="Ines, Priya")
    assert tomorrow == {"on": "This day has not come yet. Give the day on which it was held."}
    assert (await item_of(world, "W1-01")).state is ItemState.OPEN
    assert await world.submit("ines", on="2026-11-23", attendees="Ines, Priya", blocking="- rotate the keys",
                              other="* tell the works council\n\n") is None
    items = await items_of(world)
    assert [(ref, items[ref].title, items[ref].gate, items[ref].owner_id) for ref in sorted(items) if ref < "B"] == [
        ("A-01", "pen test", "week_one", "slack:U0PRIYA00"),
        ("A-02", "a data flow diagram", None, "slack:U0PRIYA00"),
        ("A-03", "rotate the keys", "week_one", "slack:U0PRIYA00"),
        ("A-04", "tell the works council", None, "slack:U0PRIYA00")]
    assert items["W1-01"].evidence == "Held on 2026-11-23: Ines, Priya; asks: A-01, A-02, A-03, A-04"
    gate = await world.type("priya", "/pilot items gate", HERE)
    assert "A-01 pen test" in gate
    assert "A-03 rotate the keys" in gate
    assert "A-02" not in gate
    assert "Asked for 4 things, 4 still open: A-01, A-02, A-03, A-04" in await world.type("priya", "/pilot brief", HERE)
    assert "jonas" not in items["W1-01"].evidence
    await world.type("jonas", "/pilot brief legal held minutes are in the wiki", HERE)
    assert (await item_of(world, "W1-02")).evidence == "Held on 2026-11-23: minutes are in the wiki; no asks"


async def test_a_gate_is_refused_with_what_holds_it_and_passed_when_clear(world: World) -> None:
    await world.new_pilot(**EVERYONE)
    shown = await world.type("priya", "/pilot gate", HERE)
    assert "gate to Week one, 5 still open" in shown
    assert "Pass the gate" not in buttons(world, "priya", HERE)
    answer = await refused(world, "priya", "/pilot gate pass", "Week one cannot begin. Still open: IN-07",
                           "`/pilot items gate` shows them all")
    assert "IN-01 Name an executive sponsor with budget authority (product)" in answer
    for ref in ("IN-01", "IN-02", "IN-05", "IN-06", "IN-07"):
        await world.type("priya", f"/pilot done {ref} agreed, minutes in the wiki", HERE)
    await refused(world, "tom", "/pilot gate pass", "Only the pilot lead, the sponsor or an admin", "Ask Priya Shah")
    assert "Ready. Priya Shah or Marta Keller can pass it with `/pilot gate pass`" in await world.type("tom", "/pilot gate", HERE)
    assert "nothing holds it" in await world.type("priya", "/pilot gate", HERE)
    assert "Pass the gate" in buttons(world, "priya", HERE)

    passed = await world.type("priya", "/pilot gate pass", HERE)
    assert "Claims triage · Week one (stage 2 of 7)" in passed
    assert "Claims triage passed the gate to Week one" in world.sandbox.shown(HERE)[-1].plain
    assert "Opened by Priya Shah" in world.sandbox.shown(HERE)[-1].plain
    assert ((await pilot_called(world)).stage, (await trail(world))[-1].what) == ("week_one", "gate passed")


async def test_the_items_of_a_stage_get_their_dates_when_it_is_entered(world: World) -> None:
    await world.new_pilot(**EVERYONE)
    assert (await item_of(world, "B-02")).due_on is None
    assert "no date until Build begins" in await world.type("priya", "/pilot item b-02", HERE)
    await enter(world, "build")
    items = await items_of(world)
    assert items["B-01"].due_on == date(2026, 11, 30)  # build+5wd, five working days from Monday the 23rd
    assert items["B-02"].due_on == date(2026, 12, 7)
    assert items["R-01"].due_on is None
    assert items["B-02"].next_at is not None
    assert "due Mon 7 Dec" in await world.type("priya", "/pilot item b-02", HERE)
    assert (await pilot_called(world)).entered["build"] == "2026-11-23"


async def test_history_says_who_changed_what_and_when(world: World) -> None:
    await world.new_pilot(**EVERYONE)
    await world.type("jonas", "/pilot done w1-02 minutes are in the wiki", HERE)
    await world.type("priya", "/pilot assign w1-09 @ana", HERE)
    history = (await world.type("tom", "/pilot history", HERE)).splitlines()
    assert history[0] == "*Claims triage: 3 changes, newest first*"
    assert history[1].endswith("*Priya Shah* · W1-09 handed over to Ana Ruiz (was Omar Haddad)")
    assert history[2] == "#3 · by slack command"
    assert history[3].endswith("*Jonas Brandt* · W1-02 done: minutes are in the wiki")
    assert "*Priya Shah* · registered the pilot" in history[5]


async def test_a_pause_moves_the_dates_and_keeps_everybody_quiet(world: World) -> None:
    await world.new_pilot(**EVERYONE)
    await refused(world, "priya", "/pilot pause", "Say why")
    await refused(world, "tom", "/pilot pause no budget", "Only the pilot lead, the sponsor or an admin can pause", "Ask Priya Shah")
    await refused(world, "priya", "/pilot resume", "Claims triage is running; there is nothing to resume", "`/pilot status`")
    paused = await world.type("priya", "/pilot pause waiting for the budget round", HERE)
    assert "⏸ Paused since Mon 23 Nov: waiting for the budget round" in paused
    announced = world.sandbox.shown(HERE)[-1].plain
    assert "Claims triage is paused" in announced
    assert "By Priya Shah: waiting for the budget round" in announced
    for line in ("/pilot done w1-02 x", "/pilot plan w1-02 fri", "/pilot gate pass", "/pilot pause again",
                 "/pilot team legal @carol", "/pilot due w1-02 fri x", "/pilot assign w1-02 @carol"):
        await refused(world, "priya", line, "Claims triage is paused (waiting for the budget round)", "`/pilot resume`")

    before = len(world.sandbox.shown(world.sandbox.dm_id("jonas")))
    await world.morning(7)
    assert len(world.sandbox.shown(world.sandbox.dm_id("jonas"))) == before
    resumed = await world.type("priya", "/pilot resume budget is there", HERE)
    assert "PAUSED" not in resumed
    assert "Resumed by Priya Shah. Open dates moved by 5 working days." in world.sandbox.shown(HERE)[-1].plain
    item = await item_of(world, "W1-02")
    assert item.due_on == date(2026, 12, 4)  # a week after Friday the 27th
    assert ((await pilot_called(world)).state, (await trail(world))[-1].after["dates_moved_wd"]) == (PilotState.ACTIVE, 5)
    await world.morning(2)
    assert "Hold a 30-minute legal briefing" in world.last(world.sandbox.dm_id("jonas")).plain


async def test_a_stopped_pilot_keeps_its_record_and_changes_no_more(world: World) -> None:
    await world.new_pilot(**EVERYONE)
    await refused(world, "priya", "/pilot stop", "Say why", '`/pilot stop "Claims triage" no budget`')
    await refused(world, "tom", "/pilot stop no budget", "Only the pilot lead, the sponsor or an admin can stop", "Ask Priya Shah")
    assert "⏹ Stopped since Mon 23 Nov: no budget" in await world.type("priya", "/pilot stop no budget", HERE)
    assert "Claims triage was stopped" in world.sandbox.shown(HERE)[-1].plain
    for line in ("/pilot done w1-02 x", "/pilot gate pass", "/pilot resume", "/pilot pause x", "/pilot stop again",
                 "/pilot brief legal slot fri 14:00"):
        await refused(world, "priya", line, "Claims triage was stopped (no budget)", "`/pilot history`")
    assert "stopped the pilot: no budget" in await world.type("priya", "/pilot history", HERE)  # as it says
    assert "⏹ STOPPED" in await world.type("priya", "/pilot status", HERE)
    assert "No pilot yet" in await world.type("priya", "/pilot list")
    before = len(world.sandbox.shown(world.sandbox.dm_id("jonas")))
    await world.morning(3)
    assert len(world.sandbox.shown(world.sandbox.dm_id("jonas"))) == before


async def test_an_ask_that_stays_gives_dates_that_stay_true(world: World) -> None:
    await world.new_pilot(kickoff=date(2026, 11, 24))
    assert "IN-07" in await world.type("priya", "/pilot items product", HERE)
    await world.type("priya", "/pilot team product @tom", HERE)
    asked = world.last(world.sandbox.dm_id("tom")).plain
    assert re.search(r"due (Mon|Tue|Wed) 2\d Nov", asked)
    assert not re.search("due (today|tomorrow|yesterday)", asked)

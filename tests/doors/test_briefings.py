"""Week one's briefings at the door: the brief, a time, the invitation, what was asked, and who stands in."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import Any

import icalendar
import pytest
from sqlalchemy import select, update

from storage import briefings, heads, outbox, pilots
from storage.models import Item, ItemState, Person, Pilot
from storage.nudging import Briefing
from storage.outbox import Promise
from tests.doors.hands import (
    ROOM,
    buttons,
    fill,
    forge,
    forge_form,
    item,
    press,
    rows,
    trail,
)
from tests.rules.test_invitation import validated
from tests.world import TEAM, World

FRIDAY = date(2026, 11, 20)
"""The kickoff was on the last working day: the briefings begin at once."""
TEAMED = {"product": "tom", "security": "ines", "legal": "jonas", "compliance": "carol"}


async def begun(world: World, **people: str) -> None:
    """A pilot whose kickoff has passed."""
    await world.new_pilot(kickoff=FRIDAY, **(people or TEAMED))


def dm(world: World, who: str) -> str:
    return world.sandbox.dm_id(who)


def brief(world: World, who: str, title: str = "Legal briefing for") -> Any:
    """The reviewer's card: the oldest message that speaks of it and is no invitation."""
    return next(m for m in world.sandbox.shown(dm(world, who)) if title in m.plain
                and not m.plain.startswith(("*Invitation", "*Called off")) and m.ephemeral_for is None)


def picks(message: Any) -> list[str]:
    return [value for value in buttons(message) if value.startswith("pick:")]


def files(world: World, who: str) -> list[Any]:
    """The files in a person's direct messages, as the calendar would read them, oldest first."""
    room = world.sandbox.workspace.channels[dm(world, who)]
    return [file for message in room.messages for file in message.files]


def last_event(world: World, who: str) -> tuple[str, Any]:
    """(method, event) of the newest calendar file a person has."""
    validated(files(world, who)[-1].content)
    calendar = icalendar.Calendar.from_ical(files(world, who)[-1].content)
    (event,) = calendar.walk("VEVENT")
    return str(calendar["method"]), event


async def row_of(world: World, ref: str = "W1-02") -> Briefing:
    return (await rows(world, select(Briefing).where(Briefing.item_id == (await item(world, ref)).id)))[0]


async def step(world: World, name: str, ref: str = "W1-02") -> None:
    """What the sweep does when it comes to that step."""
    async with world.parts.store.begin() as session:
        found = await session.scalar(select(Item).where(Item.pilot_id == 1, Item.ref == ref))
        pilot = await pilots.one(session, TEAM, 1)
        assert found is not None
        assert pilot is not None
        promises = await world.parts.desk.tools.briefings.on_step(session, found, pilot, name, world.clock())
        await outbox.promise(session, TEAM, promises, [], world.clock())
    await world.settle()


async def ready(world: World) -> str:
    """A begun pilot, with its first time on offer for the legal briefing."""
    await begun(world)
    return picks(brief(world, "jonas"))[0]


# ---- the brief ---------------------------------------------------------------------------------------------


async def test_each_reviewer_gets_one_page_and_three_times_that_suit_them_and_the_lead(world: World) -> None:
    await begun(world)
    taken: set[str] = set()
    for who, kind, ask in (("ines", "Security", "Which attacks worry you most"), ("jonas", "Legal", "Who answers for it"),
                           ("carol", "Compliance", "Which risk class is it")):
        card = brief(world, who, f"{kind} briefing for")
        assert card.plain.startswith(f"*{kind} briefing for Claims triage: pick 30 minutes*")
        for said in ("Sort incoming claims", "Not on record yet; Marta Keller has it (IN-02)", "Priya Shah", ask,
                     "nothing of the protection test was ticked"):
            assert said in card.plain, (who, said)
        offered = [value.split(":")[2] for value in picks(card)]
        assert len(offered) == 3
        assert not taken & set(offered), "the lead cannot be at two of them at once"
        taken |= set(offered)
        assert len([m for m in world.sandbox.shown(dm(world, who)) if f"{kind} briefing for" in m.plain]) == 1


async def test_before_the_kickoff_nobody_is_briefed_and_on_its_morning_everybody_is_once(world: World) -> None:
    await world.new_pilot(**TEAMED)
    assert await world.parts.briefings.run() == 0
    assert "briefing for" not in world.all_text(dm(world, "jonas"))
    world.clock.now = datetime(2026, 11, 23, 8, 30, tzinfo=UTC)
    assert await world.parts.briefings.run() == 1, "half past nine in Berlin, but not yet in Lisbon and New York"
    await world.settle()
    assert len(picks(brief(world, "jonas"))) == 3
    assert await world.parts.briefings.run() == 0
    world.clock.now = datetime(2026, 11, 23, 14, 30, tzinfo=UTC)
    assert await world.parts.briefings.run() == 2
    await step(world, "introduce")
    await world.type("priya", "/pilot due W1-02 2 dec counsel asked for it", ROOM)
    assert world.all_text(dm(world, "jonas")).count("Legal briefing for Claims triage: pick") == 1
    assert "It is due Wed 2 Dec" in brief(world, "jonas").plain


async def test_the_brief_shows_what_was_put_on_record_and_what_protects_the_pilot(world: World) -> None:
    await begun(world)
    await world.type("marta", "/pilot done IN-02 34 to 24 minutes by March", ROOM)
    async with world.parts.store.begin() as session:
        await session.execute(update(Pilot).values(conditions=["eu", "personal-data", "protected-data",
                                                               "protected-infrastructure"], packs=["regulated"]))
    await step(world, "introduce")
    card = brief(world, "jonas").plain
    for said in ("34 to 24 minutes by March", "It is used in the EU or by people there; It processes data about people",
                 "pack Regulated", "It runs on cleaned or hand-picked data; It runs apart from the real systems",
                 "Today apart from the real systems."):
        assert said in card, said


async def test_whoever_is_seated_later_is_briefed_then_and_the_one_before_is_told(world: World) -> None:
    await begun(world, legal="jonas")
    await world.type("priya", "/pilot team legal @carol", ROOM)
    assert brief(world, "jonas").plain == "*Legal briefing for Claims triage is with Carol Whitfield now. Thank you.*"
    assert buttons(brief(world, "jonas")) == {}
    assert len(picks(brief(world, "carol"))) == 3
    await world.type("priya", "/pilot team security @ines", ROOM)
    assert len(picks(brief(world, "ines", "Security briefing for"))) == 3


async def test_handing_the_item_over_moves_the_brief_and_withdraws_the_time(world: World) -> None:
    await press(world, "jonas", await ready(world), dm(world, "jonas"))
    await world.type("jonas", "/pilot assign W1-02 @carol", ROOM)
    assert "is with Carol Whitfield now" in brief(world, "jonas").plain
    assert len(picks(brief(world, "carol"))) == 3
    assert "handed you" not in world.all_text(dm(world, "carol")), "one message, not two"
    assert (await item(world, "W1-02")).slot_at is None
    assert [last_event(world, who)[0] for who in ("jonas", "priya", "tom")] == ["CANCEL"] * 3
    assert (await trail(world))[-2:] == [("item handed over", "W1-02", "jonas"), ("briefing called off", "W1-02", "jonas")]


async def test_a_paused_or_stopped_pilot_asks_nothing(world: World) -> None:
    await begun(world)
    await world.type("priya", "/pilot pause budget round", ROOM)
    card = brief(world, "jonas")
    assert "the pilot is paused, nothing is asked of you now" in card.plain
    assert buttons(card) == {}
    await world.type("priya", "/pilot resume it is there", ROOM)
    assert len(picks(card)) == 3
    await world.type("priya", "/pilot stop no budget", ROOM)
    assert "was stopped" in card.plain


# ---- a time ------------------------------------------------------------------------------------------------


async def test_a_pressed_time_is_stored_posted_and_invited_to(world: World) -> None:
    chosen = await ready(world)
    await press(world, "jonas", chosen, dm(world, "jonas"))
    at = datetime.fromtimestamp(int(chosen.split(":")[2]), UTC)
    found = await item(world, "W1-02")
    assert (found.slot_at, found.plan_on) == (at, at.date())
    assert (await trail(world))[-1] == ("briefing slot", "W1-02", "jonas")
    assert world.last(ROOM).plain == f"*Legal briefing*: {at:%a} {at.day} Nov {at:%H:%M}, Jonas Brandt with Priya Shah"
    assert "30 minutes with Priya Shah and Tom Weber" in brief(world, "jonas").plain
    for who in ("jonas", "priya", "tom"):
        method, event = last_event(world, who)
        assert (method, event["sequence"], event.decoded("dtstart")) == ("REQUEST", 0, at)
        assert [str(each.params["CN"]) for each in event["attendee"]] == ["Priya Shah", "Jonas Brandt", "Tom Weber"]
        assert len(files(world, who)) == 1
        assert world.last(dm(world, who)).files, "in the thread of the message that speaks of it"
    assert files(world, "marta") == []


async def test_a_time_that_moves_edits_the_channels_post_and_replaces_the_invitation(world: World) -> None:
    await press(world, "jonas", await ready(world), dm(world, "jonas"))
    first = last_event(world, "priya")[1]
    posts = len(world.sandbox.shown(ROOM))
    await press(world, "jonas", f"slot:{(await item(world, 'W1-02')).id}", dm(world, "jonas"))
    assert await fill(world, "jonas", on="2026-11-27", at="15:00") is None
    method, event = last_event(world, "priya")
    assert (method, event["uid"], event["sequence"]) == ("REQUEST", first["uid"], 1)
    assert event.decoded("dtstart") == datetime(2026, 11, 27, 14, 0, tzinfo=UTC)
    assert len(world.sandbox.shown(ROOM)) == posts
    assert "Fri 27 Nov 14:00" in world.last(ROOM).plain, "on the channel's clock, in London"
    assert [len(files(world, who)) for who in ("jonas", "priya", "tom")] == [2, 2, 2]
    assert world.all_text(dm(world, "priya")).count("Invitation: Legal briefing") == 1, "the same message, edited"


@pytest.mark.parametrize(("line", "who"), [
    ("/pilot na W1-02 no personal data and no contract", "jonas"), ("/pilot stop no budget", "priya")])
async def test_what_is_not_to_be_is_called_off_in_every_calendar(world: World, line: str, who: str) -> None:
    await press(world, "jonas", await ready(world), dm(world, "jonas"))
    uid = last_event(world, "tom")[1]["uid"]
    await world.type(who, line, ROOM)
    for guest in ("jonas", "priya", "tom"):
        method, event = last_event(world, guest)
        assert (method, event["uid"], event["sequence"], event["status"]) == ("CANCEL", uid, 1, "CANCELLED")
        assert "Called off: Legal briefing" in world.all_text(dm(world, guest))


async def test_calling_it_off_offers_times_again(world: World) -> None:
    await press(world, "jonas", await ready(world), dm(world, "jonas"))
    await press(world, "jonas", f"noslot:{(await item(world, 'W1-02')).id}", dm(world, "jonas"))
    assert len(picks(brief(world, "jonas"))) == 3
    assert last_event(world, "priya")[0] == "CANCEL"
    assert "called off, no time yet" in world.all_text(ROOM)
    await press(world, "jonas", picks(brief(world, "jonas"))[0], dm(world, "jonas"))
    method, event = last_event(world, "priya")
    assert (method, event["sequence"]) == ("REQUEST", 2)


async def test_whoever_takes_the_product_seat_is_invited_too_and_whoever_leaves_it_is_not_any_more(world: World) -> None:
    await press(world, "jonas", await ready(world), dm(world, "jonas"))
    await world.type("priya", "/pilot team product @omar", ROOM)
    assert last_event(world, "omar")[0] == "REQUEST"
    assert last_event(world, "tom")[0] == "CANCEL"
    assert "Omar Haddad" in [str(each.params["CN"]) for each in last_event(world, "jonas")[1]["attendee"]]


# ---- the file ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("call", ["files.getUploadURLExternal", "files.completeUploadExternal"])
@pytest.mark.parametrize("fault", ["error_500", "rate_429", "lost_reply", "drop_connection"])
async def test_a_lost_upload_is_sent_again_without_a_second_message_or_file(world: World, call: str, fault: str) -> None:
    chosen = await ready(world)
    world.sandbox.faults.next(call, fault)
    await press(world, "jonas", chosen, dm(world, "jonas"))
    for _ in range(5):
        world.clock.advance(seconds=61)
        await world.settle()
    assert {who: len(files(world, who)) for who in ("jonas", "priya", "tom")} == {"jonas": 1, "priya": 1, "tom": 1}
    for who in ("jonas", "priya", "tom"):
        assert world.all_text(dm(world, who)).count("Invitation: Legal briefing") == 1


async def test_an_invitation_said_again_uploads_nothing_again(world: World) -> None:
    await press(world, "jonas", await ready(world), dm(world, "jonas"))
    number = (await item(world, "W1-02")).id
    async with world.parts.store.begin() as session:
        await outbox.promise(session, TEAM, [Promise(f"slack:{world.sandbox.user_id('tom')}", "invite", number, 1)], [],
                             world.clock())
    await world.settle()
    assert len(files(world, "tom")) == 1


async def test_without_the_scope_the_time_is_said_as_text_to_copy(world: World) -> None:
    cards = world.parts.outbox.composer.briefings  # type: ignore[attr-defined]
    object.__setattr__(cards, "can_attach", False)
    await press(world, "jonas", await ready(world), dm(world, "jonas"))
    assert files(world, "jonas") == []
    said = world.last(dm(world, "jonas")).plain
    assert "For your calendar:" in said
    assert "(Europe/Berlin)" in said
    assert "thread" not in said


# ---- what came of it ---------------------------------------------------------------------------------------


async def passed(world: World) -> int:
    """The time of the legal briefing is over, and the clock has said so."""
    await press(world, "jonas", await ready(world), dm(world, "jonas"))
    found = await item(world, "W1-02")
    assert found.slot_at is not None
    world.clock.now = found.slot_at + timedelta(minutes=29)
    assert await world.parts.briefings.run() == 0
    world.clock.advance(minutes=1)
    assert await world.parts.briefings.run() == 1
    assert await world.parts.briefings.run() == 0
    await world.settle()
    return found.id


async def test_after_its_time_the_card_asks_what_came_of_it_and_asks_become_items(world: World) -> None:
    number = await passed(world)
    card = brief(world, "jonas")
    assert "held? What do you ask for?" in card.plain
    sent = len(files(world, "priya"))
    await press(world, "jonas", f"held:{number}", dm(world, "jonas"))
    assert await fill(world, "jonas", attendees="Jonas, Priya", blocking="a data map\na contract", other="a wiki page") is None
    assert (await item(world, "W1-02")).state is ItemState.DONE
    assert [((await item(world, ref)).title, (await item(world, ref)).gate is not None)
            for ref in ("A-01", "A-02", "A-03")] == [("a data map", True), ("a contract", True), ("a wiki page", False)]
    assert "is done. Thank you" in card.plain
    assert "What you asked for: A-01, A-02 and A-03" in card.plain
    assert "Legal briefing: done" in world.all_text(ROOM).replace("*", "")
    assert len(files(world, "priya")) == sent, "what was held stays in the calendars"


async def test_held_with_no_asks_is_fine(world: World) -> None:
    number = await passed(world)
    await press(world, "jonas", f"held:{number}", dm(world, "jonas"))
    assert await fill(world, "jonas", attendees="Jonas, Priya") is None
    assert "You asked for nothing" in brief(world, "jonas").plain


async def test_not_held_offers_new_times_and_a_further_invitation(world: World) -> None:
    number = await passed(world)
    await press(world, "jonas", f"noslot:{number}", dm(world, "jonas"))
    assert (await trail(world))[-1][0] == "briefing not held"
    offered = picks(brief(world, "jonas"))
    assert len(offered) == 3
    assert all(int(each.split(":")[2]) > world.clock().timestamp() for each in offered)
    await press(world, "jonas", offered[0], dm(world, "jonas"))
    assert last_event(world, "priya")[1]["sequence"] == 1


# ---- in writing --------------------------------------------------------------------------------------------


async def test_the_lead_offers_and_the_reviewer_answers_in_writing_bit_by_bit(world: World) -> None:
    await begun(world)
    await step(world, "L1")
    assert "Legal briefing for Claims triage still has no time" in world.all_text(dm(world, "priya"))
    number = (await item(world, "W1-02")).id
    await press(world, "priya", f"inwriting:{number}", dm(world, "priya"))
    assert "Priya Shah offers that you answer the five questions here" in world.all_text(dm(world, "jonas"))
    await press(world, "jonas", f"written:{number}", dm(world, "jonas"))
    assert await fill(world, "jonas", answer1="Yes, by contract", answer3="We do") is None
    assert (await item(world, "W1-02")).state is ItemState.OPEN
    assert (await trail(world))[-1] == ("briefing answered in part", "W1-02", "jonas")
    assert "2 of 5 questions are answered in writing and kept" in brief(world, "jonas").plain

    await press(world, "jonas", f"written:{number}", dm(world, "jonas"))
    kept = world.sandbox.modal("jonas")
    assert "Yes, by contract" in str(kept.body)
    assert await fill(world, "jonas", answer5="The contract", blocking="sign the contract", then="finish") is None
    found = await item(world, "W1-02")
    assert found.state is ItemState.DONE
    assert found.evidence is not None
    assert found.evidence.startswith("Answered in writing on 2026-11-23 by Jonas Brandt.\nMay this data be used")
    for said in ("Yes, by contract", "We do", "The contract", "Nothing to add."):
        assert said in found.evidence
    assert (await item(world, "A-01")).title == "sign the contract"
    assert "is arranged. Thank you." in world.all_text(dm(world, "priya"))


async def test_five_answers_close_it_without_a_further_tick(world: World) -> None:
    await begun(world)
    await step(world, "L1")
    await press(world, "jonas", f"written:{(await item(world, 'W1-02')).id}", dm(world, "jonas"))
    assert await fill(world, "jonas", **{f"answer{n}": f"said {n}" for n in range(1, 6)}) is None
    assert (await item(world, "W1-02")).state is ItemState.DONE


async def test_only_the_reviewer_answers_for_the_review(world: World) -> None:
    await begun(world)
    number = (await item(world, "W1-02")).id
    for who in ("priya", "alex", "omar"):
        assert "Only the owner can answer for this review" in await forge(world, who, f"written:{number}")
    assert "Only the owner" in await forge_form(world, "priya", f"written:{number}", answer1="fine", then="finish")
    assert (await item(world, "W1-02")).state is ItemState.OPEN


async def test_a_novel_is_refused_at_its_field(world: World) -> None:
    await begun(world)
    number = (await item(world, "W1-02")).id
    said = await forge_form(world, "jonas", f"written:{number}", answer1="fine", answer2="x" * 10_000)
    assert "This has 10,000 characters; keep it under 500" in said
    said = await forge_form(world, "jonas", f"held:{number}", on="2026-11-23", attendees="Jonas", other="x" * 10_000)
    assert "Keep each line under 200 characters" in said
    assert (await item(world, "W1-02")).state is ItemState.OPEN


async def test_why_and_history_speak_of_briefings_in_words(world: World) -> None:
    await press(world, "jonas", await ready(world), dm(world, "jonas"))
    await press(world, "jonas", f"noslot:{(await item(world, 'W1-02')).id}", dm(world, "jonas"))
    said = await world.type("jonas", "/pilot why", ROOM)
    assert "*The brief for your review*: W1-02 Hold a 30-minute legal briefing (Claims triage)" in said
    assert "*An invitation*" in said
    history = await world.type("jonas", "/pilot history", ROOM)
    assert "W1-02 called off, no time yet" in history
    assert "W1-02 has a slot on" in history


# ---- somebody else -----------------------------------------------------------------------------------------


async def test_the_head_of_the_function_takes_it_or_names_somebody(world: World) -> None:
    await begun(world)
    await world.type("omar", "/pilot", "general")
    async with world.parts.store.begin() as session:
        await heads.set_head(session, TEAM, "legal", f"slack:{world.sandbox.user_id('omar')}", "slack:U0ALEXA00",
                             world.clock())
    await step(world, "stand_in")
    number = (await item(world, "W1-02")).id
    asked = world.last(dm(world, "omar"))
    assert "Legal briefing for Claims triage: who can stand in?" in asked.plain
    assert "because you head Legal" in asked.plain
    await press(world, "omar", f"choose:{number}", dm(world, "omar"))
    assert await fill(world, "omar", who="carol") is None
    assert (await item(world, "W1-02")).owner_id == f"slack:{world.sandbox.user_id('carol')}"
    assert len(picks(brief(world, "carol"))) == 3
    assert "is with Carol Whitfield now" in brief(world, "jonas").plain

    await press(world, "omar", f"standin:{number}", dm(world, "omar"))
    assert (await item(world, "W1-02")).owner_id == f"slack:{world.sandbox.user_id('omar')}"
    assert len(picks(brief(world, "omar", "Legal briefing for Claims triage: pick"))) == 3
    assert "Only the owner, the pilot lead or an admin can hand this over" in await forge(world, "marta", f"standin:{number}")


async def test_with_no_head_the_lead_is_asked_and_told_how_to_name_one(world: World) -> None:
    await begun(world)
    await step(world, "stand_in")
    assert "/pilot head legal @who" in world.last(dm(world, "priya")).plain


# ---- what cannot be ----------------------------------------------------------------------------------------


async def slot_refused(world: World, on: str, at: str) -> str:
    """What the form says; nothing is stored."""
    number = (await item(world, "W1-02")).id
    await world.sandbox.slash("jonas", ROOM, "/pilot item W1-02")
    await press(world, "jonas", f"slot:{number}")
    errors = await fill(world, "jonas", on=on, at=at)
    assert errors, (on, at)
    assert (await item(world, "W1-02")).slot_at is None
    return errors["on"]


async def test_times_that_cannot_be_are_refused_with_the_reason(world: World) -> None:
    await begun(world)
    assert "is in the past" in await slot_refused(world, "2026-11-20", "10:00")
    await world.sandbox.close("jonas", world.sandbox.modal("jonas").id)
    assert "it is 23:00 then for Jonas Brandt" in await slot_refused(world, "2026-11-24", "23:00")
    await world.sandbox.close("jonas", world.sandbox.modal("jonas").id)
    assert "it is Christmas Day for Jonas Brandt" in await slot_refused(world, "2026-12-25", "10:00")
    await world.sandbox.close("jonas", world.sandbox.modal("jonas").id)
    assert "Jonas Brandt does not work on that day" in await slot_refused(world, "2026-11-28", "10:00")


async def test_an_hour_outside_all_working_hours_can_be_had_by_consent(world: World) -> None:
    await begun(world)
    number = (await item(world, "W1-02")).id
    await press(world, "jonas", f"slot:{number}", dm(world, "jonas"))
    assert await fill(world, "jonas", on="2026-11-28", at="22:00", agreed=["agreed"]) is None
    assert (await item(world, "W1-02")).slot_at == datetime(2026, 11, 28, 21, 0, tzinfo=UTC)


async def test_a_typed_time_goes_the_same_way(world: World) -> None:
    await begun(world)
    assert "it is 22:00 then for Jonas Brandt" in await world.type("jonas", "/pilot brief legal slot fri 22:00", ROOM)
    await world.type("jonas", "/pilot brief legal slot fri 15:00", ROOM)
    assert last_event(world, "priya")[1].decoded("dtstart") == datetime(2026, 11, 27, 14, 0, tzinfo=UTC)


async def test_what_another_briefing_took_is_refused(world: World) -> None:
    await begun(world)
    await world.type("ines", "/pilot brief security slot thu 14:00", ROOM)   # 14:00 in Lisbon, 15:00 in Berlin
    assert "is taken: Hold a 30-minute security briefing of Claims triage is then" in await slot_refused(
        world, "2026-11-26", "15:00")


async def test_two_pilots_cannot_book_one_reviewer_for_the_same_hour_at_once(world: World) -> None:
    await begun(world)
    await world.new_pilot("Fraud notes", channel="ops", kickoff=FRIDAY, legal="jonas", product="tom")
    at = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)
    one, other = (await item(world, "W1-02", pilot=1)).id, (await item(world, "W1-02", pilot=2)).id
    jonas = f"slack:{world.sandbox.user_id('jonas')}"
    async with world.parts.store.begin() as session:    # whoever comes second waits for the calendars, then looks
        await briefings.lock_calendars(session, TEAM, {jonas})
        await session.execute(update(Item).where(Item.id == one).values(slot_at=at))
        waiting = asyncio.create_task(forge(world, "jonas", f"pick:{other}:{int(at.timestamp())}"))
        await asyncio.sleep(0.3)
        assert not waiting.done()
    assert "is taken: Hold a 30-minute legal briefing of Claims triage is then" in await waiting
    assert (await item(world, "W1-02", pilot=2)).slot_at is None


async def test_pressed_twice_pressed_by_another_and_pressed_too_late(world: World) -> None:
    chosen = await ready(world)
    assert "Only the owner, the pilot lead or an admin can choose the time" in await forge(world, "omar", chosen)
    await forge(world, "jonas", chosen)
    assert "It is set for" in await forge(world, "jonas", chosen)
    assert [what for what, _, _ in await trail(world)].count("briefing slot") == 1
    await press(world, "jonas", f"noslot:{(await item(world, 'W1-02')).id}", dm(world, "jonas"))
    world.clock.advance(days=8)
    assert "is in the past" in await forge(world, "jonas", chosen)
    old = brief(world, "jonas")
    await step(world, "introduce")
    assert len(picks(old)) == 3
    assert all(int(each.split(":")[2]) > world.clock().timestamp() for each in picks(old))


async def test_times_that_passed_unchosen_are_replaced_on_request(world: World) -> None:
    await begun(world)
    world.clock.advance(days=9)
    number = (await item(world, "W1-02")).id
    before = await item(world, "W1-02")
    answer = await forge(world, "jonas", f"times:{number}")
    assert "These times suit you and *Priya Shah*, on your clock" in answer
    assert all(int(each.split(":")[2]) > world.clock().timestamp() for each in picks(brief(world, "jonas")))
    assert (await item(world, "W1-02")).version == before.version, "looking changes nothing"


async def test_hours_that_never_meet_are_said_and_what_to_do_instead(world: World) -> None:
    world.sandbox.workspace.users[world.sandbox.user_id("jonas")].tz = "Pacific/Auckland"
    await begun(world)
    card = brief(world, "jonas")
    assert picks(card) == []
    assert "Your working hours and those of Priya Shah do not meet" in card.plain
    assert {"Other time", "Answer in writing", "Hand over"} <= set(buttons(card).values())


async def test_a_reviewer_without_a_zone_is_asked_to_agree_on_a_time(world: World) -> None:
    await world.new_pilot(**TEAMED)
    async with world.parts.store.begin() as session:
        await session.execute(update(Person).where(Person.handle == "jonas").values(zone=""))
    world.clock.now = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
    await step(world, "introduce")
    assert "I do not know the time zone of Jonas Brandt" in brief(world, "jonas").plain


async def test_whoever_is_away_is_offered_times_after_they_are_back(world: World) -> None:
    await world.new_pilot(**TEAMED)
    async with world.parts.store.begin() as session:
        await session.execute(update(Person).where(Person.handle == "jonas").values(away_until=date(2026, 12, 7)))
    await step(world, "introduce")
    offered = [datetime.fromisoformat(each).date() for each in (await row_of(world)).slots]
    assert min(offered) >= date(2026, 12, 7)


async def test_nobody_sees_anothers_workspace_or_an_item_that_is_no_briefing(world: World) -> None:
    await begun(world)
    other = (await item(world, "IN-02")).id
    assert "none of the three briefings" in await forge(world, "marta", f"times:{other}")
    assert "That item is gone" in await forge(world, "jonas", "times:99999")
    assert "older message" in await forge(world, "jonas", "pick:1:x")



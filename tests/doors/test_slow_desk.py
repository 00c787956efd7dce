"""When the desk takes long, or breaks: nobody waits in vain, nobody sees a timeout, nobody sees our insides."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from sqlalchemy import text

from handlers.chat.cards import Card
from handlers.pilots import work
from handlers.slack import inflight
from storage.models import ItemState, SeatState
from tests.doors.hands import (
    FEW,
    ROOM,
    Held,
    calm,
    fill,
    item,
    newest,
    opened_home,
    press,
    seat,
    trail,
    until,
    whispered,
)
from tests.world import World

WORKING = "Working on it. The answer follows"


@asynccontextmanager
async def busy(world: World) -> AsyncIterator[Held]:
    """The desk has to wait for the pilot's row; the door says so sooner than usual, so that tests need not wait."""
    usual, inflight.DESK_TIME_S = inflight.DESK_TIME_S, 0.2
    try:
        async with Held(world) as held:
            yield held
    finally:
        inflight.DESK_TIME_S = usual


@asynccontextmanager
async def nobody_can_be_met(world: World) -> AsyncIterator[None]:
    """Somebody else writes to the table of people, and takes their time."""
    usual, inflight.DESK_TIME_S = inflight.DESK_TIME_S, 0.2
    async with world.parts.store.begin() as session:
        if world.parts.store.engine.dialect.name == "postgresql":
            await session.execute(text("LOCK TABLE person IN EXCLUSIVE MODE"))
        yield
    inflight.DESK_TIME_S = usual


def no_timeout(world: World) -> bool:
    return not any("no ack within" in (each.note or "") for each in world.sandbox.traffic)


async def test_a_command_that_takes_long_is_acked_in_time_goes_on_uncut_and_is_answered(world: World) -> None:
    """With the real two seconds, and Slack's real three."""
    await world.new_pilot(**FEW)
    async with Held(world) as held:
        began = time.monotonic()
        answer = await world.sandbox.slash("jonas", ROOM, "/pilot done w1-02 in the wiki")
        assert 1.9 < time.monotonic() - began < 3
        assert answer.error is None
        assert WORKING in world.last(ROOM, "jonas").plain
        assert (await item(world, "W1-02")).state is ItemState.OPEN
        await held.release()
    await calm(world)
    assert "✓ done" in world.last(ROOM, "jonas").plain
    assert (await item(world, "W1-02")).evidence == "in the wiki"
    assert no_timeout(world)


async def test_a_slow_command_that_asks_opens_its_form_or_says_that_it_is_too_late(world: World) -> None:
    async with nobody_can_be_met(world):
        await world.sandbox.slash("omar", ROOM, "/pilot new Mail sorter")
        assert WORKING in world.last(ROOM, "omar").plain
    await calm(world)
    assert world.sandbox.modal("omar").title == "Register a pilot"
    async with nobody_can_be_met(world):
        await world.sandbox.slash("ravi", ROOM, "/pilot new Mail sorter")
        world.clock.advance(seconds=4)  # Slack's trigger lives for three
    await calm(world)
    assert world.sandbox.modal("ravi") is None
    assert "That took too long for Slack to open the form. Please do it once more." in world.last(ROOM, "ravi").plain


async def test_a_slow_press_says_so_and_the_answer_follows(world: World) -> None:
    await world.new_pilot(**FEW)
    kickoff, number = world.last(ROOM), (await item(world, "W1-02")).id
    await world.type("jonas", "/pilot block w1-02 the data map", ROOM)
    card = world.last(ROOM, "jonas")
    async with busy(world) as held:
        for who, value, message in (("sam", "accept:1:*", kickoff), ("jonas", f"unblock:{number}", card),
                                    ("omar", "accept:1:*", kickoff)):
            element = next(e for b in message.blocks for e in b.get("elements", ()) if e.get("value") == value)
            answer = await world.sandbox.press(who, channel=ROOM, ts=message.ts, action_id=element["action_id"])
            assert answer.error is None
            await until(lambda who=who: WORKING in world.last(ROOM, who).plain)
        assert (await seat(world, "engineering")).state is SeatState.ASKED
        await held.release()
    await calm(world)
    assert "✅ *Engineering*: Sam Okafor" in kickoff.plain
    assert "2 of 11 roles accepted" in world.last(ROOM, "sam").plain
    assert "○ open" in card.plain, "an own card is edited, not repeated"
    assert "You are not asked to take a role" in world.last(ROOM, "omar").plain
    assert no_timeout(world)


async def test_a_slow_form_becomes_a_waiting_view_and_then_the_answer(world: World) -> None:
    await world.new_pilot(**FEW)
    await world.type("jonas", "/pilot item w1-02", ROOM)
    card, number = world.last(ROOM, "jonas"), (await item(world, "W1-02")).id
    await press(world, "jonas", f"done:{number}")
    async with busy(world) as held:
        answer = await world.sandbox.submit("jonas", evidence="in the wiki")
        assert answer.error is None
        assert WORKING in world.sandbox.modal("jonas").plain
        await held.release()
    await calm(world)
    assert "✓ done" in world.sandbox.modal("jonas").plain
    assert "✓ done" in card.plain
    await world.sandbox.close("jonas")

    await press(world, "jonas", f"reopen:{number}", ts=card.ts)
    async with busy(world) as held:  # closed while it waits: the answer still finds its place
        await world.sandbox.submit("jonas", reason="one more question")
        await world.sandbox.close("jonas")
        await held.release()
    await calm(world)
    assert "○ open" in card.plain
    assert no_timeout(world)


async def test_a_slow_form_that_is_refused_says_everything_that_is_wrong(world: World) -> None:
    await world.new_pilot(**FEW)
    await world.type("jonas", "/pilot item w1-02", ROOM)
    number = (await item(world, "W1-02")).id
    await press(world, "jonas", f"held:{number}")
    before = await trail(world)
    async with busy(world) as held:
        await world.sandbox.submit("jonas", on="2026-11-24", attendees="Jonas")
        await held.release()
    await calm(world)
    assert "This day has not come yet. Give the day on which it was held." in world.sandbox.modal("jonas").plain
    await world.sandbox.close("jonas")
    await press(world, "jonas", f"held:{number}")
    async with busy(world) as held:
        await world.sandbox.submit("jonas", on="2026-11-24", attendees="Jonas")
        await world.sandbox.close("jonas")
        await held.release()
    await calm(world)
    assert "That day has not come yet" in world.last(world.sandbox.dm_id("jonas")).plain, "told where it can be read"
    assert await trail(world) == before


async def test_a_slow_press_in_home_and_in_a_modal_waits_in_a_modal(world: World) -> None:
    await world.new_pilot(**FEW)
    await opened_home(world, "jonas")
    async with busy(world) as held:
        pressing = asyncio.create_task(press(world, "jonas", "accept:1:legal", None))
        await until(lambda: world.sandbox.modal("jonas") and WORKING in world.sandbox.modal("jonas").plain)
        await held.release()
        await pressing
    assert "2 of 11 roles accepted" in world.sandbox.modal("jonas").plain
    assert (await seat(world, "legal")).state is SeatState.ACCEPTED
    await world.sandbox.close("jonas")
    await press(world, "jonas", "status:1", None)
    async with busy(world) as held:
        pressing = asyncio.create_task(press(world, "jonas", "share:status:1", None))
        await until(lambda: WORKING in world.sandbox.modal("jonas").plain)
        world.clock.advance(seconds=5)
        await held.release()
        await pressing
    assert "stage 1 of 7" in world.sandbox.modal("jonas").plain
    assert "stage 1 of 7" in world.last(ROOM).plain
    assert no_timeout(world)


async def test_an_answer_lost_on_the_way_back_does_not_undo_or_repeat_what_was_done(world: World) -> None:
    await world.new_pilot(**FEW)
    await world.type("jonas", "/pilot block w1-02 the data map", ROOM)
    before = await trail(world)
    world.sandbox.faults.next("response_url", "error_500", "error_500")
    await press(world, "jonas", f"unblock:{(await item(world, 'W1-02')).id}")
    assert (await trail(world))[len(before):] == [("item unblocked", "W1-02", "jonas")]
    world.sandbox.faults.next("response_url", *["drop_connection"] * 3)
    await press(world, "jonas", "status:1", ts=newest(world, "jonas", ROOM, "status:1").ts)
    world.sandbox.faults.clear()
    world.sandbox.faults.next("views.open", "error_500")
    number = (await item(world, "W1-02")).id
    said = await whispered(world, "jonas", press(world, "jonas", f"done:{number}"))
    assert "Please do it once more" in said
    assert no_timeout(world)


async def test_slack_being_slow_itself_never_delays_the_ack(world: World) -> None:
    await world.new_pilot(**FEW)
    await world.type("jonas", "/pilot item w1-02", ROOM)
    number = (await item(world, "W1-02")).id
    world.sandbox.faults.slow_ms = 3500
    began = time.monotonic()
    await press_only(world, "jonas", f"done:{number}")
    await world.sandbox.slash("jonas", ROOM, "/pilot new")
    assert time.monotonic() - began < 6.5
    world.sandbox.faults.clear()
    await calm(world)
    assert no_timeout(world)


async def press_only(world: World, who: str, value: str) -> None:
    message = newest(world, who, ROOM, value)
    element = next(e for b in message.blocks for e in b.get("elements", ()) if e.get("value") == value)
    answer = await world.sandbox.press(who, channel=ROOM, ts=message.ts, action_id=element["action_id"])
    assert answer.error is None


class Secret(RuntimeError):
    """Its text must never be seen in chat."""


async def test_a_bug_is_one_sentence_with_a_ref_that_is_in_the_log_and_changes_nothing(
        world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    await world.new_pilot(**FEW)
    number = (await item(world, "W1-02")).id
    for line in ("/pilot item w1-02", "/pilot block w1-02 the data map"):
        await world.type("jonas", line, ROOM)
    await press(world, "jonas", f"done:{number}")
    before, row = await trail(world), await item(world, "W1-02")

    async def broken(*_: Any, **__: Any) -> Card:
        raise Secret("SELECT password FROM nowhere")
    monkeypatch.setattr(work.pilots, "note_risk", broken)  # the last thing each action does before its commit

    def is_a_calm_sentence(said: str) -> None:
        ref = said.partition("(ref ")[2].partition(")")[0]
        assert "Something broke on my side" in said
        assert "shows whether it was done" in said
        assert len(ref) == 4
        assert any(f"bug, ref {ref}" in record.getMessage() and record.exc_info for record in caplog.records)
        assert not any(word in said for word in ("Traceback", "Secret", "SELECT", "password", ".py"))

    is_a_calm_sentence(await world.type("jonas", "/pilot done w1-02 in the wiki", ROOM))
    is_a_calm_sentence(await whispered(world, "jonas", press(world, "jonas", f"unblock:{number}")))
    await fill(world, "jonas", evidence="in the wiki")
    is_a_calm_sentence(world.sandbox.modal("jonas").plain)
    await world.sandbox.close("jonas")
    assert world.sandbox.modal("jonas").state["evidence"]["v"]["value"] == "in the wiki", "the form is still there"
    await world.sandbox.say("jonas", world.sandbox.dm_id("jonas"), "done w1-02 in the wiki")
    await until(lambda: "Something broke" in world.last(world.sandbox.dm_id("jonas")).plain)
    is_a_calm_sentence(world.last(world.sandbox.dm_id("jonas")).plain)
    assert await trail(world) == before
    after = await item(world, "W1-02")
    assert (after.state, after.version, after.blocked_reason) == (row.state, row.version, row.blocked_reason)
    monkeypatch.undo()
    await fill(world, "jonas", evidence="in the wiki")
    assert (await item(world, "W1-02")).state is ItemState.DONE, "once mended, the same form is taken"

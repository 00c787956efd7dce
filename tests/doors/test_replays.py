"""Whatever comes twice has its effect once; whoever comes second is told by whom they were beaten."""

import asyncio

from sqlalchemy import func, select

from storage import pilots
from storage.models import Item, ItemState, Pilot
from tests.doors.hands import (
    FEW,
    ROOM,
    Held,
    Wire,
    buttons,
    calm,
    fill,
    forge,
    item,
    newest,
    opened_home,
    pilot,
    posts,
    press,
    rows,
    seat,
    settle_gate,
    trail,
    until,
    whispered,
)
from tests.world import TEAM, World


async def test_a_command_delivered_twice_closes_the_item_once(world: World) -> None:
    await world.new_pilot(**FEW)
    wire = Wire(world)
    await world.type("jonas", "/pilot done w1-02 in the wiki", ROOM)
    before, version = await trail(world), (await item(world, "W1-02")).version
    answer = await wire.again("command")
    await calm(world)
    assert answer.json()["text"] == "I got that twice and did it once."
    assert await trail(world) == before
    assert (await item(world, "W1-02")).version == version
    assert "stage 1 of 7" in (await world.type("jonas", "/pilot status", ROOM))
    assert "stage 1 of 7" in (await wire.again("command")).text, "what only reads is read again"


async def test_a_command_that_opens_a_form_delivered_twice_opens_it_once_and_says_nothing(world: World) -> None:
    wire = Wire(world)
    await world.sandbox.slash("priya", ROOM, "/pilot new")
    await world.sandbox.fill("priya", name="Claims triage")
    said = await whispered(world, "priya", wire.again("command"))
    assert said == ""
    assert len(world.sandbox.modals("priya")) == 1
    assert world.sandbox.modal("priya").state["name"]["v"]["value"] == "Claims triage"


async def test_a_press_delivered_twice_acts_once(world: World) -> None:
    await world.new_pilot(**FEW)
    wire = Wire(world)
    await press(world, "jonas", "accept:1:*", world.sandbox.dm_id("jonas"))
    before = await trail(world)
    card = world.last(ROOM).plain

    async def again() -> None:
        assert (await wire.again("block_actions")).status_code == 200
        await calm(world)
    assert await whispered(world, "jonas", again(), world.sandbox.dm_id("jonas")) == ""
    assert await trail(world) == before
    assert world.last(ROOM).plain == card
    await world.type("sam", "/pilot status", ROOM)
    await press(world, "sam", "share:status:1")
    await again()
    assert len(await posts(world, "status")) == 1
    assert sum("Next gate" in m.plain for m in world.sandbox.shown(ROOM)) == 1


async def test_a_form_delivered_twice_is_taken_once_and_closes_calmly(world: World) -> None:
    wire = Wire(world)
    await world.new_pilot(**FEW)

    async def nothing_twice() -> None:
        before = await trail(world)
        counts = select(func.count()).select_from(Pilot), select(func.count()).select_from(Item)
        numbers = [await rows(world, count) for count in counts]

        async def again() -> None:
            answer = await wire.again("view_submission")
            assert answer.status_code == 200
            assert "errors" not in answer.text, answer.text
            await calm(world)
        assert await whispered(world, "priya", again()) == ""
        assert await trail(world) == before
        assert [await rows(world, count) for count in counts] == numbers

    await nothing_twice()
    number = (await item(world, "W1-02")).id
    for line, value, fields in (
            ("/pilot team", "seat:1:legal", {"who": "carol"}),
            ("/pilot item w1-02", f"held:{number}", {"on": "2026-11-23", "attendees": "Jonas", "other": "a data map"})):
        await world.type("priya", line, ROOM)
        await press(world, "priya", value)
        assert await fill(world, "priya", **fields) is None
        await nothing_twice()


async def test_an_event_delivered_twice_is_answered_once(world: World) -> None:
    await world.new_pilot(**FEW)
    wire, dm = Wire(world), world.sandbox.dm_id("jonas")
    for words, said in (("status Claims triage", "stage 1 of 7"), ("done w1-02 in the wiki", "✓ done")):
        count = len(world.sandbox.shown(dm))
        await world.sandbox.say("jonas", dm, words)
        await until(lambda said=said: said in world.last(dm).plain)
        await calm(world)
        before, shown = await trail(world), len(world.sandbox.shown(dm))
        assert shown == count + 2
        for _ in range(2):
            assert (await wire.again("said")).status_code == 200
        await settled_events(world)
        assert len(world.sandbox.shown(dm)) == shown
        assert await trail(world) == before
    await world.sandbox.say("jonas", ROOM, "@groundcrew item w1-02")
    await until(lambda: "W1-02 ·" in world.last(ROOM, "jonas").plain)
    seen = len(world.sandbox.shown(ROOM, "jonas"))
    await wire.again("said")
    await settled_events(world)
    assert len(world.sandbox.shown(ROOM, "jonas")) == seen


async def settled_events(world: World) -> None:
    """An event that is sure to be handled after those before it has been."""
    await opened_home(world, "marta")
    await asyncio.sleep(0.1)
    await calm(world)


async def test_opening_home_twice_promises_one_home(world: World) -> None:
    wire = Wire(world)
    await opened_home(world, "omar")
    await wire.again("app_home_opened")
    await settled_events(world)
    assert len([post for post in await posts(world, "home") if post.room.endswith(world.sandbox.user_id("omar"))]) == 1


async def test_a_double_click_is_answered_calmly(world: World) -> None:
    await world.new_pilot(**FEW)
    dm = world.sandbox.dm_id("jonas")
    asked = newest(world, "jonas", dm, "accept:1:*")
    number = next(iter(buttons(asked)))
    ids = {"action_id": "gc.accept.0", "block_id": next(b["block_id"] for b in asked.blocks if b["type"] == "actions")}
    assert number == "accept:1:*"
    await asyncio.gather(*(world.sandbox.press("jonas", channel=dm, ts=asked.ts, **ids) for _ in range(2)))
    await calm(world)
    assert [each for each in await trail(world) if each[0] == "seat accepted"] == [("seat accepted", "legal", "jonas")]
    said = [m.plain for m in world.sandbox.shown(dm, "jonas") if m.ephemeral_for]
    assert len(said) == 1, said
    assert "You have accepted already: Legal of Claims triage" in said[0]


async def test_two_clicks_on_the_same_form_make_one_pilot(world: World) -> None:
    """Trouble connecting, so Create is pressed again: the same view comes twice, at once."""
    await world.sandbox.slash("priya", ROOM, "/pilot new")
    form = world.sandbox.modal("priya")
    wire = Wire(world)
    held = world.parts.store.begin()
    session = await held.__aenter__()
    await pilots.names(session, TEAM)
    sent = asyncio.create_task(fill(world, "priya", name="Claims triage", purpose="Sort", kickoff="2026-11-23",
                                    channel=world.sandbox.channel_id(ROOM), sponsor="marta", lead="priya"))
    await until(lambda: wire.sent)
    second = asyncio.create_task(wire.again("view_submission"))
    await held.__aexit__(None, None, None)
    assert await sent is None
    assert (await second).status_code == 200
    await calm(world)
    assert await rows(world, select(func.count()).select_from(Pilot)) == [1]
    assert form not in world.sandbox.modals("priya")


async def test_of_two_who_press_done_at_the_same_moment_the_second_hears_of_the_first(world: World) -> None:
    await world.new_pilot(**FEW)
    number = (await item(world, "W1-02")).id
    for who in ("jonas", "priya"):
        await world.type(who, "/pilot item w1-02", ROOM)
        await press(world, who, f"done:{number}")
    async with world.parts.store.begin() as session:  # Priya's transaction, open: she has the pilot's row
        locked = await pilots.locked(session, TEAM, 1)
        assert locked is not None
        mine = await pilots.item(session, TEAM, number)
        assert mine is not None
        losing = asyncio.create_task(fill(world, "jonas", evidence="mine"))
        await asyncio.sleep(0.3)
        assert not losing.done(), "it waits for the row"
        mine.state, mine.evidence, mine.closed_at = ItemState.DONE, "hers", world.clock()
        mine.closed_by = f"slack:{world.sandbox.user_id('priya')}"
    errors = await losing
    assert "W1-02 is done already, by Priya Shah on Mon 23 Nov" in errors["evidence"]
    assert (await item(world, "W1-02")).evidence == "hers"
    assert "item done" not in [what for what, _, _ in await trail(world)]


async def test_of_two_at_once_through_the_door_one_wins_and_the_other_is_told(world: World) -> None:
    await world.new_pilot(**FEW)
    number = (await item(world, "W1-02")).id
    for who in ("jonas", "priya"):
        await world.type(who, "/pilot item w1-02", ROOM)
        await press(world, who, f"done:{number}")
    async with Held(world) as held:
        both = [asyncio.create_task(fill(world, who, evidence=f"by {who}")) for who in ("jonas", "priya")]
        await asyncio.sleep(0.3)
        assert not any(each.done() for each in both)
        await held.release()
        errors = await asyncio.gather(*both)
    done = [each for each in await trail(world) if each[0] == "item done"]
    assert len(done) == 1
    winner = {"jonas": "Jonas Brandt", "priya": "Priya Shah"}[done[0][2]]
    assert [bool(each) for each in errors].count(True) == 1
    assert f"W1-02 is done already, by {winner}" in next(each for each in errors if each)["evidence"]
    assert (await item(world, "W1-02")).evidence == f"by {done[0][2]}"


async def test_of_two_who_pass_a_gate_or_answer_a_seat_at_once_one_does(world: World) -> None:
    await world.new_pilot(**FEW)
    for gate in ("week_one", "build"):
        await settle_gate(world, gate, world.clock())
    async with Held(world) as held:
        presses = [asyncio.create_task(forge(world, who, "gatepass:1:week_one")) for who in ("priya", "marta")]
        presses += [asyncio.create_task(forge(world, "jonas", value)) for value in ("accept:1:legal", "notme:1:legal")]
        await asyncio.sleep(0.3)
        assert not any(each.done() for each in presses)
        await held.release()
        said = await asyncio.gather(*presses)
    assert (await pilot(world)).stage == "week_one"
    whats = [what for what, _, _ in await trail(world)]
    assert whats.count("gate passed") == 1
    assert sum("is in Week one already, by " in each for each in said) == 1
    answered = await seat(world, "legal")
    assert answered is None or answered.state.value == "accepted"
    assert whats.count("seat accepted") + whats.count("seat handed back") in (1, 2)

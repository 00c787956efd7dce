"""App Home: what each person finds there, one-tap buttons that work, and that it follows whatever anybody does."""

from datetime import date
from typing import Any

from storage.models import ItemState, SeatState
from tests.doors.hands import (
    FEW,
    ROOM,
    buttons,
    fill,
    give,
    item,
    opened_home,
    posts,
    press,
    seat,
    settle_gate,
)
from tests.world import World


def home(world: World, who: str) -> Any:
    found = world.sandbox.home(who)
    assert found is not None
    return found


async def test_home_is_published_when_it_is_first_opened_and_not_before(world: World) -> None:
    await world.new_pilot(**FEW)
    assert world.sandbox.home("jonas") is None, "nobody asked for it yet"
    assert "1 thing needs you today" in (await opened_home(world, "jonas")).plain
    assert [post.room for post in await posts(world, "home")] == [f"slack:home:{world.sandbox.user_id('jonas')}"]


async def test_an_empty_home_says_so_and_leads_on(world: World) -> None:
    empty = await opened_home(world, "omar")
    assert "Nothing needs you today." in empty.plain
    assert "You have no part in any pilot yet" in empty.plain
    await press(world, "omar", "list:all:0", None)
    assert "No pilot yet" in world.sandbox.modal("omar").plain
    await world.sandbox.close("omar")
    for value, said in (("why:", "I have not written to you yet"), ("help:", "What you can say with /pilot")):
        await press(world, "omar", value, None)
        assert said in world.sandbox.modal("omar").plain
        await world.sandbox.close("omar")
    await press(world, "omar", "new:", None)
    assert world.sandbox.modal("omar").title == "Register a pilot"


async def test_a_pilot_registered_from_home_is_there_when_the_form_closes(world: World) -> None:
    await opened_home(world, "omar")
    await press(world, "omar", "new:", None)
    assert await fill(world, "omar", name="Mail sorter", purpose="Sort mail", channel=world.sandbox.channel_id(ROOM),
                      kickoff="2026-11-23", sponsor="marta", lead="omar") is None
    assert world.sandbox.modal("omar") is None
    assert "*Mail sorter* · Intake" in home(world, "omar").plain
    assert "Mail sorter starts" in world.last(ROOM).plain


async def test_what_is_my_turn_is_one_tap_away(world: World) -> None:
    await world.new_pilot(**FEW)
    await give(world, "sam", ["IN-01", "IN-02", "IN-03", "IN-05"], date(2026, 11, 23))
    view = await opened_home(world, "sam")
    numbers = {ref: (await item(world, ref)).id for ref in ("IN-01", "IN-02", "IN-03", "IN-05")}
    assert "Your turn" in view.plain

    async def tap(verb: str, ref: str, **fields: str) -> str:
        await press(world, "sam", f"{verb}:{numbers[ref]}", None)
        assert await fill(world, "sam", **fields) is None
        assert world.sandbox.modals("sam") == []
        return str(home(world, "sam").plain)

    assert "Sign-off" not in await tap("done", "IN-01", evidence="Marta, by mail of today")
    assert (await item(world, "IN-01")).state is ItemState.DONE
    assert f"done:{numbers['IN-01']}" not in buttons(home(world, "sam"))
    assert "you planned" not in await tap("plan", "IN-02", on="2026-11-27")
    assert f"plan:{numbers['IN-02']}" not in buttons(home(world, "sam")), "planned, so not asked about"
    said = await tap("block", "IN-03", who="omar", reason="no access")
    assert "Waiting on others for you" in said
    assert "waits for Omar Haddad since today" in said
    await tap("assign", "IN-05", who="omar")
    assert f"assign:{numbers['IN-05']}" not in buttons(home(world, "sam"))


async def test_homes_follow_what_others_do_without_being_opened_again(world: World) -> None:
    await world.new_pilot(**FEW)
    for who in ("jonas", "omar", "priya"):
        await opened_home(world, who)
    number = (await item(world, "W1-02")).id
    await world.type("priya", "/pilot block w1-02 by @omar the data map", ROOM)
    assert "Others wait for you" in home(world, "omar").plain
    assert "Jonas Brandt waits for you since today: the data map" in home(world, "omar").plain
    assert "Waiting on others for you" in home(world, "jonas").plain
    await press(world, "omar", f"unblock:{number}", None)
    assert world.sandbox.modal("omar") is None
    assert "Others wait for you" not in home(world, "omar").plain
    assert "Waiting on others for you" not in home(world, "jonas").plain
    await world.type("priya", "/pilot assign w1-02 @omar", ROOM)
    assert f"item:{number}" in buttons(home(world, "omar"))
    assert f"item:{number}" not in buttons(home(world, "jonas"))
    before = home(world, "priya").plain
    await world.type("priya", "/pilot pause no budget", ROOM)
    assert "⏸ Paused" in home(world, "priya").plain
    assert "⏸ Paused" not in before
    await world.type("jonas", "/pilot quiet until fri", ROOM)
    assert "Quiet until Fri 27 Nov" in home(world, "jonas").plain


async def test_a_seat_is_accepted_or_handed_back_in_home(world: World) -> None:
    await world.new_pilot(**FEW)
    for who in ("jonas", "sam"):
        await opened_home(world, who)
    await press(world, "jonas", "accept:1:legal", None)
    assert world.sandbox.modal("jonas") is None, "Home itself shows what became of it"
    assert "Jonas Brandt* · Legal of Claims triage" in home(world, "jonas").plain
    assert "accept:1:legal" not in buttons(home(world, "jonas"))
    assert (await seat(world, "legal")).state is SeatState.ACCEPTED
    assert "✅ *Legal*: Jonas Brandt" in world.last(ROOM).plain
    await press(world, "sam", "notme:1:engineering", None)
    assert "Nothing needs you today." in home(world, "sam").plain
    assert await seat(world, "engineering") is None


async def test_reading_buttons_in_home_open_a_card_and_a_form_on_it_closes_both(world: World) -> None:
    await world.new_pilot(**FEW)
    number = (await item(world, "W1-02")).id
    await opened_home(world, "jonas")
    await press(world, "jonas", f"item:{number}", None)
    assert "W1-02 · Hold a 30-minute legal briefing" in world.sandbox.modal("jonas").plain
    await press(world, "jonas", "items:1:open", None)
    await press(world, "jonas", "items:1:open:1", None)
    assert "Page 2 of 5" in world.sandbox.modal("jonas").plain
    await press(world, "jonas", f"item:{number}", None)
    assert len(world.sandbox.modals("jonas")) == 1, "reading on stays in the one modal"
    await press(world, "jonas", f"done:{number}", None)
    assert len(world.sandbox.modals("jonas")) == 2
    assert await fill(world, "jonas", evidence="minutes in the wiki") is None
    assert world.sandbox.modals("jonas") == []
    assert (await item(world, "W1-02")).state is ItemState.DONE
    assert f"item:{number}" not in buttons(home(world, "jonas"))


async def test_a_refusal_above_home_is_shown_and_can_be_closed(world: World) -> None:
    await world.new_pilot(**FEW)
    number = (await item(world, "W1-02")).id
    await opened_home(world, "jonas")
    await press(world, "jonas", f"item:{number}", None)
    await world.type("priya", "/pilot done w1-02 minutes in the wiki", ROOM)
    await press(world, "jonas", f"plan:{number}", None)
    top = world.sandbox.modal("jonas")
    assert "W1-02 is done already, by Priya Shah on Mon 23 Nov" in top.plain
    await world.sandbox.close("jonas")
    await press(world, "jonas", "status:1", None)
    await press(world, "jonas", "share:status:1", None)
    assert "Claims triage · Intake" in world.last(ROOM).plain, "Share works from above Home too"


async def test_news_of_a_passed_gate_and_the_right_things_stand_in_home(world: World) -> None:
    await world.new_pilot(**FEW)
    await opened_home(world, "sam")
    assert "Good news" not in home(world, "sam").plain
    await settle_gate(world, "week_one", world.clock())
    await world.type("priya", "/pilot gate pass", ROOM)
    assert "✅ Claims triage passed the gate to Week one (Mon 23 Nov)" in home(world, "sam").plain
    assert "Week one · first day" in home(world, "sam").plain

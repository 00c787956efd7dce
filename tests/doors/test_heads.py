"""Heads of functions: who may name one, what the list says, and where it is written down who did."""

import asyncio
import logging

import pytest

from storage import heads
from tests.doors.hands import FEW, ROOM
from tests.doors.steps import kept
from tests.world import TEAM, World


async def head_of(world: World, role: str) -> str | None:
    async with world.parts.store.reading() as session:
        return await heads.head_of(session, TEAM, role)


async def test_the_list_names_heads_and_gaps_and_says_what_follows_from_one(world: World) -> None:
    assert "9 functions have no head" in await world.type("omar", "/pilot head", ROOM)
    await world.new_pilot(**FEW)
    said = await world.type("priya", "/pilot head legal @jonas", ROOM)
    assert "8 functions have no head" in said
    assert "*Legal*: Jonas Brandt, named by Priya Shah on Mon 23 Nov" in said
    assert "🔴 *Security*: nobody yet" in said
    assert "Where there is none, the lead is told instead" in said
    assert "Sponsor" not in said
    assert await head_of(world, "legal") == "slack:U0JONAS00"
    assert "*Legal*: Jonas Brandt" in await world.type("omar", "/pilot heads", ROOM)


async def test_a_head_is_replaced_or_taken_off_and_the_log_says_who_did_what(
        world: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "handlers.people.heads")
    await world.new_pilot(**FEW)
    await world.type("marta", "/pilot head legal @jonas", ROOM)
    await world.type("alex", "/pilot head legal @carol", ROOM)
    assert await head_of(world, "legal") == "slack:U0CAROL00"
    assert "9 functions have no head" in await world.type("priya", "/pilot head legal off", ROOM)
    assert await head_of(world, "legal") is None
    assert [record.getMessage() for record in caplog.records] == [
        f"{TEAM}: slack:U0MARTA00 named slack:U0JONAS00 head of legal, before: nobody",
        f"{TEAM}: slack:U0ALEXA00 named slack:U0CAROL00 head of legal, before: slack:U0JONAS00",
        f"{TEAM}: slack:U0PRIYA00 took slack:U0CAROL00 off as head of legal"]


@pytest.mark.parametrize(("who", "line", "says"), [
    ("sam", "legal @jonas", "Only the pilot lead, the sponsor or an admin can name the head of a function."),
    ("jonas", "legal off", "can name the head of a function"),
    ("priya", "sponsor @marta", "Sponsor is a role of one pilot, so nobody heads it. `/pilot team sponsor @who`"),
    ("priya", "lead off", "Pilot lead is a role of one pilot"),
    ("priya", "security off", "Nobody heads Security. `/pilot head security @who` names somebody."),
    ("priya", "legal @ben", "Ben Gone has left this workspace"),
    ("priya", "legal @jonas", "Jonas Brandt heads Legal already. `/pilot head` shows all."),
])
async def test_what_cannot_be_done_says_why_and_what_to_do(world: World, who: str, line: str, says: str) -> None:
    await world.new_pilot(**FEW)
    await world.type("priya", "/pilot head legal @jonas", ROOM)
    before = await kept(world)
    said = await world.type(who, f"/pilot head {line}", ROOM)
    assert says.replace("`", "") in said.replace("`", ""), said
    assert await kept(world) == before
    assert await head_of(world, "legal") == "slack:U0JONAS00"


async def test_whoever_led_only_a_pilot_that_was_stopped_names_nobody(world: World) -> None:
    await world.new_pilot(**FEW)
    await world.type("priya", "/pilot stop no budget", ROOM)
    assert "can name the head of a function" in await world.type("priya", "/pilot head legal @jonas", ROOM)


async def test_a_head_who_left_is_shown_as_a_gap(world: World) -> None:
    await world.new_pilot(**FEW)
    await world.type("priya", "/pilot head legal @jonas", ROOM)
    await world.sandbox.remove_user("jonas")
    await world.settle()
    assert "🔴 *Legal*: Jonas Brandt has left, name somebody else" in await world.type("priya", "/pilot head", ROOM)


async def test_two_who_name_a_head_at_once_leave_one(world: World) -> None:
    await world.new_pilot(**FEW)
    await asyncio.gather(world.type("priya", "/pilot head legal @jonas", ROOM),
                         world.type("alex", "/pilot head legal @carol", ROOM))
    assert await head_of(world, "legal") in ("slack:U0JONAS00", "slack:U0CAROL00")

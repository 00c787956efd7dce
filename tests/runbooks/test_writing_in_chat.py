"""A written answer as a person sees it: above the passage it rests on, or left out with a word that it was."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from handlers.chat.errors import Refused
from handlers.chat.ports import Actor
from handlers.runbooks.writing import Writing
from handlers.runbooks.written_policy import WrittenPolicy
from handlers.web.http import Http
from tests.doors.hands import ROOM
from tests.runbooks.completions import completions
from tests.runbooks.gap_stage import page, source, sources
from tests.world import EVERYONE, TEAM, World

BACK = "# Roll back\n\n1. Wait 5 minutes.\n2. Roll back with `make rollback`.\n"
QUESTION = "/runbook how do we roll back?"


def writes(world: World, url: str) -> None:
    """Set the stage: an admin has given a model's address."""
    policy = WrittenPolicy(url, "small", timeout=timedelta(seconds=1), allow_private=True, allow_http=True)
    tools = world.parts.desk.tools
    write = Writing(world.parts.store, world.clock, TEAM, Http(), {}.get, policy)
    object.__setattr__(world.parts.desk, "tools", replace(tools, runbooks=replace(tools.runbooks, write=write)))


async def summed_up(world: World) -> str:
    """Ask, and press for the answer in sentences; what ana then sees."""
    await world.type("ana", QUESTION, ROOM)
    await world.press("ana", "Sum it up", ROOM)
    return str(world.last(ROOM, "ana").plain)


async def test_what_is_written_stands_above_the_passage_and_what_strays_is_left_out(world: World) -> None:
    await world.new_pilot(**EVERYONE)
    sources(world, source("ops"))
    await page(world, "back.md", BACK)
    async with completions() as service:
        writes(world, service.url)
        said = await summed_up(world)
        assert "Wait 5 minutes. [1] Roll back with" in said
        assert "Written by a model from: [1]" in said
        assert said.index("[1]") < said.rindex("make rollback")
        service.says = "Wait 5 minutes [1]. Then reboot everything [1]."
        said = await summed_up(world)
        assert "reboot" not in said
        assert "A written answer is left out here" in said
        assert "make rollback" in said
        service.waits = 20
        said = await summed_up(world)
        assert "The model gave no answer just now" in said
        assert "make rollback" in "\n".join(m.plain for m in world.sandbox.shown(ROOM, "ana"))


async def test_the_passage_waits_for_no_model_and_nothing_is_sent_unasked(world: World) -> None:
    await world.new_pilot(**EVERYONE)
    sources(world, source("ops"))
    await page(world, "back.md", BACK)
    async with completions() as service:
        writes(world, service.url)
        service.waits = 20
        assert "make rollback" in await world.type("ana", QUESTION, ROOM)
        assert service.heard == []
        assert "Sum it up" in world.last(ROOM, "ana").buttons
        with pytest.raises(Refused, match="Only whoever asked"):
            await world.parts.desk.pressed("rb-sum:1", Actor(TEAM, "slack:U0JONAS00", "button", "press:1"))
        assert service.heard == []


async def test_what_is_internal_is_answered_by_its_passage_alone(world: World) -> None:
    await world.new_pilot(**EVERYONE)
    sources(world, source("ops", is_internal=True))
    await page(world, "back.md", BACK)
    async with completions() as service:
        writes(world, service.url)
        assert "make rollback" in await world.type("ana", QUESTION, ROOM)
        assert "Sum it up" not in world.last(ROOM, "ana").buttons
        assert service.heard == []

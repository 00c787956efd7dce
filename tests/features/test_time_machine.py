"""The demo's time machine: what happens on the way happens at its own time."""

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from bot.demo import demo
from tests.conftest import MEMORY

LONDON = ZoneInfo("Europe/London")
"""Where the lead of Claims triage is, and so when its channel is nudged."""


@pytest.fixture
def folder() -> Iterator[Path]:
    """In memory where the system has such a folder: a story and four days are thousands of commits."""
    with TemporaryDirectory(prefix="groundcrew-", dir=MEMORY) as folder:
        yield Path(folder)


@pytest.mark.timeout(180)
async def test_a_morning_passed_on_the_way_is_announced_at_its_own_time(folder: Path) -> None:
    async with demo(0, folder) as url, \
            httpx.AsyncClient(base_url=url, timeout=60) as page:
        state = await _get(page, "state")
        berlin = next(user["id"] for user in state["users"] if user["name"] == "tom")
        room = next(channel["id"] for channel in state["channels"] if channel["name"] == "claims-triage")

        before = await _get(page, "messages", channel=room, **{"as": berlin})
        for _ in range(4):  # the courier runs beside it, and wants the same promises
            moved = await page.post("/sandbox/api/time", json={"as": berlin, "to": "morning"})
            assert moved.json()["ok"] is True

        told = await _get(page, "messages", channel=room, **{"as": berlin})
    last = max(float(each["ts"]) for each in before["messages"])
    posted = [datetime.fromtimestamp(float(each["ts"]), UTC).astimezone(LONDON)
              for each in told["messages"] if float(each["ts"]) > last]
    assert len({at.date() for at in posted}) == 3  # Monday, Tuesday and Wednesday; Thursday's comes an hour later there
    assert all(time(9, 30) <= at.time() < time(9, 33) for at in posted), posted


@pytest.mark.timeout(180)
async def test_a_form_asked_for_while_time_moves_opens_all_the_same(folder: Path) -> None:
    async with demo(0, folder) as url, httpx.AsyncClient(base_url=url, timeout=60) as page:
        state = await _get(page, "state")
        people = {user["name"]: user["id"] for user in state["users"]}
        ops = next(channel["id"] for channel in state["channels"] if channel["name"] == "ops")
        moving = asyncio.create_task(page.post("/sandbox/api/time", json={"as": people["tom"], "to": "monday"}))
        opened, asked = 0, 0
        while not moving.done():
            asked += 1
            said = {"as": people["priya"], "type": "message", "channel": ops, "text": f"/pilot new Notes {asked}"}
            assert (await page.post("/sandbox/api/act", json=said)).json()["ok"] is True
            with suppress(TimeoutError):
                async with asyncio.timeout(10):
                    while not (modals := (await _get(page, "state", **{"as": people["priya"]}))["modals"]):
                        await asyncio.sleep(.02)
                opened += 1
                closed = {"as": people["priya"], "type": "close", "view_id": modals[-1]["id"]}
                assert (await page.post("/sandbox/api/act", json=closed)).json()["ok"] is True
        assert (await moving).json()["ok"] is True
    assert 0 < asked == opened


async def _get(page: httpx.AsyncClient, what: str, **asked: str) -> dict[str, Any]:
    answer = await page.get(f"/sandbox/api/{what}", params=asked)
    found: dict[str, Any] = answer.json()
    return found

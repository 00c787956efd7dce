"""What people see of drift in the chat, and do about it: the thread, the picture, retraining, the way back."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from handlers.alerts import pictures
from handlers.alerts.pictures import Order
from storage.alerting import Alert, AlertStep, Outgoing
from storage.models import AuditEntry
from tests.alerts.drifting import report
from tests.alerts.stage import OPS, send, settled, source
from tests.alerts.test_lifetime import cards
from tests.world import ANY_HOUR, World, world_on

POLICY = """
schema: 1
policy: alerts
drift:
  windows: 1
  retrain: {target: trainer, windows: 3}
  rollback: ["Point the alias champion at the version before", "Watch the error rate for an hour"]
"""


@pytest.fixture
async def ml(database_url: str, clock: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    """The bot with a policy that knows where models are trained; drawing itself is for `test_pictures`."""
    async def quickly(orders: Sequence[Order]) -> list[bytes | None]:
        return [f"PNG of {each.title}: {len(each.course)} points".encode() for each in orders]

    monkeypatch.setattr(pictures, "drawn_by_program", quickly)
    shutil.copy(ANY_HOUR / "nudge-policy.yaml", tmp_path)
    (tmp_path / "alerts.yaml").write_text(POLICY)
    async with world_on(database_url, clock, operations_channel="C0OPS0000", admins="U0ALEXA00", templates_dir=tmp_path) as world:
        await source(world, "drift", "evidently")
        yield world


async def window(world: World, **said: Any) -> None:
    """The next hour's window is reported and shown."""
    world.clock.advance(hours=1)
    answer = await send(world, report(world.clock(), **said), "drift")
    assert answer.status_code == 200, answer.text
    await settled(world)


def thread(world: World) -> list[str]:
    return [each.plain for each in world.sandbox.shown(OPS) if each.thread_ts and each.thread_ts != each.ts]


async def rows(world: World, table: Any) -> list[Any]:
    async with world.parts.store.reading() as session:
        return list((await session.scalars(select(table).order_by(table.id))).all())


async def test_each_window_is_a_line_with_a_picture_below_a_head_that_is_edited(ml: World) -> None:
    await window(ml, tenure=0.31)
    await window(ml, tenure=0.35)
    (card,) = cards(ml)
    assert "(2 windows)" in card
    assert thread(ml) == ["Window to 2026-11-23 08:00 UTC: PSI of tenure 0.31", "churn-xgb · 7 · production",
                          "Window to 2026-11-23 09:00 UTC: PSI of tenure 0.35, was 0.31", "churn-xgb · 7 · production"]
    shown = list(ml.sandbox.workspace.files.values())
    assert [each.content.decode() for each in shown] == [f"PNG of churn-xgb · 7 · production: {n} points" for n in (1, 2)]
    assert shown[1].alt_txt == ("Bars of how far features of churn-xgb · 7 · production have drifted: tenure PSI 0.35 (limit 0.2). "
                                "A line of PSI of tenure, 30 days: 0.31 at first, 0.35 at last.")
    await ml.press("sam", "Roll-back steps", OPS)
    said = ml.last(OPS, "sam").plain
    assert "To go back from churn-xgb 7" in said
    assert "1. Point the alias champion at the version before\n2. Watch the error rate for an hour" in said
    await window(ml, tenure=0.31)
    await ml.press("sam", "Confirm retraining", OPS)
    assert (await rows(ml, Outgoing))[0].next_at is None, "of no pilot, so for an admin"
    await ml.press("alex", "Confirm retraining", OPS)
    (request,) = await rows(ml, Outgoing)
    assert (request.confirmed_by, request.next_at is not None) == ("slack:U0ALEXA00", True)
    assert "Retraining asked for by the policy 2026-11-23 10:00 UTC: on its way" in cards(ml)[0]
    assert thread(ml)[-1] == "Alex Admin confirmed the retraining"
    await ml.press("sam", "False alarm", OPS)
    assert not await ml.submit("sam", cause="data", reason="The import ran twice")
    assert thread(ml)[-1] == "Sam Okafor says it was a false alarm, the data was wrong: The import ran twice"


async def test_the_models_owner_asks_for_retraining_and_nobody_twice_a_day(ml: World) -> None:
    pilot = await ml.new_pilot(ml="ravi")
    await window(ml, tenure=0.31)
    async with ml.parts.store.begin() as session:
        await session.execute(update(Alert).values(pilot_id=pilot))
    await ml.press("sam", "Ask for retraining…", OPS)
    await ml.submit("sam", why="It drifts")
    assert await rows(ml, Outgoing) == []
    assert "Only the owner, the pilot lead or an admin can have this model trained again. Ask Ravi Nair (machine learning)" in seen(ml, "sam")
    await ml.press("ravi", "Ask for retraining…", OPS)
    assert not await ml.submit("ravi", why="It drifts since Monday")
    (request,) = await rows(ml, Outgoing)
    assert (request.confirmed_by, request.next_at is not None) == (request.asked_by, True)
    assert request.body["reason"] == "It drifts since Monday"
    await window(ml, tenure=0.32)
    assert "drift on Claims triage: 0.32, limit 0.2, for 1 h" in cards(ml)[0]
    assert "Retraining asked for by Ravi Nair 2026-11-23 08:00 UTC: on its way" in cards(ml)[0]
    assert "Ravi Nair asked for retraining: It drifts since Monday" in thread(ml)
    await ml.press("priya", "Ask for retraining…", OPS)
    await ml.submit("priya", why="Once more")
    assert "Ravi Nair asked for this 60 minutes ago already, and it is on its way." in seen(ml, "priya")
    assert len(await rows(ml, Outgoing)) == 1
    assert [each.what for each in await rows(ml, AlertStep)] == ["window", "retrain", "window"]
    assert "alert retrain" in [each.what for each in await rows(ml, AuditEntry)]


def seen(world: World, who: str) -> str:
    """What somebody sees in the channel and in a form that stays open."""
    modal = world.sandbox.modal(who)
    return world.all_text(OPS, who) + (str(modal) if modal is not None else "")

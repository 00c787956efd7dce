"""From a sender's request to the direct message of whoever is on call, and to the line that it is over."""

from __future__ import annotations

from typing import Any

from storage.models import Seat
from tests.alerts.stage import am, one, send, sent, settled, source
from tests.rules.make import person, pilot
from tests.world import TEAM, World

ROOM, PILOT = "claims-triage", "Claims triage"
SEATS = {"operations": "ana", "lead": "priya"}


async def has_pilot(world: World) -> None:
    await source(world)
    async with world.parts.store.begin() as session:
        ids = {who: f"slack:{world.sandbox.user_id(who)}" for who in SEATS.values()}
        session.add_all([person(who, workspace_id=TEAM, id=ids[who]) for who in ids])
        session.add(pilot(workspace_id=TEAM, room=f"slack:{world.sandbox.channel_id(ROOM)}", created_by=ids["priya"]))
        await session.flush()
        session.add_all([Seat(workspace_id=TEAM, pilot_id=1, role=role, person_id=ids[who], asked_by=ids["priya"], asked_at=world.clock())
                         for role, who in SEATS.items()])


def said(world: World, room: str, who: str | None = None) -> list[str]:
    return [each.plain.replace("*", "") for each in world.sandbox.shown(room, who) if each.user == world.sandbox.workspace.bot]


async def test_a_page_reaches_whoever_is_on_call_within_the_debounce_and_they_hear_its_end(ops: World) -> None:
    await has_pilot(ops)
    down: dict[str, Any] = {"severity": "critical", "pilot": PILOT}
    assert (await send(ops, am(one("Down", **down)))).status_code == 200
    ops.clock.advance(seconds=1.5)
    await ops.parts.outbox.deliver()
    [told] = said(ops, "dm", "ana")
    assert told.startswith("🔴 Critical: Down")
    assert "Told: @ana (on call, as operations: there is no rotation)" in said(ops, ROOM)[0]
    ops.clock.advance(minutes=5)
    await ops.parts.alert_sweep.run()
    await settled(ops)
    assert said(ops, ROOM)[-1] == ("Nobody took it on in 5 min. Told Priya (Pilot lead)."
                                   " Nobody is second on call, so that step was skipped.")
    await ops.press("ana", "Acknowledge", "dm")
    await settled(ops)
    await sent(ops, am(one("Down", status="resolved", **down)))
    for who in SEATS.values():
        head, *lines = said(ops, "dm", who)
        assert head.startswith("✓ Resolved after 5 min")
        assert lines[-1] == "Over after 5 min"
    assert said(ops, ROOM)[-1] == "Over after 5 min"


async def test_what_is_over_before_it_could_be_seen_is_told_to_nobody(ops: World) -> None:
    await has_pilot(ops)
    down: dict[str, Any] = {"severity": "critical", "pilot": PILOT}
    await send(ops, am(one("Down", **down)))
    await send(ops, am(one("Down", status="resolved", **down)))
    await settled(ops)
    assert said(ops, "dm", "ana") == []
    assert [each[:10] for each in said(ops, ROOM)] == ["✓ Resolved"]

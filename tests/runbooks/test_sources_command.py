"""`/runbook sources` and `/runbook refresh`, typed and pressed at Slack's door."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from storage.shelf import RunbookSource
from tests.conftest import FrozenClock
from tests.doors.hands import press
from tests.runbooks.reading_stage import write
from tests.world import ANY_HOUR, TEAM, World, world_on

POLICY = """schema: 1
policy: runbooks
sources:
  platform: {{kind: folder, where: {folder}/shared, owner: Platform team}}
  claims: {{kind: folder, where: {folder}/claims, pilot: Claims triage}}
  other: {{kind: folder, where: {folder}/claims, pilot: Churn radar}}
  lost: {{kind: folder, where: {folder}/shred, pilot: Claims triag}}
"""
PSI = "# PSI drift\n\n## First\n\nLook at the feature store first, then retrain the model.\n"


@pytest.fixture
async def ops(database_url: str, clock: FrozenClock, tmp_path: Path) -> AsyncIterator[World]:
    write(tmp_path / "shared", psi=PSI, todo="# Later\n\nTODO\n")
    (tmp_path / "shared" / "bad.md").write_bytes(b"\0\0")
    write(tmp_path / "claims", lag=PSI)
    (tmp_path / "runbooks.yaml").write_text(POLICY.format(folder=tmp_path))
    (tmp_path / "nudge-policy.yaml").write_text((ANY_HOUR / "nudge-policy.yaml").read_text())
    async with world_on(database_url, clock, templates_dir=tmp_path, admins="U0ALEXA00", cache_dir=tmp_path / "cache") as world:
        await world.new_pilot(operations="ana")
        await world.parts.reading.read_due()
        yield world


async def said_to(world: World, who: str, line: str, channel: str = "general") -> str:
    """The answer without its marks."""
    return (await world.type(who, line, channel)).replace("*", "").replace("`", "")


async def due(world: World) -> list[str]:
    found = []
    async with world.parts.store.reading() as session:
        for name in ("claims", "lost", "other", "platform"):
            row = await session.get(RunbookSource, (TEAM, name))
            if row is not None and row.next_at <= world.clock():
                found.append(name)
    return found


async def test_an_admin_sees_everything_and_why(ops: World, tmp_path: Path) -> None:
    said = await said_to(ops, "alex", "/runbook sources")
    assert "4 sources of runbooks, 4 pages" in said
    assert "platform, a folder, shared by all pilots, kept by Platform team" in said
    assert f"{tmp_path}/shared" in said
    assert "2 pages, 3 sections, 1 of the pages not written yet. Last read" in said
    assert "Left out (1): bad.md: it holds bytes that are no text." in said
    assert f"Cannot be read. There is no folder {tmp_path}/shred on this machine; did you mean {tmp_path}/shared?" in said
    assert "No pilot is called “Claims triag”, so nobody's question reaches it. Did you mean “Claims triage”?" in said


async def test_a_team_sees_its_own_and_the_shared_ones_without_paths(ops: World, tmp_path: Path) -> None:
    said = await said_to(ops, "ana", "/runbook sources")
    assert "2 sources of runbooks, 3 pages" in said
    assert "claims, a folder, of Claims triage" in said
    assert "2 more belong to other pilots" in said
    for hidden in ("other", "lost", str(tmp_path)):
        assert hidden not in said.replace("to other pilots", "")
    stranger = await said_to(ops, "tom", "/runbook sources")
    assert "claims" not in stranger
    assert "platform" in stranger
    assert "claims" in await said_to(ops, "tom", "/runbook sources", "claims-triage")


async def test_a_lead_has_theirs_read_again_and_sees_what_came_of_it(ops: World, tmp_path: Path) -> None:
    write(tmp_path / "claims", new=PSI)
    said = await said_to(ops, "priya", "/runbook refresh claims")
    assert "“claims” is read again in a moment" in said
    assert await due(ops) == ["claims"]
    assert "to be read again in a moment" in await said_to(ops, "priya", "/runbook sources")
    await ops.parts.reading.read_due()
    assert "2 pages, 4 sections" in await said_to(ops, "priya", "/runbook sources")


async def test_without_a_name_all_that_one_may_are_read(ops: World) -> None:
    await said_to(ops, "priya", "/runbook refresh")
    assert await due(ops) == ["claims", "platform"]
    await said_to(ops, "alex", "/runbook refresh")
    assert await due(ops) == ["claims", "lost", "other", "platform"]


async def test_others_are_refused_with_whom_to_ask(ops: World) -> None:
    said = await said_to(ops, "ana", "/runbook refresh claims")
    assert said == "Only the pilot lead or an admin can have runbooks read again. Ask Priya Shah (lead)."
    assert "Only the pilot lead or an admin can have runbooks read again" in await said_to(ops, "tom", "/runbook refresh")
    assert await due(ops) == []


async def test_a_name_that_is_wrong_is_met_with_the_nearest_and_hidden_ones_are_not_told(ops: World) -> None:
    assert "There is no source “clams”. Did you mean “claims”?" in await said_to(ops, "priya", "/runbook refresh clams")
    assert "There is no source “lost”" in await said_to(ops, "priya", "/runbook refresh lost")
    for odd in ("*<!channel>*", "`x`", "x" * 2000, "'; DROP TABLE runbook_source; --"):
        assert "There is no source" in await said_to(ops, "priya", f"/runbook refresh {odd}")
    assert await due(ops) == []


async def test_the_button_reads_again_as_the_line_does(ops: World) -> None:
    await said_to(ops, "priya", "/runbook sources")
    await press(ops, "priya", "run:/runbook refresh claims", "general")
    assert await due(ops) == ["claims"]


async def test_where_nothing_is_set_up_it_is_said_how(world: World) -> None:
    assert "Write runbooks.yaml into GROUNDCREW_TEMPLATES_DIR" in await said_to(world, "alex", "/runbook sources")
    assert "An admin names them in runbooks.yaml" in await said_to(world, "tom", "/runbook sources")
    assert "There are no sources of runbooks" in await said_to(world, "alex", "/runbook refresh")

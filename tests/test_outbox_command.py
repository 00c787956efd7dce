"""`groundcrew outbox` as an admin meets it: what is not shown, why, and what can be done about it."""

import argparse
import json
from pathlib import Path

import pytest

from bot import outbox_command
from bot.cli import main
from storage import audit, outbox
from storage.engine import Store, open_engine
from storage.outbox import Promise
from tests.test_cli import Desk, desk, sandbox  # noqa: F401  (fixtures)
from tests.world import TEAM, World


async def _run(world: World, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    """The command beside the running bot: over connections of its own."""
    parser = argparse.ArgumentParser()
    outbox_command.arguments(parser)
    capsys.readouterr()
    status = await outbox_command.run(world.parts.settings, parser.parse_args(list(words)), world.clock)
    return status, capsys.readouterr().out


async def _given_up(world: World) -> int:
    """A pilot whose channel was archived, and a message that could not be shown there; its number."""
    await world.new_pilot()
    await world.sandbox.archive("alex", "claims-triage")
    await world.type("priya", '/pilot pause "Claims triage" budget', "ops")
    async with world.parts.store.reading() as session:
        return (await outbox.given_up_in(session, TEAM, "slack:C0CLAIMS0"))[-1].id


async def test_the_list_is_empty_where_everything_is_shown(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    await world.new_pilot()
    assert await _run(world, capsys, "list") == (0, "0 wait, 0 were given up.\n")
    assert await _run(world, capsys, "list", "--json") == (0, "[]\n")
    assert await _run(world, capsys, "retry", "--all-given-up") == (0, "Nothing was given up.\n")


async def test_the_list_says_what_waits_what_is_in_doubt_and_what_was_given_up(
        world: World, capsys: pytest.CaptureFixture[str]) -> None:
    lost = await _given_up(world)
    world.sandbox.faults.next("chat.postMessage", "lost_reply")
    async with world.parts.store.begin() as session:
        await outbox.promise(session, TEAM, [Promise("slack:C0GENERAL", "kickoff", 1)], [], world.clock())
    await world.parts.outbox.deliver()
    status, said = await _run(world, capsys, "list", "--all")
    lines = said.splitlines()
    assert status == 0
    assert lines[0].split() == ["ID", "STATE", "KIND", "ROOM", "AGE", "TRIES", "NEXT", "TRY", "LAST", "ERROR"]
    row = next(line for line in lines if line.startswith(f"{lost} "))
    assert "given up" in row
    assert "slack:C0CLAIMS0" in row
    assert row.split()[-2:] == ["never", "is_archived"]
    assert any(line.split()[1:5] == ["in", "doubt", "kickoff", "slack:C0GENERAL"] for line in lines)
    assert lines[-1].startswith("1 wait, ")
    _, only = await _run(world, capsys, "list", "--given-up")
    assert "slack:C0GENERAL" not in only
    _, found = await _run(world, capsys, "list", "--json", "--newest")
    rows = json.loads(found)
    assert [row["id"] for row in rows] == sorted((row["id"] for row in rows), reverse=True)
    assert {row["state"] for row in rows} == {"given up", "in doubt"}
    doubt = next(row for row in rows if row["state"] == "in doubt")
    assert (doubt["room"], doubt["attempts"], doubt["in_doubt_since"] is not None) == ("slack:C0GENERAL", 1, True)


async def test_a_long_list_is_cut_and_says_so(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    async with world.parts.store.begin() as session:
        await outbox.promise(session, TEAM, [Promise(f"slack:C{n:05}", "kickoff", n) for n in range(60)], [],
                             world.clock())
    _, said = await _run(world, capsys, "list")
    assert "10 more: --all shows them" in said
    assert len(said.splitlines()) == 1 + 50 + 1
    _, said = await _run(world, capsys, "list", "--all")
    assert "more" not in said
    assert len(said.splitlines()) == 62


async def test_a_message_that_was_given_up_is_shown_after_a_retry(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    lost = await _given_up(world)
    await world.sandbox.unarchive("priya", "claims-triage")
    assert await _run(world, capsys, "retry", str(lost)) == (0, f"Message {lost} is tried now.\n")
    await world.settle()
    assert "is paused" in world.all_text("claims-triage")
    status, said = await _run(world, capsys, "retry", str(lost))
    assert (status, said) == (1, f"Message {lost} is shown as it should be: nothing waits there.\n")
    status, said = await _run(world, capsys, "retry", "--all-given-up")
    assert status == 0
    await world.settle()
    assert "0 were given up" in (await _run(world, capsys, "list"))[1]


async def test_what_is_dropped_is_not_sent_and_the_pilots_history_says_so(
        world: World, capsys: pytest.CaptureFixture[str]) -> None:
    lost = await _given_up(world)
    dm = world.sandbox.dm_id("priya")
    assert "I could not post" in world.all_text(dm)
    async with world.parts.store.reading() as session:
        first = (await outbox.given_up_in(session, TEAM, "slack:C0CLAIMS0"))[0].id
    for number in sorted({first, lost}):
        status, said = await _run(world, capsys, "drop", str(number), "--reason", "the channel is  gone")
        assert (status, "is not sent" in said) == (0, True), said
    await world.settle()
    _, listed = await _run(world, capsys, "list", "--all")
    assert "dropped" in listed
    assert "dropped: the channel is gone" in listed
    assert "An admin decided that it stays so: the channel is gone" in world.all_text(dm)
    said = await world.type("priya", "/pilot history Claims triage", "ops")
    assert "An admin" in said
    assert "decided that a message is not sent" in said
    assert "the channel is gone" in said
    async with world.parts.store.reading() as session:
        assert (await audit.verify(session)).broken == ()
    status, said = await _run(world, capsys, "drop", str(lost), "--reason", "again")
    assert (status, "was dropped already" in said) == (1, True)
    await world.sandbox.unarchive("priya", "claims-triage")
    assert await _run(world, capsys, "retry", "--all-given-up") == (0, "Nothing was given up.\n")


async def test_what_may_be_on_its_way_is_not_dropped(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    from handlers.outbox.rules import LEASE
    async with world.parts.store.begin() as session:
        await outbox.promise(session, TEAM, [Promise("slack:C0GENERAL", "kickoff", 1)], [], world.clock())
        await outbox.claim(session, world.clock(), LEASE, 5)
        [post] = (await outbox.first_in_each(session, [outbox.Turn(TEAM, "slack:C0GENERAL", 1)], world.clock())).values()
    status, said = await _run(world, capsys, "drop", str(post.id), "--reason", "no")
    assert (status, said) == (1, f"Message {post.id} may be on its way just now. Try again in a minute.\n")


@pytest.mark.parametrize("words", [("retry", "4711"), ("drop", "4711", "--reason", "x")])
async def test_a_number_that_is_none_is_said_in_one_sentence(
        world: World, capsys: pytest.CaptureFixture[str], words: tuple[str, ...]) -> None:
    status, said = await _run(world, capsys, *words)
    assert (status, said) == (1, "There is no message 4711: `groundcrew outbox list --all` shows those there are.\n")


async def test_a_reason_must_say_something(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    status, said = await _run(world, capsys, "drop", "1", "--reason", "  ")
    assert (status, said.startswith("Say why")) == (1, True)


async def test_a_refused_token_is_said_above_the_list(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    from storage import limits
    async with world.parts.store.begin() as session:
        await limits.pause(session, TEAM, "slack", "*", world.clock(), world.clock(), lasting=True)
    _, said = await _run(world, capsys, "list")
    assert said.startswith(f"Slack has not taken the token of {TEAM} since 2026-11-23 07:00 UTC")


# ---- the command line itself -----------------------------------------------------------------------------------


@pytest.mark.parametrize("words", [("list",), ("retry", "1"), ("drop", "1", "--reason", "x")])
async def test_a_database_that_is_not_there_is_not_made(desk: Desk, tmp_path: Path, words: tuple[str, ...]) -> None:  # noqa: F811
    desk.set(database_url=f"sqlite:///{tmp_path}/other.db")
    status, said = await desk.run("outbox", *words)
    assert (status, len(said.splitlines())) == (2, 1), said
    assert "There is no database at" in said
    assert not (tmp_path / "other.db").exists()


async def test_a_database_of_something_else_is_said_in_one_sentence(desk: Desk, tmp_path: Path) -> None:  # noqa: F811
    (tmp_path / "other.db").touch()
    desk.set(database_url=f"sqlite:///{tmp_path}/other.db")
    status, said = await desk.run("outbox", "list")
    assert (status, len(said.splitlines())) == (2, 1), said
    assert "no such table" in said
    assert "groundcrew migrate" in said


async def test_the_command_lists_over_the_command_line(desk: Desk, sqlite_url: str) -> None:  # noqa: F811
    desk.set(database_url=sqlite_url)
    assert await desk.run("outbox", "list") == (0, "0 wait, 0 were given up.\n")
    engine = open_engine(sqlite_url)
    async with Store(engine).begin() as session:
        from bot.clock import real_clock
        from storage import people
        await people.ensure_workspace(session, TEAM, "x", real_clock())
        await outbox.promise(session, TEAM, [Promise("slack:C1", "digest", 1)], [], real_clock())
    await engine.dispose()
    status, said = await desk.run("outbox", "list")
    assert (status, "1 wait, 0 were given up." in said) == (0, True)
    status, said = await desk.run("outbox", "drop", "1", "--reason", "not needed")
    assert status == 0
    assert "an admin dropped message 1" in said, "what is about no pilot is logged"


@pytest.mark.parametrize("words", [("retry", "x"), ("retry",), ("retry", "1", "--all-given-up"), ("drop", "1"), ()])
def test_a_line_that_is_none_says_how_it_goes(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["outbox", *words])
    assert ended.value.code == 2
    assert "usage: groundcrew outbox" in capsys.readouterr().err

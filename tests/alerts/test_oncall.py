"""On-call as people use it: who has it, taking and giving, overrides, the form, and what is refused."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import icalendar
import pytest

from handlers.chat.cards import plain
from handlers.chat.errors import Refused
from handlers.chat.ports import Actor
from handlers.commands.verbs import VERBS
from handlers.oncall.standing import OnCall, chain_people, members_now, on_call
from storage import audit, oncall, people
from storage.alerting import Rotation
from tests.alerts.stage import post
from tests.rules.test_invitation import content_lines
from tests.world import TEAM, World, world_on

HERE = "claims-triage"
TEAM_OF_IT = {"operations": "ana", "product": "tom", "engineering": "sam"}
ANA, TOM, SAM, PRIYA = "slack:U0ANARZ00", "slack:U0TOMWB00", "slack:U0SAMOK00", "slack:U0PRIYA00"


@pytest.fixture
async def lite(sqlite_url: str, clock: Any) -> AsyncIterator[World]:
    """The same world on one database, for what does not depend on it."""
    async with world_on(sqlite_url, clock, operations_channel="C0OPS0000", admins="U0ALEXA00") as world:
        yield world


async def say(world: World, who: str, line: str, channel: str = "general") -> str:
    """Type a command at the desk itself, without the way through the chat service; what is answered, in words."""
    command, _, text = line.partition(" ")
    text = re.sub(r"@(\w+)", lambda found: f"<@{world.sandbox.user_id(found[1])}>", text)
    actor = Actor(TEAM, f"slack:{world.sandbox.user_id(who)}", "test", room=f"slack:{world.sandbox.channel_id(channel)}")
    try:
        reply = await world.parts.desk.typed(command, text, actor)
    except Refused as refused:
        return str(refused)
    return plain(reply.card) if reply.card is not None else ""


async def rotation(world: World, name: str = "Claims triage", who: tuple[str, ...] = ("ana", "tom", "sam"), *, by: str = "priya",
                   channel: str = HERE, **fields: Any) -> dict[str, str] | None:
    """Set a new rotation through the form; the errors that keep it open."""
    assert (await world.sandbox.slash(by, channel, "/oncall rotation set")).error is None
    filled = {"name": name, "people": [world.sandbox.user_id(each) for each in who], "every": "7", "weekday": "0",
              "at": "09:00", "zone": "berlin", "begins": "2026-11-23", **fields}
    return await world.submit(by, **filled)


async def on(world: World, pilot_id: int | None, rank: int = 0) -> OnCall:
    async with world.parts.store.reading() as session:
        return await on_call(session, TEAM, pilot_id, world.clock(), rank)


async def rows(world: World) -> list[Rotation]:
    async with world.parts.store.reading() as session:
        return list(await oncall.rotations(session, TEAM))


async def test_from_an_empty_schedule_to_shifts_that_change_hands(ops: World) -> None:
    number = await ops.new_pilot(**TEAM_OF_IT)
    ops.clock.advance(hours=2)  # Monday, past nine in Berlin
    # An empty one is loud, and the form says what it cannot take.
    assert "🔴 Nobody is on call: no rotation is set up" in await say(ops, "priya", "/oncall", HERE)
    assert (await on(ops, number)).said == "No rotation is set up, so nobody is on call; `/oncall rotation set` makes one."
    for fields, at in (({"zone": "Atlantis"}, "zone"), ({"who": ("ana", "noor")}, "people"),
                       ({"from": "09:00"}, "to")):
        errors = await rotation(ops, **fields)
        assert errors is not None, fields
        assert set(errors) == {at}, fields
    assert await rows(ops) == []
    assert await rotation(ops) is None
    # Set, it is shown with who is next, is what alerts ask, and stands in the trail.
    shown = await say(ops, "sam", "/oncall claims triage")
    assert "Now: Ana Ruiz until Mon 30 Nov 08:00 UTC" in shown, shown
    assert "Next: Tom Weber, Mon 30 Nov 08:00 UTC to Mon 07 Dec" in shown
    found = await on(ops, number)
    assert found.person is not None
    assert (found.person.id, found.said, found.until and found.until.isoformat()) == (ANA, "", "2026-11-30T08:00:00+00:00")
    async with ops.parts.store.reading() as session:
        newest = (await audit.newest(session, TEAM, number, 1, 10_000))[0]
    assert (newest.what, newest.subject, newest.after["people"]) == ("rotation set", "Claims triage", [ANA, TOM, SAM])
    assert "rotation set" in await say(ops, "priya", "/pilot history", HERE)
    # Taken for a while: just for that; who was relieved hears of it, who takes twice is told.
    assert "You are on call in “Claims triage” until 18:00 (Europe/Berlin)." in await say(ops, "sam", "/oncall take until 17:00", HERE)
    await ops.settle()
    assert "Your shift was changed: Claims triage" in ops.last(ops.sandbox.dm_id("ana"), "ana").plain
    assert "Sam Okafor is on call instead of you" in ops.last(ops.sandbox.dm_id("ana"), "ana").plain
    assert "You are on call in “Claims triage” already, until 18:00" in await say(ops, "sam", "/oncall take until 16:30", HERE)
    assert "Now: Sam Okafor until Mon 23 Nov 17:00 UTC" in await say(ops, "tom", "/oncall", HERE)
    # Handed over by whoever has it; somebody else has no say in it, the lead has.
    assert "Only the owner, the pilot lead, the sponsor or an admin can give this shift" in await say(ops, "tom", "/oncall hand over @lena", HERE)
    assert "Lena Fischer is on call in “Claims triage” until 18:00" in await say(ops, "sam", "/oncall hand over @lena", HERE)
    await ops.settle()
    notice = ops.last(ops.sandbox.dm_id("lena"), "lena").plain
    assert "Sie haben Bereitschaft: Claims triage" in notice
    assert "Sam Okafor hat Sie" in notice
    # An override to come, and one over it: the later made wins, and that is said.
    first = await say(ops, "priya", "/oncall override @tom wed 9:00 until thu 9:00", HERE)
    assert "Tom Weber is on call in “Claims triage” from Wed 25 Nov 10:00 (Europe/Berlin) until Thu 26 Nov 10:00" in first
    second = await say(ops, "priya", "/oncall override @lena wed 12:00 until 14:00", HERE)
    assert "That goes over the earlier change for Tom Weber until Wed 25 Nov 15:00 (Europe/Berlin): the later made wins." in second
    for line, why in (("@tom yesterday until today", "That is over already"), ("@tom 27 nov 9:00 until 26 nov 9:00", "before it begins"),
                      ("@tom fri", "Say from when until when"), ("@tom now until in 100 days", "up to 92 days"),
                      ("@noor now until fri", "left this workspace"), ("@tom wed 9:00 until 31 feb", "February has")):
        answer = await say(ops, "priya", f"/oncall override {line}", HERE)
        assert why in answer, (line, answer)
    assert "Yours\nClaims triage: " in await say(ops, "tom", "/oncall next mine", HERE)
    coming = await say(ops, "priya", "/oncall next", HERE)
    assert "none in the next 60 days" in coming
    assert "Tom Weber: Wed 25 Nov 09:00 UTC to Wed 25 Nov 12:00 UTC (changed)" in coming


async def test_who_cannot_be_called_is_nobody_and_the_workspaces_rotation_is_asked_then(ops: World) -> None:
    number = await ops.new_pilot(**TEAM_OF_IT)
    ops.clock.advance(hours=2)
    await rotation(ops, who=("ana", "tom"))
    await rotation(ops, "Everybody", ("lena", "ravi"), by="alex", channel="general")
    await rotation(ops, "Claims triage secondary", ("sam",), rank="1")
    assert [(each.name, each.pilot_id, each.rank) for each in await rows(ops)] == [
        ("Everybody", None, 0), ("Claims triage", number, 0), ("Claims triage secondary", number, 1)]
    async with ops.parts.store.reading() as session:
        first, second = await chain_people(session, TEAM, number, ops.clock())
        assert (first.person and first.person.id, second.person and second.person.id) == (ANA, SAM)
        assert await members_now(session, TEAM, ops.clock()) == (ANA, "slack:U0LENAF00")
    assert "🔴" not in await say(ops, "priya", "/oncall", HERE)
    # Away until Wednesday: said, and the next rotation counts.
    await say(ops, "ana", "/pilot away until wed", HERE)
    found = await on(ops, number)
    assert found.person is not None
    assert (found.person.name, found.rotation and found.rotation.name) == ("Lena Fischer", "Everybody")
    assert found.said == "Ana Ruiz is on call in “Claims triage” but is away, back on Wed 25 Nov."
    assert "🔴 Nobody is on call: Ana Ruiz is on call in “Claims triage” but is away" in await say(ops, "priya", "/oncall", HERE)
    assert "You said that you are away until Wed 25 Nov" in await say(ops, "ana", "/oncall take", HERE)
    assert "Ana Ruiz is away, back on Wed 25 Nov" in await say(ops, "priya", "/oncall hand over @ana", HERE)
    status = await say(ops, "priya", "/pilot status", HERE)
    assert "On call: Lena Fischer" in status, status
    # Somebody who left the workspace is nobody as well, for a future shift too.
    async with ops.parts.store.begin() as session:
        known = await people.several(session, TEAM, [ANA, TOM, "slack:U0LENAF00", "slack:U0RAVIN00"])
        for each in known.values():
            each.is_active = False
    assert "On call: 🔴 nobody, /oncall says why" in await say(ops, "priya", "/pilot status", HERE)
    found = await on(ops, number)
    assert found.person is None
    assert found.said == ("Ana Ruiz is on call in “Claims triage” but has left the workspace. "
                          "Lena Fischer is on call in “Everybody” but has left the workspace.")


async def test_layers_are_added_dropped_and_saving_unchanged_changes_nothing(lite: World) -> None:
    await lite.new_pilot(**TEAM_OF_IT)
    lite.clock.advance(days=9, hours=4)  # Wednesday noon of Sam's week
    await rotation(lite, begins="2026-11-19")
    (before,) = await rows(lite)
    assert "Layer 1: Ana Ruiz, Tom Weber, Sam Okafor. Weekly, hand-over on Monday at 09:00, Europe/Berlin" in await say(lite,
        "tom", "/oncall rotation claims triage", HERE)
    now, later = await on(lite, before.pilot_id), lite.clock() + timedelta(days=8)
    shown = await lite.type("priya", "/oncall rotation", HERE)
    assert "To come" in shown
    await lite.press("priya", "Edit", HERE)
    assert not await lite.submit("priya")
    (saved,) = await rows(lite)
    assert saved.layers[0]["people"] != before.layers[0]["people"], "the present turn comes first"
    async with lite.parts.store.reading() as session:
        then = await on_call(session, TEAM, before.pilot_id, later)
    assert replace_person(await on(lite, before.pilot_id)) == replace_person(now)
    assert then.person is not None
    assert then.person.name == "Ana Ruiz"
    await lite.press("priya", "Add a layer", HERE)
    lena = lite.sandbox.user_id("lena")
    assert not await lite.submit("priya", people=[lena], every="7", at="09:00", begins="2026-11-23", **{"from": "09:00", "to": "17:00"})
    assert "only Mon Tue Wed Thu Fri 09:00 to 17:00" in lite.last(HERE, "priya").plain
    assert "Now: *Lena Fischer*" in lite.last(HERE, "priya").plain
    await lite.press("priya", "Drop layer 2", HERE)
    assert "The layer is gone." in lite.last(HERE, "priya").plain
    assert "Only the pilot lead, the sponsor or an admin can change this rotation" in await say(lite, "tom", "/oncall rotation set claims triage", HERE)
    # The calendar: found by its secret alone, valid, the same events at each reading; renewed, the old address is gone.
    await lite.press("priya", "Calendar feed", HERE)
    path = next(word for word in lite.last(HERE, "priya").plain.split() if word.strip("`").startswith("/oncall/")).strip("`")
    answer = await post(lite, path, b"", method="GET")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/calendar; charset=utf-8")
    content_lines(answer.content)
    events = icalendar.Calendar.from_ical(answer.content).walk("VEVENT")
    assert [str(each["summary"]) for each in events[:2]] == ["Sam Okafor on call: Claims triage", "Ana Ruiz on call: Claims triage"]
    assert events[0].decoded("dtstart").isoformat() == "2026-11-30T08:00:00+00:00"
    assert (events[-1].decoded("dtend") - lite.clock()) > timedelta(days=90)
    lite.clock.advance(days=3)
    again = icalendar.Calendar.from_ical((await post(lite, path, b"", method="GET")).content).walk("VEVENT")
    assert {str(each["uid"]) for each in events} <= {str(each["uid"]) for each in again}
    await lite.press("priya", "New address", HERE)
    for wrong in (path, "/oncall/x.ics", f"/oncall/{'a' * 43}.ics", "/oncall/.ics"):
        assert (await post(lite, wrong, b"", method="GET")).status_code == 404, wrong
    await lite.type("priya", "/oncall rotation delete claims triage", HERE)
    await lite.press("priya", "Delete", HERE)
    assert "The rotation “Claims triage” is deleted." in lite.last(HERE, "priya").plain
    assert await rows(lite) == []


def replace_person(found: OnCall) -> tuple[str | None, Any]:
    return found.person and found.person.id, found.until


EXAMPLES = {
    "/oncall": "Now: Ana Ruiz", "/oncall claims triage": "Now: Ana Ruiz",
    "/oncall take": "You are on call", "/oncall take until fri 10:00": "until Fri 27 Nov 10:00 (Europe/Berlin)",
    "/oncall take claims triage until 18:00": "until 18:00 (Europe/Berlin)", "/oncall hand over @ana": "Ana Ruiz is on call",
    "/oncall hand over @ana until fri 10:00": "Ana Ruiz is on call",
    "/oncall override @ana sat 9:00 until sun 9:00": "from Sat 28 Nov 10:00 (Europe/Berlin) until Sun 29 Nov 10:00",
    "/oncall override @ana now until mon in claims triage": "until Mon 30 Nov 09:00 (Europe/Berlin)",
    "/oncall next": "To", "/oncall next claims triage": "Claims triage", "/oncall next mine": "Yours",
    "/oncall rotation claims triage": "Layer 1:", "/oncall rotation delete claims triage": "Delete the rotation “Claims triage”",
    "/oncall help": "What you can say with /oncall"}
OPENS_A_FORM = "/oncall rotation set"


async def test_every_example_of_on_call_works(lite: World) -> None:
    assert {each for verb in VERBS if verb.command == "/oncall" for each in verb.examples} == {*EXAMPLES, OPENS_A_FORM}
    await lite.new_pilot(**TEAM_OF_IT)
    lite.clock.advance(hours=3)
    await rotation(lite)
    takers = iter(("sam", "tom", "ana"))
    for line, seen in EXAMPLES.items():
        answer = await say(lite, next(takers) if "take" in line else "priya", line, HERE)
        assert seen in answer, (line, answer)
    assert "Did you mean `take`?" in await say(lite, "priya", "/oncall taek", HERE)

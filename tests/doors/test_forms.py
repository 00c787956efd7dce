"""Every form: what is wrong is said at the field and the form stays filled; a form that came too late is refused."""

from datetime import date
from typing import Any

from sqlalchemy import func, select

from storage import pilots
from storage.models import ItemState, Pilot
from tests.doors.hands import FEW, ROOM, buttons, fill, forge, give, item, press, rows, seat, trail, whispered
from tests.world import TEAM, World


async def begin(world: World, **people: str) -> None:
    await world.sandbox.slash("priya", ROOM, "/pilot new")
    await world.sandbox.fill("priya", name="Claims triage", purpose="Sort incoming claims", kickoff="2026-11-23",
                             channel=world.sandbox.channel_id(ROOM), sponsor="marta", lead="priya", **people)


async def is_wrong(world: World, field: str, said: str, **fields: Any) -> None:
    """With these answers the form stays open, says what is wrong at `field`, and keeps what was filled in."""
    errors = await fill(world, "priya", **fields)
    form = world.sandbox.modal("priya")
    assert errors and list(errors) == [field], errors
    assert said in errors[field]
    assert said in form.plain
    assert form.state["purpose"]["v"]["value"], "what was filled in is still there"


async def test_registering_says_at_each_field_what_is_wrong_and_keeps_the_rest(world: World) -> None:
    await begin(world)
    channel = world.sandbox.channel_id
    for field, said, fields in (
            ("name", "people can say and type", {"name": "  *** "}),
            ("kickoff", "over a year ago", {"name": "Claims triage", "kickoff": "2024-01-01"}),
            ("kickoff", "over a year away", {"kickoff": "2028-01-03"}),
            ("channel", "I am not in #no-bot. Type `/invite @Ground Crew`", {"kickoff": "2026-11-23",
                                                                             "channel": channel("no-bot")}),
            ("channel", "#archived is archived", {"channel": channel("archived")}),
            ("channel", "I cannot see that channel", {"channel": channel("legal-private")}),
            ("conditions", "needs to know what applies", {"channel": channel(ROOM), "packs": ["regulated"]}),
            ("legal", "has left this workspace", {"packs": [], "legal": "noor"}),
            ("legal", "Ben Gone has left this workspace", {"legal": "ben"})):
        await is_wrong(world, field, said, **fields)
    assert await rows(world, select(Pilot)) == []
    assert await fill(world, "priya", legal="jonas") is None
    assert world.sandbox.modal("priya") is None
    assert "Claims triage · Intake (stage 1 of 7)" in world.sandbox.shown(ROOM, "priya")[0].plain
    assert (await rows(world, select(Pilot)))[0].created_by == f"slack:{world.sandbox.user_id('priya')}"

    await begin(world)
    await is_wrong(world, "name", "There is a pilot called Claims triage already (active)", name="claims  TRIAGE")
    assert await fill(world, "priya", name="Claims audit") is None
    assert await rows(world, select(func.count()).select_from(Pilot)) == [2]


async def test_what_is_required_is_asked_for_before_anything_is_sent(world: World) -> None:
    await world.sandbox.slash("priya", ROOM, "/pilot new")
    sent = len([each for each in world.sandbox.traffic if each.direction == "to_bot"])
    errors = await fill(world, "priya", name="X")
    assert set(errors) == {"purpose", "sponsor"}
    assert len([each for each in world.sandbox.traffic if each.direction == "to_bot"]) == sent


async def test_packs_conditions_protection_and_size_shape_the_checklist(world: World) -> None:
    await begin(world)
    assert await fill(world, "priya", packs=["llm-assistant", "regulated"], conditions=["eu", "personal-data"],
                      protection=["protected-data"], cut="core") is None
    async with world.parts.store.reading() as session:
        found = await pilots.named_exactly(session, TEAM, "Claims triage")
        refs = {each.ref for each in await pilots.items_of(session, TEAM, found.id)}
    assert {"llm-assistant", "regulated"} <= set(found.packs)
    assert sorted(found.conditions) == ["eu", "personal-data", "protected-data"]
    assert any(ref.startswith("REG-") for ref in refs)
    assert "conditions" in str((await rows(world, select(Pilot)))[0].conditions) or refs
    assert len(refs) < 50, "core is the short list"


ITEM_FORMS = (
    ("done", "IN-01", "evidence", "This is a required field", {}, {"evidence": "Marta said yes"}),
    ("plan", "IN-02", "on", "is in the past", {"on": "2026-11-20"}, {"on": "2026-11-24"}),
    ("plan", "IN-02", "on", "more than two years away", {"on": "2030-01-01"}, {"on": "2026-11-25"}),
    ("block", "IN-03", "reason", "Say who or what holds it", {}, {"reason": "no access"}),
    ("block", "IN-05", "reason", "cannot be its own blocker", {"who": "sam"}, {"who": "omar"}),
    ("block", "IN-06", "who", "has left this workspace", {"who": "ben"}, {"who": "omar"}),
    ("assign", "IN-08", "who", "IN-08 is theirs already", {"who": "sam"}, {"who": "omar"}),
    ("assign", "IN-09", "who", "an app or somebody I cannot find", {"who": "groundcrew"}, {"who": "omar"}),
    ("na", "W1-05", "reason", "Say why", {"reason": "   "}, {"reason": "no such interface"}),
    ("slot", "W1-02", "on", "is in the past", {"on": "2026-11-20"}, {"on": "2026-11-24", "at": "09:15"}),
    ("held", "W1-02", "on", "This day has not come yet", {"on": "2026-11-24", "attendees": "Sam"}, {"on": "2026-11-23"}),
    ("held", "W1-01", "attendees", "Say who was there", {"attendees": " "}, {"attendees": "Sam, Ines"}),
    ("held", "W1-03", "blocking", "under 200 characters", {"attendees": "Sam", "blocking": "x" * 201}, {"blocking": "x"}),
)


async def test_every_form_of_an_item_says_what_is_wrong_at_its_field_and_then_takes_what_is_right(world: World) -> None:
    await world.new_pilot(**FEW)
    await give(world, "sam", [ref for _, ref, *_ in ITEM_FORMS], date(2026, 11, 27))
    for verb, ref, field, said, wrong, right in ITEM_FORMS:
        before = await trail(world)
        await world.type("sam", f"/pilot item {ref}", ROOM)
        await press(world, "sam", f"{verb}:{(await item(world, ref)).id}")
        errors = await fill(world, "sam", **wrong)
        form = world.sandbox.modal("sam")
        assert errors and field in errors, f"{verb} {ref}: {errors}"
        assert said in errors[field] or said in " ".join(errors.values()), f"{verb} {ref}: {errors}"
        for name, value in wrong.items():
            given = form.state[name]["v"]
            assert value in (given.get("value"), given.get("selected_date")) or given.get("selected_user"), name
        assert await trail(world) == before, f"{verb} {ref} changed something"
        assert await fill(world, "sam", **right) is None, f"{verb} {ref}"
        assert world.sandbox.modal("sam") is None
        assert (ref, "sam") in [each[1:] for each in (await trail(world))[len(before):]]


async def test_reopening_wants_a_reason_and_a_seat_wants_somebody_new(world: World) -> None:
    await world.new_pilot(**FEW)
    await world.type("priya", "/pilot done in-02 34 to 24 minutes", ROOM)
    await press(world, "priya", f"reopen:{(await item(world, 'IN-02')).id}")
    assert "Say why" in (await fill(world, "priya", reason=" "))["reason"]
    assert await fill(world, "priya", reason="the number was wrong") is None
    assert (await item(world, "IN-02")).state is ItemState.OPEN

    await world.type("priya", "/pilot team", ROOM)
    await press(world, "priya", "seat:1:legal")
    assert "Jonas Brandt is asked already" in (await fill(world, "priya", who="jonas"))["who"]
    assert "has left this workspace" in (await fill(world, "priya", who="ben"))["who"]
    assert await fill(world, "priya", who="carol") is None
    assert (await seat(world, "legal")).person_id == f"slack:{world.sandbox.user_id('carol')}"


FILLED_IN = {
    "done": {"evidence": "wiki"}, "plan": {"on": "2026-11-25"}, "block": {"reason": "no access"}, "assign": {"who": "omar"},
    "na": {"reason": "no data"}, "slot": {"on": "2026-11-25", "at": "10:00"},
    "held": {"on": "2026-11-23", "attendees": "Jonas"}}


async def test_a_form_whose_item_was_closed_meanwhile_is_refused_with_the_name_of_who_did(world: World) -> None:
    await world.new_pilot(**FEW)
    number = (await item(world, "W1-02")).id
    for verb, fields in FILLED_IN.items():
        await world.type("jonas", "/pilot item w1-02", ROOM)
        card = world.last(ROOM, "jonas")
        await world.sandbox.press("jonas", channel=ROOM, ts=card.ts, label=buttons(card)[f"{verb}:{number}"])
        await world.sandbox.slash("priya", ROOM, "/pilot brief legal held Jonas and Priya, no asks")
        before = await trail(world)
        errors = await fill(world, "jonas", **fields)
        assert ("W1-02 is done already, by Priya Shah on Mon 23 Nov. `/pilot reopen W1-02 reason` opens it again"
                in " ".join(errors.values())), verb
        assert world.sandbox.modal("jonas").state, "the form is still there with what was typed"
        await world.sandbox.close("jonas")
        said = await whispered(world, "jonas", press(world, "jonas", f"{verb}:{number}", ts=card.ts))
        assert "W1-02 is done already, by Priya Shah" in said, "an old button is refused before a form opens"
        assert world.sandbox.modal("jonas") is None
        assert await trail(world) == before
        await world.sandbox.slash("priya", ROOM, "/pilot reopen w1-02 one more question")


async def test_a_button_of_an_older_release_is_answered_calmly(world: World) -> None:
    await world.new_pilot(**FEW)
    before = await trail(world)
    for value in ("fly:1", "done:", "done:x", "seat:1:pope", "accept:1", "items:1", "", "share:status:x"):
        said = await forge(world, "priya", value)
        assert "That button belongs to an older message of mine" in said, value
    for value in ("status:999", "item:999", "done:999", "accept:999:*", "gatepass:999", "resend:999", "team:999",
                  "status:99999999999999999999"):
        said = await forge(world, "priya", value)
        assert said, value
        assert "Something broke" not in said, value
    assert await trail(world) == before
    assert buttons(world.last(ROOM))

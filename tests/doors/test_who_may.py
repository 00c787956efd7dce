"""Who may do what, at the door: the right effect, or a refusal that names who can and changes nothing."""

import json
import time
from collections.abc import AsyncIterator
from datetime import date
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import func, select

from handlers.people.permissions import Action
from storage.models import AuditEntry, Delivery, Item, ItemState, Person, Pilot, Seat, Workspace
from tests.doors.hands import (
    FEW,
    ROOM,
    copy_of,
    forge,
    forge_command,
    forge_form,
    give,
    item,
    pilot,
    press_body,
    rows,
    seat,
    send,
    settle_gate,
    trail,
    until,
)
from tests.world import World

OWNERS, RUNNERS = ("jonas", "priya", "alex"), ("priya", "marta", "alex")
"""Of an item: its owner, the lead, an admin. Of a pilot: its lead, its sponsor, an admin."""
OMAR = "U0OMARH00"


class Can:
    """One line of the permission table that has a door today."""

    def __init__(self, action: Action, typed: str, form: str, whoever: tuple[str, ...], named: tuple[str, ...],
                 what: str, **values: str) -> None:
        self.action, self.typed, self.form, self.whoever, self.named = action, typed, form, whoever, named
        self.what, self.values = what, values


OF_ITEMS = (
    Can(Action.ITEM_DONE, "/pilot done {ref} in the wiki", "done:{id}", OWNERS, ("Jonas", "Priya"), "item done",
        evidence="in the wiki"),
    Can(Action.ITEM_PLAN, "/pilot plan {ref} fri", "plan:{id}", OWNERS, ("Jonas", "Priya"), "item planned", on="2026-11-27"),
    Can(Action.ITEM_BLOCK, "/pilot block {ref} no access", "block:{id}", OWNERS, ("Jonas", "Priya"), "item blocked",
        reason="no access"),
    Can(Action.ITEM_ASSIGN, "/pilot assign {ref} @omar", "assign:{id}", OWNERS, ("Jonas", "Priya"), "item handed over",
        who=OMAR),
    Can(Action.ITEM_NOT_APPLICABLE, "/pilot na {ref} no such thing", "na:{id}", OWNERS, ("Jonas", "Priya"),
        "item not applicable", reason="no such thing"),
    Can(Action.ITEM_DUE, "/pilot due {ref} 4 dec the vendor is late", "", RUNNERS, ("Priya", "Marta"), "item due moved"),
)
OF_BRIEFINGS = (
    Can(Action.BRIEF_SLOT, "/pilot brief legal slot tomorrow 10:00", "slot:{id}", OWNERS, ("Jonas", "Priya"),
        "briefing slot", on="2026-11-24", at="10:00"),
    Can(Action.BRIEF_HELD, "/pilot brief legal held Jonas and Priya", "held:{id}", OWNERS, ("Jonas", "Priya"),
        "briefing held", on="2026-11-23", attendees="Jonas"),
)
OF_PILOTS = (
    Can(Action.SEAT_FILL, "/pilot team security @ines", "seat:1:security", RUNNERS, ("Priya", "Marta"), "seat filled",
        who=OMAR),
    Can(Action.GATE_PASS, "/pilot gate pass", "", RUNNERS, ("Priya", "Marta"), "gate passed"),
    Can(Action.PAUSE, "/pilot pause no budget", "", RUNNERS, ("Priya", "Marta"), "pilot paused"),
    Can(Action.RESUME, "/pilot resume", "", RUNNERS, ("Priya", "Marta"), "pilot resumed"),
    Can(Action.STOP, "/pilot stop no budget", "", RUNNERS, ("Priya", "Marta"), "pilot stopped"),
    Can(Action.CHANNEL_NUDGE, "/pilot channel-nudge role only", "nudging:1", RUNNERS, ("Priya", "Marta"),
        "channel nudge set", zone="Europe/Berlin"),
)
SPARE = ("IN-02", "IN-03", "IN-05", "IN-06", "IN-08", "IN-09", "B-01", "B-02", "B-03", "B-04", "B-05", "B-06", "B-07",
         "B-08", "B-09", "B-10", "B-12", "W1-05", "W1-06", "W1-07", "W1-08", "W1-09", "R-01", "R-02", "R-03", "R-04",
         "R-06", "R-08", "R-09", "R-10", "L-01", "L-02", "L-03", "L-04")


async def state(world: World) -> tuple[Any, ...]:
    """All that an action could have changed."""
    items = await rows(world, select(Item).order_by(Item.id))
    seats = await rows(world, select(Seat).order_by(Seat.role))
    about = await pilot(world)
    return ([(i.ref, i.state, i.owner_id, i.plan_on, i.due_on, i.blocked_at, i.slot_at, i.version) for i in items],
            [(s.role, s.person_id, s.state) for s in seats], about.stage, about.state, await trail(world))


def names_who_can(said: str, can: Can) -> bool:
    return "Only " in said and "Ask " in said and all(name in said for name in can.named)


async def test_whoever_may_not_is_told_who_can_and_nothing_changes(world: World) -> None:
    """By command and by form, for each line: another of the team, the sponsor or owner where they may not, and others."""
    await world.new_pilot(**FEW)
    await give(world, "jonas", list(SPARE), date(2026, 11, 27))
    await settle_gate(world, "week_one", world.clock())
    before = await state(world)
    for can in (*OF_ITEMS, *OF_BRIEFINGS, *OF_PILOTS):
        ref = "W1-02" if can in OF_BRIEFINGS else "B-01"
        number = (await item(world, ref)).id
        for who in ("sam", "omar", "marta", "jonas"):
            if who in can.whoever:
                continue
            said = await world.type(who, can.typed.format(ref=ref), ROOM)
            assert names_who_can(said, can), f"{who}: {can.typed}: {said}"
            if can.form:
                address = can.form.format(id=number)
                said = await forge(world, who, address)
                assert names_who_can(said, can), f"{who} presses {address}: {said}"
                assert world.sandbox.modal(who) is None, "no form is filled in in vain"
                said = await forge_form(world, who, address, **can.values)
                assert names_who_can(said, can), f"{who} submits {address}: {said}"
    assert names_who_can(await forge(world, "sam", "gatepass:1:week_one"), OF_PILOTS[1])
    assert await state(world) == before


async def test_whoever_may_does_by_command_and_by_form(world: World) -> None:
    await world.new_pilot(**FEW)
    await give(world, "jonas", list(SPARE), date(2026, 11, 27))
    spare = iter(SPARE)
    for can in OF_ITEMS:
        for who in can.whoever:
            ref = next(spare)
            await world.sandbox.slash(who, ROOM, can.typed.format(ref=ref))
            assert (await trail(world))[-1] == (can.what, ref, who), f"{who}: {can.typed}"
            if can.form and who != "alex":
                ref = next(spare)
                said = await forge_form(world, who, can.form.format(id=(await item(world, ref)).id), **can.values)
                assert said == "", f"{who} submits {can.form}: {said}"
                assert (can.what, ref, who) in (await trail(world))[-2:]


async def test_the_lead_the_sponsor_and_an_admin_run_the_pilot(world: World) -> None:
    await world.new_pilot(**FEW)
    for stage, who in (("week_one", "marta"), ("build", "alex")):
        await settle_gate(world, stage, world.clock())
        await world.sandbox.slash(who, ROOM, "/pilot gate pass")
        assert (await trail(world))[-1] == ("gate passed", stage, who)
    for who in RUNNERS:
        await world.sandbox.slash(who, ROOM, f"/pilot team security @{'ines' if who == 'marta' else 'omar'}")
        assert ("seat filled", "security", who) == (await trail(world))[-1]
        await world.sandbox.slash(who, ROOM, "/pilot pause no budget")
        await world.sandbox.slash(who, ROOM, "/pilot resume")
        assert [each[::2] for each in (await trail(world))[-2:]] == [("pilot paused", who), ("pilot resumed", who)]
    assert await forge_form(world, "marta", "seat:1:legal", who=OMAR) == ""
    assert (await seat(world, "legal")).person_id == f"slack:{OMAR}"
    await world.sandbox.slash("marta", ROOM, "/pilot stop no budget")
    assert (await trail(world))[-1] == ("pilot stopped", "", "marta")


async def test_an_approver_may_close_and_reopen_what_needs_their_agreement(world: World) -> None:
    await world.new_pilot(**FEW)
    assert (await item(world, "IN-04")).approvers == ["sponsor", "operations", "engineering"]
    assert "✓ done" in await world.type("sam", "/pilot done in-04 all three agreed today", ROOM)
    said = await world.type("jonas", "/pilot reopen in-04 not all", ROOM)
    assert "Only the owner, the pilot lead, an admin or one of its approvers can reopen this. Ask Marta" in said
    assert "○ open" in await world.type("sam", "/pilot reopen in-04 one more question", ROOM)
    assert "can hand this over" in await world.type("sam", "/pilot assign in-04 @omar", ROOM)
    assert [each for each in await trail(world) if each[2] != "priya"] == [
        ("item done", "IN-04", "sam"), ("item reopened", "IN-04", "sam")]


async def test_the_safety_floor_is_set_aside_by_its_own_role_alone(world: World) -> None:
    await world.new_pilot(**FEW)
    for who in ("priya", "marta", "alex", "sam"):
        said = await world.type(who, "/pilot na w1-02 no personal data", ROOM)
        assert said.startswith("This belongs to the safety floor. Only the owner can set this aside"), who
        assert "Ask Jonas Brandt." in said, "the lead cannot either, so is not named"
        assert "Only the owner" in await forge_form(world, who, f"na:{(await item(world, 'W1-02')).id}", reason="none")
    assert (await item(world, "W1-02")).state is ItemState.OPEN
    assert "not applicable" in await world.type("jonas", "/pilot na w1-02 no personal data", ROOM)


async def test_everybody_of_the_workspace_may_read_register_and_be_left_in_peace(world: World) -> None:
    await world.new_pilot(**FEW)
    for line, said in (("/pilot status", "stage 1 of 7"), ("/pilot items", "50 items"), ("/pilot history", "1 change"),
                       ("/pilot item w1-02", "W1-02 ·"), ("/pilot team", "roles accepted"), ("/pilot gate", "gate to Week one"),
                       ("/pilot quiet until fri", "No morning message to you")):
        assert said in await world.type("omar", line, ROOM)
    assert (await rows(world, select(Person).where(Person.id == f"slack:{OMAR}")))[0].quiet_until == date(2026, 11, 27)
    await world.new_pilot("Mail sorter", channel="ops", lead="omar")


async def test_a_stranger_of_a_shared_channel_reads_and_does_nothing(world: World) -> None:
    await world.new_pilot(**FEW)
    before = await state(world)
    for value in ("status:1", "accept:1:*", f"done:{(await item(world, 'W1-02')).id}", "new:", "run:/pilot status"):
        assert "here as a guest from another one" in await forge(world, "noor", value), value
    said = await forge_form(world, "noor", f"done:{(await item(world, 'W1-02')).id}", evidence="mine")
    assert "here as a guest from another one" in said
    assert "here as a guest" in (await forge_command(world, "noor", "/pilot status")).text
    await world.sandbox.say("noor", ROOM, "@groundcrew status")
    await until(lambda: "here as a guest" in world.last(ROOM, "noor").plain)
    await world.sandbox.open_home("noor")
    await world.settle()
    assert world.sandbox.modal("noor") is None
    assert world.sandbox.home("noor") is None
    assert await state(world) == before
    assert not any(person.is_active for person in await rows(world, select(Person)) if person.id == "slack:U0STRAN00")


async def test_somebody_who_left_does_nothing_any_more(world: World) -> None:
    """Ben was never met; Tom was, and Slack says later that he is gone."""
    await world.new_pilot(**FEW, product="tom")
    await world.sandbox.remove_user("tom")
    gone = select(Person).where(Person.id == "slack:U0TOMWB00", Person.is_active.is_(False))
    for _ in range(500):
        if await rows(world, gone):
            break
        await world.settle()
    before, number = await state(world), (await item(world, "IN-03")).id
    for who in ("ben", "tom"):
        for value in ("status:1", "accept:1:*", f"done:{number}"):
            assert "Your account is deactivated in this workspace" in await forge(world, who, value), value
        assert "deactivated" in await forge_form(world, who, f"done:{number}", evidence="mine")
        assert "deactivated" in (await forge_command(world, who, "/pilot done in-03 mine")).text
    assert await state(world) == before


async def test_a_made_up_address_is_judged_by_who_sends_it_not_by_what_it_says(world: World) -> None:
    await world.new_pilot(**FEW)
    await world.new_pilot("Invoice match", channel="invoice-match", lead="ravi")
    theirs = (await item(world, "IN-05", 2)).id
    before = await trail(world, 2)
    for value in (f"done:{theirs}", "gatepass:2:week_one", f"unblock:{theirs}", "seat:2:legal"):
        said = await forge(world, "priya", value)  # who leads pilot 1, and is nobody in pilot 2
        assert "Only " in said or "does not wait for anybody" in said, value
    assert "Only " in await forge_form(world, "priya", f"done:{theirs}", evidence="mine")
    assert "Only " in await forge_form(world, "priya", "seat:2:legal", who=OMAR)
    assert await trail(world, 2) == before


async def test_another_workspace_on_the_same_database_is_out_of_reach(world: World) -> None:
    await world.new_pilot(**FEW)
    ours = await pilot(world)
    async with world.parts.store.begin() as session:
        session.add(Workspace(id="slack:T0OTHER", name="Other", created_at=world.clock()))
        await session.flush()
        kept = copy_of(ours)
        session.add(Pilot(**kept | {"workspace_id": "slack:T0OTHER", "name": "Secret", "name_key": "secret"}))
        await session.flush()
        mine = await session.scalar(select(Item).where(Item.ref == "W1-02"))
        kept = copy_of(mine)
        other = (await session.scalars(select(Pilot).where(Pilot.name == "Secret"))).one()
        session.add(Item(**kept | {"workspace_id": "slack:T0OTHER", "pilot_id": other.id}))
        await session.flush()
        secret = (await session.scalars(select(Item).where(Item.pilot_id == other.id))).one()
    for value in (f"status:{other.id}", f"items:{other.id}:open", f"team:{other.id}", f"history:{other.id}",
                  f"gatepass:{other.id}", f"share:status:{other.id}", f"accept:{other.id}:legal", f"seat:{other.id}:legal"):
        assert "There is no such pilot any more" in await forge(world, "alex", value), value
    for value in (f"item:{secret.id}", f"done:{secret.id}", f"unblock:{secret.id}"):
        assert "That item is gone" in await forge(world, "jonas", value), value
    assert "That item is gone" in await forge_form(world, "jonas", f"done:{secret.id}", evidence="mine")
    assert "1 pilot, riskiest first" in await world.type("alex", "/pilot list", ROOM)
    assert await rows(world, select(func.count()).select_from(AuditEntry).where(AuditEntry.pilot_id == other.id)) == [0]


async def test_what_slack_did_not_sign_just_now_has_no_effect(world: World) -> None:
    await world.new_pilot(**FEW)
    before = await state(world)
    body = urlencode({"payload": json.dumps(press_body(world, "jonas", "accept:1:legal"))}).encode()
    now = int(time.time())
    for status, wrong in (
            (401, {"secret": "f" * 32}), (401, {"stamp": str(now - 400)}), (401, {"stamp": str(now + 400)}),
            (401, {"stamp": "soon"}), (401, {"stamp": "-1"}), (401, {"stamp": ""}),
            (401, {"x-slack-signature": ""}), (401, {"x-slack-signature": "v0=" + "0" * 64}),
            (413, {"content-length": str(2 * 1024 * 1024)}), (413, {"content-length": "many"})):
        answer = await send(world, body, **wrong)
        assert answer.status_code == status, wrong
    for missing in ("x-slack-signature", "x-slack-request-timestamp"):
        headers = {"content-type": "application/x-www-form-urlencoded", "x-slack-signature": "v0=0",
                   "x-slack-request-timestamp": str(now)}
        headers.pop(missing)
        assert (await world.sandbox.bot.post("/slack/events", content=body, headers=headers)).status_code == 401
    large = body + b"&x=" + b"x" * (1024 * 1024)
    assert (await send(world, large)).status_code == 413

    async def in_pieces() -> AsyncIterator[bytes]:
        for _ in range(3):
            yield b"x" * (512 * 1024)

    unsized = await world.sandbox.bot.post("/slack/events", content=in_pieces(), headers={
        "x-slack-signature": "v0=0", "x-slack-request-timestamp": str(now)})
    assert unsized.status_code == 413, "without a length it is read no further than the limit"
    assert (await world.sandbox.bot.get("/slack/events")).status_code == 405
    await world.settle()
    assert await state(world) == before
    assert await rows(world, select(Delivery).where(Delivery.id.startswith("press:"))) == []
    assert (await send(world, body)).status_code == 200
    assert (await seat(world, "legal")).state.value == "accepted", "the very same body, signed, is taken"

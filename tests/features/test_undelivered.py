"""What a channel cannot show: its pilot's registrar hears of it once, mends it, and presses Try again."""

import pytest

from tests.world import World


async def _pause(world: World, reason: str = "budget") -> None:
    """Something the channel is to be told."""
    await world.type("priya", f'/pilot pause "Claims triage" {reason}', "ops")


@pytest.fixture
async def told(world: World) -> World:
    await world.new_pilot()
    return world


async def _mend(world: World, fault: str) -> None:
    if fault == "not_in_channel":
        await world.sandbox.invite("priya", "claims-triage", "groundcrew")
    else:
        await world.sandbox.unarchive("priya", "claims-triage")


@pytest.mark.parametrize("fault", ["not_in_channel", "is_archived"])
async def test_the_registrar_is_told_once_and_try_again_works_once_it_is_mended(told: World, fault: str) -> None:
    world, dm = told, told.sandbox.dm_id("priya")
    if fault == "not_in_channel":
        await world.sandbox.kick("alex", "claims-triage", "groundcrew")
    else:
        await world.sandbox.archive("alex", "claims-triage")
    before, there = len(world.sandbox.shown(dm)), world.all_text("claims-triage")
    await _pause(world)
    new = world.sandbox.shown(dm)[before:]
    assert [m.buttons for m in new if "I could not post" in m.plain] == [["Try again"]]
    assert ("/invite @Ground Crew" if fault == "not_in_channel" else "is archived") in new[-1].plain
    await world.type("priya", '/pilot resume "Claims triage"', "ops")
    assert world.all_text(dm).count("I could not post") == 1, "told again of the same room"
    assert world.all_text("claims-triage") == there

    await world.press("priya", "Try again", dm)
    assert world.all_text(dm).count("I could not post") == 1, "nothing was mended: the message stays"
    await _mend(world, fault)
    await world.press("priya", "Try again", dm)
    assert world.all_text("claims-triage") != there
    assert "Resumed by Priya Shah" in world.all_text("claims-triage")
    assert "I could not post" not in world.all_text(dm)
    assert not world.last(dm).buttons or "Try again" not in world.last(dm).buttons


async def test_only_who_can_mend_it_may_send_it_again(told: World) -> None:
    from handlers.chat.errors import Refused
    from handlers.chat.ports import Actor
    from storage import outbox
    from tests.world import TEAM
    await told.sandbox.kick("alex", "claims-triage", "groundcrew")
    await _pause(told)
    async with told.parts.store.reading() as session:
        [lost, *_] = await outbox.given_up_in(session, TEAM, "slack:C0CLAIMS0")
    sam = Actor(TEAM, "slack:U0SAMOK00", "slack button")
    with pytest.raises(Refused):
        await told.parts.outbox.resend(sam, lost.id)
    elsewhere = Actor("slack:T0OTHER", "slack:U0PRIYA00", "slack button")
    with pytest.raises(Refused):
        await told.parts.outbox.resend(elsewhere, lost.id)
    await told.parts.outbox.resend(Actor(TEAM, "slack:U0ALEXA00", "slack button"), lost.id)


async def test_a_lost_answer_nobody_may_look_up_is_posted_again_when_a_person_says_so(told: World) -> None:
    dm = told.sandbox.dm_id("priya")
    told.sandbox.workspace.scopes -= {"channels:history"}
    told.sandbox.faults.next("chat.postMessage", "drop_connection")
    await _pause(told, "no money left")
    assert "no money left" not in told.all_text("claims-triage")
    assert "may not look there" in told.last(dm).plain
    await told.press("priya", "Try again", dm)
    assert told.all_text("claims-triage").count("no money left") == 1


async def test_the_admins_hear_of_a_room_once_too_and_may_mend_it(told: World) -> None:
    world, dm = told, told.sandbox.dm_id("alex")
    await world.sandbox.archive("priya", "claims-triage")
    await _pause(world)
    await world.type("priya", '/pilot resume "Claims triage"', "ops")
    await _pause(world)
    assert world.all_text(dm).count("I could not post about Claims triage in #claims-triage") == 1
    await world.sandbox.unarchive("priya", "claims-triage")
    await world.press("alex", "Try again", dm)
    assert "Claims triage is paused" in world.all_text("claims-triage")
    for who in ("alex", "priya"):
        assert "I could not post" not in world.all_text(world.sandbox.dm_id(who)), "both messages say so"


async def test_a_channel_that_stays_archived_is_not_tried_again_and_again(told: World) -> None:
    world = told
    await world.sandbox.archive("alex", "claims-triage")
    await _pause(world)
    tried = sum(exchange.name == "chat.postMessage" for exchange in world.sandbox.traffic)
    for _ in range(200):
        world.clock.advance(minutes=5)
        await world.parts.outbox.deliver()
    assert sum(exchange.name == "chat.postMessage" for exchange in world.sandbox.traffic) == tried

"""The main job from end to end: a pilot is registered, accepted, worked on, nudged about and read."""

from tests.world import EVERYONE, World


async def test_a_pilot_goes_from_form_to_morning_nudge(world: World) -> None:
    await world.new_pilot(**EVERYONE)
    kickoff = world.last("claims-triage")
    assert "Claims triage starts" in kickoff.plain
    assert "Jonas Brandt, asked" in kickoff.plain

    await world.press("jonas", "Accept", world.sandbox.dm_id("jonas"))
    assert "✅ *Legal*: Jonas Brandt" in world.sandbox.shown("claims-triage")[-1].plain

    await world.morning(2)
    digest = world.last(world.sandbox.dm_id("jonas"))
    assert "Hold a 30-minute legal briefing" in digest.plain

    answer = await world.type("jonas", "/pilot plan w1-02 fri", "claims-triage")
    assert "Fri 27 Nov" in answer
    assert "Claims triage · Intake (stage 1 of 7)" in await world.type("priya", "/pilot status", "claims-triage")

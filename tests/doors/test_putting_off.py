"""Away, weekly, later: what people say about when they may be reminded, and what then happens."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select

from handlers.chat.errors import Refused
from storage.models import AuditEntry, Person
from tests.doors.steps import item_of, refused
from tests.world import EVERYONE, World

HERE = "claims-triage"


async def test_while_somebody_is_away_their_delegate_hears_and_may_act(world: World) -> None:
    await world.new_pilot(**EVERYONE)
    await refused(world, "sam", "/pilot away", "Say until when", "`/pilot away until mon to @ana`", channel=HERE)
    await refused(world, "sam", "/pilot away until mon to @sam", "cannot stand in for yourself", "`/pilot away until mon to @ana`")
    await refused(world, "sam", "/pilot away until 20 nov to @ana", "Fri 20 Nov is not ahead", "`/pilot away off`")
    await refused(world, "sam", "/pilot away until 2027-08-01 to @ana", "Half a year is the longest", "`/pilot assign ID @who`")
    said = await world.type("sam", "/pilot away until mon to @omar", HERE)
    assert "You are away until Mon 30 Nov" in said
    assert "goes to Omar Haddad, who can plan, close and hand it over for you" in said
    await refused(world, "ana", "/pilot away until fri to @sam", "Sam Okafor is away too, until Mon 30 Nov", "the pilot's lead")
    sams, omars = world.sandbox.dm_id("sam"), world.sandbox.dm_id("omar")
    before = len(world.sandbox.shown(sams))
    await world.type("priya", "/pilot due W1-06 24 nov the date moved", HERE)
    world.clock.now = datetime(2026, 11, 25, 10, 31, tzinfo=UTC)  # everybody's morning, in London and in Berlin
    await world.parts.nudges.sweep()
    await world.settle()
    assert len(world.sandbox.shown(sams)) == before, "nothing is said to somebody who is away"
    assert "You stand in for Sam Okafor, who is back on Mon 30 Nov." in world.last(omars).plain
    said = await world.type("omar", "/pilot plan W1-06 fri", HERE)
    assert "Planned for*\nFri 27 Nov" in said, "who stands in may do what the owner may"
    await world.type("sam", "/pilot away off", HERE)
    assert "Only the owner" in await world.type("omar", "/pilot plan W1-06 thu", HERE)


async def test_an_item_is_put_off_twice_at_most_and_never_past_the_date_of_a_gate(world: World) -> None:
    await world.new_pilot(**EVERYONE)  # W1-06 is due on Wednesday 2 December
    await refused(world, "sam", "/pilot snooze W1-06 3 dec", "W1-06 holds a gate and is due Wed 2 Dec", "`/pilot plan W1-06 fri`", channel=HERE)
    await refused(world, "sam", "/pilot snooze W1-06 20 nov", "Give a day from tomorrow on", "`/pilot snooze W1-06 +2d`", channel=HERE)
    await refused(world, "sam", "/pilot snooze B-01 fri", "has no date yet", "`/pilot item B-01`", channel=HERE)
    assert "Only the owner" in await world.type("omar", "/pilot snooze W1-06 wed", HERE)
    assert "Planned for*\nTue 24 Nov" in await world.type("sam", "/pilot snooze W1-06 tue", HERE)
    assert "Planned for*\nWed 25 Nov" in await world.type("sam", "/pilot snooze W1-06 wed", HERE)
    await refused(world, "sam", "/pilot snooze W1-06 wed", "was put off twice already, which is the most",
                  "`/pilot block W1-06 by @who`", channel=HERE)
    item = await item_of(world, "W1-06")
    assert (item.snoozed_until, item.snoozes) == (date(2026, 11, 25), 2)
    async with world.parts.store.reading() as session:
        noted = (await session.scalars(select(AuditEntry).where(AuditEntry.what == "item put off"))).all()
    assert [entry.after["snoozed_until"] for entry in noted] == ["2026-11-24", "2026-11-25"]
    assert "W1-06 put off until Wed 25 Nov (was Tue 24 Nov)" in await world.type("sam", "/pilot history", HERE)


async def test_later_on_a_digest_asks_until_when_and_is_refused_where_it_would_be_in_vain(world: World) -> None:
    await world.new_pilot(**EVERYONE)
    dm = world.sandbox.dm_id("lena")  # reads German
    await world.morning(1)
    await world.press("lena", "Später", dm)
    form = world.sandbox.modal("lena")
    assert form is not None
    assert form.title.startswith("Later: ")
    assert not await world.submit("lena", until="2026-11-25")
    assert "Von heute Morgen wartet nichts mehr auf Sie" in world.last(dm).plain
    assert "→ Geplant für Mi., 25. Nov." in world.last(dm).plain


async def test_a_weekly_digest_keeps_ordinary_steps_for_monday(world: World) -> None:
    await world.new_pilot(**EVERYONE)
    await refused(world, "sam", "/pilot digest hourly", "how often: weekly or daily", "`/pilot digest", channel=HERE)
    assert "once a week, on its first working day" in await world.type("sam", "/pilot digest weekly", HERE)
    async with world.parts.store.reading() as session:
        assert (await session.scalars(select(Person.digest).where(Person.id == "slack:U0SAMOK00"))).one() == "weekly"


async def test_help_that_is_offered_reaches_whoever_has_the_ball(world: World) -> None:
    await world.new_pilot(**EVERYONE)
    item = await item_of(world, "W1-06")
    await world.parts.desk.pressed(f"offer:{item.id}", _actor(world, "priya"))
    await world.settle()
    assert "Priya Shah offers to help with" in world.last(world.sandbox.dm_id("sam")).plain
    await world.type("sam", "/pilot done W1-06 it is in the wiki", HERE)
    assert "had offered to help; W1-06 is settled" in world.last(world.sandbox.dm_id("sam")).plain


async def test_help_is_not_offered_to_somebody_who_left(world: World) -> None:
    await world.new_pilot(**EVERYONE)
    item = await item_of(world, "W1-06")
    await world.sandbox.remove_user("sam")
    await world.settle()
    before = len(world.sandbox.shown(world.sandbox.dm_id("sam")))
    with pytest.raises(Refused, match=r"Sam Okafor left the workspace.*`/pilot assign W1-06 @who`"):
        await world.parts.desk.pressed(f"offer:{item.id}", _actor(world, "priya"))
    await world.settle()
    assert len(world.sandbox.shown(world.sandbox.dm_id("sam"))) == before


async def test_a_press_on_what_was_done_meanwhile_says_what_happened_and_by_whom(world: World) -> None:
    await world.new_pilot(**EVERYONE)
    item = await item_of(world, "W1-06")
    await world.type("priya", "/pilot done W1-06 it is in the wiki", HERE)
    for verb in ("snooze", "plan", "block", "offer"):
        said = await _refusal(world, f"{verb}:{item.id}", "sam")
        assert "W1-06 is done already, by Priya Shah" in said, verb


async def _refusal(world: World, value: str, who: str) -> str:
    try:
        await world.parts.desk.pressed(value, _actor(world, who))
    except Refused as refusal:
        return str(refusal)
    return "it was not refused"


def _actor(world: World, who: str):  # type: ignore[no-untyped-def]
    from handlers.chat.ports import Actor
    from tests.world import TEAM
    return Actor(TEAM, f"slack:{world.sandbox.user_id(who)}", "test")

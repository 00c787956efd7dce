"""A message that nobody asked for comes in its reader's hours, and not too many come in a day."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from handlers.nudges import manners
from handlers.nudges.policy import Policy
from storage.models import Person
from tests.rules.ladder import POLICY
from tests.rules.make import person
from tests.world import World

MON, TUE, THU, FRI = (date(2026, 11, day) for day in (23, 24, 26, 27))
HERE = "claims-triage"


def berlin(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour - 1, minute, tzinfo=UTC)


@pytest.mark.parametrize(("said", "now", "count", "expected"), [
    ({}, berlin(MON, 9), 0, None),
    ({}, berlin(MON, 16, 29), 1, None),
    ({}, berlin(MON, 8, 59), 0, berlin(MON, 9)),
    ({}, berlin(MON, 16, 30), 0, berlin(TUE, 9)),
    ({}, berlin(FRI, 20), 0, berlin(date(2026, 11, 30), 9)),
    ({}, berlin(date(2026, 12, 24), 20), 0, berlin(date(2026, 12, 28), 9)),      # Christmas, and a weekend
    ({}, berlin(MON, 10), 2, berlin(TUE, 9)),                                    # two came today already
    ({"away_until": THU}, berlin(MON, 10), 0, berlin(THU, 9)),
    ({"away_until": MON}, berlin(MON, 10), 0, None),
    ({"dnd_from": berlin(MON, 9), "dnd_until": berlin(MON, 12)}, berlin(MON, 10), 0, berlin(MON, 12)),
    ({"dnd_from": berlin(MON, 20), "dnd_until": berlin(TUE, 8)}, berlin(MON, 10), 0, None),
    ({"zone": "America/New_York", "country": "US"}, berlin(MON, 10), 0, datetime(2026, 11, 23, 14, tzinfo=UTC)),
    ({"zone": "Mars/Olympus"}, berlin(MON, 10), 0, None),
])
def test_a_message_waits_for_its_readers_hours(said: dict[str, Any], now: datetime, count: int,
                                               expected: datetime | None) -> None:
    reader: Person = person("sam", **said)
    policy: Policy = POLICY
    assert manners.waits_until(reader, policy, now, count) == expected


async def test_whoever_is_asked_early_in_the_morning_reads_it_when_their_day_begins(polite: World) -> None:
    await polite.new_pilot(product="tom", engineering="sam")        # it is 08:00 in Berlin, 07:00 in London
    toms, sams = polite.sandbox.dm_id("tom"), polite.sandbox.dm_id("sam")
    assert not polite.sandbox.shown(toms)
    polite.clock.now = berlin(MON, 9)
    await polite.settle()
    assert "Product for Claims triage: is that you?" in polite.last(toms).plain
    assert not polite.sandbox.shown(sams)
    polite.clock.now = berlin(MON, 10)
    await polite.settle()
    assert "Engineering for Claims triage: is that you?" in polite.last(sams).plain


async def test_what_was_settled_overnight_is_never_said(polite: World) -> None:
    polite.clock.now = berlin(MON, 15)
    await polite.new_pilot(product="tom", engineering="sam")
    polite.clock.now = berlin(MON, 18)
    await polite.type("priya", "/pilot assign IN-01 @tom", HERE)
    before = len(polite.sandbox.shown(polite.sandbox.dm_id("tom")))
    await polite.type("priya", "/pilot assign IN-01 @ana", HERE)
    polite.clock.now = berlin(TUE, 9)
    await polite.settle()
    assert len(polite.sandbox.shown(polite.sandbox.dm_id("tom"))) == before
    assert "handed you Name an executive sponsor" in polite.all_text(polite.sandbox.dm_id("ana"))


async def test_a_third_message_of_a_day_waits_for_the_next_and_is_not_lost(polite: World) -> None:
    polite.clock.now = berlin(MON, 10)
    await polite.new_pilot(product="tom")
    dm = polite.sandbox.dm_id("tom")
    for ref in ("W1-01", "W1-02", "W1-03"):
        await polite.type("priya", f"/pilot block {ref} by @tom the contract is missing", HERE)
    assert len(polite.sandbox.shown(dm)) == 2
    polite.clock.now = berlin(TUE, 9)
    await polite.settle()
    assert len(polite.sandbox.shown(dm)) == 4, "two more the next day"


async def test_what_waited_overnight_counts_for_its_day_even_after_it_was_answered(polite: World) -> None:
    polite.clock.now = berlin(MON, 18)
    await polite.new_pilot(product="tom")
    dm = polite.sandbox.dm_id("tom")
    polite.clock.now = berlin(TUE, 9)
    await polite.settle()
    await polite.press("tom", "Accept", dm)
    assert len(polite.sandbox.shown(dm)) == 1
    for ref in ("W1-01", "W1-02"):
        await polite.type("priya", f"/pilot block {ref} by @tom the contract is missing", HERE)
    assert len(polite.sandbox.shown(dm)) == 2, "the ask was this morning's, although it was edited"


@pytest.mark.parametrize(("meeting_at", "expected"), [(berlin(TUE, 15), berlin(TUE, 9)), (berlin(TUE, 8), None), (None, berlin(TUE, 9))])
def test_an_invitation_waits_for_its_readers_hours_unless_the_meeting_would_begin_first(
        meeting_at: datetime | None, expected: datetime | None) -> None:
    assert manners.invitation_waits_until(person("sam"), POLICY, berlin(MON, 20), meeting_at) == expected


async def test_a_time_chosen_at_night_invites_others_in_their_hours(polite: World) -> None:
    polite.clock.now = berlin(MON, 10)
    await polite.new_pilot(legal="jonas", product="tom")
    polite.clock.now = berlin(MON, 20)
    await polite.type("jonas", "/pilot brief legal slot wed 14:00", HERE)
    dm = polite.sandbox.dm_id("tom")
    assert "Invitation" not in polite.all_text(dm)
    polite.clock.now = berlin(TUE, 9)
    await polite.settle()
    assert "Invitation: Legal briefing for Claims triage" in polite.all_text(dm)


@pytest.mark.parametrize("kind", ["stand-in", "in-writing"])
def test_what_is_asked_about_a_briefing_keeps_to_the_same_hours_and_number(kind: str) -> None:
    assert kind in manners.counted(POLICY)


async def test_answers_are_never_held(polite: World) -> None:
    polite.clock.now = berlin(MON, 23)
    assert "What you can say with /pilot" in await polite.type("tom", "/pilot help")


async def test_nobody_is_disturbed_who_asked_not_to_be(polite: World) -> None:
    polite.clock.now = berlin(MON, 10)
    await polite.new_pilot(product="tom")
    dm = polite.sandbox.dm_id("tom")
    before = len(polite.sandbox.shown(dm))
    polite.sandbox.workspace.users["U0TOMWB00"].dnd = (berlin(TUE, 9), berlin(TUE, 11))
    polite.clock.now = berlin(TUE, 9, 15)
    assert await polite.parts.people.refresh_rest() > 0
    assert await polite.parts.people.refresh_rest() == 0, "asked once in some hours"
    polite.clock.now = berlin(TUE, 9, 31)
    await polite.parts.nudges.sweep()
    await polite.settle()
    assert len(polite.sandbox.shown(dm)) == before
    polite.clock.now = berlin(TUE, 11)
    await polite.settle()
    assert len(polite.sandbox.shown(dm)) == before + 1, "the digest, when the rest is over"


async def test_what_a_colleague_presses_disturbs_nobody_either(polite: World) -> None:
    polite.clock.now = berlin(MON, 10)
    await polite.new_pilot(engineering="sam", legal="jonas")
    polite.clock.now = berlin(TUE, 12)
    await polite.settle()
    before = len(polite.sandbox.shown(polite.sandbox.dm_id("jonas")))
    polite.sandbox.workspace.users[polite.sandbox.user_id("jonas")].dnd = (berlin(TUE, 14), berlin(TUE, 16))
    await polite.parts.people.refresh_rest()
    polite.clock.now = berlin(TUE, 14, 30)
    await polite.type("sam", "/pilot block w1-05 by @jonas the contract is missing", "claims-triage")
    await polite.settle()
    assert len(polite.sandbox.shown(polite.sandbox.dm_id("jonas"))) == before
    polite.clock.now = berlin(TUE, 16)
    await polite.settle()
    assert len(polite.sandbox.shown(polite.sandbox.dm_id("jonas"))) == before + 1


async def test_without_the_scope_nobodys_rest_is_known_and_nothing_is_held_for_it(polite: World) -> None:
    polite.sandbox.workspace.scopes.discard("dnd:read")
    polite.clock.now = berlin(MON, 10)
    await polite.new_pilot(product="tom")
    dm = polite.sandbox.dm_id("tom")
    before = len(polite.sandbox.shown(dm))
    polite.sandbox.workspace.users["U0TOMWB00"].dnd = (berlin(TUE, 9), berlin(TUE, 11))
    polite.clock.now = berlin(TUE, 9, 15)
    await polite.parts.people.refresh_rest()
    polite.clock.now = berlin(TUE, 9, 31)
    await polite.parts.nudges.sweep()
    await polite.settle()
    assert len(polite.sandbox.shown(dm)) == before + 1


async def test_what_became_untrue_before_its_hour_is_not_said_at_all(polite: World) -> None:
    polite.clock.now = berlin(MON, 10)
    await polite.new_pilot(engineering="sam", legal="jonas")
    polite.clock.now = berlin(MON, 20)
    before = len(polite.sandbox.shown(polite.sandbox.dm_id("jonas")))
    await polite.type("sam", "/pilot block w1-05 by @jonas the contract is missing", "claims-triage")
    await polite.type("sam", "/pilot assign w1-06 @jonas", "claims-triage")
    await polite.type("sam", "/pilot done w1-05 https://wiki/architecture", "claims-triage")
    await polite.type("priya", "/pilot assign w1-06 @sam", "claims-triage")
    polite.clock.now = berlin(TUE, 9, 5)
    await polite.settle()
    said = [message.plain for message in polite.sandbox.shown(polite.sandbox.dm_id("jonas"))][before:]
    assert not [each for each in said if "W1-05" in each or "waiting for you" in each or "somebody else" in each], said

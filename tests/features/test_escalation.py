"""The ladder on real databases: warned before told on, told of the end, nothing lost, nothing twice."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from storage.engine import Store
from storage.models import Item, ItemKind, ItemState, Nudge, Person, Pilot, Post
from storage.nudging import FunctionHead, Told
from storage.outbox import Promise
from tests.conftest import FrozenClock
from tests.features.mornings import (
    FRI,
    MON,
    POLICIES,
    SAM,
    THU,
    TUE,
    WED,
    Room,
    all_of,
    berlin,
    change,
    has,
    workspace,
)
from tests.rules.make import WORKSPACE, item, person, pilot, seat

PRIYA, MARTA, HELEN = person("priya"), person("marta"), person("helen")
MON2, TUE2, WED2, THU2, FRI2 = (day + timedelta(days=7) for day in (MON, TUE, WED, THU, FRI))
LATE: dict[str, Any] = {"owner_id": SAM.id, "due_on": FRI - timedelta(days=7), "weight": 5,
                        "next_at": berlin(MON, 9, 30)}
"""Due last Friday: it is warned of on Monday, told on from Tuesday."""


@pytest.fixture
def room(store: Store, clock: FrozenClock) -> Room:
    return Room(store, clock)


async def team(store: Store, *rows: Any) -> None:
    head = FunctionHead(workspace_id=WORKSPACE, role="engineering", person_id=HELEN.id, set_by=PRIYA.id,
                        set_at=berlin(MON, 8))
    # Copies: a row that was merged once keeps what a test did to it.
    people = [person(each.handle) for each in (SAM, PRIYA, MARTA, HELEN)]
    await has(store, workspace(), *people, pilot(nudge_at=None), seat("lead", "priya"), seat("sponsor", "marta"),
              head, *rows)


async def told(store: Store) -> list[tuple[str, str]]:
    """Step and person, as they were told; in one message in the order of their names."""
    rows = sorted(await all_of(store, Told), key=lambda each: (each.at, each.is_copy, each.person_id))
    return [(each.step, each.person_id.removeprefix("slack:U").lower() + (" (copy)" if each.is_copy else ""))
            for each in rows]


async def close(store: Store, number: int, at: datetime, by: str = SAM.id) -> None:
    await change(store, Item, number, state=ItemState.DONE, closed_by=by, closed_at=at, next_at=at)


async def test_the_owner_is_warned_then_the_lead_hears_then_the_head_then_the_sponsor(store: Store, room: Room) -> None:
    await team(store, item(id=1, **LATE))
    await room.morning(MON)
    assert "I will let Priya (pilot lead) know tomorrow unless this has a date." in room.says(SAM.id)
    assert set(room.shown) == {SAM.id}
    await room.morning(TUE)
    assert "Heads-up: Was due Fri 20 Nov, 2 working days ago. Sam has no date yet." in room.says(PRIYA.id)
    assert "→ I told Priya (pilot lead) that this is 2 working days late" in room.says(SAM.id)
    for day in (WED, THU, FRI, MON2, TUE2, WED2, THU2, FRI2):
        await room.morning(day)
    assert await told(store) == [
        ("warn", "sam"), ("L1", "priya"), ("L1", "sam (copy)"),
        ("L2", "helen"), ("L2", "priya (copy)"), ("L2", "sam (copy)"),
        ("L3", "marta"), ("L3", "priya (copy)"), ("L3", "sam (copy)")]
    [row] = await all_of(store, Item)
    assert (row.step, row.step_on) == ("L3", TUE2)
    assert await room.sweep(berlin(date(2026, 12, 31), 12)) == 0
    [row] = await all_of(store, Item)
    assert (row.step, row.next_at) == ("stop", None), "silence: a decision is due"


async def test_nobody_is_told_on_whose_warning_was_never_seen(store: Store, room: Room) -> None:
    await team(store, item(id=1, **LATE))
    await room.sweep(berlin(MON, 9, 30))      # Slack is away all day
    await room.sweep(berlin(TUE, 9, 30))
    assert await told(store) == [("warn", "sam")]
    await room.deliver()
    assert "I will let Priya (pilot lead) know tomorrow" in room.says(SAM.id)
    await room.morning(WED)
    assert ("L1", "priya") in await told(store)


async def test_a_warning_that_cannot_be_delivered_does_not_stop_the_ladder(store: Store, room: Room) -> None:
    await team(store, item(id=1, **LATE))
    await room.sweep(berlin(MON, 9, 30))
    await change(store, Post, 1, given_up_at=berlin(MON, 9, 31), shown=1)
    await room.sweep(berlin(TUE, 9, 30))
    assert ("L1", "priya") in await told(store)


async def test_everybody_who_was_told_hears_of_the_end_once_and_the_old_messages_are_edited(
        store: Store, room: Room) -> None:
    await team(store, item(id=1, **LATE), item("B-03", id=2, gate="readiness_review"))
    for day in (MON, TUE, WED, THU):
        await room.morning(day)
    assert {who for step, who in await told(store) if step == "L2"} == {"helen", "sam (copy)", "priya (copy)"}
    before = {who: len(cards) for who, cards in room.shown.items()}
    await close(store, 1, berlin(THU, 11))
    await room.sweep(berlin(THU, 11))
    await room.deliver()
    for who in (PRIYA.id, HELEN.id):
        assert len(room.shown[who]) == before[who], "not before their next morning"
        assert "✓ Done, by Sam: Title of B-02" in room.says(who), "what they read is edited at once"
    assert "✓ Done, by Sam" in str(room.shown[PRIYA.id][0]), "that of Tuesday too"
    await room.morning(FRI)
    for who in (PRIYA.id, HELEN.id):
        assert len(room.shown[who]) == before[who] + 1, "a digest of nothing else is sent for it"
        assert "The gate to Readiness review has 1 item left. Thank you." in room.says(who)
    assert len(room.shown[SAM.id]) == before[SAM.id], "who did it knows"
    for day in (MON2, TUE2):
        await room.morning(day)
    assert [each for each in await told(store) if each[0] == "resolved"].__len__() == 2
    assert all(each.resolved_at for each in await all_of(store, Told) if each.step in ("L1", "L2"))


async def test_what_ends_before_anybody_was_told_ends_quietly(store: Store, room: Room) -> None:
    await team(store, item(id=1, **LATE))
    await room.morning(MON)
    await close(store, 1, berlin(MON, 11))
    assert await room.sweep(berlin(MON, 11)) == 0
    await room.morning(TUE)
    assert await told(store) == [("warn", "sam")]
    [row] = await all_of(store, Item)
    assert row.next_at is None


async def test_a_lead_elsewhere_hears_on_their_own_morning_and_not_before(store: Store, room: Room) -> None:
    await team(store, item(id=1, **LATE))
    await change(store, Person, (WORKSPACE, PRIYA.id), zone="America/New_York", country="US")
    await room.morning(MON)
    await room.morning(TUE)
    assert SAM.id in room.shown
    assert PRIYA.id not in room.shown
    room.clock.now = berlin(TUE, 15, 29)
    await room.deliver()
    assert PRIYA.id not in room.shown
    room.clock.now = berlin(TUE, 15, 30)
    await room.deliver()
    assert "Heads-up" in room.says(PRIYA.id)


async def test_what_nobody_saw_is_carried_into_the_next_mornings_message(store: Store, room: Room) -> None:
    await team(store, item(id=1, owner_id=SAM.id, due_on=MON, next_at=berlin(MON, 9, 30)),
               item("B-03", id=2, owner_id=SAM.id, due_on=TUE, next_at=berlin(TUE, 9, 30)))
    await room.sweep(berlin(MON, 9, 30))
    await room.morning(TUE)
    assert len(room.shown[SAM.id]) == 1, "one message, not two"
    assert "2 things wait for you" in room.says(SAM.id)
    assert {each.nudge_id for each in await all_of(store, Told)} == {2}
    room.clock.now = berlin(TUE, 10)
    await room.deliver()
    assert len(room.shown[SAM.id]) == 1


async def test_a_message_held_up_on_its_day_goes_out_on_the_next_morning_by_itself(store: Store, room: Room) -> None:
    await team(store, item(id=1, owner_id=SAM.id, due_on=THU, next_at=berlin(MON, 9, 30)))
    await room.sweep(berlin(MON, 9, 30))
    room.clock.now = berlin(MON, 20)
    await room.deliver()
    assert room.shown == {}
    await room.morning(TUE)
    assert "Title of B-02" in room.says(SAM.id)


async def test_somebody_who_went_away_finds_it_on_their_first_morning_back(store: Store, room: Room) -> None:
    await team(store, item(id=1, **LATE))
    await room.morning(MON)
    await change(store, Person, (WORKSPACE, PRIYA.id), away_until=FRI)
    await room.morning(TUE)
    await room.morning(WED)
    assert PRIYA.id not in room.shown
    await room.morning(FRI)
    assert "Heads-up" in room.says(PRIYA.id)


async def test_a_sponsor_is_asked_for_a_decision_instead_of_being_told(store: Store, room: Room) -> None:
    asked: list[tuple[int, str]] = []

    async def ask(session: AsyncSession, row: Item, of: Pilot, sponsor: str, now: datetime) -> Sequence[Promise]:
        asked.append((row.id, sponsor))
        return [Promise(sponsor, "decision", row.id, of.id)]

    await team(store, item(id=1, **LATE | {"step": "L2", "step_on": date(2026, 11, 20), "due_on": date(2026, 11, 2)}))
    room.nudges = type(room.nudges)(store, room.clock, room.wake, POLICIES, ask_sponsor=ask)
    await room.sweep(berlin(MON, 9, 30))
    assert asked == [(1, MARTA.id)]
    assert await told(store) == [("L3", "priya (copy)"), ("L3", "sam (copy)")]
    assert [post.room for post in await all_of(store, Post) if post.kind == "decision"] == [MARTA.id]


async def test_each_rung_of_a_late_briefing_is_made_known(store: Store, room: Room) -> None:
    known: list[str] = []

    async def late(session: AsyncSession, row: Item, of: Pilot, step: str, now: datetime) -> None:
        known.append(step)

    briefing = LATE | {"role": "engineering", "kind": ItemKind.MEETING, "gate": "build", "due_on": FRI}
    await team(store, item("W1-02", id=1, **briefing))
    await change(store, Pilot, 1, kickoff_on=MON)
    room.nudges = type(room.nudges)(store, room.clock, room.wake, POLICIES, late_briefing=late)
    for day in (MON, TUE, WED, THU, FRI):
        await room.morning(day)
    assert known == ["stand_in", "L1", "L3"]
    assert ("stand_in", "helen") not in await told(store), "that is a message of its own"


async def test_a_mention_in_the_channel_this_morning_is_not_repeated_in_a_digest(store: Store, room: Room) -> None:
    await team(store, item(id=1, owner_id=SAM.id, due_on=MON, next_at=berlin(MON, 9, 30)))
    nudge = Nudge(workspace_id=WORKSPACE, kind="channel", about="1", day=MON, made_at=berlin(MON, 9, 30), pilot_id=1)
    nudge.id = 77
    mention = Told(workspace_id=WORKSPACE, person_id=SAM.id, item_id=1, pilot_id=1, nudge_id=77, step="channel",
                   at=berlin(MON, 9, 30))
    mention.id = 77
    await has(store, nudge)
    await has(store, mention)
    assert await room.morning(MON) == 0
    await room.morning(TUE)
    assert "Was due yesterday" in room.says(SAM.id)


async def test_head_and_sponsor_in_one_person_hear_as_each_once(store: Store, room: Room) -> None:
    await team(store, item(id=1, **LATE))
    await change(store, FunctionHead, (WORKSPACE, "engineering"), person_id=MARTA.id)
    for day in (MON, TUE, WED, THU, FRI, MON2, TUE2, WED2):
        await room.morning(day)
    assert [step for step, who in await told(store) if who == "marta"] == ["L2", "L3"]


async def test_an_owner_who_left_the_workspace_is_the_leads_matter(store: Store, room: Room) -> None:
    await team(store, item(id=1, owner_id=SAM.id, due_on=MON, next_at=berlin(MON, 9, 30)))
    await change(store, Person, (WORKSPACE, SAM.id), is_active=False)
    await room.morning(MON)
    assert set(room.shown) == {PRIYA.id}
    assert "Sam has left this workspace. /pilot assign B-02 @who gives it to somebody else." in room.says(PRIYA.id)



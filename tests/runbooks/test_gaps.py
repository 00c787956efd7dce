"""`/runbook gaps`: what is missing is ranked, becomes an item of the pilot once, is laid aside, and is told when it is no more."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import pytest
from sqlalchemy import select

from handlers.runbooks.gap_rules import Kind, key_of, mark_of
from storage import runbook_gaps
from storage.models import AuditEntry, Item, ItemState
from storage.shelf import RunbookGap
from tests.doors.hands import (
    ROOM,
    Held,
    Wire,
    buttons,
    calm,
    change_items,
    fill,
    forge,
    forge_form,
    item,
    newest,
    press,
    rows,
    trail,
    whispered,
)
from tests.runbooks.gap_stage import asked, carried, fired, gap_rows, page, source, sources
from tests.world import EVERYONE, TEAM, World

OPS = "ops"
SWITCH = "how do we switch it off"
SWITCH_MARK = mark_of(key_of(Kind.QUESTION, 1, "off switch"))


async def pilot_with_runbooks(world: World, **people: str) -> int:
    number = await world.new_pilot(**(people or EVERYONE))
    sources(world, source("ops"), source("claims", pilot="Claims triage", owner="Ravi"))
    await page(world, "rollback.md", "# Roll back\n\nRun `make rollback`.\n")
    return number


def before(first: str, second: str, text: str) -> bool:
    return 0 <= text.find(first) < text.find(second)


async def test_the_five_kinds_are_listed_with_why_they_matter_the_most_harmful_first(world: World) -> None:
    await pilot_with_runbooks(world)
    for who, days in (("ana", 0), ("ana", 1), ("sam", 2), ("tom", 3)):
        await asked(world, SWITCH, who, days=days)
    await asked(world, "who owns the feature store", "lena", "answer", "not_it", days=30, at=("ops", "rollback.md"))
    await fired(world, "FeatureDrift", 12, rank=0)
    await fired(world, "Latency", 1, rank=3, days=20)
    await page(world, "cost.md", "# Cost spike\n\nTODO\n", "claims", is_stub=True)
    await page(world, "retrain.md", "# Retrain\n\nAsk Ravi.\n", days=400)
    await carried(world, "namespace", "scoring", "claims", "mail", "search", "billing")
    await carried(world, "namespace", "old-scoring", days=120)
    await page(world, "restart.md", "# Restart\n\n```\nkubectl -n old-scoring rollout restart deploy/api\n```\n")

    listed = await world.type("ana", "/runbook gaps", ROOM)
    assert listed.startswith("*Claims triage: 7 runbook gaps, 7 with nobody on them*")
    assert "No answer: “how do we switch it off”" in listed
    assert "asked 4 times by 3 people, last on Mon 23 Nov" in listed
    assert "No runbook for the alert FeatureDrift" in listed
    assert "12 alerts in 30 days, last on Sun 22 Nov · worst critical" in listed
    assert "Not written yet: Cost spike" in listed
    assert "not changed for 400 days (180 are the limit)" in listed
    assert "its commands name old-scoring (last heard of on Sun 26 Jul), which no alert speaks of any more" in listed
    assert "closest was" in listed
    assert before("FeatureDrift", "switch it off", listed)
    assert before("switch it off", "who owns the feature store", listed)
    assert before("who owns the feature store", "alert Latency", listed)
    assert before("FeatureDrift", "Cost spike", listed)
    assert "Ranked by expected harm" in listed


async def test_what_was_answered_helpfully_or_has_a_runbook_is_no_gap(world: World) -> None:
    await pilot_with_runbooks(world)
    await asked(world, SWITCH, days=2)
    await asked(world, SWITCH, "sam", "closest", "helpful", days=1, at=("ops", "rollback.md"))
    await asked(world, "roll it back", verdict="answer", at=("ops", "rollback.md"))
    await fired(world, "RollBack", 3)
    await fired(world, "ByAlias", 3)
    await fired(world, "ByLink", 3, runbook="https://git.example/linked.md#first-step")
    await page(world, "a.md", "# A\n\nStep.\n", aliases=("ByAlias",))
    await page(world, "linked.md", "# L\n\nStep.\n")
    listed = await world.type("ana", "/runbook gaps", ROOM)
    assert listed.startswith("*Claims triage: no runbook gap is known*"), listed


async def test_a_runbook_of_another_pilot_helps_nobody_here(world: World) -> None:
    await pilot_with_runbooks(world)
    await world.new_pilot("Other", "ops", lead="sam")
    sources(world, source("ops"), source("claims", pilot="Other"))
    await page(world, "drift.md", "# FeatureDrift\n\nStep.\n", "claims")
    await fired(world, "FeatureDrift")
    await fired(world, "FeatureDrift", pilot=2)
    assert "No runbook for the alert FeatureDrift" in await world.type("ana", "/runbook gaps claims triage", ROOM)
    assert "no runbook gap is known" in await world.type("ana", "/runbook gaps other", ROOM)


async def test_a_gap_becomes_an_item_of_the_pilot_that_is_nudged_like_any(world: World) -> None:
    await pilot_with_runbooks(world)
    await asked(world, SWITCH, "sam")
    await asked(world, SWITCH, "tom")
    await world.type("priya", "/runbook gaps", ROOM)
    await press(world, "priya", f"gap-give:{SWITCH_MARK}:1")
    form = world.sandbox.modal("priya")
    assert form is not None
    assert "No answer: “how do we switch it off”" in form.plain
    assert await fill(world, "priya", who=world.sandbox.user_id("ana"), due="2026-11-27") is None

    made = await item(world, "RB-01")
    assert (made.title, made.role, made.is_handed_over, made.gate) == (
        "Write the runbook that answers “how do we switch it off”", "operations", False, None)
    assert made.owner_id == f"slack:{world.sandbox.user_id('ana')}"
    assert made.why.startswith("Asked twice by 2 people, last on Mon 23 Nov")
    assert made.source == ["runbook-gap:question"]
    assert [row.item_id for row in await gap_rows(world)] == [made.id]
    assert ("gap given", "RB-01", "priya") in await trail(world)
    assert ("item handed over", "RB-01", "priya") in await trail(world)
    assert "Write the runbook that answers “how do we switch it off”" in world.all_text(
        world.sandbox.dm_id("ana"), "ana"), "its owner hears of it now"

    listed = await world.type("ana", "/runbook gaps", ROOM)
    assert "▸ RB-01 is with Ana Ruiz, due Fri 27 Nov" in listed
    assert "1 runbook gap, each with somebody on it" in listed
    shown = newest(world, "ana", ROOM, f"item:{made.id}")
    assert f"gap-give:{SWITCH_MARK}:1" not in buttons(shown)

    await world.morning(5)
    assert "Write the runbook that answers" in world.last(world.sandbox.dm_id("ana"), "ana").plain, "it is said in the morning"


async def test_the_default_owner_is_whoever_keeps_the_page_else_operations(world: World) -> None:
    await pilot_with_runbooks(world)
    await page(world, "cost.md", "# Cost\n\nTODO\n", "claims", is_stub=True)
    await page(world, "pii.md", "# PII leak\n\nTODO\n", "claims", is_stub=True, owner="@lena")
    await page(world, "team.md", "# Team\n\nTODO\n", "ops", is_stub=True, owner="The platform team")
    await asked(world, SWITCH)
    for key, owner in ((key_of(Kind.STUB, "claims/cost.md"), "ravi"), (key_of(Kind.STUB, "claims/pii.md"), "lena"),
                       (key_of(Kind.STUB, "ops/team.md"), "ana"), (key_of(Kind.QUESTION, 1, "off switch"), "ana")):
        await world.type("priya", "/runbook gaps", ROOM)
        await press(world, "priya", f"gap-give:{mark_of(key)}:1")
        form = world.sandbox.modal("priya")
        assert form is not None
        assert world.sandbox.user_id(owner) in str(form.blocks), key
        await world.sandbox.close("priya", form.id)


async def test_a_gap_of_what_is_shared_asks_which_pilot_it_is_to_hang_on(world: World) -> None:
    await pilot_with_runbooks(world)
    await world.new_pilot("Other", "ops", lead="sam")
    await page(world, "team.md", "# Team\n\nTODO\n", is_stub=True)
    mark = mark_of(key_of(Kind.STUB, "ops/team.md"))
    await world.type("sam", "/runbook gaps", "support-copilot")
    await press(world, "sam", f"gap-give:{mark}:0", "support-copilot")
    form = world.sandbox.modal("sam")
    assert form is not None
    assert "This belongs to no pilot alone; an item needs one to hang on." in form.plain
    assert await fill(world, "sam", pilot="2", who=world.sandbox.user_id("sam"), due="2026-11-27") is None
    assert (await item(world, "RB-01", 2)).title == "Write the page “Team”"
    assert not await rows(world, select(Item).where(Item.pilot_id == 1, Item.ref == "RB-01"))


class Claimed:
    """A gap's row, claimed by somebody who gives it back without having done anything."""

    def __init__(self, world: World, key: str) -> None:
        self.world, self.key = world, key
        self._release, self._claimed = asyncio.Event(), asyncio.Event()

    async def __aenter__(self) -> Claimed:
        self._task = asyncio.create_task(self._hold())
        await self._claimed.wait()
        return self

    async def _hold(self) -> None:
        with contextlib.suppress(asyncio.InvalidStateError):
            async with self.world.parts.store.begin() as session:
                await runbook_gaps.claimed(session, TEAM, RunbookGap(
                    workspace_id=TEAM, key=self.key, pilot_id=None, item_id=None, by="slack:U", at=self.world.clock()))
                self._claimed.set()
                await self._release.wait()
                raise asyncio.InvalidStateError

    async def give_back(self) -> None:
        self._release.set()
        await self._task

    async def __aexit__(self, *_: object) -> None:
        await self.give_back()


async def test_two_who_press_at_once_make_one_item(world: World) -> None:
    """The overlap is forced: the pilot is locked until both forms are on their way."""
    await pilot_with_runbooks(world)
    await asked(world, SWITCH)
    for who in ("priya", "marta"):
        await world.type(who, "/runbook gaps", ROOM)
        await press(world, who, f"gap-give:{SWITCH_MARK}:1")
    async with Held(world) as held:
        both = [asyncio.create_task(fill(world, who, who=world.sandbox.user_id("ana"), due="2026-11-27")) for who in ("priya", "marta")]
        await asyncio.sleep(0.5)
        assert not any(task.done() for task in both)
        await held.release()
        answers = await asyncio.gather(*both)
    made = await rows(world, select(Item).where(Item.ref.like("RB-%")))
    assert [each.ref for each in made] == ["RB-01"]
    assert len(await gap_rows(world)) == 1
    assert [what for what, _, _ in await trail(world)].count("gap given") == 1
    refusals = [answer for answer in answers if answer]
    assert len(refusals) <= 1


async def test_two_pilots_that_take_up_one_shared_gap_at_once_make_one_item(world: World) -> None:
    """The overlap is forced: each holds its own pilot and waits for the gap's row, which somebody claims and gives back."""
    await pilot_with_runbooks(world)
    await world.new_pilot("Other", "ops", lead="sam", sponsor="marta")
    await page(world, "team.md", "# Team\n\nTODO\n", is_stub=True)
    mark = mark_of(key_of(Kind.STUB, "ops/team.md"))
    ana, today = world.sandbox.user_id("ana"), "2026-11-27"
    async with Claimed(world, key_of(Kind.STUB, "ops/team.md")) as claimed:
        tasks = [asyncio.create_task(forge_form(world, who, f"gap-give:{mark}:{number}", who=ana, due=today))
                 for who, number in (("priya", 1), ("sam", 2))]
        await asyncio.sleep(0.5)
        assert not any(task.done() for task in tasks)
        await claimed.give_back()
        answers = await asyncio.gather(*tasks)
    made = await rows(world, select(Item).where(Item.ref.like("RB-%")))
    assert len(made) == 1, answers
    assert [row.item_id for row in await gap_rows(world)] == [made[0].id]
    assert ["RB-01 is about this already" in answer for answer in answers].count(True) == 1
    await calm(world)


async def test_the_same_form_delivered_twice_makes_one_item(world: World) -> None:
    await pilot_with_runbooks(world)
    await asked(world, SWITCH)
    wire = Wire(world)
    await world.type("priya", "/runbook gaps", ROOM)
    await press(world, "priya", f"gap-give:{SWITCH_MARK}:1")
    assert await fill(world, "priya", who=world.sandbox.user_id("ana"), due="2026-11-27") is None
    assert (await wire.again("view_submission")).status_code == 200
    await calm(world)
    assert len(await rows(world, select(Item).where(Item.ref.like("RB-%")))) == 1


async def test_who_has_no_part_in_the_pilot_sees_gaps_but_no_question_and_gives_none_away(world: World) -> None:
    await pilot_with_runbooks(world, engineering="sam")
    await asked(world, SWITCH, "sam")
    await asked(world, "who feeds the shared cat", "sam", pilot=None)
    await fired(world, "FeatureDrift", 2)
    for line in ("/runbook gaps", "/runbook gaps claims triage"):
        said = await world.type("omar", line, ROOM)
        assert "FeatureDrift" in said
        assert "who feeds the shared cat" in said, "it was asked in no pilot"
        assert SWITCH not in said
        assert "1 question of pilots that you have no part in is shown to their teams only." in said
    assert SWITCH in await world.type("sam", "/runbook gaps", ROOM)
    for verb in ("gap-give", "gap-aside"):
        assert "Only anyone in the pilot's team or an admin can give a runbook gap of this pilot to somebody." in await forge(
            world, "omar", f"{verb}:{SWITCH_MARK}:1")
    said = await forge_form(world, "omar", f"gap-give:{SWITCH_MARK}:1", who=world.sandbox.user_id("omar"), due="2026-11-27")
    assert "Only anyone in the pilot's team" in said
    assert not await rows(world, select(Item).where(Item.ref.like("RB-%")))
    assert not await gap_rows(world)


async def test_not_needed_lays_it_aside_with_a_reason_and_it_can_be_taken_up_again(world: World) -> None:
    await pilot_with_runbooks(world)
    await fired(world, "Watchdog", 9)
    mark = mark_of(key_of(Kind.ALERT, 1, "Watchdog"))
    await world.type("ana", "/runbook gaps", ROOM)
    await press(world, "ana", f"gap-aside:{mark}:1")
    form = world.sandbox.modal("ana")
    assert form is not None
    assert "becomes an item" not in form.plain, "nothing becomes of what is laid aside"
    assert await fill(world, "ana", reason="It only says that alerting works") is None
    assert ("gap laid aside", "Watchdog", "ana") in await trail(world)
    entry = (await rows(world, select(AuditEntry).where(AuditEntry.what == "gap laid aside")))[0]
    assert entry.after == {"gap": "alert:1:Watchdog", "reason": "It only says that alerting works"}
    assert "no runbook gap is known" in await world.type("ana", "/runbook gaps", ROOM)

    await press(world, "ana", "gaps:1:0:aside")
    shown = newest(world, "ana", ROOM, f"gap-give:{mark}:1")
    assert "Laid aside by Ana Ruiz on Mon 23 Nov: It only says that alerting works" in shown.plain
    await press(world, "ana", f"gap-give:{mark}:1")
    assert await fill(world, "ana", who=world.sandbox.user_id("ana"), due="2026-11-27") is None
    assert "RB-01 is with Ana Ruiz" in await world.type("ana", "/runbook gaps", ROOM)
    assert "runbook gap laid aside, Watchdog: It only says that alerting works" in await world.type("ana", "/pilot history", ROOM)


CLOSINGS: dict[str, tuple[Any, Any, str]] = {
    "question": (lambda world: asked(world, SWITCH, days=2),
                 lambda world: asked(world, SWITCH, "sam", "answer", "helpful", at=("ops", "rollback.md")),
                 "answered helpfully on Mon 23 Nov · ops/rollback.md"),
    "alert": (lambda world: fired(world, "FeatureDrift", 4), lambda world: page(world, "x.md", "# X\n\nStep.\n", aliases=("FeatureDrift",), days=0),
              "it has a runbook now on Mon 23 Nov · ops/x.md"),
    "stub": (lambda world: page(world, "cost.md", "# Cost\n\nTODO\n", is_stub=True), lambda world: page(world, "cost.md", "# Cost\n\nStep.\n", days=0),
             "the page was written on Mon 23 Nov · ops/cost.md"),
    "old": (lambda world: page(world, "old.md", "# Old\n\nStep.\n", days=300), lambda world: page(world, "old.md", "# Old\n\nNew.\n", days=0),
            "the page was changed on Mon 23 Nov · ops/old.md"),
}
KEYS = {"question": key_of(Kind.QUESTION, 1, "off switch"), "alert": key_of(Kind.ALERT, 1, "FeatureDrift"),
        "stub": key_of(Kind.STUB, "ops/cost.md"), "old": key_of(Kind.OLD, "ops/old.md")}


@pytest.mark.parametrize("kind", CLOSINGS)
async def test_a_gap_that_is_no_more_says_so_on_the_list_and_on_its_items_card(world: World, kind: str) -> None:
    begin, end, said = CLOSINGS[kind]
    await pilot_with_runbooks(world)
    await begin(world)
    await world.type("priya", "/runbook gaps", ROOM)
    await press(world, "priya", f"gap-give:{mark_of(KEYS[kind])}:1")
    assert await fill(world, "priya", who=world.sandbox.user_id("ana"), due="2026-11-27") is None
    assert "still there: /runbook gaps" in (await world.type("ana", "/pilot item RB-01", ROOM)).replace("`", "")
    await end(world)
    listed = await world.type("ana", "/runbook gaps", ROOM)
    assert said in listed
    assert "RB-01 is still open, with Ana Ruiz: it can be closed" in listed
    assert f"✓ closed, {said}" in await world.type("ana", "/pilot item RB-01", ROOM)
    await world.type("ana", "/pilot done RB-01 https://git.example/x.md", ROOM)
    listed = await world.type("ana", "/runbook gaps", ROOM)
    assert said in listed
    assert "can be closed" not in listed
    world.clock.advance(days=15)
    assert said.partition(" on ")[0] not in await world.type("ana", "/runbook gaps", ROOM)


async def test_an_old_page_that_was_checked_is_not_old_until_the_limit_has_passed_again(world: World) -> None:
    await pilot_with_runbooks(world)
    await page(world, "old.md", "# Old\n\nStep.\n", days=300)
    await world.type("priya", "/runbook gaps", ROOM)
    await press(world, "priya", f"gap-give:{mark_of(KEYS['old'])}:1")
    await fill(world, "priya", who=world.sandbox.user_id("ana"), due="2026-11-27")
    await world.type("ana", "/pilot done RB-01 still right, checked with Ravi", ROOM)
    assert "Old: Old" not in await world.type("ana", "/runbook gaps", ROOM)
    world.clock.advance(days=181)
    await page(world, "rollback.md", "# Roll back\n\nRun `make rollback`.\n")
    assert "Old: Old" in await world.type("ana", "/runbook gaps", ROOM)


async def test_an_item_closed_in_vain_leaves_the_gap_open_to_be_given_again(world: World) -> None:
    await pilot_with_runbooks(world)
    await asked(world, SWITCH)
    await world.type("priya", "/runbook gaps", ROOM)
    await press(world, "priya", f"gap-give:{SWITCH_MARK}:1")
    await fill(world, "priya", who=world.sandbox.user_id("ana"), due="2026-11-27")
    await world.type("ana", "/pilot done RB-01", ROOM)
    assert "RB-01 is closed, but this is still so" in await world.type("priya", "/runbook gaps", ROOM)
    await press(world, "priya", f"gap-give:{SWITCH_MARK}:1")
    await fill(world, "priya", who=world.sandbox.user_id("sam"), due="2026-11-27")
    assert "RB-02 is with Sam Okafor" in await world.type("priya", "/runbook gaps", ROOM)
    await change_items(world, ["RB-02"], state=ItemState.NOT_APPLICABLE, na_reason="it cannot be switched off")
    assert "no runbook gap is known" in await world.type("priya", "/runbook gaps", ROOM)


async def test_many_gaps_come_in_pages(world: World) -> None:
    await pilot_with_runbooks(world)
    for number in range(19):
        await fired(world, f"Alert{number:02}", number + 1, days=1)
    first = await world.type("ana", "/runbook gaps", ROOM)
    assert "19 runbook gaps" in first
    assert "Page 1 of 3" in first
    assert "Alert18" in first
    assert "Alert00" not in first
    await press(world, "ana", "gaps:1:1:open")
    await press(world, "ana", "gaps:1:2:open")
    last = newest(world, "ana", ROOM, "gaps:1:1:open").plain
    assert "19. No runbook for the alert Alert00" in last


@pytest.mark.parametrize("value", ["gaps:x:0:open", "gaps:1:0:all", "gaps:1", "gap-give:zz", "gap-give:0123:1", "gap-aside:0123456789abcde:99"])
async def test_a_forged_button_is_refused_in_words(world: World, value: str) -> None:
    await pilot_with_runbooks(world)
    said = await forge(world, "ana", value)
    assert "older message" in said or "no gap any more" in said


async def test_a_due_date_that_has_passed_is_refused_at_its_field_and_nothing_is_kept(world: World) -> None:
    await pilot_with_runbooks(world)
    await asked(world, SWITCH)
    await world.type("priya", "/runbook gaps", ROOM)
    await press(world, "priya", f"gap-give:{SWITCH_MARK}:1")
    errors = await fill(world, "priya", who=world.sandbox.user_id("ana"), due="2026-11-20")
    assert errors is not None
    assert "in the past" in str(errors)
    assert not await gap_rows(world)


async def test_without_any_source_the_list_says_how_to_add_one(world: World) -> None:
    await world.new_pilot(**EVERYONE)
    await asked(world, SWITCH)
    said = await whispered(world, "ana", world.sandbox.slash("ana", ROOM, "/runbook gaps"))
    assert "No runbooks are read here yet" in said
    assert "/runbook sources" in said

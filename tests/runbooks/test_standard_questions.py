"""An item may ask that the runbooks answer questions: it, and its gate, are closed until they do."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select, update

from handlers.chat.errors import Refused
from handlers.fields import FileErrors
from handlers.pilots import answering
from handlers.pilots.answering import Answer, Answers
from handlers.pilots.templates import parse
from storage import runbooks
from storage.models import AuditEntry, ItemState, Pilot
from tests.doors.hands import ROOM, change_items, item, pilot, rows, settle_gate
from tests.rules.make import item as row
from tests.runbooks.gap_stage import asked, page, read_again, source, sources
from tests.world import EVERYONE, TEAM, World

THREE = ["How do we switch it off?", "How do we roll back?", "Whom do we call?"]
SWITCH = "# Switch it off\n\nHow do we switch it off? Run `make off`.\n"
BACK = "# Roll back\n\nHow do we roll back? Run `make rollback`.\n"
CALL = "# Whom to call\n\nWhom do we call? Ravi Menon.\n"


async def answers_all(world: World) -> None:
    for path, text in (("off.md", SWITCH), ("back.md", BACK), ("call.md", CALL)):
        await page(world, path, text)


async def forget(world: World, path: str) -> None:
    async with world.parts.store.begin() as session:
        for each in await runbooks.pages(session, TEAM, "ops"):
            if each.path == path:
                await runbooks.drop_pages(session, TEAM, [each.id])
        for held in await runbooks.sources(session, TEAM):
            held.version += 1
    await read_again(world)


async def test_the_default_checklist_asks_three_questions_of_the_runbook_item_alone(world: World) -> None:
    await world.new_pilot(**EVERYONE)
    assert (await item(world, "B-10")).answers == THREE
    assert (await item(world, "B-09")).answers is None


async def test_without_any_runbooks_nothing_changes_but_the_card_says_how_to_have_some(world: World) -> None:
    await world.new_pilot(**EVERYONE)
    card = await world.type("ana", "/pilot item B-10", ROOM)
    assert "How do we roll back?" in card
    assert "No runbooks are read for this pilot, so nothing is asked of them yet" in card
    assert "/runbook sources" in card
    await world.type("ana", "/pilot done B-10 https://wiki.example/runbook", ROOM)
    assert (await item(world, "B-10")).state is ItemState.DONE


async def test_runbooks_of_another_pilot_count_for_nothing_here(world: World) -> None:
    await world.new_pilot(**EVERYONE)
    sources(world, source("ops", pilot="Other"))
    await answers_all(world)
    assert "No runbooks are read for this pilot" in await world.type("ana", "/pilot item B-10", ROOM)
    await world.type("ana", "/pilot done B-10 https://wiki.example/runbook", ROOM)
    assert (await item(world, "B-10")).state is ItemState.DONE


@pytest.mark.parametrize("whose", [None, "claims  TRIAGE"])
async def test_the_item_is_not_closed_while_a_question_has_no_answer(world: World, whose: str | None) -> None:
    await world.new_pilot(**EVERYONE)
    sources(world, source("ops", pilot=whose))
    await page(world, "off.md", SWITCH)
    card = await world.type("ana", "/pilot item B-10", ROOM)
    assert "✓ How do we switch it off? off.md" in card.replace("`", "") or "✓ How do we switch it off? ops/off.md" in card
    assert "○ How do we roll back? *Nothing answers it yet.*" in card
    said = await world.type("ana", "/pilot done B-10 https://wiki.example/runbook", ROOM)
    assert "B-10 cannot be closed yet: no runbook answers “How do we roll back?” and “Whom do we call?”." in said
    assert "/runbook refresh" in said
    assert (await item(world, "B-10")).state is ItemState.OPEN
    await page(world, "back.md", BACK)
    await page(world, "call.md", "# Whom to call\n\nTODO: whom do we call\n", is_stub=True)
    said = await world.type("ana", "/pilot done B-10 https://wiki.example/runbook", ROOM)
    assert "no runbook answers “Whom do we call?”. Write it down" in said, "a page that nobody wrote answers nothing"
    await page(world, "call.md", CALL)
    await world.type("ana", "/pilot done B-10 https://wiki.example/runbook", ROOM)
    assert (await item(world, "B-10")).state is ItemState.DONE


async def test_what_could_not_be_asked_because_its_source_fails_is_said(world: World) -> None:
    await world.new_pilot(**EVERYONE)
    sources(world, source("ops"), source("wiki"), source("theirs", pilot="Other"))
    await page(world, "off.md", SWITCH)
    await page(world, "back.md", BACK)
    async with world.parts.store.begin() as session:
        await runbooks.keep_only(session, TEAM, ["ops", "wiki", "theirs"], world.clock())
        for each in await runbooks.sources(session, TEAM):
            each.error = None if each.name == "ops" else "There is no folder there."
    await read_again(world)
    why = "Could not be asked, because it cannot be read at present: wiki. An admin sees why in `/runbook sources`."
    card = await world.type("ana", "/pilot item B-10", ROOM)
    assert why in card
    assert "theirs" not in card, "another pilot's"
    refused = await world.type("ana", "/pilot done B-10 https://wiki.example/runbook", ROOM)
    assert f"no runbook answers “Whom do we call?”. {why}" in refused
    assert "Otherwise write it down where your runbooks are kept" in refused
    await page(world, "call.md", CALL)
    card = await world.type("ana", "/pilot item B-10", ROOM)
    assert why not in card, "everything is answered"


async def test_who_leads_two_pilots_asks_the_right_one_by_the_button_of_the_refusal(world: World) -> None:
    await world.new_pilot(**EVERYONE)
    await world.new_pilot("Invoice match", "invoice-match", **EVERYONE)
    sources(world, source("ops", pilot="Claims triage"))
    await page(world, "off.md", SWITCH)
    await page(world, "back.md", BACK)
    await page(world, "people.md", "# People\n\nRavi Menon looks after all of it by day and by night, in the week and on holidays, "
               "and takes a call as well as a message, whatever it is about and whoever it comes from.\n")
    for name in ("one", "two", "three"):
        await page(world, f"{name}.md", f"# Notes {name}\n\nEvery call to the model is logged.\n")
    said = await world.type("ana", '/pilot done "Claims triage" B-10 https://wiki.example/runbook', "general")
    assert "`/runbook sources` shows what could be read." in said
    assert '`/runbook in "Claims triage" Whom do we call?`' in said
    await world.press("ana", "Whom do we call?", "general")
    await world.press("ana", "Notes one", "general")
    await world.press("ana", "Helpful", "general")
    assert "Noted as helpful" in world.last("general", "ana").plain
    await world.type("ana", '/pilot done "Claims triage" B-10 https://wiki.example/runbook', "general")
    assert "✓" in await world.type("ana", '/pilot item "Claims triage" B-10', "general")
    assert (await item(world, "B-10")).state is ItemState.DONE


async def test_what_was_asked_and_what_answered_is_on_the_record(world: World) -> None:
    await world.new_pilot(**EVERYONE)
    sources(world, source("ops"))
    await answers_all(world)
    await world.type("ana", "/pilot done B-10 https://wiki.example/runbook", ROOM)
    entry = (await rows(world, select(AuditEntry).where(AuditEntry.what == "item done")))[0]
    assert entry.after["evidence"] == "https://wiki.example/runbook"
    assert list(entry.after["answers"]) == THREE
    assert entry.after["answers"]["How do we roll back?"].startswith("ops/back.md, Roll back (")
    assert "B-10 done: https://wiki.example/runbook" in await world.type("ana", "/pilot history", ROOM)


async def test_an_answer_that_somebody_of_the_pilot_called_helpful_counts_though_the_search_is_not_sure(world: World) -> None:
    await world.new_pilot(**EVERYONE)
    sources(world, source("ops"))
    await page(world, "off.md", SWITCH)
    await page(world, "back.md", BACK)
    await page(world, "people.md", "# People\n\nRavi Menon, day and night.\n")
    done = "/pilot done B-10 https://wiki.example/runbook"
    await asked(world, "whom do we CALL", verdict="closest", said="helpful", pilot=None, at=("ops", "people.md"))
    assert "“Whom do we call?”" in await world.type("ana", done, ROOM), "asked elsewhere"
    await asked(world, "whom do we CALL", verdict="closest", at=("ops", "people.md"))
    assert "“Whom do we call?”" in await world.type("ana", done, ROOM), "nobody called it helpful"
    await asked(world, "whom do we CALL", verdict="closest", said="helpful", days=200, at=("ops", "people.md"))
    assert "“Whom do we call?”" in await world.type("ana", done, ROOM), "too long ago"
    await asked(world, "whom do we CALL", verdict="closest", said="helpful", days=2, at=("ops", "gone.md"))
    assert "“Whom do we call?”" in await world.type("ana", done, ROOM), "the page is gone"
    await asked(world, "whom do we CALL", verdict="closest", said="helpful", days=1, at=("ops", "people.md"))
    await world.type("ana", done, ROOM)
    entry = (await rows(world, select(AuditEntry).where(AuditEntry.what == "item done")))[0]
    assert entry.after["answers"]["Whom do we call?"] == "ops/people.md (called helpful)"


async def test_the_gate_is_not_passed_when_an_answer_is_gone_since(world: World) -> None:
    number = await world.new_pilot(**EVERYONE)
    sources(world, source("ops"))
    await answers_all(world)
    async with world.parts.store.begin() as session:
        await session.execute(update(Pilot).where(Pilot.id == number).values(stage="build"))
    for gate in ("week_one", "build", "readiness_review"):
        await settle_gate(world, gate, world.clock())
    await forget(world, "back.md")
    said = await world.type("priya", "/pilot gate pass", ROOM)
    assert "cannot begin: B-10 asks that the runbooks answer “How do we roll back?”, and none does any more." in said
    assert (await pilot(world)).stage == "build"
    await page(world, "back.md", BACK)
    await world.type("priya", "/pilot gate pass", ROOM)
    assert (await pilot(world)).stage == "readiness_review"
    entry = (await rows(world, select(AuditEntry).where(AuditEntry.what == "gate passed")))[-1]
    assert list(entry.after["answers"]) == THREE


@pytest.mark.parametrize("state", [ItemState.NOT_APPLICABLE, ItemState.WAIVED])
async def test_of_an_item_that_was_set_aside_or_waived_the_gate_asks_nothing(world: World, state: ItemState) -> None:
    number = await world.new_pilot(**EVERYONE)
    sources(world, source("ops"))
    async with world.parts.store.begin() as session:
        await session.execute(update(Pilot).where(Pilot.id == number).values(stage="build"))
    for gate in ("week_one", "build", "readiness_review"):
        await settle_gate(world, gate, world.clock())
    await change_items(world, ["B-10"], state=state, waived_until=world.clock().date(), na_reason="no operations here")
    await world.type("priya", "/pilot gate pass", ROOM)
    assert (await pilot(world)).stage == "readiness_review"


# ---- the rule and the template -------------------------------------------------------------------------------------------


def answered(*questions: str, has_sources: bool = True) -> Answers:
    return Answers(tuple(Answer(each, "ops/a.md" if each in questions else None) for each in THREE), has_sources)


def test_the_rule_names_just_what_is_missing() -> None:
    asking = row("B-10", answers=THREE)
    answering.check_item(asking, answered(*THREE))
    answering.check_item(asking, answered(has_sources=False))
    answering.check_item(row("B-09"), answered())
    with pytest.raises(Refused) as refused:
        answering.check_item(asking, answered(THREE[0]))
    assert "“How do we roll back?” and “Whom do we call?”" in str(refused.value)
    assert refused.value.choices == tuple((each, f"/runbook {each}") for each in THREE[1:])
    with pytest.raises(Refused, match="“How do we switch it off\\?”, “How do we roll back\\?” and “Whom do we call\\?”"):
        answering.check_gate("Build", [asking], answered())


def test_of_a_gates_items_only_those_that_are_done_and_ask_are_asked_again() -> None:
    items = [row("B-10", answers=THREE, state=ItemState.DONE), row("B-11", answers=["Why?"]), row("B-12", state=ItemState.DONE),
             row("B-13", answers=["Where?"], state=ItemState.DONE, gate="build"), row("B-14", answers=["Who?"], state=ItemState.DONE, is_advice=True)]
    assert [each.ref for each in answering.asking(items, "readiness_review")] == ["B-10"]
    assert answering.asking(items, None) == []
    assert answering.questions_of(items[:2]) == (*THREE, "Why?")


PACK = """schema: 1
template: acme
extends: ai-pilot-default
version: "1"
items:
  - {id: ACME-01, title: Write it down, stage: build, owner: operations, kind: task, due: build+5wd, gate: readiness_review,
     evidence: "A link", why: "Because", category: organization, weight: 2, answers: %s}
"""


def test_a_template_says_which_questions_an_item_asks() -> None:
    assert parse(PACK % '["How do we retrain?"]', "acme.yaml").items[0].answers == ("How do we retrain?",)


@pytest.mark.parametrize("said", ["[]", '[""]', f'["{"x" * 201}"]', "{a: b}"])
def test_a_template_that_asks_nothing_readable_is_refused_with_its_line(said: str) -> None:
    with pytest.raises(FileErrors) as wrong:
        parse(PACK % said, "acme.yaml")
    faults: list[Any] = list(wrong.value.faults)
    assert any("answers" in fault.text for fault in faults), faults

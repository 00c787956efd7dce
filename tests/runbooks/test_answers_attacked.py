"""Presses that come late, twice, from others or from elsewhere: one effect, one sentence, nothing shown to the wrong eyes."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update

from handlers.runbooks.markdown import read_page
from handlers.runbooks.values import Verdict
from storage.models import Post
from storage.shelf import RunbookPage, RunbookSection
from tests.doors.hands import forge, rows
from tests.doors.steps import heard
from tests.runbooks.shelf import ROLLBACK
from tests.runbooks.test_answers_asked import HERE, answer, asked, says
from tests.world import EVERYONE, World

ASK = "/runbook stop the rollout in the registry"
NEW = ROLLBACK.markdown.replace("## Steps", "## Before you begin\n\nWhoever is on call reads this, then goes on to what follows below.\n\n## Steps")


async def rewrite(world: World, path: str, markdown: str) -> None:
    """The page as its source has it now: sections keep their numbers by their places."""
    sections = read_page(markdown, path).sections
    async with world.parts.store.begin() as session:
        page = (await session.scalars(select(RunbookPage).where(RunbookPage.path == path))).one()
        old = list(await session.scalars(select(RunbookSection).where(RunbookSection.page_id == page.id).order_by(RunbookSection.ordinal)))
        for at, each in enumerate(sections):
            filled = {"ordinal": each.ordinal, "level": each.level, "path": list(each.path), "anchor": each.anchor,
                      "markdown": each.markdown, "text": each.text, "code": each.code}
            if at < len(old):
                for name, value in filled.items():
                    setattr(old[at], name, value)
            else:
                session.add(RunbookSection(workspace_id=page.workspace_id, page_id=page.id, **filled))


@pytest.mark.parametrize("label", ["Helpful", "Post to channel", "Show whole section"])
async def test_what_stands_in_the_place_of_the_shown_section_is_not_taken_for_it(stocked: World, label: str) -> None:
    await stocked.new_pilot(**EVERYONE)
    await stocked.type("priya", ASK, HERE)
    ts = answer(stocked).ts
    await rewrite(stocked, "rollback.md", NEW)
    before = len(stocked.sandbox.shown(HERE, "tom"))
    await stocked.press("priya", label, HERE, ts)
    assert "That page was changed or taken away since" in answer(stocked).plain
    assert stocked.sandbox.modal("priya") is None
    assert len(stocked.sandbox.shown(HERE, "tom")) == before
    [row] = await asked(stocked)
    assert row.said is None
    assert not row.details.get("posted")


async def test_asking_again_asks_the_same_pilot(stocked: World) -> None:
    await stocked.new_pilot(**EVERYONE)
    await stocked.new_pilot("Invoice match", "invoice-match", **EVERYONE)
    await stocked.type("priya", '/runbook in "Claims triage" restart the claims intake worker', "general")
    ts = answer(stocked, room="general").ts
    async with stocked.parts.store.begin() as session:
        await session.execute(update(RunbookSection).values(path=["Something else"]))
    await stocked.press("priya", "Helpful", "general", ts)
    async with stocked.parts.store.begin() as session:
        await session.execute(update(RunbookSection).values(path=["Claims queue is stuck", "What to do"]))
    await stocked.press("priya", "Ask again", "general")
    assert answer(stocked, room="general").plain.startswith("*Claims queue is stuck › What to do*")
    assert len({row.pilot_id for row in await asked(stocked)}) == 1


async def test_nobody_wrote_this_can_be_said_of_a_page_that_is_gone(stocked: World) -> None:
    await stocked.new_pilot(**EVERYONE)
    await stocked.type("priya", ASK, HERE)
    ts = answer(stocked).ts
    async with stocked.parts.store.begin() as session:
        for row in await session.scalars(select(RunbookSection)):
            await session.delete(row)
    await stocked.press("priya", "Nobody wrote this", HERE, ts)
    assert "Noted: somebody has yet to write this down" in answer(stocked).plain


async def test_in_a_direct_message_the_answer_itself_is_edited(stocked: World) -> None:
    await stocked.new_pilot(**EVERYONE)
    says(stocked, Verdict.ANSWER, "latency.md", "rollback.md")
    await heard(stocked, "jonas", "dm", "what is with the queue in front of the server?")
    dm = stocked.sandbox.dm_id("jonas")
    number, ts = len(stocked.sandbox.shown(dm, "jonas")), stocked.last(dm, "jonas").ts
    await stocked.press("jonas", "Not it", dm, ts)
    await stocked.press("jonas", "Helpful", dm, ts)
    shown = stocked.sandbox.shown(dm, "jonas")
    assert len(shown) == number, "nothing came below it"
    assert shown[-1].ts == ts
    assert "Noted as helpful" in shown[-1].plain
    assert "Not it" not in shown[-1].buttons

    for each in range(12):
        await heard(stocked, "jonas", "dm", f"what is with queue number {each}?")
    await heard(stocked, "jonas", "dm", "runbook history in general")
    await heard(stocked, "jonas", "dm", "runbook history")
    number, ts = len(stocked.sandbox.shown(dm, "jonas")), stocked.last(dm, "jonas").ts
    await stocked.press("jonas", "Older ▶", dm, ts)
    assert len(stocked.sandbox.shown(dm, "jonas")) == number
    assert "◀ Newer" in stocked.last(dm, "jonas").buttons


async def test_a_refusal_in_a_direct_message_leaves_the_answer_as_it_was(stocked: World) -> None:
    await stocked.new_pilot(**EVERYONE)
    await heard(stocked, "jonas", "dm", "how do we stop the rollout in the registry?")
    dm = stocked.sandbox.dm_id("jonas")
    ts, said = stocked.last(dm, "jonas").ts, stocked.last(dm, "jonas").plain
    await rewrite(stocked, "rollback.md", NEW)
    await stocked.press("jonas", "Helpful", dm, ts)
    assert next(each.plain for each in stocked.sandbox.shown(dm, "jonas") if each.ts == ts) == said
    assert "That page was changed" in stocked.last(dm, "jonas").plain


async def test_where_the_bot_is_not_it_says_so_instead_of_promising_a_post(stocked: World) -> None:
    await stocked.type("priya", ASK, "no-bot")
    await stocked.press("priya", "Post to channel", "no-bot", answer(stocked, room="no-bot").ts)
    assert "I am not in this channel, so I cannot post here. Type `/invite @Ground Crew`" in answer(stocked, room="no-bot").plain
    assert not await rows(stocked, select(Post).where(Post.kind == "runbook-answer"))
    assert not (await asked(stocked))[0].details.get("posted")


@pytest.mark.parametrize("value", [
    "rb-whole", "rb-whole:1", "rb-whole:1:x", "rb-whole:-1:-1", "rb-whole:1:999999999999999", "rb-whole:1:9999999999999999",
    "rb-part:1:1", "rb-part:1:1:x", "rb-part:1:1:-5", "rb-part:1:1:99", "rb-see:1", "rb-see:1:999", "rb-see:x:1", "rb-said:1",
    "rb-said:1:great", "rb-said:99:helpful", "rb-post:1:999", "rb-post:99:1", "rb-tell", "rb-tell:99", "rb-tell:0", "rb-sum:1",
    "rb-sum:99", "rb-history:99:0", "rb-history:0:-7", "rb-history:0:999999", "rb-ask:999", "rb-alert:99", "rb-alert:x", "rb-nothing:1",
    "gaps:0:0:all", "gaps:99:0:open", "gaps:0:-9:open", "gap-give:nope:0", "gap-give:0:0:0", "run:/runbook", "run:/runbook ***"])
async def test_a_forged_value_is_answered_in_a_sentence(seen: World, value: str) -> None:
    await seen.new_pilot(**EVERYONE)
    await seen.type("priya", ASK, HERE)
    before = [(row.said, row.section, row.told_at, row.details) for row in await asked(seen)]
    said = await forge(seen, "priya", value, HERE)
    await seen.settle()
    modal = seen.sandbox.modal("priya")
    assert said or modal is not None
    assert "Something broke" not in said
    assert [(row.said, row.section, row.told_at, row.details) for row in await asked(seen)][:1] == before[:1]

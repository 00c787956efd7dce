"""`/runbook QUESTION` through signed HTTP: the answer, the closest, the honest no, and what is pressed on them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy import select

from handlers.runbooks.progress import Progress, Stage, StillReading
from handlers.runbooks.values import Entry, Found, Hit, Kept, Verdict
from storage.models import AuditEntry, Post
from storage.shelf import RunbookPage, RunbookQuestion, RunbookSection
from tests.doors.hands import fill, forge_command, press, rows
from tests.doors.steps import everything_sent, heard, markup_of
from tests.runbooks.shelf import SITE, Written, put
from tests.world import EVERYONE, World, world_on

HERE = "claims-triage"


async def asked(world: World) -> list[RunbookQuestion]:
    return await rows(world, select(RunbookQuestion).order_by(RunbookQuestion.id))


def answer(world: World, who: str = "priya", room: str = HERE) -> Any:
    """What somebody alone sees, the newest."""
    return [each for each in world.sandbox.shown(room, who) if each.ephemeral_for][-1]


class Says:
    """An index that finds what a test says, for what the ranking is not about."""

    def __init__(self, world: World, verdict: Verdict, *paths: str, **found: Any) -> None:
        self.world, self.verdict, self.paths, self.found = world, verdict, paths, found
        self.real = world.parts.desk.tools.runbooks.keeper

    @property
    def policy(self) -> Any:
        return self.real.policy

    async def find(self, question: str, *, pilot: str | None = None, at_most: int = 3) -> Found:
        found = await rows(self.world, select(RunbookSection).join(RunbookPage, RunbookPage.id == RunbookSection.page_id)
                           .where(RunbookSection.level == 2, RunbookPage.path.in_(self.paths)).order_by(RunbookSection.id))
        pages = {page.id: page for page in await rows(self.world, select(RunbookPage))}
        found.sort(key=lambda each: (self.paths.index(pages[each.page_id].path), each.id))
        hits = [Hit(Entry(each.id, f"{pages[each.page_id].source}/{pages[each.page_id].path}", "", (), "", "",
                          is_stub=pages[each.page_id].is_stub), 1.0) for each in found]
        return Found(tuple(hits[:at_most]), 0.5, self.verdict, **self.found)

    async def kept(self, sections: Sequence[int]) -> Sequence[Kept]:
        return await self.real.kept(sections)


def says(world: World, verdict: Verdict, *paths: str, **found: Any) -> None:
    object.__setattr__(world.parts.desk.tools.runbooks, "keeper", Says(world, verdict, *paths, **found))


async def test_the_answer_is_the_passage_with_where_it_stands_and_how_old_it_is(stocked: World) -> None:
    await stocked.new_pilot(**EVERYONE)
    said = await stocked.type("priya", "/runbook stop the rollout in the registry", HERE)
    assert said.startswith("*Rolling back a model › Steps*")
    assert "Rolling back a model (ops/rollback.md) · kept by Ana Ruiz · changed 2 weeks ago · shared" in said
    assert '```registry rollout pause --model claims --reason "bad answers"```' in said
    assert "2. Send all traffic to the version before:" in said
    blocks = str(answer(stocked).all_blocks)
    assert f"<{SITE}rollback.md#steps|Rolling back a model>" in blocks, "at its section"
    assert f"<{SITE}checklist.md|the checklist>" in blocks, "relative links are made absolute"
    assert "Its team sees what was asked and by whom: `/runbook history`" in said
    assert answer(stocked).buttons[-5:] == ["Show whole section", "Post to channel", "Helpful", "Not it", "Nobody wrote this"]
    [row] = await asked(stocked)
    assert (row.pilot_id, row.verdict, row.path, row.headings) == (1, "answer", "rollback.md", ["Rolling back a model", "Steps"])
    assert row.words == "stop the rollout in the registry"
    assert not [each for each in stocked.sandbox.shown(HERE, "tom") if "registry" in each.plain], "nobody else sees it"

    # An old page is said to be old; a page of the pilot is said to be the pilot's; another pilot's is not found.
    assert "⚠ old: last changed 13 months ago" in await stocked.type("priya", "/runbook FeatureDriftHigh", HERE)
    assert "changed 2 days ago · Claims triage" in await stocked.type("priya", "/runbook restart the claims intake worker", HERE)
    elsewhere = await stocked.type("marta", "/runbook restart the claims intake worker", "general")
    assert "Claims queue" in elsewhere, "the only pilot of whoever asks"
    await stocked.new_pilot("Invoice match", "invoice-match", **EVERYONE)
    elsewhere = await stocked.type("priya", "/runbook restart the claims intake worker", "general")
    assert "Claims queue" not in elsewhere, "of two pilots none is meant"
    assert "Asked of the shared runbooks" in elsewhere
    named = await stocked.type("priya", '/runbook in "Claims triage" restart the claims intake worker', "general")
    assert named.startswith("*Claims queue is stuck › What to do*")
    assert (await asked(stocked))[-1].words == "restart the claims intake worker"
    here = await stocked.type("priya", "/runbook restart the claims intake worker", "invoice-match")
    assert "Claims queue" not in here, "the channel's pilot alone"


async def test_the_verdict_decides_between_an_answer_the_closest_and_nothing(stocked: World) -> None:
    await stocked.new_pilot(**EVERYONE)
    says(stocked, Verdict.CLOSEST, "latency.md", "rollback.md", matched=("slow", "model"), missing=("helm", "*bold*"),
         corrected=(("modle", "model"),))
    said = await stocked.type("priya", "/runbook slow modle on helm", HERE)
    assert said.startswith("*Closest runbook, perhaps not the answer: Slow answers › Diagnosis*")
    assert "Nothing answers this in so many words" in said
    assert "It has `slow`, `model`." in said
    assert "No runbook has `helm`, `*bold*`." in said
    assert "I read `modle` as `model`." in said
    assert "Rolling back a model › Steps" in answer(stocked).buttons

    says(stocked, Verdict.NOTHING, "latency.md", missing=("helm",))
    said = await stocked.type("priya", "/runbook helm upgrade", HERE)
    assert said.startswith("*No runbook answers this*")
    assert "I would rather say so than guess." in said
    assert "queue in front" not in said, "no passage is shown as if it answered"
    assert "These have some of the same words, no more:" in said
    assert [row.verdict for row in await asked(stocked)] == ["closest", "nothing"]
    assert (await asked(stocked))[-1].path is None


async def test_a_page_that_nobody_has_written_is_said_to_be_one(stocked: World) -> None:
    said = await stocked.type("priya", "/runbook pii-leak")
    assert said.startswith("*Not written yet: Personal data leak*")
    assert "There is a page, but nobody has written it yet." in said
    assert "kept by Ines Duarte" in said
    assert "TODO" not in said
    [row] = await asked(stocked)
    assert (row.verdict, row.path) == ("nothing", "pii-leak.md")


async def test_what_is_not_it_gives_way_to_the_next_and_what_helps_is_remembered(stocked: World) -> None:
    await stocked.new_pilot(**EVERYONE)
    says(stocked, Verdict.ANSWER, "latency.md", "rollback.md")
    await stocked.type("priya", "/runbook what now with the queue", HERE)
    await stocked.press("priya", "Not it", HERE, answer(stocked).ts)
    first, second = (await asked(stocked))[0], answer(stocked)
    assert first.said == "not_it"
    assert second.plain.startswith("*Another candidate: ")
    await stocked.press("priya", "Helpful", HERE, second.ts)
    assert "Noted as helpful" in answer(stocked).plain
    [row] = await asked(stocked)
    assert row.said == "helpful"
    shown = (await rows(stocked, select(RunbookSection).where(RunbookSection.id == row.section)))[0]
    assert row.headings == shown.path

    await stocked.type("priya", "/runbook what now with the queue", HERE)
    for _ in range(3):
        if "Not it" in answer(stocked).buttons:
            await stocked.press("priya", "Not it", HERE, answer(stocked).ts)
    assert answer(stocked).plain.startswith("*Then no runbook answers this*")
    assert "That was the last one that came near" in answer(stocked).plain

    await stocked.type("priya", "/runbook what now with the queue", HERE)
    await stocked.press("priya", "Nobody wrote this", HERE, answer(stocked).ts)
    assert "Noted: somebody has yet to write this down" in answer(stocked).plain
    assert (await asked(stocked))[-1].said == "nobody_wrote"


async def test_another_candidate_is_one_press_away(stocked: World) -> None:
    await stocked.new_pilot(**EVERYONE)
    says(stocked, Verdict.ANSWER, "latency.md", "rollback.md")
    await stocked.type("priya", "/runbook what now with the queue", HERE)
    offered = answer(stocked).buttons[0]
    assert offered == "Rolling back a model › Steps", "of another page before another part of the same"
    await stocked.press("priya", offered, HERE, answer(stocked).ts)
    assert answer(stocked).plain.startswith("*Another candidate: Rolling back a model › Steps*")
    assert (await asked(stocked))[0].path == "rollback.md"
    assert "Slow answers › Diagnosis" in answer(stocked).buttons, "and back"


async def test_the_whole_section_opens_over_the_answer_with_all_below_it(stocked: World) -> None:
    await put(stocked, [Written("ops", "long.md", "# Long page\n\n## Everything\n\n" + "\n\n".join(
        f"Sentence {n} of a long section, which has many of them to say." for n in range(60)) + "\n\n### Below\n\nThe end of it.\n")])
    said = await stocked.type("priya", "/runbook sentence of a long section which has many of them to say")
    assert "Sentence 3 of" in said
    assert "Sentence 40 of" not in said
    assert "This is the beginning of it." in said
    await stocked.press("priya", "Show whole section", "general", answer(stocked, room="general").ts)
    window = stocked.sandbox.modal("priya")
    assert window is not None
    assert "Sentence 59 of" in window.plain
    assert "The end of it." in window.plain
    assert answer(stocked, room="general").plain.startswith("*Long page › Everything*"), "the answer stays"


async def test_an_answer_is_posted_where_it_was_asked_and_only_by_whoever_asked(stocked: World) -> None:
    await stocked.new_pilot(**EVERYONE)
    await stocked.type("priya", "/runbook stop the rollout in the registry", HERE)
    await stocked.press("priya", "Post to channel", HERE, answer(stocked).ts)
    assert "It comes into this channel in a moment" in answer(stocked).plain
    posted = [each for each in stocked.sandbox.shown(HERE, "tom") if "registry rollout pause" in each.plain]
    assert len(posted) == 1
    assert "Priya Shah asked: stop the rollout in the registry" in posted[0].plain
    assert posted[0].thread_ts is None
    await stocked.press("tom", "Show whole section", HERE, posted[0].ts)
    assert stocked.sandbox.modal("tom") is not None, "everybody may look"

    parent = await stocked.sandbox.say("tom", HERE, "it answers nonsense")
    await stocked.sandbox.say("priya", HERE, "@groundcrew how do we stop the rollout in the registry?", thread_ts=parent)
    await stocked.settle()
    whisper = answer(stocked)
    assert whisper.plain.startswith("*Rolling back a model › Steps*")
    assert whisper.thread_ts == parent, "answered in the thread"
    await stocked.press("priya", "Post to thread", HERE, whisper.ts)
    assert [each.thread_ts for each in stocked.sandbox.shown(HERE, "tom") if "registry rollout pause" in each.plain] == [None, parent]


async def test_a_question_is_heard_in_a_mention_and_in_direct_messages(stocked: World) -> None:
    await stocked.new_pilot(**EVERYONE)
    assert "registry rollout pause" in await heard(stocked, "jonas", HERE, "@groundcrew how do we stop the rollout in the registry?")
    assert answer(stocked, "jonas").buttons[-4:] == ["Post to thread", "Helpful", "Not it", "Nobody wrote this"]
    direct = await heard(stocked, "jonas", "dm", "how do we stop the rollout in the registry?")
    assert "registry rollout pause" in direct
    assert "Post to" not in direct
    last = stocked.sandbox.shown(stocked.sandbox.dm_id("jonas"), "jonas")[-1]
    assert last.ephemeral_for is None, "plain: nobody else is there"
    assert "Ask with the question behind it" in await heard(stocked, "jonas", "dm", "runbook")
    assert "Claims triage · Intake" in await heard(stocked, "jonas", HERE, "@groundcrew status"), "the rest is as it was"
    assert "I know no pilot called “zebra”" in await heard(stocked, "jonas", HERE, "@groundcrew zebra")


async def test_an_empty_question_opens_a_form_and_home_has_a_button_for_it(stocked: World) -> None:
    await stocked.new_pilot(**EVERYONE)
    await stocked.type("priya", "/runbook", HERE)
    form = stocked.sandbox.modal("priya")
    assert form is not None
    assert form.title == "Ask the runbook"
    assert await stocked.submit("priya", question="can you") == {"question": (
        "Those are words that every page has, so they point at none. Say what it is about: a service, an alert, what is "
        "wrong, as in `/runbook how do we roll the model back?`.")}
    assert not await stocked.submit("priya", question="stop the rollout in the registry", pilot="1")
    assert "registry rollout pause" in answer(stocked).plain

    await stocked.sandbox.open_home("marta")
    await stocked.settle()
    home = stocked.sandbox.home("marta")
    assert home is not None
    answered = await stocked.sandbox.press("marta", view=home.id, label="Ask the runbook")
    assert answered.error is None
    await stocked.settle()
    assert (await stocked.sandbox.submit("marta", question="stop the rollout in the registry")).error is None
    await stocked.settle()
    window = stocked.sandbox.modal("marta")
    assert window is not None
    assert "registry rollout pause" in window.plain
    answered = await stocked.sandbox.press("marta", view=window.id, label="Helpful")
    assert answered.error is None
    await stocked.settle()
    assert "Noted as helpful" in stocked.sandbox.modal("marta").plain  # type: ignore[union-attr]


async def test_who_asks_by_form_can_post_it_in_the_channel_where_they_opened_the_form(stocked: World) -> None:
    await stocked.new_pilot(**EVERYONE)
    await stocked.type("priya", "/runbook", HERE)
    assert not await stocked.submit("priya", question="stop the rollout in the registry", pilot="1")
    assert answer(stocked).buttons[-4:] == ["Post to channel", "Helpful", "Not it", "Nobody wrote this"]
    await stocked.press("priya", "Post to channel", HERE, answer(stocked).ts)
    posted = [each for each in stocked.sandbox.shown(HERE, "tom") if "registry rollout pause" in each.plain]
    assert [each.thread_ts for each in posted] == [None]
    assert "Priya Shah asked: stop the rollout in the registry" in posted[0].plain
    [row] = await asked(stocked)
    assert (row.room or "").endswith(stocked.sandbox.channel_id(HERE))

    # From a card: in its channel, over the channel.
    await stocked.type("priya", "/pilot status", HERE)
    await stocked.press("priya", "Ask the runbook", HERE)
    assert not await stocked.submit("priya", question="stop the rollout in the registry", pilot="1")
    assert "Post to channel" in answer(stocked).buttons
    await stocked.press("priya", "Post to channel", HERE, answer(stocked).ts)
    assert len([each for each in stocked.sandbox.shown(HERE, "tom") if "registry rollout pause" in each.plain]) == 2


async def test_a_form_over_home_says_where_an_answer_can_be_posted(stocked: World) -> None:
    await stocked.new_pilot(**EVERYONE)
    await stocked.sandbox.open_home("marta")
    await stocked.settle()
    await press(stocked, "marta", "rb-ask:", None)
    assert await fill(stocked, "marta", question="stop the rollout in the registry") is None
    window = stocked.sandbox.modal("marta")
    assert window is not None
    assert "registry rollout pause" in window.plain
    assert not [each for each in window.buttons if each.startswith("Post to")]
    assert "To show it to others, ask in a channel of theirs: there the answer can be posted." in window.plain


async def test_the_owners_hear_of_a_question_once_however_often_it_is_asked(stocked: World) -> None:
    await stocked.new_pilot(**EVERYONE)
    says(stocked, Verdict.NOTHING)
    for who in ("tom", "sam"):
        await stocked.type(who, "/runbook how do we drain the <!channel> *feature* store?", HERE)
        await stocked.press(who, "Tell the owners", HERE, answer(stocked, who).ts)
        assert "Ana Ruiz, Priya Shah know that this is missing" in answer(stocked, who).plain
        assert "Tell the owners" not in answer(stocked, who).buttons
    for keeper in ("ana", "priya"):
        told = [each.plain for each in stocked.sandbox.shown(stocked.sandbox.dm_id(keeper), keeper) if "runbook is missing" in each.plain]
        assert len(told) == 1
        assert "Tom Weber* asked in Claims triage: how do we drain the <!channel> ∗feature∗ store?" in told[0]
        assert "No runbook answers it." in told[0]
    trail = await rows(stocked, select(AuditEntry).where(AuditEntry.what == "runbook wanted"))
    assert [entry.after["question"] for entry in trail] == ["how do we drain the <!channel> *feature* store?"]
    assert "told the owners that a runbook is missing" in await stocked.type("priya", "/pilot history", HERE)
    assert all(row.told_at is not None for row in await asked(stocked))


async def test_of_a_page_that_nobody_has_written_its_owner_hears(stocked: World) -> None:
    await stocked.type("ines", "/runbook history")  # so that she is known
    await stocked.type("tom", "/runbook pii-leak")
    await stocked.press("tom", "Tell the owners", "general", answer(stocked, "tom", "general").ts)
    told = stocked.all_text(stocked.sandbox.dm_id("ines"), "ines")
    assert "Tom Weber* asked of the shared runbooks: pii-leak" in told
    assert "There is a page, Personal data leak, but nobody has written it yet." in told


async def test_a_pilots_team_sees_what_was_asked_and_nobody_else(stocked: World) -> None:
    await stocked.new_pilot(legal="jonas")
    await stocked.type("priya", "/runbook why is password=hunter2 refused by the registry", HERE)
    await stocked.type("tom", "/runbook *what* <!here> about `drift`?", HERE)
    said = await stocked.type("jonas", "/runbook history", HERE)
    assert said.startswith("*Claims triage: 2 questions to the runbooks, newest first*")
    assert "why is password=••• refused by the registry" in said
    assert "hunter2" not in said
    assert "<!here>" in said
    assert "<!here>" not in markup_of(everything_sent(stocked))
    assert "The team of this pilot sees this and nobody else does" in said
    refused = await stocked.type("omar", "/runbook history claims triage")
    assert "can read what this pilot's runbooks were asked" in refused
    assert "registry" not in refused
    mine = await stocked.type("tom", "/runbook history", "general")
    assert mine.startswith("*You asked the runbooks 1 question, newest first*")
    assert not [row for row in await rows(stocked, select(RunbookQuestion)) if "hunter2" in row.words or "hunter2" in row.key]


async def test_only_whoever_asked_says_what_an_answer_was_worth(stocked: World) -> None:
    await stocked.new_pilot(**EVERYONE)
    says(stocked, Verdict.ANSWER, "latency.md")
    await stocked.type("priya", "/runbook what now with the queue", HERE)
    tools = stocked.parts.desk.tools
    from handlers.chat.errors import Refused
    from handlers.chat.ports import Actor
    from tests.world import TEAM
    for act in (lambda who: tools.runbooks.judge(who, 1, "helpful"), lambda who: tools.runbooks.post(who, 1, 1),
                lambda who: tools.runbooks.tell(who, 1), lambda who: tools.runbooks.see(who, 1, 1)):
        with pytest.raises(Refused, match="Only whoever asked"):
            await act(Actor(TEAM, f"slack:{stocked.sandbox.user_id('tom')}", "slack button", room="slack:C1"))
    assert [row.said for row in await asked(stocked)] == [None]


async def test_outsiders_are_refused(stocked: World) -> None:
    answered = await forge_command(stocked, "noor", "/runbook stop the rollout")
    assert "you are here as a guest from another one" in answered.text
    assert await asked(stocked) == []


async def test_the_same_delivery_twice_is_one_question(stocked: World) -> None:
    before = stocked.sandbox.workspace.new_trigger
    triggers: list[str] = []

    def same(user: str) -> str:
        triggers.append(triggers[0] if triggers else before(user))
        return triggers[-1]

    stocked.sandbox.workspace.new_trigger = same  # type: ignore[method-assign]
    assert "registry" in (await forge_command(stocked, "priya", "/runbook stop the rollout in the registry")).text
    assert "I got that twice and did it once" in (await forge_command(stocked, "priya", "/runbook stop the rollout in the registry")).text
    assert len(await asked(stocked)) == 1


async def test_a_page_that_changed_meanwhile_is_not_shown_as_it_was(stocked: World) -> None:
    await stocked.new_pilot(**EVERYONE)
    await stocked.type("priya", "/runbook stop the rollout in the registry", HERE)
    ts = answer(stocked).ts
    async with stocked.parts.store.begin() as session:
        for row in await session.scalars(select(RunbookSection)):
            await session.delete(row)
    await stocked.press("priya", "Helpful", HERE, ts)
    assert "That page was changed or taken away since" in answer(stocked).plain
    assert "Ask again" in answer(stocked).buttons
    await stocked.press("priya", "Show whole section", HERE, ts)
    assert "That page was changed or taken away since" in answer(stocked).plain


async def test_before_there_is_an_index_it_says_how_far_it_is(stocked: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def find(*_: Any, **__: Any) -> Found:
        raise StillReading(Progress(Stage.READING, 43, 100, None))

    says(stocked, Verdict.NOTHING)
    monkeypatch.setattr(Says, "find", find)
    said = await stocked.type("priya", "/runbook stop the rollout in the registry")
    assert "I am still reading the runbooks: 43 of 100 pages. Ask again in a moment." in said
    assert await asked(stocked) == []


async def test_without_sources_it_says_what_to_do_and_mentions_stay_with_pilot(sqlite_url: str, clock: Any) -> None:
    async with world_on(sqlite_url, clock) as world:
        await world.new_pilot(**EVERYONE)
        for line in ("/runbook how do we roll back?", "/runbook"):
            assert "No runbooks are connected yet" in await world.type("priya", line, HERE)
        assert "No item of Claims triage has “do we roll back” in its title" in await heard(world, "priya", HERE, "@groundcrew how do we roll back?")
        await world.sandbox.open_home("priya")
        await world.settle()
        assert "Ask the runbook" not in world.sandbox.home("priya").plain  # type: ignore[union-attr]


BAD = ("AND OR NOT", '"', "'; DROP TABLE runbook_question; --", "drift* NEAR/3 \"psi", "<!channel> *bold* _it_ ~no~ `x` > quote",
       "https://runbooks.northwind.example/nowhere", "```\nregistry traffic set --model claims\n```", "FeatureDriftHigh",
       "wie rollen wir das modell zurück?", "如何回滚模型", "SELECT * FROM runbook_page WHERE title = 'x' OR 1=1", "a", "%_%", "\u202ereversed",
       "{0} {words} %s %(x)s", "& < >", "-", "0")


async def test_whatever_is_asked_is_answered_in_a_sentence_and_literally(seen: World) -> None:
    await seen.new_pilot(**EVERYONE)
    for text in BAD:
        said = await seen.type("priya", f"/runbook {text}", HERE)
        if not said:
            form = seen.sandbox.modal("priya")
            assert form is not None, text
            assert form.title == "Ask the runbook"
            await seen.sandbox.close("priya", form.id)
        assert "Something broke" not in said, (text, said)
    kept = {row.words for row in await asked(seen)}
    assert {"'; DROP TABLE runbook_question; --", "<!channel> *bold* _it_ ~no~ `x` > quote", "drift* NEAR/3 \"psi"} <= kept, "as they were typed"
    marked = markup_of(everything_sent(seen))
    assert "<!channel>" not in marked
    assert "*bold*" not in marked
    assert "10,000 characters; ask in a sentence or two" in await seen.type("priya", f"/runbook {'word ' * 1999}words", HERE)
    known = await seen.type("priya", f"/runbook {SITE}rollback", HERE)
    assert known.startswith("*Rolling back a model › Steps*"), "the address of a page of ours"


async def test_markdown_in_a_runbook_is_text_and_pings_nobody(seen: World) -> None:
    await put(seen, [Written("ops", "hostile.md", "# Hostile <!channel> *page*\n\n## Do\n\n1. Ping <!here> & <@U0ANA0000> `<!everyone>`\n\n"
                             "```\nrm -rf <!channel>\n```\n\n[x](javascript:alert(1)) [y](slack://open)\n", owner="<!channel>")])
    said = await seen.type("priya", "/runbook ping hostile page do")
    assert "Hostile" in said
    marked = markup_of(everything_sent(seen))
    for ping in ("<!channel>", "<!here>", "<@U0ANA0000>", "<!everyone>", "javascript:alert(1)|", "<slack:"):
        assert ping not in marked


async def test_two_at_once_are_two_questions_and_tell_the_owners_once(stocked: World) -> None:
    await stocked.new_pilot(**EVERYONE)
    says(stocked, Verdict.NOTHING)
    for who in ("tom", "sam"):
        await stocked.type(who, "/runbook drain the feature store", HERE)
    from handlers.chat.ports import Actor
    from tests.world import TEAM
    runbooks = stocked.parts.desk.tools.runbooks
    await asyncio.gather(*(runbooks.tell(Actor(TEAM, f"slack:{stocked.sandbox.user_id(who)}", "slack button"), number)
                           for number, who in ((1, "tom"), (2, "sam"))))
    assert len(await rows(stocked, select(Post).where(Post.kind == "runbook-wanted"))) == 2, "ana and priya, once each"


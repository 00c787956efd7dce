"""Large pages and many of them are read a part at a time: within a memory of their own, and with turns for everything else."""

from __future__ import annotations

import asyncio
import gc
from pathlib import Path
from threading import get_ident
from time import thread_time
from typing import Any

import pytest
from sqlalchemy import insert

from handlers.runbooks import page_shelf, taking
from handlers.runbooks.blocks import blocks
from handlers.runbooks.page_shelf import Pages
from handlers.runbooks.parsing import Parsing
from handlers.runbooks.policy import Kind, Policies
from handlers.runbooks.values import Kept
from storage import runbook_index, runbooks
from storage.shelf import RunbookPage, RunbookSource
from tests.runbooks.reading_stage import GOOD, WORKSPACE, Shelf

# ---- memory and the event loop -----------------------------------------------------------------------------

async def test_pages_are_held_a_few_megabytes_at_a_time(shelf: Shelf, ops: Path) -> None:
    from handlers.runbooks import folder
    from handlers.runbooks.taking import Taking
    for at in range(9):
        (ops / f"large{at}.md").write_text("# Large\n\n" + "a b\n\n" * 300_000)
    for at in range(40):
        (ops / f"small{at}.md").write_text(GOOD)
    fetched = await folder.fetch(shelf.sources["ops"])
    taking = Taking(shelf.sources["ops"], fetched, {}, Parsing())
    parts = list(taking._parts(taking.pages, {}))
    assert [len(each) for each in parts if "large" in each[0]] == [2, 2, 2, 2, 2] or max(
        sum(fetched.files[path].size for path in each) for each in parts) <= 4 * 1024 * 1024
    assert sorted(path for each in parts for path in each) == taking.pages


async def test_files_to_be_taken_in_are_not_all_held_at_once(shelf: Shelf, ops: Path) -> None:
    names = [f"part{at}.txt" for at in range(40)]
    for name in names:
        (ops / name).write_text("x" * 300_000)
    (ops / "all.md").write_text("# All\n\n" + "\n".join(f"{{! {name} !}}" for name in names) + "\n")
    from handlers.runbooks import folder
    from handlers.runbooks.taking import Taking
    fetched = await folder.fetch(shelf.sources["ops"])
    loaded: list[str] = []

    class Counting:
        async def __call__(self, paths: Any) -> Any:
            loaded.extend(paths)
            return await fetched.load(paths)
    from dataclasses import replace
    taking = Taking(shelf.sources["ops"], replace(fetched, load=Counting()), {}, Parsing())
    [batch] = [batch async for batch in taking.batches()]
    assert {each.path for each in batch} == {"all.md", "latency.md"}
    assert len([each for each in loaded if each.startswith("part")]) <= 8
    assert "is over 1024 KiB together" in " ".join(next(each for each in batch if each.path == "all.md").details["faults"]) or "not there" in str(batch)


def spied(monkeypatch: pytest.MonkeyPatch, module: Any, *names: str) -> set[int]:
    """The threads in which these functions of a module ran."""
    found: set[int] = set()

    def spy(name: str) -> None:
        real = getattr(module, name)

        def called(*args: Any, **more: Any) -> Any:
            found.add(get_ident())
            return real(*args, **more)
        monkeypatch.setattr(module, name, called)
    for name in names:
        spy(name)
    return found


async def test_what_a_page_takes_in_is_put_together_beside_the_event_loop(shelf: Shelf, ops: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    threads = spied(monkeypatch, taking, "front", "included")
    (ops / "p.md").write_text("---\ntitle: P\n---\n# P\n\n{% include x.md %}\n" + "word {! and\n" * 2_000)
    await shelf.read()
    assert len(await shelf.pages()) == 2
    assert threads
    assert get_ident() not in threads


async def test_a_long_passage_is_made_into_a_card_beside_the_event_loop(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    markdown = "".join(f"{at}. Look at `x{at}` and **then** [there](a.md), please.\n" for at in range(1_200))
    kept = Kept(1, "ops", "a.md", "A", ("A",), "a", markdown, None, None, None, False, False, None)
    threads = spied(monkeypatch, page_shelf, "blocks")
    async with shelf.store.reading() as session:
        assert await Pages(shelf.store, Policies()).passage(session, "slack:T1", kept) == blocks(markdown)
    assert threads
    assert get_ident() not in threads


# ---- ten thousand pages ------------------------------------------------------------------------------------

async def is_in_turns(work: Any) -> bool:
    """Whether the event loop has turns in between: then the fifth longest of them is not much shorter than the longest."""
    turns, is_over = list[float](), False

    async def beat() -> None:
        while not is_over:
            begun = thread_time()
            await asyncio.sleep(0)
            turns.append(thread_time() - begun)
    beating = asyncio.create_task(beat())
    await asyncio.sleep(0)
    gc.disable()
    try:
        kept = await work  # noqa: F841 - to take it apart again is no part of the work
    finally:
        is_over = True
        await beating
        gc.enable()  # not before: looking through what was read is no part of reading it
    longest = sorted(turns)[-5:]
    return longest[0] > longest[-1] / 10


async def looked_through(shelf: Shelf, session: Any) -> Any:
    pages = Pages(shelf.store, Policies(shelf.sources))
    return pages, await pages.shelf(session, WORKSPACE)


@pytest.mark.parametrize("ask", [
    lambda session, shelf: runbooks.known_pages(session, WORKSPACE, "ops"),
    lambda session, shelf: runbook_index.page_states(session, WORKSPACE, ["ops"]),
    lambda session, shelf: looked_through(shelf, session)],
    ids=["known_pages", "page_states", "shelf"])
async def test_ten_thousand_pages_are_looked_through_in_turns(shelf: Shelf, ask: Any) -> None:
    details = {"stamp": "1" * 30, "reader": 1, "aliases": ["a", "b"], "front": {f"k{at}": ["a", "b", "c"] for at in range(8)}}
    shelf.add(Kind.FOLDER, "/srv")
    async with shelf.store.begin() as session:
        session.add(RunbookSource(workspace_id=WORKSPACE, name="ops", next_at=shelf.clock()))
        await session.execute(insert(RunbookPage), [
            {"workspace_id": WORKSPACE, "source": "ops", "path": f"{at}.md", "title": f"Page {at}", "digest": "d" * 64,
             "read_at": shelf.clock(), "version": 1, "is_stub": False, "details": details, "url": f"https://h/{at}.md"} for at in range(10_000)])
    async with shelf.store.reading() as session:
        assert await is_in_turns(ask(session, shelf))

"""Whose turn it is to read a source, and when: clocks that stood wrong, starts and stops, sources put back, numbers of sections."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from datetime import timedelta
from multiprocessing import active_children
from pathlib import Path
from typing import Any

import pytest

from handlers.runbooks import taking
from handlers.runbooks.keeper import Keeper
from handlers.runbooks.parsing import Parsing, Text, Unparsed
from handlers.runbooks.policy import Kind, Policies
from handlers.runbooks.reading import Reading
from storage import runbooks
from storage.shelf import RunbookSource
from tests.runbooks.reading_stage import GOOD, WORKSPACE, Shelf, write


def started(shelf: Shelf) -> Reading:
    """The bot after another start."""
    return Reading(shelf.store, shelf.clock, WORKSPACE, Policies(shelf.sources), shelf.http, shelf.env.get, shelf.cache)


# ---- clocks ------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("years", [1, 0.001])
async def test_a_clock_that_stood_ahead_does_not_keep_a_source_from_being_read_once_it_is_right(shelf: Shelf, ops: Path, years: float) -> None:
    right = shelf.clock.now
    shelf.clock.now = right + timedelta(days=365 * years)
    await shelf.read()
    shelf.clock.now = right
    write(ops, latency=GOOD + "\nAnd tell the owner.\n")
    assert await shelf.reading.read_due() == 1
    assert "tell the owner" in (await shelf.sections("latency.md"))[0].markdown
    assert (await shelf.row()).next_at <= right + timedelta(minutes=11)
    assert await shelf.reading.read_due() == 0


async def test_an_interval_that_was_made_shorter_counts_at_once(shelf: Shelf, ops: Path) -> None:
    shelf.add(Kind.FOLDER, ops, every=timedelta(days=7))
    await shelf.read()
    shelf.add(Kind.FOLDER, ops, every=timedelta(minutes=1))
    assert await started(shelf).read_due() == 1


async def test_what_is_put_off_as_planned_is_not_taken_for_a_wrong_clock(shelf: Shelf, ops: Path) -> None:
    for every in (timedelta(minutes=1), timedelta(days=7)):
        shelf.add(Kind.FOLDER, ops, every=every)
        await shelf.read()
        assert await shelf.reading.read_due() == 0
        assert await started(shelf).read_due() == 0


# ---- starts and stops --------------------------------------------------------------------------------------

async def test_who_corrects_what_was_wrong_and_starts_again_need_not_wait(shelf: Shelf, ops: Path) -> None:
    shelf.add(Kind.HTTP, "https://example.com/a.md", token_env="TOKEN")
    row = await shelf.read()
    assert "TOKEN is not set" in str(row.error)
    assert await shelf.reading.read_due() == 0
    shelf.add(Kind.FOLDER, ops)
    assert await started(shelf).read_due() == 1
    assert (await shelf.row()).error is None


async def test_a_stop_leaves_the_source_to_whoever_runs_next_at_once(shelf: Shelf, ops: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reading, begun = shelf.reading, asyncio.Event()

    async def never(*_args: Any, **_more: Any) -> None:
        begun.set()
        await asyncio.Event().wait()
    monkeypatch.setattr(Parsing, "pages", never)
    running = asyncio.create_task(reading.run())
    await begun.wait()
    await reading.end()
    await running
    monkeypatch.undo()
    assert "reading_until" not in (await shelf.row()).details
    assert await started(shelf).read_due() == 1
    assert list(await shelf.pages()) == ["latency.md"]


async def test_a_source_is_not_read_twice_at_once_by_one_process(shelf: Shelf, ops: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reading, begun, go = shelf.reading, asyncio.Event(), asyncio.Event()
    parsed = Parsing.pages

    async def slow(self: Parsing, texts: Sequence[Text], *, of_many: bool = False) -> Any:
        begun.set()
        await go.wait()
        return await parsed(self, texts, of_many=of_many)
    monkeypatch.setattr(Parsing, "pages", slow)
    running = asyncio.create_task(reading.run())
    await begun.wait()
    shelf.clock.now -= timedelta(days=3)
    assert await reading._claim(4) == []
    go.set()
    await running


async def test_reading_that_is_cut_off_leaves_no_process_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    parse = Parsing()
    asked = asyncio.create_task(parse.pages([Text("a.md", "[a](" * 250_000), *(Text(f"{at}.md", "# a") for at in range(3))], of_many=True))
    while parse._process is None or parse._process.pid is None:
        await asyncio.sleep(0.05)
    await asyncio.sleep(0.5)
    await asyncio.to_thread(parse.close)
    found = await asked
    assert all(isinstance(each, Unparsed) for each in found)
    assert [each for each in active_children() if each.name == "runbook parser"] == []


# ---- sources that are taken out and put back ---------------------------------------------------------------

async def test_a_source_that_was_taken_out_and_put_back_is_answered_from_anew(shelf: Shelf, ops: Path) -> None:
    await shelf.read()
    keeper = Keeper(shelf.store, WORKSPACE, Policies(shelf.sources))
    await keeper.find("restart the pods")
    kept = dict(shelf.sources)
    shelf.sources.clear()
    await started(shelf).read_due()
    assert await shelf.pages() == {}
    shelf.sources.update(kept)
    shelf.clock.advance(minutes=1)
    write(ops, latency="# Latency\n\nAsk the provider first whether they know of it.\n", other=GOOD.replace("Latency", "Other"))
    assert await started(shelf).read_due() == 1
    assert (await shelf.row()).version == 1
    found = await keeper.find("restart the pods")
    first = found.hits[0]
    assert first.entry.page == "ops/other.md"
    assert await keeper.kept([first.entry.id])


async def test_the_number_of_a_section_that_is_gone_is_never_anothers(shelf: Shelf, ops: Path) -> None:
    """Questions and buttons name sections by number; another page's may be another pilot's."""
    await shelf.read()
    [gone] = await shelf.sections("latency.md")
    (ops / "latency.md").unlink()
    write(ops, salaries="# Salaries\n\nNobody but the pilot's team is to see any of this here.\n")
    await shelf.read()
    assert gone.id not in {each.id for each in await shelf.sections("salaries.md")}


async def test_a_page_whose_name_changes_in_case_alone_comes_once(shelf: Shelf, ops: Path) -> None:
    await shelf.read()
    os.rename(ops / "latency.md", ops / "Latency.md")
    row = await shelf.read()
    assert (row.error, list(await shelf.pages())) == (None, ["Latency.md"])
    write(ops, latency=GOOD)
    await shelf.read()
    assert list(await shelf.pages()) in (["Latency.md", "latency.md"], ["latency.md", "Latency.md"])


# ---- readers that die --------------------------------------------------------------------------------------

DYING = """
import asyncio, os, sys
from datetime import UTC, datetime
from pathlib import Path
from handlers.runbooks import reading
from handlers.runbooks.policy import Kind, Policies, Source
from handlers.web.http import Http
from storage.engine import Store, open_engine

async def die(*args, _kept=[0], _keep=reading.keep):
    changed = await _keep(*args)
    _kept[0] += 1
    if _kept[0] == 2:
        os.kill(os.getpid(), 9)
    return changed

async def main():
    reading.keep = die
    url, folder, cache, moment = sys.argv[1:]
    now = datetime.fromisoformat(moment)
    store = Store(open_engine(url))
    sources = {"ops": Source("ops", Kind.FOLDER, folder)}
    await reading.Reading(store, lambda: now, "slack:T1", Policies(sources), Http(), {}.get, Path(cache)).read_due()

if __name__ == "__main__":
    asyncio.run(main())
"""


async def test_what_a_reader_that_was_killed_had_begun_is_gone_on_with(shelf: Shelf, ops: Path, database_url: str, tmp_path: Path) -> None:
    """Killed in the middle of its second transaction: the first one stays, half a page is never seen."""
    import sys
    for at in range(80):
        write(ops, **{f"p{at:02}": f"# Page {at}\n\n## First\n\nLook at the panel of number {at}.\n\n## Then\n\nCall somebody.\n"})
    (tmp_path / "dying.py").write_text(DYING)
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(tmp_path / "dying.py"), database_url, str(ops), str(tmp_path / "cache"), shelf.clock().isoformat(),
        env={**os.environ, "PYTHONPATH": os.getcwd()})
    assert await process.wait() == -9
    pages = await shelf.pages()
    assert len(pages) == taking._AT_ONCE
    for path in pages:
        assert len(await shelf.sections(path)) == (1 if path == "latency.md" else 3)
    assert (await shelf.row()).version == 0
    assert await shelf.reading.read_due() == 0  # it may be alive
    shelf.clock.advance(minutes=16)
    assert await shelf.reading.read_due() == 1
    row = await shelf.row()
    assert (row.version, row.error, len(await shelf.pages())) == (1, None, 81)
    found = await Keeper(shelf.store, WORKSPACE, Policies(shelf.sources)).find("panel of number 7")
    assert found.hits


async def test_a_reader_that_wakes_after_its_time_writes_nothing_more(shelf: Shelf, ops: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = started(shelf)
    [asked] = await first._claim(4)
    shelf.clock.advance(minutes=16)
    other = started(shelf)
    [again] = await other._claim(4)
    await first._one(asked)
    assert await shelf.pages() == {}
    await other._one(again)
    assert list(await shelf.pages()) == ["latency.md"]
    async with shelf.store.reading() as session:
        assert (await runbooks.versions(session, WORKSPACE))["ops"].number == 1
        row = await session.get(RunbookSource, (WORKSPACE, "ops"))
    assert row is not None
    assert row.details.get("reading_until") is None

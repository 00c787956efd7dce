"""2,000 pages of runbooks in the bot: what the event loop feels of them, how soon a change answers, what they weigh."""

from __future__ import annotations

import asyncio
import gc
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, process_time

import numpy as np
from sqlalchemy import func, select

from bot.garbage import settle
from handlers.runbooks import pages as paging
from handlers.runbooks.embedding import Embedding
from handlers.runbooks.keeper import Keeper
from handlers.runbooks.meaning import windows
from handlers.runbooks.model import NotThere, files
from handlers.runbooks.policy import Kind, Policies, Source
from handlers.runbooks.values import Entry
from handlers.runbooks.vectors import packed
from storage import people, runbook_vectors, runbooks
from storage.engine import Store, open_engine
from storage.shelf import RunbookPage, RunbookSection, RunbookSource
from tests.bench import chat, databases, processes
from tests.bench.figures import heading, median, note, report
from tests.bench.runbooks import PAGES, Library
from tests.bench.seed import TEAM

WORKSPACE, SOURCE, CHANGES = f"slack:{TEAM}", "ops", 20
FIRST_LOOK_S = 12
"""By then a bot has begun to read its index."""
NOW = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)
_RUNBOOKS = "schema: 1\npolicy: runbooks\nsources:\n  ops:\n    kind: folder\n    where: {folder}\n"


class Felt:
    """How long the event loop was away at a time, in milliseconds.

    On a machine that others are busy on, much of that is theirs: what this process itself worked between two turns
    is told besides, and is the most that the loop would be away where it has the machine to itself.
    """

    def __init__(self) -> None:
        self.worst_ms = self.worked_ms = 0.0

    async def watch(self) -> None:
        while True:
            begun, worked = perf_counter(), process_time()
            await asyncio.sleep(0.001)
            self.worst_ms = max(self.worst_ms, (perf_counter() - begun - 0.001) * 1000)
            self.worked_ms = max(self.worked_ms, (process_time() - worked) * 1000)


@contextmanager
def felt() -> Iterator[Felt]:
    watch = Felt()
    task = asyncio.create_task(watch.watch())
    yield watch
    task.cancel()


async def bench(kinds: tuple[str, ...]) -> None:
    settle()  # as in a bot: what is loaded is not looked through for garbage
    heading(f"runbooks kept in memory: {PAGES:,} pages in the database and in a bot")
    library = Library()
    gc.collect()
    gc.freeze()
    for kind in kinds:
        async with databases.fresh(kind) as url:
            await _in_process(url, databases.NAMES[kind], library)
    await _weighed(library)


async def _in_process(url: str, name: str, library: Library) -> None:
    engine = open_engine(url)
    store = Store(engine)
    keeper = Keeper(store, WORKSPACE, Policies({SOURCE: Source(SOURCE, Kind.FOLDER, "/srv/ops")}))
    try:
        for at in range(0, PAGES, 100):
            await _write(store, dict(enumerate(library.pages[at:at + 100], at)))
        with felt() as alone:  # what this machine does to a loop that has nothing to do
            await asyncio.sleep(2)
        with felt() as watch:
            begun = perf_counter()
            await keeper.look()
            await keeper.settled()
            took = perf_counter() - begun
        report(f"first index from the database, {name}", took, "s", "the target", 10.0)
        _felt(watch, name, f"; {alone.worst_ms:.0f} ms with nothing to do")
        answered = list[float]()
        with felt() as watch:
            for number in range(CHANGES):
                sign = f"quixotic{number}zebra"
                page = [Entry(0, each.page, each.title, each.path, f"{sign} {each.text}", each.code, SOURCE)
                        for each in library.pages[number * 7]]
                await _write(store, {number * 7: page})
                begun = perf_counter()
                while not (await keeper.find(sign)).hits:
                    await asyncio.sleep(0)
                answered.append((perf_counter() - begun) * 1000)
        report(f"from a changed page's commit to an answer from it, {name}", median(answered), "ms", "the target", 100.0,
               of=f"median of {CHANGES}, slowest {max(answered):.0f} ms")
        _felt(watch, name)
    finally:
        await keeper.close()
        await engine.dispose()


def _felt(watch: Felt, name: str, besides: str = "") -> None:
    report(f"most work between two turns of the event loop meanwhile, {name}", watch.worked_ms, "ms", "the target", 50.0,
           of=f"by the clock {watch.worst_ms:.0f} ms{besides}")


async def _write(store: Store, pages: dict[int, list[Entry]]) -> None:
    """As reading a source does: what was of a page goes, the version rises."""
    async with store.begin() as session:
        await people.ensure_workspace(session, WORKSPACE, "Bench", NOW)
        source = await session.get(RunbookSource, (WORKSPACE, SOURCE))
        if source is None:
            source = RunbookSource(workspace_id=WORKSPACE, name=SOURCE, next_at=NOW)
            session.add(source)
        source.version += 1
        paths = {number: entries[0].page.partition("/")[2] for number, entries in pages.items()}
        old = (await session.scalars(select(RunbookPage.id).where(
            RunbookPage.workspace_id == WORKSPACE, RunbookPage.path.in_(paths.values())))).all()
        await runbooks.drop_pages(session, WORKSPACE, old)
        rows = {number: RunbookPage(workspace_id=WORKSPACE, source=SOURCE, path=paths[number], title=entries[0].title,
                                    digest=hashlib.sha256(entries[0].text.encode()).hexdigest(), read_at=NOW,
                                    version=source.version) for number, entries in pages.items()}
        session.add_all(rows.values())
        await session.flush()
        session.add_all(RunbookSection(
            workspace_id=WORKSPACE, page_id=rows[number].id, ordinal=ordinal, level=1, path=list(each.path), anchor="",
            markdown=each.text, text=each.text, code=each.code)
            for number, entries in pages.items() for ordinal, each in enumerate(entries))


async def _weighed(library: Library) -> None:
    """A real bot beside one without runbooks; each is measured when it has nothing more to do."""
    async with chat.listening() as slack:
        async with databases.fresh("sqlite") as url, processes.bot(url, slack.url) as bot:
            await _idle([bot.pid])
            empty = bot.resident_mb()
        with TemporaryDirectory(prefix="groundcrew-bench-") as name:
            folder = Path(name)
            _written_out(library, folder / "pages")
            (folder / "runbooks.yaml").write_text(_RUNBOOKS.format(folder=folder / "pages"), encoding="utf-8")
            async with databases.fresh("sqlite") as url:
                async with processes.bot(url, slack.url, templates_dir=name) as bot:
                    await _read(url)
                    await _idle([bot.pid])
                    after_reading = bot.resident_mb()
                async with processes.bot(url, slack.url, templates_dir=name) as bot:
                    await asyncio.sleep(FIRST_LOOK_S)
                    await _idle([bot.pid])
                    report("a bot with 2,000 pages", bot.resident_mb(), "MB", "a bot without runbooks", empty,
                           of=f"{bot.resident_mb() - empty:.0f} MB more")
                    note(f"target under 100 MB more: {'met' if bot.resident_mb() - empty < 100 else 'MISSED'}; right after "
                         f"reading them all for the first time it holds {after_reading - empty:.0f} MB more: "
                         f"{'met' if after_reading - empty < 100 else 'MISSED'}")
                await _semantic(url, slack.url, name, empty)


async def _semantic(url: str, slack: str, folder: str, empty: float) -> None:
    try:
        files()
    except NotThere as error:
        note(f"by meaning: left out, {error}")
        return
    await _made_up_vectors(url)
    async with processes.bot(url, slack, templates_dir=folder, semantic="true") as bot:
        await asyncio.sleep(FIRST_LOOK_S)
        await _idle([bot.pid])
        children = [int(each) for each in
                    Path(f"/proc/{bot.pid}/task/{bot.pid}/children").read_text(encoding="ascii").split()]
        await _idle([bot.pid, *children])
        model = sum(processes.Running("", pid, 0, 0).resident_mb() for pid in children)
        report("a bot with 2,000 pages found by meaning, both processes", bot.resident_mb() + model, "MB",
               "a bot without runbooks", empty, of=f"{bot.resident_mb() + model - empty:.0f} MB more, of which the model's "
               f"process {model:.0f} MB; all but 40 vectors were in the database")
        met = "met" if model and bot.resident_mb() + model - empty < 400 else "MISSED"
        note(f"target under 400 MB more: {met}")


async def _made_up_vectors(url: str) -> None:
    """For each window but a few: reckoning 13,000 would take the bench a quarter of an hour."""
    engine, embedding, random = open_engine(url), Embedding(), np.random.default_rng(7)
    store = Store(engine)
    try:
        model = await embedding.name()
        states = await paging.states(store, WORKSPACE, {SOURCE})
        names, left = list(states), 40
        for batch in paging.batches(names):
            entries = await paging.entries(store, WORKSPACE, [states[name] for name in batch])
            digests = [each for entry in entries for each in windows(entry)[0].digests][left:]
            left = 0
            rows = random.normal(size=(len(digests), 384)).astype(np.float32)
            rows /= np.linalg.norm(rows, axis=1, keepdims=True)
            async with store.begin() as session:
                await runbook_vectors.keep(session, WORKSPACE, model, dict(zip(digests, packed(rows), strict=True)))
    finally:
        await embedding.close()
        await engine.dispose()


def _written_out(library: Library, folder: Path) -> None:
    for page in library.pages:
        file = folder / page[0].page.partition("/")[2]
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"# {page[0].title}\n\n" + "\n\n".join(
            f"## {each.path[-1]}\n\n{each.text}\n\n```\n{each.code}\n```" for each in page), encoding="utf-8")


async def _read(url: str) -> None:
    engine = open_engine(url)
    try:
        for _ in range(600):
            async with Store(engine).reading() as session:
                if (await session.scalar(select(func.count()).select_from(RunbookPage))) == PAGES:
                    return
            await asyncio.sleep(0.5)
        raise AssertionError("the pages were not read within five minutes")
    finally:
        await engine.dispose()


async def _idle(pids: list[int]) -> None:
    """Wait until the processes have used less than a tenth of a processor for four seconds."""
    await asyncio.sleep(3)
    for _ in range(100):
        before = sum(map(_cpu_s, pids))
        await asyncio.sleep(4)
        if sum(map(_cpu_s, pids)) - before < 0.4:
            return


def _cpu_s(pid: int) -> float:
    with suppress(OSError):
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return 0.0

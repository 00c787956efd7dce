"""`/runbook QUESTION` among 2,000 pages, from the signed command to its ack, beside a Bolt listener that only acks."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

from aiohttp import ClientSession

from storage.shelf import RunbookPage, RunbookSection, RunbookSource
from tests.bench import chat, databases, processes, seed, signed
from tests.bench.figures import heading, median, note, report, share
from tests.bench.runbooks import Library

PAGES, PERSONS = 2000, 400
WARM, TIMES, TARGET_MS = 30, 300, 20.0
LONGEST_READING = 600
"""So often it is asked whether the index is there yet."""
POLICY = "schema: 1\npolicy: runbooks\nsources:\n  ops:\n    kind: folder\n    where: {folder}\n"


def shelf(library: Library, now: datetime) -> seed.Tables:
    """The library's pages as a reading leaves them, not to be read again meanwhile."""
    pages, sections = [], []
    for number, page in enumerate(library.pages, 1):
        path = page[0].page.removeprefix("ops/")
        pages.append({"id": number, "workspace_id": seed.WORKSPACE, "source": "ops", "path": path, "title": page[0].title,
                      "digest": sha256(path.encode()).hexdigest(), "read_at": now, "version": 1, "url": f"https://wiki.example/{path}",
                      "owner": None, "changed_at": now - timedelta(days=number % 300), "is_stub": False, "details": {}})
        sections += [{"workspace_id": seed.WORKSPACE, "page_id": number, "ordinal": ordinal, "level": 2, "path": list(each.path),
                      "anchor": each.path[-1].lower(), "markdown": f"{each.text}\n\n```sh\n{each.code}\n```\n", "text": each.text,
                      "code": each.code} for ordinal, each in enumerate(page)]
    source = [{"workspace_id": seed.WORKSPACE, "name": "ops", "next_at": now + timedelta(days=99), "version": 1, "failures": 0,
               "details": {}}]
    return [(table.__table__, rows) for table, rows in (  # type: ignore[misc]
        (RunbookSource, source), (RunbookPage, pages), (RunbookSection, sections))]


async def bench(kinds: tuple[str, ...]) -> None:
    heading(f"/runbook: {PAGES:,} pages; signed HTTP to real processes, taken in turns")
    library = Library(PAGES)
    for kind in kinds:
        async with (databases.fresh(kind) as url, chat.listening() as slack, processes.bare("bolt") as bare, ClientSession() as http):
            now = datetime.now(UTC)
            await databases.fill(url, [*seed.people(PERSONS, now), *seed.pilots(range(20), PERSONS, now), *shelf(library, now)])
            await databases.settled(url)
            with tempfile.TemporaryDirectory(prefix="groundcrew-bench-") as folder:
                (Path(folder) / "runbooks.yaml").write_text(POLICY.format(folder=folder), encoding="utf-8")
                async with processes.bot(url, slack.url, templates_dir=folder) as bot:
                    theirs, ours, answered = await _in_turns(http, bare.url, bot.url, library)
                    resident = bot.resident_mb()
        name = databases.NAMES[kind]
        report(f"/runbook, {name}", median(ours) * 1000, "ms", "a bare ack", median(theirs) * 1000, of=f"medians of {TIMES}")
        worst = share(ours, 0.95) * 1000
        report(f"/runbook, {name}, 95th percentile", worst, "ms", "a bare ack", share(theirs, 0.95) * 1000)
        note(f"target {TARGET_MS:.0f} ms at the 95th percentile: {'met' if worst < TARGET_MS else 'MISSED'}; "
             f"{answered} of {TIMES} got an answer or the closest; the process weighs {resident:.0f} MB")


async def _in_turns(http: ClientSession, bare: str, bot: str, library: Library) -> tuple[list[float], list[float], int]:
    theirs, ours, answered = list[float](), list[float](), 0
    for _ in range(LONGEST_READING):
        if b"still reading" not in (await signed.command(http, bot, library.question(), 0, name="/runbook"))[1]:
            break
    for turn in range(WARM + TIMES):
        text, person = library.question(), library.random.randrange(PERSONS)
        idle, _ = await signed.command(http, bare, text, person)
        busy, said = await signed.command(http, bot, text, person, name="/runbook")
        assert b"runbook" in said, said[:300]
        assert b"still reading" not in said, said[:300]
        if turn >= WARM:
            theirs.append(idle)
            ours.append(busy)
            answered += b"Show whole section" in said
    return theirs, ours, answered

"""The keeper answers from what the database holds, and what it held while anything new is still being read."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Iterable
from dataclasses import replace

import pytest

from handlers.runbooks import keeper as keeping
from handlers.runbooks import pages as paging
from handlers.runbooks.heap import give_back
from handlers.runbooks.index import Index
from handlers.runbooks.keeper import Keeper
from handlers.runbooks.progress import Stage, StillReading
from handlers.runbooks.values import Entry
from storage.engine import Store
from storage.runbook_index import PageState
from tests.runbooks.shelves import WORKSPACE, drop_source, policy, write

DISK = "# Disk full\n\nDelete old segments from the archive bucket.\n"
LAG = "# Replica lag\n\nRestart the wal receiver.\n"


class Gate:
    """Stops reading pages in the middle, until it is opened."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.opened, self.reached, self.batches = asyncio.Event(), asyncio.Event(), list[int]()
        self.fails = False
        real = paging.entries

        async def entries(store: Store, workspace: str, pages: Collection[PageState]) -> list[Entry]:
            self.batches.append(len(pages))
            self.reached.set()
            await self.opened.wait()
            if self.fails:
                raise OSError("the database went away")
            return await real(store, workspace, pages)

        monkeypatch.setattr(paging, "entries", entries)


async def first(keeper: Keeper, question: str, pilot: str | None = None) -> str | None:
    found = await keeper.find(question, pilot=pilot)
    return found.hits[0].entry.page if found.hits else None


async def test_a_question_is_answered_from_what_was_written_just_before_it(store: Store) -> None:
    keeper = Keeper(store, WORKSPACE, policy("ops"))
    await write(store, "ops", {"disk.md": DISK})
    assert await first(keeper, "disk is full") == "ops/disk.md"
    await write(store, "ops", {"lag.md": LAG})
    assert await first(keeper, "wal receiver") == "ops/lag.md"
    await write(store, "ops", {"lag.md": "# Replica lag\n\nCall the database team about the slot.\n"})
    assert await first(keeper, "wal receiver") is None
    assert await first(keeper, "call about the slot") == "ops/lag.md"
    await write(store, "ops", {"lag.md": None})
    assert await first(keeper, "replica lag") is None
    await keeper.close()


async def test_only_pages_that_changed_are_read_again(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    await write(store, "ops", {f"page{n}.md": f"# Page {n}\n\nzebra{n} text\n" for n in range(45)})
    gate = Gate(monkeypatch)
    gate.opened.set()
    keeper = Keeper(store, WORKSPACE, policy("ops"))
    assert await first(keeper, "zebra44 text") == "ops/page44.md"
    assert gate.batches == [20, 20, 5]
    await write(store, "ops", {"page7.md": "# Page 7\n\ngiraffe instead\n", "page8.md": None})
    assert await first(keeper, "giraffe") == "ops/page7.md"
    assert gate.batches == [20, 20, 5, 1]
    assert await first(keeper, "zebra9 text") == "ops/page9.md"
    await keeper.close()


async def test_the_old_index_answers_while_a_new_one_is_read(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "PATIENCE_S", 0.05)
    keeper = Keeper(store, WORKSPACE, policy("ops"))
    await write(store, "ops", {"disk.md": DISK})
    assert await first(keeper, "disk full") == "ops/disk.md"
    gate = Gate(monkeypatch)
    await write(store, "ops", {"disk.md": None, "lag.md": LAG})
    assert await first(keeper, "archive bucket segments") == "ops/disk.md"
    progress = keeper.progress()
    assert progress is not None
    assert (progress.stage, progress.done, progress.of) == (Stage.READING, 0, 1)
    gate.opened.set()
    await keeper.settled()
    assert keeper.progress() is None
    assert await first(keeper, "archive bucket segments") is None
    assert await first(keeper, "wal receiver") == "ops/lag.md"
    await keeper.close()


async def test_before_the_first_index_it_says_how_far_reading_has_come(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "PATIENCE_S", 0.05)
    await write(store, "ops", {f"page{n}.md": f"# Page {n}\n\nzebra{n}\n" for n in range(45)})
    gate = Gate(monkeypatch)
    keeper = Keeper(store, WORKSPACE, policy("ops"))
    with pytest.raises(StillReading, match=r"I am still reading the runbooks: 0 of 45 pages\. Ask again in a moment\."):
        await keeper.find("zebra1")
    gate.opened.set()
    await keeper.settled()
    assert await first(keeper, "zebra44") == "ops/page44.md"
    await keeper.close()


async def test_what_is_mostly_new_is_made_anew_instead_of_copied_once_for_each_few_pages(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    copies = list[int]()
    real = Index.changed

    def changed(index: Index, gone: Collection[str], entries: Iterable[Entry]) -> Index:
        copies.append(len(index.entries))
        return real(index, gone, entries)

    monkeypatch.setattr(Index, "changed", changed)
    given_back = list[int]()
    monkeypatch.setattr(keeping, "give_back", lambda: given_back.append(1))
    keeper = Keeper(store, WORKSPACE, policy("ops"))
    await write(store, "ops", {f"old-{number}.md": f"# Old {number}\n\nzebra{number}\n" for number in range(60)})
    await keeper.find("zebra3")
    assert not given_back, "a few pages leave nothing behind"
    await write(store, "ops", {f"new-{number}.md": f"# New {number}\n\nquagga{number}\n" for number in range(260)})
    await keeper.find("quagga3", patience_s=30)
    assert copies == [], "the source is read for the first time, and seen half way"
    assert given_back
    await write(store, "ops", {f"more-{number}.md": f"# More {number}\n\nokapi{number}\n" for number in range(30)})
    assert (await keeper.find("okapi3", patience_s=30)).hits[0].entry.page == "ops/more-3.md"
    assert len(copies) == 2, "what is a little is put in, twenty pages at a time"
    assert (await keeper.find("zebra3")).hits[0].entry.page == "ops/old-3.md"
    await keeper.close()


async def test_questions_at_one_time_share_one_reading(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    await write(store, "ops", {"disk.md": DISK})
    gate = Gate(monkeypatch)
    keeper = Keeper(store, WORKSPACE, policy("ops"))
    asked = [asyncio.create_task(first(keeper, "disk full")) for _ in range(8)]
    await gate.reached.wait()
    gate.opened.set()
    assert await asyncio.gather(*asked) == ["ops/disk.md"] * 8
    assert gate.batches == [1]
    await keeper.close()


async def test_what_changes_while_it_is_read_is_not_missed(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "PATIENCE_S", 5.0)
    await write(store, "ops", {"disk.md": DISK})
    gate = Gate(monkeypatch)
    keeper = Keeper(store, WORKSPACE, policy("ops"))
    early = asyncio.create_task(first(keeper, "disk full"))
    await gate.reached.wait()
    await write(store, "ops", {"disk.md": None, "lag.md": LAG})
    late = asyncio.create_task(first(keeper, "wal receiver"))
    gate.opened.set()
    await early
    assert await late == "ops/lag.md"
    assert await first(keeper, "archive bucket segments") is None
    await keeper.close()


async def test_a_reading_that_fails_keeps_the_old_index_and_is_tried_again(
        store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    keeper = Keeper(store, WORKSPACE, policy("ops"))
    await write(store, "ops", {"disk.md": DISK})
    assert await first(keeper, "disk full") == "ops/disk.md"
    gate = Gate(monkeypatch)
    gate.fails = True
    gate.opened.set()
    await write(store, "ops", {"lag.md": LAG})
    with caplog.at_level(logging.ERROR):
        assert await first(keeper, "disk full") == "ops/disk.md"
    assert "could not be read to the end" in caplog.text
    tried = len(gate.batches)
    assert await first(keeper, "disk full") == "ops/disk.md"
    assert len(gate.batches) == tried, "not at each question"
    gate.fails = False
    monkeypatch.setattr(keeping, "_AGAIN_S", dict.fromkeys(Stage, 0.0))
    keeper._not_before.clear()
    await keeper.look()
    await keeper.settled()
    assert await first(keeper, "wal receiver") == "ops/lag.md"
    await keeper.close()


async def test_a_first_reading_that_fails_says_so(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    await write(store, "ops", {"disk.md": DISK})
    gate = Gate(monkeypatch)
    gate.fails = True
    gate.opened.set()
    keeper = Keeper(store, WORKSPACE, policy("ops"))
    with pytest.raises(StillReading, match="could not read the runbooks just now"):
        await keeper.find("disk full")
    await keeper.close()


async def test_a_source_that_is_gone_or_no_longer_in_the_policy_is_not_answered_from(store: Store) -> None:
    await write(store, "ops", {"disk.md": DISK})
    await write(store, "old", {"lag.md": LAG})
    keeper = Keeper(store, WORKSPACE, policy("ops"))
    assert await first(keeper, "wal receiver") is None
    lag = (await Keeper(store, WORKSPACE, policy("ops", "old")).find("wal receiver")).hits[0].entry
    assert await keeper.kept([lag.id]) == []
    assert await first(keeper, "disk full") == "ops/disk.md"
    await drop_source(store, "ops")
    assert await first(keeper, "disk full") is None
    await keeper.close()


async def test_a_pilot_is_answered_from_its_own_and_the_shared_runbooks_alone(store: Store) -> None:
    await write(store, "shared", {"disk.md": DISK})
    await write(store, "claims", {"lag.md": LAG})
    await write(store, "fraud", {"receiver.md": "# Wal receiver\n\nOf fraud only: wal receiver.\n"})
    keeper = Keeper(store, WORKSPACE, policy("shared", "claims", "fraud", pilots={"claims": "Claims", "fraud": "Fraud"}))
    assert await first(keeper, "wal receiver", "Claims") == "claims/lag.md"
    assert await first(keeper, "disk full", "Claims") == "shared/disk.md"
    assert await first(keeper, "wal receiver", "Fraud") == "fraud/receiver.md"
    assert await first(keeper, "wal receiver") is None
    await keeper.close()


async def test_replicas_come_to_the_same_each_by_itself(store: Store) -> None:
    await write(store, "ops", {"disk.md": DISK, "lag.md": LAG})
    one, other = (Keeper(store, WORKSPACE, policy("ops")) for _ in range(2))
    assert await one.find("wal receiver lag") == await other.find("wal receiver lag")
    await write(store, "ops", {"lag.md": LAG + "\nThen resume the wal.\n"})
    assert await first(one, "resume the wal") == "ops/lag.md"
    fresh = Keeper(store, WORKSPACE, policy("ops"))
    changed, whole = await other.find("resume the wal"), await fresh.find("resume the wal")
    assert [hit.entry for hit in changed.hits] == [hit.entry for hit in whole.hits]
    assert changed.confidence == pytest.approx(whole.confidence)
    for keeper in (one, other, fresh):
        await keeper.close()


async def test_the_index_keeps_no_text_of_the_pages(store: Store) -> None:
    await write(store, "ops", {"disk.md": DISK})
    keeper = Keeper(store, WORKSPACE, policy("ops"))
    await keeper.find("disk")
    assert keeper._held is not None
    assert [replace(each, id=0) for each in keeper._held.index.entries] == [
        Entry(0, "ops/disk.md", "Disk full", ("Disk full",), "", "", "ops")]
    await keeper.close()


async def test_nothing_is_read_where_there_are_no_runbooks(store: Store) -> None:
    keeper = Keeper(store, WORKSPACE)
    assert (await keeper.find("disk full")).hits == ()
    assert keeper.progress() is None
    await keeper.close()


def test_memory_is_given_back_or_nothing_happens() -> None:
    held = [bytes(100_000) for _ in range(500)]
    del held
    give_back()  # what cannot be done here is not done, and raises nothing

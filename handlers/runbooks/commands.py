"""Runs another program: within its time, without a question, and with all that it began ended after it."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

_CHUNK = 256 * 1024


class Overrun(Exception):
    """It took too long, or said too much. The message is the rest of a sentence: "took ..."."""


@dataclass(frozen=True, slots=True)
class Ran:
    status: int
    out: bytes
    err: str


async def ran(argv: Sequence[str], *, env: Mapping[str, str], cwd: Path, within: timedelta, at_most: int,
              given: bytes = b"") -> Ran:
    """What it said. Raises Overrun, and FileNotFoundError where there is no such program."""
    process = await asyncio.create_subprocess_exec(
        *argv, env=dict(env), cwd=cwd, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE, start_new_session=True)
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        async with asyncio.timeout(within.total_seconds()):
            _, out, err = await asyncio.gather(_write(process.stdin, given), _read(process.stdout, at_most),
                                               _tail(process.stderr))
            status = await process.wait()
        return Ran(status, out, err.decode("utf-8", "replace"))
    except TimeoutError:
        raise Overrun(f"took longer than {within.total_seconds():g} seconds") from None
    finally:
        # The whole group: git has helpers that speak for it, and they may outlive it.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        if process.returncode is None:
            await process.wait()


async def _write(to: asyncio.StreamWriter, given: bytes) -> None:
    with suppress(BrokenPipeError, ConnectionResetError):
        for at in range(0, len(given), _CHUNK):
            to.write(given[at:at + _CHUNK])
            await to.drain()
    to.close()


async def _read(stream: asyncio.StreamReader, at_most: int) -> bytes:
    found = bytearray()
    while chunk := await stream.read(_CHUNK):
        found += chunk
        if len(found) > at_most:
            raise Overrun(f"gave more than {at_most // 1024**2} MiB")
    return bytes(found)


async def _tail(stream: asyncio.StreamReader) -> bytes:
    """The end of what it complains about."""
    found = b""
    while chunk := await stream.read(_CHUNK):
        found = (found + chunk)[-16_384:]
    return found

"""Real processes: the bot and its references, from their start to ready, and what they weigh."""

from __future__ import annotations

import asyncio
import os
import re
import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from tests.bench.bare import SECRET

ROOT = Path(__file__).parent.parent.parent
LONGEST_START_S = 60
_PYTHON = {"PYTHONPATH": str(ROOT), "PYTHONPYCACHEPREFIX": str(ROOT / "build" / "bench-pycache")}
"""Compiled modules are kept, as where it is installed: a second start finds them."""


@dataclass(frozen=True)
class Running:
    url: str
    pid: int
    started_in_s: float
    cpu_s: float
    """What the start took of a processor: steadier than time on a busy machine."""

    def resident_mb(self) -> float:
        found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{self.pid}/status").read_text(encoding="ascii"))
        assert found is not None
        return int(found[1]) / 1024


@asynccontextmanager
async def bare(kind: str) -> AsyncIterator[Running]:
    """A reference of tests.bench.bare."""
    port = _free_port()
    async with _running(["-m", "tests.bench.bare", kind, str(port)], port, {}) as running:
        yield running


@asynccontextmanager
async def bot(database_url: str, chat_url: str, **settings: str) -> AsyncIterator[Running]:
    """`python -m bot run` in http mode."""
    port = _free_port()
    chosen = {"database_url": database_url, "slack_api_url": f"{chat_url}/api/", "slack_mode": "http", "port": str(port),
              "slack_bot_token": "xoxb-bench", "slack_signing_secret": SECRET, "log_level": "WARNING", **settings}
    async with _running(["-m", "bot", "run"], port,
                        {f"GROUNDCREW_{name.upper()}": value for name, value in chosen.items()}) as running:
        yield running


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@asynccontextmanager
async def _running(args: Sequence[str], port: int, settings: dict[str, str]) -> AsyncIterator[Running]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("GROUNDCREW_", "PYTHONDONT"))}
    with tempfile.TemporaryDirectory(prefix="groundcrew-bench-") as folder:  # where there is no .env
        begun = perf_counter()
        process = await asyncio.create_subprocess_exec(sys.executable, *args, cwd=folder,
                                                       env={**kept, **_PYTHON, **settings})
        try:
            await _ready(port, process, begun)
            took = perf_counter() - begun
            yield Running(f"http://127.0.0.1:{port}", process.pid, took, _cpu_s(process.pid))
        finally:
            if process.returncode is None:
                process.terminate()
            try:
                await asyncio.wait_for(process.wait(), 15)
            except TimeoutError:
                process.kill()
                await process.wait()


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def _ready(port: int, process: asyncio.subprocess.Process, begun: float) -> None:
    """Wait until /readyz answers 200."""
    while perf_counter() - begun < LONGEST_START_S:
        if process.returncode is not None:
            raise RuntimeError(f"the process ended with {process.returncode} before it was ready")
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.005)
            continue
        writer.write(b"GET /readyz HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n")
        answer = await reader.read()
        writer.close()
        if b" 200 " in answer[:20]:
            return
        await asyncio.sleep(0.005)
    raise RuntimeError(f"not ready after {LONGEST_START_S} s")

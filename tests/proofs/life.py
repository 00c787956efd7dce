"""One life of a bot process, as its supervisor sees it: started, ready, dead.

In full each process begins with nothing, as a supervisor starts it. In the suite, which starts some dozens, they are
forked from one that has imported the product: importing it takes longer than all they live through, and what is proved
is not the importing. tests/test_cli.py starts the command itself.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from time import monotonic

from tests.proofs.launch import live

FULL = os.environ.get("PROOF") == "full"
ROOT = Path(__file__).parent.parent.parent
READY = "Ground Crew is ready"


class Forked:
    """A process of its own like one that asyncio starts, but forked from a warm one."""

    def __init__(self, log: Path, environment: dict[str, str]) -> None:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["tests.proofs.launch"])
        self._process: ForkServerProcess = context.Process(target=live, args=(log, environment))
        self._process.start()
        self._over = asyncio.Event()
        asyncio.get_running_loop().add_reader(self._process.sentinel, self._ended)

    def _ended(self) -> None:
        asyncio.get_running_loop().remove_reader(self._process.sentinel)
        self._process.join()
        self._over.set()

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """None: it lives. Negative: the signal that ended it."""
        return self._process.exitcode if self._over.is_set() else None

    async def wait(self) -> int | None:
        await self._over.wait()
        return self.returncode

    def kill(self) -> None:
        self._process.kill()

    def terminate(self) -> None:
        self._process.terminate()


@dataclass
class Life:
    process: asyncio.subprocess.Process | Forked
    log: Path
    """What it said, and all lives before it that wrote to the same file."""
    _said_before: int

    @classmethod
    async def begin(cls, log: Path, settings: Mapping[str, str]) -> Life:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("GROUNDCREW_", "PROOF_"))}
        before = log.stat().st_size if log.exists() else 0
        environment = {**kept, "PYTHONPATH": str(ROOT), **settings}
        log.touch()
        if not FULL:
            return cls(Forked(log, environment), log, before)
        with log.open("ab") as said:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "tests.proofs.launch", cwd=log.parent, stdout=said, stderr=said, env=environment)
        return cls(process, log, before)

    @property
    def is_over(self) -> bool:
        return self.process.returncode is not None

    @property
    def was_killed(self) -> bool:
        return self.process.returncode == -signal.SIGKILL

    def said(self) -> str:
        return self.log.read_bytes()[self._said_before:].decode("utf-8", "replace")

    async def ready(self, within_s: float = 40) -> Life:
        """Return once it is, or once it died on the way. Raises AssertionError when it is neither in time."""
        until = monotonic() + within_s
        while READY not in self.said():
            if self.is_over:
                assert self.was_killed, f"it ended with {self.process.returncode}: {self.said()[-2000:]}"
                break
            assert monotonic() < until, f"not ready: {self.said()[-2000:]}"
            await asyncio.sleep(0.02)
        return self

    async def killed_within(self, seconds: float) -> bool:
        """Whether it is killed, by itself or others, in that time."""
        try:
            async with asyncio.timeout(seconds):
                await self.process.wait()
        except TimeoutError:
            return False
        assert self.was_killed, f"it ended with {self.process.returncode}: {self.said()[-2000:]}"
        return True

    async def kill(self) -> None:
        if not self.is_over:
            self.process.kill()
        await self.process.wait()

    async def stop(self) -> None:
        """As a supervisor does: SIGTERM, and no patience without end."""
        if not self.is_over:
            self.process.terminate()
            try:
                async with asyncio.timeout(20):
                    await self.process.wait()
            except TimeoutError:
                await self.kill()
                raise AssertionError(f"it did not stop: {self.said()[-2000:]}") from None
        assert self.process.returncode in (0, -signal.SIGKILL), self.said()[-2000:]

"""One life of a bot process, as its supervisor sees it: started, ready, dead."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

ROOT = Path(__file__).parent.parent.parent
READY = "Ground Crew is ready"


@dataclass
class Life:
    process: asyncio.subprocess.Process
    log: Path
    """What it said, and all lives before it that wrote to the same file."""
    _said_before: int

    @classmethod
    async def begin(cls, log: Path, settings: Mapping[str, str]) -> Life:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("GROUNDCREW_", "PROOF_"))}
        before = log.stat().st_size if log.exists() else 0
        with log.open("ab") as said:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "tests.proofs.launch", cwd=log.parent, stdout=said, stderr=said,
                env={**kept, "PYTHONPATH": str(ROOT), **settings})
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

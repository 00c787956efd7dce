"""`python -m tests.proofs.launch`: the real `bot run`, on the proof's clock, dying at a chosen point.

Nothing of the product is replaced: the clock is handed in, the sweep's tick comes more often, and an ear on
the database engine says which transaction is about to be committed or just was. From the environment:

PROOF_CLOCK: a file that says how far ahead of the real clock this one is (see clock.py).
PROOF_SWEEP_S: how often the sweep looks; every 30 s otherwise.
PROOF_DIE_AT: a point of IN_PROCESS or INTAKE and the how manieth passing of it ends the process, such as `before claim:3`.
"""

from __future__ import annotations

import ctypes
import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, event
from sqlalchemy.ext.asyncio import AsyncEngine

import bot.serve
import bot.wiring
from bot.cli import main
from tests.proofs.clock import SharedClock

IN_PROCESS = ("before claim", "after claim", "before record", "after record")
"""Where the process may end itself: just before and just after the commit of a claim, and of a record."""
INTAKE = ("before intake", "after intake")
"""The same of a report of alerts."""
_INTAKE = re.compile(r"INSERT INTO signal\b")
_CLAIM = re.compile(r"UPDATE lane SET\b.*\bfence\s*=", re.DOTALL)
_RECORD = re.compile(r"UPDATE post SET\b.*\bshown\s*=", re.DOTALL)


@dataclass
class Death:
    """Kills this process with SIGKILL, at the `left`-th passing of `point`."""

    point: str
    left: int

    def passes(self, point: str) -> None:
        if point == self.point:
            self.left -= 1
            if self.left == 0:
                os.kill(os.getpid(), signal.SIGKILL)


def watch(engine: AsyncEngine, death: Death) -> None:
    """Tell `death` of every claim and every record, by the statements that the transaction ran."""
    committing: set[str] = set()

    def note(connection: Connection, _cursor: Any, statement: str, *_rest: Any) -> None:
        changed = statement.partition(" WHERE ")[0]
        for what, written in (("claim", _CLAIM), ("record", _RECORD), ("intake", _INTAKE)):
            if written.match(changed):
                connection.info.setdefault("proof", set()).add(what)

    def before(connection: Connection) -> None:
        committing.clear()
        committing.update(connection.info.pop("proof", ()))
        for what in committing:
            death.passes(f"before {what}")

    dialect: Any = engine.sync_engine.dialect
    commit = dialect.do_commit

    def committed(dbapi: Any) -> None:
        done = set(committing)  # told by `before` just now; others may commit while this one waits
        committing.clear()
        commit(dbapi)
        for what in done:
            death.passes(f"after {what}")

    event.listen(engine.sync_engine, "before_cursor_execute", note)
    event.listen(engine.sync_engine, "commit", before)
    event.listen(engine.sync_engine, "rollback", lambda connection: connection.info.pop("proof", None))
    dialect.do_commit = committed


def hand_in(environment: dict[str, str]) -> None:
    """Give the bot its clock, its tick and its death."""
    build, open_engine, clock = bot.serve.built, bot.wiring.open_engine, SharedClock(Path(environment["PROOF_CLOCK"]))
    sweep = environment.get("PROOF_SWEEP_S")

    @asynccontextmanager
    async def built(settings: Any, _real: Any) -> AsyncIterator[Any]:
        async with build(settings, clock) as parts:
            ticks = [replace(tick, every=timedelta(seconds=float(sweep))) if sweep and tick.name == "nudge" else tick
                     for tick in parts.ticks]
            yield replace(parts, ticks=ticks)

    bot.serve.built = built
    if "PROOF_DIE_AT" in environment:
        point, _, nth = environment["PROOF_DIE_AT"].partition(":")
        assert point in (*IN_PROCESS, *INTAKE), point

        def opened(url: str) -> AsyncEngine:
            engine = open_engine(url)
            watch(engine, Death(point, int(nth)))
            return engine

        bot.wiring.open_engine = opened


def die_with_the_test() -> None:
    """Where the system can: a test run that is killed leaves no bot behind."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def live(log: Path, environment: dict[str, str]) -> None:
    """The same in a process that was forked: it says what it says to `log`, and lives in its folder."""
    die_with_the_test()
    said = os.open(log, os.O_WRONLY | os.O_APPEND)
    os.dup2(said, 1)
    os.dup2(said, 2)
    os.chdir(log.parent)
    os.environ.clear()
    os.environ.update(environment)
    hand_in(environment)
    sys.exit(main(["run"]))


if __name__ == "__main__":
    die_with_the_test()
    hand_in(dict(os.environ))
    sys.exit(main(["run"]))

"""Has pictures of drift drawn, in a program of its own that is started when there is one to draw.

Composing a card reads values in a transaction and promises a picture (`File.content` as a call); it is drawn
after the message is posted, with no transaction open, and only if the thread does not show it yet. So neither
the event loop nor the database waits for matplotlib, nothing is drawn twice, and no picture is kept anywhere.

A program for each round, and none in between: loading matplotlib takes a second of CPU and 60 MB, and
pictures are rare. What is asked for while one runs is drawn by the next all together. It gets none of our
settings.
"""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

log = logging.getLogger(__name__)

PATIENCE_S: Final = 20.0
"""Longer a message does not wait for its picture; it then goes without."""
_PASSED: Final = ("PATH", "HOME", "LANG", "MPLCONFIGDIR", "TMPDIR")


@dataclass(frozen=True, slots=True)
class Bar:
    """One feature against its limit."""

    name: str
    value: float
    limit: float
    """More than 0."""
    said: str
    """The figure in the reader's words, with its method."""


@dataclass(frozen=True, slots=True)
class Order:
    """All that is in one picture, its texts in the reader's language."""

    title: str
    limit_said: str
    bars: tuple[Bar, ...]
    course: tuple[tuple[str, float], ...]
    """Moments, as ISO has them, with the figure then; the oldest first."""
    course_title: str
    course_limit: float | None
    course_span: tuple[str, str]
    ticks: tuple[tuple[str, str], ...]
    """Moments with how their day is written."""
    decimal: str = "."


@dataclass(slots=True)
class _Wanted:
    order: Order
    answer: asyncio.Future[bytes | None]


@dataclass(slots=True)
class Pictures:
    """Draws what is asked for, a round at a time."""

    patience_s: float = PATIENCE_S
    _wanted: list[_Wanted] = field(default_factory=list)
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def drawn(self, order: Order) -> bytes | None:
        """The picture as PNG; None where it could not be drawn in time, which the log says."""
        wanted = _Wanted(order, asyncio.get_running_loop().create_future())
        self._wanted.append(wanted)
        try:
            async with asyncio.timeout(self.patience_s):
                async with self._turn:
                    if not wanted.answer.done():
                        await self._round()
                return await wanted.answer
        except TimeoutError:
            log.warning("a picture was not drawn within %g s; its message goes without", self.patience_s)
            return None
        except OSError as error:
            log.warning("pictures cannot be drawn here: %s", error)
            return None
        finally:
            if wanted in self._wanted:
                self._wanted.remove(wanted)

    async def _round(self) -> None:
        """Draw all that is wanted now; what this round does not finish is left to the next."""
        taken = [each for each in self._wanted if not each.answer.done()]
        found = await drawn_by_program([each.order for each in taken])
        for each, picture in zip(taken, found, strict=True):
            if not each.answer.done():
                each.answer.set_result(picture)


async def drawn_by_program(orders: Sequence[Order]) -> list[bytes | None]:
    """Start the program that draws and wait for it; it is ended where we are. Raises OSError."""
    said = json.dumps([asdict(order) for order in orders]).encode()
    drawing = str(Path(__file__).with_name("drift_drawing.py"))
    program = await asyncio.create_subprocess_exec(
        sys.executable, "-P", drawing, stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, env=_environment(os.environ))
    try:
        out, complaints = await program.communicate(said)
    finally:
        if program.returncode is None:
            program.kill()
            await program.wait()
    if complaints.strip():
        log.warning("drawing complains: %s", complaints.decode(errors="replace").strip()[-300:])
    return _pictures(out, len(orders)) if program.returncode == 0 else [None] * len(orders)


def _environment(ours: Mapping[str, str]) -> dict[str, str]:
    """No token and no password of ours."""
    return {name: ours[name] for name in _PASSED if name in ours} | {"MPLBACKEND": "Agg"}


def _pictures(out: bytes, expected: int) -> list[bytes | None]:
    try:
        found = json.loads(out)
    except ValueError:
        return [None] * expected
    return [base64.b64decode(each) if isinstance(each, str) else None for each in found]


def ticks(begins: datetime, ends: datetime, count: int) -> list[datetime]:
    """So many moments, evenly spread, the first and the last among them."""
    return [begins + (ends - begins) * at / (count - 1) for at in range(count)]

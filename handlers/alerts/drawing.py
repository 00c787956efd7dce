"""Pictures are drawn in a process of their own: it takes a processor for half a second, and much memory."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import get_context
from typing import TypeVarTuple

log = logging.getLogger(__name__)
_Given = TypeVarTuple("_Given")


@dataclass(slots=True)
class _Workers:
    pool: ProcessPoolExecutor | None = None


_workers = _Workers()


async def drawn(function: Callable[[*_Given], bytes], *args: *_Given) -> bytes:
    """What a function of a module makes of values, in the one process for drawing; begun when first needed.

    A process that was killed is replaced, and the drawing tried once more. Raises what the function raises,
    and BrokenProcessPool where the process dies each time.
    """
    try:
        return await asyncio.get_running_loop().run_in_executor(_pool(), function, *args)
    except BrokenProcessPool:
        log.warning("the process for drawing died, and is begun anew")
        close()
        return await asyncio.get_running_loop().run_in_executor(_pool(), function, *args)


def close() -> None:
    """End the process, if there is one."""
    if _workers.pool is not None:
        _workers.pool.shutdown(wait=False, cancel_futures=True)
        _workers.pool = None


def _pool() -> ProcessPoolExecutor:
    if _workers.pool is None:
        _workers.pool = ProcessPoolExecutor(1, mp_context=get_context("spawn"))
    return _workers.pool

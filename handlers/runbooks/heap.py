"""Gives memory that is free inside this process back to the system."""

from __future__ import annotations

import ctypes
from functools import cache
from typing import Any


def give_back() -> None:
    """What glibc keeps of what was freed; elsewhere nothing. Takes tenths of a second: call it in a thread.

    After thousands of pages were read it would stay, at a fifth of what their index weighs.
    """
    trim = _trim()
    if trim is not None:
        trim(0)


@cache
def _trim() -> Any:
    """glibc's own function, which lets other threads work meanwhile; None: this system has none."""
    try:
        return ctypes.CDLL(None).malloc_trim
    except (OSError, AttributeError, TypeError):
        return None

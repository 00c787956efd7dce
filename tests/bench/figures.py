"""Figures: printed as a ratio to what was measured beside them, and kept in build/bench.jsonl."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Sequence
from pathlib import Path
from statistics import median

KEPT = Path(__file__).parent.parent.parent / "build" / "bench.jsonl"


def report(name: str, value: float, unit: str, reference: str, compared_to: float, *, of: str = "") -> float:
    """Print and keep one figure.

    Args:
        reference: what it is compared with, in words.
        compared_to: the reference's own value, in the same unit.
        of: what the value is of, such as "median of 300"; printed only.
    """
    ratio = value / compared_to if compared_to else float("inf")
    KEPT.parent.mkdir(exist_ok=True)
    with KEPT.open("a", encoding="utf-8") as kept:
        kept.write(json.dumps({"name": name, "value": round(value, 4), "unit": unit, "reference": reference,
                               "ratio": round(ratio, 4)}) + "\n")
    print(f"  {name:44} {_number(value):>9} {unit:9} = {ratio:8.3f} x {reference} ({_number(compared_to)} {unit})"
          + (f"; {of}" if of else ""), flush=True)
    return ratio


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 or value == int(value) else f"{value:.4g}"


def heading(text: str) -> None:
    print(f"\n{text}  [load {os.getloadavg()[0]:.1f}]", flush=True)


def note(text: str) -> None:
    print(f"  {text}", flush=True)


def machine() -> str:
    return (f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()} {platform.release()}, "
            f"Python {platform.python_version()}, load {os.getloadavg()[0]:.1f} at the start")


def share(values: Sequence[float], part: float) -> float:
    """The value that `part` of all are at most: 0.99 is the 99th percentile."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


__all__ = ["heading", "machine", "median", "note", "report", "share"]

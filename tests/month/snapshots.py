"""What a month said, kept beside the tests: a difference is shown line by line, or written when asked to."""

from __future__ import annotations

import os
from difflib import unified_diff
from pathlib import Path

FOLDER = Path(__file__).parent / "snapshots"
SHOWN = 120


def check(name: str, text: str) -> None:
    """Raises AssertionError with the difference. UPDATE_SNAPSHOTS=1 takes the text as it is now."""
    path = FOLDER / name
    if os.environ.get("UPDATE_SNAPSHOTS") == "1":
        FOLDER.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return
    kept = path.read_text(encoding="utf-8") if path.exists() else ""
    if text != kept:
        diff = list(unified_diff(kept.splitlines(), text.splitlines(), f"{name} as kept", f"{name} as said now", "", "", 1, ""))
        more = f"\n... and {len(diff) - SHOWN} lines more" if len(diff) > SHOWN else ""
        raise AssertionError("the month went another way; if that is right, run again with UPDATE_SNAPSHOTS=1\n"
                             + "\n".join(diff[:SHOWN]) + more)

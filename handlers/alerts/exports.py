"""A storm as a table: every alert of it, one row each."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from io import StringIO

from storage.alert_lists import Member

HEADER = ("id", "name", "title", "severity", "state", "since", "over", "labels")
BOM = "\ufeff"
"""By which spreadsheets know the encoding."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def header() -> str:
    return BOM + _rows([HEADER])


def rows(members: Iterable[Member]) -> str:
    """Rows of the table; moments in UTC, as ISO 8601. What a spreadsheet would calculate stays text."""
    return _rows((str(number), _plain(name), _plain(title), severity, state.value, since.isoformat(),
                  over.isoformat() if over is not None else "",
                  _plain(" ".join(f"{label}={value}" for label, value in sorted(labels.items()))))
                 for number, name, title, severity, state, since, over, labels in members)


def _plain(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text


def _rows(table: Iterable[Iterable[str]]) -> str:
    out = StringIO()
    csv.writer(out, lineterminator="\r\n").writerows(table)
    return out.getvalue()

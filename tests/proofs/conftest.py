"""The two sizes of the proofs, and the table of what they measured."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest

FULL = os.environ.get("PROOF") == "full"
PATIENT = pytest.mark.timeout(3600 if FULL else 300)
ALL_SHOWN_S = 1200 if FULL else 120
"""So long at most until all that was promised is shown: how long it took is a figure, and a slow machine no failure."""
Figure = Callable[[str, object], None]


@pytest.fixture
def figure(request: pytest.FixtureRequest, record_property: Callable[[str, object], None]) -> Figure:
    """Note a figure for the closing table."""
    def note(name: str, value: object) -> None:
        record_property(f"proof:{name}", f"{value:.1f}" if isinstance(value, float) else str(value))
    return note


@pytest.fixture(params=["sqlite", "postgres"] if FULL else ["sqlite"])
def some_url(request: pytest.FixtureRequest) -> str:
    """A database of each kind in full; SQLite alone in the suite, where what is proved is not the database's doing."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    rows = [(report.nodeid.rpartition("::")[2], name.removeprefix("proof:"), str(value), report.outcome)
            for reports in terminalreporter.stats.values() for report in reports
            if isinstance(report, pytest.TestReport) and report.when == "call"
            for name, value in report.user_properties if name.startswith("proof:")]
    if not rows or not FULL:
        return
    terminalreporter.section("what was proved")
    test = ""
    for name, what, value, outcome in rows:
        if name != test:
            terminalreporter.write_line(f"{name}: {outcome}")
            test = name
        terminalreporter.write_line(f"    {what:48} {value}")

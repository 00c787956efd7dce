"""A simulated month: everybody in it, and every message judged by the promises of the nudge policy.

In the suite there is a share of it: some pilots for two working weeks on SQLite, fewer on PostgreSQL.
`make proof` lives all of it: forty pilots, sixty people, a month.
"""

from __future__ import annotations

import os

import pytest

from tests.month import checks, ladder, plan, snapshots
from tests.month.record import transcript
from tests.month.run import Month, lived
from tests.month.totals import table

FULL = os.environ.get("PROOF") == "full"


def judged(month: Month) -> str:
    """All violations of all promises, by promise."""
    found = {check.__name__: check(month) for check in (*checks.CHECKS, *ladder.CHECKS)}
    return "\n".join(f"{name}: {len(said)}\n" + "\n".join(f"    {each}" for each in said[:20]) for name, said in found.items() if said)


@pytest.mark.timeout(180)
async def test_two_weeks_keep_every_promise_of_the_policy_and_read_as_before(sqlite_url: str) -> None:
    month = await lived(sqlite_url, plan.SHARE, plan.SHARE_DAYS)
    print(table(month))
    assert not judged(month)
    snapshots.check("two_weeks.txt", transcript(month.said, month.company))
    snapshots.check("two_weeks.md", table(month))


@pytest.mark.timeout(180)
async def test_days_on_postgres_keep_every_promise_too(postgres_url: str) -> None:
    month = await lived(postgres_url, plan.FEW, plan.FEW_DAYS)
    assert month.said
    assert not judged(month)


@pytest.mark.skipif(not FULL, reason="make proof lives the whole month")
@pytest.mark.timeout(1800)
async def test_a_month_of_forty_pilots_keeps_every_promise_and_reads_as_before(sqlite_url: str) -> None:
    month = await lived(sqlite_url, plan.WHOLE, plan.WHOLE_DAYS)
    print(table(month))
    assert not judged(month)
    snapshots.check("month.txt", transcript(month.said, month.company))
    snapshots.check("month.md", table(month))

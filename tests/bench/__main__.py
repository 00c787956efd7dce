"""`python -m tests.bench [name]`: measure, print, keep."""

from __future__ import annotations

import asyncio
import sys
from time import perf_counter

from tests.bench import (
    acks,
    alerts,
    databases,
    delivery,
    faults,
    runbook_acks,
    runbooks,
    runbooks_memory,
    start,
    status,
    sweep,
)
from tests.bench.figures import machine

BENCHES = {"start": start.bench, "status": status.bench, "acks": acks.bench, "scaling": sweep.scaling,
           "rate": sweep.rate, "delivery": delivery.bench, "alerts": alerts.bench, "faults": faults.bench,
           "runbooks": runbooks.bench, "runbooks-memory": runbooks_memory.bench,
           "runbook-acks": runbook_acks.bench}


async def main(names: list[str]) -> int:
    unknown = [name for name in names if name not in BENCHES]
    if unknown:
        print(f"there is no bench {', '.join(unknown)}; there are {', '.join(BENCHES)}")
        return 2
    print(machine())
    kinds, begun = await databases.there_are(), perf_counter()
    for name in names or BENCHES:
        await BENCHES[name](kinds)
    print(f"\n{perf_counter() - begun:.0f} s in all; kept in build/bench.jsonl")
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1:])))

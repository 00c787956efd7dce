"""Alerts under faults: the harness's scenarios against us and, where it is installed, Alertmanager, in one run.

Each scenario has a chat service of its own for each side, which is paced, refuses, fails, hangs, loses answers or
is gone. They wait most of the time, so those that need no processor of their own go side by side.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from types import SimpleNamespace
from typing import Any

import asyncpg

from tests.bench.alerts import PEER
from tests.bench.figures import heading, note, report
from tests.peer.harness import Bench
from tests.peer.relay import SECRET, SERVER

SIDE_BY_SIDE = (("ratelimit_default", "lostack"), ("http429", "semantics"), ("http500", "flap"), ("down",), ("hang",))
ALONE = ("ratelimit", "kill", "killmid")
"""Refused by the pace, Alertmanager posts hundreds of times a second; and to be killed in the midst of something takes a processor."""
FIGURES = (("lost", "alerts"), ("shown_more_than_once", "alerts"), ("first_post_after_recovery_s", "s"), ("last_alert_after_recovery_s", "s"),
           ("last_new_alert_s", "s"), ("acked_but_never_shown", "alerts"), ("shown_10s_after_restart_without_resend", "alerts"), ("posts", "posts"),
           ("edits", "edits"))
"""What is said of each scenario, where it has it."""


async def bench(kinds: list[str]) -> None:
    kinds = ["postgres" if "postgres" in kinds else "sqlite"]  # what is waited for is the chat service; both are proved in tests/proofs
    sides = [*(["alertmanager"] if PEER else []), *kinds]
    if not PEER:
        note("prometheus-alertmanager is not installed: no figures of the peer")
    heading("alerts under faults, beside Alertmanager" if PEER else "alerts under faults")
    port, jobs = 24000, list[Any]()
    found: dict[str, dict[str, dict[str, Any]]] = {side: {} for side in sides}
    for together in SIDE_BY_SIDE:
        for side in sides:
            jobs.append(asyncio.to_thread(_run, side, together, port, found[side]))
            port += 200
    await asyncio.gather(*jobs)
    for name in ALONE:
        for side in sides:
            await asyncio.to_thread(_run, side, (name,), port, found[side])
            port += 200
    for name in found[sides[0]]:
        for kind in kinds:
            _say(name, kind, found[kind].get(name, {}), found.get("alertmanager", {}).get(name, {}))
    if "postgres" in kinds:
        await _cleared()


def _run(side: str, scenarios: tuple[str, ...], port: int, found: dict[str, dict[str, Any]]) -> None:
    with tempfile.TemporaryDirectory(prefix="bench-faults-", ignore_cleanup_errors=True) as folder:
        own = None if side == "alertmanager" else f"{sys.executable} -m tests.peer.relay {port + 199} {side}"
        bench = Bench(SimpleNamespace(
            am_bin=PEER, relay_cmd=own, ingest_url=f"http://127.0.0.1:{port + 199}/alerts/bench/api/v2/alerts?token={SECRET}",
            ingest_format="am-v2", base_port=port, tmp=folder, wait_quiet=0, out=None))
        for scenario in scenarios:
            getattr(bench, scenario)()
        found |= bench.results


def _say(name: str, kind: str, ours: dict[str, Any], theirs: dict[str, Any]) -> None:
    for figure, unit in FIGURES:
        if ours.get(figure) is not None:
            peer = theirs.get(figure)
            report(f"{name} {figure} {kind}", ours[figure], unit, "Alertmanager's" if peer else f"1 {unit}" if peer is None else "1, its own being 0",
                   peer or 1.0)
    for figure in ("short_lived_alert", "sequence", "delivered_at_s"):
        if figure in ours:
            note(f"{name} {figure}: {kind} {ours[figure]}; Alertmanager {theirs.get(figure)}")
    if name == "semantics":
        for case, said in ours.items():
            if isinstance(said, dict) and "posted" in said:
                note(f"{case}: {kind} {said['posted']}; Alertmanager {theirs.get(case, {}).get('posted')}")


async def _cleared() -> None:
    """The relays' databases, each named after its folder."""
    connection = await asyncpg.connect(SERVER)
    for row in await connection.fetch("SELECT datname FROM pg_database WHERE datname LIKE 'relay\\_bench\\_%'"):
        await connection.execute(f'DROP DATABASE IF EXISTS "{row["datname"]}" WITH (FORCE)')
    await connection.close()

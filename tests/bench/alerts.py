"""Alerts: how fast they are taken in and shown, and what they weigh; beside Alertmanager where it is installed.

The bot is a process of its own on a database of its own, called and answered over loopback as in
tests/peer/harness.py. Alertmanager answers before it has written anything down; we answer after the commit.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import shutil
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg

from storage.alerting import NewSignal, SignalState
from storage.alerts import add_signals
from storage.engine import Store, open_engine
from storage.people import ensure_workspace
from tests.bench import databases, seed
from tests.bench.figures import heading, note, report, share
from tests.peer.harness import Alertmanager, FakeSlack, Relay, Sender, tally
from tests.peer.relay import SECRET, SERVER

PEER = shutil.which("prometheus-alertmanager")
PORT = 23400
BATCH, MANY, SINGLES, A_SECOND = 64, 10_000, 200, 20
ROOMS = 100
OPEN = 100_000


def rooms() -> str:
    """Routes that spread what the harness sends over channels: by the last two digits of its number."""
    routes = "".join(f"\n  - {{name: r{n:02}, match: {{uid: '.*{n:02}'}}, channel: C{n:07}}}" for n in range(ROOMS))
    return f"  routes:{routes}\n"


class Rig:
    """One relay with its chat service, gone at the end."""

    def __init__(self, kind: str, **how: str) -> None:
        global PORT
        PORT += 10
        self.folder = tempfile.mkdtemp(prefix="bench-alerts-", dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None)
        self.slack = FakeSlack(self.folder, PORT)
        if kind == "alertmanager":
            assert PEER is not None
            how.pop("policy", None)  # its receiver posts to one address, whatever the channel
            self.relay: Any = Alertmanager(PEER, self.folder, PORT + 1, self.slack.url, **how)
        else:
            command = f"{sys.executable} -m tests.peer.relay {PORT + 1} {kind}"
            self.relay = Relay(command, f"http://127.0.0.1:{PORT + 1}/alerts/bench/api/v2/alerts?token={SECRET}", "am-v2", self.folder,
                               self.slack.url, **how)
        self.kind, self.sender = kind, Sender(self.relay.ingest, "am-v2", BATCH)

    async def close(self) -> None:
        self.relay.stop()
        self.slack.stop()
        if self.kind == "postgres":
            connection = await asyncpg.connect(SERVER)
            await connection.execute(f'DROP DATABASE IF EXISTS "relay_{Path(self.folder).name.replace("-", "_").lower()}"')
            await connection.close()
        shutil.rmtree(self.folder, ignore_errors=True)


async def bench(kinds: list[str]) -> None:
    sides = [*(["alertmanager"] if PEER else []), *kinds]
    if not PEER:
        note("prometheus-alertmanager is not installed: no figures of the peer")
    await latency(kinds, sides)
    await storm(kinds, sides)
    await weight(kinds)
    await ingest(kinds, sides)


async def ingest(kinds: list[str], sides: list[str]) -> None:
    """Ten thousand different alerts in batches of 64, one connection, until the last is answered."""
    heading(f"{MANY:,} alerts taken in, batches of {BATCH}")
    for by, name in (("['...']", "each an alert of its own"), ("['alertname','service']", "in ten groups")):
        for kind in sides:
            rig = Rig(kind, group_by=by, group_wait="1s", group_interval="1s")
            try:
                took = await asyncio.to_thread(rig.sender.storm, range(MANY))
                assert not took["bad_batches"], took
                rate = MANY / took["took_s"]
                if kind == "alertmanager":
                    note(f"Alertmanager, {name}: {rate:,.0f} alerts/s, kept in memory only")
                    continue
                plain = await inserted(kind)
                report(f"alerts ingest {name} {kind}", rate, "alerts/s", "a bare INSERT loop", plain, of=f"{took['took_s']:.2f} s in all")
            finally:
                await rig.close()


async def inserted(kind: str) -> float:
    """How many signals a second are written without a thought, in the same batches."""
    now = datetime.now(UTC)
    async with databases.fresh(kind) as url:
        engine = open_engine(url)
        store = Store(engine)
        async with store.begin() as session:
            await ensure_workspace(session, seed.WORKSPACE, "bench", now)
        begun = time.perf_counter()
        for first in range(0, MANY, BATCH):
            async with store.begin() as session:
                await add_signals(session, [
                    NewSignal(seed.WORKSPACE, f"f{n}", "bench", SignalState.FIRING, "FeatureDrift", f"PSI of feature {n}", 2, now, now,
                              labels={"instance": f"model-{n}", "service": f"svc-{n % 10}"}) for n in range(first, min(first + BATCH, MANY))])
        took = time.perf_counter() - begun
        await engine.dispose()
    return MANY / took


async def latency(kinds: list[str], sides: list[str]) -> None:
    """Single alerts, twenty a second, over a hundred channels: from the request to the call to the chat service."""
    heading(f"{SINGLES} single alerts, {A_SECOND} a second, over {ROOMS} channels: request to chat call")
    peer = 0.0
    for wait in ("0s", "1s"):
        for kind in sides:
            rig = Rig(kind, group_by="['...']", group_wait=wait, policy=rooms())
            try:
                await asyncio.to_thread(_singles, rig)
                found = tally(rig.slack.recs(), rig.sender.sent)
                assert not found["lost"], found
                if kind == "alertmanager":
                    peer = found["p95_ms"]
                    note(f"Alertmanager, waiting {wait}: p50 {found['p50_ms']} ms, p95 {peer} ms")
                else:
                    report(f"alert to chat p95 {kind} debounce {wait}", found["p95_ms"], "ms", "Alertmanager's" if peer else "1 ms",
                           peer or 1.0, of=f"p50 {found['p50_ms']} ms, max {found['max_ms']} ms")
            finally:
                await rig.close()


def _singles(rig: Rig) -> None:
    for number in range(SINGLES):
        begun = time.monotonic()
        rig.sender.post([rig.sender.alert(number)])
        time.sleep(max(0.0, begun + 1 / A_SECOND - time.monotonic()))
    time.sleep(4)


async def storm(kinds: list[str], sides: list[str]) -> None:
    """A thousand different alerts at once for one channel: when its card is there, and how fast it is called."""
    heading("a storm of 1,000 alerts in one channel")
    for kind in kinds:
        rig = Rig(kind, group_by="['...']", group_wait="1s")
        try:
            took = await asyncio.to_thread(rig.sender.storm, range(1000))
            await asyncio.sleep(20)
            calls = [each for each in rig.slack.recs() if each["status"] == 200]
            posts = [each["m"] for each in calls if not each.get("edit")]
            gaps = [late - early for early, late in itertools.pairwise(posts)]
            card = next((each["m"] - took["t0"] for each in calls if each.get("storm")), float("nan"))
            report(f"storm card {kind}", card, "s", "the debounce", 1.0,
                   of=f"{len(posts)} posts, {len(calls) - len(posts)} edits, least gap {share(gaps, 0):.2f} s")
        finally:
            await rig.close()


async def weight(kinds: list[str]) -> None:
    """Memory with a hundred thousand open alerts in storms of a hundred channels, and with one storm of ten thousand."""
    heading(f"memory with {OPEN:,} open alerts in {ROOMS} channels, and with {MANY:,} in one storm")
    for kind, count, policy in ((kind, *size) for kind in kinds for size in ((MANY, ""), (OPEN, rooms()))):
        rig = Rig(kind, group_by="['...']", group_wait="1s", policy=policy)
        try:
            idle = rig.relay.usage()["rss_mb"]
            took = await asyncio.to_thread(rig.sender.storm, range(count))
            await asyncio.sleep(20)
            used = rig.relay.usage()
            report(f"memory with {count} open alerts {kind}", used["peak_mb"], "MB", "the same bot idle", idle,
                   of=f"{used['rss_mb']} MB at the end; taken in at {count / took['took_s']:,.0f}/s")
        finally:
            await rig.close()

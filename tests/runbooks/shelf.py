"""A world with runbooks in it: pages as they are read, put where they are read to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from types import MappingProxyType
from typing import Any

import pytest

from handlers.runbooks.markdown import read_page
from handlers.runbooks.policy import Kind, Policies, Source
from handlers.runbooks.progress import StillReading
from storage.shelf import RunbookPage, RunbookSection, RunbookSource
from tests.world import TEAM, World, world_on

SITE = "https://runbooks.northwind.example/"


@dataclass(frozen=True)
class Written:
    """A page of a source."""

    source: str
    path: str
    markdown: str
    days: int | None = 20
    """Since it was changed; None: nobody knows."""
    owner: str | None = None
    is_stub: bool = False
    aliases: tuple[str, ...] = ()
    url: str | None = ""
    """Empty: under the site, by its path."""
    details: dict[str, Any] = field(default_factory=dict)


ROLLBACK = Written("ops", "rollback.md", """# Rolling back a model

Roll back when the new version answers worse than the one before it.

## Steps

1. Stop the rollout in the registry:

   ```sh
   registry rollout pause --model claims --reason "bad answers"
   ```

2. Send all traffic to the version before:

   ```sh
   registry traffic set --model claims --version previous=100
   ```

3. Tell the pilot's channel. See [the checklist](checklist.md) and `docs/off_switch.md`.

## Afterwards

Write down what was bad about the version.
""", owner="Ana Ruiz")

DRIFT = Written("ops", "alerts/feature-drift.md", """# FeatureDrift

## Meaning

A feature has moved away from what the model was trained on.

## Mitigation

1. Compare the feature with its upstream table.
2. Retrain when the upstream change is there to stay.
""", aliases=("FeatureDriftHigh",), days=400)

LATENCY = Written("ops", "latency.md", """# Slow answers

## Diagnosis

Look at the queue in front of the model server and at its batch size.

## Mitigation

- Add a replica of the model server.
- Lower the batch size.
""")

STUB = Written("ops", "pii-leak.md", "# Personal data leak\n\nTODO\n", is_stub=True, owner="Ines Duarte")

CLAIMS = Written("claims", "claims-queue.md", """# Claims queue is stuck

## What to do

1. Restart the claims intake worker.
""", owner=None, days=2)

PAGES = (ROLLBACK, DRIFT, LATENCY, STUB, CLAIMS)

POLICY = Policies(MappingProxyType({
    "ops": Source("ops", Kind.FOLDER, "/runbooks", owner="Platform team"),
    "claims": Source("claims", Kind.FOLDER, "/claims", pilot="Claims triage", owner="Claims operations"),
    "invoices": Source("invoices", Kind.FOLDER, "/invoices", pilot="Invoice match"),
}))


async def put(world: World, pages: Iterable[Written] = PAGES, version: int = 1) -> None:
    """Write these pages as a reading of their sources does."""
    now = world.clock()
    pages = list(pages)
    async with world.parts.store.begin() as session:
        for name in sorted({page.source for page in pages}):
            row = await session.get(RunbookSource, (TEAM, name))
            if row is None:
                session.add(RunbookSource(workspace_id=TEAM, name=name, next_at=now + timedelta(days=999), version=version))
            else:
                row.version += 1
        await session.flush()
        for written in pages:
            read = read_page(written.markdown, written.path)
            page = RunbookPage(
                workspace_id=TEAM, source=written.source, path=written.path, title=read.title, digest="0" * 64, read_at=now,
                version=version, url=SITE + written.path if written.url == "" else written.url, owner=written.owner,
                changed_at=now - timedelta(days=written.days) if written.days is not None else None, is_stub=written.is_stub,
                details={"aliases": list(written.aliases), **written.details})
            session.add(page)
            await session.flush()
            session.add_all([RunbookSection(
                workspace_id=TEAM, page_id=page.id, ordinal=each.ordinal, level=each.level, path=list(each.path),
                anchor=each.anchor, markdown=each.markdown, text=each.text, code=each.code) for each in read.sections])


@asynccontextmanager
async def stocked_on(database_url: str, clock: Any, monkeypatch: pytest.MonkeyPatch, policy: Policies = POLICY,
                   pages: Iterable[Written] = PAGES, **settings: Any) -> AsyncIterator[World]:
    """The bot with runbooks, and an operations channel for alerts."""
    monkeypatch.setattr("bot.wiring.read_runbooks", lambda _folder: policy)
    async with world_on(database_url, clock, operations_channel="C0OPS0000", admins="U0ALEXA00", **settings) as world:
        await put(world, pages)
        await read(world)
        yield world


async def read(world: World) -> None:
    """Wait until the index knows the pages as they are now."""
    keeper = world.parts.desk.tools.runbooks.keeper
    for _ in range(600):
        try:
            await keeper.find("read already")
        except StillReading:
            await asyncio.sleep(0.02)
        else:
            return
    raise AssertionError("the runbooks were not read")

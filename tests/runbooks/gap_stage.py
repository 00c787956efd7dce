"""Shelves with pages, questions that were asked, and labels that were carried: what gaps are found in."""

from __future__ import annotations

from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import delete, select

from handlers.runbooks.markdown import read_page
from handlers.runbooks.policy import Kind, Policies, Source
from handlers.runbooks.question import question_key
from storage.alerting import Alert, AlertState, Signal, SignalState
from storage.shelf import RunbookGap, RunbookPage, RunbookQuestion, RunbookSection, RunbookSource
from tests.world import TEAM, World


def source(name: str, **said: Any) -> Source:
    return Source(name, Kind.FOLDER, f"/srv/{name}", **said)


def sources(world: World, *given: Source, **policy: Any) -> None:
    """Set the stage: the policy has these."""
    world.parts.runbooks.policy = Policies({each.name: each for each in given}, **policy)


async def page(world: World, path: str, markdown: str, source: str = "ops", *, aliases: tuple[str, ...] = (), days: int | None = 3,
               is_stub: bool = False, url: str | None = "", owner: str | None = None) -> int:
    """Set the stage: a source holds this page, changed `days` ago; the page of that path goes."""
    now = world.clock()
    read = read_page(markdown, path)
    async with world.parts.store.begin() as session:
        held = await session.get(RunbookSource, (TEAM, source))
        if held is None:
            held = RunbookSource(workspace_id=TEAM, name=source, next_at=now)
            session.add(held)
        held.version += 1
        before = await session.scalar(select(RunbookPage).where(RunbookPage.source == source, RunbookPage.path == path))
        if before is not None:
            await session.execute(delete(RunbookSection).where(RunbookSection.page_id == before.id))
            await session.delete(before)
            await session.flush()
        row = RunbookPage(workspace_id=TEAM, source=source, path=path, title=read.title, digest=sha256(markdown.encode()).hexdigest(), read_at=now,
                          version=held.version, url=f"https://git.example/{path}" if url == "" else url, owner=owner,
                          changed_at=None if days is None else now - timedelta(days=days), is_stub=is_stub, details={"aliases": list(aliases)})
        session.add(row)
        await session.flush()
        session.add_all([RunbookSection(workspace_id=TEAM, page_id=row.id, ordinal=each.ordinal, level=each.level, path=list(each.path),
                                        anchor=each.anchor, markdown=each.markdown, text=each.text, code=each.code) for each in read.sections])
    await read_again(world)
    return row.id


async def read_again(world: World) -> None:
    """The index holds what the shelves hold."""
    await world.parts.runbooks.look()
    await world.parts.runbooks.settled()


async def asked(world: World, words: str, who: str = "ana", verdict: str = "nothing", said: str | None = None, *, pilot: int | None = 1,
                days: float = 0, at: tuple[str, str] | None = None, alert: int | None = None) -> None:
    """Set the stage: somebody asked, so many days ago; `at`: source and path of what was shown."""
    moment = world.clock() - timedelta(days=days)
    async with world.parts.store.begin() as session:
        session.add(RunbookQuestion(
            workspace_id=TEAM, pilot_id=pilot, asked_by=f"slack:{world.sandbox.user_id(who)}", asked_at=moment, words=words, key=question_key(words),
            verdict=verdict, confidence=0.5, said=said, said_at=moment if said else None, source=at[0] if at else None, path=at[1] if at else None,
            alert_id=alert))


async def fired(world: World, name: str, times: int = 1, *, pilot: int | None = 1, rank: int = 2, days: float = 1, runbook: str | None = None,
                **labels: str) -> None:
    """Set the stage: alerts of that name opened and ended, so many days ago."""
    moment = world.clock() - timedelta(days=days)
    async with world.parts.store.begin() as session:
        session.add_all([Alert(
            workspace_id=TEAM, key=f"{name}-{at}-{days}", source="prom", name=name, title=f"{name} fires", severity="warning", rank=rank, room="slack:C1",
            opened_at=moment, changed_at=moment, pilot_id=pilot, state=AlertState.RESOLVED, resolved_at=moment, labels=dict(labels),
            links=[["runbook", runbook]] if runbook else []) for at in range(times)])


async def carried(world: World, label: str, *values: str, days: float = 1, since: datetime | None = None) -> None:
    """Set the stage: signals with these values of a label were last heard of so many days ago."""
    moment = world.clock() - timedelta(days=days)
    async with world.parts.store.begin() as session:
        session.add_all([Signal(
            workspace_id=TEAM, fingerprint=sha256(f"{label}{value}{days}".encode()).hexdigest()[:32], source="prom", state=SignalState.RESOLVED, name="Up",
            title="Up", rank=2, first_at=since or moment, last_at=moment, labels={label: value}) for value in values])


async def gap_rows(world: World) -> list[RunbookGap]:
    async with world.parts.store.reading() as session:
        return list(await session.scalars(select(RunbookGap).order_by(RunbookGap.key)))

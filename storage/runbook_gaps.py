"""Queries about what is missing in runbooks: what went unanswered, what fires, which names labels carry."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, union_all
from sqlalchemy.ext.asyncio import AsyncSession

from storage.alerting import Alert, Signal
from storage.models import Item, Pilot, Seat
from storage.shelf import RunbookGap, RunbookPage, RunbookQuestion, RunbookSection
from storage.upsert import insert_into

_AT_ONCE = 500
"""Pages read between two turns of the event loop."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, with what gaps are made of."""

    id: int
    pilot_id: int | None
    asked_by: str
    asked_at: datetime
    words: str
    key: str
    verdict: str
    said: str | None
    said_at: datetime | None
    source: str | None
    path: str | None
    alert_id: int | None


@dataclass(frozen=True, slots=True)
class Fired:
    """Alerts of one name, of one pilot or of none."""

    pilot_id: int | None
    name: str
    times: int
    rank: int
    """The worst severity of them as a number, 0 the worst."""
    last_at: datetime
    newest: int
    """The newest of them, by its number."""


@dataclass(frozen=True, slots=True)
class Carried:
    """A value that a label carried."""

    label: str
    value: str
    last_at: datetime


@dataclass(frozen=True, slots=True)
class Shelved:
    """A page without its text."""

    id: int
    source: str
    path: str
    title: str
    url: str | None
    owner: str | None
    changed_at: datetime | None
    is_stub: bool
    digest: str
    aliases: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """``source/path``"""
        return f"{self.source}/{self.path}"


@dataclass(frozen=True, slots=True)
class Coded:
    """What the code of a page says, all sections in one."""

    page_id: int
    digest: str
    code: str


async def questions_since(session: AsyncSession, workspace: str, since: datetime,
                          limit: int) -> list[Asked]:
    """What was asked, newest first."""
    query = (select(*(getattr(RunbookQuestion, each.name) for each in fields(Asked)))
             .where(RunbookQuestion.workspace_id == workspace, RunbookQuestion.asked_at >= since)
             .order_by(RunbookQuestion.asked_at.desc(), RunbookQuestion.id.desc()).limit(limit))
    found: list[Asked] = []
    async for part in (await session.stream(query)).partitions(_AT_ONCE):
        found += [Asked(*row) for row in part]
    return found


async def helpful(session: AsyncSession, workspace: str, pilot_id: int, since: datetime,
                  limit: int) -> Sequence[RunbookQuestion]:
    """Questions of a pilot whose answer was called helpful, newest first."""
    return (await session.scalars(
        select(RunbookQuestion)
        .where(RunbookQuestion.workspace_id == workspace, RunbookQuestion.pilot_id == pilot_id,
               RunbookQuestion.asked_at >= since, RunbookQuestion.said == "helpful")
        .order_by(RunbookQuestion.asked_at.desc(), RunbookQuestion.id.desc()).limit(limit))).all()


async def fired(session: AsyncSession, workspace: str, since: datetime, limit: int) -> list[Fired]:
    """Alerts opened since then by name, the most frequent first; storms, which only hold others, left out."""
    often = func.count()
    rows = await session.execute(
        select(Alert.pilot_id, Alert.name, often, func.min(Alert.rank), func.max(Alert.opened_at),
               func.max(Alert.id))
        .where(Alert.workspace_id == workspace, Alert.opened_at >= since, Alert.is_storm.is_(False))
        .group_by(Alert.pilot_id, Alert.name)
        .order_by(often.desc(), Alert.name, Alert.pilot_id).limit(limit))
    return [Fired(pilot_id, name, times, rank, last_at, newest)
            for pilot_id, name, times, rank, last_at, newest in rows]


async def alerts_of(session: AsyncSession, workspace: str, numbers: Collection[int]) -> dict[int, Alert]:
    """These alerts, by number."""
    rows = await session.scalars(
        select(Alert).where(Alert.workspace_id == workspace, Alert.id.in_(sorted(numbers))))
    return {row.id: row for row in rows}


async def carried(session: AsyncSession, workspace: str, labels: Collection[str],
                  limit: int) -> list[Carried]:
    """Every value that these labels of alerts and signals ever carried, with when it last did."""
    found: dict[tuple[str, str], datetime] = {}
    for label in sorted(labels):
        values = []
        for table, moment in ((Alert, Alert.changed_at), (Signal, Signal.last_at)):
            value = table.labels[label].as_string()
            values.append(select(value.label("value"), func.max(moment).label("last_at"))
                          .where(table.workspace_id == workspace, value.is_not(None)).group_by(value))
        both = union_all(*values).subquery()
        last_at = func.max(both.c.last_at)
        rows = await session.execute(select(both.c.value, last_at).group_by(both.c.value)
                                     .order_by(last_at.desc()).limit(limit))
        found |= {(label, value): at for value, at in rows if value}
    return [Carried(label, value, at) for (label, value), at in found.items()]


async def first_heard(session: AsyncSession, workspace: str) -> datetime | None:
    """Since when signals are known."""
    return await session.scalar(select(func.min(Signal.first_at)).where(Signal.workspace_id == workspace))


async def all_pages(session: AsyncSession, workspace: str, source: str | None = None,
                    path: str | None = None) -> list[Shelved]:
    """The pages of all sources, by source and path; or just one of them."""
    query = (select(RunbookPage.id, RunbookPage.source, RunbookPage.path, RunbookPage.title, RunbookPage.url,
                    RunbookPage.owner, RunbookPage.changed_at, RunbookPage.is_stub, RunbookPage.digest,
                    RunbookPage.details)
             .where(RunbookPage.workspace_id == workspace).order_by(RunbookPage.source, RunbookPage.path))
    if source is not None and path is not None:
        query = query.where(RunbookPage.source == source, RunbookPage.path == path)
    found: list[Shelved] = []
    async for part in (await session.stream(query)).partitions(_AT_ONCE):  # other work goes on in between
        found += [Shelved(row.id, row.source, row.path, row.title, row.url, row.owner, row.changed_at,
                          row.is_stub, row.digest, _aliases(row.details)) for row in part]
    return found


def _aliases(details: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(str(each) for each in details.get("aliases") or ())


async def code_of(session: AsyncSession, workspace: str, pages: Collection[int]) -> list[Coded]:
    """What stands in the code of these pages."""
    rows = await session.execute(
        select(RunbookPage.id, RunbookPage.digest, RunbookSection.code)
        .join(RunbookSection, RunbookSection.page_id == RunbookPage.id)
        .where(RunbookPage.workspace_id == workspace, RunbookSection.workspace_id == workspace,
               RunbookPage.id.in_(sorted(pages)), RunbookSection.code != "")
        .order_by(RunbookPage.id, RunbookSection.ordinal))
    found: dict[int, tuple[str, list[str]]] = {}
    for page_id, digest, code in rows:
        found.setdefault(page_id, (digest, []))[1].append(code)
    return [Coded(page_id, digest, "\n".join(parts)) for page_id, (digest, parts) in found.items()]


async def kept(session: AsyncSession, workspace: str) -> dict[str, RunbookGap]:
    """What was given to somebody or laid aside, by key."""
    rows = await session.scalars(select(RunbookGap).where(RunbookGap.workspace_id == workspace))
    return {row.key: row for row in rows}


async def of_item(session: AsyncSession, workspace: str, item_id: int) -> RunbookGap | None:
    """The gap that an item is to close."""
    return await session.scalar(
        select(RunbookGap).where(RunbookGap.workspace_id == workspace, RunbookGap.item_id == item_id))


async def items_of(session: AsyncSession, workspace: str, numbers: Collection[int]) -> dict[int, Item]:
    """These items, by number."""
    rows = await session.scalars(
        select(Item).where(Item.workspace_id == workspace, Item.id.in_(sorted(numbers))))
    return {row.id: row for row in rows}


async def pilots_of(session: AsyncSession, workspace: str) -> Sequence[Pilot]:
    """All pilots of the workspace, by name."""
    return (await session.scalars(
        select(Pilot).where(Pilot.workspace_id == workspace).order_by(Pilot.name_key))).all()


async def seated_in(session: AsyncSession, workspace: str, person: str) -> frozenset[int]:
    """The pilots in which somebody has a seat, asked or accepted."""
    return frozenset(await session.scalars(
        select(Seat.pilot_id).where(Seat.workspace_id == workspace, Seat.person_id == person)))


async def claimed(session: AsyncSession, workspace: str, gap: RunbookGap) -> RunbookGap:
    """The row of this gap, locked: the one that is there, or `gap` as it was handed in.

    Whoever else claims it at the same moment waits here, and then finds what was made of it.
    """
    await session.execute(
        insert_into(session, RunbookGap).values(
            workspace_id=workspace, key=gap.key, pilot_id=gap.pilot_id, item_id=None, by=gap.by, at=gap.at,
            laid_aside=False, words=gap.words, reason=None)
        .on_conflict_do_nothing())
    return (await session.scalars(
        select(RunbookGap).where(RunbookGap.workspace_id == workspace, RunbookGap.key == gap.key)
        .with_for_update().execution_options(populate_existing=True))).one()

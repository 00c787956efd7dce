"""Queries about what was asked of the runbooks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.shelf import RunbookQuestion

_TABLE: Any = RunbookQuestion.__table__
_COLUMNS = tuple(column.key for column in _TABLE.columns if column.key != "id")
_ADDED = insert(_TABLE).returning(_TABLE.c.id)
"""Put together once: for a session to find out what a new row needs takes a good part of an answer's time."""


async def add(session: AsyncSession, question: RunbookQuestion) -> None:
    """Write a new question, which gets its number and is not followed by the session."""
    given = {name: getattr(question, name) for name in _COLUMNS}
    question.id = await session.scalar(  # to a column of JSON, None that is given is a value
        _ADDED, {name: value for name, value in given.items() if value is not None})


async def one(session: AsyncSession, workspace: str, number: int) -> RunbookQuestion | None:
    return await session.scalar(select(RunbookQuestion).where(*_is(workspace, number)))


async def locked(session: AsyncSession, workspace: str, number: int) -> RunbookQuestion | None:
    return await session.scalar(
        select(RunbookQuestion).where(*_is(workspace, number)).with_for_update()
        .execution_options(populate_existing=True))


def _is(workspace: str, number: int) -> tuple[ColumnElement[bool], ...]:
    return RunbookQuestion.workspace_id == workspace, RunbookQuestion.id == number


async def of_pilot(session: AsyncSession, workspace: str, pilot_id: int, *, limit: int,
                   offset: int = 0) -> tuple[Sequence[RunbookQuestion], int]:
    """A page of what was asked in a pilot, newest first, and how many there are in all."""
    return await _page(session, (RunbookQuestion.workspace_id == workspace,
                                 RunbookQuestion.pilot_id == pilot_id), limit, offset)


async def of_person(session: AsyncSession, workspace: str, person: str, *, limit: int,
                    offset: int = 0) -> tuple[Sequence[RunbookQuestion], int]:
    """The same of what somebody asked, in any pilot and in none."""
    return await _page(session, (RunbookQuestion.workspace_id == workspace,
                                 RunbookQuestion.asked_by == person), limit, offset)


async def _page(session: AsyncSession, which: tuple[ColumnElement[bool], ...], limit: int,
                offset: int) -> tuple[Sequence[RunbookQuestion], int]:
    rows = (await session.scalars(
        select(RunbookQuestion).where(*which)
        .order_by(RunbookQuestion.asked_at.desc(), RunbookQuestion.id.desc())
        .limit(limit).offset(offset))).all()
    return rows, await session.scalar(select(func.count()).select_from(RunbookQuestion).where(*which)) or 0


async def last_told(session: AsyncSession, workspace: str, key: str, pilot_id: int | None,
                    since: datetime) -> RunbookQuestion | None:
    """The question of this key whose owners were told last, since then."""
    return await session.scalar(
        select(RunbookQuestion).where(*_alike(workspace, key, pilot_id), RunbookQuestion.told_at >= since)
        .order_by(RunbookQuestion.told_at.desc()).limit(1))


async def lock_alike(session: AsyncSession, workspace: str, key: str, pilot_id: int | None) -> None:
    """Lock the first question of this key: of several who ask the same at once, one goes on."""
    await session.execute(
        select(RunbookQuestion.id).where(*_alike(workspace, key, pilot_id))
        .order_by(RunbookQuestion.id).limit(1).with_for_update())


async def asked_alike(session: AsyncSession, workspace: str, key: str, pilot_id: int | None,
                      since: datetime) -> tuple[int, int]:
    """How often a question of this key was asked since then, and by how many people."""
    row = (await session.execute(
        select(func.count(), func.count(RunbookQuestion.asked_by.distinct()))
        .where(*_alike(workspace, key, pilot_id), RunbookQuestion.asked_at >= since))).one()
    return int(row[0]), int(row[1])


def _alike(workspace: str, key: str, pilot_id: int | None) -> tuple[ColumnElement[bool], ...]:
    same = (RunbookQuestion.pilot_id == pilot_id if pilot_id is not None
            else RunbookQuestion.pilot_id.is_(None))
    return RunbookQuestion.workspace_id == workspace, RunbookQuestion.key == key, same

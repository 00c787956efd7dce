"""Whose rows an answer holds, and whose a statement asks for: what the tests of workspaces look at."""

from collections.abc import Iterable
from dataclasses import is_dataclass
from typing import Any

from sqlalchemy import Alias, Column, Delete, Join, Select, Subquery, Table, TextClause, Update, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql import visitors

from storage.base import Base
from storage.models import Workspace
from storage.pilots import Dossier


async def rows_of(session: AsyncSession, workspace: str) -> list[tuple[Any, ...]]:
    """Everything of a workspace as it stands."""
    found: list[tuple[Any, ...]] = []
    for table in Base.metadata.sorted_tables:
        column = table.c.id if table.name == "workspace" else table.c.workspace_id
        found += [(table.name, *row) for row in await session.execute(
            select(table).where(column == workspace).order_by(*table.primary_key))]
    return found


def workspaces_in(value: Any) -> Iterable[str]:
    """The workspaces of all rows in an answer, however they are wrapped."""
    if isinstance(value, Base):
        yield value.id if isinstance(value, Workspace) else value.workspace_id  # type: ignore[attr-defined]
    elif isinstance(value, Dossier) or (is_dataclass(value) and not isinstance(value, type)):
        for name in getattr(value, "__slots__", ()):
            yield from workspaces_in(getattr(value, name))
    elif isinstance(value, dict):
        yield from workspaces_in(list(value.values()))
    elif isinstance(value, (list, tuple)):
        for each in value:
            yield from workspaces_in(each)


def _in_block(clause: Any) -> Iterable[Any]:
    """The parts of a clause, without what belongs to a query nested in it."""
    if clause is not None and not isinstance(clause, Select):
        yield clause
        for part in clause.get_children():
            yield from _in_block(part)


def _sources(clause: Any) -> Iterable[Any]:
    """The tables and subqueries a FROM is joined of; a subquery is a block of its own."""
    if isinstance(clause, Join):
        yield from _sources(clause.left)
        yield from _sources(clause.right)
    elif isinstance(clause, Alias):
        yield from _sources(clause.element)
    else:
        yield clause


def names_no_workspace(statement: Any) -> bool:
    """Whether some block of the statement reads or writes our tables without saying whose."""
    if isinstance(statement, TextClause):
        return any(table.name in statement.text for table in Base.metadata.sorted_tables)
    for block in visitors.iterate(statement):
        if not isinstance(block, (Select, Update, Delete)):
            continue
        froms = block.get_final_froms() if isinstance(block, Select) else [block.table]
        read = {source.name for each in froms for source in _sources(each) if isinstance(source, Table)}
        joins_guarded = any(isinstance(source, Subquery) for each in froms for source in _sources(each))
        said = {part.name for part in _in_block(block.whereclause) if isinstance(part, Column)}
        if read and not joins_guarded and ("id" if read == {"workspace"} else "workspace_id") not in said:
            return True
    return False

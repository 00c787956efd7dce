"""INSERT ... ON CONFLICT, which both databases have and SQLAlchemy spells per dialect."""

from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql.dml import Insert as PostgresInsert
from sqlalchemy.dialects.sqlite.dml import Insert as SqliteInsert
from sqlalchemy.ext.asyncio import AsyncSession

from storage.base import Base


def insert_into(session: AsyncSession, table: type[Base]) -> PostgresInsert | SqliteInsert:
    """An insert into `table` that knows `on_conflict_do_nothing` and `on_conflict_do_update`."""
    dialect: Any = session.get_bind().dialect
    return sqlite.insert(table) if dialect.name == "sqlite" else postgresql.insert(table)

"""INSERT ... ON CONFLICT, which both databases have and SQLAlchemy spells per dialect."""

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql.dml import Insert as PostgresInsert
from sqlalchemy.dialects.sqlite.dml import Insert as SqliteInsert
from sqlalchemy.ext.asyncio import AsyncSession

from storage.base import Base


def insert_into(session: AsyncSession, table: type[Base]) -> PostgresInsert | SqliteInsert:
    """An insert into `table` that knows `on_conflict_do_nothing` and `on_conflict_do_update`."""
    return insert_for(dialect_of(session), table)


def insert_for(dialect: str, table: type[Base]) -> PostgresInsert | SqliteInsert:
    """The same for a dialect by its name, for statements that are put together once."""
    return sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)


def dialect_of(session: AsyncSession) -> str:
    """``sqlite`` or ``postgresql``."""
    return session.get_bind().dialect.name

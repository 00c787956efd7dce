"""Rows that a session has read already: asking for one of them again takes no query."""

from typing import Any, TypeVar

from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm.util import identity_key

from storage.base import Base

Row = TypeVar("Row", bound=Base)


def held(session: AsyncSession, kind: type[Row], key: Any) -> Row | None:
    """The row with this primary key, as a query would give it back too; None: it is not held."""
    found = session.identity_map.get(identity_key(kind, key))
    return found if isinstance(found, kind) else None


def held_of(session: AsyncSession, workspace: str, kind: type[Row], number: int) -> Row | None:
    """The same for a row that is numbered across workspaces."""
    found = held(session, kind, number)
    return found if found is not None and found.workspace_id == workspace else None  # type: ignore[attr-defined]

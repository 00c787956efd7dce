"""Many new rows of one table in one statement."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any

from sqlalchemy import Column, Insert, Row, Table, bindparam, cast, column, func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.types import JSON, String, Text, TypeEngine

from storage.base import Base
from storage.upsert import dialect_of


async def insert_all(session: AsyncSession, table: type[Base], rows: Sequence[Mapping[str, Any]],
                     returning: tuple[str, ...] = ()) -> Sequence[Row[Any]]:
    """Write rows, none of which is there yet; gives what was asked for of each, in any order.

    On PostgreSQL they go as one text, of which the server makes rows: a parameter for each value of each row
    costs more to name, cast and send than the insert itself.

    Args:
        rows: values by column, the same columns in each.

    Raises:
        sqlalchemy.exc.IntegrityError: one of them is there; nothing is written then.
    """
    if not rows:
        return ()
    whole: Any = table.__table__
    if dialect_of(session) == "postgresql":
        made = await session.execute(_from_text(whole, tuple(rows[0]), returning),
                                     {_ROWS: json.dumps(rows, default=_plain)})
    else:
        made = await session.execute(_asking(insert(whole), whole, returning), [dict(row) for row in rows])
    return made.all() if returning else ()


_ROWS = "rows"


@cache
def _from_text(table: Table, names: tuple[str, ...], returning: tuple[str, ...]) -> Insert:
    text = func.json_to_recordset(cast(bindparam(_ROWS, type_=Text()), JSON))
    rows = text.table_valued(*(column(name, _plain_type(table.c[name])) for name in names), name="new")
    typed = rows.render_derived(with_types=True)
    return _asking(insert(table).from_select(list(names), select(*(typed.c[name] for name in names))),
                   table, returning)


def _asking(plain: Insert, table: Table, returning: tuple[str, ...]) -> Insert:
    return plain.returning(*(table.c[name] for name in returning)) if returning else plain


def _plain_type(each: Column[Any]) -> TypeEngine[Any]:
    """Strings of any length: one that is too long for its column is refused by that, not cut."""
    return Text() if isinstance(each.type, String) else each.type


def _plain(value: object) -> str:
    """What JSON has no word for. Raises ValueError for a naive datetime."""
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError("naive datetime; give an aware one")
        return value.astimezone(UTC).isoformat()
    raise TypeError(f"no column takes a {type(value).__name__}")

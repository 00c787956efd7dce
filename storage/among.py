"""`column IN (values)` as one parameter, however many values there are.

SQLAlchemy's own `in_` makes a parameter of each: a statement of another text for each count, which the driver
prepares anew, and whose parameters are named, cast and counted one by one each time.
"""

from collections.abc import Collection
from typing import Any

from sqlalchemy import ARRAY, JSON, ColumnElement, any_, func, literal, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from storage.upsert import dialect_of


def among(session: AsyncSession, column: InstrumentedAttribute[Any],
          values: Collection[Any]) -> ColumnElement[bool]:
    """Whether a column of strings or whole numbers has one of these values; of none, that it never has."""
    wanted = sorted(values)
    if dialect_of(session) == "postgresql":
        return column == any_(literal(wanted, ARRAY(column.type)))
    return column.in_(select(func.json_each(literal(wanted, JSON)).table_valued("value").c.value))

"""`column IN (...)` as each database answers it best: values as one parameter, a query as a list of few.

SQLAlchemy's own `in_` makes a parameter of each: a statement of another text for each count, which the driver
prepares anew, and whose parameters are named, cast and counted one by one each time.
"""

from typing import Any

from sqlalchemy import ARRAY, JSON, ColumnElement, CompoundSelect, any_, bindparam, func, select
from sqlalchemy.orm import InstrumentedAttribute


def among(dialect: str, column: InstrumentedAttribute[Any], name: str) -> ColumnElement[bool]:
    """Whether a column of strings or whole numbers has one of the values that the parameter `name` lists.

    Of none, that it never has.
    """
    if dialect == "postgresql":
        return column == any_(bindparam(name, type_=ARRAY(column.type)))
    return column.in_(select(func.json_each(bindparam(name, type_=JSON)).table_valued("value").c.value))


def found_by(dialect: str, column: InstrumentedAttribute[Any],
             few: CompoundSelect[Any]) -> ColumnElement[bool]:
    """Whether a column has one of the values that a query finds, of which there are few among many rows.

    PostgreSQL reads all rows where it is asked with IN, as it cannot know that they are few.
    """
    return column == any_(func.array(few.scalar_subquery())) if dialect == "postgresql" else column.in_(few)

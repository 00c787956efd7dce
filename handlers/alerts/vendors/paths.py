"""Paths of JMESPath that cost no more than the document is long, whatever stands in the document.

JMESPath has no way back to the root, so a path of fields, indices, slices, projections and filters looks at
each value at most once for each of its own steps. What could make more out of a document than is in it is
left out: lists and objects that a path puts together, functions over expressions, and those that write values
into texts (each level of quotes doubles the escapes). `join` only takes a short fixed text in between.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import jmespath
from jmespath.exceptions import JMESPathError

from handlers.alerts.vendors.contract import Malformed
from handlers.alerts.vendors.values import clean

LONGEST, BETWEEN = 400, 10
"""At most so many characters of a path, and of what `join` puts in between."""
_STEPS = frozenset((
    "field", "subexpression", "index_expression", "index", "slice", "projection", "value_projection",
    "flatten", "filter_projection", "comparator", "literal", "identity", "current", "pipe", "or_expression",
    "and_expression", "not_expression", "function_expression"))
_FUNCTIONS = frozenset((
    "not_null", "join", "contains", "starts_with", "ends_with", "length", "type", "to_number", "max", "min",
    "sum", "avg", "abs", "ceil", "floor", "keys", "values", "to_array"))


def fault(path: object) -> str | None:
    """Why this is no path that can be used, in a few words with a full stop; None where it can."""
    if not isinstance(path, str) or not path.strip():
        return "it must be a text."
    if len(path) > LONGEST:
        return f"it is longer than {LONGEST} characters."
    try:
        return _forbidden(_compiled(path).parsed)
    except (JMESPathError, ValueError, RecursionError):
        return f"{clean(path, 60)} cannot be read as one."


def find(path: str, document: Any) -> Any:
    """What is there; None where nothing is, or something the path cannot be asked of.

    `path` has no fault. Raises Malformed where the document is nested too deeply to be looked through.
    """
    try:
        return _compiled(path).search(document)
    except RecursionError:
        raise Malformed("The body is nested too deeply.") from None
    except (JMESPathError, ValueError, TypeError, OverflowError, AttributeError):
        return None


@lru_cache(maxsize=512)
def _compiled(path: str) -> Any:
    return jmespath.compile(path)


def _forbidden(node: Any) -> str | None:
    kind, name = node["type"], str(node.get("value"))
    if kind not in _STEPS:
        return f"{kind.replace('_', ' ')} is not among what may be used."
    if kind == "function_expression" and name not in _FUNCTIONS:
        usable = ", ".join(sorted(_FUNCTIONS))
        return f"the function {clean(name, 40)} is not among what may be used: {usable}."
    if kind == "function_expression" and name == "join" and not _is_short(node["children"][:1]):
        return f"what `join` puts in between must be a fixed text of at most {BETWEEN} characters."
    below = [each for each in node["children"] if isinstance(each, dict)]
    return next((said for each in below if (said := _forbidden(each))), None)


def _is_short(first: list[Any]) -> bool:
    return [each["type"] for each in first] == ["literal"] and len(str(first[0]["value"])) <= BETWEEN

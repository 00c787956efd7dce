"""Reading what senders write: moments, addresses, severities and texts, none of which can be relied upon."""

from __future__ import annotations

import json
import math
import re
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, TypeVar
from urllib.parse import quote

from pydantic import BaseModel, ValidationError

from handlers.alerts.signals import Link, Severity
from handlers.alerts.vendors.contract import Malformed

Model = TypeVar("Model", bound=BaseModel)

LABELS, LABEL, NOTE, TITLE, URL, KEY = 64, 200, 3000, 300, 2000, 500
"""At most so many labels, and characters of a label, note, title, address and key: no sender needs more."""
SIGNALS = 10_000
"""At most so many signals in one request."""

_WORDS = {
    Severity.CRITICAL: "critical crit fatal emergency emerg alert page p1 sev0 sev1 disaster highest 1",
    Severity.ERROR: "error err high major p2 sev2 2",
    Severity.WARNING: "warning warn medium moderate minor average p3 sev3 3",
    Severity.INFO: "info informational information low notice debug p4 p5 sev4 none ok 4 5",
}
_SEVERITIES = {word: severity for severity, words in _WORDS.items() for word in words.split()}
_ADDRESS = re.compile(r"https?://[^\s/?#<>|]+[^\s<>|]*")
_RUNBOOK = re.compile(r"(?i:runbook|playbook)[^\n]{0,40}?(https?://[^\s<>|)\]\"']+)")
_NANOS = re.compile(r"(\.\d{6})\d+")
_HALF = re.compile(r"\\u[dD][89a-fA-F][0-9a-fA-F]{2}")
_PAIR = r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
_ESCAPE = re.compile(rf"{_PAIR}|{_HALF.pattern}|\\.", re.DOTALL)


def read_json(body: bytes) -> Any:
    """Its texts hold no half of a surrogate pair, which nothing further on could write. Raises Malformed."""
    try:
        text = body.decode(json.detect_encoding(body), "replace")
        return json.loads(_ESCAPE.sub(_whole, text) if _HALF.search(text) else text,
                          parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise Malformed("The body is not JSON.") from None


def _whole(escape: re.Match[str]) -> str:
    return r"\ufffd" if _HALF.fullmatch(escape[0]) else escape[0]


def _no_constant(_name: str) -> None:
    """NaN and the infinities, which JSON does not have but senders write: nothing is known."""


def read_as(model: type[Model], value: object, what: str) -> Model:
    """`value` as `model`. Raises Malformed, which says where it is not `what`."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        where = ".".join(clean(part, 40) for part in first["loc"][:6])
        raise Malformed(f"The body is no {what}: {where or 'the whole'}: {first['msg'][:120]}.") from None


def moment(value: object) -> datetime | None:
    """ISO 8601, or epoch seconds or milliseconds, as number or text; None where it says "never"."""
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    text = str(value).strip()[:40]
    try:
        if re.fullmatch(r"\d{9,16}(\.\d+)?", text):
            number = float(text)
            found = datetime.fromtimestamp(number / 1000 if number > 1e11 else number, UTC)
        else:
            found = datetime.fromisoformat(_NANOS.sub(r"\1", text))
            found = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return found if 2000 <= found.year < 2200 else None


def spelled(*parts: object) -> str:
    """An identity made of these as they stand; one too long or unprintable ends in the whole's digest."""
    whole = "/".join(each if isinstance(each, str) else _written(each) for each in parts)
    shown = clean(whole, KEY)
    if shown == whole:
        return whole
    return f"{shown[:KEY - 40]}…{sha256(whole.encode(errors='surrogatepass')).hexdigest()[:32]}"


def severity(value: object, default: Severity = Severity.WARNING) -> Severity:
    """A sender's word for how bad it is, in ours."""
    return _SEVERITIES.get(text(value, 40).lower(), default)


def key(*parts: object) -> str:
    """One identity out of texts and numbers, such as a rule's id and its scope; long ones as their digest.

    Raises Malformed where nothing identifies.
    """
    said = [text(each, 10 * KEY) for each in parts]
    if not any(said):
        raise Malformed("The body names nothing by which the alert could be known again.")
    whole = "/".join(said)
    return whole if len(whole) <= KEY else sha256(whole.encode()).hexdigest()


def labels(found: object) -> dict[str, str]:
    """Names and texts, sorted by name, cut to what a label may be."""
    kept = sorted(fields(found).items())[:LABELS]
    read = {clean(name, 100): clean(value, LABEL) for name, value in kept if value is not None}
    return {name: value for name, value in read.items() if name and value}


def notes(**found: object) -> dict[str, str]:
    """Those that say anything."""
    return {name: text for name, value in found.items() if value is not None and (text := clean(value, NOTE))}


def fields(value: object) -> dict[str, Any]:
    """An object of JSON; an empty one where it is anything else."""
    return value if isinstance(value, dict) else {}


def rows(value: object) -> list[object]:
    """A list of JSON, its first hundred; an empty one where it is anything else."""
    return value[:100] if isinstance(value, list) else []


def text(value: object, longest: int = LABEL) -> str:
    """A text or a number, cleaned; "" for anything else."""
    is_said = isinstance(value, str | int | float) and not isinstance(value, bool)
    return clean(value, longest) if is_said else ""


def count(value: object) -> int:
    """A number of things, 0 where it is none: what nobody could have is taken for a slip."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 1_000_000 else 0


def runbook_in(said: object) -> str | None:
    """The address that a text for people calls the runbook, as in "Runbook: https://..."."""
    found = _RUNBOOK.search(said[:10 * NOTE]) if isinstance(said, str) else None
    return found[1].rstrip(".,;:!") if found else None


def clean(value: object, longest: int = NOTE) -> str:
    """As text without control characters, which databases and chats refuse; cut with an ellipsis."""
    text = (value if isinstance(value, str) else _written(value))[:longest * 2]
    if not text.isprintable():
        text = "".join(c for c in text if c in "\n\t" or c.isprintable())
    text = text.strip()
    return text if len(text) <= longest else text[:longest - 1] + "…"


def _written(value: object) -> str:
    try:
        return json.dumps(value, default=str) if isinstance(value, dict | list) else str(value)
    except (ValueError, RecursionError):  # nested as deep as could just be read, or too many digits to write
        return ""


def title(value: object, default: str) -> str:
    """One line."""
    said = value if isinstance(value, str) else text(value, TITLE)
    return " ".join(clean(said, TITLE).split()) or default


def links(*found: tuple[Link, object]) -> tuple[tuple[Link, str], ...]:
    """Those that are addresses of the web."""
    def is_address(url: str) -> bool:
        return len(url) <= URL and url.isprintable() and _ADDRESS.fullmatch(url) is not None

    return tuple((kind, url) for kind, url in found if isinstance(url, str) and is_address(url))


def number(value: object) -> float | None:
    """A finite number, also where it is written as text; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def identity(*parts: object) -> str:
    """A key of several texts, quoted so that no two conditions get the same; a long one as its digest."""
    whole = "/".join(quote(text(part, NOTE), safe="") for part in parts)
    return whole if len(whole) <= KEY else sha256(whole.encode()).hexdigest()

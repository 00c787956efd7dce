"""How a run of a pipeline ended, as the user's callback tells it: one condition, until a run succeeds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from handlers.alerts.signals import Link, Severity, Signal, Status
from handlers.alerts.vendors.contract import Malformed
from handlers.alerts.vendors.values import (
    LABEL,
    NOTE,
    clean,
    labels,
    links,
    moment,
    notes,
    read_json,
    severity,
    text,
    title,
)


def read(body: bytes, what: str) -> Mapping[str, Any]:
    """An object. Raises Malformed."""
    found = read_json(body)
    if not isinstance(found, dict):
        raise Malformed(f"The body is no object about {what}; this source's setup shows what to send.")
    return found


def word(body: Mapping[str, Any], *names: str, longest: int = LABEL) -> str:
    """The first of these that is a text or a number; "" where none is."""
    return next((said for name in names if (said := text(body.get(name), longest))), "")


def state(body: Mapping[str, Any], name: str, states: Mapping[Status | None, str]) -> Status | None:
    """What the word under `name` means; None: the run has not ended, or nobody wanted it to.

    `states` has the words of each, apart by spaces; case does not count, nor what stands before a dot.
    Raises Malformed.
    """
    said = word(body, name)
    for status, words in states.items():
        if said.rpartition(".")[2].lower() in words.split():
            return status
    raise Malformed(f"The body's {name} is none that ends or keeps a run going: {said[:40] or 'nothing'}.")


def signal(body: Mapping[str, Any], status: Status, key: str, name: str, about: str,
           **said: object) -> Signal:
    """`said` are labels; the run, the try and the error are notes, which change while it is broken."""
    model = {each: word(body, each) for each in ("model", "version", "environment")}
    is_over = status is Status.RESOLVED
    ended = moment(body.get("ended_at"))
    return Signal(
        key=key, status=status, name=clean(name, LABEL),
        severity=severity(body.get("severity"), Severity.ERROR),
        title=title(f"{about} {'succeeded' if is_over else 'failed'}", name),
        labels=labels({**said, **model}),
        notes=notes(summary=word(body, "exception", "error", longest=NOTE),
                    run=word(body, "run_id"),
                    attempt=word(body, "try_number")),
        links=links((Link.SOURCE, body.get("log_url")), (Link.SOURCE, body.get("url")),
                    (Link.RUNBOOK, body.get("runbook_url"))),
        started_at=None if is_over else ended, ended_at=ended if is_over else None)

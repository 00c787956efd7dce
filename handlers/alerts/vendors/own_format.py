"""Our own words for a signal, as `cloudevents` documents them, for whoever writes a sender themselves.

Only a wrong `status` is refused, because nothing can stand in for it; what else is wrong is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from handlers.alerts.signals import Drift, Feature, Link, Severity, Signal, Status, Window
from handlers.alerts.vendors.contract import Malformed
from handlers.alerts.vendors.values import (
    clean,
    fields,
    labels,
    links,
    moment,
    notes,
    number,
    severity,
    title,
)

COLUMNS = 500
"""At most so many columns, and sentences on the data's quality, of one comparison."""

Said = Mapping[str, Any]


def signal(said: Said, *, key: str, kind: str, subject: str, source: str, at: datetime | None) -> Signal:
    """`said` is the sender's object; the rest is its envelope's. Raises Malformed."""
    status, drift = _status(said.get("status")), _drift(said, subject)
    name = title(kind, "event")
    return Signal(
        key=key, status=status, name=name,
        title=title(_written(said.get("title")), "") or
        title(_in_short(drift) or f"{kind}: {subject}".rstrip(": "), name),
        severity=severity(_written(said.get("severity")),
                          Severity.INFO if status is Status.EVENT else Severity.WARNING),
        labels=labels({**_plain(said.get("labels")), "source": source, "subject": subject or None,
                       "model": drift.model if drift else None}),
        notes=notes(summary=_written(said.get("summary")), description=_written(said.get("description")),
                    value=_written(said.get("value"))),
        links=links(*_links(said)),
        started_at=moment(said.get("started_at")) or (None if status is Status.RESOLVED else at),
        ended_at=(moment(said.get("ended_at")) or at) if status is Status.RESOLVED else None,
        lapses_at=moment(said.get("lapses_at")), drift=drift)


def _status(said: object) -> Status:
    if said is None:
        return Status.EVENT
    try:
        return Status(said.strip().lower() if isinstance(said, str) else "")
    except ValueError:
        raise Malformed("data.status is none of firing, resolved and event.") from None


def _links(said: Said) -> list[tuple[Link, object]]:
    """Of ``links``, an address by its kind; and the runbook, which most senders name alone."""
    found: list[tuple[Link, object]] = [(Link.RUNBOOK, said.get("runbook_url"))]
    return found + [(kind, fields(said.get("links")).get(kind.value)) for kind in Link]


def _drift(said: Said, subject: str) -> Drift | None:
    whole = fields(said.get("drift"))
    model = clean(_written(whole.get("model")) or _written(said.get("model")) or "", 200)
    if not whole:
        return _in_one(said, model, subject) if model else None
    columns, quality, share = whole.get("features"), whole.get("quality"), number(whole.get("share"))
    read = [_feature(each) for each in columns[:COLUMNS]] if isinstance(columns, list) else []
    return Drift(
        model=model or "unnamed model", version=_short(whole.get("version")),
        environment=_short(whole.get("environment")),
        current=_window(whole.get("current")), reference=_window(whole.get("reference")),
        features=tuple(each for each in read if each),
        prediction=_feature(whole.get("prediction"), "prediction"),
        quality=tuple(clean(each, 300) for each in quality[:COLUMNS] if isinstance(each, str))
        if isinstance(quality, list) else (),
        share=share if share is not None and 0 <= share <= 1 else None)


def _in_one(said: Said, model: str, subject: str) -> Drift | None:
    """One column, said shortly."""
    window = fields(said.get("window"))
    feature = _feature({**said, "name": said.get("feature") or subject.rpartition("/")[2],
                        "method": said.get("metric"), "statistic": said.get("value")})
    if feature is None:
        return None
    return Drift(
        model=model, version=_short(said.get("model_version")), environment=_short(said.get("environment")),
        current=Window(moment(window.get("from")), moment(window.get("to")), _rows(said.get("n_current"))),
        reference=Window(rows=_rows(said.get("n_reference"))), features=(feature,))


def _feature(found: object, name: str = "") -> Feature | None:
    """None where there is no column, no method or no figure: the figure says nothing without its method."""
    column = fields(found)
    name = _short(column.get("name")) or name
    method, statistic = _short(column.get("method")), number(column.get("statistic"))
    if not name or not method or statistic is None:
        return None
    threshold = number(column.get("threshold"))
    more = column.get("more_is_worse")
    more_is_worse = more if isinstance(more, bool) else not _is_p_value(method)
    drifted = column.get("is_drifted")
    if not isinstance(drifted, bool):
        drifted = threshold is not None and (
            statistic >= threshold if more_is_worse else statistic < threshold)
    return Feature(name, method, statistic, threshold, more_is_worse, drifted,
                   number(column.get("importance")), number(column.get("was")))


def _is_p_value(method: str) -> bool:
    return "pvalue" in "".join(c for c in method.lower() if c.isalnum())


def _window(found: object) -> Window:
    window = fields(found)
    return Window(moment(window.get("begins")), moment(window.get("ends")), _rows(window.get("rows")))


def _rows(value: object) -> int | None:
    found = number(value)
    return int(found) if found is not None and 0 <= found < 1e15 else None


def _in_short(drift: Drift | None) -> str:
    """A title for who gave none."""
    if drift is None:
        return ""
    model = f"{drift.model} {drift.version}" if drift.version else drift.model
    worst = [each for each in drift.features if each.is_drifted]
    if len(worst) == 1:
        return f"{model}: {worst[0].name} has drifted ({worst[0].method} {worst[0].statistic:.3g})"
    return f"{model}: {len(worst) or 'no'} columns have drifted"


def _plain(found: object) -> dict[str, Any]:
    return {name: value for name, value in fields(found).items()
            if isinstance(value, str | int | float | bool)}


def _written(value: object) -> str | None:
    """A text or a number, as text; of anything else nothing."""
    return str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else None


def _short(value: object) -> str | None:
    text = _written(value)
    return clean(text, 200) or None if text is not None else None

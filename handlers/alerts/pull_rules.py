"""What a reading's answer means: values of series against a threshold, and what is no answer at all.

Source: https://prometheus.io/docs/prometheus/latest/querying/api/
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from handlers.alerts.outward_rules import in_short
from handlers.alerts.pull_policy import Reading
from handlers.alerts.signals import Severity, Signal, Status
from handlers.alerts.vendors.values import clean, fields, identity, labels, moment

SERIES: Final = 200
"""So many series of one reading are watched."""
FAILING: Final = "ReadingFails"


class Unreadable(Exception):
    """The answer is none. The message is the rest of a sentence: "Reading psi fails: ..."."""


@dataclass(frozen=True, slots=True)
class Sample:
    """The present value of one series; NaN and the infinities are kept, as they say something."""

    labels: Mapping[str, str]
    value: float


@dataclass(frozen=True, slots=True)
class Answer:
    samples: Sequence[Sample]
    warnings: Sequence[str] = ()
    """What the server says of a result that may not be whole."""


def read_answer(status: int, body: bytes) -> Answer:
    """The answer to an instant query. Raises Unreadable."""
    try:
        answer = fields(json.loads(body))
    except (ValueError, RecursionError):
        raise Unreadable(f"its answer of status {status} is not JSON") from None
    if status != 200 or answer.get("status") != "success":
        said = clean(answer.get("error") or in_short(body) or "no reason given", 160)
        raise Unreadable(f"{clean(answer.get('errorType') or status, 40)}: {said}")
    data = fields(answer.get("data"))
    result = data.get("result")
    match data.get("resultType"):
        case "vector" if isinstance(result, list):
            if len(result) > SERIES:
                raise Unreadable(f"the query gives {len(result)} series, and {SERIES} at most are watched; "
                                 "aggregate it, as in max by (feature) (...)")
            samples = [_sample(fields(each).get("metric"), fields(each).get("value")) for each in result]
        case "scalar":
            samples = [_sample({}, result)]
        case kind:
            raise Unreadable(f"the query gives a {clean(kind, 20)}; write one that gives an instant vector")
    warned = answer.get("warnings")
    return Answer(samples, [clean(each, 160) for each in warned[:3]] if isinstance(warned, list) else ())


def _sample(metric: object, value: object) -> Sample:
    """Raises Unreadable. A value is a pair of a moment and a text, in which Go writes NaN and +Inf."""
    if not (isinstance(value, list) and len(value) == 2 and isinstance(value[1], str)):
        raise Unreadable("a value is not as Prometheus writes them")
    try:
        number = float(value[1])
    except ValueError:
        raise Unreadable(f"the value {clean(value[1], 20)} is no number") from None
    return Sample(labels({name: said for name, said in fields(metric).items() if name != "__name__"}), number)


# ---- against the threshold ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Judged:
    signals: tuple[Signal, ...]
    series: dict[str, dict[str, Any]]
    """What is remembered until the next reading: how often in a row each was over, and since when."""
    value: float | None
    """The worst of all; None: there was no data, which is not zero."""


def judged(reading: Reading, answer: Answer, before: Mapping[str, Any], now: datetime) -> Judged:
    """What one answer says, after those before it.

    A series that is missing, or is no number, neither fires nor ends: nothing is known of it.
    """
    signals, series = list[Signal](), dict[str, dict[str, Any]]()
    for sample in answer.samples:
        key = identity(*(f"{name}={value}" for name, value in sorted(sample.labels.items()))) or "value"
        known = fields(before.get(key))
        if math.isnan(sample.value):
            continue
        is_over = reading.threshold.is_passed_by(sample.value)
        times = int(known.get("over") or 0) + 1 if is_over else 0
        since = str(known.get("since") or now.isoformat()) if is_over else ""
        fires = times >= reading.threshold.for_windows
        if fires or known.get("fires"):
            signals.append(_signal(reading, key, sample, moment(since or known.get("since")), now,
                                   is_over=is_over))
        if is_over:
            series[key] = {"over": times, "since": since, "fires": fires}
    kept = {key: fields(was) for key, was in before.items() if key not in series and fields(was).get("fires")}
    ended = {signal.key for signal in signals if signal.status is Status.RESOLVED}
    series |= {key: was for key, was in kept.items() if key not in ended}
    return Judged(tuple(signals), series, worst(reading, answer.samples))


def worst(reading: Reading, samples: Sequence[Sample]) -> float | None:
    """The value nearest to its threshold or farthest beyond, as a number that can be kept."""
    known = [sample.value for sample in samples if math.isfinite(sample.value)]
    if not known:
        return None
    return max(known) if reading.threshold.above is not None else min(known)


def _signal(reading: Reading, key: str, sample: Sample, since: datetime | None, now: datetime, *,
            is_over: bool) -> Signal:
    threshold = reading.threshold
    limit = (f"above {threshold.above:g}" if threshold.above is not None and (
        not is_over or sample.value > threshold.above) else f"below {threshold.below:g}")
    what = " ".join(value for name, value in sample.labels.items() if reading.labels.get(name) != value)
    value = written(sample.value)
    said = f"{what + ' ' if what else ''}is {value}, {limit if is_over else 'within its limit again'}"
    return Signal(
        key=key, status=Status.FIRING if is_over else Status.RESOLVED, name=reading.alert_name,
        title=clean(f"{reading.alert_name}: {said}", 300), severity=reading.severity,
        labels=labels_of(reading, sample.labels), started_at=since, ended_at=None if is_over else now,
        notes={"value": value, "description": f"{reading.query} = {value}"})


def labels_of(reading: Reading, own: Mapping[str, str]) -> dict[str, str]:
    """Those of a series, with what the admin says of the reading over them."""
    found = {**own, **reading.labels}
    return {**found, "pilot": reading.pilot} if reading.pilot is not None else found


def written(value: float) -> str:
    """Three digits say enough, and change less often."""
    return f"{value:+.3g}" if math.isinf(value) else f"{value:.3g}"


def failing(reading: Reading, error: str, since: datetime, now: datetime, *, is_over: bool) -> Signal:
    """That a reading fails, or no longer does."""
    title = f"Reading {reading.name} {'works again' if is_over else f'fails: {error}'}"
    return Signal(
        key="failing", status=Status.RESOLVED if is_over else Status.FIRING, name=FAILING, title=title,
        severity=Severity.WARNING, labels={**labels_of(reading, {}), "reading": reading.name},
        started_at=since, ended_at=now if is_over else None,
        notes={} if is_over else {"summary": f"Nothing is known of it meanwhile: {error}"})

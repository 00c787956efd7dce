"""What a window of a model's data comes to, and what follows from the last few: values alone.

One window has one verdict (`judge`); whether that is an alert is a matter of several (`decide`).

- Data comes first: nulls, missing columns or a broken schema of what matters are what is wrong, whatever the
  distances say, and nothing is trained on them.
- A p-value alone decides nothing. A report that has only those is said to be no measure.
- Opening takes `windows` in a row, with the same feature beyond its limit by the same method in each. Another
  method is another scale, so that it begins anew; it does not end what is open either.
- Closing takes `good_windows`, one unless set otherwise. On so many rows a distance below its limit is no
  chance (see `drift_policy`), opening again takes two bad windows anyway, and whoever works on it should
  not have to wait another day to hear that it is over.
- Windows that could not be judged (too few rows, no distances, broken data) close nothing, nor do they
  break a row or count in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from handlers.alerts.drift_measures import (
    Finding,
    findings,
    has_collapsed,
    is_below,
    is_distance,
    is_quality,
    marks,
    matters,
    methods,
)
from handlers.alerts.drift_policy import DriftPolicy
from handlers.alerts.signals import Drift

FLOOR: Final = "quality floor"
"""The mark of a window in which the model was worse than it may be."""


class Verdict(StrEnum):
    """What one window of data came to."""

    DRIFTED = "drifted"
    FINE = "fine"
    TOO_FEW_ROWS = "too-few-rows"
    BROKEN_DATA = "broken-data"
    NO_DISTANCES = "no-distances"
    """Only p-values were reported, or nothing that measures drift."""


JUDGED = frozenset({Verdict.DRIFTED, Verdict.FINE, Verdict.BROKEN_DATA})


class Reason(StrEnum):
    """Why it was decided so."""

    BROKEN_DATA = "broken-data"
    QUALITY_FLOOR = "quality-floor"
    COLLAPSE = "collapse"
    EFFECT = "effect"
    """It drifted for long enough, and the policy says that this model's drift is a page."""
    SUSTAINED = "sustained"
    SINGLE_WINDOW = "single-window"
    METHOD_CHANGED = "method-changed"
    LOW_IMPORTANCE = "low-importance"
    TOO_FEW_ROWS = "too-few-rows"
    NO_DISTANCES = "no-distances"
    NOT_YET_GOOD = "not-yet-good"
    FINE = "fine"
    ALARM = "alarm"
    """The sender raises alarms of its own and reports no windows: it is taken at its word."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One window with its verdict."""

    verdict: Verdict
    findings: tuple[Finding, ...] = ()
    """The heaviest first."""
    marks: frozenset[str] = frozenset()
    """What makes it drift and is compared with other windows; empty: all of it is of low importance."""
    urgent: Reason | None = None
    """What is a page at once."""
    is_data_green: bool = True
    rows: int | None = None
    """The fewer of window and reference, where they are too few."""
    methods: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Past:
    """A window that was judged before."""

    at: datetime
    verdict: Verdict
    marks: frozenset[str] = frozenset()
    methods: frozenset[str] = frozenset()


class Act(StrEnum):
    """What is done about it."""

    FIRE = "fire"
    """It is an alert, or goes on being one."""
    HOLD = "hold"
    """Nothing changes: what is open stays, what is not is said in the digest."""
    END = "end"


@dataclass(frozen=True, slots=True)
class Decision:
    act: Act
    reason: Reason
    is_page: bool = False
    is_retrain_candidate: bool = False
    windows: int = 1
    """How many in a row, with this one."""
    since: datetime | None = None
    """The end of the first of them; None: it has not drifted."""

    @property
    def is_for_digest(self) -> bool:
        """Where nothing is open it is worth a line once a day, and no alert."""
        return self.act is Act.HOLD


def judge(drift: Drift, policy: DriftPolicy) -> Judged:
    """The verdict of one window by itself."""
    features = [*drift.features, *([drift.prediction] if drift.prediction is not None else [])]
    measures = [each for each in features if not is_quality(each, policy)]
    is_green = not drift.quality
    few = min((each for each in (drift.current.rows, drift.reference.rows) if each is not None), default=None)
    is_enough = few is None or few >= policy.min_rows
    found = findings(measures, drift, policy) if is_enough else ()
    if any(matters(said, drift, policy) for said in drift.quality):
        return Judged(Verdict.BROKEN_DATA, found, urgent=Reason.BROKEN_DATA, is_data_green=False)
    known = Judged(Verdict.DRIFTED if found else Verdict.FINE, found, marks(found, measures, policy),
                   is_data_green=is_green, methods=methods(measures))
    if any(is_below(each, policy) for each in features):
        return replace(known, verdict=Verdict.DRIFTED, marks=known.marks | {FLOOR},
                       urgent=Reason.QUALITY_FLOOR)
    if not is_enough:
        return Judged(Verdict.TOO_FEW_ROWS, is_data_green=is_green, rows=few)
    if not any(is_distance(each) for each in measures):
        return Judged(Verdict.NO_DISTANCES, is_data_green=is_green)
    if drift.prediction is not None and has_collapsed(drift.prediction, policy):
        return replace(known, urgent=Reason.COLLAPSE)
    return known


def decide(judged: Judged, past: Sequence[Past], at: datetime, policy: DriftPolicy, *, is_open: bool,
           retrained_at: datetime | None = None) -> Decision:
    """What follows from this window and those before it.

    Args:
        past: the windows before, the newest first.
        is_open: there is an alert already.
        retrained_at: when the model was last trained again, or that was last asked for.
    """
    if judged.urgent is not None:
        windows, since = _in_a_row(judged, past, at)
        return Decision(Act.FIRE, judged.urgent, is_page=True, windows=windows, since=since)
    match judged.verdict:
        case Verdict.TOO_FEW_ROWS:
            return Decision(Act.HOLD, Reason.TOO_FEW_ROWS)
        case Verdict.NO_DISTANCES:
            return Decision(Act.HOLD, Reason.NO_DISTANCES)
        case Verdict.FINE:
            return _fine(past, policy, is_open=is_open)
    return _drifted(judged, past, at, policy, is_open=is_open, retrained_at=retrained_at)


def _fine(past: Sequence[Past], policy: DriftPolicy, *, is_open: bool) -> Decision:
    good = 1
    for each in past:
        if each.verdict is Verdict.BROKEN_DATA or each.marks:
            break
        good += each.verdict in JUDGED
    if is_open and good < policy.good_windows:
        return Decision(Act.HOLD, Reason.NOT_YET_GOOD, windows=good)
    return Decision(Act.END, Reason.FINE, windows=good)


def _drifted(judged: Judged, past: Sequence[Past], at: datetime, policy: DriftPolicy, *, is_open: bool,
             retrained_at: datetime | None) -> Decision:
    if not judged.marks:
        return _fine(past, policy, is_open=True) if is_open else Decision(Act.HOLD, Reason.LOW_IMPORTANCE)
    windows, since = _in_a_row(judged, past, at)
    if windows < policy.windows:
        before = next((each for each in past if each.verdict in JUDGED), None)
        changed = (before is not None and before.verdict is Verdict.DRIFTED
                   and not judged.methods & before.methods)
        return Decision(Act.HOLD, Reason.METHOD_CHANGED if changed else Reason.SINGLE_WINDOW, windows=windows,
                        since=since)
    cooled = retrained_at is None or at - retrained_at >= policy.retrain.cool_down
    is_candidate = judged.is_data_green and cooled and windows >= policy.retrain.windows and not any(
        each.verdict is Verdict.BROKEN_DATA and each.at >= since for each in past)
    return Decision(Act.FIRE, Reason.EFFECT if policy.page_on_drift else Reason.SUSTAINED,
                    is_page=policy.page_on_drift, is_retrain_candidate=is_candidate, windows=windows,
                    since=since)


def _in_a_row(judged: Judged, past: Sequence[Past], at: datetime) -> tuple[int, datetime]:
    """How many windows up to this one drifted in something that the next did as well, and since when."""
    count, since, here = 1, at, judged.marks
    for each in past:
        if each.verdict not in (Verdict.DRIFTED, Verdict.FINE):
            continue
        if not here & each.marks:
            break
        count, since, here = count + 1, each.at, each.marks
    return count, since

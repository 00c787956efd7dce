"""When a model's drift is an alert, and what follows: the section `drift` of the alert policy.

Where the defaults come from. "Measured": 200 simulated windows each of normal data in ten quantile bins.

- `limits`: PSI > 0.2, the usual "act" bound of 0.25 moved down because that sleeps through a shift of half a
  standard deviation (measured: it sees 54 % of such windows of 1,000 rows and none of 100,000); Wasserstein
  over standard deviation > 0.25, because Evidently's 0.1 still cries at 3 % of unchanged windows of 1,000
  rows; Jensen-Shannon > 0.1 as Evidently and common practice have it (measured: no unchanged window of 1,000
  rows or more); Hellinger > 0.15, where whylogs begins to call drift possible.
- `min_rows` 1,000: below it distances cry wolf (measured at 200 rows without any change: PSI > 0.1 at 40 %
  of windows, Jensen-Shannon at 83 %, Wasserstein at 75 %).
- `windows` 2: what is chance does not come twice in a row in the same feature.
- `good_windows` 1: see `drift_rules`.
- `importance` 0.05 and `cool_down` of a week: our own choice, for an admin to set by the model.
- `share` 0.5: Evidently's `drift_share`.
- `collapse` 1.0: a score that moved by over a standard deviation (PSI 0.93), or a class of a fifth of all
  predictions that vanished (PSI 1.6); both computed.
- P-values have no limit on purpose: at 10,000 rows they alert on a shift of 0.05 standard deviations
  (measured, 87 % of windows), and of 30 unchanged features at p < 0.05 one at least is flagged in 79 % of
  runs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import time, timedelta
from types import MappingProxyType
from typing import Any, Final

from handlers.alerts.signals import Drift
from handlers.fields import Fields, quoted

METHODS: Final = ("psi", "wasserstein", "jensen_shannon", "hellinger", "kolmogorov_smirnov")
"""Distances that may have a limit of their own; any other is judged by its sender's threshold."""
_RETRAIN_KEYS: Final = ("target", "candidate_only", "windows", "cool_down_days")
_MATCHED: Final = ("model", "version", "environment")
MODEL_KEYS: Final = ("limits", "min_rows", "windows", "good_windows", "importance", "share", "collapse",
                     "quality_floor", "page_on_drift", "labels_lag_days", "retrain", "rollback", "runbook",
                     "section", "digest_at")
KEYS: Final[tuple[str, ...]] = (*MODEL_KEYS, "models")
_STEPS: Final = 20
_NUMBER: Final = re.compile(r"-?\d{1,9}(\.\d{1,9})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Retrain:
    """Where a retraining is asked for, and when one is worth asking."""

    target: str | None = None
    """A target of the section `outward`; None: nobody can be asked."""
    candidate_only: bool = False
    """What is trained is only a candidate, so that it may be started without a person."""
    windows: int = 2
    cool_down: timedelta = timedelta(days=7)
    """Not again before this has passed since the last one."""


@dataclass(frozen=True, slots=True)
class DriftPolicy:
    """How windows of one model are judged; of any model that `models` says nothing of."""

    limits: Mapping[str, float] = field(default_factory=lambda: MappingProxyType(
        {"psi": 0.2, "wasserstein": 0.25, "jensen_shannon": 0.1, "hellinger": 0.15}))
    """By METHODS; a feature has drifted above it."""
    min_rows: int = 1000
    """Fewer, in the window or the reference, and nothing is judged."""
    windows: int = 2
    """So many in a row have to drift before it is an alert."""
    good_windows: int = 1
    """So many in a row have to be fine before it is over."""
    importance: float = 0.05
    """What weighs less is never an alert by itself, 0 to 1."""
    share: float = 0.5
    """So many of all columns drifted are drift, whatever they weigh."""
    collapse: float = 1.0
    """The prediction moved so far, by PSI or standard deviations, that it is a page at once."""
    quality_floor: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    """Measure to what it may not fall below, such as ``roc_auc``."""
    page_on_drift: bool = False
    """The model decides on rights or money: its drift is a page."""
    labels_lag: timedelta | None = None
    """How long after a prediction it is known whether it was right; None: nobody has said."""
    retrain: Retrain = Retrain()
    rollback: tuple[str, ...] = ()
    """What to do to go back to the version before, a step each."""
    runbook: str | None = None
    section: str | None = None
    digest_at: time = time(9)
    """When what was seen and is no alert is said, by the clock of the pilot's channel, else UTC."""
    models: tuple[Override, ...] = ()

    def of(self, drift: Drift) -> DriftPolicy:
        """The policy of the model that `drift` is about: the first override that fits, or this."""
        return next((each.policy for each in self.models if each.fits(drift)), self)


@dataclass(frozen=True, slots=True)
class Override:
    """Another policy for some models."""

    name: str
    match: Mapping[str, re.Pattern[str]]
    """model, version or environment to a pattern that the whole value has to fit."""
    policy: DriftPolicy

    def fits(self, drift: Drift) -> bool:
        return all(pattern.fullmatch(getattr(drift, name) or "") for name, pattern in self.match.items())


def read(fields: Fields) -> DriftPolicy:
    base = _over(fields, DriftPolicy())
    found = []
    whole = fields.fields("models", "`models`", fields.names("models"))
    for name in fields.names("models") if whole is not None else ():
        own = whole.fields(name, f"`models: {name}`", ("match", *MODEL_KEYS)) if whole is not None else None
        if own is None:
            continue
        match = _match(own)
        if not match:
            own.fault(own.line, "nothing says which models it is for; add `match: {model: \"churn-.*\"}`.")
        found.append(Override(name, match, _over(own, base)))
    return replace(base, models=tuple(found))


def _match(fields: Fields) -> dict[str, re.Pattern[str]]:
    own = fields.fields("match", "`match`", _MATCHED)
    found = {}
    for name in _MATCHED if own is not None else ():
        if own is not None and own.has(name):
            try:
                found[name] = re.compile(own.text(name, 200))
            except re.error as error:
                own.wrong(name, f"`{name}` is no regular expression ({error}); `churn-.*` is one.")
    return found


def _over(fields: Fields, base: DriftPolicy) -> DriftPolicy:
    """`base` with what a mapping says put over it."""
    given: dict[str, Any] = {}
    limits = fields.fields("limits", "`limits`", METHODS)
    if limits is not None:
        given["limits"] = {**base.limits, **{each: _number(limits, each, 0, 100) for each in METHODS
                                             if limits.says(each)}}
    for name, low, high in (("min_rows", 1, 10**8), ("windows", 1, 20), ("good_windows", 1, 20)):
        if fields.says(name):
            given[name] = fields.whole(name, low, high)
    given |= {name: fields.share(name) for name in ("importance", "share") if fields.says(name)}
    if fields.says("collapse"):
        given["collapse"] = _number(fields, "collapse", 0, 100)
    floors = fields.names("quality_floor")
    own = fields.fields("quality_floor", "`quality_floor`", floors) if floors else None
    if own is not None:
        given["quality_floor"] = {name: _number(own, name, -10**6, 10**6) for name in floors}
    if fields.says("page_on_drift"):
        given["page_on_drift"] = fields.flag("page_on_drift")
    if fields.has("labels_lag_days"):
        given["labels_lag"] = timedelta(days=fields.whole("labels_lag_days", 0, 730))
    given |= {name: fields.text(name, 500) or None for name in ("runbook", "section") if fields.has(name)}
    given |= {"digest_at": fields.moment("digest_at")} if fields.has("digest_at") else {}
    if fields.has("rollback"):
        given["rollback"] = fields.words("rollback", r".{1,300}", f"write a step of 300 characters, {_STEPS} "
                                         "at most", or_none=True)[:_STEPS]
    retrain = fields.fields("retrain", "`retrain`", _RETRAIN_KEYS)
    if retrain is not None:
        given["retrain"] = _retrain(retrain, base.retrain)
    return replace(base, **given)


def _retrain(fields: Fields, base: Retrain) -> Retrain:
    given: dict[str, Any] = {}
    if fields.says("target"):
        given["target"] = fields.match("target", r"[a-z0-9][a-z0-9_-]{0,47}", "write the name of a target of "
                                       "the section `outward`") if fields.has("target") else None
    if fields.says("candidate_only"):
        given["candidate_only"] = fields.flag("candidate_only")
    if fields.says("windows"):
        given["windows"] = fields.whole("windows", 1, 20)
    if fields.says("cool_down_days"):
        given["cool_down"] = timedelta(days=fields.whole("cool_down_days", 0, 365))
    return replace(base, **given)


def _number(fields: Fields, key: str, low: float, high: float) -> float:
    said = fields.raw(key)
    if _NUMBER.fullmatch(said) and low <= float(said) <= high:
        return float(said)
    fields.wrong(key, f"`{key}` is {quoted(said) if said else 'empty'}; write a number from {low:g} to "
                      f"{high:g}, such as 0.25.")
    return low

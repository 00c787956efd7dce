"""What one feature's figure means: by which method it was measured, its limit, whether it matters."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from handlers.alerts.drift_policy import METHODS, DriftPolicy
from handlers.alerts.signals import Drift, Feature

SHARE = "share"
"""The mark of a window in which too many columns drifted, instead of a feature's."""
SHORT = 3
"""Letters of a name that may as well be a word."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One feature that is beyond its limit."""

    feature: Feature
    limit: float | None
    """None: its sender's threshold is not known, only that it is beyond it."""
    is_important: bool

    @property
    def mark(self) -> str:
        return mark_of(self.feature)

    @property
    def weight(self) -> float:
        """By what they are shown in order: how far beyond, times the importance (unknown: as a whole)."""
        far = self.feature.statistic / self.limit if self.limit else 1.0
        return far * (1.0 if self.feature.importance is None else self.feature.importance)


def is_distance(feature: Feature) -> bool:
    """It says how far something moved, and not how surprising that is."""
    return feature.more_is_worse and "pvalue" not in _squeezed(feature.method)


def limit_of(feature: Feature, policy: DriftPolicy) -> float | None:
    """Above what it has drifted; its sender's threshold where the policy has none for its method."""
    ours = policy.limits.get(method_of(feature) or "")
    return ours if ours is not None else feature.threshold


def method_of(feature: Feature) -> str | None:
    """Which of METHODS it is; None: another. Wasserstein's distance is ours only in standard deviations."""
    said = _squeezed(feature.method)
    if said in ("psi", "populationstabilityindex"):
        return "psi"
    if said.startswith("wasserstein"):
        return "wasserstein" if "norm" in said or "sd" in said or "std" in said else None
    if said in ("ks", "ksstatistic"):
        return "kolmogorov_smirnov"
    return next((each for each in METHODS if said.startswith(_squeezed(each))), None)


def weighs(feature: Feature, policy: DriftPolicy) -> bool:
    """Whether the model makes much of it; where nobody says how much, it does."""
    return feature.importance is None or feature.importance >= policy.importance


def mark_of(feature: Feature) -> str:
    """What is the same thing measured in the same way."""
    return f"{feature.name}\x1f{_squeezed(feature.method)}"


def _squeezed(text: str) -> str:
    return "".join(letter for letter in text.casefold() if letter.isalnum())


def findings(features: Iterable[Feature], drift: Drift, policy: DriftPolicy) -> tuple[Finding, ...]:
    found = [Finding(each, limit_of(each, policy), each is drift.prediction or weighs(each, policy))
             for each in features if is_distance(each) and _is_beyond(each, policy)]
    return tuple(sorted(found, key=lambda each: (-each.weight, each.feature.name)))


def _is_beyond(feature: Feature, policy: DriftPolicy) -> bool:
    limit = policy.limits.get(method_of(feature) or "")
    if limit is not None:
        return feature.statistic > limit
    return feature.is_drifted


def marks(found: Iterable[Finding], features: Sequence[Feature], policy: DriftPolicy) -> frozenset[str]:
    marks = {each.mark for each in found if each.is_important}
    columns = {each.name for each in features if is_distance(each)}
    drifted = {each.feature.name for each in found}
    if len(columns) > 1 and len(drifted) / len(columns) >= policy.share:
        marks.add(f"{SHARE}\x1f{'/'.join(sorted(methods(features)))}")
    return frozenset(marks)


def methods(features: Iterable[Feature]) -> frozenset[str]:
    return frozenset(_squeezed(each.method) for each in features if is_distance(each))


def has_collapsed(prediction: Feature, policy: DriftPolicy) -> bool:
    return method_of(prediction) in ("psi", "wasserstein") and prediction.statistic > policy.collapse


def is_quality(feature: Feature, policy: DriftPolicy) -> bool:
    return feature.name in policy.quality_floor or feature.method in policy.quality_floor


def is_below(feature: Feature, policy: DriftPolicy) -> bool:
    floor = policy.quality_floor.get(feature.method, policy.quality_floor.get(feature.name))
    return floor is not None and feature.statistic < floor


def matters(said: str, drift: Drift, policy: DriftPolicy) -> bool:
    """A complaint about the data matters unless all that it names weighs little.

    A column that is gone is not among the features, so that a complaint that names none of them matters; and
    so does one in which only a short word happens to be a column's name.
    """
    begins = said.partition(":")[0].strip()
    words = {word.strip(".,:;'\"`()") for word in said.split()}
    named = [each for each in drift.features
             if each.name == begins or (len(each.name) > SHORT and each.name in words)]
    return not named or any(weighs(each, policy) for each in named)

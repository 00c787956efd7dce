"""What is in the picture of a window, and what it shows in words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Final

from babel import Locale
from babel.dates import format_skeleton

from handlers.alerts.cards import cut
from handlers.alerts.drift_lines import first_of
from handlers.alerts.drift_measures import is_distance, limit_of, mark_of
from handlers.alerts.drift_policy import DriftPolicy
from handlers.alerts.drift_values import report_of
from handlers.alerts.drift_words import NAME, figure, method
from handlers.alerts.pictures import Bar, Order, ticks
from handlers.alerts.signals import Feature
from handlers.chat.wording import Words
from storage.alerting import DriftWindow

BARS: Final = 8
DAYS: Final = 30
_TICKS: Final = 4


def order_of(row: DriftWindow, course: Sequence[tuple[datetime, float]], policy: DriftPolicy,
             words: Words) -> Order | None:
    """The picture of one window; None: it has no distance that could be drawn against a limit.

    Args:
        course: of the figure that `first_of` is about, the oldest first.
    """
    drift, subject = report_of(row.drift["report"]), first_of(row)
    bars = [bar for each in _measured(row) if (bar := _bar(each, row, policy, words)) is not None][:BARS]
    if not bars or subject is None:
        return None
    begins, limit = row.at - timedelta(days=DAYS), _limit(subject, row, policy)
    known = (cut(drift.model, NAME), drift.version, drift.environment)
    return Order(
        title=" · ".join(each for each in known if each), limit_said=words.text("limit"), bars=tuple(bars),
        course=tuple((at.isoformat(), value) for at, value in course),
        course_title=words.text("{method} of {feature}, {days} days", method=method(subject, words),
                                feature=cut(subject.name, 30), days=DAYS),
        course_limit=limit, course_span=(begins.isoformat(), row.at.isoformat()),
        ticks=tuple((at.isoformat(), _day(at.date(), words)) for at in ticks(begins, row.at, _TICKS)),
        decimal=figure(0.5, words)[1])


def alt_of(order: Order, words: Words) -> str:
    """For whoever does not see it."""
    said = ", ".join(f"{bar.name} {bar.said} ({words.text('limit')} {figure(bar.limit, words)})"
                     for bar in order.bars)
    text = words.text("Bars of how far features of {model} have drifted: {features}.", model=order.title,
                      features=said)
    if not order.course:
        return text
    first, last = order.course[0][1], order.course[-1][1]
    return text + " " + words.text("A line of {course}: {first} at first, {last} at last.",
                                   course=order.course_title, first=figure(first, words),
                                   last=figure(last, words))


def _measured(row: DriftWindow) -> list[Feature]:
    """Those beyond their limits first, then the prediction, then the others by weight."""
    drift, drifted = report_of(row.drift["report"]), set(row.drift["drifted"])
    beyond = [each for each in drift.features if mark_of(each) in drifted]
    rest = [each for each in drift.features if mark_of(each) not in drifted]
    return [*beyond[:BARS - 1], *([drift.prediction] if drift.prediction is not None else []), *rest]


def _bar(feature: Feature, row: DriftWindow, policy: DriftPolicy, words: Words) -> Bar | None:
    limit = _limit(feature, row, policy)
    if limit is None or limit <= 0 or not is_distance(feature):
        return None
    said = f"{method(feature, words)} {figure(feature.statistic, words)}"
    return Bar(cut(feature.name, NAME), feature.statistic, limit, said)


def _limit(feature: Feature, row: DriftWindow, policy: DriftPolicy) -> float | None:
    kept: float | None = row.drift["limits"].get(mark_of(feature))
    return kept if kept is not None else limit_of(feature, policy)


def _day(day: date, words: Words) -> str:
    if words.language == "en":
        return f"{day.day} {day:%b}"
    return format_skeleton("MMMd", day, locale=Locale.parse(words.language))

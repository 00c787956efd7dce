"""A line for each further window, and the day's message about windows that are no alert."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

from handlers.alerts.cards import cut, moment
from handlers.alerts.drift_measures import mark_of
from handlers.alerts.drift_policy import DriftPolicy
from handlers.alerts.drift_rules import Reason, Verdict
from handlers.alerts.drift_values import report_of
from handlers.alerts.drift_words import NAME, figure, method
from handlers.alerts.signals import Feature
from handlers.chat.cards import Bold, Card, Line, Note, Text, line
from handlers.chat.wording import Words
from storage.alerting import DriftWindow

LISTED: Final = 30
_HELD: Final = frozenset({Reason.SINGLE_WINDOW, Reason.METHOD_CHANGED, Reason.LOW_IMPORTANCE,
                          Reason.TOO_FEW_ROWS, Reason.NO_DISTANCES})


def window_line(row: DriftWindow, words: Words) -> Line:
    """'Window to 14:05: PSI of tenure 0.35, was 0.31'"""
    return (*words.spans("Window to {moment}: ", moment=moment(row.at)), *_what(row, words))


def _what(row: DriftWindow, words: Words) -> Line:
    drift = report_of(row.drift["report"])
    match Verdict(row.verdict):
        case Verdict.TOO_FEW_ROWS:
            return line(words.text("not judged, too few rows ({number})",
                                   number=figure(row.drift["rows"] or 0, words)))
        case Verdict.NO_DISTANCES:
            return line(words.text("not judged, it came with p-values alone"))
        case Verdict.BROKEN_DATA:
            return line(words.text("its data is broken: {complaint}", complaint=cut(drift.quality[0], 200)))
    moved = first_of(row)
    if moved is None:
        return line(words.text("nothing is beyond its limit"))
    if Verdict(row.verdict) is Verdict.FINE:
        return line(words.text("all is within limits; {measure}", measure=_figure(moved, words)))
    more = len(row.drift["drifted"]) - 1
    said = _figure(moved, words)
    return line(words.count("{measure}, and {number} more feature", "{measure}, and {number} more features",
                            more, measure=said) if more > 0 else said)


def first_of(row: DriftWindow) -> Feature | None:
    """The feature that is beyond its limit by most, else the prediction, else the weightiest."""
    drift, drifted = report_of(row.drift["report"]), set(row.drift["drifted"])
    measured = [*drift.features, *([drift.prediction] if drift.prediction is not None else [])]
    beyond = [each for each in measured if mark_of(each) in drifted]
    return next(iter([*beyond, *measured]), None)


def _figure(feature: Feature, words: Words) -> str:
    said = {"method": method(feature, words), "feature": cut(feature.name, NAME),
            "value": figure(feature.statistic, words)}
    if feature.was is None:
        return words.text("{method} of {feature} {value}", **said)
    former = figure(feature.was, words)
    return words.text("{method} of {feature} {value}, was {former}", former=former, **said)


def digest_card(rows: Sequence[DriftWindow], day: date, today: date, policy: DriftPolicy,
                words: Words) -> Card | None:
    """What was seen that day and is no alert; None: nothing."""
    held = [row for row in rows if Reason(row.drift["reason"]) in _HELD]
    if not held:
        return None
    lines = [_held(row, policy, words) for row in held[:LISTED]]
    if len(held) > LISTED:
        lines.append(line(words.text("and {number} more", number=len(held) - LISTED)))
    title = words.text("Drift seen on {day} that is no alert", day=words.day(day, today))
    return Card(title, (Text(tuple(lines)), Note(line(words.text(
        "Once a day, and only if there was any. What is an alert comes at once, in a message of its own.")))))


def _held(row: DriftWindow, policy: DriftPolicy, words: Words) -> Line:
    """One window with why it is no alert."""
    drift = report_of(row.drift["report"])
    own, reason = policy.of(drift), Reason(row.drift["reason"])
    about = " ".join(each for each in (cut(drift.model, NAME), drift.version, drift.environment) if each)
    match reason:
        case Reason.SINGLE_WINDOW:
            why = words.count("in {number} window; it takes {limit} in a row",
                              "in {number} windows; it takes {limit} in a row", row.drift["windows"],
                              limit=own.windows)
        case Reason.METHOD_CHANGED:
            why = words.text("measured by another method than the window before, so not compared with it")
        case Reason.LOW_IMPORTANCE:
            why = words.text("of little importance to the model")
        case Reason.TOO_FEW_ROWS:
            why = words.text("judging takes {number} rows", number=figure(own.min_rows, words))
        case _:
            why = words.text("let its monitor report a distance such as PSI")
    return (Bold(about), ": ", *_what(row, words), " · ", why)

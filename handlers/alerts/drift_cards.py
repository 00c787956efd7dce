"""The message about a model that drifts: what is broken, what has moved, by how much, what to do next."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from handlers.alerts.cards import (
    NOTE,
    SEVERITY,
    SIGN,
    View,
    alert_card,
    cut,
    duration,
    links_line,
    moment,
    usual_buttons,
)
from handlers.alerts.cards import remarks as usual_remarks
from handlers.alerts.drift_measures import is_distance, limit_of, mark_of
from handlers.alerts.drift_policy import DriftPolicy
from handlers.alerts.drift_rules import Reason, Verdict
from handlers.alerts.drift_steps import About, buttons, next_step, requests_said
from handlers.alerts.drift_values import Standing
from handlers.alerts.drift_words import NAME, figure, measured, method, rows
from handlers.alerts.signals import Feature, Window
from handlers.alerts.signals import Link as LinkKind
from handlers.chat.cards import Bold, Buttons, Card, Element, Line, Link, Note, Span, Text, line
from handlers.chat.wording import Words, marked
from storage.alerting import AlertState

SHOWN: Final = 5
_COMPLAINTS: Final = 5
_WHAT: Final = {
    Reason.BROKEN_DATA: marked("its data is broken"),
    Reason.QUALITY_FLOOR: marked("worse than it may be"),
    Reason.COLLAPSE: marked("its predictions have collapsed"),
}


def drift_card(view: View, about: About) -> Card:
    if view.alert.state is AlertState.RESOLVED:
        return _resolved(view, about)
    standing, words = about.standing, view.words
    elements: list[Element] = [Text(_head(view, about))]
    if standing.drift.quality:
        elements.append(Text(_complaints(standing, words)))
    moved = _moved(about, words)
    if moved:
        elements.append(Text(tuple(moved)))
    elements.append(Text(tuple(_circumstances(about, words))))
    elements.append(Text((*next_step(about, view.now, words), *requests_said(view, about))))
    elements += view.more
    linked = _links(view, about)
    if linked:
        elements.append(Text((linked,)))
    elements.append(Buttons((*usual_buttons(view.alert, words), *buttons(view, about), *view.buttons)))
    if view.where is not None:
        elements.append(Note(line(view.where)))
    return Card(_title(view, standing), tuple(elements))


def _title(view: View, standing: Standing) -> str:
    """Severity, model, version, environment, and what it is about."""
    words, drift = view.words, standing.drift
    known = (cut(drift.model, NAME), drift.version, drift.environment)
    head = " · ".join([words.term(SEVERITY[view.alert.severity]), *(each for each in known if each)])
    if standing.reason in _WHAT:
        what = words.term(_WHAT[standing.reason])
    else:
        names = [cut(each.name, NAME) for each in drifted(standing)] or (
            [cut(standing.worst.name, NAME)] if standing.worst is not None else [])
        what = (words.text("{features} drifted", features=words.listed(names[:2])) if len(names) < 3 and names
                else words.count("{number} feature drifted", "{number} features drifted", len(names)) if names
                else words.text("drift"))
    return f"{SIGN[view.alert.severity]} {head}: {what}"


def drifted(standing: Standing) -> list[Feature]:
    """Those beyond their limits, the heaviest first."""
    return [each for each in standing.drift.features if mark_of(each) in standing.drifted]


def _head(view: View, about: About) -> tuple[Line, ...]:
    standing, words = about.standing, view.words
    many = words.count("{number} window", "{number} windows", standing.windows)
    since = moment(standing.since or view.alert.opened_at)
    lines = [words.spans("since {moment} ({windows}) · from {source}", moment=since, windows=many,
                         source=view.alert.source)]
    worst = standing.worst
    if about.pilot is not None and worst is not None and worst.now is not None and not standing.drift.quality:
        lines.append(_on_pilot(view, about))
    lines += usual_remarks(view)
    unjudged = _unjudged(standing, words)
    if unjudged is not None:
        lines.append(line(unjudged))
    return tuple(lines)


def _on_pilot(view: View, about: About) -> Line:
    """What it means to the people of the pilot, in one sentence."""
    words, worst, standing = view.words, about.standing.worst, about.standing
    assert worst is not None
    assert worst.now is not None
    feature = Feature(worst.name, worst.method, worst.now)
    limit = limit_of(feature, about.policy) or standing.limits.get(mark_of(feature))
    lasted = duration(view.now - (standing.since or view.alert.opened_at), words)
    said: dict[str, Span] = {"feature": Bold(cut(worst.name, NAME)), "pilot": Bold(about.pilot or ""),
            "value": figure(worst.now, words), "lasted": lasted}
    if limit is None:
        return words.spans("{feature} drift on {pilot}: {value} for {lasted}.", **said)
    return words.spans("{feature} drift on {pilot}: {value}, limit {limit}, for {lasted}.",
                       limit=figure(limit, words), **said)


def _unjudged(standing: Standing, words: Words) -> str | None:
    if standing.verdict is Verdict.TOO_FEW_ROWS:
        return words.text("The newest window was not judged: it has too few rows.")
    if standing.verdict is Verdict.NO_DISTANCES:
        return words.text("The newest window was not judged: it came with p-values alone.")
    if standing.reason in (Reason.SINGLE_WINDOW, Reason.METHOD_CHANGED):
        return words.text("The newest window drifted in other features or by another method than before.")
    if standing.reason is Reason.NOT_YET_GOOD:
        return words.text("The newest window is fine; it is over once that lasts.")
    return None


def _complaints(standing: Standing, words: Words) -> tuple[Line, ...]:
    said = standing.drift.quality
    lines = [line(Bold(words.text("Data first")))]
    lines += [line(f"⚠ {cut(each, NOTE // 2)}") for each in said[:_COMPLAINTS]]
    if len(said) > _COMPLAINTS:
        lines.append(line(words.text("and {number} more", number=len(said) - _COMPLAINTS)))
    return tuple(lines)


def _moved(about: About, words: Words) -> list[Line]:
    """The features beyond their limits, then the prediction, then how good the model is."""
    standing, policy = about.standing, about.policy
    beyond = drifted(standing)
    lines = [_row(each, policy, standing, words) for each in beyond[:SHOWN]]
    if len(beyond) > SHOWN:
        lines.append(line(words.text("and {number} more", number=len(beyond) - SHOWN)))
    prediction = standing.drift.prediction
    if prediction is not None:
        limit = limit_of(prediction, policy) if is_distance(prediction) else None
        lines.append(line(words.text("Prediction"), ": ", measured(prediction, limit, words)))
    flagged = [each for each in standing.drift.features if each.is_drifted and not is_distance(each)
               and not _floor(each, policy)]
    if flagged:
        lines.append(line(words.count(
            "{number} feature was flagged by a p-value, which alone decides nothing",
            "{number} features were flagged by p-values, which alone decide nothing", len(flagged))))
    return lines


def _row(feature: Feature, policy: DriftPolicy, standing: Standing, words: Words) -> Line:
    limit = standing.limits.get(mark_of(feature), limit_of(feature, policy))
    return line(Bold(cut(feature.name, NAME)), "  ", measured(feature, limit, words))


def _floor(feature: Feature, policy: DriftPolicy) -> float | None:
    return policy.quality_floor.get(feature.method, policy.quality_floor.get(feature.name))


def _circumstances(about: About, words: Words) -> list[Line]:
    """The windows that were compared, how good the model is, what was done to it last."""
    drift = about.standing.drift
    lines = [line(words.text("Window"), ": ", *_span(drift.current, words)),
             line(words.text("Reference"), ": ", *_span(drift.reference, words)),
             line(_quality(about, words))]
    if about.deployed_at is not None:
        lines.append(words.spans("Last deployed {moment}", moment=moment(about.deployed_at)))
    if about.retrained_at is not None:
        lines.append(words.spans("Last retrained {moment}", moment=moment(about.retrained_at)))
    return lines


def _span(window: Window, words: Words) -> Line:
    known = [moment(each) for each in (window.begins, window.ends) if each is not None]
    if len(known) == 2:
        return line(known[0], " – ", known[1], " · ", rows(window, words))
    return line(*known, *([" · "] if known else []), rows(window, words))


def _quality(about: About, words: Words) -> str:
    known = [each for each in about.standing.drift.features if _floor(each, about.policy) is not None]
    if known:
        said = [f"{method(each, words)} {figure(each.statistic, words)} "
                f"(≥ {figure(_floor(each, about.policy) or 0, words)})" for each in known[:3]]
        return words.text("Model quality: {measures}", measures=", ".join(said))
    lag = about.policy.labels_lag
    if lag is None:
        return words.text("Model quality: not reported")
    return words.text("Model quality: not known yet, labels lag {days} d", days=lag.days)


def _links(view: View, about: About) -> Line:
    """The runbook first, at the part that is about drift."""
    words, alert = view.words, view.alert
    own = [url for kind, url in alert.links if kind == LinkKind.RUNBOOK.value]
    address = own[0] if own else about.policy.runbook
    section = about.policy.section
    spans: list[Link | str] = []
    if view.linked:
        return links_line(alert, words, without=view.linked)
    if address is not None:
        label = words.text("Runbook, {section}", section=section) if section else words.text("Runbook")
        spans = [Link(address, label)]
    elif section:
        spans = [words.text("Runbook, {section}", section=section)]
    others = links_line(alert, words, without=LinkKind.RUNBOOK.value)
    return (*spans, " · ", *others) if spans and others else (*spans, *others)


def _resolved(view: View, about: About) -> Card:
    """It shrinks, and says what the figure is now."""
    card, worst, words = alert_card(view), about.standing.worst, view.words
    lines = [] if worst is None else [_then_and_now(about, words)]
    lines += requests_said(view, about)
    return replace(card, elements=(*card.elements, Text(tuple(lines)))) if lines else card


def _then_and_now(about: About, words: Words) -> Line:
    worst = about.standing.worst
    assert worst is not None
    feature = Feature(worst.name, worst.method, worst.then)
    said = {"method": method(feature, words), "feature": cut(worst.name, NAME),
            "then": figure(worst.then, words)}
    if worst.now is None:
        return line(words.text("{method} of {feature} was {then}", **said))
    return line(words.text("{method} of {feature} is {now} now, was {then}", now=figure(worst.now, words),
                           **said))

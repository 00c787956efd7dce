"""The statistics in words: for whoever asked, and under the picture of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from handlers.alerts.cards import SEVERITY, cut, duration, sign_of
from handlers.alerts.lifetime import SEVERITIES
from handlers.alerts.statistics import Figures, Rule, Spread
from handlers.alerts.stats_picture import Chart
from handlers.chat.cards import Bold, Card, Element, Line, Note, Text, line
from handlers.chat.wording import Words

ALT = 1000
"""Characters of the text that stands for the picture."""


@dataclass(frozen=True, slots=True)
class Stats:
    """Figures with what they are of."""

    figures: Figures
    days: int
    pilot: str | None
    """The pilot's name; None: all there are."""

    def title(self, words: Words) -> str:
        if self.pilot is None:
            return words.text("Alerts of the last {days} days", days=self.days)
        return words.text("Alerts of {pilot} in the last {days} days", pilot=self.pilot, days=self.days)


def stats_card(stats: Stats, words: Words) -> Card:
    found = stats.figures
    if not found.alerts:
        return Card(stats.title(words), (Text((line(words.text("There was none.")), *_held(found, words))),))
    elements: list[Element] = [
        Text((line(Bold(words.count("{number} alert", "{number} alerts", found.alerts)), ": "
                   + _severities(found, words)), *_storms(found, words))),
        Text((line(_pace(words.text("Taken on"), found.acknowledge, words)),
              line(words.text("Never taken on: {number}, {share} of all", number=found.never_acknowledged,
                              share=_share(found.never_acknowledged / found.alerts))),
              line(_pace(words.text("Resolved"), found.resolve, words)),
              line(_false(found, words)), *_escalated(found, words), *_held(found, words))),
        Text((line(Bold(words.text("Noisiest rules"))), *(_rule(rule, words) for rule in found.rules)))]
    if found.is_cut:
        elements.append(Note(line(words.text("There were more: only the newest {number} are counted.",
                                             number=found.alerts + found.storms))))
    return Card(stats.title(words), tuple(elements))


def alt_of(stats: Stats, words: Words) -> str:
    """The picture's numbers, for who cannot see it."""
    found = stats.figures
    busiest = max(found.days, key=lambda day: sum(day.by_rank))
    said = [words.count("{title}: {number} alert ({severities})", "{title}: {number} alerts ({severities})",
                        found.alerts, title=stats.title(words), severities=_severities(found, words)),
            words.text("the busiest day was {day} with {number}", day=busiest.on.isoformat(),
                       number=sum(busiest.by_rank))]
    said.append(_pace(words.text("Taken on"), found.acknowledge, words))
    return cut("; ".join(said) + ".", ALT)


def chart_of(stats: Stats, words: Words) -> Chart:
    """What the picture shows."""
    found, overall = stats.figures, stats.figures.acknowledge.median
    return Chart(
        title=stats.title(words),
        days=tuple(_day(day.on, words) for day in found.days),
        counts=words.text("Alerts that began, each day"),
        by_severity=tuple((words.term(SEVERITY[severity]), tuple(day.by_rank[rank] for day in found.days))
                          for rank, severity in enumerate(SEVERITIES)),
        speed=words.text("Median minutes until somebody took one on"),
        minutes=tuple(None if day.to_acknowledge is None else day.to_acknowledge / 60 for day in found.days),
        nobody=words.text("nobody took one on"),
        overall=(words.text("all days"), overall / 60) if overall is not None else None)


def _day(day: date, words: Words) -> str:
    """'24 Nov', '24. Nov.': what `words.day` says, without the day of the week."""
    return words.day(day, day).partition(" ")[2]


def _severities(found: Figures, words: Words) -> str:
    return ", ".join(f"{sign_of(severity)} {number:,} {words.term(SEVERITY[severity])}"
                     for severity, number in zip(SEVERITIES, found.by_rank, strict=True) if number)


def _storms(found: Figures, words: Words) -> list[Line]:
    if not found.storms:
        return []
    return [line(words.count("{number} storm, with {members} of them",
                             "{number} storms, with {members} of them", found.storms,
                             members=found.in_storms))]


def _pace(what: str, spread: Spread, words: Words) -> str:
    if spread.median is None or spread.p90 is None:
        return words.text("{what}: {number}, too few to say how fast", what=what, number=spread.of)
    return words.text("{what}: {number}, half within {median}, nine of ten within {p90}", what=what,
                      number=spread.of, median=duration(timedelta(seconds=spread.median), words),
                      p90=duration(timedelta(seconds=spread.p90), words))


def _false(found: Figures, words: Words) -> str:
    if found.false_share is None:
        return words.text("False alarms: {number} of {over} that are over, too few to say a share",
                          number=found.false, over=found.over)
    return words.text("False alarms: {number} of {over} that are over, {share}", number=found.false,
                      over=found.over, share=_share(found.false_share))


def _escalated(found: Figures, words: Words) -> list[Line]:
    if not found.escalated:
        return []
    levels = ", ".join(words.text("level {level}: {number}", level=level, number=number)
                       for level, number in enumerate(found.escalated, 1))
    return [line(words.text("Escalated: {levels}", levels=levels))]


def _held(found: Figures, words: Words) -> list[Line]:
    if not found.silences:
        return []
    return [line(words.count("Held back by silences ({silences}): {number} signal",
                             "Held back by silences ({silences}): {number} signals", found.held,
                             silences=found.silences))]


def _rule(rule: Rule, words: Words) -> Line:
    said = [words.count("{number} alert", "{number} alerts", rule.alerts)]
    if rule.flaps:
        said.append(words.count("{number} flap", "{number} flaps", rule.flaps))
    if rule.false_share is not None:
        said.append(words.text("{share} false alarms", share=_share(rule.false_share)))
    elif rule.false:
        said.append(words.count("{number} false alarm", "{number} false alarms", rule.false))
    return line("• ", Bold(cut(rule.name, 80)), ": " + ", ".join(said))


def _share(share: float) -> str:
    return f"{share:.0%}"

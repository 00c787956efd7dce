"""How figures of drift are said: the same in cards, lines and pictures."""

from __future__ import annotations

from typing import Final

from babel import Locale
from babel.numbers import format_decimal

from handlers.alerts.cards import cut
from handlers.alerts.drift_measures import method_of
from handlers.alerts.signals import Feature, Window
from handlers.chat.wording import Words, marked

NAME: Final = 60
"""Characters of a column's name."""
_METHODS: Final = {"psi": marked("PSI"), "wasserstein": marked("Wasserstein/sd"),
                   "jensen_shannon": marked("Jensen-Shannon"), "hellinger": marked("Hellinger"),
                   "kolmogorov_smirnov": marked("Kolmogorov-Smirnov")}
_SMALL: Final = 0.001


def figure(value: float, words: Words) -> str:
    """'0.31', '1,250'; in German '0,31', '1.250'."""
    if value and abs(value) < _SMALL:
        return f"{value:.0e}"
    places = "#,##0.###" if abs(value) < 1 else "#,##0.##" if abs(value) < 100 else "#,##0"
    return format_decimal(value, format=places, locale=Locale.parse(words.language))


def method(feature: Feature, words: Words) -> str:
    known = method_of(feature)
    return words.term(_METHODS[known]) if known is not None else cut(feature.method, NAME)


def measured(feature: Feature, limit: float | None, words: Words) -> str:
    """'PSI 0.31 (> 0.2) ↑ was 0.04 · importance 40 %'; within it, 'PSI 0.12 (limit 0.2)'"""
    parts = [f"{method(feature, words)} {figure(feature.statistic, words)}"]
    if limit is not None:
        is_beyond = feature.statistic > limit if feature.more_is_worse else feature.statistic < limit
        sign = words.text("limit") if not is_beyond else ">" if feature.more_is_worse else "<"
        parts.append(f"({sign} {figure(limit, words)})")
    if feature.was is not None:
        arrow = "↑" if feature.statistic > feature.was else "↓" if feature.statistic < feature.was else "="
        parts.append(words.text("{arrow} was {former}", arrow=arrow, former=figure(feature.was, words)))
    if feature.importance is not None:
        parts.append("· " + words.text("importance {share} %", share=round(feature.importance * 100)))
    return " ".join(parts)


def rows(window: Window, words: Words) -> str:
    if window.rows is None:
        return words.text("number of rows not reported")
    return words.text("{number} rows", number=figure(window.rows, words))



"""Draws pictures of drift: run as a program of its own, one list of orders in, one list of pictures out.

A JSON list of `pictures.Order`s on standard input, a JSON list of PNGs in base64 on standard output, null for
what could not be drawn. matplotlib is loaded here and nowhere else: it takes a second and
60 MB that the bot itself shall not pay for.
"""

from __future__ import annotations

import base64
import io
import json
import sys
from datetime import UTC, datetime
from importlib import import_module
from typing import Any

WIDTH, HEIGHT = 9.0, 3.6
DPI = 110
"""At most 990 by 1,100 points or so, some 60 kB."""
BARS, POINTS, LABEL = 8, 1000, 28
# The ground is white in every theme, so that ink and colours are known to be readable on it. Blue and orange
# are told apart by everybody (Okabe and Ito); what is beyond its limit is hatched and says its figure too.
INK, FAINT, OVER, WITHIN, LIMIT = "#1a1a1a", "#6b6b6b", "#d55e00", "#0072b2", "#1a1a1a"


def draw(order: dict[str, Any]) -> bytes:
    """Left the features against their limits, right the course of one figure; PNG."""
    figure_type = import_module("matplotlib.figure").Figure
    canvas_type = import_module("matplotlib.backends.backend_agg").FigureCanvasAgg
    import_module("matplotlib").rcParams.update({
        "text.parse_math": False, "text.usetex": False, "font.family": "DejaVu Sans", "font.size": 10,
        "axes.spines.top": False, "axes.spines.right": False, "text.color": INK, "axes.labelcolor": INK,
        "xtick.color": INK, "ytick.color": INK, "axes.edgecolor": FAINT, "hatch.linewidth": 0.8})
    bars, course = order["bars"][:BARS], order["course"][-POINTS:]
    figure = figure_type(figsize=(WIDTH, HEIGHT), dpi=DPI, facecolor="white", layout="constrained")
    canvas = canvas_type(figure)
    left, right = figure.subplots(1, 2, width_ratios=(1, 1.1))
    _bars(left, bars, order)
    _course(right, course, order)
    figure.suptitle(_safe(order["title"], 90), fontsize=11, fontweight="bold", x=0.01, ha="left")
    out = io.BytesIO()
    canvas.print_png(out)
    return out.getvalue()


def _bars(axes: Any, bars: list[dict[str, Any]], order: dict[str, Any]) -> None:
    """How far each is, as a share of its limit: methods have scales of their own."""
    names = [_safe(each["name"], LABEL) for each in bars]
    lengths = [min(each["value"] / each["limit"], 5.0) for each in bars]
    colours = [OVER if each["value"] > each["limit"] else WITHIN for each in bars]
    found = axes.barh(range(len(bars)), lengths, color=colours, edgecolor="white", height=0.62)
    for bar, each in zip(found, bars, strict=True):
        if each["value"] > each["limit"]:
            bar.set_hatch("///")
        axes.annotate(_safe(each["said"], LABEL), (bar.get_width(), bar.get_y() + bar.get_height() / 2),
                      xytext=(4, 0), textcoords="offset points", va="center", fontsize=9, zorder=3,
                      bbox={"facecolor": "white", "edgecolor": "none", "pad": 1})
    axes.axvline(1.0, color=LIMIT, linestyle="--", linewidth=1.2)
    axes.annotate(_safe(order["limit_said"], LABEL), (1.0, 1.0), xycoords=("data", "axes fraction"),
                  xytext=(3, 2), textcoords="offset points", fontsize=9)
    axes.set_yticks(range(len(bars)), names)
    axes.set_xlim(0, max([1.15, *lengths]) * 1.45)
    axes.set_xticks([])
    axes.spines["bottom"].set_visible(False)
    axes.set_ylim(max(len(bars), 1) - 0.4, -0.6)


def _course(axes: Any, course: list[list[Any]], order: dict[str, Any]) -> None:
    """One figure over time, with its limit."""
    moments = [datetime.fromisoformat(at).astimezone(UTC).replace(tzinfo=None) for at, _ in course]
    values = [value for _, value in course]
    limit = order["course_limit"]
    dots = 4 if len(values) < 80 else 0
    axes.plot(moments, values, color=WITHIN, linewidth=1.6, marker="o", markersize=dots,
              clip_on=False)
    if limit is not None:
        over = [(at, value) for at, value in zip(moments, values, strict=True) if value > limit]
        axes.plot([at for at, _ in over], [value for _, value in over], color=OVER, linestyle="none",
                  marker="D", markersize=6, clip_on=False, zorder=3)
        axes.axhline(limit, color=LIMIT, linestyle="--", linewidth=1.2)
    axes.set_title(_safe(order["course_title"], 60), fontsize=10, loc="left")
    axes.set_ylim(0, max([limit or 0, *values, 1e-9]) * 1.2)
    begins, ends = (datetime.fromisoformat(each).astimezone(UTC).replace(tzinfo=None)
                    for each in order["course_span"])
    axes.set_xlim(begins, ends)
    ticks = [datetime.fromisoformat(at).astimezone(UTC).replace(tzinfo=None) for at, _ in order["ticks"]]
    axes.set_xticks(ticks, [_safe(said, 12) for _, said in order["ticks"]])
    decimal = order["decimal"]
    axes.yaxis.set_major_formatter(lambda value, _at: f"{value:.3g}".replace(".", decimal))
    axes.grid(axis="y", color="#e3e3e3", linewidth=0.8)
    axes.set_axisbelow(True)


def _safe(text: str, at_most: int) -> str:
    """What cannot be printed goes; that nothing in it is a formula is set in `draw`."""
    shown = "".join(letter if letter.isprintable() else " " for letter in text)
    return shown if len(shown) <= at_most else shown[:at_most - 1] + "…"


def main() -> int:
    found: list[str | None] = []
    for order in json.load(sys.stdin):
        try:
            found.append(base64.b64encode(draw(order)).decode())
        except (ValueError, KeyError, TypeError, OverflowError) as error:
            print(f"{type(error).__name__}: {error}", file=sys.stderr)
            found.append(None)
    json.dump(found, sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())

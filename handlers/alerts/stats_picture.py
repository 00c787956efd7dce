"""The statistics as a picture: alerts per day by severity, and how fast they were taken on."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS = ("#b91c1c", "#ea7317", "#f2c14e", "#5b8def")
"""Of the severities, the worst first; apart in brightness too, for who sees no colours."""
INK, GRID, LINE = "#1f2a37", "#d7dce3", "#0f766e"
WIDTH, HEIGHT, DPI = 9.0, 5.4, 120


@dataclass(frozen=True, slots=True)
class Chart:
    """What is drawn, and what is written in it, in the reader's language.

    Values alone: they cross to a process that knows nothing else of ours.
    """

    title: str
    days: tuple[str, ...]
    counts: str
    by_severity: tuple[tuple[str, tuple[int, ...]], ...]
    """How many of each severity began on each day, the worst first."""
    speed: str
    minutes: tuple[float | None, ...]
    """Until somebody took one on, the median of each day; None: nobody did."""
    nobody: str
    overall: tuple[str, float] | None
    """The median of all days, with what it is called."""


def stats_picture(chart: Chart) -> bytes:
    """A PNG of two panels over the same days. What people have named is drawn as it is written."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415  (only where it is drawn)
    from matplotlib.figure import Figure  # noqa: PLC0415

    picture = Figure(figsize=(WIDTH, HEIGHT), dpi=DPI, layout="constrained", facecolor="white")
    FigureCanvasAgg(picture)
    picture.suptitle(chart.title, color=INK, fontsize=13, fontweight="bold", parse_math=False)
    counts, speed = picture.subplots(2, 1, sharex=True, height_ratios=(3, 2))
    _counts(counts, chart)
    _speed(speed, chart)
    places = range(len(chart.days))
    step = max(len(chart.days) // 10, 1)
    shown = [at for at in places if (len(chart.days) - 1 - at) % step == 0]
    speed.set_xticks(shown, [chart.days[at] for at in shown])
    speed.set_xlim(-0.7, len(chart.days) - 0.3)
    out = BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a letter that the font lacks is drawn as a box
        picture.savefig(out, format="png", metadata={"Software": None})
    return out.getvalue()


def _counts(axes: Axes, chart: Chart) -> None:
    from matplotlib.ticker import MaxNLocator  # noqa: PLC0415

    places, below = range(len(chart.days)), [0] * len(chart.days)
    drawn = list(zip(chart.by_severity, COLOURS, strict=True))
    for (name, heights), colour in reversed(drawn):
        if any(heights):
            label = f"{name} ({sum(heights):,})"
            axes.bar(places, heights, bottom=below, color=colour, width=0.8, label=label)
            below = [low + height for low, height in zip(below, heights, strict=True)]
    _dressed(axes, chart.counts)
    axes.set_ylim(0, max(*below, 1) * 1.15)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=5, integer=True))
    if any(below):
        handles, labels = axes.get_legend_handles_labels()
        axes.legend(handles[::-1], labels[::-1], loc="lower right", bbox_to_anchor=(1, 0.97), ncols=4,
                    frameon=False, fontsize=9, labelcolor=INK, borderaxespad=0.2, handlelength=1.2)


def _speed(axes: Axes, chart: Chart) -> None:
    from matplotlib.ticker import MaxNLocator  # noqa: PLC0415

    known = [(at, value) for at, value in enumerate(chart.minutes) if value is not None]
    _dressed(axes, chart.speed)
    if not known:
        axes.text(0.5, 0.5, chart.nobody, transform=axes.transAxes, ha="center", va="center",
                  color=INK, fontsize=10)
        axes.set_yticks([])
        return
    axes.plot([at for at, _ in known], [value for _, value in known], color=LINE, linewidth=1.6, marker="o",
              markersize=4.5)
    if chart.overall is not None:
        name, overall = chart.overall
        axes.axhline(overall, color=INK, linewidth=1, linestyle=(0, (4, 3)))
        axes.annotate(f"{name}:\n{overall:.1f}", (1, overall),
                      xycoords=("axes fraction", "data"), xytext=(5, 0), textcoords="offset points",
                      ha="left", va="center", fontsize=9, color=INK, annotation_clip=False)
    axes.set_ylim(0, max(value for _, value in known) * 1.2 or 1)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=4))


def _dressed(axes: Axes, title: str) -> None:
    axes.set_title(title, loc="left", fontsize=10, color=INK)
    axes.grid(axis="y", color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(colors=INK, labelsize=9, length=0)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(GRID)

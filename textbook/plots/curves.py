"""Curves against a step, an epoch, anything; and events against the years."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.text import Text
from matplotlib.ticker import MaxNLocator

from textbook.engine import Array
from textbook.plots.style import INK, OKABE_ITO, style


@style()
def draw_curves(
    ax: Axes, curves: Mapping[str, Any], *, xlabel: str = "step", ylabel: str = "", log: bool = False, smooth: int = 1
) -> dict[str, Line2D]:
    """Named curves, told apart by colour and by dashes.

    Args:
        curves: for each name the values, at 1, 2, 3, …; or a pair (x, values).  Where a value is not finite, the curve
            has a gap.
        log: a logarithmic vertical axis.
        smooth: above 1, the mean of the last so many values is drawn over the pale values themselves.

    Returns:
        for each name its line.
    """
    if not curves:
        raise ValueError("there is nothing to draw: curves is empty")
    lines = {}
    for name, values in curves.items():
        x, y = _xy(name, values)
        if log and not (y[np.isfinite(y)] > 0).any():
            raise ValueError(f"{name!r} has no positive value, so a logarithmic axis cannot show it: leave out log")
        if smooth > 1 and len(y) >= smooth:
            means = np.convolve(y, np.ones(smooth) / smooth, "valid")
            (lines[name],) = ax.plot(x[smooth - 1 :], means, label=name)
            ax.plot(x, y, color=lines[name].get_color(), linestyle="-", linewidth=0.8, alpha=0.25, zorder=1)
        else:
            (lines[name],) = ax.plot(x, y, label=name)
    ax.set(xlabel=xlabel, ylabel=ylabel)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=6))
    if log:
        ax.set_yscale("log")
    if len(curves) > 1:
        ax.legend(handlelength=3)
    return lines


def draw_losses(ax: Axes, losses: Mapping[str, Any], *, log: bool = False, smooth: int = 1) -> dict[str, Line2D]:
    """Loss curves, in nats; see `draw_curves`."""
    return draw_curves(ax, losses, ylabel="loss (nats)", log=log, smooth=smooth)


def _xy(name: str, values: Any) -> tuple[Array, Array]:
    x, y = values if isinstance(values, tuple) and len(values) == 2 and np.ndim(values[0]) == 1 else (None, values)
    y = np.asarray(y, dtype=float)
    x = np.arange(1, y.size + 1) if x is None else np.asarray(x, dtype=float)
    if y.ndim != 1 or not y.size or x.shape != y.shape:
        raise ValueError(f"{name!r} has shape {x.shape} along and {y.shape} up: both must be (n,), with n ≥ 1")
    return x, np.where(np.isfinite(y), y, np.nan)


@style()
def draw_timeline(ax: Axes, threads: Mapping[str, Mapping[int, str]]) -> list[Text]:
    """Events in several threads, a row for each in the order of years: each thread is a column of marks.

    Args:
        threads: for each thread its events, {year: text}.
    """
    events = sorted((year, name, text) for name, thread in threads.items() for year, text in thread.items())
    if not events:
        raise ValueError("there is nothing to draw: no thread has an event")
    colors = [OKABE_ITO[name] for name in ("blue", "vermilion", "green", "purple", "black")]
    texts = []
    for column, (name, marker, color) in enumerate(zip(threads, "os^Dv", colors, strict=False)):
        rows = [row for row, event in enumerate(events) if event[1] == name]
        ax.plot([column] * len(rows), rows, marker=marker, color=color, ms=7, lw=1.2, ls="-", label=name)
    for row, (year, _, text) in enumerate(events):
        texts.append(ax.text(len(threads) - 0.4, row, f"{year}  {text}", va="center", fontsize=9, color=INK))
    ax.set(xlim=(-0.5, 4 * len(threads) + 4), ylim=(len(events) - 0.4, -0.6))
    ax.set_axis_off()
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, 0), ncols=len(threads))
    return texts

"""Curves against a step, an epoch, anything."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from textbook.engine import Array
from textbook.plots.style import style


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

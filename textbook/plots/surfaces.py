"""Surfaces of two variables from above, and descents on them."""

from __future__ import annotations

from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.contour import QuadContourSet
from matplotlib.lines import Line2D

from textbook.optim import Trajectory
from textbook.plots.style import PALE, PAPER, STAR, style
from textbook.surfaces import Surface


@style()
def draw_contour(ax: Axes, surface: Surface, *, levels: int = 14, points: int = 201) -> QuadContourSet:
    """Contour lines of a surface of two variables, dark where it is low; a star at each minimum.

    The levels are quantiles of the height over the picture, so that a banana as steep as Rosenbrock's shows its floor
    as well as its walls.  They lie denser near a minimum: a round bowl gets rings at equal distances.
    """
    if surface.dimension != 2:
        raise ValueError(f"{surface.name} has {surface.dimension} coordinate, a contour needs 2: draw its graph with "
                         "ax.plot(x, surface.f(x[None]))")  # fmt: skip
    x, y = surface.grid(points)
    z = np.ma.masked_invalid(surface.f(np.array([x, y])))  # blank where the formula has no value
    part = np.linspace(0, 1, levels + 1)
    heights = np.unique(np.quantile(z.compressed(), part**2 if surface.minima else part))
    shades = matplotlib.colormaps["bone"](np.linspace(0.6, 1, len(heights) - 1))
    filled = ax.contourf(x, y, z, levels=heights, colors=shades)
    ax.contour(x, y, z, levels=heights, colors=PALE, linewidths=0.5, linestyles="solid")
    for a, b in surface.minima:
        ax.plot(a, b, **STAR)
    ax.set(xlim=surface.extent[0], ylim=surface.extent[1])  # fixed: a trajectory that leaves does not shrink the map
    return filled


@style()
def draw_trajectory(
    ax: Axes, trajectory: Trajectory | Any, *, label: str = "", color: str | None = None, marker: str = "o"
) -> dict[str, Line2D]:
    """A descent in the plane: a ring at the start, a dot for each iterate, and a large marker at the end.

    Args:
        trajectory: a `Trajectory` of one run in two dimensions, or its path, (steps + 1, 2).
        label: for the legend.  A run that diverged says at which step; its end is a cross.
        color: by default the next of the house style, as `draw_curves` takes them.
        marker: of the iterates.  Give each path on one map its own.

    Returns:
        {"path": …, "start": …, "end": …}
    """
    path = trajectory.path if isinstance(trajectory, Trajectory) else np.asarray(trajectory, dtype=float)
    if path.ndim != 2 or path.shape[1] != 2:
        raise ValueError(f"a path in the plane has shape (steps + 1, 2), got {path.shape}; of several runs, draw one "
                         "at a time: path[:, :, run]")  # fmt: skip
    diverged = isinstance(trajectory, Trajectory) and int(trajectory.diverged_at) >= 0
    if diverged:
        label = f"{label} diverged at step {int(trajectory.diverged_at)}".strip()
    size = 4.0 if len(path) <= 60 else 2.5
    (line,) = ax.plot(*path.T, marker=marker, markersize=size, linestyle="-", linewidth=1.2, color=color, label=label)
    common: dict[str, Any] = {"linestyle": "none", "color": line.get_color(), "markeredgewidth": 1.8, "zorder": 4}
    (start,) = ax.plot(*path[0], marker="o", markersize=9, markerfacecolor=PAPER, **common)
    (end,) = ax.plot(*path[-1], marker="x" if diverged else marker, markersize=9, **common)
    return {"path": line, "start": start, "end": end}

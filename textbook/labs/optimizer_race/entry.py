"""Who starts where: the reader's own surface, and a learning rate picked for each rule."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from textbook import expression, optim
from textbook.engine import Array
from textbook.surfaces import Surface

TRIED = np.geomspace(1e-5, 10, 81)  # the learning rates among which each rule has its own picked


@lru_cache(maxsize=64)
def own_surface(text: str) -> Surface:
    """The reader's formula as a surface.

    Raises:
        ValueError: it can't be read, has other names than x and y, or mixes points, as `mean` does.
    """
    formula = expression.parse(text)
    if other := [name for name in formula.names if name not in ("x", "y")]:
        raise ValueError(f"the surface is a function of x and y: {', '.join(other)} has no value here")

    def height(x: Any, y: Any) -> Any:
        return formula(**{name: {"x": x, "y": y}[name] for name in formula.names})

    starts = ((-2.5, 1.5), (2.5, 1.5), (-2.5, -1.5), (2.5, -1.5))
    surface = Surface(
        name="own",
        title=text if len(text) <= 40 else text[:39] + "…",
        formula=height,
        extent=((-3.0, 3.0), (-3.0, 3.0)),
        start=next((p for p in starts if np.isfinite(height(*p))), starts[0]),
        source="the reader",
    )
    points = np.array([[0.3, -1.1, 0.7], [1.3, 0.4, -0.6]])
    if not np.array_equal(surface.f(points), [surface.f(point) for point in points.T], equal_nan=True):
        raise ValueError("the surface must have one height at each point: mean and sum would mix the points")
    found = heights(surface)
    if not len(found) or found.min() == found.max():
        what = "is flat" if len(found) else "has no value"
        raise ValueError(f"the surface {what} everywhere between -3 and 3: there is nothing to descend")
    return surface


def heights(surface: Surface) -> Array:
    """The heights on a coarse grid over the picture, where there are any."""
    height = surface.f(surface.grid(41))
    return height[np.isfinite(height)]


@lru_cache(maxsize=32)
def tuned(surface: Surface, steps: int, rule: str, hyper: tuple[tuple[str, Any], ...]) -> float:
    """The one of the `TRIED` learning rates that ends lowest from the surface's own start, with its neighbours.

    A single rate may end low by luck, so each counts as the mean rank of the five around it.  A rate with a leap over
    more than a quarter of the picture is worth no look, nor is one that diverges.
    """
    run = optim.descend(surface.f, surface.start, rule, steps, lr=TRIED, **dict(hyper))
    leap = np.abs(np.diff(run.path, axis=0)).max(axis=0)
    wild = (leap > np.ptp(surface.extent, axis=1)[:, None] / 4).any(axis=0) | (run.diverged_at >= 0)
    rank = np.where(wild, np.inf, run.loss[-1]).argsort(kind="stable").argsort()
    return float(TRIED[2 + np.convolve(rank, np.ones(5), "valid").argmin()])

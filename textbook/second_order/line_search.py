"""How far along a direction: a step that lowers f enough, and past which the slope has flattened enough."""

from __future__ import annotations

import numpy as np

from textbook.engine import Array
from textbook.second_order.problem import LIMIT, Point, Problem

TRIALS = 40


def wolfe(
    problem: Problem, here: Point, p: Array, first: float = 1.0, sufficient: float = 1e-4, flat: float = 0.9
) -> Point | None:
    """The point here.x + a·p, for an a > 0 that meets the strong Wolfe conditions

        f(x + a·p) ≤ f(x) + sufficient·a·∇f(x)·p        it has come down,
        |∇f(x + a·p)·p| ≤ flat·|∇f(x)·p|                and most of the slope is behind it.

    Such an a lies between `low`, which has come down and still falls steeply, and `high`, which is too high or rises
    again.  Each trial becomes one of the two; the next is where the cubic through both has its minimum.

    Args:
        problem, here: f, and where it stands.
        p: the direction (d,), along which f must fall.
        first: the first a to try.

    Returns:
        the point; None if rounding hides every lower one.

    Raises:
        ValueError: f does not fall along p.

    Source: Nocedal & Wright 2006, Numerical Optimization, algorithms 3.5 and 3.6, as one loop; what counts where f is
    level to rounding: Hager & Zhang 2005, eq. 4.1.
    """
    fall = float(here.g @ p)
    if not fall < 0:
        raise ValueError(f"no descent direction: the slope of f along p is {fall:.3g}, and must be negative")
    rounding = 1e-10 * abs(here.value)  # where f changes less than this, its slope decides: it is more exact
    low, high = (0.0, here.value, fall), None
    a, best = first, None
    for _ in range(TRIALS):
        there = problem.at(here.x + a * p)
        if np.array_equal(there.x, here.x):
            break
        slope = float(there.g @ p)
        down = there.value <= here.value + sufficient * a * fall or (
            abs(there.value - here.value) <= rounding and slope <= (2 * sufficient - 1) * fall
        )
        if there.value < -LIMIT or (down and abs(slope) <= -flat * fall):
            return there
        if down and (best is None or there.value < best.value):
            best = there
        if not down or not slope < 0:
            high = (a, there.value, slope)
        else:
            low = (a, there.value, slope)
        if high is None:
            a *= 4
        else:
            width = high[0] - low[0]
            a = min(max(_cubic_minimum(low, high), low[0] + 0.05 * width), high[0] - 0.05 * width)
    return best


def _cubic_minimum(low: tuple[float, float, float], high: tuple[float, float, float]) -> float:
    """Where the cubic with these values and slopes has its minimum; the middle, if it has none (eq. 3.59)."""
    (a, fa, ga), (b, fb, gb) = low, high
    with np.errstate(all="ignore"):
        d1 = ga + gb - 3 * (fa - fb) / (a - b)
        d2 = np.sqrt(d1 * d1 - ga * gb)
        minimum = b - (b - a) * (gb + d2 - d1) / (gb - ga + 2 * d2)
    return float(minimum) if np.isfinite(minimum) else 0.5 * (a + b)

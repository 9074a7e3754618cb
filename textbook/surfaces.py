"""Surfaces to descend on: formula, minimisers, curvature, and where to look.

Each is one entry of `SURFACES`; menus, labs and tests read the table.  A formula is written with operators and
operations, so that the engine differentiates it and a whole grid of points, or a hundred runs, goes through at once.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import numpy as np

from textbook.engine import Array
from textbook.ops import cos, exp, softplus, sqrt

Point = tuple[float, ...]


@dataclass(frozen=True)
class Surface:
    """A function of one or two variables, and what is known about it.

    Attributes:
        name: its key in `SURFACES`.
        title: for menus and pictures.
        formula: of the coordinates, each a number, an array or a tensor.
        tex: the formula as mathtext, without dollars.
        extent: (lowest, highest) in each coordinate: what a picture shows.
        start: a point from which a descent is worth watching.
        source: where it comes from.
        minima: every global minimiser; empty if there is none.
        minimum: the value there; None if the function has no minimum.
        smoothness: L, the largest |curvature| anywhere, if that is finite; else None.  Descent needs lr < 2/L.
        strong_convexity: μ > 0, the smallest curvature anywhere, if the function is strongly convex; else None.
        convex: whether it is convex.
    """

    name: str
    title: str
    formula: Callable[..., Any]
    tex: str
    extent: tuple[tuple[float, float], ...]
    start: Point
    source: str
    minima: tuple[Point, ...] = ()
    minimum: float | None = None
    smoothness: float | None = None
    strong_convexity: float | None = None
    convex: bool = False

    @property
    def dimension(self) -> int:
        """The number of coordinates."""
        return len(self.extent)

    def f(self, x: Any) -> Any:
        """The height at x.

        Args:
            x: shape (d, *runs): coordinates first, then any number of runs.  An array or a tensor.

        Returns:
            shape (*runs), of the same dtype.

        >>> SURFACES["rosenbrock"].f(np.array([[1.0, 0.0], [1.0, 2.0]]))    # the points (1, 1) and (0, 2)
        array([  0., 401.])
        """
        shape = np.shape(x) if not hasattr(x, "shape") else x.shape
        if not shape or shape[0] != self.dimension:
            wanted = f"({self.dimension},) or ({self.dimension}, *runs)"
            raise ValueError(f"{self.name} has {self.dimension} coordinates: x must be {wanted}, got shape {shape}")
        return self.formula(*x)

    def grid(self, points: int = 101) -> Array:
        """The coordinates of a regular grid over the extent, shape (d, points) or (d, points, points).

        Columns run along the first coordinate and rows along the second, as matplotlib's `contour` wants them.
        """
        axes = [np.linspace(low, high, points) for low, high in self.extent]
        return np.array(np.meshgrid(*axes))


def valley(curvature: float = 4.0) -> Surface:
    """½λx², the simplest valley, with λ > 0.  Each step of descent multiplies x by 1 - lr·λ."""
    curvature = _positive(curvature)
    return Surface(
        name="valley",
        title=f"Valley, λ = {curvature:g}",
        formula=lambda x: 0.5 * curvature * x**2,
        tex=rf"\frac{{1}}{{2}}\cdot {curvature:g}\,x^2",
        extent=((-3.0, 3.0),),
        start=(2.5,),
        source="Goh 2017, Why Momentum Really Works",
        minima=((0.0,),),
        minimum=0.0,
        smoothness=curvature,
        strong_convexity=curvature,
        convex=True,
    )


def quadratic(
    eigenvalues: Sequence[float] = (1.0, 20.0), angle: float = 0.0, name: str = "quadratic", title: str = ""
) -> Surface:
    """½(λ₁u² + λ₂v²), where the u-axis is the x-axis turned by `angle`.

    Args:
        eigenvalues: λ₁ and λ₂ > 0, the curvatures along u and v.  Their ratio is the condition number κ.
        angle: radians, anticlockwise.
    """
    if len(eigenvalues) != 2:
        raise ValueError(f"expected two eigenvalues, got {len(eigenvalues)}; valley(curvature) has one dimension")
    first, second = map(_positive, eigenvalues)
    c, s = (math.cos(angle), math.sin(angle)) if angle else (1.0, 0.0)
    low, high = sorted((first, second))
    u, v = ("x", "y") if not angle else (f"({c:.3g}x{s:+.3g}y)", f"({-s:.3g}x{c:+.3g}y)")
    return Surface(
        name=name,
        title=title or f"Quadratic, κ = {high / low:g}",
        formula=lambda x, y: 0.5 * (first * (c * x + s * y) ** 2 + second * (c * y - s * x) ** 2),
        tex=rf"\frac{{1}}{{2}}({_times(first)}{u}^2 + {_times(second)}{v}^2)",
        extent=((-3.0, 3.0), (-3.0, 3.0)),
        start=(-2.5, 1.5),
        source="Boyd & Vandenberghe 2004, Convex Optimization, section 9.3",
        minima=((0.0, 0.0),),
        minimum=0.0,
        smoothness=high,
        strong_convexity=low,
        convex=True,
    )


def _positive(curvature: float) -> float:
    if not 0 < curvature < math.inf:
        raise ValueError(f"a curvature must be positive and finite, got {curvature}; for others see SURFACES['saddle']")
    return float(curvature)


def _times(factor: float) -> str:
    return "" if factor == 1 else rf"{factor:g}\,"


_CLASSES = ((-2.0, -1.0), (-1.0, 1.0), (1.0, -1.0), (2.0, 1.0))  # (feature, label ±1): not separable


def _logistic(w: Any, b: Any) -> Any:
    losses = [softplus(-label * (w * feature + b)) for feature, label in _CLASSES]
    return 0.25 * (losses[0] + losses[1] + losses[2] + losses[3])


_ENTRIES = (
    valley(),
    Surface(
        name="double_well",
        title="Double well",
        formula=lambda x: 0.25 * (x**2 - 1) ** 2,
        tex=r"\frac{1}{4}(x^2 - 1)^2",
        extent=((-2.0, 2.0),),
        start=(0.1,),
        source="Strogatz 2015, Nonlinear Dynamics and Chaos, example 6.5.2 (raised by 1/4)",
        minima=((-1.0,), (1.0,)),
        minimum=0.0,
    ),
    Surface(
        name="soft_absolute",
        title="Soft absolute value",
        formula=lambda x: sqrt(1 + x**2),
        tex=r"\sqrt{1 + x^2}",
        extent=((-6.0, 6.0),),
        start=(5.0,),
        source="Charbonnier et al. 1997, IEEE Trans. Image Processing 6",
        minima=((0.0,),),
        minimum=1.0,
        smoothness=1.0,  # at 0; it falls off towards 0 on both sides
        convex=True,
    ),
    Surface(
        name="wiggly",
        title="Wiggly valley",
        formula=lambda x: 1 + x**2 - cos(2 * math.pi * x),
        tex=r"1 + x^2 - \cos 2\pi x",
        extent=((-3.0, 3.0),),
        start=(2.6,),
        source="Rastrigin 1974, in one dimension and with A = 1",
        minima=((0.0,),),
        minimum=0.0,
        smoothness=2 + 4 * math.pi**2,
    ),
    quadratic((1.0, 1.0), name="bowl", title="Round bowl"),
    quadratic((1.0, 20.0), name="ravine", title="Ravine, κ = 20"),
    quadratic((1.0, 20.0), angle=math.pi / 6, name="rotated_ravine", title="Ravine, κ = 20, turned by 30°"),
    Surface(
        name="logistic",
        title="Logistic loss of four points",
        formula=_logistic,
        tex=r"\frac{1}{4}\sum_i\,\log(1 + e^{-y_i(w x_i + b)})",
        extent=((-4.0, 5.0), (-4.0, 4.0)),
        start=(-3.5, 3.0),
        source="Bishop 2006, Pattern Recognition and Machine Learning, section 4.3; the points are ours",
        minima=((0.4196176249910979, 0.0),),  # w = log u, with u³ = u + 2
        minimum=0.6419534071919635,
        smoothness=0.625,  # ¼ of the larger eigenvalue of the mean of (x, 1)(x, 1)ᵀ, reached at w = b = 0
        convex=True,
    ),
    Surface(
        name="booth",
        title="Booth",
        formula=lambda x, y: (x + 2 * y - 7) ** 2 + (2 * x + y - 5) ** 2,
        tex=r"(x + 2y - 7)^2 + (2x + y - 5)^2",
        extent=((-10.0, 10.0), (-10.0, 10.0)),
        start=(-8.0, -5.0),
        source="Jamil & Yang 2013, A Literature Survey of Benchmark Functions",
        minima=((1.0, 3.0),),
        minimum=0.0,
        smoothness=18.0,
        strong_convexity=2.0,
        convex=True,
    ),
    Surface(
        name="rosenbrock",
        title="Rosenbrock's banana",
        formula=lambda x, y: (1 - x) ** 2 + 100 * (y - x**2) ** 2,
        tex=r"(1 - x)^2 + 100\,(y - x^2)^2",
        extent=((-2.0, 2.0), (-1.0, 3.0)),
        start=(-1.2, 1.0),
        source="Rosenbrock 1960, The Computer Journal 3",
        minima=((1.0, 1.0),),
        minimum=0.0,
    ),
    Surface(
        name="beale",
        title="Beale",
        formula=lambda x, y: (1.5 - x + x * y) ** 2 + (2.25 - x + x * y**2) ** 2 + (2.625 - x + x * y**3) ** 2,
        tex=r"(1.5 - x + xy)^2 + (2.25 - x + xy^2)^2 + (2.625 - x + xy^3)^2",
        extent=((-4.5, 4.5), (-4.5, 4.5)),
        start=(1.0, 1.0),
        source="Beale 1958, On an Iterative Method for Finding a Local Minimum",
        minima=((3.0, 0.5),),
        minimum=0.0,
    ),
    Surface(
        name="himmelblau",
        title="Himmelblau: four minima",
        formula=lambda x, y: (x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2,
        tex=r"(x^2 + y - 11)^2 + (x + y^2 - 7)^2",
        extent=((-5.0, 5.0), (-5.0, 5.0)),
        start=(-0.5, -1.0),
        source="Himmelblau 1972, Applied Nonlinear Programming",
        minima=(
            (3.0, 2.0),
            (-2.805118086952745, 3.131312518250573),
            (-3.779310253377747, -3.283185991286169),
            (3.584428340330492, -1.848126526964404),
        ),
        minimum=0.0,
    ),
    Surface(
        name="six_hump_camel",
        title="Six-hump camel",
        formula=lambda x, y: (4 - 2.1 * x**2 + x**4 / 3) * x**2 + x * y + 4 * (y**2 - 1) * y**2,
        tex=r"(4 - 2.1x^2 + \frac{1}{3}x^4)\,x^2 + xy + 4(y^2 - 1)\,y^2",
        extent=((-2.0, 2.0), (-1.2, 1.2)),
        start=(-1.7, -0.2),
        source="Dixon & Szegő 1978, Towards Global Optimisation 2",
        minima=((0.08984201310031807, -0.7126564030207396), (-0.08984201310031807, 0.7126564030207396)),
        minimum=-1.0316284534898774,
    ),
    Surface(
        name="styblinski_tang",
        title="Styblinski–Tang",
        formula=lambda x, y: 0.5 * (x**4 - 16 * x**2 + 5 * x + y**4 - 16 * y**2 + 5 * y),
        tex=r"\frac{1}{2}(x^4 - 16x^2 + 5x + y^4 - 16y^2 + 5y)",
        extent=((-5.0, 5.0), (-5.0, 5.0)),
        start=(0.5, 4.5),
        source="Styblinski & Tang 1990, Neural Networks 3",
        minima=((-2.903534027771177, -2.903534027771177),),
        minimum=-78.33233140754282,
    ),
    Surface(
        name="rastrigin",
        title="Rastrigin: an egg box",
        formula=lambda x, y: 20 + x**2 + y**2 - 10 * (cos(2 * math.pi * x) + cos(2 * math.pi * y)),
        tex=r"20 + x^2 + y^2 - 10(\cos 2\pi x + \cos 2\pi y)",
        extent=((-5.12, 5.12), (-5.12, 5.12)),
        start=(-3.3, 2.7),
        source="Rastrigin 1974, Systems of Extremal Control",
        minima=((0.0, 0.0),),
        minimum=0.0,
        smoothness=2 + 40 * math.pi**2,
    ),
    Surface(
        name="plateau",
        title="Plateau with a hole",
        formula=lambda x, y: 1 - exp(-(x**2) - y**2),
        tex=r"1 - e^{-x^2 - y^2}",
        extent=((-3.0, 3.0), (-3.0, 3.0)),
        start=(-1.6, 1.2),
        source="Goodfellow, Bengio & Courville 2016, Deep Learning, chapter 8 (plateaus); an inverted Gaussian",
        minima=((0.0, 0.0),),
        minimum=0.0,
        smoothness=2.0,  # at the bottom
    ),
    Surface(
        name="saddle",
        title="Saddle: no minimum",
        formula=lambda x, y: x**2 - y**2,
        tex=r"x^2 - y^2",
        extent=((-2.0, 2.0), (-2.0, 2.0)),
        start=(1.5, 0.01),
        source="Dauphin et al. 2014, Identifying and attacking the saddle point problem",
        smoothness=2.0,
    ),
    Surface(
        name="monkey_saddle",
        title="Monkey saddle: no minimum",
        formula=lambda x, y: x**3 - 3 * x * y**2,
        tex=r"x^3 - 3xy^2",
        extent=((-1.5, 1.5), (-1.5, 1.5)),
        start=(1.2, 0.1),
        source="Hilbert & Cohn-Vossen 1932, Anschauliche Geometrie",
    ),
)

SURFACES: dict[str, Surface] = {entry.name: entry for entry in _ENTRIES}


def surface(name: str) -> Surface:
    """The entry of `SURFACES` with this name.

    Raises:
        ValueError: there is none; the message lists the choices.
    """
    if name in SURFACES:
        return SURFACES[name]
    close = get_close_matches(name, SURFACES, n=1)
    hint = f"did you mean {close[0]!r}? " if close else ""
    raise ValueError(f"unknown surface {name!r}: {hint}choose from {', '.join(SURFACES)}")

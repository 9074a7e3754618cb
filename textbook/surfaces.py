"""Surfaces to descend on: formula, minimisers, curvature, and where to look.

Each is one entry of `SURFACES`; menus, labs and tests read the table.  A formula is written with operators and
operations, so that the engine differentiates it and a whole grid of points, or a hundred runs, goes through at once.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
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
        extent: (lowest, highest) in each coordinate: what a picture shows.
        start: a point from which a descent is worth watching.
        source: where it comes from; for an entry of the table, what its formula's docstring says.
        minima: every global minimiser; empty if there is none.
        smoothness: L, the largest |curvature| anywhere, if that is finite; else None.  Descent needs lr < 2/L.
        strong_convexity: μ > 0, the smallest curvature anywhere, if the function is strongly convex; else None.
        convex: whether it is convex.
    """

    name: str
    title: str
    formula: Callable[..., Any]
    extent: tuple[tuple[float, float], ...]
    start: Point
    source: str
    minima: tuple[Point, ...] = ()
    smoothness: float | None = None
    strong_convexity: float | None = None
    convex: bool = False

    @property
    def dimension(self) -> int:
        """The number of coordinates."""
        return len(self.extent)

    @property
    def minimum(self) -> float | None:
        """The value at the minimisers; None if the function has no minimum."""
        return float(self.formula(*self.minima[0])) if self.minima else None

    def f(self, x: Any) -> Any:
        """The height at x.

        Args:
            x: shape (d, *runs): coordinates first, then any number of runs.  An array or a tensor.

        Returns:
            shape (*runs), of the same dtype.

        >>> SURFACES["rosenbrock"].f(np.array([[1.0, 0.0], [1.0, 2.0]]))    # the points (1, 1) and (0, 2)
        array([  0., 401.])
        """
        d, shape = self.dimension, np.shape(x)
        if shape[:1] != (d,):
            raise ValueError(f"{self.name} has {d} coordinates: x must be ({d},) or ({d}, *runs), got shape {shape}")
        return self.formula(*x)

    def grid(self, points: int = 101) -> Array:
        """The coordinates of a regular grid over the extent, shape (d, points) or (d, points, points).

        Columns run along the first coordinate and rows along the second, as matplotlib's `contour` wants them.
        """
        return np.array(np.meshgrid(*[np.linspace(low, high, points) for low, high in self.extent]))


SURFACES: dict[str, Surface] = {}


def entry(title: str, *extent: tuple[float, float], start: Point, **known: Any) -> Callable[..., Surface]:
    """Enter a formula into `SURFACES`: its name is the key, its docstring the source.  The rest as in `Surface`."""

    def enter(formula: Callable[..., Any]) -> Surface:
        name, source = formula.__name__, formula.__doc__ or ""
        SURFACES[name] = made = Surface(name, title, formula, extent, start, source, **known)
        return made

    return enter


# ---------------------------------------------------------------------------------------------- valleys to order


def valley(curvature: float = 4.0) -> Surface:
    """½λx², the simplest valley, with λ > 0.  Each step of descent multiplies x by 1 - lr·λ."""
    curvature = _positive(curvature)
    return Surface(
        "valley", f"Valley, λ = {curvature:g}", lambda x: 0.5 * curvature * x**2, extent=((-3.0, 3.0),), start=(2.5,),
        source="Goh 2017, Why Momentum Really Works",
        minima=((0.0,),), smoothness=curvature, strong_convexity=curvature, convex=True,
    )  # fmt: skip


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
    return Surface(
        name, title or f"Quadratic, κ = {high / low:g}",
        formula=lambda x, y: 0.5 * (first * (c * x + s * y) ** 2 + second * (c * y - s * x) ** 2),
        extent=((-3.0, 3.0), (-3.0, 3.0)), start=(-2.5, 1.5),
        source="Boyd & Vandenberghe 2004, Convex Optimization, section 9.3",
        minima=((0.0, 0.0),), smoothness=high, strong_convexity=low, convex=True,
    )  # fmt: skip


def _positive(curvature: float) -> float:
    if not 0 < curvature < math.inf:
        raise ValueError(f"a curvature must be positive and finite, got {curvature}; for others see SURFACES['saddle']")
    return float(curvature)


# ---------------------------------------------------------------------------------------------- the table

SURFACES["valley"] = valley()


@entry("Double well", (-2.0, 2.0), start=(0.1,), minima=((-1.0,), (1.0,)))
def double_well(x):
    """Strogatz 2015, Nonlinear Dynamics and Chaos, example 6.5.2 (raised by 1/4)."""
    return 0.25 * (x**2 - 1) ** 2


# The curvature is largest at 0, and falls off towards 0 on both sides.
@entry("Soft absolute value", (-6.0, 6.0), start=(5.0,), minima=((0.0,),), smoothness=1.0, convex=True)
def soft_absolute(x):
    """Charbonnier et al. 1997, IEEE Trans. Image Processing 6."""
    return sqrt(1 + x**2)


@entry("Wiggly valley", (-3.0, 3.0), start=(2.6,), minima=((0.0,),), smoothness=2 + 4 * math.pi**2)
def wiggly(x):
    """Rastrigin 1974, in one dimension and with A = 1."""
    return 1 + x**2 - cos(2 * math.pi * x)


SURFACES["bowl"] = quadratic((1.0, 1.0), name="bowl", title="Round bowl")
SURFACES["ravine"] = quadratic((1.0, 20.0), name="ravine", title="Ravine, κ = 20")
SURFACES["rotated_ravine"] = quadratic(
    (1.0, 20.0), angle=math.pi / 6, name="rotated_ravine", title="Ravine, κ = 20, turned by 30°"
)


# The minimiser is w = log u, with u³ = u + 2.  L is ¼ of the larger eigenvalue of the mean of (x, 1)(x, 1)ᵀ, reached at
# w = b = 0.
@entry("Logistic loss of four points", (-4.0, 5.0), (-4.0, 4.0),
       start=(-3.5, 3.0), minima=((0.4196176249910979, 0.0),), smoothness=0.625, convex=True)  # fmt: skip
def logistic(w, b):
    """Bishop 2006, Pattern Recognition and Machine Learning, section 4.3; the points are ours."""
    points = ((-2.0, -1.0), (-1.0, 1.0), (1.0, -1.0), (2.0, 1.0))  # (feature, label ±1): not separable
    first, *others = [softplus(-label * (w * feature + b)) for feature, label in points]
    return 0.25 * sum(others, start=first)


@entry("Booth", (-10.0, 10.0), (-10.0, 10.0), start=(-8.0, -5.0),
       minima=((1.0, 3.0),), smoothness=18.0, strong_convexity=2.0, convex=True)  # fmt: skip
def booth(x, y):
    """Jamil & Yang 2013, A Literature Survey of Benchmark Functions."""
    return (x + 2 * y - 7) ** 2 + (2 * x + y - 5) ** 2


@entry("Rosenbrock's banana", (-2.0, 2.0), (-1.0, 3.0), start=(-1.2, 1.0), minima=((1.0, 1.0),))
def rosenbrock(x, y):
    """Rosenbrock 1960, The Computer Journal 3."""
    return (1 - x) ** 2 + 100 * (y - x**2) ** 2


@entry("Beale", (-4.5, 4.5), (-4.5, 4.5), start=(1.0, 1.0), minima=((3.0, 0.5),))
def beale(x, y):
    """Beale 1958, On an Iterative Method for Finding a Local Minimum."""
    return (1.5 - x + x * y) ** 2 + (2.25 - x + x * y**2) ** 2 + (2.625 - x + x * y**3) ** 2


@entry("Himmelblau: four minima", (-5.0, 5.0), (-5.0, 5.0), start=(-0.5, -1.0),
       minima=((3.0, 2.0), (-2.805118086952745, 3.131312518250573), (-3.779310253377747, -3.283185991286169),
               (3.584428340330492, -1.848126526964404)))  # fmt: skip
def himmelblau(x, y):
    """Himmelblau 1972, Applied Nonlinear Programming."""
    return (x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2


@entry("Six-hump camel", (-2.0, 2.0), (-1.2, 1.2),
       start=(-1.7, -0.2),
       minima=((0.08984201310031807, -0.7126564030207396), (-0.08984201310031807, 0.7126564030207396)))  # fmt: skip
def six_hump_camel(x, y):
    """Dixon & Szegő 1978, Towards Global Optimisation 2."""
    return (4 - 2.1 * x**2 + x**4 / 3) * x**2 + x * y + 4 * (y**2 - 1) * y**2


@entry("Styblinski–Tang", (-5.0, 5.0), (-5.0, 5.0),
       start=(0.5, 4.5), minima=((-2.903534027771177, -2.903534027771177),))  # fmt: skip
def styblinski_tang(x, y):
    """Styblinski & Tang 1990, Neural Networks 3."""
    return 0.5 * (x**4 - 16 * x**2 + 5 * x + y**4 - 16 * y**2 + 5 * y)


@entry("Rastrigin: an egg box", (-5.12, 5.12), (-5.12, 5.12),
       start=(-3.3, 2.7), minima=((0.0, 0.0),), smoothness=2 + 40 * math.pi**2)  # fmt: skip
def rastrigin(x, y):
    """Rastrigin 1974, Systems of Extremal Control."""
    return 20 + x**2 + y**2 - 10 * (cos(2 * math.pi * x) + cos(2 * math.pi * y))


@entry("Plateau with a hole", (-3.0, 3.0), (-3.0, 3.0), start=(-1.6, 1.2), minima=((0.0, 0.0),), smoothness=2.0)
def plateau(x, y):
    """Goodfellow, Bengio & Courville 2016, Deep Learning, chapter 8 (plateaus); an inverted Gaussian."""
    return 1 - exp(-(x**2) - y**2)


@entry("Saddle: no minimum", (-2.0, 2.0), (-2.0, 2.0), start=(1.5, 0.01), smoothness=2.0)
def saddle(x, y):
    """Dauphin et al. 2014, Identifying and attacking the saddle point problem."""
    return x**2 - y**2


@entry("Monkey saddle: no minimum", (-1.5, 1.5), (-1.5, 1.5), start=(1.2, 0.1))
def monkey_saddle(x, y):
    """Hilbert & Cohn-Vossen 1932, Anschauliche Geometrie."""
    return x**3 - 3 * x * y**2

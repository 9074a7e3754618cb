"""A function with its derivatives, each evaluation counted, and the driver that all methods share."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from textbook.descent import Trajectory
from textbook.engine import Array, plain, value_and_grad
from textbook.second_order.curvature import hessian_product

LIMIT = 1e12  # a run whose |x| or |f| passes this has diverged


class Point(NamedTuple):
    """x (d,), f(x), and the gradient there (d,)."""

    x: Array
    value: float
    g: Array


class Counts(NamedTuple):
    """How often f, its gradient (row by row for a Jacobian) and a product with second derivatives were computed."""

    f: Any = 0
    gradient: Any = 0
    hvp: Any = 0

    @property
    def in_gradients(self) -> Any:
        """The same as one number: a product counts as two gradients, being the gradient of a gradient."""
        return self.gradient + 2 * self.hvp


@dataclass(frozen=True)
class Minimisation(Trajectory):
    """Where a method went, and at what cost.

    Attributes:
        path: (steps + 1, d), the start first; as many steps as it took.
        loss: (steps + 1,).
        diverged_at: the step at which it left all bounds, and ended; -1 if it did not.
        slope: (steps + 1,), the largest |gradient element|, which the tolerance is for.
        counts: each (steps + 1,): evaluations up to that point, with the start's own.
        stopped: why it ended: "converged", "all steps taken", "diverged", "no lower point found".
    """

    slope: Array
    counts: Counts
    stopped: str

    @property
    def steps(self) -> int:
        """How many it took."""
        return len(self.path) - 1


class Problem:
    """f with what the engine makes of it.

    Args:
        f: maps x of shape (d,) to a scalar.
    """

    def __init__(self, f: Callable[[Any], Any]) -> None:
        self.f = f
        self.counts = Counts()
        self._both = value_and_grad(f)

    def count(self, **more: int) -> None:
        """Note evaluations."""
        self.counts = Counts(*(n + more.get(name, 0) for name, n in self.counts._asdict().items()))

    def at(self, x: Array) -> Point:
        """f and its gradient."""
        self.count(f=1, gradient=1)
        with np.errstate(all="ignore"):
            value, g = self._both(x)
        return Point(x, float(plain(value)), np.asarray(plain(g), dtype=float))

    def product(self, x: Array, f: Callable[[Any], Any] | None = None) -> Callable[[Array], Array]:
        """v ↦ ∇²f(x)·v, for f or another function of x.  The graph of the gradient is recorded once for all v."""
        recorded = hessian_product(self.f if f is None else f, x)

        def counted(v: Array) -> Array:
            self.count(hvp=1)
            return recorded(v)

        return counted

    def hessian(self, x: Array) -> Array:
        """∇²f(x), shape (d, d): one product a column."""
        product = self.product(x)
        with np.errstate(all="ignore"):
            matrix = np.stack([product(v) for v in np.eye(x.size)])
        return 0.5 * (matrix + matrix.T)  # symmetric to the last bit


# ---------------------------------------------------------------------------------------------- the methods' driver

Method = Callable[..., Minimisation]
METHODS: dict[str, Method] = {}


def method(generate: Callable[..., Iterator[Point]]) -> Method:
    """Turn a generator of points into a function that runs it, and enter that into `METHODS`.

    The generator gets the problem, the start and its own options, and yields a point after each step.  The function
    takes

        f: maps x of shape (d,) to a scalar, by operations of the engine.
        x0: the start, (d,).
        steps: how many at most.
        tol: it ends where no element of the gradient is larger in size.
        **options: the generator's own,

    and returns a `Minimisation`.  It raises ValueError for a start that is no finite vector, or where f is not finite.
    """

    @functools.wraps(generate)
    def run(f: Callable[[Any], Any], x0: Any, steps: int = 200, *, tol: float = 1e-8, **options: Any) -> Minimisation:
        problem = Problem(f)
        if not isinstance(steps, (int, np.integer)) or steps < 0:
            raise ValueError(f"steps must be a whole number ≥ 0, got {steps!r}")
        if not tol >= 0:
            raise ValueError(f"tol must be ≥ 0, got {tol}: it is compared with the largest |gradient element|")
        start = problem.at(_start(x0))
        if not np.isfinite(start.value):
            raise ValueError(f"f is {start.value} at the start: begin where f is finite")
        points, counts, stopped = [start], [problem.counts], ""
        following = generate(problem, start, **options)
        while not stopped:
            here = points[-1]
            if not _inside(here):
                stopped = "diverged"
            elif np.abs(here.g).max() <= tol:
                stopped = "converged"
            elif len(points) > steps:
                stopped = "all steps taken"
            elif (there := next(following, None)) is None:
                stopped = "no lower point found"
            else:
                points.append(there)
                counts.append(problem.counts)
        x, value, g = (np.array(column) for column in zip(*points, strict=True))
        at = len(points) - 1 if stopped == "diverged" else -1
        return Minimisation(x, value, at, np.abs(g).max(axis=1), Counts(*np.array(counts).T), stopped)

    own = list(inspect.signature(generate).parameters.values())[2:]
    shared = list(inspect.signature(run, follow_wrapped=False).parameters.values())[:-1]
    options = [p.replace(kind=p.KEYWORD_ONLY) for p in own]
    run.__signature__ = inspect.Signature([*shared, *options])  # type: ignore[attr-defined]
    METHODS[generate.__name__] = run
    return run


def _start(x0: Any) -> Array:
    x = np.array(plain(x0), dtype=float)
    if x.ndim != 1 or not x.size:
        raise ValueError(f"the start must be a vector, shape (d,), got shape {x.shape}; write [x] for one number")
    if not np.isfinite(x).all():
        raise ValueError(f"the start must be finite, got {x}")
    return x


def _inside(p: Point) -> bool:
    return bool((np.abs(p.x) <= LIMIT).all() and abs(p.value) <= LIMIT and np.isfinite(p.g).all())

"""The methods.  Each is a generator: it gets the problem and the start, and yields a point after each step."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator

import numpy as np

from textbook.engine import Array
from textbook.second_order.curvature import conjugate_gradients, solve
from textbook.second_order.line_search import wolfe
from textbook.second_order.losses import CrossEntropy, LeastSquares
from textbook.second_order.problem import Point, Problem, method


@method
def steepest_descent(problem: Problem, here: Point) -> Iterator[Point]:
    """Downhill, p = -∇f(x), with the same line search as the others: what the use of curvature is measured against.

    Source: Cauchy 1847; Nocedal & Wright 2006, section 2.2.
    """
    first = _unit(here.g)
    while (there := wolfe(problem, here, -here.g, first)) is not None:
        moved = np.linalg.norm(there.x - here.x) / np.linalg.norm(here.g)  # the last a
        first = float(moved * (here.g @ here.g) / (there.g @ there.g or 1.0))  # as if f fell as much again
        here = there
        yield here


@method
def newton(problem: Problem, here: Point) -> Iterator[Point]:
    """Newton, pure: x ← x - ∇²f(x)⁻¹·∇f(x), to where the local quadratic is level: its minimum, saddle or top.

    Raises:
        ValueError: the Hessian is singular somewhere on the way.

    Source: Nocedal & Wright 2006, eq. 3.30.
    """
    while True:
        try:
            here = problem.at(here.x - np.linalg.solve(problem.hessian(here.x), here.g))
        except np.linalg.LinAlgError:
            raise ValueError(f"the Hessian at {here.x} is singular: no Newton step; try damped_newton") from None
        yield here


@method
def damped_newton(problem: Problem, here: Point, floor: float = 1e-8) -> Iterator[Point]:
    """Newton made safe: p = -|∇²f|⁻¹·∇f goes down along every axis of the Hessian, and a line search says how far.

    Args:
        floor: curvatures below this share of the largest count as so much.

    Source: Dauphin et al. 2014, section 6 (|∇²f|: the Hessian with its eigenvalues made positive).
    """
    while True:
        curvatures, axes = np.linalg.eigh(problem.hessian(here.x))
        size = np.abs(curvatures)
        along = (axes.T @ here.g) / np.maximum(size, floor * size.max() or 1.0)
        if (there := wolfe(problem, here, -axes @ along)) is None:
            return
        yield (here := there)


@method
def bfgs(problem: Problem, here: Point) -> Iterator[Point]:
    """BFGS: an estimate C of the inverse Hessian, corrected after each step so that C·y = s.

    s = x⁺ - x, y = ∇f(x⁺) - ∇f(x), ρ = 1/(y·s):  C ← (I - ρ·s·yᵀ)·C·(I - ρ·y·sᵀ) + ρ·s·sᵀ.

    Source: Nocedal & Wright 2006, algorithm 6.1.
    """
    C = identity = np.eye(here.x.size)
    first = _unit(here.g)
    while (there := wolfe(problem, here, -C @ here.g, first)) is not None:
        s, y = there.x - here.x, there.g - here.g
        if y @ s > 0:  # it is, but for rounding: the search has gone on until the slope flattened
            rho = 1 / (y @ s)
            left = identity - rho * np.outer(s, y)
            C = left @ C @ left.T + rho * np.outer(s, s)
        here, first = there, 1.0
        yield here


@method
def lbfgs(problem: Problem, here: Point, memory: int = 10) -> Iterator[Point]:
    """L-BFGS: BFGS's direction from the last few (s, y), without any matrix.

    Source: Nocedal 1980; Nocedal & Wright 2006, algorithms 7.4 and 7.5.
    """
    if memory < 1:
        raise ValueError(f"memory is the number of steps remembered, at least 1: got {memory}")
    pairs: deque[tuple[Array, Array]] = deque(maxlen=memory)
    first = _unit(here.g)
    while (there := wolfe(problem, here, -_inverse_times(here.g, pairs), first)) is not None:
        s, y = there.x - here.x, there.g - here.g
        if y @ s > 0:
            pairs.append((s, y))
        here, first = there, 1.0
        yield here


def _inverse_times(g: Array, pairs: deque[tuple[Array, Array]]) -> Array:
    """C·g, by the two-loop recursion: BFGS's correction read from the newest pair back, then forward again."""
    q, parts = g, []
    for s, y in reversed(pairs):
        parts.append(a := (s @ q) / (y @ s))
        q = q - a * y
    if pairs:
        s, y = pairs[-1]
        q = (s @ y) / (y @ y) * q
    for (s, y), a in zip(pairs, reversed(parts), strict=True):
        q = q + (a - (y @ q) / (y @ s)) * s
    return q


@method
def conjugate_gradient(problem: Problem, here: Point) -> Iterator[Point]:
    """Linear conjugate gradients for a quadratic f: solves ∇²f·(x - x₀) = -∇f(x₀), one product a step.

    Raises:
        ValueError: f has a curvature that is not positive, or is no quadratic.

    Source: Hestenes & Stiefel 1952.
    """
    start = here
    for move, residual in conjugate_gradients(problem.product(start.x), -start.g):
        here = problem.at(start.x + move)
        if np.abs(here.g + residual).max() > 1e-6 * np.abs(start.g).max():
            raise ValueError(
                "f is no quadratic: its gradient is not what its Hessian at the start says; use nonlinear_cg"
            )
        yield here


@method
def nonlinear_cg(problem: Problem, here: Point) -> Iterator[Point]:
    """Conjugate gradients on any f: p ← -g + β·p with β = max(0, g⁺·(g⁺ - g)/g·g), and a line search.

    Source: Polak & Ribière 1969, in the form PR+ of Nocedal & Wright 2006, eq. 5.45.
    """
    p, first = -here.g, _unit(here.g)
    while (there := wolfe(problem, here, p, first, flat=0.1)) is not None:
        beta = max(0.0, there.g @ (there.g - here.g) / (here.g @ here.g))
        q = -there.g + beta * p
        if there.g @ q >= 0:  # the search ended early: begin again with the gradient
            q = -there.g
        moved = np.linalg.norm(there.x - here.x) / np.linalg.norm(p)  # the last a
        first = float(moved * (here.g @ p) / (there.g @ q))  # as if f fell as much again
        here, p = there, q
        yield here


@method
def gauss_newton(problem: Problem, here: Point, damping: float = 0.0) -> Iterator[Point]:
    """Gauss-Newton for least squares: p minimises ½|r + J·p|² + ½·damping·|p|², with J the Jacobian of the residuals.

    JᵀJ stands for the Hessian: what it leaves out, Σ rᵢ·∇²rᵢ, is small where the fit is good.  With damping this is
    Levenberg's and Marquardt's method.

    Raises:
        ValueError: f is no `LeastSquares`, which shows its residuals.

    Source: Nocedal & Wright 2006, section 10.3.
    """
    if not isinstance(problem.f, LeastSquares):
        raise ValueError("gauss_newton needs f = LeastSquares(residuals): it uses the residuals one by one")
    while True:
        r, J = problem.f.jacobian(here.x)
        problem.count(f=1, gradient=len(r))
        rows = np.vstack([J, damping**0.5 * np.eye(here.x.size)]) if damping else J
        p = np.linalg.lstsq(rows, -np.pad(r, (0, len(rows) - len(r))), rcond=None)[0]
        if (there := wolfe(problem, here, p)) is None:
            return
        yield (here := there)


@method
def natural_gradient(
    problem: Problem, here: Point, damping: float = 1e-4, accuracy: float = 1e-3, most: int = 250
) -> Iterator[Point]:
    """The natural gradient: p = -(F + damping·I)⁻¹·∇f, with F the Fisher information, then a line search.

    F measures a step by how much it changes the model's predictions, whatever its parameters are called.  It is not
    the Hessian of f, and not made of second derivatives of f: true labels do not occur in it.  Conjugate gradients
    solve for p, from products with F alone.

    Args:
        accuracy: of p: the residual of its equation, relative to |∇f|.
        most: products a step, at most.

    Raises:
        ValueError: f is no `CrossEntropy`, which shows its probabilities.

    Source: Amari 1998; by products: Pascanu & Bengio 2014.
    """
    if not isinstance(problem.f, CrossEntropy):
        raise ValueError("natural_gradient needs f = CrossEntropy(logits, labels): it uses the model's probabilities")
    while True:
        fisher = problem.product(here.x, problem.f.expected(here.x))

        def damped(v: Array, fisher: Callable[[Array], Array] = fisher) -> Array:
            return fisher(v) + damping * v

        p = solve(damped, -here.g, accuracy, most)
        if (there := wolfe(problem, here, p)) is None:
            return
        yield (here := there)


def _unit(g: Array) -> float:
    """A first trial step of length 1 at most: nothing is known of the scale yet."""
    return min(1.0, 1 / float(np.linalg.norm(g)))

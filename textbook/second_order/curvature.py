"""Curvature without a matrix: what products with it are enough for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, NamedTuple

import numpy as np

from textbook.engine import Array, Tensor, grad, plain

Product = Callable[[Array], Array]


def hessian_product(f: Callable[[Any], Any], x: Any) -> Callable[[Array], Array]:
    """v ↦ ∇²f(x)·v for many v at one x: the graph of ∇f(x) is recorded once, and each v is a seed of it.

    >>> product = hessian_product(lambda x: (x**3).sum(), np.array([1.0, 2.0]))
    >>> product(np.array([1.0, 0.0])), product(np.array([0.0, 1.0]))
    (array([6., 0.]), array([ 0., 12.]))
    """
    x = Tensor(np.array(plain(x)), requires_grad=True)
    g = grad(f)(x)

    def product(v: Any) -> Array:
        v = np.asarray(plain(v))
        if v.shape != x.shape:
            raise ValueError(f"x has shape {x.shape}, v has shape {v.shape}: they must be equal")
        if g.recipe is None:  # ∇f does not depend on x: f is linear
            return np.zeros_like(v)
        x.grad = None
        g.backward(v)  # ∂(∇f·v)/∂x, which is ∇²f·v, because the Hessian is symmetric
        return np.zeros_like(v) if x.grad is None else x.grad

    return product


def conjugate_gradients(product: Product, b: Array, x: Array | None = None) -> Iterator[tuple[Array, Array]]:
    """Solve A·x = b for a symmetric positive definite A, of which only v ↦ A·v is needed.

    Each direction is the residual, made conjugate to the last: pᵀAq = 0.  In d dimensions d steps would be enough but
    for rounding.

    Args:
        product: v ↦ A·v.
        b: (d,).
        x: where to start; zeros if left out.

    Yields:
        x and the residual b - A·x after each step; it ends where the residual is 0.

    Raises:
        ValueError: A is not positive definite: vᵀAv ≤ 0 for some v.

    Source: Hestenes & Stiefel 1952.
    """
    x = np.zeros_like(b) if x is None else x
    r = b - product(x) if x.any() else b
    p, square = r, float(r @ r)
    while square > 0:
        Ap = product(p)
        curvature = float(p @ Ap)
        if not curvature > 0:
            raise ValueError(
                f"not positive definite: pᵀAp = {curvature:.3g} along a direction p, and conjugate gradients need it "
                "positive; bfgs and damped_newton bear other curvatures"
            )
        a = square / curvature  # to the minimum along p
        x = x + a * p
        r = r - a * Ap
        before, square = square, float(r @ r)
        p = r + (square / before) * p
        yield x, r


def solve(product: Product, b: Array, accuracy: float = 1e-6, most: int = 1000) -> Array:
    """x with |b - A·x| ≤ accuracy·|b|, by conjugate gradients; or as far as `most` products lead.

    >>> A = np.array([[2.0, 1.0], [1.0, 3.0]])
    >>> solve(lambda v: A @ v, np.array([3.0, 4.0])).round(6)
    array([1., 1.])
    """
    x, wanted = np.zeros_like(b), accuracy * float(np.linalg.norm(b))
    for x, r in islice(conjugate_gradients(product, b), most):  # noqa: B007
        if np.linalg.norm(r) <= wanted:
            break
    return x


class Eigen(NamedTuple):
    """The eigenvalue largest in size, its unit vector, how far Av is from λv over |λ|, and the products it took."""

    value: float
    vector: Array
    error: float
    products: int


def top_eigenvalue(product: Product, v: Any, tol: float = 1e-3, most: int = 1000) -> Eigen:
    """The eigenvalue of largest size of a symmetric A, by power iteration: v ← A·v / |A·v|.

    Each product stretches v most along the top eigenvector, by |λ₁/λ₂| more than along the next.  λ = vᵀAv is
    accurate long before v is, because its error shrinks with the square of v's: from random numbers a loose `tol` is
    often enough; a warm start may stay near an eigenvector that is the top one no longer.

    Args:
        product: v ↦ A·v.
        v: (d,), where to start: random numbers, or, when A has changed little, the last vector (a warm start).
        tol: it ends where |A·v - λ·v| ≤ tol·|λ|.
        most: so many products at most; `error` then says how far it came.

    >>> A = np.diag([3.0, -1.0, 0.5])
    >>> round(top_eigenvalue(lambda v: A @ v, v=np.ones(3)).value, 4)
    3.0

    Source: von Mises & Pollaczek-Geiringer 1929.
    """
    v = np.asarray(v)
    size = float(np.linalg.norm(v))
    if v.ndim != 1 or not np.isfinite(size) or size == 0:
        raise ValueError(f"v must be a finite vector, not all 0: got shape {v.shape}, length {size}")
    if not tol > 0 or most < 1:
        raise ValueError(f"tol must be positive and most at least 1, got {tol} and {most}")
    v, products = v / size, 0
    while True:
        Av, products = product(v), products + 1
        if np.shape(Av) != v.shape:
            raise ValueError(f"product gave shape {np.shape(Av)} for v of shape {v.shape}: A must be square")
        if not np.isfinite(stretch := float(np.linalg.norm(Av))):
            raise ValueError("A·v is not finite: has the training diverged?")
        value = float(v @ Av)
        error = float(np.linalg.norm(Av - value * v))
        if error <= tol * abs(value) or products == most:
            return Eigen(value, v, error / abs(value) if value else error, products)
        v = Av / stretch

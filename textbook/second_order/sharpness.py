"""Sharpness: the largest curvature of the loss, watched while gradient descent trains."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from textbook.engine import Array, plain, value_and_grad
from textbook.second_order.curvature import hessian_product, top_eigenvalue


class Watched(NamedTuple):
    """Before update number `step` + 1: the parameters (d,), the loss, and the sharpness as it was last measured."""

    step: int
    w: Array
    loss: float
    sharpness: float


def watch_sharpness(
    f: Callable[[Any], Any],
    w: Array,
    lr: float,
    steps: int = 300,
    *,
    every: int = 5,
    tol: float = 0.003,
    most: int = 400,
    rng: np.random.Generator,
) -> Iterator[Watched]:
    """Gradient descent w ← w - lr·∇f(w), and the top eigenvalue of ∇²f(w) at every so many steps.

    Where f were a quadratic, descent would need the sharpness below 2/lr.  Each power iteration starts from the last
    one's vector.  The run ends early where the loss is not finite.

    Args:
        f, w: the loss as a function of one vector, and the start; see `flat_loss`.
        lr: the learning rate.
        steps: how many updates; `steps` + 1 measurements are yielded, the start first.
        every: steps from one measurement of the sharpness to the next.
        tol, most: of `top_eigenvalue`.  A loose `tol` lets a warm start stay with an eigenvector that is no longer the
            top one: 0.05 can be a quarter too low for a while.
        rng: draws the first vector.

    Source: Cohen et al. 2021, Gradient Descent on Neural Networks Typically Occurs at the Edge of Stability.
    """
    if every < 1:
        raise ValueError(f"every must be at least 1, got {every}")
    both, v, top = value_and_grad(f), rng.normal(size=w.size).astype(w.dtype), np.nan
    for step in range(steps + 1):
        with np.errstate(all="ignore"):
            value, g = map(plain, both(w))
            if not np.isfinite(g).all():
                return
            if step % every == 0:
                top, v, *_ = top_eigenvalue(hessian_product(f, w), v, tol, most)
            yield Watched(step, w, float(value), top)
            w = w - w.dtype.type(lr) * g

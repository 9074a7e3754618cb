"""Central differences against the engine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from textbook.engine import Array, plain, value_and_grad


def numerical_grad(f: Callable[..., Any], *args: Any, argnum: int = 0, h: float = 1e-5) -> Array:
    """The gradient of a scalar f by central differences, (f(x + h) - f(x - h)) / 2h, one element at a time.

    Truncation costs h²·|f‴|/6, rounding ε·|f|/h; h = 1e-5 balances them for values near 1 in float64.

    Args:
        f: maps arrays (or numbers) to a number.
        *args: its arguments, float64.
        argnum: the argument to vary.
        h: the step, in the units of x.
    """
    x, arguments = np.array(args[argnum], dtype=float), list(args)
    slope = np.empty_like(x)
    for i in np.ndindex(x.shape):
        sides = []
        for step in (h, -h):
            moved = x.copy()
            moved[i] += step
            arguments[argnum] = moved[()]
            sides.append(float(f(*arguments)))
        slope[i] = (sides[0] - sides[1]) / (2 * h)
    return slope[()]


def gradcheck(f: Callable[..., Any], *args: Any, h: float = 1e-5, rtol: float = 1e-6, atol: float = 1e-8) -> None:
    """Compare the engine's gradient of a scalar f with central differences, for every argument.

    Raises:
        AssertionError: they disagree; the message names the argument, the worst element and both values.

    >>> from textbook import ops
    >>> gradcheck(lambda x, y: ops.sum(x * ops.sin(y)), np.array([1.0, 2.0]), np.array([0.5, 3.0]))
    """
    for argnum in range(len(args)):
        engine = plain(value_and_grad(f, argnum)(*args)[1])
        numeric = numerical_grad(f, *args, argnum=argnum, h=h)
        error = np.abs(engine - numeric)
        allowed = atol + rtol * np.maximum(np.abs(numeric), np.abs(engine))
        if not (error <= allowed).all():
            at = np.unravel_index(np.argmax(error / allowed), np.shape(error))
            raise AssertionError(
                f"argument {argnum}, element {tuple(int(i) for i in at)}: the engine says "
                f"{np.asarray(engine)[at]:.10g}, central differences say {np.asarray(numeric)[at]:.10g}"
            )

"""How answers to the exercises of chapter 11 are tried: cases to compare, and a free answer to judge."""

import numpy as np


def curved_cases(rng):
    for d in (2, 3, 4):
        a = rng.normal(size=(d, d))
        yield rng.normal(size=d), rng.normal(size=d), a + a.T


def axes_cases(rng):
    for _, g, H in curved_cases(rng):
        yield g, *np.linalg.eigh(H)


def secant_cases(rng):
    for d in (2, 3, 4):
        a, h = rng.normal(size=(2, d, d))
        s = rng.normal(size=d)
        yield h @ h.T + np.eye(d), s, (a @ a.T + np.eye(d)) @ s


def times(A):
    return lambda v: A @ v


def solve_cases(rng):
    for d, steps in ((3, 1), (4, 2), (5, 3), (3, 3)):
        a = rng.normal(size=(d, d))
        yield times(a @ a.T + np.diag(np.arange(1.0, d + 1))), rng.normal(size=d), steps


def logistic_cases(rng):
    return [(rng.normal(size=(n, d)), rng.normal(size=d)) for n, d in ((6, 3), (5, 2))]


def matrix_cases(rng):
    return [(rng.normal(size=(3, 5)), 2), (rng.normal(size=(4, 4)) * 3, 1), (rng.normal(size=(2, 3)), 12)]


def no_runaway(x0):
    """From where does Newton run away on √(1 + x²)?"""
    if isinstance(x0, bool) or not isinstance(x0, int | float | np.number) or not np.isfinite(x0):
        yield f"A start is one finite number; got {x0!r}."
        return
    x = float(x0)
    if abs(x) == 1:
        yield "From there Newton jumps between 1 and −1 for ever. It doesn't come closer, and it doesn't run away."
    elif abs(x) < 1:
        yield f"From {x:g} Newton arrives: its next point is {-(x**3):.4g}. Compare it with x, and look further out."

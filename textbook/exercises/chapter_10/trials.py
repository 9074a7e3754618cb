"""How answers to the exercises of chapter 10 are tried: cases to compare, and a free answer to judge."""

from itertools import pairwise

import numpy as np


def layer_cases(rng):
    for rows, n in ((3, 4), (5, 3)):
        yield rng.normal(size=(rows, n)), rng.normal(size=(rows, n)), rng.normal(size=(n, n))


def network_cases(rng):
    for widths in ((4, 5, 3), (3, 6, 6, 2)):
        weights = [rng.normal(size=shape) for shape in pairwise(widths)]
        yield 2 * rng.normal(size=(30, widths[0])) + 0.5, weights


def batch_cases(rng):
    for rows, n in ((6, 3), (4, 5)):
        x = 2 * rng.normal(size=(rows, n)) + 1
        s = np.sqrt(x.var(axis=0) + 1e-5)
        yield rng.normal(size=(rows, n)) + 0.5, (x - x.mean(axis=0)) / s, s


def gradient_cases(rng):
    pair = [3 * rng.normal(size=(2, 3)), 4 * rng.normal(size=3)]
    return [(pair, 1.5), (pair, 100.0), ([0.5 * rng.normal(size=2), rng.normal(size=(3, 2))], 0.7)]


def first_grows(w):
    """A matrix whose powers grow before they shrink."""
    try:
        w = np.asarray(w, dtype=float)
    except (TypeError, ValueError):
        w = np.zeros(0)
    if w.shape != (2, 2) or not np.isfinite(w).all():
        yield "Give a 2 × 2 matrix of finite real numbers, such as [[0.5, 1], [0, 0.5]]."
        return
    largest = np.abs(np.linalg.eigvals(w)).max()
    if largest >= 0.9:
        yield f"Its largest eigenvalue has the size {largest:.3g}: it must be below 0.9."
        return
    stretch = np.linalg.norm(np.linalg.matrix_power(w, 5), 2)
    if stretch <= 10:
        yield f"Its fifth power stretches no vector more than {stretch:.3g}-fold, and more than 10 is wanted. " + (
            "The eigenvalues of a triangular matrix are its diagonal: leave them near 0.9; the corner is free."
            if w[0, 1] * w[1, 0] == 0 else
            "Make one entry off the diagonal k times as large and the other k times as small: the eigenvalues stay."
        )  # fmt: skip

"""Initial weights.  Each function draws a (fan_in, fan_out) matrix; `INITS` lists them by name."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from textbook.engine import Array


def zeros(rng: np.random.Generator, shape: tuple[int, int]) -> Array:
    """All zero: every unit of a layer then stays the twin of every other."""
    return np.zeros(shape)


def normal(rng: np.random.Generator, shape: tuple[int, int], std: float = 0.01) -> Array:
    """Normal with a fixed standard deviation."""
    return rng.normal(0.0, std, shape)


def xavier(rng: np.random.Generator, shape: tuple[int, int]) -> Array:
    """Normal, variance 2 / (fan_in + fan_out): keeps the variance of signals through tanh layers.

    Source: Glorot & Bengio 2010, eq. 12.  NB: in PyTorch, init.xavier_normal_.
    """
    return rng.normal(0.0, np.sqrt(2 / (shape[0] + shape[1])), shape)


def he(rng: np.random.Generator, shape: tuple[int, int]) -> Array:
    """Normal, variance 2 / fan_in: keeps the variance of signals through relu layers.

    Source: He et al. 2015, eq. 10.  NB: in PyTorch, init.kaiming_normal_.
    """
    return rng.normal(0.0, np.sqrt(2 / shape[0]), shape)


INITS: dict[str, Callable[..., Array]] = {"zeros": zeros, "normal": normal, "xavier": xavier, "he": he}

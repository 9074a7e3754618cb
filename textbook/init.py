"""Initial weights.  Each function draws a (fan_in, fan_out) matrix; `INITS` lists them by name."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

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


def lecun(rng: np.random.Generator, shape: tuple[int, int]) -> Array:
    """Normal, variance 1 / fan_in: keeps the variance of signals through linear layers.

    Source: LeCun, Bottou, Orr & Müller 1998, eq. 16.
    """
    return rng.normal(0.0, np.sqrt(1 / shape[0]), shape)


def orthogonal(rng: np.random.Generator, shape: tuple[int, int]) -> Array:
    """A random rotation or reflection, uniformly drawn; columns (or rows) of it where the matrix is not square.

    All its singular values are 1: it keeps the length of every vector, not only their mean.

    Source: Saxe, McClelland & Ganguli 2014.  NB: in PyTorch, init.orthogonal_.
    """
    q, r = np.linalg.qr(rng.normal(size=(max(shape), min(shape))))
    q = q * np.sign(np.diag(r))  # the signs that qr chooses are not random
    return q if q.shape == tuple(shape) else q.T


INITS: dict[str, Callable[..., Array]] = {
    "zeros": zeros, "normal": normal, "lecun": lecun, "xavier": xavier, "he": he, "orthogonal": orthogonal,
}  # fmt: skip


def mup(widths: Sequence[int], base: int) -> list[tuple[float, float]]:
    """The maximal update parametrisation: what to change in an MLP tuned at hidden width `base` to train it at others.

    For Adam.  Layer by layer, factors of the initial weights and of their learning rate; those of biases stay:

        first layer 1, 1      hidden layers 1, base/fan_in      last layer √(base/fan_in), base/fan_in

    It starts from variance ∝ 1/fan_in everywhere, as `lecun`, `he` and `xavier` have it.

    Args:
        widths: as `nn.MLP` takes them.
        base: the hidden width at which the learning rate was tuned: there every factor is 1.

    >>> mup([784, 256, 256, 10], base=64)
    [(1.0, 1.0), (1.0, 0.25), (0.5, 0.25)]

    Source: Yang et al. 2021 (Tensor Programs V), Table 3.
    """
    *hidden, last = [base / fan_in for fan_in in widths[1:-1]]
    return [(1.0, 1.0), *((1.0, factor) for factor in hidden), (math.sqrt(last), last)]

"""Data: MNIST (see `textbook.mnist`), first names (see `textbook.names`), toy sets, and mini-batches.

Needs numpy and the standard library only.  Every array handed out is fresh and writable: it is the caller's own.
"""

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from textbook.mnist import SIZES, DigitNet, Mnist, as_mnist, digit_net, load_mnist
from textbook.names import load_names

__all__ = [
    "SIZES", "TOYS", "DigitNet", "Mnist", "as_mnist", "batches", "digit_net", "line", "load_mnist", "load_names",
    "moons", "spirals",
]  # fmt: skip

# --- Mini-batches -----------------------------------------------------------------------------------------------------


def batches(
    x: NDArray, y: NDArray, size: int, rng: Generator | None = None, *, drop_last: bool = False
) -> Iterator[tuple[NDArray, NDArray]]:
    """One epoch of mini-batches: every example once, `size` at a time.

    Everything is checked here and now, before the first batch; the order is drawn now too.  The batches are copies.

    Args:
        x: examples, (N, ...), finite.
        y: targets, (N, ...), finite.
        size: examples per batch, at least 1.
        rng: shuffles the examples; without it they come in their own order (for evaluation).
        drop_last: leave out the last batch if it is smaller than `size`.

    Returns:
        An iterator over (x, y) of at most `size` rows each.

    Raises:
        ValueError: no data, unequal lengths, a bad size, or a NaN or infinity (its first index is named).

    >>> for x, y in batches(np.arange(5.0), np.arange(5), size=2):
    ...     print(x, y)
    [0. 1.] [0 1]
    [2. 3.] [2 3]
    [4.] [4]
    """
    x, y = np.asarray(x), np.asarray(y)
    if x.ndim == 0 or y.ndim == 0 or len(x) != len(y):
        raise ValueError(f"x and y need one row per example, as many in x as in y; got shapes {x.shape} and {y.shape}.")
    if len(x) == 0:
        raise ValueError("there are no examples: x and y are empty.")
    _require_whole("size", size, least=1)
    if drop_last and size > len(x):
        raise ValueError(f"drop_last leaves nothing: size is {size} and there are {len(x)} examples.")
    require_finite("x", x)
    require_finite("y", y)
    order = np.arange(len(x)) if rng is None else _require_generator(rng).permutation(len(x))
    stop = len(x) - len(x) % size if drop_last else len(x)
    return ((x[rows], y[rows]) for rows in (order[i : i + size] for i in range(0, stop, size)))


# --- Toy sets ---------------------------------------------------------------------------------------------------------


def moons(n: int, noise: float, rng: Generator) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Two interlocking half circles, which no straight line separates.

    Class 0: (cos t, sin t).  Class 1: (1 - cos t, 1/2 - sin t).  t uniform in [0, π].

    Args:
        n: examples, at least 2.  The classes alternate.
        noise: standard deviation of the normal noise on each coordinate, at least 0.
        rng: the source of randomness.

    Returns:
        x (n, 2) float64 and y (n,) int64, 0 or 1.

    >>> x, y = moons(6, noise=0.1, rng=np.random.default_rng(0))
    >>> x.shape, y
    ((6, 2), array([0, 1, 0, 1, 0, 1]))

    Source: scikit-learn, `make_moons` (there t is evenly spaced).
    """
    _require_whole("n", n, least=2)
    y = np.arange(n) % 2
    t = _require_generator(rng).uniform(0, np.pi, n)
    upper, lower = np.stack([np.cos(t), np.sin(t)], axis=1), np.stack([1 - np.cos(t), 0.5 - np.sin(t)], axis=1)
    return np.where(y[:, None] == 0, upper, lower) + _noise(noise, (n, 2), rng), y.astype(np.int64)


def spirals(n: int, classes: int, noise: float, rng: Generator) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """One spiral arm per class, all starting at the origin.

    (r sin t, r cos t) with t = 4r + 2πy/classes; r uniform in [0, 1].

    Args:
        n: examples, at least `classes`.  The classes take turns.
        classes: number of arms, at least 2.
        noise: standard deviation of the normal noise on each coordinate, at least 0.
        rng: the source of randomness.

    Returns:
        x (n, 2) float64 and y (n,) int64, 0 to classes - 1.

    Source: Karpathy, CS231n, "Minimal neural network case study" (there the noise is on t).
    """
    _require_whole("classes", classes, least=2)
    _require_whole("n", n, least=classes)
    y = np.arange(n) % classes
    r = _require_generator(rng).uniform(0, 1, n)
    t = 4 * r + 2 * np.pi * y / classes
    return r[:, None] * np.stack([np.sin(t), np.cos(t)], axis=1) + _noise(noise, (n, 2), rng), y.astype(np.int64)


def line(
    n: int, slope: float, intercept: float, noise: float, rng: Generator
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Points about a straight line: y = slope · x + intercept + noise; x uniform in [-1, 1].

    Args:
        n: examples, at least 1.
        slope: finite.
        intercept: finite.
        noise: standard deviation of the normal noise on y, at least 0.
        rng: the source of randomness.

    Returns:
        x (n, 1) and y (n, 1), float64.  NB: y has the shape of y_hat = x @ w + b; with (n,) their difference would
        broadcast to (n, n).
    """
    _require_whole("n", n, least=1)
    for name, value in (("slope", slope), ("intercept", intercept)):
        if not np.isfinite(value):
            raise ValueError(f"{name} must be a finite number; got {value}.")
    x = _require_generator(rng).uniform(-1, 1, (n, 1))
    return x, slope * x + intercept + _noise(noise, (n, 1), rng)


# One entry per toy set; each is called as TOYS[name](n=..., noise=..., rng=...).
TOYS: dict[str, Callable[..., tuple[NDArray, NDArray]]] = {
    "moons": moons,
    "spirals": partial(spirals, classes=3),
    "line": partial(line, slope=2.0, intercept=1.0),
}


def _noise(scale: float, shape: tuple[int, ...], rng: Generator) -> NDArray[np.float64]:
    if not (np.isfinite(scale) and scale >= 0):
        raise ValueError(f"noise is a standard deviation, finite and at least 0; got {scale}.")
    return rng.normal(0.0, scale, shape)


# --- Checks where data enters -----------------------------------------------------------------------------------------


def _require_whole(name: str, value: int, least: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise ValueError(f"{name} must be a whole number, at least {least}; got {value!r}.")


def _require_generator(rng: Generator) -> Generator:
    if not isinstance(rng, Generator):
        raise TypeError(f"rng must be a numpy Generator, such as np.random.default_rng(0); got {rng!r}.")
    return rng


def require_finite(name: str, values: NDArray) -> None:
    """Refuse an array with a NaN or an infinity in it, and name the first.

    Raises:
        ValueError: there is one.
        TypeError: the array holds no numbers.
    """
    if values.dtype.kind not in "biufc":
        raise TypeError(f"{name} must hold numbers; got an array of {values.dtype}.")
    # A sum is NaN or infinite if any value is, at half the price of asking each one: 10 ms for 55,000 images.
    with np.errstate(over="ignore", invalid="ignore"):
        suspect = not np.isfinite(values.sum())
    if suspect and not np.isfinite(values).all():  # else the sum overflowed
        index = tuple(np.argwhere(~np.isfinite(values))[0].tolist())
        raise ValueError(
            f"{name}{list(index)} is {values[index]}. One NaN or infinity makes every parameter NaN within a step: "
            "clean the data, or drop that example."
        )

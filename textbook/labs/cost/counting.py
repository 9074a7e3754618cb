"""What an operation costs as its input grows: counted exactly, and measured on this machine.

Every operation is written so that the very same code runs on arrays of numbers, to be timed, and on arrays of
`Counted`, to be counted.  The loops are numpy's own, in one thread; "blas" is the product as `@` does it.
"""

from __future__ import annotations

import timeit
import tracemalloc
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from textbook import plots
from textbook.engine import Array
from textbook.words import minus

ENOUGH = 0.03  # seconds of measuring at each size


class Counted:
    """A number that counts what is done with it."""

    def __init__(self, tally: Counter[str]) -> None:
        self.tally = tally

    def __add__(self, other: Any) -> Counted:
        self.tally["+"] += 1
        return self

    def __mul__(self, other: Any) -> Counted:
        self.tally["×"] += 1
        return self

    def tanh(self) -> Counted:
        self.tally["tanh"] += 1
        return self

    __radd__, __rmul__ = __add__, __mul__


def sliding_sum(image: Array, kernel: Array) -> Array:
    """A k×k convolution: each pixel becomes the weighted sum of the k×k pixels around it; outside the image is 0.

        out[r, c] = Σᵢⱼ kernel[i, j] · image[r + i − k//2, c + j − k//2]

    One product and one sum of whole images for each entry of the kernel.  NB: as in PyTorch, the kernel is not flipped.

    Args:
        image: (h, w).
        kernel: (k, k), k odd.

    Returns:
        (h, w).
    """
    k, (h, w) = len(kernel), image.shape
    padded = np.pad(image, k // 2)
    out = np.zeros_like(image)
    for i in range(k):
        for j in range(k):
            out = out + padded[i : i + h, j : j + w] * kernel[i, j]
    return out


@dataclass(frozen=True)
class Operation:
    """A row of the table of costs.

    Attributes:
        title: what it is.
        size: what n stands for.
        sizes: the n at which it is measured.
        shapes: of its inputs, for n and k.
        run: the operation.
        operations: how many arithmetic operations that takes, for n and k.
        values: how many numbers its result has, for n.
        exponent: of n, in the number of operations.
        time, space: as the table of costs has them.
    """

    title: str
    size: str
    sizes: tuple[int, ...]
    shapes: Callable[[int, int], list[tuple[int, ...]]]
    run: Callable[..., Any]
    operations: Callable[[int, int], int]
    values: Callable[[int], int]
    exponent: int
    time: str
    space: str


_MATRICES: dict[str, Any] = {
    "size": "the side of both matrices",
    "shapes": lambda n, k: [(n, n), (n, n)],
    "operations": lambda n, k: 2 * n**3,
    "values": lambda n: n**2,
    "exponent": 3,
    "time": "2n³",
    "space": "n²",
}
OPERATIONS = {
    "arithmetic": Operation(
        "one sum of two numbers", "the length of the vector they are in", tuple(2**p for p in range(4, 17, 2)),
        lambda n, k: [(n,)], lambda x: x[0] + x[1], lambda n, k: 1, lambda n: 1, 0, "1", "1",
    ),
    "dot": Operation(
        "dot product", "the length of both vectors", tuple(2**p for p in range(13, 19)),
        lambda n, k: [(n,), (n,)], lambda x, y: np.einsum("i,i->", x, y), lambda n, k: 2 * n, lambda n: 1, 1, "2n", "1",
    ),
    "activation": Operation(
        "activation: tanh of each element", "the number of elements", tuple(2**p for p in range(10, 18)),
        lambda n, k: [(n,)], np.tanh, lambda n, k: n, lambda n: n, 1, "n", "n",
    ),
    "convolution": Operation(
        "k×k convolution", "the side of the image", (96, 128, 192, 256, 384),
        lambda n, k: [(n, n), (k, k)], sliding_sum, lambda n, k: 2 * k**2 * n**2, lambda n: n**2, 2, "2k²n²", "n²",
    ),
    "matmul": Operation(
        "matrix product, as three plain loops", sizes=(32, 48, 64, 96, 128, 192),
        run=lambda x, y: np.einsum("ij,jk->ik", x, y), **_MATRICES,
    ),
    "blas": Operation(
        "matrix product, as @ does it (BLAS)", sizes=(64, 96, 128, 192, 256, 384), run=np.matmul, **_MATRICES,
    ),
}  # fmt: skip


def inputs_of(operation: Operation, n: int, k: int = 3) -> list[Array]:
    """Random numbers in the shapes that an operation takes at size n: float64, seeded."""
    rng = np.random.default_rng(0)
    return [rng.uniform(0.5, 1.5, shape) for shape in operation.shapes(n, k)]


def count(name: str, n: int, k: int = 3) -> Counter[str]:
    """Run an operation of size n on numbers that count, and return how often each kind of arithmetic was done.

    >>> count("matmul", 4)
    Counter({'×': 64, '+': 64})
    """
    tally: Counter[str] = Counter()
    number = Counted(tally)
    operation = OPERATIONS[name]
    operation.run(*[np.full(shape, number, object) for shape in operation.shapes(n, k)])
    return tally


def measure(name: str, n: int, k: int = 3, enough: float = ENOUGH) -> float:
    """Seconds for one call at size n: the least of many, since other programs can only make it slower.

    Args:
        enough: seconds to measure for; eight calls are the least.
    """
    operation = OPERATIONS[name]
    inputs = inputs_of(operation, n, k)
    timer = timeit.Timer(lambda: operation.run(*inputs))
    once = min(timer.repeat(3, 1))
    calls = max(1, round(1e-3 / max(once, 1e-9)))  # in a sample: a millisecond is long beside the clock's own time
    samples = max(5, min(50, round(enough / (calls * once))))
    return min(once, min(timer.repeat(samples, calls)) / calls)


def measured(name: str, k: int = 3) -> Array:
    """Seconds at each of an operation's sizes: (sizes,)."""
    return np.array([measure(name, n, k) for n in OPERATIONS[name].sizes])


def exponent(sizes: Sequence[int] | Array, costs: Sequence[float] | Array) -> float:
    """The p of cost ≈ c·nᵖ: the slope of the line through the logarithms, by least squares.

    >>> round(exponent([1, 2, 4], [5, 40, 320]), 6)
    3.0
    """
    return float(np.polyfit(np.log(sizes), np.log(costs), 1)[0])


@plots.style()
def draw_times(ax: Axes, times: Mapping[str, Any], *, xlabel: str = "n") -> dict[str, Line2D]:
    """Measured seconds against n on logarithmic axes, each named with its fitted and its counted exponent.

    Args:
        times: for each name of `OPERATIONS` what `measured` gave.
    """
    lines: dict[str, Line2D] = {}
    sizes: list[int] = []
    for marker, (name, seconds) in zip("os^Dv*", times.items(), strict=False):
        operation = OPERATIONS[name]
        label = minus(f"{name}: {exponent(operation.sizes, seconds):.2f} ({operation.exponent})")
        (lines[name],) = ax.plot(operation.sizes, seconds, marker=marker, ms=5, label=label)
        sizes += operation.sizes
    ax.set(xlabel=xlabel, ylabel="seconds", xscale="log", yscale="log")
    low, high = ax.get_ylim()
    ax.set_ylim(low / 2, high * 60)  # room for the legend
    ticks = [t for t in (10, 32, 100, 320, 1_000, 10_000, 100_000) if min(sizes) <= t <= max(sizes)]
    ax.set_xticks(ticks, [f"{t:,}" for t in ticks])
    ax.set_xticks([], minor=True)
    ax.legend(title="fitted exponent (counted)", loc="upper left", handlelength=3)
    return lines


def peak_bytes(name: str, n: int, k: int = 3) -> int:
    """The most memory that one call takes beside its inputs, its result included."""
    operation = OPERATIONS[name]
    inputs = inputs_of(operation, n, k)
    tracing = tracemalloc.is_tracing()
    if not tracing:
        tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        tracemalloc.reset_peak()
        result = operation.run(*inputs)
        peak = tracemalloc.get_traced_memory()[1] - before
        del result
    finally:
        if not tracing:
            tracemalloc.stop()
    return peak

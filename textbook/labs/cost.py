"""What an operation costs as its input grows: operations and bytes counted, time measured on this machine.

The loops are numpy's own, in one thread; "blas" is the product as `@` does it.
"""

from __future__ import annotations

import timeit
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from textbook.engine import Array
from textbook.lab import Button, Choice, FrameAxis, Lab, Numbers, Picture, Slider, View, Work
from textbook.plots.style import BLUE, GREEN, ORANGE
from textbook.words import counted, minus

ENOUGH = 0.03  # seconds of measuring at each size
NANO = 1e-9


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
    (h, w), padded = image.shape, np.pad(image, len(kernel) // 2)
    out = np.zeros_like(image)
    for i, j in np.ndindex(kernel.shape):
        out = out + padded[i : i + h, j : j + w] * kernel[i, j]
    return out


class Operation(NamedTuple):
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


PRODUCT = Operation(
    "matrix product, as three plain loops", "the side of both matrices", (32, 48, 64, 96, 128, 192),
    lambda n, k: [(n, n), (n, n)], lambda x, y: np.einsum("ij,jk->ik", x, y), lambda n, k: 2 * n**3, lambda n: n**2, 3,
    "2n³", "n²",
)  # fmt: skip
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
    "matmul": PRODUCT,
    "blas": PRODUCT._replace(
        title="matrix product, as @ does it (BLAS)", sizes=(64, 96, 128, 192, 256, 384), run=np.matmul
    ),
}  # fmt: skip


def measure(name: str, n: int, k: int = 3, enough: float = ENOUGH) -> float:
    """Seconds for one call at size n: the least of many, since other programs can only make it slower.

    Args:
        enough: seconds to measure for; eight calls are the least.
    """
    operation, rng = OPERATIONS[name], np.random.default_rng(0)
    inputs = [rng.uniform(0.5, 1.5, shape) for shape in operation.shapes(n, k)]
    timer = timeit.Timer(lambda: operation.run(*inputs))
    once = min(timer.repeat(3, 1))
    calls = max(1, round(1e-3 / max(once, 1e-9)))  # in a sample: a millisecond is long beside the clock's own time
    samples = max(5, min(50, round(enough / (calls * once))))
    return min(once, min(timer.repeat(samples, calls)) / calls)


class CostView(View):
    """The lab in a notebook.  `measure` does what its button does."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.work = Work(self._one, ended=self.told, failed=self._fail)

    def measure(self) -> None:
        """Measure at each size, the smallest first; each point appears when it is there."""
        self.work.stop()
        super().set(times=None)
        self.work.start()

    def _one(self) -> float | None:
        s, done = self.settings, self.settings["times"] or ()
        sizes = OPERATIONS[s["operation"]].sizes
        super().set(times=(*done, measure(s["operation"], sizes[len(done)], s["k"])))
        return 0.0 if len(done) + 1 < len(sizes) else None

    def _fail(self, error: Exception) -> None:
        self.error = str(error)
        self.told()

    def set(self, **values: Any) -> None:
        """Change settings from code, as a reader would by hand.  Another operation has other times."""
        if {"operation", "k"} & values.keys():
            self.work.stop()
            values = {"times": None, "n": None, **values}
        super().set(**values)


lab = Lab(
    "Choose an operation, see how its cost grows with n, then measure it on this machine",
    view=CostView,
    operation=Choice("operation", "matmul", {name: op.title for name, op in OPERATIONS.items()}),
    k=Slider("kernel side k", 3, 1, 11, 2, when=lambda s: s["operation"] == "convolution"),
    measure=Button("Measure on this machine", does=lambda view: view.measure()),
    times=Numbers(),
    n=FrameAxis("n", of=lambda d: d.sizes, show="{:,}", log=True, interval=500,
                start=lambda d: d.sizes[len(d.sizes) // 2]),
)  # fmt: skip


@lab.check
def check(s):
    times, sizes = s["times"] or (), OPERATIONS[s["operation"]].sizes
    if len(times) > len(sizes) or not all(t > 0 for t in times):
        raise ValueError(f"times must be up to {len(sizes)} positive numbers of seconds, got {s['times']!r}")
    return {"k": s["k"] + 1 - s["k"] % 2}  # a kernel has a middle


@lab.compute
def costs(operation, k, times):
    """The costs of one operation.

    At each of its `sizes` the arithmetic `operations` and the `bytes` of the result, as float64; for the first of them
    the measured `seconds`; `fitted`, c and p of seconds ≈ c·nᵖ by least squares in the logarithms, None with fewer than
    three.
    """
    op, seconds = OPERATIONS[operation], np.array(times or (), float)
    sizes = np.array(op.sizes)
    fitted = None
    if len(seconds) > 2:
        p, log_c = np.polyfit(np.log(sizes[: len(seconds)]), np.log(seconds), 1)
        fitted = float(np.exp(log_c)), float(p)
    return {"operation": op, "words": f", k = {k}" if operation == "convolution" else "", "sizes": sizes,
            "operations": np.array([op.operations(n, k) for n in op.sizes]),
            "bytes": np.array([8 * op.values(n) for n in op.sizes]), "seconds": seconds, "fitted": fitted}  # fmt: skip


@lab.table
def table(d):
    times = [*d.seconds, *[""] * (len(d.sizes) - len(d.seconds))]
    return {"n": d.sizes.tolist(), "operations": [f"{n:,}" for n in d.operations],
            "bytes of the result": [f"{n:,}" for n in d.bytes], "seconds": times}  # fmt: skip


def seconds_in_words(t: float) -> str:
    """0.0012 → 1.2 ms."""
    unit, name = next(((u, w) for u, w in ((1, "s"), (1e-3, "ms"), (1e-6, "µs")) if t >= u), (NANO, "ns"))
    return f"{t / unit:.3g} {name}"


@lab.picture
def picture(fig):
    ax = fig.subplots()
    ax.set(xscale="log", yscale="log", ylabel="operations, bytes, nanoseconds")
    (operations,) = ax.plot([], [], "o", ls="none", color=BLUE, ms=9, zorder=6)
    (space,) = ax.plot([], [], "s", ls="none", color=GREEN, ms=9, zorder=6)
    (points,) = ax.plot([], [], "D", ls="none", color=ORANGE, ms=6, zorder=5)
    (fit,) = ax.plot([], [], ":", color=ORANGE, lw=1.8, zorder=4)
    live = [operations, space, points, fit]

    def limits(d):
        # Room for what will be measured: 0.1 to 30 ns an operation, and a call.
        every = [*d.operations, *d.bytes, *(d.seconds / NANO)]
        return min(*every, 0.1 * d.operations[0]) / 2, max(4 * max(every), 30 * d.operations[-1], 1e5)

    def scenery(d):
        ax.plot(d.sizes, d.operations, "-", color=BLUE, label=f"operations, counted: {d.operation.time}")
        ax.plot(d.sizes, d.bytes, "--", color=GREEN, label=f"bytes of the result, counted: 8·{d.operation.space}")
        ax.plot([], [], ":D", color=ORANGE, ms=5, label="nanoseconds, measured")
        ax.set(xlim=(d.sizes[0] / 1.3, d.sizes[-1] * 1.3), ylim=limits(d), xlabel=f"n: {d.operation.size}")
        ax.set_xticks(d.sizes, [f"{n:,}" for n in d.sizes])
        ax.set_xticks([], minor=True)
        ax.legend(loc="upper left", handlelength=3)

    def draw(d, k):
        measured = d.sizes[: len(d.seconds)]
        operations.set_data(d.sizes[[k]], d.operations[[k]])
        space.set_data(d.sizes[[k]], d.bytes[[k]])
        points.set_data(measured, d.seconds / NANO)
        fit.set_data([], [])
        if d.fitted is not None:
            c, p = d.fitted
            fit.set_data(measured, c * measured**p / NANO)
        return caption(d, k)

    return Picture(live, draw, scenery, of=lambda d: (d.operation, d.words, limits(d)))


def caption(d, k):
    """What one size costs, and what is measured."""
    op, n, done = d.operation, d.sizes[k], int(d.operations[k])
    said = f"n = {n:,}{d.words}: {op.time} = {counted(done, 'operation')}; the result takes {d.bytes[k]:,} bytes. "
    if k < len(d.seconds):
        said += f"Measured: {seconds_in_words(d.seconds[k])}, {d.seconds[k] / done / NANO:.3g} ns for each. "
    said += f"Twice n: {2**op.exponent} times the operations." if op.exponent else "Twice n: the same."
    if d.fitted is not None:
        said += minus(f" Fitted exponent {d.fitted[1]:.2f}, counted {op.exponent}.")
    return said if len(d.seconds) else f"{said} No time is measured yet: press the button."

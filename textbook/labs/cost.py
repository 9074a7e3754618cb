"""What an operation costs as its input grows: counted exactly, and measured on this machine.

Every operation is written so that the very same code runs on arrays of numbers, to be timed, and on arrays of
`Counted`, to be counted.  The loops are numpy's own, in one thread; "blas" is the product as `@` does it.
"""

from __future__ import annotations

import asyncio
import timeit
import tracemalloc
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import ipywidgets
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from textbook import plots
from textbook.engine import Array
from textbook.labs.base import Choice, Data, FrameAxis, Frames, Lab, Numbers, Picture, Settings, Slider, View

BLUE, ORANGE, GREEN = (plots.OKABE_ITO[name] for name in ("blue", "vermilion", "green"))
NANO = 1e-9  # seconds for an operation: the line that is drawn before anything is measured
ENOUGH = 0.03  # seconds of measuring at each size
TICKS = 8  # passes of the event loop between two sizes: a message needs 4 to 6


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
        label = f"{name}: {exponent(operation.sizes, seconds):.2f} ({operation.exponent})".replace("-", "−")
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


# ---------------------------------------------------------------------------------------------- the lab


@dataclass(frozen=True)
class Costs(Data):
    """Counted and measured costs of one operation.

    Attributes:
        operation: its row of the table.
        sizes: (sizes,) n.
        operations: (sizes,) arithmetic operations.
        bytes: (sizes,) of the result, as float64.
        seconds: (measured,) for the first sizes; empty before the button is pressed.
        fitted: the exponent of the seconds, or None with fewer than three.
    """

    operation: Operation
    sizes: Array
    operations: Array
    bytes: Array
    seconds: Array
    fitted: float | None


class Cost(Lab):
    """Frame axis: the size n.  Measuring starts at the press of the button, and takes about a second."""

    name = "cost"
    title = "What an operation costs against its size, on logarithmic axes: operations and bytes counted, time measured"
    controls = (
        Choice("operation", "operation", "matmul", {name: op.title for name, op in OPERATIONS.items()}),
        Slider("k", "kernel side k", 3, low=1, high=11, step=2, when=lambda s: s["operation"] == "convolution"),
        Numbers("times", "times", None),
        FrameAxis("n", "n", None),
    )

    def settings(self, **values: Any) -> Settings:
        s = super().settings(**values)
        times, sizes = s["times"] or (), OPERATIONS[s["operation"]].sizes
        if len(times) > len(sizes) or not all(t > 0 for t in times):
            raise ValueError(f"times must be up to {len(sizes)} positive numbers of seconds, got {s['times']!r}")
        return s

    def compute(self, s: Settings) -> Costs:
        operation = OPERATIONS[s["operation"]]
        sizes = np.array(operation.sizes)
        operations = np.array([operation.operations(n, s["k"]) for n in operation.sizes])
        space = np.array([8 * operation.values(n) for n in operation.sizes])
        seconds = np.array(s["times"] or (), float)
        fitted = exponent(sizes[: len(seconds)], seconds) if len(seconds) > 2 else None
        return Costs(s, operation, sizes, operations, space, seconds, fitted)

    def picture(self) -> Picture:
        return _Picture()

    def frames(self, data: Costs) -> Frames:
        wanted = data.settings["n"]
        start = None if wanted is None else int(np.abs(np.log(data.sizes / wanted)).argmin())
        return Frames([f"{n:,}" for n in data.sizes], "n", interval=500, start=start)

    def framed(self, data: Costs, frame: int) -> dict[str, Any]:
        return {"n": float(data.sizes[frame])}

    def table(self, data: Costs) -> tuple[Sequence[str], Sequence[Sequence[Any]]]:
        times = [*data.seconds, *[""] * (len(data.sizes) - len(data.seconds))]
        rows = zip(data.sizes, data.operations, data.bytes, times, strict=True)
        return ("n", "operations", "bytes of the result", "seconds"), [
            (int(n), f"{ops:,}", f"{space:,}", t) for n, ops, space, t in rows
        ]

    def show(self, **values: Any) -> CostView:
        """The live figure, with its button."""
        return CostView(self, self.settings(**values))


def seconds_in_words(t: float) -> str:
    """0.0012 → 1.2 ms."""
    unit, name = next((u, w) for u, w in ((1, "s"), (1e-3, "ms"), (1e-6, "µs"), (0, "ns")) if t >= u)
    return f"{t / (unit or NANO):.3g} {name}"


def describe(data: Costs, frame: int) -> str:
    """A frame in words."""
    op, n = data.operation, int(data.sizes[frame])
    k = f", k = {data.settings['k']}" if data.settings["operation"] == "convolution" else ""
    done, space = int(data.operations[frame]), int(data.bytes[frame])
    plural = "s" * (done != 1)
    said = f"n = {n:,}{k}: {op.time} = {done:,} operation{plural}; the result takes {space:,} bytes. "
    if frame < len(data.seconds):
        t = data.seconds[frame]
        said += f"Measured: {seconds_in_words(t)}, {t / done / NANO:.3g} ns for each. "
    grows = f"Twice n: {2**op.exponent} times the operations." if op.exponent else "Twice n: the same."
    fitted = f" Fitted exponent {data.fitted:.2f}, counted {op.exponent}." if data.fitted is not None else ""
    return said + grows + fitted.replace("-", "−")


class _Picture(Picture):
    def __init__(self) -> None:
        with plots.style():
            self.figure = Figure(figsize=(8.4, 4.0), layout="constrained")
            self.counted, self.timed = self.figure.subplots(1, 2)
            self.counted.set(title="counted", xlabel="n", xscale="log", yscale="log")
            self.timed.set(title="measured", xlabel="n", ylabel="seconds", xscale="log", yscale="log")
            self.mark_operations = self.counted.plot([], [], "o", ls="none", color=BLUE, ms=9, zorder=6)[0]
            self.mark_bytes = self.counted.plot([], [], "s", ls="none", color=GREEN, ms=9, zorder=6)[0]
            self.points = self.timed.plot([], [], "D", ls="none", color=ORANGE, ms=5, zorder=5)[0]
            self.fit = self.timed.plot([], [], "-", color=ORANGE, lw=1.4, zorder=4)[0]
            self.here = self.timed.plot([], [], "o", ls="none", color="black", ms=11, mfc="none", mew=2, zorder=6)[0]
            self.words = self.timed.text(0.04, 0.96, "", transform=self.timed.transAxes, va="top", fontsize=10,
                                         color=plots.INK, zorder=7)  # fmt: skip
        self.live = [self.mark_operations, self.mark_bytes, self.points, self.fit, self.here, self.words]
        self.static: tuple = ()

    def load(self, data: Costs) -> bool:
        self.data = data
        static = (data.settings["operation"], data.settings["k"])
        guess = data.operations * NANO
        low, high = 0.02 * guess.min(), 30 * guess.max()
        if data.operation.exponent == 0:  # one number: the call itself is what takes time
            low, high = 1e-10, 1e-4
        inside = not len(data.seconds) or (low < data.seconds.min() and data.seconds.max() < high)
        if static == self.static and inside:
            return False
        self.static = static if inside else ()
        self.wipe(self.counted, self.timed)
        with plots.style():
            for axes in (self.counted, self.timed):
                axes.set_xlim(data.sizes[0] / 1.4, data.sizes[-1] * 1.4)
                axes.set_xticks(data.sizes[:: -(-len(data.sizes) // 4)])
                axes.set_xticks([], minor=True)
                axes.xaxis.set_major_formatter("{x:,.0f}")
            self.counted.plot(data.sizes, data.operations, "-", color=BLUE, label=f"operations: {data.operation.time}")
            self.counted.plot(data.sizes, data.bytes, "--", color=GREEN,
                              label=f"bytes of the result: 8·{data.operation.space}")  # fmt: skip
            top = max(data.operations.max(), data.bytes.max())
            self.counted.set_ylim(0.4 * min(data.operations.min(), data.bytes.min()), 30 * top)
            self.counted.legend(loc="upper left", handlelength=3)
            self.timed.plot(data.sizes, guess, ":", color=BLUE, label="1 ns for each operation")
            self.timed.set_ylim(min([low, *0.5 * data.seconds]), max([high, *2 * data.seconds]))
            self.timed.legend(loc="lower right", handlelength=3)
            self.counted.set_xlabel(f"n: {data.operation.size}")
            self.timed.set_xlabel(f"n: {data.operation.size}")
        return True

    def draw(self, frame: int) -> str:
        data = self.data
        n, done = data.sizes, len(data.seconds)
        self.mark_operations.set_data(n[[frame]], data.operations[[frame]])
        self.mark_bytes.set_data(n[[frame]], data.bytes[[frame]])
        self.points.set_data(n[:done], data.seconds)
        at = [frame] if frame < done else []
        self.here.set_data(n[at], data.seconds[at])
        self.fit.set_visible(data.fitted is not None)
        words = "nothing is measured yet" if not done else "measuring …"
        if data.fitted is not None:
            x, y = np.log(n[:done]), np.log(data.seconds)
            self.fit.set_data(n[:done], np.exp(y.mean() + data.fitted * (x - x.mean())))
            words = f"fitted exponent {data.fitted:.2f}\ncounted exponent {data.operation.exponent}".replace("-", "−")
        self.words.set_text(words)
        return describe(data, frame)


class CostView(View):
    """The lab in a notebook.  `measure` does what its button does."""

    def __init__(self, lab: Lab, settings: Settings) -> None:
        self._task: asyncio.Task | None = None
        self.button = ipywidgets.Button(description="Measure on this machine", icon="clock-o", button_style="primary",
                                        layout=ipywidgets.Layout(width="auto"))  # fmt: skip
        super().__init__(lab, settings)
        self.button.on_click(lambda _: self.soon("measure", self.measure))
        self.widgets["operation"].layout.width = "26em"
        row = ipywidgets.Box([*self.widgets.values(), self.button], layout=ipywidgets.Layout(flex_flow="row wrap"))
        self.children = [row, self.error, self.scene.stage, self.call, self._fold]

    def measure(self) -> None:
        """Measure at each size, the smallest first; each point appears when it is there."""
        self._stop()
        try:
            self._task = asyncio.get_running_loop().create_task(self._measure())
        except RuntimeError:  # a script has no event loop
            s = self.scene.settings
            super().set(times=measured(s["operation"], s["k"]))

    async def _measure(self) -> None:
        times: list[float] = []
        s = self.scene.settings
        for n in cast(Costs, self.scene.data).operation.sizes:
            times.append(measure(s["operation"], n, s["k"]))
            super().set(times=tuple(times))
            for _ in range(TICKS):
                await asyncio.sleep(0)

    def set(self, **values: Any) -> None:
        """Change settings from code, as a reader would by hand.  Another operation has other times."""
        if {"operation", "k"} & values.keys():
            self._stop()
            values = {"times": None, **values}
        super().set(**values)

    def _stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
        self._task = None


lab = Cost()

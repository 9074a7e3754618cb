"""What an operation costs as its input grows: operations and bytes counted, time measured on this machine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from textbook import plots
from textbook.engine import Array
from textbook.lab import Button, Choice, FrameAxis, Lab, Numbers, Picture, Slider, View, Work
from textbook.labs.cost.counting import (
    OPERATIONS,
    Counted,
    Operation,
    count,
    draw_times,
    exponent,
    measure,
    measured,
    peak_bytes,
    sliding_sum,
)
from textbook.words import counted, minus

__all__ = [
    "OPERATIONS",
    "Counted",
    "Operation",
    "count",
    "draw_times",
    "exponent",
    "lab",
    "measure",
    "measured",
    "peak_bytes",
    "sliding_sum",
]

BLUE, ORANGE, GREEN = (plots.OKABE_ITO[name] for name in ("blue", "vermilion", "green"))
NANO = 1e-9


@dataclass(frozen=True)
class Costs:
    """Counted and measured costs of one operation.

    Attributes:
        operation: its row of the table.
        words: the operation's size in words, with k where it matters.
        sizes: (sizes,) n.
        operations: (sizes,) arithmetic operations.
        bytes: (sizes,) of the result, as float64.
        seconds: (measured,) for the first sizes; empty before the button is pressed.
        fitted: the exponent of the seconds, or None with fewer than three.
    """

    operation: Operation
    words: str
    sizes: Array
    operations: Array
    bytes: Array
    seconds: Array
    fitted: float | None


class CostView(View):
    """The lab in a notebook.  `measure` does what its button does."""

    def __init__(self, lab: Lab, settings: Any) -> None:
        super().__init__(lab, settings)
        self.work = Work(self._one, ended=self.told, failed=self._fail)

    def measure(self) -> None:
        """Measure at each size, the smallest first; each point appears when it is there."""
        self.work.stop()
        super().set(times=None)
        try:
            self.work.start()
        except RuntimeError:  # a script has no event loop
            while self._one() is not None:
                pass

    def _one(self) -> float | None:
        s, done = self.settings, self.settings["times"] or ()
        sizes = OPERATIONS[s["operation"]].sizes
        if len(done) < len(sizes):
            super().set(times=(*done, measure(s["operation"], sizes[len(done)], s["k"])))
        return None if len(done) + 1 >= len(sizes) else 0.0

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
    inches=(8.4, 4.2),
    view=CostView,
    operation=Choice("operation", "matmul", {name: op.title for name, op in OPERATIONS.items()}),
    k=Slider("kernel side k", 3, 1, 11, 2, when=lambda s: s["operation"] == "convolution"),
    measure=Button("Measure on this machine", does=lambda view: view.measure()),
    times=Numbers("times", None),
    n=FrameAxis("n", of=lambda d: d.sizes, show="{:,}", log=True, interval=500,
                start=lambda d: d.sizes[len(d.sizes) // 2]),
)  # fmt: skip


@lab.check
def check(s: Any) -> dict[str, Any]:
    times, sizes = s["times"] or (), OPERATIONS[s["operation"]].sizes
    if len(times) > len(sizes) or not all(t > 0 for t in times):
        raise ValueError(f"times must be up to {len(sizes)} positive numbers of seconds, got {s['times']!r}")
    return {"k": s["k"] + 1 - s["k"] % 2}  # a kernel has a middle


@lab.compute
def costs(operation: str, k: int, times: tuple[float, ...] | None) -> Costs:
    """The costs at each size."""
    op = OPERATIONS[operation]
    sizes, seconds = np.array(op.sizes), np.array(times or (), float)
    fitted = exponent(sizes[: len(seconds)], seconds) if len(seconds) > 2 else None
    return Costs(op, f", k = {k}" if operation == "convolution" else "", sizes,
                 np.array([op.operations(n, k) for n in op.sizes]), np.array([8 * op.values(n) for n in op.sizes]),
                 seconds, fitted)  # fmt: skip


def seconds_in_words(t: float) -> str:
    """0.0012 → 1.2 ms."""
    unit, name = next((u, w) for u, w in ((1, "s"), (1e-3, "ms"), (1e-6, "µs"), (0, "ns")) if t >= u)
    return f"{t / (unit or NANO):.3g} {name}"


def describe(d: Costs, frame: int) -> str:
    """A frame in words."""
    op, n, done, space = d.operation, int(d.sizes[frame]), int(d.operations[frame]), int(d.bytes[frame])
    said = f"n = {n:,}{d.words}: {op.time} = {counted(done, 'operation')}; the result takes {space:,} bytes. "
    if frame < len(d.seconds):
        t = d.seconds[frame]
        said += f"Measured: {seconds_in_words(t)}, {t / done / NANO:.3g} ns for each. "
    grows = f"Twice n: {2**op.exponent} times the operations." if op.exponent else "Twice n: the same."
    fitted = f" Fitted exponent {d.fitted:.2f}, counted {op.exponent}." if d.fitted is not None else ""
    return said + grows + minus(fitted)


@lab.picture
def picture(figure: Any) -> Picture:
    ax = figure.subplots()
    ax.set(xscale="log", yscale="log")
    (operations,) = ax.plot([], [], "o", ls="none", color=BLUE, ms=9, zorder=6)
    (space,) = ax.plot([], [], "s", ls="none", color=GREEN, ms=9, zorder=6)
    (points,) = ax.plot([], [], "D", ls="none", color=ORANGE, ms=6, zorder=5)
    (fit,) = ax.plot([], [], ":", color=ORANGE, lw=1.8, zorder=4)
    words = ax.text(0.98, 0.05, "", transform=ax.transAxes, ha="right", size=10, color=plots.INK, zorder=7)
    live = [operations, space, points, fit, words]
    shown: dict[str, Any] = {}

    def load(d: Costs) -> bool:
        every = [*d.operations, *d.bytes, *(d.seconds / NANO)]
        low, high = 0.4 * min(every), 4 * max(every)
        inside = bool(shown) and shown["low"] <= low and high <= shown["high"]
        if shown.get("what") == (d.operation, d.words) and inside:
            return False
        if not len(d.seconds):  # room for what will be measured: 0.1 to 30 ns an operation, and a call
            low, high = 0.5 * min(low, 0.1 * d.operations.min()), max(high, 30 * d.operations.max(), 1e5)
        shown.update(what=(d.operation, d.words), low=low, high=high)
        for artist in [*ax.lines, *ax.texts]:
            if artist not in live:
                artist.remove()
        ax.plot(d.sizes, d.operations, "-", color=BLUE, label=f"operations, counted: {d.operation.time}")
        ax.plot(d.sizes, d.bytes, "--", color=GREEN, label=f"bytes of the result, counted: 8·{d.operation.space}")
        ax.plot([], [], ":D", color=ORANGE, ms=5, label="nanoseconds, measured")
        ax.set(xlim=(d.sizes[0] / 1.3, d.sizes[-1] * 1.3), ylim=(low, high), xlabel=f"n: {d.operation.size}",
               ylabel="operations, bytes, nanoseconds")  # fmt: skip
        ax.set_xticks(d.sizes, [f"{n:,}" for n in d.sizes])
        ax.set_xticks([], minor=True)
        ax.legend(loc="upper left", handlelength=3)
        return True

    def draw(d: Costs, k: int) -> str:
        n, done = d.sizes, len(d.seconds)
        operations.set_data(n[[k]], d.operations[[k]])
        space.set_data(n[[k]], d.bytes[[k]])
        points.set_data(n[:done], d.seconds / NANO)
        said = "nothing is measured yet: press the button" if not done else "measuring …"
        fit.set_data([], [])
        if d.fitted is not None:
            x, y = np.log(n[:done]), np.log(d.seconds / NANO)
            fit.set_data(n[:done], np.exp(y.mean() + d.fitted * (x - x.mean())))
            said = minus(f"fitted exponent {d.fitted:.2f}, counted exponent {d.operation.exponent}")
        words.set_text(said)
        return describe(d, k)

    return Picture(live, draw, load)


@lab.table
def table(d: Costs) -> dict[str, Sequence[Any]]:
    times = [*d.seconds, *[""] * (len(d.sizes) - len(d.seconds))]
    return {"n": d.sizes.tolist(), "operations": [f"{n:,}" for n in d.operations],
            "bytes of the result": [f"{n:,}" for n in d.bytes], "seconds": times}  # fmt: skip

"""How small should h be?  The error of a difference quotient for ninety-seven steps at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from textbook import ops, plots
from textbook.engine import Array, grad
from textbook.labs.base import Choice, Data, FrameAxis, Frames, Lab, Picture, Settings, Slider

BLUE, ORANGE, GREEN = (plots.OKABE_ITO[name] for name in ("blue", "vermilion", "green"))
FUNCTIONS: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "exp": ("exp(x)", ops.exp),
    "sin": ("sin(x)", ops.sin),
    "tanh": ("tanh(x)", ops.tanh),
    "square": ("x²", lambda x: x * x),
    "cube": ("x³", lambda x: x * x * x),
    "bump": ("1/(1 + x²)", lambda x: 1 / (1 + x * x)),
    "relu": ("relu(x), with a kink at 0", ops.relu),
}
LOWEST, HIGHEST = 1e-17, 1e2  # of the picture's error axis


@dataclass(frozen=True)
class Quotients(Data):
    """Difference quotients of f at x, and their errors.

    Attributes:
        f: the function.
        x: the point, as the chosen format stores it.
        value, slope: f(x) and f′(x), in float64.
        h: (97,) the steps, evenly spaced in their logarithm.
        quotient: (97,) computed in the chosen format.
        error: (97,) |quotient - slope|.
        truncation: (97,) h²·|f‴|/6 for the symmetric quotient, h·|f″|/2 for the one-sided one.
        rounding: (97,) eps·|f|/h.
        best: the h at which these two cross; 0 or infinity where one of them vanishes.
    """

    f: Callable[[Any], Any]
    x: float
    value: float
    slope: float
    h: Array
    quotient: Array
    error: Array
    truncation: Array
    rounding: Array
    best: float


class FiniteDifference(Lab):
    """Frame axis: h."""

    name = "finite_difference"
    title = "A difference quotient: the secant on the curve, and its error against h with both theory lines"
    controls = (
        Choice("function", "f(x) =", "exp", {key: title for key, (title, _) in FUNCTIONS.items()}),
        Slider("x", "x", 1.0, low=-2.5, high=2.5, step=0.1),
        Choice("scheme", "quotient", "symmetric", {"symmetric": "symmetric, (3.8)", "one-sided": "one-sided"}),
        Choice("dtype", "format", "float64", {"float64": "float64", "float32": "float32"}),
        FrameAxis("h", "h", None),
    )

    def compute(self, s: Settings) -> Quotients:
        f, dtype = FUNCTIONS[s["function"]][1], np.dtype(s["dtype"])
        x, h = dtype.type(s["x"]), np.geomspace(1e-16, 1, 97).astype(dtype)
        symmetric = s["scheme"] == "symmetric"
        quotient = (f(x + h) - f(x - h)) / (2 * h) if symmetric else (f(x + h) - f(x)) / h
        at, steps = float(x), h.astype(float)
        value, slope, second, third = _derivatives(f, at)
        error = np.abs(quotient.astype(float) - slope)
        rounding = np.finfo(dtype).eps * abs(value) / steps
        power, size = (2, abs(third) / 6) if symmetric else (1, abs(second) / 2)
        truncation = size * steps**power
        scale = float(np.finfo(dtype).eps * abs(value))
        best = (scale / size) ** (1 / (power + 1)) if size else np.inf
        return Quotients(s, f, at, value, slope, steps, quotient.astype(float), error, truncation, rounding, best)

    def picture(self) -> Picture:
        return _Picture()

    def frames(self, data: Quotients) -> Frames:
        wanted = data.settings["h"]
        start = 92 if wanted is None else int(np.abs(np.log(data.h / max(wanted, 1e-20))).argmin())
        return Frames([f"{h:.1e}" for h in data.h], "h", interval=80, start=start)

    def framed(self, data: Quotients, frame: int) -> dict[str, Any]:
        return {"h": float(f"{data.h[frame]:.1e}")}

    def table(self, data: Quotients) -> tuple[Sequence[str], Sequence[Sequence[Any]]]:
        rows = zip(data.h, data.quotient, data.error, data.truncation, data.rounding, strict=True)
        return ("h", "quotient", "error", "truncation", "rounding"), [tuple(map(float, row)) for row in rows]


def _derivatives(f: Callable[[Any], Any], x: float) -> tuple[float, float, float, float]:
    """f, f′, f″, f‴ at x."""
    first, second = grad(f), grad(grad(f))
    return float(f(np.float64(x))), float(first(x)), float(second(x)), float(grad(second)(x))


class _Picture(Picture):
    def __init__(self) -> None:
        with plots.style():
            self.figure = Figure(figsize=(8.4, 4.0), layout="constrained")
            self.curve, self.errors = self.figure.subplots(1, 2, width_ratios=(1, 1.25))
            self.curve.set(xlabel="x", xlim=(-3, 3))
            self.errors.set(xscale="log", yscale="log", xlabel="h", ylabel="error of the quotient",
                            xlim=(5e-17, 2), ylim=(LOWEST, HIGHEST))  # fmt: skip
            (self.secant,) = self.curve.plot([], [], "-", color=ORANGE, lw=1.6)
            (self.ends,) = self.curve.plot([], [], "o", ls="none", color=ORANGE, ms=7, mec="white")
            (self.mark,) = self.errors.plot([], [], "o", ls="none", color=ORANGE, ms=10, mec="white", zorder=6)
            self.live = [self.secant, self.ends, self.mark]

    def load(self, data: Quotients) -> bool:
        self.data = data
        self.wipe(self.curve, self.errors)
        with plots.style():
            x = np.linspace(-3, 3, 241)
            y = data.f(x)
            room = 0.12 * float(np.ptp(y))
            self.curve.plot(x, y, "-", color=plots.INK, lw=1.6)
            self.curve.plot(x, data.value + data.slope * (x - data.x), ":", color=BLUE, lw=2, label="tangent")
            self.curve.set(ylim=(y.min() - room, y.max() + room), ylabel=FUNCTIONS[data.settings["function"]][0])
            self.errors.plot(data.h, np.clip(data.error, LOWEST, HIGHEST), ".", ls="none", color=plots.INK, ms=5,
                             label="measured")  # fmt: skip
            order = "h²·|f‴|/6" if data.settings["scheme"] == "symmetric" else "h·|f″|/2"
            for line, color, dashes, label in (
                (data.truncation, GREEN, "--", f"truncation, {order}"),
                (data.rounding, BLUE, "-.", "rounding, ε·|f|/h"),
            ):
                if (line > LOWEST).any():
                    self.errors.plot(data.h, np.clip(line, LOWEST / 10, None), dashes, color=color, lw=1.6, label=label)
            crossing = data.h[0] < data.best < data.h[-1]
            if crossing:
                self.errors.axvline(data.best, color=plots.PALE, lw=1, ls=":")
            title = f"the lines cross at h = {data.best:.1e}" if crossing else "one of the two errors is absent"
            self.errors.set_title(title)
            self.errors.legend(loc="lower left", fontsize=9)
        return True

    def draw(self, frame: int) -> str:
        data, h = self.data, self.data.h[frame]
        ends = np.array([data.x - h if data.settings["scheme"] == "symmetric" else data.x, data.x + h])
        heights, slope = data.f(ends), data.quotient[frame]
        middle = heights.mean() - slope * (ends.mean() - np.array([-3.0, 3.0]))
        self.secant.set_data([-3.0, 3.0], middle)
        self.ends.set_data(ends, heights)
        self.mark.set_data([h], [np.clip(data.error[frame], LOWEST, HIGHEST)])
        return f"h = {h:.1e}: the quotient is {slope:.12g}, f′(x) = {data.slope:.12g}. {self.cause(frame)}"

    def cause(self, frame: int) -> str:
        data = self.data
        error, truncation, rounding = data.error[frame], data.truncation[frame], data.rounding[frame]
        if data.settings["dtype"] == "float32" and np.float32(data.x + data.h[frame]) == np.float32(data.x):
            return f"Error {error:.1e}: h is too small for the format, x + h is rounded to x."
        if error == 0:
            return "No error that the format could show."
        larger = "truncation" if truncation > rounding else "rounding"
        return f"Error {error:.1e}; of the two theory lines, {larger} is higher, {max(truncation, rounding):.1e}."


lab = FiniteDifference()

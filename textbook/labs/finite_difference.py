"""How small should h be?  The error of a difference quotient for ninety-seven steps at once."""

import numpy as np

from textbook import ops
from textbook.engine import grad
from textbook.lab import Choice, FrameAxis, Lab, Picture, Slider
from textbook.plots.style import BLUE, GREEN, INK, ORANGE, PALE

FUNCTIONS = {
    "exp": ("exp(x)", ops.exp),
    "sin": ("sin(x)", ops.sin),
    "tanh": ("tanh(x)", ops.tanh),
    "square": ("x²", lambda x: x * x),
    "cube": ("x³", lambda x: x * x * x),
    "bump": ("1/(1 + x²)", lambda x: 1 / (1 + x * x)),
    "relu": ("relu(x), with a kink at 0", ops.relu),
}
LOWEST, HIGHEST = 1e-17, 1e2  # of the picture's error axis

lab = Lab(
    "Move the slider to smaller h: the error falls, and then it rises again",
    inches=(8.4, 4.0),
    function=Choice("f(x) =", "exp", {key: title for key, (title, _) in FUNCTIONS.items()}),
    x=Slider("x", 1.0, -2.5, 2.5, 0.1),
    scheme=Choice("quotient", "symmetric", {"symmetric": "symmetric", "one-sided": "one-sided"}),
    dtype=Choice("format", "float64", {"float64": "float64", "float32": "float32"}),
    h=FrameAxis("h", of=lambda d: d.h, show="{:.1e}", start=0.5, log=True, interval=80),
)


@lab.compute
def quotients(function, x, scheme, dtype):
    """Difference quotients of f at x in a format, for 97 h: `quotient`, `error`, and what theory says of it.

    `truncation`: h²·|f‴|/6 for the symmetric quotient, h·|f″|/2 for the one-sided one; `rounding`: eps·|f|, as much as
    two values of f can be off together, divided by 2h or h; `best`: the h at which these two cross, 0 or infinity where
    one of them vanishes.
    """
    title, f = FUNCTIONS[function]
    kind = np.dtype(dtype)
    point, h = kind.type(x), np.geomspace(1e-16, 1, 97).astype(kind)
    symmetric = scheme == "symmetric"
    quotient = (f(point + h) - f(point - h)) / (2 * h) if symmetric else (f(point + h) - f(point)) / h
    at, steps = float(point), h.astype(float)
    first, second = grad(f), grad(grad(f))
    value, slope = float(f(np.float64(at))), float(first(at))
    power, size = (2, abs(float(grad(second)(at))) / 6) if symmetric else (1, abs(float(second(at))) / 2)
    unit = float(np.finfo(kind).eps * abs(value)) / (2 if symmetric else 1)
    return {"f": f, "title": title, "symmetric": symmetric, "x": at, "value": value, "slope": slope, "h": steps,
            "quotient": quotient.astype(float), "error": np.abs(quotient.astype(float) - slope),
            "truncation": size * steps**power, "rounding": unit / steps,
            "best": (unit / size) ** (1 / (power + 1)) if size else np.inf,
            "lost": (point + h == point) if dtype == "float32" else np.zeros(97, bool)}  # fmt: skip


@lab.table
def table(d):
    return {name: getattr(d, name) for name in ("h", "quotient", "error", "truncation", "rounding")}


@lab.picture
def picture(fig):
    curve, errors = fig.subplots(1, 2, width_ratios=(1, 1.25))
    curve.set(xlabel="x", xlim=(-3, 3))
    errors.set(xscale="log", yscale="log", xlabel="h", ylabel="error of the quotient",
               xlim=(5e-17, 2), ylim=(LOWEST, HIGHEST))  # fmt: skip
    (secant,) = curve.plot([], [], "-", color=ORANGE, lw=1.6)
    (ends,) = curve.plot([], [], "o", ls="none", color=ORANGE, ms=7, mec="white")
    (mark,) = errors.plot([], [], "o", ls="none", color=ORANGE, ms=10, mec="white", zorder=6)
    live = [secant, ends, mark]

    def scenery(d):
        x = np.linspace(-3, 3, 241)
        y = d.f(x)
        room = 0.12 * float(np.ptp(y))
        curve.plot(x, y, "-", color=INK, lw=1.6)
        curve.plot(x, d.value + d.slope * (x - d.x), ":", color=BLUE, lw=2)
        curve.set(ylim=(y.min() - room, y.max() + room), title=f"{d.title}; dotted: the tangent")
        errors.plot(d.h, np.clip(d.error, LOWEST, HIGHEST), ".", ls="none", color=INK, ms=5, label="measured")
        order, spread = ("h²·|f‴|/6", "2h") if d.symmetric else ("h·|f″|/2", "h")
        for line, color, dashes, label in ((d.truncation, GREEN, "--", f"truncation, {order}"),
                                           (d.rounding, BLUE, "-.", f"rounding, ε·|f|/{spread}")):  # fmt: skip
            if (line > LOWEST).any():
                errors.plot(d.h, np.clip(line, LOWEST / 10, None), dashes, color=color, lw=1.6, label=label)
        crossing = d.h[0] < d.best < d.h[-1]
        if crossing:
            errors.axvline(d.best, color=PALE, lw=1, ls=":")
        errors.set_title("dotted: where the two lines cross" if crossing else "one of the two errors is absent")
        errors.legend(loc="lower left", fontsize=9)

    def draw(d, k):
        h, slope, error = d.h[k], d.quotient[k], d.error[k]
        x = np.array([d.x - h if d.symmetric else d.x, d.x + h])
        y = d.f(x)
        secant.set_data([-3.0, 3.0], y.mean() - slope * (x.mean() - np.array([-3.0, 3.0])))
        ends.set_data(x, y)
        mark.set_data([h], [np.clip(error, LOWEST, HIGHEST)])
        higher = max(("truncation", d.truncation[k]), ("rounding", d.rounding[k]), key=lambda pair: pair[1])
        if d.lost[k]:
            cause = f"Error {error:.1e}: h is too small for the format, x + h is rounded to x."
        elif error == 0:
            cause = "No error that the format could show."
        else:
            cause = f"Error {error:.1e}; of the two theory lines, {higher[0]} is higher, {higher[1]:.1e}."
        return f"h = {h:.1e}: the quotient is {slope:.12g}, f′(x) = {d.slope:.12g}. {cause}"

    return Picture(live, draw, scenery)

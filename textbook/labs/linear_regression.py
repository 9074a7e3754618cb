"""A line through points, the bowl of its loss, and the descent that joins them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import MaxNLocator

from textbook import data as toys
from textbook import engine, ops, optim, plots
from textbook.engine import Array
from textbook.labs.base import Choice, Control, Data, FrameAxis, Frames, Lab, Numbers, Picture, Settings, Slider
from textbook.stage import Point

BLUE, ORANGE, GREEN = (plots.OKABE_ITO[name] for name in ("blue", "vermilion", "green"))
LEVELS = np.arange(1, 8) / 7  # of the ellipses: their size, as a part of what fills the box
FLAT = 1e-12  # a curvature this small beside the largest is none
LOWEST, HIGHEST = 1e-8, 1e4  # of the loss curve
MOST = 8  # quarters by which a picture's box grows at most: beyond, the rest would shrink to a dot
Box = tuple[tuple[float, float], tuple[float, float]]  # what a pair of axes shows: (low, high) of each


def bowl(x: Any, y: Any) -> Callable[[Any], Any]:
    """The mean squared error of the line y = wx + b, as a function of θ = (w, b).

    L(w, b) = mean over the points of (w·xᵢ + b - yᵢ)²

    Args:
        x, y: (N,) the points.

    Returns:
        a function from θ, shape (2, *runs), array or Tensor, to the loss, shape (*runs).

    >>> bowl([2.0], [5.0])(np.array([1.0, 0.0])).item()
    9.0
    """
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)

    def loss(theta: Any) -> Any:
        w, b = theta[0][..., None], theta[1][..., None]
        return ops.mean((w * x + b - y) ** 2, axis=-1)

    return loss


class Preset(NamedTuple):
    """Points, and what suits them."""

    title: str
    points: tuple[tuple[float, float], ...]
    lr: float
    start: tuple[float, float]
    seen: Box  # of the data
    box: Box  # of the bowl


def _pairs(x: Array, y: Array) -> tuple[tuple[float, float], ...]:
    return tuple(zip(np.ravel(x).tolist(), np.ravel(y).tolist(), strict=True))


_X, _Y = (v.round(2) for v in toys.line(20, slope=2.0, intercept=1.0, noise=0.5, rng=np.random.default_rng(0)))
_FAR, _HIGH = (v.round(2) for v in toys.line(20, slope=3.0, intercept=3.0, noise=0.5, rng=np.random.default_rng(1)))
PRESETS = {
    "source": Preset("the one point (2, 5)", ((2.0, 5.0),), 0.1, (1.0, 0.0), ((-1, 5), (-3, 12)), ((-1, 5), (-3, 4))),
    "noisy": Preset("20 noisy points", _pairs(_X, _Y), 0.1, (-1.0, -1.0), ((-1.5, 1.5), (-4, 6)), ((-2, 5), (-2, 4))),
    "far": Preset(
        "20 points far from 0", _pairs(10 + 2 * _FAR, _HIGH), 0.008, (0.0, 0.0),
        ((0, 13), (-4, 10)), ((-1, 3), (-18, 4)),
    ),
    "standardised": Preset(
        "the same, standardised", _pairs((_FAR - _FAR.mean()) / _FAR.std(), _HIGH), 0.1, (0.0, 0.0),
        ((-2.5, 2.5), (-4, 10)), ((-2, 5), (-1, 6)),
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Pairs(Control):
    """Points ((x, y), …), or None for those of the preset."""

    def check(self, value: Any) -> Any:
        if value is None:
            return None
        array = np.asarray(value, dtype=float)
        if array.ndim != 2 or array.shape[1] != 2 or not len(array) or not np.isfinite(array).all():
            raise ValueError(f"{self.name} must be pairs of finite numbers, such as ((2, 5), (3, 6)); got {value!r}")
        return tuple(map(tuple, array.tolist()))


@dataclass(frozen=True)
class Fit(Data):
    """A descent on the loss of a line.

    Attributes:
        x, y: (N,) the points.
        path: (steps + 1, 2) the parameters (w, b).
        loss: (steps + 1,).
        slope: (steps + 1, 2) the gradient (∂L/∂w, ∂L/∂b).
        diverged_at: the step at which the descent was frozen, or -1.
        curvatures: (2,) the eigenvalues of the Hessian, the smaller first; a flat direction has 0.
        directions: (2, 2) its eigenvectors, as columns.
        best: (2,) the minimiser; where there are many, the one nearest to the start.
        lowest: the loss there.
    """

    x: Array
    y: Array
    path: Array
    loss: Array
    slope: Array
    diverged_at: int
    curvatures: Array
    directions: Array
    best: Array
    lowest: float

    @property
    def flat(self) -> bool:
        """Whether the bowl is a trough, with a whole line of minimisers."""
        return not self.curvatures[0]

    @property
    def limit(self) -> float:
        """2/λ, the learning rate at which the descent stops to converge."""
        return float(2 / self.curvatures[1])


class LinearRegression(Lab):
    """Frame axis: the step.  Drag a point in the left picture, the start in the right one."""

    name = "linear_regression"
    title = "A line through points, the loss over its two parameters, and the loss against the step"
    controls = (
        Choice("preset", "points", "source", {key: preset.title for key, preset in PRESETS.items()}),
        Slider("lr", "α", 0.1, low=0.001, high=1.2, step=0.001),
        Slider("steps", "steps", 30, low=1, high=200, step=1),
        Pairs("points", "points", None),
        Numbers("start", "start", None),
        Numbers("held", "held", None),  # the number of the point that is being dragged
        FrameAxis("step", "step", None),
    )

    def compute(self, s: Settings) -> Fit:
        preset = PRESETS[s["preset"]]
        x, y = np.array(s["points"] or preset.points).T
        start = np.array(s["start"] or preset.start)
        if start.shape != (2,):
            raise ValueError(f"the start is a pair (w, b), got {s['start']}")
        f = bowl(x, y)
        run = optim.descend(f, start, optim.gd, s["steps"], lr=s["lr"], limit=1e9)
        _, slope = engine.value_and_grad(f, seed=1.0)(run.path.T)
        curvatures, directions = np.linalg.eigh(engine.hessian(f)(start))
        curvatures = np.where(curvatures > FLAT * curvatures[1], curvatures, 0.0)
        # A Newton step along the curved directions: the pseudo-inverse, which leaves a flat one alone.
        inverse = np.divide(1, curvatures, out=np.zeros(2), where=curvatures > 0)
        best = start - directions @ (inverse * (directions.T @ slope[:, 0]))
        return Fit(
            s, x, y, run.path, run.loss, slope.T, int(run.diverged_at), curvatures, directions, best, float(f(best))
        )  # fmt: skip

    def picture(self) -> Picture:
        return _Picture()

    def frames(self, data: Fit) -> Frames:
        return Frames(range(len(data.loss)), "step", interval=250, start=round(data.settings["step"] or 0))

    def framed(self, data: Fit, frame: int) -> dict[str, Any]:
        return {"step": float(frame) or None}

    def moved(self, s: Settings, name: str, value: Any) -> dict[str, Any]:
        if name == "preset":
            return {name: value, "lr": PRESETS[value].lr, "points": None, "start": None, "step": None}
        return {name: value}

    def pointed(self, s: Settings, point: Point) -> dict[str, Any]:
        here = (round(point.x, 2), round(point.y, 2))
        if point.axes.get_gid() == "bowl":
            return {"start": here}
        points = list(s["points"] or PRESETS[s["preset"]].points)
        if s["held"] is None:  # the drag begins: the nearest on the screen is taken
            scale = np.ptp([point.axes.get_xlim(), point.axes.get_ylim()], axis=1)
            held = int((((np.array(points) - here) / scale) ** 2).sum(axis=1).argmin())
        else:
            held = int(s["held"][0])
        points[held] = here
        return {"points": tuple(points), "held": None if point.final else (held,)}

    def table(self, data: Fit) -> tuple[Sequence[str], Sequence[Sequence[Any]]]:
        head = ("step", "w", "b", "L", "∂L/∂w", "∂L/∂b")
        rows = zip(data.path, data.loss, data.slope, strict=True)
        return head, [(t, *path, loss, *slope) for t, (path, loss, slope) in enumerate(rows)]


class _Picture(Picture):
    def __init__(self) -> None:
        with plots.style():
            self.figure = Figure(figsize=(8.4, 5.2), layout=ConstrainedLayoutEngine(h_pad=0.08))
            grid = self.figure.add_gridspec(2, 2, height_ratios=(2.3, 1))
            self.data_axes = self.figure.add_subplot(grid[0, 0], xlabel="x", ylabel="y", title="points and line")
            self.bowl = self.figure.add_subplot(grid[0, 1], xlabel="w", ylabel="b", title="loss over (w, b)")
            self.curve_axes = self.figure.add_subplot(grid[1, :], xlabel="step", ylabel="loss above\nits minimum")
        self.data_axes.set_gid("data")
        self.bowl.set_gid("bowl")
        self.curve_axes.set(yscale="log", ylim=(LOWEST, HIGHEST), yticks=[1e-8, 1e-4, 1, 1e4])
        self.curve_axes.minorticks_off()
        (self.best_line,) = self.data_axes.plot([], [], color=GREEN, lw=1.2, ls="--", label="best line")
        (self.line,) = self.data_axes.plot([], [], color=ORANGE, lw=2, label="y = wx + b")
        (self.errors,) = self.data_axes.plot([], [], color=ORANGE, lw=1, ls=":", label="errors")
        (self.points,) = self.data_axes.plot([], [], "o", color=BLUE, ms=7, mec="white", mew=0.8, zorder=4)
        self.data_axes.legend(loc="lower right", fontsize=9, frameon=False)
        shades = [str(v) for v in np.linspace(0.35, 0.8, len(LEVELS))]  # the lowest is the darkest
        self.ellipses = [self.bowl.plot([], [], color=shade, lw=1, ls="-", zorder=1)[0] for shade in shades]
        (self.trough,) = self.bowl.plot([], [], color=GREEN, lw=1.2, ls="--", zorder=2)
        (self.star,) = self.bowl.plot([], [], "*", color=GREEN, ms=13, mec="white", zorder=3)
        (self.way,) = self.bowl.plot([], [], "-", color=ORANGE, lw=0.8, alpha=0.5, zorder=2)
        (self.path,) = self.bowl.plot([], [], "o-", color=ORANGE, ms=4, lw=1.4, mec="white", mew=0.4, zorder=4)
        (self.begin,) = self.bowl.plot([], [], "D", color="black", ms=7, mfc="white", zorder=4)
        (self.here,) = self.bowl.plot([], [], "o", color=ORANGE, ms=10, mec="black", mew=1, zorder=5)
        (self.curve,) = self.curve_axes.plot([], [], "-", color=ORANGE, lw=1.6)
        (self.mark,) = self.curve_axes.plot([], [], "o", color=ORANGE, ms=9, mec="black", zorder=5, clip_on=False)
        self.live = [
            self.best_line, self.line, self.errors, self.points, self.ellipses, self.trough, self.star, self.way,
            self.path, self.begin, self.here, self.curve, self.mark,
        ]  # fmt: skip
        self.pointer = [self.data_axes, self.bowl]
        self.shown: tuple = ()

    def load(self, data: Fit) -> bool:
        self.data = data
        preset = PRESETS[data.settings["preset"]]
        # The boxes stand still while a point is dragged, so that one sees the bowl move.
        seen = _around(preset.seen, np.stack([data.x, data.y]))
        box = _around(preset.box, np.stack([data.path[0], data.best], axis=1))
        shown = (seen, box, len(data.loss))
        changed, self.shown = shown != self.shown, shown
        if changed:
            self.data_axes.set(xlim=seen[0], ylim=seen[1])
            self.bowl.set(xlim=box[0], ylim=box[1])
            self.curve_axes.set_xlim(-0.3, len(data.loss) - 0.7)
            self.curve_axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=10))
        self.points.set_data(data.x, data.y)
        self.best_line.set_data(seen[0], data.best[0] * np.array(seen[0]) + data.best[1])
        self._draw_bowl(box)
        # A path that diverges is drawn to 20 times the width of the box, in its own direction.
        away = data.path - data.path[0]
        self.drawn = data.path[0] + away / np.maximum(1, np.abs(away / np.ptp(box, axis=1)).max(1, keepdims=True) / 20)
        self.gap = np.clip(data.loss - data.lowest, LOWEST, HIGHEST)
        self.way.set_data(*self.drawn.T)
        self.begin.set_data(*self.drawn[:1].T)
        self.curve.set_data(np.arange(len(self.gap)), self.gap)
        return changed

    def _draw_bowl(self, box: Box) -> None:
        """The loss is quadratic, so its contours are ellipses about the minimum; without curvature, parallel lines."""
        data = self.data
        corners = np.array([(w, b) for w in box[0] for b in box[1]]) - data.best
        far = float(((corners @ data.directions) ** 2 @ data.curvatures).max())  # twice the loss above the minimum
        long = 2 * float(np.hypot(*np.ptp(box, axis=1)))
        turn = np.linspace(0, 2 * np.pi, 181)
        for size, line in zip(LEVELS, self.ellipses, strict=True):
            across = size * np.sqrt(far / data.curvatures[1])
            if data.flat:
                along = np.array([-long, long, np.nan, -long, long])
                points = np.stack([along, across * np.array([1, 1, np.nan, -1, -1])])
            else:
                points = np.stack([size * np.sqrt(far / data.curvatures[0]) * np.cos(turn), across * np.sin(turn)])
            line.set_data(*(data.best[:, None] + data.directions @ points))
        self.star.set_data(*data.best[:, None])
        self.trough.set_visible(data.flat)
        self.trough.set_data(*(data.best[:, None] + data.directions[:, :1] * [[-long, long]]))

    def draw(self, frame: int) -> str:
        data = self.data
        (w, b), loss = data.path[frame], data.loss[frame]
        shown_w, shown_b = self.drawn[frame]
        ends = np.array(self.shown[0][0])
        self.line.set_data(ends, shown_w * ends + shown_b)
        gaps = np.full(len(data.x), np.nan)
        self.errors.set_data(
            np.stack([data.x, data.x, gaps], axis=1).ravel(),
            np.stack([data.y, shown_w * data.x + shown_b, gaps], axis=1).ravel(),
        )
        self.path.set_data(*self.drawn[: frame + 1].T)
        self.here.set_data([shown_w], [shown_b])
        self.mark.set_data([frame], self.gap[[frame]])
        y_hat = f"ŷ = {_say(w * data.x[0] + b)}, " if len(data.x) == 1 else ""
        said = f"step {frame}: w = {_say(w)}, b = {_say(b)}, {y_hat}L = {_say(loss)}"
        if 0 <= data.diverged_at <= frame:
            said += f"; diverged at step {data.diverged_at}"
        else:
            said += f"; ∂L/∂w = {_say(data.slope[frame, 0])}, ∂L/∂b = {_say(data.slope[frame, 1])}"
        least, most = data.curvatures
        shape = "a whole line of minima" if data.flat else f"κ = {most / least:,.{0 if most > 100 * least else 2}f}"
        return (
            f"{said}\nα = {data.settings['lr']:.3g}, limit 2/λ = {data.limit:.3g}; "
            f"curvatures λ = {_say(most)} and {_say(least)}, {shape}; lowest loss {_say(data.lowest)}"
        )


def _around(box: Box, points: Array) -> Box:
    """The box, made larger in whole steps until it holds the points, shape (2, n), unless they are very far."""
    grown = []
    for (low, high), values in zip(box, points, strict=True):
        step = (high - low) / 4
        down, up = np.clip(np.ceil([(low - values.min()) / step, (values.max() - high) / step]), 0, MOST)
        grown.append((float(low - down * step), float(high + up * step)))
    return grown[0], grown[1]


def _say(value: float) -> str:
    """Four digits, without −0 and without the dust of rounding."""
    return f"{round(float(value), 10) + 0.0:.4g}".replace("-", "−")


lab = LinearRegression()

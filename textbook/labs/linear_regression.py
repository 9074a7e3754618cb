"""A line through points, the bowl of its loss, and the descent that joins them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from matplotlib.ticker import MaxNLocator

from textbook import data as toys
from textbook import engine, ops, optim
from textbook.engine import Array
from textbook.lab import Button, Choice, FrameAxis, Lab, Numbers, Picture, Slider, View
from textbook.plots.style import BLUE, GREEN, ORANGE, START
from textbook.words import number

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
    """Points (N, 2), and what suits them."""

    title: str
    points: Array
    lr: float
    start: tuple[float, float]
    seen: Box  # of the data
    box: Box  # of the bowl


NEAR = np.hstack(toys.line(20, slope=2.0, intercept=1.0, noise=0.5, rng=np.random.default_rng(0))).round(2)
HIGH = np.hstack(toys.line(20, slope=3.0, intercept=3.0, noise=0.5, rng=np.random.default_rng(1))).round(2)
MEAN, SPREAD = HIGH[:, 0].mean(), HIGH[:, 0].std()
PRESETS = {
    "source": Preset("the one point (2, 5)", np.array([(2.0, 5.0)]), 0.1, (1.0, 0.0),
                     ((-1, 5), (-3, 12)), ((-1, 5), (-3, 4))),
    "noisy": Preset("20 noisy points", NEAR, 0.1, (-1.0, -1.0), ((-1.5, 1.5), (-4, 6)), ((-2, 5), (-2, 4))),
    "far": Preset("20 points far from 0", HIGH * (2, 1) + (10, 0), 0.008, (0.0, 0.0),
                  ((0, 13), (-4, 10)), ((-1, 3), (-18, 4))),
    "standardised": Preset("the same, standardised", (HIGH - (MEAN, 0)) / (SPREAD, 1), 0.1, (0.0, 0.0),
                           ((-2.5, 2.5), (-4, 10)), ((-2, 5), (-1, 6))),
}  # fmt: skip


def lift(view: View) -> None:
    """Move all points up by 1."""
    points = view.settings["points"] or PRESETS[view.settings["preset"]].points
    view.set(points=[(x, round(y + 1, 2)) for x, y in points])


lab = Lab(
    "Drag a point, or the start ◇ on the bowl; then follow the descent with the slider",
    inches=(8.4, 4.7),
    preset=Choice("points", "source", {key: preset.title for key, preset in PRESETS.items()}),
    lr=Slider("α", 0.1, 0.001, 1.2, 0.001),
    steps=Slider("steps", 30, 1, 200, 1),
    lift=Button("Move all points up by 1", does=lift),
    points=Numbers(shape=(None, 2)),
    start=Numbers("w and b", shape=(2,)),
    held=Numbers(),  # the number of the point that is being dragged
    step=FrameAxis("step", of=lambda d: range(len(d.loss)), show="{}", start=lambda d: d.arrived, interval=250),
)


@lab.compute
def fit(preset, lr, steps, points, start):
    """A descent on the loss of a line.

    `path` (steps + 1, 2) the parameters (w, b), `loss` and `slope` there; `curvatures`, the eigenvalues of the Hessian,
    the smaller first, where a flat direction has 0, and their `directions` as columns; `best`, the minimiser, where
    there are many the one nearest to the start, with the loss `lowest`; `limit` 2/λ; `arrived`, the step from which the
    loss is within a hundredth of its fall.
    """
    chosen = PRESETS[preset]
    x, y = np.array(points or chosen.points).T
    begin = np.array(start or chosen.start)
    f = bowl(x, y)
    run = optim.descend(f, begin, optim.gd, steps, lr=lr, limit=1e9)
    _, slope = engine.value_and_grad(f, seed=1.0)(run.path.T)
    curvatures, directions = np.linalg.eigh(engine.hessian(f)(begin))
    curvatures = np.where(curvatures > FLAT * curvatures[1], curvatures, 0.0)
    # A Newton step along the curved directions: the pseudo-inverse, which leaves a flat one alone.
    inverse = np.divide(1, curvatures, out=np.zeros(2), where=curvatures > 0)
    best = begin - directions @ (inverse * (directions.T @ slope[:, 0]))
    lowest = float(f(best))
    near = run.loss - lowest <= 0.01 * (run.loss[0] - lowest)
    return {"preset": chosen, "lr": lr, "x": x, "y": y, "path": run.path, "loss": run.loss, "slope": slope.T,
            "diverged_at": int(run.diverged_at), "curvatures": curvatures, "directions": directions, "best": best,
            "lowest": lowest, "flat": not curvatures[0], "limit": float(2 / curvatures[1]),
            "arrived": int(near.argmax()) if near.any() else steps}  # fmt: skip


@lab.moved
def moved(s, name, value):
    if name == "preset":
        return {"lr": PRESETS[value].lr, "points": None, "start": None, "step": None}
    return {}


@lab.pointed
def pointed(point, s):
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


@lab.table
def table(d):
    return {"step": range(len(d.loss)), "w": d.path[:, 0], "b": d.path[:, 1], "L": d.loss,
            "∂L/∂w": d.slope[:, 0], "∂L/∂b": d.slope[:, 1]}  # fmt: skip


def ellipses(d, box):
    """Contours of the loss about its minimum: without curvature, parallel lines."""
    corners = np.array([(w, b) for w in box[0] for b in box[1]]) - d.best
    far = float(((corners @ d.directions) ** 2 @ d.curvatures).max())  # twice the loss above the minimum
    long = 2 * float(np.hypot(*np.ptp(box, axis=1)))
    turn = np.linspace(0, 2 * np.pi, 181)
    for size in LEVELS:
        across = size * np.sqrt(far / d.curvatures[1])
        if d.flat:
            along = np.array([-long, long, np.nan, -long, long])
            points = np.stack([along, across * np.array([1, 1, np.nan, -1, -1])])
        else:
            points = np.stack([size * np.sqrt(far / d.curvatures[0]) * np.cos(turn), across * np.sin(turn)])
        yield d.best[:, None] + d.directions @ points


@lab.picture
def picture(fig):
    fig.get_layout_engine().set(h_pad=0.08)
    grid = fig.add_gridspec(2, 2, height_ratios=(2.5, 1), width_ratios=(1.2, 1))
    scatter = fig.add_subplot(grid[0, 0], xlabel="x", ylabel="y", title="points and line")
    place = fig.add_subplot(grid[0, 1], xlabel="w", ylabel="b", title="loss over (w, b)", box_aspect=1)
    fall = fig.add_subplot(grid[1, :], xlabel="step", ylabel="loss above\nits minimum", yscale="log")
    scatter.set_gid("data")
    place.set_gid("bowl")
    fall.set(ylim=(LOWEST, HIGHEST), yticks=[1e-8, 1e-4, 1, 1e4])
    fall.minorticks_off()
    fall.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=10))
    (best_line,) = scatter.plot([], [], color=GREEN, lw=1.2, ls="--", label="best line")
    (line,) = scatter.plot([], [], color=ORANGE, lw=2, ls="-", label="y = wx + b")
    (errors,) = scatter.plot([], [], color=ORANGE, lw=1, ls=":", label="errors")
    (dots,) = scatter.plot([], [], "o", color=BLUE, ms=7, mec="white", mew=0.8, zorder=4)
    scatter.legend(loc="lower right", fontsize=9, frameon=False)
    shades = [str(v) for v in np.linspace(0.35, 0.8, len(LEVELS))]  # the lowest is the darkest
    rings = [place.plot([], [], color=shade, lw=1, ls="-", zorder=1, gid="ring")[0] for shade in shades]
    (trough,) = place.plot([], [], color=GREEN, lw=1.2, ls="--", zorder=2)
    (star,) = place.plot([], [], "*", color=GREEN, ms=13, mec="white", zorder=3)
    (way,) = place.plot([], [], "-", color=ORANGE, lw=0.8, alpha=0.5, zorder=2, gid="way")
    (path,) = place.plot([], [], "o-", color=ORANGE, ms=4, lw=1.4, mec="white", mew=0.4, zorder=4)
    (begin,) = place.plot([], [], **START, zorder=4)
    (here,) = place.plot([], [], "o", color=ORANGE, ms=10, mec="black", mew=1, zorder=5)
    (curve,) = fall.plot([], [], "-", color=ORANGE, lw=1.6)
    (mark,) = fall.plot([], [], "o", color=ORANGE, ms=9, mec="black", zorder=5, clip_on=False)
    mark.set_in_layout(False)  # it isn't clipped, and has no place yet
    drawn = gap = np.empty(0)  # the path and the loss, kept inside the picture

    def boxes(d):  # they stand still while a point is dragged, so that one sees the bowl move
        return (around(d.preset.seen, np.stack([d.x, d.y])),
                around(d.preset.box, np.stack([d.path[0], d.best], axis=1)))  # fmt: skip

    def scenery(d):
        for ax, (wide, high) in zip((scatter, place), boxes(d), strict=True):
            ax.set(xlim=wide, ylim=high)
        fall.set_xlim(-0.3, len(d.loss) - 0.7)

    def load(d):
        nonlocal drawn, gap
        seen, box = boxes(d)
        # A path that diverges is drawn to 20 times the width of the box, in its own direction.
        away = d.path - d.path[0]
        drawn = d.path[0] + away / np.maximum(1, np.abs(away / np.ptp(box, axis=1)).max(1, keepdims=True) / 20)
        gap = np.clip(d.loss - d.lowest, LOWEST, HIGHEST)
        dots.set_data(d.x, d.y)
        best_line.set_data(seen[0], d.best[0] * np.array(seen[0]) + d.best[1])
        for ring, points in zip(rings, ellipses(d, box), strict=True):
            ring.set_data(*points)
        star.set_data(*d.best[:, None])
        long = 2 * float(np.hypot(*np.ptp(box, axis=1)))
        trough.set_visible(d.flat)
        trough.set_data(*(d.best[:, None] + d.directions[:, :1] * [[-long, long]]))
        way.set_data(*drawn.T)
        begin.set_data(*drawn[:1].T)
        curve.set_data(np.arange(len(gap)), gap)

    def draw(d, k):
        w, b = drawn[k]
        ends, none = np.array(scatter.get_xlim()), np.full(len(d.x), np.nan)
        line.set_data(ends, w * ends + b)
        errors.set_data(np.stack([d.x, d.x, none], axis=1).ravel(), np.stack([d.y, w * d.x + b, none], axis=1).ravel())
        path.set_data(*drawn[: k + 1].T)
        here.set_data([w], [b])
        mark.set_data([k], gap[[k]])
        return caption(d, k)

    live = [best_line, line, errors, dots, rings, trough, star, way, path, begin, here, curve, mark]
    return Picture(live, draw, scenery, [scatter, place], of=lambda d: (boxes(d), len(d.loss)), load=load)


def caption(d, k):
    """The step in numbers."""
    (w, b), (slope_w, slope_b), (least, most) = d.path[k], d.slope[k], d.curvatures
    y_hat = f"ŷ = {say(w * d.x[0] + b)}, " if len(d.x) == 1 else ""
    said = f"step {k}: w = {say(w)}, b = {say(b)}, {y_hat}L = {say(d.loss[k])}; "
    diverged = 0 <= d.diverged_at <= k
    said += f"diverged at step {d.diverged_at}" if diverged else f"∂L/∂w = {say(slope_w)}, ∂L/∂b = {say(slope_b)}"
    shape = "a whole line of minima" if d.flat else f"κ = {most / least:,.{0 if most > 100 * least else 2}f}"
    return (f"{said}\nα = {d.lr:.3g}, limit 2/λ = {d.limit:.3g}; curvatures λ = {say(most)} and {say(least)}, {shape}; "
            f"lowest loss {say(d.lowest)}")  # fmt: skip


def around(box: Box, points: Array) -> Box:
    """The box, made larger in whole steps until it holds the points, shape (2, n), unless they are very far."""
    grown = []
    for (low, high), values in zip(box, points, strict=True):
        step = (high - low) / 4
        down, up = np.clip(np.ceil([(low - values.min()) / step, (values.max() - high) / step]), 0, MOST)
        grown.append((float(low - down * step), float(high + up * step)))
    return grown[0], grown[1]


def say(value: float) -> str:
    """Four digits, without the dust of rounding."""
    return number(round(float(value), 10))

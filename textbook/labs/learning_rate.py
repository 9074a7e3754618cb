"""How large a step?  Gradient descent for ninety-seven learning rates at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from textbook import engine, optim, plots
from textbook.engine import Array
from textbook.labs.base import Choice, Data, FrameAxis, Frames, Lab, Numbers, Picture, Settings, Slider
from textbook.stage import Point
from textbook.surfaces import SURFACES, Surface, valley

BLUE, ORANGE, GREY = plots.OKABE_ITO["blue"], plots.OKABE_ITO["vermilion"], "0.45"
REGIMES = ("too small", "good", "oscillating", "diverging")


@dataclass(frozen=True)
class Descents(Data):
    """Gradient descents from one start.

    Attributes:
        surface: what is descended.
        lr: (97,) the learning rates, evenly spaced in their logarithm.
        path: (steps + 1, d, 97).
        loss: (steps + 1, 97).
        lowest: the surface's minimum; where it has none, the lowest loss of all runs.
        diverged_at: (97,) the step at which each run was frozen, or -1.
        curvature: λ, the largest: of the whole surface where it is bounded, else of the start.
        limit: 2/λ.
        regime: (97,) one of `REGIMES` each: from the curvature, and from the run where that says more.
    """

    surface: Surface
    lr: Array
    path: Array
    loss: Array
    lowest: float
    diverged_at: Array
    curvature: float
    limit: float
    regime: Sequence[str]


class LearningRate(Lab):
    """Frame axis: the learning rate.  Click or drag in the picture to set the start."""

    name = "learning_rate"
    title = "Gradient descent with a learning rate: the path on the surface, the loss against the step, the final loss"
    controls = (
        Choice("surface", "surface", "valley", {k: s.title for k, s in SURFACES.items()}),
        Slider("curvature", "curvature λ of the valley", 4.0, low=0.5, high=16.0, step=0.5),
        Slider("steps", "steps", 30, low=1, high=200, step=1),
        Numbers("start", "start", None),
        FrameAxis("lr", "α", None),
    )

    def compute(self, s: Settings) -> Descents:
        surface = valley(s["curvature"]) if s["surface"] == "valley" else SURFACES[s["surface"]]
        start = np.array(s["start"] if s["start"] and len(s["start"]) == surface.dimension else surface.start)
        hessian = engine.hessian(surface.f)(start)
        curvature = surface.smoothness or max(float(np.abs(np.linalg.eigvalsh(hessian)).max()), 1e-3)
        limit = 2 / curvature
        lr = limit * 2.0 ** np.linspace(-7, 1, 97)  # the limit and its halves are among them
        bound = 1e6 * (1 + abs(float(surface.f(start))))
        run = optim.descend(surface.f, start, optim.gd, s["steps"], lr=lr, limit=bound)
        lowest = float(run.loss.min()) if surface.minimum is None else surface.minimum
        slow = run.loss[-1] - lowest > 0.1 * (run.loss[0] - lowest)
        grew = (run.diverged_at >= 0) | (run.loss[-1] > run.loss[0])
        if surface.strong_convexity:  # a quadratic, here: beyond the limit it diverges, however slowly
            grew |= lr > limit
        regime = np.select([grew, lr * curvature > 1, slow], ["diverging", "oscillating", "too small"], "good")
        return Descents(s, surface, lr, run.path, run.loss, lowest, run.diverged_at, curvature, limit, list(regime))

    def picture(self) -> Picture:
        return _Picture()

    def frames(self, data: Descents) -> Frames:
        wanted = data.settings["lr"] or data.limit / 20
        nearest = int(np.abs(np.log(data.lr / wanted)).argmin())
        return Frames([f"{v:.3g}" for v in data.lr], "learning rate α", interval=60, start=nearest)

    def framed(self, data: Descents, frame: int) -> dict[str, Any]:
        return {"lr": float(data.lr[frame])}

    def pointed(self, s: Settings, point: Point) -> dict[str, Any]:
        dimension = SURFACES[s["surface"]].dimension
        return {"start": (point.x, point.y)[:dimension]}

    def table(self, data: Descents) -> tuple[Sequence[str], Sequence[Sequence[Any]]]:
        rows = zip(data.lr, data.lr * data.curvature, data.regime, data.loss[-1], data.diverged_at, strict=True)
        return ("α", "αλ", "regime", "final loss", "diverged at step"), [
            (a, b, c, d, e if e >= 0 else "") for a, b, c, d, e in rows
        ]


class _Picture(Picture):
    def __init__(self) -> None:
        with plots.style():
            self.figure = Figure(figsize=(8.4, 4.2), layout="constrained")
            grid = self.figure.add_gridspec(2, 2, width_ratios=(1.25, 1))
            self.surface = self.figure.add_subplot(grid[:, 0])
            self.loss = self.figure.add_subplot(grid[0, 1])
            self.final = self.figure.add_subplot(grid[1, 1])
        self.loss.set(xlabel="step", ylabel="loss above minimum", yscale="log")
        self.final.set(xlabel="learning rate α", ylabel="at the last step", xscale="log", yscale="log")
        # What changes with the curvature is live too, and the limits snap to coarse values: a repaint is rare.
        (self.hill,) = self.surface.plot([], [], color=GREY, lw=1.4, ls="-")
        (self.sweep,) = self.final.plot([], [], color=GREY, lw=1.2, ls="-")
        (self.bound,) = self.final.plot([], [], color=BLUE, lw=1.2, ls="--")
        self.word = self.final.text(1, 1, "2/λ", color=BLUE, va="top", ha="right")
        (self.path,) = self.surface.plot([], [], "o-", color=ORANGE, ms=4, lw=1.2, mec="white", mew=0.4)
        (self.begin,) = self.surface.plot([], [], "D", color="black", ms=6, mfc="white")
        (self.curve,) = self.loss.plot([], [], color=ORANGE, lw=1.6)
        (self.mark,) = self.final.plot([], [], "o", color=ORANGE, ms=8, mec="white")
        self.live = [
            *(self.hill, self.sweep, self.bound, self.word),
            *(self.path, self.begin, self.curve, self.mark),
        ]
        self.pointer = [self.surface]
        self.scenery: tuple = ()

    def load(self, data: Descents) -> bool:
        self.data = data
        surface = data.surface
        low, high = surface.extent[0]
        self.gap = data.loss - data.lowest
        top = 30 * float(self.gap[0].max()) or 1.0  # a start at the minimum has no gap at all
        floor = float(np.clip(self.gap.min(), 1e-13 * top, 1e-2 * top))
        self.floor, self.top = _snapped(10, floor, top)
        self.sweep.set_data(data.lr, np.clip(self.gap[-1], self.floor, self.top))
        self.bound.set_data([data.limit] * 2, [self.floor / 2, self.top])
        self.word.set_position((data.limit * 0.96, self.top / 2))
        if surface.dimension == 1:
            x = np.linspace(low, high, 301)
            y = surface.f(x[None])
            self.hill.set_data(x, y)
            rise = _snapped(2, float(np.ptp(y)), float(np.ptp(y)))[1]
            limits = ((low, high), (float(y.min()) - 0.05 * rise, float(y.min()) + 1.05 * rise))
        else:
            self.hill.set_data([], [])
            limits = (surface.extent[0], surface.extent[1])
        scenery = (surface.name, limits, self.floor, self.top, len(data.loss), _snapped(4, data.lr[0], data.lr[-1]))
        if scenery == self.scenery:
            return False
        self.scenery = scenery
        self.wipe(self.surface, self.final)
        if surface.dimension == 2:
            plots.draw_contour(self.surface, surface)
        self.surface.set(xlim=limits[0], ylim=limits[1], xlabel="x", ylabel="f(x)" if surface.dimension == 1 else "y")
        self.surface.set_title(surface.title.split(", λ")[0])
        self.loss.set(xlim=(0, max(len(data.loss) - 1, 1)), ylim=(self.floor / 2, self.top))
        self.final.set(xlim=scenery[-1], ylim=(self.floor / 2, self.top))
        return True

    def draw(self, frame: int) -> str:
        data = self.data
        path, loss = data.path[:, :, frame], data.loss[:, frame]
        y = path[:, 1] if data.surface.dimension == 2 else loss
        self.path.set_data(path[:, 0], y)
        self.begin.set_data(path[:1, 0], y[:1])
        gap = np.clip(self.gap[:, frame], self.floor, self.top)  # the drawing is clipped, never the descent
        self.curve.set_data(np.arange(len(gap)), gap)
        self.mark.set_data([data.lr[frame]], [gap[-1]])
        at = int(data.diverged_at[frame])
        end = f"diverged at step {at}" if at >= 0 else f"after {len(loss) - 1} steps the loss is {loss[-1]:.3g}"
        if data.regime[frame] != "diverging" and data.lr[frame] > data.limit:
            end += "; beyond the limit, but the surface is less curved elsewhere"
        where = "" if data.surface.smoothness else " at the start"
        return (
            f"α = {data.lr[frame]:.3g}, {data.regime[frame]}: 1 − αλ = {1 - data.lr[frame] * data.curvature:.2f} "
            f"(largest curvature{where} λ = {data.curvature:.3g}, limit 2/λ = {data.limit:.3g}); {end}."
        )


def _snapped(base: float, low: float, high: float) -> tuple[float, float]:
    """The powers of a base at or below `low` and at or above `high`."""
    return base ** float(np.floor(np.log(low) / np.log(base))), base ** float(np.ceil(np.log(high) / np.log(base)))


lab = LearningRate()

"""How many examples a step?  A line fitted with twenty-one batch sizes, all on the same stream of examples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from textbook import engine, ops, optim, plots
from textbook.data import line
from textbook.engine import Array
from textbook.labs.base import Data, FrameAxis, Frames, Lab, Numbers, Picture, Settings, Slider
from textbook.stage import Point

BLUE, ORANGE = plots.OKABE_ITO["blue"], plots.OKABE_ITO["vermilion"]
N = 128
SIZES = (1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 32, 40, 48, 64, 80, 96, 112, 120, N)
EXTENT = ((-0.5, 4.5), (-1.5, 3.5))  # of w and b
DRAWS = 1000


@dataclass(frozen=True)
class Descents(Data):
    """Descents on the mean squared error of a line, from one start.

    Attributes:
        x, y: (128,) the examples.
        best: (w, b) of the least loss.
        lowest: that loss.
        path: for each size (steps + 1, 2), steps = examples seen / size.
        loss: for each size (steps + 1,), the loss over all examples.
        diverged_at: for each size the step at which it was stopped, or -1.
        sizes: (21,) the batch sizes.
        noise: (21,) root mean square distance of a batch's gradient at the start from the full one, over 1,000 draws.
        theory: (21,) σ/√B · √((N - B)/(N - 1)): draws without replacement.
        slope: the length of the full gradient at the start.
    """

    x: Array
    y: Array
    best: Array
    lowest: float
    path: Sequence[Array]
    loss: Sequence[Array]
    diverged_at: Sequence[int]
    sizes: Array
    noise: Array
    theory: Array
    slope: float


def mean_loss(theta: Any, x: Array, y: Array) -> Any:
    """The mean squared error of ŷ = w·x + b over these examples."""
    return ops.mse(theta[0] * x + theta[1], y)


class BatchSize(Lab):
    """Frame axis: the batch size.  Click or drag on the loss to set the start."""

    name = "batch_size"
    title = "The same descent with other batch sizes: its path, its loss by examples seen, the noise of its gradient"
    controls = (
        Slider("lr", "learning rate α", 0.1, low=0.01, high=1.0, step=0.05, log=True),
        Slider("epochs", "epochs", 3, low=1, high=8, step=1),
        Slider("seed", "order of the examples (seed)", 0, low=0, high=20, step=1),
        Numbers("start", "start", (0.0, -1.0)),
        FrameAxis("size", "batch size", 4),
    )

    def compute(self, s: Settings) -> Descents:
        x, y = (a[:, 0] for a in line(N, slope=2.0, intercept=1.0, noise=1.0, rng=np.random.default_rng(7)))
        start, rng = np.array(s["start"]), np.random.default_rng(s["seed"])
        if start.shape != (2,):
            raise ValueError(f"start must be two numbers, w and b, got {s['start']}")
        best = np.linalg.lstsq(np.stack([x, np.ones(N)], axis=1), y, rcond=None)[0]
        stream = np.concatenate([rng.permutation(N) for _ in range(s["epochs"])])
        walks = [walk(start, x, y, stream, size, s["lr"]) for size in SIZES]
        path, diverged_at = zip(*walks, strict=True)
        loss = [((p[:, :1] * x + p[:, 1:] - y) ** 2).mean(axis=1) for p in path]
        each = np.stack([engine.grad(mean_loss)(start, x[i : i + 1], y[i : i + 1]) for i in range(N)])
        sizes, full = np.array(SIZES), each.mean(axis=0)
        drawn = each[rng.permuted(np.tile(np.arange(N), (DRAWS, 1)), axis=1)]
        means = np.cumsum(drawn, axis=1)[:, sizes - 1] / sizes[:, None]  # of the first B of each draw
        noise = np.sqrt(((means - full) ** 2).sum(axis=2).mean(axis=0))
        spread = np.sqrt(((each - full) ** 2).sum(axis=1).mean())
        theory = spread / np.sqrt(sizes) * np.sqrt((N - sizes) / (N - 1))
        return Descents(s, x, y, best, float(mean_loss(best, x, y)), path, loss, diverged_at, sizes, noise, theory,
                        float(np.hypot(*full)))  # fmt: skip

    def picture(self) -> Picture:
        return _Picture()

    def frames(self, data: Descents) -> Frames:
        nearest = int(np.abs(np.log(data.sizes / data.settings["size"])).argmin())
        return Frames([str(b) for b in SIZES], "batch size", interval=350, start=nearest)

    def framed(self, data: Descents, frame: int) -> dict[str, Any]:
        return {"size": float(SIZES[frame])}

    def pointed(self, s: Settings, point: Point) -> dict[str, Any]:
        return {"start": (point.x, point.y)}

    def table(self, data: Descents) -> tuple[Sequence[str], Sequence[Sequence[Any]]]:
        rows = zip(SIZES, data.path, data.loss, data.noise, data.theory, data.diverged_at, strict=True)
        head = ("batch size", "steps", "final loss", "noise, measured", "noise, theory", "diverged at step")
        return head, [(b, len(p) - 1, f[-1], m, t, d if d >= 0 else "") for b, p, f, m, t, d in rows]


def walk(start: Array, x: Array, y: Array, stream: Array, size: int, lr: float) -> tuple[Array, int]:
    """Gradient descent on the stream of examples, `size` at a time: its path, and the step at which it diverged."""
    slope, theta, path = engine.grad(mean_loss), start, [start]
    for t, first in enumerate(range(0, len(stream) - size + 1, size), start=1):
        batch = stream[first : first + size]
        move, _ = optim.gd(theta, slope(theta, x[batch], y[batch]), (), t, lr=lr)
        if np.abs(theta + move).max() > 1e4:  # the last point inside stays
            return np.array(path), t
        theta = theta + move
        path.append(theta)
    return np.array(path), -1


class _Picture(Picture):
    def __init__(self) -> None:
        with plots.style():
            self.figure = Figure(figsize=(8.4, 4.4), layout="constrained")
            grid = self.figure.add_gridspec(2, 2, width_ratios=(1.15, 1))
            self.map, self.fall, self.blur = (self.figure.add_subplot(g) for g in (grid[:, 0], grid[0, 1], grid[1, 1]))
            self.map.set(xlim=EXTENT[0], ylim=EXTENT[1], xlabel="w", ylabel="b", title="mean loss over all examples")
            self.fall.set(xlabel="examples seen", ylabel="loss above minimum", yscale="log")
            self.blur.set(xlabel="batch size B", ylabel="noise of a gradient", xscale="log", yscale="log")
            (self.path,) = self.map.plot([], [], "o-", color=ORANGE, ms=3.5, lw=1, mec="white", mew=0.3)
            (self.begin,) = self.map.plot([], [], "D", color="black", ms=7, mfc="white", ls="none")
            (self.curve,) = self.fall.plot([], [], "-", color=ORANGE, lw=1.4)
            (self.mark,) = self.blur.plot([], [], "o", color=ORANGE, ms=10, mec="white", ls="none")
        self.live = [self.path, self.begin, self.curve, self.mark]
        self.pointer = [self.map]

    def load(self, data: Descents) -> bool:
        self.data = data
        self.wipe(self.map, self.fall, self.blur)
        w, b = np.meshgrid(np.linspace(*EXTENT[0], 101), np.linspace(*EXTENT[1], 101))
        z = ((w[..., None] * data.x + b[..., None] - data.y) ** 2).mean(axis=-1)
        heights = data.lowest + (z.max() - data.lowest) * np.linspace(0, 1, 13) ** 2
        with plots.style():
            self.map.contour(w, b, z, levels=heights[1:], colors=plots.PALE, linewidths=0.7)
            self.map.plot(*data.best, "*", ms=13, ls="none", color=plots.OKABE_ITO["yellow"], mec=plots.INK, mew=0.8)
            seen = N * data.settings["epochs"]
            self.top = 100 * max(data.loss[-1][0] - data.lowest, 1e-2)
            self.fall.plot(*self.above(len(SIZES) - 1), "--", color=BLUE, lw=1.4, label="full batch")
            self.fall.set(xlim=(0, seen), ylim=(1e-5, self.top))
            self.fall.legend(loc="upper right", fontsize=9)
            some = slice(len(SIZES) - 1)  # the full batch has no noise, and a logarithmic axis no 0
            self.blur.plot(data.sizes[some], data.theory[some], "-", color=BLUE, lw=1.4, label="theory")
            self.blur.plot(data.sizes[some], data.noise[some], ".", ls="none", color=plots.INK, ms=6, label="measured")
            self.low = float(data.theory[some].min()) / 4
            self.blur.set(xlim=(0.8, 1.25 * N), ylim=(self.low / 2, 4 * max(data.theory.max(), data.slope)))
            if data.slope > self.low:  # at the minimum there is none to show
                self.blur.axhline(data.slope, color=plots.PALE, ls=":", lw=1.2)
                self.blur.text(N, 1.15 * data.slope, "length of the full gradient", color="#555555", size=9, ha="right")
            self.blur.legend(loc="lower left", fontsize=9)
        return True

    def above(self, frame: int) -> tuple[Array, Array]:
        """Examples seen, and the loss above the minimum, kept inside the picture."""
        gap = self.data.loss[frame] - self.data.lowest
        return SIZES[frame] * np.arange(len(gap)), np.clip(gap, 1e-5, self.top)

    def draw(self, frame: int) -> str:
        data, size = self.data, SIZES[frame]
        path, loss, at = data.path[frame], data.loss[frame], data.diverged_at[frame]
        self.path.set_data(*np.clip(path, -100, 100).T)
        self.begin.set_data(*path[:1].T)
        self.curve.set_data(*self.above(frame))
        self.mark.set_data([size], [max(data.noise[frame], self.low)])
        kind = {1: "stochastic", N: "full batch"}.get(size, "mini-batch")
        steps = len(path) - 1
        end = f"diverged at step {at}" if at >= 0 else f"the loss ends {loss[-1] - data.lowest:.2g} above its minimum"
        return (
            f"Batch size {size}, {kind}: {steps} step{'s' * (steps != 1)} for {size * steps} examples seen; {end}. "
            f"At the start a batch's gradient is {data.noise[frame]:.2f} off the full one, of length {data.slope:.2f}."
        )


lab = BatchSize()

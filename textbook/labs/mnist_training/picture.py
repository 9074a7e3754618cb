"""The picture of a training: loss and accuracy against the epoch, and beside them what the reader chose."""

from __future__ import annotations

import numpy as np
from matplotlib.artist import Artist
from matplotlib.figure import Figure

from textbook import plots
from textbook.labs.mnist_training.run import Training
from textbook.labs.mnist_training.sides import GREY, SIDES, Side
from textbook.plots.style import BLUE, ORANGE

TOP = 10.0  # nats; larger losses are drawn at the upper edge
POINTS = 600  # of a curve, at most, on the picture

# A run with the defaults, recorded: what to expect, and to compare with.  Epochs 0, ¼, ½, … 5.
RECORDED_LOSS = (2.4, 0.81, 0.51, 0.42, 0.38, 0.35, 0.33, 0.33, 0.31, 0.29, 0.28, 0.28, 0.26, 0.26, 0.27, 0.26, 0.23,
                 0.24, 0.24, 0.22, 0.21)  # fmt: skip
RECORDED_ACCURACY = (0.089, 0.831, 0.854, 0.892, 0.9, 0.911, 0.914, 0.915, 0.917, 0.922, 0.925, 0.927, 0.936, 0.931,
                     0.932, 0.93, 0.943, 0.937, 0.931, 0.939, 0.945)  # fmt: skip


class TrainingPicture:
    """The artists, and how a run sets them."""

    def __init__(self, figure: Figure) -> None:
        with plots.style():
            self.figure = figure
            grid = self.figure.add_gridspec(2, 2, width_ratios=(1.3, 1), height_ratios=(1.25, 1))
            self.loss = self.figure.add_subplot(grid[0, 0])
            self.accuracy = self.figure.add_subplot(grid[1, 0], sharex=self.loss)
            self.room = self.figure.add_subplot(grid[:, 1])
            self.room.set_axis_off()
            self.sides: dict[str, Side] = {}  # those that have been looked at: each takes time to make
            (self.raw,) = self.loss.plot([], [], "-", color=BLUE, lw=0.8, alpha=0.4, label="each batch trained on")
            (self.smooth,) = self.loss.plot([], [], "-", color=BLUE, label="their running mean")
            (self.val_loss,) = self.loss.plot([], [], "o--", color=ORANGE, ms=4, lw=1.2, label="validation digits")
            (self.val,) = self.accuracy.plot([], [], "o--", color=ORANGE, ms=4, lw=1.2)
            marks = [axes.plot([], [], ":", color=GREY, lw=1, zorder=1)[0] for axes in (self.loss, self.accuracy)]
            self.ghosts = [axes.plot([], [], ".-", color=GREY, lw=1, ms=4, alpha=0.7, zorder=1)[0]
                           for axes in (self.loss, self.accuracy)]  # fmt: skip
            self.ghosts[0].set_label("recorded run, defaults")
        self.loss.legend(loc="lower left", bbox_to_anchor=(-0.02, 1), ncols=2, handlelength=2.2, borderaxespad=0.2,
                         fontsize=9, columnspacing=1.2)  # fmt: skip
        self.marks = marks
        self.loss.set(ylabel="loss (nats)", yscale="log", ylim=(0.03, TOP))
        self.loss.yaxis.set_major_formatter("{x:g}")
        self.loss.tick_params(labelbottom=False)
        self.accuracy.set(ylabel="accuracy", ylim=(0, 1))
        self.accuracy.axhline(0.1, color=GREY, lw=0.8)
        self.accuracy.text(1, 0.1, "guessing ", transform=self.accuracy.get_yaxis_transform(), ha="right", va="bottom",
                           color=GREY, fontsize=9)  # fmt: skip
        self.live: list[Artist] = [self.raw, self.smooth, self.val_loss, self.val, *marks]

    def frame(self, data: Training) -> tuple:
        """What the fixed part of the picture depends on."""
        low = min([0.1, *data.smoothed[np.isfinite(data.smoothed)][-1:], *data.val_loss[np.isfinite(data.val_loss)]])
        floor = 0.3 * 10.0 ** np.floor(np.log10(max(low, 1e-6) / 0.3))
        floor = min(floor, self.loss.get_ylim()[0]) if len(data.loss) else floor  # within a run it only sinks
        end = max(data.total, len(data.loss), 1)
        self.unit = data.per_epoch if end > data.per_epoch else 1  # of the horizontal axis, in steps
        if data.beside not in self.sides:
            self.sides[data.beside] = side = SIDES[data.beside][1](self.room)
            self.live += side.live
        return floor, end, self.unit, data.beside, self.sides[data.beside].of(data)

    def scenery(self, data: Training) -> None:
        floor, end, *_ = self.frame(data)
        for ghost, values in zip(self.ghosts, (RECORDED_LOSS, RECORDED_ACCURACY), strict=True):
            ghost.set_data(np.arange(len(values)) / 4, values)
            ghost.set_visible(self.unit > 1)
        self.loss.set(xlim=(-0.01 * end / self.unit, 1.02 * end / self.unit), ylim=(floor, TOP))
        self.accuracy.set_xlabel("step" if self.unit == 1 else "epoch")
        for name, side in self.sides.items():
            side.show(name == data.beside)
        self.sides[data.beside].scenery(data, self.unit, end)

    def draw(self, data: Training, frame: int) -> str:
        taken = np.arange(1, len(data.loss) + 1)
        for line, x, y in (
            (self.raw, taken, data.loss), (self.smooth, taken, data.smoothed),
            (self.val_loss, data.checked, data.val_loss), (self.val, data.checked, data.val_accuracy),
        ):  # fmt: skip
            # Every second, fourth, ... point: a fixed choice, so that the line stands still while it grows.
            stride = 1 << max(0, int(np.ceil(np.log2(max(len(x), 1) / POINTS))))
            keep = np.isfinite(y) & ((np.arange(len(x)) % stride == 0) | (np.arange(len(x)) == len(x) - 1))
            line.set_data(x[keep] / self.unit, np.clip(y[keep], 1e-9, TOP))
        at = np.repeat([change.step / self.unit for change in data.changes[1:]], 2)
        for mark in self.marks:
            x, y = np.insert(at, slice(2, None, 2), np.nan), np.tile((1e-9, TOP), len(at) // 2)
            mark.set_data(x, np.insert(y, slice(2, None, 2), np.nan))
        beside = self.sides[data.beside].draw(data, self.unit)
        return f"{describe(data)} {beside}." if beside and data.diverged_at < 0 else describe(data)


def describe(data: Training) -> str:
    """How far a training has come, in words and numbers."""
    step = len(data.loss)
    where = f"After step {step:,} of {data.total:,}, epoch {step / data.per_epoch:.1f}"
    if step == 0:
        where = f"Before the first of {data.total:,} steps; {data.parameters:,} parameters"
    elif data.diverged_at < 0:
        where += f", {data.changes[-1].rule} with α = {data.changes[-1].lr:.3g}: training loss {data.smoothed[-1]:.3g}"
    if data.diverged_at >= 0:
        return f"Diverged at step {data.diverged_at:,}: the loss is no longer a number; press Reset."
    late = "" if data.checked[-1] == step else f" (step {data.checked[-1]:,})"
    return f"{where}, validation loss {data.val_loss[-1]:.3g}, validation accuracy {data.val_accuracy[-1]:.3f}{late}."

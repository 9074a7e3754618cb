"""How much curvature does training bear?  The sharpness of a real net for many learning rates, as it trains.

The runs are stored: `tools/sharpness.py` computes them.
"""

import numpy as np
from matplotlib.ticker import LogLocator, NullLocator

from textbook.lab import Choice, FrameAxis, Lab, Picture
from textbook.mnist import EMBEDDED
from textbook.plots.style import BLUE, ORANGE

LOSSES = {"mse": "squared error", "cross_entropy": "cross-entropy"}
LATE = 20  # measurements that count as the end: the last hundred steps

lab = Lab(
    "Move the slider to larger learning rates: the limit 2/α falls; watch what the sharpness does",
    inches=(8.4, 4.8),
    loss=Choice("loss", "mse", LOSSES),
    lr=FrameAxis("learning rate α", of=lambda d: d.lr, show="{:.3g}", start=lambda d: d.lr[len(d.lr) * 6 // 10],
                 log=True, interval=250),
)  # fmt: skip


@lab.moved
def move(s, name, value):
    return {"lr": None} if name == "loss" else {}  # the other loss has other rates


@lab.compute
def stored(loss):
    """The runs with one loss: `lr` (rates,), `loss` (rates, 301), `at` (61,) the steps at which `sharpness`
    (rates, 61) was measured, `late` its mean over the last hundred steps, `rises` how often the loss went up."""
    with np.load(EMBEDDED.with_name("sharpness.npz")) as arrays:
        lr, values, sharpness = (arrays[f"{loss}_{name}"].astype(float) for name in ("lr", "loss", "sharpness"))
    at = np.linspace(0, values.shape[1] - 1, sharpness.shape[1]).astype(int)
    return {"kind": loss, "lr": lr, "loss": values, "at": at, "sharpness": sharpness,
            "late": sharpness[:, -LATE:].mean(axis=1), "rises": (np.diff(values) > 0).sum(axis=1)}  # fmt: skip


@lab.table
def table(d):
    return {"α": d.lr, "2/α": 2 / d.lr, "sharpness at the start": d.sharpness[:, 0], "at most": d.sharpness.max(axis=1),
            "over the last 100 steps": d.late, "steps at which the loss rose": d.rises,
            "final loss": d.loss[:, -1]}  # fmt: skip


@lab.picture
def picture(fig):
    grid = fig.add_gridspec(2, 2, width_ratios=(1.3, 1), height_ratios=(1.25, 1))
    curve, falling, late = (fig.add_subplot(cell) for cell in (grid[0, 0], grid[1, 0], grid[:, 1]))
    curve.set(ylabel="sharpness")
    falling.set(xlabel="step", ylabel="loss", yscale="log")
    late.set(xlabel="learning rate α", ylabel="sharpness, last 100 steps", xscale="log", yscale="log")
    for axis in (falling.yaxis, late.xaxis, late.yaxis):
        axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axis.set_major_formatter("{x:g}")
        axis.set_minor_locator(NullLocator())
    (limit,) = curve.plot([], [], "--", color=BLUE, lw=1.8)
    name = curve.text(0, 0, " 2/α", color=BLUE, va="bottom")
    (sharp,) = curve.plot([], [], "-", color=ORANGE, marker=".", ms=4, lw=1.4)
    (loss,) = falling.plot([], [], "-", color=ORANGE, lw=1.4)
    (mark,) = late.plot([], [], "o", color=ORANGE, ms=9, mec="white", zorder=4)
    live = [limit, name, sharp, loss, mark]

    def scenery(d):
        rates = np.array([d.lr[0] / 1.1, d.lr[-1] * 1.1])
        falling.plot(d.loss.T, "-", color="0.7", lw=0.6, zorder=1)
        late.plot(rates, 2 / rates, "--", color=BLUE, lw=1.8)
        late.text(d.lr[2], 2 / d.lr[2], " 2/α", color=BLUE, va="bottom")
        late.plot(d.lr, d.late, ".", color=ORANGE, ms=6, ls="none")
        steps = d.loss.shape[1] - 1
        curve.set(xlim=(0, steps), ylim=(0, 1.05 * max(np.nanmax(d.sharpness), 2 / d.lr[len(d.lr) // 4])))
        falling.set(xlim=(0, steps), ylim=(0.8 * np.nanmin(d.loss), 1.3 * np.nanmax(d.loss[:, 0])))
        late.set(xlim=rates, ylim=(0.7 * np.nanmin(d.late), 1.4 * 2 / d.lr[0]))

    def draw(d, k):
        lr, top, steps = d.lr[k], d.sharpness[k], d.loss.shape[1] - 1
        edge = min(2 / lr, 2 * curve.get_ylim()[1])
        limit.set_data([0, steps], [edge] * 2)
        name.set_position((0, edge))
        name.set_visible(edge < 0.93 * curve.get_ylim()[1])
        sharp.set_data(d.at, top)
        loss.set_data(np.arange(steps + 1), d.loss[k])
        mark.set_data([lr], d.late[[k]])
        over = np.flatnonzero(top > 2 / lr)
        met = f"first above it at step {d.at[over[0]]}" if len(over) else "never above it"
        said = [
            f"α = {lr:.3g}, so a quadratic would allow 2/α = {2 / lr:.3g}.",
            f"The sharpness goes from {top[0]:.3g} to {top.max():.3g} at most, {met};",
            f"over the last 100 steps it is {d.late[k]:.3g}, {d.late[k] * lr / 2:.2f} times 2/α.",
            f"The loss rose at {d.rises[k]} of {steps} steps, and fell from {d.loss[k, 0]:.3g} to {d.loss[k, -1]:.3g}.",
        ]
        return " ".join(said)

    return Picture(live, draw, scenery)

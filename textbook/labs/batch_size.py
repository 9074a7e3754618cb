"""How many examples a step?  A line fitted with twenty-one batch sizes, all on the same stream of examples."""

import numpy as np

from textbook import engine, ops, optim
from textbook.data import line
from textbook.lab import FrameAxis, Lab, Numbers, Picture, Slider
from textbook.plots.style import BLUE, INK, ORANGE, PALE, STAR, START
from textbook.words import counted

N = 128
SIZES = (1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 32, 40, 48, 64, 80, 96, 112, 120, N)
EXTENT = ((-0.5, 4.5), (-1.5, 3.5))  # of w and b
DRAWS = 1000

lab = Lab(
    "Move the slider to larger batches; drag on the loss to start elsewhere",
    inches=(8.4, 4.4),
    lr=Slider("learning rate α", 0.1, 0.01, 1.0, 0.05, log=True),
    epochs=Slider("epochs", 3, 1, 8, 1),
    seed=Slider("order of the examples (seed)", 0, 0, 20, 1, more=True),
    start=Numbers("w and b", (0.0, -1.0), shape=(2,)),
    size=FrameAxis("batch size", of=lambda d: d.sizes, show="{}", start=4, log=True, interval=350),
)


def mean_loss(theta, x, y):
    """The mean squared error of ŷ = w·x + b over these examples."""
    return ops.mse(theta[0] * x + theta[1], y)


def walk(start, x, y, stream, size, lr):
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


@lab.compute
def descents(lr, epochs, seed, start):
    """Descents on the mean squared error of a line, from one start.

    For each size `path` (steps + 1, 2), `loss` (steps + 1,) over all examples, and `diverged_at`; `best` (w, b) of the
    `lowest` loss; `noise` (21,), how far a batch's gradient at the start is from the full one, of length `slope`: root
    mean square over 1,000 draws; `theory`, σ/√B · √((N − B)/(N − 1)), for draws without replacement.
    """
    x, y = (a[:, 0] for a in line(N, slope=2.0, intercept=1.0, noise=1.0, rng=np.random.default_rng(7)))
    point, rng = np.array(start), np.random.default_rng(seed)
    best = np.linalg.lstsq(np.stack([x, np.ones(N)], axis=1), y, rcond=None)[0]
    stream = np.concatenate([rng.permutation(N) for _ in range(epochs)])
    path, diverged_at = zip(*(walk(point, x, y, stream, size, lr) for size in SIZES), strict=True)
    loss = [((p[:, :1] * x + p[:, 1:] - y) ** 2).mean(axis=1) for p in path]
    each = np.stack([engine.grad(mean_loss)(point, x[i : i + 1], y[i : i + 1]) for i in range(N)])
    sizes, full = np.array(SIZES), each.mean(axis=0)
    drawn = each[rng.permuted(np.tile(np.arange(N), (DRAWS, 1)), axis=1)]
    means = np.cumsum(drawn, axis=1)[:, sizes - 1] / sizes[:, None]  # of the first B of each draw
    spread = np.sqrt(((each - full) ** 2).sum(axis=1).mean())
    return {"x": x, "y": y, "best": best, "lowest": float(mean_loss(best, x, y)), "epochs": epochs, "sizes": sizes,
            "path": path, "loss": loss, "diverged_at": diverged_at, "slope": float(np.hypot(*full)),
            "noise": np.sqrt(((means - full) ** 2).sum(axis=2).mean(axis=0)),
            "theory": spread / np.sqrt(sizes) * np.sqrt((N - sizes) / (N - 1))}  # fmt: skip


@lab.table
def table(d):
    return {"batch size": SIZES, "steps": [len(p) - 1 for p in d.path], "final loss": [f[-1] for f in d.loss],
            "noise, measured": d.noise, "noise, theory": d.theory,
            "diverged at step": [t if t >= 0 else "" for t in d.diverged_at]}  # fmt: skip


@lab.picture
def picture(fig):
    place, fall, blur = fig.subplot_mosaic("AB;AC", width_ratios=(1.15, 1)).values()
    place.set(xlim=EXTENT[0], ylim=EXTENT[1], xlabel="w", ylabel="b", title="mean loss over all examples")
    fall.set(xlabel="examples seen", ylabel="loss above minimum", yscale="log")
    blur.set(xlabel="batch size B", ylabel="noise of a gradient", xscale="log", yscale="log")
    (path,) = place.plot([], [], "o-", color=ORANGE, ms=3.5, lw=1, mec="white", mew=0.3)
    (begin,) = place.plot([], [], **START)
    (curve,) = fall.plot([], [], "-", color=ORANGE, lw=1.4)
    (mark,) = blur.plot([], [], "o", color=ORANGE, ms=10, mec="white", ls="none")
    live = [path, begin, curve, mark]

    def above(d, k):
        """Examples seen, and the loss above the minimum, kept inside the picture."""
        return SIZES[k] * np.arange(len(d.loss[k])), np.clip(d.loss[k] - d.lowest, 1e-5, fall.get_ylim()[1])

    def scenery(d):
        w, b = np.meshgrid(np.linspace(*EXTENT[0], 101), np.linspace(*EXTENT[1], 101))
        z = ((w[..., None] * d.x + b[..., None] - d.y) ** 2).mean(axis=-1)
        heights = d.lowest + (z.max() - d.lowest) * np.linspace(0, 1, 13) ** 2
        place.contour(w, b, z, levels=heights[1:], colors=PALE, linewidths=0.7)
        place.plot(*d.best, **STAR)
        fall.set(xlim=(0, 1.06 * N * d.epochs), ylim=(1e-5, 100 * max(d.loss[-1][0] - d.lowest, 1e-2)))
        fall.plot(*above(d, len(SIZES) - 1), "--", color=BLUE, lw=1.4, label="full batch")
        fall.legend(loc="upper right", fontsize=9)
        some = slice(len(SIZES) - 1)  # the full batch has no noise, and a logarithmic axis no 0
        blur.plot(d.sizes[some], d.theory[some], "-", color=BLUE, lw=1.4, label="theory")
        blur.plot(d.sizes[some], d.noise[some], ".", ls="none", color=INK, ms=6, label="measured")
        low = float(d.theory[some].min()) / 4
        blur.set(xlim=(0.8, 1.25 * N), ylim=(low / 2, 4 * max(d.theory.max(), d.slope)))
        if d.slope > low:  # at the minimum there is none to show
            blur.axhline(d.slope, color=PALE, ls=":", lw=1.2)
            blur.text(N, 1.15 * d.slope, "length of the full gradient", color="#555555", size=9, ha="right")
        blur.legend(loc="lower left", fontsize=9)

    def draw(d, k):
        size, way, loss, at = SIZES[k], d.path[k], d.loss[k], d.diverged_at[k]
        path.set_data(*np.clip(way, -100, 100).T)
        begin.set_data(*way[:1].T)
        curve.set_data(*above(d, k))
        mark.set_data([size], [max(d.noise[k], 2 * blur.get_ylim()[0])])
        kind = {1: "stochastic", N: "full batch"}.get(size, "mini-batch")
        steps = len(way) - 1
        end = f"diverged at step {at}" if at >= 0 else f"the loss ends {loss[-1] - d.lowest:.2g} above its minimum"
        return (f"Batch size {size}, {kind}: {counted(steps, 'step')} for {size * steps:,} examples seen; {end}. "
                f"At the start a batch's gradient is {d.noise[k]:.2f} off the full one, of length "
                f"{d.slope:.2f}.")  # fmt: skip

    return Picture(live, draw, scenery, pointer=[place])

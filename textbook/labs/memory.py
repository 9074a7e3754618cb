"""What must be kept for the backward pass?  Bytes alive, operation by operation, with and without checkpoints."""

from functools import lru_cache

import numpy as np

from textbook import ops
from textbook.engine import Tensor
from textbook.lab import FrameAxis, Lab, Picture, Slider
from textbook.memory import checkpoint, timeline
from textbook.plots.style import BLUE, ORANGE
from textbook.words import counted

BATCH, WIDTH = 16, 64  # of the net, float32: a result has 4 KB
UNIT = BATCH * WIDTH * 4
PHASES = {"forward": "forwards", "again": "forwards, a second time", "backward": "backwards"}
GREY = "0.5"
MOST = 16  # parts

lab = Lab(
    "Choose in how many parts the net is computed a second time, and step through both passes",
    inches=(8.8, 4.6),
    parts=Slider("parts that keep only their input", 4, 0, MOST, 1),
    layers=Slider("layers", 24, MOST, 48, 1),
    step=FrameAxis("operation", of=lambda d: range(1, len(d.alive) + 1), show="{}", interval=60,
                   start=lambda d: int(np.argmax(d.alive))),
)  # fmt: skip


def net(layers, parts):
    """The last result of a deep net; parts of about equal length, each under a checkpoint.  0 parts: no checkpoint."""
    rng = np.random.default_rng(0)
    w = Tensor(rng.normal(size=(WIDTH, WIDTH), scale=WIDTH**-0.5).astype(np.float32), requires_grad=True)

    def part(numbers, x):
        for i in numbers:
            z = x @ w
            x = ops.tanh(z)
            z.name, x.name = f"z{i}", f"h{i}"
        return x

    h = Tensor(rng.normal(size=(BATCH, WIDTH)).astype(np.float32), name="x")
    for numbers in np.array_split(np.arange(layers), parts or 1):
        if parts:
            h = checkpoint(lambda x, numbers=numbers: part(numbers, x), h)
            h.name = f"h{numbers[-1]}"
        else:
            h = part(numbers, h)
    return h


@lru_cache(maxsize=256)
def counted_in(layers, parts):
    """Bytes alive after each operation, and its phase; which results are held, (operations, 2, layers)."""
    moments = timeline(net(layers, parts))
    held = np.zeros((len(moments), 2, layers), bool)
    for k, moment in enumerate(moments):
        for t in moment.held:
            held[k, "zh".index(t.name[0]), int(t.name[1:])] = True
    return np.array([m.alive for m in moments]), np.array([m.phase for m in moments]), held


@lab.compute
def passes(parts, layers):
    """`alive` (operations,) in bytes, and `phase` of each; which results are `held`, (operations, 2, layers).

    `plain` (operations,) is `alive` without checkpoints, `peaks` (MOST + 1,) its maximum for each number of parts.
    """
    alive, phase, held = counted_in(layers, parts)
    return {"parts": parts, "layers": layers, "alive": alive, "phase": phase, "held": held,
            "plain": counted_in(layers, 0)[0],
            "peaks": np.array([counted_in(layers, n)[0].max() for n in range(MOST + 1)])}  # fmt: skip


@lab.table
def table(d):
    extra = [2 * d.layers if n else 0 for n in range(len(d.peaks))]
    return {"parts": range(len(d.peaks)), "most bytes alive": d.peaks, "operations done twice": extra}


@lab.picture
def picture(fig):
    grid = fig.add_gridspec(2, 2, width_ratios=(2.1, 1), height_ratios=(4, 1))
    time, sizes, strip = fig.add_subplot(grid[0, 0]), fig.add_subplot(grid[:, 1]), fig.add_subplot(grid[1, 0])
    time.set(xlabel="operation", ylabel="KB alive")
    sizes.set(xlabel="parts", ylabel="most KB alive at once", xlim=(-0.7, MOST + 0.7))
    strip.set(yticks=[0, 1], yticklabels=["x @ w", "tanh"], xlabel="layer")
    strip.set_title("results in memory now", fontsize=9)
    (plain,) = time.plot([], [], color=GREY, ls="--", lw=1.4, label="everything kept")
    (alive,) = time.plot([], [], color=BLUE, lw=1.8, label="with these parts")
    (again,) = time.plot([], [], color=ORANGE, lw=4.5, alpha=0.6, label="computed a second time")
    (now,) = time.plot([], [], "o", color=ORANGE, ms=8, mec="white")
    (peaks,) = sizes.plot([], [], "s", color=GREY, ms=5, ls=":", lw=1)
    (chosen,) = sizes.plot([], [], "o", color=BLUE, ms=9, mec="white")
    cells = [strip.plot([], [], "s", color=BLUE, ms=5, ls="none")[0] for _ in range(2)]
    time.legend(handles=[plain, alive, again], loc="upper right", fontsize=8.5)

    def scenery(d):
        end, top = 6 * d.layers + MOST + 2, max(d.plain.max(), d.alive.max()) / 1024
        time.set(xlim=(0, end), ylim=(0, 1.3 * top))
        sizes.set(ylim=(0, 1.08 * d.peaks.max() / 1024))
        strip.set(xlim=(0.2, d.layers + 0.8), ylim=(-0.6, 1.6), xticks=[1, *range(4, d.layers + 1, 4)])
        plain.set_data(np.arange(1, len(d.plain) + 1), d.plain / 1024)
        alive.set_data(np.arange(1, len(d.alive) + 1), d.alive / 1024)
        again.set_data(np.arange(1, len(d.alive) + 1), np.where(d.phase == "again", d.alive / 1024, np.nan))
        peaks.set_data(range(len(d.peaks)), d.peaks / 1024)
        chosen.set_data([d.parts], [d.peaks[d.parts] / 1024])

    def draw(d, k):
        now.set_data([k + 1], [d.alive[k] / 1024])
        for row, cell in enumerate(cells):
            there = np.flatnonzero(d.held[k, row])
            cell.set_data(there + 1, np.full(len(there), row))
        extra = f"{counted(2 * d.layers, 'operation')} are done twice" if d.parts else "no operation is done twice"
        here, most, kept = (f"{size / 1024:,.0f} KB" for size in (d.alive[k], d.peaks[d.parts], d.peaks[0]))
        return (f"Operation {k + 1} of {len(d.alive)}, {PHASES[d.phase[k]]}: {counted(int(d.held[k].sum()), 'result')} "
                f"in memory, {here} with the gradients. At most {most}; with everything kept {kept}. "
                f"{extra.capitalize()}.")  # fmt: skip

    return Picture([now, *cells], draw, scenery)

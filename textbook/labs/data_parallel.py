"""Many processes, one step: gradients that go round a ring, and a pipeline that waits."""

from functools import cache
from typing import Any

import numpy as np

from textbook import data, nn, ops
from textbook.lab import Choice, FrameAxis, Lab, Picture, Slider
from textbook.parallel import Hop, idle_share, ring, ring_steps, schedule, share
from textbook.parallel.pipeline import ORDERS
from textbook.plots.style import BLUE, GREEN, INK, ORANGE, PALE
from textbook.words import counted, listed

SIDE = 28
MOST = 6  # processes
LARGEST = 24  # batch
WIDE, HIGH = 100.0, 42.0  # of the paper on which the ring is drawn


def is_ring(s):
    return s["shown"] == "ring"


def is_pipeline(s):
    return s["shown"] == "pipeline"


lab = Lab(
    "Step through the messages; then change the number of processes, or choose the pipeline",
    inches=(9.4, 4.0),
    shown=Choice("shown", "ring", {"ring": "gradients round a ring", "pipeline": "a pipeline of layers"}),
    processes=Slider("processes", 4, 2, MOST, 1),
    batch=Slider("digits in the batch", 10, 2, LARGEST, 1, when=is_ring),
    digit=Slider("gradient of the weights for", 3, 0, 9, 1, when=is_ring),
    micro_batches=Slider("micro-batches", 4, 1, 16, 1, when=is_pipeline),
    order=Choice("order", "forward, then backward", {name: name for name in ORDERS}, when=is_pipeline),
    step=FrameAxis("step", of=lambda d: range(d.frames), show="{}", start=lambda d: d.telling, interval=900),
)


@cache
def digits():
    """The first digits of the training part, and what they are: no batch is larger."""
    mnist = data.load_mnist()
    return mnist.x_train[:LARGEST].astype(float), mnist.y_train[:LARGEST]


@cache
def gradient(first, last, digit):
    """The gradient of a linear classifier's mean loss over some digits, with respect to one digit's weights (28, 28).

    All weights are 0: every digit is given 1/10, whatever the image.
    """
    x, y = (part[first:last] for part in digits())
    model = nn.Linear(SIDE**2, 10, rng=np.random.default_rng(0), init=lambda rng, shape: np.zeros(shape), dtype=float)
    ops.cross_entropy(model(x), y).backward()
    return model.w.grad[:, digit].reshape(SIDE, SIDE)


def all_reduced(processes, batch, digit):
    """The ring on real gradients.

    `own` (processes, 28, 28), each one's part of the mean; `moments` (frames, processes, 28, 28), what each holds after
    each message; `counts` (frames, processes, chunks), of how many parts each chunk is the sum; `hops`, for each frame
    but the first what each process did; `whole` (28, 28), the gradient of the whole batch in one process.
    """
    rows = [share(batch, r, processes) for r in range(processes)]
    sizes = [part.stop - part.start for part in rows]
    own = np.array([size / batch * gradient(part.start, part.stop, digit) if size else np.zeros((SIDE, SIDE))
                    for part, size in zip(rows, sizes, strict=True)])  # fmt: skip
    moments = np.array([[np.concatenate(chunks) for chunks in moment] for moment in ring_steps(own)])
    counts = np.array([np.array(moment)[..., 0] for moment in ring_steps(np.ones((processes, processes)))])
    hops: list[tuple[Hop, ...]] = [(), *zip(*(ring(r, processes) for r in range(processes)), strict=True)]
    whole = gradient(0, batch, digit)
    return {"own": own, "sizes": sizes, "rows": rows, "moments": moments, "counts": counts, "hops": hops,
            "whole": whole, "away": np.abs(moments - whole).max(axis=(1, 2, 3)), "frames": len(moments),
            "telling": processes - 1}  # fmt: skip


def piped(processes, micro_batches, order):
    """The pipeline: its `tasks`; `idle` share, and `idles` of it for 1 to 16 micro-batches; `held`, (frames, stages).

    That is how many micro-batches each stage has taken forwards and not yet back: their results fill its memory.
    """
    tasks = schedule(processes, micro_batches, ORDERS[order])
    frames = 1 + int(max(task.end for task in tasks))
    held = np.zeros((frames, processes), int)
    for task in tasks:
        held[int(task.end if task.backward else task.start) :, task.stage] += -1 if task.backward else 1
    idles = [idle_share(schedule(processes, m, ORDERS[order])) for m in range(1, 17)]
    return {"tasks": tasks, "held": held, "idle": idle_share(tasks), "idles": np.array(idles), "frames": frames,
            "telling": processes}  # fmt: skip


@lab.compute
def computed(shown, processes, batch, digit, micro_batches, order):
    """What `all_reduced` or `piped` gives, besides the settings."""
    found = all_reduced(processes, batch, digit) if shown == "ring" else piped(processes, micro_batches, order)
    return {"shown": shown, "processes": processes, "batch": batch, "digit": digit, "m": micro_batches} | found


@lab.table
def table(d):
    if d.shown == "ring":
        return {"process": range(d.processes), "digits": d.sizes,
                "weight": [f"{size}/{d.batch}" for size in d.sizes],
                "its part of the gradient, length": [float(np.linalg.norm(g)) for g in d.own],
                "values sent": [sum(SIDE * len(np.array_split(np.arange(SIDE), d.processes)[hop[r].send])
                                    for hop in d.hops[1:]) for r in range(d.processes)]}  # fmt: skip
    return {"stage": range(d.processes), "busy": [2 * d.m] * d.processes,
            "idle": [d.frames - 1 - 2 * d.m] * d.processes, "most micro-batches held": d.held.max(axis=0)}  # fmt: skip


@lab.picture
def picture(fig):
    fig.set_layout_engine("none")
    paper = fig.add_axes((0.01, 0.01, 0.98, 0.98))
    chart, curve = fig.add_axes((0.08, 0.15, 0.56, 0.73)), fig.add_axes((0.74, 0.15, 0.24, 0.73))
    parts: dict[str, Any] = {"ring": RingParts(paper), "pipeline": PipelineParts(chart, curve)}
    live = [artist for part in parts.values() for artist in part.live]

    def scenery(d):
        for name, part in parts.items():
            for ax in part.axes:
                ax.set_visible(d.shown == name)
        for artist in live:  # they are drawn by themselves, whether their axes are to be seen or not
            artist.set_visible(False)
        parts[d.shown].scenery(d)

    def draw(d, k):
        return parts[d.shown].draw(d, k)

    return Picture(live, draw, scenery)


class RingParts:
    """The processes side by side: their digits, their gradients in bands, the messages between them."""

    def __init__(self, paper):
        paper.set(xlim=(0, WIDE), ylim=(0, HIGH), aspect="equal")
        paper.set_axis_off()
        self.axes = (paper,)
        self.pictures = [paper.imshow(np.zeros((SIDE, SIDE)), cmap="RdBu_r", zorder=2) for _ in range(MOST)]
        self.arrows = [paper.plot([], [], "-", color=ORANGE, lw=2, zorder=4)[0] for _ in range(MOST)]
        self.heads = [paper.plot([], [], ">", color=ORANGE, ms=8, zorder=4)[0] for _ in range(MOST)]
        self.bands = [paper.plot([], [], "-", color=ORANGE, lw=2.2, zorder=3)[0] for _ in range(MOST)]
        self.counts = [[paper.text(0, 0, "", ha="right", va="center", size=9.5) for _ in range(MOST)]
                       for _ in range(MOST)]  # fmt: skip
        self.live = [*self.pictures, *self.arrows, *self.heads, *self.bands]
        self.live += [text for own in self.counts for text in own]
        paper.set(xlim=(0, WIDE), ylim=(0, HIGH))

    def scenery(self, d):
        (paper,) = self.axes
        p = d.processes
        pitch = WIDE / (p + 1)
        self.size = min(0.7 * pitch, 18.0)
        self.left = [r * pitch + 0.72 * (pitch - self.size) for r in range(p + 1)]
        self.low = 5.5
        top, scale = self.low + self.size, np.abs(d.whole).max() or 1.0
        for r in range(p):
            self.pictures[r].set(extent=(self.left[r], self.left[r] + self.size, self.low, top), visible=True)
            self.pictures[r].set_clim(-scale, scale)
            middle = self.left[r] + self.size / 2
            paper.text(middle, HIGH - 2, f"process {r}", ha="center", size=10, weight="bold")
            paper.text(middle, top + 0.9, f"∇ℒ, weight {d.sizes[r]}/{d.batch}", ha="center", size=8.5)
            self.thumbnails(paper, d.rows[r], middle, top + 3.4)
        ends = self.left[p], self.left[p] + self.size
        paper.imshow(d.whole, cmap="RdBu_r", vmin=-scale, vmax=scale, extent=(*ends, self.low, top), zorder=2)
        paper.text(sum(ends) / 2, HIGH - 2, "one process", ha="center", size=10, weight="bold")
        paper.text(sum(ends) / 2, top + 0.9, "∇ℒ, whole batch", ha="center", size=8.5)
        self.thumbnails(paper, slice(0, d.batch), sum(ends) / 2, top + 3.4)
        border = ends[0] - 0.32 * (ends[0] - self.left[p - 1] - self.size)
        paper.plot([border, border], [1, HIGH - 1], ":", color=PALE, lw=1)
        self.edges = top - self.size * np.cumsum([0, *map(len, np.array_split(np.arange(SIDE), p))]) / SIDE
        paper.set(xlim=(0, WIDE), ylim=(0, HIGH))

    def thumbnails(self, paper, rows, middle, low):
        """The digits of a share, in rows of a few."""
        images = digits()[0][rows].reshape(-1, SIDE, SIDE)
        room = HIGH - 3.5 - low
        sides = {n: min(1.15 * self.size / n, room / -(-len(images) // n), 7.5) for n in range(len(images), 0, -1)}
        across = max(sides, key=sides.__getitem__, default=1)
        side, down = sides.get(across, 0.0), -(-len(images) // across)
        for i, image in enumerate(images):
            x = middle + (i % across - across / 2) * side
            y = low + (room + down * side) / 2 - (i // across + 1) * side
            paper.imshow(image, cmap="gray_r", extent=(x, x + 0.94 * side, y, y + 0.94 * side), zorder=2)

    def draw(self, d, k):
        p, size, hops = d.processes, self.size, d.hops[k]
        middle = (self.edges[:-1] + self.edges[1:]) / 2
        for r in range(p):
            self.pictures[r].set_data(d.moments[k, r])
            for c in range(p):
                n = int(d.counts[k, r, c])
                text, colour = ("✓", GREEN) if n == p else (str(n), INK)
                self.counts[r][c].set(text=text, color=colour, x=self.left[r] - 0.4, y=middle[c], visible=True)
            for artist in (self.arrows[r], self.heads[r], self.bands[r]):
                artist.set_visible(bool(hops))
            if hops:
                colour = ORANGE if hops[r].add else GREEN
                x, y = self.way(r, middle[hops[r].send])
                self.arrows[r].set(data=(x, y), color=colour)
                self.heads[r].set(data=(x[-1:], y[-1:]), color=colour)
                high, low = self.edges[hops[r].receive], self.edges[hops[r].receive + 1]
                x0, x1 = self.left[r], self.left[r] + size
                self.bands[r].set(data=([x0, x1, x1, x0, x0], [high, high, low, low, high]), color=colour)
        return self.caption(d, k)

    def way(self, r, y):
        """From the band that process r sends to where it arrives: the next one, or round to the first."""
        begin, ends = self.left[r] + self.size, [x - 2.1 for x in self.left]  # left of the numbers
        if r < len(self.left) - 2:
            return [begin, ends[r + 1]], [y, y]
        rail = ends[0] - 0.9
        return [begin, begin + 1.6, begin + 1.6, rail, rail, ends[0]], [y, y, 2, 2, y, y]

    def caption(self, d, k):
        p, last = d.processes, d.frames - 1
        if k == 0:
            said = (f"{counted(d.batch, 'digit')} are shared out: {listed(d.sizes)}. Each process has the gradient of "
                    f"its own share, weighted by its size. Its picture is cut into {p} bands.")  # fmt: skip
        elif k < p:
            said = (f"Message {k} of {last}: every process sends one band to the next one, which adds it to its own. "
                    f"The numbers count the parts in a sum.")  # fmt: skip
            if k == p - 1:
                said += f" Now each process holds one whole sum of all {p}, ✓."
        else:
            said = f"Message {k} of {last}: the whole sums travel on, and replace what was there."
        away = f"differ from the whole batch's gradient by {d.away[k]:.2g} at most"
        same = "are the whole batch's gradient, to rounding (below 1e-15)"
        return f"{said} The pictures {same if d.away[k] < 1e-15 else away}."


class PipelineParts:
    """Which stage does what when, as a chart; and how the idle share falls with more micro-batches."""

    def __init__(self, chart, curve):
        self.axes = chart, curve
        (self.now,) = chart.plot([], [], "-", color=INK, lw=2)
        self.stored = [chart.text(0, 0, "", ha="left", va="center", size=9, color=INK) for _ in range(MOST)]
        self.live = [self.now, *self.stored]

    def scenery(self, d):
        chart, curve = self.axes
        p, end = d.processes, d.frames - 1
        for stage in range(p):
            chart.barh(stage, end, 0.8, color="0.88", ec="none", zorder=1)
        gap = 0.003 * end
        for stage, m, backward, start, finish in d.tasks:
            chart.barh(stage, finish - start - gap, 0.6 if backward else 0.8, left=start + gap / 2,
                       color=ORANGE if backward else BLUE, ec="none", zorder=2)  # fmt: skip
            if end <= 30:
                chart.text((start + finish) / 2, stage, str(m + 1), color="white", ha="center", va="center", size=8.5)
        chart.set(xlim=(0, 1.1 * end), ylim=(p - 0.4, -0.6), yticks=range(p), xlabel="time",
                  yticklabels=[f"stage {stage + 1}" for stage in range(p)])  # fmt: skip
        chart.set_title("forwards blue, backwards orange and narrow, waiting grey", fontsize=10)
        m = np.arange(1, 17)
        curve.plot(m, (p - 1) / (m + p - 1), "-", color=PALE, lw=1.4, label="(p − 1)/(m + p − 1)")
        curve.plot(m, d.idles, ".", color=INK, ms=6, ls="none", label="as scheduled")
        curve.plot([d.m], [d.idle], "o", color=ORANGE, ms=9, mec="white")
        curve.set(xlim=(0, 17), ylim=(0, 1), xlabel="micro-batches m", ylabel="share of time waiting")
        curve.legend(loc="upper right", fontsize=9)
        self.now.set_visible(True)
        for stage, text in enumerate(self.stored[:p]):
            text.set(position=(1.015 * end, stage), visible=True)

    def draw(self, d, k):
        p = d.processes
        self.now.set_data([k, k], [-0.5, p - 0.5])
        for stage in range(p):
            self.stored[stage].set_text(f"holds {d.held[k, stage]}")
        doing = {task.stage: task for task in d.tasks if task.start <= k < task.end}
        words = [f"stage {s + 1} " + (f"takes micro-batch {t.micro_batch + 1} {'back' if t.backward else 'forwards'}"
                 if (t := doing.get(s)) else "waits") for s in range(p)]  # fmt: skip
        now = f"Time {k}: {listed(words)}." if k < d.frames - 1 else f"Time {k}: the batch is done."
        return (f"{now} Of all the stages' time {d.idle:.0%} is waiting, (p − 1)/(m + p − 1) = "
                f"{p - 1}/{d.m + p - 1}; a stage holds {d.held.max()} at a time at most.")  # fmt: skip

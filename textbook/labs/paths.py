"""Two ways to the same derivative: path by path, or backwards and edge by edge.  Every operation is counted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from textbook import plots
from textbook.engine import Array, BackwardStep, Tensor, backward_steps
from textbook.labs.base import Choice, Data, Frames, Lab, Picture, Settings, Slider

BLUE, ORANGE = plots.OKABE_ITO["blue"], plots.OKABE_ITO["vermilion"]
MOST = 6  # stages: 64 paths
UPTO = 20  # stages in the picture of the cost
Path = tuple[BackwardStep, ...]


class Work(NamedTuple):
    """What has been done by a frame: the multiplications and additions so far, and the words for it."""

    operations: int
    caption: str


@dataclass(frozen=True)
class Diamonds(Data):
    """A row of diamonds v ← a·v + b·v from x to f.

    Attributes:
        chain: v₀ = x, v₁, …, f.
        steps: the backward pass, one message each.
        local: the local derivative of each of these edges.
        paths: every path from f down to x, as edges.
        work: for each frame what has been done by then.
        by_paths, backwards: for 1, 2, …, 20 stages the operations of either way.
        derivative: ∂f/∂x as the engine finds it.
    """

    chain: list[Tensor]
    steps: list[BackwardStep]
    local: dict[tuple[Tensor, int], float]
    paths: list[Path]
    work: list[Work]
    by_paths: Array
    backwards: Array
    derivative: float


def paths_to(leaf: Tensor, root: Tensor, steps: Sequence[BackwardStep]) -> Iterator[Path]:
    """Every path of edges from `root` down to `leaf`: one more than all paths that the edge before it allows."""
    if root is leaf:
        yield ()
    for step in steps:
        if step.node is root:
            for rest in paths_to(leaf, step.parent, steps):
                yield (step, *rest)


class Paths(Lab):
    """Frame axis: the path, or the message."""

    name = "paths"
    title = "A row of diamonds from x to f: the derivative as a sum over paths, or backwards, and the cost of both ways"
    controls = (
        Choice("way", "way", "paths", {"paths": "path by path", "backwards": "backwards, edge by edge"}),
        Slider("stages", "stages", 4, low=1, high=MOST, step=1),
        Slider("a", "upper edge ×", 2.0, low=-3.0, high=3.0, step=0.5),
        Slider("b", "lower edge ×", 3.0, low=-3.0, high=3.0, step=0.5),
    )

    def compute(self, s: Settings) -> Diamonds:
        chain = [Tensor(1.0, requires_grad=True, name="x")]
        for _ in range(s["stages"]):
            chain.append(s["a"] * chain[-1] + s["b"] * chain[-1])
        root, x = chain[-1], chain[0]
        steps = list(backward_steps(root))
        local = {(step.node, step.index): _local(step) for step in steps}
        paths = list(paths_to(x, root, steps))
        work = list(_path_by_path(paths, local) if s["way"] == "paths" else _backwards(steps, chain))
        stages = np.arange(1, UPTO + 1)
        by_paths = 2**stages * (2 * stages - 1) + 2**stages - 1  # 2n factors on each path, and a sum of 2ⁿ products
        return Diamonds(s, chain, steps, local, paths, work, by_paths, 5 * stages, float(steps[-1].total))

    def picture(self) -> Picture:
        return _Picture()

    def frames(self, data: Diamonds) -> Frames:
        label = "path" if data.settings["way"] == "paths" else "message"
        return Frames(range(1, len(data.work) + 1), label, interval=700)

    def table(self, data: Diamonds) -> tuple[Sequence[str], Sequence[Sequence[Any]]]:
        rows = zip(range(1, UPTO + 1), data.by_paths.tolist(), data.backwards.tolist(), strict=True)
        return ("stages", "paths", "operations, path by path", "operations, backwards"), [
            (n, f"{2**n:,}", f"{a:,}", f"{b:,}") for n, a, b in rows
        ]


def _local(step: BackwardStep) -> float:
    recipe = step.node.recipe
    assert recipe is not None
    inputs = [parent.data for parent in recipe.parents]
    return float(recipe.op.vjps[step.index](np.float64(1), step.node.data, *inputs, **recipe.params))


def _path_by_path(paths: list[Path], local: dict[tuple[Tensor, int], float]) -> Iterator[Work]:
    operations, total = 0, 0.0
    for number, path in enumerate(paths, start=1):
        factors = [local[step.node, step.index] for step in path]
        operations += len(factors) - 1 + (number > 1)
        total += prod(factors)
        shown = " · ".join(_signed(f) for f, step in zip(factors, path, strict=True) if _is_product(step.node))
        yield Work(
            operations,
            f"Path {number} of {len(paths)}: {shown} = {prod(factors):g} (its other edges carry 1); "
            f"sum so far {total:g}. {_counted(operations)} so far.",
        )


def _backwards(steps: list[BackwardStep], chain: list[Tensor]) -> Iterator[Work]:
    operations = 0
    names = {v: f"v{k}" for k, v in enumerate(chain)} | {chain[-1]: "f", chain[0]: "x"}
    for number, step in enumerate(steps, start=1):
        merged = step.total is not step.message
        operations += 1 + merged
        to = names.get(step.parent, "the product between")
        adds = f"; with the message before, {step.total:g}" if merged else ""
        yield Work(
            operations,
            f"Message {number} of {len(steps)}, to {to}: {_signed(step.upstream)} · {_signed(_local(step))} = "
            f"{step.message:g}{adds}. {_counted(operations)} so far.",
        )


def _is_product(node: Tensor) -> bool:
    return node.recipe is not None and node.recipe.op.name == "mul"


def _signed(value: Any) -> str:
    return f"({value:g})" if value < 0 else f"{value:g}"


def _counted(operations: int) -> str:
    return f"{operations} multiplications and additions" if operations != 1 else "1 multiplication"


def trimmed(axes: Axes, route: Array, pixels: float) -> Array:
    """A line from node to node without its ends, which the nodes cover: live artists lie above the static picture.

    Args:
        route: (n, 2), its first and last points the nodes' centres.
        pixels: how much is left out at each end; at most a third of the first or last part.
    """
    points = axes.transData.transform(route)
    for end, inner in ((0, 1), (-1, -2)):
        along = points[inner] - points[end]
        points[end] += along * min(pixels / (np.hypot(*along) or 1.0), 1 / 3)
    return axes.transData.inverted().transform(points)


class _Picture(Picture):
    def __init__(self) -> None:
        with plots.style():
            self.figure = Figure(figsize=(8.4, 4.4), layout="constrained")
            self.row, self.cost = self.figure.subplots(2, 1, height_ratios=(1.15, 1))
            self.row.set_axis_off()
            self.cost.set(xlabel="stages", ylabel="operations", yscale="log", xlim=(0.5, UPTO + 4), ylim=(0.6, 3e8))
            self.cost.set_xticks(range(1, UPTO + 1))
            self.walked = LineCollection([], colors=ORANGE, linewidths=5, alpha=0.75)
            self.row.add_collection(self.walked, autolim=False)
            self.totals = [self.row.text(0, 0, "", ha="center", color=BLUE, fontsize=10, weight="bold")
                           for _ in range(3 * MOST + 1)]  # fmt: skip
            (self.mark,) = self.cost.plot([], [], "o", ls="none", color="black", ms=9, mfc="none", mew=2, zorder=6)
            self.live = [self.walked, self.totals, self.mark]

    def load(self, data: Diamonds) -> bool:
        self.data = data
        n = data.settings["stages"]
        self.wipe(self.row, self.cost)
        self.places: dict[Tensor, tuple[float, float]] = {v: (2.0 * k, 0.0) for k, v in enumerate(data.chain)}
        for k, v in enumerate(data.chain[1:]):
            assert v.recipe is not None
            for branch, y in zip(v.recipe.parents, (0.6, -0.6), strict=True):
                self.places[branch] = (2.0 * k + 1, y)
        with plots.style():
            for step in data.steps:
                (x0, y0), (x1, y1) = self.places[step.parent], self.places[step.node]
                self.row.plot([x0, x1], [y0, y1], color=plots.PALE, lw=1.4, ls="-", zorder=1)
                if _is_product(step.node):
                    label, up = f"×{_signed(data.local[step.node, step.index])}", 1 if y1 > 0 else -1
                    self.row.text(x0 + 0.42, y0 + 0.42 * up, label, ha="center", va="center", color=plots.INK)
            for node, (x, y) in self.places.items():
                main = node in data.chain
                kind = "input" if node is data.chain[0] else "operation"
                self.row.plot(x, y, "s" if kind == "input" else "o", ms=22 if main else 13, mfc=plots.FILL[kind],
                              mec=plots.INK, mew=1.2, ls="none", zorder=3)  # fmt: skip
                label = ("x" if node is data.chain[0] else "f" if node is data.chain[-1] else "+") if main else "×"
                size = 12 if main else 10
                self.row.text(x, y, label, ha="center", va="center", fontsize=size, color=plots.INK, zorder=4)
            self.row.set(xlim=(-0.6, 2 * n + 0.6), ylim=(-1.15, 1.2))
            stages = np.arange(1, UPTO + 1)
            self.cost.plot(stages, data.by_paths, "-", color=ORANGE, marker=".", zorder=4)
            self.cost.plot(stages, data.backwards, "--", color=BLUE, marker=".", zorder=4)
            for counts, words, color in ((data.by_paths, "path by path", ORANGE), (data.backwards, "backwards", BLUE)):
                self.cost.text(UPTO + 0.3, counts[-1], f"{words}\n{counts[-1]:,}", color=color, va="center", fontsize=9)
        return True

    def draw(self, frame: int) -> str:
        data = self.data
        paths = data.settings["way"] == "paths"
        edges = data.paths[frame] if paths else (data.steps[frame],)
        ends = [np.array([self.places[step.parent], self.places[step.node]]) for step in edges]
        self.walked.set_segments([trimmed(self.row, route, 18) for route in ends])
        known: dict[Tensor, float] = {} if paths else {data.chain[-1]: 1.0}
        for step in () if paths else data.steps[: frame + 1]:
            known[step.parent] = float(step.total)
        for text, (node, (x, y)) in zip(self.totals, self.places.items(), strict=False):
            text.set_visible(node in known)
            text.set_position((x, y + (0.32 if node in data.chain else 0.2 if y > 0 else -0.42)))
            text.set_text(f"{known.get(node, 0):g}")
        for text in self.totals[len(self.places) :]:
            text.set_visible(False)
        self.mark.set_data([data.settings["stages"]], [data.work[frame].operations])
        done = f" ∂f/∂x = {data.derivative:g}." if frame == len(data.work) - 1 else ""
        return data.work[frame].caption + done


lab = Paths()

"""Two ways to the same derivative: path by path, or backwards and edge by edge.  Every operation is counted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, NamedTuple

import numpy as np
from matplotlib.collections import LineCollection

from textbook import plots
from textbook.engine import Array, BackwardStep, Tensor, backward_steps
from textbook.graph import Edge, Graph, Node, local_derivative
from textbook.lab import Choice, FrameAxis, Lab, Picture, Slider
from textbook.plots.graphs import draw_plan, write
from textbook.plots.plan import Plan, plan_graph
from textbook.words import counted, number, signed

BLUE, ORANGE = plots.OKABE_ITO["blue"], plots.OKABE_ITO["vermilion"]
MOST = 6  # stages: 64 paths
UPTO = 20  # stages in the picture of the cost
Path = tuple[BackwardStep, ...]


class Work(NamedTuple):
    """What has been done by a frame: the multiplications and additions so far, and the words for it."""

    operations: int
    caption: str


@dataclass(frozen=True)
class Diamonds:
    """A row of diamonds v ← a·v + b·v from x to f.

    Attributes:
        way: "paths" or "backwards".
        chain: v₀ = x, v₁, …, f.
        steps: the backward pass, one message each.
        local: the local derivative of each of these edges.
        paths: every path from f down to x, as edges.
        work: for each frame what has been done by then.
        by_paths, backwards: for 1, 2, …, 20 stages the operations of either way.
        derivative: ∂f/∂x as the engine finds it.
    """

    way: str
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


def _path_by_path(paths: list[Path], local: dict[tuple[Tensor, int], float]) -> Iterator[Work]:
    operations, total = 0, 0.0
    for count, path in enumerate(paths, start=1):
        factors = [local[step.node, step.index] for step in path]
        operations += len(factors) - 1 + (count > 1)
        total += prod(factors)
        shown = " · ".join(signed(f) for f, step in zip(factors, path, strict=True) if _is_product(step.node))
        yield Work(
            operations,
            f"Path {count} of {len(paths)}: {shown} = {number(prod(factors))} (its other edges carry 1); "
            f"sum so far {number(total)}. {_done(operations)} so far.",
        )


def _backwards(steps: list[BackwardStep], chain: list[Tensor]) -> Iterator[Work]:
    operations = 0
    names = {v: f"v{k}" for k, v in enumerate(chain)} | {chain[-1]: "f", chain[0]: "x"}
    for count, step in enumerate(steps, start=1):
        merged = step.total is not step.message
        operations += 1 + merged
        to = names.get(step.parent, "the product between")
        adds = f"; with the message before, {number(step.total)}" if merged else ""
        yield Work(
            operations,
            f"Message {count} of {len(steps)}, to {to}: {signed(step.upstream)} · {signed(local_derivative(step))} = "
            f"{number(step.message)}{adds}. {_done(operations)} so far.",
        )


def _is_product(node: Tensor) -> bool:
    return node.recipe is not None and node.recipe.op.name == "mul"


def _done(operations: int) -> str:
    return f"{operations} multiplications and additions" if operations != 1 else counted(1, "multiplication")


# ---------------------------------------------------------------------------------------------- the lab

lab = Lab(
    "Step through all paths from f to x; then go backwards, edge by edge, and compare the counts",
    inches=(8.4, 5.0),
    way=Choice("way", "paths", {"paths": "path by path", "backwards": "backwards, edge by edge"}),
    stages=Slider("stages", 4, 1, MOST, 1),
    a=Slider("upper edge ×", 2.0, -3.0, 3.0, 0.5),
    b=Slider("lower edge ×", 3.0, -3.0, 3.0, 0.5),
    work=FrameAxis(
        label=lambda d: "path" if d.way == "paths" else "message", of=lambda d: range(len(d.work)), interval=700,
        show=lambda d: [f"{k} of {len(d.work)}" for k in range(1, len(d.work) + 1)],
        start=lambda d: len(d.work) // 2,
    ),
)  # fmt: skip


@lab.compute
def diamonds(way: str, stages: int, a: float, b: float) -> Diamonds:
    """Both ways through a row of diamonds, counted."""
    chain = [Tensor(1.0, requires_grad=True, name="x")]
    for k in range(stages):
        chain.append(a * chain[-1] + b * chain[-1])
        chain[-1].name = f"v{k + 1}" if k < stages - 1 else "f"
    root, x = chain[-1], chain[0]
    steps = list(backward_steps(root))
    local = {(step.node, step.index): local_derivative(step) for step in steps}
    paths = list(paths_to(x, root, steps))
    work = list(_path_by_path(paths, local) if way == "paths" else _backwards(steps, chain))
    n = np.arange(1, UPTO + 1)
    by_paths = 2**n * (2 * n - 1) + 2**n - 1  # 2n factors on each path, and a sum of 2ⁿ products
    return Diamonds(way, chain, steps, local, paths, work, by_paths, 5 * n, float(steps[-1].total))


def _row(d: Diamonds) -> Graph:
    """The diamonds as they are drawn: a product carries its factor, which is no node of its own."""
    nodes, edges, before = {"x": Node("x", "input", "x")}, [], "x"
    for k, v in enumerate(d.chain[1:]):
        assert v.recipe is not None
        nodes[v.name] = Node(v.name, "operation", "+")
        for place, product in enumerate(v.recipe.parents):
            key = f"{'ab'[place]}{k}"
            index = next(i for node, i in d.local if node is product)
            nodes[key] = Node(key, "operation", f"×{signed(d.local[product, index])}")
            edges += [Edge(before, key, 0), Edge(key, v.name, place)]
        before = v.name
    return Graph(nodes, tuple(edges), "f")


def _ids(d: Diamonds) -> dict[Tensor, str]:
    """From a tensor to its node in the picture."""
    ids = {v: v.name for v in d.chain}
    for k, v in enumerate(d.chain[1:]):
        assert v.recipe is not None
        ids |= {product: f"{'ab'[place]}{k}" for place, product in enumerate(v.recipe.parents)}
    return ids


@lab.picture
def picture(figure: Any) -> Picture:
    figure.set_layout_engine("none")
    row, cost = figure.add_axes((0, 0.5, 1, 0.5)), figure.add_axes((0.09, 0.11, 0.77, 0.36))
    cost.set(xlabel="stages", ylabel="operations", yscale="log", xlim=(0.5, UPTO + 0.5), ylim=(0.6, 3e8))
    cost.set_xticks(range(2, UPTO + 1, 2))
    walked = LineCollection([], colors=ORANGE, linewidths=4.5, alpha=0.75, zorder=3)
    (mark,) = cost.plot([], [], "D", ls="none", color=plots.INK, ms=7, zorder=6)
    said = cost.text(0, 0, "", va="center", size=9.5, color=plots.INK, zorder=7)
    stages = np.arange(1, UPTO + 1)
    live: list[Any] = []
    parts: dict[str, Any] = {}

    def load(d: Diamonds) -> None:
        row.clear()
        parts["plan"] = plan = plan_graph(_row(d), 840, 250, beside=6)
        parts["drawn"] = drawn = draw_plan(row, plan)
        row.add_collection(walked, autolim=False)
        for v in d.chain[1:]:
            write(drawn, v.name, v.name)
        parts["totals"] = {v: write(drawn, v, above=True, color=BLUE, weight="bold") for v in plan.places}
        if not parts.get("curves"):
            cost.plot(stages, d.by_paths, "-", color=ORANGE, marker=".", zorder=4)
            cost.plot(stages, d.backwards, "--", color=BLUE, marker=".", zorder=4)
            for n, words, color in ((d.by_paths, "path by path", ORANGE), (d.backwards, "backwards", BLUE)):
                cost.text(UPTO + 0.8, n[-1], f"{words}\n{n[-1]:,}", color=color, va="center", fontsize=9)
            parts["curves"] = True
        live[:] = [walked, mark, said, *parts["totals"].values()]

    def draw(d: Diamonds, k: int) -> str:
        ids, by_path = _ids(d), d.way == "paths"
        edges = d.paths[k] if by_path else (d.steps[k],)
        walked.set_segments([_curve(parts["plan"], ids[s.parent], ids[s.node]) for s in edges])
        known = {} if by_path else {"f": 1.0} | {ids[s.parent]: float(s.total) for s in d.steps[: k + 1]}
        for v, text in parts["totals"].items():
            text.set(text=number(known[v]) if v in known else "", visible=v in known)
        at, done = len(d.chain) - 1, d.work[k].operations
        mark.set_data([at], [done])
        said.set(position=(at + 0.4, done), text=f"so far: {done}")
        end = f" ∂f/∂x = {number(d.derivative)}." if k == len(d.work) - 1 else ""
        return d.work[k].caption + end

    return Picture(live, draw, load)


def _curve(plan: Plan, source: str, target: str) -> Array:
    return next(curve for e, curve in plan.curves.items() if (e.source, e.target) == (source, target))


@lab.table
def table(d: Diamonds) -> dict[str, Sequence[Any]]:
    return {"stages": range(1, UPTO + 1), "paths": [f"{2**n:,}" for n in range(1, UPTO + 1)],
            "operations, path by path": [f"{n:,}" for n in d.by_paths.tolist()],
            "operations, backwards": [f"{n:,}" for n in d.backwards.tolist()]}  # fmt: skip

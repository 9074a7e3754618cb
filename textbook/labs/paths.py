"""Two ways to the same derivative: path by path, or backwards and edge by edge.  Every operation is counted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from math import prod
from typing import Any

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.text import Text

from textbook.engine import BackwardStep, Tensor, backward_steps
from textbook.graph import Edge, Graph, local_derivative
from textbook.lab import Choice, FrameAxis, Lab, Picture, Slider
from textbook.plots.graphs import draw_plan, write
from textbook.plots.plan import plan_graph
from textbook.plots.style import BLUE, INK, ORANGE
from textbook.words import counted, number, signed

MOST = 6  # stages: 64 paths
STAGES = np.arange(1, 21)  # in the picture of the cost
BY_PATHS = 2**STAGES * (2 * STAGES - 1) + 2**STAGES - 1  # 2n factors on each path, and a sum of 2ⁿ products
BACKWARDS = 5 * STAGES
Work = tuple[int, str]  # the multiplications and additions so far, and the words for what has been done

lab = Lab(
    "Step through all paths from f to x; then go backwards, edge by edge, and compare the counts",
    inches=(8.4, 5.0),
    way=Choice("way", "paths", {"paths": "path by path", "backwards": "backwards, edge by edge"}),
    stages=Slider("stages", 4, 1, MOST, 1),
    a=Slider("upper edge ×", 2.0, -3.0, 3.0, 0.5),
    b=Slider("lower edge ×", 3.0, -3.0, 3.0, 0.5),
    work=FrameAxis(
        label=lambda d: "message" if d.paths is None else "path", of=lambda d: range(len(d.work)), interval=700,
        show=lambda d: [f"{k} of {len(d.work)}" for k in range(1, len(d.work) + 1)],
        start=lambda d: len(d.work) // 2,
    ),
)  # fmt: skip


def paths_to(leaf: Tensor, root: Tensor, steps: Sequence[BackwardStep]) -> Iterator[tuple[BackwardStep, ...]]:
    """Every path of edges from `root` down to `leaf`: one more than all paths that the edge before it allows."""
    if root is leaf:
        yield ()
    for step in steps:
        if step.node is root:
            for rest in paths_to(leaf, step.parent, steps):
                yield (step, *rest)


def path_by_path(paths: Sequence[Sequence[BackwardStep]]) -> Iterator[Work]:
    """What the sum over all paths takes."""
    operations, total = 0, 0.0
    for count, path in enumerate(paths, start=1):
        factors = {step: local_derivative(step) for step in path}
        product = prod(factors.values())
        operations += len(factors) - 1 + (count > 1)
        total += product
        shown = " · ".join(signed(f) for step, f in factors.items() if step.node.recipe.op.name == "mul")
        yield operations, (f"Path {count} of {len(paths)}: {shown} = {number(product)} (its other edges carry 1); sum "
                           f"so far {number(total)}. {done(operations)} so far.")  # fmt: skip


def edge_by_edge(steps: Sequence[BackwardStep]) -> Iterator[Work]:
    """What the backward pass takes."""
    operations = 0
    for count, step in enumerate(steps, start=1):
        merged = step.total is not step.message
        operations += 1 + merged
        to = step.parent.name if step.node.recipe.op.name == "mul" else "the product between"
        adds = f"; with the message before, {number(step.total)}" if merged else ""
        yield operations, (f"Message {count} of {len(steps)}, to {to}: {signed(step.upstream)} · "
                           f"{signed(local_derivative(step))} = {number(step.message)}{adds}. {done(operations)} so "
                           "far.")  # fmt: skip


def done(operations: int) -> str:
    """How much was done, in words."""
    return f"{operations} multiplications and additions" if operations != 1 else counted(1, "multiplication")


@lab.compute
def diamonds(way, stages, a, b):
    """A row of diamonds v ← a·v + b·v from x to f, and one of both ways through it, counted.

    `graph`, in which a product shows its factor, which is no node of its own; `steps`, the backward pass, one message
    each; by paths also `paths`, every path from f down to x, as steps, else None; `work`, what has been done by each
    frame; `derivative`, ∂f/∂x as the engine finds it.
    """
    x = v = Tensor(1.0, requires_grad=True, name="x")
    labels: dict[str, str] = {}
    for k in range(1, stages + 1):
        upper, lower = a * v, b * v
        v = upper + lower
        upper.name, lower.name, v.name = f"a{k}", f"b{k}", f"v{k}" if k < stages else "f"
        labels |= {upper.name: f"×{signed(a)}", lower.name: f"×{signed(b)}"}
    whole = Graph.of(v)
    nodes = {key: replace(node, label=labels.get(key, node.label))
             for key, node in whole.nodes.items() if node.kind != "constant"}  # fmt: skip
    graph = Graph(nodes, tuple(e for e in whole.edges if e.source in nodes), "f")
    steps = list(backward_steps(v))
    paths = list(paths_to(x, v, steps)) if way == "paths" else None
    return {"graph": graph, "stages": stages, "steps": steps, "paths": paths,
            "work": list(edge_by_edge(steps) if paths is None else path_by_path(paths)),
            "derivative": float(steps[-1].total)}  # fmt: skip


@lab.table
def table(d):
    return {"stages": STAGES, "paths": [f"{2**n:,}" for n in STAGES],
            "operations, path by path": [f"{n:,}" for n in BY_PATHS],
            "operations, backwards": [f"{n:,}" for n in BACKWARDS]}  # fmt: skip


@lab.picture
def picture(fig):
    fig.set_layout_engine("none")
    row, cost = fig.add_axes((0, 0.5, 1, 0.5)), fig.add_axes((0.09, 0.11, 0.77, 0.36))
    cost.set(xlabel="stages", ylabel="operations", yscale="log", xlim=(0.5, STAGES[-1] + 0.5), ylim=(0.6, 3e8))
    cost.set_xticks(STAGES[1::2])
    for n, look, color, words in ((BY_PATHS, ".-", ORANGE, "path by path"), (BACKWARDS, ".--", BLUE, "backwards")):
        cost.plot(STAGES, n, look, color=color, zorder=4)
        cost.text(STAGES[-1] + 0.8, n[-1], f"{words}\n{n[-1]:,}", color=color, va="center", fontsize=9)
    walked = LineCollection([], colors=ORANGE, linewidths=4.5, alpha=0.75, zorder=3)
    (mark,) = cost.plot([], [], "D", ls="none", color=INK, ms=7, zorder=6)
    said = cost.text(0, 0, "", size=9.5, color=INK, zorder=7)
    live: list[Any] = []
    plan: Any = None
    totals: dict[str, Text] = {}

    def scenery(d):
        nonlocal plan, totals
        plan = plan_graph(d.graph, 840, 250, beside=6)
        drawn = draw_plan(row, plan)
        row.add_collection(walked, autolim=False)
        for v, node in d.graph.nodes.items():
            if node.label == "+":
                write(drawn, v, v)
        totals = {v: write(drawn, v, above=True, color=BLUE, weight="bold") for v in plan.places}
        live[:] = [walked, mark, said, *totals.values()]

    def draw(d, k):
        done, words = d.work[k]
        edges = d.paths[k] if d.paths else [d.steps[k]]
        walked.set_segments([plan.curves[Edge(s.parent.name, s.node.name, s.index)] for s in edges])
        known = {} if d.paths else {"f": 1.0} | {s.parent.name: float(s.total) for s in d.steps[: k + 1]}
        for v, text in totals.items():
            text.set(text=number(known[v]) if v in known else "", visible=v in known)
        mark.set_data([d.stages], [done])
        side = "center" if d.paths else "top"  # no curve runs there
        said.set(position=(d.stages + 0.4, done), text=f"so far: {done}", va=side)
        return words if k < len(d.work) - 1 else f"{words} ∂f/∂x = {number(d.derivative)}."

    return Picture(live, draw, scenery)

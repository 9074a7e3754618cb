"""Backpropagation with a part taken out: which gradients go wrong, and which check notices.

The edges, their order and their local derivatives are those of `engine.backward_steps`; a sabotage changes the order,
the way messages are put together, or what is there before.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from textbook.engine import BackwardStep, Tensor, backward_steps
from textbook.expression import Expression, parse
from textbook.gradcheck import numerical_grad
from textbook.graph import Edge, Graph, local_derivative
from textbook.lab import Choice, FrameAxis, Lab, Picture, Text
from textbook.plots.graphs import arrow, draw_plan, point_arrow, write
from textbook.plots.plan import plan_graph
from textbook.plots.style import BLUE, GREEN, INK, ORANGE
from textbook.words import given, number, written

LARGEST = 14  # nodes in the picture
START = (3.0, 2.0, -1.5, 0.5, -2.0, 1.0)  # values of the inputs, in order
RATE = 0.1  # of the training step between two backward passes
SABOTAGES = {
    "none": "nothing is broken",
    "assign": "= for +=",
    "no_order": "no topological order",
    "no_zero_grad": "forgotten zero_grad",
    "twice": "backward twice",
}

lab = Lab(
    "Break a part of backpropagation, guess which check will notice, then step to the end",
    inches=(8.4, 4.6),
    sabotage=Choice("sabotage", "assign", SABOTAGES),
    formula=Text("formula", "u = x*y; f = u*(u + x)", parse=parse),
    message=FrameAxis(
        "message", of=lambda d: range(len(d.moments)), interval=900,
        show=lambda d: [f"{k} of {len(d.moments)}" for k in range(1, len(d.moments) + 1)],
        start=lambda d: (len(d.moments) - 1) // 2,  # the end would answer the question
    ),
)  # fmt: skip


def sabotaged_steps(root: Tensor, sabotage: str) -> Iterator[BackwardStep]:
    """The steps of `backward_steps`, as a broken engine would take them.

    Args:
        root: a graph of numbers.
        sabotage: "assign" overwrites where messages should add; "no_order" visits nodes as they are discovered from
            the root, breadth first.  Anything else changes nothing.
    """
    steps = list(backward_steps(root))
    if sabotage == "no_order":
        found = [root]
        for node in found:  # it grows on the way
            found += [p for p in (node.recipe.parents if node.recipe else ()) if p not in found]
        steps.sort(key=lambda step: found.index(step.node))
    upstream: dict[Tensor, Any] = {root: np.float64(1)}
    for step in steps:
        g = upstream.get(step.node, np.float64(0))
        message = g * local_derivative(step)
        before = 0.0 if sabotage == "assign" else upstream.get(step.parent, 0.0)
        upstream[step.parent] = total = before + message
        yield step._replace(upstream=g, message=message, total=total)


class Pass(NamedTuple):
    """One backward pass of a broken training: its graph and steps, and `.grad` of the inputs before and after it."""

    graph: Graph
    before: dict[str, float]
    steps: list[BackwardStep]
    after: dict[str, float]


def training(formula: Expression, points: Sequence[Mapping[str, float]], sabotage: str) -> Iterator[Pass]:
    """A forward and a backward pass at each point, as a broken training loop would make them."""
    grads: dict[str, float] = {}
    for point in points:
        root, leaves = formula.tensors(**point)
        graph = Graph.of(root)
        if sabotage != "no_zero_grad":
            grads = {}
        for _ in range(2 if sabotage == "twice" else 1):
            steps = list(sabotaged_steps(root, sabotage))
            totals = {graph.ids[step.parent]: float(step.total) for step in steps}
            before = grads
            grads = {name: before.get(name, 0.0) + totals.get(name, 0.0) for name in leaves}
            yield Pass(graph, before, steps, grads)


class Moment(NamedTuple):
    """One frame: the edge that carries a message, the gradients so far by node, and the words.

    `right` holds, once a backward pass has ended, what each node should have.
    """

    caption: str
    edge: Edge
    gradients: Mapping[str, float]
    right: Mapping[str, float] | None = None


def moments_of(p: Pass, which: str) -> Iterator[Moment]:
    """The frames of a pass; their captions begin with `which` it is."""
    root = p.graph.nodes[p.graph.output].tensor
    assert root is not None
    right = {p.graph.ids[step.parent]: float(step.total) for step in backward_steps(root)} | {p.graph.output: 1.0}
    gradients: dict[str, float] = {**p.before, p.graph.output: 1.0}
    for k, step in enumerate(p.steps):
        parent, node = p.graph.ids[step.parent], p.graph.ids[step.node]
        had = f", which had {number(gradients[parent])}" if parent in gradients else ""
        gradients = {**gradients, parent: p.before.get(parent, 0.0) + float(step.total)}
        product = written("mul", [number(step.upstream), number(local_derivative(step))])
        yield Moment(
            f"{which}{node} sends {product} = {number(step.message)} to {parent}{had}: it now has "
            f"{number(gradients[parent])}.",
            Edge(parent, node, step.index), gradients, right if k == len(p.steps) - 1 else None,
        )  # fmt: skip


def slopes(formula: Expression, point: Mapping[str, float]) -> dict[str, float]:
    """The derivative by each input, by finite differences."""
    return {name: float(numerical_grad(lambda v, name=name: formula(**{**point, name: v}), at))
            for name, at in point.items()}  # fmt: skip


@lab.compute
def broken(sabotage, formula):
    """The formula's `graph` differentiated by a broken engine.

    `moments`, the frames; `gradients`, what it has left in `.grad` of each input at the end, and what is `right` there;
    `checks`, for each of three tests whether it passes.
    """
    expression = parse(formula)
    here = {name: START[i % len(START)] for i, name in enumerate(expression.names)}

    def after(*points: Mapping[str, float]) -> dict[str, float]:
        *_, last = training(expression, points, sabotage)
        return last.after

    def agree(a: Mapping[str, float], b: Mapping[str, float]) -> bool:
        return np.allclose([a[name] for name in b], [*b.values()], rtol=1e-5, atol=1e-6)

    with np.errstate(all="ignore"):
        right = slopes(expression, here)
        if not np.isfinite([float(expression(**here)), *right.values()]).all():
            raise ValueError(f"the formula or its slope is not finite at {given(here)}: choose another")
        there = {name: value - RATE * right[name] for name, value in here.items()}
        points = [here, there] if sabotage == "no_zero_grad" else [here]
        passes = list(training(expression, points, sabotage))
        graph = passes[0].graph
        if len(graph.nodes) > LARGEST:
            raise ValueError(f"the formula has {len(graph.nodes)} nodes, the picture has room for {LARGEST}")
        moments: list[Moment] = []
        for count, p in enumerate(passes, start=1):
            at = given({v: float(node.value) for v, node in p.graph.nodes.items() if node.kind == "input"})
            moments += moments_of(p, f"Pass {count}, at {at}: " if len(passes) > 1 else "")
        checks = {
            "finite differences, first step": agree(after(here), right),
            "finite differences, second step": agree(after(here, there), slopes(expression, there)),
            "the same gradient when asked twice": agree(after(here, here), after(here)),
        }
    if not moments:
        raise ValueError("there is nothing to differentiate: the formula needs an operation, such as x*y")
    return {"graph": graph, "moments": moments, "gradients": passes[-1].after, "right": slopes(expression, points[-1]),
            "checks": checks}  # fmt: skip


@lab.table
def table(d):
    return {"input": list(d.gradients), "broken engine": list(d.gradients.values()),
            "finite differences": list(d.right.values())}  # fmt: skip


@lab.picture
def picture(fig):
    fig.set_layout_engine("none")
    axes, notes = fig.add_axes((0, 0.29, 1, 0.71)), fig.add_axes((0, 0, 1, 0.29))
    notes.set_axis_off()
    notes.text(0.03, 0.9, "Which check notices?", size=10.5, weight="bold", va="top", color=INK)
    checks = [notes.text(0.03, 0.64 - 0.23 * row, "", size=10.5, va="top") for row in range(3)]
    live: list[Any] = []
    edge: Any = None
    words: dict[str, Any] = {}
    plan: Any = None

    def scenery(d):
        nonlocal edge, words, plan
        plan = plan_graph(d.graph, 840, 326, beside=max(map(len, d.graph.nodes)) + 17)
        drawn = draw_plan(axes, plan)
        edge = arrow(axes, next(iter(plan.curves.values())), 9, color=ORANGE, lw=4, zorder=3)
        words = {v: write(drawn, v) for v, node in d.graph.nodes.items() if node.kind != "constant"}
        live[:] = [edge, *words.values(), *checks]

    def draw(d, k):
        moment, end = d.moments[k], k == len(d.moments) - 1
        point_arrow(edge, plan.curves[moment.edge][::-1])
        wrong = []
        for v, text in words.items():
            has, color, weight, known = moment.gradients.get(v), INK, "normal", ""
            if has is not None:
                color, known = BLUE, number(has, 3)
                if moment.right is not None:
                    good = np.isclose(has, moment.right[v], rtol=1e-9, atol=1e-12)
                    color, weight = (GREEN, "normal") if good else (ORANGE, "bold")
                    known = f"✓ {known}" if good else f"✗ {known} ≠ {number(moment.right[v], 3)}"
                    wrong += [] if good else [v]
            name = v if d.graph.nodes[v].kind == "operation" else ""
            said = ": ".join(filter(None, [name, known]))
            text.set(text=said, color=color, weight=weight, visible=bool(said))
        for text, (name, passed) in zip(checks, d.checks.items(), strict=True):
            said = "?" if not end else "passes, notices nothing" if passed else "notices"
            text.set(text=f"{name}:  {said}", weight="bold" if said == "notices" else "normal",
                     color=BLUE if said == "notices" else INK)  # fmt: skip
        if moment.right is None:
            return moment.caption
        return moment.caption + (f" Wrong: {', '.join(wrong)}." if wrong else " Every gradient is right.")

    return Picture(live, draw, scenery)

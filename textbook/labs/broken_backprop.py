"""Backpropagation with a part taken out: which gradients go wrong, and which check notices.

The edges, their order and their local derivatives are those of `engine.backward_steps`; a sabotage changes the order,
the way messages are put together, or what is there before.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from textbook import plots
from textbook.engine import BackwardStep, Tensor, backward_steps
from textbook.expression import Expression, parse
from textbook.gradcheck import numerical_grad
from textbook.graph import Edge, Graph, local_derivative
from textbook.lab import Choice, FrameAxis, Lab, Picture, Text
from textbook.plots.graphs import arrow, draw_plan, point_arrow, write
from textbook.plots.plan import plan_graph
from textbook.words import given, number, written

BLUE, ORANGE, GREEN = (plots.OKABE_ITO[name] for name in ("blue", "vermilion", "green"))
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


class Moment(NamedTuple):
    """One frame: the edge that carries a message, the gradients so far by node, and the words.

    `right` holds, once a backward pass has ended, what each node should have.
    """

    caption: str
    edge: Edge
    gradients: Mapping[str, float]
    right: Mapping[str, float] | None = None


class Check(NamedTuple):
    """A test that an engine can be put to, and whether it noticed."""

    name: str
    passed: bool


@dataclass(frozen=True)
class Sabotaged:
    """A formula, differentiated by a broken engine.

    Attributes:
        graph: of the formula.
        moments: the frames.
        gradients: what the broken engine has left in `.grad` of each input at the end.
        right: what should be there.
        checks: which of three tests notices.
    """

    graph: Graph
    moments: list[Moment]
    gradients: dict[str, float]
    right: dict[str, float]
    checks: list[Check]


def sabotaged_steps(root: Tensor, sabotage: str) -> Iterator[BackwardStep]:
    """The steps of `backward_steps`, as a broken engine would take them.

    Args:
        root: a graph of numbers.
        sabotage: "assign" overwrites where messages should add; "no_order" visits nodes as they are discovered from
            the root, breadth first.  Anything else changes nothing.
    """
    steps = list(backward_steps(root))
    if sabotage == "no_order":
        found = _discovery(root)
        steps.sort(key=lambda step: found[step.node])
    upstream: dict[Tensor, Any] = {root: np.float64(1)}
    for step in steps:
        g = upstream.get(step.node, np.float64(0))
        message = g * local_derivative(step)
        before = 0.0 if sabotage == "assign" else upstream.get(step.parent, 0.0)
        upstream[step.parent] = total = before + message
        yield step._replace(upstream=g, message=message, total=total)


def _discovery(root: Tensor) -> dict[Tensor, int]:
    found, queue = {root: 0}, deque([root])
    while queue:
        node = queue.popleft()
        for parent in node.recipe.parents if node.recipe else ():
            if parent not in found:
                found[parent] = len(found)
                queue.append(parent)
    return found


class Pass(NamedTuple):
    """One backward pass of a broken training: what `.grad` of the inputs held before it, and its graph and steps."""

    number: int
    graph: Graph
    before: dict[str, float]
    steps: list[BackwardStep]
    after: dict[str, float]


def training(formula: Expression, points: Sequence[Mapping[str, float]], sabotage: str) -> Iterator[Pass]:
    """A forward and a backward pass at each point, as a broken training loop would make them."""
    grads: dict[str, float] = {}
    number = 0
    for point in points:
        root, leaves = formula.tensors(**point)
        graph = Graph.of(root)
        if sabotage != "no_zero_grad":
            grads = {}
        for _ in range(2 if sabotage == "twice" else 1):
            number += 1
            steps = list(sabotaged_steps(root, sabotage))
            totals = {graph.ids[step.parent]: float(step.total) for step in steps}
            before = grads
            grads = {name: before.get(name, 0.0) + totals.get(name, 0.0) for name in leaves}
            yield Pass(number, graph, before, steps, grads)


def _difference(formula: Expression, point: Mapping[str, float], name: str) -> float:
    return float(numerical_grad(lambda v: formula(**{**point, name: v}), point[name]))


def _agree(a: Mapping[str, float], b: Mapping[str, float]) -> bool:
    return all(np.isclose(a[name], b[name], rtol=1e-5, atol=1e-6) for name in b)


def _checks(formula: Expression, here: dict, there: dict, sabotage: str) -> Iterator[Check]:
    def after(*points: Mapping[str, float]) -> dict[str, float]:
        *_, last = training(formula, points, sabotage)
        return last.after

    for step, points in (("first", [here]), ("second", [here, there])):
        slopes = {v: _difference(formula, points[-1], v) for v in here}
        yield Check(f"finite differences, {step} step", _agree(after(*points), slopes))
    yield Check("the same gradient when asked twice", _agree(after(here, here), after(here)))


def _moments(p: Pass, passes: int) -> Iterator[Moment]:
    root = p.graph.nodes[p.graph.output].tensor
    assert root is not None
    right = {p.graph.ids[step.parent]: float(step.total) for step in backward_steps(root)} | {p.graph.output: 1.0}
    gradients: dict[str, float] = {**p.before, p.graph.output: 1.0}
    at = given({v: float(node.value) for v, node in p.graph.nodes.items() if node.kind == "input"})
    which = f"Pass {p.number}, at {at}: " if passes > 1 else ""
    for k, step in enumerate(p.steps):
        parent, node = p.graph.ids[step.parent], p.graph.ids[step.node]
        carried = p.before.get(parent, 0.0)
        old = gradients.get(parent)
        gradients = {**gradients, parent: carried + float(step.total)}
        had = "" if old is None else f", which had {number(old)}"
        product = written("mul", [number(step.upstream), number(local_derivative(step))])
        yield Moment(
            f"{which}{node} sends {product} = {number(step.message)} to {parent}{had}: it now has "
            f"{number(gradients[parent])}.",
            Edge(parent, node, step.index), gradients, right if k == len(p.steps) - 1 else None,
        )  # fmt: skip


# ---------------------------------------------------------------------------------------------- the lab

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


@lab.compute
def broken(sabotage: str, formula: str) -> Sabotaged:
    """The formula differentiated by the broken engine, and the verdict of each check."""
    expression = parse(formula)
    here = {name: START[i % len(START)] for i, name in enumerate(expression.names)}
    with np.errstate(all="ignore"):
        right = {name: _difference(expression, here, name) for name in here}
        if not np.isfinite([float(expression(**here)), *right.values()]).all():
            raise ValueError(f"the formula or its slope is not finite at {given(here)}: choose another")
        there = {name: value - RATE * right[name] for name, value in here.items()}
        points = [here, there] if sabotage == "no_zero_grad" else [here]
        passes = list(training(expression, points, sabotage))
        graph = passes[0].graph
        if len(graph.nodes) > LARGEST:
            raise ValueError(f"the formula has {len(graph.nodes)} nodes, the picture has room for {LARGEST}")
        moments = [m for p in passes for m in _moments(p, len(passes))]
        checks = list(_checks(expression, here, there, sabotage))
    if not moments:
        raise ValueError("there is nothing to differentiate: the formula needs an operation, such as x*y")
    last = {name: _difference(expression, points[-1], name) for name in here}
    return Sabotaged(graph, moments, passes[-1].after, last, checks)


@lab.picture
def picture(figure: Any) -> Picture:
    figure.set_layout_engine("none")
    axes, notes = figure.add_axes((0, 0.29, 1, 0.71)), figure.add_axes((0, 0, 1, 0.29))
    live: list[Any] = []
    parts: dict[str, Any] = {}

    def load(d: Sabotaged) -> None:
        axes.clear()
        notes.clear()
        notes.set_axis_off()
        plan = plan_graph(d.graph, 840, 326, beside=max(map(len, d.graph.nodes)) + 17)
        drawn = draw_plan(axes, plan)
        parts["edge"] = arrow(axes, next(iter(plan.curves.values())), 9, color=ORANGE, lw=4, zorder=3)
        parts["words"] = {v: write(drawn, v, visible=False) for v in d.graph.nodes}
        notes.text(0.03, 0.9, "Which check notices?", size=10.5, weight="bold", va="top", color=plots.INK)
        parts["checks"] = [notes.text(0.03, 0.64 - 0.23 * row, "", size=10.5, va="top") for row in range(len(d.checks))]
        live[:] = [parts["edge"], *parts["words"].values(), *parts["checks"]]
        parts["plan"] = plan

    def draw(d: Sabotaged, k: int) -> str:
        moment, end = d.moments[k], k == len(d.moments) - 1
        point_arrow(parts["edge"], parts["plan"].curves[moment.edge][::-1])
        wrong = []
        for v, text in parts["words"].items():
            has, name = moment.gradients.get(v), "" if d.graph.nodes[v].kind == "input" else v
            known = "" if has is None else number(has, 3)
            color, weight = BLUE, "normal"
            if has is not None and moment.right is not None:
                good = bool(np.isclose(has, moment.right[v], rtol=1e-9, atol=1e-12))
                known = f"✓ {known}" if good else f"✗ {known} ≠ {number(moment.right[v], 3)}"
                color, weight = (GREEN, "normal") if good else (ORANGE, "bold")
                wrong += [] if good else [v]
            shown = d.graph.nodes[v].kind != "constant"
            text.set(text=": ".join(filter(None, [name, known])), color=color if known else plots.INK, weight=weight)
            text.set_visible(shown and bool(name or known))
        for check, text in zip(d.checks, parts["checks"], strict=True):
            notices = end and not check.passed
            said = "notices" if notices else "passes, notices nothing" if end else "?"
            text.set_text(f"{check.name}:  {said}")
            text.set(weight="bold" if notices else "normal", color=BLUE if notices else plots.INK)
        if moment.right is None:
            return moment.caption
        return moment.caption + (f" Wrong: {', '.join(wrong)}." if wrong else " Every gradient is right.")

    return Picture(live, draw, load)


@lab.table
def table(d: Sabotaged) -> dict[str, Sequence[Any]]:
    return {"input": list(d.gradients), "broken engine": list(d.gradients.values()),
            "finite differences": [d.right[name] for name in d.gradients]}  # fmt: skip

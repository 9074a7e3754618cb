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
from matplotlib.figure import Figure

from textbook import plots
from textbook.engine import BackwardStep, Tensor, backward_steps
from textbook.expression import Expression, parse
from textbook.gradcheck import numerical_grad
from textbook.graph import Edge, Graph
from textbook.labs.base import Choice, Data, Frames, Lab, Picture, Settings, Text
from textbook.labs.paths import trimmed

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
class Sabotaged(Data):
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
        message = g * _local(step)
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


def _local(step: BackwardStep) -> Any:
    recipe = step.node.recipe
    assert recipe is not None
    inputs = [parent.data for parent in recipe.parents]
    return recipe.op.vjps[step.index](np.float64(1), step.node.data, *inputs, **recipe.params)


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


class BrokenBackprop(Lab):
    """Frame axis: the message."""

    name = "broken_backprop"
    title = "A graph differentiated by a broken engine: each node's gradient, right or wrong, and which check notices"
    controls = (
        Choice("sabotage", "sabotage", "assign", SABOTAGES),
        Text("formula", "formula", "u = x*y; f = u*(u + x)", parse=parse),
    )

    def compute(self, s: Settings) -> Sabotaged:
        formula, sabotage = parse(s["formula"]), s["sabotage"]
        here = {name: START[i % len(START)] for i, name in enumerate(formula.names)}
        with np.errstate(all="ignore"):
            right = {name: _difference(formula, here, name) for name in here}
            if not np.isfinite([float(formula(**here)), *right.values()]).all():
                raise ValueError(f"the formula or its slope is not finite at {_listed(here)}: choose another")
            there = {name: value - RATE * right[name] for name, value in here.items()}
            points = [here, there] if sabotage == "no_zero_grad" else [here]
            passes = list(training(formula, points, sabotage))
            graph = passes[0].graph
            if len(graph.nodes) > LARGEST:
                raise ValueError(f"the formula has {len(graph.nodes)} nodes, the picture has room for {LARGEST}")
            moments = [m for p in passes for m in _moments(p, len(passes))]
            checks = list(_checks(formula, here, there, sabotage))
        if not moments:
            raise ValueError("there is nothing to differentiate: the formula needs an operation, such as x*y")
        last = {name: _difference(formula, points[-1], name) for name in here}
        return Sabotaged(s, graph, moments, passes[-1].after, last, checks)

    def picture(self) -> Picture:
        return _Picture()

    def frames(self, data: Sabotaged) -> Frames:
        return Frames(range(1, len(data.moments) + 1), "message", interval=900, start=len(data.moments) - 1)

    def table(self, data: Sabotaged) -> tuple[Sequence[str], Sequence[Sequence[Any]]]:
        return ("input", "broken engine", "finite differences"), [
            (name, data.gradients[name], data.right[name]) for name in data.gradients
        ]


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
    at = _listed({v: float(node.value) for v, node in p.graph.nodes.items() if node.kind == "input"})
    which = f"Pass {p.number}, at {at}: " if passes > 1 else ""
    for k, step in enumerate(p.steps):
        parent, node = p.graph.ids[step.parent], p.graph.ids[step.node]
        carried = p.before.get(parent, 0.0)
        old = gradients.get(parent)
        gradients = {**gradients, parent: carried + float(step.total)}
        had = "" if old is None else f", which had {old:.4g}"
        yield Moment(
            f"{which}{node} sends {step.upstream:.4g} · {_local(step):.4g} = {step.message:.4g} to {parent}{had}: "
            f"it now has {gradients[parent]:.4g}.",
            Edge(parent, node, step.index), gradients, right if k == len(p.steps) - 1 else None,
        )  # fmt: skip


def _listed(values: Mapping[str, float]) -> str:
    return ", ".join(f"{name} = {value:g}" for name, value in values.items())


class _Picture(Picture):
    def __init__(self) -> None:
        with plots.style():
            self.figure = Figure(figsize=(8.4, 4.4), layout="constrained")
            self.axes, self.notes = self.figure.subplots(2, 1, height_ratios=(2.7, 1))
            for ax in (self.axes, self.notes):
                ax.set_axis_off()
                ax.set(xlim=(0, 1), ylim=(0, 1))
            (self.edge,) = self.axes.plot([], [], "-", color=ORANGE, lw=5, alpha=0.75)
            self.words = [self.axes.text(0, 0, "", ha="center", va="top", zorder=6) for _ in range(LARGEST)]
            self.live = [self.edge, self.words]

    def load(self, data: Sabotaged) -> bool:
        self.data = data
        self.wipe(self.axes, self.notes)
        graph, layout = data.graph, data.graph.layout
        corners = np.array([*layout.positions.values(), *(p for route in layout.routes.values() for p in route)])
        low, high = corners.min(axis=0), corners.max(axis=0)
        low, high = np.where(high > low, low, low - 1), np.where(high > low, high, high + 1)

        def place(points: Any) -> Any:  # stretched to fill the axes, whatever the graph's proportions
            return (0.12, 0.2) + (np.asarray(points) - low) / (high - low) * (0.8, 0.7)

        self.places = {v: place(point) for v, point in layout.positions.items()}
        self.routes = {e: place(route) for e, route in layout.routes.items()}
        look = {"arrowstyle": "-|>", "color": plots.PALE, "lw": 1.3, "shrinkA": 0, "shrinkB": 12}
        for route in self.routes.values():
            self.axes.plot(*route[:-1].T, "-", color=plots.PALE, lw=1.3, zorder=1)
            self.axes.annotate("", route[-1], route[-2], arrowprops=look, zorder=1)
        for v, node in graph.nodes.items():
            marker = "o" if node.kind == "operation" else "s"
            rim = {"ls": "none", "mec": plots.PALE if node.kind == "constant" else plots.INK, "mew": 1.2, "zorder": 3}
            if v == graph.output:
                self.axes.plot(*self.places[v], marker, ms=29, mfc=plots.PAPER, **rim)
            self.axes.plot(*self.places[v], marker, ms=24, mfc=plots.FILL[node.kind], **rim)
            self.axes.text(*self.places[v], node.label, ha="center", va="center", size=12, color=plots.INK, zorder=4)
        self.notes.text(0.02, 0.95, "Which check notices?", fontsize=10, weight="bold", va="top", color=plots.INK)
        for row, check in enumerate(data.checks):
            said = "✓  {}: passes, and notices nothing" if check.passed else "✗  {}: fails, so it notices"
            color = plots.INK if check.passed else ORANGE
            self.notes.text(0.02, 0.7 - 0.26 * row, said.format(check.name), fontsize=10, va="top", color=color)
        return True

    def draw(self, frame: int) -> str:
        data, moment = self.data, self.data.moments[frame]
        self.edge.set_data(*trimmed(self.axes, self.routes[moment.edge], 22).T)
        wrong = []
        for v, text in zip(self.places, self.words, strict=False):
            x, y = self.places[v]
            has = moment.gradients.get(v)
            name = "" if data.graph.nodes[v].kind == "input" else f"{v}: "
            text.set(visible=has is not None, position=(x, y - 0.085), color=BLUE, weight="normal")
            text.set_text(f"{name}{has or 0:.3g}")
            if has is not None and moment.right is not None:
                expected = moment.right[v]
                good = bool(np.isclose(has, expected, rtol=1e-9, atol=1e-12))
                text.set_text(f"{name}✓ {has:.3g}" if good else f"{name}✗ {has:.3g} ≠ {expected:.3g}")
                text.set(color=GREEN if good else ORANGE, weight="normal" if good else "bold")
                wrong += [] if good else [v]
        for text in self.words[len(self.places) :]:
            text.set_visible(False)
        end = ""
        if moment.right is not None:
            end = f" Wrong: {', '.join(wrong)}." if wrong else " Every gradient is right."
        return moment.caption + end


lab = BrokenBackprop()

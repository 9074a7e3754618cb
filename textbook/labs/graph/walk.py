"""The walk through a graph: what happens in each frame, in numbers.  All of them are the engine's."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from textbook.engine import Array, BackwardStep, GraphError, Tensor, backward_steps
from textbook.expression import parse
from textbook.graph import Edge, Graph, local_derivative
from textbook.plots.plan import Plan, plan_graph
from textbook.words import number

WIDTH = 840.0  # pixels
START = (3.0, 2.0, 1.0, 0.5, 1.5, 2.5)  # values of the inputs, in order, unless others are given


def usual_values(names: Sequence[str]) -> dict[str, Any]:
    """The values of a formula's inputs, unless others are given."""
    return {name: START[i % len(START)] for i, name in enumerate(names)}


def recorded(formula: str, values: Mapping[str, Any] | None = None) -> tuple[Tensor, dict[str, Any]]:
    """A formula as the engine records it, its result named; and the values that went in, the usual ones by default."""
    expression = parse(formula)
    inputs = {name: (values or {}).get(name, usual) for name, usual in usual_values(expression.names).items()}
    with np.errstate(all="ignore"):
        root, _ = expression.tensors(**inputs)
    if not root.name:
        taken = {step.name for step in expression.steps}
        root.name = next(name for name in ("f", "g", "h", "out", "result", "f_out") if name not in taken)
    return root, inputs


class Message(NamedTuple):
    """One step of the backward pass; `local` is the edge's local derivative, None where arrays meet."""

    edge: Edge
    upstream: Array
    local: float | None
    message: Array
    total: Array


class Moment(NamedTuple):
    """One frame: what happens, to which node, and along which edges.

    `what` is "graph", "node", "inputs", "value", "seed", "message" or "end".
    """

    what: str
    node: str = ""
    edges: tuple[Edge, ...] = ()
    message: Message | None = None

    @property
    def back(self) -> bool:
        return self.what in ("seed", "message")


@dataclass(frozen=True, eq=False)
class Walk:
    """A graph, and the walk through it.

    Attributes:
        graph: what is shown; its nodes hold their values.
        inputs: the value of each variable of the formula.
        mode: "structure", "forward" or "backward".
        hold: whether the backward pass treats the intermediate nodes as constants.
        messages: the backward pass, in the engine's order.
        asked: the node that is to be explained, or "".
    """

    graph: Graph
    inputs: dict[str, Any]
    mode: str
    hold: bool
    messages: tuple[Message, ...]
    asked: str = ""

    @cached_property
    def moments(self) -> list[Moment]:
        """The frames."""
        return list(self._structure() if self.mode == "structure" else self._passes())

    def _structure(self) -> Iterator[Moment]:
        yield Moment("graph")
        for v in self.graph.nodes:
            yield Moment("node", v, self._into(v))

    def _passes(self) -> Iterator[Moment]:
        yield Moment("inputs")
        for v, node in self.graph.nodes.items():
            if node.kind == "operation":
                yield Moment("value", v, self._into(v))
        if self.mode == "backward":
            yield Moment("seed", self.graph.output)
            for m in self.messages:
                if not self.hold or (m.edge.target == self.graph.output and m.edge.source in self.partials):
                    yield Moment("message", m.edge.source, (m.edge,), m)
            yield Moment("end")

    def _into(self, v: str) -> tuple[Edge, ...]:
        return tuple(e for e in self.graph.edges if e.target == v)

    @cached_property
    def computed(self) -> dict[str, int]:
        """For each node the frame in which its value appears."""
        found = {m.node: k for k, m in enumerate(self.moments) if m.what == "value"}
        return {v: found.get(v, 0) for v in self.graph.nodes}

    @cached_property
    def seed(self) -> int | None:
        """The frame of ∂f/∂f = 1; None without a backward pass."""
        return next((k for k, m in enumerate(self.moments) if m.what == "seed"), None)

    @cached_property
    def sent(self) -> dict[Edge, int]:
        """For each edge the frame in which its message travels back."""
        return {m.edges[0]: k for k, m in enumerate(self.moments) if m.what == "message"}

    @cached_property
    def received(self) -> dict[str, list[tuple[int, Array]]]:
        """For each node the frames in which its gradient grows, and the total so far."""
        got: dict[str, list[tuple[int, Array]]] = {}
        if self.seed is not None:
            got[self.graph.output] = [(self.seed, 1.0)]
        for k, m in enumerate(self.moments):
            if m.message is not None:
                got.setdefault(m.node, []).append((k, m.message.total))
        return got

    def gradient(self, v: str, frame: int) -> tuple[Array, bool] | None:
        """What a node has received by a frame, and whether that is all of it."""
        got = self.received.get(v, [])
        n = bisect_right(got, frame, key=lambda pair: pair[0])
        return (got[n - 1][1], n == len(got)) if n else None

    @cached_property
    def gradients(self) -> dict[str, Array]:
        """For each node ∂f/∂node, the whole of it."""
        start: dict[str, Array] = {self.graph.output: 1.0} if self.mode == "backward" else {}
        return start | {m.edge.source: m.total for m in self.messages}

    @cached_property
    def local(self) -> dict[Edge, float]:
        """For each edge its local derivative, where both ends are scalars."""
        return {m.edge: m.local for m in self.messages if m.local is not None}

    @cached_property
    def sums(self) -> dict[Edge, Array]:
        """For each edge what it sends back."""
        return {m.edge: m.message for m in self.messages}

    @cached_property
    def partials(self) -> dict[str, Array]:
        """For each input ∂f/∂input with every intermediate node held fixed."""
        f, nodes = self.graph.output, self.graph.nodes
        none: dict[str, Array] = {v: 0.0 for v in nodes if nodes[v].kind == "input" and v in self.gradients and v != f}
        # The messages over the output's own edges come first in the backward pass.
        return none | {m.edge.source: m.total for m in self.messages if m.edge.target == f and m.edge.source in none}

    @cached_property
    def out_edges(self) -> dict[str, list[Edge]]:
        """The edges out of each node, in the order of the backward pass."""
        edges: dict[str, list[Edge]] = {v: [] for v in self.graph.nodes}
        rank = {v: i for i, v in enumerate(self.graph.nodes)}
        for e in sorted(self.graph.edges, key=lambda e: -rank[e.target]):
            if e.source in edges:
                edges[e.source].append(e)
        return edges

    @cached_property
    def ancestors(self) -> dict[str, set[str]]:
        """For each node everything it depends on."""
        found: dict[str, set[str]] = {}
        for v in self.graph.nodes:  # inputs come first, unless there is a cycle
            found[v] = set().union(*[{u} | found.get(u, set()) for u in self.graph.sources[v]])
        return found

    @cached_property
    def held(self) -> list[str]:
        """The intermediate nodes, which the toggle holds fixed."""
        return [v for v, n in self.graph.nodes.items() if n.kind == "operation" and v != self.graph.output]

    @cached_property
    def names(self) -> dict[str, str]:
        """How captions call each node: a constant by its value."""
        return {v: number(n.value) if n.kind == "constant" else v for v, n in self.graph.nodes.items()}

    def total(self, v: str) -> str:
        """∂f/∂v."""
        return f"∂{self.graph.output}/∂{v}"

    def along(self, e: Edge) -> str:
        """The local derivative of an edge: ∂u/∂y; ∂f/∂y|u where u, another input of f, depends on y and is held."""
        sources = self.graph.sources[e.target]
        held = dict.fromkeys(s for s in sources if s != e.source and e.source in self.ancestors.get(s, ()))
        twins = [i for i, s in enumerate(sources) if s == e.source]
        edge = f"|edge {twins.index(e.index) + 1}" if len(twins) > 1 else ""
        return f"∂{e.target}/∂{e.source}{edge}{'|' * bool(held)}{','.join(held)}"

    @cached_property
    def plan(self) -> Plan:
        """Where the picture puts everything."""
        beside = max(len(self.total(v)) for v in self.graph.nodes) + len(" = −0.1234")
        along = max(map(len, map(self.along, self.graph.edges)), default=0) + len(" = −0.1234")
        return plan_graph(self.graph, WIDTH, beside=beside, along=along, lines=(1 + self.hold, 2))

    @cached_property
    def structure(self) -> tuple:
        """What the fixed part of the picture depends on."""
        return (*self.graph.nodes.values(), *self.graph.edges, self.graph.output, self.hold)


def messages_of(graph: Graph) -> tuple[Message, ...]:
    """The engine's backward pass over a graph that it has recorded."""
    root = graph.nodes[graph.output].tensor
    assert root is not None
    if root.size != 1:
        raise ValueError(
            f"{graph.output} has the shape {number(root.data)}, gradients start from a scalar: take mean(…) or sum(…)"
        )
    try:
        with np.errstate(all="ignore"):
            return tuple([_message(graph, step) for step in backward_steps(root)])
    except GraphError as error:
        raise ValueError(str(error)) from None


def _message(graph: Graph, step: BackwardStep) -> Message:
    e = Edge(graph.ids[step.parent], graph.ids[step.node], step.index)
    inputs = [graph.nodes[s].value for s in graph.sources[e.target]]
    scalars = not any(map(np.ndim, [step.node.data, *inputs]))
    return Message(e, step.upstream, local_derivative(step) if scalars else None, step.message, step.total)

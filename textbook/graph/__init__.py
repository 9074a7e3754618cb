"""Computational graphs as plain data: nodes, ordered edges, the four construction rules, orders and a layout.

`Graph.of(tensor)` reads the graph that a computation has recorded; `Graph.build({...})` makes one by hand, broken
ones included.  The edges into a node are numbered, because a set of pairs could neither hold both edges of x·x nor
tell a - b from b - a.  Which node is the output is a role, not a kind of node.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from textbook.engine import OPS, Array, Op, Tensor, plain, topological_order
from textbook.graph import rules
from textbook.graph.layout import Layout, Point, layout_of
from textbook.graph.orders import (
    ForwardStep,
    OrderFault,
    evaluate,
    forward_steps,
    is_topological,
    local_derivative,
    order_fault,
    topological_orders,
)
from textbook.graph.rules import GraphRuleError, Violation, check_rules
from textbook.words import number


@dataclass(frozen=True)
class Node:
    """A node v of the graph and, where it is known, val(v).

    Attributes:
        id: unique in its graph: the tensor's name if it has one.
        kind: "input" (a variable), "constant" or "operation".
        label: what a picture writes: an operation's sign, such as × or ( )²; else a name or a number.
        op: the operation's name, with its keyword parameters in `params`.
        shape: of the value; None where a broken graph leaves it open.  The same goes for `dtype`.
        value: read-only; None in a graph built by hand, except for constants.
        tensor: the tensor it stands for; None in a graph built by hand.
    """

    id: str
    kind: str
    label: str
    op: str = ""
    params: Mapping[str, Any] = field(default_factory=dict, compare=False)
    shape: tuple[int, ...] | None = None
    dtype: np.dtype | None = None
    value: Array = field(default=None, compare=False, repr=False)
    tensor: Tensor | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True)
class Edge:
    """The value of `source` is input number `index` of `target`."""

    source: str
    target: str
    index: int


@dataclass(frozen=True, eq=False)
class Graph:
    """G = (V, E): nodes by id, each listed after the nodes that were defined before it, and edges with multiplicity.

    >>> x = Tensor(3.0, requires_grad=True, name="x")
    >>> graph = Graph.of(x * x)
    >>> graph.edges
    (Edge(source='x', target='v2', index=0), Edge(source='x', target='v2', index=1))
    """

    nodes: Mapping[str, Node]
    edges: tuple[Edge, ...]
    output: str

    @classmethod
    def of(cls, root: Tensor) -> Graph:
        """The graph that the engine has recorded on the way to `root`.

        Leaves that have a name or require a gradient are inputs, the others constants.  NB: where nothing requires a
        gradient the engine records nothing, and the graph is the one node.
        """
        if not isinstance(root, Tensor):
            raise TypeError(f"expected the Tensor that a computation ends in, got {type(root).__name__}")
        order = topological_order(root)
        names = {t.name for t in order}
        ids: dict[Tensor, str] = {}
        nodes: dict[str, Node] = {}
        edges: list[Edge] = []
        for place, t in enumerate(order, 1):
            key = t.name
            if not key or key in nodes:
                key = f"v{place}"
                while key in names:
                    key += "'"
            ids[t] = key
            nodes[key] = _node_of(key, t)
            if t.recipe:
                edges += [Edge(ids[p], key, index) for index, p in enumerate(t.recipe.parents)]
        return cls(nodes, tuple(edges), ids[root])

    @classmethod
    def build(
        cls, definitions: Mapping[str, Any], shapes: Mapping[str, tuple[int, ...]] | None = None,
        dtypes: Mapping[str, Any] | None = None, output: str | None = None,
    ) -> Graph:  # fmt: skip
        """A graph written down by hand.  It may break every rule of construction: `check_rules` tells.

        Args:
            definitions: for each node `()`, an input; or a number or array, a constant; or an operation and the names
                of its inputs, `("mul", "u", "y")`, with keyword parameters last: `("sum", "u", {"axis": 0})`.
            shapes: of inputs; () where none is given.
            dtypes: of inputs; float64 where none is given.
            output: the node in the output's role; by default the last operation that nothing else uses.

        >>> graph = Graph.build({"x": (), "y": (), "u": ("add", "x", "y"), "f": ("mul", "u", "y")})
        >>> evaluate(graph, x=3, y=2)
        {'x': 3, 'y': 2, 'u': 5, 'f': 10}
        """
        shapes, dtypes = dict(shapes or {}), dict(dtypes or {})
        if not definitions:
            raise ValueError("a graph needs at least one node")
        for name in (*shapes, *dtypes):
            if definitions.get(name) != ():
                raise ValueError(f"a shape or dtype was given for {name!r}, which is not an input of this graph")
        nodes: dict[str, Node] = {}
        edges: list[Edge] = []
        for key, definition in definitions.items():
            shape, dtype = shapes.get(key, ()), dtypes.get(key, float)
            nodes[key], sources = _node_by_hand(key, definition, shape, dtype, definitions)
            edges += [Edge(source, key, index) for index, source in enumerate(sources)]
        if output is None:
            used = {e.source for e in edges}
            unused = [v for v in nodes if v not in used]
            output = ([v for v in unused if nodes[v].op] or unused or list(nodes))[-1]
        elif output not in nodes:
            raise ValueError(f"output={output!r} is not a node; the nodes are {', '.join(nodes)}")
        graph = cls(nodes, tuple(edges), output)
        for key, sample in rules.samples(graph)[0].items():
            nodes[key] = replace(nodes[key], shape=np.shape(sample), dtype=np.asarray(sample).dtype)
        return graph

    @cached_property
    def sources(self) -> dict[str, tuple[str, ...]]:
        """For each node the ids of its inputs, in order; x·x names x twice.  Names defined nowhere are among them."""
        inputs: dict[str, list[str]] = {v: [] for v in self.nodes}
        for e in self.edges:
            inputs[e.target].append(e.source)
        return {v: tuple(sources) for v, sources in inputs.items()}

    @cached_property
    def ids(self) -> dict[Tensor, str]:
        """From a tensor to its node: for following `backward_steps` through the picture."""
        return {node.tensor: key for key, node in self.nodes.items() if node.tensor is not None}

    @cached_property
    def layout(self) -> Layout:
        """Where a picture puts it all, left to right."""
        return layout_of(self)

    def topological_order(self) -> tuple[str, ...]:
        """One order in which every node comes after all of its inputs; the output last, if it depends on everything.

        Found depth first, from the output.  NB: on a cycle depth-first search does not fail by itself: it returns all
        nodes, in an order in which one of them comes before its input.  So cycles are looked for first.

        Raises:
            GraphRuleError: there is none: a cycle, or an input that is defined nowhere.
        """
        for violation in rules.cycles(self) + rules.incomplete(self):
            raise GraphRuleError(violation)
        return tuple(rules.depth_first(self)[0])

    def tensor(self, **inputs: Any) -> Tensor:
        """Run the graph on the engine: the output as a `Tensor`, every node on the way under its own name.

        Args:
            **inputs: for each input floats, which then require a gradient; or a `Tensor`, used as it is.

        >>> graph = Graph.build({"x": (), "f": ("mul", "x", "x")})
        >>> graph.tensor(x=3.0)
        Tensor(9., op=mul, name='f')
        """
        leaves = {k: v if isinstance(v, Tensor) else Tensor(v, requires_grad=True, name=k) for k, v in inputs.items()}
        values = evaluate(self, None, **leaves)
        for key, value in values.items():
            if isinstance(value, Tensor) and value.recipe and not value.name:
                value.name = key
        out = values[self.output]
        return out if isinstance(out, Tensor) else Tensor(out, name=self.output)


def _node_of(key: str, t: Tensor) -> Node:
    value = plain(t)
    if isinstance(value, np.ndarray):
        value = value.view()
        value.flags.writeable = False
    if t.recipe:
        op, parents, params = t.recipe.op, t.recipe.parents, t.recipe.params
        exponent = parents[1] if op.name == "pow" and len(parents) > 1 else None
        power = plain(exponent) if exponent is not None and not exponent.name and not exponent.recipe else None
        return Node(key, "operation", _sign(op.name, op, power), op.name, params, t.shape, t.dtype, value, t)
    kind = "input" if t.name or t.requires_grad else "constant"
    return Node(key, kind, t.name or number(value), shape=t.shape, dtype=t.dtype, value=value, tensor=t)


def _node_by_hand(
    key: str, definition: Any, shape: tuple[int, ...], dtype: Any, definitions: Mapping[str, Any]
) -> tuple[Node, tuple[str, ...]]:
    if not isinstance(definition, tuple):
        value = definition if isinstance(definition, (int, float)) else np.asarray(definition)
        if np.asarray(value).dtype.kind not in "fiub":
            raise TypeError(f"{key!r}: expected (), a number, an array or (operation, *names), got {definition!r}")
        return Node(key, "constant", number(value), value=value), ()
    if definition == ():
        return Node(key, "input", key, shape=tuple(shape), dtype=np.dtype(dtype)), ()
    *words, last = definition
    words, params = (words, last) if isinstance(last, Mapping) and words else ([*words, last], {})
    for word in words:
        if not isinstance(word, str):
            raise TypeError(f"{key!r}: inputs are given by name, got {word!r}; define a constant as a node of its own")
    op, *sources = words
    power = definitions.get(sources[1]) if op == "pow" and len(sources) > 1 else None
    return Node(key, "operation", _sign(op, OPS.get(op), power), op, dict(params)), tuple(sources)


_PLAIN = {r"\times": "×", r"\sigma": "σ", r"\Sigma": "Σ", "-": "−", r"\ast": "∗", r"\ast^\mathsf{T}": "∗ᵀ",
          r"\ast_w": "∗w"}  # fmt: skip
_RAISED = str.maketrans("0123456789-.", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻·")


def _sign(name: str, op: Op | None, power: Any = None) -> str:
    """How a picture writes an operation: + × σ relu; a power with its exponent, ( )², where that is a number."""
    if name == "neg":
        return "−( )"
    if name == "pow":
        known = isinstance(power, (int, float, np.number)) or (isinstance(power, np.ndarray) and power.ndim == 0)
        return "( )" + (f"{float(power):.4g}".translate(_RAISED) if known else "ᵃ")
    tex = op.tex if op and op.tex else name
    plainly = _PLAIN.get(tex) or re.sub(r"^\\mathrm\{(\w+)\}$", r"\1", tex)  # a node is wide enough for a word
    return f"${plainly}$" if "\\" in plainly or "^" in plainly else plainly

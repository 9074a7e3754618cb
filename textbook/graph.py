"""Computational graphs as plain data: nodes, ordered edges, the four construction rules, orders and a layout.

`Graph.of(tensor)` reads the graph that a computation has recorded; `Graph.build({...})` makes one by hand, broken
ones included.  The edges into a node are numbered, because a set of pairs could neither hold both edges of x·x nor
tell a - b from b - a.  Which node is the output is a role, not a kind of node.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from functools import cached_property
from itertools import accumulate, pairwise
from typing import Any, NamedTuple

import numpy as np

from textbook.engine import OPS, Array, Op, Tensor, apply, topological_order

Point = tuple[float, float]

# ---------------------------------------------------------------------------------------------- the graph as data


@dataclass(frozen=True)
class Node:
    """A node v of the graph and, where it is known, val(v).

    Attributes:
        id: unique in its graph: the tensor's name if it has one.
        kind: "input" (a variable), "constant" or "operation".
        label: what a picture writes: an operation's sign, between dollars if it is mathtext; else a name or a number.
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


class Violation(NamedTuple):
    """A construction rule that a graph breaks: "acyclic", "complete", "consistent" or "differentiable"; and where."""

    rule: str
    node: str
    message: str


class GraphRuleError(ValueError):
    """The graph breaks one of the four construction rules."""

    def __init__(self, violation: Violation) -> None:
        super().__init__(f"not {violation.rule}: {violation.message}")
        self.violation = violation


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
        for number, t in enumerate(order, 1):
            key = t.name
            if not key or key in nodes:
                key = f"v{number}"
                while key in names:
                    key += "'"
            ids[t] = key
            nodes[key] = _node_of(key, t)
            if t.recipe:
                edges += [Edge(ids[p], key, index) for index, p in enumerate(t.recipe.parents)]
        return cls(nodes, tuple(edges), ids[root])

    @classmethod
    def build(
        cls,
        definitions: Mapping[str, Any],
        shapes: Mapping[str, tuple[int, ...]] | None = None,
        dtypes: Mapping[str, Any] | None = None,
        output: str | None = None,
    ) -> Graph:
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
            nodes[key], sources = _node_by_hand(key, definition, shapes.get(key, ()), dtypes.get(key, float))
            edges += [Edge(source, key, index) for index, source in enumerate(sources)]
        if output is None:
            used = {e.source for e in edges}
            unused = [v for v in nodes if v not in used]
            output = ([v for v in unused if nodes[v].op] or unused or list(nodes))[-1]
        elif output not in nodes:
            raise ValueError(f"output={output!r} is not a node; the nodes are {', '.join(nodes)}")
        graph = cls(nodes, tuple(edges), output)
        for key, sample in _samples(graph)[0].items():
            nodes[key] = replace(nodes[key], shape=np.shape(sample), dtype=np.asarray(sample).dtype)
        return graph

    @cached_property
    def sources(self) -> dict[str, tuple[str, ...]]:
        """For each node the ids of its inputs, in order; x·x names x twice.  Names defined nowhere are among them."""
        return _grouped(self.nodes, ((e.target, e.source) for e in self.edges))

    @cached_property
    def consumers(self) -> dict[str, tuple[str, ...]]:
        """For each node the ids of the nodes that use it, once for each use."""
        return _grouped(self.nodes, ((e.source, e.target) for e in self.edges if e.source in self.nodes))

    @cached_property
    def ids(self) -> dict[Tensor, str]:
        """From a tensor to its node: for following `backward_steps` through the picture."""
        return {node.tensor: key for key, node in self.nodes.items() if node.tensor is not None}

    @cached_property
    def layout(self) -> Layout:
        """Where a picture puts it all, left to right; `layout.top_down()` turns it."""
        return _layout(self)

    def validate(self) -> None:
        """Check the four construction rules.

        Raises:
            GraphRuleError: for the first violation that `check_rules` finds.
        """
        for violation in check_rules(self):
            raise GraphRuleError(violation)

    def topological_order(self) -> tuple[str, ...]:
        """One order in which every node comes after all of its inputs; the output last, if it depends on everything.

        Raises:
            GraphRuleError: there is none: a cycle, or an input that is defined nowhere.
        """
        for violation in _cycles(self) + _missing(self):
            raise GraphRuleError(violation)
        return tuple(_depth_first(self)[0])

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


def _grouped(keys: Iterable[str], pairs: Iterable[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    groups: dict[str, list[str]] = {key: [] for key in keys}
    for key, other in pairs:
        groups[key].append(other)
    return {key: tuple(group) for key, group in groups.items()}


def _node_of(key: str, t: Tensor) -> Node:
    value = t._data  # not t.data, which would copy
    if isinstance(value, np.ndarray):
        value = value.view()
        value.flags.writeable = False
    if t.recipe:
        op, params = t.recipe.op, t.recipe.params
        return Node(key, "operation", _sign(op.name, op), op.name, params, t.shape, t.dtype, value, t)
    kind = "input" if t.name or t.requires_grad else "constant"
    return Node(key, kind, t.name or _number(value), shape=t.shape, dtype=t.dtype, value=value, tensor=t)


def _node_by_hand(key: str, definition: Any, shape: tuple[int, ...], dtype: Any) -> tuple[Node, tuple[str, ...]]:
    if not isinstance(definition, tuple):
        value = definition if isinstance(definition, (int, float)) else np.asarray(definition)
        if np.asarray(value).dtype.kind not in "fiub":
            raise TypeError(f"{key!r}: expected (), a number, an array or (operation, *names), got {definition!r}")
        return Node(key, "constant", _number(value), value=value), ()
    if definition == ():
        return Node(key, "input", key, shape=tuple(shape), dtype=np.dtype(dtype)), ()
    *words, last = definition
    words, params = (words, last) if isinstance(last, Mapping) and words else ([*words, last], {})
    for word in words:
        if not isinstance(word, str):
            raise TypeError(f"{key!r}: inputs are given by name, got {word!r}; define a constant as a node of its own")
    op, *sources = words
    return Node(key, "operation", _sign(op, OPS.get(op)), op, dict(params)), tuple(sources)


def _sign(name: str, op: Op | None) -> str:
    tex = op.tex if op and op.tex else name
    return tex if tex == name or tex.isalpha() else f"${tex}$"


def _number(value: Array) -> str:
    return f"{float(value):.4g}" if np.ndim(value) == 0 else "×".join(map(str, np.shape(value)))


# ---------------------------------------------------------------------------------------------- the four rules


def check_rules(graph: Graph) -> list[Violation]:
    """Everything in which a graph breaks the four rules of construction; an empty list for a sound graph.

    1. acyclic: no node depends on itself.
    2. complete: every operation has all of its inputs, and each of them is defined.
    3. consistent: shapes and dtypes fit.  Found by running every operation on ones of the declared shapes.
    4. differentiable: every operation has an entry in `OPS`, with a derivative for each input.

    Behind a violation the later rules are checked only as far as they can be: a node that cannot be computed has no
    shape.

    >>> broken = Graph.build({"x": (), "u": ("add", "x", "f"), "f": ("round", "u")})
    >>> for violation in check_rules(broken):
    ...     print(violation.rule, violation.node)
    acyclic u
    differentiable f
    """
    return _cycles(graph) + _missing(graph) + _samples(graph)[1] + _without_derivative(graph)


def _depth_first(graph: Graph) -> tuple[list[str], list[list[str]]]:
    """The nodes, each after its inputs as far as possible; and a cycle for every edge that closes one."""
    order: list[str] = []
    cycles: list[list[str]] = []
    seen: set[str] = set()
    for start in (graph.output, *graph.nodes):
        if start in seen:
            continue
        seen.add(start)
        path = {start: iter(dict.fromkeys(graph.sources[start]))}  # from consumer to input, so against the data
        while path:
            node, inputs = next(reversed(path.items()))
            for source in inputs:
                if source in path:
                    nodes = list(path)
                    cycles.append([source, *reversed(nodes[nodes.index(source) + 1 :])])
                elif source in graph.nodes and source not in seen:
                    seen.add(source)
                    path[source] = iter(dict.fromkeys(graph.sources[source]))
                    break
            else:
                order.append(node)
                path.popitem()
    return order, cycles


def _cycles(graph: Graph) -> list[Violation]:
    rank = {key: i for i, key in enumerate(graph.nodes)}
    found = []
    for cycle in _depth_first(graph)[1]:
        start = cycle.index(min(cycle, key=rank.__getitem__))
        nodes = [*cycle[start:], *cycle[:start]]
        message = f"{' → '.join([*nodes, nodes[0]])} is a cycle: each of these would have to be computed first"
        found.append(Violation("acyclic", nodes[0], message))
    return found


def _missing(graph: Graph) -> list[Violation]:
    found = []
    for key, node in graph.nodes.items():
        if node.kind != "operation":
            continue
        sources = graph.sources[key]
        op = _op(node)
        arity = len(op.vjps) if op else 0  # 0: any number of inputs
        if not sources or (arity and len(sources) != arity):
            wanted = arity or "at least 1"
            message = f"{key} = {node.op}({', '.join(sources)}) has {len(sources)} inputs, {node.op} needs {wanted}"
            found.append(Violation("complete", key, message))
        for source in dict.fromkeys(sources):
            if source not in graph.nodes:
                message = f"{key} = {node.op}({', '.join(sources)}): its input {source!r} is defined nowhere"
                close = get_close_matches(source, graph.nodes, n=1)
                found.append(Violation("complete", key, message + (f"; is it {close[0]!r}?" if close else "")))
    return found


def _samples(graph: Graph) -> tuple[dict[str, Array], list[Violation]]:
    """A value of the right shape and dtype for every node that can be computed, and the misfits on the way."""
    samples: dict[str, Array] = {}
    found: list[Violation] = []
    for key in _depth_first(graph)[0]:
        node, op = graph.nodes[key], _op(graph.nodes[key])
        if node.kind == "constant":
            samples[key] = node.value
        elif node.kind == "input":
            samples[key] = np.ones(node.shape or (), node.dtype)[()]
        elif op and all(s in samples for s in graph.sources[key]) and _takes(op, len(graph.sources[key])):
            inputs = [samples[s] for s in graph.sources[key]]
            # A Python number takes the dtype of whatever it meets, so it never clashes.
            dtypes = [x.dtype for x in inputs if isinstance(x, (np.ndarray, np.generic))]
            common = np.result_type(*dtypes) if dtypes else None
            given = ", ".join(f"{s}: {_type(x)}" for s, x in zip(graph.sources[key], inputs, strict=True))
            before = len(found)
            if any(d.kind == "f" and d != common for d in dtypes):
                message = f"{key} = {node.op}({given}) would silently become {common}: convert one input with astype"
                found.append(Violation("consistent", key, message))
            try:
                with np.errstate(all="ignore"):
                    sample = op.forward(*inputs, **node.params)
            except (ValueError, IndexError, TypeError) as error:
                message = f"{key} = {node.op}({given}) cannot be computed: {error}"
                found.append(Violation("consistent", key, message))
            if len(found) == before:
                samples[key] = sample
    return samples, found


def _takes(op: Op, inputs: int) -> bool:
    return inputs > 0 and len(op.vjps) in (0, inputs)


def _type(x: Array) -> str:
    return f"{np.asarray(x).dtype} {np.shape(x)}" if isinstance(x, (np.ndarray, np.generic)) else repr(x)


_STEPS = ("argmax", "argmin", "ceil", "floor", "heaviside", "rint", "round", "sign", "trunc")


def _without_derivative(graph: Graph) -> list[Violation]:
    found = []
    for key, node in graph.nodes.items():
        if node.kind != "operation":
            continue
        op = _op(node)
        if op is None:
            why = f"{key}: operation {node.op!r} has no entry in OPS, the table of derivatives"
            close = get_close_matches(node.op, OPS, n=1)
            if node.op in _STEPS:
                why += "; it is constant between its jumps, so no gradient would pass"
            elif close:
                why += f"; did you mean {close[0]!r}?"
            found.append(Violation("differentiable", key, why))
        else:
            for index in range(len(graph.sources[key])):
                if not _has_derivative(op, index):
                    why = f"{key}: operation {node.op!r} has no derivative for its input {index}"
                    found.append(Violation("differentiable", key, why))
    return found


def _has_derivative(op: Op, index: int) -> bool:
    if 0 < len(op.vjps) <= index:
        return True  # one input too many: that is another rule's business
    try:
        return callable(op.vjps[index])
    except IndexError:
        return False


def _op(node: Node) -> Op | None:
    return node.tensor.recipe.op if node.tensor is not None and node.tensor.recipe else OPS.get(node.op)


# ---------------------------------------------------------------------------------------------- orders and values


class OrderFault(NamedTuple):
    """The first reason why an order is not topological: `node`, and the inputs that should have come before it."""

    node: str
    missing: tuple[str, ...]
    message: str


def order_fault(graph: Graph, order: Sequence[str], complete: bool = True) -> OrderFault | None:
    """What is wrong with an order of computation, or None if it is topological.

    Args:
        order: node ids, first to last.
        complete: whether nodes left out at the end count as a fault.

    >>> graph = Graph.build({"a": (), "b": (), "d": (), "c": ("add", "a", "b"), "e": ("mul", "c", "d")})
    >>> order_fault(graph, ["c", "a", "b", "d", "e"]).message
    'c needs a and b, which have not been computed yet'
    """
    done: set[str] = set()
    for node in order:
        if node not in graph.nodes:
            return OrderFault(node, (), f"{node} is not a node of this graph; the nodes are {', '.join(graph.nodes)}")
        if node in done:
            return OrderFault(node, (), f"{node} stands in the order twice; each node is computed once")
        missing = tuple(dict.fromkeys(s for s in graph.sources[node] if s not in done))
        if missing:
            have = "has" if len(missing) == 1 else "have"
            return OrderFault(node, missing, f"{node} needs {_list(missing)}, which {have} not been computed yet")
        done.add(node)
    left = tuple(v for v in graph.nodes if v not in done)
    return OrderFault(left[0], (), f"the order leaves out {_list(left)}") if complete and left else None


def _list(words: Sequence[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def is_topological(graph: Graph, order: Sequence[str]) -> bool:
    """Whether every node stands in the order once, after all of its inputs.  `order_fault` says why not."""
    return order_fault(graph, order) is None


def topological_orders(graph: Graph) -> Iterator[tuple[str, ...]]:
    """Every topological order, by backtracking; none for a graph with a cycle or an undefined input.

    There can be as many as n! of them: take the first few with `itertools.islice`.

    >>> graph = Graph.build({"a": (), "b": (), "d": (), "c": ("add", "a", "b"), "e": ("mul", "c", "d")})
    >>> len(list(topological_orders(graph)))
    8
    """
    waits_for = {v: len(sources) for v, sources in graph.sources.items()}
    order: list[str] = []
    placed: set[str] = set()

    def ready() -> Iterator[str]:
        return iter([v for v in graph.nodes if not waits_for[v] and v not in placed])

    choices = [ready()]
    while choices:
        node = next(choices[-1], None)
        if node is not None:
            order.append(node)
            placed.add(node)
            for consumer in graph.consumers[node]:
                waits_for[consumer] -= 1
            if len(order) == len(graph.nodes):
                yield tuple(order)
            choices.append(ready())
        else:
            choices.pop()
            if order:  # take the last choice back
                node = order.pop()
                placed.remove(node)
                for consumer in graph.consumers[node]:
                    waits_for[consumer] += 1


class ForwardStep(NamedTuple):
    """One node of the forward pass: val(node) = op(inputs).  Inputs and constants have no `inputs`."""

    node: str
    inputs: tuple[Array, ...]
    value: Array


def forward_steps(graph: Graph, /, order: Sequence[str] | None = None, **inputs: Any) -> Iterator[ForwardStep]:
    """Forward propagation, one node at a time, in topological order.

        val(v) = f_v(val(u₁), …, val(u_k))    for the inputs u₁ … u_k of v

    Args:
        graph: a sound graph; one read from tensors brings its own values, which `inputs` replace.
        order: the order to follow; by default `graph.topological_order()`.
        **inputs: for each input a number, an array or a `Tensor`.

    Raises:
        GraphRuleError: no order exists, or an operation has no entry in `OPS`.
        ValueError: the order is not topological, an input has no value, or a name or shape does not fit.
    """
    if order is None:
        order = graph.topological_order()
    elif fault := order_fault(graph, order):
        raise ValueError(fault.message)
    variables = [v for v, node in graph.nodes.items() if node.kind == "input"]
    for name in inputs:
        if name not in variables:
            raise ValueError(f"{name!r} is not an input of this graph; the inputs are {', '.join(variables) or 'none'}")
    values: dict[str, Array] = {}
    for key in order:
        node = graph.nodes[key]
        arguments = tuple([values[s] for s in graph.sources[key]])
        if node.kind == "operation":
            op = _op(node)
            if op is None:
                raise GraphRuleError(next(v for v in _without_derivative(graph) if v.node == key))
            try:
                values[key] = apply(op, *arguments, **node.params)
            except (ValueError, TypeError) as error:
                raise ValueError(f"{key} = {node.op}({', '.join(graph.sources[key])}): {error}") from None
        else:
            values[key] = inputs.get(key, node.value)
            if values[key] is None:
                raise ValueError(f"input {key!r} has no value: pass {key}=…")
        yield ForwardStep(key, arguments, values[key])


def evaluate(graph: Graph, /, order: Sequence[str] | None = None, **inputs: Any) -> dict[str, Array]:
    """val(v) of every node: exhausts `forward_steps`.  Arguments and errors are the same."""
    return {step.node: step.value for step in forward_steps(graph, order, **inputs)}


# ---------------------------------------------------------------------------------------------- layout


class Layout(NamedTuple):
    """Where a picture puts a graph, y upwards, in units of the distance between layers and between neighbours.

    Attributes:
        layers: node ids, left to right, and from top to bottom in each layer.
        positions: the centre of each node.
        routes: for each edge a polyline from the centre of its source to the centre of its target.  An edge whose
            source is defined nowhere has none.
    """

    layers: tuple[tuple[str, ...], ...]
    positions: dict[str, Point]
    routes: dict[Edge, tuple[Point, ...]]

    def top_down(self) -> Layout:
        """The same picture with the inputs at the top and the output at the bottom."""

        def turn(point: Point) -> Point:
            return -point[1], -point[0]

        return Layout(
            self.layers,
            {v: turn(p) for v, p in self.positions.items()},
            {e: tuple([turn(p) for p in route]) for e, route in self.routes.items()},
        )


class Dummy(NamedTuple):
    """The place where edges from `source` cross a layer; they share it, as they carry one value."""

    source: str
    layer: int


Vertex = str | Dummy
Neighbours = dict[Any, list[Any]]


def _layout(graph: Graph) -> Layout:
    """Layered drawing in four stages.  Source: Sugiyama, Tagawa & Toda 1981."""
    order = _depth_first(graph)[0]
    rank = {v: i for i, v in enumerate(order)}
    # In a graph with a cycle, an edge that runs backwards is laid out as if it ran forwards.
    ends = {
        e: (e.source, e.target) if rank[e.source] < rank[e.target] else (e.target, e.source)
        for e in graph.edges
        if e.source in rank and e.source != e.target
    }

    # 1. Layers: an operation stands one after the latest of its inputs, a leaf one before its first consumer.
    before, after = _neighbours(ends.values())
    layer: dict[str, int] = {}
    for v in order:
        layer[v] = max((layer[u] + 1 for u in before[v]), default=0)
    for v in order:
        if not before[v] and after[v]:
            layer[v] = min(layer[w] for w in after[v]) - 1

    # 2. A dummy wherever an edge crosses a layer.  Inputs of a node stand in their own order, to begin with.
    chains: dict[Edge, list[Vertex]] = {}
    trunks: dict[str, list[Vertex]] = {v: [v] for v in order}  # a node, and its dummies layer by layer
    links: dict[tuple[Vertex, Vertex], None] = {}  # each once, in order
    start: dict[Vertex, float] = {v: rank[v] for v in order}
    for e, (a, b) in ends.items():
        trunk, length = trunks[a], layer[b] - layer[a]
        while len(trunk) < length:
            dummy = Dummy(a, layer[a] + len(trunk))
            earlier = [rank[s] + 0.5 for s in graph.sources[e.target][: e.index] if s in rank]
            start[dummy] = max([rank[a], *earlier])
            links[trunk[-1], dummy] = None
            trunk.append(dummy)
        links[trunk[length - 1], b] = None
        chains[e] = [*trunk[:length], b]
    before, after = _neighbours(links)
    rows: list[list[Vertex]] = [[] for _ in range(max(layer.values()) + 1)]
    for vertex in sorted(start, key=start.__getitem__):
        rows[vertex.layer if isinstance(vertex, Dummy) else layer[vertex]].append(vertex)

    # 3. Order in the layers.  4. Coordinates.
    rows = _uncross(rows, before, after)
    height = _heights(rows, before, after)

    place = {v: (float(v.layer if isinstance(v, Dummy) else layer[v]), -height[v]) for v in height}
    positions = {v: place[v] for v in order}
    routes = {}
    for e, chain in chains.items():
        bends = [place[v] for v in chain]
        routes[e] = tuple(bends if chain[0] == e.source else bends[::-1])
    loop = [(0.0, 0.0), (-0.4, 0.4), (0.0, 0.6), (0.4, 0.4), (0.0, 0.0)]
    for e in graph.edges:
        if e.source == e.target:
            x, y = positions[e.source]
            routes[e] = tuple([(x + dx, y + dy) for dx, dy in loop])
    layers = tuple([tuple([v for v in row if isinstance(v, str)]) for row in rows])
    return Layout(layers, positions, _fan_out(routes))


def _neighbours(links: Iterable[tuple[Any, Any]]) -> tuple[Neighbours, Neighbours]:
    before: Neighbours = defaultdict(list)
    after: Neighbours = defaultdict(list)
    for a, b in links:
        before[b].append(a)
        after[a].append(b)
    return before, after


def _uncross(rows: list[list[Vertex]], before: Neighbours, after: Neighbours) -> list[list[Vertex]]:
    """Sort each layer by the barycentre of its neighbours, to and fro; keep the arrangement with fewest crossings."""
    best, fewest = rows, _crossings(rows, after)
    for sweep in range(8):
        if not fewest:
            break
        rows = rows[:]
        forwards = sweep % 2 == 0
        beside, step = (before, -1) if forwards else (after, 1)
        for i in range(1, len(rows)) if forwards else range(len(rows) - 2, -1, -1):
            place = {v: j for j, v in enumerate(rows[i + step])}
            keys = {v: _mean([place[u] for u in beside[v]] or [j]) for j, v in enumerate(rows[i])}
            rows[i] = sorted(rows[i], key=keys.__getitem__)
        count = _crossings(rows, after)
        if count < fewest:
            best, fewest = rows, count
    return best


def _crossings(rows: list[list[Vertex]], after: Neighbours) -> int:
    total = 0
    for row, following in pairwise(rows):
        place = {v: j for j, v in enumerate(following)}
        passed: list[int] = []
        for v in row:
            targets = sorted(place[w] for w in after[v])
            total += sum(len(passed) - bisect_right(passed, t) for t in targets)
            for t in targets:
                insort(passed, t)
    return total


def _heights(rows: list[list[Vertex]], before: Neighbours, after: Neighbours) -> dict[Vertex, float]:
    """Downward coordinates: every vertex as near to its neighbours' mean as order and gaps allow."""
    size = {v: 0.5 if isinstance(v, Dummy) else 1.0 for row in rows for v in row}
    height = {v: j - (len(row) - 1) / 2 for row in rows for j, v in enumerate(row)}
    both = {v: before[v] + after[v] for v in height}
    for beside in (before, after, *[both] * 12):
        for row in rows if beside is not after else rows[::-1]:
            wanted = [_mean([height[u] for u in beside[v]] or [height[v]]) for v in row]
            gaps = [(size[a] + size[b]) / 2 for a, b in pairwise(row)]
            height.update(zip(row, _spread(wanted, gaps), strict=True))
    return height


def _spread(wanted: list[float], gaps: list[float]) -> list[float]:
    """The points nearest to `wanted`, in least squares, at least `gaps` apart: pool adjacent violators."""
    offsets = [0.0, *accumulate(gaps)]
    pools: list[tuple[float, int]] = []  # mean, members
    for point, offset in zip(wanted, offsets, strict=True):
        mean, members = point - offset, 1
        while pools and pools[-1][0] > mean:
            other, n = pools.pop()
            mean, members = (mean * members + other * n) / (members + n), members + n
        pools.append((mean, members))
    levels = [mean for mean, members in pools for _ in range(members)]
    return [level + offset for level, offset in zip(levels, offsets, strict=True)]


def _mean(numbers: Sequence[float]) -> float:
    return sum(numbers) / len(numbers)


def _fan_out(routes: dict[Edge, tuple[Point, ...]]) -> dict[Edge, tuple[Point, ...]]:
    """Bend edges between the same two nodes apart (x·x), the first input on top."""
    parallel: dict[frozenset[str], list[Edge]] = defaultdict(list)
    for e in sorted(routes, key=lambda e: e.index):
        parallel[frozenset((e.source, e.target))].append(e)
    for edges in parallel.values():
        for j, e in enumerate(edges):
            bulge = 0.3 * ((len(edges) - 1) / 2 - j)
            if not bulge:
                continue
            points = np.array(routes[e])
            if len(points) == 2:
                points = points[0] + np.linspace(0, 1, 9)[:, None] * (points[1] - points[0])
            t = np.linspace(0, 1, len(points))
            points[:, 1] += bulge * 4 * t * (1 - t)
            bends = [(float(x), float(y)) for x, y in points[1:-1]]
            routes[e] = (routes[e][0], *bends, routes[e][-1])
    return routes

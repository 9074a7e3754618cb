"""Orders of computation: which are topological, all of them, and the forward pass that follows one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from textbook.engine import Array, BackwardStep, apply
from textbook.graph.rules import GraphRuleError, op_of, without_derivative
from textbook.words import listed

if TYPE_CHECKING:
    from textbook.graph import Graph


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

    >>> from textbook.graph import Graph
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
            return OrderFault(node, missing, f"{node} needs {listed(missing)}, which {have} not been computed yet")
        done.add(node)
    left = tuple(v for v in graph.nodes if v not in done)
    return OrderFault(left[0], (), f"the order leaves out {listed(left)}") if complete and left else None


def is_topological(graph: Graph, order: Sequence[str]) -> bool:
    """Whether every node stands in the order once, after all of its inputs.  `order_fault` says why not."""
    return order_fault(graph, order) is None


def topological_orders(graph: Graph) -> Iterator[tuple[str, ...]]:
    """Every topological order, by backtracking; none for a graph with a cycle or an undefined input.

    There can be as many as n! of them: take the first few with `itertools.islice`.

    >>> from textbook.graph import Graph
    >>> graph = Graph.build({"a": (), "b": (), "d": (), "c": ("add", "a", "b"), "e": ("mul", "c", "d")})
    >>> len(list(topological_orders(graph)))
    8
    """

    def longer(order: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        done = set(order)
        return ((*order, v) for v in graph.nodes if v not in done and done.issuperset(graph.sources[v]))

    branches: list[Iterator[tuple[str, ...]]] = [iter([()])]
    while branches:
        order = next(branches[-1], None)
        if order is None:
            branches.pop()
        elif len(order) == len(graph.nodes):
            yield order
        else:
            branches.append(longer(order))


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
            op = op_of(node)
            if op is None:
                raise GraphRuleError(next(v for v in without_derivative(graph) if v.node == key))
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


def local_derivative(step: BackwardStep) -> float:
    """Of a scalar edge: the message that an upstream gradient of 1 would become."""
    recipe = step.node.recipe
    assert recipe is not None
    inputs = [parent.data for parent in recipe.parents]
    return float(recipe.op.vjps[step.index](np.float64(1), step.node.data, *inputs, **recipe.params))

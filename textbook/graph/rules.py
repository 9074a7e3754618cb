"""The four rules by which a computational graph is built, as checks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from textbook.engine import OPS, Array, Op
from textbook.words import counted

if TYPE_CHECKING:
    from textbook.graph import Graph, Node


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


def check_rules(graph: Graph) -> list[Violation]:
    """Everything in which a graph breaks the four rules of construction; an empty list for a sound graph.

    1. acyclic: no node depends on itself.
    2. complete: every operation has all of its inputs, and each of them is defined.
    3. consistent: shapes and dtypes fit.  Found by running every operation on ones of the declared shapes.
    4. differentiable: every operation has an entry in `OPS`, with a derivative for each input.

    Behind a violation the later rules are checked only as far as they can be: a node that cannot be computed has no
    shape.

    >>> from textbook.graph import Graph
    >>> broken = Graph.build({"x": (), "u": ("add", "x", "f"), "f": ("round", "u")})
    >>> for violation in check_rules(broken):
    ...     print(violation.rule, violation.node)
    acyclic u
    differentiable f
    """
    return cycles(graph) + incomplete(graph) + samples(graph)[1] + without_derivative(graph)


def depth_first(graph: Graph) -> tuple[list[str], list[list[str]]]:
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


def cycles(graph: Graph) -> list[Violation]:
    rank = {key: i for i, key in enumerate(graph.nodes)}
    found = []
    for cycle in depth_first(graph)[1]:
        start = cycle.index(min(cycle, key=rank.__getitem__))
        nodes = [*cycle[start:], *cycle[:start]]
        message = f"{' → '.join([*nodes, nodes[0]])} is a cycle: each of these would have to be computed first"
        found.append(Violation("acyclic", nodes[0], message))
    return found


def _operations(graph: Graph) -> Iterator[tuple[str, Node, tuple[str, ...], Op | None]]:
    """Of each operation its key, its node, its inputs, and its entry in the table of derivatives."""
    for key, node in graph.nodes.items():
        if node.kind == "operation":
            yield key, node, graph.sources[key], op_of(node)


def incomplete(graph: Graph) -> list[Violation]:
    found = []
    for key, node, sources, op in _operations(graph):
        call = f"{key} = {node.op}({', '.join(sources)})"
        arity = len(op.vjps) if op else 0  # 0: any number of inputs
        if not sources or (arity and len(sources) != arity):
            message = f"{call} has {counted(len(sources), 'input')}, {node.op} needs {arity or 'at least 1'}"
            found.append(Violation("complete", key, message))
        for source in dict.fromkeys(sources):
            if source not in graph.nodes:
                message = f"{call}: its input {source!r} is defined nowhere{_perhaps(source, graph.nodes)}"
                found.append(Violation("complete", key, message))
    return found


def _perhaps(name: str, known: Iterable[str]) -> str:
    return "".join(f"; is it {close!r}?" for close in get_close_matches(name, known, n=1))


def samples(graph: Graph) -> tuple[dict[str, Array], list[Violation]]:
    """A value of the right shape and dtype for every node that can be computed, and the misfits on the way."""
    values: dict[str, Array] = {}
    found: list[Violation] = []
    for key in depth_first(graph)[0]:
        node, op = graph.nodes[key], op_of(graph.nodes[key])
        if node.kind == "constant":
            values[key] = node.value
        elif node.kind == "input":
            values[key] = np.ones(node.shape or (), node.dtype)[()]
        elif op and all(s in values for s in graph.sources[key]) and _takes(op, len(graph.sources[key])):
            inputs = [values[s] for s in graph.sources[key]]
            # A Python number takes the dtype of whatever it meets, so it never clashes.
            dtypes = [x.dtype for x in inputs if isinstance(x, (np.ndarray, np.generic))]
            common = np.result_type(*dtypes) if dtypes else None
            given = ", ".join(f"{s}: {_type(x)}" for s, x in zip(graph.sources[key], inputs, strict=True))
            call = f"{key} = {node.op}({given})"
            before = len(found)
            if any(d.kind == "f" and d != common for d in dtypes):
                message = f"{call} would silently become {common}: convert one input with astype"
                found.append(Violation("consistent", key, message))
            try:
                with np.errstate(all="ignore"):
                    sample = op.forward(*inputs, **node.params)
            except (ValueError, IndexError, TypeError) as error:
                found.append(Violation("consistent", key, f"{call} cannot be computed: {error}"))
            if len(found) == before:
                values[key] = sample
    return values, found


def _takes(op: Op, inputs: int) -> bool:
    return inputs > 0 and len(op.vjps) in (0, inputs)


def _type(x: Array) -> str:
    return f"{np.asarray(x).dtype} {np.shape(x)}" if isinstance(x, (np.ndarray, np.generic)) else repr(x)


_STEPS = ("argmax", "argmin", "ceil", "floor", "heaviside", "rint", "round", "sign", "trunc")


def without_derivative(graph: Graph) -> list[Violation]:
    found = []
    for key, node, sources, op in _operations(graph):
        if op is None:
            jumps = node.op in _STEPS
            more = "; it is constant between its jumps, so no gradient would pass" if jumps else _perhaps(node.op, OPS)
            why = f"{key}: operation {node.op!r} has no entry in OPS, the table of derivatives{more}"
            found.append(Violation("differentiable", key, why))
            continue
        found += [Violation("differentiable", key, f"{key}: operation {node.op!r} has no derivative for its input {i}")
                  for i in range(len(sources)) if not _has_derivative(op, i)]  # fmt: skip
    return found


def _has_derivative(op: Op, index: int) -> bool:
    if 0 < len(op.vjps) <= index:
        return True  # one input too many: that is another rule's business
    try:
        return callable(op.vjps[index])
    except IndexError:
        return False


def op_of(node: Node) -> Op | None:
    return node.tensor.recipe.op if node.tensor is not None and node.tensor.recipe else OPS.get(node.op)

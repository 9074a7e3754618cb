"""The walk through a graph, in words and numbers."""

from __future__ import annotations

import numpy as np

from textbook.labs.graph.walk import Message, Walk
from textbook.words import counted, given, listed, number, shape, sum_of, written


def caption(walk: Walk, frame: int) -> str:
    """A frame; with the answer to what was asked about a node, on a second line."""
    moment, graph = walk.moments[frame], walk.graph
    match moment.what:
        case "graph":
            text = _census(walk)
        case "node":
            text = description(walk, moment.node)
        case "inputs":
            known = {v: n.value for v, n in graph.nodes.items() if n.kind == "input"}
            text = f"The inputs have their values: {given(known)}. Nothing else has been computed yet."
        case "value":
            text = evaluation(walk, moment.node)
        case "seed":
            text = f"The seed: {walk.total(moment.node)} = 1. {moment.node} changes one for one with itself."
        case "message":
            assert moment.message is not None
            text = _message(walk, moment.message, frame)
        case _:
            text = _ending(walk)
    return f"{text}\n{about(walk, walk.asked)}" if walk.asked else text


def about(walk: Walk, v: str) -> str:
    """What there is to say about a node, in the present mode."""
    if walk.mode == "backward":
        return chain(walk, v)
    if walk.mode == "structure" or walk.graph.nodes[v].kind != "operation":
        return description(walk, v)
    return f"{evaluation(walk, v)}."


def expression(walk: Walk, v: str) -> str:
    """u = x + y."""
    return f"{v} = {written(walk.graph.nodes[v].op, [walk.names.get(s, s) for s in walk.graph.sources[v]])}"


def evaluation(walk: Walk, v: str) -> str:
    """u = x + y = 3 + 2 = 5, or with shapes."""
    node, inputs = walk.graph.nodes[v], [walk.graph.nodes[s].value for s in walk.graph.sources[v]]
    if any(map(np.ndim, [node.value, *inputs])):
        value = "" if np.ndim(node.value) else f", {v} = {number(node.value)}"
        shapes = listed([shape(np.shape(x)) for x in inputs])
        return f"{expression(walk, v)}: {shapes} → {shape(np.shape(node.value))}{value}"
    return f"{expression(walk, v)} = {written(node.op, [number(x) for x in inputs])} = {number(node.value)}"


def description(walk: Walk, v: str) -> str:
    """What a node is, where it gets its value, and where this goes."""
    node, uses = walk.graph.nodes[v], walk.out_edges[v]
    if node.kind == "operation":
        what = f"{expression(walk, v)}: an operation on {listed([walk.names.get(s, s) for s in walk.graph.sources[v]])}"
    else:
        what = f"{walk.names[v]} is {'an input' if node.kind == 'input' else 'a constant'}"
    if node.shape:
        what += f", of shape {shape(node.shape)}"
    targets = listed(list(dict.fromkeys(e.target for e in uses)))
    role = "It is the output" if v == walk.graph.output else ""
    goes = f"{counted(len(uses), 'edge')} out of it, to {targets}" if uses else ""
    return ". ".join(filter(None, [what, role, goes])) + "."


def chain(walk: Walk, v: str) -> str:
    """The whole sum of the chain rule for one node."""
    f, node = walk.graph.output, walk.graph.nodes[v]
    if v == f:
        return f"{walk.total(f)} = 1: the seed. {f} changes one for one with itself."
    edges = [e for e in walk.out_edges[v] if e in walk.sums]
    if not edges:
        why = "a constant does not change" if node.kind == "constant" else f"{f} does not depend on it"
        return f"{walk.names[v]}: no derivative is taken; {why}."
    symbols = " + ".join(f"{walk.total(e.target)} · {walk.along(e)}" for e in edges)
    if not all(e in walk.local for e in edges):
        return f"{walk.total(v)} has the shape of {v}, {shape(np.shape(walk.gradients[v]))}: {symbols}, summed."
    numbers = [written("mul", [number(walk.gradients[e.target]), number(walk.local[e])]) for e in edges]
    text = f"{walk.total(v)} = {symbols} = {' + '.join(numbers)}"
    if len(edges) > 1:
        text += f" = {sum_of(walk.sums[e] for e in edges)}"
    text += f" = {number(walk.gradients[v])}."
    if any("|" in walk.along(e) for e in edges):
        text += "  (|: along that edge only, the rest held fixed)"
    return text


def _census(walk: Walk) -> str:
    graph, kinds = walk.graph, {"input": [], "operation": [], "constant": []}  # type: ignore[var-annotated]
    for node in graph.nodes.values():
        kinds[node.kind].append(node.id)
    parts = [counted(len(found), kind) + (f" ({', '.join(found)})" if kind == "input" and len(found) < 9 else "")
             for kind, found in kinds.items() if found]  # fmt: skip
    return (f"{counted(len(graph.nodes), 'node')}: {listed(parts)}; {counted(len(graph.edges), 'edge')}. "
            f"The output is {graph.output}.")  # fmt: skip


def _message(walk: Walk, m: Message, frame: int) -> str:
    e, v = m.edge, m.edge.source
    got = [total for at, total in walk.received[v] if at <= frame]
    left = len(walk.received[v]) - len(got)
    product = f"{v} receives {walk.total(e.target)} · {walk.along(e)}"
    if m.local is None:
        total = f"the message has the shape of {v}, {shape(np.shape(m.message))}"
    else:
        product += f" = {written('mul', [number(m.upstream), number(m.local)])} = {number(m.message)}"
        added = f"{sum_of([got[-2], m.message])} = " if len(got) > 1 else ""
        total = f"{walk.total(v)}{' with the rest held' * walk.hold} = {added}{number(m.total)}"
    more = f" so far, {counted(left, 'edge')} to come" if left else ""
    return f"{product};  {total}{more}."


def _ending(walk: Walk) -> str:
    f = walk.graph.output
    if walk.graph.nodes[f].kind == "input":
        return f"Done: {f} is the output itself, ∂{f}/∂{f} = 1."
    if not walk.partials:
        return "Done: no input has a path to the output."
    totals = given({walk.total(v): walk.gradients[v] for v in walk.partials})
    if not walk.hold:
        return f"Done, in one pass: {totals}."
    if not walk.held:
        return f"There is no intermediate node to hold: partial and total derivatives agree. {totals}."
    names = listed(walk.held) if len(walk.held) < 4 else "every intermediate node"
    free = "they move" if len(walk.held) > 1 else "it moves"
    partials = given({walk.total(v): value for v, value in walk.partials.items()})
    return f"With {names} held fixed, {f} sees only what its own operation reads: {partials}.\nWhen {free}: {totals}."

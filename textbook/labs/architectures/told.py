"""What happens in a frame, in words: the operation, its shapes, and its rule on the way back."""

from __future__ import annotations

import numpy as np

from textbook.engine import Array
from textbook.labs.graph.told import evaluation
from textbook.labs.graph.walk import Message, Walk
from textbook.words import counted, listed, number, shape

# What an operation does, and what each of its inputs is sent: g is the gradient that arrives at its result.
FORWARD = {
    "conv2d": "the window of weights is laid on every place of the image, and its products are summed",
    "max_pool2d": "of each 2×2 block the largest",
    "relu": "negative numbers become 0",
    "tanh": "each number is squeezed between −1 and 1",
    "reshape": "the same numbers in one row for each example",
    "transpose": "rows become columns",
    "softmax": "each row becomes shares that sum to 1",
    "cross_entropy": "the mean of −log of the true class's share",
}
BACK = {
    "conv2d": ("g, spread back by the same window over the pixels that it saw",
               "the sum over all places of pixel · g, because the same weight served at all of them"),
    "max_pool2d": ("g, to the largest pixel of each block only",),
    "relu": ("g where the input was positive, else 0",),
    "tanh": ("g · (1 − tanh²), number by number",),
    "reshape": ("g, in the shape from before",),
    "transpose": ("g, turned back",),
    "softmax": ("share · (g − the mean of g by the shares), in each row",),
    "cross_entropy": ("g · (shares − truth) / N",),
    "add": ("g as it is", "g as it is"),
    "mul": ("g · the other factor", "g · the other factor"),
    "matmul": ("g times the right factor transposed", "the left factor transposed times g"),
}  # fmt: skip


def caption(walk: Walk, frame: int) -> str:
    """A frame in words and numbers."""
    moment, f = walk.moments[frame], walk.graph.output
    match moment.what:
        case "inputs":
            return f"{census(walk)} {shared(walk)}".strip()
        case "value":
            does = FORWARD.get(walk.graph.nodes[moment.node].op)
            return f"Forward. {evaluation(walk, moment.node)}{f': {does}' if does else ''}."
        case "seed":
            return f"The seed: {walk.total(f)} = 1. From here back, an operation sends each of its inputs a message."
        case "message":
            assert moment.message is not None
            return message(walk, moment.message, frame)
        case _:
            found = [f"{v} from {len(walk.received[v])}" for v in weights(walk)]
            return f"Done, in one pass. Every parameter has its gradient, the sum of its messages: {listed(found)}."


def weights(walk: Walk) -> list[str]:
    """The parameters: the leaves that gradients reach, but for the input."""
    return [v for v, node in walk.graph.nodes.items() if node.kind == "input" and v in walk.gradients and v != "x"]


def census(walk: Walk) -> str:
    operations = counted(sum(node.kind == "operation" for node in walk.graph.nodes.values()), "operation")
    parameters = counted(len(weights(walk)), "parameter")
    return f"{operations} and {parameters}: the whole graph of one loss, {walk.graph.output}."


def shared(walk: Walk) -> str:
    """What is used more than once."""
    uses = {v: len(walk.out_edges[v]) for v in [*weights(walk), "x"] if v in walk.gradients}
    if many := listed([f"{v} {n} times" for v, n in uses.items() if n > 1]):
        return f"What is used often is one node: {many}. Its messages will add up."
    if "conv2d" in {node.op for node in walk.graph.nodes.values()}:
        return "A window of weights is one node, though conv2d uses it at every place of the image."
    return ""


def message(walk: Walk, m: Message, frame: int) -> str:
    """Which rule, which shapes, how long the message is, and what it is added to."""
    e, v = m.edge, m.edge.source
    op, come = walk.graph.nodes[e.target].op, sum(at <= frame for at, _ in walk.received[v])
    rule = BACK.get(op, ("",))
    text = f"Back through {e.target} = {op}(…): {v} is sent {rule[min(e.index, len(rule) - 1)]}"
    there, here = np.shape(m.upstream), np.shape(m.message)
    text += f", {shape(there)} → {shape(here)}" if there != here else f", of shape {shape(here)}"
    if op == "add" and there != here:
        text += ", summed over what it was repeated along"
    text += f". Length of the message {length(m.message)}"
    total = len(walk.received[v])
    if total > 1:
        text += f"; message {come} of {total} to {v}, the sum is {length(m.total)} long"
    return text + "."


def length(array: Array) -> str:
    """√ of the sum of squares."""
    return number(float(np.linalg.norm(array)), 3)

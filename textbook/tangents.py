"""Forward mode: tangents travel along the edges of a graph, from the inputs to the root.

The mirror image of `textbook.backprop`.  Backwards, an edge multiplies by the transpose of its local Jacobian, Jᵀ·g;
that is its entry in the table of derivatives.  Forwards it multiplies by J itself.  No second column is needed for
that: the entry is linear in g, so J is the derivative of <Jᵀ·g, v> with respect to g, for any g.  One table, written
once and checked once, runs both ways.  The price is that an edge costs about three small operations instead of one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np

from textbook.backprop import _fitted_to, _left_by_forward, backward_steps, topological_order
from textbook.record import OPS, Array, apply, new, recording


class TangentStep(NamedTuple):
    """One edge of the chain rule, forwards: `node` hears from its input number `index`.

    `tangent` is that of `parent`; `message` is the local Jacobian times it; `total` is what `node` has heard so far,
    this message included.
    """

    node: Any  # a tensor, as is the parent
    parent: Any
    index: int  # type: ignore[assignment]  # tuple.index is not needed here
    tangent: Array
    message: Array
    total: Array


def tangent_steps(root: Any, tangents: Mapping[Any, Array], create_graph: bool = False) -> Iterator[TangentStep]:
    """Forward mode, one edge at a time: nodes in topological order.

        v̇ = Σ over the edges u → v of  ∂v/∂u · u̇

    Args:
        root: the tensor to differentiate.
        tangents: for some tensors that `root` was computed from u̇, the direction in which they move, of their shape.
        create_graph: compute with tensors, so that the tangents can be differentiated again.

    Yields:
        a `TangentStep` for each edge out of a tensor that moves.
    """
    moving = dict(tangents)
    for node in topological_order(root):
        if node.recipe is None or node in tangents:
            continue
        total = None
        for index, parent in enumerate(node.recipe.parents):
            if parent in moving:
                message = _along(node, index, moving[parent], create_graph)
                moving[node] = total = message if total is None else total + message
                yield new(TangentStep, (node, parent, index, moving[parent], message, total))


def _along(node: Any, index: int, tangent: Any, create_graph: bool) -> Any:
    """The local Jacobian of one edge times a tangent: its entry in the table, transposed."""
    op, parents, params, _, _ = node.recipe
    out, inputs = _left_by_forward(node, create_graph)
    with recording(True):
        g = type(node)._of(np.ones_like(node._data)[()])
        g.requires_grad = True
        message = op.vjps[index](apply(OPS["identity"], g), out, *inputs, **params)
        message = _fitted_to(parents[index], message, node, index)
        with _cut(*([node, *parents] if create_graph else [])):  # how the inputs were made is not this edge's affair
            return next(step.total for step in backward_steps(message, tangent, create_graph) if step.parent is g)


@contextmanager
def _cut(*tensors: Any) -> Iterator[None]:
    """Let tensors be leaves for a while."""
    recipes = {t: t.recipe for t in tensors}
    try:
        for t in recipes:
            t.recipe = None
        yield
    finally:
        for t, recipe in recipes.items():
            t.recipe = recipe

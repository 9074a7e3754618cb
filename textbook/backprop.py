"""Backpropagation: one loop that runs the chain rule backwards.

`backward_steps` is the algorithm, a generator that yields one edge of the chain rule at a time.  The guards that it
calls stand below it: they refuse what has no gradient, undo broadcasting, and notice data that changed too late.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from textbook import record
from textbook.record import OPS, Array, GraphError, Value, apply, new


class BackwardStep(NamedTuple):
    """One edge of the chain rule: `node` sends `message` to its input number `index`.

    `upstream` is the finished gradient of the root with respect to `node`; `total` is what `parent` has received so
    far, this message included.
    """

    node: Any  # a tensor, as is the parent
    parent: Any
    index: int  # type: ignore[assignment]  # tuple.index is not needed here
    upstream: Array
    message: Array
    total: Array


def topological_order(root: Any) -> list[Any]:
    """Every tensor that `root` was computed from, `root` last, each one after all of its parents.

    Iterative, so that a chain of 100,000 operations needs no deep recursion.  Time and space O(V + E).
    """
    order: list[Any] = []
    seen = {root}
    stack: list[tuple[Any, Iterator[Any]]] = [(root, iter(root.recipe.parents if root.recipe else ()))]
    while stack:
        node, parents = stack[-1]
        for parent in parents:
            if parent not in seen:
                seen.add(parent)
                if parent.recipe is not None:
                    stack.append((parent, iter(parent.recipe.parents)))
                    break
                order.append(parent)
        else:
            order.append(node)
            stack.pop()
    return order


def backward_steps(root: Any, seed: Any = None, create_graph: bool = False) -> Iterator[BackwardStep]:
    """Backpropagation, one edge at a time: nodes in reverse topological order, each edge carrying its message.

        ∂root/∂v = Σ over the edges v → u of  ∂root/∂u · ∂u/∂v

    Args:
        root: the tensor to differentiate.
        seed: ∂root/∂root, of root's shape; 1 for a scalar.
        create_graph: compute with tensors, so that the gradients can be differentiated again.

    Yields:
        a `BackwardStep` for each edge into a parent that requires a gradient.

    Raises:
        GraphError: see `Tensor.backward`.
    """
    gradient = {root: seed_of(root, seed, create_graph)}  # 1. at the root: ∂root/∂root
    for node in reversed(topological_order(root)):  # 2. a node after all nodes that use it
        if node.recipe is None or node not in gradient:
            continue
        upstream = gradient.pop(node)
        op, parents, params, _, _ = node.recipe
        out, inputs = _left_by_forward(node, create_graph)
        for index, parent in enumerate(parents):
            if parent.requires_grad:
                message = op.vjps[index](upstream, out, *inputs, **params)  # 3. upstream · local derivative
                message = _fitted_to(parent, message, node, index)
                total = gradient[parent] + message if parent in gradient else message  # 4. the sum over the edges
                gradient[parent] = total
                yield new(BackwardStep, (node, parent, index, upstream, message, total))  # 5. one edge done


# ---------------------------------------------------------------------------------------------- guards


def seed_of(root: Any, seed: Any = None, create_graph: bool = False) -> Array:
    """The upstream gradient that a backward pass starts from.

    Raises:
        GraphError: `root` is no tensor, requires no gradient, or neither is a scalar nor has a seed of its shape.
    """
    if not isinstance(root, Value):
        raise GraphError(f"expected a Tensor to differentiate, got {type(root).__name__}: was the graph left early?")
    if not root.requires_grad:
        raise GraphError(
            "nothing here requires a gradient: create a parameter with Tensor(..., requires_grad=True) "
            "and compute outside no_grad()"
        )
    data = root._data
    if create_graph and isinstance(seed, Value) and np.shape(seed._data) == np.shape(data):
        return seed  # a tensor stays one: the result can be differentiated with respect to it
    if seed is None:
        if np.size(data) != 1:
            raise GraphError(
                f"backward() starts from a scalar, this tensor has shape {np.shape(data)}: "
                "take its .sum() or .mean(), or pass seed=, an array of that shape"
            )
        values = data.dtype.type(1) if data.ndim == 0 else np.ones_like(data)
    else:
        values = np.asarray(seed._data if isinstance(seed, Value) else seed, dtype=data.dtype)[()]
        if values.shape != data.shape:
            raise GraphError(f"seed has shape {values.shape}, the tensor has shape {data.shape}: they must be equal")
    return type(root)._of(values) if create_graph else values


def _left_by_forward(node: Any, create_graph: bool) -> tuple[Any, Sequence[Any]]:
    """The node's value and those of its inputs, if they still are what the forward pass saw."""
    op, parents, _, arrays, read_at = node.recipe
    if record.clock > read_at:  # something was written to since
        for tensor in (node, *parents):
            if tensor._written[0] > read_at:
                label = f"'{tensor.name}'" if tensor.name else f"of shape {np.shape(tensor._data)}"
                raise GraphError(
                    f"a tensor {label} was changed after the forward pass of '{op.name}' had used it, so its gradient "
                    "would be wrong: run the forward pass again after a change, and call backward() before the next"
                )
    return (node, parents) if create_graph else (node._data, arrays)


def _fitted_to(parent: Any, message: Any, node: Any, index: int) -> Any:
    """The message in the parent's shape and dtype."""
    like = parent._data
    if type(message) is type(like) is np.float64:
        return message
    if message.shape != like.shape:  # the forward pass broadcast this input: its gradient is a sum
        message = apply(OPS["sum_to"], message, shape=like.shape)
    if message.dtype != like.dtype:
        if like.dtype.kind != "f":
            raise GraphError(
                f"the gradient stops at a tensor of {like.dtype}, input {index} of '{node.recipe.op.name}': only "
                "floats have one. Use float data, and .detach() before a cast to integers"
            )
        message = apply(OPS["astype"], message, dtype=like.dtype)
    return message

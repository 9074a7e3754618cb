"""The gradient of every example by itself, in one backward pass."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from textbook import ops
from textbook.engine import Array, BackwardStep, GraphError, Tensor, backward_steps, plain, topological_order
from textbook.nn import Module

__all__ = ["per_example_gradients"]


def per_example_gradients(model: Module, loss: Callable[[Any, Array], Any], x: Array, y: Array) -> dict[str, Array]:
    """For each parameter the gradients of the losses of N examples, side by side: shape (N, *shape of the parameter).

    The backward pass is the ordinary one.  Only on the edges into parameters, where the engine adds the examples up, in
    Xᵀ·δ for a weight and in a sum over rows for a bias, the same entry of the table is applied to a stack of N batches
    of one: δᵢxᵢᵀ, not added.  No copy of the model is made, and no example is run by itself.

    Args:
        model: each row of its output depends on the same row of x alone (no normalisation over the batch), and each
            parameter meets the batch in an operation of two inputs: x @ w, z + b, x_hat * scale.
        loss: maps (predictions, y) to the mean over the batch.
        x: N examples, floats.
        y: their targets.

    Raises:
        GraphError: a parameter is used in another way; nothing wrong is returned.

    Source: Goodfellow 2015, "Efficient per-example gradient computations".  NB: torch.func.vmap(torch.func.grad(f))
    """
    names = {p: name for name, p in model.named_tensors().items() if p.requires_grad}
    batch = Tensor(x, requires_grad=True)
    root = loss(model(batch), y)
    rows = {batch}  # what has a row for each example
    rows.update(t for t in topological_order(root) if t.recipe and any(p in rows for p in t.recipe.parents))
    found = {name: np.zeros((len(x), *p.shape), p.dtype) for p, name in names.items()}
    for step in backward_steps(root, seed=np.asarray(len(x), root.dtype)):  # N times the mean: the sum
        if (name := names.get(step.parent)) is not None:
            found[name] = found[name] + _one_by_one(step, name, rows, len(x))
    return found


def _one_by_one(step: BackwardStep, name: str, rows: set[Tensor], n: int) -> Array:
    """The message of each example to a parameter, before they are added up."""
    op, parents, params, *_ = step.node.recipe
    others = [p for i, p in enumerate(parents) if i != step.index]
    if len(others) == 1 and others[0] in rows and all(t.shape[:1] == (n,) for t in (step.node, *others)):
        # (N, …) → (N, 1, …): a stack of batches of one, each with the parameter for itself
        upstream, out, other = [array[:, None] for array in (step.upstream, step.node._data, others[0]._data)]
        parameter = np.broadcast_to(plain(step.parent), (n, *step.parent.shape))
        inputs = [parameter, other] if step.index == 0 else [other, parameter]
        message = op.vjps[step.index](upstream, out, *inputs, **params)
        alone = (n, *[1] * (message.ndim - 1 - step.parent.ndim), *step.parent.shape)
        return ops.sum_to(message, shape=alone).reshape(n, *step.parent.shape)
    raise GraphError(
        f"parameter {name} meets no batch of {n} examples in '{op.name}': its gradient can't be told apart by example"
    )

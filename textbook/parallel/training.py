"""Training on all processes at once: the steps of one process on whole batches."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.random import Generator

from textbook.engine import Array, Tensor, plain
from textbook.nn import Module
from textbook.parallel.group import all_reduce, broadcast, rank, size
from textbook.train import Step


def share(n: int, part: int, parts: int) -> slice:
    """Which of n rows belong to one of the parts; their sizes differ by one at most.

    >>> [np.arange(8)[share(8, part, 3)].tolist() for part in range(3)]
    [[0, 1], [2, 3, 4], [5, 6, 7]]
    """
    return slice(n * part // parts, n * (part + 1) // parts)


def accumulate(model: Module, loss: Callable[..., Tensor], x: Array, y: Array, parts: int = 1) -> float:
    """Add the gradient of the mean loss over a batch to every `.grad`, a part at a time.

    ∇ mean = Σ_parts (size of the part / size of the batch) · ∇ mean over the part.  Only one part's intermediate
    results are in memory at a time: a batch may be larger than memory allows.

    Returns:
        the mean loss; 0 for a batch of no examples, which adds nothing.
    """
    mean = 0.0
    for part in range(parts):
        rows = share(len(x), part, parts)
        if count := rows.stop - rows.start:
            value = loss(model(x[rows]), y[rows]) * (count / len(x))
            value.backward()
            mean += value.item()
    return mean


def average_gradients(params: Sequence[Tensor], loss: float, weight: float) -> float:
    """Give every process the gradient, and the loss, of the whole batch: g ← Σ_r weight_r · g_r.

    All gradients travel in one message, which costs less than one for each.  NB: DistributedDataParallel sends several,
    while the backward pass is still under way, and weighs all processes alike.

    Args:
        params: the same in every process; a gradient that is None counts as 0, and is set.
        loss: the mean over this process's share.
        weight: the size of this share / the size of the batch; 0 for an empty share.

    Returns:
        the mean loss over the batch.
    """
    gradients = [np.zeros(p.shape, p.dtype) if p.grad is None else p.grad for p in params]
    bucket = joined([*gradients, np.array(loss, params[0].dtype)])
    bucket *= weight
    all_reduce(bucket)
    for p, g in zip(params, parted(bucket, params), strict=True):
        p.grad = g
    return float(bucket[-1])


def train(
    model: Module,
    loss: Callable[..., Tensor],
    x: Array,
    y: Array,
    optimizer: Any,
    *,
    batch: int,
    rng: Generator,
    parts: int = 1,
) -> Iterator[Step]:
    """One epoch, on all processes together; yields after each step the loss of the whole batch, the same in each.

    All take the weights and the order of the examples from process 0.  The steps are those of one process but for
    rounding; in float32 that may put a sum on the other side of relu's kink, and then losses part by some 1e-5.
    NB: batch normalisation sees this process's share only, and dropout draws from this process's generator: then the
    steps are others.

    Args:
        model, loss, optimizer: as for `train.train`; the optimizer may be a `ShardedOptimizer`.
        x, y: all examples, in every process.
        batch: examples in a step, of all processes together.
        rng: draws the order of the examples.
        parts: into how many this process's share is cut, see `accumulate`.
    """
    params = model.parameters()
    for p in params:
        p.data = broadcast(np.array(p.data, ndmin=1)).reshape(p.shape)
    order = broadcast(rng.permutation(len(x)))
    for number, first in enumerate(range(0, len(x), batch), start=1):
        rows = order[first : first + batch]
        mine = rows[share(len(rows), rank(), size())]
        optimizer.zero_grad()
        value = accumulate(model, loss, x[mine], y[mine], parts)
        value = average_gradients(params, value, weight=len(mine) / len(rows))
        optimizer.step()
        yield Step(number, value)


def joined(arrays: Sequence[Any]) -> Array:
    """All numbers of some arrays in one vector."""
    return np.concatenate([np.ravel(plain(array)) for array in arrays])


def parted(vector: Array, like: Sequence[Any]) -> list[Array]:
    """A vector cut up again, each part with the shape and dtype of its model."""
    ends = np.cumsum([part.size for part in like])
    cut = np.split(vector[: ends[-1]], ends[:-1])
    return [part.reshape(shaped.shape).astype(shaped.dtype, copy=False) for part, shaped in zip(cut, like, strict=True)]

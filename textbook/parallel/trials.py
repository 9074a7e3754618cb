"""What the book runs on several processes: one batch in every way there is, and a training on the clock."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from textbook import data, nn, ops
from textbook.engine import Array
from textbook.optim import Optimizer
from textbook.parallel.group import all_reduce, join, rank, size
from textbook.parallel.ring import ring_all_reduce
from textbook.parallel.sharding import ShardedOptimizer, state_bytes
from textbook.parallel.training import accumulate, average_gradients, joined, share, train
from textbook.torch_twin import import_torch, model_twin


class Gradients(NamedTuple):
    """A batch's gradient as one process has it, all parameters end to end in one vector."""

    loss: float  # of the whole batch
    own: Array  # of this process's share alone
    averaged: Array  # over all processes, by gloo's all-reduce
    ring: Array  # the same by `ring_all_reduce`
    ddp: Array | None  # what PyTorch's DistributedDataParallel puts into .grad


def model_and_batch(n: int, dtype: Any = np.float64) -> tuple[nn.MLP, Array, Array]:
    """The same small model and the same n digits wherever it is called."""
    mnist = data.load_mnist("small")
    model = nn.MLP([784, 16, 10], rng=np.random.default_rng(0), dtype=dtype)
    return model, mnist.x_train[:n].astype(dtype), mnist.y_train[:n]


def one_batch(n: int = 64, counts: Sequence[int] | None = None, parts: int = 1, ddp: bool = True) -> Gradients:
    """The gradient of one batch of n digits, in float64; every process of the group calls it.

    Args:
        n: examples in the batch, of all processes together.
        counts: how many of them each process takes; about equally many by default.
        parts: into how many each share is cut.
        ddp: whether PyTorch computes it too.
    """
    model, x, y = model_and_batch(n)
    mine = share(n, rank(), size())
    if counts is not None:
        if len(counts) != size() or sum(counts) != n:
            raise ValueError(f"counts={list(counts)}: wanted {size()} whole numbers, which sum to {n}")
        mine = slice(sum(counts[: rank()]), sum(counts[: rank() + 1]))
    x, y = x[mine], y[mine]
    params = model.parameters()
    value = accumulate(model, ops.cross_entropy, x, y, parts)
    own = joined([np.zeros(p.shape) if p.grad is None else p.grad for p in params])
    by_ring = ring_all_reduce(own * (len(x) / n))
    mean = average_gradients(params, value, weight=len(x) / n)
    return Gradients(mean, own, joined([p.grad for p in params]), by_ring, _by_ddp(model, x, y) if ddp else None)


def _by_ddp(model: nn.MLP, x: Array, y: Array) -> Array:
    torch = import_torch()
    join()
    twin = torch.nn.parallel.DistributedDataParallel(model_twin(model))
    torch.nn.functional.cross_entropy(twin(torch.from_numpy(x)), torch.from_numpy(y.astype(np.int64))).backward()
    return joined([p.grad.numpy().T for p in twin.parameters()])  # NB: torch's weights are (out, in)


class Training(NamedTuple):
    """A training as one process sees it."""

    losses: list[float]  # of each step, over the whole batch
    seconds: list[float]  # of each epoch
    params: Array  # at the end, in one vector
    state_bytes: int  # of this process's optimizer


def training(
    dataset: str = "small",
    widths: Sequence[int] = (784, 256, 128, 10),
    batch: int = 512,
    rule: str = "adam",
    *,
    steps: int | None = None,
    epochs: int = 1,
    parts: int = 1,
    sharded: bool = False,
    dtype: Any = np.float32,
    **hyper: Any,
) -> Training:
    """Train an MLP on MNIST from seed 0, with the clock running; every process of the group calls it.

    Args:
        dataset, widths, batch, rule, dtype, **hyper: what is trained, and how.
        steps: batches in an epoch; all there are by default.
        parts: into how many a process's share is cut.
        sharded: whether the optimizer's state is spread over the processes.
    """
    mnist = data.load_mnist(dataset)
    n = len(mnist.x_train) if steps is None else steps * batch
    x, y = mnist.x_train[:n].astype(dtype, copy=False), mnist.y_train[:n]
    model = nn.MLP(widths, rng=np.random.default_rng(0), dtype=dtype)
    optimizer = (ShardedOptimizer if sharded else Optimizer)(model, rule, **hyper)
    rng, losses, seconds = np.random.default_rng(0), [], []
    for _ in range(epochs):
        all_reduce(np.zeros(1))  # all are here: nobody's start is on the clock
        start = time.perf_counter()
        epoch = train(model, ops.cross_entropy, x, y, optimizer, batch=batch, rng=rng, parts=parts)
        losses += [step.loss for step in epoch]
        seconds.append(time.perf_counter() - start)
    return Training(losses, seconds, joined(model.parameters()), state_bytes(optimizer))

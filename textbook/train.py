"""Training is a generator of steps: the caller decides what to watch, when to pause and what to change."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np

from textbook import ops
from textbook.data import require_finite
from textbook.engine import Array, Tensor, no_grad, plain
from textbook.nn import Module
from textbook.optim import Optimizer


class Step(NamedTuple):
    """One update: its number from 1, and the loss on its batch before the update."""

    number: int
    loss: float


class Score(NamedTuple):
    """Mean loss in nats over all examples, and the share that is classified right."""

    loss: float
    accuracy: float


def train(
    model: Module,
    loss: Callable[[Any, Array], Tensor],
    batches: Iterable[tuple[Array, Array]],
    optimizer: Optimizer,
) -> Iterator[Step]:
    """Take one optimizer step for each batch, and yield after it.

    Args:
        model: maps x to predictions.
        loss: maps (predictions, y) to a scalar, such as `ops.cross_entropy` or `ops.mse`.
        batches: pairs (x, y).
        optimizer: holds the model's parameters; its `.hyper` may be changed between steps.

    Raises:
        ValueError: a batch is empty or holds NaN or infinity.
        TypeError: the loss left the graph, as `.item()` does.
    """
    model.train()
    for number, (x, y) in enumerate(batches, start=1):
        _check_batch(number, x, y)
        optimizer.zero_grad()
        value = loss(model(x), y)
        if not isinstance(value, Tensor):
            raise TypeError(f"the loss returned {type(value).__name__}: wanted a Tensor, computed from the predictions")
        value.backward()
        optimizer.step()
        yield Step(number, value.item())


def _check_batch(number: int, x: Array, y: Array) -> None:
    if len(x) != len(y):
        raise ValueError(f"batch {number} has {len(x)} inputs and {len(y)} targets: one for each is needed")
    if len(x) == 0:
        raise ValueError(f"batch {number} is empty: there is nothing to learn from")
    _check_finite(f"batch {number}", x, y)


def _check_finite(given_as: str, x: Array, y: Array) -> None:
    require_finite(f"{given_as}: x", np.asarray(plain(x)))
    require_finite(f"{given_as}: y", np.asarray(plain(y)))


def evaluate(model: Module, x: Array, y: Array, size: int = 1000) -> Score:
    """Loss and accuracy of a classifier, in evaluation mode and without a graph; the mode is restored.

    Args:
        model: maps (N, …) to logits (N, classes).
        x, y: all examples and their integer labels.
        size: how many go through the model at once.

    Raises:
        ValueError: no data, unequal lengths, a NaN or infinity, or a size below 1.
    """
    if len(x) != len(y) or not len(x):
        raise ValueError(f"evaluate needs as many labels as examples, one at least: got {len(x)} and {len(y)}")
    if size < 1:
        raise ValueError(f"size must be at least 1, got {size}: that many examples go through the model at once")
    _check_finite("the data", x, y)
    before = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        with no_grad():
            loss = right = 0.0
            for start in range(0, len(x), size):
                labels = np.asarray(plain(y[start : start + size]))
                logits = model(x[start : start + size])
                loss += ops.cross_entropy(logits, labels).item() * len(labels)
                right += int((plain(logits).argmax(axis=1) == labels).sum())
    finally:
        for module, mode in before:
            module.training = mode
    return Score(loss / len(x), right / len(x))

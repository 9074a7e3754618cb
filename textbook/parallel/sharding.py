"""Sharded optimizer state: each process keeps Adam's m and v for its share of the parameters only."""

from __future__ import annotations

from typing import Any

import numpy as np

from textbook.engine import Array, Tensor
from textbook.optim import Optimizer, find_rule, kind
from textbook.parallel.group import all_gather, rank, size
from textbook.parallel.training import joined, parted


class ShardedOptimizer:
    """An optimizer whose state is spread over the processes: each moves its shard, then all exchange shards.

    The parameters lie end to end in one vector, which is cut into `size()` shards of equal length.  Gradients must be
    the same in all processes, as `average_gradients` leaves them.

    Args:
        params: tensors, or a model.
        rule: an elementwise update rule or its name; **hyper: its hyperparameters, one value each.

    Raises:
        ValueError: the rule mixes the elements of a parameter, as Muon does, and can't move a piece of one.

    Source: Rajbhandari et al. 2020 (ZeRO), stage 1.  NB: in PyTorch, ZeroRedundancyOptimizer; FSDP also shards the
    gradients and the parameters themselves.
    """

    def __init__(self, params: Any, rule: Any, **hyper: Any) -> None:
        if not kind(rule).elementwise:
            raise ValueError(f"{find_rule(rule).__name__} needs whole parameters, a shard is a piece: take adam, say")
        self.params: list[Tensor] = list(params.parameters() if hasattr(params, "parameters") else params)
        self.shard = Tensor(self._mine(self.params), requires_grad=True, name="shard")
        self.optimizer = Optimizer([self.shard], rule, **hyper)
        self.hyper = self.optimizer.hyper

    def _mine(self, arrays: Any) -> Array:
        """This process's piece of the one long vector; zeros fill up the last one."""
        whole = joined(arrays)
        whole = np.pad(whole, (0, -len(whole) % size()))
        return whole.reshape(size(), -1)[rank()]

    def zero_grad(self) -> None:
        for p in self.params:
            p.grad = None

    def step(self) -> None:
        """Move all parameters once: this process its shard, the others theirs."""
        self.shard.data = self._mine(self.params)  # someone may have loaded others
        self.shard.grad = self._mine([np.zeros(p.shape, p.dtype) if p.grad is None else p.grad for p in self.params])
        self.optimizer.step()
        whole = all_gather(np.array(self.shard.data)).reshape(-1)
        for p, values in zip(self.params, parted(whole, self.params), strict=True):
            p.data = values

    @property
    def state(self) -> list[tuple[Array, ...]]:
        """This process's piece of the state."""
        return self.optimizer.state


def state_bytes(optimizer: Any) -> int:
    """What an optimizer's state takes in this process's memory."""
    return sum(array.nbytes for slots in optimizer.state for array in slots)

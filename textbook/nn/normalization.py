"""Layers that standardise what passes through them."""

from __future__ import annotations

from typing import Any, final

import numpy as np

from textbook import ops
from textbook.engine import Array, Tensor, plain
from textbook.nn.module import Module


@final
class LayerNorm(Module):
    """Each example standardised over its features, then scale · x̂ + shift, both learnt.

    Source: Ba, Kiros & Hinton 2016.
    """

    def __init__(self, n: int, *, eps: float = 1e-5, dtype: Any = np.float32) -> None:
        self.scale = Tensor(np.ones(n, dtype), requires_grad=True, name="scale")
        self.shift = Tensor(np.zeros(n, dtype), requires_grad=True, name="shift")
        self.eps = eps

    def __repr__(self) -> str:
        return f"LayerNorm({self.scale.size})"

    def __call__(self, x: Any) -> Any:
        return ops.standardize(x, axis=-1, eps=self.eps) * self.scale + self.shift


@final
class BatchNorm(Module):
    """Each feature standardised over the batch, then scale · x̂ + shift, both learnt.

    In evaluation, by the mean and variance that training has kept: running ← (1 - momentum)·running + momentum·batch.

    Args:
        n: features, the last axis of x; the statistics are over all other axes.
        momentum: the weight of the newest batch (PyTorch's name: an optimizer's momentum weighs the past).

    Source: Ioffe & Szegedy 2015.
    """

    def __init__(self, n: int, *, momentum: float = 0.1, eps: float = 1e-5, dtype: Any = np.float32) -> None:
        self.scale = Tensor(np.ones(n, dtype), requires_grad=True, name="scale")
        self.shift = Tensor(np.zeros(n, dtype), requires_grad=True, name="shift")
        self.running_mean, self.running_var = Tensor(np.zeros(n, dtype)), Tensor(np.ones(n, dtype))
        self.momentum, self.eps = momentum, eps

    def __repr__(self) -> str:
        return f"BatchNorm({self.scale.size})"

    def __call__(self, x: Any) -> Any:
        if self.training:
            axes = tuple(range(x.ndim - 1))
            self._remember(plain(x), axes)
            x_hat = ops.standardize(x, axis=axes, eps=self.eps)
        else:
            x_hat = (x - self.running_mean) / np.sqrt(self.running_var.data + self.eps)
        return x_hat * self.scale + self.shift

    def _remember(self, x: Array, axes: tuple[int, ...]) -> None:
        count = x.size // self.scale.size
        if count < 2:
            raise ValueError("batch normalisation in training needs two examples at least: one has no spread")
        # NB: as in PyTorch, the variance that is kept divides by count - 1, the one that standardises by count.
        for kept, new in ((self.running_mean, x.mean(axes)), (self.running_var, x.var(axes, ddof=1))):
            kept.data = (1 - self.momentum) * kept.data + self.momentum * new

"""Training steps of a convolutional network and of a Transformer, ours and PyTorch's: same shapes, batch and dtype."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.measure import Row, ratio, row
from textbook import nn, ops, optim

THREADS = int(os.environ.get("OMP_NUM_THREADS") or os.cpu_count() or 1)


def _steps(model: nn.Module, twin: Any, x: Any, y: Any, their_loss: Callable) -> tuple[Callable, Callable]:
    """One step of Adam, ours and PyTorch's."""
    import torch

    optimizer = optim.Optimizer(model, "adam", lr=1e-3)
    theirs = torch.optim.Adam(twin.parameters(), lr=1e-3)
    their_x, their_y = torch.from_numpy(x), torch.from_numpy(y)

    def step() -> None:
        optimizer.zero_grad()
        ops.cross_entropy(model(x), y).backward()
        optimizer.step()

    def their_step() -> None:
        theirs.zero_grad()
        their_loss(twin(their_x), their_y).backward()
        theirs.step()

    return step, their_step


# ---------------------------------------------------------------------------------------------- convolution


def cnn(rng: np.random.Generator) -> nn.Sequential:
    """Two convolutions with pooling, then 1568-128-10: 206,922 parameters."""
    return nn.Sequential(
        nn.Reshape(28, 28, 1),
        nn.Conv2d(1, 16, 3, rng=rng, padding=1), ops.relu, nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, rng=rng, padding=1), ops.relu, nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(1568, 128, rng=rng), ops.relu, nn.Linear(128, 10, rng=rng),
    )  # fmt: skip


def torch_cnn() -> Any:
    """The same in PyTorch, as one writes it there."""
    from torch import nn as tnn

    return tnn.Sequential(
        tnn.Unflatten(1, (1, 28, 28)),
        tnn.Conv2d(1, 16, 3, padding=1), tnn.ReLU(), tnn.MaxPool2d(2),
        tnn.Conv2d(16, 32, 3, padding=1), tnn.ReLU(), tnn.MaxPool2d(2),
        tnn.Flatten(), tnn.Linear(1568, 128), tnn.ReLU(), tnn.Linear(128, 10),
    )  # fmt: skip


def cnn_steps(batch: int = 128) -> tuple[Callable, Callable]:
    from torch.nn.functional import cross_entropy

    rng = np.random.default_rng(0)
    x, y = rng.random((batch, 784), dtype=np.float32), rng.integers(0, 10, batch)
    return _steps(cnn(rng), torch_cnn(), x, y, cross_entropy)


# ---------------------------------------------------------------------------------------------- Transformer

VOCABULARY, LENGTH, WIDTH, HEADS, BLOCKS = 28, 64, 64, 4, 2


def torch_transformer() -> Any:
    """The same language model in PyTorch, on its fused layers: one product for queries, keys and values."""
    import torch
    from torch import nn as tnn
    from torch.nn import functional as F

    class Block(tnn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.norm1, self.norm2 = tnn.LayerNorm(WIDTH), tnn.LayerNorm(WIDTH)
            self.joint, self.out = tnn.Linear(WIDTH, 3 * WIDTH), tnn.Linear(WIDTH, WIDTH)
            self.first, self.second = tnn.Linear(WIDTH, 4 * WIDTH), tnn.Linear(4 * WIDTH, WIDTH)

        def forward(self, x: Any) -> Any:
            parts = self.joint(self.norm1(x)).split(WIDTH, dim=2)
            heads = [p.view(*p.shape[:2], HEADS, WIDTH // HEADS).transpose(1, 2) for p in parts]
            mean = F.scaled_dot_product_attention(*heads, is_causal=True)
            x = x + self.out(mean.transpose(1, 2).reshape(x.shape))
            return x + self.second(F.relu(self.first(self.norm2(x))))

    class Model(tnn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.tokens, self.places = tnn.Embedding(VOCABULARY, WIDTH), tnn.Embedding(LENGTH, WIDTH)
            self.blocks = tnn.Sequential(*(Block() for _ in range(BLOCKS)))
            self.norm, self.head = tnn.LayerNorm(WIDTH), tnn.Linear(WIDTH, VOCABULARY)

        def forward(self, tokens: Any) -> Any:
            x = self.tokens(tokens) + self.places(torch.arange(tokens.shape[1]))
            return self.head(self.norm(self.blocks(x))).reshape(-1, VOCABULARY)

    return Model()


def transformer_steps(length: int = LENGTH, batch: int = 32) -> tuple[Callable, Callable]:
    from torch.nn.functional import cross_entropy

    rng = np.random.default_rng(0)
    model = nn.Transformer(VOCABULARY, LENGTH, WIDTH, HEADS, BLOCKS, rng=rng)
    tokens = rng.integers(0, VOCABULARY, (batch, length + 1))
    x, y = tokens[:, :-1].copy(), tokens[:, 1:].reshape(-1).copy()
    flat = nn.Sequential(model, lambda z: ops.reshape(z, shape=(-1, VOCABULARY)))
    return _steps(flat, torch_transformer(), x, y, cross_entropy)


# ---------------------------------------------------------------------------------------------- the table


def rows() -> list[Row]:
    """A step of each, with Adam."""
    import torch

    torch.set_num_threads(THREADS)
    alone = THREADS == 1
    return [
        row("step CNN 16-32-128-10, batch 128: ours / torch", ratio(*cnn_steps(), calls=8), 3),
        *(
            row(
                f"step Transformer, 2 blocks of 64, 4 heads, {length} places, batch 32: ours / torch",
                ratio(*transformer_steps(length), calls=8),
                2 if alone else None,
            )
            for length in (32, 64)
        ),
    ]

"""A network of twenty hidden layers, and what makes it learn."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from textbook import init, nn, ops


def deep_net(
    rng: np.random.Generator,
    *,
    activation: Callable[[Any], Any] = ops.sigmoid,
    start: str | Callable[..., Any] = "xavier",
    norm: Callable[[int], nn.Module] | None = None,
    residual: bool = False,
    depth: int = 20,
    width: int = 64,
) -> nn.Sequential:
    """A network for digits: after the first layer, `depth` times (norm,) activation and a linear layer.

    Args:
        rng: draws the weights.
        activation: an elementwise function of `ops`.
        start: how the weights start.
        norm: makes a normalisation of so many features, `nn.BatchNorm` say; it stands before each activation.
        residual: whether each block is added to its input (all but the last, whose output is narrower).
        depth, width: of the hidden layers.
    """
    layers: list[Any] = [nn.Linear(784, width, rng=rng, init=start)]
    for n_out in [*[width] * (depth - 1), 10]:
        block: list[Any] = [activation, nn.Linear(width, n_out, rng=rng, init=start)]
        block = [norm(width), *block] if norm else block
        layers += [nn.Residual(*block)] if residual and n_out == width else block
    return nn.Sequential(*layers)


def eightfold(rng: np.random.Generator, shape: tuple[int, int]) -> Any:
    """Normal, eight times LeCun's: a sigmoid's slope is a quarter at most, and its outputs are small."""
    return 8 * init.lecun(rng, shape)


class Remedy(NamedTuple):
    """Words for the menu, and what `deep_net` is given."""

    words: str
    parts: Mapping[str, Any]


REMEDIES = {
    "deep": Remedy("twenty sigmoid layers", {}),
    "relu": Remedy("twenty ReLU layers, He's weights", {"activation": ops.relu, "start": "he"}),
    "start": Remedy("twenty sigmoid layers, weights × 8", {"start": eightfold}),
    "residual": Remedy("twenty sigmoid layers, residual", {"residual": True}),
    "batch": Remedy("twenty sigmoid layers, batch normalised", {"norm": nn.BatchNorm}),
    "layer": Remedy("twenty sigmoid layers, layer normalised", {"norm": nn.LayerNorm}),
}

"""A model of characters: what it costs on names, and how it writes some.  The names are in `textbook.names`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from textbook import nn, ops
from textbook.engine import Array, no_grad, plain
from textbook.names import FILE, LENGTH, SYMBOLS, decode, encode

SMALL: dict[str, Any] = {"n": len(SYMBOLS), "length": LENGTH, "d": 32, "heads": 2, "blocks": 1}


def loss(logits: Any, y: Array) -> Any:
    """Mean of -log p(next character), in nats, over the places where one is asked for.

    Args:
        logits: (N, T, symbols).
        y: (N, T) symbols; -1 where nothing is asked.
    """
    y = np.asarray(plain(y)).ravel()
    asked = np.flatnonzero(y >= 0)
    return ops.cross_entropy(ops.reshape(logits, shape=(y.size, logits.shape[-1]))[asked], y[asked])


def cost(model: Callable[[Any], Any], names: Iterable[str]) -> float:
    """The `loss` on all characters of some names, without a graph.

    Args:
        model: maps symbols (N, T) to logits (N, T, 27).
    """
    x, y = encode(names)
    with no_grad():
        return float(plain(loss(model(x), y)))


def write(model: Callable[[Any], Any], count: int, rng: np.random.Generator, temperature: float = 1.0) -> list[str]:
    """Names by the model, letter by letter: each drawn with the probability that the model gives it.

    Args:
        model: as `cost` takes it.
        count: how many names; they are written side by side.
        rng: draws the letters.
        temperature: the logits are divided by it.  Below 1 the likely becomes likelier.

    Raises:
        ValueError: a temperature that is not positive.
    """
    if not temperature > 0:
        raise ValueError(f"temperature must be positive, got {temperature}")
    x = np.zeros((count, LENGTH), np.int64)
    for place in range(LENGTH - 1):
        with no_grad():
            logits = plain(model(x[:, : place + 1]))[:, -1]
        p = ops.softmax(logits.astype(float) / temperature)
        x[:, place + 1] = (p.cumsum(axis=1) < rng.random((count, 1)) * p.sum(axis=1, keepdims=True)).sum(axis=1)
    return [decode(row) for row in x[:, 1:]]


def names_net() -> nn.Transformer:
    """A Transformer of one block and two heads that is trained already, by `tools/names_net.py`.

    >>> cost(names_net(), ["maria"]) < 2 < cost(names_net(), ["qzxv"])
    True
    """
    model = nn.Transformer(**SMALL, rng=np.random.default_rng(0))
    with np.load(FILE.with_name("names_net.npz")) as arrays:
        model.load_state_dict({name: arrays[name].astype(np.float32) for name in arrays.files})
    return model

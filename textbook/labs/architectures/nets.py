"""Three architectures, small enough to be drawn whole: what each computes, one operation after the other.

The parameters are those of `textbook.nn`'s layers; each result on the way gets a name, for the picture.
"""

from __future__ import annotations

import numpy as np

from textbook import nn, ops
from textbook.engine import Tensor

N = 2  # examples
SIDE = 8  # pixels of an image
D = 4  # features of a token, an input, a state
CLASSES = 3


def named(name: str, value: Tensor) -> Tensor:
    value.name = name
    return value


def convolutional(layers: int) -> Tensor:
    """Images through convolution, ReLU and pooling, so many times; a linear layer; cross-entropy."""
    rng = np.random.default_rng(0)
    x, channels = Tensor(rng.normal(size=(N, SIDE, SIDE, 1)), name="x"), 1
    for k in range(1, layers + 1):
        layer = nn.Conv2d(channels, 2 * k, 3, rng=rng, padding=1, dtype=float)
        w, b = named(f"w{k}", layer.w), named(f"b{k}", layer.b)
        c = named(f"c{k}", ops.conv2d(x, w, padding=1))
        a = named(f"a{k}", ops.relu(named(f"z{k}", c + b)))
        x, channels = named(f"p{k}", ops.max_pool2d(a, 2)), 2 * k
    flat = named("flat", x.reshape((N, -1)))
    head = nn.Linear(flat.shape[1], CLASSES, rng=rng, dtype=float)
    return loss_of(flat, head, rng)


def recurrent(steps: int) -> Tensor:
    """A state carried over so many inputs, h ← tanh(x W + h U + b) from h = 0; a linear layer on the last."""
    rng = np.random.default_rng(0)
    layer, head = nn.RNN(D, D, rng=rng, dtype=float), nn.Linear(D, CLASSES, rng=rng, dtype=float)
    w, b, u = named("W", layer.inward.w), named("b", layer.inward.b), named("U", layer.u)
    h: Tensor | None = None
    for t in range(1, steps + 1):
        x = Tensor(rng.normal(size=(N, D)), name=f"x{t}")
        z = named(f"i{t}", named(f"xW{t}", x @ w) + b)
        if h is not None:
            z = named(f"z{t}", named(f"hU{t}", h @ u) + z)
        h = named(f"h{t}", ops.tanh(z))
    assert h is not None, "a step at least"
    return loss_of(h, head, rng)


def attention(tokens: int) -> Tensor:
    """A block of one head: each token asks, sees those up to itself, and adds what it hears; cross-entropy.

    Its features are taken as scores, for one of D tokens to come.  The input x gets a gradient too: it would go on to
    the block before.
    """
    rng = np.random.default_rng(0)
    layer, x = nn.Attention(D, 1, rng=rng, dtype=float), Tensor(rng.normal(size=(tokens, D)), True, name="x")
    q, k, v = (named(name, x @ named(f"W{name}", part.w))
               for name, part in (("q", layer.query), ("k", layer.key), ("v", layer.value)))  # fmt: skip
    fits = named("fits", named("qkT", q @ named("kT", k.T)) * Tensor(D**-0.5))
    unseen = Tensor(np.where(ops.causal_mask(tokens), 0.0, -np.inf), name="mask")
    weights = named("A", ops.softmax(named("seen", fits + unseen)))
    out = named("out", named("heard", weights @ v) @ named("Wo", layer.out.w))
    return named("L", ops.cross_entropy(named("scores", x + out), rng.integers(0, D, tokens)))


def loss_of(features: Tensor, head: nn.Linear, rng: np.random.Generator) -> Tensor:
    """The cross-entropy of a linear layer's scores."""
    scores = named("scores", named(f"{features.name}V", features @ named("V", head.w)) + named("c", head.b))
    return named("L", ops.cross_entropy(scores, rng.integers(0, CLASSES, N)))

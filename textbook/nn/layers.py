"""Layers of features, and ways to join them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, final

import numpy as np

from textbook import init, ops
from textbook.engine import Array, Tensor
from textbook.nn.module import Module


@final
class Linear(Module):
    """z = x @ w + b.

    Args:
        n_in, n_out: the widths.
        rng: draws the weights; b starts at zero.
        init: a name from `init.INITS`, or a function (rng, shape) → weights.
        dtype: of the parameters.
    """

    def __init__(
        self,
        n_in: int,
        n_out: int,
        *,
        rng: np.random.Generator,
        init: str | Callable[..., Array] = "he",
        dtype: Any = np.float32,
    ) -> None:
        if n_in < 1 or n_out < 1:
            raise ValueError(f"a layer's widths must be at least 1, got {n_in} and {n_out}")
        self.w = Tensor(initializer(init)(rng, (n_in, n_out)).astype(dtype), requires_grad=True, name="w")
        self.b = Tensor(np.zeros(n_out, dtype), requires_grad=True, name="b")

    def __call__(self, x: Any) -> Any:
        return x @ self.w + self.b

    def __repr__(self) -> str:
        return "Linear({}, {})".format(*self.w.shape)


def initializer(name: str | Callable[..., Array]) -> Callable[..., Array]:
    """The function that draws weights: by its name in `init.INITS`, or the function itself."""
    if callable(name):
        return name
    if name not in init.INITS:
        raise ValueError(f"unknown initialisation {name!r}: choose one of {', '.join(init.INITS)}")
    return init.INITS[name]


@final
class Dropout(Module):
    """In training, zero each element with probability p and scale the rest by 1/(1 - p); in evaluation, x itself.

    Source: Srivastava et al. 2014, in the inverted form.
    """

    def __init__(self, p: float, *, rng: np.random.Generator) -> None:
        if not 0 <= p < 1:
            raise ValueError(f"p is the probability of dropping, 0 ≤ p < 1: got {p}")
        self.p, self.rng = p, rng

    def __repr__(self) -> str:
        return f"Dropout({self.p})"

    def __call__(self, x: Any) -> Any:
        if not self.training or self.p == 0:
            return x
        keep = self.rng.random(x.shape) >= self.p
        return x * (keep / (1 - self.p)).astype(np.result_type(x.dtype, np.float16))


@final
class Sequential(Module):
    """Layers and plain functions, one after the other."""

    def __init__(self, *layers: Callable[[Any], Any]) -> None:
        self.layers = layers

    def __call__(self, x: Any) -> Any:
        for layer in self.layers:
            x = layer(x)
        return x


@final
class Residual(Module):
    """x + f(x), where f is layers one after the other: the identity is a way past them, for values and gradients.

    Source: He et al. 2016, eq. 1.
    """

    def __init__(self, *layers: Callable[[Any], Any]) -> None:
        self.branch = Sequential(*layers)

    def __call__(self, x: Any) -> Any:
        return x + self.branch(x)


@final
class MLP(Module):
    """A multilayer perceptron: Linear layers with an activation between them; the last one gives raw outputs.

    Args:
        widths: input width, hidden widths, output width; two at least.
        rng: draws the weights.
        activation: an elementwise function of `ops`.
        init: how the weights start: he suits relu, xavier tanh.
        dtype: of the parameters.

    >>> model = MLP([784, 256, 128, 10], rng=np.random.default_rng(0))
    >>> sum(p.size for p in model.parameters())
    235146
    """

    def __init__(
        self,
        widths: Sequence[int],
        *,
        rng: np.random.Generator,
        activation: Callable[[Any], Any] = ops.relu,
        init: str | Callable[..., Array] = "he",
        dtype: Any = np.float32,
    ) -> None:
        if len(widths) < 2:
            raise ValueError(f"an MLP needs an input and an output width at least, got {list(widths)}")
        self.layers = [Linear(n, m, rng=rng, init=init, dtype=dtype) for n, m in pairwise(widths)]
        for number, layer in enumerate(self.layers, start=1):
            layer.w.name, layer.b.name = f"w{number}", f"b{number}"
        self.activation = activation

    def __call__(self, x: Any) -> Any:
        for layer in self.layers[:-1]:
            x = self.activation(layer(x))
        return self.layers[-1](x)

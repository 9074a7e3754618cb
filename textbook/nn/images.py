"""Layers of images, (N, height, width, channels).  NB: PyTorch has the channels before height and width."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, final

import numpy as np

from textbook import ops
from textbook.engine import Array, Tensor
from textbook.nn.layers import initializer
from textbook.nn.module import Module


@final
class Conv2d(Module):
    """z = conv2d(x, w) + b: the same small window of weights at every place of an image.

    Args:
        c_in, c_out: the channels before and after.
        size: height and width of the window.
        rng: draws the weights; b starts at zero.
        stride, padding: as `ops.conv2d` takes them; padding (size - 1)/2 keeps height and width.
        init: a name from `init.INITS`, or a function (rng, shape) → weights; its fan-in is size² · c_in.
        dtype: of the parameters.

    >>> layer = Conv2d(1, 16, 3, rng=np.random.default_rng(0), padding=1)
    >>> layer(np.zeros((2, 28, 28, 1), np.float32)).shape
    (2, 28, 28, 16)
    """

    def __init__(
        self,
        c_in: int,
        c_out: int,
        size: int,
        *,
        rng: np.random.Generator,
        stride: int = 1,
        padding: int = 0,
        init: str | Callable[..., Array] = "he",
        dtype: Any = np.float32,
    ) -> None:
        if min(c_in, c_out, size) < 1:
            raise ValueError(f"channels and window must be at least 1, got {c_in}, {c_out} and {size}")
        weights = initializer(init)(rng, (size * size * c_in, c_out)).reshape(size, size, c_in, c_out)
        self.w = Tensor(weights.astype(dtype), requires_grad=True, name="w")
        self.b = Tensor(np.zeros(c_out, dtype), requires_grad=True, name="b")
        self.stride, self.padding = stride, padding

    def __call__(self, x: Any) -> Any:
        return ops.conv2d(x, self.w, stride=self.stride, padding=self.padding) + self.b

    def __repr__(self) -> str:
        size, _, c_in, c_out = self.w.shape
        return f"Conv2d({c_in}, {c_out}, {size}, stride={self.stride}, padding={self.padding})"


@final
class MaxPool2d(Module):
    """The maximum of each size × size block."""

    def __init__(self, size: int) -> None:
        self.size = size

    def __call__(self, x: Any) -> Any:
        return ops.max_pool2d(x, self.size)

    def __repr__(self) -> str:
        return f"MaxPool2d({self.size})"


@final
class AvgPool2d(Module):
    """The mean of each size × size block."""

    def __init__(self, size: int) -> None:
        self.size = size

    def __call__(self, x: Any) -> Any:
        return ops.avg_pool2d(x, self.size)

    def __repr__(self) -> str:
        return f"AvgPool2d({self.size})"


@final
class Reshape(Module):
    """Each example in another shape: rows of 784 intensities, say, as images (28, 28, 1)."""

    def __init__(self, *shape: int) -> None:
        self.shape = shape

    def __call__(self, x: Any) -> Any:
        return ops.reshape(x, shape=(x.shape[0], *self.shape))

    def __repr__(self) -> str:
        return f"Reshape{self.shape}"


@final
class Flatten(Module):
    """Each example as one row: (N, …) → (N, features)."""

    def __call__(self, x: Any) -> Any:
        return ops.reshape(x, shape=(x.shape[0], math.prod(x.shape[1:])))

    def __repr__(self) -> str:
        return "Flatten()"

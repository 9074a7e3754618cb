"""The table of derivatives, third part: convolution and pooling of images, (N, height, width, channels).

A convolution multiplies a number of the image, a weight and a place of the output, and sums over two of the three:

    S(x, w, g) = Σ x[n, s·r + i - p, s·q + j - p, c] · w[i, j, c, o] · g[n, r, q, o]

with stride s and padding p.  Its derivative with respect to g is `conv2d`, with respect to x `conv2d_input`, with
respect to w `conv2d_weights`.  S is linear in each of the three, so the derivatives of these three are the other two.

NB: PyTorch stores images as (N, channels, height, width) and weights as (out, in, height, width).
"""

from __future__ import annotations

import math
from operator import index as integer
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from textbook.elementwise import where
from textbook.engine import Array, plain
from textbook.primitives import primitive
from textbook.shapes import broadcast_to, mean, reshape

# ---------------------------------------------------------------------------------------------- convolution


def conv2d(x, w, stride=1, padding=0):
    """Weights slid over an image: at each place the sum of window · weights, over the window and its channels.

    z[n, r, q, o] = Σ x[n, stride·r + i - padding, stride·q + j - padding, c] · w[i, j, c, o]   (0 outside the image)

    Args:
        x: (N, height, width, channels).
        w: (window height, window width, channels, out).
        stride: the distance from one window to the next, at least 1; a rest too small for a window is left out.
        padding: the width of a frame of zeros around the image, smaller than the window.

    Returns:
        (N, rows, columns, out), rows = (height + 2·padding - window height) // stride + 1, columns likewise.

    Raises:
        ValueError: shapes, stride or padding that do not fit.
        TypeError: stride or padding is no integer.

    NB: as in PyTorch, the window is not turned over: a mathematician calls it cross-correlation.

    >>> edges = np.array([1.0, -1.0]).reshape(1, 2, 1, 1)
    >>> conv2d(np.array([0.0, 0.0, 5.0, 5.0]).reshape(1, 1, 4, 1), edges).ravel()
    array([ 0., -5.,  0.])

    Source: LeCun et al. 1989.
    """
    stride, padding = _whole("stride", stride, 1), _whole("padding", padding, 0)
    shape, window = np.shape(plain(x)), np.shape(plain(w))
    if len(shape) != 4:
        raise ValueError(f"conv2d wants images (N, height, width, channels), got shape {shape}")
    if len(window) != 4:
        raise ValueError(f"conv2d wants weights (height, width, channels, out), got shape {window}")
    if shape[3] != window[2]:
        raise ValueError(f"the images have {shape[3]} channels (the last axis of {shape}), the weights {window[2]}")
    if padding >= min(window[:2]):
        raise ValueError(f"padding {padding} is not smaller than the window {window[:2]}, which would see only zeros")
    if any(size > side + 2 * padding for size, side in zip(window[:2], shape[1:3], strict=True)):
        raise ValueError(f"the window {window[:2]} is larger than the image {shape[1:3]} with padding {padding}")
    return _conv2d(x, w, stride=stride, padding=padding)


def _images(rng: np.random.Generator, *shape: int) -> Array:
    return rng.normal(size=shape)


@primitive(
    lambda g, out, x, w, stride, padding: conv2d_input(g, w, shape=x.shape, stride=stride, padding=padding),
    lambda g, out, x, w, stride, padding: conv2d_weights(x, g, shape=w.shape, stride=stride, padding=padding),
    tex=r"\ast",
    example=lambda rng: ((_images(rng, 2, 5, 6, 3), _images(rng, 3, 2, 3, 4)), {"stride": 2, "padding": 1}),
    name="conv2d",
)
def _conv2d(x, w, stride, padding):
    return _products(x, w, stride, padding)


@primitive(
    lambda u, out, g, w, shape, stride, padding: _conv2d(u, w, stride=stride, padding=padding),
    lambda u, out, g, w, shape, stride, padding: conv2d_weights(u, g, shape=w.shape, stride=stride, padding=padding),
    tex=r"\ast^\mathsf{T}",
    example=lambda rng: (
        (_images(rng, 2, 3, 4, 4), _images(rng, 3, 2, 3, 4)),
        {"shape": (2, 5, 6, 3), "stride": 2, "padding": 1},
    ),
)
def conv2d_input(g, w, shape, stride, padding):
    """Σ w·g: what each number of an image of `shape` hears from the places g it went to.  A transposed convolution.

    It is itself a convolution: of g with zeros between its places and around, by the weights turned over.
    """
    (n, height, width, _), (rows, columns), (window_rows, window_columns) = shape, g.shape[1:3], w.shape[:2]
    spread = np.zeros((n, height + window_rows - 1, width + window_columns - 1, g.shape[3]), g.dtype)
    down, across = window_rows - 1 - padding, window_columns - 1 - padding
    spread[:, down : down + stride * rows : stride, across : across + stride * columns : stride] = g
    return _products(spread, w[::-1, ::-1].swapaxes(2, 3), stride=1, padding=0)


@primitive(
    lambda u, out, x, g, shape, stride, padding: conv2d_input(g, u, shape=x.shape, stride=stride, padding=padding),
    lambda u, out, x, g, shape, stride, padding: _conv2d(x, u, stride=stride, padding=padding),
    tex=r"\ast_w",
    example=lambda rng: (
        (_images(rng, 2, 5, 6, 3), _images(rng, 2, 3, 4, 4)),
        {"shape": (3, 2, 3, 4), "stride": 2, "padding": 1},
    ),
)
def conv2d_weights(x, g, shape, stride, padding):
    """Σ x·g: what each weight of `shape` hears from all the windows it met."""
    return (_windows(x, shape, stride, padding).T @ g.reshape(-1, g.shape[-1])).reshape(shape)


def _products(x: Array, w: Array, stride: int, padding: int) -> Array:
    """Each window times the weights, as one product of matrices."""
    rows = _windows(x, w.shape, stride, padding) @ w.reshape(-1, w.shape[3])
    return rows.reshape(*_places(x, w.shape, stride, padding), w.shape[3])


def _windows(x: Array, window: tuple[int, ...], stride: int, padding: int) -> Array:
    """Every window of every image as a row: (N · rows · columns, window height · width · channels)."""
    n, rows, columns = _places(x, window, stride, padding)
    if padding:
        x = np.pad(x, ((0, 0), (padding, padding), (padding, padding), (0, 0)))
    image, row, column, channel = x.strides
    shape, strides = (n, rows, columns, *window[:3]), (image, stride * row, stride * column, row, column, channel)
    windows = as_strided(x, shape, strides, writeable=False)
    count, size = n * rows * columns, math.prod(window[:3])
    if window[2] < 4:  # place by place in the window, not window by window: three times as fast where they are narrow
        return np.ascontiguousarray(windows.transpose(3, 4, 5, 0, 1, 2)).reshape(size, count).T
    return windows.reshape(count, size)


def _places(x: Array, window: tuple[int, ...], stride: int, padding: int) -> tuple[int, int, int]:
    """N, and how many windows stand below and beside each other."""
    n, height, width, _ = x.shape
    return n, (height + 2 * padding - window[0]) // stride + 1, (width + 2 * padding - window[1]) // stride + 1


def _whole(name: str, value: Any, least: int) -> int:
    try:
        value = integer(value)
    except TypeError:
        raise TypeError(f"{name} must be an integer, got {value!r}") from None
    if value < least:
        raise ValueError(f"{name} must be at least {least}, got {value}")
    return value


# ---------------------------------------------------------------------------------------------- pooling


def max_pool2d(x, size):
    """The maximum of each size × size block of an image.

    At a tie the first one wins, row by row, and gets the gradient, as in PyTorch; our `max` shares it.

    Args:
        x: (N, height, width, channels), height and width multiples of `size`.

    Returns:
        (N, height/size, width/size, channels).

    Raises:
        ValueError: the shape does not fit.  NB: PyTorch leaves out what does not fill a block.
        TypeError: size is no integer.
    """
    return _max_pool2d(x, size=_block("max_pool2d", x, size))


def avg_pool2d(x, size):
    """The mean of each size × size block of an image.

    Args, Returns, Raises: as `max_pool2d`.
    """
    return _avg_pool2d(x, size=_block("avg_pool2d", x, size))


def _block(name: str, x: Any, size: Any) -> int:
    size, shape = _whole("size", size, 1), np.shape(plain(x))
    if len(shape) != 4:
        raise ValueError(f"{name} wants images (N, height, width, channels), got shape {shape}")
    if shape[1] % size or shape[2] % size:
        raise ValueError(f"blocks of {size} × {size} do not fill an image of {shape[1]} × {shape[2]}")
    return size


def _blocks(x: Any, size: int) -> Any:
    """(N, rows, size, columns, size, channels): axes 2 and 4 lie inside a block."""
    n, height, width, channels = x.shape
    return reshape(x, shape=(n, height // size, size, width // size, size, channels))


def _one_each(g: Any) -> Any:
    """A number for each block, so that it broadcasts against the numbers in it."""
    n, rows, columns, channels = g.shape
    return reshape(g, shape=(n, rows, 1, columns, 1, channels))


def _corners(blocks: Array, size: int) -> Any:
    """The numbers of each block, one place after the other: size² arrays (N, rows, columns, channels)."""
    return (blocks[:, :, i, :, j] for i in range(size) for j in range(size))


@primitive(
    lambda g, out, x, size: reshape(where(_winners(plain(x), plain(out), size), _one_each(g), 0.0), shape=x.shape),
    tex=r"\mathrm{maxpool}",
    example=lambda rng: ((_images(rng, 2, 4, 6, 3),), {"size": 2}),
    name="max_pool2d",
)
def _max_pool2d(x, size):
    first, *others = _corners(_blocks(x, size), size)
    out = first.copy()
    for corner in others:
        np.maximum(out, corner, out=out)
    return out


def _winners(x: Array, out: Array, size: int) -> Array:
    """Where the first maximum of each block stands."""
    blocks = _blocks(x, size)
    winners, free = np.empty(blocks.shape, bool), np.ones(out.shape, bool)
    for corner, here in zip(_corners(blocks, size), _corners(winners, size), strict=True):
        np.equal(corner, out, out=here)
        here &= free
        free ^= here
    return winners


@primitive(
    lambda g, out, x, size: reshape(
        broadcast_to(_one_each(g / size**2), shape=_blocks(x, size).shape), shape=x.shape
    ),
    tex=r"\mathrm{avgpool}",
    example=lambda rng: ((_images(rng, 2, 4, 6, 3),), {"size": 2}),
    name="avg_pool2d",
)
def _avg_pool2d(x, size):
    return mean(_blocks(x, size), axis=(2, 4))

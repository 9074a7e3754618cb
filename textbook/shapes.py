"""The table of derivatives, second part: products of matrices, sums, and changes of shape."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from textbook.elementwise import where
from textbook.engine import Array, plain
from textbook.primitives import EachInput, away_from_kinks, one_with, primitive

Axis = int | tuple[int, ...] | None

# ---------------------------------------------------------------------------------------------- products of matrices


def _matmul_left(g: Any, out: Any, x: Any, y: Any) -> Any:
    if y.ndim == 1:  # (…, n) · (n) → (…): the outer product, g standing for a column
        return reshape(g, shape=(*g.shape, 1)) * y
    if x.ndim == 1:  # (n) · (…, n, m) → (…, m): g stands for a row
        row = reshape(g, shape=(*g.shape[:-1], 1, g.shape[-1]))
        return _drop(row @ _flip(y), -2)
    if y.ndim == 2 < x.ndim:  # one matrix for a whole stack: one large product instead of many small ones
        return reshape(_rows(g) @ y.T, shape=x.shape)
    return g @ _flip(y)


def _matmul_right(g: Any, out: Any, x: Any, y: Any) -> Any:
    if y.ndim == 1 and x.ndim == 1:
        return g * x
    if y.ndim == 1:
        return _drop(_flip(x) @ reshape(g, shape=(*g.shape, 1)), -1)
    if x.ndim == 1:
        return reshape(x, shape=(x.shape[0], 1)) * reshape(g, shape=(*g.shape[:-1], 1, g.shape[-1]))
    if y.ndim == 2 < x.ndim:
        return _rows(x).T @ _rows(g)
    return _flip(x) @ g


def _rows(x: Any) -> Any:
    """A stack of matrices, one below the other."""
    return reshape(x, shape=(math.prod(x.shape[:-1]), x.shape[-1]))


def _flip(x: Any) -> Any:
    """The transpose of each matrix in a stack."""
    return x.T if x.ndim == 2 else transpose(x, axes=(*range(x.ndim - 2), x.ndim - 1, x.ndim - 2))


def _drop(x: Any, axis: int) -> Any:
    shape = list(x.shape)
    del shape[axis]
    return reshape(x, shape=tuple(shape))


@primitive(
    _matmul_left,
    _matmul_right,
    tex="@",
    example=lambda rng: ((away_from_kinks(rng, 2, 3, 4), away_from_kinks(rng, 4, 5)), {}),
)
def matmul(x, y):
    """The matrix product x @ y of vectors, matrices, or stacks of them."""
    try:
        return x @ y
    except TypeError:  # numpy has no @ for two scalars
        raise ValueError("@ multiplies vectors and matrices; write * for a number") from None


# ---------------------------------------------------------------------------------------------- sums and shapes


def _kept(g: Any, x: Any, axis: Axis, keepdims: bool) -> Any:
    """A reduced result with the reduced axes put back as length 1, so that it broadcasts against x."""
    if keepdims or axis is None:
        return g
    axes = {a % x.ndim for a in (axis if isinstance(axis, tuple) else (axis,))}
    return reshape(g, shape=tuple([1 if a in axes else n for a, n in enumerate(x.shape)]))


@primitive(
    lambda g, out, x, axis=None, keepdims=False: broadcast_to(_kept(g, x, axis, keepdims), shape=x.shape),
    tex=r"\Sigma",
    example=one_with(axis=1),
)
def sum(x, axis=None, keepdims=False):
    """Sum over an axis, several, or all.  Every summand gets the whole upstream gradient."""
    return total(x, axis, keepdims)


def total(x: Array, axis: Axis = -1, keepdims: bool = False) -> Array:
    """np.sum; over the last axis of short float32 rows as a product with ones, five times as fast."""
    if type(x) is np.ndarray and x.dtype.char == "f" and axis in (-1, x.ndim - 1) and 1 < x.shape[-1] <= 1024:
        return x @ np.ones((x.shape[-1], 1) if keepdims else x.shape[-1], x.dtype)
    return np.sum(x, axis=axis, keepdims=keepdims)


def average(x: Array, axis: Axis = -1, keepdims: bool = False) -> Array:
    """np.mean, with the sums of `total` in float32."""
    if type(x) is np.ndarray and x.dtype.char == "f" and axis in (-1, x.ndim - 1) and x.shape[-1]:
        return total(x, axis, keepdims) / np.float32(x.shape[-1])
    return np.mean(x, axis=axis, keepdims=keepdims)


@primitive(
    lambda g, out, x, axis=None, keepdims=False: broadcast_to(
        _kept(g * (out.size / (x.size or 1)), x, axis, keepdims), shape=x.shape
    ),
    example=one_with(axis=0, keepdims=True),
)
def mean(x, axis=None, keepdims=False):
    """Mean over an axis, several, or all.  Each of n summands gets 1/n of the upstream gradient."""
    return average(x, axis, keepdims)


def _extreme_vjp(g: Any, out: Any, x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    winners = x == _kept(out, x, axis, keepdims)
    ties = np.sum(winners, axis=axis, keepdims=True, dtype=x.dtype)
    return where(winners, _kept(g, x, axis, keepdims) / ties, 0.0)


@primitive(_extreme_vjp, example=one_with(axis=1))
def max(x, axis=None, keepdims=False):
    """Maximum over an axis, several, or all.  Ties share the gradient evenly, as PyTorch's amax does."""
    return np.max(x, axis=axis, keepdims=keepdims)


@primitive(_extreme_vjp, example=one_with(axis=1))
def min(x, axis=None, keepdims=False):
    """Minimum over an axis, several, or all.  Ties share the gradient evenly, as PyTorch's amin does."""
    return np.min(x, axis=axis, keepdims=keepdims)


@primitive(
    lambda g, out, x, axis=None, keepdims=False: (
        _kept(g * (2 * out.size / (x.size or 1)), x, axis, keepdims) * (x - mean(x, axis=axis, keepdims=True))
    ),
    example=one_with(axis=1),
)
def var(x, axis=None, keepdims=False):
    """Variance over an axis, several, or all: the mean squared distance from the mean.

    NB: as in numpy, the sum is divided by n; PyTorch's var divides by n - 1 unless told correction=0.
    """
    centred = x - average(x, axis, keepdims=True)
    return average(centred * centred, axis, keepdims)


@primitive(lambda g, out, x, shape: reshape(g, shape=x.shape), example=one_with(shape=(2, 6)))
def reshape(x, shape):
    """The same numbers in another shape."""
    return np.reshape(x, shape)


@primitive(
    lambda g, out, x, axes=None: transpose(
        g, axes=None if axes is None else tuple(np.argsort([a % x.ndim for a in axes]).tolist())
    ),
    tex="T",
    example=lambda rng: ((rng.normal(size=(2, 3, 4)),), {"axes": (2, 0, 1)}),
)
def transpose(x, axes=None):
    """Axes in another order; reversed if none is given."""
    return np.transpose(x, axes)


@primitive(
    lambda g, out, x, shape: g,  # the engine sums it back
    example=lambda rng: ((rng.normal(size=(3, 1)),), {"shape": (2, 3, 4)}),
)
def broadcast_to(x, shape):
    """Repeat x along new or length-1 axes.  The adjoint of `sum_to`."""
    return np.broadcast_to(x, shape)


@primitive(
    lambda g, out, x, shape: broadcast_to(g, shape=x.shape),
    example=lambda rng: ((rng.normal(size=(2, 3, 4)),), {"shape": (3, 1)}),
)
def sum_to(x, shape):
    """Sum x down to a shape that broadcasts to it.  The adjoint of `broadcast_to`."""
    if x.ndim > 1 and shape == x.shape[-1:] and x.dtype.kind == "f":
        rows = x if x.ndim == 2 else x.reshape(math.prod(x.shape[:-1]), *shape)
        return np.ones(len(rows), x.dtype) @ rows  # a bias, say: several times as fast as a sum
    extra = x.ndim - len(shape)
    axes = tuple([i for i, n in enumerate(x.shape) if i < extra or (shape[i - extra] == 1 and n != 1)])
    summed = np.add.reduce(x, axis=axes)
    return summed if summed.shape == shape else np.reshape(summed, shape)


@primitive(
    lambda g, out, x, dtype: g,  # the engine casts it back
    example=lambda rng: ((rng.normal(size=(3, 4)),), {"dtype": np.dtype(float)}),
)
def astype(x, dtype):
    """The same numbers in another floating-point type."""
    return x.astype(dtype)


@primitive(
    lambda g, out, x, index: scatter_add(g, index=index, shape=x.shape),
    example=lambda rng: ((rng.normal(size=(4, 3)),), {"index": np.array([0, 2, 2])}),
)
def getitem(x, index):
    """x[index], with numpy's slices, masks and index arrays."""
    return x[index]


@primitive(
    lambda g, out, x, index, shape: getitem(g, index=index),
    example=lambda rng: ((rng.normal(size=(3, 3)),), {"index": np.array([0, 2, 2]), "shape": (4, 3)}),
)
def scatter_add(x, index, shape):
    """Zeros of `shape` with x added at `index`; repeated positions add up.  The adjoint of `getitem`."""
    out = np.zeros(shape, dtype=x.dtype)
    parts = index if isinstance(index, tuple) else (index,)
    if all(isinstance(i, (int, slice, type(None), type(...))) for i in parts):
        out[index] = x  # no position can repeat: the fast way
    elif isinstance(index, np.ndarray) and index.dtype.kind in "iu" and len(shape) > 1:
        width = out[0].size  # whole rows, number by number: four times as fast as row by row
        places = index.reshape(-1, 1) * width + np.arange(width)
        np.add.at(out.reshape(-1), places.reshape(-1), x.reshape(-1))
    else:
        np.add.at(out, index, x)
    return out


def _piece(i: int, g: Any, out: Any, *pieces: Any, axis: int) -> Any:
    ends = np.cumsum([p.shape[axis] for p in pieces]).tolist()
    here = [slice(None)] * out.ndim
    here[axis] = slice(ends[i] - pieces[i].shape[axis], ends[i])
    return getitem(g, index=tuple(here))


def concatenate(pieces, axis=0):
    """Join tensors along an existing axis."""
    if len(pieces) == 0:
        raise ValueError("concatenate needs at least one tensor")
    return _concatenate(*pieces, axis=axis)


def stack(pieces, axis=0):
    """Join tensors of one shape along a new axis."""
    if len({np.shape(plain(p)) for p in pieces}) > 1:
        raise ValueError(f"stack needs one shape, got {', '.join(str(np.shape(plain(p))) for p in pieces)}")
    new = [reshape(p, shape=np.expand_dims(plain(p), axis).shape) for p in pieces]
    return concatenate(new, axis=axis)


@primitive(
    EachInput(_piece),
    tex="concat",
    example=lambda rng: ((rng.normal(size=(2, 3)), rng.normal(size=(2, 1))), {"axis": 1}),
    name="concatenate",
)
def _concatenate(*pieces, axis):
    return np.concatenate(pieces, axis)

"""The table of derivatives.

Each entry of `OPS` is one function here: its body is the forward computation, its decorator holds one vector-Jacobian
product for each input.  `vjp(g, out, *inputs, **params)` is the upstream gradient `g` times the local derivative,
written with operators and operations only, so it can be differentiated again.  Broadcasting and dtypes are the
engine's affair.  Functions of several primitives (softmax, mse, gelu) stand at the end and need no derivative.

All functions take tensors, arrays or numbers: plain in, plain out.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Iterator, Sequence
from inspect import signature
from typing import Any

import numpy as np

from textbook.engine import OPS, Array, Op, apply, plain

Axis = int | tuple[int, ...] | None
Rng = np.random.Generator
Example = Callable[[Rng], tuple[tuple, dict]]


def primitive(
    *vjps: Any, tex: str = "", example: Example, name: str = ""
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Enter a forward function and its derivatives into `OPS`; returns the function that records.

    A single vjp that is not callable but a sequence serves operations with any number of inputs.
    """

    def enter(forward: Callable) -> Callable:
        key = name or forward.__name__
        sequence = vjps[0] if len(vjps) == 1 and not callable(vjps[0]) else vjps
        OPS[key] = entry = Op(key, forward, sequence, tex or key, example)

        names = [p.name for p in signature(forward).parameters.values()]
        arity = len(sequence) or None  # the arguments after the inputs are parameters, given by position or by name

        @functools.wraps(forward)
        def record(*args: Any, **params: Any) -> Any:
            if arity and len(args) > arity:
                if len(args) > len(names):
                    raise TypeError(f"{key} takes {len(names)} arguments ({', '.join(names)}), got {len(args)}")
                params |= zip(names[arity:], args[arity:], strict=False)
                args = args[:arity]
            return apply(entry, *args, **params)

        return record

    return enter


# Inputs on which the entries are checked: away from kinks, broadcast where the operation broadcasts.


def _away_from_kinks(rng: Rng, *shape: int) -> Array:
    return rng.choice([-1.0, 1.0], shape) * rng.uniform(0.3, 2.0, shape)


def _one(rng: Rng) -> tuple[tuple, dict]:
    return (_away_from_kinks(rng, 3, 4),), {}


def _positive(rng: Rng) -> tuple[tuple, dict]:
    return (rng.uniform(0.5, 2.0, (3, 4)),), {}


def _pair(rng: Rng) -> tuple[tuple, dict]:
    return (_away_from_kinks(rng, 3, 1), _away_from_kinks(rng, 2, 1, 4)), {}


def _with(**params: Any) -> Example:
    return lambda rng: ((_away_from_kinks(rng, 3, 4),), params)


# ---------------------------------------------------------------------------------------------- arithmetic

add = primitive(
    lambda g, out, x, y: g,
    lambda g, out, x, y: g,
    tex="+",
    example=_pair,
    name="add",
)(operator.add)

sub = primitive(
    lambda g, out, x, y: g,
    lambda g, out, x, y: -g,
    tex="-",
    example=_pair,
    name="sub",
)(operator.sub)

mul = primitive(
    lambda g, out, x, y: g * y,
    lambda g, out, x, y: g * x,
    tex=r"\times",
    example=_pair,
    name="mul",
)(operator.mul)

div = primitive(
    lambda g, out, x, y: g / y,
    lambda g, out, x, y: -g * out / y,
    tex="/",
    example=_pair,
    name="div",
)(operator.truediv)

neg = primitive(
    lambda g, out, x: -g,
    tex="-",
    example=_one,
    name="neg",
)(operator.neg)

def _pow(x: Any, y: Any) -> Any:
    """x to the power y, elementwise."""
    try:
        return x**y
    except ValueError as error:
        if "negative" not in str(error):
            raise
        raise TypeError("an integer to a negative power is no integer: write 2.0 for 2, or -1.0 for -1") from None


pow = primitive(
    # y - (y != 0): at y = 0 the derivative is 0, not 0 * x**-1
    lambda g, out, x, y: _unless(y == 0, g * (y * x ** (y - (y != 0)))),
    # at x = 0 the limit of xʸ·log x is 0
    lambda g, out, x, y: _unless(x == 0, g * (out * log(where(x == 0, 1.0, x)))),
    tex="x^y",
    example=lambda rng: ((rng.uniform(0.5, 2.0, (3, 1)), _away_from_kinks(rng, 2, 1, 4)), {}),
    name="pow",
)(_pow)


def _unless(zero: Any, message: Any) -> Any:
    """The message, but 0 where the derivative is 0: not 0 times an infinite upstream gradient."""
    return where(zero, 0.0, message) if np.any(zero) else message


def _matmul_left(g: Any, out: Any, x: Any, y: Any) -> Any:
    if y.ndim == 1:  # (…, n) · (n) → (…): the outer product, g standing for a column
        return reshape(g, shape=(*g.shape, 1)) * y
    if x.ndim == 1:  # (n) · (…, n, m) → (…, m): g stands for a row
        row = reshape(g, shape=(*g.shape[:-1], 1, g.shape[-1]))
        return _drop(row @ _flip(y), -2)
    return g @ _flip(y)


def _matmul_right(g: Any, out: Any, x: Any, y: Any) -> Any:
    if y.ndim == 1 and x.ndim == 1:
        return g * x
    if y.ndim == 1:
        return _drop(_flip(x) @ reshape(g, shape=(*g.shape, 1)), -1)
    if x.ndim == 1:
        return reshape(x, shape=(x.shape[0], 1)) * reshape(g, shape=(*g.shape[:-1], 1, g.shape[-1]))
    return _flip(x) @ g


def _flip(x: Any) -> Any:
    """The transpose of each matrix in a stack."""
    return x.T if x.ndim == 2 else transpose(x, axes=(*range(x.ndim - 2), x.ndim - 1, x.ndim - 2))


def _drop(x: Any, axis: int) -> Any:
    shape = list(x.shape)
    del shape[axis]
    return reshape(x, shape=tuple(shape))


def _matmul(x: Any, y: Any) -> Any:
    """The matrix product x @ y of vectors, matrices, or stacks of them."""
    try:
        return x @ y
    except TypeError:  # numpy has no @ for two scalars
        raise ValueError("@ multiplies vectors and matrices; write * for a number") from None


matmul = primitive(
    _matmul_left,
    _matmul_right,
    tex="@",
    example=lambda rng: ((_away_from_kinks(rng, 2, 3, 4), _away_from_kinks(rng, 4, 5)), {}),
    name="matmul",
)(_matmul)


@primitive(lambda g, out, x: g, example=_one)
def identity(x):
    """x itself, as a node of its own."""
    return x


# ---------------------------------------------------------------------------------------------- elementwise


@primitive(lambda g, out, x: g * out, example=_one)
def exp(x):
    """eˣ, elementwise.  Derivative eˣ."""
    return np.exp(x)


@primitive(lambda g, out, x: g / x, example=_positive)
def log(x):
    """Natural logarithm, elementwise.  Derivative 1/x."""
    return np.log(x)


@primitive(lambda g, out, x: g / (2 * out), example=_positive)
def sqrt(x):
    """√x, elementwise.  Derivative 1/(2√x); infinite at 0."""
    return np.sqrt(x)


@primitive(lambda g, out, x: where(x > 0, g, where(x < 0, -g, 0.0)), example=_one)
def abs(x):
    """|x|, elementwise.  Derivative sign(x); 0 at the kink x = 0, by convention."""
    return np.abs(x)


@primitive(lambda g, out, x: g * cos(x), example=_one)
def sin(x):
    """sin x (radians), elementwise.  Derivative cos x."""
    return np.sin(x)


@primitive(lambda g, out, x: -g * sin(x), example=_one)
def cos(x):
    """cos x (radians), elementwise.  Derivative -sin x."""
    return np.cos(x)


@primitive(lambda g, out, x: g * (1 - out * out), example=_one)
def tanh(x):
    """tanh x, elementwise.  Derivative 1 - tanh²x."""
    return np.tanh(x)


@primitive(lambda g, out, x: g * out * (1 - out), tex=r"\sigma", example=_one)
def sigmoid(x):
    """σ(x) = 1/(1 + e⁻ˣ), elementwise, without overflow.  Derivative σ(x)(1 - σ(x))."""
    e = np.exp(-np.abs(x))
    return _number(np.where(x >= 0, 1 / (1 + e), e / (1 + e)))


@primitive(lambda g, out, x: where(x > 0, g, 0.0), tex="relu", example=_one)
def relu(x):
    """max(0, x), elementwise.  Derivative 1 for x > 0, else 0: at the kink 0, as in PyTorch."""
    return np.maximum(x, np.zeros(x.shape[-1:], x.dtype))  # numpy is three times as fast with a row as with a number


@primitive(lambda g, out, x: g * sigmoid(x), example=_one)
def softplus(x):
    """log(1 + eˣ), elementwise, without overflow.  Derivative σ(x)."""
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


@primitive(
    lambda g, out, x, y: where(x > y, g, where(x == y, 0.5 * g, 0.0)),
    lambda g, out, x, y: where(y > x, g, where(x == y, 0.5 * g, 0.0)),
    tex="max",
    example=_pair,
)
def maximum(x, y):
    """The larger of x and y, elementwise.  At a tie each gets half of the gradient, as in PyTorch."""
    return np.maximum(x, y)


@primitive(
    lambda g, out, x, y: where(x < y, g, where(x == y, 0.5 * g, 0.0)),
    lambda g, out, x, y: where(y < x, g, where(x == y, 0.5 * g, 0.0)),
    tex="min",
    example=_pair,
)
def minimum(x, y):
    """The smaller of x and y, elementwise.  At a tie each gets half of the gradient, as in PyTorch."""
    return np.minimum(x, y)


@primitive(
    lambda g, out, x, low=None, high=None: where(_inside(x, low, high), g, 0.0),
    example=lambda rng: ((rng.uniform(-2.0, 2.0, (3, 4)),), {"low": -1.0, "high": 1.3}),
)
def clip(x, low=None, high=None):
    """x, but at least `low` and at most `high`, numbers or plain arrays.  Derivative 1 inside and at the bounds."""
    return np.clip(x, low, high)


def _inside(x: Any, low: Any, high: Any) -> Any:
    above = True if low is None else x >= low
    return above if high is None else above & (x <= high)


def where(condition, x, y):
    """x where the condition holds, else y, elementwise.  The condition is a plain array: it has no derivative."""
    return _where(x, y, condition=plain(condition))


@primitive(
    lambda g, out, x, y, condition: _where(g, 0.0, condition=condition),
    lambda g, out, x, y, condition: _where(0.0, g, condition=condition),
    example=lambda rng: (
        (rng.normal(size=(3, 1)), rng.normal(size=(2, 1, 4))),
        {"condition": rng.random((3, 4)) > 0.5},
    ),
    name="where",
)
def _where(x, y, condition):
    if type(y) is float and y == 0 and type(x) is type(condition) is np.ndarray and x.shape == condition.shape:
        bits = _BITS.get(x.dtype.char)
        if bits and condition.dtype.char == "?":
            # The bits of x times 0 or 1: np.where three times as fast, and as exact for infinities.
            return (x.view(bits) * condition).view(x.dtype)
    return _number(np.where(condition, x, y))


_BITS = {"f": np.int32, "d": np.int64}


def _number(array: Array) -> Array:
    """An array as it is; one without axes as a number."""
    return array if array.ndim else array[()]


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
    example=_with(axis=1),
)
def sum(x, axis=None, keepdims=False):
    """Sum over an axis, several, or all.  Every summand gets the whole upstream gradient."""
    return np.sum(x, axis=axis, keepdims=keepdims)


@primitive(
    lambda g, out, x, axis=None, keepdims=False: broadcast_to(
        _kept(g * (out.size / (x.size or 1)), x, axis, keepdims), shape=x.shape
    ),
    example=_with(axis=0, keepdims=True),
)
def mean(x, axis=None, keepdims=False):
    """Mean over an axis, several, or all.  Each of n summands gets 1/n of the upstream gradient."""
    return np.mean(x, axis=axis, keepdims=keepdims)


def _extreme_vjp(g: Any, out: Any, x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    winners = x == _kept(out, x, axis, keepdims)
    ties = np.sum(winners, axis=axis, keepdims=True, dtype=x.dtype)
    return where(winners, _kept(g, x, axis, keepdims) / ties, 0.0)


@primitive(_extreme_vjp, example=_with(axis=1))
def max(x, axis=None, keepdims=False):
    """Maximum over an axis, several, or all.  Ties share the gradient evenly, as PyTorch's amax does."""
    return np.max(x, axis=axis, keepdims=keepdims)


@primitive(_extreme_vjp, example=_with(axis=1))
def min(x, axis=None, keepdims=False):
    """Minimum over an axis, several, or all.  Ties share the gradient evenly, as PyTorch's amin does."""
    return np.min(x, axis=axis, keepdims=keepdims)


@primitive(
    lambda g, out, x, axis=None, keepdims=False: (
        _kept(g * (2 * out.size / (x.size or 1)), x, axis, keepdims) * (x - mean(x, axis=axis, keepdims=True))
    ),
    example=_with(axis=1),
)
def var(x, axis=None, keepdims=False):
    """Variance over an axis, several, or all: the mean squared distance from the mean.

    NB: as in numpy, the sum is divided by n; PyTorch's var divides by n - 1 unless told correction=0.
    """
    return np.var(x, axis=axis, keepdims=keepdims)


@primitive(lambda g, out, x, shape: reshape(g, shape=x.shape), example=_with(shape=(2, 6)))
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
    if x.ndim == 2 and shape == x.shape[1:] and x.dtype.kind == "f":
        return np.ones(len(x), x.dtype) @ x  # a bias, say: twice as fast as a sum
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
    else:
        np.add.at(out, index, x)
    return out


class EachInput(Sequence):
    """One vjp, `each`, for every input of an operation that takes any number of them."""

    def __init__(self, each: Callable) -> None:
        self.each = each

    def __len__(self) -> int:
        return 0  # no number is fixed

    def __iter__(self) -> Iterator[Any]:
        return iter(())  # by index alone: without this, iteration would never end

    def __getitem__(self, index):
        return functools.partial(self.each, index)


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


# ---------------------------------------------------------------------------------------------- classification


def _log_softmax_forward(z: Array, axis: int) -> Array:
    z = _by_columns(z, axis)
    shifted = z - np.maximum.reduce(z, axis=axis, keepdims=True)  # the largest exponent is 0: nothing overflows
    return shifted - np.log(np.add.reduce(np.exp(shifted), axis=axis, keepdims=True))


def _by_columns(z: Array, axis: int) -> Array:
    """The same numbers, stored so that numpy reduces short rows several times as fast."""
    return np.asfortranarray(z) if z.ndim == 2 and axis in (1, -1) and z.shape[1] < 64 else z


@primitive(
    lambda g, out, z, axis=-1: g - exp(out) * sum(g, axis=axis, keepdims=True),
    example=_with(axis=1),
)
def log_softmax(z, axis=-1):
    """zᵢ - log Σⱼ exp zⱼ along an axis, stable for logits of any size."""
    return _log_softmax_forward(z, axis)


def _cross_entropy_vjp(g: Any, out: Any, logits: Any, labels: Array) -> Any:
    y_hat = softmax(logits)
    one_hot = labels[:, None] == np.arange(logits.shape[1])
    return (y_hat - one_hot) * (g / len(labels))  # softmax and cross-entropy together: prediction minus truth


def cross_entropy(logits, labels):
    """Mean over the batch of -log softmax(logits)[label], in nats; fused, so that no logarithm of zero appears.

    ∂/∂z = (softmax(z) - one-hot(y)) / N.

    Args:
        logits: (N, classes), any finite size.
        labels: (N,) integers from 0 to classes - 1.

    Raises:
        ValueError: shapes that do not fit, an empty batch, or a label out of range.
        TypeError: labels that are not integers.

    >>> cross_entropy(np.array([[1e4, 0.0]]), labels=np.array([0])).item()
    0.0
    """
    labels = np.asarray(plain(labels))
    shape = np.shape(plain(logits))
    if len(shape) != 2:
        raise ValueError(f"logits must be (N, classes), got shape {shape}")
    if labels.dtype.kind not in "iu":
        raise TypeError(f"labels must be integers (class numbers), got {labels.dtype}")
    if labels.shape != shape[:1]:
        raise ValueError(f"labels must have shape {shape[:1]}, one for each row of logits {shape}; got {labels.shape}")
    if not labels.size:
        raise ValueError("the batch is empty: a mean over no examples is undefined")
    if labels.min() < 0 or labels.max() >= shape[1]:
        bad = int(np.flatnonzero((labels < 0) | (labels >= shape[1]))[0])
        raise ValueError(f"labels[{bad}] = {labels[bad]}, but the logits have classes 0 to {shape[1] - 1}")
    return _cross_entropy(logits, labels=labels)


@primitive(
    _cross_entropy_vjp,
    tex="CE",
    example=lambda rng: ((rng.normal(size=(4, 3)),), {"labels": np.array([0, 2, 1, 2])}),
    name="cross_entropy",
)
def _cross_entropy(logits, labels):
    log_likelihood = _log_softmax_forward(logits, 1)[np.arange(len(labels)), labels]
    return 0.0 - np.add.reduce(log_likelihood) / len(labels)  # 0 -, so that a perfect fit gives 0.0, not -0.0


# ---------------------------------------------------------------------------------------------- composites


def softmax(z, axis=-1):
    """exp zᵢ / Σⱼ exp zⱼ along an axis: positive, and sums to 1."""
    return exp(log_softmax(z, axis=axis))


def mse(y_hat, y):
    """Mean squared error over all entries.

    Raises:
        ValueError: the shapes differ.  (N,) against (N, 1) would broadcast to (N, N) without a word.
    """
    if np.shape(plain(y_hat)) != np.shape(plain(y)):
        raise ValueError(
            f"y_hat has shape {np.shape(plain(y_hat))}, y has shape {np.shape(plain(y))}: they must be equal "
            "(a loss never broadcasts; reshape one of them)"
        )
    if not np.size(plain(y)):
        raise ValueError("the batch is empty: a mean over no examples is undefined")
    difference = y_hat - y
    return mean(difference * difference)


def gelu(x):
    """x·Φ(x) in its tanh form (Hendrycks & Gimpel 2016, eq. 2).  NB: in PyTorch, gelu(x, approximate="tanh")."""
    return 0.5 * x * (1 + tanh(np.sqrt(2 / np.pi).item() * (x + 0.044715 * x**3)))

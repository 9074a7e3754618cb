"""The table of derivatives.

Each entry of `OPS` is one function, in `textbook.elementwise`, `shapes`, `convolution` or here: its body is the forward
computation, its decorator holds one vector-Jacobian product for each input.  `vjp(g, out, *inputs, **params)` is the
upstream gradient `g` times the local derivative, written with operators and operations only, so it can be
differentiated again.  Broadcasting and dtypes are the engine's affair.  Functions of several primitives (attention,
mse, gelu) stand at the end and need no derivative.

All functions take tensors, arrays or numbers: plain in, plain out.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from textbook.engine import Array, plain
from textbook.primitives import EachInput, one_with, primitive  # noqa: F401
from textbook.shapes import average, total

# isort: off
from textbook.elementwise import (  # noqa: F401
    abs, add, clip, cos, div, exp, identity, log, maximum, minimum, mul, neg, pow, relu, sigmoid, sin, softplus, sqrt,
    sub, tanh, where,
)  # fmt: skip
from textbook.shapes import (  # noqa: F401
    astype, broadcast_to, concatenate, getitem, matmul, max, mean, min, reshape, scatter_add, stack, sum, sum_to,
    transpose, var,
)  # fmt: skip
from textbook.convolution import avg_pool2d, conv2d, conv2d_input, conv2d_weights, max_pool2d  # noqa: F401
# isort: on

# ---------------------------------------------------------------------------------------------- classification


def _log_softmax_forward(z: Array, axis: int) -> Array:
    z = _by_columns(z, axis)
    shifted = z - np.maximum.reduce(z, axis=axis, keepdims=True)  # the largest exponent is 0: nothing overflows
    return shifted - np.log(np.add.reduce(np.exp(shifted), axis=axis, keepdims=True))


def _by_columns(z: Array, axis: int) -> Array:
    """The same numbers, stored so that numpy reduces short rows several times as fast."""
    return np.asfortranarray(z) if np.ndim(z) == 2 and axis in (1, -1) and z.shape[1] < 64 else z


@primitive(
    lambda g, out, z, axis=-1: g - exp(out) * sum(g, axis=axis, keepdims=True),
    example=one_with(axis=1),
)
def log_softmax(z, axis=-1):
    """zᵢ - log Σⱼ exp zⱼ along an axis, stable for logits of any size."""
    return _log_softmax_forward(z, axis)


@primitive(
    lambda g, out, z, axis=-1: out * (g - sum(g * out, axis=axis, keepdims=True)),
    tex=r"\mathrm{softmax}",
    example=one_with(axis=1),
)
def softmax(z, axis=-1):
    """exp zᵢ / Σⱼ exp zⱼ along an axis: positive, and sums to 1.  Where z is -∞ it is 0, and so is the gradient."""
    z = _by_columns(np.asarray(z), axis)
    shifted = z - np.maximum.reduce(z, axis=axis, keepdims=True)  # the largest exponent is 0: nothing overflows
    weights = np.exp(shifted, out=shifted if shifted.dtype.kind == "f" else None)
    weights /= total(weights, axis, keepdims=True)
    return weights


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


# ---------------------------------------------------------------------------------------------- normalisation


@primitive(
    lambda g, out, x, axis=-1, eps=1e-5: (
        (g - mean(g, axis, True) - out * mean(g * out, axis, True)) / sqrt(var(x, axis, True) + eps)
    ),
    tex=r"\mathrm{std}",
    example=one_with(axis=0),
)
def standardize(x, axis=-1, eps=1e-5):
    """(x - mean) / √(variance + eps) along an axis, or several: mean 0 and variance 1 (nearly).

    Source: Ioffe & Szegedy 2015, Algorithm 1; along features instead of examples, Ba, Kiros & Hinton 2016, eq. 3.
    """
    centred = x - average(x, axis, keepdims=True)
    return centred / np.sqrt(average(centred * centred, axis, keepdims=True) + eps)


# ---------------------------------------------------------------------------------------------- composites


def embedding(table, tokens):
    """The rows of a table, looked up by number.  Each row gets the sum of the gradients of all places that used it.

    Args:
        table: (n, d).
        tokens: integers from 0 to n - 1, of any shape.

    Returns:
        the shape of `tokens`, and d.

    Raises:
        TypeError: tokens that are not integers.
        ValueError: a token out of range, or a table that is no matrix.

    >>> embedding(np.array([[1.0, 2.0], [3.0, 4.0]]), [1, 1, 0])
    array([[3., 4.],
           [3., 4.],
           [1., 2.]])
    """
    tokens, shape = np.asarray(plain(tokens)), np.shape(plain(table))
    if len(shape) != 2:
        raise ValueError(f"the table must be (n, d), one row for each token; got shape {shape}")
    if tokens.dtype.kind not in "iu":
        raise TypeError(f"tokens must be integers (row numbers), got {tokens.dtype}")
    if tokens.size and (tokens.min() < 0 or tokens.max() >= shape[0]):
        bad = tuple(np.argwhere((tokens < 0) | (tokens >= shape[0]))[0].tolist())
        raise ValueError(f"tokens{list(bad)} = {tokens[bad]}, but the table has rows 0 to {shape[0] - 1}")
    return getitem(table, index=tokens)


def attention(query, key, value, mask=None):
    """softmax(query · keyᵀ / √d) · value: for each query the mean of the values, weighted by how well their keys fit.

    Args:
        query: (…, T, d).
        key: (…, S, d).
        value: (…, S, any width).
        mask: plain booleans (…, T, S), which query may see which key; None: each sees all.  See `causal_mask`.

    Returns:
        (…, T, the width of the values).

    Raises:
        ValueError: a query that may see no key: a mean over nothing is undefined.

    Source: Vaswani et al. 2017, eq. 1.
    """
    return attention_weights(query, key, mask) @ value


def attention_weights(query, key, mask=None):
    """softmax(query · keyᵀ / √d), (…, T, S): each row is positive and sums to 1.  See `attention`."""
    scores = (query * query.shape[-1] ** -0.5) @ transpose(key, axes=(*range(key.ndim - 2), -1, -2))
    if mask is not None:
        mask = np.asarray(plain(mask), dtype=bool)
        if not mask.any(axis=-1).all():
            raise ValueError("the mask hides every key from a query: let each see one at least, itself say")
        scores = scores + np.where(mask, 0.0, -np.inf).astype(scores.dtype)  # exp(-∞) = 0: no weight, no gradient
    return softmax(scores)


def causal_mask(length):
    """Who may see whom in a sequence: (length, length), True where the key stands no later than the query.

    >>> causal_mask(3).astype(int)
    array([[1, 0, 0],
           [1, 1, 0],
           [1, 1, 1]])
    """
    return np.tri(length, dtype=bool)


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
    cube = x * x * x  # x**3 takes 400 times as long
    return 0.5 * x * (1 + tanh(np.sqrt(2 / np.pi).item() * (x + 0.044715 * cube)))

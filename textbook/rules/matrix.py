"""Rules that look at a parameter as a whole: its rows and columns, its singular values.

They see a parameter as it is, never in blocks, and take one number for each hyperparameter.
"""

import numpy as np

from textbook.engine import Array
from textbook.rules.table import rule

NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)  # steep at 0, and after five rounds between 0.7 and 1.2 for most


def rows_and_columns(x):
    """A zero for every row of a matrix and for every column; a vector keeps a whole one, and a lone zero."""
    if x.ndim < 2:
        return np.zeros_like(x), np.zeros((), x.dtype)
    return np.zeros_like(x[..., :1]), np.zeros_like(x[..., :1, :])


@rule("rows", "columns", elementwise=False, start=rows_and_columns)
def adafactor(x, g, s, t, *, lr=1e-2, decay=0.8, eps=1e-3, d=1.0, weight_decay=0.0):
    """Adafactor: Adam's v of a matrix from the mean of each row and column of it alone; no m.

    rows ← mean of g² along each row, averaged over the steps; columns the same; v = rows · columns / mean(rows).
    u = g / √v, made smaller where its root mean square is above `d`;  x ← x - max(eps, rms(x)) · min(lr, 1/√t) · u.
    So `lr` is a share of the parameter's size.  Weight decay is decoupled.

    Source: Shazeer & Stern 2018, Algorithms 4 and 5.  NB: in PyTorch, `decay` is -beta2_decay and `eps` is eps[1].
    """
    rows, columns = s
    new, tiny = t**-decay, np.finfo(x.dtype).eps
    squares = g * g
    if x.ndim < 2:
        rows = v = rows + new * (squares - rows)
    else:
        rows = rows + new * (squares.mean(axis=-1, keepdims=True) - rows)
        columns = columns + new * (squares.mean(axis=-2, keepdims=True) - columns)
        v = rows * columns / np.maximum(rows.mean(axis=-2, keepdims=True), tiny)
    u = g / np.sqrt(np.maximum(v, tiny**2))
    rate = max(eps, rms(x)) * np.minimum(lr, t**-0.5) / max(1.0, rms(u) / d)
    return -rate * u - (lr * weight_decay) * x, (rows, columns)


def rms(x: Array) -> float:
    """The root of the mean square."""
    return float(np.sqrt(np.mean(x * x)))


@rule("v", elementwise=False)
def muon(x, g, s, t, *, lr=1e-3, momentum=0.95, nesterov=True, ns_steps=5, eps=1e-7, weight_decay=0.1):
    """Muon: v ← momentum·v + (1 - momentum)·g;  x ← x - lr·√max(1, out/in)·UVᵀ, where v = UΣVᵀ.

    Every singular value of the step is about 1: a direction that the gradient hardly has moves as far as its strongest.
    `nesterov=True` takes momentum·v + (1 - momentum)·g in place of v.  Weight decay is decoupled.

    Source: Jordan et al. 2024, Muon.  NB: PyTorch takes matrices alone, the transposes of ours, in bfloat16.  A bias is
    here a matrix of one row, whose input is always 1.
    """
    (v,) = s
    v = momentum * v + (1 - momentum) * g
    u = momentum * v + (1 - momentum) * g if nesterov else v
    matrix = np.atleast_2d(u)
    wide = max(1.0, matrix.shape[-1] / matrix.shape[0]) ** 0.5
    return -lr * wide * orthogonalised(matrix, ns_steps, eps).reshape(u.shape) - (lr * weight_decay) * x, (v,)


def orthogonalised(m: Array, steps: int = 5, eps: float = 1e-7) -> Array:
    """Nearly UVᵀ for a matrix UΣVᵀ, by products of matrices alone.

    An odd polynomial of a matrix, such as a·m + b·(m mᵀ)m + c·(m mᵀ)²m, leaves U and V alone and takes each singular
    value σ to aσ + bσ³ + cσ⁵.  Five rounds of `NEWTON_SCHULZ` bring the values between 0 and 1 near 1.

    Args:
        m: (rows, columns).

    >>> stretched = np.diag([5.0, 1.0, 0.1])
    >>> np.diag(orthogonalised(stretched)).round(2)
    array([0.72, 0.8 , 0.68])
    """
    a, b, c = NEWTON_SCHULZ
    x = m.T if m.shape[0] > m.shape[1] else m  # the smaller of the two products
    x = x / max(float(np.linalg.norm(x)), eps)
    for _ in range(int(steps)):
        square = x @ x.T
        x = a * x + (b * square + c * square @ square) @ x
    return x.T if m.shape[0] > m.shape[1] else x

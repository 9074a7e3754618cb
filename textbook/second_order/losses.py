"""Losses that show more of themselves than a number: residuals, probabilities, a model's parameters as one vector."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from textbook import ops
from textbook.engine import Array, Tensor, plain


class LeastSquares:
    """f(x) = ½ Σ rᵢ(x)², which shows its residuals.

    Args:
        residuals: maps x (d,) to r (m,), prediction minus observation.
    """

    def __init__(self, residuals: Callable[[Any], Any]) -> None:
        self.residuals = residuals

    def __call__(self, x: Any) -> Any:
        r = self.residuals(x)
        return 0.5 * ops.sum(r * r)

    def jacobian(self, x: Array) -> tuple[Array, Array]:
        """r (m,) and ∂rᵢ/∂xⱼ (m, d): one backward pass a row."""
        x = Tensor(np.array(x), requires_grad=True)
        r = self.residuals(x)
        if np.ndim(plain(r)) != 1:
            raise ValueError(f"residuals must be a vector, shape (m,), got shape {np.shape(plain(r))}")
        rows = []
        for seed in np.eye(len(r)):
            x.grad = None
            r.backward(seed)
            rows.append(np.zeros(x.shape) if x.grad is None else x.grad)
        return plain(r), np.stack(rows)


class CrossEntropy:
    """f(w) = mean of -log p(label), in nats, which shows its probabilities.

    Args:
        logits: maps w (d,) to z (N, classes).
        labels: (N,) integers.
    """

    def __init__(self, logits: Callable[[Any], Any], labels: Array) -> None:
        self.logits, self.labels = logits, labels

    def __call__(self, w: Any) -> Any:
        return ops.cross_entropy(self.logits(w), self.labels)

    def expected(self, w0: Array) -> Callable[[Any], Any]:
        """w ↦ the mean of -log p(label; w) over labels that the model itself would draw at w0.

        Up to a constant this is the KL divergence of the model at w from the model at w0.  Its Hessian at w0 is the
        Fisher information: the model's own uncertainty, in which the true labels do not occur.
        """
        p0 = ops.softmax(plain(self.logits(w0)))
        return lambda w: -ops.sum(p0 * ops.log_softmax(self.logits(w))) / len(p0)


def flat_loss(model: Any, loss: Callable[[Any, Any], Any], x: Array, y: Array) -> tuple[Callable[[Any], Any], Array]:
    """A model's loss on given data as a function of all its parameters, one after the other in one vector.

    Args:
        model: a `Module`.
        loss: maps (model(x), y) to a scalar.

    Returns:
        f, which maps w (d,) to the loss, and the w of now.  f borrows the model's parameters while it runs, and puts
        them back.

    NB: in PyTorch, torch.func.functional_call.

    >>> from textbook import nn, ops
    >>> model = nn.Linear(3, 2, rng=np.random.default_rng(0), dtype=float)
    >>> f, w = flat_loss(model, ops.cross_entropy, np.eye(3), np.array([0, 1, 0]))
    >>> w.shape, bool(f(w) == ops.cross_entropy(model(np.eye(3)), np.array([0, 1, 0])).item())
    ((8,), True)
    """
    places = [(owner, name, part) for owner in model.modules() for name, part in vars(owner).items()
              if isinstance(part, Tensor) and part.requires_grad]  # fmt: skip
    if len(places) != len(model.parameters()):
        raise ValueError("flat_loss needs every parameter to be an attribute of its own layer, and none shared")
    ends = np.cumsum([0, *(part.size for *_, part in places)])

    def f(w: Any) -> Any:
        if np.shape(plain(w)) != (ends[-1],):
            raise ValueError(f"the model has {ends[-1]} parameters, w has shape {np.shape(plain(w))}")
        try:
            for (owner, name, part), start, end in zip(places, ends[:-1], ends[1:], strict=True):
                setattr(owner, name, w[start:end].reshape(part.shape))
            return loss(model(x), y)
        finally:
            for owner, name, part in places:
                setattr(owner, name, part)

    return f, np.concatenate([np.ravel(part.data) for *_, part in places])

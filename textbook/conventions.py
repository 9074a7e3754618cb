"""A translator between the conventions in which texts and libraries write the same update rules.

Each function turns hyperparameters of one convention into those of the other.  Where both then walk one path, the
docstring says "the same path"; where they can't, it says by how much they may differ.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from textbook.engine import Array


def accumulated(lr: Any, momentum: Any) -> dict[str, Any]:
    """Averaged momentum, v ← βv + (1 - β)g, as accumulated momentum, v ← βv + g: the same path.

    The averaged v is (1 - β) times the accumulated one, at every step from the first.

    >>> accumulated(lr=0.1, momentum=0.75)
    {'lr': 0.025, 'momentum': 0.75}
    """
    return {"lr": lr * (1 - momentum), "momentum": momentum}


def averaged(lr: Any, momentum: Any) -> dict[str, Any]:
    """Accumulated momentum as averaged: the same path.

    >>> averaged(lr=0.025, momentum=0.75)
    {'lr': 0.1, 'momentum': 0.75, 'averaged': True}
    """
    return {"lr": lr / (1 - momentum), "momentum": momentum, "averaged": True}


def eps_outside(eps: float) -> float:
    """For √(v + eps): the constant c with which √v + c is the same where v = 0, and nearly where v is large.

    Not the same path: √v + c is up to √2 times √(v + eps), which it is at v = eps.

    >>> eps_outside(1e-8)
    0.0001
    """
    return math.sqrt(eps)


def eps_inside(eps: float) -> float:
    """For √v + eps: the constant inside the root.  Not the same path, see `eps_outside`."""
    return eps * eps


def weight_decay(share: Any, lr: Any) -> Any:
    """For decay by a share of x at each step, x ← (1 - share)·x: the decoupled `weight_decay`, which lr multiplies.

    Loshchilov & Hutter print the share; PyTorch's AdamW takes the quotient.  The same path as long as lr is constant:
    a schedule scales the one and not the other.

    >>> weight_decay(share=0.001, lr=0.1)
    0.01
    """
    return share / lr


def iterates(lookaheads: Array, momentum: float) -> Array:
    """The places x of Nesterov's method, from the places y at which it takes its gradients.

    Nesterov:  x⁺ = y - lr·g(y);  y⁺ = x⁺ + β(x⁺ - x).  PyTorch, and `rules.nesterov`, keep y alone: v ← βv + g(y);
    y ← y - lr·(g(y) + βv).  Both have the same y; hence x⁺ = (y⁺ + βx) / (1 + β).

    Args:
        lookaheads: (steps + 1, …), such as the `path` of a descent with `nesterov`.

    Returns:
        the x, of the same shape; the first is the first y.
    """
    found = [np.asarray(lookaheads[0])]
    for y in lookaheads[1:]:
        found.append((y + momentum * found[-1]) / (1 + momentum))
    return np.array(found)
